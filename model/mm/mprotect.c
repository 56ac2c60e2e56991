// SPDX-License-Identifier: GPL-2.0-only
/*
 * mprotect and madvise: flags of ranges.  mm/mprotect.c, mm/madvise.c, 6.18.
 */
#include <errno.h>
#include "pgtable.h"
#include "vma.h"

/*
 * A private mapping made writable is charged for.  The charge stays when it is
 * made read-only again, since it may hold pages of its own; unless it is
 * anonymous and was never faulted.
 */
static u64 account_flags(struct vm_area_struct *vma, u64 newflags)
{
	u64 oldflags = vma->vm_flags;

	if (newflags & VM_WRITE) {
		if (!(oldflags & (VM_ACCOUNT | VM_WRITE)))
			newflags |= VM_ACCOUNT;
	} else if ((oldflags & VM_ACCOUNT) && vma_is_anonymous(vma) &&
		   !rmap_vma_faulted(vma)) {
		newflags &= ~VM_ACCOUNT;
	}
	return newflags;
}

/* *@vmap becomes the VMA that [start, end) is in then.  mprotect_fixup(). */
static int mprotect_fixup(struct vm_area_struct *prev,
			  struct vm_area_struct **vmap, u64 start, u64 end,
			  u64 newflags)
{
	struct vm_area_struct *vma = *vmap;
	int err;

	if (newflags == vma->vm_flags)
		return 0;
	newflags = account_flags(vma, newflags);
	err = vma_modify_flags(prev, vmap, start, end, newflags);
	if (err)
		return err;
	vma_set_flags(*vmap, newflags);
	return 0;
}

/*
 * VMA after VMA, as long as they touch; what is done before a hole stays.
 *
 *	  start          end
 *	|--+------|--------+--|
 *	   |<--vma-->       |		prev is what lies before nstart
 */
int do_mprotect(struct mm_struct *mm, u64 addr, u64 len, u64 prot)
{
	u64 end = addr + len;
	struct vm_area_struct *vma, *prev;
	u64 nstart = addr;
	u64 done;
	int err;

	if (!len)
		return 0;
	vma = find_vma_intersection(mm, addr, end);
	if (!vma || vma->vm_start > addr)
		return -ENOMEM;
	prev = addr > vma->vm_start ? vma : vma_prev(vma);
	done = vma->vm_start;
	for (; vma && vma->vm_start < end; vma = vma_next(vma)) {
		if (vma->vm_start != done)
			return -ENOMEM;
		err = mprotect_fixup(prev, &vma, nstart,
				     min_u64(vma->vm_end, end),
				     (vma->vm_flags & ~VM_ACCESS_FLAGS) | prot);
		if (err)
			return err;
		prev = vma;
		done = vma->vm_end;
		nstart = done;
	}
	return done < end ? -ENOMEM : 0;
}

int vm_mprotect(struct mm_struct *mm, u64 addr, u64 len, u64 prot)
{
	int err;

	mmap_write_lock(mm);
	err = do_mprotect(mm, addr, len, prot);
	mmap_write_unlock(mm);
	return err;
}

/* What flags @advice makes of @vma's, or -EINVAL. */
static int advised_flags(const struct vm_area_struct *vma,
			 enum madvise_advice advice, u64 *flags)
{
	*flags = vma->vm_flags;
	switch (advice) {
	case ADVICE_DONTFORK:
		*flags |= VM_DONTCOPY;
		return 0;
	case ADVICE_DOFORK:
		*flags &= ~VM_DONTCOPY;
		return 0;
	case ADVICE_WIPEONFORK:
		if (!vma_is_anonymous(vma))
			return -EINVAL;
		*flags |= VM_WIPEONFORK;
		return 0;
	case ADVICE_KEEPONFORK:
		*flags &= ~VM_WIPEONFORK;
		return 0;
	default:
		return -EINVAL;
	}
}

/* Memory that is out for the moment is EAGAIN here.  madvise_vma_behavior(). */
static int madvise_vma(struct vm_area_struct *prev,
		       struct vm_area_struct **vmap, u64 start, u64 end,
		       enum madvise_advice advice)
{
	struct vm_area_struct *vma = *vmap;
	u64 flags;
	int err;

	if (advice == ADVICE_DONTNEED) {
		zap_range(vma->vm_mm, start, end);
		return 0;
	}
	err = advised_flags(vma, advice, &flags);
	if (err && bug_on(vma->vm_mm->world->bugs, BUG_REFUSED_ADVICE_ZAPS))
		zap_range(vma->vm_mm, start, end);
	if (err || flags == vma->vm_flags)
		return err;
	err = vma_modify_flags(prev, vmap, start, end, flags);
	if (err)
		return err == -ENOMEM ? -EAGAIN : err;
	vma_set_flags(*vmap, flags);
	return 0;
}

/* Holes are skipped, and said at the end.  madvise_walk_vmas(). */
static int madvise_walk_vmas(struct mm_struct *mm, u64 addr, u64 len,
			     enum madvise_advice advice)
{
	u64 start = addr, end = addr + len;
	struct vm_area_struct *vma, *prev;
	int unmapped = 0;
	int err;

	if (!len)
		return 0;
	vma = find_vma(mm, start);
	prev = vma_before(mm, start);
	if (vma && start > vma->vm_start)
		prev = vma;
	while (start < end) {
		if (!vma)
			return -ENOMEM;
		if (start < vma->vm_start) {
			unmapped = -ENOMEM;
			start = vma->vm_start;
			if (start >= end)
				break;
		}
		err = madvise_vma(prev, &vma, start, min_u64(vma->vm_end, end),
				  advice);
		if (err)
			return err;
		prev = vma;
		start = vma->vm_end;
		vma = vma_next(vma);
	}
	return unmapped;
}

/* Dropping pages changes no VMA.  madvise_lock(). */
int do_madvise(struct mm_struct *mm, u64 addr, u64 len,
	       enum madvise_advice advice)
{
	int err;

	if (advice == ADVICE_DONTNEED) {
		mmap_read_lock(mm);
		err = madvise_walk_vmas(mm, addr, len, advice);
		mmap_read_unlock(mm);
		return err;
	}
	mmap_write_lock(mm);
	err = madvise_walk_vmas(mm, addr, len, advice);
	mmap_write_unlock(mm);
	return err;
}
