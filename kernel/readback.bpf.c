// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads what processes have in the window out of the running kernel: VMAs,
 * their anon_vma_chains, the anon_vmas and their interval trees, page-table
 * entries and struct pages.  One run dumps everything of all processes.
 *
 * Field offsets come from the running kernel's BTF.  No lock is taken: nothing
 * that is looked at can change or go while the processes stand still.  VMAs are
 * found in the maple tree itself, since the kernel's iterator for them may hand
 * over copies, and a copy's list of anon_vma_chains leads nowhere.
 *
 * Everything is in global functions, which the verifier looks at one by one.
 * Calls are eight deep, which is as many as it allows.
 */
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "../subject/dump.h"

char LICENSE[] SEC("license") = "GPL";

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

/*
 * for (ROUNDS(it, n); NEXT_ROUND(it);): @n rounds, of which ROUND(it) says the
 * number, from 0.  The verifier looks at one round, not at @n of them, as long
 * as what a round counts does not begin as a constant; ROUND() is none to it.
 */
#define ROUNDS(it, n)                                                       \
	struct bpf_iter_num it                                              \
		__attribute__((aligned(8), cleanup(bpf_iter_num_destroy))), \
		*at_##it = (bpf_iter_num_new(&it, 0, (n)),                  \
			    (void)bpf_iter_num_destroy, (void *)0)
#define NEXT_ROUND(it) (at_##it = (void *)bpf_iter_num_next(&it))
#define ROUND(it) (*(u32 *)at_##it)

#define CHILDREN_MAX 4096 /* of the controller, and of the nanny */
#define TREE_DEPTH_MAX 64
#define MAPLE_DEPTH_MAX 31 /* as lib/maple_tree.c */
#define MAPLE_RANGE64_PIVOTS 15

#define PTE_PRESENT 0x1
#define PTE_HUGE 0x80
#define PTE_PROTNONE 0x100
#define PTE_PFN_MASK 0x000ffffffffff000ULL
#define PAGE_MAPPING_ANON 1

struct dump dump;
struct dump_probe probe;

/* Which anon_vmas this run has met; a slot counts if its round is this one. */
struct met {
	u64 anon_vma;
	u64 round;
};
static struct met met[DUMP_HASH_SIZE];
static u64 met_round;

static u64 table[128]; /* a piece of a page table; 64 of it are used */

static __always_inline u64 read_u64(u64 address)
{
	u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), (void *)address);
	return value;
}

static __always_inline void give_up(u32 status)
{
	if (dump.status == DUMP_OK)
		dump.status = status;
}

#define UNREADABLE 0xdead000000000000ULL /* no canonical address */

static u32 at_proc; /* in dump.procs: what is being looked at */
static u32 at_vma; /* in dump.vmas; DUMP_NO_VMA */
static u64 at_page; /* page number; 0: none */

/* Notes a fault of the structure at @self, if it is the first. */
static __always_inline void fault(u32 kind, u32 structure, u64 self, u64 found,
				  u64 expected)
{
	if (dump.fault.kind)
		return;
	dump.fault.kind = kind;
	dump.fault.structure = structure;
	dump.fault.proc = at_proc;
	dump.fault.vma = at_vma;
	dump.fault.self = self;
	dump.fault.page = at_page;
	dump.fault.found = found;
	dump.fault.expected = expected;
}

/* Can the structure at @address be read?  If not, that is a fault. */
__noinline int readable(u64 address, u32 structure)
{
	u64 from = address, value;

	if (dump.spoil_kind == DUMP_UNREADABLE &&
	    dump.spoil_structure == structure)
		from = UNREADABLE;
	if (!bpf_probe_read_kernel(&value, sizeof(value), (void *)from))
		return 1;
	fault(DUMP_UNREADABLE, structure, address, 0, 0);
	return 0;
}

/* Is @found, of the structure at @self, what was expected?  If not, a fault. */
__noinline int holds(u32 kind, u32 structure, u64 self, u64 found, u64 expected)
{
	if (dump.spoil_kind == kind && dump.spoil_structure == structure)
		found ^= 8;
	if (found == expected)
		return 1;
	fault(kind, structure, self, found, expected);
	return 0;
}

