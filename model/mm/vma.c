// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMAs: their tree, their life, split and unmap.  mm/vma.c, 6.18.
 */
#include <errno.h>
#include "pgtable.h"
#include "vma.h"

static int vma_cmp(struct vm_area_struct *a, struct vm_area_struct *b)
{
	return a->vm_start < b->vm_start ? -1 : a->vm_start > b->vm_start;
}

RB_GENERATE_FILE(vma_tree, vm_area_struct, rb, vma_cmp)

struct vm_area_struct *find_vma(struct mm_struct *mm, u64 addr)
{
	struct vm_area_struct *vma = RB_ROOT(&mm->vmas);
	struct vm_area_struct *found = NULL;

	while (vma) {
		if (vma->vm_end <= addr) {
			vma = RB_RIGHT(vma, rb);
			continue;
		}
		found = vma;
		vma = RB_LEFT(vma, rb);
	}
	return found;
}

struct vm_area_struct *vma_lookup(struct mm_struct *mm, u64 addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, u64 start,
					     u64 end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

struct vm_area_struct *vma_next(struct vm_area_struct *vma)
{
	return RB_NEXT(vma_tree, &vma->vm_mm->vmas, vma);
}

struct vm_area_struct *vma_prev(struct vm_area_struct *vma)
{
	return RB_PREV(vma_tree, &vma->vm_mm->vmas, vma);
}

struct vm_area_struct *vma_before(struct mm_struct *mm, u64 addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	/* What ends after addr may begin before it; then it is not before. */
	if (vma)
		return vma_prev(vma);
	return RB_MAX(vma_tree, &mm->vmas);
}

bool vma_iter_prealloc(struct mm_struct *mm)
{
	return ledger_may_alloc(mm->world->ledger);
}

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct mm_world *world = mm->world;
	struct vm_area_struct *vma;

	vma = ledger_alloc(world->ledger, world->kind_vma, sizeof(*vma));
	if (!vma)
		return NULL;
	vma->vm_mm = mm;
	vma->vm_file = NO_FILE;
	rmap_vma_init(vma);
	return vma;
}

struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig,
				   struct mm_struct *mm)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (!vma)
		return NULL;
	vma->vm_start = orig->vm_start;
	vma->vm_end = orig->vm_end;
	vma->vm_flags = orig->vm_flags;
	vma->vm_pgoff = orig->vm_pgoff;
	vma->vm_file = orig->vm_file;
	return vma;
}

void vm_area_free(struct vm_area_struct *vma)
{
	struct mm_world *world = vma->vm_mm->world;

	if (world->sched && world->walks_mms)
		kfree_rcu(world->rcu, vma, &vma->rcu);
	else
		ledger_free(world->ledger, vma);
}

void vma_tree_insert(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	RB_INSERT(vma_tree, &mm->vmas, vma);
	mm->map_count++;
	mm->changes++;
	note_change(mm, vma->vm_start, vma->vm_end, false);
	touch_vma(vma);
}

void vma_tree_remove(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	RB_REMOVE(vma_tree, &mm->vmas, vma);
	if (!bug_on(mm->world->bugs, BUG_MAP_COUNT_NOT_LOWERED))
		mm->map_count--;
	mm->changes++;
	note_change(mm, vma->vm_start, vma->vm_end, false);
	touch_vma(vma);
}

/*
 * @vma is going to have another range.  What it has before and after looks as it
 * did, unless the offset of a page of a file changes.
 */
static void note_range_change(struct vm_area_struct *vma, u64 start, u64 end,
			      pgoff_t pgoff)
{
	struct mm_struct *mm = vma->vm_mm;
	u64 low = min_u64(start, vma->vm_start);
	u64 high = max_u64(end, vma->vm_end);

	if (pgoff - start != vma->vm_pgoff - vma->vm_start) {
		note_change(mm, low, high, false);
		return;
	}
	note_change(mm, low, max_u64(start, vma->vm_start), false);
	note_change(mm, min_u64(end, vma->vm_end), high, false);
}

void vma_set_range(struct vm_area_struct *vma, u64 start, u64 end,
		   pgoff_t pgoff)
{
	touch_vma(vma);
	note_range_change(vma, start, end, pgoff);
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = pgoff;
	vma->vm_mm->changes++;
	touch_vma(vma);
}

void vma_set_flags(struct vm_area_struct *vma, u64 flags)
{
	if (vma->vm_flags == flags)
		return;
	vma->vm_flags = flags;
	vma->vm_mm->changes++;
	note_change(vma->vm_mm, vma->vm_start, vma->vm_end, false);
}

void vma_prepare(struct vma_prepare *vp)
{
	rmap_vma_range_change(vp);
}

/*
 * The removed VMAs left the tree before the survivor took their range: the
 * tree is ordered by start and must never hold two VMAs that overlap.
 */
void vma_complete(struct vma_prepare *vp)
{
	struct vm_area_struct *removed[] = { vp->remove, vp->remove2 };

	if (vp->insert)
		vma_tree_insert(vp->insert);
	rmap_vma_range_changed(vp);
	for (u32 i = 0; i < ARRAY_SIZE(removed) && removed[i]; i++) {
		rmap_vma_absorbed(vp->vma, removed[i]);
		vm_area_free(removed[i]);
	}
}

