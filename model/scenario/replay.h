/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replay: a scenario, op by op, on a machine (or on one machine a reverse map),
 * with checks between.
 */
#ifndef RMAPDIFF_SCENARIO_REPLAY_H
#define RMAPDIFF_SCENARIO_REPLAY_H

#include <signal.h>
#include "../check/check.h"
#include "perform.h"
#include "scenario.h"

enum replay_check {
	REPLAY_CHECK_TOUCHED, /* after each op what it touched; all at the end */
	REPLAY_CHECK_ALL, /* everything after each op */
	REPLAY_CHECK_BOTH, /* both, and they must agree */
	REPLAY_CHECK_NONE, /* results only; pure: and contents */
	REPLAY_CHECK_OWN, /* only what a reverse map would check itself */
};

struct replay_config {
	struct machine_config machine;
	bool pure; /* each reverse map on a machine of its own, compared */
	enum replay_check check;
	/* Called after each op with its result (0 or positive errno); may be NULL. */
	void (*after_op)(void *arg, u32 op_nr, int result,
			 struct machine *machine);
	/*
	 * Called once, where a machine diverged, with it as it then is: @op_nr 0
	 * after the last op; may be NULL.  after_op is not called there unless
	 * each machine was fine and it is between two that they differ.
	 */
	void (*on_divergence)(void *arg, u32 op_nr, int result,
			      struct machine *machine);
	/*
	 * Called after each op that failed, each one of a group, before the result
	 * is held against what the scenario asserts; may be NULL.
	 */
	void (*on_failure)(void *arg, u32 op_nr, int result);
	void *arg;
	/* replay(): raised by a signal, it ends before the next op; may be NULL. */
	volatile sig_atomic_t *stop;
	/*
	 * Who runs next in a group, as sched->choose; NULL: its own schedule says.
	 * No result is then held against what the scenario asserts.  In pure mode
	 * groups run one operation after the other, since the points differ, and
	 * nor are their results.
	 */
	u32 (*choose)(void *arg, struct sched *sched, u32 ready);
	void *choose_arg;
};

struct replay_result {
	u32 ops; /* operations done */
	u32 failed; /* of them, those that failed, pure: on the first machine */
	u32 failed_as_asserted; /* of those, as the scenario asserts */
	u32 skipped; /* pure: operations left out, see replay.c */
	u64 walks; /* walks compared */
	u64 folios; /* folios looked at */
	u64 looked; /* all that checks looked at, folios among it */
	u32 steps; /* from point to point, in groups */
	bool cut; /* config->choose or config->stop has stopped it */
	bool nomem; /* a group could not be run: the tool is out of memory */
	bool diverged;
	struct report report;
	u32 op_nr; /* of the divergence or the assertion, from 1;
			     * 0: after the last op */
	/* An asserted result that was not what came: not a divergence. */
	bool unexpected;
	int result; /* what came then, or diverged: 0 or positive errno */
	/* Live objects by kind after the last process was gone. */
	struct ledger_kind kinds[LEDGER_KIND_MAX];
	u32 nr_kinds;
};

/*
 * Replays all of @sc unless it diverges or a result is not as asserted; then,
 * unless it diverged, lets all processes exit and checks for leaks.  0 or
 * -ENOMEM (of the tool, not of the model).
 */
int replay(const struct scenario *sc, const struct replay_config *config,
	   struct replay_result *result);

/*
 * The same step by step, for a caller that decides as it goes what comes next,
 * and may come back to a state that it saved.  @sc, @config and @result stay the
 * caller's; sc->ops may change between two steps.  replay_start() gives NULL when
 * memory is out.
 */
struct replay;
struct replay *replay_start(const struct scenario *sc,
			    const struct replay_config *config,
			    struct replay_result *result);
void replay_stop(struct replay *rp);

/*
 * Does sc->ops[op_nr - 1], with those that run at the same time; false: it
 * diverged, or the result was unexpected.  And the number of what comes next.
 */
bool replay_step(struct replay *rp, u32 op_nr);
u32 replay_next(const struct replay *rp, u32 op_nr);

/* Lets all processes exit and checks for leaks; false: it diverged. */
bool replay_finish(struct replay *rp);

/* The machine of the @i-th reverse map (pure), or the only one; or NULL. */
struct machine *replay_machine(struct replay *rp, u32 i);

/*
 * The machines were put back to where they were before (arena_restore()): what
 * came of it since, and what the checks remember, is forgotten.
 */
void replay_restored(struct replay *rp);

#endif
