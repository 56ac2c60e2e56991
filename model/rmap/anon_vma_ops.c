// SPDX-License-Identifier: GPL-2.0-only
/*
 * anon_vma as a reverse map among others: changing ranges, merging, folios, the
 * walk, and the table of hooks.  mm/vma.c and mm/rmap.c, 6.18.
 *
 * It must be the deciding reverse map where there are several: it cannot follow
 * merges of VMAs whose anon_vmas differ.
 */
#include <errno.h>
#include <stdlib.h>
#include "anon_vma.h"
#include "rmaps.h"

/* Ranges that change. */

/* Whose lock covers what @vp changes; NULL: no tree holds any of it. */
static struct anon_vma *range_anon_vma(struct rmap *rmap,
				       const struct vma_prepare *vp)
{
	struct anon_vma *anon_vma = vma_anon(rmap, vp->vma)->anon_vma;

	if (has_bug(rmap, BUG_AVC_LEFT_IN_TREE))
		return NULL;
	if (!anon_vma && vp->adj_next)
		anon_vma = vma_anon(rmap, vp->adj_next)->anon_vma;
	return anon_vma;
}

static void pre_update_vma(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;

	TAILQ_FOREACH(avc, &vma_anon(rmap, vma)->chain, same_vma)
		anon_vma_interval_tree_remove(rmap, avc);
}

static void post_update_vma(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;

	TAILQ_FOREACH(avc, &vma_anon(rmap, vma)->chain, same_vma)
		anon_vma_interval_tree_insert(rmap, avc);
}

static void anon_vma_range_change(struct rmap *rmap, struct vma_prepare *vp)
{
	struct anon_vma *anon_vma = range_anon_vma(rmap, vp);

	if (!anon_vma)
		return;
	anon_vma_lock_write(rmap, anon_vma);
	pre_update_vma(rmap, vp->vma);
	if (vp->adj_next)
		pre_update_vma(rmap, vp->adj_next);
}

static void anon_vma_range_changed(struct rmap *rmap, struct vma_prepare *vp)
{
	struct anon_vma *anon_vma = range_anon_vma(rmap, vp);

	if (!anon_vma)
		return;
	post_update_vma(rmap, vp->vma);
	if (vp->adj_next)
		post_update_vma(rmap, vp->adj_next);
	anon_vma_unlock_write(rmap, anon_vma);
}

/* anon_vma_merge(). */
static void anon_vma_absorbed(struct rmap *rmap, struct vm_area_struct *vma,
			      struct vm_area_struct *removed)
{
	struct anon_vma *own = vma_anon(rmap, vma)->anon_vma;
	struct anon_vma *gone = vma_anon(rmap, removed)->anon_vma;

	if (!gone || has_bug(rmap, BUG_ABSORBED_STAYS_LINKED))
		return;
	anon_vma_warn_on(rmap, gone != own,
			 "a VMA of anon_vma %llu was merged into one of %llu",
			 (unsigned long long)gone->id,
			 (unsigned long long)(own ? own->id : 0));
	unlink_anon_vmas(rmap, removed);
}

/* Merging. */

/*
 * A chain of more than one: @vma came by fork, and its folios may be shared with
 * ancestors.  Such a one is not made larger, for the sake of the root's lock.
 */
static bool vma_is_fork_child(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct vma_anon *va;

	if (!vma)
		return false;
	va = vma_anon(rmap, vma);
	return va->anon_vma && !chain_is_singular(va);
}

static struct anon_vma *own_anon_vma(struct rmap *rmap,
				     struct vm_area_struct *vma)
{
	return vma ? vma_anon(rmap, vma)->anon_vma : NULL;
}

/* is_mergeable_anon_vma(). */
static bool anon_vma_may_merge(struct rmap *rmap,
			       const struct vma_merge_struct *vmg,
			       struct vm_area_struct *tgt)
{
	struct anon_vma *src_anon = own_anon_vma(rmap, vmg->anon_src);
	struct anon_vma *tgt_anon = own_anon_vma(rmap, tgt);

