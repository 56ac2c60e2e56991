// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts and their remaps, shown to whoever draws them.
 */
#include "../mm/rmap_describe.h"
#include "cow_context.h"

/* By displacement, then offset; as deep as a red-black tree is. */
static void describe_remap_tree(const struct cow_context *ctx,
				const struct remap *remap,
				const struct rmap_describer *to)
{
	if (!remap)
		return;
	describe_remap_tree(ctx, RB_LEFT(remap, rb), to);
	to->remap(to->arg, ctx, remap->offsets.first, remap->offsets.last,
		  remap->displacement);
	describe_remap_tree(ctx, RB_RIGHT(remap, rb), to);
}

static u64 nr_children(const struct cow_context *ctx)
{
	const struct cow_context *child;
	u64 nr = 0;

	TAILQ_FOREACH(child, &ctx->children, sibling)
		nr++;
	return nr;
}

static void describe_context(const struct cow_context *ctx,
			     const struct rmap_describer *to)
{
	struct rmap_object object = {
		.who = ctx,
		.parent = ctx->parent,
		.mm_id = ctx->mm_id,
		.orphan = !ctx->mm,
		.first_is_sum = true,
		/* The last one is shown where it says something. */
		.nr_counters = ctx->remaps.inexact ? 5 : 4,
		.counters = {
			{ "refcount", ctx->refcount },
			{ "mm", ctx->mm ? 1 : 0 },
			{ "children", nr_children(ctx) },
			{ "folios", ctx->nr_folios },
			{ "inexact", ctx->remaps.inexact },
		},
	};

	to->object(to->arg, &object);
	if (to->hidden) {
		to->hidden(to->arg, ctx, ctx->nr_children);
		to->hidden(to->arg, ctx, ctx->remaps.inexact);
	}
	describe_remap_tree(ctx, RB_ROOT(&ctx->remaps.by_displacement), to);
}

void cow_context_describe(struct rmap *rmap, const struct rmap_describer *to)
{
	const struct cow_context *ctx;

	TAILQ_FOREACH(ctx, &cow_contexts_of(rmap)->all, entry)
		describe_context(ctx, to);
}

const void *cow_context_folio_owner(struct rmap *rmap, struct folio *folio)
{
	return folio_context(rmap, folio);
}
