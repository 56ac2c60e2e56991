/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of remaps and of cow_context share.
 */
#ifndef RMAPDIFF_TESTS_REMAPS_FIXTURE_H
#define RMAPDIFF_TESTS_REMAPS_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../model/rmap/remaps.h"

/* A small generator of its own, so that every run is the same. */
static inline u32 roll(u64 *seed, u32 sides)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(*seed >> 33) % sides;
}

/* The set as "first-last+displacement ...", by displacement and offset. */
static inline void assert_remaps(struct remaps *remaps, const char *expected)
{
	char found[256] = "";
	struct remap *remap;
	size_t n = 0;
	u64 pages;

	assert_null(remaps_verify(remaps, &pages));
	for (s64 d = -64; d <= 64; d++)
		for (pgoff_t o = 0; o < 128; o++)
			remaps_for_each(remap, remaps, o,
					NULL) if (remap->displacement == d &&
						  remap->offsets.first == o)
				n +=
				snprintf(found + n, sizeof(found) - n,
					 "%s%d-%d%+d", n ? " " : "", (int)o,
					 (int)remap->offsets.last, (int)d);
	assert_string_equal(found, expected);
}

#endif
