// SPDX-License-Identifier: GPL-2.0-only
/*
 * cow_context: the reverse map by address space instead of by VMA, as proposed
 * on linux-mm, made correct.
 *
 * Every mm has a context; contexts form the tree of forks.  A folio points to
 * the context of the mm that faulted it in, or of the last that had it to itself
 * and wrote to it:
 *
 *	 A's context  <----- folio, index 0x10, mapped by B and C
 *	 mm: gone	     (it stays A's until somebody writes to it)
 *	 |
 *	 +-- B's context	remaps: none	       -> B, address 0x10
 *	      |
 *	      +-- C's context	remaps: 0x0-0x1f +0x40 -> C, address 0x10
 *							  C, address 0x50
 *
 * The walk looks, in each mm from the folio's context down, at the address that
 * equals the folio's index and at the places that the mm's remaps add.
 *
 * Why it misses no mapping:
 *
 * 1. Every mm that maps a folio belongs to the folio's context or to one below.
 *    A fault: the folio is pointed to the faulting mm's context, and only that
 *    mm maps it.  fork: the child maps what the parent maps, and the child's
 *    context is below the parent's, from before the first page is copied.
 *    Reuse: the folio is pointed to the context of the one mm that maps it.
 *    Migration: the new folio takes over entries and context of the old one.
 *    mremap stays within its mm; unmapping, exit and exec take mms away; what
 *    exec makes maps nothing.
 * 2. No link of the way down is lost.  A context goes when nothing refers to it,
 *    and each child refers to its parent, so all that is above a living mm's
 *    context stays, whether or not its own mm lives.
 * 3. In each mm every place is looked at.  What maps the folio at address a lies
 *    in a VMA whose offset at a is the folio's index: a = index + displacement of
 *    the VMA, and the index is one of the VMA's offsets.  The VMA is faulted, as
 *    nothing maps an anonymous folio into one that is not.  Displacement 0 is
 *    always looked at; every other one is recorded, because
 *
 *	the remaps of a living mm's context are exactly the (offsets,
 *	displacement) of its faulted VMAs whose displacement is not 0.
 *
 *    Not its VMAs: their union.  Splits and merges leave it as it is, and that is
 *    why an area which was moved and then cut into a hundred VMAs costs one
 *    remap.  It changes where a VMA becomes faulted (first fault, fork, mremap's
 *    copy, a merge with a faulted one), where a faulted one grows, and where one
 *    is unlinked: those are the hooks below.
 *
 *    The one exception: when there is no memory to cut a remap in two, more stays
 *    recorded than is there.  An unmap cannot fail for that, and need not: the
 *    walk believes no remap, it asks the VMA for its displacement.
 *
 * Why it visits no place twice: displacement 0 is never recorded, any other one
 * holds each offset at most once, and (offset, displacement) is an address.
 *
 * Why it may stop early: see walk_done(), in cow_context_walk.c.
 *
 * Nothing here takes a lock over the hierarchy.  Walkers rely on RCU: contexts
 * and remaps are freed a grace period after they were unlinked, and keep their
 * own links until then.  So nothing that is freed is touched; but 3 holds at any
 * one time, and a walk takes its time: while it goes from place to place, pages
 * move.  What can be done about that is tried in cow_stab.h.
 */
#include <errno.h>
#include <stdlib.h>
#include "cow_stab.h"
#include "rmaps.h"

static int cow_context_init(struct rmap *rmap)
{
	struct mm_world *world = rmap->world;
	/* Stands for two slab caches: no object of the machine's. */
	struct cow_contexts *contexts =
		ledger_tool_alloc(world->ledger, sizeof(*contexts));

	if (!contexts)
		return -ENOMEM;
	contexts->kind =
		ledger_kind(world->ledger, "cow_context", KERNEL_COW_CONTEXT);
	contexts->remap_cache = (struct remap_cache){
		.ledger = world->ledger,
		.rcu = world->rcu,
		.bugs = world->bugs,
		.kind = ledger_kind(world->ledger, "remap", REMAP_KERNEL_SIZE),
	};
	TAILQ_INIT(&contexts->all);
	rmap->priv = contexts;
	return 0;
}

