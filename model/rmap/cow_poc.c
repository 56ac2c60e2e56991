// SPDX-License-Identifier: GPL-2.0-only
/*
 * cow_poc: the proof of concept of cow_context as it was published, with its
 * faults (branch project/cow-context; mm/cow_context.c at a4ac19665445, the
 * hooks at d91a1a12c587).
 *
 * Written from what that code does, function by function; each comment names the
 * one that it follows.  Where it goes wrong stands the switch that repairs it
 * (base/fixes.def); with all of them on it is held to what cow_context promises:
 * the remaps are the (offsets, displacement) of the faulted VMAs whose
 * displacement is not 0, no more and no less (cow_poc_check.c).
 *
 * It asks in many places whether a VMA is faulted, by vma->anon_vma.  Beside
 * anon_vma that is what anon_vma says; alone, a placeholder in vma->anon_vma,
 * kept here as a mark (poc_mark()).
 *
 * Some of it only shows to a walk that runs at the same time: a child's context
 * joins at the end of dup_mmap(); remaps change before page tables do, and arrays
 * where they are; and what cow_poc_walk.c says of the walk itself.
 */
#include <errno.h>
#include <stdlib.h>
#include "../mm/pgtable.h"
#include "cow_poc.h"
#include "rmaps.h"

static bool fixed(const struct rmap *rmap, enum fix fix)
{
	return fix_on(rmap->world->bugs, fix);
}

static int cow_poc_init(struct rmap *rmap)
{
	struct mm_world *world = rmap->world;
	struct ledger *ledger = world->ledger;
	struct poc_contexts *contexts =
		ledger_tool_alloc(ledger, sizeof(*contexts));

	if (!contexts)
		return -ENOMEM;
	contexts->kind =
		ledger_kind(ledger, "poc_context", POC_CONTEXT_KERNEL_SIZE);
	contexts->cache = (struct poc_cache){
		.ledger = ledger,
		.rcu = world->rcu,
		.bugs = world->bugs,
		.broken = &rmap->broken,
		.world = world,
		.kind_range =
			ledger_kind(ledger, "poc_range", POC_RANGE_KERNEL_SIZE),
		.kind_array =
			ledger_kind(ledger, "poc_array", POC_ARRAY_KERNEL_SIZE),
	};
	TAILQ_INIT(&contexts->all);
	if (fixed(rmap, FIX_WALK_FREED_VMA))
		world->walks_mms = true;
	rmap->priv = contexts;
	return 0;
}

static void cow_poc_exit(struct rmap *rmap)
{
	ledger_tool_free(rmap->world->ledger, rmap->priv,
			 sizeof(struct poc_contexts));
	rmap->priv = NULL;
}

/* Contexts. */

/* mm_init_cow_context(): what was allocated is not looked at. */
static struct poc_context *context_alloc(struct rmap *rmap)
{
	struct poc_contexts *contexts = poc_contexts_of(rmap);
	struct poc_context *ctx;

	ctx = ledger_alloc(rmap->world->ledger, contexts->kind, sizeof(*ctx));
	if (!ctx && !fixed(rmap, FIX_UNCHECKED_ALLOCATION))
		divergence_set(
			&rmap->broken, DIVERGENCE_INVARIANT,
			"dereferences NULL: a context's allocation is not checked");
	return ctx;
}

/* dup_cow_context() */
static void poc_context_join(struct rmap *rmap, struct poc_context *ctx,
			     struct poc_context *parent)
{
	ctx->parent = parent;
	if (fixed(rmap, FIX_CHILDREN_FIRST))
		TAILQ_INSERT_TAIL(&parent->children, ctx, sibling);
	else
		TAILQ_INSERT_HEAD(&parent->children, ctx, sibling);
	cow_poc_wrote_children(rmap, parent);
	parent->refcount++;
	mark(rmap->world, POINT_CONTEXT_JOINED);
}

static int cow_poc_mm_init(struct rmap *rmap, struct mm_struct *mm,
			   struct mm_struct *oldmm)
{
	struct poc_contexts *contexts = poc_contexts_of(rmap);
	struct poc_context *ctx = context_alloc(rmap);

