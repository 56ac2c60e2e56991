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

/* In linux/swap.h up to 7.2, then in mm/internal.h. */
void lru_add_drain(void);

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

/*
 * The second reverse map of a tree with mm/cow_context.c: see
 * adapt/cow_context.c.  Of a tree without one, nothing is asked.
 */
struct rmap_walk_control;
#ifdef TREE_HAS_COW_CONTEXT
#define HAS_CONTEXTS true

void contexts_begin(void); /* an input */
void contexts_start_look(void);

/* @folio, mapped and met first in this look, names a context that is alive. */
bool contexts_note_folio(struct folio *folio, char why[TREE_WHY_MAX]);

/* As rmap_walk(), by contexts. */
void contexts_walk(struct folio *folio, struct rmap_walk_control *rwc);

/* Why contexts may not lead to @folio at page number @page of @mm, into @text. */
void contexts_reason(struct folio *folio, const struct mm_struct *mm,
		     unsigned long page, char *text, size_t size);

/* After all folios were noted: who is whose parent, and references. */
bool contexts_check(char why[TREE_WHY_MAX]);

/* After the last process: nothing is left. */
bool contexts_end(char why[TREE_WHY_MAX]);

/* Prints all of them, as a part of what the tree prints. */
void contexts_describe(void);
#else
#define HAS_CONTEXTS false

static inline void contexts_begin(void)
{
}

static inline void contexts_start_look(void)
{
}

static inline bool contexts_note_folio(struct folio *folio,
				       char why[TREE_WHY_MAX])
{
	return true;
}

static inline void contexts_walk(struct folio *folio,
				 struct rmap_walk_control *rwc)
{
}

static inline void contexts_reason(struct folio *folio,
				   const struct mm_struct *mm,
				   unsigned long page, char *text, size_t size)
{
}

static inline bool contexts_check(char why[TREE_WHY_MAX])
{
	return true;
}

static inline bool contexts_end(char why[TREE_WHY_MAX])
{
	return true;
}

static inline void contexts_describe(void)
{
}
#endif

/* What is left of what was allocated; see wraps.c. */
void glue_counts_save(void);
bool glue_counts_same(char why[TREE_WHY_MAX]);

#endif
