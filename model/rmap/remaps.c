// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remaps: ranges of page offsets at their displacements.
 *
 * Displacement comes first in the order of by_displacement, so that what can be
 * joined or has to be cut stands side by side.  Ordering by address instead
 * (offset + displacement, of which a living address space has each but once)
 * would go wrong with what an inexact set still holds: another VMA may lie there
 * by now.
 *
 * A walker inside an RCU section may hold a remap: one that goes is freed after
 * a grace period, and a range grows before those that it swallows go.  What the
 * model does not show: a range that changes leaves the interval tree and comes
 * back, where a kernel has to replace it in one store.
 */
#include <errno.h>
#include "remaps.h"

static int remap_cmp(const struct remap *a, const struct remap *b)
{
	if (a->displacement != b->displacement)
		return a->displacement < b->displacement ? -1 : 1;
	if (a->offsets.first != b->offsets.first)
		return a->offsets.first < b->offsets.first ? -1 : 1;
	return 0;
}

RB_GENERATE_FILE(remap_tree, remap, rb, remap_cmp)

static struct remap *remap_of(struct itree_node *node)
{
	return node ? container_of(node, struct remap, offsets) : NULL;
}

void remaps_init(struct remaps *remaps, const struct remap_cache *cache)
{
	remaps->cache = cache;
	RB_INIT(&remaps->by_displacement);
	itree_init(&remaps->by_offset);
	remap_edges_init(&remaps->edges, cache->totals);
	remaps->nr = 0;
	remaps->stamp = 0;
	remaps->inexact = false;
}

static bool remap_overlaps(const struct remap *remap, pgoff_t first,
			   pgoff_t last, s64 displacement)
{
	return remap && remap->displacement == displacement &&
	       remap->offsets.first <= last && remap->offsets.last >= first;
}

/* [first, last] with one more offset at each end, where there is one. */
static pgoff_t offset_before(pgoff_t first)
{
	return first ? first - 1 : 0;
}

static pgoff_t offset_after(pgoff_t last)
{
	return last != UINT64_MAX ? last + 1 : last;
}

/* The lowest remap of @displacement that overlaps [first, last], or NULL. */
static struct remap *remap_find(struct remaps *remaps, pgoff_t first,
				pgoff_t last, s64 displacement)
{
	struct remap key = {
		.displacement = displacement,
		.offsets.first = first,
	};
	struct remap *at, *before;

	at = RB_NFIND(remap_tree, &remaps->by_displacement, &key);
	before = at ? RB_PREV(remap_tree, &remaps->by_displacement, at) :
		      RB_MAX(remap_tree, &remaps->by_displacement);
	/* One that begins before @first may reach into the range. */
	if (remap_overlaps(before, first, last, displacement))
		return before;
	return remap_overlaps(at, first, last, displacement) ? at : NULL;
}

static struct remap *remap_alloc(struct remaps *remaps)
{
	const struct remap_cache *cache = remaps->cache;

	return ledger_alloc(cache->ledger, cache->kind, sizeof(struct remap));
}

static void remap_insert(struct remaps *remaps, struct remap *remap,
			 pgoff_t first, pgoff_t last, s64 displacement)
{
	remap->displacement = displacement;
	itree_insert(&remaps->by_offset, &remap->offsets, first, last);
	RB_INSERT(remap_tree, &remaps->by_displacement, remap);
	remap_edges_add(&remaps->edges, &remap->ends, first, last);
	remaps->nr++;
}

static void remap_free(struct remaps *remaps, struct remap *remap)
{
	RB_REMOVE(remap_tree, &remaps->by_displacement, remap);
	itree_remove(&remaps->by_offset, &remap->offsets);
	remap_edges_del(&remaps->edges, &remap->ends);
	if (bug_on(remaps->cache->bugs, BUG_REMAP_FREED_WITHOUT_GRACE_PERIOD))
		ledger_free(remaps->cache->ledger, remap);
	else
		kfree_rcu(remaps->cache->rcu, remap, &remap->rcu);
	/* Nothing is more than nothing: an empty set is exact. */
	if (!--remaps->nr)
		remaps->inexact = false;
}

/* Keeps its place among those of its displacement: it overlaps none of them. */
static void remap_set_range(struct remaps *remaps, struct remap *remap,
			    pgoff_t first, pgoff_t last)
{
	itree_remove(&remaps->by_offset, &remap->offsets);
	itree_insert(&remaps->by_offset, &remap->offsets, first, last);
	remap_edges_move(&remaps->edges, &remap->ends, first, last);
}

static struct remap *remap_after(struct remap *remap)
{
	return RB_NEXT(remap_tree, NULL, remap);
}

/*
 *	     first ........ last		the range added
 *	|-----|     |--|   |-----|  |---|	remaps of its displacement
 *	 remap					(the lowest that touches it)
 *	|------------------------|  |---|	after
 */
static void remap_extend(struct remaps *remaps, struct remap *remap,
			 pgoff_t first, pgoff_t last)
{
	s64 displacement = remap->displacement;
	pgoff_t reach = offset_after(last);
	struct remap *next;

	first = min_u64(first, remap->offsets.first);
	last = max_u64(last, remap->offsets.last);
	for (next = remap_after(remap);
	     remap_overlaps(next, first, reach, displacement);
	     next = remap_after(next))
		last = max_u64(last, next->offsets.last);

	/* Higher than need be for what was there: a walk looks there once more. */
	remap->stamp = ++remaps->stamp;
	remap_set_range(remaps, remap, first, last);
	while (remap_overlaps(next = remap_after(remap), first, last,
			      displacement))
		remap_free(remaps, next);
}