/* The physical page that a present entry names. */
static __always_inline u64 pte_pfn(u64 pte)
{
	/* Entries of PROT_NONE pages carry the inverted frame (L1TF). */
	if (!(pte & PTE_PRESENT))
		pte = ~pte;
	return (pte & PTE_PFN_MASK) >> 12;
}

static __always_inline bool pte_present(u64 pte)
{
	return pte & (PTE_PRESENT | PTE_PROTNONE);
}

/*
 * The virtual address of the page of page-table entries for page number
 * @address, 0 if there is none; then *@skip is the first page number past what
 * the missing table would cover.
 */
__noinline u64 find_table(u64 pgd, u64 address, u64 *skip)
{
	u64 virtual = pgd, entry;
	u32 shift;

	if (!skip)
		return 0;
	shift = dump.levels == 5 ? 36 : 27;
	for (ROUNDS(round, 4); NEXT_ROUND(round);) {
		at_page = address;
		if (!readable(virtual, DUMP_PAGE_TABLE)) {
			virtual = 0;
			break;
		}
		entry = read_u64(virtual + (((address >> shift) & 511) << 3));
		if (!(entry & PTE_PRESENT)) {
			virtual = 0;
			break;
		}
		if (shift < 27 &&
		    (entry & PTE_HUGE || dump.spoil_kind == DUMP_HUGE_ENTRY)) {
			fault(DUMP_HUGE_ENTRY, DUMP_PAGE_TABLE, virtual, entry,
			      0);
			virtual = 0;
			break;
		}
		virtual = dump.page_offset + (entry & PTE_PFN_MASK);
		if (shift == 9)
			break;
		shift -= 9;
	}
	*skip = ((address >> shift) + 1) << shift;
	return virtual;
}

/* Notes the entry @pte at page number @address. */
__noinline int dump_page(u64 address, u64 pte)
{
	struct dump_page *out;
	struct page *page;
	u32 n = dump.page_count;

	if (n >= DUMP_PAGES_MAX) {
		give_up(DUMP_FULL);
		return 0;
	}
	out = &dump.pages[n];
	dump.page_count = n + 1;
	__builtin_memset(out, 0, sizeof(*out));
	out->address = address;
	out->pte = pte;
	if (!pte_present(pte))
		return 0;
	out->pfn = pte_pfn(pte);
	page = (void *)(dump.vmemmap +
			out->pfn * bpf_core_type_size(struct page));
	at_page = address;
	if (!readable((u64)page, DUMP_PAGE))
		return 0;
	out->self = (u64)page;
	out->mapping = (u64)BPF_CORE_READ(page, mapping);
	if (dump.spoil_kind == DUMP_UNKNOWN_ANON_VMA)
		out->mapping += out->mapping & PAGE_MAPPING_ANON ? 8 : 0;
	out->index = read_u64((u64)page +
			      bpf_core_field_offset(struct folio, index));
	out->flags = read_u64((u64)page);
	out->mapcount = BPF_CORE_READ(page, _mapcount.counter) + 1;
	out->refcount = BPF_CORE_READ(page, _refcount.counter);
	if (out->mapping & PAGE_MAPPING_ANON)
		out->content = read_u64(dump.page_offset + (out->pfn << 12));
	return 0;
}

/* Notes the entries in [address, end), which lie in one table's piece. */
__noinline int dump_entries(u64 virtual, u64 address, u32 count)
{
	u64 first = (address & 511) << 3;

	count &= 127;
	at_page = address;
	if (!readable(virtual, DUMP_PAGE_TABLE) ||
	    bpf_probe_read_kernel(table, count * 8, (void *)(virtual + first)))
		return 0;
	for (ROUNDS(round, 64); NEXT_ROUND(round);) {
		u32 i = ROUND(round);

		if (i >= count)
			break;
		if (table[i & 63])
			dump_page(address + i, table[i & 63]);
	}
	return 0;
}