	if (!ctx)
		return -ENOMEM;
	ctx->mm = mm;
	ctx->mm_id = mm->id;
	ctx->refcount = 1;
	TAILQ_INIT(&ctx->children);
	contexts->cache.totals = mm->world->accounts ? &contexts->totals : NULL;
	poc_remaps_init(&ctx->remaps, &contexts->cache);
	TAILQ_INSERT_TAIL(&contexts->all, ctx, entry);
	contexts->nr++;
	contexts->made++;
	mm->rmap_state[rmap->slot] = ctx;
	if (oldmm && fixed(rmap, FIX_JOIN_AFTER_COPY))
		poc_context_join(rmap, ctx, poc_mm_context(rmap, oldmm));
	return 0;
}

/* The end of dup_mmap(), where it has not failed. */
static void cow_poc_mm_forked(struct rmap *rmap, struct mm_struct *mm,
			      struct mm_struct *oldmm)
{
	if (!fixed(rmap, FIX_JOIN_AFTER_COPY))
		poc_context_join(rmap, poc_mm_context(rmap, mm),
				 poc_mm_context(rmap, oldmm));
}

static void poc_context_release(struct rmap *rmap, struct poc_context *ctx)
{
	struct poc_contexts *contexts = poc_contexts_of(rmap);

	poc_remaps_delete(&ctx->remaps);
	TAILQ_REMOVE(&contexts->all, ctx, entry);
	contexts->nr--;
	kfree_rcu(rmap->world->rcu, ctx, &ctx->rcu);
}

/*
 * put_cow_context(), __put_cow_context(): and up, while it was the last.
 * @may_pause: nothing is locked that others could wait for.
 */
static void context_put(struct rmap *rmap, struct poc_context *ctx,
			bool may_pause)
{
	while (ctx && !--ctx->refcount) {
		struct poc_context *parent = ctx->parent;

		if (may_pause)
			mark(rmap->world, POINT_COUNT_DROPPED);
		if (parent) {
			cow_poc_wrote_children(rmap, parent);
			TAILQ_REMOVE(&parent->children, ctx, sibling);
		}
		if (parent && may_pause)
			mark(rmap->world, POINT_CONTEXT_LEFT);
		poc_context_release(rmap, ctx);
		ctx = parent;
	}
}

/* drop_cow_context() */
static void cow_poc_mm_exit(struct rmap *rmap, struct mm_struct *mm)
{
	struct poc_context *ctx = poc_mm_context(rmap, mm);

	ctx->mm = NULL;
	mm->rmap_state[rmap->slot] = NULL;
	context_put(rmap, ctx, true);
}

/* Faulted or not. */

static void poc_mark(struct rmap *rmap, struct vm_area_struct *vma, bool marked)
{
	vma->rmap_state[rmap->slot].word[0] = marked ? rmap->priv : NULL;
}

static bool poc_is_marked(struct rmap *rmap, struct vm_area_struct *vma)
{
	return vma->rmap_state[rmap->slot].word[0];
}

static void cow_poc_vma_init(struct rmap *rmap, struct vm_area_struct *vma)
{
	poc_mark(rmap, vma, false);
}

static bool cow_poc_vma_faulted(struct rmap *rmap, struct vm_area_struct *vma)
{
	return poc_is_marked(rmap, vma);
}

/* should_track_remap() */
static bool should_track(struct vm_area_struct *vma)
{
	return rmap_vma_faulted(vma) && poc_displacement(vma);
}

/* should_track_map_private_remap() */
static bool should_track_file(struct vm_area_struct *vma)
{
	return should_track(vma) && !vma_is_anonymous(vma);
}

/*
 * Changes to one context's remaps.  As published they are made in place, and
 * what cannot be had is not done.  With unchecked-allocation repaired they are
 * made to a copy, so that they happen as a whole or not at all.
 */

struct edit {
	struct poc_context *ctx;
	bool on_copy;
	struct poc_remaps copy;
	struct poc_remaps *remaps; /* to be changed */
	int err;
};

static void edit_begin(struct rmap *rmap, struct edit *edit,
		       struct mm_struct *mm)
{
	struct poc_context *ctx = poc_mm_context(rmap, mm);

