/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A group: operations of a line that run at the same time on one machine.
 *
 * All begin together: each has its process as it is when the line begins.  Those
 * that work on a folio find it first and then need no process.
 */
#ifndef RMAPDIFF_SCENARIO_PARALLEL_H
#define RMAPDIFF_SCENARIO_PARALLEL_H

#include "../machine.h"
#include "../check/check.h"
#include "scenario.h"

struct parallel_task {
	struct parallel *group;
	const struct op *op;
	u32 op_nr;
	struct mm_struct *mm; /* NULL: was never born */
	int result; /* 0 or a positive errno; once it is done */
};

struct parallel {
	struct machine *machine;
	const struct scenario *sc;
	u32 first; /* sc->ops[first .. first + nr - 1] */
	u32 nr;
	struct parallel_task tasks[PARALLEL_MAX];
};

/*
 * Readies all tasks of @group, whose first four members the caller has set, on
 * @sched.  From here on the machine is in the hands of the tasks, until
 * parallel_end(), which comes after sched_run() even if something broke.
 */
void parallel_begin(struct parallel *group, struct sched *sched);
void parallel_end(struct parallel *group, struct sched *sched);

/* sched->choose, by the digits of the struct schedule_reader that is its arg. */
struct schedule_reader {
	const struct schedule *schedule;
	u32 at; /* digits read */
};

u32 schedule_choose(void *arg, struct sched *sched, u32 ready);

/*
 * What went wrong while it ran, into @report; false if nothing did.  @names as in
 * struct check_names.
 */
bool parallel_broken(const struct parallel *group, const struct sched *sched,
		     const struct check_names *names, struct report *report);

#endif
