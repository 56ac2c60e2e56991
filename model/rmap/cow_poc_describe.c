// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof of concept's contexts and remaps, shown to whoever draws them.
 */
#include "cow_poc.h"

static u64 poc_nr_children(const struct poc_context *ctx)
{
	const struct poc_context *child;
	u64 nr = 0;

	TAILQ_FOREACH(child, &ctx->children, sibling)
		nr++;
	return nr;
}

static void poc_describe_context(const struct poc_context *ctx,
				 const struct rmap_describer *to)
{
	struct poc_range *range = poc_remaps_first(&ctx->remaps);
	struct rmap_object object = {
		.who = ctx,
		.parent = ctx->parent,
		.mm_id = ctx->mm_id,
		.orphan = !ctx->mm,
		.nr_counters = 4,
		.counters = {
			{ "refcnt", ctx->refcount },
			{ "mm", ctx->mm ? 1 : 0 },
			{ "children", poc_nr_children(ctx) },
			{ "folios", ctx->nr_folios },
		},
	};

	to->object(to->arg, &object);
	if (to->hidden)
		to->hidden(to->arg, ctx, ctx->incomplete);
	for (; range; range = poc_remaps_next(range)) {
		const struct poc_array *many = range->entry.many;

		/* Of which form it is, and when it has to grow. */
		if (to->hidden)
			to->hidden(to->arg, ctx, many ? many->cap : 0);
		for (u32 i = 0; i < poc_entry_nr(&range->entry); i++)
			to->remap(to->arg, ctx, range->first, range->last,
				  poc_entry_get(&range->entry, i));
	}
}

void cow_poc_describe(struct rmap *rmap, const struct rmap_describer *to)
{
	const struct poc_context *ctx;

	TAILQ_FOREACH(ctx, &poc_contexts_of(rmap)->all, entry)
		poc_describe_context(ctx, to);
}

const void *cow_poc_folio_owner(struct rmap *rmap, struct folio *folio)
{
	return poc_folio_context(rmap, folio);
}
