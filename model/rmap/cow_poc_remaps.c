// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof of concept's remaps, fault by fault beside its repair.
 *
 * What the maple tree does is done by a red-black tree of ranges.  Storing over
 * a range exactly takes no memory, any other store does: one node, which stands
 * for those that the maple tree would need.
 */
#include <errno.h>
#include <string.h>
#include "../base/sizes.h"
#include "cow_poc_remaps.h"

static int poc_range_cmp(const struct poc_range *a, const struct poc_range *b)
{
	return a->first < b->first ? -1 : a->first > b->first;
}

RB_GENERATE_FILE(poc_range_tree, poc_range, rb, poc_range_cmp)

static bool remaps_fixed(const struct poc_remaps *remaps, enum fix fix)
{
	return fix_on(remaps->cache->bugs, fix);
}

/* Whether an error comes to anybody's notice. */
static int checked(const struct poc_remaps *remaps, int err)
{
	return remaps_fixed(remaps, FIX_UNCHECKED_ALLOCATION) ? err : 0;
}

void poc_remaps_init(struct poc_remaps *remaps, const struct poc_cache *cache)
{
	remaps->cache = cache;
	RB_INIT(&remaps->ranges);
	remaps->nr = 0;
}

/* Accounts: what arrays, and the maple trees of @remaps, take in a kernel. */

static void account_array(const struct poc_remaps *remaps,
			  const struct poc_array *arr, s64 change)
{
	struct remap_totals *totals = remaps->cache->totals;

	if (!totals || !arr)
		return;
	totals->arrays += (u64)change;
	totals->array_bytes += (u64)change * remap_array_bytes(arr->cap);
}

/* Between any two ranges there is a gap or none: nobody counted. */
static void account_nodes(const struct poc_remaps *remaps, s64 change)
{
	struct remap_totals *totals = remaps->cache->totals;
	u64 nr = remaps->nr;

	if (!totals)
		return;
	totals->nodes_min += (u64)change * maple_nodes_min(nr + 1);
	totals->nodes_max += (u64)change * maple_nodes_max(2 * nr + 1);
}

/* Arrays. */

static struct poc_array *array_alloc(const struct poc_remaps *remaps, u32 cap)
{
	const struct poc_cache *cache = remaps->cache;
	struct poc_array *arr;

	arr = ledger_alloc(cache->ledger, cache->kind_array,
			   sizeof(*arr) + cap * sizeof(arr->values[0]));
	if (!arr)
		return NULL;
	arr->cap = cap;
	account_array(remaps, arr, 1);
	for (u32 i = 0; i < cap; i++)
		arr->values[i] = POC_UNWRITTEN;
	return arr;
}

static void array_free(const struct poc_remaps *remaps, struct poc_array *arr)
{
	account_array(remaps, arr, -1);
	if (arr)
		kfree_rcu(remaps->cache->rcu, arr, &arr->rcu);
}

/*
 * Where @value belongs in the @nr sorted @values; false if it is there.  Looks
 * from the end down to the first that is smaller.
 */
static bool place_for(const s64 *values, u32 nr, s64 value, u32 *at)
{
	u32 i = nr;

	for (; i; i--) {
		if (values[i - 1] == value)
			return false;
		if ((u64)values[i - 1] < (u64)value)
			break;
	}
	*at = i;
	return true;
}

/*
 * There is room for one more.  The loop that makes room for it stops one place
 * too early: the member that was at the place is not moved, but overwritten, and
 * the place above it keeps what it held, be it that it was never written.
 *
 *	+0x20 +0x30 <nothing>	and +0x10	+0x10 +0x30 +0x30
 *	+0x20 +0x30 <nothing>	and +0x28	+0x20 +0x28 <nothing>
 */
static void insert_sorted(s64 *values, u32 *nr, s64 value, bool moves_all)
{
	u32 at, lowest;

	if (!place_for(values, *nr, value, &at))
		return;
	lowest = moves_all ? at : at + 1;
	for (u32 i = *nr; i > lowest; i--)
		values[i] = values[i - 1];
	values[at] = value;
	(*nr)++;
}

static void array_insert(const struct poc_remaps *remaps, struct poc_array *arr,
			 s64 value)
{
	insert_sorted(arr->values, &arr->nr, value,
		      remaps_fixed(remaps, FIX_INSERT_OVERWRITES));
}

