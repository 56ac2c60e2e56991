/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A context of the published proof of concept: what cow_poc.c and its checks
 * share.
 */
#ifndef RMAPDIFF_RMAP_COW_POC_H
#define RMAPDIFF_RMAP_COW_POC_H

#include <bsd/sys/queue.h>
#include "../mm/rmap_describe.h"
#include "../mm/vma.h"
#include "cow_poc_remaps.h"

/*
 * mm 8, maple tree 16, refcount and two spinlocks 12 (16), parent 8, children
 * 16, siblings 16, rcu_head 16: kmalloc-96.
 */
#define POC_CONTEXT_KERNEL_SIZE 96

TAILQ_HEAD(poc_context_list, poc_context);

struct poc_context {
	struct mm_struct *mm; /* NULL: gone */
	struct poc_context *parent;
	struct poc_context_list children; /* the youngest first */
	TAILQ_ENTRY(poc_context) sibling;
	u32 refcount; /* one for mm, each child, each folio */
	struct poc_remaps remaps; /* until the context goes, also without mm */
	struct rcu_head rcu;

	/*
	 * Repaired: there was no memory to record something at a point that
	 * cannot fail.  The walk looks at all VMAs then.
	 */
	bool incomplete;

	/* Books that a kernel would not keep; they are for the checks. */
	u64 mm_id; /* of its mm, also when that is gone */
	u64 nr_folios; /* that point to it */
	TAILQ_ENTRY(poc_context) entry; /* in poc_contexts->all */
};

/* A VMA before its range changes. */
struct poc_before {
	u64 start;
	u64 pages;
	pgoff_t pgoff;
};

/* What one reverse map has, rmap->priv. */
struct poc_contexts {
	u32 kind; /* of a context, in the ledger */
	struct poc_cache cache;
	struct remap_totals totals;
	struct poc_context_list all; /* made and not released */
	u64 nr;
	u64 made; /* ever */
	/* Between vma_range_change and vma_range_changed. */
	struct poc_before vma;
	struct poc_before adj_next;
};

static inline struct poc_contexts *poc_contexts_of(const struct rmap *rmap)
{
	return rmap->priv;
}

static inline struct poc_context *poc_mm_context(const struct rmap *rmap,
						 const struct mm_struct *mm)
{
	return mm->rmap_state[rmap->slot];
}

static inline struct poc_context *poc_folio_context(const struct rmap *rmap,
						    const struct folio *folio)
{
	return folio->rmap_state[rmap->slot];
}

/* How far the pages of @vma lie from their offsets: address - offset. */
static inline s64 poc_displacement(const struct vm_area_struct *vma)
{
	return (s64)(vma->vm_start - vma->vm_pgoff);
}

/* struct rmap_ops, walk, would_reach. */
void cow_poc_walk(struct rmap *rmap, struct folio *folio,
		  struct rmap_walk_control *rwc);
bool cow_poc_would_reach(struct rmap *rmap, struct folio *folio,
			 struct vm_area_struct *vma);

/* Accounts (cow_poc_accounts.c): @parent's list of children was written. */
void cow_poc_wrote_children(struct rmap *rmap,
			    const struct poc_context *parent);
void cow_poc_memory(struct rmap *rmap, struct rmap_memory *memory);

/* struct rmap_ops, check_vma, check_mm, check_all, describe, folio_owner. */
void cow_poc_check_vma(struct rmap *rmap, struct vm_area_struct *vma,
		       struct divergence *div);
void cow_poc_check_mm(struct rmap *rmap, struct mm_struct *mm,
		      struct divergence *div);
void cow_poc_check_all(struct rmap *rmap, struct divergence *div);
void cow_poc_describe(struct rmap *rmap, const struct rmap_describer *to);
const void *cow_poc_folio_owner(struct rmap *rmap, struct folio *folio);

#endif
