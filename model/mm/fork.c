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
	mm->count = 1;
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

/* A folio on its way will be put back in the child too.  copy_nonpresent_pte(). */
static void copy_migration_entry(struct pte *dst, struct pte *src)
{
	src->folio->exclusive = false;
	src->write = false;
	pte_set_migration(dst, src->folio, false);
}

static void copy_entry(struct pte *dst, struct pte *src)
{
	if (src->kind == PTE_MIGRATION)
		copy_migration_entry(dst, src);
	else if (src->folio)
		copy_present_folio(dst, src);
	else
		pte_set_special(dst, src->kind);
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
		copy_entry(new, pte);
		mark(dst->vm_mm->world, POINT_PTE_COPIED);
	}
	return 0;
}

static bool wiped_on_fork(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WIPEONFORK;
}

/*
 * One VMA into the child: its copy, its reverse-map state, its pages.  Whatever
 * maps a folio that the child gets can be found before it is there.
 */
static int dup_vma(struct mm_struct *mm, struct vm_area_struct *src)
{
	struct vm_area_struct *dst = vm_area_dup(src, mm);

	if (!dst)
		return -ENOMEM;
	if (!wiped_on_fork(src) && rmap_vma_clone(dst, src, RMAP_CLONE_FORK)) {
		vm_area_free(dst);
		return -ENOMEM;
	}
	mark(mm->world, POINT_VMA_CLONED);
	vma_tree_insert(dst);
	mark(mm->world, POINT_VMA_LINKED);
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
	mark(mm->world, POINT_PAGES_COPIED);
	rmap_mm_forked(mm, oldmm);
	return 0;
}

/* Nobody else has the child's lock: nobody knows of the child. */
static int dup_mmap_locked(struct mm_struct *mm, struct mm_struct *oldmm)
{
	int err;

	mmap_write_lock(oldmm);
	mmap_write_lock(mm);
	rmap_pages_begin(mm);
	err = dup_mmap(mm, oldmm);
	rmap_pages_end(mm);
	mmap_write_unlock(mm);
	mmap_write_unlock(oldmm);
	return err;
}

int mm_dup(struct mm_struct *oldmm, struct mm_struct **mmp)
{
	struct mm_struct *mm = mm_init(oldmm->world, oldmm);
	int err;

	if (!mm)
		return -ENOMEM;
	err = dup_mmap_locked(mm, oldmm);
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

bool mm_get_not_zero(struct mm_struct *mm)
{
	if (!mm->users)
		return false;
	mm->users++;
	return true;
}

void mm_grab(struct mm_struct *mm)
{
	mm->count++;
}

void mm_drop(struct mm_struct *mm)
{
	struct mm_world *world = mm->world;

	if (--mm->count)
		return;
	if (world->sched && world->walks_mms)
		kfree_rcu(world->rcu, mm, &mm->rcu);
	else
		ledger_free(world->ledger, mm);
}

static void free_vmas(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	for (vma = find_vma(mm, 0); vma; vma = vma_next(vma)) {
		rmap_vma_unlink(vma);
		mark(mm->world, POINT_VMA_UNLINKED);
	}
	while ((vma = find_vma(mm, 0))) {
		vma_tree_remove(vma);
		vm_area_free(vma);
	}
	pgtable_exit(mm);
}

/* Readers may still come by: the lock is taken for writing only behind the pages. */
static void exit_mmap(struct mm_struct *mm)
{
	mark(mm->world, POINT_MM_GOING);
	mmap_read_lock(mm);
	rmap_pages_begin(mm);
	zap_range(mm, 0, mm->world->task_pages);
	rmap_pages_end(mm);
	mmap_read_unlock(mm);
	mmap_write_lock(mm);
	free_vmas(mm);
	mmap_write_unlock(mm);
	mark(mm->world, POINT_MM_EMPTY);
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
	mm_drop(mm);
}
