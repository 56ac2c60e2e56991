// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must hold of the proof of concept: references, the tree of contexts, and
 * that no array is lost.
 *
 * That its remaps are what the VMAs are is not asked as long as a fault is in:
 * what it records in vain it visits in vain, and what it does not record the walk
 * misses, which the comparison of walks says better.  Repaired in everything it
 * must be exact.
 */
#include <stdlib.h>
#include "../mm/pgtable.h"
#include "cow_poc.h"

typedef unsigned long long ull;

static bool all_fixed(const struct rmap *rmap)
{
	for (u32 fix = 0; fix < NR_FIXES; fix++)
		if (!fix_on(rmap->world->bugs, (enum fix)fix))
			return false;
	return true;
}

static void invariant(struct divergence *div, const char *text)
{
	divergence_set(div, DIVERGENCE_INVARIANT, "%s", text);
}

/* Remaps. */

static bool is_vma_covered(const struct poc_context *ctx,
			   const struct vm_area_struct *vma)
{
	for (pgoff_t at = vma->vm_pgoff; at <= vma_last_pgoff(vma);) {
		const struct poc_range *range = poc_remaps_at(&ctx->remaps, at);

		if (!range ||
		    !poc_remaps_hold(&ctx->remaps, at, poc_displacement(vma)))
			return false;
		at = range->last + 1;
	}
	return true;
}

/* Pages that are faulted and displaced; each must be recorded. */
static u64 count_displaced(struct mm_struct *mm, const struct poc_context *ctx,
			   struct divergence *div)
{
	struct vm_area_struct *vma = find_vma(mm, 0);
	u64 pages = 0;

	for (; vma; vma = vma_next(vma)) {
		if (!rmap_vma_faulted(vma) || !poc_displacement(vma))
			continue;
		pages += vma_pages(vma);
		if (!is_vma_covered(ctx, vma))
			divergence_set(
				div, DIVERGENCE_INVARIANT,
				"offsets 0x%llx-0x%llx of mm %llu lie at 0x%llx, and are not recorded there",
				(ull)vma->vm_pgoff, (ull)vma_last_pgoff(vma),
				(ull)mm->id, (ull)vma->vm_start);
	}
	return pages;
}

static void check_entry(const struct poc_entry *entry, struct divergence *div)
{
	const struct poc_array *arr = entry->many;

	if (!arr)
		return;
	if (arr->nr < 2)
		invariant(div, "an array for one displacement");
	for (u32 i = 1; i < arr->nr; i++)
		if ((u64)arr->values[i - 1] >= (u64)arr->values[i])
			invariant(div, "an array of displacements unsorted");
}

static u64 count_recorded(const struct poc_context *ctx, struct divergence *div)
{
	struct poc_range *range = poc_remaps_first(&ctx->remaps);
	u64 pages = 0;

	for (; range; range = poc_remaps_next(range)) {
		check_entry(&range->entry, div);
		pages += (range->last - range->first + 1) *
			 poc_entry_nr(&range->entry);
	}
	return pages;
}

/*
 * Each displaced page is recorded, and no displacement of an offset is recorded
 * twice: if there are as many records as pages, they are the same.
 */
static void check_exact(struct mm_struct *mm, const struct poc_context *ctx,
			struct divergence *div)
{
	u64 displaced = count_displaced(mm, ctx, div);
	u64 recorded = count_recorded(ctx, div);

	if (recorded != displaced)
		divergence_set(
			div, DIVERGENCE_INVARIANT,
			"mm %llu has %llu displaced pages, %llu are recorded",
			(ull)mm->id, (ull)displaced, (ull)recorded);
}

static void check_remaps(const struct rmap *rmap, const struct poc_context *ctx,
			 struct divergence *div)
{
	const char *wrong = poc_remaps_verify(&ctx->remaps);

	if (wrong)
		invariant(div, wrong);
	else if (ctx->mm && !ctx->incomplete && all_fixed(rmap))
		check_exact(ctx->mm, ctx, div);
}

/* References. */

static void poc_check_refcount(const struct poc_context *ctx, u64 children,
			       u64 folios, struct divergence *div)
{
	u64 expected = (ctx->mm ? 1 : 0) + children + folios;

	if (ctx->refcount != expected)
		divergence_set_count(
			div, ctx->refcount, expected,
			"the context of mm %llu counts %u references: mm %u, children %llu, folios %llu",
			(ull)ctx->mm_id, ctx->refcount, ctx->mm ? 1 : 0,
			(ull)children, (ull)folios);
}

static u64 poc_count_children(const struct poc_context *ctx)
{
	const struct poc_context *child;
	u64 nr = 0;

	TAILQ_FOREACH(child, &ctx->children, sibling)
		nr++;
	return nr;
}

void cow_poc_check_vma(struct rmap *rmap, struct vm_area_struct *vma,
		       struct divergence *div)
{
	const struct poc_context *ctx = poc_mm_context(rmap, vma->vm_mm);

	if (!ctx || ctx->mm != vma->vm_mm)
		invariant(div, "an mm and its context do not agree");
}

/* An operation can put references on all contexts above its mm's own. */
void cow_poc_check_mm(struct rmap *rmap, struct mm_struct *mm,
		      struct divergence *div)
{
	const struct poc_context *ctx = poc_mm_context(rmap, mm);
	u64 left = poc_contexts_of(rmap)->nr;

	if (!ctx || ctx->mm != mm) {
		invariant(div, "an mm and its context do not agree");
		return;
	}
	check_remaps(rmap, ctx, div);
	for (; ctx && left; ctx = ctx->parent, left--)
		poc_check_refcount(ctx, poc_count_children(ctx), ctx->nr_folios,
				   div);
	if (ctx)
		invariant(div, "contexts are each other's ancestors");
}