static void array_remove(struct poc_array *arr, u32 at)
{
	for (u32 i = at + 1; i < arr->nr; i++)
		arr->values[i - 1] = arr->values[i];
	arr->nr--;
}

static struct poc_array *array_of(const struct poc_remaps *remaps, u32 cap,
				  const s64 *values, u32 nr)
{
	struct poc_array *arr = array_alloc(remaps, cap);

	if (!arr)
		return NULL;
	memcpy(arr->values, values, nr * sizeof(*values));
	arr->nr = nr;
	return arr;
}

/* Entries. */

u32 poc_entry_nr(const struct poc_entry *entry)
{
	return entry->many ? entry->many->nr : 1;
}

s64 poc_entry_get(const struct poc_entry *entry, u32 i)
{
	return entry->many ? entry->many->values[i] : entry->one;
}

/*
 * A single displacement is stored in the tree itself, shifted left by two, its
 * low bit set.  The two upper bits are lost, which only shows with one that was
 * never written: no address space is that large.  mk_simple_remap(),
 * get_simple_remap().
 */
static struct poc_entry entry_of_one(s64 value)
{
	return (struct poc_entry){ .one = (s64)((u64)value << 2) >> 2 };
}

static bool entry_find(const struct poc_entry *entry, s64 value, u32 *at)
{
	u32 nr = poc_entry_nr(entry);

	for (*at = 0; *at < nr; ++*at)
		if (poc_entry_get(entry, *at) == value)
			return true;
	return false;
}

/* The result is written to before it is known to exist. */
static int append_to_null(const struct poc_remaps *remaps)
{
	if (!remaps_fixed(remaps, FIX_UNCHECKED_ALLOCATION))
		divergence_set(
			remaps->cache->broken, DIVERGENCE_INVARIANT,
			"dereferences NULL: an array's allocation is not checked");
	return checked(remaps, -ENOMEM);
}

/* From one displacement to an array, even if the second is the first. */
static int entry_expand(const struct poc_remaps *remaps,
			struct poc_entry *entry, s64 value)
{
	struct poc_array *arr = array_of(remaps, 2, &entry->one, 1);

	if (!arr)
		return append_to_null(remaps);
	array_insert(remaps, arr, value);
	entry->many = arr;
	return 0;
}

/* krealloc(): the old array goes at once, walkers or not. */
static int entry_grow(const struct poc_remaps *remaps, struct poc_entry *entry)
{
	struct poc_array *old = entry->many;
	struct poc_array *arr =
		array_of(remaps, 2 * old->cap, old->values, old->nr);

	if (!arr)
		return -ENOMEM;
	entry->many = arr;
	if (remaps_fixed(remaps, FIX_ARRAY_FREED_EARLY)) {
		array_free(remaps, old);
	} else {
		account_array(remaps, old, -1);
		ledger_free(remaps->cache->ledger, old);
	}
	return 0;
}

/* append_remap_offset().  0 or -ENOMEM. */
static int entry_append(const struct poc_remaps *remaps,
			struct poc_entry *entry, s64 value)
{
	u32 at;

	if (remaps_fixed(remaps, FIX_NEEDLESS_ARRAY) &&
	    entry_find(entry, value, &at))
		return 0;
	if (!entry->many)
		return entry_expand(remaps, entry, value);
	if (entry->many->nr == entry->many->cap && entry_grow(remaps, entry))
		return append_to_null(remaps);
	array_insert(remaps, entry->many, value);
	return 0;
}

/* Ranges. */

static struct poc_range *range_from(const struct poc_remaps *remaps,
				    pgoff_t offset)
{
	struct poc_range *range = RB_ROOT(&remaps->ranges), *found = NULL;

	while (range) {
		if (range->last < offset) {
			range = RB_RIGHT(range, rb);
			continue;
		}
		found = range;
		range = RB_LEFT(range, rb);
	}
	return found;
}

struct poc_range *poc_remaps_at(const struct poc_remaps *remaps, pgoff_t offset)
{
	struct poc_range *range = range_from(remaps, offset);

	return range && range->first <= offset ? range : NULL;
}

struct poc_range *poc_remaps_next(struct poc_range *range)
{
	return RB_NEXT(poc_range_tree, NULL, range);
}

