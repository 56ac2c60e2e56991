/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that has the tree in it, and does scenarios for its parent.
 *
 * A finding may leave the tree in any state, or end its process: after each one
 * the next scenario gets a new process.  A scenario that does not end is ended.
 */
#ifndef RMAPDIFF_TREE_WORKER_H
#define RMAPDIFF_TREE_WORKER_H

#include <signal.h>
#include <sys/types.h>
#include "boot.h"
#include "compare.h"
#include "features.h"

/* What the tree is compared with. */
enum worker_with {
	WITH_EITHER, /* the model where the tree answers to its questions */
	WITH_MODEL,
	WITH_WALKS,
};

struct worker_config {
	struct machine_config model;
	enum worker_with with;
	u32 hang_seconds; /* of processor time, for the start or one scenario */
	const struct known_list *known; /* NULL: none */
	const volatile sig_atomic_t *stop; /* ends a scenario; NULL: nothing */
};

struct worker_shared;

struct worker {
	struct worker_config config;
	struct worker_shared *shared;
	pid_t pid; /* 0: none */
	int to; /* pipes to and from the process */
	int from;
	u32 starts; /* how many processes there were */
	/* What the tree ended with when it started, or was asked; "": nothing. */
	char start_why[TREE_WHY_MAX];
	char asked_why[TREE_WHY_MAX];
	struct tree_fail fail; /* for the next scenarios */
};

/* 0 or a negative errno.  No process is started yet. */
int worker_init(struct worker *worker, const struct worker_config *config);
void worker_free(struct worker *worker);

/*
 * Does @sc: 0 with @result, or a negative errno if it cannot be done at all:
 * -ENOTSUP, the tree does not start, with the reason in worker->start_why; -EINTR,
 * config.stop was set.
 */
int worker_compare(struct worker *worker, const struct scenario *sc,
		   struct tree_result *result);

/* Starts the tree, if it is not running: 0 or a negative errno, as above. */
int worker_start(struct worker *worker);

/*
 * Once it has started: the tree's features, NULL if it was not asked, or has no
 * anon_vmas, or did not survive being asked; and whether the model is left out.
 */
const struct kernel_features *worker_features(const struct worker *worker);
bool worker_walks_only(const struct worker *worker);

/* Sets @ts to what @features call for; NULL: not known. */
void worker_settle(struct tree_session *ts,
		   const struct kernel_features *features, bool walks_only);

/*
 * What the tree printed in the last scenario, or when it did not start; good until
 * the next.
 */
const char *worker_report(const struct worker *worker);

#endif
