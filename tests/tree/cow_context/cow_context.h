/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tree's files call, for include/linux/rmap.h of a copy of a tree.
 */
#ifndef _LINUX_COW_CONTEXT_H
#define _LINUX_COW_CONTEXT_H

#include <linux/mm_types.h>

struct rmap_walk_control;

void __put_cow_context(struct cow_context *context);

static inline void get_cow_context(struct cow_context *context)
{
	refcount_inc(&context->refcnt);
}

static inline void put_cow_context(struct cow_context *context)
{
	if (refcount_dec_and_test(&context->refcnt))
		__put_cow_context(context);
}

/* kernel/fork.c.  0 or -ENOMEM. */
int mm_init_cow_context(struct mm_struct *mm);
void drop_cow_context(struct mm_struct *mm);
void dup_cow_context(struct mm_struct *mm, struct mm_struct *oldmm);
void cow_context_do_fork(struct vm_area_struct *vma,
			 struct vm_area_struct *pvma);

/* mm/rmap.c, mm/migrate.c, mm/page_alloc.c: which context a folio names. */
void cow_context_set_folio(struct folio *folio, struct vm_area_struct *vma);
void cow_context_move_folio(struct folio *folio, struct vm_area_struct *vma);
void cow_context_copy_folio(struct folio *to, struct folio *from);
void cow_context_free_folio(struct folio *folio);

/* mm/rmap.c, mm/vma.c, mm/mremap.c, mm/memory.c: where a faulted VMA lies. */
void cow_context_do_map_private_cow(struct vm_area_struct *vma);
void cow_context_do_remap(struct vm_area_struct *vma, unsigned long orig_addr);
void cow_context_vma_adjust(struct vm_area_struct *vma, unsigned long start,
			    unsigned long end);
void cow_context_vma_unmap(struct vm_area_struct *vma);

void cow_context_walk(struct folio *folio, struct rmap_walk_control *rwc);
bool cow_context_verify_vma(struct folio *folio, struct vm_area_struct *vma);

/* Beside anon_vma: what its walk finds, and of that the contexts would. */
struct cow_context_check {
	int anon;
	int cow;
};

void cow_context_check_vma(struct cow_context_check *check, struct folio *folio,
			   struct vm_area_struct *vma, unsigned long address);
void cow_context_check_end(const struct cow_context_check *check,
			   const struct folio *folio);

#endif
