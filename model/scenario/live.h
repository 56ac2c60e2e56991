/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which slots are alive at a place of a scenario, going by its lines alone: a
 * fork makes its child live whatever comes of it.
 *
 * Operations of one line begin together, so they are done by who was alive when
 * the line began; what they make of it shows behind the line.
 */
#ifndef RMAPDIFF_SCENARIO_LIVE_H
#define RMAPDIFF_SCENARIO_LIVE_H

#include "scenario.h"

/* What an operation does to who is alive. */
struct live_step {
	enum op_kind kind;
	u32 proc;
	u32 child;
};

struct live {
	u64 bits[SCENARIO_PROCS_MAX / 64];
	u32 nr;
	u32 lowest_free; /* no slot below is free */
	/* The operations of the last line; none: nothing may join it. */
	struct live_step line[PARALLEL_MAX];
	u32 nr_line;
};

/* At the start: slot 0. */
void live_init(struct live *live);

/* Behind all operations so far. */
bool live_has(const struct live *live, u32 slot);
void live_add(struct live *live, u32 slot); /* slot < SCENARIO_PROCS_MAX */
void live_remove(struct live *live, u32 slot);

/* The lowest slot that is not alive; SCENARIO_PROCS_MAX if all are. */
u32 live_lowest_free(struct live *live);

/* The @nth living slot from 0, nth < live->nr; and how many live below @slot. */
u32 live_nth(const struct live *live, u32 nth);
u32 live_rank(const struct live *live, u32 slot);

/*
 * Puts @live back to when the last line began, and forth again: between the two
 * only what does not change it may be called.
 */
void live_rewind(struct live *live);
void live_forward(struct live *live);

/*
 * For a child: the lowest slot that is not alive, and how many slots are taken.
 * @joins: by what joins the last line, where those who exit on it still count.
 */
u32 live_child_slot(struct live *live, bool joins);
u32 live_nr_taken(const struct live *live, bool joins);

/* Nothing may join the last line any more. */
void live_end_line(struct live *live);

/* Why an operation cannot stand where it is. */
enum live_clash {
	LIVE_FITS,
	LIVE_DEAD, /* its process is not alive when its line begins */
	LIVE_CHILD_ALIVE, /* its child is then, or has no room */
	LIVE_CHILD_BORN, /* its child is born on the line already */
	LIVE_ENDED, /* its process exits or execs on the line, and is to again */
	LIVE_ALONE, /* failalloc, or what is behind it, joins; or no line is there */
	LIVE_LINE_FULL,
};

/* OP_PARALLEL of @op says whether it joins the last line or begins one. */
enum live_clash live_clash(const struct live *live, const struct op *op);

/*
 * What @op does to @live.  False, with nothing done, when it cannot stand there:
 * no text and no bytes say that.
 */
bool live_apply(struct live *live, const struct op *op);

#endif