/* Notes what the page tables have in [start, end). */
__noinline int dump_pages(u64 pgd, u64 start, u64 end)
{
	u64 address = start, skip, virtual = 0, table_end = 0;
	u64 count;

	for (ROUNDS(round, 1 << 20); NEXT_ROUND(round);) {
		if (address >= end)
			break;
		if (address >= table_end) {
			skip = address + 1;
			virtual = find_table(pgd, address, &skip);
			if (!virtual) {
				address = skip;
				table_end = 0;
				continue;
			}
			table_end = skip;
		}
		count = 64 - (address & 63);
		if (count > end - address)
			count = end - address;
		dump_entries(virtual, address, count);
		address += count;
	}
	if (address < end)
		give_up(DUMP_FULL);
	return 0;
}

static __always_inline u64 rb_right_of(u64 node)
{
	return read_u64(node + bpf_core_field_offset(struct rb_node, rb_right));
}

static __always_inline u64 rb_left_of(u64 node)
{
	return read_u64(node + bpf_core_field_offset(struct rb_node, rb_left));
}

static __always_inline u64 rb_parent_of(u64 node)
{
	return read_u64(node + bpf_core_field_offset(struct rb_node,
						     __rb_parent_color)) &
	       ~3ULL;
}

static __always_inline u64 avc_of_node(u64 node)
{
	return node - bpf_core_field_offset(struct anon_vma_chain, rb);
}

/* The node after @node in order, 0 if it is the last: lib/rbtree.c, rb_next(). */
__noinline u64 rb_after(u64 node)
{
	u64 start = node, at = rb_right_of(node), next = 0;
	bool down = at;
	u32 depth = dump.spoil_kind == DUMP_TREE_DEEP ? 0 : TREE_DEPTH_MAX;

	for (ROUNDS(round, depth); NEXT_ROUND(round);) {
		if (down) {
			next = rb_left_of(at);
			if (!next)
				return at;
			at = next;
		} else {
			next = rb_parent_of(node);
			if (!next || rb_right_of(next) != node)
				return next;
			node = next;
		}
	}
	fault(DUMP_TREE_DEEP, DUMP_AVC_TREE, avc_of_node(start), 0, 0);
	return 0;
}

/* rb_subtree_last of a child of @node, 0 if there is no such child. */
static __always_inline u64 subtree_last_of(u64 child, u64 node, bool *sound)
{
	if (!child)
		return 0;
	if (!readable(child, DUMP_AVC_TREE) ||
	    !holds(DUMP_TREE_PARENT, DUMP_AVC_TREE, avc_of_node(child),
		   rb_parent_of(child), node)) {
		*sound = false;
		return 0;
	}
	return read_u64(
		avc_of_node(child) +
		bpf_core_field_offset(struct anon_vma_chain, rb_subtree_last));
}

/*
 * Is the largest last offset below @node, whose own is @last, what the node says
 * it is?  Then a search of the tree finds what overlaps, and listing it in order
 * shows what a search would find.
 */
static __always_inline bool subtree_in_order(u64 node, u64 last)
{
	bool sound = true;
	u64 left = subtree_last_of(rb_left_of(node), node, &sound);
	u64 right = subtree_last_of(rb_right_of(node), node, &sound);
	u64 own = read_u64(
		avc_of_node(node) +
		bpf_core_field_offset(struct anon_vma_chain, rb_subtree_last));

	if (left > last)
		last = left;
	if (right > last)
		last = right;
	return sound && holds(DUMP_SUBTREE_LAST, DUMP_AVC_TREE,
			      avc_of_node(node), own, last);
}

/* The key of @vma in interval trees of anon_vmas: mm/interval_tree.c. */
static __always_inline u64 rmap_pgoff(struct vm_area_struct *vma)
{
	struct vm_area_struct___anon_pgoff *own = (void *)vma;

	if (bpf_core_field_exists(own->__vm_anon_pgoff_lo))
		return BPF_CORE_READ(own, __vm_anon_pgoff_lo) |
		       (u64)BPF_CORE_READ(own, __vm_anon_pgoff_hi) << 32;
	return BPF_CORE_READ(vma, vm_pgoff);
}

static u64 first_before; /* first offset of the node noted before */

/*
 * Notes the anon_vma_chain of @node in the tree of @anon_vma.  Returns 0 if it
 * is so broken that the rest of the tree cannot be found from it.
 */
