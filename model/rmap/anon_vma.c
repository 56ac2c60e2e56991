// SPDX-License-Identifier: GPL-2.0-only
/*
 * anon_vmas and their chains: prepare, clone, fork, unlink.  mm/rmap.c, 6.18;
 * where 7.0 orders things differently, that too, by world->as_of.
 */
#include <errno.h>
#include "anon_vma.h"

/* The lock of a hierarchy is its root's. */

void anon_vma_lock_write(struct rmap *rmap, struct anon_vma *anon_vma)
{
	struct task_lock *lock = &anon_vma->root->lock;
	struct sched *sched = rmap->world->sched;

	anon_vma_warn_on(rmap, task_lock_is_mine(sched, lock),
			 "the root lock of anon_vma %llu is taken twice",
			 (unsigned long long)anon_vma->id);
	task_lock_write(sched, lock, "anon_vma root");
	rmap->locks.write_sections++;
	if (rmap->watch)
		anon_vma_section_begin(rmap, anon_vma);
}

void anon_vma_unlock_write(struct rmap *rmap, struct anon_vma *anon_vma)
{
	struct task_lock *lock = &anon_vma->root->lock;
	struct sched *sched = rmap->world->sched;

	anon_vma_warn_on(rmap, !task_lock_is_written(sched, lock),
			 "the root lock of anon_vma %llu is given back twice",
			 (unsigned long long)anon_vma->id);
	task_unlock_write(sched, lock);
	if (rmap->watch)
		anon_vma_section_end(rmap, anon_vma);
}

/* Life of an anon_vma. */

/* As born, it is the root of a hierarchy of one; that has one reference. */
static struct anon_vma *anon_vma_alloc(struct rmap *rmap)
{
	struct anon_vma_world *aw = anon_vma_world(rmap);
	struct anon_vma *anon_vma;

	anon_vma = ledger_alloc(rmap->world->ledger, aw->kind_anon_vma,
				sizeof(*anon_vma));
	if (!anon_vma)
		return NULL;
	anon_vma->refcount = 1;
	anon_vma->parent = anon_vma;
	anon_vma->root = anon_vma;
	itree_init(&anon_vma->itree);
	anon_vma->id = ++aw->nr_made;
	aw->nr_living++;
	LIST_INSERT_HEAD(&aw->living, anon_vma, living);
	return anon_vma;
}

/*
 * A walker that found it through a folio may have taken its root's lock before it
 * looked whether the folio is mapped still: it is waited for.
 */
static void wait_for_walkers(struct rmap *rmap, struct anon_vma *anon_vma)
{
	struct sched *sched = rmap->world->sched;
	struct task_lock *lock = &anon_vma->root->lock;

	if (!sched || task_lock_is_free(lock))
		return;
	task_lock_write(sched, lock, "anon_vma root");
	task_unlock_write(sched, lock);
}

/* Its slab is SLAB_TYPESAFE_BY_RCU: walkers may still look at it. */
static void anon_vma_free(struct rmap *rmap, struct anon_vma *anon_vma)
{
	struct anon_vma_world *aw = anon_vma_world(rmap);

	wait_for_walkers(rmap, anon_vma);
	mark(rmap->world, POINT_COUNT_DROPPED);

	if (anon_vma->root != anon_vma)
		anon_vma->root->census.members--;
	aw->nr_living--;
	LIST_REMOVE(anon_vma, living);
	kfree_rcu(rmap->world->rcu, anon_vma, &anon_vma->rcu);
}

/* All below a root hold a reference on it, since its lock is theirs. */
void put_anon_vma(struct rmap *rmap, struct anon_vma *anon_vma)
{
	struct anon_vma *root = anon_vma->root;

	if (--anon_vma->refcount)
		return;
	anon_vma_free(rmap, anon_vma);
	if (root == anon_vma || has_bug(rmap, BUG_ROOT_PUT_MISSING))
		return;
	if (!--root->refcount)
		anon_vma_free(rmap, root);
}