struct poc_range *poc_remaps_first(const struct poc_remaps *remaps)
{
	return range_from(remaps, 0);
}

static bool poc_range_overlaps(const struct poc_range *range, pgoff_t last)
{
	return range && range->first <= last;
}

static int range_insert(struct poc_remaps *remaps, pgoff_t first, pgoff_t last,
			struct poc_entry entry)
{
	const struct poc_cache *cache = remaps->cache;
	struct poc_range *range;

	range = ledger_alloc(cache->ledger, cache->kind_range, sizeof(*range));
	if (!range)
		return -ENOMEM;
	range->first = first;
	range->last = last;
	range->entry = entry;
	RB_INSERT(poc_range_tree, &remaps->ranges, range);
	account_nodes(remaps, -1);
	remaps->nr++;
	account_nodes(remaps, 1);
	return 0;
}

/* The array is not the range's alone to free. */
static void range_remove(struct poc_remaps *remaps, struct poc_range *range)
{
	RB_REMOVE(poc_range_tree, &remaps->ranges, range);
	account_nodes(remaps, -1);
	remaps->nr--;
	account_nodes(remaps, 1);
	kfree_rcu(remaps->cache->rcu, range, &range->rcu);
}

/* dup_remaps().  False: there is no memory for the array. */
static bool entry_dup(const struct poc_remaps *remaps,
		      const struct poc_entry *entry, struct poc_entry *dup)
{
	const struct poc_array *arr = entry->many;

	*dup = *entry;
	if (arr)
		dup->many = array_of(remaps, arr->cap, arr->values, arr->nr);
	return !arr || dup->many;
}

/*
 * The part [first, last] of @range is going to have a copy of its entry; the
 * rest keeps the entry.  split_remap().
 *
 * The copy is not checked: NULL is stored if there is none, and nothing is
 * recorded there any more.  Nor is the store, which may just not happen.
 */
static int split_off(struct poc_remaps *remaps, struct poc_range *range,
		     pgoff_t first, pgoff_t last)
{
	bool is_front = first == range->first;
	pgoff_t *end = is_front ? &range->first : &range->last;
	pgoff_t rest = is_front ? last + 1 : first - 1;
	pgoff_t whole = *end;
	struct poc_entry dup;

	if (!entry_dup(remaps, &range->entry, &dup)) {
		if (!checked(remaps, -ENOMEM))
			*end = rest;
		return checked(remaps, -ENOMEM);
	}
	*end = rest;
	if (!range_insert(remaps, first, last, dup))
		return 0;
	*end = whole;
	if (checked(remaps, -ENOMEM))
		array_free(remaps, dup.many);
	return checked(remaps, -ENOMEM);
}

/* Ranges are cut, so that none reaches over either end of [first, last]. */
static int split_ends(struct poc_remaps *remaps, pgoff_t first, pgoff_t last)
{
	struct poc_range *range = poc_remaps_at(remaps, first);
	int err = 0;

	if (range && range->first < first)
		err = split_off(remaps, range, range->first, first - 1);
	range = poc_remaps_at(remaps, last);
	if (!err && range && range->last > last)
		err = split_off(remaps, range, last + 1, range->last);
	return err;
}

/*
 * Fills the gaps of [first, last] and appends to what is there.
 * add_overlapping_remap().
 */
static int fill_and_append(struct poc_remaps *remaps, pgoff_t first,
			   pgoff_t last, struct poc_entry entry)
{
	struct poc_range *range = range_from(remaps, first), *next;
	int err = 0;

	for (; poc_range_overlaps(range, last) && !err; range = next) {
		next = poc_remaps_next(range);
		if (range->first > first)
			err = checked(remaps,
				      range_insert(remaps, first,
						   range->first - 1, entry));
		if (!err)
			err = entry_append(remaps, &range->entry, entry.one);
		first = range->last + 1;
	}
	if (!err && first <= last)
		err = checked(remaps, range_insert(remaps, first, last, entry));
	return err;
}

int poc_remaps_add(struct poc_remaps *remaps, pgoff_t first, pgoff_t last,
		   s64 displacement)
{
	struct poc_entry entry = entry_of_one(displacement);
	int err = split_ends(remaps, first, last);

	return err ? err : fill_and_append(remaps, first, last, entry);
}

