// SPDX-License-Identifier: GPL-2.0-only
/*
 * A snapshot of what the model has.  The numbering follows snapshot.c's, step
 * by step: two sides that are alike get the same numbers.
 */
#include <errno.h>
#include "../model/mm/pgtable.h"
#include "../model/rmap/anon_vma.h"
#include "snapshot.h"

struct model_side {
	struct snapshot *snap;
	struct machine *machine;
	struct rmap *rmap;
};

/* Itself, its parents upwards, its root. */
static u32 model_number_anon_vma(struct model_side *side, struct anon_vma *from)
{
	struct snapshot *snap = side->snap;
	struct snap_anon_vma *to;
	u32 nr, parent, root;

	if (!from)
		return 0;
	nr = snap_ids_get(&snap->anon_vma_ids, from);
	if (nr)
		return nr;
	to = snapshot_add_anon_vma(snap);
	nr = snap->anon_vmas.nr;
	if (!to || !snap_ids_put(&snap->anon_vma_ids, from, nr)) {
		snap->nomem = true;
		return 0;
	}
	to->num_children = from->num_children;
	to->num_active_vmas = from->num_active_vmas;
	to->refcount = from->refcount;
	parent = model_number_anon_vma(side, from->parent);
	root = model_number_anon_vma(side, from->root);
	snap->anon_vmas.v[nr - 1].parent = parent;
	snap->anon_vmas.v[nr - 1].root = root;
	return nr;
}

static u32 model_number_folio(struct model_side *side, struct folio *folio)
{
	struct snapshot *snap = side->snap;
	struct snap_folio *out;
	u32 nr = snap_ids_get(&snap->folio_ids, folio);
	u32 anon_vma;

	if (nr)
		return nr;
	out = snapshot_add_folio(snap);
	nr = snap->folios.nr;
	if (!out || !snap_ids_put(&snap->folio_ids, folio, nr)) {
		snap->nomem = true;
		return 0;
	}
	out->exclusive = folio->exclusive;
	out->mapcount = folio->mapcount;
	out->index = folio->index;
	out->content = folio->content;
	anon_vma = model_number_anon_vma(side,
					 folio->rmap_state[side->rmap->slot]);
	snap->folios.v[nr - 1].anon_vma = anon_vma;
	return nr;
}

static u8 snap_pte_kind(const struct pte *pte)
{
	switch ((enum pte_kind)pte->kind) {
	case PTE_ANON:
		return SNAP_ANON;
	case PTE_ZERO:
		return SNAP_ZERO;
	case PTE_FILE:
		return SNAP_FILE;
	case PTE_NONE:
	case PTE_MIGRATION:
		break;
	}
	return SNAP_OTHER;
}

static void model_add_pages_of(struct model_side *side,
			       struct vm_area_struct *vma, u32 nr)
{
	struct snapshot *snap = side->snap;
	u64 address = vma->vm_start;
	struct snap_page *out;
	struct pte *pte;

	snap->vmas.v[nr].page_first = snap->pages.nr;
	while (address < vma->vm_end) {
		pte = pte_next(vma->vm_mm, address, vma->vm_end);
		if (!pte)
			break;
		out = snapshot_add_page(snap);
		if (!out)
			return;
		address = pte_addr(pte);
		out->address = address++;
		out->kind = snap_pte_kind(pte);
		/* The model leaves it to the VMA to forbid what mprotect did. */
		out->write = pte->write && vma->vm_flags & VM_WRITE;
		if (pte->folio)
			out->folio = model_number_folio(side, pte->folio);
	}
	snap->vmas.v[nr].page_count =
		snap->pages.nr - snap->vmas.v[nr].page_first;
}

