// SPDX-License-Identifier: GPL-2.0-only
/*
 * Merging VMAs.  mm/vma.c, 6.18: vma_merge_new_range(),
 * vma_merge_existing_range(), vma_merge_copied_range(), vma_merge_extend().
 */
#include <errno.h>
#include "vma.h"

/* What the mm itself compares; VM_SOFTDIRTY and sticky flags it has none. */
static bool is_mergeable_vma(const struct vma_merge_struct *vmg,
			     const struct vm_area_struct *vma)
{
	return vma->vm_flags == vmg->vm_flags && vma->vm_file == vmg->file;
}

/*
 *	 prev		range
 *	|-----|~~~~~~~~~~~~~|		offsets run on
 */
static bool can_vma_merge_left(const struct vma_merge_struct *vmg)
{
	struct vm_area_struct *prev = vmg->prev;

	return prev && prev->vm_end == vmg->start &&
	       is_mergeable_vma(vmg, prev) &&
	       vma_last_pgoff(prev) + 1 == vmg->pgoff &&
	       rmap_may_merge(vmg, prev);
}

/*
 *	range		 next
 *	|~~~~~~~~~~~~~|-----|		offsets run on
 */
static bool can_vma_merge_before_next(const struct vma_merge_struct *vmg)
{
	struct vm_area_struct *next = vmg->next;

	return next && next->vm_start == vmg->end &&
	       is_mergeable_vma(vmg, next) &&
	       next->vm_pgoff == vmg->pgoff + (vmg->end - vmg->start) &&
	       rmap_may_merge(vmg, next);
}

/* That both sides go with the range does not mean that they go together. */
static bool can_vma_merge_right(const struct vma_merge_struct *vmg,
				bool merge_left)
{
	return can_vma_merge_before_next(vmg) &&
	       (!merge_left || rmap_may_merge_both(vmg->mm->world, vmg));
}

/* Which VMAs change range and which go, once the merge is decided. */
static void init_multi_vma_prep(struct vma_prepare *vp,
				const struct vma_merge_struct *vmg)
{
	struct vm_area_struct **remove = &vp->remove;

	*vp = (struct vma_prepare){
		.vma = vmg->adjust_next_start ? vmg->middle : vmg->target,
	};
	if (vmg->remove_middle) {
		*remove = vmg->middle;
		remove = &vp->remove2;
	}
	if (vmg->remove_next)
		*remove = vmg->next;
	if (vmg->adjust_middle_start)
		vp->adj_next = vmg->middle;
	else if (vmg->adjust_next_start)
		vp->adj_next = vmg->next;
}

/* The VMA beside the one that changes begins where that one ends now. */
static void adjust_set_range(const struct vma_merge_struct *vmg,
			     struct vm_area_struct *adjust)
{
	pgoff_t pgoff;

	if (vmg->end >= adjust->vm_start)
		pgoff = adjust->vm_pgoff + (vmg->end - adjust->vm_start);
	else
		pgoff = adjust->vm_pgoff - (adjust->vm_start - vmg->end);
	vma_set_range(adjust, vmg->end, adjust->vm_end, pgoff);
}

/* Nothing has changed when this fails, and it fails only for memory. */
static int commit_merge(struct vma_merge_struct *vmg)
{
	struct vma_prepare vp;

	if (!vma_iter_prealloc(vmg->mm))
		return -ENOMEM;
	init_multi_vma_prep(&vp, vmg);
	vma_prepare(&vp);
	if (vp.remove)
		vma_tree_remove(vp.remove);
	if (vp.remove2)
		vma_tree_remove(vp.remove2);
	vma_set_range(vp.vma, vmg->start, vmg->end, vmg->pgoff);
	if (vp.adj_next)
		adjust_set_range(vmg, vp.adj_next);
	vma_complete(&vp);
	return 0;
}

/* A clone that a merge made and may have to undo. */
struct anon_dup {
	struct vm_area_struct *dst; /* NULL: none was made */
	struct vm_area_struct *src;
};

/*
 * What grows must be found from the folios of what it takes in: if it was not
 * faulted and the other was, it gets what the other has.  Once is enough, all
 * that merge share one state.
 */
static int dup_anon_vma(struct vm_area_struct *dst, struct vm_area_struct *src,
			struct anon_dup *dup)
{
	if (!rmap_vma_faulted(src) || rmap_vma_faulted(dst))
		return 0;
	if (bug_on(dst->vm_mm->world->bugs, BUG_MERGE_NO_CLONE))
		return 0;
	if (rmap_vma_clone(dst, src, RMAP_CLONE_MERGE))
		return -ENOMEM;
	dup->dst = dst;
	dup->src = src;
	return 0;
}

