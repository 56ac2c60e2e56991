/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Minimizing in a process of its own: what a candidate does to it is noticed,
 * and the best so far outlives it.
 */
#ifndef RMAPDIFF_TOOLS_MINIMIZE_H
#define RMAPDIFF_TOOLS_MINIMIZE_H

#include "../model/scenario/minimize.h"
#include "cause.h"
#include "ending.h"

struct minimize_job {
	struct scenario *sc; /* in: shows it; out: the best */
	struct ending_config replays;
	struct ending wanted; /* how the best must end, but for where */
	enum ending_keep keep; /* what of it */
	struct cause cause; /* out: of it; with ENDING_KEEP_FAULT */
	u64 tries_max; /* 0: the default */
	struct minimize_stats stats; /* out */
	u64 cause_replays; /* out: beside the tries, to tell their causes */
	bool interrupted; /* out: by a signal; see interrupt.h */
	/* Called once the cause is known; may be NULL. */
	void (*begins)(const struct minimize_job *job);
	/* Called now and then; may be NULL. */
	void (*progress)(const struct minimize_job *job, u32 nr_ops, u64 tries);
};

/*
 * 0 or a negative errno; the best so far is in job->sc all the same.  From now
 * on a signal ends it and not the program, as interrupt_catch() says.
 */
int minimize_apart(struct minimize_job *job);

#endif
