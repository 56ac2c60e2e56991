// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a cow_context hierarchy says of itself, held against mms, VMAs and
 * folios.
 *
 * check_vma, check_mm and check_offsets cost what the VMA, the mm's ancestors or
 * what is recorded for the offsets cost, and take the numbers of folios and of
 * children from the books; check_all counts those, too, and follows no pointer to
 * a context before it has found it among those that exist.
 */
#include <stdio.h>
#include <stdlib.h>
#include "../mm/pgtable.h"
#include "cow_context.h"

typedef unsigned long long ull;

static bool is_displaced(const struct rmap *rmap,
			 const struct vm_area_struct *vma)
{
	return vma_is_marked(rmap, vma) && vma_displacement(vma);
}

static void check_vma_mark(struct rmap *rmap, struct vm_area_struct *vma,
			   struct divergence *div)
{
	const struct rmap *deciding = &rmap->world->rmaps[0];
	bool marked = vma_is_marked(rmap, vma);

	if (rmap_vma_faulted(vma) != marked)
		divergence_set(
			div, DIVERGENCE_INVARIANT,
			"VMA 0x%llx-0x%llx of mm %llu is %s, %s has it otherwise",
			(ull)vma->vm_start, (ull)vma->vm_end,
			(ull)vma->vm_mm->id, marked ? "faulted" : "unfaulted",
			deciding->ops->name);
}

static void check_vma_covered(struct rmap *rmap, struct vm_area_struct *vma,
			      struct divergence *div)
{
	struct cow_context *ctx = mm_context(rmap, vma->vm_mm);

	if (is_displaced(rmap, vma) &&
	    !remaps_cover(&ctx->remaps, vma->vm_pgoff, vma_last_pgoff(vma),
			  vma_displacement(vma)))
		divergence_set(
			div, DIVERGENCE_INVARIANT,
			"offsets 0x%llx-0x%llx of mm %llu lie at 0x%llx, and no remap says so",
			(ull)vma->vm_pgoff, (ull)vma_last_pgoff(vma),
			(ull)vma->vm_mm->id, (ull)vma->vm_start);
}

void cow_context_check_vma(struct rmap *rmap, struct vm_area_struct *vma,
			   struct divergence *div)
{
	check_vma_mark(rmap, vma, div);
	check_vma_covered(rmap, vma, div);
}

/*
 * Remaps of one displacement do not overlap, nor do VMAs of one displacement.
 * So if each VMA is covered, and there are as many pages in remaps as in VMAs,
 * the two are the same.
 */
static void check_remaps_exact(struct rmap *rmap, struct mm_struct *mm,
			       struct divergence *div)
{
	struct cow_context *ctx = mm_context(rmap, mm);
	struct vm_area_struct *vma;
	u64 recorded, displaced = 0;
	const char *wrong;

	wrong = remaps_verify(&ctx->remaps, &recorded);
	if (wrong) {
		divergence_set(div, DIVERGENCE_INVARIANT, "mm %llu: %s",
			       (ull)mm->id, wrong);
		return;
	}
	for (vma = find_vma(mm, 0); vma; vma = vma_next(vma)) {
		cow_context_check_vma(rmap, vma, div);
		if (is_displaced(rmap, vma))
			displaced += vma_pages(vma);
	}
	if (recorded < displaced ||
	    (recorded > displaced && !ctx->remaps.inexact))
		divergence_set(
			div, DIVERGENCE_INVARIANT,
			"mm %llu has %llu displaced pages, its remaps hold %llu",
			(ull)mm->id, (ull)displaced, (ull)recorded);
}

static void check_context_refcount(const struct cow_context *ctx, u64 children,
				   u64 folios, struct divergence *div)
{
	u64 expected = (ctx->mm ? 1 : 0) + children + folios;
	char who[32] = "a context without mm";

	if (ctx->refcount == expected)
		return;
	if (ctx->mm)
		snprintf(who, sizeof(who), "the context of mm %llu",
			 (ull)ctx->mm->id);
	divergence_set_count(
		div, ctx->refcount, expected,
		"%s counts %u references: mm %u, children %llu, folios %llu",
		who, ctx->refcount, ctx->mm ? 1 : 0, (ull)children,
		(ull)folios);
}

/* Of more ancestors than that the nearest are looked at, and check_all() counts. */
#define ANCESTORS_MAX 32

/* An operation on an mm can put references on all contexts above its own. */
static void check_context_ancestors(struct rmap *rmap,
				    const struct cow_context *ctx,
				    struct divergence *div)
{
	struct touched_log *log = &rmap->world->touched;
	u64 left = cow_contexts_of(rmap)->nr;
	u32 nr = 0;

