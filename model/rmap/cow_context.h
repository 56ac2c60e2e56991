/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cow_context: what cow_context.c and its checks share.  How it works, and
 * why it is right, stands at the top of cow_context.c.
 */
#ifndef RMAPDIFF_RMAP_COW_CONTEXT_H
#define RMAPDIFF_RMAP_COW_CONTEXT_H

#include <bsd/sys/queue.h>
#include "../base/sizes.h"
#include "../mm/vma.h"
#include "remaps.h"

TAILQ_HEAD(cow_context_list, cow_context);

struct cow_context {
	struct mm_struct *mm; /* NULL: gone, the context outlives it */
	struct cow_context *parent; /* of the mm that this one was forked from */
	struct cow_context_list children;
	TAILQ_ENTRY(cow_context) sibling; /* in parent->children */
	u32 refcount; /* one for mm, each child, each folio */
	struct remaps remaps;
	struct rcu_head rcu;

	/* For those that stabilise; each has its own use for one or two. */
	u64 seq; /* raised when a page begins to move, and when it has */
	u64 zero_stamp; /* of the last move to displacement 0; remap->stamp */
	struct task_lock lock;
	u32 lock_depth; /* how often its writer has it */
	u64 lock_since; /* mm->pte_changes when it was taken */

	/* Books that a kernel would not keep; they are for the checks. */
	u64 nr_folios; /* that point to it */
	u64 nr_children;
	u64 mm_id; /* mm->id, also when mm is gone */
	TAILQ_ENTRY(cow_context) entry; /* in cow_contexts->all */
};

/* What one reverse map has, rmap->priv. */
struct cow_contexts {
	u32 kind; /* of a context, in the ledger */
	struct remap_cache remap_cache;
	struct remap_totals totals;
	struct cow_context_list all; /* made and not released */
	u64 nr; /* how many */
	u64 made; /* how many, ever */
};

static inline struct cow_contexts *cow_contexts_of(const struct rmap *rmap)
{
	return rmap->priv;
}

static inline struct cow_context *mm_context(const struct rmap *rmap,
					     const struct mm_struct *mm)
{
	return mm->rmap_state[rmap->slot];
}

static inline struct cow_context *folio_context(const struct rmap *rmap,
						const struct folio *folio)
{
	return folio->rmap_state[rmap->slot];
}

/* The mark that stands for vma->anon_vma != NULL, in the VMA's first word. */
static inline bool vma_is_marked(const struct rmap *rmap,
				 const struct vm_area_struct *vma)
{
	return vma->rmap_state[rmap->slot].word[0];
}

/* How far the pages of @vma lie from their offsets: address - offset. */
static inline s64 vma_displacement(const struct vm_area_struct *vma)
{
	return (s64)(vma->vm_start - vma->vm_pgoff);
}

/* struct rmap_ops, check_vma, check_mm, check_offsets, check_all. */
void cow_context_check_vma(struct rmap *rmap, struct vm_area_struct *vma,
			   struct divergence *div);
void cow_context_check_mm(struct rmap *rmap, struct mm_struct *mm,
			  struct divergence *div);
void cow_context_check_offsets(struct rmap *rmap, struct mm_struct *mm,
			       pgoff_t first, pgoff_t last,
			       struct divergence *div);
void cow_context_check_all(struct rmap *rmap, struct divergence *div);

/* Accounts (cow_context_accounts.c); @changes: totals.changes before. */
void cow_context_wrote_children(struct rmap *rmap, u64 nr_children);
void cow_context_wrote_remaps(struct rmap *rmap, u64 changes);

/* struct rmap_ops, memory. */
void cow_context_memory(struct rmap *rmap, struct rmap_memory *memory);

/* struct rmap_ops, describe and folio_owner. */
void cow_context_describe(struct rmap *rmap, const struct rmap_describer *to);
const void *cow_context_folio_owner(struct rmap *rmap, struct folio *folio);

#endif
