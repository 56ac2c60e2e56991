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

/* What a fault begins with, and what came of it; struct vm_fault. */
struct fault {
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	u64 addr; /* page number */
	/* The entry, as it was: another one can have changed it meanwhile. */
	u8 kind;
	u32 born;
	struct folio *folio; /* out: what is written to; NULL: begin again */
};

static void fault_look_at_entry(struct fault *vmf)
{
	const struct pte *pte = pte_lookup(vmf->mm, vmf->addr);

	vmf->kind = pte ? pte->kind : PTE_NONE;
	vmf->born = pte && pte->folio ? pte->born : 0;
}

/* vmf_pte_changed() */
static bool entry_changed(const struct fault *vmf)
{
	struct fault now = *vmf;

	fault_look_at_entry(&now);
	return now.kind != vmf->kind || now.born != vmf->born;
}

/*
 * A first write, to a hole, the zero page or a page of the file: a new folio in
 * its place.  Another fault can be first, while this one prepares the VMA.
 * do_anonymous_page(), do_cow_fault(), wp_page_copy().
 */
static int fault_new_folio(struct fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct folio *folio;
	struct pte *pte;

	/* The table comes first for anonymous memory, last for a file. */
	if (vma_is_anonymous(vma) && !pte_alloc(vmf->mm, vmf->addr))
		return -ENOMEM;
	if (rmap_vma_prepare(vma))
		return -ENOMEM;
	if (entry_changed(vmf))
		return 0;
	folio = folio_alloc_anon(vma, vmf->addr);
	if (!folio)
		return -ENOMEM;
	pte = pte_alloc(vmf->mm, vmf->addr);
	if (!pte) {
		folio_free(vmf->mm->world, folio);
		return -ENOMEM;
	}
	pte_replace_folio(pte, folio);
	vmf->folio = folio;
	return 0;
}

/*
 * Is the folio this entry's alone?  It is not if somebody works on it, who holds a
 * reference, and perhaps its lock.  wp_can_reuse_anon_folio().
 */
static bool wp_can_reuse_anon_folio(const struct folio *folio)
{
	return folio->mapcount == 1 && !folio->refs;
}

static bool wp_reuses(const struct vm_area_struct *vma,
		      const struct folio *folio)
{
	return folio->exclusive || wp_can_reuse_anon_folio(folio) ||
	       bug_on(vma->vm_mm->world->bugs, BUG_REUSE_WHILE_SHARED);
}

/*
 * A write to a write-protected anonymous page.  A folio that others have
 * unmapped was not moved by that; it is moved here, under the lock of the entry.
 * do_wp_page().
 */
static int do_wp_page(struct fault *vmf, struct pte *pte)
{
	struct folio *folio = pte->folio;

	if (!wp_reuses(vmf->vma, folio))
		return fault_new_folio(vmf);
	if (!folio->exclusive) {
		rmap_folio_move(folio, vmf->vma);
		folio->exclusive = true;
	}
	pte->write = true;
	vmf->folio = folio;
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
		note_change(pte_mm(pte), pte_addr(pte), pte_addr(pte) + 1,
			    true);
	}
}

/*
 * Until a migration has put it back, which it would not do if somebody had a
 * reference.  0, or -EFAULT.  migration_entry_wait().
 */
static int wait_for_migration(struct mm_struct *mm, struct folio *folio)
{
	struct mm_world *world = mm->world;

	/* A walk has missed it, and there is nobody else to wait for. */
	if (!world->sched)
		return -EFAULT;
	folio->waiters++;
	task_lock_read(world->sched, &folio->lock, "folio lock");
	task_unlock_read(world->sched, &folio->lock);
	folio_put_waiter(world, folio);
	return 0;
}

/* One try; vmf->folio stays NULL when there must be another. */
static int write_fault(struct fault *vmf)
{
	struct pte *pte = pte_lookup(vmf->mm, vmf->addr);

	fault_look_at_entry(vmf);
	if (pte && pte->kind == PTE_MIGRATION)
		return wait_for_migration(vmf->mm, pte->folio);
	if (!pte || pte->kind != PTE_ANON)
		return fault_new_folio(vmf);
	if (!pte->write)
		return do_wp_page(vmf, pte);
	vmf->folio = pte->folio;
	return 0;
}

/*
 * Faults have mmap_lock for reading here, where the kernel first tries the VMA's
 * own lock, of which as much can be said: the VMA stays as it is.
 */
static int write_locked(struct mm_struct *mm, u64 addr, u64 value)
{
	struct fault vmf = {
		.mm = mm,
		.vma = vma_lookup(mm, addr),
		.addr = addr,
	};
	int err = 0;

	if (!vmf.vma || !(vmf.vma->vm_flags & VM_WRITE))
		return -EFAULT;
	/* SCHED_STEPS_MAX bounds it: each try but the last has a point in it. */
	while (!err && !vmf.folio)
		err = write_fault(&vmf);
	if (!err)
		folio_store(vmf.folio, value);
	return err;
}

int mm_write(struct mm_struct *mm, u64 addr, u64 value)
{
	int err;

	mmap_read_lock(mm);
	err = write_locked(mm, addr, value);
	mmap_read_unlock(mm);
	mark(mm->world, POINT_PTE_SET);
	return err;
}

static int read_locked(struct mm_struct *mm, u64 addr)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	struct pte *pte;
	int err;

	if (!vma || !(vma->vm_flags & VM_ACCESS_FLAGS))
		return -EFAULT;
	while ((pte = pte_lookup(mm, addr)) && pte->kind == PTE_MIGRATION) {
		err = wait_for_migration(mm, pte->folio);
		if (err)
			return err;
	}
	if (pte)
		return 0;
	pte = pte_alloc(mm, addr);
	if (!pte)
		return -ENOMEM;
	pte_set_special(pte, vma_is_anonymous(vma) ? PTE_ZERO : PTE_FILE);
	return 0;
}

int mm_read(struct mm_struct *mm, u64 addr)
{
	int err;

	mmap_read_lock(mm);
	err = read_locked(mm, addr);
	mmap_read_unlock(mm);
	return err;
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
