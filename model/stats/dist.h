/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A distribution of whole numbers: how often each came.
 */
#ifndef RMAPDIFF_STATS_DIST_H
#define RMAPDIFF_STATS_DIST_H

#include "../base/types.h"

/* Larger values count as this one, but for sum and max. */
#define DIST_VALUE_MAX ((1ULL << 24) - 1)

struct dist {
	u64 *times; /* by value; owned */
	u64 cap;
	u64 count;
	u64 sum;
	u64 max;
};

/* An empty one is all zeroes.  0 or -ENOMEM, with nothing added. */
int dist_add(struct dist *dist, u64 value);
void dist_free(struct dist *dist);

/*
 * The value at rank ceil(count * percent / 100) of all that came, in order; 0
 * if none came.  @percent: 1 .. 100.
 */
u64 dist_percentile(const struct dist *dist, u32 percent);

/* How often @value came; DIST_VALUE_MAX: that or more. */
u64 dist_times(const struct dist *dist, u64 value);

#endif
