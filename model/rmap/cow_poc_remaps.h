/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The remaps of the published proof of concept (cow_context.c at a4ac19665445),
 * with its faults: which offsets of one address space lie where.
 *
 *	offsets		   |----- 1 -----|--- 2 ---|	      |-- 1 --|
 *	displacements	       +0x40	  +0x40		       -0x10
 *					  +0x90
 *
 * A tree of ranges of offsets that do not overlap.  Each has one displacement
 * (address - offset, in pages), or an array of several, which is meant to be
 * sorted, as unsigned numbers.  Ranges are cut where a new one begins or ends,
 * and never joined again.  Each fault has a switch that repairs just it
 * (base/fixes.def).
 */
#ifndef RMAPDIFF_RMAP_COW_POC_REMAPS_H
#define RMAPDIFF_RMAP_COW_POC_REMAPS_H

#include "../base/bug.h"
#include "../base/divergence.h"
#include "../base/ledger.h"
#include "../base/rcu.h"
#include "../base/tree.h"
#include "../mm/mm.h"
#include "remap_edges.h"

/* In the maple tree a range takes a slot and a pivot, the gap beside it too. */
#define POC_RANGE_KERNEL_SIZE 32

/* nr, cap and room for two, as allocated first: 24 bytes, from kmalloc-32. */
#define POC_ARRAY_KERNEL_SIZE 32

/*
 * What an array holds where nothing was ever written: memory from kmalloc() or
 * krealloc() is not initialised.  Here it is what the slab debugger fills new
 * objects with, the same in every run.  As a displacement it leads out of every
 * address space, so a walk that looks there meets no VMA.
 */
#define POC_UNWRITTEN ((s64)0x5a5a5a5a5a5a5a5aLL)

struct poc_array {
	struct rcu_head rcu;
	u32 nr;
	u32 cap;
	s64 values[]; /* cap of them; all was POC_UNWRITTEN */
};

/* One displacement, or several: @many, when it is not NULL. */
struct poc_entry {
	s64 one;
	struct poc_array *many;
};

struct poc_range {
	RB_ENTRY(poc_range) rb;
	pgoff_t first; /* closed */
	pgoff_t last;
	struct poc_entry entry;
	struct rcu_head rcu;
};

RB_HEAD(poc_range_tree, poc_range);

/* Where they are allocated, and what is repaired; shared by all contexts. */
struct poc_cache {
	struct ledger *ledger;
	struct rcu *rcu;
	const struct bugs *bugs;
	struct divergence *broken; /* where a crash is noted */
	const struct mm_world *world; /* NULL: nobody else runs */
	u32 kind_range;
	u32 kind_array;
	struct remap_totals *totals; /* NULL: no accounts are kept */
};

struct poc_remaps {
	const struct poc_cache *cache;
	struct poc_range_tree ranges;
	u64 nr;
};

/* An empty set; @cache is the caller's and must outlive it. */
void poc_remaps_init(struct poc_remaps *remaps, const struct poc_cache *cache);

/*
 * The three operations, on offsets [first, last].  With unchecked-allocation
 * repaired each may return -ENOMEM, having done a part: work on a copy.
 * Otherwise they return 0, whatever was lost; where the code would crash it is
 * noted in cache->broken, and the step left out.
 */

/* add_new_remap(): they also lie at @displacement. */
int poc_remaps_add(struct poc_remaps *remaps, pgoff_t first, pgoff_t last,
		   s64 displacement);

/* find_and_unmap_existing(): they do not lie at @displacement any more. */
int poc_remaps_unmap(struct poc_remaps *remaps, pgoff_t first, pgoff_t last,
		     s64 displacement);

/*
 * find_and_remap_existing(): what lies at @from lies at @to now; @found: was
 * anything rewritten?
 */
int poc_remaps_move(struct poc_remaps *remaps, pgoff_t first, pgoff_t last,
		    s64 from, s64 to, bool *found);

/* Room for the displacements of one walk that needs no allocation. */
#define POC_WALK_STACK 16

/* The displacements that a walk tries. */
struct poc_collected {
	s64 stack[POC_WALK_STACK];
	s64 *values; /* the stack, or for poc_collect_free() */
	u32 nr;
	u32 cap;
};

/*
 * Those of @offset, read one by one: others may go on in between.  False: out of
 * memory.  poc_collect_free() is for the caller, also then.
 */
bool poc_collect(const struct poc_remaps *remaps, pgoff_t offset,
		 struct poc_collected *all);
void poc_collect_free(const struct poc_remaps *remaps,
		      struct poc_collected *all);

/* Does @offset lie at @displacement?  As the own check looks it up. */
bool poc_remaps_hold(const struct poc_remaps *remaps, pgoff_t offset,
		     s64 displacement);

/*
 * All or nothing: the changes are made to a copy, which then takes the place of
 * the set, or is dropped.  0 or -ENOMEM.
 */
int poc_remaps_copy(struct poc_remaps *copy, const struct poc_remaps *remaps);
void poc_remaps_replace(struct poc_remaps *remaps, struct poc_remaps *copy);

/* Frees everything (replaced and dropped copies; the tests). */
void poc_remaps_free_all(struct poc_remaps *remaps);

/* delete_remaps(), at a context's end. */
void poc_remaps_delete(struct poc_remaps *remaps);

/* For checks. */
struct poc_range *poc_remaps_at(const struct poc_remaps *remaps,
				pgoff_t offset);
struct poc_range *poc_remaps_first(const struct poc_remaps *remaps);
struct poc_range *poc_remaps_next(struct poc_range *range);
u32 poc_entry_nr(const struct poc_entry *entry);
s64 poc_entry_get(const struct poc_entry *entry, u32 i);

/* NULL, or what is wrong with the tree of ranges itself. */
const char *poc_remaps_verify(const struct poc_remaps *remaps);

#endif
