// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots: their arrays, and filling one in from a dump of the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dump_page.h"
#include "snapshot.h"

#define MODEL_FLAGS \
	(VM_READ | VM_WRITE | VM_ACCOUNT | VM_DONTCOPY | VM_WIPEONFORK)

void snapshot_init(struct snapshot *snap)
{
	memset(snap, 0, sizeof(*snap));
}

static void ids_free(struct snap_ids *ids)
{
	free(ids->keys);
	free(ids->values);
}

void snapshot_free(struct snapshot *snap)
{
	free(snap->procs.v);
	free(snap->vmas.v);
	free(snap->chains.v);
	free(snap->anon_vmas.v);
	free(snap->nodes.v);
	free(snap->pages.v);
	free(snap->folios.v);
	ids_free(&snap->anon_vma_ids);
	ids_free(&snap->folio_ids);
	ids_free(&snap->vma_ids);
	snapshot_init(snap);
}

static void ids_reset(struct snap_ids *ids)
{
	if (ids->nr)
		memset(ids->keys, 0, ids->cap * sizeof(*ids->keys));
	ids->nr = 0;
}

void snapshot_reset(struct snapshot *snap)
{
	snap->procs.nr = 0;
	snap->vmas.nr = 0;
	snap->chains.nr = 0;
	snap->anon_vmas.nr = 0;
	snap->nodes.nr = 0;
	snap->pages.nr = 0;
	snap->folios.nr = 0;
	ids_reset(&snap->anon_vma_ids);
	ids_reset(&snap->folio_ids);
	ids_reset(&snap->vma_ids);
	snap->nomem = false;
	snap->fault.kind = DUMP_NO_FAULT;
}

/* Room for one more in an array of @size each: its address, zeroed. */
static void *append_zeroed(struct snapshot *snap, void **v, u32 *nr, u32 *cap,
			   size_t size)
{
	u32 new_cap = *cap ? *cap * 2 : 64;
	void *bigger, *element;

	if (*nr == *cap) {
		bigger = realloc(*v, new_cap * size);
		if (!bigger) {
			snap->nomem = true;
			return NULL;
		}
		*v = bigger;
		*cap = new_cap;
	}
	element = (char *)*v + (*nr)++ * size;
	return memset(element, 0, size);
}

#define APPEND(snap, array)                                               \
	append_zeroed(snap, (void **)&(snap)->array.v, &(snap)->array.nr, \
		      &(snap)->array.cap, sizeof(*(snap)->array.v))

struct snap_proc *snapshot_add_proc(struct snapshot *snap)
{
	return APPEND(snap, procs);
}

struct snap_vma *snapshot_add_vma(struct snapshot *snap)
{
	return APPEND(snap, vmas);
}

u32 *snapshot_add_chain(struct snapshot *snap)
{
	return APPEND(snap, chains);
}

struct snap_anon_vma *snapshot_add_anon_vma(struct snapshot *snap)
{
	struct snap_anon_vma *anon_vma = APPEND(snap, anon_vmas);

	if (anon_vma)
		anon_vma->name = snap->anon_vmas.nr;
	return anon_vma;
}

struct snap_node *snapshot_add_node(struct snapshot *snap)
{
	return APPEND(snap, nodes);
}

struct snap_page *snapshot_add_page(struct snapshot *snap)
{
	return APPEND(snap, pages);
}

struct snap_folio *snapshot_add_folio(struct snapshot *snap)
{
	struct snap_folio *folio = APPEND(snap, folios);

	if (folio)
		folio->name = snap->folios.nr;
	return folio;
}

/* Where @key is or would go: linear probing, never full. */
static u32 ids_slot(const struct snap_ids *ids, const void *key)
{
	u64 hash = ((u64)(uintptr_t)key >> 3) * 0x9e3779b97f4a7c15ULL;
	u32 slot = (u32)(hash >> 32) & (ids->cap - 1);

	while (ids->keys[slot] && ids->keys[slot] != key)
		slot = (slot + 1) & (ids->cap - 1);
	return slot;
}

u32 snap_ids_get(const struct snap_ids *ids, const void *key)
{
	u32 slot;

	if (!ids->cap)
		return 0;
	slot = ids_slot(ids, key);
	return ids->keys[slot] ? ids->values[slot] : 0;
}

