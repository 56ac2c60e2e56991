/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Remaps: which page offsets of one address space lie at an address that
 * differs from the offset, and by how much.
 *
 * A remap says that offsets [first, last] lie at offset + displacement, all in
 * pages.  Several remaps may cover the same offsets at different displacements;
 * those of one displacement never overlap nor touch: what touches is made one,
 * so a moved area costs one remap however many VMAs it has been cut into.
 *
 *	offset        10   15   20   25
 *	               |--------------|    displacement +100 (at 110 .. 125)
 *	                    |----|         displacement -5   (at  10 ..  15)
 *
 * Here each is a node in two trees: by (displacement, first), to add to, cut
 * and join neighbours; and an interval tree of the offsets, for the walk.  A
 * kernel would rather keep a maple tree from offset to displacements; see
 * REMAP_KERNEL_SIZE.
 */
#ifndef RMAPDIFF_RMAP_REMAPS_H
#define RMAPDIFF_RMAP_REMAPS_H

#include "../base/bug.h"
#include "../base/itree.h"
#include "../base/ledger.h"
#include "../base/rcu.h"
#include "../base/tree.h"
#include "../base/types.h"
#include "remap_edges.h"

/*
 * struct remap as a kernel on x86-64 would have it: rb_node 24, interval tree
 * node 24 + 3 * 8, displacement 8, rcu_head 16.  In a maple tree a range takes
 * a slot and a pivot (16 bytes), the gap beside it another pair, of nodes that
 * are half to fully used: 32 to 64 bytes, but a node of 256 at least.
 */
#define REMAP_KERNEL_SIZE 96

struct remap {
	struct itree_node offsets; /* .first and .last, closed */
	RB_ENTRY(remap) rb;
	s64 displacement; /* address - offset */
	/*
	 * By remaps->stamp when the last of its offsets was added: of two places of
	 * an offset, where a page moved last is the one with the higher stamp.
	 */
	u64 stamp;
	struct rcu_head rcu;
	struct remap_ends ends; /* in remaps->edges */
};

RB_HEAD(remap_tree, remap);

/* Where remaps are allocated, and freed once walkers have left them. */
struct remap_cache {
	struct ledger *ledger;
	struct rcu *rcu;
	const struct bugs *bugs;
	u32 kind;
	struct remap_totals *totals; /* NULL: no accounts are kept */
};

struct remaps {
	const struct remap_cache *cache;
	struct remap_tree by_displacement; /* and first */
	struct itree by_offset;
	struct remap_edges edges; /* what a maple tree would take */
	u64 nr;
	u64 stamp; /* the highest that was given */
	/* More may be recorded than was added and not deleted since. */
	bool inexact;
};

/* An empty set; @cache is the caller's and must outlive it. */
void remaps_init(struct remaps *remaps, const struct remap_cache *cache);

static inline bool remaps_empty(const struct remaps *remaps)
{
	return !remaps->nr;
}

/*
 * Adds offsets [first, last] at @displacement to what is there.  Needs no
 * memory if a remap of that displacement overlaps or touches them.  0, or
 * -ENOMEM with nothing changed.
 */
int remaps_add(struct remaps *remaps, pgoff_t first, pgoff_t last,
	       s64 displacement);

/*
 * Offset @offset at @displacement, which is recorded, is the last place that a page
 * moves to: from now on, if not before.
 */
void remaps_publish(struct remaps *remaps, pgoff_t offset, s64 displacement);

/*
 * Takes offsets [first, last] at @displacement out, as far as they are there.
 * Cutting out the middle of a remap makes two of one; when there is no memory
 * for the second, the one stays whole and the set is inexact from then on,
 * until it is empty.
 */
void remaps_del(struct remaps *remaps, pgoff_t first, pgoff_t last,
		s64 displacement);

/* Are all of [first, last] recorded at @displacement? */
bool remaps_cover(struct remaps *remaps, pgoff_t first, pgoff_t last,
		  s64 displacement);

/*
 * The remaps that hold @offset, in no particular order, each displacement once;
 * NULL after the last.  @visited is raised by the tree nodes looked at.
 */
struct remap *remaps_first(struct remaps *remaps, pgoff_t offset, u64 *visited);
struct remap *remaps_next(struct remap *remap, pgoff_t offset, u64 *visited);

#define remaps_for_each(remap, remaps, offset, visited)                      \
	for ((remap) = remaps_first((remaps), (offset), (visited)); (remap); \
	     (remap) = remaps_next((remap), (offset), (visited)))

/* The remaps that hold any of [first, last], in no particular order; or NULL. */
struct remap *remaps_overlap_first(struct remaps *remaps, pgoff_t first,
				   pgoff_t last);
struct remap *remaps_overlap_next(struct remap *remap, pgoff_t first,
				  pgoff_t last);

/* Empties the set. */
void remaps_free_all(struct remaps *remaps);

/*
 * NULL if the set is in order, with the number of (offset, displacement) pairs
 * it holds in @pages; else what is wrong with it.  For checks.
 */
const char *remaps_verify(struct remaps *remaps, u64 *pages);

#endif