/* A new root is its own child; so it is never taken for one to be reused. */
static void anon_vma_become_root(struct anon_vma *anon_vma)
{
	anon_vma->num_children++;
	anon_vma->census.children++;
}

static void anon_vma_set_parent(struct rmap *rmap, struct anon_vma *anon_vma,
				struct anon_vma *parent)
{
	anon_vma->parent = parent;
	anon_vma->root = parent->root;
	anon_vma->root->refcount++;
	parent->census.children++;
	parent->root->census.members++;
	if (!has_bug(rmap, BUG_FORK_NO_CHILD_COUNT))
		parent->num_children++;
}

static void anon_vma_leave_parent(struct anon_vma *anon_vma)
{
	anon_vma->parent->num_children--;
	anon_vma->parent->census.children--;
}

/* AVCs and the trees. */

static struct anon_vma_chain *anon_vma_chain_alloc(struct rmap *rmap)
{
	return ledger_alloc(rmap->world->ledger, anon_vma_world(rmap)->kind_avc,
			    sizeof(struct anon_vma_chain));
}

static void anon_vma_chain_free(struct rmap *rmap, struct anon_vma_chain *avc)
{
	ledger_free(rmap->world->ledger, avc);
}

static void anon_vma_assert_locked(struct rmap *rmap,
				   const struct anon_vma *anon_vma)
{
	struct sched *sched = rmap->world->sched;
	const struct task_lock *lock = &anon_vma->root->lock;

	if (sched && anon_vma->walkers && !task_lock_is_written(sched, lock))
		sched_break(sched, DIVERGENCE_RACE,
			    "the tree of anon_vma %llu changes under a walk",
			    (unsigned long long)anon_vma->id);
	anon_vma_warn_on(rmap,
			 !task_lock_is_written(sched, lock) &&
				 !has_bug(rmap, BUG_FORK_INSERTS_UNLOCKED),
			 "anon_vma %llu: tree changed without its root's lock",
			 (unsigned long long)anon_vma->id);
}

void anon_vma_interval_tree_insert(struct rmap *rmap,
				   struct anon_vma_chain *avc)
{
	anon_vma_assert_locked(rmap, avc->anon_vma);
	if (has_bug(rmap, BUG_TREE_NEW_BEFORE_OLD))
		itree_insert_before(&avc->anon_vma->itree, &avc->node,
				    avc->vma->vm_pgoff,
				    vma_last_pgoff(avc->vma));
	else
		itree_insert(&avc->anon_vma->itree, &avc->node,
			     avc->vma->vm_pgoff, vma_last_pgoff(avc->vma));
	if (rmap->world->accounts)
		anon_vma_account_link(rmap, avc);
}

void anon_vma_interval_tree_remove(struct rmap *rmap,
				   struct anon_vma_chain *avc)
{
	anon_vma_assert_locked(rmap, avc->anon_vma);
	if (rmap->world->accounts)
		anon_vma_account_unlink(rmap, avc);
	itree_remove(&avc->anon_vma->itree, &avc->node);
}

static void anon_vma_chain_assign(struct rmap *rmap, struct vm_area_struct *vma,
				  struct anon_vma_chain *avc,
				  struct anon_vma *anon_vma)
{
	avc->vma = vma;
	avc->anon_vma = anon_vma;
	TAILQ_INSERT_HEAD(&vma_anon(rmap, vma)->chain, avc, same_vma);
}

static void anon_vma_chain_link(struct rmap *rmap, struct vm_area_struct *vma,
				struct anon_vma_chain *avc,
				struct anon_vma *anon_vma)
{
	anon_vma_chain_assign(rmap, vma, avc, anon_vma);
	anon_vma_interval_tree_insert(rmap, avc);
}

static void anon_vma_chain_drop(struct rmap *rmap, struct vma_anon *va,
				struct anon_vma_chain *avc)
{
	TAILQ_REMOVE(&va->chain, avc, same_vma);
	if (!has_bug(rmap, BUG_AVC_NOT_FREED))
		anon_vma_chain_free(rmap, avc);
}

/* Unlink. */