__noinline int dump_node(u64 node, u64 anon_vma)
{
	struct anon_vma_chain *avc = (void *)avc_of_node(node);
	struct vm_area_struct *vma;
	struct dump_node *out;
	u32 n = dump.node_count;

	if (n >= DUMP_NODES_MAX) {
		give_up(DUMP_FULL);
		return 0;
	}
	if (!readable(node, DUMP_AVC_TREE))
		return 0;
	out = &dump.nodes[n];
	dump.node_count = n + 1;
	vma = BPF_CORE_READ(avc, vma);
	out->self = (u64)avc;
	out->vma = (u64)vma;
	out->first = 0;
	out->last = 0;
	holds(DUMP_TREE_OWNER, DUMP_AVC_TREE, (u64)avc,
	      (u64)BPF_CORE_READ(avc, anon_vma), anon_vma);
	if (!readable((u64)vma, DUMP_TREE_VMA))
		return 1;
	out->first = rmap_pgoff(vma);
	out->last =
		out->first - 1 +
		((BPF_CORE_READ(vma, vm_end) - BPF_CORE_READ(vma, vm_start)) >>
		 12);
	if (out->first < first_before || dump.spoil_kind == DUMP_TREE_ORDER)
		fault(DUMP_TREE_ORDER, DUMP_AVC_TREE, (u64)avc, out->first,
		      first_before);
	first_before = out->first;
	return subtree_in_order(node, out->last);
}

/* True the first time that it is asked of @anon_vma in this run. */
__noinline int meet_object(u64 anon_vma)
{
	u32 slot = (u32)(anon_vma >> 3) * 2654435761U >> 19;
	int first = 0;

	for (ROUNDS(round, DUMP_HASH_SIZE); NEXT_ROUND(round);) {
		u32 i = slot + ROUND(round);
		struct met *m = &met[i & (DUMP_HASH_SIZE - 1)];

		if (m->round != met_round) {
			m->round = met_round;
			m->anon_vma = anon_vma;
			first = 1;
			break;
		}
		if (m->anon_vma == anon_vma)
			break;
	}
	return first;
}

/* Notes @anon_vma and its interval tree. */
__noinline int dump_one_anon_vma(u64 address)
{
	struct anon_vma *anon_vma = (void *)address;
	struct dump_anon_vma *out;
	u32 n = dump.anon_vma_count;
	u64 node;

	if (n >= DUMP_ANON_VMAS_MAX) {
		give_up(DUMP_FULL);
		return 0;
	}
	if (!readable(address, DUMP_ANON_VMA))
		return 0;
	out = &dump.anon_vmas[n];
	dump.anon_vma_count = n + 1;
	out->self = address;
	out->root = (u64)BPF_CORE_READ(anon_vma, root);
	out->parent = (u64)BPF_CORE_READ(anon_vma, parent);
	out->num_children = BPF_CORE_READ(anon_vma, num_children);
	out->num_active_vmas = BPF_CORE_READ(anon_vma, num_active_vmas);
	out->refcount = BPF_CORE_READ(anon_vma, refcount.counter);
	out->node_first = dump.node_count;
	first_before = 0;
	node = (u64)BPF_CORE_READ(anon_vma, rb_root.rb_leftmost);
	for (ROUNDS(round, DUMP_NODES_MAX); NEXT_ROUND(round);) {
		if (!node)
			break;
		if (!dump_node(node, address))
			break;
		node = rb_after(node);
	}
	out->node_count = dump.node_count - out->node_first;
	return 0;
}

/* Notes @anon_vma and those above it, as far as not yet noted. */
__noinline int dump_anon_vma(u64 address)
{
	struct anon_vma *anon_vma;
	u64 root;

	for (ROUNDS(round, TREE_DEPTH_MAX * 64); NEXT_ROUND(round);) {
		if (!address || !meet_object(address))
			break;
		dump_one_anon_vma(address);
		anon_vma = (void *)address;
		root = (u64)BPF_CORE_READ(anon_vma, root);
		if (root && meet_object(root))
			dump_one_anon_vma(root);
		address = (u64)BPF_CORE_READ(anon_vma, parent);
	}
	return 0;
}

static __always_inline u64 list_prev_of(u64 link)
{
	return read_u64(link + bpf_core_field_offset(struct list_head, prev));
}