/*
 * Everything, from scratch; no pointer to a context is followed before it was
 * found among those that exist.
 */

struct tally {
	const struct poc_context *ctx;
	u64 folios; /* that point to it */
	u64 listed; /* times in a list of children */
	bool has_mm; /* a living one points to it */
};

struct census {
	struct rmap *rmap;
	struct divergence *div;
	struct tally *tallies; /* by address */
	u64 nr;
};

static int poc_tally_cmp(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct tally *)a)->ctx;
	uintptr_t y = (uintptr_t)((const struct tally *)b)->ctx;

	return x < y ? -1 : x > y;
}

/* NULL for what is no context that exists. */
static struct tally *poc_tally_find(const struct census *census,
				    const struct poc_context *ctx)
{
	struct tally key = { .ctx = ctx };

	return bsearch(&key, census->tallies, census->nr, sizeof(key),
		       poc_tally_cmp);
}

static bool poc_census_take(struct census *census)
{
	struct poc_contexts *contexts = poc_contexts_of(census->rmap);
	const struct poc_context *ctx;

	census->tallies = calloc(contexts->nr + 1, sizeof(*census->tallies));
	if (!census->tallies)
		return false;
	TAILQ_FOREACH(ctx, &contexts->all, entry)
		census->tallies[census->nr++].ctx = ctx;
	qsort(census->tallies, census->nr, sizeof(*census->tallies),
	      poc_tally_cmp);
	return true;
}

static void poc_census_count_mms(struct census *census)
{
	struct rmap *rmap = census->rmap;
	struct mm_struct *mm;

	TAILQ_FOREACH(mm, &rmap->world->mms, entry) {
		struct tally *tally =
			poc_tally_find(census, poc_mm_context(rmap, mm));

		if (!tally || tally->ctx->mm != mm) {
			invariant(census->div,
				  "an mm's context is not one that exists");
			continue;
		}
		tally->has_mm = true;
		check_remaps(rmap, tally->ctx, census->div);
	}
}

/* As deep as the tree of folios, which is balanced. */
static void poc_census_count_folios(struct census *census,
				    const struct folio *top)
{
	struct tally *tally;

	if (!top)
		return;
	poc_census_count_folios(census, RB_LEFT(top, rb));
	tally = poc_tally_find(census, poc_folio_context(census->rmap, top));
	if (tally)
		tally->folios++;
	else
		divergence_set(census->div, DIVERGENCE_INVARIANT,
			       "folio %llu points to no context that exists",
			       (ull)top->id);
	poc_census_count_folios(census, RB_RIGHT(top, rb));
}

static u64 count_listed(struct census *census, const struct poc_context *ctx)
{
	const struct poc_context *child;
	u64 nr = 0;

	TAILQ_FOREACH(child, &ctx->children, sibling) {
		struct tally *tally = poc_tally_find(census, child);

		if (!tally || tally->listed++ || child->parent != ctx) {
			invariant(census->div,
				  "a context's child is gone or another's");
			return nr;
		}
		nr++;
	}
	return nr;
}

static void poc_census_check_tallies(struct census *census)
{
	for (u64 i = 0; i < census->nr; i++) {
		const struct tally *tally = &census->tallies[i];
		u64 children = count_listed(census, tally->ctx);

		poc_check_refcount(tally->ctx, children, tally->folios,
				   census->div);
		if (tally->ctx->nr_folios != tally->folios)
			invariant(census->div,
				  "a context's folios are miscounted");
		if (tally->has_mm != !!tally->ctx->mm)
			invariant(census->div, "a context's mm is not its own");
	}
	for (u64 i = 0; i < census->nr; i++)
		if (!census->tallies[i].ctx->parent !=
		    !census->tallies[i].listed)
			invariant(census->div,
				  "a context's parent does not know it");
}

/* Beside what is in use there may be what waits for a grace period. */
static void check_live(struct census *census, u32 kind, u64 used)
{
	struct mm_world *world = census->rmap->world;
	const struct ledger_kind *info = &world->ledger->kinds[kind];

	if (info->live < used)
		invariant(census->div, "more is in use than is allocated");
	else if (info->live > used + world->rcu->nr_waiting)
		divergence_set(census->div, DIVERGENCE_LEAK,
			       "%llu %s are allocated, %llu in use",
			       (ull)info->live, info->name, (ull)used);
}

static void poc_check_ledger(struct census *census)
{
	struct poc_contexts *contexts = poc_contexts_of(census->rmap);
	const struct poc_context *ctx;
	u64 ranges = 0, arrays = 0;

	TAILQ_FOREACH(ctx, &contexts->all, entry) {
		struct poc_range *range = poc_remaps_first(&ctx->remaps);

		for (; range; range = poc_remaps_next(range), ranges++)
			arrays += !!range->entry.many;
	}
	check_live(census, contexts->kind, census->nr);
	check_live(census, contexts->cache.kind_range, ranges);
	check_live(census, contexts->cache.kind_array, arrays);
}

void cow_poc_check_all(struct rmap *rmap, struct divergence *div)
{
	struct census census = { .rmap = rmap, .div = div };

	if (!poc_census_take(&census)) {
		invariant(div,
			  "not checked: the check itself is out of memory");
		return;
	}
	poc_census_count_mms(&census);
	poc_census_count_folios(&census, RB_ROOT(&rmap->world->folios));
	poc_census_check_tallies(&census);
	poc_check_ledger(&census);
	free(census.tallies);
}