/* The two parts of @vma, cut at @addr, of which @new is one. */
static void set_split_ranges(struct vm_area_struct *vma,
			     struct vm_area_struct *new, u64 addr,
			     bool new_below)
{
	pgoff_t pgoff_above = linear_page_index(vma, addr);

	if (new_below) {
		new->vm_end = addr;
	} else {
		new->vm_start = addr;
		new->vm_pgoff = pgoff_above;
	}
}

int __split_vma(struct vm_area_struct *vma, u64 addr, bool new_below)
{
	struct vma_prepare vp = { .vma = vma };
	struct vm_area_struct *new;

	new = vm_area_dup(vma, vma->vm_mm);
	if (!new)
		return -ENOMEM;
	set_split_ranges(vma, new, addr, new_below);
	if (!vma_iter_prealloc(vma->vm_mm))
		goto out_free_vma;
	if (rmap_vma_clone(new, vma, RMAP_CLONE_SPLIT))
		goto out_free_vma;
	mark(vma->vm_mm->world, POINT_VMA_CLONED);

	vp.insert = new;
	vma_prepare(&vp);
	if (new_below)
		vma_set_range(vma, addr, vma->vm_end,
			      linear_page_index(vma, addr));
	else
		vma_set_range(vma, vma->vm_start, addr, vma->vm_pgoff);
	vma_complete(&vp);
	return 0;

out_free_vma:
	vm_area_free(new);
	return -ENOMEM;
}

int split_vma(struct vm_area_struct *vma, u64 addr, bool new_below)
{
	struct mm_struct *mm = vma->vm_mm;

	if (mm->map_count >= mm->world->max_map_count)
		return -ENOMEM;
	return __split_vma(vma, addr, new_below);
}

/*
 *	     start			first: the new VMA is the lower part, so
 *	|------|=====|			that @vma stays the one to unmap
 */
static int split_at_start(struct vma_munmap_struct *vms,
			  struct vm_area_struct *vma)
{
	struct mm_struct *mm = vms->mm;

	if (vms->start <= vma->vm_start)
		return 0;
	/* Both ends at once would exceed the limit after the unmap, too. */
	if (vms->end < vma->vm_end && mm->map_count >= mm->world->max_map_count)
		return -ENOMEM;
	return __split_vma(vma, vms->start, true);
}

/*
 *	       end
 *	|=====|------|			the new VMA is the upper part
 */
static int split_at_end(struct vma_munmap_struct *vms,
			struct vm_area_struct *vma)
{
	if (vma->vm_end <= vms->end)
		return 0;
	return __split_vma(vma, vms->end, false);
}

int vms_gather_munmap_vmas(struct vma_munmap_struct *vms)
{
	struct vm_area_struct *vma;
	int err;

	TAILQ_INIT(&vms->gathered);
	vma = find_vma_intersection(vms->mm, vms->start, vms->end);
	if (vma) {
		err = split_at_start(vms, vma);
		if (err)
			return err;
	}
	vms->prev = vma_before(vms->mm, vms->start);
	for (; vma && vma->vm_start < vms->end; vma = vma_next(vma)) {
		err = split_at_end(vms, vma);
		if (err)
			return err;
		/* mas_store_gfp(), into the tree of what is to go */
		if (!vma_iter_prealloc(vms->mm))
			return -ENOMEM;
		TAILQ_INSERT_TAIL(&vms->gathered, vma, detached);
	}
	vms->next = find_vma(vms->mm, vms->end);
	return 0;
}

/* The page number after the last one to unmap. */
static u64 unmap_end(const struct vm_area_struct *vma)
{
	if (bug_on(vma->vm_mm->world->bugs, BUG_UNMAP_LEAVES_LAST_PAGE))
		return vma->vm_end - 1;
	return vma->vm_end;
}

/* As unmap_vmas() and free_pgtables(): all pages first, then all links. */
void vms_clear_ptes(struct vma_munmap_struct *vms)
{
	struct vm_area_struct *vma;

	TAILQ_FOREACH(vma, &vms->gathered, detached)
		zap_range(vms->mm, vma->vm_start, unmap_end(vma));
	TAILQ_FOREACH(vma, &vms->gathered, detached) {
		rmap_vma_unlink(vma);
		mark(vms->mm->world, POINT_VMA_UNLINKED);
	}
}

void vms_detach(struct vma_munmap_struct *vms)
{
	struct vm_area_struct *vma;

	TAILQ_FOREACH(vma, &vms->gathered, detached)
		vma_tree_remove(vma);
	mark(vms->mm->world, POINT_VMA_DETACHED);
}

void vms_complete_munmap_vmas(struct vma_munmap_struct *vms)
{
	struct vm_area_struct *vma;

	while ((vma = TAILQ_FIRST(&vms->gathered))) {
		TAILQ_REMOVE(&vms->gathered, vma, detached);
		if (bug_on(vms->mm->world->bugs, BUG_UNMAP_LEAKS_VMA))
			continue;
		vm_area_free(vma);
	}
}
