// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dist.h"

static int dist_reserve(struct dist *dist, u64 value)
{
	u64 cap = dist->cap ? dist->cap : 16;
	u64 *times;

	if (value < dist->cap)
		return 0;
	while (cap <= value)
		cap *= 2;
	times = realloc(dist->times, cap * sizeof(*times));
	if (!times)
		return -ENOMEM;
	memset(times + dist->cap, 0, (cap - dist->cap) * sizeof(*times));
	dist->times = times;
	dist->cap = cap;
	return 0;
}

int dist_add(struct dist *dist, u64 value)
{
	u64 counted = min_u64(value, DIST_VALUE_MAX);

	if (dist_reserve(dist, counted))
		return -ENOMEM;
	dist->times[counted]++;
	dist->count++;
	dist->sum += value;
	dist->max = max_u64(dist->max, value);
	return 0;
}

void dist_free(struct dist *dist)
{
	free(dist->times);
	memset(dist, 0, sizeof(*dist));
}

u64 dist_percentile(const struct dist *dist, u32 percent)
{
	/* In parts, so that it does not overflow. */
	u64 rank = dist->count / 100 * percent +
		   (dist->count % 100 * percent + 99) / 100;
	u64 value = 0, seen = 0;

	for (; value < dist->cap; value++) {
		seen += dist->times[value];
		if (seen >= rank)
			break;
	}
	return dist->count ? value : 0;
}

u64 dist_times(const struct dist *dist, u64 value)
{
	return value < dist->cap ? dist->times[value] : 0;
}