/*
 * Takes the VMA's AVCs out of the trees.  Those whose anon_vma has no VMA any
 * more stay on the list: it must not be freed with its root's lock held.
 */
static void unlink_from_trees(struct rmap *rmap, struct vma_anon *va)
{
	struct anon_vma_chain *avc, *next;

	TAILQ_FOREACH_SAFE(avc, &va->chain, same_vma, next) {
		anon_vma_interval_tree_remove(rmap, avc);
		if (itree_empty(&avc->anon_vma->itree)) {
			anon_vma_leave_parent(avc->anon_vma);
			continue;
		}
		anon_vma_chain_drop(rmap, va, avc);
	}
}

static void put_empty_anon_vmas(struct rmap *rmap, struct vma_anon *va)
{
	struct anon_vma_chain *avc, *next;

	TAILQ_FOREACH_SAFE(avc, &va->chain, same_vma, next) {
		struct anon_vma *anon_vma = avc->anon_vma;

		anon_vma_warn_on(
			rmap,
			anon_vma->num_children || anon_vma->num_active_vmas,
			"anon_vma %llu goes with %u children, %u VMAs",
			(unsigned long long)anon_vma->id,
			anon_vma->num_children, anon_vma->num_active_vmas);
		put_anon_vma(rmap, anon_vma);
		anon_vma_chain_drop(rmap, va, avc);
	}
}

/* The VMA may stay; then its next fault prepares it anew. */
void unlink_anon_vmas(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct anon_vma_world *aw = anon_vma_world(rmap);
	struct vma_anon *va = vma_anon(rmap, vma);
	u64 living = aw->nr_living;
	struct anon_vma *root;
	u64 must_go = 0;

	if (TAILQ_EMPTY(&va->chain))
		return;
	root = TAILQ_FIRST(&va->chain)->anon_vma->root;
	anon_vma_lock_write(rmap, root);
	unlink_from_trees(rmap, va);
	if (va->anon_vma && !has_bug(rmap, BUG_ACTIVE_COUNT_NOT_LOWERED))
		va->anon_vma->num_active_vmas--;
	va->anon_vma = NULL;
	/* Every VMA of a hierarchy hangs on its root: this was the last one. */
	if (itree_empty(&root->itree))
		must_go = 1 + root->census.members;
	anon_vma_unlock_write(rmap, root);
	put_empty_anon_vmas(rmap, va);

	anon_vma_warn_on(
		rmap, !rmap->world->sched && living - aw->nr_living < must_go,
		"the last VMA goes, but not all %llu anon_vmas",
		(unsigned long long)must_go);
}

/* Prepare: a VMA gets its first anonymous folio. */

/* Could @a and @b, flags of access aside, be one VMA? */
static bool anon_vma_compatible(const struct vm_area_struct *a,
				const struct vm_area_struct *b)
{
	return a->vm_end == b->vm_start && a->vm_file == b->vm_file &&
	       !((a->vm_flags ^ b->vm_flags) & ~VM_ACCESS_FLAGS) &&
	       b->vm_pgoff == linear_page_index(a, b->vm_start);
}

/*
 * @old, one of the neighbours @a and @b, lends its anon_vma only where it is
 * not forked: a longer chain ties it to ancestors too, and the borrower would
 * have its own anon_vma only.
 */
static struct anon_vma *reusable_anon_vma(struct rmap *rmap,
					  struct vm_area_struct *old,
					  struct vm_area_struct *a,
					  struct vm_area_struct *b)
{
	struct vma_anon *va = vma_anon(rmap, old);

	if (!va->anon_vma || !anon_vma_compatible(a, b))
		return NULL;
	if (chain_is_singular(va) || has_bug(rmap, BUG_PREPARE_IGNORES_CHAIN))
		return va->anon_vma;
	return NULL;
}

/* What mprotect split is likely to merge again, if it shares its anon_vma. */
static struct anon_vma *find_mergeable_anon_vma(struct rmap *rmap,
						struct vm_area_struct *vma)
{
	struct vm_area_struct *next = vma_next(vma);
	struct vm_area_struct *prev = vma_prev(vma);
	struct anon_vma *anon_vma = NULL;

