// SPDX-License-Identifier: GPL-2.0-only
/*
 * Property: on one machine, with anon_vma deciding what merges, the walks of
 * anon_vma and of cow_context reach exactly what the page tables map, after
 * every operation; their structures and reference counts are right, a failed
 * operation changes nothing, and at the end nothing is left.
 *
 * Input: operations as bytes (docs/SCENARIOS.md); every input is valid.
 */
#include "../model/rmap/rmaps.h"
#include "common.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_start("fuzz_rmap", &cow_context_rmap_ops);
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	return fuzz_bytes(data, size, false);
}