/*
 * Member @at is gone.  What is left decides the form; the last one takes the
 * range along.  shrink_remaps().
 */
static void shrink_range(struct poc_remaps *remaps, struct poc_range *range,
			 u32 at)
{
	struct poc_array *arr = range->entry.many;

	if (arr)
		array_remove(arr, at);
	if (arr && arr->nr > 1)
		return;
	if (arr && arr->nr == 1)
		range->entry = entry_of_one(arr->values[0]);
	else
		range_remove(remaps, range);
	array_free(remaps, arr);
}

int poc_remaps_unmap(struct poc_remaps *remaps, pgoff_t first, pgoff_t last,
		     s64 displacement)
{
	struct poc_range *range, *next;
	int err = 0;
	u32 at;

	if (remaps_fixed(remaps, FIX_WHOLE_ENTRY_UNMAP))
		err = split_ends(remaps, first, last);
	if (err)
		return err;
	for (range = range_from(remaps, first); poc_range_overlaps(range, last);
	     range = next) {
		next = poc_remaps_next(range);
		if (entry_find(&range->entry, displacement, &at))
			shrink_range(remaps, range, at);
	}
	return 0;
}

/* To where @to belongs; if it is there already, that is enough. */
static void rewrite_sorted(struct poc_remaps *remaps, struct poc_range *range,
			   u32 at, s64 to)
{
	struct poc_array *arr = range->entry.many;
	u32 other;

	if (entry_find(&range->entry, to, &other)) {
		shrink_range(remaps, range, at);
		return;
	}
	array_remove(arr, at);
	insert_sorted(arr->values, &arr->nr, to, true);
}

/* In its place, where it may not belong, whatever else is there. */
static void rewrite(struct poc_remaps *remaps, struct poc_range *range, u32 at,
		    s64 to)
{
	struct poc_array *arr = range->entry.many;

	if (!arr)
		range->entry = entry_of_one(to);
	else if (remaps_fixed(remaps, FIX_UNSORTED_REWRITE))
		rewrite_sorted(remaps, range, at, to);
	else
		arr->values[at] = to;
}

/*
 * Each member that is @from, not the first alone: an array whose insertion
 * overwrites can hold it twice.  A split "moves" its upper half to where it is.
 */
static bool rewrite_all(struct poc_remaps *remaps, struct poc_range *range,
			s64 from, s64 to)
{
	bool found = false;
	u32 at;

	while (entry_find(&range->entry, from, &at)) {
		found = true;
		if (from == to)
			break;
		rewrite(remaps, range, at, to);
	}
	return found;
}

int poc_remaps_move(struct poc_remaps *remaps, pgoff_t first, pgoff_t last,
		    s64 from, s64 to, bool *found)
{
	struct poc_range *range;
	int err = 0;

	*found = false;
	if (remaps_fixed(remaps, FIX_WHOLE_ENTRY_MOVE))
		err = split_ends(remaps, first, last);
	if (err)
		return err;
	for (range = range_from(remaps, first); poc_range_overlaps(range, last);
	     range = poc_remaps_next(range))
		if (rewrite_all(remaps, range, from, to))
			*found = true;
	return 0;
}

/* The walk. */

/*
 * Collected with the insertion of above.  The array on the stack is zeroed; the
 * one that takes its place when it is full is not.  That one comes from outside
 * the ledger: a walk must be possible at any time, also while an allocation is
 * waiting to fail.
 */
static bool collect_room(const struct poc_remaps *remaps,
			 struct poc_collected *all, u32 cap)
{
	struct ledger *ledger = remaps->cache->ledger;
	s64 *values;

	if (cap <= all->cap)
		return true;
	values = ledger_tool_alloc(ledger, cap * sizeof(*values));
	if (!values)
		return false;
	memcpy(values, all->values, all->cap * sizeof(*values));
	for (u32 i = all->cap; i < cap; i++)
		values[i] = POC_UNWRITTEN;
	poc_collect_free(remaps, all);
	all->values = values;
	all->cap = cap;
	return true;
}

/* An array may change while it is read, or, unless that is repaired, go. */
static void array_is_read(const struct poc_remaps *remaps,
			  const struct poc_array *arr)
{
	const struct mm_world *world = remaps->cache->world;

	if (!world)
		return;
	mark(world, POINT_WALK_MEMBER);
	expect_live(world, arr, "displacement array");
}