static void cow_context_exit(struct rmap *rmap)
{
	ledger_tool_free(rmap->world->ledger, rmap->priv,
			 sizeof(struct cow_contexts));
	rmap->priv = NULL;
}

/* Contexts: made with an mm, and released by the last that refers to them. */

void cow_context_get(struct cow_context *ctx)
{
	ctx->refcount++;
}

/*
 * At the end of the list: a fork during a walk puts its child where the walk
 * will come by.
 */
static void context_join(struct rmap *rmap, struct cow_context *ctx,
			 struct cow_context *parent)
{
	ctx->parent = parent;
	TAILQ_INSERT_TAIL(&parent->children, ctx, sibling);
	parent->nr_children++;
	cow_context_wrote_children(rmap, parent->nr_children);
	if (bug_on(rmap->world->bugs, BUG_CHILD_REF_NOT_TAKEN))
		return;
	cow_context_get(parent);
}

/* ctx->parent stays, for the walker that is here and wants to go back up. */
static void context_leave(struct rmap *rmap, struct cow_context *ctx)
{
	TAILQ_REMOVE(&ctx->parent->children, ctx, sibling);
	cow_context_wrote_children(rmap, ctx->parent->nr_children--);
}

static void context_release(struct rmap *rmap, struct cow_context *ctx)
{
	struct cow_contexts *contexts = cow_contexts_of(rmap);

	TAILQ_REMOVE(&contexts->all, ctx, entry);
	contexts->nr--;
	if (bug_on(rmap->world->bugs, BUG_CONTEXT_NOT_FREED))
		return;
	if (bug_on(rmap->world->bugs, BUG_CONTEXT_FREED_WITHOUT_GRACE_PERIOD)) {
		ledger_free(rmap->world->ledger, ctx);
		return;
	}
	kfree_rcu(rmap->world->rcu, ctx, &ctx->rcu);
}

/*
 * With the last reference a context goes, and with it the reference that it
 * holds on its parent; and so on up to the first that is referenced still.
 * @may_pause: nothing is locked that others could wait for.
 */
void cow_context_put(struct rmap *rmap, struct cow_context *ctx, bool may_pause)
{
	while (ctx) {
		struct cow_context *parent = ctx->parent;

		if (!ctx->refcount) {
			divergence_set(&rmap->broken, DIVERGENCE_REFCOUNT,
				       "a context lost a reference it had not");
			return;
		}
		if (--ctx->refcount)
			return;
		if (may_pause)
			mark(rmap->world, POINT_COUNT_DROPPED);
		if (parent)
			context_leave(rmap, ctx);
		if (parent && may_pause)
			mark(rmap->world, POINT_CONTEXT_LEFT);
		context_release(rmap, ctx);
		ctx = parent;
	}
}

static struct cow_context *parent_of_fork(struct rmap *rmap,
					  struct mm_struct *oldmm)
{
	struct cow_context *parent = mm_context(rmap, oldmm);

	if (parent->parent &&
	    bug_on(rmap->world->bugs, BUG_CHILD_JOINS_GRANDPARENT))
		return parent->parent;
	return parent;
}

static int cow_context_mm_init(struct rmap *rmap, struct mm_struct *mm,
			       struct mm_struct *oldmm)
{
	struct cow_contexts *contexts = cow_contexts_of(rmap);
	struct cow_context *ctx;

