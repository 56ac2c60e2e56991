// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hooks, over all reverse maps of a world.
 */
#include <errno.h>
#include "vma.h"

#define for_each_rmap(rmap, world)               \
	for (struct rmap *rmap = (world)->rmaps; \
	     rmap < (world)->rmaps + (world)->nr_rmaps; rmap++)

/* The one called before @rmap, NULL if none: for undoing. */
static struct rmap *rmap_before(struct rmap *rmap)
{
	return rmap->slot ? &rmap->world->rmaps[rmap->slot - 1] : NULL;
}

static struct rmap *deciding(struct mm_world *world)
{
	return &world->rmaps[0];
}

int rmap_mm_init(struct mm_struct *mm, struct mm_struct *oldmm)
{
	for_each_rmap(rmap, mm->world) {
		if (!rmap->ops->mm_init(rmap, mm, oldmm))
			continue;
		for (rmap = rmap_before(rmap); rmap; rmap = rmap_before(rmap))
			rmap->ops->mm_exit(rmap, mm);
		return -ENOMEM;
	}
	return 0;
}

void rmap_mm_exit(struct mm_struct *mm)
{
	for_each_rmap(rmap, mm->world)
		rmap->ops->mm_exit(rmap, mm);
}

void rmap_vma_init(struct vm_area_struct *vma)
{
	for_each_rmap(rmap, vma->vm_mm->world)
		rmap->ops->vma_init(rmap, vma);
}

bool rmap_vma_faulted(struct vm_area_struct *vma)
{
	struct rmap *rmap = deciding(vma->vm_mm->world);

	return rmap->ops->vma_faulted(rmap, vma);
}

static int prepare_all(struct vm_area_struct *vma)
{
	if (rmap_vma_faulted(vma))
		return 0;
	touch_vma(vma);
	for_each_rmap(rmap, vma->vm_mm->world) {
		if (!rmap->ops->vma_prepare(rmap, vma))
			continue;
		for (rmap = rmap_before(rmap); rmap; rmap = rmap_before(rmap))
			rmap->ops->vma_prepare_undo(rmap, vma);
		return -ENOMEM;
	}
	return 0;
}

/*
 * Two faults can meet here, and in the kernel each looks again once it has its
 * locks.  Where there are several reverse maps that would not do: the first one
 * speaks for all.  So there, unlike in the kernel, one fault waits for the other.
 */
int rmap_vma_prepare(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	bool several = mm->world->nr_rmaps > 1;
	int err;

	if (several)
		task_lock_write(mm->world->sched, &mm->prepare_lock,
				"prepare_lock");
	err = prepare_all(vma);
	if (several)
		task_unlock_write(mm->world->sched, &mm->prepare_lock);
	return err;
}

int rmap_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src,
		   enum rmap_clone why)
{
	struct mm_world *world = dst->vm_mm->world;

	touch_vma(dst);
	for_each_rmap(rmap, world) {
		if (!rmap->ops->vma_clone(rmap, dst, src, why))
			continue;
		for (rmap = rmap_before(rmap); rmap; rmap = rmap_before(rmap))
			rmap->ops->vma_clone_undo(rmap, dst, src, why);
		return -ENOMEM;
	}
	return 0;
}

void rmap_vma_clone_undo(struct vm_area_struct *dst, struct vm_area_struct *src,
			 enum rmap_clone why)
{
	for_each_rmap(rmap, dst->vm_mm->world)
		rmap->ops->vma_clone_undo(rmap, dst, src, why);
}

void rmap_vma_range_change(struct vma_prepare *vp)
{
	for_each_rmap(rmap, vp->vma->vm_mm->world)
		rmap->ops->vma_range_change(rmap, vp);
}

void rmap_vma_range_changed(struct vma_prepare *vp)
{
	for_each_rmap(rmap, vp->vma->vm_mm->world)
		rmap->ops->vma_range_changed(rmap, vp);
}

void rmap_vma_absorbed(struct vm_area_struct *vma,
		       struct vm_area_struct *removed)
{
	for_each_rmap(rmap, vma->vm_mm->world)
		rmap->ops->vma_absorbed(rmap, vma, removed);
}

void rmap_vma_unlink(struct vm_area_struct *vma)
{
	touch_vma(vma);
	for_each_rmap(rmap, vma->vm_mm->world)
		rmap->ops->vma_unlink(rmap, vma);
}

void rmap_vma_stays(struct vm_area_struct *vma, u64 start, u64 end, bool failed)
{
	for_each_rmap(rmap, vma->vm_mm->world)
		if (rmap->ops->vma_stays)
			rmap->ops->vma_stays(rmap, vma, start, end, failed);
}

bool rmap_may_merge(const struct vma_merge_struct *vmg,
		    struct vm_area_struct *tgt)
{
	struct rmap *rmap = deciding(tgt->vm_mm->world);

	return rmap->ops->may_merge(rmap, vmg, tgt);
}

bool rmap_may_merge_both(struct mm_world *world,
			 const struct vma_merge_struct *vmg)
{
	struct rmap *rmap = deciding(world);

	return rmap->ops->may_merge_both(rmap, vmg);
}

void rmap_move_begin(struct vm_area_struct *vma, struct vm_area_struct *new,
		     bool ordered)
{
	for_each_rmap(rmap, vma->vm_mm->world)
		if (rmap->ops->move_begin)
			rmap->ops->move_begin(rmap, vma, new, ordered);
}

void rmap_move_end(struct vm_area_struct *vma, struct vm_area_struct *new,
		   bool ordered)
{
	for_each_rmap(rmap, vma->vm_mm->world)
		if (rmap->ops->move_end)
			rmap->ops->move_end(rmap, vma, new, ordered);
}

void rmap_pages_begin(struct mm_struct *mm)
{
	for_each_rmap(rmap, mm->world)
		if (rmap->ops->pages_begin)
			rmap->ops->pages_begin(rmap, mm);
}

void rmap_pages_end(struct mm_struct *mm)
{
	for_each_rmap(rmap, mm->world)
		if (rmap->ops->pages_end)
			rmap->ops->pages_end(rmap, mm);
}

void rmap_mm_forked(struct mm_struct *mm, struct mm_struct *oldmm)
{
	for_each_rmap(rmap, mm->world)
		if (rmap->ops->mm_forked)
			rmap->ops->mm_forked(rmap, mm, oldmm);
}

void rmap_folio_new(struct folio *folio, struct vm_area_struct *vma,
		    bool exclusive)
{
	for_each_rmap(rmap, vma->vm_mm->world)
		rmap->ops->folio_new(rmap, folio, vma, exclusive);
}

void rmap_folio_move(struct folio *folio, struct vm_area_struct *vma)
{
	touch_offsets(vma->vm_mm, folio->index, folio->index);
	for_each_rmap(rmap, vma->vm_mm->world)
		rmap->ops->folio_move(rmap, folio, vma);
}

void rmap_folio_migrate(struct mm_world *world, struct folio *folio,
			struct folio *old)
{
	for_each_rmap(rmap, world)
		rmap->ops->folio_migrate(rmap, folio, old);
}

void rmap_folio_free(struct mm_world *world, struct folio *folio)
{
	for_each_rmap(rmap, world)
		rmap->ops->folio_free(rmap, folio);
}