	if (next)
		anon_vma = reusable_anon_vma(rmap, next, vma, next);
	if (!anon_vma && prev)
		anon_vma = reusable_anon_vma(rmap, prev, prev, vma);
	return anon_vma;
}

/* What was allocated for it is not needed; a neighbour's stays the neighbour's. */
static void prepared_already(struct rmap *rmap, struct anon_vma *anon_vma,
			     struct anon_vma_chain *avc)
{
	if (itree_empty(&anon_vma->itree))
		put_anon_vma(rmap, anon_vma);
	anon_vma_chain_free(rmap, avc);
}

static struct vm_area_struct **prepared_by_me(struct rmap *rmap)
{
	struct sched *sched = rmap->world->sched;

	return &anon_vma_world(rmap)->prepared[sched ? sched->current : 0];
}

int anon_vma_prepare(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct vma_anon *va = vma_anon(rmap, vma);
	struct anon_vma_chain *avc;
	struct anon_vma *anon_vma;

	*prepared_by_me(rmap) = NULL;
	if (va->anon_vma)
		return 0;
	avc = anon_vma_chain_alloc(rmap);
	if (!avc)
		return -ENOMEM;
	anon_vma = find_mergeable_anon_vma(rmap, vma);
	if (!anon_vma) {
		anon_vma = anon_vma_alloc(rmap);
		if (!anon_vma)
			goto out_free_avc;
		anon_vma_become_root(anon_vma);
	}
	anon_vma_lock_write(rmap, anon_vma);
	/* Another fault in the same VMA can have come first, while this waited. */
	if (va->anon_vma) {
		anon_vma_unlock_write(rmap, anon_vma);
		prepared_already(rmap, anon_vma, avc);
		return 0;
	}
	va->anon_vma = anon_vma;
	anon_vma_chain_link(rmap, vma, avc, anon_vma);
	anon_vma->num_active_vmas++;
	if (!has_bug(rmap, BUG_PREPARE_KEEPS_LOCK))
		anon_vma_unlock_write(rmap, anon_vma);
	*prepared_by_me(rmap) = vma;
	return 0;

out_free_avc:
	anon_vma_chain_free(rmap, avc);
	return -ENOMEM;
}

void anon_vma_prepare_undo(struct rmap *rmap, struct vm_area_struct *vma)
{
	if (*prepared_by_me(rmap) == vma)
		unlink_anon_vmas(rmap, vma);
}

/* Clone and fork. */

/*
 * At fork, an anon_vma that lost its VMAs and has one child at most becomes the
 * child's own: else each generation of a process that forks and exits would
 * leave one behind.
 */
static bool anon_vma_reusable_at_fork(struct rmap *rmap,
				      const struct anon_vma *anon_vma,
				      struct vm_area_struct *src)
{
	/* One counter for both: that a leaf has an active VMA looks the same. */
	if (has_bug(rmap, BUG_DEGREE_DOUBLE_REUSE))
		return anon_vma != vma_anon(rmap, src)->anon_vma &&
		       anon_vma->num_children + anon_vma->num_active_vmas < 2;
	return anon_vma->num_children < 2 && anon_vma->num_active_vmas == 0;
}

static void maybe_reuse_anon_vma(struct rmap *rmap, struct vm_area_struct *dst,
				 struct anon_vma *anon_vma,
				 struct vm_area_struct *src)
{
	struct vma_anon *va = vma_anon(rmap, dst);

	if (has_bug(rmap, BUG_FORK_NO_REUSE))
		return;
	if (!va->anon_vma && anon_vma_reusable_at_fork(rmap, anon_vma, src))
		va->anon_vma = anon_vma;
}

/* The clone has an anon_vma of its own, unless it forks and reused none. */
static void count_active_vma(struct rmap *rmap, struct vma_anon *va,
			     enum rmap_clone why)
{
	if (!va->anon_vma)
		return;
	if (why == RMAP_CLONE_MERGE && has_bug(rmap, BUG_MERGE_NO_ACTIVE_COUNT))
		return;
	va->anon_vma->num_active_vmas++;
}

