/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How large scenarios may get in an exhaustive search, and every operation that
 * is possible within that in a given state.
 */
#ifndef RMAPDIFF_SEARCH_BOUNDS_H
#define RMAPDIFF_SEARCH_BOUNDS_H

#include "../model/machine.h"
#include "../model/scenario/scenario.h"

#define SEARCH_PROCS_MAX 8
#define SEARCH_PAGES_MAX 8
#define SEARCH_FILES_MAX 2
#define SEARCH_FAILALLOC_MAX 15
#define SEARCH_OPS_MAX 20

struct search_bounds {
	u32 ops; /* in a scenario */
	u32 procs; /* alive at once */
	/* From the lowest to the highest one in use, machine_used_pages(). */
	u32 pages;
	u32 files; /* that are mapped privately, each at every offset below pages */
	u32 failalloc; /* N of failalloc goes up to this; 0: no failalloc */
	u32 kinds; /* a bit for each operation that may occur, by enum op_kind */
	/*
	 * A page table ends in the middle of where the first mapping may be; else
	 * all is in one table.
	 */
	u32 two_tables;
};

/*
 * Is there room for all that?  From where the first mapping may be what is in
 * use can wander, by less than bounds->pages an operation; it must not come to
 * where a table ends, or not farther than an operation is packed.
 */
bool search_bounds_fit(const struct search_bounds *bounds);

/* Operations, one after another. */
struct op_list {
	struct op *ops;
	u32 nr;
	u32 cap;
};

/*
 * Every operation within @bounds that can be done on @machine, whose window
 * begins at page number @base: each living address space once (of processes that
 * share one, the lowest counts), children under the lowest free name.  What is in
 * @list is replaced.  0 or -ENOMEM.
 */
int search_ops(const struct search_bounds *bounds, struct machine *machine,
	       u64 base, struct op_list *list);
void op_list_free(struct op_list *list);

/* An operation within bounds as 64 bits, and back. */
u64 op_pack(const struct op *op);
struct op op_unpack(u64 packed);

/* Is @op, from a file, one that a machine and a scenario within @bounds take? */
bool search_op_is_good(const struct search_bounds *bounds, const struct op *op);

#endif
