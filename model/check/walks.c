// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each reverse map's walk against the page tables.
 *
 * A walk can hand over a VMA that was freed long ago, so its pointer is not
 * followed before it is known to be good.  Most are: they belong to an entry
 * that maps a folio under check, and were noted with it (scratch->vmas).  For
 * the others there is a table of all VMAs, which is made anew only when VMAs or
 * mms came or went since the last time; the ledger's counts tell.  Until looking
 * for them mm by mm has cost as much as that would.
 */
#include "check_internal.h"

static struct liveness liveness_now(const struct mm_world *world)
{
	const struct ledger_kind *vmas = &world->ledger->kinds[world->kind_vma];
	const struct ledger_kind *mms = &world->ledger->kinds[world->kind_mm];

	return (struct liveness){
		.vmas_total = vmas->total,
		.vmas_live = vmas->live,
		.mms_total = mms->total,
		.mms_live = mms->live,
	};
}

static bool liveness_equal(const struct liveness *a, const struct liveness *b)
{
	return a->vmas_total == b->vmas_total && a->vmas_live == b->vmas_live &&
	       a->mms_total == b->mms_total && a->mms_live == b->mms_live;
}

static bool live_add_mm(struct ptr_set *live, struct mm_struct *mm)
{
	struct vm_area_struct *vma = find_vma(mm, 0);

	for (; vma; vma = vma_next(vma))
		if (!ptr_set_add(live, vma))
			return false;
	return true;
}

/* Makes scratch->live current. */
static bool live_refresh(struct check *chk)
{
	struct mm_world *world = &chk->machine->world;
	struct check_scratch *scratch = chk->scratch;
	struct liveness now = liveness_now(world);
	struct mm_struct *mm;

	if (liveness_equal(&now, &scratch->live_at))
		return true;
	chk->stats.looked += now.vmas_live;
	ptr_set_clear(&scratch->live);
	TAILQ_FOREACH(mm, &world->mms, entry) {
		if (!live_add_mm(&scratch->live, mm)) {
			scratch->live_at = (struct liveness){ 0 };
			return report_oom(chk);
		}
	}
	scratch->live_at = now;
	return true;
}

static bool live_is_current(const struct check *chk)
{
	struct liveness now = liveness_now(&chk->machine->world);

	return liveness_equal(&now, &chk->scratch->live_at);
}

/*
 * Does an mm have @vma at @addr?  False also where looking has cost as much as a
 * table of all VMAs: then there had better be one.
 */
static bool any_mm_has(struct check *chk, const struct vm_area_struct *vma,
		       u64 addr)
{
	struct mm_world *world = &chk->machine->world;
	u64 vmas = world->ledger->kinds[world->kind_vma].live;
	struct mm_struct *mm;

	TAILQ_FOREACH(mm, &world->mms, entry) {
		if (chk->scratch->mms_searched++ >= vmas)
			return false;
		chk->stats.looked++;
		if (vma_lookup(mm, addr) == vma)
			return true;
	}
	return false;
}

bool vma_is_alive(struct check *chk, const struct vm_area_struct *vma, u64 addr)
{
	if (ptr_set_find(&chk->scratch->vmas, vma))
		return true;
	if (!live_is_current(chk) && any_mm_has(chk, vma, addr))
		return true;
	return live_refresh(chk) && ptr_set_find(&chk->scratch->live, vma);
}

struct pte *pte_of_folio(struct mm_struct *mm, u64 addr,
			 const struct folio *folio)
{
	struct pte *pte = pte_lookup(mm, addr);

	return pte && pte->kind == PTE_ANON && pte->folio == folio ? pte : NULL;
}

struct walk {
	struct check *chk;
	struct rmap *rmap;
};

static bool vma_covers(const struct vm_area_struct *vma, u64 addr)
{
	return vma->vm_start <= addr && addr < vma->vm_end;
}