/* Without the lock there is a point where it would be taken. */
static bool clone_is_unlocked(struct rmap *rmap, enum rmap_clone why)
{
	return why == RMAP_CLONE_FORK &&
	       has_bug(rmap, BUG_FORK_INSERTS_UNLOCKED);
}

static void clone_lock(struct rmap *rmap, struct anon_vma *anon_vma,
		       enum rmap_clone why)
{
	if (clone_is_unlocked(rmap, why))
		mark(rmap->world, POINT_LOCK);
	else
		anon_vma_lock_write(rmap, anon_vma);
}

static void clone_unlock(struct rmap *rmap, struct anon_vma *anon_vma,
			 enum rmap_clone why)
{
	if (!clone_is_unlocked(rmap, why))
		anon_vma_unlock_write(rmap, anon_vma);
}

/* A chain of one is its own VMA's, which would not be linked at all. */
static bool clone_skips(struct rmap *rmap, const struct anon_vma_chain *pavc)
{
	return has_bug(rmap, BUG_CLONE_SKIPS_ROOT) &&
	       pavc->anon_vma == pavc->anon_vma->root &&
	       !chain_is_singular(vma_anon(rmap, pavc->vma));
}

/*
 * 6.18: each AVC is linked as soon as it is allocated.  Oldest first, each put
 * before the last: the copy has the source's order, and what is reused at fork
 * is the oldest that can be.
 */
static int clone_6_18(struct rmap *rmap, struct vm_area_struct *dst,
		      struct vm_area_struct *src, enum rmap_clone why)
{
	struct vma_anon *from = vma_anon(rmap, src);
	struct vma_anon *va = vma_anon(rmap, dst);
	struct anon_vma_chain *avc, *pavc;

	clone_lock(rmap, from->anon_vma, why);
	TAILQ_FOREACH_REVERSE(pavc, &from->chain, avc_list, same_vma) {
		if (clone_skips(rmap, pavc))
			continue;
		avc = anon_vma_chain_alloc(rmap);
		if (!avc)
			goto enomem_failure;
		anon_vma_chain_link(rmap, dst, avc, pavc->anon_vma);
		if (why == RMAP_CLONE_FORK)
			maybe_reuse_anon_vma(rmap, dst, pavc->anon_vma, src);
	}
	count_active_vma(rmap, va, why);
	clone_unlock(rmap, from->anon_vma, why);
	return 0;

enomem_failure:
	clone_unlock(rmap, from->anon_vma, why);
	/* Not counted there yet, so that unlinking must not take it back. */
	if (!has_bug(rmap, BUG_CLONE_ENOMEM_UNCOUNTED))
		va->anon_vma = NULL;
	if (!has_bug(rmap, BUG_CLONE_ENOMEM_HALF_LINKED))
		unlink_anon_vmas(rmap, dst);
	return -ENOMEM;
}

/* Nothing is in a tree yet. */
static void cleanup_partial_anon_vmas(struct rmap *rmap, struct vma_anon *va)
{
	struct anon_vma_chain *avc, *next;

	/* "mm/rmap: clear vma->anon_vma on error" */
	if (!has_bug(rmap, BUG_CLONE_ENOMEM_KEEPS_OWNER))
		va->anon_vma = NULL;
	if (has_bug(rmap, BUG_CLONE_ENOMEM_HALF_LINKED))
		return;
	TAILQ_FOREACH_SAFE(avc, &va->chain, same_vma, next)
		anon_vma_chain_drop(rmap, va, avc);
}

/*
 * 7.0: all AVCs are allocated before any is linked.  Newest first, each put
 * before the last: the copy has the source's order turned round.  They are
 * linked, and reused at fork, from the copy's end: in the source's order.
 */
static int clone_7_0(struct rmap *rmap, struct vm_area_struct *dst,
		     struct vm_area_struct *src, enum rmap_clone why)
{
	struct vma_anon *from = vma_anon(rmap, src);
	struct vma_anon *va = vma_anon(rmap, dst);
	struct anon_vma_chain *avc, *pavc;

