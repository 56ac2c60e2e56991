/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scenario made parallel: each of its operations beside each walker of each
 * folio that is mapped when it begins.
 */
#ifndef RMAPDIFF_INTERLEAVE_EACH_H
#define RMAPDIFF_INTERLEAVE_EACH_H

#include "explore.h"

/* Places that a walker begins at, for one operation. */
#define EACH_PLACES_MAX 32

struct each_config {
	/*
	 * Called for each pair: the two operations are sc->ops[first] and the
	 * next.  False: enough.
	 */
	bool (*pair)(void *arg, const struct scenario *sc, u32 first,
		     const struct explored *explored);
	void *arg;
};

enum each_end {
	EACH_DONE,
	EACH_STOPPED, /* by config->pair */
	EACH_DIVERGED, /* an operation by itself did: explorer_result() says how */
	EACH_NO_MEMORY,
};

/* Explores @sc, which is not changed; its groups are done one by one. */
enum each_end each_pair(struct explorer *ex, const struct scenario *sc,
			const struct each_config *config);

#endif