/* Notes the chain of @vma. */
__noinline int dump_chain(u64 vma)
{
	u64 head = vma +
		   bpf_core_field_offset(struct vm_area_struct, anon_vma_chain);
	struct anon_vma_chain *avc;
	struct dump_chain *out;
	u64 link = read_u64(head), before = head;
	u32 n;

	/* A list that leads back at each step ends at its head. */
	for (ROUNDS(round, DUMP_CHAINS_MAX); NEXT_ROUND(round);) {
		if (link == head) {
			holds(DUMP_LIST_PREV, DUMP_VMA, vma, list_prev_of(head),
			      before);
			break;
		}
		avc = (void *)(link - bpf_core_field_offset(
					      struct anon_vma_chain, same_vma));
		if (!readable(link, DUMP_AVC_LIST) ||
		    !holds(DUMP_LIST_PREV, DUMP_AVC_LIST, (u64)avc,
			   list_prev_of(link), before))
			break;
		n = dump.chain_count;
		if (n >= DUMP_CHAINS_MAX) {
			give_up(DUMP_FULL);
			break;
		}
		out = &dump.chains[n];
		dump.chain_count = n + 1;
		out->self = (u64)avc;
		out->anon_vma = (u64)BPF_CORE_READ(avc, anon_vma);
		out->vma = (u64)BPF_CORE_READ(avc, vma);
		dump_anon_vma(out->anon_vma);
		before = link;
		link = read_u64(link);
	}
	return 0;
}

/* Notes the VMA at @address, a kernel address, with all that hangs on it. */
__noinline int dump_vma(u64 address, u64 pgd)
{
	struct vm_area_struct *vma = (void *)address;
	struct dump_vma *out;
	struct file *file;
	u32 n = dump.vma_count;

	if (n >= DUMP_VMAS_MAX) {
		give_up(DUMP_FULL);
		return 0;
	}
	out = &dump.vmas[n];
	dump.vma_count = n + 1;
	at_page = 0;
	if (!readable(address, DUMP_VMA)) {
		__builtin_memset(out, 0, sizeof(*out));
		out->self = address;
		return 0;
	}
	at_vma = n;
	out->self = address;
	out->start = BPF_CORE_READ(vma, vm_start) >> 12;
	out->end = BPF_CORE_READ(vma, vm_end) >> 12;
	out->flags = BPF_CORE_READ(vma, vm_flags);
	out->pgoff = BPF_CORE_READ(vma, vm_pgoff);
	out->anon_vma = (u64)BPF_CORE_READ(vma, anon_vma);
	file = BPF_CORE_READ(vma, vm_file);
	out->inode = 0;
	if (file && readable((u64)file, DUMP_FILE))
		out->inode = BPF_CORE_READ(file, f_inode, i_ino);
	dump_anon_vma(out->anon_vma);
	out->chain_first = dump.chain_count;
	dump_chain(address);
	out->chain_count = dump.chain_count - out->chain_first;
	out->page_first = dump.page_count;
	dump_pages(pgd, out->start, out->end);
	out->page_count = dump.page_count - out->page_first;
	at_page = 0;
	at_vma = DUMP_NO_VMA;
	return 0;
}

/*
 * Walks the maple tree of VMAs under @root, an encoded node, down to the entry
 * for byte address @index: the VMA, or 0 for none; *@last is the last address
 * of that entry.  lib/maple_tree.c, mtree_range_walk().
 */