static void undo_anon_dup(const struct anon_dup *dup)
{
	if (dup->dst &&
	    !bug_on(dup->dst->vm_mm->world->bugs, BUG_MERGE_CLONE_NOT_UNDONE))
		rmap_vma_clone_undo(dup->dst, dup->src, RMAP_CLONE_MERGE);
}

/*
 *	|<-------------------->|	prev grows, middle and next go
 *	|------|********|------|
 *	  prev   middle   next
 */
static int merge_both(struct vma_merge_struct *vmg, struct anon_dup *dup)
{
	struct vm_area_struct *next = vmg->next;

	vmg->target = vmg->prev;
	vmg->remove_next = true;
	vmg->start = vmg->prev->vm_start;
	vmg->end = next->vm_end;
	vmg->pgoff = vmg->prev->vm_pgoff;
	return dup_anon_vma(vmg->prev,
			    rmap_vma_faulted(next) ? next : vmg->middle, dup);
}

/*
 *	|<--------->|			prev grows, middle shrinks or goes
 *	|------|****+***|
 *	  prev   middle
 */
static int merge_left(struct vma_merge_struct *vmg, struct anon_dup *dup)
{
	vmg->target = vmg->prev;
	vmg->start = vmg->prev->vm_start;
	vmg->pgoff = vmg->prev->vm_pgoff;
	vmg->adjust_middle_start = !vmg->remove_middle;
	return dup_anon_vma(vmg->prev, vmg->middle, dup);
}

/*
 *	     |<--------->|		next grows, middle shrinks or goes
 *	|****+***|-------|
 *	  middle    next
 */
static int merge_right(struct vma_merge_struct *vmg, struct anon_dup *dup)
{
	struct vm_area_struct *middle = vmg->middle;
	struct vm_area_struct *next = vmg->next;

	vmg->target = next;
	if (vmg->remove_middle) {
		vmg->pgoff = next->vm_pgoff - (vmg->end - vmg->start);
		vmg->end = next->vm_end;
	} else {
		vmg->adjust_next_start = true;
		vmg->end = vmg->start;
		vmg->start = middle->vm_start;
		vmg->pgoff = middle->vm_pgoff;
	}
	return dup_anon_vma(next, middle, dup);
}

struct vm_area_struct *vma_merge_existing_range(struct vma_merge_struct *vmg)
{
	struct vm_area_struct *middle = vmg->middle;
	bool left_side = vmg->start == middle->vm_start;
	bool right_side = vmg->end == middle->vm_end;
	struct anon_dup dup = { 0 };
	bool left, right;
	int err;

	left = left_side && can_vma_merge_left(vmg);
	vmg->next = right_side ? vma_next(middle) : NULL;
	right = right_side && can_vma_merge_right(vmg, left);
	if (!left && !right)
		return NULL;

	vmg->remove_middle = left_side && right_side;
	if (left && right)
		err = merge_both(vmg, &dup);
	else if (left)
		err = merge_left(vmg, &dup);
	else
		err = merge_right(vmg, &dup);
	if (err || commit_merge(vmg)) {
		undo_anon_dup(&dup);
		vmg->nomem = true;
		return NULL;
	}
	return vmg->target;
}

/*
 * vmg->target grows to [vmg->start, vmg->end), over vmg->next if it ends there.
 * vma_expand().
 */
static int vma_expand(struct vma_merge_struct *vmg)
{
	struct vm_area_struct *target = vmg->target;
	struct vm_area_struct *next = vmg->next;
	struct anon_dup dup = { 0 };
	int err = 0;

	vmg->remove_next = next && next != target && vmg->end == next->vm_end;
	if (vmg->remove_next)
		err = dup_anon_vma(target, next, &dup);
	/*
	 * The target will hold what is moved out of the copied-from VMA, also
	 * where next, unfaulted, is taken in: "mm/vma: fix anon_vma UAF on
	 * mremap() faulted, unfaulted merge".
	 */
	if (!err && vmg->copied_from &&
	    !bug_on(vmg->mm->world->bugs, BUG_MERGE_IGNORES_COPIED_FROM))
		err = dup_anon_vma(target, vmg->copied_from, &dup);
	if (err)
		return err;
	err = commit_merge(vmg);
	if (err)
		undo_anon_dup(&dup);
	return err;
}

/*
 *	|<-->|~~~~~~~|		prev grows
 *	     |~~~~~~~|<-->|	next grows
 *	|<-->|~~~~~~~|<-->|	prev grows, next goes
 */
struct vm_area_struct *vma_merge_new_range(struct vma_merge_struct *vmg)
{
	bool left = can_vma_merge_left(vmg);
	bool right = can_vma_merge_right(vmg, left);

