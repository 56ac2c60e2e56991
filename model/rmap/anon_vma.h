/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What anon_vma.c keeps and anon_vma_check.c looks at; of no use to others.
 *
 * After mainline's include/linux/rmap.h.  A VMA is tied to its own anon_vma and
 * to all ancestors of that one, by an anon_vma_chain (AVC) each:
 *
 *	A:	VMA --AVC--> 1				1 is the root
 *	B:	VMA --AVC--> 1, --AVC--> 2		2's parent is 1
 *	C:	VMA --AVC--> 1, --AVC--> 2, --AVC--> 3	3's parent is 2
 *
 * so a folio that belongs to 2 is looked for in B and in C, not in A.
 */
#ifndef RMAPDIFF_RMAP_ANON_VMA_H
#define RMAPDIFF_RMAP_ANON_VMA_H

#include <bsd/sys/queue.h>
#include "../base/itree.h"
#include "../base/sizes.h"
#include "../mm/vma.h"

/*
 * How many there are, counted where they are made and freed.  The kernel has no
 * such thing; checks hold its own counters against it.
 */
struct anon_vma_census {
	u32 children; /* whose parent this is; a root counts itself */
	u32 members; /* of a root: all below it, itself not counted */
};

RB_HEAD(avc_mm_tree, anon_vma_chain);

struct anon_vma {
	struct anon_vma *root;
	struct task_lock lock; /* only the root's is used; a rwsem */
	u32 walkers; /* walks that are between two of its tree's VMAs */
	u32 refcount;
	u32 num_children; /* whose parent this is; a root counts itself */
	u32 num_active_vmas; /* VMAs whose own anon_vma this is */
	struct anon_vma *parent;
	struct itree itree; /* of AVCs, by the page offsets of their VMAs */

	/* Below, what the kernel has not, or has in the slab. */
	u64 id; /* from 1, in order of birth; what reports call it */
	struct anon_vma_census census;
	LIST_ENTRY(anon_vma) living; /* in struct anon_vma_world */
	/* Of a root, with accounts: its AVCs by mm, and how many mms those are. */
	struct avc_mm_tree by_mm;
	u64 nr_mms;
	struct rcu_head rcu;
};

LIST_HEAD(anon_vma_list, anon_vma);

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	TAILQ_ENTRY(anon_vma_chain) same_vma;
	struct itree_node node; /* in anon_vma->itree */
	RB_ENTRY(anon_vma_chain) mm_rb; /* in a root's by_mm */
};

TAILQ_HEAD(avc_list, anon_vma_chain);

/* What struct vm_area_struct has of it; lies in the VMA's rmap_state. */
struct vma_anon {
	struct anon_vma *anon_vma; /* its own; NULL: unfaulted */
	struct avc_list chain; /* newest first */
} __attribute__((may_alias));

_Static_assert(sizeof(struct vma_anon) <= sizeof(struct rmap_vma),
	       "a VMA has no room for its anon_vma");

/* A section changes at most so many VMAs: vma_prepare()'s two, a split's three. */
#define ANON_VMA_SECTION_VMAS 4

/* rmap->priv: what all hierarchies of one machine share. */
struct anon_vma_world {
	u32 kind_anon_vma;
	u32 kind_avc;
	u64 nr_made;
	u64 nr_living;
	struct anon_vma_list living; /* allocated and not freed */
	/* With somebody watching: what the section that is open has done. */
	struct rmap_section section;
	struct vm_area_struct *section_vmas[ANON_VMA_SECTION_VMAS];
	/* Whom each task's last prepare gave an anon_vma: whose it may undo. */
	struct vm_area_struct *prepared[SCHED_TASKS_MAX];
};

static inline struct vma_anon *vma_anon(const struct rmap *rmap,
					struct vm_area_struct *vma)
{
	return (struct vma_anon *)&vma->rmap_state[rmap->slot];
}

static inline struct anon_vma_world *anon_vma_world(const struct rmap *rmap)
{
	return rmap->priv;
}

/* For rules that the kernel has as VM_WARN_ON(); the first that breaks is kept. */
#define anon_vma_warn_on(rmap, cond, ...)                                     \
	do {                                                                  \
		if (__builtin_expect(cond, 0))                                \
			divergence_set(&(rmap)->broken, DIVERGENCE_INVARIANT, \
				       __VA_ARGS__);                          \
	} while (0)

static inline bool has_bug(const struct rmap *rmap, enum bug bug)
{
	return bug_on(rmap->world->bugs, bug);
}

static inline bool chain_is_singular(const struct vma_anon *va)
{
	struct anon_vma_chain *first = TAILQ_FIRST(&va->chain);

	return first && !TAILQ_NEXT(first, same_vma);
}

/* The lock of a hierarchy is its root's. */
void anon_vma_lock_write(struct rmap *rmap, struct anon_vma *anon_vma);
void anon_vma_unlock_write(struct rmap *rmap, struct anon_vma *anon_vma);

/* Accounts (anon_vma_accounts.c): sections, and which mms a root has. */
void anon_vma_section_begin(struct rmap *rmap, struct anon_vma *anon_vma);
void anon_vma_section_end(struct rmap *rmap, struct anon_vma *anon_vma);
void anon_vma_account_link(struct rmap *rmap, struct anon_vma_chain *avc);
void anon_vma_account_unlink(struct rmap *rmap, struct anon_vma_chain *avc);
void anon_vma_memory(struct rmap *rmap, struct rmap_memory *memory);

/* By the range that avc->vma has now; with the lock held. */
void anon_vma_interval_tree_insert(struct rmap *rmap,
				   struct anon_vma_chain *avc);
void anon_vma_interval_tree_remove(struct rmap *rmap,
				   struct anon_vma_chain *avc);

/* rmap_ops->vma_prepare, vma_prepare_undo, vma_clone, vma_unlink. */
int anon_vma_prepare(struct rmap *rmap, struct vm_area_struct *vma);
void anon_vma_prepare_undo(struct rmap *rmap, struct vm_area_struct *vma);
int anon_vma_clone(struct rmap *rmap, struct vm_area_struct *dst,
		   struct vm_area_struct *src, enum rmap_clone why);
void unlink_anon_vmas(struct rmap *rmap, struct vm_area_struct *vma);

/* Gives back a reference; with the last one, @anon_vma goes. */
void put_anon_vma(struct rmap *rmap, struct anon_vma *anon_vma);

/* rmap_ops->check_vma and check_all. */
void anon_vma_check_vma(struct rmap *rmap, struct vm_area_struct *vma,
			struct divergence *div);
void anon_vma_check_all(struct rmap *rmap, struct divergence *div);

/* rmap_ops->describe and folio_owner. */
void anon_vma_describe(struct rmap *rmap, const struct rmap_describer *to);
const void *anon_vma_folio_owner(struct rmap *rmap, struct folio *folio);

#endif