__noinline u64 maple_walk(u64 root, u64 index, u64 *last)
{
	u64 node = root, max = ~0ULL, pivots, slots, pivot, type;
	u32 end, at;

	if (!last)
		return 0;
	for (ROUNDS(depth, MAPLE_DEPTH_MAX); NEXT_ROUND(depth);) {
		/* Nodes are aligned to 256 bytes; the type is below. */
		type = node >> 3 & 15;
		node &= ~0xffULL;
		if (!node)
			break;
		if (!readable(node, DUMP_MAPLE_NODE)) {
			node = 0;
			break;
		}
		if (type == maple_arange_64) {
			pivots = node + bpf_core_field_offset(
						struct maple_arange_64, pivot);
			slots = node + bpf_core_field_offset(
					       struct maple_arange_64, slot);
			end = read_u64(node +
				       bpf_core_field_offset(
					       struct maple_arange_64, meta)) &
			      0xff;
		} else {
			pivots = node + bpf_core_field_offset(
						struct maple_range_64, pivot);
			slots = node + bpf_core_field_offset(
					       struct maple_range_64, slot);
			end = MAPLE_RANGE64_PIVOTS;
			pivot = read_u64(pivots + (end - 1) * 8);
			/* Not full: it says itself where it ends. */
			if (!pivot)
				end = read_u64(node +
					       bpf_core_field_offset(
						       struct maple_range_64,
						       meta)) &
				      0xff;
			else if (pivot == max)
				end--;
		}
		at = end;
		for (ROUNDS(round, MAPLE_RANGE64_PIVOTS); NEXT_ROUND(round);) {
			u32 i = ROUND(round);

			if (i >= end)
				break;
			pivot = read_u64(pivots + i * 8);
			if (pivot >= index) {
				at = i;
				max = pivot;
				break;
			}
		}
		node = read_u64(slots + at * 8);
		if (type < maple_range_64)
			break;
	}
	*last = max;
	return node;
}

/* Is the VMA at @address, a kernel address, the executor's own? */
__noinline int is_own(u64 address)
{
	struct vm_area_struct *vma = (void *)address;
	u64 start = BPF_CORE_READ(vma, vm_start) >> 12;

	return (start >= dump.own[0].first && start <= dump.own[0].last) ||
	       (start >= dump.own[1].first && start <= dump.own[1].last);
}

/* Notes what process @nr, which has @mm, has in the window. */
__noinline int dump_proc(u64 address, u32 nr)
{
	struct mm_struct *mm = (void *)address;
	u64 index = dump.window_first << 12;
	u64 end = (dump.window_last << 12) + 0xfff;
	u64 root, pgd, vma, last = 0;
	struct dump_proc *out;

	if (nr >= DUMP_PROCS_MAX)
		return 0;
	at_proc = nr;
	at_vma = DUMP_NO_VMA;
	at_page = 0;
	out = &dump.procs[nr];
	if (!readable(address, DUMP_MM)) {
		out->vma_count = 0;
		return 0;
	}
	root = (u64)BPF_CORE_READ(mm, mm_mt.ma_root);
	pgd = (u64)BPF_CORE_READ(mm, pgd);
	out->mm = address;
	out->vma_first = dump.vma_count;
	for (ROUNDS(round, 2 * DUMP_VMAS_MAX); NEXT_ROUND(round);) {
		last = index;
		vma = maple_walk(root, index, &last);
		if (vma && !is_own(vma))
			dump_vma(vma, pgd);
		if (last >= end)
			break;
		index = last + 1;
	}
	if (last < end)
		give_up(DUMP_FULL);
	out->vma_count = dump.vma_count - out->vma_first;
	return 0;
}

/* What @task is called in the pid namespace @level levels down; its level. */
static __always_inline u32 pid_at(struct task_struct *task, u32 level)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	u32 nr = 0;

	bpf_probe_read_kernel(
		&nr, sizeof(nr),
		(char *)pid + bpf_core_field_offset(struct pid, numbers) +
			level * bpf_core_type_size(struct upid));
	return nr;
}

static __always_inline u32 pid_level(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread_pid, level);
}

/* Which of dump.procs is @pid, -1 if none. */
__noinline int proc_by_pid(u32 pid)
{
	int found = -1;

	for (ROUNDS(round, DUMP_PROCS_MAX); NEXT_ROUND(round);) {
		u32 i = ROUND(round);

		if (i >= dump.proc_count)
			break;
		if (dump.procs[i & (DUMP_PROCS_MAX - 1)].pid == pid) {
			found = i;
			break;
		}
	}
	return found;
}

static u64 mms[DUMP_PROCS_MAX]; /* by process; 0: not found */

/* Is @task one of the processes, whose namespace is the one below @level? */
__noinline int note_task(u64 address, u32 level)
{
	struct task_struct *task = (void *)address;
	int nr;

	if (pid_level(task) <= level)
		return 0;
	nr = proc_by_pid(pid_at(task, level + 1));
	if (nr < 0 || nr >= DUMP_PROCS_MAX)
		return 0;
	mms[nr] = (u64)BPF_CORE_READ(task, mm);
	dump.procs[nr].outer_pid = pid_at(task, level);
	return 0;
}

