/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMAs: the tree, split, merge and unmap; after mainline's mm/vma.h.
 */
#ifndef RMAPDIFF_MM_VMA_H
#define RMAPDIFF_MM_VMA_H

#include "mm.h"

static inline u64 vma_pages(const struct vm_area_struct *vma)
{
	return vma->vm_end - vma->vm_start;
}

static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return vma->vm_file == NO_FILE;
}

/* The linear page index of @addr, a page number in @vma. */
static inline pgoff_t linear_page_index(const struct vm_area_struct *vma,
					u64 addr)
{
	return vma->vm_pgoff + (addr - vma->vm_start);
}

/* The last linear page index of @vma. */
static inline pgoff_t vma_last_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

/* By page number: the VMA at it; the first that ends after it; NULL if none. */
struct vm_area_struct *vma_lookup(struct mm_struct *mm, u64 addr);
struct vm_area_struct *find_vma(struct mm_struct *mm, u64 addr);

/* The first VMA that overlaps [start, end), NULL if none. */
struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, u64 start,
					     u64 end);

/* The neighbours in address order, gap or not; NULL at the ends. */
struct vm_area_struct *vma_next(struct vm_area_struct *vma);
struct vm_area_struct *vma_prev(struct vm_area_struct *vma);

/* The last VMA that ends at or before @addr, NULL if none. */
struct vm_area_struct *vma_before(struct mm_struct *mm, u64 addr);

/*
 * How a merge was described and what came of it; one struct from start to
 * end, as mm/vma.h's struct vma_merge_struct (6.18).
 */
struct vma_merge_struct {
	struct mm_struct *mm;
	/*
	 *   prev  middle  next		prev and next touch [start, end)
	 *  |-----|******|-----|	middle covers it, when it exists
	 */
	struct vm_area_struct *prev;
	struct vm_area_struct *middle;
	struct vm_area_struct *next;
	struct vm_area_struct *target; /* the VMA that grew */
	u64 start;
	u64 end;
	pgoff_t pgoff;
	u64 vm_flags;
	int file;
	/*
	 * The VMA whose reverse-map state the range carries (vmg->anon_vma is
	 * this one's), NULL for none.
	 */
	struct vm_area_struct *anon_src;
	/* mremap: the VMA that is being copied; then middle is NULL. */
	struct vm_area_struct *copied_from;

	bool nomem; /* out: failed for memory; nothing has changed */

	/* internal: what becomes of middle and next */
	bool remove_middle;
	bool remove_next;
	bool adjust_middle_start;
	bool adjust_next_start;
};

/* VMAs about to change: mm/vma.h's struct vma_prepare. */
struct vma_prepare {
	struct vm_area_struct *vma;
	struct vm_area_struct *adj_next;
	struct vm_area_struct *insert; /* a split's other half */
	struct vm_area_struct *remove;
	struct vm_area_struct *remove2;
};

/*
 * [start, end) of *@vmap gets @flags: merges or splits so that one VMA covers
 * just what gets them (or more, where that has them already) and returns it in
 * @vmap; its flags are the caller's to set.  0 or -ENOMEM.  vma_modify_flags().
 */
int vma_modify_flags(struct vm_area_struct *prev, struct vm_area_struct **vmap,
		     u64 start, u64 end, u64 flags);

/* Merges a new range; the grown VMA, or NULL.  vma_merge_new_range(). */
struct vm_area_struct *vma_merge_new_range(struct vma_merge_struct *vmg);

/* A range of vmg->middle has new attributes.  vma_merge_existing_range(). */
struct vm_area_struct *vma_merge_existing_range(struct vma_merge_struct *vmg);

/* mremap's copy of vmg->copied_from.  vma_merge_copied_range(). */
struct vm_area_struct *vma_merge_copied_range(struct vma_merge_struct *vmg);

/* Grows @vma by @delta pages, into next where they fit; NULL if it cannot. */
struct vm_area_struct *vma_merge_extend(struct vm_area_struct *vma, u64 delta);

/* The changing of ranges, shared by split and merge. */
void vma_prepare(struct vma_prepare *vp);
void vma_complete(struct vma_prepare *vp);
void vma_set_range(struct vm_area_struct *vma, u64 start, u64 end,
		   pgoff_t pgoff);
void vma_set_flags(struct vm_area_struct *vma, u64 flags);

/* Allocation and the tree; vm_area_dup() copies all but reverse-map state. */
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig,
				   struct mm_struct *mm);
void vm_area_free(struct vm_area_struct *vma);
void vma_tree_insert(struct vm_area_struct *vma);
void vma_tree_remove(struct vm_area_struct *vma);

/*
 * Would the maple tree's preallocation for a store succeed?  The model's tree
 * needs none; the kernel's failure paths do.  vma_iter_prealloc().
 */
bool vma_iter_prealloc(struct mm_struct *mm);

/* split_vma() checks max_map_count, __split_vma() does not. */
int split_vma(struct vm_area_struct *vma, u64 addr, bool new_below);
int __split_vma(struct vm_area_struct *vma, u64 addr, bool new_below);

/* munmap in steps, for munmap and for MAP_FIXED; mm/vma.h (6.18). */
struct vma_munmap_struct {
	struct mm_struct *mm;
	u64 start;
	u64 end;
	struct vm_area_struct *prev; /* out: around the hole */
	struct vm_area_struct *next;
	struct vma_list gathered;
};

/*
 * Splits at the ends and gathers the VMAs of [start, end), which stay in the
 * tree; 0 or -ENOMEM, when splits that were made stay.
 */
int vms_gather_munmap_vmas(struct vma_munmap_struct *vms);
/* Unmaps their pages and unlinks them from the reverse maps. */
void vms_clear_ptes(struct vma_munmap_struct *vms);
/* Takes them out of the tree. */
void vms_detach(struct vma_munmap_struct *vms);
/* Frees them. */
void vms_complete_munmap_vmas(struct vma_munmap_struct *vms);

/*
 * A copy of @vma's part for mremap; mm/vma.c, copy_vma().  NULL: no memory.
 * @ordered: it lies behind @vma in the order of offsets, or is younger.
 */
struct vm_area_struct *copy_vma(struct vm_area_struct **vmap, u64 addr, u64 len,
				pgoff_t pgoff, bool *ordered);

#endif
