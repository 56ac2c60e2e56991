/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scenario on the running kernel and on the model, compared after each
 * operation.
 */
#ifndef RMAPDIFF_KERNEL_COMPARE_H
#define RMAPDIFF_KERNEL_COMPARE_H

#include <signal.h>
#include <stdio.h>
#include "../model/machine.h"
#include "../model/scenario/scenario.h"
#include "exec.h"
#include "features.h"
#include "readback.h"
#include "../subject/snapshot.h"

#define KERNEL_WHY_MAX 256

struct kernel_session {
	struct executors executors;
	struct readback *readback;
	struct snapshot kernel;
	struct snapshot model;
	struct kernel_features features; /* that the kernel has */
	struct machine_config config; /* of the model; as_of by the features */
	bool check_proc; /* hold the readback against /proc, too */
	u64 pages_checked; /* against /proc */
	bool compact; /* migrate by compaction where there is one node only */
	FILE *show; /* where to show what the kernel has; NULL: do not */
	u32 nr_disagreements;
	u32 nr_spoilt; /* looks still to be taken as different, for tests */
	const volatile sig_atomic_t *stop; /* not 0: stop; NULL: never */
};

/* 0, or a negative errno with the reason in @why: this machine cannot do it. */
int kernel_session_open(struct kernel_session *ks, char why[KERNEL_WHY_MAX]);
void kernel_session_close(struct kernel_session *ks);

enum kernel_verdict {
	KERNEL_AGREES,
	KERNEL_DISAGREES,
	KERNEL_UNSUITABLE, /* not compared, or not to its end: why says why */
};

struct kernel_result {
	enum kernel_verdict verdict;
	u32 ops; /* done */
	u32 failed; /* of them, on the kernel */
	u32 failed_as_asserted; /* of those, as the scenario asserts */
	u32 migrations; /* done on both */
	u32 migrations_skipped; /* nothing could be moved here */
	u32 migrations_around; /* left out: of a page that nobody read */
	u32 op_nr; /* of the verdict, from 1; 0: before the first */
	struct snap_difference diff; /* of the disagreement */
	/* It agrees, but did not at first: op_nr and diff are of that time. */
	bool disturbed;
	char why[KERNEL_WHY_MAX]; /* unsuitable; or the harness's failure */
};

/*
 * Does @sc on both.  What disagrees is done again, twice, and must disagree each
 * time: else something else on this machine had disturbed it.  0; -EINTR if it
 * was asked to stop, between two operations; or another negative errno if the
 * harness failed, with why in @result: the session is then good for closing only.
 */
int kernel_compare(struct kernel_session *ks, const struct scenario *sc,
		   struct kernel_result *result);

/* The same, once: for those who ask very often, and in the end as above. */
int kernel_compare_once(struct kernel_session *ks, const struct scenario *sc,
			struct kernel_result *result);

/* The page numbers that @sc may touch, [first, last]. */
struct kernel_window {
	u64 first;
	u64 last;
};

/*
 * Can @sc be done on a kernel whose user space ends at page number @task_pages?
 * False with the reason in @why, else its window.
 * What a process may already have there is looked at when it runs.
 */
bool kernel_suitable(const struct scenario *sc, u64 task_pages,
		     struct kernel_window *window, char why[KERNEL_WHY_MAX]);

/*
 * Moves the page at byte address @address of process @pid, as the caller has
 * it, to another node: 0 or a positive errno in @result.  -ENODEV where there is
 * only one node.
 */
int kernel_migrate(pid_t pid, u64 address, int *result);

/*
 * Compacts all of memory, which moves many pages, of other processes too.  0 or
 * -ENODEV where that cannot be asked for.
 */
int kernel_compact(void);

/*
 * Simplifies @sc as long as it disagrees in the same part of the snapshot (the
 * VMAs, a page-table entry, an anon_vma ...) after the same kind of operation;
 * ends with that disagreement in @result, as kernel_compare() has it.  0 or a
 * negative errno, as kernel_compare(); with -EINTR @sc and @result are the
 * simplest so far.
 */
int kernel_minimize(struct kernel_session *ks, struct scenario *sc,
		    struct kernel_result *result);

#endif
