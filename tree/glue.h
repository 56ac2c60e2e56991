/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two sides of a linked tree say to each other.
 *
 * The glue (tree/glue/) is compiled with the tree's headers alone, everything
 * else with the C library's: only what both can express stands here.  Functions
 * named tree_ are the glue's, those named host_ are ours.
 *
 * Addresses and lengths are bytes.  A result is 0 or a positive errno.
 */
#ifndef RMAPDIFF_TREE_GLUE_H
#define RMAPDIFF_TREE_GLUE_H

#define TREE_SLOTS_MAX 65536 /* as SCENARIO_PROCS_MAX */
#define TREE_FILES 4 /* as NR_FILES */
#define TREE_WHY_MAX 512
#define TREE_NO_FILE (-1)

enum tree_op_kind {
	TREE_MMAP,
	TREE_MUNMAP,
	TREE_MPROTECT,
	TREE_MADVISE,
	TREE_MREMAP,
	TREE_READ,
	TREE_WRITE,
	TREE_FORK,
	TREE_VFORK,
	TREE_EXEC,
	TREE_EXIT,
	TREE_MIGRATE,
	TREE_RECLAIM,
};

/* One operation.  Numbers of prot, flags and advice are the system call's. */
struct tree_op {
	int kind; /* enum tree_op_kind */
	unsigned int proc; /* slot */
	unsigned int child; /* slot: fork, vfork */
	int file; /* 0 .. TREE_FILES - 1, or TREE_NO_FILE */
	unsigned long address;
	unsigned long len;
	unsigned long new_len; /* mremap */
	unsigned long to; /* mremap */
	unsigned long flags; /* mremap's; prot of mmap and mprotect; advice */
	unsigned long offset; /* in the file */
	unsigned long long value; /* write: of the first page; then one more */
};

/*
 * A write puts its value into the first word of a page, and makes of the last one
 * what it was, times this, plus the value: so a page that was copied without its
 * contents shows, too.
 */
#define TREE_TAIL_FACTOR 0x9e3779b97f4a7c15ULL

struct dump;

/*
 * Where KASAN's shadow is, its length 0 without KASAN.  It is mapped before main(),
 * and not inherited by a fork() unless that is asked for.
 */
void tree_shadow(unsigned long *start, unsigned long *len);

/* Bytes of a task's stack, which lies at a multiple of them. */
unsigned long tree_stack_size(void);

/* How many pages the page tables of a process reach: three levels, or four. */
unsigned long tree_reach(void);

/* Are there anon_vmas, or contexts alone (CONFIG_COW_CONTEXT_ANON_RMAP)? */
int tree_has_anon_vmas(void);

/* Has each VMA an anonymous page offset of its own, beside vm_pgoff? */
int tree_has_anon_offset(void);

/* What the tree calls itself: 6.12.117. */
const char *tree_release(void);

/* Once, on the tree's first task: 0 or a negative errno. */
int tree_start(void);

/* An input begins, with one process in slot 0: 0 or a negative errno. */
int tree_begin(void);

/* Does an operation of a living process. */
int tree_do(const struct tree_op *op);

/* Is a process in that slot? */
int tree_alive(unsigned int slot);

/*
 * The @nth allocation from now on fails, once: slab objects and pages that are
 * asked for during operations.  0: none.  tree_allocations() says how many there
 * were since.
 */
void tree_fail_nth(unsigned long nth);
unsigned long tree_allocations(void);

/*
 * Fills in @dump from all living processes; @slots with theirs, as many as
 * dump->proc_count says; and @tails with the last word of each page of the dump, 0
 * where it is not anonymous.  0, or -E2BIG if it does not fit.
 */
int tree_look(struct dump *dump, unsigned int *slots,
	      unsigned long long *tails);

/*
 * Holds the tree's own rmap_walk() of every folio in @dump, as just filled in,
 * against the page tables, and each folio's mapcount too.  In a tree with
 * mm/cow_context.c, the same of cow_context_walk(), and the references of every
 * context are counted.  How many folios were walked; -1 with what is wrong in
 * @why.
 */
int tree_check_walks(const struct dump *dump, char why[TREE_WHY_MAX]);

/*
 * The input ends: all processes exit.  0, or -1 with what was not freed in @why.
 */
int tree_end(char why[TREE_WHY_MAX]);

/* Ours, entered once on the tree's first task; does not return. */
void host_entered(void);

/* What the tree prints, in pieces. */
void host_print(const char *text, unsigned int len);

/* The tree has panicked; does not return. */
void host_panicked(void);

#endif
