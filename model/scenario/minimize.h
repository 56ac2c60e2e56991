/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Minimizing: from a scenario that shows something to the simplest one that
 * still does.  What "shows" means is the caller's; so this serves replays on the
 * model, on a kernel, or anything else.
 *
 * It ends at a fixpoint: no single simplification of the result shows it any
 * more (minimize_ops.c, minimize_pages.c and minimize_groups.c have them all).
 */
#ifndef RMAPDIFF_SCENARIO_MINIMIZE_H
#define RMAPDIFF_SCENARIO_MINIMIZE_H

#include "scenario.h"

#define MINIMIZE_TRIES_MAX 1000000 /* by default */
#define MINIMIZE_FAR_TRIES 40000 /* enough where a try takes microseconds */

struct minimize_stats {
	u64 tries; /* candidates that the predicate was asked about */
	u64 repeats; /* candidates that had been tried before */
	u64 successes;
	bool fixpoint; /* false: stopped before */
};

struct minimize_config {
	/*
	 * Does @sc show it?  1, 0, or a negative errno to end the whole.  With
	 * 1, *@needed may be lowered from sc->nr_ops to how many operations
	 * were done by then: the rest is dropped without another try.
	 */
	int (*shows)(void *arg, const struct scenario *sc, u32 *needed);
	/* Asked before each try; true: end with the best so far.  May be NULL. */
	bool (*stop)(void *arg);
	/* @best is simpler than the one before.  May be NULL. */
	void (*improved)(void *arg, const struct scenario *best,
			 const struct minimize_stats *stats);
	void *arg;
	u64 tries_max; /* 0: MINIMIZE_TRIES_MAX */
	/*
	 * Tries that go beyond single simplifications, to get out of a corner
	 * (minimize_far.c); 0: none.
	 */
	u64 far_tries_max;
};

/*
 * Simplifies @sc, which shows it: that is not asked.  0, -ENOMEM, or what
 * config->shows() ended it with; in each case @sc is the best so far, and a
 * scenario that was seen to show it, its processes named A, B, C ...
 */
int scenario_minimize(struct scenario *sc, const struct minimize_config *config,
		      struct minimize_stats *stats);

/*
 * The order that results descend in: negative if @a is simpler than @b, 0 if
 * they are the same.  By the first of these that differs, the smaller one:
 *
 *  1. operations
 *  2. operations that run at the same time as the one before them
 *  3. processes born
 *  4. operations by kind, rarer kinds weighing more: munmap 0, exit 1, mmap 2,
 *     write 3, fork 4, mremap 5, mprotect 6, read 7, madvise 8, exec 9,
 *     migrate 10, vfork 11, failalloc 12, walk 13, reclaim 14
 *  5. options: file=, to=, dontunmap, a protection other than rw, an asserted
 *     result, a base that is not the default
 *  6. pages in all lengths, and N of failalloc
 *  7. page numbers, file offsets and files, added up
 *  8. slots of processes, added up
 *  9. digits of schedules, and these added up
 * 10. operation by operation, the first that differs: by kind, process, child,
 *     page, length, NEW, to, protection, advice, file, offset, schedule
 *
 * Names do not count: they follow from slots.
 */
int scenario_compare(const struct scenario *a, const struct scenario *b);

#endif