	for (; ctx && left; ctx = ctx->parent, left--) {
		log->looked++;
		if (nr++ == ANCESTORS_MAX && !log->thorough) {
			log->left_out = true;
			return;
		}
		check_context_refcount(ctx, ctx->nr_children, ctx->nr_folios,
				       div);
	}
	if (ctx)
		divergence_set(div, DIVERGENCE_INVARIANT,
			       "contexts are each other's ancestors");
}

/* @ctx exists or is NULL. */
static bool check_pair(const struct mm_struct *mm,
		       const struct cow_context *ctx, struct divergence *div)
{
	if (ctx && ctx->mm == mm)
		return true;
	divergence_set(div, DIVERGENCE_INVARIANT,
		       "mm %llu and its context do not agree", (ull)mm->id);
	return false;
}

/*
 * Are there displaced VMAs without a gap where @remap says that [first, last]
 * lie?  What lies there and is not recorded is check_vma's.
 */
static void check_remap(struct rmap *rmap, struct mm_struct *mm,
			const struct remap *remap, pgoff_t first, pgoff_t last,
			struct divergence *div)
{
	u64 addr = first + (u64)remap->displacement;
	u64 end = last + (u64)remap->displacement + 1;
	struct vm_area_struct *vma = find_vma(mm, addr);

	while (vma && vma->vm_start <= addr && is_displaced(rmap, vma) &&
	       vma_displacement(vma) == remap->displacement) {
		addr = vma->vm_end;
		if (addr >= end)
			return;
		vma = vma_next(vma);
	}
	divergence_set(
		div, DIVERGENCE_INVARIANT,
		"mm %llu: a remap has offset 0x%llx at 0x%llx, where it is not",
		(ull)mm->id, (ull)(addr - (u64)remap->displacement), (ull)addr);
}

void cow_context_check_offsets(struct rmap *rmap, struct mm_struct *mm,
			       pgoff_t first, pgoff_t last,
			       struct divergence *div)
{
	struct cow_context *ctx = mm_context(rmap, mm);
	struct remap *remap;

	if (!check_pair(mm, ctx, div) || ctx->remaps.inexact)
		return;
	for (remap = remaps_overlap_first(&ctx->remaps, first, last);
	     remap && !div->kind;
	     remap = remaps_overlap_next(remap, first, last))
		check_remap(rmap, mm, remap,
			    max_u64(first, remap->offsets.first),
			    min_u64(last, remap->offsets.last), div);
}

void cow_context_check_mm(struct rmap *rmap, struct mm_struct *mm,
			  struct divergence *div)
{
	struct cow_context *ctx = mm_context(rmap, mm);

	check_pair(mm, ctx, div);
	check_context_ancestors(rmap, ctx, div);
}

/* Everything, from scratch: all contexts that exist, in order of address. */

struct tally {
	struct cow_context *ctx;
	u64 folios; /* that point to it */
	bool is_child; /* in its parent's list */
	bool has_mm; /* a living one points to it */
};

struct census {
	struct rmap *rmap;
	struct divergence *div;
	struct tally *tallies;
	u64 nr;
};

static int tally_cmp(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct tally *)a)->ctx;
	uintptr_t y = (uintptr_t)((const struct tally *)b)->ctx;

	return x < y ? -1 : x > y;
}

/* NULL for what is no context that exists, which is not looked into. */
static struct tally *tally_find(const struct census *census,
				struct cow_context *ctx)
{
	struct tally key = { .ctx = ctx };

	return bsearch(&key, census->tallies, census->nr, sizeof(key),
		       tally_cmp);
}

static bool census_take(struct census *census)
{
	struct cow_contexts *contexts = cow_contexts_of(census->rmap);
	struct cow_context *ctx;
	u64 nr = 0;

	census->tallies = calloc(contexts->nr + 1, sizeof(*census->tallies));
	if (!census->tallies)
		return false;
	TAILQ_FOREACH(ctx, &contexts->all, entry)
		census->tallies[nr++].ctx = ctx;
	census->nr = nr;
	qsort(census->tallies, nr, sizeof(*census->tallies), tally_cmp);
	return true;
}

static void census_fault(struct census *census, const char *text)
{
	divergence_set(census->div, DIVERGENCE_INVARIANT, "%s", text);
}