static bool collect_array(const struct poc_remaps *remaps,
			  const struct poc_array *arr,
			  struct poc_collected *all, bool moves_all)
{
	for (u32 i = 0; i < arr->nr; i++) {
		if (!collect_room(remaps, all, arr->nr))
			return false;
		insert_sorted(all->values, &all->nr, arr->values[i], moves_all);
		array_is_read(remaps, arr);
	}
	return true;
}

bool poc_collect(const struct poc_remaps *remaps, pgoff_t offset,
		 struct poc_collected *all)
{
	const struct poc_range *range = poc_remaps_at(remaps, offset);
	bool moves_all = remaps_fixed(remaps, FIX_WALK_INSERT_OVERWRITES);

	memset(all, 0, sizeof(*all));
	all->values = all->stack;
	all->cap = POC_WALK_STACK;
	if (!range)
		return true;
	if (range->entry.many)
		return collect_array(remaps, range->entry.many, all, moves_all);
	insert_sorted(all->values, &all->nr, range->entry.one, moves_all);
	return true;
}

void poc_collect_free(const struct poc_remaps *remaps,
		      struct poc_collected *all)
{
	if (all->values != all->stack)
		ledger_tool_free(remaps->cache->ledger, all->values,
				 all->cap * sizeof(*all->values));
}

bool poc_remaps_hold(const struct poc_remaps *remaps, pgoff_t offset,
		     s64 displacement)
{
	const struct poc_range *range = poc_remaps_at(remaps, offset);
	u32 at;

	return range && entry_find(&range->entry, displacement, &at);
}

/* Copies and ends. */

int poc_remaps_copy(struct poc_remaps *copy, const struct poc_remaps *remaps)
{
	struct poc_range *range = poc_remaps_first(remaps);

	poc_remaps_init(copy, remaps->cache);
	for (; range; range = poc_remaps_next(range)) {
		struct poc_entry dup;

		if (entry_dup(remaps, &range->entry, &dup) &&
		    !range_insert(copy, range->first, range->last, dup))
			continue;
		array_free(remaps, dup.many);
		poc_remaps_free_all(copy);
		return -ENOMEM;
	}
	return 0;
}

void poc_remaps_free_all(struct poc_remaps *remaps)
{
	struct poc_range *range;

	while ((range = poc_remaps_first(remaps))) {
		array_free(remaps, range->entry.many);
		range_remove(remaps, range);
	}
}

void poc_remaps_replace(struct poc_remaps *remaps, struct poc_remaps *copy)
{
	poc_remaps_free_all(remaps);
	*remaps = *copy;
	poc_remaps_init(copy, remaps->cache);
}

/*
 * Frees the arrays of ranges that begin at offsets up to UINT_MAX, then the tree
 * whatever else it holds.  Page numbers of user space go up to 35 bits.
 */
void poc_remaps_delete(struct poc_remaps *remaps)
{
	pgoff_t last = remaps_fixed(remaps, FIX_TEARDOWN_LIMIT) ? UINT64_MAX :
								  UINT32_MAX;
	struct poc_range *range;

	while ((range = poc_remaps_first(remaps))) {
		if (range->first <= last)
			array_free(remaps, range->entry.many);
		else if (range->entry.many)
			divergence_set(
				remaps->cache->broken, DIVERGENCE_LEAK,
				"an array of %u displacements at offset 0x%llx stays when its context goes",
				range->entry.many->nr,
				(unsigned long long)range->first);
		range_remove(remaps, range);
	}
}

const char *poc_remaps_verify(const struct poc_remaps *remaps)
{
	struct poc_range *range = poc_remaps_first(remaps), *next;
	u64 nr = 0;

	for (; range; range = next, nr++) {
		next = poc_remaps_next(range);
		if (range->first > range->last)
			return "a range of remaps is empty";
		if (next && next->first <= range->last)
			return "two ranges of remaps overlap";
		if (range->entry.many &&
		    range->entry.many->nr > range->entry.many->cap)
			return "an array of remaps is fuller than it can be";
	}
	return nr == remaps->nr ? NULL : "ranges of remaps are miscounted";
}
