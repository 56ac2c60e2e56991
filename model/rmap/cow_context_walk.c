// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk of contexts: from the folio's context down, parents first; in each mm
 * displacement 0, then the places that its remaps add.
 *
 * While operations run at the same time it is under RCU and no lock, or under what
 * one of the candidates of cow_stab.h adds.  What RCU gives here is more than the
 * kernel has today: struct mm_struct would have to stay for a grace period
 * (rmap_ops.walks_mms), and VMAs too, where their slab now only keeps the type.
 * The remaps of a context that hold the folio's offset are read at once, as one
 * entry of a maple tree is, and looked at one by one.
 *
 * The list of children: what joins it joins at its end, before anything is copied
 * to the child; what leaves it keeps its own link, and all that was behind it in
 * the list can be reached from it.  So each child that was in the list when the
 * walk came to its parent, and is there still, is met, and each one once.
 */
#include "../mm/pgtable.h"
#include "cow_stab.h"

/* Displacements that are read at once with no memory of their own. */
#define PLACES_ON_STACK 16

static struct mm_world *world_of(const struct cow_walk *walk)
{
	return walk->rmap->world;
}

/* Do others run, or is this what would do if they did? */
static bool is_concurrent(const struct cow_walk *walk)
{
	return world_of(walk)->sched || walk->stab;
}

/*
 * All mappings are found when as many are found as there are: mapcount is exact,
 * the walk visits no place twice and rmap_one() counts only entries that map the
 * folio.  So a folio that one process maps, its owner, costs one context, and a
 * shared one no more contexts than it takes to meet all its mappings.
 *
 * The count is the one at the walk's begin.  A visitor that unmaps, of migration or
 * reclaim, lowers it by each entry that it meets, while what was found rises: asked
 * anew, the two would meet half-way (walk-asks-count-anew).
 *
 *	A, C, B map it		begin	at A	at C	at B
 *	found			0	1	2	3
 *	mapcount, at the begin	3	3	3	3	ends behind B
 *	mapcount, asked anew	3	2	1	0	ends behind C
 *
 * A walk that begins again reads it again, and counts from 0: what it unmapped
 * before is in neither number.  Where a context alone is looked at again, what was
 * unmapped there is missing in what was found, and the walk goes on for longer.
 *
 * It would not do to look at the first context alone because the folio is mapped
 * once.  The one mapping can be a child's: unmapping does not move a folio, it
 * stays with its first owner until somebody writes (top of cow_context.c).  It is
 * not enough that a context was looked at, the mapping must have been met.
 *
 * mm/rmap.c's folio_referenced_one() ends its walk by the same count.
 *
 * Where others run, counting is not enough.  What a fork adds meanwhile is found
 * and was not counted; what is unmapped meanwhile was counted, so the count as it
 * is at the end is no better:
 *
 *	A, X, B map it: 3.  The walk finds A's and X's; X forks C, which is below
 *	X and comes next: found 3, and B is left out.
 *
 * But one is one: all others come from it by fork, into contexts below its own,
 * which the walk meets first.  If something is found, and the walk misses nothing
 * in the contexts that it looks into, then the one was found.
 *
 * Unless somebody else has the folio locked: he may have unmapped the others, and
 * put them back, anywhere, when he cannot unmap all.  Then no count is a guide.
 */
static bool walk_done(const struct cow_walk *walk)
{
	if (walk->rwc->restoring &&
	    !bug_on(world_of(walk)->bugs, BUG_WALK_ENDS_WHILE_RESTORING))
		return false;
	if (is_concurrent(walk) && (walk->mapped > 1 || walk->on_its_way) &&
	    !bug_on(world_of(walk)->bugs, BUG_WALK_ENDS_BY_COUNT))
		return false;
	if (bug_on(world_of(walk)->bugs, BUG_WALK_ASKS_COUNT_ANEW))
		return walk->found >=
		       rmap_walk_mapcount(walk->rwc, walk->folio);
	return walk->found >= walk->mapped;
}

/*
 * The VMA at that address need not be the one that was recorded or that had the
 * page: it must have this very displacement, for the page there to be the
 * folio's offset at all.
 */
