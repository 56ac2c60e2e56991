// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounts of the published proof of concept, for statistics.
 */
#include "../base/sizes.h"
#include "cow_poc.h"

/*
 * The lock of a parent's list of children: the parent takes it to fork, each
 * child to leave.  Counted only for who looks on.
 */
void cow_poc_wrote_children(struct rmap *rmap, const struct poc_context *parent)
{
	struct rmap_section section = {
		.lock = RMAP_LOCK_CHILDREN,
		.mms = 1,
		.links = 1,
	};
	const struct poc_context *child;

	rmap->locks.write_sections++;
	if (!rmap->watch)
		return;
	TAILQ_FOREACH(child, &parent->children, sibling)
		section.mms++;
	rmap_wrote(rmap, &section);
}

void cow_poc_memory(struct rmap *rmap, struct rmap_memory *memory)
{
	const struct poc_contexts *contexts = poc_contexts_of(rmap);
	struct mm_world *world = rmap->world;
	u64 live = world->ledger->kinds[contexts->kind].live;

	*memory = (struct rmap_memory){ 0 };
	rmap_memory_add(memory, kernel_sizes[SIZE_COW_CONTEXT].name, live,
			live * KERNEL_COW_CONTEXT,
			slab_bytes_for(SIZE_COW_CONTEXT, live));
	remap_totals_add(&contexts->totals, memory);
	memory->embedded_bytes = world->ledger->kinds[world->kind_mm].live *
				 KERNEL_MM_CONTEXT_FIELD;
}
