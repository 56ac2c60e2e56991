// SPDX-License-Identifier: GPL-2.0-only
/*
 * anon_vmas, their trees and the chains of VMAs, shown to whoever draws them.
 */
#include "../mm/rmap_describe.h"
#include "anon_vma.h"

static void describe_tree(struct anon_vma *anon_vma,
			  const struct rmap_describer *to)
{
	struct itree_node *node;

	for (node = itree_iter_first(&anon_vma->itree, 0, UINT64_MAX, NULL);
	     node; node = itree_iter_next(node, 0, UINT64_MAX, NULL)) {
		const struct anon_vma_chain *avc =
			container_of(node, struct anon_vma_chain, node);

		to->in_tree(to->arg, anon_vma, avc->vma, node->first,
			    node->last);
	}
}

static void describe_anon_vma(struct anon_vma *anon_vma,
			      const struct rmap_describer *to)
{
	struct rmap_object object = {
		.who = anon_vma,
		/* A root is its own parent. */
		.parent = anon_vma->parent == anon_vma ? NULL :
							 anon_vma->parent,
		.root = anon_vma->root,
		.id = anon_vma->id,
		.nr_counters = 3,
		.counters = {
			{ "num_children", anon_vma->num_children },
			{ "num_active_vmas", anon_vma->num_active_vmas },
			{ "refcount", anon_vma->refcount },
		},
	};

	to->object(to->arg, &object);
	if (to->hidden) {
		to->hidden(to->arg, anon_vma, anon_vma->census.children);
		to->hidden(to->arg, anon_vma, anon_vma->census.members);
		to->hidden(to->arg, anon_vma, anon_vma->lock.writer);
	}
	describe_tree(anon_vma, to);
}

static void describe_chain(struct rmap *rmap, struct vm_area_struct *vma,
			   const struct rmap_describer *to)
{
	struct vma_anon *va = vma_anon(rmap, vma);
	const struct anon_vma_chain *avc;

	TAILQ_FOREACH(avc, &va->chain, same_vma)
		to->on_chain(to->arg, vma, avc->anon_vma,
			     avc->anon_vma == va->anon_vma);
}

void anon_vma_describe(struct rmap *rmap, const struct rmap_describer *to)
{
	struct anon_vma *anon_vma;
	struct mm_struct *mm;

	LIST_FOREACH(anon_vma, &anon_vma_world(rmap)->living, living)
		describe_anon_vma(anon_vma, to);
	TAILQ_FOREACH(mm, &rmap->world->mms, entry) {
		struct vm_area_struct *vma = find_vma(mm, 0);

		for (; vma; vma = vma_next(vma))
			describe_chain(rmap, vma, to);
	}
}

const void *anon_vma_folio_owner(struct rmap *rmap, struct folio *folio)
{
	return folio->rmap_state[rmap->slot];
}
