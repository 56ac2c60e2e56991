// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof of concept's walk, and the check that it has instead of a walk where
 * it runs beside anon_vma.
 *
 * What others can do to it: an mm is gone before it is asked whether anybody uses
 * it (struct mm_struct does not wait for RCU); what nobody uses any more is skipped,
 * mapped as it still is; a VMA that was found is freed (its slab keeps the type, so
 * it may be another one by then); an array is freed, or its members move, while it
 * is read; a child joins the list at its head, behind the walk's back.
 */
#include "../mm/pgtable.h"
#include "cow_poc.h"

/* mms that the walk has put last, for mmput_async(). */
#define POC_PUTS_MAX 16

struct poc_walk {
	struct rmap *rmap;
	struct folio *folio;
	struct rmap_walk_control *rwc;
	pgoff_t index; /* as it was at the start */
	struct mm_struct *puts[POC_PUTS_MAX];
	u32 nr_puts;
};

static bool repaired(const struct poc_walk *walk, enum fix fix)
{
	return fix_on(walk->rmap->world->bugs, fix);
}

static void poc_visit(struct poc_walk *walk, struct vm_area_struct *vma)
{
	struct rmap_walk_control *rwc = walk->rwc;
	struct mm_world *world = walk->rmap->world;
	u64 address = walk->index + (u64)poc_displacement(vma);

	mark(world, POINT_WALK_VMA);
	expect_live(world, vma, "VMA");
	rwc->stats->vmas++;
	rwc->stats->found += rwc->rmap_one(walk->folio, vma, address, rwc->arg);
	mark(world, POINT_WALK_VISITED);
}

/* walk_context_remap(): the VMA must have that very displacement. */
static void poc_walk_place(struct poc_walk *walk, struct mm_struct *mm,
			   s64 displacement)
{
	struct vm_area_struct *vma =
		vma_lookup(mm, walk->index + (u64)displacement);

	if (vma && poc_displacement(vma) == displacement)
		poc_visit(walk, vma);
}

static void poc_walk_remaps(struct poc_walk *walk, struct poc_context *ctx,
			    struct mm_struct *mm)
{
	struct poc_collected all;

	if (!poc_collect(&ctx->remaps, walk->index, &all))
		divergence_set(&walk->rmap->broken, DIVERGENCE_INVARIANT,
			       "not walked: the tool is out of memory");
	else
		mark(walk->rmap->world, POINT_WALK_PLACES);
	for (u32 i = 0; i < all.nr; i++) {
		walk->rwc->stats->remaps++;
		poc_walk_place(walk, mm, all.values[i]);
	}
	poc_collect_free(&ctx->remaps, &all);
}

/* Repaired, where not all could be recorded: whatever has that offset. */
static void walk_vmas(struct poc_walk *walk, struct mm_struct *mm)
{
	struct vm_area_struct *vma = find_vma(mm, 0);

	for (; vma; vma = vma_next(vma))
		if (vma->vm_pgoff <= walk->index &&
		    vma_last_pgoff(vma) >= walk->index)
			poc_visit(walk, vma);
}

/* folio_maybe_mapped_shared() of a folio of one page */
static bool maybe_mapped_shared(const struct poc_walk *walk)
{
	return rmap_walk_mapcount(walk->rwc, walk->folio) > 1;
}

/*
 * The middle of walk_context().  False ends the whole walk: before it has looked at
 * this context's remaps and at any other context.  That a folio is mapped once, or
 * not yet, or once more after a visitor has unmapped the others, does not say where.
 */
static bool walk_mm(struct poc_walk *walk, struct poc_context *ctx,
		    struct mm_struct *mm)
{
	bool was_exclusive = !maybe_mapped_shared(walk);

	if (ctx->incomplete) {
		walk_vmas(walk, mm);
		return true;
	}
	poc_walk_place(walk, mm, 0);
	if (was_exclusive && !maybe_mapped_shared(walk) &&
	    !repaired(walk, FIX_WALK_EARLY_END))
		return false;
	expect_live(walk->rmap->world, ctx, "context");
	poc_walk_remaps(walk, ctx, mm);
	return true;
}

/* mmput_async(): the last one's work is done later, and not by the walk. */
static void put_later(struct poc_walk *walk, struct mm_struct *mm)
{
	if (mm->users == 1 && walk->nr_puts < POC_PUTS_MAX)
		walk->puts[walk->nr_puts++] = mm;
	else
		mm_put(mm);
}

static void put_all(struct poc_walk *walk)
{
	while (walk->nr_puts)
		mm_put(walk->puts[--walk->nr_puts]);
}

