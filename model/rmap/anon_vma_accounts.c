// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounts of anon_vmas, for statistics: memory, and what is done under a root's
 * lock, with whom behind it.
 *
 * Every VMA of a hierarchy has an AVC at its root.  The root keeps those in the
 * order of their mms, so that it knows how many mms there are.
 */
#include "anon_vma.h"

static u64 avc_mm_id(const struct anon_vma_chain *avc)
{
	return avc->vma->vm_mm->id;
}

/* Among those of one mm in the order of insertion, which the itree counts. */
static int avc_mm_cmp(const struct anon_vma_chain *a,
		      const struct anon_vma_chain *b)
{
	if (avc_mm_id(a) != avc_mm_id(b))
		return avc_mm_id(a) < avc_mm_id(b) ? -1 : 1;
	if (a->node.seq != b->node.seq)
		return a->node.seq < b->node.seq ? -1 : 1;
	return 0;
}

RB_GENERATE_FILE(avc_mm_tree, anon_vma_chain, mm_rb, avc_mm_cmp)

static bool same_mm(const struct anon_vma_chain *avc,
		    const struct anon_vma_chain *other)
{
	return other && avc_mm_id(avc) == avc_mm_id(other);
}

/* Has the root no other of its mm? */
static bool alone_of_its_mm(struct anon_vma_chain *avc)
{
	return !same_mm(avc, RB_NEXT(avc_mm_tree, NULL, avc)) &&
	       !same_mm(avc, RB_PREV(avc_mm_tree, NULL, avc));
}

/* @vma's AVC was put in or taken out. */
static void section_note(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct anon_vma_world *aw = anon_vma_world(rmap);
	struct rmap_section *section = &aw->section;

	section->links++;
	for (u64 i = 0; i < section->vmas; i++)
		if (aw->section_vmas[i] == vma)
			return;
	if (section->vmas < ANON_VMA_SECTION_VMAS)
		aw->section_vmas[section->vmas++] = vma;
}

void anon_vma_account_link(struct rmap *rmap, struct anon_vma_chain *avc)
{
	struct anon_vma *root = avc->anon_vma;

	section_note(rmap, avc->vma);
	if (root->root != root)
		return;
	RB_INSERT(avc_mm_tree, &root->by_mm, avc);
	root->nr_mms += alone_of_its_mm(avc);
}

void anon_vma_account_unlink(struct rmap *rmap, struct anon_vma_chain *avc)
{
	struct anon_vma *root = avc->anon_vma;

	section_note(rmap, avc->vma);
	if (root->root != root)
		return;
	root->nr_mms -= alone_of_its_mm(avc);
	RB_REMOVE(avc_mm_tree, &root->by_mm, avc);
}

void anon_vma_section_begin(struct rmap *rmap, struct anon_vma *anon_vma)
{
	anon_vma_world(rmap)->section = (struct rmap_section){
		.lock = RMAP_LOCK_ROOT,
		.mms = anon_vma->root->nr_mms,
	};
}

/* With an mm that joined meanwhile, and with one that left. */
void anon_vma_section_end(struct rmap *rmap, struct anon_vma *anon_vma)
{
	struct rmap_section *section = &anon_vma_world(rmap)->section;

	section->mms = max_u64(section->mms, anon_vma->root->nr_mms);
	rmap_wrote(rmap, section);
}

static void add_slab(struct rmap *rmap, struct rmap_memory *memory, u32 kind,
		     enum kernel_size_id size)
{
	u64 live = rmap->world->ledger->kinds[kind].live;

	rmap_memory_add(memory, kernel_sizes[size].name, live,
			live * kernel_sizes[size].bytes,
			slab_bytes_for(size, live));
}

void anon_vma_memory(struct rmap *rmap, struct rmap_memory *memory)
{
	struct anon_vma_world *aw = anon_vma_world(rmap);
	struct mm_world *world = rmap->world;

	*memory = (struct rmap_memory){ 0 };
	add_slab(rmap, memory, aw->kind_anon_vma, SIZE_ANON_VMA);
	add_slab(rmap, memory, aw->kind_avc, SIZE_ANON_VMA_CHAIN);
	memory->embedded_bytes = world->ledger->kinds[world->kind_vma].live *
				 KERNEL_VMA_ANON_FIELDS;
}