	ctx = ledger_alloc(rmap->world->ledger, contexts->kind, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	ctx->mm = mm;
	ctx->mm_id = mm->id;
	ctx->refcount = 1;
	TAILQ_INIT(&ctx->children);
	contexts->remap_cache.totals = mm->world->accounts ? &contexts->totals :
							     NULL;
	remaps_init(&ctx->remaps, &contexts->remap_cache);
	ctx->zero_stamp = ++ctx->remaps.stamp;
	TAILQ_INSERT_TAIL(&contexts->all, ctx, entry);
	contexts->nr++;
	contexts->made++;
	mm->rmap_state[rmap->slot] = ctx;
	if (!oldmm)
		return 0;
	context_join(rmap, ctx, parent_of_fork(rmap, oldmm));
	mark(mm->world, POINT_CONTEXT_JOINED);
	return 0;
}

static void cow_context_mm_exit(struct rmap *rmap, struct mm_struct *mm)
{
	struct cow_context *ctx = mm_context(rmap, mm);

	/* All VMAs were unlinked, and took theirs with them. */
	if (!remaps_empty(&ctx->remaps) && !ctx->remaps.inexact)
		divergence_set(&rmap->broken, DIVERGENCE_INVARIANT,
			       "mm %llu has no VMA any more, but remaps",
			       (unsigned long long)mm->id);
	if (!bug_on(rmap->world->bugs, BUG_REMAP_NOT_DROPPED_AT_EXIT))
		remaps_free_all(&ctx->remaps);
	cow_change_begin(rmap, ctx);
	ctx->mm = NULL;
	cow_change_end(rmap, ctx);
	mm->rmap_state[rmap->slot] = NULL;
	cow_context_put(rmap, ctx, true);
}

/* VMAs: the mark "faulted", and the remaps of those that have it. */

static void vma_mark(struct rmap *rmap, struct vm_area_struct *vma, bool marked)
{
	vma->rmap_state[rmap->slot].word[0] = marked ? rmap->priv : NULL;
}

/* The walk looks at displacement 0 anyway. */
static bool is_recorded(const struct rmap *rmap, s64 displacement)
{
	return displacement ||
	       bug_on(rmap->world->bugs, BUG_ZERO_DISPLACEMENT_RECORDED);
}

/* Offsets of @vma become findable where they are.  0 or -ENOMEM. */
static int record_range(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct cow_context *ctx = mm_context(rmap, vma->vm_mm);
	u64 changes = cow_contexts_of(rmap)->totals.changes;
	s64 displacement = vma_displacement(vma);
	int err;

	if (!is_recorded(rmap, displacement))
		return 0;
	if (bug_on(rmap->world->bugs, BUG_REMAP_WRONG_SIGN))
		displacement = -displacement;
	err = remaps_add(&ctx->remaps, vma->vm_pgoff, vma_last_pgoff(vma),
			 displacement);
	cow_context_wrote_remaps(rmap, changes);
	return err;
}

static void forget_range(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct cow_context *ctx = mm_context(rmap, vma->vm_mm);
	u64 changes = cow_contexts_of(rmap)->totals.changes;

	if (remaps_empty(&ctx->remaps) ||
	    !is_recorded(rmap, vma_displacement(vma)))
		return;
	remaps_del(&ctx->remaps, vma->vm_pgoff, vma_last_pgoff(vma),
		   vma_displacement(vma));
	cow_context_wrote_remaps(rmap, changes);
}

static int record_and_mark(struct rmap *rmap, struct vm_area_struct *vma)
{
	int err = record_range(rmap, vma);

	if (!err)
		vma_mark(rmap, vma, true);
	return err;
}

static void forget_and_unmark(struct rmap *rmap, struct vm_area_struct *vma)
{
	forget_range(rmap, vma);
	vma_mark(rmap, vma, false);
}

static void cow_context_vma_init(struct rmap *rmap, struct vm_area_struct *vma)
{
	vma_mark(rmap, vma, false);
}

static bool cow_context_vma_faulted(struct rmap *rmap,
				    struct vm_area_struct *vma)
{
	return vma_is_marked(rmap, vma);
}

/*
 * The first fault.  An anonymous VMA may be displaced here already: what
 * MREMAP_DONTUNMAP left of a moved one kept its offset.  A private mapping of a
 * file is, unless its offset happens to be its address.
 */
static int cow_context_vma_prepare(struct rmap *rmap,
				   struct vm_area_struct *vma)
{
	if (bug_on(rmap->world->bugs, BUG_PREPARE_NOT_RECORDED)) {
		vma_mark(rmap, vma, true);
		return 0;
	}
	return record_and_mark(rmap, vma);
}

static void cow_context_vma_prepare_undo(struct rmap *rmap,
					 struct vm_area_struct *vma)
{
	forget_and_unmark(rmap, vma);
}

/*
 * SPLIT: @src covers @dst's range, and the two together will cover the same.
 * MERGE: @dst becomes faulted as it is; vma_range_changed() adds what it takes
 * in.  REMAP: the place that the pages move to.  FORK: the child's context is a
 * new one; adding VMA by VMA copies the parent's remaps into it, without those
 * of VMAs that the child does not get.
 */
static int cow_context_vma_clone(struct rmap *rmap, struct vm_area_struct *dst,
				 struct vm_area_struct *src,
				 enum rmap_clone why)
{
	bool needs_record = why != RMAP_CLONE_SPLIT;

