// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hash table by open addressing over an array.  The array keeps the order of
 * insertion, so that what a check reports first does not hang on where malloc()
 * put things.
 */
#include <stdlib.h>
#include <string.h>
#include "check_internal.h"

#define PTR_SET_CAP_MIN 16U
#define PTR_SET_CAP_MAX (1U << 28)

void ptr_set_free(struct ptr_set *set)
{
	free(set->items);
	free(set->buckets);
	memset(set, 0, sizeof(*set));
}

void ptr_set_clear(struct ptr_set *set)
{
	/* After a big check, the small ones should not pay for its size. */
	if (set->cap > 1024 && set->nr < set->cap / 16) {
		ptr_set_free(set);
		return;
	}
	set->nr = 0;
	if (set->buckets)
		memset(set->buckets, 0,
		       set->nr_buckets * sizeof(*set->buckets));
}

static u32 *bucket_of(const struct ptr_set *set, const void *ptr)
{
	u64 hash = (uintptr_t)ptr * 0x9e3779b97f4a7c15ULL;
	u32 mask = set->nr_buckets - 1;
	u32 i = (u32)(hash >> 32) & mask;

	/* Ends: half of the buckets are free. */
	while (set->buckets[i] && set->items[set->buckets[i] - 1].ptr != ptr)
		i = (i + 1) & mask;
	return &set->buckets[i];
}

struct ptr_item *ptr_set_find(const struct ptr_set *set, const void *ptr)
{
	u32 *bucket;

	if (!set->nr)
		return NULL;
	bucket = bucket_of(set, ptr);
	return *bucket ? &set->items[*bucket - 1] : NULL;
}

static bool ptr_set_grow(struct ptr_set *set)
{
	u32 cap = set->cap ? 2 * set->cap : PTR_SET_CAP_MIN;
	struct ptr_item *items;
	u32 *buckets;

	if (cap > PTR_SET_CAP_MAX)
		return false;
	items = realloc(set->items, cap * sizeof(*items));
	if (!items)
		return false;
	set->items = items;
	buckets = calloc(2 * (size_t)cap, sizeof(*buckets));
	if (!buckets)
		return false;
	free(set->buckets);
	set->buckets = buckets;
	set->nr_buckets = 2 * cap;
	set->cap = cap;
	for (u32 i = 0; i < set->nr; i++)
		*bucket_of(set, items[i].ptr) = i + 1;
	return true;
}

struct ptr_item *ptr_set_add(struct ptr_set *set, const void *ptr)
{
	struct ptr_item *item = ptr_set_find(set, ptr);

	if (item)
		return item;
	if (set->nr == set->cap && !ptr_set_grow(set))
		return NULL;
	item = &set->items[set->nr++];
	item->ptr = ptr;
	item->count = 0;
	*bucket_of(set, ptr) = set->nr;
	return item;
}
