// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading out what all processes have.  Nothing else runs: no lock is taken but
 * those that the accessors insist on.
 */
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include "internal.h"

/* The anon_vmas that this look has met; a slot counts if its round is this one. */
static struct met {
	const void *anon_vma;
	u64 round;
} met[DUMP_HASH_SIZE];
static u64 met_round;

struct look {
	struct dump *dump;
	unsigned long long *tails;
	bool full;
};

/* True the first time in this look. */
static bool meet(struct look *look, const void *anon_vma)
{
	u32 at = hash_ptr(anon_vma, ilog2(DUMP_HASH_SIZE));
	u32 i;

	for (i = 0; i < DUMP_HASH_SIZE; i++) {
		struct met *m = &met[(at + i) & (DUMP_HASH_SIZE - 1)];

		if (m->round != met_round) {
			m->round = met_round;
			m->anon_vma = anon_vma;
			return true;
		}
		if (m->anon_vma == anon_vma)
			return false;
	}
	look->full = true;
	return false;
}

/* The offset that the tree of an anon_vma goes by, of a VMA's first page. */
static unsigned long anon_offset(struct vm_area_struct *vma)
{
#ifdef TREE_HAS_ANON_PGOFF
	return vma_start_anon_pgoff(vma);
#else
	return vma->vm_pgoff;
#endif
}

static void look_at_nodes(struct look *look, struct anon_vma *anon_vma,
			  struct dump_anon_vma *out)
{
	struct dump *dump = look->dump;
	struct rb_node *node;

	out->node_first = dump->node_count;
	for (node = rb_first_cached(&anon_vma->rb_root); node;
	     node = rb_next(node)) {
		struct anon_vma_chain *avc =
			rb_entry(node, struct anon_vma_chain, rb);
		struct dump_node *to;

		if (dump->node_count == DUMP_NODES_MAX) {
			look->full = true;
			break;
		}
		to = &dump->nodes[dump->node_count++];
		to->self = (unsigned long)avc;
		to->vma = (unsigned long)avc->vma;
		to->first = anon_offset(avc->vma);
		to->last = to->first + vma_pages(avc->vma) - 1;
	}
	out->node_count = dump->node_count - out->node_first;
}

static void look_at_one(struct look *look, struct anon_vma *anon_vma)
{
	struct dump *dump = look->dump;
	struct dump_anon_vma *out;

	if (dump->anon_vma_count == DUMP_ANON_VMAS_MAX) {
		look->full = true;
		return;
	}
	out = &dump->anon_vmas[dump->anon_vma_count++];
	out->self = (unsigned long)anon_vma;
	out->root = (unsigned long)anon_vma->root;
	out->parent = (unsigned long)anon_vma->parent;
	out->num_children = anon_vma->num_children;
	out->num_active_vmas = anon_vma->num_active_vmas;
	out->refcount = atomic_read(&anon_vma->refcount);
	look_at_nodes(look, anon_vma, out);
}

/* @anon_vma and those above it, as far as not yet met. */
static void look_at_anon_vma(struct look *look, struct anon_vma *anon_vma)
{
	while (anon_vma && meet(look, anon_vma)) {
		look_at_one(look, anon_vma);
		if (anon_vma->root && meet(look, anon_vma->root))
			look_at_one(look, anon_vma->root);
		anon_vma = anon_vma->parent;
	}
}

static void look_at_chain(struct look *look, struct vm_area_struct *vma,
			  struct dump_vma *out)
{
	struct dump *dump = look->dump;
	struct anon_vma_chain *avc;

	out->chain_first = dump->chain_count;
	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
	{
		struct dump_chain *to;

		if (dump->chain_count == DUMP_CHAINS_MAX) {
			look->full = true;
			break;
		}
		to = &dump->chains[dump->chain_count++];
		to->self = (unsigned long)avc;
		to->anon_vma = (unsigned long)avc->anon_vma;
		to->vma = (unsigned long)avc->vma;
		look_at_anon_vma(look, avc->anon_vma);
	}
	out->chain_count = dump->chain_count - out->chain_first;
}

static void look_at_entry(struct look *look, unsigned long address, pte_t pte)
{
	struct dump *dump = look->dump;
	unsigned long long *tail;
	struct dump_page *out;
	struct folio *folio;
	struct page *page;

	if (dump->page_count == DUMP_PAGES_MAX) {
		look->full = true;
		return;
	}
	out = &dump->pages[dump->page_count];
	tail = &look->tails[dump->page_count++];
	memset(out, 0, sizeof(*out));
	*tail = 0;
	out->address = address >> PAGE_SHIFT;
	if (!pte_present(pte))
		return;
	out->pte = pte_write(pte) ? dump->pte_write : 0;
	out->pfn = pte_pfn(pte);
	if (out->pfn == dump->zero_pfn)
		return;
	page = pte_page(pte);
	folio = page_folio(page);
	out->mapping = (unsigned long)folio->mapping;
	out->index = folio->index;
	out->mapcount = folio_mapcount(folio);
	out->refcount = folio_ref_count(folio);
	if (!folio_test_anon(folio))
		return;
	out->flags = PageAnonExclusive(page) ? 1 : 0;
	out->content = *(u64 *)page_address(page);
	*tail = *(u64 *)(page_address(page) + PAGE_SIZE - sizeof(u64));
}