	if (!vma_is_marked(rmap, src))
		return 0;
	if (why == RMAP_CLONE_REMAP &&
	    bug_on(rmap->world->bugs, BUG_REMAP_NOT_RECORDED_AT_MOVE))
		needs_record = false;
	if (why == RMAP_CLONE_FORK &&
	    bug_on(rmap->world->bugs, BUG_REMAP_NOT_COPIED_AT_FORK))
		needs_record = false;
	if (needs_record)
		return record_and_mark(rmap, dst);
	if (why == RMAP_CLONE_SPLIT &&
	    bug_on(rmap->world->bugs, BUG_SPLIT_FORGETS_FAULTED))
		return 0;
	vma_mark(rmap, dst, true);
	return 0;
}

/* After a SPLIT @dst's range is @src's again, and must stay. */
static void cow_context_vma_clone_undo(struct rmap *rmap,
				       struct vm_area_struct *dst,
				       struct vm_area_struct *src,
				       enum rmap_clone why)
{
	if (!vma_is_marked(rmap, src))
		return;
	if (why == RMAP_CLONE_SPLIT)
		vma_mark(rmap, dst, false);
	else
		forget_and_unmark(rmap, dst);
}

static void cow_context_vma_range_change(struct rmap *rmap,
					 struct vma_prepare *vp)
{
	cow_change_begin(rmap, mm_context(rmap, vp->vma->vm_mm));
}

/*
 * What @vma covers now must be recorded.  That takes no memory, so it cannot
 * fail: a marked VMA was covered by one remap in the range it had before, a
 * change of range keeps the displacement, and leaves at least a page of the old
 * range, to which all of the new one is connected.  So there is a remap that
 * overlaps, and remaps_add() lets it grow.  (A VMA that a merge has just made
 * faulted was recorded in its old range by the clone; a split's other half is a
 * part of a range that was covered.)
 */
static void cover_range(struct rmap *rmap, struct vm_area_struct *vma)
{
	if (!vma || !vma_is_marked(rmap, vma))
		return;
	if (bug_on(rmap->world->bugs, BUG_REMAP_NOT_GROWN))
		return;
	if (record_range(rmap, vma))
		divergence_set(&rmap->broken, DIVERGENCE_INVARIANT,
			       "a change of range needed memory for remaps");
}

/*
 * No range leaves the union here: what one of these VMAs gives up another takes
 * over, and is faulted too, or the merge would have cloned.
 */
static void cow_context_vma_range_changed(struct rmap *rmap,
					  struct vma_prepare *vp)
{
	cover_range(rmap, vp->vma);
	cover_range(rmap, vp->adj_next);
	cover_range(rmap, vp->insert);
	cow_change_end(rmap, mm_context(rmap, vp->vma->vm_mm));
}

/* The survivor covers @removed's range, and is faulted if @removed was. */
static void cow_context_vma_absorbed(struct rmap *rmap,
				     struct vm_area_struct *vma,
				     struct vm_area_struct *removed)
{
	vma_mark(rmap, removed, false);
}

static void cow_context_vma_unlink(struct rmap *rmap,
				   struct vm_area_struct *vma)
{
	struct cow_context *ctx = mm_context(rmap, vma->vm_mm);

