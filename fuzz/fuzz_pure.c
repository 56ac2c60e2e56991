// SPDX-License-Identifier: GPL-2.0-only
/*
 * Property: anon_vma and cow_context, each alone on a machine of its own, give
 * every operation the same result, and every process finds the same contents
 * on both machines; what fuzz_rmap asks holds on each.
 *
 * Input: operations as bytes (docs/SCENARIOS.md); every input is valid.
 */
#include "../model/rmap/rmaps.h"
#include "common.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_start("fuzz_pure", &cow_context_rmap_ops);
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	return fuzz_bytes(data, size, true);
}