/* The next fault that is reported is about @folio in @mm, at @addr. */
static void about_mapping(struct check *chk, const struct folio *folio,
			  const struct mm_struct *mm, u64 addr)
{
	if (!found_fault(chk))
		chk->report.mapping = (struct report_mapping){
			.folio = folio->id,
			.mm = mm->id,
			.addr = addr,
		};
}

/* Is what the walk handed over a place where @folio could be? */
static bool check_place(const struct walk *walk, const struct folio *folio,
			const struct vm_area_struct *vma, u64 addr)
{
	const char *name = walk->rmap->ops->name;
	struct check *chk = walk->chk;
	/* These were found in their mms' trees. */
	bool noted = ptr_set_find(&chk->scratch->vmas, vma);

	if (!noted && !vma_is_alive(chk, vma, addr))
		return report_fault(
			chk, DIVERGENCE_STRAY, name,
			"%s hands over a VMA that no mm has for folio %llu",
			name, (ull)folio->id);
	if (noted ? !vma_covers(vma, addr) :
		    vma_lookup(vma->vm_mm, addr) != vma) {
		about_mapping(chk, folio, vma->vm_mm, addr);
		return report_fault(
			chk, DIVERGENCE_STRAY, name,
			"%s hands over %s for folio %llu, outside the VMA",
			name, place_name(chk, vma->vm_mm, addr).text,
			(ull)folio->id);
	}
	if (linear_page_index(vma, addr) != folio->index) {
		about_mapping(chk, folio, vma->vm_mm, addr);
		return report_fault(
			chk, DIVERGENCE_STRAY, name,
			"%s hands over %s, of offset %#llx, for folio %llu, of offset %#llx",
			name, place_name(chk, vma->vm_mm, addr).text,
			(ull)linear_page_index(vma, addr), (ull)folio->id,
			(ull)folio->index);
	}
	return true;
}

static int check_visit(struct folio *folio, struct vm_area_struct *vma,
		       u64 addr, void *arg)
{
	const char *name = ((struct walk *)arg)->rmap->ops->name;
	struct check *chk = ((struct walk *)arg)->chk;
	struct ptr_item *item;
	struct pte *pte;

	if (!check_place(arg, folio, vma, addr))
		return 0;
	pte = pte_of_folio(vma->vm_mm, addr, folio);
	if (!pte)
		return 0;
	item = ptr_set_add(&chk->scratch->found, pte);
	if (!item) {
		report_oom(chk);
	} else if (item->count++) {
		about_mapping(chk, folio, vma->vm_mm, addr);
		report_fault(chk, DIVERGENCE_DUPLICATE, name,
			     "%s finds folio %llu at %s twice", name,
			     (ull)folio->id,
			     place_name(chk, vma->vm_mm, addr).text);
	}
	return 1;
}

static bool is_before(const struct pte *a, const struct pte *b)
{
	if (pte_mm(a)->id != pte_mm(b)->id)
		return pte_mm(a)->id < pte_mm(b)->id;
	return pte_addr(a) < pte_addr(b);
}

/* Of the entries that the walk did not find, the one to name. */
static const struct pte *first_missed(const struct check *chk,
				      const struct folio *folio)
{
	const struct pte *pte, *first = NULL;

	LIST_FOREACH(pte, &folio->mappings, mapped)
		if (!ptr_set_find(&chk->scratch->found, pte) &&
		    (!first || is_before(pte, first)))
			first = pte;
	return first;
}

/*
 * All that was found maps the folio, each entry once; so when as many were
 * found as there are, none was missed.
 */
static bool check_missed(const struct walk *walk, const struct folio *folio)
{
	const char *name = walk->rmap->ops->name;
	struct check *chk = walk->chk;
	const struct pte *pte;

	if (chk->scratch->found.nr == folio->mapcount)
		return true;
	pte = first_missed(chk, folio);
	about_mapping(chk, folio, pte_mm(pte), pte_addr(pte));
	return report_fault(chk, DIVERGENCE_MISS, name,
			    "%s does not find folio %llu at %s", name,
			    (ull)folio->id,
			    place_name(chk, pte_mm(pte), pte_addr(pte)).text);
}