/* Notes those of the processes that are children of @parent. */
__noinline int note_children(u64 parent, u32 level)
{
	u64 head, link;

	head = parent + bpf_core_field_offset(struct task_struct, children);
	link = read_u64(head);
	for (ROUNDS(round, CHILDREN_MAX); NEXT_ROUND(round);) {
		if (!link || link == head)
			break;
		note_task(link - bpf_core_field_offset(struct task_struct,
						       sibling),
			  level);
		link = read_u64(link);
	}
	return 0;
}

/*
 * Finds the processes: all are children of process 1 of their namespace, which
 * is a child of @controller in the next namespace below its own.
 */
__noinline int find_tasks(u64 controller)
{
	u32 level = pid_level((void *)controller);
	u64 head, link, child;

	head = controller + bpf_core_field_offset(struct task_struct, children);
	link = read_u64(head);
	for (ROUNDS(round, CHILDREN_MAX); NEXT_ROUND(round);) {
		if (!link || link == head)
			break;
		child = link -
			bpf_core_field_offset(struct task_struct, sibling);
		if (pid_level((void *)child) > level)
			note_children(child, level);
		link = read_u64(link);
	}
	return 0;
}

/* The first process that has the mm of @nr: @nr itself, if not one before it. */
__noinline int first_with_mm(u32 nr)
{
	u32 found = nr;

	for (ROUNDS(round, DUMP_PROCS_MAX); NEXT_ROUND(round);) {
		u32 i = ROUND(round);

		if (i >= nr || mms[i & (DUMP_PROCS_MAX - 1)] ==
				       mms[nr & (DUMP_PROCS_MAX - 1)]) {
			found = i;
			break;
		}
	}
	return found;
}

static __always_inline int dump_proc_nr(u32 nr)
{
	u32 first;

	if (nr >= DUMP_PROCS_MAX)
		return 0;
	if (!mms[nr]) {
		give_up(DUMP_LOST);
		return 0;
	}
	first = first_with_mm(nr);
	dump.procs[nr].same_as = first;
	dump.procs[nr].mm = mms[nr];
	dump.procs[nr].vma_count = 0;
	if (first == nr)
		dump_proc(mms[nr], nr);
	return 0;
}

SEC("syscall")
int dump_all(void *ctx)
{
	dump.status = DUMP_OK;
	dump.fault.kind = DUMP_NO_FAULT;
	dump.vma_count = 0;
	dump.chain_count = 0;
	dump.anon_vma_count = 0;
	dump.node_count = 0;
	dump.page_count = 0;
	met_round++;
	__builtin_memset(mms, 0, sizeof(mms));
	find_tasks((u64)bpf_get_current_task());
	for (ROUNDS(round, DUMP_PROCS_MAX); NEXT_ROUND(round);) {
		u32 nr = ROUND(round);

		if (nr >= dump.proc_count)
			break;
		dump_proc_nr(nr);
	}
	return 0;
}

/* Looks at one page of the asking process itself. */
SEC("syscall")
int probe_self(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	u64 page = probe.address >> 12;
	u64 virtual, skip = 0, last = 0;

	probe.page_size = bpf_core_type_size(struct page);
	probe.anon_exclusive =
		bpf_core_enum_value(enum pageflags, PG_anon_exclusive);
	probe.anon_offset = bpf_core_field_exists(
		struct vm_area_struct___anon_pgoff, __vm_anon_pgoff_lo);
	mm = BPF_CORE_READ(task, mm);
	vma = (void *)maple_walk((u64)BPF_CORE_READ(mm, mm_mt.ma_root),
				 probe.address, &last);
	probe.cache_head =
		(u64)BPF_CORE_READ(vma, vm_file, f_mapping, i_pages.xa_head);

	probe.pgd = (u64)BPF_CORE_READ(mm, pgd);
	probe.pte = 0;
	probe.content = 0;
	virtual = find_table(probe.pgd, page, &skip);
	if (!virtual)
		return 0;
	probe.pte = read_u64(virtual + ((page & 511) << 3));
	if (pte_present(probe.pte))
		probe.content =
			read_u64(dump.page_offset + (pte_pfn(probe.pte) << 12));
	return 0;
}
