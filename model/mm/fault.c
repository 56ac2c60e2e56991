// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults: who gets which folio.  mm/memory.c, 6.18.
 */
#include <errno.h>
#include "pgtable.h"
#include "vma.h"

/* What a page of a file holds; no write can store it. */
static u64 file_content(const struct vm_area_struct *vma, u64 addr)
{
	return 1ULL << 63 | (u64)vma->vm_file << 56 |
	       linear_page_index(vma, addr);
}

/*
 * A first write, to a hole, the zero page or a page of the file: a new folio in
 * its place.  do_anonymous_page(), do_cow_fault(), wp_page_copy().
 */
static int fault_new_folio(struct vm_area_struct *vma, u64 addr,
			   struct pte **ptep)
{
	struct mm_struct *mm = vma->vm_mm;
	struct folio *folio;
	struct pte *pte;

	/* The table comes first for anonymous memory, last for a file. */
	if (vma_is_anonymous(vma) && !pte_alloc(mm, addr))
		return -ENOMEM;
	if (rmap_vma_prepare(vma))
		return -ENOMEM;
	folio = folio_alloc_anon(vma, addr);
	if (!folio)
		return -ENOMEM;
	pte = pte_alloc(mm, addr);
	if (!pte) {
		folio_free(mm->world, folio);
		return -ENOMEM;
	}
	pte_replace_folio(pte, folio);
	*ptep = pte;
	return 0;
}

/*
 * Is the folio this entry's alone?  Its mappings are its only references here,
 * so one mapping is one reference.  wp_can_reuse_anon_folio().
 */
static bool wp_can_reuse_anon_folio(const struct folio *folio)
{
	return folio->mapcount == 1;
}

static bool wp_reuses(const struct vm_area_struct *vma,
		      const struct folio *folio)
{
	return folio->exclusive || wp_can_reuse_anon_folio(folio) ||
	       bug_on(vma->vm_mm->world->bugs, BUG_REUSE_WHILE_SHARED);
}

/*
 * A write to a write-protected anonymous page.  A folio that others have
 * unmapped was not moved by that; it is moved here.  do_wp_page().
 */
static int do_wp_page(struct vm_area_struct *vma, u64 addr, struct pte **ptep)
{
	struct folio *folio = (*ptep)->folio;

	if (!wp_reuses(vma, folio))
		return fault_new_folio(vma, addr, ptep);
	if (!folio->exclusive) {
		rmap_folio_move(folio, vma);
		folio->exclusive = true;
	}
	(*ptep)->write = true;
	return 0;
}

/* All that can see the page change. */
static void folio_store(struct folio *folio, u64 value)
{
	struct pte *pte;

	folio->content = value;
	LIST_FOREACH(pte, &folio->mappings, mapped) {
		pte_mm(pte)->changes++;
		pte_mm(pte)->pte_changes++;
	}
}

int mm_write(struct mm_struct *mm, u64 addr, u64 value)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	struct pte *pte;
	int err = 0;

	if (!vma || !(vma->vm_flags & VM_WRITE))
		return -EFAULT;
	pte = pte_lookup(mm, addr);
	if (!pte || pte->kind != PTE_ANON)
		err = fault_new_folio(vma, addr, &pte);
	else if (!pte->write)
		err = do_wp_page(vma, addr, &pte);
	if (err)
		return err;
	folio_store(pte->folio, value);
	return 0;
}

int mm_read(struct mm_struct *mm, u64 addr)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	struct pte *pte;

	if (!vma || !(vma->vm_flags & VM_ACCESS_FLAGS))
		return -EFAULT;
	if (pte_lookup(mm, addr))
		return 0;
	pte = pte_alloc(mm, addr);
	if (!pte)
		return -ENOMEM;
	pte_set_special(pte, vma_is_anonymous(vma) ? PTE_ZERO : PTE_FILE);
	return 0;
}

bool mm_peek(struct mm_struct *mm, u64 addr, u64 *value)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	struct pte *pte;

	if (!vma || !(vma->vm_flags & VM_ACCESS_FLAGS))
		return false;
	pte = pte_lookup(mm, addr);
	if (pte && pte->folio)
		*value = pte->folio->content;
	else if (vma_is_anonymous(vma))
		*value = 0;
	else
		*value = file_content(vma, addr);
	return true;
}
