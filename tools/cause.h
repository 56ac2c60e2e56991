/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cause of a divergence, where switches can tell: two scenarios have the
 * same cause if the same switches make the divergence go away.
 */
#ifndef RMAPDIFF_TOOLS_CAUSE_H
#define RMAPDIFF_TOOLS_CAUSE_H

#include "ending.h"

/*
 * The switches that do so, each of them alone: the injected bugs that were taken
 * out, the defects of cow_poc that were fixed.
 */
struct cause {
	struct bugs cured_by;
	u64 replays; /* that it took, added up */
};

/* How causes are looked for. */
struct cause_config {
	const struct ending_config *replays;
	bool apart; /* each replay has a process of its own */
	/* Asked before each replay; true: end with -EINTR.  May be NULL. */
	bool (*stop)(void);
};

/* Finds the cause of @ending, how @sc ends.  0 or a negative errno. */
int cause_find(const struct scenario *sc, const struct cause_config *config,
	       const struct ending *ending, struct cause *cause);

/*
 * Is @cause the cause of @ending too?  1, 0 or a negative errno; @replays is
 * raised by how many it took.
 */
int cause_is(const struct scenario *sc, const struct cause_config *config,
	     const struct ending *ending, const struct cause *cause,
	     u64 *replays);

/* ", gone without --bug remap-wrong-sign"; nothing if no switch does so. */
void cause_print(const struct cause *cause, FILE *out);

#endif