/* Repaired: the struct is kept, under a lock that who clears ctx->mm takes too. */
static bool walk_mm_kept(struct poc_walk *walk, struct poc_context *ctx)
{
	struct mm_struct *mm = ctx->mm;
	bool goes_on;

	if (!mm)
		return true;
	mm_grab(mm);
	goes_on = walk_mm(walk, ctx, mm);
	mm_drop(mm);
	return goes_on;
}

/* walk_context() */
static bool poc_walk_context(struct poc_walk *walk, struct poc_context *ctx)
{
	struct mm_world *world = walk->rmap->world;
	struct mm_struct *mm = ctx->mm;
	bool goes_on;

	walk->rwc->stats->contexts++;
	mark(world, POINT_WALK_CONTEXT);
	expect_live(world, ctx, "context");
	if (repaired(walk, FIX_WALK_GOING_MM))
		return walk_mm_kept(walk, ctx);
	if (!mm)
		return true;
	expect_live(world, mm, "mm_struct");
	if (!mm_get_not_zero(mm))
		return true;
	goes_on = walk_mm(walk, ctx, mm);
	put_later(walk, mm);
	return goes_on;
}

/* Nobody joins while a walk is alone: more would be a loop. */
static u64 most_steps(const struct poc_walk *walk)
{
	const struct poc_contexts *contexts = poc_contexts_of(walk->rmap);

	return 2 * (walk->rmap->world->sched ? contexts->made : contexts->nr);
}

static void loops(const struct poc_walk *walk)
{
	divergence_set(&walk->rmap->broken, DIVERGENCE_INVARIANT,
		       "a walk met more contexts than there are");
}

/*
 * traverse_contexts(): the root, then everything below it, each context after
 * its children.  Each is met once on the way down and once on the way up.
 */
static void walk_up(struct poc_walk *walk, struct poc_context *root)
{
	struct poc_context *ctx = root, *parent = NULL, *next;

	if (!poc_walk_context(walk, root))
		return;
	for (u64 steps = 0; steps < most_steps(walk); ctx = next, steps++) {
		expect_live(walk->rmap->world, ctx, "context");
		next = ctx != parent ? TAILQ_FIRST(&ctx->children) : NULL;
		if (next)
			continue;
		if (ctx == root || !poc_walk_context(walk, ctx))
			return;
		parent = ctx->parent;
		next = TAILQ_NEXT(ctx, sibling);
		if (!next)
			next = parent;
	}
	loops(walk);
}

/* The context after @ctx, parents first; NULL behind the last. */
static struct poc_context *next_down(struct poc_context *ctx,
				     const struct poc_context *root)
{
	struct poc_context *next = TAILQ_FIRST(&ctx->children);

	while (!next && ctx != root) {
		next = TAILQ_NEXT(ctx, sibling);
		ctx = ctx->parent;
	}
	return next;
}

/* Repaired: each before its children, which joined at the end of the list. */
static void walk_down(struct poc_walk *walk, struct poc_context *root)
{
	struct poc_context *ctx = root;

	for (u64 met = 0; met < most_steps(walk) / 2; met++) {
		if (!poc_walk_context(walk, ctx))
			return;
		ctx = next_down(ctx, root);
		if (!ctx)
			return;
	}
	loops(walk);
}

/* cow_context_walk() */
void cow_poc_walk(struct rmap *rmap, struct folio *folio,
		  struct rmap_walk_control *rwc)
{
	struct poc_walk walk = {
		.rmap = rmap,
		.folio = folio,
		.rwc = rwc,
		.index = folio->index,
	};
	struct poc_context *root = poc_folio_context(rmap, folio);

	rwc->stats->walks++;
	if (!root)
		return;
	rcu_read_lock(rmap->world->rcu);
	rmap->locks.read_sections++;
	if (rmap->watch)
		rmap->watch->read(rmap->watch->arg, rmap, 0);
	if (repaired(&walk, FIX_CHILDREN_FIRST))
		walk_down(&walk, root);
	else
		walk_up(&walk, root);
	rcu_read_unlock(rmap->world->rcu);
	put_all(&walk);
}

/*
 * cow_context_verify_vma(), the check beside anon_vma's walk: is the folio's
 * context above the VMA's, and is the VMA's displacement recorded?  It looks
 * things up and does not walk, so what the walk leaves out it does not see.
 */
bool cow_poc_would_reach(struct rmap *rmap, struct folio *folio,
			 struct vm_area_struct *vma)
{
	struct poc_context *owner = poc_folio_context(rmap, folio);
	struct poc_context *own = poc_mm_context(rmap, vma->vm_mm);
	struct poc_context *ctx = own;

	while (ctx && ctx != owner)
		ctx = ctx->parent;
	if (!owner || !ctx)
		return false;
	return !poc_displacement(vma) || own->incomplete ||
	       poc_remaps_hold(&own->remaps, folio->index,
			       poc_displacement(vma));
}
