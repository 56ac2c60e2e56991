// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "common.h"

/* One process, one target: engines give a target no other place for state. */
static struct {
	const char *target;
	enum replay_check check;
	u64 inputs;
	u64 ops;
	u64 walks;
	u64 divergences;
} fuzz;

static void print_summary(void)
{
	printf("%s: %" PRIu64 " inputs, %" PRIu64 " operations, %" PRIu64
	       " walks compared, %" PRIu64 " divergences\n",
	       fuzz.target, fuzz.inputs, fuzz.ops, fuzz.walks,
	       fuzz.divergences);
	fflush(stdout);
}

void fuzz_start(const char *target)
{
	const char *check = getenv("RMAPDIFF_FUZZ_CHECK");

	fuzz.target = target;
	fuzz.check = REPLAY_CHECK_TOUCHED;
	if (check && !strcmp(check, "both")) {
		fuzz.check = REPLAY_CHECK_BOTH;
	} else if (check && *check && strcmp(check, "touched")) {
		fprintf(stderr,
			"RMAPDIFF_FUZZ_CHECK '%s': expected touched or both\n",
			check);
		exit(2);
	}
	atexit(print_summary);
}

void fuzz_input(void)
{
	fuzz.inputs++;
}

/* abort() runs no atexit handlers. */
static void __attribute__((noreturn)) stop(void)
{
	print_summary();
	abort();
}

void fuzz_fail(const struct scenario *sc, const char *what)
{
	fprintf(stderr, "%s: %s\n", fuzz.target, what);
	if (sc)
		scenario_print(sc, stderr);
	stop();
}

static void print_divergence(const struct scenario *sc,
			     const struct replay_result *result)
{
	char text[256] = "";

	if (result->op_nr)
		scenario_print_op(sc, &sc->ops[result->op_nr - 1], text,
				  sizeof(text));
	scenario_print(sc, stderr);
	report_print(&result->report, stderr, result->op_nr, text);
}

/* Replays and counts; whether it diverged. */
static bool replay_diverges(const struct scenario *sc, bool pure,
			    enum replay_check check,
			    struct replay_result *result)
{
	const struct replay_config config = {
		.machine = {
			.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
			.nr_rmaps = 2,
		},
		.pure = pure,
		.check = check,
	};

	if (replay(sc, &config, result))
		return false; /* no memory for it: says nothing of the model */
	fuzz.ops += result->ops;
	fuzz.walks += result->walks;
	return result->diverged;
}

static void __attribute__((noreturn))
stop_at(const struct scenario *sc, const struct replay_result *result)
{
	fuzz.divergences++;
	print_divergence(sc, result);
	stop();
}

void fuzz_replay(const struct scenario *sc, bool pure)
{
	struct replay_result result;

	if (replay_diverges(sc, pure, fuzz.check, &result))
		stop_at(sc, &result);
}

void fuzz_replay_short_of_memory(const struct scenario *sc)
{
	struct replay_result result;

	if (replay_diverges(sc, false, REPLAY_CHECK_BOTH, &result) &&
	    !strstr(result.report.text, "out of memory"))
		stop_at(sc, &result);
}