static bool vma_is_displaced_by(const struct cow_walk *walk,
				const struct vm_area_struct *vma,
				s64 displacement)
{
	if (bug_on(world_of(walk)->bugs, BUG_WALK_TRUSTS_DISPLACEMENT))
		return true;
	return vma_is_marked(walk->rmap, vma) &&
	       vma_displacement(vma) == displacement;
}

static void walk_place(struct cow_walk *walk, s64 displacement)
{
	struct rmap_walk_control *rwc = walk->rwc;
	struct mm_world *world = world_of(walk);
	u64 address = walk->index + (u64)displacement;
	struct vm_area_struct *vma;
	u64 found;

	walk->places++;
	expect_live(world, walk->mm, "mm_struct");
	vma = vma_lookup(walk->mm, address);
	if (!vma || !vma_is_displaced_by(walk, vma, displacement))
		return;
	mark(world, POINT_WALK_VMA);
	expect_live(world, vma, "VMA");
	expect_live(world, walk->mm, "mm_struct");
	found = rwc->rmap_one(walk->folio, vma, address, rwc->arg);
	rwc->stats->vmas++;
	rwc->stats->found += found;
	walk->found += found;
	mark(world, POINT_WALK_VISITED);
}

/* Nobody changes them meanwhile. */
static void walk_remaps(struct cow_walk *walk, struct cow_context *ctx)
{
	struct rmap_walk_stats *stats = walk->rwc->stats;
	struct remap *remap;

	remaps_for_each(remap, &ctx->remaps, walk->index, &stats->nodes)
	{
		if (walk_done(walk))
			return;
		stats->remaps++;
		walk_place(walk, remap->displacement);
	}
}

static u32 read_remaps(struct cow_walk *walk, struct cow_context *ctx,
		       s64 *places, u32 max)
{
	struct remap *remap;
	u32 nr = 0;

	remaps_for_each(remap, &ctx->remaps, walk->index,
			&walk->rwc->stats->nodes)
	{
		if (nr < max)
			places[nr] = remap->displacement;
		nr++;
	}
	return nr;
}

static void walk_places(struct cow_walk *walk, const s64 *places, u32 nr)
{
	mark(world_of(walk), POINT_WALK_PLACES);
	for (u32 i = 0; i < nr && !walk_done(walk); i++) {
		walk->rwc->stats->remaps++;
		walk_place(walk, places[i]);
	}
}

/* They are read at once, and may be others when their places are looked at. */
static void walk_remaps_read(struct cow_walk *walk, struct cow_context *ctx)
{
	struct ledger *ledger = world_of(walk)->ledger;
	s64 stack[PLACES_ON_STACK], *places;
	u32 nr = read_remaps(walk, ctx, stack, PLACES_ON_STACK);

	if (nr <= PLACES_ON_STACK) {
		walk_places(walk, stack, nr);
		return;
	}
	places = ledger_tool_alloc(ledger, nr * sizeof(*places));
	if (!places) {
		divergence_set(&walk->rmap->broken, DIVERGENCE_INVARIANT,
			       "not walked: the tool is out of memory");
		return;
	}
	read_remaps(walk, ctx, places, nr);
	walk_places(walk, places, nr);
	ledger_tool_free(ledger, places, nr * sizeof(*places));
}

/*
 * The place of the folio's offset with the lowest stamp above *@stamp: its stamp and
 * displacement; false if there is none.  Displacement 0, which has no remap, has
 * the context's own stamp.
 */
static bool next_in_order(struct cow_walk *walk, struct cow_context *ctx,
			  u64 *stamp, s64 *displacement)
{
	u64 behind = *stamp;
	struct remap *remap;
	bool found = ctx->zero_stamp > behind;

	*stamp = ctx->zero_stamp;
	*displacement = 0;
	remaps_for_each(remap, &ctx->remaps, walk->index,
			&walk->rwc->stats->nodes)
	{
		if (remap->stamp <= behind || (found && remap->stamp > *stamp))
			continue;
		found = true;
		*stamp = remap->stamp;
		*displacement = remap->displacement;
	}
	return found;
}