int remaps_add(struct remaps *remaps, pgoff_t first, pgoff_t last,
	       s64 displacement)
{
	struct remap *remap;

	if (remaps_cover(remaps, first, last, displacement))
		return 0;
	remap = remap_find(remaps, offset_before(first), offset_after(last),
			   displacement);
	if (remap) {
		remap_extend(remaps, remap, first, last);
		return 0;
	}
	remap = remap_alloc(remaps);
	if (!remap)
		return -ENOMEM;
	remap->stamp = ++remaps->stamp;
	remap_insert(remaps, remap, first, last, displacement);
	return 0;
}

void remaps_publish(struct remaps *remaps, pgoff_t offset, s64 displacement)
{
	struct remap *remap = remap_find(remaps, offset, offset, displacement);

	if (remap && remap->stamp != remaps->stamp)
		remap->stamp = ++remaps->stamp;
}

/*
 *	|----------------------|		remap
 *	      first .. last			taken out
 *	|-----|          |-----|		remap and tail
 */
static void remap_cut_middle(struct remaps *remaps, struct remap *remap,
			     pgoff_t first, pgoff_t last)
{
	pgoff_t tail_last = remap->offsets.last;
	struct remap *tail = remap_alloc(remaps);

	if (!tail) {
		remaps->inexact = true;
		return;
	}
	tail->stamp = remap->stamp;
	remap_set_range(remaps, remap, remap->offsets.first, first - 1);
	remap_insert(remaps, tail, last + 1, tail_last, remap->displacement);
}

static void remap_cut(struct remaps *remaps, struct remap *remap, pgoff_t first,
		      pgoff_t last)
{
	bool keeps_head = remap->offsets.first < first;
	bool keeps_tail = remap->offsets.last > last;

	if (keeps_head && keeps_tail &&
	    !bug_on(remaps->cache->bugs, BUG_REMAP_NOT_SPLIT))
		remap_cut_middle(remaps, remap, first, last);
	else if (keeps_head)
		remap_set_range(remaps, remap, remap->offsets.first, first - 1);
	else if (keeps_tail)
		remap_set_range(remaps, remap, last + 1, remap->offsets.last);
	else
		remap_free(remaps, remap);
}

void remaps_del(struct remaps *remaps, pgoff_t first, pgoff_t last,
		s64 displacement)
{
	struct remap *remap = remap_find(remaps, first, last, displacement);

	/* Each turn puts one remap behind it. */
	while (remap_overlaps(remap, first, last, displacement)) {
		struct remap *next = remap_after(remap);

		remap_cut(remaps, remap, first, last);
		remap = next;
	}
}

bool remaps_cover(struct remaps *remaps, pgoff_t first, pgoff_t last,
		  s64 displacement)
{
	struct remap *remap = remap_find(remaps, first, first, displacement);

	/* What touches is one, so no two can cover it together. */
	return remap && remap->offsets.last >= last;
}

struct remap *remaps_first(struct remaps *remaps, pgoff_t offset, u64 *visited)
{
	return remap_of(
		itree_iter_first(&remaps->by_offset, offset, offset, visited));
}

struct remap *remaps_next(struct remap *remap, pgoff_t offset, u64 *visited)
{
	return remap_of(
		itree_iter_next(&remap->offsets, offset, offset, visited));
}

struct remap *remaps_overlap_first(struct remaps *remaps, pgoff_t first,
				   pgoff_t last)
{
	return remap_of(
		itree_iter_first(&remaps->by_offset, first, last, NULL));
}

struct remap *remaps_overlap_next(struct remap *remap, pgoff_t first,
				  pgoff_t last)
{
	return remap_of(itree_iter_next(&remap->offsets, first, last, NULL));
}

void remaps_free_all(struct remaps *remaps)
{
	struct remap *remap;

	while ((remap = RB_ROOT(&remaps->by_displacement)))
		remap_free(remaps, remap);
}

/* @prev comes just before @remap, NULL for none. */
static const char *remap_verify(struct remaps *remaps, const struct remap *prev,
				const struct remap *remap)
{
	if (!itree_contains(&remaps->by_offset, &remap->offsets))
		return "a remap is not in the tree of offsets";
	if (!prev)
		return NULL;
	if (remap_cmp(prev, remap) >= 0)
		return "remaps are out of order";
	if (prev->displacement == remap->displacement &&
	    offset_after(prev->offsets.last) >= remap->offsets.first)
		return "two remaps of one displacement touch";
	return NULL;
}

const char *remaps_verify(struct remaps *remaps, u64 *pages)
{
	const char *wrong = itree_verify(&remaps->by_offset);
	const struct remap *prev = NULL;
	struct itree_node *node;
	struct remap *remap;
	u64 nr = 0;

	*pages = 0;
	if (wrong)
		return wrong;
	RB_FOREACH(remap, remap_tree, &remaps->by_displacement) {
		wrong = remap_verify(remaps, prev, remap);
		if (wrong)
			return wrong;
		*pages += remap->offsets.last - remap->offsets.first + 1;
		prev = remap;
		nr++;
	}
	if (nr != remaps->nr)
		return "remaps are miscounted";
	wrong = remap_edges_verify(&remaps->edges);
	if (wrong)
		return wrong;
	for (node = itree_iter_first(&remaps->by_offset, 0, UINT64_MAX, NULL);
	     node; node = itree_iter_next(node, 0, UINT64_MAX, NULL))
		nr--;
	return nr ? "the tree of offsets holds other remaps" : NULL;
}
