/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one look into a kernel brings back: the running one, or a source tree
 * linked into a process.  Shared by what fills it in, a BPF program or code
 * compiled with the kernel's headers, and what reads it, so: fixed-size fields
 * only, and the includer brings __u64 and __u32.
 *
 * Addresses and lengths are pages, as in the model.  Things of the kernel are
 * named by their kernel address: dump_vma.self, dump_anon_vma.self, ...
 */
#ifndef RMAPDIFF_SUBJECT_DUMP_H
#define RMAPDIFF_SUBJECT_DUMP_H

/* Limits of one dump; powers of two.  What does not fit is said, not lost. */
#define DUMP_PROCS_MAX 64
#define DUMP_VMAS_MAX 4096
#define DUMP_CHAINS_MAX 32768
#define DUMP_ANON_VMAS_MAX 4096
#define DUMP_NODES_MAX 32768
#define DUMP_PAGES_MAX 32768
#define DUMP_HASH_SIZE 8192
#define DUMP_OWN_MAX 2

enum dump_status {
	DUMP_OK,
	DUMP_FULL, /* more than fits */
	DUMP_LOST, /* a process is not there */
};

/* Structures of the kernel that a look goes through. */
enum dump_structure {
	DUMP_MM,
	DUMP_MAPLE_NODE,
	DUMP_VMA,
	DUMP_FILE,
	DUMP_AVC_LIST, /* an anon_vma_chain, reached by its VMA's list */
	DUMP_ANON_VMA,
	DUMP_AVC_TREE, /* an anon_vma_chain, reached by an interval tree */
	DUMP_TREE_VMA, /* the VMA that an AVC in an interval tree names */
	DUMP_PAGE_TABLE,
	DUMP_PAGE, /* a struct page */
	NR_DUMP_STRUCTURES,
};

/* What is wrong with one.  @found and @expected: of struct dump_fault. */
enum dump_fault_kind {
	DUMP_NO_FAULT,
	DUMP_UNREADABLE, /* its address cannot be read */
	DUMP_LIST_PREV, /* list_head.prev; where the list came from */
	DUMP_TREE_PARENT, /* a tree node's parent; where the tree came from */
	DUMP_TREE_DEEP, /* the tree is deeper than any can be */
	DUMP_TREE_ORDER, /* first offset; that of the node before it */
	DUMP_TREE_OWNER, /* anon_vma of the AVC; the one whose tree it is */
	DUMP_SUBTREE_LAST, /* rb_subtree_last; the largest last offset below */
	DUMP_HUGE_ENTRY, /* a page-table entry that maps a huge page; none */
	DUMP_UNKNOWN_ANON_VMA, /* which no VMA's chain leads to; none */
	NR_DUMP_FAULT_KINDS,
};

#define DUMP_NO_VMA (~0U)

/*
 * The first thing that a look met and that no kernel should have.  The dump has
 * what could be read in spite of it.
 */
struct dump_fault {
	__u32 kind; /* enum dump_fault_kind */
	__u32 structure; /* enum dump_structure */
	__u32 proc; /* in dump.procs: whose memory was looked at */
	__u32 vma; /* in dump.vmas, from which it was reached; DUMP_NO_VMA */
	__u64 self; /* kernel address of the structure */
	__u64 page; /* page number, of a page table, entry or page; else 0 */
	__u64 found;
	__u64 expected;
};

struct dump_proc {
	__u32 pid; /* in: in the processes' own pid namespace */
	__u32 same_as; /* out: the first process with this mm; itself if first */
	__u64 mm;
	__u32 vma_first; /* in dump.vmas, with vma_count */
	__u32 vma_count;
	__u32 outer_pid; /* out: in the caller's pid namespace */
	__u32 pad;
};

struct dump_vma {
	__u64 self;
	__u64 start;
	__u64 end;
	__u64 flags; /* all of vm_flags */
	__u64 pgoff;
	__u64 inode; /* number; 0: anonymous */
	__u64 anon_vma;
	__u32 chain_first; /* in dump.chains, newest first */
	__u32 chain_count;
	__u32 page_first; /* in dump.pages, by address */
	__u32 page_count;
};

/* An anon_vma_chain, on its VMA's list. */
struct dump_chain {
	__u64 self;
	__u64 anon_vma;
	__u64 vma;
};

struct dump_anon_vma {
	__u64 self;
	__u64 root;
	__u64 parent;
	__u64 num_children;
	__u64 num_active_vmas;
	__u32 refcount;
	__u32 node_first; /* in dump.nodes: its interval tree in order */
	__u32 node_count;
	__u32 pad;
};

/* An anon_vma_chain, in its anon_vma's interval tree. */
struct dump_node {
	__u64 self;
	__u64 vma;
	__u64 first; /* from the VMA, as the kernel works it out */
	__u64 last;
};

/* A page-table entry that is not empty, and the page that it names. */
struct dump_page {
	__u64 address;
	__u64 pte;
	__u64 pfn; /* 0: not present (pte is a swap or migration entry) */
	__u64 self; /* struct page */
	__u64 mapping;
	__u64 index;
	__u64 flags;
	__s32 mapcount;
	__s32 refcount;
	__u64 content; /* its first eight bytes; anonymous pages only */
};

struct dump {
	/* in */
	__u64 window_first;
	__u64 window_last;
	/* Not looked at: VMAs that begin in one of these, an executor's own. */
	struct {
		__u64 first;
		__u64 last;
	} own[DUMP_OWN_MAX];
	__u64 page_offset; /* virtual address of physical address 0 */
	__u64 vmemmap; /* of struct page 0 */
	__u32 levels; /* of the page tables */
	__u32 proc_count;
	/* How to read a dump_page; see dump_page.h. */
	__u64 zero_pfn; /* frame of the shared zero page */
	__u64 pte_write; /* the bit of a page-table entry that allows writing */
	__u32 anon_exclusive; /* which bit of page->flags is PG_anon_exclusive */
	/* To see a fault reported: what is to look broken; DUMP_NO_FAULT: nothing. */
	__u32 spoil_kind;
	__u32 spoil_structure;
	/* out */
	__u32 status;
	struct dump_fault fault;
	__u32 vma_count;
	__u32 chain_count;
	__u32 anon_vma_count;
	__u32 node_count;
	__u32 page_count;
	struct dump_proc procs[DUMP_PROCS_MAX];
	struct dump_vma vmas[DUMP_VMAS_MAX];
	struct dump_chain chains[DUMP_CHAINS_MAX];
	struct dump_anon_vma anon_vmas[DUMP_ANON_VMAS_MAX];
	struct dump_node nodes[DUMP_NODES_MAX];
	struct dump_page pages[DUMP_PAGES_MAX];
};

/* What calibration asks of the kernel about the asking process. */
struct dump_probe {
	__u64 address; /* in: byte address of one of its pages */
	__u64 pte; /* out: its entry, by the offsets that dump has */
	__u64 content; /* out: the first eight bytes of its page */
	__u64 pgd; /* out: address of its top-level table */
	__u64 cache_head; /* out: i_pages.xa_head of the file mapped there */
	__u64 page_size; /* out: sizeof(struct page) */
	__u32 anon_exclusive; /* out: bit of page->flags */
	__u32 anon_offset; /* out: VMAs have an anonymous page offset */
};

#endif
