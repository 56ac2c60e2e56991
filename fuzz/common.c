// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "common.h"
#include "counts.h"

/* One process, one target: engines give a target no other place for state. */
static struct {
	const char *target;
	const struct rmap_ops *candidate;
	enum replay_check check;
	enum kernel_release as_of;
	struct bugs bugs;
	struct bugs due_to; /* of it, fixed[] */
	struct arena *arena; /* where no sanitizer looks; kept */
	const char *only; /* "KIND [RMAP]", NULL: any */
	const struct rmap_ops *alone[RMAP_MAX];
	u32 nr_alone;
	u64 inputs;
	u64 ops;
	u64 walks;
	u64 divergences;
	bool shares_counts;
	char said[1U << 16]; /* buffer of standard error */
} fuzz;

static void print_fuzz_summary(void)
{
	/* Who shares a file reads it there, once, for all. */
	if (fuzz.shares_counts)
		return;
	printf("%s: %" PRIu64 " inputs, %" PRIu64 " operations, %" PRIu64
	       " walks compared, %" PRIu64 " divergences\n",
	       fuzz.target, fuzz.inputs, fuzz.ops, fuzz.walks,
	       fuzz.divergences);
	fflush(stdout);
}

static void __attribute__((noreturn))
bad_environment(const char *variable, const char *value, const char *expected)
{
	fprintf(stderr, "%s '%s': expected %s\n", variable, value, expected);
	exit(2);
}

static enum replay_check check_from_environment(void)
{
	const char *check = getenv("RMAPDIFF_FUZZ_CHECK");

	if (!check || !*check || !strcmp(check, "touched"))
		return REPLAY_CHECK_TOUCHED;
	if (strcmp(check, "both"))
		bad_environment("RMAPDIFF_FUZZ_CHECK", check,
				"touched or both");
	return REPLAY_CHECK_BOTH;
}

static enum kernel_release release_from_environment(void)
{
	const char *release = getenv("RMAPDIFF_FUZZ_AS_OF");

	if (!release || !*release || !strcmp(release, "6.18"))
		return KERNEL_6_18;
	if (strcmp(release, "7.0"))
		bad_environment("RMAPDIFF_FUZZ_AS_OF", release, "6.18 or 7.0");
	return KERNEL_7_0;
}

static bool switch_bug(struct bugs *bugs, const char *name)
{
	enum bug bug = bug_find(name);

	if (bug != NR_BUGS)
		bugs->on[bug] = true;
	return bug != NR_BUGS;
}

static bool add_due_to(struct bugs *bugs, const char *name)
{
	return fix_switch(&fuzz.due_to, name);
}

/* Names, separated by commas. */
static void switches_from_environment(const char *variable,
				      bool (*turn)(struct bugs *bugs,
						   const char *name))
{
	const char *p = getenv(variable);
	char name[64];

	while (p && *p) {
		size_t len = strcspn(p, ",");

		snprintf(name, sizeof(name), "%.*s", (int)min_u64(len, 63), p);
		if (!turn(&fuzz.bugs, name))
			bad_environment(variable, name,
					"names from rmapdiff list");
		p += len + (p[len] == ',');
	}
}

void fuzz_start(const char *target, const struct rmap_ops *candidate)
{
	/* A report is one write: other jobs share the terminal. */
	setvbuf(stderr, fuzz.said, _IOFBF, sizeof(fuzz.said));
	fuzz.target = target;
	fuzz.candidate = candidate;
	fuzz.check = check_from_environment();
	fuzz.as_of = release_from_environment();
	fuzz.only = getenv("RMAPDIFF_FUZZ_ONLY");
	fuzz.arena = arena_for_speed();
	fuzz.shares_counts = fuzz_counts_share();
	switches_from_environment("RMAPDIFF_FUZZ_BUG", switch_bug);
	switches_from_environment("RMAPDIFF_FUZZ_FIX", fix_switch);
	switches_from_environment("RMAPDIFF_FUZZ_DUE_TO", add_due_to);
	atexit(print_fuzz_summary);
}

/* At most so many; a name again is taken again. */
static bool add_alone(struct bugs *bugs, const char *name)
{
	const struct rmap_ops *ops = rmap_ops_find(name);

	if (!ops || fuzz.nr_alone == RMAP_MAX)
		return false;
	fuzz.alone[fuzz.nr_alone++] = ops;
	return true;
}

void fuzz_start_alone(const char *target)
{
	fuzz_start(target, NULL);
	switches_from_environment("RMAPDIFF_FUZZ_RMAPS", add_alone);
	if (!fuzz.nr_alone)
		fuzz.alone[fuzz.nr_alone++] = &anon_vma_rmap_ops;
}

void fuzz_input(void)
{
	fuzz.inputs++;
	fuzz_counts_add(COUNT_INPUTS, 1);
}

/* abort() runs no atexit handlers. */
static void __attribute__((noreturn)) stop_fuzzing(void)
{
	fflush(stderr);
	print_fuzz_summary();
	abort();
}

