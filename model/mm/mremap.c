// SPDX-License-Identifier: GPL-2.0-only
/*
 * mremap.  mm/mremap.c, 6.18.
 */
#include <errno.h>
#include "pgtable.h"
#include "vma.h"

/* One mremap, or one VMA's share of it, from start to end. */
struct vma_remap_struct {
	struct mm_struct *mm;
	u64 addr;
	u64 old_len;
	u64 new_len;
	u32 flags;
	u64 new_addr;
	struct vm_area_struct *vma; /* where addr is; NULL: not known */
	/* A walk comes to what is moved in its old place first, or in both. */
	bool ordered;
};

static bool vrm_implies_new_addr(const struct vma_remap_struct *vrm)
{
	return vrm->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
}

static bool vrm_shrinks(const struct vma_remap_struct *vrm)
{
	return vrm->new_len < vrm->old_len;
}

static bool vrm_expands(const struct vma_remap_struct *vrm)
{
	return vrm->new_len > vrm->old_len;
}

static bool vrm_will_map_new(const struct vma_remap_struct *vrm)
{
	return vrm_expands(vrm) || vrm_implies_new_addr(vrm);
}

/* Only moves can take several VMAs at once. */
static bool vrm_move_only(const struct vma_remap_struct *vrm)
{
	return (vrm->flags & MREMAP_FIXED) && vrm->old_len == vrm->new_len;
}

static bool vrm_overlaps(const struct vma_remap_struct *vrm)
{
	return vrm->addr + vrm->old_len > vrm->new_addr &&
	       vrm->new_addr + vrm->new_len > vrm->addr;
}

static bool near_map_limit(const struct mm_struct *mm, u32 more)
{
	return mm->map_count + more + 3 >= mm->world->max_map_count;
}

/* What can be refused before any VMA is looked at.  check_mremap_params(). */
static int check_mremap_params(const struct vma_remap_struct *vrm)
{
	u64 task_pages = vrm->mm->world->task_pages;

	if (!vrm->new_len || vrm->new_len > task_pages)
		return -EINVAL;
	if (!vrm_implies_new_addr(vrm))
		return 0;
	if (vrm->new_addr > task_pages - vrm->new_len)
		return -EINVAL;
	if (!(vrm->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((vrm->flags & MREMAP_DONTUNMAP) && vrm->old_len != vrm->new_len)
		return -EINVAL;
	if (vrm_overlaps(vrm))
		return -EINVAL;
	if (near_map_limit(vrm->mm, 2))
		return -ENOMEM;
	return 0;
}

/* What the VMA must be like.  check_prep_vma(). */
static int check_prep_vma(const struct vma_remap_struct *vrm)
{
	u64 len = vrm_shrinks(vrm) ? vrm->new_len : vrm->old_len;

	if (!vrm->vma)
		return -EFAULT;
	if (!vrm_will_map_new(vrm))
		return 0;
	/* Duplicating a mapping is for shared ones. */
	if (!vrm->old_len)
		return -EINVAL;
	if (len > vrm->vma->vm_end - vrm->addr)
		return -EFAULT;
	return 0;
}

/* Tables first: when all are there nothing can fail half-way. */
static int alloc_new_tables(const struct vma_remap_struct *vrm)
{
	u64 addr = vrm->addr, end = vrm->addr + vrm->old_len;
	struct pte *pte;

	for (; (pte = pte_next(vrm->mm, addr, end)); addr++) {
		addr = pte_addr(pte);
		if (!pte_alloc(vrm->mm, vrm->new_addr + (addr - vrm->addr)))
			return -ENOMEM;
	}
	return 0;
}

/* An entry or none of a table of 512; under its lock, and others if need be. */
static bool move_pte(const struct vma_remap_struct *vrm,
		     struct vm_area_struct *new, u64 *addr, u64 end)
{
	struct pte *pte, *to;

	rmap_move_begin(vrm->vma, new, vrm->ordered);
	pte = pte_next(vrm->mm, *addr, end);
	if (pte) {
		*addr = pte_addr(pte);
		to = pte_alloc(vrm->mm, vrm->new_addr + (*addr - vrm->addr));
		pte_move(to, pte);
		++*addr;
	}
	rmap_move_end(vrm->vma, new, vrm->ordered);
	return pte;
}

/*
 * The kernel moves table after table and moves back what it moved when one
 * cannot be had; the outcome is the same.  It holds the reverse map's locks for a
 * table of entries, here they are held for one: to a walk that is the same where
 * entries are moved one by one, under both page-table locks.  Not modelled is the
 * move of a whole table by its pmd (move_normal_pmd()), for which the kernel always
 * takes these locks: in between the table is nowhere.  move_page_tables(),
 * move_ptes().
 */
static int move_page_tables(const struct vma_remap_struct *vrm,
			    struct vm_area_struct *new)
{
	u64 addr = vrm->addr, end = vrm->addr + vrm->old_len;

	if (alloc_new_tables(vrm)) {
		if (bug_on(vrm->mm->world->bugs, BUG_FAILED_MOVE_LOSES_PAGES))
			zap_range(vrm->mm, vrm->addr, end);
		return -ENOMEM;
	}
	while (move_pte(vrm, new, &addr, end))
		mark(vrm->mm->world, POINT_PTE_MOVED);
	free_empty_tables(vrm->mm, vrm->addr, end);
	return 0;
}

/*
 * On error the new VMA, if there is one, becomes the one to unmap.
 * copy_vma_and_data().
 */
static int copy_vma_and_data(struct vma_remap_struct *vrm,
			     struct vm_area_struct **new)
{
	int err;

	*new = copy_vma(&vrm->vma, vrm->new_addr, vrm->new_len,
			linear_page_index(vrm->vma, vrm->addr), &vrm->ordered);
	if (!*new)
		return -ENOMEM;
	mark(vrm->mm->world, POINT_COPY_LINKED);
	err = move_page_tables(vrm, *new);
	mark(vrm->mm->world, POINT_PAGES_MOVED);
	if (err) {
		rmap_vma_stays(vrm->vma, vrm->addr, vrm->addr + vrm->old_len,
			       true);
		vrm->vma = *new;
		vrm->addr = vrm->new_addr;
		vrm->old_len = vrm->new_len;
	}
	return err;
}

static void set_account(struct vm_area_struct *vma)
{
	vma_set_flags(vma, vma->vm_flags | VM_ACCOUNT);
}

/* By now it may be several VMAs. */
static void source_stays(struct mm_struct *mm, u64 addr, u64 end)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, addr, end);

	for (; vma && vma->vm_start < end; vma = vma_next(vma))
		rmap_vma_stays(vma, max_u64(addr, vma->vm_start),
			       min_u64(end, vma->vm_end), true);
}

