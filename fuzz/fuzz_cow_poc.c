// SPDX-License-Identifier: GPL-2.0-only
/*
 * Property: the published proof of concept, repaired as RMAPDIFF_FUZZ_FIX says,
 * holds what fuzz_rmap asks of cow_context (all: it should; nothing repaired: it
 * does not); with RMAPDIFF_FUZZ_PURE=1 what fuzz_pure asks.
 *
 * Input: operations as bytes (docs/SCENARIOS.md); every input is valid.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "common.h"

static bool is_pure(void)
{
	const char *pure = getenv("RMAPDIFF_FUZZ_PURE");

	if (!pure || !*pure || !strcmp(pure, "0"))
		return false;
	if (!strcmp(pure, "1"))
		return true;
	fprintf(stderr, "RMAPDIFF_FUZZ_PURE '%s': expected 0 or 1\n", pure);
	exit(2);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	is_pure(); /* a bad value must be seen before the first input */
	fuzz_start("fuzz_cow_poc", &cow_poc_rmap_ops);
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	return fuzz_bytes(data, size, is_pure());
}
