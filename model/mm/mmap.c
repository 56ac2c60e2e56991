// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap and munmap.  mm/mmap.c, do_mmap(); mm/vma.c, __mmap_region() and
 * do_vmi_munmap(); 6.18.
 */
#include <errno.h>
#include "vma.h"

/* As do_vmi_munmap() has left it: downgraded or not. */
static void unlock_after(struct mm_struct *mm, bool unlock)
{
	if (!unlock)
		return;
	if (mm->world->detach_last)
		mmap_write_unlock(mm);
	else
		mmap_read_unlock(mm);
}

/*
 * The pages go when the VMAs are out of the tree and others, who only read, may
 * come in again: @unlock says that the lock is not needed after.  It is given back
 * then, if 0 comes of it.  do_vmi_munmap().
 */
static int do_vmi_munmap(struct mm_struct *mm, u64 addr, u64 len, bool unlock)
{
	struct vma_munmap_struct vms = {
		.mm = mm,
		.start = addr,
		.end = addr + len,
	};
	int err;

	if (addr > mm->world->task_pages ||
	    len > mm->world->task_pages - addr || !len)
		return -EINVAL;
	if (!find_vma_intersection(mm, vms.start, vms.end)) {
		if (unlock)
			mmap_write_unlock(mm);
		return 0;
	}
	err = vms_gather_munmap_vmas(&vms);
	if (err)
		return err;
	/* vma_iter_clear_gfp(): the last step that can fail */
	if (!vma_iter_prealloc(mm))
		return -ENOMEM;
	rmap_pages_begin(mm);
	if (mm->world->detach_last) {
		vms_clear_ptes(&vms);
		vms_detach(&vms);
	} else {
		vms_detach(&vms);
		if (unlock)
			task_lock_downgrade(mm->world->sched, &mm->mmap_lock);
		vms_clear_ptes(&vms);
	}
	rmap_pages_end(mm);
	vms_complete_munmap_vmas(&vms);
	unlock_after(mm, unlock);
	return 0;
}

int do_munmap(struct mm_struct *mm, u64 addr, u64 len)
{
	return do_vmi_munmap(mm, addr, len, false);
}

int vm_munmap(struct mm_struct *mm, u64 addr, u64 len)
{
	int err;

	mmap_write_lock(mm);
	err = do_vmi_munmap(mm, addr, len, true);
	if (err)
		mmap_write_unlock(mm);
	return err;
}

/* One mapping being made, from start to end; struct mmap_state. */
struct mmap_state {
	struct mm_struct *mm;
	u64 addr;
	u64 end;
	u64 flags;
	int file;
	pgoff_t pgoff;
	struct vma_munmap_struct vms; /* what was there */
};

/* Private writable mappings are charged for. */
static bool accountable_mapping(u64 flags)
{
	return flags & VM_WRITE;
}

/*
 * What was there goes before the new mapping is known to succeed: pages are
 * unmapped here, and if memory runs out later a gap is left.
 */
static int mmap_prepare(struct mmap_state *map)
{
	int err;

	map->vms = (struct vma_munmap_struct){
		.mm = map->mm,
		.start = map->addr,
		.end = map->end,
	};
	err = vms_gather_munmap_vmas(&map->vms);
	if (err)
		return err;
	if (accountable_mapping(map->flags))
		map->flags |= VM_ACCOUNT;
	rmap_pages_begin(map->mm);
	vms_clear_ptes(&map->vms);
	rmap_pages_end(map->mm);
	vms_detach(&map->vms);
	return 0;
}

static bool mmap_merge(struct mmap_state *map)
{
	struct vma_merge_struct vmg = {
		.mm = map->mm,
		.prev = map->vms.prev,
		.next = map->vms.next,
		.start = map->addr,
		.end = map->end,
		.pgoff = map->pgoff,
		.vm_flags = map->flags,
		.file = map->file,
	};

	return vma_merge_new_range(&vmg);
}

static int mmap_new_vma(struct mmap_state *map)
{
	struct vm_area_struct *vma = vm_area_alloc(map->mm);

	if (!vma)
		return -ENOMEM;
	if (!vma_iter_prealloc(map->mm)) {
		vm_area_free(vma);
		return -ENOMEM;
	}
	vma->vm_start = map->addr;
	vma->vm_end = map->end;
	vma->vm_flags = map->flags;
	vma->vm_file = map->file;
	vma->vm_pgoff = map->pgoff;
	vma_tree_insert(vma);
	return 0;
}

static int mmap_region(struct mmap_state *map)
{
	int err = mmap_prepare(map);

	if (err)
		return err;
	if (!mmap_merge(map))
		err = mmap_new_vma(map);
	/* vms_abort_munmap_vmas() too: what was unmapped does not come back */
	vms_complete_munmap_vmas(&map->vms);
	return err;
}

int do_mmap(struct mm_struct *mm, u64 addr, u64 len, u64 flags, int file,
	    pgoff_t pgoff)
{
	struct mmap_state map = {
		.mm = mm,
		.addr = addr,
		.end = addr + len,
		.flags = flags,
		.file = file,
		.pgoff = file == NO_FILE ? addr : pgoff,
	};

	if (!len)
		return -EINVAL;
	if (mm->map_count > mm->world->max_map_count)
		return -ENOMEM;
	if (len > mm->world->task_pages || addr > mm->world->task_pages - len)
		return -ENOMEM;
	return mmap_region(&map);
}

int vm_mmap(struct mm_struct *mm, u64 addr, u64 len, u64 flags, int file,
	    pgoff_t pgoff)
{
	int err;

	mmap_write_lock(mm);
	err = do_mmap(mm, addr, len, flags, file, pgoff);
	mmap_write_unlock(mm);
	return err;
}