	/* The target will get a clone of the source's chain. */
	if (!tgt_anon && src_anon)
		return !vma_is_fork_child(rmap, vmg->middle) &&
		       !vma_is_fork_child(rmap, vmg->copied_from);
	if (tgt_anon && !src_anon)
		return !vma_is_fork_child(rmap, tgt);
	return tgt_anon == src_anon;
}

static bool anon_vma_may_merge_both(struct rmap *rmap,
				    const struct vma_merge_struct *vmg)
{
	struct anon_vma *prev = own_anon_vma(rmap, vmg->prev);
	struct anon_vma *next = own_anon_vma(rmap, vmg->next);

	return !prev || !next || prev == next;
}

/* Folios. */

static struct anon_vma *folio_anon_vma(const struct rmap *rmap,
				       const struct folio *folio)
{
	return folio->rmap_state[rmap->slot];
}

/* No reference is taken: a folio that is mapped has a VMA that has one. */
static void folio_set_anon_vma(const struct rmap *rmap, struct folio *folio,
			       struct anon_vma *anon_vma)
{
	folio->rmap_state[rmap->slot] = anon_vma;
}

/*
 * What others may have mapped before belongs to the oldest, from which all can
 * be found.  __folio_set_anon().
 */
static void anon_vma_folio_new(struct rmap *rmap, struct folio *folio,
			       struct vm_area_struct *vma, bool exclusive)
{
	struct anon_vma *anon_vma = vma_anon(rmap, vma)->anon_vma;

	anon_vma_warn_on(rmap, !anon_vma,
			 "folio %llu is new in an unfaulted VMA",
			 (unsigned long long)folio->id);
	if (anon_vma && !exclusive)
		anon_vma = anon_vma->root;
	folio_set_anon_vma(rmap, folio, anon_vma);
}

/* folio_move_anon_rmap(). */
static void anon_vma_folio_move(struct rmap *rmap, struct folio *folio,
				struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma_anon(rmap, vma)->anon_vma;

	anon_vma_warn_on(rmap, !anon_vma,
			 "folio %llu moves to an unfaulted VMA",
			 (unsigned long long)folio->id);
	folio_set_anon_vma(rmap, folio, anon_vma);
}

static void anon_vma_folio_migrate(struct rmap *rmap, struct folio *folio,
				   struct folio *old)
{
	folio_set_anon_vma(rmap, folio, folio_anon_vma(rmap, old));
}

static void anon_vma_folio_free(struct rmap *rmap, struct folio *folio)
{
	folio_set_anon_vma(rmap, folio, NULL);
}

/* The walk. */

/* What no reference keeps may be gone when the lock could be had: then it is not. */
static void anon_vma_lock_read(struct rmap *rmap, struct anon_vma *anon_vma)
{
	struct task_lock *lock = &anon_vma->root->lock;
	struct sched *sched = rmap->world->sched;

	anon_vma_warn_on(rmap, task_lock_is_written(sched, lock),
			 "a walk begins while anon_vma %llu changes",
			 (unsigned long long)anon_vma->id);
	if (!task_lock_read_in(sched, lock, "anon_vma root", anon_vma->root))
		return;
	rmap->locks.read_sections++;
	if (rmap->watch)
		rmap->watch->read(rmap->watch->arg, rmap,
				  anon_vma->root->nr_mms);
}

static void anon_vma_unlock_read(struct rmap *rmap, struct anon_vma *anon_vma)
{
	task_unlock_read(rmap->world->sched, &anon_vma->root->lock);
}

/* What keeps @anon_vma while nothing maps the folio.  folio_get_anon_vma(). */
static void *anon_vma_owner_get(struct rmap *rmap, struct folio *folio)
{
	struct anon_vma *anon_vma = folio_anon_vma(rmap, folio);

	if (!anon_vma || !folio->mapcount)
		return NULL;
	anon_vma->refcount++;
	return anon_vma;
}

static void anon_vma_owner_put(struct rmap *rmap, void *owner)
{
	put_anon_vma(rmap, owner);
}

/*
 * The folio's anon_vma, kept; NULL when nobody maps the folio: then it may be gone.
 * It is still there for whoever is in a section of RCU, which tells the two apart.
 */
