// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stabilised without a lock: by a count of moves, by the order of places, by
 * counting what was found.
 *
 * In all of them the walk stays in RCU from end to end, and mms and VMAs stay for a
 * grace period.
 */
#include "cow_stab.h"

/*
 * cow_seqcount: a context counts the moves of pages in its mm.  A walk that finds
 * another count when it leaves than when it came looks again.  If none moved, each
 * page was where it was, at a place that was recorded before it came there; in the
 * model, where a split or merge of VMAs changes all their fields at once.
 *
 *	seq	4	      5  6		a page moves: odd while it does
 *	walk	 |---------------------|	4 is not 6: once more
 *
 * Between the two counts the kernel would hold the locks of both page tables, so
 * that they are as near to each other as they are here.
 *
 * Each turn is somebody's move; what bounds them is the length of the mremap.  So
 * after some the walk gives up, unless it restores.
 */
#define SEQCOUNT_RETRIES 3

static void seqcount_move(struct rmap *rmap, struct cow_context *ctx)
{
	ctx->seq++;
	rmap->costs.published++;
}

static void seqcount_move_begin(struct rmap *rmap, struct cow_context *ctx,
				struct vm_area_struct *new)
{
	seqcount_move(rmap, ctx);
}

static enum cow_verdict seqcount_changed(const struct cow_walk *walk)
{
	if (!walk->rwc->restoring && walk->retries == SEQCOUNT_RETRIES)
		return COW_GIVE_UP;
	return COW_AGAIN;
}

static enum cow_verdict seqcount_enter(struct cow_walk *walk,
				       struct cow_context *ctx)
{
	walk->seq = ctx->seq;
	return walk->seq & 1 ? seqcount_changed(walk) : COW_GO_ON;
}

static enum cow_verdict seqcount_leave(struct cow_walk *walk,
				       struct cow_context *ctx)
{
	expect_live(walk->rmap->world, ctx, "context");
	return walk->seq == ctx->seq ? COW_GO_ON : seqcount_changed(walk);
}

const struct cow_stab cow_stab_seqcount = {
	.move_begin = seqcount_move_begin,
	.move_end = seqcount_move,
	.enter = seqcount_enter,
	.leave = seqcount_leave,
};

/*
 * cow_ordered: the new place is known before a page goes there, and has the
 * highest stamp; the old one is known until it is gone.  See walk_in_order().
 * Displacement 0, where there is no remap to stamp, has the context's stamp: one
 * for all offsets, so a walk may look there once more than it would have to.
 *
 * It relies on what the model gives and a kernel does not: an entry moves at once,
 * and the candidate addresses of a context and their stamps are read as one
 * snapshot.  docs/STABILISATION.md says what is open.
 */
static void ordered_move_begin(struct rmap *rmap, struct cow_context *ctx,
			       struct vm_area_struct *new)
{
	struct remaps *remaps = &ctx->remaps;
	s64 displacement = vma_displacement(new);
	u64 before = remaps->stamp;

	if (displacement)
		remaps_publish(remaps, new->vm_pgoff, displacement);
	else if (ctx->zero_stamp != before)
		ctx->zero_stamp = ++remaps->stamp;
	rmap->costs.published += remaps->stamp - before;
}

const struct cow_stab cow_stab_ordered = {
	.ordered = true,
	.move_begin = ordered_move_begin,
};

/*
 * cow_tolerant: races are let be.  A walk that has found fewer mappings than the
 * folio had at its start, as visitors may unmap, or has at its end begins again.
 * Nothing counts migration entries: who puts them back cannot know whether all were
 * found.
 */
#define TOLERANT_RETRIES 3

static enum cow_verdict tolerant_finish(struct cow_walk *walk)
{
	u64 mapped = max_u64(walk->mapped,
			     rmap_walk_mapcount(walk->rwc, walk->folio));

	if (walk->rwc->restoring || walk->found >= mapped)
		return COW_GO_ON;
	return walk->again == TOLERANT_RETRIES ? COW_GIVE_UP : COW_AGAIN;
}

const struct cow_stab cow_stab_tolerant = {
	.finish = tolerant_finish,
};