/*
 * Each move goes to a place that gets a stamp higher than all before.  So what was
 * not met at one place is at a higher one, or will be:
 *
 *	stamp	1	     3		     7
 *	place	+0    ->    +0x40    ->	    +0x10	a page, moved twice
 *		     ^ the walk is here: it has not met it, and will
 *
 * A stamp that rises without a move to its place costs another look, no more.
 * Each turn is a place that was there, or a move.  The remaps and their stamps are
 * read here with no point between: as one snapshot.
 */
static void walk_in_order(struct cow_walk *walk, struct cow_context *ctx)
{
	s64 displacement;
	u64 stamp = 0;

	while (next_in_order(walk, ctx, &stamp, &displacement)) {
		walk->rwc->stats->remaps += !!displacement;
		mark(world_of(walk), POINT_WALK_PLACES);
		walk_place(walk, displacement);
		if (walk_done(walk))
			return;
		expect_live(world_of(walk), ctx, "context");
	}
}

/* Displacement 0 first: what is moved from there is recorded by then. */
static void walk_in_any_order(struct cow_walk *walk, struct cow_context *ctx)
{
	walk_place(walk, 0);
	expect_live(world_of(walk), ctx, "context");
	if (world_of(walk)->sched)
		walk_remaps_read(walk, ctx);
	else
		walk_remaps(walk, ctx);
}

static void walk_context(struct cow_walk *walk, struct cow_context *ctx)
{
	u64 found = walk->found;

	walk->rwc->stats->contexts++;
	if (!walk->mm)
		return;
	if (walk->stab && walk->stab->ordered)
		walk_in_order(walk, ctx);
	else
		walk_in_any_order(walk, ctx);
	/* No mm maps a folio twice; one that was moved may have been met twice. */
	if (is_concurrent(walk))
		walk->found = min_u64(walk->found, found + 1);
}

static enum cow_verdict try_context(struct cow_walk *walk,
				    struct cow_context *ctx)
{
	const struct cow_stab *stab = walk->stab;
	enum cow_verdict verdict = COW_GO_ON;

	mark(world_of(walk), POINT_WALK_CONTEXT);
	expect_live(world_of(walk), ctx, "context");
	walk->mm = ctx->mm;
	walk->places = 0;
	if (stab && stab->enter)
		verdict = stab->enter(walk, ctx);
	if (verdict != COW_GO_ON)
		return verdict;
	walk_context(walk, ctx);
	return stab && stab->leave ? stab->leave(walk, ctx) : verdict;
}

/* False: the walk ends here. */
static bool visit_context(struct cow_walk *walk, struct cow_context *ctx)
{
	u64 found = walk->found;
	enum cow_verdict verdict;

	walk->retries = 0;
	while ((verdict = try_context(walk, ctx)) == COW_AGAIN) {
		walk->rmap->costs.context_retries++;
		walk->retries++;
		walk->found = found;
		mark(world_of(walk), POINT_RETRY);
	}
	if (verdict == COW_GIVE_UP) {
		walk->gave_up = true;
		return false;
	}
	return !walk_done(walk);
}

static bool walk_takes(const struct cow_walk *walk,
		       const struct cow_context *ctx)
{
	if (!ctx)
		return false;
	return TAILQ_NEXT(ctx, sibling) ||
	       !bug_on(world_of(walk)->bugs, BUG_WALK_SKIPS_LAST_CHILD);
}

/* The context after @ctx among @root and its descendants, parents first. */
static struct cow_context *walk_next(const struct cow_walk *walk,
				     const struct cow_context *root,
				     struct cow_context *ctx)
{
	struct cow_context *next;

	expect_live(world_of(walk), ctx, "context");
	next = TAILQ_FIRST(&ctx->children);
	if (walk_takes(walk, next))
		return next;
	for (; ctx && ctx != root; ctx = ctx->parent) {
		expect_live(world_of(walk), ctx, "context");
		next = TAILQ_NEXT(ctx, sibling);
		if (walk_takes(walk, next))
			return next;
	}
	return NULL;
}

/* A walk that may wait keeps where it is; RCU is left until it goes on. */
static void walk_keep(const struct cow_walk *walk, struct cow_context *ctx)
{
	cow_context_get(ctx);
	rcu_read_unlock(world_of(walk)->rcu);
}