static void census_count_mms(struct census *census)
{
	struct rmap *rmap = census->rmap;
	struct mm_struct *mm;

	TAILQ_FOREACH(mm, &rmap->world->mms, entry) {
		struct tally *tally = tally_find(census, mm_context(rmap, mm));

		if (!tally) {
			census_fault(census,
				     "an mm's context does not exist any more");
			continue;
		}
		tally->has_mm = true;
		if (check_pair(mm, tally->ctx, census->div))
			check_remaps_exact(rmap, mm, census->div);
	}
}

static u64 count_children_of(struct census *census, struct cow_context *ctx)
{
	struct cow_context *child;
	u64 nr = 0;

	TAILQ_FOREACH(child, &ctx->children, sibling) {
		struct tally *tally = tally_find(census, child);

		if (!tally) {
			census_fault(
				census,
				"a context's child does not exist any more");
			return nr;
		}
		if (child->parent != ctx || tally->is_child) {
			census_fault(census, "a context's child is another's");
			return nr;
		}
		tally->is_child = true;
		nr++;
	}
	return nr;
}

/* So that the walk from the folio's context comes by each mm that maps it. */
static bool is_below(const struct census *census,
		     const struct cow_context *owner, struct cow_context *ctx)
{
	u64 left = census->nr;

	for (; ctx && left && tally_find(census, ctx);
	     ctx = ctx->parent, left--)
		if (ctx == owner)
			return true;
	return false;
}

static void check_context_mappings(struct census *census,
				   const struct folio *folio,
				   const struct cow_context *owner)
{
	const struct pte *pte;

	LIST_FOREACH(pte, &folio->mappings, mapped)
		if (!is_below(census, owner,
			      mm_context(census->rmap, pte_mm(pte))))
			divergence_set(
				census->div, DIVERGENCE_INVARIANT,
				"mm %llu maps folio %llu, and is not below its context",
				(ull)pte_mm(pte)->id, (ull)folio->id);
}

static void count_folio(struct census *census, const struct folio *folio)
{
	struct cow_context *ctx = folio_context(census->rmap, folio);
	struct tally *tally = tally_find(census, ctx);

	if (!tally) {
		divergence_set(census->div, DIVERGENCE_INVARIANT,
			       "folio %llu points to no context that exists",
			       (ull)folio->id);
		return;
	}
	tally->folios++;
	check_context_mappings(census, folio, ctx);
}

/* As deep as the tree of folios, which is balanced. */
static void census_count_folios(struct census *census, const struct folio *top)
{
	if (!top)
		return;
	census_count_folios(census, RB_LEFT(top, rb));
	count_folio(census, top);
	census_count_folios(census, RB_RIGHT(top, rb));
}

static void census_check_tallies(struct census *census)
{
	for (u64 i = 0; i < census->nr; i++) {
		struct tally *tally = &census->tallies[i];
		struct cow_context *ctx = tally->ctx;
		u64 children = count_children_of(census, ctx);

		check_context_refcount(ctx, children, tally->folios,
				       census->div);
		if (ctx->nr_folios != tally->folios)
			census_fault(census,
				     "a context's folios are miscounted");
		if (ctx->nr_children != children)
			census_fault(census,
				     "a context's children are miscounted");
		if (tally->has_mm != !!ctx->mm)
			census_fault(census, "a context's mm is not its own");
		if (!ctx->mm && !remaps_empty(&ctx->remaps))
			census_fault(census, "a context without mm has remaps");
	}
	for (u64 i = 0; i < census->nr; i++)
		if (census->tallies[i].ctx->parent &&
		    !census->tallies[i].is_child)
			census_fault(census,
				     "a context's parent does not know it");
}

/* Beside those in use there may be such as wait for a grace period. */
static void check_context_ledger(struct census *census)
{
	struct mm_world *world = census->rmap->world;
	u32 kind = cow_contexts_of(census->rmap)->kind;
	u64 live = world->ledger->kinds[kind].live;

	if (live < census->nr || live > census->nr + world->rcu->nr_waiting)
		divergence_set(census->div, DIVERGENCE_INVARIANT,
			       "%llu contexts are allocated, %llu in use",
			       (ull)live, (ull)census->nr);
}

void cow_context_check_all(struct rmap *rmap, struct divergence *div)
{
	struct census census = { .rmap = rmap, .div = div };

	if (!census_take(&census)) {
		divergence_set(
			div, DIVERGENCE_INVARIANT,
			"not checked: the check itself is out of memory");
		return;
	}
	census_count_mms(&census);
	census_count_folios(&census, RB_ROOT(&rmap->world->folios));
	census_check_tallies(&census);
	check_context_ledger(&census);
	free(census.tallies);
}
