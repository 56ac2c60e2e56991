/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every schedule of a group, up to a number of preemptions.
 *
 * A preemption: a task is left at a point although it could go on.  To go on with
 * another task when one waits or has ended is none, nor is who begins.
 */
#ifndef RMAPDIFF_INTERLEAVE_EXPLORE_H
#define RMAPDIFF_INTERLEAVE_EXPLORE_H

#include "../model/scenario/parallel.h"
#include "../model/scenario/replay.h"
#include "seen.h"

#define EXPLORE_PREEMPT_MAX 64
#define EXPLORE_STATES_MAX (1U << 22)

struct explore_config {
	/* One reverse map; its arena is not the caller's to set. */
	struct machine_config machine;
	u32 preempt; /* at most so many */
	u64 most; /* schedules of a group; 0: all */
	volatile sig_atomic_t *stop; /* raised by a signal: end soon; or NULL */
	/*
	 * Called by explorer_step() when sc->ops[op_nr - 1] has failed with @result,
	 * a positive errno; or NULL.
	 */
	void (*on_failure)(void *arg, u32 op_nr, int result);
	void *arg;
};

/* A task that was left although it could go on, and where. */
struct explored_left {
	u8 task;
	u8 at; /* enum sched_point */
};

#define EXPLORE_LEFT_MAX 8

/* How an operation of the group did in the schedules that came to their end. */
struct explored_op {
	u64 failed; /* in so many of them */
	int result; /* the first time; a positive errno */
};

/* What came of one group. */
struct explored {
	u64 schedules; /* begun, as far as what was new in them */
	u64 cut; /* of them, those that came to a state that was seen before */
	u64 states; /* that were new, each with who goes on */
	u64 ends; /* different states at the end, all of which were checked */
	u64 whole; /* of the schedules, those that came to their end themselves */
	struct explored_op ops[PARALLEL_MAX];
	u64 done; /* schedules, with those of fewer preemptions done before */
	u32 preempt; /* with so many preemptions all was explored */
	bool complete; /* with more preemptions nothing would come */
	bool most_hit; /* there are more schedules than config->most */
	bool stopped; /* by config->stop: nothing is said of what was not seen */
	bool states_full; /* not all states were remembered */
	bool too_long; /* there were more choices than digits */
	bool failed;
	struct report report;
	struct schedule schedule; /* that fails; the shortest digits for it */
	u32 preemptions; /* in it; the first of them: */
	struct explored_left left[EXPLORE_LEFT_MAX];
	u32 nr_left;
};

struct explorer;

/* NULL when memory is out.  @config is copied. */
struct explorer *explorer_create(const struct explore_config *config);
void explorer_destroy(struct explorer *ex);

/*
 * Begins @sc, which stays the caller's until explorer_end(); its ops may change
 * meanwhile where they were not yet done.  0 or -ENOMEM.
 */
int explorer_begin(struct explorer *ex, const struct scenario *sc);
void explorer_end(struct explorer *ex);

/* Does sc->ops[op_nr - 1], with its group; false: it diverged. */
bool explorer_step(struct explorer *ex, u32 op_nr);
const struct replay_result *explorer_result(const struct explorer *ex);
struct machine *explorer_machine(const struct explorer *ex);

/*
 * Explores the group of @nr operations at sc->ops[first], which comes next: with
 * no preemption, with one, and so on, until one schedule fails.  After that the
 * machine is as it was before.  0 or -ENOMEM.
 */
int explorer_group(struct explorer *ex, u32 first, u32 nr,
		   struct explored *explored);

#endif
