// SPDX-License-Identifier: GPL-2.0-only
/*
 * Property: whatever runs at the same time, in whatever order, each walk visits
 * what is mapped all the while, nothing is touched that was freed, nobody waits
 * for ever, and when all have ended everything is as fuzz_rmap asks.
 *
 * Each reverse map is alone on its machine: anon_vma, or those that
 * RMAPDIFF_FUZZ_RMAPS names.  Input: operations, groups and schedules as bytes
 * (docs/SCENARIOS.md); every input is valid.
 */
#include "common.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_start_alone("fuzz_interleave");
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	return fuzz_bytes_alone(data, size);
}
