// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces come, are copied and go.  kernel/fork.c and mm/mmap.c, 6.18:
 * dup_mm(), dup_mmap(), exit_mmap(); mm/memory.c, copy_page_range().
 */
#include <errno.h>
#include "pgtable.h"
#include "vma.h"

static struct mm_struct *mm_init(struct mm_world *world,
				 struct mm_struct *oldmm)
{
	struct mm_struct *mm;

	mm = ledger_alloc(world->ledger, world->kind_mm, sizeof(*mm));
	if (!mm)
		return NULL;
	mm->world = world;
	mm->id = ++world->nr_mms;
	mm->family = oldmm ? oldmm->family : mm->id;
	mm->users = 1;
	RB_INIT(&mm->vmas);
	RB_INIT(&mm->pgtable);
	if (rmap_mm_init(mm, oldmm)) {
		ledger_free(world->ledger, mm);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&world->mms, mm, entry);
	return mm;
}

struct mm_struct *mm_alloc(struct mm_world *world)
{
	return mm_init(world, NULL);
}

/* Faults fill in the rest again.  vma_needs_copy(). */
static bool vma_needs_copy(struct vm_area_struct *src)
{
	return rmap_vma_faulted(src);
}

/* From now on both write-protected, and nobody's alone. */
static void copy_present_folio(struct pte *dst, struct pte *src)
{
	const struct bugs *bugs = pte_mm(src)->world->bugs;

	if (!bug_on(bugs, BUG_FORK_KEEPS_EXCLUSIVE))
		src->folio->exclusive = false;
	if (!bug_on(bugs, BUG_FORK_KEEPS_WRITE))
		src->write = false;
	pte_set_folio(dst, src->folio, false);
}

static int copy_page_range(struct vm_area_struct *dst,
			   struct vm_area_struct *src)
{
	u64 addr = src->vm_start;
	struct pte *pte, *new;

	if (!vma_needs_copy(src))
		return 0;
	for (; (pte = pte_next(src->vm_mm, addr, src->vm_end)); addr++) {
		addr = pte_addr(pte);
		new = pte_alloc(dst->vm_mm, addr);
		if (!new)
			return -ENOMEM;
		if (pte->folio)
			copy_present_folio(new, pte);
		else
			pte_set_special(new, pte->kind);
	}
	return 0;
}

static bool wiped_on_fork(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WIPEONFORK;
}

/* One VMA into the child: its copy, its reverse-map state, its pages. */
static int dup_vma(struct mm_struct *mm, struct vm_area_struct *src)
{
	struct vm_area_struct *dst = vm_area_dup(src, mm);

	if (!dst)
		return -ENOMEM;
	if (!wiped_on_fork(src) && rmap_vma_clone(dst, src, RMAP_CLONE_FORK)) {
		vm_area_free(dst);
		return -ENOMEM;
	}
	vma_tree_insert(dst);
	return wiped_on_fork(src) ? 0 : copy_page_range(dst, src);
}

static int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct vm_area_struct *vma = find_vma(oldmm, 0);
	int err;

	for (; vma; vma = vma_next(vma)) {
		if (vma->vm_flags & VM_DONTCOPY)
			continue;
		err = dup_vma(mm, vma);
		if (err)
			return err;
	}
	return 0;
}

int mm_dup(struct mm_struct *oldmm, struct mm_struct **mmp)
{
	struct mm_struct *mm = mm_init(oldmm->world, oldmm);
	int err;

	if (!mm)
		return -ENOMEM;
	err = dup_mmap(mm, oldmm);
	if (err) {
		mm_put(mm);
		return err;
	}
	*mmp = mm;
	return 0;
}

void mm_get(struct mm_struct *mm)
{
	mm->users++;
}

static void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	zap_range(mm, 0, TASK_PAGES);
	for (vma = find_vma(mm, 0); vma; vma = vma_next(vma))
		rmap_vma_unlink(vma);
	while ((vma = find_vma(mm, 0))) {
		vma_tree_remove(vma);
		vm_area_free(vma);
	}
	pgtable_exit(mm);
}

void mm_put(struct mm_struct *mm)
{
	struct mm_world *world = mm->world;

	if (--mm->users)
		return;
	exit_mmap(mm);
	touched_forget_mm(mm);
	rmap_mm_exit(mm);
	TAILQ_REMOVE(&world->mms, mm, entry);
	ledger_free(world->ledger, mm);
}
