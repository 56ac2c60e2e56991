/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exhaustive search: every scenario within bounds, shortest first.
 *
 * Breadth first over states; scenarios that end in the same state, but for names,
 * go on from there as one.  Each operation is checked as replay checks it; and
 * in each state, once, all processes exit, and nothing may be left.
 */
#ifndef RMAPDIFF_SEARCH_EXHAUST_H
#define RMAPDIFF_SEARCH_EXHAUST_H

#include <signal.h>
#include <stdio.h>
#include "../model/scenario/replay.h"
#include "bounds.h"

#define EXHAUST_FOUND_MAX 64
#define EXHAUST_THREADS_MAX 64

/* A divergence, with a shortest scenario that shows it. */
struct exhaust_found {
	enum divergence_kind kind;
	const char *rmap; /* static */
	struct report report;
	u32 nr_ops;
	struct op ops[SEARCH_OPS_MAX];
	/*
	 * How often this kind of this reverse map came; again, where the search
	 * was stopped in the middle of a state and went on from its beginning.
	 */
	u64 times;
};

/* One length of scenarios. */
struct exhaust_level {
	u32 states; /* first reached with that many operations */
	u32 expanded; /* of them, those whose every operation was done */
	u64 transitions; /* operations done from them */
	/* Scenarios of that many operations, however they are named. */
	double sequences;
};

struct exhaust_config {
	struct search_bounds bounds;
	struct replay_config replay;
	/*
	 * Bytes that may be used, but for what each thread works with, which is a
	 * few MiB.
	 */
	u64 memory;
	u32 threads;
	bool first_only; /* end at the first divergence */
	/*
	 * A divergence counts only if the same scenario diverges nowhere with any
	 * one of these repaired.
	 */
	bool due_to[NR_FIXES];
	/*
	 * States that differ in who was born first are two, see fingerprint.h;
	 * always so with a bug or with a reverse map that is not known to be
	 * right.
	 */
	bool orders;
	/* Raised by a signal: end soon. */
	volatile sig_atomic_t *stop;
	/* Called about every second by the thread that called exhaust(); or NULL. */
	void (*progress)(void *arg, const struct exhaust_level *levels,
			 u32 level, u64 bytes);
	void *arg;
};

enum exhaust_end {
	EXHAUST_COMPLETE, /* all within bounds was covered */
	EXHAUST_STOPPED, /* by a signal, or first_only */
	EXHAUST_NO_MEMORY, /* the limit was reached */
};

struct exhaust;

/*
 * NULL when memory is out.  @config is copied; search_bounds_fit() holds for its
 * bounds.
 */
struct exhaust *exhaust_create(const struct exhaust_config *config);
void exhaust_destroy(struct exhaust *ex);

/* Searches, or goes on where the last call ended or exhaust_load() left off. */
enum exhaust_end exhaust_run(struct exhaust *ex);

/* What came of it; levels[i] is about i operations, up to bounds.ops. */
const struct exhaust_level *exhaust_levels(const struct exhaust *ex);
u32 exhaust_nr_found(const struct exhaust *ex);
const struct exhaust_found *exhaust_found(const struct exhaust *ex, u32 i);
u32 exhaust_nr_states(const struct exhaust *ex);

/* How state @id was reached, into @ops; how many operations. */
u32 exhaust_path(const struct exhaust *ex, u32 id,
		 struct op ops[SEARCH_OPS_MAX]);

/* An empty scenario for such operations; 0 or -ENOMEM. */
int exhaust_scenario(const struct search_bounds *bounds, struct scenario *sc);

/*
 * The search as it stands, to a file and back into an exhaust of the same
 * bounds, reverse maps and checks, just created; bounds.ops may be greater.  0,
 * or a negative errno; -EINVAL: the file is of another search, or no such file;
 * -ENOMEM: there is no room for so many states.
 */
int exhaust_save(const struct exhaust *ex, FILE *file);
int exhaust_load(struct exhaust *ex, FILE *file);

#endif