static bool ids_grow(struct snap_ids *ids)
{
	struct snap_ids bigger = { .cap = ids->cap ? ids->cap * 2 : 64 };
	u32 i, slot;

	bigger.keys = calloc(bigger.cap, sizeof(*bigger.keys));
	bigger.values = calloc(bigger.cap, sizeof(*bigger.values));
	if (!bigger.keys || !bigger.values) {
		ids_free(&bigger);
		return false;
	}
	for (i = 0; i < ids->cap; i++) {
		if (!ids->keys[i])
			continue;
		slot = ids_slot(&bigger, ids->keys[i]);
		bigger.keys[slot] = ids->keys[i];
		bigger.values[slot] = ids->values[i];
	}
	bigger.nr = ids->nr;
	ids_free(ids);
	*ids = bigger;
	return true;
}

bool snap_ids_put(struct snap_ids *ids, const void *key, u32 value)
{
	u32 slot;

	if (ids->nr * 2 >= ids->cap && !ids_grow(ids))
		return false;
	slot = ids_slot(ids, key);
	if (!ids->keys[slot])
		ids->nr++;
	ids->keys[slot] = key;
	ids->values[slot] = value;
	return true;
}

/* A kernel address as a key. */
static const void *address_key(u64 address)
{
	return (const void *)(uintptr_t)address;
}

struct kernel_side {
	struct snapshot *snap;
	const struct dump *dump;
	const u64 *inodes;
};

/* A fault that shows only when all is put together, if it is the first. */
static void add_fault(struct kernel_side *side, const struct dump_fault *fault)
{
	if (!side->snap->fault.kind)
		side->snap->fault = *fault;
}

static const struct dump_anon_vma *find_anon_vma(const struct dump *dump,
						 u64 self)
{
	u32 i;

	for (i = 0; i < dump->anon_vma_count; i++)
		if (dump->anon_vmas[i].self == self)
			return &dump->anon_vmas[i];
	return NULL;
}

/*
 * The number of the anon_vma at @self, given to it and to what it names when it
 * is met for the first time.  Numbers go to an anon_vma, its parents upwards and
 * its root, in that order.  0 for none, and for one that is not in the dump.
 */
static u32 kernel_number_anon_vma(struct kernel_side *side, u64 self, u32 depth)
{
	struct snapshot *snap = side->snap;
	const struct dump_anon_vma *from;
	struct snap_anon_vma *to;
	u32 nr, parent, root;

	if (!self)
		return 0;
	nr = snap_ids_get(&snap->anon_vma_ids, address_key(self));
	if (nr)
		return nr;
	from = find_anon_vma(side->dump, self);
	if (!from || depth > side->dump->anon_vma_count)
		return 0;
	to = snapshot_add_anon_vma(snap);
	nr = snap->anon_vmas.nr;
	if (!to || !snap_ids_put(&snap->anon_vma_ids, address_key(self), nr)) {
		snap->nomem = true;
		return 0;
	}
	to->num_children = from->num_children;
	to->num_active_vmas = from->num_active_vmas;
	to->refcount = from->refcount;
	parent = kernel_number_anon_vma(side, from->parent, depth + 1);
	root = kernel_number_anon_vma(side, from->root, depth + 1);
	snap->anon_vmas.v[nr - 1].parent = parent;
	snap->anon_vmas.v[nr - 1].root = root;
	return nr;
}

static u32 kernel_number_folio(struct kernel_side *side,
			       const struct dump_page *page, u32 vma)
{
	struct snapshot *snap = side->snap;
	struct snap_folio *folio;
	u32 nr = snap_ids_get(&snap->folio_ids, address_key(page->pfn));

	if (nr)
		return nr;
	folio = snapshot_add_folio(snap);
	if (!folio || !snap_ids_put(&snap->folio_ids, address_key(page->pfn),
				    snap->folios.nr))
		return 0;
	nr = snap->folios.nr;
	folio->exclusive = dump_page_exclusive(side->dump, page);
	folio->mapcount = (u32)page->mapcount;
	folio->index = page->index;
	folio->content = page->content;
	folio->anon_vma =
		kernel_number_anon_vma(side, dump_page_anon_vma(page), 0);
	if (!folio->anon_vma)
		add_fault(side, &(struct dump_fault){
					.kind = DUMP_UNKNOWN_ANON_VMA,
					.structure = DUMP_PAGE,
					.proc = snap->vmas.v[vma].proc,
					.vma = vma,
					.self = page->self,
					.page = page->address,
					.found = dump_page_anon_vma(page),
				});
	return nr;
}

static void kernel_add_page(struct kernel_side *side,
			    const struct dump_page *page, u32 vma)
{
	struct snap_page *out = snapshot_add_page(side->snap);

	if (!out)
		return;
	out->address = page->address;
	out->write = dump_page_writable(side->dump, page);
	if (!page->pfn)
		out->kind = SNAP_OTHER;
	else if (dump_page_zero(side->dump, page))
		out->kind = SNAP_ZERO;
	else if (!dump_page_anon(page))
		out->kind = SNAP_FILE;
	else
		out->kind = SNAP_ANON;
	if (out->kind == SNAP_ANON)
		out->folio = kernel_number_folio(side, page, vma);
}