static bool check_rmap_walk(struct check *chk, struct rmap *rmap,
			    struct folio *folio)
{
	struct walk walk = { .chk = chk, .rmap = rmap };
	struct rmap_walk_control rwc = {
		.rmap_one = check_visit,
		.arg = &walk,
		.stats = &chk->stats.walk[rmap->slot],
	};

	ptr_set_clear(&chk->scratch->found);
	rmap->ops->walk(rmap, folio, &rwc);
	chk->stats.walks++;
	if (!found_fault(chk) && check_missed(&walk, folio))
		return true;
	report_add_walks(chk, folio);
	return false;
}

bool check_walks(struct check *chk, struct folio *folio)
{
	struct mm_world *world = &chk->machine->world;

	chk->stats.folios++;
	for (u32 i = 0; i < world->nr_rmaps; i++)
		if (!check_rmap_walk(chk, &world->rmaps[i], folio))
			return false;
	return true;
}

/*
 * Own checks.  Such a check hangs on to the walk of another reverse map: it is
 * asked about each VMA that this one finds the folio mapped in.  Alone there is
 * no other, and the page tables stand for it.
 */

struct own_walk {
	struct check *chk;
	struct rmap *rmap;
	struct own_count count;
};

static void own_ask(struct own_walk *walk, struct folio *folio,
		    struct vm_area_struct *vma)
{
	walk->count.mapped++;
	if (walk->rmap->ops->would_reach(walk->rmap, folio, vma))
		walk->count.reached++;
}

static int own_visit(struct folio *folio, struct vm_area_struct *vma, u64 addr,
		     void *arg)
{
	struct own_walk *walk = arg;

	if (!vma_is_alive(walk->chk, vma, addr) ||
	    !pte_of_folio(vma->vm_mm, addr, folio))
		return 0;
	own_ask(walk, folio, vma);
	return 1;
}

static void own_ask_mappings(struct own_walk *walk, struct folio *folio)
{
	const struct pte *pte;

	LIST_FOREACH(pte, &folio->mappings, mapped) {
		struct vm_area_struct *vma =
			vma_lookup(pte_mm(pte), pte_addr(pte));

		if (vma)
			own_ask(walk, folio, vma);
	}
}

struct own_count own_count(struct check *chk, struct rmap *rmap,
			   struct folio *folio)
{
	struct rmap *deciding = &rmap->world->rmaps[0];
	struct own_walk walk = { .chk = chk, .rmap = rmap };
	struct rmap_walk_stats stats = { 0 };
	struct rmap_walk_control rwc = {
		.rmap_one = own_visit,
		.arg = &walk,
		.stats = &stats,
	};

	if (rmap == deciding)
		own_ask_mappings(&walk, folio);
	else
		deciding->ops->walk(deciding, folio, &rwc);
	return walk.count;
}

static bool check_own_count(struct check *chk, struct rmap *rmap,
			    struct folio *folio)
{
	const char *name = rmap->ops->name;
	struct own_count count = own_count(chk, rmap, folio);

	chk->stats.walks++;
	if (count.reached == count.mapped)
		return true;
	report_fault(
		chk, DIVERGENCE_MISS, name,
		"%s's own check reaches %llu of %llu mappings of folio %llu",
		name, (ull)count.reached, (ull)count.mapped, (ull)folio->id);
	report_add_walks(chk, folio);
	return false;
}

bool check_own_counts(struct check *chk, struct folio *folio)
{
	struct mm_world *world = &chk->machine->world;

	chk->stats.folios++;
	for (u32 i = 0; i < world->nr_rmaps; i++)
		if (world->rmaps[i].ops->would_reach &&
		    !check_own_count(chk, &world->rmaps[i], folio))
			return false;
	return true;
}