	*edit = (struct edit){
		.ctx = ctx,
		.on_copy = fixed(rmap, FIX_UNCHECKED_ALLOCATION),
		.remaps = &ctx->remaps,
	};
	if (!edit->on_copy)
		return;
	edit->err = poc_remaps_copy(&edit->copy, &ctx->remaps);
	edit->remaps = &edit->copy;
}

static int edit_end(struct edit *edit)
{
	if (edit->on_copy && !edit->err)
		poc_remaps_replace(&edit->ctx->remaps, &edit->copy);
	else if (edit->on_copy)
		poc_remaps_free_all(&edit->copy);
	return edit->err;
}

/* Where there is no way to fail. */
static void edit_end_void(struct edit *edit)
{
	if (edit_end(edit))
		edit->ctx->incomplete = true;
}

static void add_range(struct edit *edit, struct vm_area_struct *vma)
{
	if (!edit->err)
		edit->err = poc_remaps_add(edit->remaps, vma->vm_pgoff,
					   vma_last_pgoff(vma),
					   poc_displacement(vma));
}

static void unmap_range(struct edit *edit, struct vm_area_struct *vma)
{
	if (!edit->err && poc_displacement(vma))
		edit->err = poc_remaps_unmap(edit->remaps, vma->vm_pgoff,
					     vma_last_pgoff(vma),
					     poc_displacement(vma));
}

/* A move, from its source as it was. */
struct move {
	struct vm_area_struct *dst;
	s64 old; /* displacement that is looked for */
	pgoff_t last; /* of what is rewritten, at most */
};

/*
 * Pages move behind this: until then a walk must look at their old place.  Repaired
 * it goes when that is unmapped.  With nobody walking it is all the same.
 */
static bool old_place_stays(const struct rmap *rmap)
{
	return rmap->world->sched && fixed(rmap, FIX_REMAP_BEFORE_MOVE);
}

/*
 * __cow_context_do_remap() of a move: what is found at the old displacement is
 * rewritten, and then that was all.  (Moving to displacement 0 should drop the
 * old one, but is not tracked, so that it never comes to that.)
 */
static void do_remap(struct rmap *rmap, struct edit *edit,
		     const struct move *move)
{
	struct vm_area_struct *dst = move->dst;
	bool found = false;

	if (edit->err)
		return;
	if (old_place_stays(rmap)) {
		add_range(edit, dst);
		return;
	}
	edit->err = poc_remaps_move(edit->remaps, dst->vm_pgoff, move->last,
				    move->old, poc_displacement(dst), &found);
	if (found && !fixed(rmap, FIX_PARTIAL_MOVE))
		return;
	add_range(edit, dst);
}

/*
 * The displacement that @src has at its start is that of all of it; the address
 * of its start is no help for a part.
 *
 *	  src  |-----|=====|	0x10: offset 0x10	displacement 0
 *	  dst	     |=====|	offset 0x12: looks for 0x10 - 0x12
 */
static s64 old_displacement(struct rmap *rmap, u64 src_start, pgoff_t src_pgoff,
			    const struct vm_area_struct *dst)
{
	if (fixed(rmap, FIX_OLD_DISPLACEMENT))
		return (s64)(src_start - src_pgoff);
	return (s64)(src_start - dst->vm_pgoff);
}

/* copy_vma() hands over the whole of a copy that is longer than what moves. */
static pgoff_t last_to_rewrite(struct rmap *rmap,
			       const struct vm_area_struct *dst,
			       const struct vm_area_struct *src)
{
	if (fixed(rmap, FIX_GROWN_MOVE))
		return min_u64(vma_last_pgoff(dst), vma_last_pgoff(src));
	return vma_last_pgoff(dst);
}

/* Hooks of VMAs. */

/*
 * __anon_vma_prepare(), cow_context_do_map_private_cow().  An anonymous VMA is
 * displaced here, too, when MREMAP_DONTUNMAP left it behind.
 */