static struct anon_vma *get_mapped(struct rmap *rmap, struct folio *folio)
{
	struct anon_vma *anon_vma;

	rcu_read_lock(rmap->world->rcu);
	anon_vma = folio_anon_vma(rmap, folio);
	if (anon_vma && folio->mapcount && anon_vma->refcount)
		anon_vma->refcount++;
	else
		anon_vma = NULL;
	rcu_read_unlock(rmap->world->rcu);
	return anon_vma;
}

/*
 * The same, its root locked.  Without the folio's lock a write to it may give it
 * another owner meanwhile.  The kernel takes a reference only where the lock must
 * be waited for, which is not done within RCU.  folio_lock_anon_vma_read().
 */
static struct anon_vma *lock_mapped(struct rmap *rmap, struct folio *folio)
{
	struct anon_vma *anon_vma;

	while ((anon_vma = get_mapped(rmap, folio))) {
		anon_vma_lock_read(rmap, anon_vma);
		if (folio_anon_vma(rmap, folio) == anon_vma)
			break;
		anon_vma_unlock_read(rmap, anon_vma);
		put_anon_vma(rmap, anon_vma);
	}
	if (!anon_vma)
		return NULL;
	if (--anon_vma->refcount)
		return anon_vma;
	/* It was the last: nobody maps the folio. */
	anon_vma->refcount++;
	anon_vma_unlock_read(rmap, anon_vma);
	put_anon_vma(rmap, anon_vma);
	return NULL;
}

/* A migration that puts entries back has kept the owner, and nothing is mapped. */
static struct anon_vma *lock_kept(struct rmap *rmap, struct folio *folio)
{
	struct anon_vma *anon_vma = folio_anon_vma(rmap, folio);

	if (!anon_vma)
		return NULL;
	expect_live(rmap->world, anon_vma, "anon_vma");
	anon_vma_lock_read(rmap, anon_vma);
	expect_live(rmap->world, anon_vma, "anon_vma");
	return anon_vma;
}

static struct anon_vma *rmap_walk_anon_lock(struct rmap *rmap,
					    struct folio *folio,
					    const struct rmap_walk_control *rwc)
{
	return rwc->restoring ? lock_kept(rmap, folio) :
				lock_mapped(rmap, folio);
}

/* rmap_walk_anon(). */
static void anon_vma_walk(struct rmap *rmap, struct folio *folio,
			  struct rmap_walk_control *rwc)
{
	struct rmap_walk_stats *stats = rwc->stats;
	pgoff_t index = folio->index;
	struct anon_vma *anon_vma;
	struct itree_node *node;

	stats->walks++;
	anon_vma = rmap_walk_anon_lock(rmap, folio, rwc);
	if (!anon_vma)
		return;
	anon_vma->walkers++;
	for (node = itree_iter_first(&anon_vma->itree, index, index,
				     &stats->nodes);
	     node; node = itree_iter_next(node, index, index, &stats->nodes)) {
		struct anon_vma_chain *avc =
			container_of(node, struct anon_vma_chain, node);
		struct vm_area_struct *vma = avc->vma;
		u64 address = vma->vm_start + (index - vma->vm_pgoff);

		mark(rmap->world, POINT_WALK_VMA);
		stats->vmas++;
		stats->found += rwc->rmap_one(folio, vma, address, rwc->arg);
		mark(rmap->world, POINT_WALK_VISITED);
	}
	anon_vma->walkers--;
	anon_vma_unlock_read(rmap, anon_vma);
}

/*
 * Where a walk might come to the new place first it must not come between; see
 * the order of equal offsets in base/itree.h.  take_rmap_locks().
 */
static bool move_needs_lock(struct rmap *rmap, struct vm_area_struct *vma,
			    bool ordered)
{
	return !ordered && vma_anon(rmap, vma)->anon_vma &&
	       !has_bug(rmap, BUG_MOVE_WITHOUT_RMAP_LOCKS);
}

static void anon_vma_move_begin(struct rmap *rmap, struct vm_area_struct *vma,
				struct vm_area_struct *new, bool ordered)
{
	if (move_needs_lock(rmap, vma, ordered))
		anon_vma_lock_write(rmap, vma_anon(rmap, vma)->anon_vma);
}