	TAILQ_FOREACH(pavc, &from->chain, same_vma) {
		if (clone_skips(rmap, pavc))
			continue;
		avc = anon_vma_chain_alloc(rmap);
		if (!avc) {
			cleanup_partial_anon_vmas(rmap, va);
			return -ENOMEM;
		}
		anon_vma_chain_assign(rmap, dst, avc, pavc->anon_vma);
	}
	clone_lock(rmap, from->anon_vma, why);
	TAILQ_FOREACH_REVERSE(avc, &va->chain, avc_list, same_vma) {
		anon_vma_interval_tree_insert(rmap, avc);
		if (why == RMAP_CLONE_FORK)
			maybe_reuse_anon_vma(rmap, dst, avc->anon_vma, src);
	}
	count_active_vma(rmap, va, why);
	clone_unlock(rmap, from->anon_vma, why);
	return 0;
}

static int clone_chain(struct rmap *rmap, struct vm_area_struct *dst,
		       struct vm_area_struct *src, enum rmap_clone why)
{
	if (rmap->world->as_of == KERNEL_6_18)
		return clone_6_18(rmap, dst, src, why);
	return clone_7_0(rmap, dst, src, why);
}

/* An anon_vma of the child's own, below that of the parent's VMA. */
static void fork_link_own(struct rmap *rmap, struct vm_area_struct *vma,
			  struct vm_area_struct *pvma,
			  struct anon_vma *anon_vma, struct anon_vma_chain *avc)
{
	struct anon_vma *parent = vma_anon(rmap, pvma)->anon_vma;

	clone_lock(rmap, parent, RMAP_CLONE_FORK);
	anon_vma_set_parent(rmap, anon_vma, parent);
	anon_vma->num_active_vmas = 1;
	vma_anon(rmap, vma)->anon_vma = anon_vma;
	anon_vma_chain_link(rmap, vma, avc,
			    has_bug(rmap, BUG_FORK_LINKS_PARENT) ? parent :
								   anon_vma);
	clone_unlock(rmap, parent, RMAP_CLONE_FORK);
}

/* 6.18: clone first, allocate only if nothing was reused. */
static int fork_6_18(struct rmap *rmap, struct vm_area_struct *vma,
		     struct vm_area_struct *pvma)
{
	struct anon_vma_chain *avc;
	struct anon_vma *anon_vma;

	if (clone_chain(rmap, vma, pvma, RMAP_CLONE_FORK))
		return -ENOMEM;
	if (vma_anon(rmap, vma)->anon_vma)
		return 0;
	anon_vma = anon_vma_alloc(rmap);
	if (!anon_vma)
		goto out_unlink;
	avc = anon_vma_chain_alloc(rmap);
	if (!avc)
		goto out_put_anon_vma;
	fork_link_own(rmap, vma, pvma, anon_vma, avc);
	return 0;

out_put_anon_vma:
	if (!has_bug(rmap, BUG_FORK_ENOMEM_LEAKS))
		put_anon_vma(rmap, anon_vma);
out_unlink:
	unlink_anon_vmas(rmap, vma);
	return -ENOMEM;
}

/* 7.0: allocate first, give back what reuse or failure leaves unused. */
static int fork_7_0(struct rmap *rmap, struct vm_area_struct *vma,
		    struct vm_area_struct *pvma)
{
	struct anon_vma_chain *avc;
	struct anon_vma *anon_vma;
	int err = -ENOMEM;

	anon_vma = anon_vma_alloc(rmap);
	if (!anon_vma)
		return -ENOMEM;
	avc = anon_vma_chain_alloc(rmap);
	if (!avc)
		goto out_put_anon_vma;
	err = clone_chain(rmap, vma, pvma, RMAP_CLONE_FORK);
	if (err || vma_anon(rmap, vma)->anon_vma)
		goto out_free_avc;
	fork_link_own(rmap, vma, pvma, anon_vma, avc);
	return 0;

out_free_avc:
	anon_vma_chain_free(rmap, avc);
out_put_anon_vma:
	put_anon_vma(rmap, anon_vma);
	return err;
}