static int cow_poc_vma_prepare(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct edit edit;
	int err;

	poc_mark(rmap, vma, true);
	if (!should_track_file(vma) &&
	    !(should_track(vma) && fixed(rmap, FIX_DONTUNMAP_REFAULT)))
		return 0;
	edit_begin(rmap, &edit, vma->vm_mm);
	add_range(&edit, vma);
	err = edit_end(&edit);
	if (err)
		poc_mark(rmap, vma, false);
	return err;
}

static void cow_poc_vma_prepare_undo(struct rmap *rmap,
				     struct vm_area_struct *vma)
{
	struct edit edit;

	edit_begin(rmap, &edit, vma->vm_mm);
	unmap_range(&edit, vma);
	edit_end_void(&edit);
	poc_mark(rmap, vma, false);
}

/* copy_vma(), cow_context_do_remap() */
static int clone_remap(struct rmap *rmap, struct vm_area_struct *dst,
		       struct vm_area_struct *src)
{
	struct move move = {
		.dst = dst,
		.old = old_displacement(rmap, src->vm_start, src->vm_pgoff,
					dst),
		.last = last_to_rewrite(rmap, dst, src),
	};
	struct edit edit;

	if (!should_track(dst))
		return 0;
	edit_begin(rmap, &edit, dst->vm_mm);
	do_remap(rmap, &edit, &move);
	return edit_end(&edit);
}

/*
 * cow_context_do_fork(): the child's ranges one by one.  The parent's private
 * file mappings are recorded once more, where they are already.
 */
static int clone_fork(struct rmap *rmap, struct vm_area_struct *dst,
		      struct vm_area_struct *src)
{
	struct edit edit;
	int err;

	if (!should_track(dst))
		return 0;
	edit_begin(rmap, &edit, dst->vm_mm);
	add_range(&edit, dst);
	err = edit_end(&edit);
	if (err || !should_track_file(src))
		return err;
	edit_begin(rmap, &edit, src->vm_mm);
	add_range(&edit, src);
	return edit_end(&edit);
}

/*
 * Alone, anon_vma_clone() copies the placeholder, but dup_anon_vma(), for
 * merges, does nothing.
 */
static int cow_poc_vma_clone(struct rmap *rmap, struct vm_area_struct *dst,
			     struct vm_area_struct *src, enum rmap_clone why)
{
	int err = 0;

	if (why == RMAP_CLONE_MERGE && !fixed(rmap, FIX_PURE_PLACEHOLDER))
		return 0;
	poc_mark(rmap, dst, poc_is_marked(rmap, src));
	if (why == RMAP_CLONE_REMAP)
		err = clone_remap(rmap, dst, src);
	else if (why == RMAP_CLONE_FORK)
		err = clone_fork(rmap, dst, src);
	if (err)
		poc_mark(rmap, dst, false);
	return err;
}

/*
 * REMAP: comes only when the copy could not be linked, before which copy_vma()
 * has not recorded anything yet.  So the copy's range goes, and the source's,
 * which may have been rewritten, comes back.
 */
static void cow_poc_vma_clone_undo(struct rmap *rmap,
				   struct vm_area_struct *dst,
				   struct vm_area_struct *src,
				   enum rmap_clone why)
{
	struct edit edit;

	if (why == RMAP_CLONE_REMAP || why == RMAP_CLONE_FORK) {
		edit_begin(rmap, &edit, dst->vm_mm);
		unmap_range(&edit, dst);
		if (why == RMAP_CLONE_REMAP && should_track(src))
			add_range(&edit, src);
		edit_end_void(&edit);
	}
	poc_mark(rmap, dst, false);
}

static struct poc_before before_change(const struct vm_area_struct *vma)
{
	if (!vma)
		return (struct poc_before){ 0 };
	return (struct poc_before){
		.start = vma->vm_start,
		.pages = vma_pages(vma),
		.pgoff = vma->vm_pgoff,
	};
}

static void cow_poc_vma_range_change(struct rmap *rmap, struct vma_prepare *vp)
{
	struct poc_contexts *contexts = poc_contexts_of(rmap);

	contexts->vma = before_change(vp->vma);
	contexts->adj_next = before_change(vp->adj_next);
}

