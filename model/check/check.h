/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks: the page tables are the truth; each reverse map's walk, references
 * and structures are held against it.
 */
#ifndef RMAPDIFF_CHECK_CHECK_H
#define RMAPDIFF_CHECK_CHECK_H

#include <stdio.h>
#include "../base/divergence.h"
#include "../machine.h"

/* How a page-table entry is named in a report: "A:0x40". */
struct check_names {
	/* The name of a process, a slot of the scenario; owned by the caller. */
	const char *(*proc_name)(void *arg, u32 proc);
	void *arg;
	u64 base; /* page number that reports count from */
};

#define REPORT_SETS_MAX (RMAP_MAX + 1)
#define REPORT_SET_TEXT_MAX 256

/* The mapping that a report is about: which entry of which address space. */
struct report_mapping {
	u64 folio; /* its id; 0: the report is about no single mapping */
	u64 mm; /* the mm's id */
	u64 addr; /* page number */
};

/* A divergence as it is printed. */
struct report {
	enum divergence_kind kind; /* DIVERGENCE_NONE: nothing found */
	const char *rmap; /* whose fault; static; "" if no one's */
	/* One line without kind and op: "cow_poc does not find folio 1 at A:0x40" */
	char text[DIVERGENCE_TEXT_MAX + 64];
	int sign; /* of a count: 1 too high, -1 too low; 0: not of a count */
	struct report_mapping mapping;
	/* The truth and what each reverse map found, where that is the matter. */
	u32 nr_sets;
	struct {
		const char *who; /* "page tables" or a reverse map; static */
		char found[REPORT_SET_TEXT_MAX]; /* "A:0x40 B:0x10", "-" for none */
	} sets[REPORT_SETS_MAX];
	/* What @rmap's own check would have said; "" if it has none. */
	char own_check[64];
};

struct check_stats {
	u64 walks; /* walks compared with the truth */
	u64 folios; /* folios looked at */
	u64 looked; /* all that was: folios, VMAs, what hangs on them, pages */
	struct rmap_walk_stats walk[RMAP_MAX]; /* by slot */
};

struct check_scratch;

struct check {
	struct machine *machine;
	struct check_names names;
	struct check_stats stats;
	struct report report; /* the first divergence, kept */
	/*
	 * Set by the caller: check_touched() leaves nothing out where a large VMA
	 * changed, so that a fault is found at the operation that made it.
	 */
	bool thorough;
	bool left_out; /* something was, since everything was looked at */
	u64 work; /* folios and VMAs looked at since then */
	struct check_scratch *scratch; /* internal: what checks remember */
};

/* @machine stays the caller's; check_exit() frees what checks remember. */
void check_init(struct check *chk, struct machine *machine,
		const struct check_names *names);
void check_exit(struct check *chk);

/* The machine is another one now, as it once was: nothing remembered is good. */
void check_forget(struct check *chk);

/*
 * After an operation: what it touched (world->touched), by walks, references
 * and invariants; then forgets what was touched.  True if all is well.
 */
bool check_touched(struct check *chk);

/* The same for everything there is, with the truth made from scratch. */
bool check_all(struct check *chk);

/*
 * The same folios as check_touched(), but only by what a reverse map would check
 * itself beside another one's walk (rmap_ops.would_reach).
 */
bool check_own(struct check *chk);

/*
 * The last process is gone and grace periods are over: nothing may be left.
 */
bool check_leaks(struct check *chk);

/*
 * "state": taken before an operation and held against the machine after it
 * failed.  @mm may be NULL.
 */
struct check_state {
	u64 changes; /* mm->changes */
	u64 pte_changes; /* mm->pte_changes */
	u64 failed; /* allocations of the ledger that had failed */
	u64 contents; /* what a process can see of it: mappings and pages */
	u64 mm_id; /* 0: no mm */
};

/* What a failed operation may keep of what it did. */
enum state_keeps {
	STATE_KEEPS_NOTHING,
	STATE_KEEPS_ALL, /* whatever it did until then */
	STATE_KEEPS_FLAGS, /* splits and flags of VMAs, nothing of their pages */
};

/*
 * @deep: take the contents' digest too, which costs a pass over the mm; needed
 * where an operation may fail half-way.
 */
void check_state_save(struct check_state *state, struct mm_struct *mm,
		      bool deep);

/*
 * The operation failed with @err (positive): did it change what the kernel
 * leaves alone?  @deep as when saved.
 */
bool check_state_kept(struct check *chk, const struct check_state *state,
		      struct mm_struct *mm, int err, enum state_keeps keeps,
		      bool deep);

/* Page numbers [start, end). */
struct page_range {
	u64 start;
	u64 end;
};

/* How a page of an mm is mapped. */
struct page_view {
	bool mapped;
	u64 flags;
	int file;
	pgoff_t pgoff; /* of a file's page, else 0 */
};

/*
 * "state" of an operation that succeeds: taken before it for the range that it is
 * about, and held against the mm after it.  @mm may be NULL; then, and where there
 * is no page on either side of @range, nothing is checked.
 */
struct check_asked {
	bool saved;
	struct page_range range;
	struct page_view beside[2]; /* the pages before and after the range */
};

void check_asked_save(struct check_asked *asked, struct mm_struct *mm,
		      struct page_range range);

/* Is all of the range mapped with @prot (VM_ACCESS_FLAGS), or none of it? */
bool check_asked_mapped(struct check *chk, const struct check_asked *asked,
			struct mm_struct *mm, u64 prot);
bool check_asked_unmapped(struct check *chk, const struct check_asked *asked,
			  struct mm_struct *mm);

/*
 * The folios that an mm maps outside some ranges: those must still be mapped
 * somewhere in it when an operation that unmaps these ranges has failed.
 */
struct check_survivors {
	u64 *ids; /* sorted; owned */
	u32 nr;
	bool oom;
};

void check_survivors_save(struct check_survivors *survivors,
			  struct mm_struct *mm,
			  const struct page_range *unmapped, u32 nr);

/* Frees what was saved.  @mm as when saved. */
bool check_survivors_kept(struct check *chk, struct check_survivors *survivors,
			  struct mm_struct *mm);
void check_survivors_free(struct check_survivors *survivors);

/*
 * "content": every page that one of two machines' processes can read must be
 * readable on the other and read the same.  The report goes to @chk, which
 * remembers what it compared: give it the same two machines each time.
 */
bool check_contents(struct check *chk, struct machine *a, struct machine *b);

/* The same for all that there is, whether it changed since or not. */
bool check_contents_again(struct check *chk, struct machine *a,
			  struct machine *b);

/* As DESIGN has it; @op_text and @op_nr (from 1; 0: none) say where. */
void report_print(const struct report *report, FILE *out, u32 op_nr,
		  const char *op_text);

#endif
