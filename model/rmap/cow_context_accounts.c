// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounts of cow_contexts, for statistics: memory as a kernel would have it, and
 * who shares the locks.
 */
#include "cow_context.h"

/*
 * The lock of a parent's list of children: the parent takes it to fork, each of
 * its @nr_children to leave.
 */
void cow_context_wrote_children(struct rmap *rmap, u64 nr_children)
{
	rmap->locks.write_sections++;
	rmap_wrote(rmap, &(struct rmap_section){
				 .lock = RMAP_LOCK_CHILDREN,
				 .mms = 1 + nr_children,
				 .links = 1,
			 });
}

/* The lock of an mm's remaps is taken by that mm alone; walkers rely on RCU. */
void cow_context_wrote_remaps(struct rmap *rmap, u64 changes_before)
{
	rmap->locks.write_sections++;
	rmap_wrote(rmap,
		   &(struct rmap_section){
			   .lock = RMAP_LOCK_REMAPS,
			   .mms = 1,
			   .vmas = 1,
			   .links = cow_contexts_of(rmap)->totals.changes -
				    changes_before,
		   });
}

void cow_context_memory(struct rmap *rmap, struct rmap_memory *memory)
{
	const struct cow_contexts *contexts = cow_contexts_of(rmap);
	const struct remap_totals *totals = &contexts->totals;
	struct mm_world *world = rmap->world;
	u64 live = world->ledger->kinds[contexts->kind].live;

	*memory = (struct rmap_memory){ 0 };
	rmap_memory_add(memory, kernel_sizes[SIZE_COW_CONTEXT].name, live,
			live * KERNEL_COW_CONTEXT,
			slab_bytes_for(SIZE_COW_CONTEXT, live));
	remap_totals_add(totals, memory);
	memory->embedded_bytes = world->ledger->kinds[world->kind_mm].live *
				 KERNEL_MM_CONTEXT_FIELD;
}