	if (!vma_is_marked(rmap, vma))
		return;
	cow_change_begin(rmap, ctx);
	if (!bug_on(rmap->world->bugs, BUG_REMAP_NOT_DROPPED_AT_UNLINK))
		forget_range(rmap, vma);
	vma_mark(rmap, vma, false);
	cow_change_end(rmap, ctx);
}

/* There is nothing by VMA that could disagree: flags, file, offsets decide. */
static bool cow_context_may_merge(struct rmap *rmap,
				  const struct vma_merge_struct *vmg,
				  struct vm_area_struct *tgt)
{
	return true;
}

static bool cow_context_may_merge_both(struct rmap *rmap,
				       const struct vma_merge_struct *vmg)
{
	return true;
}

/* Folios: each holds a reference on the context it points to. */

static void folio_attach(struct rmap *rmap, struct folio *folio,
			 struct cow_context *ctx)
{
	cow_context_get(ctx);
	ctx->nr_folios++;
	folio->rmap_state[rmap->slot] = ctx;
}

static void folio_put_context(struct rmap *rmap, struct cow_context *ctx)
{
	ctx->nr_folios--;
	if (bug_on(rmap->world->bugs, BUG_FOLIO_REF_NOT_DROPPED))
		return;
	if (bug_on(rmap->world->bugs, BUG_FOLIO_REF_DROPPED_TWICE))
		cow_context_put(rmap, ctx, false);
	cow_context_put(rmap, ctx, false);
}

/* Shared already or not, the faulting mm and what it forks may map it. */
static void cow_context_folio_new(struct rmap *rmap, struct folio *folio,
				  struct vm_area_struct *vma, bool exclusive)
{
	folio_attach(rmap, folio, mm_context(rmap, vma->vm_mm));
}

static void cow_context_folio_move(struct rmap *rmap, struct folio *folio,
				   struct vm_area_struct *vma)
{
	struct cow_context *old = folio_context(rmap, folio);

	/* First get, then put: the two may be one. */
	folio_attach(rmap, folio, mm_context(rmap, vma->vm_mm));
	folio_put_context(rmap, old);
}

static void cow_context_folio_migrate(struct rmap *rmap, struct folio *folio,
				      struct folio *old)
{
	folio_attach(rmap, folio, folio_context(rmap, old));
}

static void cow_context_folio_free(struct rmap *rmap, struct folio *folio)
{
	struct cow_context *ctx = folio_context(rmap, folio);

	/* One that a migration could not use was never attached. */
	if (!ctx)
		return;
	folio->rmap_state[rmap->slot] = NULL;
	folio_put_context(rmap, ctx);
}

/*
 * Brackets that mm puts around what happens in several steps; what they are good
 * for is up to who stabilises (cow_stab.h).
 */

static void cow_context_move_begin(struct rmap *rmap,
				   struct vm_area_struct *vma,
				   struct vm_area_struct *new, bool ordered)
{
	const struct cow_stab *stab = cow_stab_of(rmap);

	if (stab && stab->move_begin)
		stab->move_begin(rmap, mm_context(rmap, vma->vm_mm), new);
}

static void cow_context_move_end(struct rmap *rmap, struct vm_area_struct *vma,
				 struct vm_area_struct *new, bool ordered)
{
	const struct cow_stab *stab = cow_stab_of(rmap);

