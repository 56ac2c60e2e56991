/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the replay of a scenario ends: well, with a divergence, or by taking its
 * process along.
 */
#ifndef RMAPDIFF_TOOLS_ENDING_H
#define RMAPDIFF_TOOLS_ENDING_H

#include <signal.h>
#include <stdio.h>
#include "../model/scenario/replay.h"
#include "../model/scenario/signature.h"

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
	struct signature signature; /* DIVERGED */
	u8 op; /* UNEXPECTED: kind of the operation */
	int expected; /* UNEXPECTED: the result asserted, and the one that came */
	int result;
	int signal; /* SIGNAL */
	char what[ENDING_TEXT_MAX]; /* REPORT: "AddressSanitizer: SEGV" */
	char where[ENDING_TEXT_MAX]; /* REPORT: the function; "" if not known */
};

/* What is replayed, and how a replay that is on its own is kept in bounds. */
struct ending_config {
	const struct replay_config *replay; /* its hooks are not called */
	/*
	 * The same without bugs: what is not as asserted there either is a
	 * wrong assertion, and no fault.
	 */
	const struct replay_config *sound;
	u32 limit_ms; /* CPU time of a replay; then it is ENDING_NEVER */
	bool leaks; /* wait for what LeakSanitizer says at the exit */
	bool describe; /* see signature_take() */
	/*
	 * Where a handler puts the signal that asks to stop, or NULL: a replay
	 * in a process of its own is killed then, and ends with -EINTR.
	 */
	volatile sig_atomic_t *stop;
};

/* What two endings must have in common to be the same. */
enum ending_keep {
	ENDING_KEEP_FAULT, /* the signature of a divergence */
	ENDING_KEEP_KIND, /* its kind, and whose it is */
	ENDING_KEEP_NOTHING, /* but that it does not end well */
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

/* Replays @sc in a process of its own.  0, -EINTR, or another negative errno. */
int ending_apart(const struct scenario *sc, const struct ending_config *config,
		 struct ending *ending);

/* Has @ending of @wanted what is to be kept? */
bool ending_same(const struct ending *ending, const struct ending *wanted,
		 enum ending_keep keep);

/*
 * Does a replay that ends so take its process along?
 */
bool ending_is_deadly(const struct ending *ending);

/* "miss of cow_context after mremap: ..."; no newline. */
void ending_print(const struct ending *ending, FILE *out);

/* This process gets SIGPROF after @ms of CPU time from now; 0: not any more. */
void ending_limit_time(u32 ms);

#endif