/* cow_context_vma_adjust(): drop all of the old range, record the new. */
static void adjust(struct edit *edit, struct vm_area_struct *vma,
		   const struct poc_before *before)
{
	if (!vma || !should_track(vma))
		return;
	if (!edit->err)
		edit->err = poc_remaps_unmap(edit->remaps, before->pgoff,
					     before->pgoff + before->pages - 1,
					     poc_displacement(vma));
	add_range(edit, vma);
}

/*
 * commit_merge() adjusts @vp->vma first.  When that is prev, which takes the
 * front of middle, middle's turn then drops what prev has just recorded.  The
 * one that gives must come before the one that takes.
 *
 *	|----|****|------|	prev, and middle with its front
 *	|---------|------|	after
 */
static void adjust_both(struct rmap *rmap, struct edit *edit,
			const struct vma_prepare *vp)
{
	struct poc_contexts *contexts = poc_contexts_of(rmap);
	bool vma_takes = vma_pages(vp->vma) > contexts->vma.pages;
	bool vma_last = vma_takes && fixed(rmap, FIX_MERGE_DROPS_FRONT);

	if (!vma_last)
		adjust(edit, vp->vma, &contexts->vma);
	adjust(edit, vp->adj_next, &contexts->adj_next);
	if (vma_last)
		adjust(edit, vp->vma, &contexts->vma);
}

/* __split_vma(): the other half is recorded as if it had been moved. */
static void remap_other_half(struct rmap *rmap, struct edit *edit,
			     struct vm_area_struct *insert)
{
	const struct poc_before *whole = &poc_contexts_of(rmap)->vma;
	struct move move = { .dst = insert };

	if (!insert || !should_track(insert))
		return;
	move.old = old_displacement(rmap, whole->start, whole->pgoff, insert);
	move.last = vma_last_pgoff(insert);
	do_remap(rmap, edit, &move);
}

/* A split's halves and merged VMAs have one displacement. */
static bool concerns_remaps(const struct vma_prepare *vp)
{
	return poc_displacement(vp->vma) ||
	       (vp->adj_next && poc_displacement(vp->adj_next));
}

static void cow_poc_vma_range_changed(struct rmap *rmap, struct vma_prepare *vp)
{
	struct edit edit;

	if (!concerns_remaps(vp))
		return;
	edit_begin(rmap, &edit, vp->vma->vm_mm);
	adjust_both(rmap, &edit, vp);
	remap_other_half(rmap, &edit, vp->insert);
	edit_end_void(&edit);
}

/* vma_complete(): the one that goes is unlinked, its range stays recorded. */
static void cow_poc_vma_absorbed(struct rmap *rmap, struct vm_area_struct *vma,
				 struct vm_area_struct *removed)
{
	poc_mark(rmap, removed, false);
}

/*
 * remove_vma() would drop the range with cow_context_vma_unmap(), but that asks
 * whether the VMA is faulted, and unlink_anon_vmas() has been there before: it
 * never is.
 *
 * Alone, what MREMAP_DONTUNMAP leaves behind keeps its placeholder, though
 * nothing records it.  (All others that are unlinked go.)
 */
static void cow_poc_vma_unlink(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct edit edit;

	if (fixed(rmap, FIX_UNMAP_TOO_LATE) && poc_displacement(vma)) {
		edit_begin(rmap, &edit, vma->vm_mm);
		unmap_range(&edit, vma);
		edit_end_void(&edit);
	}
	if (fixed(rmap, FIX_DONTUNMAP_REFAULT))
		poc_mark(rmap, vma, false);
}

/*
 * There is no such hook: the entry has followed the move, and does not come
 * back.  A move that failed may have rewritten more than it would have moved.
 */
static void cow_poc_vma_stays(struct rmap *rmap, struct vm_area_struct *vma,
			      u64 start, u64 end, bool failed)
{
	enum fix repair = failed ? FIX_FAILED_MOVE : FIX_DONTUNMAP_REFAULT;
	pgoff_t first = linear_page_index(vma, start);
	pgoff_t last = linear_page_index(vma, end - 1);
	struct edit edit;

	if (!fixed(rmap, repair) || !should_track(vma))
		return;
	if (failed) {
		first = vma->vm_pgoff;
		last = vma_last_pgoff(vma);
	}
	edit_begin(rmap, &edit, vma->vm_mm);
	if (!edit.err)
		edit.err = poc_remaps_add(edit.remaps, first, last,
					  poc_displacement(vma));
	edit_end_void(&edit);
}