/*
 * So that the unmap does not give back a charge that moved along, VM_ACCOUNT is
 * off meanwhile, and comes back on what remains on either side:
 *
 *	      addr    end
 *	|------|~~~~~~~|------|
 *
 * When the unmap fails the source stays mapped, empty, and without the flag.
 * unmap_source_vma().
 */
static void unmap_source_vma(struct vma_remap_struct *vrm)
{
	struct vm_area_struct *vma = vrm->vma;
	u64 vm_start = vma->vm_start, vm_end = vma->vm_end;
	u64 end = vrm->addr + vrm->old_len;
	bool accountable = (vma->vm_flags & VM_ACCOUNT) &&
			   !(vrm->flags & MREMAP_DONTUNMAP);

	if (accountable)
		vma_set_flags(vma, vma->vm_flags & ~VM_ACCOUNT);
	vrm->vma = NULL;
	if (do_munmap(vrm->mm, vrm->addr, vrm->old_len)) {
		source_stays(vrm->mm, vrm->addr, end);
		return;
	}
	if (!accountable)
		return;
	if (vm_start < vrm->addr)
		set_account(vma_before(vrm->mm, vrm->addr));
	if (vm_end > end)
		set_account(find_vma(vrm->mm, end));
}

/*
 * The source stays, empty.  If all of it was moved it has nothing that would
 * need finding: "mm: mremap: unlink anon_vmas when mremap with
 * MREMAP_DONTUNMAP success".  dontunmap_complete().
 */
static void dontunmap_complete(struct vma_remap_struct *vrm,
			       const struct vm_area_struct *new)
{
	struct vm_area_struct *vma = vrm->vma;

	rmap_vma_stays(vma, vrm->addr, vrm->addr + vrm->old_len, false);
	if (new != vma && vrm->addr == vma->vm_start &&
	    vrm->addr + vrm->old_len == vma->vm_end &&
	    !bug_on(vrm->mm->world->bugs, BUG_DONTUNMAP_NO_UNLINK))
		rmap_vma_unlink(vma);
}

static int move_vma(struct vma_remap_struct *vrm)
{
	struct vm_area_struct *new;
	int err;

	if (near_map_limit(vrm->mm, 0))
		return -ENOMEM;
	err = copy_vma_and_data(vrm, &new);
	if (err && !new)
		return err;
	if (!err && (vrm->flags & MREMAP_DONTUNMAP))
		dontunmap_complete(vrm, new);
	else
		unmap_source_vma(vrm);
	return err;
}