/* Contexts that nobody refers to are on their way out: there is no mm. */
static struct cow_context *context_after(const struct cow_walk *walk,
					 const struct cow_context *root,
					 struct cow_context *ctx)
{
	struct cow_context *next;

	if (!walk->stab || !walk->stab->sleeps)
		return walk_next(walk, root, ctx);
	rcu_read_lock(world_of(walk)->rcu);
	next = walk_next(walk, root, ctx);
	while (next && !next->refcount)
		next = walk_next(walk, root, next);
	if (next)
		cow_context_get(next);
	cow_context_put(walk->rmap, ctx, true);
	if (next)
		rcu_read_unlock(world_of(walk)->rcu);
	return next;
}

/* The walk ends at @ctx, and is in RCU again. */
static void walk_let_go(const struct cow_walk *walk, struct cow_context *ctx)
{
	if (!walk->stab || !walk->stab->sleeps)
		return;
	rcu_read_lock(world_of(walk)->rcu);
	cow_context_put(walk->rmap, ctx, true);
}

/* Each is met once: more would be a loop. */
static u64 most_contexts(const struct cow_walk *walk)
{
	const struct cow_contexts *contexts = cow_contexts_of(walk->rmap);

	return world_of(walk)->sched ? contexts->made : contexts->nr;
}

static void walk_descendants(struct cow_walk *walk, struct cow_context *root)
{
	struct cow_context *ctx = root;
	u64 met = 0;

	if (walk->stab && walk->stab->sleeps)
		walk_keep(walk, root);
	for (; ctx && met < most_contexts(walk);
	     ctx = context_after(walk, root, ctx), met++) {
		bool goes_on = visit_context(walk, ctx);

		if (goes_on && walk->mapped == 1 &&
		    bug_on(world_of(walk)->bugs,
			   BUG_WALK_STOPS_AT_FIRST_CONTEXT))
			goes_on = false;
		if (!goes_on) {
			walk_let_go(walk, ctx);
			return;
		}
	}
	if (!ctx)
		return;
	walk_let_go(walk, ctx);
	divergence_set(&walk->rmap->broken, DIVERGENCE_INVARIANT,
		       "a walk met more contexts than there are");
}

/* Whoever else has the folio locked may be migrating or reclaiming it. */
static bool is_locked_by_other(const struct cow_walk *walk)
{
	const struct task_lock *lock = &walk->folio->lock;

	return lock->writer && !task_lock_is_mine(world_of(walk)->sched, lock);
}

/* The folio may get another owner while it is walked: one below the first. */
static enum cow_verdict walk_once(struct cow_walk *walk)
{
	struct rmap *rmap = walk->rmap;
	struct cow_context *root;

	walk->found = 0;
	walk->mapped = rmap_walk_mapcount(walk->rwc, walk->folio);
	walk->on_its_way = is_locked_by_other(walk);
	rcu_read_lock(rmap->world->rcu);
	root = folio_context(rmap, walk->folio);
	rmap->locks.read_sections++;
	if (rmap->watch)
		rmap->watch->read(rmap->watch->arg, rmap, 0);
	walk_descendants(walk, root);
	if (bug_on(world_of(walk)->bugs, BUG_WALK_STAYS_IN_RCU))
		return COW_GO_ON;
	rcu_read_unlock(rmap->world->rcu);
	if (walk->gave_up)
		return COW_GIVE_UP;
	return walk->stab && walk->stab->finish ? walk->stab->finish(walk) :
						  COW_GO_ON;
}

void cow_context_walk(struct rmap *rmap, struct folio *folio,
		      struct rmap_walk_control *rwc)
{
	struct cow_walk walk = {
		.rmap = rmap,
		.folio = folio,
		.rwc = rwc,
		.stab = cow_stab_of(rmap),
		.index = folio->index,
	};
	enum cow_verdict verdict;

	rwc->stats->walks++;
	if (!folio_context(rmap, folio))
		return;
	while ((verdict = walk_once(&walk)) == COW_AGAIN) {
		rmap->costs.walk_retries++;
		walk.again++;
		mark(rmap->world, POINT_RETRY);
	}
	if (verdict != COW_GIVE_UP)
		return;
	rmap->costs.gave_up++;
	rwc->contended = true;
}
