// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof of concept's walk, and the check that it has instead of a walk where
 * it runs beside anon_vma.
 */
#include "../mm/pgtable.h"
#include "cow_poc.h"

struct poc_walk {
	struct rmap *rmap;
	struct folio *folio;
	struct rmap_walk_control *rwc;
	pgoff_t index; /* as it was at the start */
};

static void visit(struct poc_walk *walk, struct vm_area_struct *vma)
{
	struct rmap_walk_control *rwc = walk->rwc;
	u64 address = walk->index + (u64)poc_displacement(vma);

	rwc->stats->vmas++;
	rwc->stats->found += rwc->rmap_one(walk->folio, vma, address, rwc->arg);
}

/* walk_context_remap(): the VMA must have that very displacement. */
static void walk_place(struct poc_walk *walk, struct mm_struct *mm,
		       s64 displacement)
{
	struct vm_area_struct *vma =
		vma_lookup(mm, walk->index + (u64)displacement);

	if (vma && poc_displacement(vma) == displacement)
		visit(walk, vma);
}

static void walk_remaps(struct poc_walk *walk, struct poc_context *ctx)
{
	s64 stack[POC_WALK_STACK], *values;
	u32 nr;

	values = poc_collect(&ctx->remaps, walk->index, stack, &nr);
	if (!values)
		divergence_set(&walk->rmap->broken, DIVERGENCE_INVARIANT,
			       "not walked: the tool is out of memory");
	for (u32 i = 0; values && i < nr; i++) {
		walk->rwc->stats->remaps++;
		walk_place(walk, ctx->mm, values[i]);
	}
	poc_collect_free(&ctx->remaps, walk->index, values, stack);
}

/* Repaired, where not all could be recorded: whatever has that offset. */
static void walk_vmas(struct poc_walk *walk, struct mm_struct *mm)
{
	struct vm_area_struct *vma = find_vma(mm, 0);

	for (; vma; vma = vma_next(vma))
		if (vma->vm_pgoff <= walk->index &&
		    vma_last_pgoff(vma) >= walk->index)
			visit(walk, vma);
}

/* folio_maybe_mapped_shared() of a folio of one page */
static bool maybe_mapped_shared(const struct folio *folio)
{
	return folio->mapcount > 1;
}

/*
 * walk_context().  False ends the whole walk: before it has looked at this
 * context's remaps and at any other context.  That a folio is mapped once, or
 * not yet, does not say where.
 */
static bool walk_context(struct poc_walk *walk, struct poc_context *ctx)
{
	bool was_exclusive = !maybe_mapped_shared(walk->folio);
	struct mm_struct *mm = ctx->mm;

	walk->rwc->stats->contexts++;
	if (!mm)
		return true;
	if (ctx->incomplete) {
		walk_vmas(walk, mm);
		return true;
	}
	walk_place(walk, mm, 0);
	if (was_exclusive && !maybe_mapped_shared(walk->folio) &&
	    !fix_on(walk->rmap->world->bugs, FIX_WALK_EARLY_END))
		return false;
	walk_remaps(walk, ctx);
	return true;
}

/*
 * traverse_contexts(): the root, then everything below it, each context after
 * its children.
 */
static void walk_descendants(struct poc_walk *walk, struct poc_context *root)
{
	struct poc_context *ctx = root, *parent = NULL, *next;
	/* Each is met once on the way down and once on the way up. */
	u64 left = 2 * poc_contexts_of(walk->rmap)->nr;

	if (!walk_context(walk, root))
		return;
	for (; left; ctx = next, left--) {
		next = ctx != parent ? TAILQ_FIRST(&ctx->children) : NULL;
		if (next)
			continue;
		if (ctx == root || !walk_context(walk, ctx))
			return;
		parent = ctx->parent;
		next = TAILQ_NEXT(ctx, sibling);
		if (!next)
			next = parent;
	}
	divergence_set(&walk->rmap->broken, DIVERGENCE_INVARIANT,
		       "a walk met more contexts than there are");
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
	walk_descendants(&walk, root);
	rcu_read_unlock(rmap->world->rcu);
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
