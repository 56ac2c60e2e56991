// SPDX-License-Identifier: GPL-2.0-only
/*
 * The truth: what page tables say, and that it is fit to be one.
 *
 * A walk is compared with folio->mappings, which page-table code keeps.  Here
 * that list is held against the VMAs that its entries lie in and, in a full
 * check, against the page tables themselves, read from end to end.
 */
#include "check_internal.h"

#define invariant(chk, ...) \
	report_fault(chk, DIVERGENCE_INVARIANT, "", __VA_ARGS__)

/* One entry that maps @folio, in @vma, which may be NULL. */
static bool check_mapping(struct check *chk, const struct folio *folio,
			  const struct pte *pte, struct vm_area_struct *vma)
{
	struct mm_struct *mm = pte_mm(pte);
	u64 addr = pte_addr(pte);
	struct place_name where;
	ull id = folio->id;

	if (vma && vma->vm_mm == mm && pte->kind == PTE_ANON &&
	    mm->family == folio->family &&
	    linear_page_index(vma, addr) == folio->index &&
	    rmap_vma_faulted(vma) && (folio->exclusive || !pte->write))
		return true;

	where = place_name(chk, mm, addr);
	if (pte->kind != PTE_ANON)
		return invariant(chk,
				 "a migration entry of folio %llu is at %s", id,
				 where.text);
	if (!vma)
		return invariant(chk, "%s maps folio %llu outside any VMA",
				 where.text, id);
	if (vma->vm_mm != mm)
		return invariant(chk, "the VMA at %s is another mm's",
				 where.text);
	if (mm->family != folio->family)
		return invariant(chk, "%s maps folio %llu of another family",
				 where.text, id);
	if (linear_page_index(vma, addr) != folio->index)
		return invariant(
			chk,
			"%s, of offset %#llx, maps folio %llu, of offset %#llx",
			where.text, (ull)linear_page_index(vma, addr), id,
			(ull)folio->index);
	if (!rmap_vma_faulted(vma))
		return invariant(
			chk, "%s maps folio %llu in a VMA that is unfaulted",
			where.text, id);
	return invariant(chk, "%s can write to folio %llu, which is shared",
			 where.text, id);
}

static bool note_vma(struct check *chk, const struct vm_area_struct *vma)
{
	struct check_scratch *scratch = chk->scratch;

	return ptr_set_add(&scratch->vmas, vma) || report_oom(chk);
}

bool check_mappings(struct check *chk, struct folio *folio)
{
	const struct pte *pte;
	u32 nr = 0;

	LIST_FOREACH(pte, &folio->mappings, mapped) {
		struct vm_area_struct *vma;

		if (++nr > folio->mapcount)
			break;
		vma = vma_lookup(pte_mm(pte), pte_addr(pte));
		if (!check_mapping(chk, folio, pte, vma) || !note_vma(chk, vma))
			return false;
	}
	if (nr != folio->mapcount)
		return invariant(chk, "folio %llu: mapcount is %u, %s",
				 (ull)folio->id, folio->mapcount,
				 nr > folio->mapcount ? "more map it" :
							"fewer map it");
	if (!nr)
		return invariant(chk, "folio %llu is mapped nowhere",
				 (ull)folio->id);
	if (folio->exclusive && nr > 1)
		return invariant(chk, "folio %llu is exclusive, mapcount is %u",
				 (ull)folio->id, nr);
	return true;
}

/* From scratch. */

static bool check_vma(struct check *chk, struct mm_struct *mm,
		      struct vm_area_struct *vma, u64 prev_end)
{
	struct place_name where = place_name(chk, mm, vma->vm_start);

	if (vma->vm_mm != mm)
		return invariant(chk, "the VMA at %s is another mm's",
				 where.text);
	if (vma->vm_start >= vma->vm_end || vma->vm_end > mm->world->task_pages)
		return invariant(chk, "the VMA at %s has no valid range",
				 where.text);
	if (vma->vm_start < prev_end)
		return invariant(chk, "the VMA at %s overlaps the one before",
				 where.text);
	return note_vma(chk, vma);
}

static bool check_vmas(struct check *chk, struct mm_struct *mm)
{
	struct vm_area_struct *vma = find_vma(mm, 0);
	u64 prev_end = 0;
	u32 nr = 0;

	for (; vma; vma = vma_next(vma)) {
		if (!check_vma(chk, mm, vma, prev_end))
			return false;
		prev_end = vma->vm_end;
		nr++;
	}
	if (nr != mm->map_count)
		return invariant(chk, "mm %llu: map_count is %u, counted %u",
				 (ull)mm->id, mm->map_count, nr);
	return true;
}