static int file_of(const struct kernel_side *side, u64 inode)
{
	int i;

	if (!inode)
		return NO_FILE;
	for (i = 0; i < NR_FILES; i++)
		if (side->inodes[i] == inode)
			return i;
	return NR_FILES; /* none of ours */
}

static void kernel_add_vma(struct kernel_side *side, const struct dump_vma *vma,
			   u32 proc)
{
	struct snapshot *snap = side->snap;
	const struct dump *dump = side->dump;
	struct snap_vma *out = snapshot_add_vma(snap);
	u32 nr = snap->vmas.nr - 1;
	u32 anon_vma, i;

	if (!out ||
	    !snap_ids_put(&snap->vma_ids, address_key(vma->self), nr + 1))
		return;
	out->proc = proc;
	out->file = file_of(side, vma->inode);
	out->start = vma->start;
	out->end = vma->end;
	out->flags = vma->flags & MODEL_FLAGS;
	out->pgoff = vma->pgoff;
	out->chain_first = snap->chains.nr;
	out->chain_count = vma->chain_count;
	out->anon_vma = kernel_number_anon_vma(side, vma->anon_vma, 0);
	for (i = 0; i < vma->chain_count; i++) {
		u32 *chain = snapshot_add_chain(snap);

		anon_vma = kernel_number_anon_vma(
			side, dump->chains[vma->chain_first + i].anon_vma, 0);
		if (chain)
			*chain = anon_vma;
	}
}

static void kernel_add_pages_of(struct kernel_side *side,
				const struct dump_vma *vma, u32 nr)
{
	struct snapshot *snap = side->snap;
	u32 i;

	snap->vmas.v[nr].page_first = snap->pages.nr;
	snap->vmas.v[nr].page_count = vma->page_count;
	for (i = 0; i < vma->page_count; i++)
		kernel_add_page(side, &side->dump->pages[vma->page_first + i],
				nr);
}

static void kernel_add_nodes(struct kernel_side *side)
{
	struct snapshot *snap = side->snap;
	const struct dump *dump = side->dump;
	u32 i, k, nr;

	for (i = 0; i < dump->anon_vma_count; i++) {
		const struct dump_anon_vma *from = &dump->anon_vmas[i];

		nr = snap_ids_get(&snap->anon_vma_ids, address_key(from->self));
		if (!nr)
			continue;
		snap->anon_vmas.v[nr - 1].node_first = snap->nodes.nr;
		snap->anon_vmas.v[nr - 1].node_count = from->node_count;
		for (k = 0; k < from->node_count; k++) {
			const struct dump_node *node =
				&dump->nodes[from->node_first + k];
			struct snap_node *out = snapshot_add_node(snap);

			if (!out)
				return;
			out->first = node->first;
			out->last = node->last;
			out->vma = snap_ids_get(&snap->vma_ids,
						address_key(node->vma)) -
				   1;
		}
	}
}

static void add_procs(struct kernel_side *side, const u32 *slots)
{
	struct snapshot *snap = side->snap;
	const struct dump *dump = side->dump;
	u32 i, k;

	for (i = 0; i < dump->proc_count; i++) {
		const struct dump_proc *from = &dump->procs[i];
		struct snap_proc *out = snapshot_add_proc(snap);

		if (!out)
			return;
		out->slot = slots[i];
		out->same_as = slots[from->same_as];
		out->vma_first = snap->vmas.nr;
		if (from->same_as != i)
			continue;
		out->vma_count = from->vma_count;
		for (k = 0; k < from->vma_count; k++)
			kernel_add_vma(side, &dump->vmas[from->vma_first + k],
				       i);
	}
}

int snapshot_kernel(struct snapshot *snap, const struct dump *dump,
		    const u32 *slots, const u64 inodes[NR_FILES])
{
	struct kernel_side side = {
		.snap = snap,
		.dump = dump,
		.inodes = inodes,
	};
	u32 i;

	snapshot_reset(snap);
	snap->fault = dump->fault;
	add_procs(&side, slots);
	/* VMAs are dumped in the order in which they were added here. */
	for (i = 0; i < dump->vma_count && i < snap->vmas.nr; i++)
		kernel_add_pages_of(&side, &dump->vmas[i], i);
	kernel_add_nodes(&side);
	return snap->nomem ? -ENOMEM : 0;
}
