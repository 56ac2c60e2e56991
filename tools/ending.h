/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the replay of a scenario ends: well, with a divergence, or by taking its
 * process along.
 */
#ifndef RMAPDIFF_TOOLS_ENDING_H
#define RMAPDIFF_TOOLS_ENDING_H

#include <stdio.h>
#include "../model/scenario/replay.h"

enum ending_how {
	ENDING_WELL,
	ENDING_DIVERGED,
	ENDING_UNEXPECTED, /* a result is not as asserted, and should be */
	ENDING_REPORT, /* of a sanitizer, or an assertion: text on stderr */
	ENDING_SIGNAL, /* without a word */
	ENDING_NEVER, /* not within the time it had */
};

#define ENDING_TEXT_MAX 160

struct ending {
	enum ending_how how;
	u32 needed; /* operations begun by then */
	enum divergence_kind kind; /* DIVERGED */
	char rmap[64]; /* DIVERGED; "" if no one's */
	int signal; /* SIGNAL */
	char what[ENDING_TEXT_MAX]; /* REPORT: "AddressSanitizer: SEGV" */
	char where[ENDING_TEXT_MAX]; /* REPORT: the function; "" if not known */
};

/* What is replayed, and how a replay that is on its own is kept in bounds. */
struct ending_config {
	struct replay_config *replay; /* after_op is overwritten */
	/*
	 * The same without bugs: what is not as asserted there either is a
	 * wrong assertion, and no fault.
	 */
	const struct replay_config *sound;
	u32 limit_ms; /* CPU time of a replay; then it is ENDING_NEVER */
	bool leaks; /* wait for what LeakSanitizer says at the exit */
};

/*
 * Replays @sc in this process, which a fault of the model takes along.  0 or
 * -ENOMEM.
 */
int ending_here(const struct scenario *sc, const struct ending_config *config,
		struct ending *ending);

/* @config without bugs, and with the suspects repaired. */
void ending_make_sound(const struct replay_config *config,
		       struct replay_config *sound);

/* Replays @sc in a process of its own.  0 or a negative errno. */
int ending_apart(const struct scenario *sc, const struct ending_config *config,
		 struct ending *ending);

/* Is it the same fault, as far as can be told? */
bool ending_same(const struct ending *a, const struct ending *b);

/* "divergence miss of cow_context"; no newline. */
void ending_print(const struct ending *ending, FILE *out);

/* This process gets SIGPROF after @ms of CPU time from now; 0: not any more. */
void ending_limit_time(u32 ms);

#endif