static bool check_special(struct check *chk, const struct pte *pte,
			  const struct vm_area_struct *vma)
{
	struct place_name where = place_name(chk, pte_mm(pte), pte_addr(pte));

	if (pte->folio || pte->write)
		return invariant(chk, "%s is special and maps a folio",
				 where.text);
	if (!vma)
		return invariant(chk, "%s is mapped outside any VMA",
				 where.text);
	if (vma_is_anonymous(vma) != (pte->kind == PTE_ZERO))
		return invariant(chk, "%s maps what its VMA is not of",
				 where.text);
	return true;
}

/* Counts an entry for its folio, whose pointer is not followed. */
static bool count_pte(struct check *chk, const struct pte *pte)
{
	struct ptr_item *item = ptr_set_find(&chk->scratch->folios, pte->folio);

	if (!item)
		return invariant(
			chk, "%s maps a folio that does not exist",
			place_name(chk, pte_mm(pte), pte_addr(pte)).text);
	item->count++;
	return ptr_set_add(&chk->scratch->ptes, pte) || report_oom(chk);
}

static bool check_pte(struct check *chk, const struct pte *pte)
{
	if (pte->kind == PTE_ANON || pte->kind == PTE_MIGRATION)
		return count_pte(chk, pte);
	return check_special(chk, pte, vma_lookup(pte_mm(pte), pte_addr(pte)));
}

static bool check_leaf(struct check *chk, const struct mm_struct *mm,
		       const struct pgtable_leaf *leaf)
{
	if (leaf->mm != mm)
		return invariant(chk, "mm %llu has a page table of another mm",
				 (ull)mm->id);
	for (u32 i = 0; i < PTRS_PER_LEAF; i++) {
		const struct pte *pte = &leaf->pte[i];
		bool present = leaf->present >> i & 1;

		if (pte->slot != i || present != (pte->kind != PTE_NONE))
			return invariant(
				chk,
				"mm %llu: its page table at %#llx is wrong",
				(ull)mm->id, (ull)leaf->first);
		if (present && !check_pte(chk, pte))
			return false;
	}
	return true;
}

/* As deep as a red-black tree is. */
static bool check_leaves(struct check *chk, const struct mm_struct *mm,
			 const struct pgtable_leaf *top)
{
	return !top || (check_leaves(chk, mm, RB_LEFT(top, rb)) &&
			check_leaf(chk, mm, top) &&
			check_leaves(chk, mm, RB_RIGHT(top, rb)));
}

static bool gather_folios(struct check *chk, const struct folio *top)
{
	if (!top)
		return true;
	if (!gather_folios(chk, RB_LEFT(top, rb)))
		return false;
	if (!ptr_set_add(&chk->scratch->folios, top))
		return report_oom(chk);
	return gather_folios(chk, RB_RIGHT(top, rb));
}

/* What was allocated is in use. */
static bool check_allocated(struct check *chk)
{
	const struct mm_world *world = &chk->machine->world;
	const struct ledger_kind *kinds = world->ledger->kinds;
	ull vmas = chk->scratch->vmas.nr;
	ull folios = chk->scratch->folios.nr;

	if (kinds[world->kind_vma].live != vmas)
		return invariant(chk, "%llu VMAs are allocated, mms have %llu",
				 (ull)kinds[world->kind_vma].live, vmas);
	if (kinds[world->kind_folio].live != folios)
		return invariant(chk, "%llu folios are allocated, %llu known",
				 (ull)kinds[world->kind_folio].live, folios);
	return true;
}

bool check_spaces(struct check *chk)
{
	struct mm_world *world = &chk->machine->world;
	struct check_scratch *scratch = chk->scratch;
	struct mm_struct *mm;

	ptr_set_clear(&scratch->folios);
	ptr_set_clear(&scratch->ptes);
	if (!gather_folios(chk, RB_ROOT(&world->folios)))
		return false;
	TAILQ_FOREACH(mm, &world->mms, entry)
		if (!check_vmas(chk, mm) ||
		    !check_leaves(chk, mm, RB_ROOT(&mm->pgtable)))
			return false;
	return check_allocated(chk);
}

/* An entry's pointer is followed only when a page table has it. */
static bool check_folio_list(struct check *chk, const struct ptr_item *item)
{
	const struct folio *folio = item->ptr;
	const struct pte *pte;
	u64 nr = 0;

	LIST_FOREACH(pte, &folio->mappings, mapped) {
		if (nr++ == item->count ||
		    !ptr_set_find(&chk->scratch->ptes, pte) ||
		    pte->folio != folio)
			return invariant(
				chk,
				"folio %llu: its list has what does not map it",
				(ull)folio->id);
	}
	if (nr != item->count || folio->mapcount != nr)
		return invariant(
			chk,
			"folio %llu: mapcount is %u, %llu are listed, %llu map it",
			(ull)folio->id, folio->mapcount, (ull)nr,
			(ull)item->count);
	return true;
}

bool check_folio_lists(struct check *chk)
{
	const struct ptr_set *folios = &chk->scratch->folios;

	for (u32 i = 0; i < folios->nr; i++)
		if (!check_folio_list(chk, &folios->items[i]))
			return false;
	return true;
}