	if (stab && stab->move_end)
		stab->move_end(rmap, mm_context(rmap, vma->vm_mm));
}

static void cow_context_pages_begin(struct rmap *rmap, struct mm_struct *mm)
{
	cow_change_begin(rmap, mm_context(rmap, mm));
}

static void cow_context_pages_end(struct rmap *rmap, struct mm_struct *mm)
{
	cow_change_end(rmap, mm_context(rmap, mm));
}

/*
 * A migration needs nothing more of the owner than the old folio, which it holds
 * and which holds the context.
 */

/* What is the same in all that have contexts, however they are stabilised. */
#define COW_CONTEXT_RMAP(ident, ...)                                        \
	const struct rmap_ops ident = {                                     \
		__VA_ARGS__,                                                \
		.bugs = BUG_OF_COW_CONTEXT,                                 \
		.init = cow_context_init,                                   \
		.exit = cow_context_exit,                                   \
		.mm_init = cow_context_mm_init,                             \
		.mm_exit = cow_context_mm_exit,                             \
		.vma_init = cow_context_vma_init,                           \
		.vma_faulted = cow_context_vma_faulted,                     \
		.vma_prepare = cow_context_vma_prepare,                     \
		.vma_prepare_undo = cow_context_vma_prepare_undo,           \
		.vma_clone = cow_context_vma_clone,                         \
		.vma_clone_undo = cow_context_vma_clone_undo,               \
		.vma_range_change = cow_context_vma_range_change,           \
		.vma_range_changed = cow_context_vma_range_changed,         \
		.vma_absorbed = cow_context_vma_absorbed,                   \
		.vma_unlink = cow_context_vma_unlink,                       \
		.may_merge = cow_context_may_merge,                         \
		.may_merge_both = cow_context_may_merge_both,               \
		.move_begin = cow_context_move_begin,                       \
		.move_end = cow_context_move_end,                           \
		.pages_begin = cow_context_pages_begin,                     \
		.pages_end = cow_context_pages_end,                         \
		.folio_new = cow_context_folio_new,                         \
		.folio_move = cow_context_folio_move,                       \
		.folio_migrate = cow_context_folio_migrate,                 \
		.folio_free = cow_context_folio_free,                       \
		.walk = cow_context_walk,                                   \
		.check_vma = cow_context_check_vma,                         \
		.check_mm = cow_context_check_mm,                           \
		.check_offsets = cow_context_check_offsets,                 \
		.check_all = cow_context_check_all,                         \
		.describe = cow_context_describe,                           \
		.folio_owner = cow_context_folio_owner,                     \
		.memory = cow_context_memory,                               \
		.locks = 1U << RMAP_LOCK_CHILDREN | 1U << RMAP_LOCK_REMAPS, \
	}

COW_CONTEXT_RMAP(
	cow_context_rmap_ops, .name = "cow_context",
	.text = "a context per mm, and remaps; as proposed, made correct",
	.walks_mms = true);

/*
 * Stabilised, each in its own way.  Where the walk finds VMAs by the mm's tree they
 * must be in it as long as their pages are mapped (detach_last), or it must not
 * look while they are not.
 */

COW_CONTEXT_RMAP(
	cow_seqcount_rmap_ops, .name = "cow_seqcount",
	.text = "cow_context, a walk looks again where pages moved meanwhile",
	.walks_mms = true, .detach_last = true, .variant = &cow_stab_seqcount);

COW_CONTEXT_RMAP(cow_rwlock_rmap_ops, .name = "cow_rwlock",
		 .text = "cow_context, with a reader-writer lock per context",
		 .variant = &cow_stab_rwlock);

COW_CONTEXT_RMAP(cow_mmap_trylock_rmap_ops, .name = "cow_mmap_trylock",
		 .text = "cow_context, a walk tries the mmap_lock of each mm",
		 .detach_last = true, .variant = &cow_stab_mmap_trylock);

COW_CONTEXT_RMAP(cow_mmap_lock_rmap_ops, .name = "cow_mmap_lock",
		 .text = "cow_context, a walk takes the mmap_lock of each mm",
		 .detach_last = true, .variant = &cow_stab_mmap_lock);

COW_CONTEXT_RMAP(
	cow_ordered_rmap_ops, .name = "cow_ordered",
	.text = "cow_context, places in the order of moves, if these are of single entries",
	.walks_mms = true, .detach_last = true, .variant = &cow_stab_ordered);

COW_CONTEXT_RMAP(cow_tolerant_rmap_ops, .name = "cow_tolerant",
		 .text = "cow_context, a walk that finds too few looks again",
		 .walks_mms = true, .variant = &cow_stab_tolerant);
