/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the glue share.
 */
#ifndef RMAPDIFF_TREE_GLUE_INTERNAL_H
#define RMAPDIFF_TREE_GLUE_INTERNAL_H

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/types.h>
#include "../glue.h"
#include "../../subject/dump.h"

/* The living: an mm by slot; slots from tree_slots on are empty. */
extern struct mm_struct *tree_mms[TREE_SLOTS_MAX];
extern unsigned int tree_slots;

/* The files that mmap can name. */
extern struct file *tree_files[TREE_FILES];
extern bool tree_files_used; /* since the input began */

/* Allocations count, and may fail, only between these two. */
void glue_allocations_begin(void);
void glue_allocations_end(void);

/* @mm becomes the current task's, and is given back. */
void glue_use_mm(struct mm_struct *mm);
void glue_unuse_mm(struct mm_struct *mm);

/* A new, empty address space, or NULL. */
struct mm_struct *glue_new_mm(void);

/*
 * The page-table entry for byte address @address of @mm, mapped, with
 * @ptl taken; NULL if there is no table.  pte_unmap_unlock() after it.
 */
pte_t *glue_find_pte(struct mm_struct *mm, unsigned long address,
		     spinlock_t **ptl);

/* What is left of what was allocated; see wraps.c. */
void glue_counts_save(void);
bool glue_counts_same(char why[TREE_WHY_MAX]);

#endif