static void anon_vma_move_end(struct rmap *rmap, struct vm_area_struct *vma,
			      struct vm_area_struct *new, bool ordered)
{
	if (move_needs_lock(rmap, vma, ordered))
		anon_vma_unlock_write(rmap, vma_anon(rmap, vma)->anon_vma);
}

/* The interface. */

static int anon_vma_init(struct rmap *rmap)
{
	struct ledger *ledger = rmap->world->ledger;
	struct anon_vma_world *aw = ledger_tool_alloc(ledger, sizeof(*aw));

	if (!aw)
		return -ENOMEM;
	aw->kind_anon_vma = ledger_kind(ledger, "anon_vma", KERNEL_ANON_VMA);
	aw->kind_avc =
		ledger_kind(ledger, "anon_vma_chain", KERNEL_ANON_VMA_CHAIN);
	LIST_INIT(&aw->living);
	rmap->priv = aw;
	return 0;
}

static void anon_vma_exit(struct rmap *rmap)
{
	ledger_tool_free(rmap->world->ledger, rmap->priv,
			 sizeof(struct anon_vma_world));
	rmap->priv = NULL;
}

/* An mm has nothing of its own: all hangs on its VMAs. */
static int anon_vma_mm_init(struct rmap *rmap, struct mm_struct *mm,
			    struct mm_struct *oldmm)
{
	return 0;
}

static void anon_vma_mm_exit(struct rmap *rmap, struct mm_struct *mm)
{
}

static void anon_vma_check_mm(struct rmap *rmap, struct mm_struct *mm,
			      struct divergence *div)
{
}

static void anon_vma_vma_init(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct vma_anon *va = vma_anon(rmap, vma);

	va->anon_vma = NULL;
	TAILQ_INIT(&va->chain);
}

static bool anon_vma_vma_faulted(struct rmap *rmap, struct vm_area_struct *vma)
{
	return vma_anon(rmap, vma)->anon_vma;
}

static void anon_vma_clone_undo(struct rmap *rmap, struct vm_area_struct *dst,
				struct vm_area_struct *src, enum rmap_clone why)
{
	unlink_anon_vmas(rmap, dst);
}

const struct rmap_ops anon_vma_rmap_ops = {
	.name = "anon_vma",
	.text = "what Linux has: anon_vma and anon_vma_chain per VMA, mm/rmap.c",
	.bugs = BUG_OF_ANON_VMA,
	.init = anon_vma_init,
	.exit = anon_vma_exit,
	.mm_init = anon_vma_mm_init,
	.mm_exit = anon_vma_mm_exit,
	.vma_init = anon_vma_vma_init,
	.vma_faulted = anon_vma_vma_faulted,
	.vma_prepare = anon_vma_prepare,
	.vma_prepare_undo = anon_vma_prepare_undo,
	.vma_clone = anon_vma_clone,
	.vma_clone_undo = anon_vma_clone_undo,
	.vma_range_change = anon_vma_range_change,
	.vma_range_changed = anon_vma_range_changed,
	.vma_absorbed = anon_vma_absorbed,
	.vma_unlink = unlink_anon_vmas,
	.may_merge = anon_vma_may_merge,
	.may_merge_both = anon_vma_may_merge_both,
	.move_begin = anon_vma_move_begin,
	.move_end = anon_vma_move_end,
	.owner_get = anon_vma_owner_get,
	.owner_put = anon_vma_owner_put,
	.folio_new = anon_vma_folio_new,
	.folio_move = anon_vma_folio_move,
	.folio_migrate = anon_vma_folio_migrate,
	.folio_free = anon_vma_folio_free,
	.walk = anon_vma_walk,
	.check_vma = anon_vma_check_vma,
	.check_mm = anon_vma_check_mm,
	.check_all = anon_vma_check_all,
	.describe = anon_vma_describe,
	.folio_owner = anon_vma_folio_owner,
	.memory = anon_vma_memory,
	.locks = 1U << RMAP_LOCK_ROOT,
	.walks_block = true,
};