/*
 * "mm/rmap.c: reuse mergeable anon_vma as parent when fork" meant the VMA before
 * the child's.  At that time the child's vm_prev is still what the parent's is.
 */
static bool fork_shares(struct rmap *rmap, struct vm_area_struct *pvma)
{
	struct vm_area_struct *prev = vma_prev(pvma);

	return has_bug(rmap, BUG_FORK_SHARES_NEIGHBOURS) && prev &&
	       vma_anon(rmap, prev)->anon_vma == vma_anon(rmap, pvma)->anon_vma;
}

static int anon_vma_fork(struct rmap *rmap, struct vm_area_struct *vma,
			 struct vm_area_struct *pvma)
{
	if (fork_shares(rmap, pvma))
		vma_anon(rmap, vma)->anon_vma = vma_anon(rmap, pvma)->anon_vma;
	if (rmap->world->as_of == KERNEL_6_18)
		return fork_6_18(rmap, vma, pvma);
	return fork_7_0(rmap, vma, pvma);
}

/*
 * What reuse promises ("mm: prevent endless growth of anon_vma hierarchy",
 * 7a3ef208e662): a fork adds an anon_vma only where each of the chain is needed,
 * having an active VMA or two children at least.  So the chain of a process
 * that is born of dead ones only does not grow with their number.  It holds when
 * the fork adds one; exits leave idle ones behind, for the next fork to reuse.
 */
static void expect_no_growth(struct rmap *rmap, struct vm_area_struct *vma,
			     u64 nr_made)
{
	struct vma_anon *va = vma_anon(rmap, vma);
	struct anon_vma_chain *avc;

	/*
	 * Made just now: 7.0 makes one in any case, and one that is reused can be
	 * the youngest of those that were there.
	 */
	if (va->anon_vma->id <= nr_made)
		return;
	/*
	 * Between the look for one to reuse and the new one's link the lock is
	 * not held: others may leave one idle there, and make their own.
	 */
	if (rmap->world->sched)
		return;
	TAILQ_FOREACH(avc, &va->chain, same_vma) {
		const struct anon_vma *old = avc->anon_vma;

		anon_vma_warn_on(
			rmap, !old->num_active_vmas && old->census.children < 2,
			"fork adds anon_vma %llu, and %llu is idle",
			(unsigned long long)va->anon_vma->id,
			(unsigned long long)old->id);
	}
}

int anon_vma_clone(struct rmap *rmap, struct vm_area_struct *dst,
		   struct vm_area_struct *src, enum rmap_clone why)
{
	struct vma_anon *from = vma_anon(rmap, src);
	struct vma_anon *va = vma_anon(rmap, dst);
	u64 nr_made = anon_vma_world(rmap)->nr_made;
	int err;

	anon_vma_warn_on(rmap, va->anon_vma || !TAILQ_EMPTY(&va->chain),
			 "a clone into a VMA that has an anon_vma already");
	if (!from->anon_vma || va->anon_vma)
		return 0;
	if (why == RMAP_CLONE_SPLIT && has_bug(rmap, BUG_SPLIT_NO_CLONE))
		return 0;
	if (why == RMAP_CLONE_FORK) {
		err = anon_vma_fork(rmap, dst, src);
		if (!err)
			expect_no_growth(rmap, dst, nr_made);
	} else if (why == RMAP_CLONE_MERGE &&
		   has_bug(rmap, BUG_MERGE_OWNS_LATE)) {
		err = clone_chain(rmap, dst, src, why);
		va->anon_vma = err ? NULL : from->anon_vma;
	} else {
		va->anon_vma = from->anon_vma;
		err = clone_chain(rmap, dst, src, why);
	}
	/* The VMA will be freed: what hangs on it would be left dangling. */
	anon_vma_warn_on(rmap, err && !TAILQ_EMPTY(&va->chain),
			 "a clone that failed left its VMA half linked");
	return err;
}
