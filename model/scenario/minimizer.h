/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of minimizing share: the best so far, the candidate, and how a
 * candidate is put to the test.  Internal to minimize*.c.
 */
#ifndef RMAPDIFF_SCENARIO_MINIMIZER_H
#define RMAPDIFF_SCENARIO_MINIMIZER_H

#include "live.h"
#include "minimize.h"

/* See scenario_compare(). */
enum simplicity_part {
	SIMPLICITY_OPS,
	SIMPLICITY_PARALLEL,
	SIMPLICITY_BIRTHS,
	SIMPLICITY_KINDS,
	SIMPLICITY_OPTIONS,
	SIMPLICITY_LENGTHS,
	SIMPLICITY_PAGES,
	SIMPLICITY_SLOTS,
	SIMPLICITY_DIGITS,
	SIMPLICITY_DIGIT_SUM,
	NR_SIMPLICITY,
};

struct simplicity {
	u64 part[NR_SIMPLICITY];
};

struct tried; /* digests of candidates */

struct minimizer {
	const struct minimize_config *config;
	struct minimize_stats *stats;
	struct scenario *best;
	struct simplicity best_simplicity;
	/* Room for as many operations as the best had at first. */
	struct scenario cand;
	u32 *new_slots; /* by slot of the best: renumbering */
	u32 nr_slots; /* that have names */
	bool lowest_slots; /* children get the lowest that is free */
	struct tried *tried;
	struct live live;
	struct live new_live;
	u64 far_tries; /* left for minimize_far.c */
	bool stopped; /* by the caller or the limit on tries */
	int err;
};

/* Nothing more is to be tried. */
static inline bool is_over(const struct minimizer *min)
{
	return min->err || min->stopped;
}

/*
 * Makes the candidate a copy of the best; passes change it then, in place, and
 * may take operations out.
 */
struct op *candidate_begin(struct minimizer *min);

/*
 * Puts the candidate to the test.  Operations of processes that do not live in
 * it go first.  Unless it is simpler than the best, was tried before, or does
 * not show it: false.  If it shows it, it is the best from now on: true.
 */
bool candidate_try(struct minimizer *min);

/* Takes operation @i out of the candidate. */
void candidate_drop(struct minimizer *min, u32 i);

/* @op in the place of operation @i, on its line. */
void candidate_put(struct minimizer *min, u32 i, const struct op *op);

/*
 * In a candidate, op->line tells from which line of the best an operation is, and
 * as which on it: so passes take operations out and move them, and what is still
 * beside what it was beside runs at the same time as that.  0: from none.
 * OP_PARALLEL is not looked at, and schedules follow.
 *
 *	 31        4   2   0
 *	+-----------+---+---+
 *	| first + 1 |   | i |	first: operation of the best that its line begins
 *	+-----------+---+---+	with; i: which of its line; between, to tell apart
 *				what no longer is to run at the same time
 */
#define TAG_PART (1U << 2)

static inline u32 tag_first(u32 tag)
{
	return (tag >> 4) - 1;
}

static inline u32 tag_place(u32 tag)
{
	return tag & 3;
}

/* minimize_lines.c */

/* As candidate_begin() does. */
void candidate_tag(struct minimizer *min);

/*
 * Makes a scenario of the candidate: takes out what processes do that do not live
 * in it and births of those that do; gives children slots; lets begin a line what
 * may not join one.  Tags are gone then.
 */
void candidate_settle(struct minimizer *min);

/* The place of @kind in the order of kinds, from 0. */
u32 kind_weight(u8 kind);

/* Makes @op one of @kind, with what fields both have; others are zero. */
void op_become(struct op *op, enum op_kind kind);

/* Does it work on a range of pages, from page on, len of them? */
static inline bool op_has_len(const struct op *op)
{
	return op_takes((enum op_kind)op->kind, FIELD_PAGE) &&
	       !op_walks((enum op_kind)op->kind);
}

/*
 * The passes.  Each tries all of its simplifications of the best, going on from
 * what it finds; true if it found any.
 */

/* minimize_ops.c */
bool drop_pieces(struct minimizer *min, u32 count); /* of @count operations */
bool drop_processes(struct minimizer *min);
bool join_ops(struct minimizer *min);
bool simplify_kinds(struct minimizer *min);
bool lower_processes(struct minimizer *min);
bool reorder_ops(struct minimizer *min);

/* minimize_pages.c */
bool drop_options(struct minimizer *min);
bool drop_page_space(struct minimizer *min);
bool shorten_lengths(struct minimizer *min);
bool lower_pages(struct minimizer *min);
bool lower_files(struct minimizer *min);
bool lower_failallocs(struct minimizer *min);
bool swap_page_space(struct minimizer *min);

/* minimize_groups.c */
bool part_groups(struct minimizer *min);
bool shorten_schedules(struct minimizer *min);

/*
 * minimize_far.c: beyond single simplifications, for scenarios that are small
 * by now.
 */
bool drop_subsets(struct minimizer *min);
bool exchange_ops(struct minimizer *min);

#endif