	if (right) {
		vmg->end = vmg->next->vm_end;
		vmg->target = vmg->next;
		if (bug_on(vmg->mm->world->bugs, BUG_MERGE_KEEPS_PGOFF))
			vmg->pgoff = vmg->next->vm_pgoff;
	}
	if (left) {
		vmg->start = vmg->prev->vm_start;
		vmg->pgoff = vmg->prev->vm_pgoff;
		vmg->target = vmg->prev;
	}
	/* Out of memory is no error here: the caller tries without merging. */
	if (!vmg->target || vma_expand(vmg))
		return NULL;
	return vmg->target;
}

struct vm_area_struct *vma_merge_copied_range(struct vma_merge_struct *vmg)
{
	vmg->copied_from = vmg->middle;
	vmg->middle = NULL;
	return vma_merge_new_range(vmg);
}

struct vm_area_struct *vma_merge_extend(struct vm_area_struct *vma, u64 delta)
{
	struct vma_merge_struct vmg = {
		.mm = vma->vm_mm,
		.prev = vma,
		.next = vma_next(vma),
		.start = vma->vm_end,
		.end = vma->vm_end + delta,
		.pgoff = linear_page_index(vma, vma->vm_end),
		.vm_flags = vma->vm_flags,
		.file = vma->vm_file,
		.anon_src = vma,
	};

	return vma_merge_new_range(&vmg);
}

int vma_modify_flags(struct vm_area_struct *prev, struct vm_area_struct **vmap,
		     u64 start, u64 end, u64 flags)
{
	struct vm_area_struct *vma = *vmap;
	struct vma_merge_struct vmg = {
		.mm = vma->vm_mm,
		.prev = prev,
		.middle = vma,
		.start = start,
		.end = end,
		.pgoff = linear_page_index(vma, start),
		.vm_flags = flags,
		.file = vma->vm_file,
		.anon_src = vma,
	};
	struct vm_area_struct *merged;
	int err;

	merged = vma_merge_existing_range(&vmg);
	if (merged) {
		*vmap = merged;
		return 0;
	}
	if (vmg.nomem &&
	    !bug_on(vma->vm_mm->world->bugs, BUG_MERGE_ENOMEM_SPLITS))
		return -ENOMEM;
	/* The merge has left its own range there: "mm: abort vma_modify()". */
	if (vmg.nomem) {
		start = vmg.start;
		end = vmg.end;
	}
	if (vma->vm_start < start) {
		err = split_vma(vma, start, true);
		if (err)
			return err;
	}
	if (vma->vm_end > end)
		return split_vma(vma, end, false);
	return 0;
}

/*
 * What mremap moves to @addr becomes part of a VMA there or a new one.  An
 * unfaulted anonymous VMA holds nothing whose offset would have to stay: it
 * takes the one of its new place.  mm/vma.c, copy_vma().
 */
struct vm_area_struct *copy_vma(struct vm_area_struct **vmap, u64 addr, u64 len,
				pgoff_t pgoff, bool *ordered)
{
	struct vm_area_struct *vma = *vmap;
	struct mm_struct *mm = vma->vm_mm;
	u64 vma_start = vma->vm_start;
	struct vma_merge_struct vmg = {
		.mm = mm,
		.prev = vma_before(mm, addr),
		.middle = vma,
		.next = find_vma(mm, addr),
		.start = addr,
		.end = addr + len,
		.vm_flags = vma->vm_flags,
		.file = vma->vm_file,
		.anon_src = vma,
	};
	struct vm_area_struct *new;

	if (vma_is_anonymous(vma) && !rmap_vma_faulted(vma))
		pgoff = addr;
	vmg.pgoff = pgoff;
	new = vma_merge_copied_range(&vmg);
	if (new) {
		/* The source may have been merged into it, if unfaulted. */
		if (vma_start >= new->vm_start && vma_start < new->vm_end)
			*vmap = new;
		*ordered = new->vm_pgoff > (*vmap)->vm_pgoff;
		return new;
	}
	*ordered = true;

	new = vm_area_dup(vma, mm);
	if (!new)
		return NULL;
	new->vm_start = addr;
	new->vm_end = addr + len;
	new->vm_pgoff = pgoff;
	if (rmap_vma_clone(new, vma, RMAP_CLONE_REMAP))
		goto out_free_vma;
	/* vma_link() */
	if (!vma_iter_prealloc(mm))
		goto out_unlink;
	vma_tree_insert(new);
	return new;

out_unlink:
	rmap_vma_clone_undo(new, vma, RMAP_CLONE_REMAP);
out_free_vma:
	vm_area_free(new);
	return NULL;
}