/* Tables that are not there are passed over whole. */
static void look_at_pages(struct look *look, struct vm_area_struct *vma,
			  struct dump_vma *out)
{
	unsigned long at = vma->vm_start, end;
	struct dump *dump = look->dump;
	spinlock_t *ptl;
	pte_t *ptep, *pte;

	out->page_first = dump->page_count;
	for (; at < vma->vm_end && !look->full; at = end) {
		end = min(ALIGN_DOWN(at, PMD_SIZE) + PMD_SIZE, vma->vm_end);
		ptep = glue_find_pte(vma->vm_mm, at, &ptl);
		if (!ptep)
			continue;
		for (pte = ptep; at < end; at += PAGE_SIZE, pte++)
			if (!pte_none(ptep_get(pte)))
				look_at_entry(look, at, ptep_get(pte));
		pte_unmap_unlock(ptep, ptl);
	}
	out->page_count = dump->page_count - out->page_first;
}

static u64 file_number(struct file *file)
{
	int i;

	for (i = 0; file && i < TREE_FILES; i++)
		if (file_inode(file) == file_inode(tree_files[i]))
			return i + 1;
	return file ? TREE_FILES + 1 : 0;
}

/* Where contexts stand in for them, vma->anon_vma is a mark: faulted or not. */
int tree_has_anon_vmas(void)
{
	return !IS_ENABLED(CONFIG_COW_CONTEXT_ANON_RMAP);
}

static void look_at_vma(struct look *look, struct vm_area_struct *vma)
{
	struct dump *dump = look->dump;
	struct dump_vma *out;

	if (dump->vma_count == DUMP_VMAS_MAX) {
		look->full = true;
		return;
	}
	out = &dump->vmas[dump->vma_count++];
	out->self = (unsigned long)vma;
	out->start = vma->vm_start >> PAGE_SHIFT;
	out->end = vma->vm_end >> PAGE_SHIFT;
	out->flags = vma->vm_flags;
	out->pgoff = vma->vm_pgoff;
	out->inode = file_number(vma->vm_file);
	out->anon_vma = 0;
	out->chain_count = 0;
	if (tree_has_anon_vmas()) {
		out->anon_vma = (unsigned long)vma->anon_vma;
		look_at_anon_vma(look, vma->anon_vma);
		look_at_chain(look, vma, out);
	}
	look_at_pages(look, vma, out);
}

/* The first process with that mm. */
static u32 first_with(const struct dump *dump, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (dump->procs[i].mm == dump->procs[nr].mm)
			break;
	return i;
}

static void look_at_proc(struct look *look, unsigned int slot, u32 nr)
{
	struct dump_proc *out = &look->dump->procs[nr];
	struct mm_struct *mm = tree_mms[slot];
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	memset(out, 0, sizeof(*out));
	out->pid = slot;
	out->mm = (unsigned long)mm;
	out->same_as = first_with(look->dump, nr);
	out->vma_first = look->dump->vma_count;
	if (out->same_as != nr)
		return;
	for_each_vma(vmi, vma)
	{
		if (look->full)
			break;
		look_at_vma(look, vma);
	}
	out->vma_count = look->dump->vma_count - out->vma_first;
}

int tree_look(struct dump *dump, unsigned int *slots, unsigned long long *tails)
{
	struct look look = { .dump = dump, .tails = tails };
	unsigned int slot;

	met_round++;
	dump->zero_pfn = page_to_pfn(ZERO_PAGE(0));
	dump->pte_write = 1;
	dump->anon_exclusive = 0;
	dump->status = DUMP_OK;
	dump->proc_count = 0;
	dump->vma_count = 0;
	dump->chain_count = 0;
	dump->anon_vma_count = 0;
	dump->node_count = 0;
	dump->page_count = 0;
	for (slot = 0; slot < tree_slots && !look.full; slot++) {
		if (!tree_mms[slot])
			continue;
		if (dump->proc_count == DUMP_PROCS_MAX) {
			look.full = true;
			break;
		}
		slots[dump->proc_count] = slot;
		look_at_proc(&look, slot, dump->proc_count++);
	}
	return look.full ? -E2BIG : 0;
}