/* is_mergeable_anon_vma(), can_vma_merge_right() without anon_vma */
static bool cow_poc_may_merge(struct rmap *rmap,
			      const struct vma_merge_struct *vmg,
			      struct vm_area_struct *tgt)
{
	return true;
}

static bool cow_poc_may_merge_both(struct rmap *rmap,
				   const struct vma_merge_struct *vmg)
{
	return true;
}

/* Folios. */

static void poc_folio_attach(struct rmap *rmap, struct folio *folio,
			     struct poc_context *ctx)
{
	ctx->refcount++;
	ctx->nr_folios++;
	folio->rmap_state[rmap->slot] = ctx;
}

static void poc_folio_put_context(struct rmap *rmap, struct poc_context *ctx)
{
	ctx->nr_folios--;
	context_put(rmap, ctx, false);
}

/* __folio_set_anon_cow() */
static void cow_poc_folio_new(struct rmap *rmap, struct folio *folio,
			      struct vm_area_struct *vma, bool exclusive)
{
	poc_folio_attach(rmap, folio, poc_mm_context(rmap, vma->vm_mm));
}

/* folio_move_anon_rmap() */
static void cow_poc_folio_move(struct rmap *rmap, struct folio *folio,
			       struct vm_area_struct *vma)
{
	struct poc_context *old = poc_folio_context(rmap, folio);
	struct poc_context *new = poc_mm_context(rmap, vma->vm_mm);

	if (old == new)
		return;
	poc_folio_attach(rmap, folio, new);
	poc_folio_put_context(rmap, old);
}

static void cow_poc_folio_migrate(struct rmap *rmap, struct folio *folio,
				  struct folio *old)
{
	poc_folio_attach(rmap, folio, poc_folio_context(rmap, old));
}

static void cow_poc_folio_free(struct rmap *rmap, struct folio *folio)
{
	struct poc_context *ctx = poc_folio_context(rmap, folio);

	if (!ctx)
		return;
	folio->rmap_state[rmap->slot] = NULL;
	poc_folio_put_context(rmap, ctx);
}

const struct rmap_ops cow_poc_rmap_ops = {
	.name = "cow_poc",
	.text = "cow_context as it was published, with its faults",
	.bugs = BUG_OF_MM, /* its own are of another kind: enum fix */
	.init = cow_poc_init,
	.exit = cow_poc_exit,
	.mm_init = cow_poc_mm_init,
	.mm_exit = cow_poc_mm_exit,
	.mm_forked = cow_poc_mm_forked,
	.vma_init = cow_poc_vma_init,
	.vma_faulted = cow_poc_vma_faulted,
	.vma_prepare = cow_poc_vma_prepare,
	.vma_prepare_undo = cow_poc_vma_prepare_undo,
	.vma_clone = cow_poc_vma_clone,
	.vma_clone_undo = cow_poc_vma_clone_undo,
	.vma_range_change = cow_poc_vma_range_change,
	.vma_range_changed = cow_poc_vma_range_changed,
	.vma_absorbed = cow_poc_vma_absorbed,
	.vma_unlink = cow_poc_vma_unlink,
	.vma_stays = cow_poc_vma_stays,
	.may_merge = cow_poc_may_merge,
	.may_merge_both = cow_poc_may_merge_both,
	.folio_new = cow_poc_folio_new,
	.folio_move = cow_poc_folio_move,
	.folio_migrate = cow_poc_folio_migrate,
	.folio_free = cow_poc_folio_free,
	.walk = cow_poc_walk,
	.would_reach = cow_poc_would_reach,
	.check_vma = cow_poc_check_vma,
	.check_mm = cow_poc_check_mm,
	.check_all = cow_poc_check_all,
	.describe = cow_poc_describe,
	.folio_owner = cow_poc_folio_owner,
	.memory = cow_poc_memory,
	.locks = 1U << RMAP_LOCK_CHILDREN,
};
