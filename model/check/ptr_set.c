// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hash table by open addressing over an array.  The array keeps the order of
 * insertion, so that what a check reports first does not hang on where malloc()
 * put things.
 *
 * Sets are filled and cleared for each folio of each operation, and most hold an
 * item or two.  So a small one is just its array, looked through from end to end;
 * and clearing one touches no bucket, it begins another generation.
 */
#include <stdlib.h>
#include <string.h>
#include "check_internal.h"

#define PTR_SET_CAP_MIN 16U
#define PTR_SET_CAP_MAX (1U << 28)
#define PTR_SET_SMALL 8U /* items; less than PTR_SET_CAP_MIN */

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
	if (++set->generation)
		return;
	set->generation = 1;
	if (set->buckets)
		memset(set->buckets, 0,
		       set->nr_buckets * sizeof(*set->buckets));
}

/* The bucket that has @ptr, or the free one where it belongs. */
static struct ptr_bucket *bucket_of(const struct ptr_set *set, const void *ptr)
{
	u64 hash = (uintptr_t)ptr * 0x9e3779b97f4a7c15ULL;
	u32 mask = set->nr_buckets - 1;
	u32 i = (u32)(hash >> 32) & mask;

	/* Ends: half of the buckets are free. */
	while (set->buckets[i].generation == set->generation &&
	       set->buckets[i].ptr != ptr)
		i = (i + 1) & mask;
	return &set->buckets[i];
}

static struct ptr_item *find_small(const struct ptr_set *set, const void *ptr)
{
	for (u32 i = 0; i < set->nr; i++)
		if (set->items[i].ptr == ptr)
			return &set->items[i];
	return NULL;
}

struct ptr_item *ptr_set_find(const struct ptr_set *set, const void *ptr)
{
	struct ptr_bucket *bucket;

	if (set->nr <= PTR_SET_SMALL)
		return find_small(set, ptr);
	bucket = bucket_of(set, ptr);
	return bucket->generation == set->generation ?
		       &set->items[bucket->item] :
		       NULL;
}

static void take_bucket(struct ptr_set *set, u32 item)
{
	const void *ptr = set->items[item].ptr;

	*bucket_of(set, ptr) = (struct ptr_bucket){
		.ptr = ptr,
		.item = item,
		.generation = set->generation,
	};
}

static bool ptr_set_grow(struct ptr_set *set)
{
	u32 cap = set->cap ? 2 * set->cap : PTR_SET_CAP_MIN;
	struct ptr_bucket *buckets;
	struct ptr_item *items;

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
	set->generation = 1;
	if (set->nr > PTR_SET_SMALL)
		for (u32 i = 0; i < set->nr; i++)
			take_bucket(set, i);
	return true;
}

/* The first one too many for a small set brings all the others with it. */
static void item_added(struct ptr_set *set)
{
	u32 first = set->nr == PTR_SET_SMALL + 1 ? 0 : set->nr - 1;

	if (set->nr <= PTR_SET_SMALL)
		return;
	for (u32 i = first; i < set->nr; i++)
		take_bucket(set, i);
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
	item_added(set);
	return item;
}