static void model_add_vma(struct model_side *side, struct vm_area_struct *vma,
			  u32 proc)
{
	struct vma_anon *va = vma_anon(side->rmap, vma);
	struct snapshot *snap = side->snap;
	struct snap_vma *out = snapshot_add_vma(snap);
	struct anon_vma_chain *avc;
	u32 nr, anon_vma;

	if (!out || !snap_ids_put(&snap->vma_ids, vma, snap->vmas.nr)) {
		snap->nomem = true;
		return;
	}
	nr = snap->vmas.nr - 1;
	out->proc = proc;
	out->file = vma->vm_file;
	out->start = vma->vm_start;
	out->end = vma->vm_end;
	out->flags = vma->vm_flags;
	out->pgoff = vma->vm_pgoff;
	out->chain_first = snap->chains.nr;
	out->anon_vma = model_number_anon_vma(side, va->anon_vma);
	TAILQ_FOREACH(avc, &va->chain, same_vma) {
		u32 *chain = snapshot_add_chain(snap);

		anon_vma = model_number_anon_vma(side, avc->anon_vma);
		if (chain)
			*chain = anon_vma;
	}
	snap->vmas.v[nr].chain_count =
		snap->chains.nr - snap->vmas.v[nr].chain_first;
}

static void add_nodes_of(struct snapshot *snap, struct anon_vma *anon_vma,
			 u32 nr)
{
	struct itree_node *node;
	struct snap_node *out;

	snap->anon_vmas.v[nr - 1].node_first = snap->nodes.nr;
	node = itree_iter_first(&anon_vma->itree, 0, UINT64_MAX, NULL);
	while (node) {
		struct anon_vma_chain *avc =
			container_of(node, struct anon_vma_chain, node);

		out = snapshot_add_node(snap);
		if (!out)
			return;
		out->first = node->first;
		out->last = node->last;
		out->vma = snap_ids_get(&snap->vma_ids, avc->vma) - 1;
		node = itree_iter_next(node, 0, UINT64_MAX, NULL);
	}
	snap->anon_vmas.v[nr - 1].node_count =
		snap->nodes.nr - snap->anon_vmas.v[nr - 1].node_first;
}

/* Only what a VMA or a folio leads to; what nothing leads to is a leak. */
static void model_add_nodes(struct model_side *side)
{
	struct anon_vma *anon_vma;
	u32 nr;

	LIST_FOREACH(anon_vma, &anon_vma_world(side->rmap)->living, living) {
		nr = snap_ids_get(&side->snap->anon_vma_ids, anon_vma);
		if (nr)
			add_nodes_of(side->snap, anon_vma, nr);
	}
}

static void model_add_proc(struct model_side *side, u32 slot)
{
	struct mm_struct *mm = machine_mm(side->machine, slot);
	struct snapshot *snap = side->snap;
	struct snap_proc *out;
	struct vm_area_struct *vma;
	u32 first;

	if (!mm)
		return;
	first = (u32)machine_proc_of(side->machine, mm);
	out = snapshot_add_proc(snap);
	if (!out)
		return;
	out->slot = slot;
	out->same_as = first;
	out->vma_first = snap->vmas.nr;
	if (first != slot)
		return;
	for (vma = find_vma(mm, 0); vma; vma = vma_next(vma))
		model_add_vma(side, vma, snap->procs.nr - 1);
	out->vma_count = snap->vmas.nr - out->vma_first;
}

/* Pages come when all VMAs have their numbers, as on the kernel's side. */
static void model_add_pages(struct model_side *side)
{
	struct snapshot *snap = side->snap;
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	u32 i, nr;

	for (i = 0; i < snap->procs.nr; i++) {
		if (snap->procs.v[i].same_as != snap->procs.v[i].slot)
			continue;
		mm = machine_mm(side->machine, snap->procs.v[i].slot);
		for (vma = find_vma(mm, 0); vma; vma = vma_next(vma)) {
			nr = snap_ids_get(&snap->vma_ids, vma);
			if (nr)
				model_add_pages_of(side, vma, nr - 1);
		}
	}
}

int snapshot_model(struct snapshot *snap, struct machine *machine)
{
	struct model_side side = {
		.snap = snap,
		.machine = machine,
		.rmap = machine_rmap(machine, "anon_vma"),
	};
	u32 slot;

	if (!side.rmap)
		return -EINVAL;
	snapshot_reset(snap);
	for (slot = 0; slot < machine->nr_procs; slot++)
		model_add_proc(&side, slot);
	model_add_pages(&side);
	model_add_nodes(&side);
	return snap->nomem ? -ENOMEM : 0;
}