void fuzz_fail(const struct scenario *sc, const char *what)
{
	fprintf(stderr, "%s: %s\n", fuzz.target, what);
	if (sc)
		scenario_print(sc, stderr);
	stop_fuzzing();
}

static void print_fuzz_divergence(const struct scenario *sc,
				  const struct replay_result *result)
{
	char text[256] = "";

	if (result->op_nr)
		scenario_print_op(sc, &sc->ops[result->op_nr - 1], text,
				  sizeof(text));
	scenario_print(sc, stderr);
	report_print(&result->report, stderr, result->op_nr, text);
}

/* Does @report begin as RMAPDIFF_FUZZ_ONLY says? */
static bool is_report_wanted(const struct report *report)
{
	char name[96];

	if (!fuzz.only || !*fuzz.only)
		return true;
	snprintf(name, sizeof(name), "%s %s ",
		 divergence_kind_name(report->kind), report->rmap);
	return !strncmp(name, fuzz.only, strlen(fuzz.only)) &&
	       name[strlen(fuzz.only)] == ' ';
}

/* Does no divergence come with any one of RMAPDIFF_FUZZ_DUE_TO repaired? */
static bool result_is_due_to_all(const struct scenario *sc,
				 const struct replay_config *config)
{
	for (u32 fix = 0; fix < NR_FIXES; fix++) {
		struct replay_config repaired = *config;
		struct replay_result result;

		if (!fuzz.due_to.fixed[fix])
			continue;
		repaired.machine.bugs.fixed[fix] = true;
		if (replay(sc, &repaired, &result) || result.diverged)
			return false;
	}
	return true;
}

/* Replays and counts; whether it diverged as wanted. */
static bool diverges(const struct scenario *sc,
		     const struct replay_config *config,
		     struct replay_result *result)
{
	if (replay(sc, config, result))
		return false; /* no memory for it: says nothing of the model */
	fuzz.ops += result->ops;
	fuzz.walks += result->walks;
	fuzz_counts_add(COUNT_OPS, result->ops);
	fuzz_counts_add(COUNT_WALKS, result->walks);
	return result->diverged && is_report_wanted(&result->report) &&
	       result_is_due_to_all(sc, config);
}

static bool replay_diverges(const struct scenario *sc, bool pure,
			    enum replay_check check, struct arena *arena,
			    struct replay_result *result)
{
	const struct replay_config config = {
		.machine = {
			.rmaps = { &anon_vma_rmap_ops, fuzz.candidate },
			.nr_rmaps = 2,
			.bugs = fuzz.bugs,
			.as_of = fuzz.as_of,
			.arena = arena,
		},
		.pure = pure,
		.check = check,
	};

	return diverges(sc, &config, result);
}

static void __attribute__((noreturn))
stop_at(const struct scenario *sc, const struct replay_result *result)
{
	fuzz.divergences++;
	fuzz_counts_add(COUNT_DIVERGENCES, 1);
	print_fuzz_divergence(sc, result);
	stop_fuzzing();
}

void fuzz_replay(const struct scenario *sc, bool pure)
{
	struct replay_result result;

	if (replay_diverges(sc, pure, fuzz.check, fuzz.arena, &result))
		stop_at(sc, &result);
}

int fuzz_bytes(const u8 *data, size_t size, bool pure)
{
	struct scenario sc;

	fuzz_input();
	if (scenario_init(&sc))
		return 0;
	if (!scenario_decode(&sc, data, size)) {
		/* Races have a target of their own. */
		scenario_sequential(&sc);
		fuzz_replay(&sc, pure);
	}
	scenario_free(&sc);
	return 0;
}

static void replay_alone(const struct scenario *sc, const struct rmap_ops *ops)
{
	const struct replay_config config = {
		.machine = {
			.rmaps = { ops },
			.nr_rmaps = 1,
			.bugs = fuzz.bugs,
			.as_of = fuzz.as_of,
			.arena = fuzz.arena,
		},
		.check = fuzz.check,
	};
	struct replay_result result;

	if (!diverges(sc, &config, &result))
		return;
	fprintf(stderr, "%s: %s alone:\n", fuzz.target, ops->name);
	stop_at(sc, &result);
}

int fuzz_bytes_alone(const u8 *data, size_t size)
{
	struct scenario sc;

	fuzz_input();
	if (scenario_init(&sc))
		return 0;
	if (!scenario_decode(&sc, data, size))
		for (u32 i = 0; i < fuzz.nr_alone; i++)
			replay_alone(&sc, fuzz.alone[i]);
	scenario_free(&sc);
	return 0;
}

void fuzz_replay_short_of_memory(const struct scenario *sc)
{
	struct replay_result result;

	/* No arena: it is malloc() that fails. */
	if (replay_diverges(sc, false, REPLAY_CHECK_BOTH, NULL, &result) &&
	    !strstr(result.report.text, "out of memory"))
		stop_at(sc, &result);
}