static int shrink_vma(struct vma_remap_struct *vrm)
{
	int err = do_munmap(vrm->mm, vrm->addr + vrm->new_len,
			    vrm->old_len - vrm->new_len);

	if (err)
		return err;
	vrm->old_len = vrm->new_len;
	vrm->vma = vma_lookup(vrm->mm, vrm->addr);
	return 0;
}

/*
 * To a new place, which is unmapped first; that may cut the source's VMA in
 * two, so it is looked up again.  mremap_to().
 */
static int mremap_to(struct vma_remap_struct *vrm)
{
	int err;

	if (vrm->flags & MREMAP_FIXED) {
		err = do_munmap(vrm->mm, vrm->new_addr, vrm->new_len);
		if (err)
			return err;
		vrm->vma = vma_lookup(vrm->mm, vrm->addr);
	}
	if (vrm_shrinks(vrm)) {
		err = shrink_vma(vrm);
		if (err)
			return err;
	}
	return move_vma(vrm);
}

/* Is there room after the VMA, which ends where the old range does? */
static bool vrm_can_expand_in_place(const struct vma_remap_struct *vrm)
{
	struct vm_area_struct *vma = vrm->vma;
	u64 end = vma->vm_end + (vrm->new_len - vrm->old_len);

	return vma->vm_end - vrm->addr == vrm->old_len &&
	       end <= vrm->mm->world->task_pages &&
	       !find_vma_intersection(vrm->mm, vma->vm_end, end);
}

/* Without an address to move to and without leave to move.  mremap_at(). */
static int mremap_at(struct vma_remap_struct *vrm)
{
	if (vrm_shrinks(vrm))
		return shrink_vma(vrm);
	if (!vrm_expands(vrm))
		return 0;
	if (!vrm_can_expand_in_place(vrm)) {
		if (bug_on(vrm->mm->world->bugs, BUG_EXPAND_ZAPS))
			zap_range(vrm->mm, vrm->addr, vrm->addr + vrm->old_len);
		return -ENOMEM;
	}
	if (!vma_merge_extend(vrm->vma, vrm->new_len - vrm->old_len))
		return -ENOMEM;
	return 0;
}

/*
 * Moves what there is, VMA by VMA, gaps kept; no gap at the start.  What is
 * moved before a failure stays moved.  remap_move(), since 6.17.
 *
 *	  X      Y				  X      Y
 *	|--| |-----| |--|	->	     |--| |-----| |--|
 *	addr					new_addr
 */
static int remap_move(const struct vma_remap_struct *all)
{
	u64 end = all->addr + all->old_len;
	struct vm_area_struct *vma;
	u64 next = all->addr;
	bool seen = false;

	/*
	 * What is moved may merge with what it leaves, which then reaches past
	 * the range: nothing begins there any more.
	 */
	while (next < end &&
	       (vma = find_vma_intersection(all->mm, next, end))) {
		struct vma_remap_struct vrm = *all;
		int err;

		if (!seen && all->addr < vma->vm_start)
			return -EFAULT;
		seen = true;
		next = vma->vm_end;
		vrm.vma = vma;
		vrm.addr = max_u64(vma->vm_start, all->addr);
		vrm.old_len = min_u64(end, vma->vm_end) - vrm.addr;
		vrm.new_len = vrm.old_len;
		vrm.new_addr = all->new_addr + (vrm.addr - all->addr);
		err = check_prep_vma(&vrm);
		if (!err)
			err = mremap_to(&vrm);
		if (err)
			return err;
	}
	return seen ? 0 : -EFAULT;
}

int do_mremap(struct mm_struct *mm, u64 addr, u64 old_len, u64 new_len,
	      u32 flags, u64 new_addr)
{
	struct vma_remap_struct vrm = {
		.mm = mm,
		.addr = addr,
		.old_len = old_len,
		.new_len = new_len,
		.flags = flags,
		.new_addr = flags & MREMAP_FIXED ? new_addr : addr,
	};
	int err = check_mremap_params(&vrm);

	if (err)
		return err;
	if (vrm_move_only(&vrm))
		return remap_move(&vrm);
	if ((flags & MREMAP_FIXED) &&
	    bug_on(mm->world->bugs, BUG_MREMAP_UNMAPS_BEFORE_CHECK))
		do_munmap(mm, new_addr, new_len);
	vrm.vma = vma_lookup(mm, addr);
	err = check_prep_vma(&vrm);
	if (err)
		return err;
	return vrm_implies_new_addr(&vrm) ? mremap_to(&vrm) : mremap_at(&vrm);
}

int vm_mremap(struct mm_struct *mm, u64 addr, u64 old_len, u64 new_len,
	      u32 flags, u64 new_addr)
{
	int err;

	mmap_write_lock(mm);
	err = do_mremap(mm, addr, old_len, new_len, flags, new_addr);
	mmap_write_unlock(mm);
	return err;
}
