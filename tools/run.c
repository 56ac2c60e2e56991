// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff run: replays scenarios and says what came of each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "config.h"
#include "interrupt.h"
#include "tools.h"

/* An operation that failed. */
struct failed_op {
	u32 op_nr; /* from 1 */
	int result; /* errno */
};

struct run {
	const char *command; /* argv[0], for messages */
	struct replay_config config;
	bool verbose;
	bool bytes; /* --bytes */
	struct failed_op *failed; /* verbose: those of this file */
	u32 nr_failed;
	u32 cap_failed;

	u32 nr_files;
	u64 nr_ops;
	u32 nr_divergences;
	u32 nr_unexpected; /* files with a result that was not as asserted */
	u32 nr_bad; /* files that could not be read */
};

static int run_print_help(void)
{
	printf("Usage: rmapdiff run [OPTION...] FILE...\n"
	       "Replays each scenario, text or bytes (- is standard input), "
	       "with checks after every operation.\n" INPUT_FILES_HELP "\n");
	config_print_help(0);
	input_print_help();
	printf("  -v, --verbose        more about each file, and each operation that failed\n\n"
	       "The last line is `N files, N ops, N divergences`. Exit status: "
	       "0 fine, 1 a divergence or\n"
	       "a result that was not as asserted, else 2 for a bad file, else 130 "
	       "after ^C, which ends it with\n"
	       "what was done.\n");
	return EXIT_OK;
}

/* "FILE:12", or "FILE" where there is no line. */
static void print_place(const struct input *in, const struct scenario *sc,
			u32 op_nr)
{
	u32 line = op_nr ? sc->ops[op_nr - 1].line : 0;

	printf("%s%s:", in->name, input_form(in));
	if (line)
		printf("%u:", line);
}

static void print_run_divergence(const struct input *in,
				 const struct scenario *sc,
				 const struct replay_result *result)
{
	char text[256] = "";

	print_place(in, sc, result->op_nr);
	if (result->op_nr) {
		scenario_print_op(sc, &sc->ops[result->op_nr - 1], text,
				  sizeof(text));
		printf(" diverged at op %u\n", result->op_nr);
	} else {
		printf(" diverged after the last op\n");
	}
	report_print(&result->report, stdout, result->op_nr, text);
}

static void print_unexpected(const struct input *in, const struct scenario *sc,
			     const struct replay_result *result)
{
	struct op op = sc->ops[result->op_nr - 1];
	char text[256];

	op.flags &= (u8)~OP_HAS_EXPECTED;
	scenario_print_op(sc, &op, text, sizeof(text));
	print_place(in, sc, result->op_nr);
	printf(" %s: expected ", text);
	print_errno(op.expected);
	printf(", got ");
	print_errno(result->result);
	putchar('\n');
}

static void print_ok(const struct input *in, const struct replay_result *result)
{
	printf("%s%s: %s %u ops", in->name, input_form(in),
	       result->cut ? "interrupted after" : "ok,", result->ops);
	print_failed_ops(result->failed, result->failed_as_asserted);
	printf(", %" PRIu64 " walks compared", result->walks);
	if (result->skipped)
		printf(", %u ops left out", result->skipped);
	putchar('\n');
}

/* Of the tool's memory there is too little: then they are only counted. */
static void note_failed(void *arg, u32 op_nr, int result)
{
	struct run *run = arg;
	u32 cap = run->cap_failed ? run->cap_failed * 2 : 64;
	struct failed_op *failed;

	if (run->nr_failed == run->cap_failed) {
		failed = realloc(run->failed, cap * sizeof(*failed));
		if (!failed)
			return;
		run->failed = failed;
		run->cap_failed = cap;
	}
	run->failed[run->nr_failed++] = (struct failed_op){ op_nr, result };
}

static void list_failed(const struct run *run, const struct input *in,
			const struct scenario *sc)
{
	char text[256];

	for (u32 i = 0; i < run->nr_failed; i++) {
		const struct failed_op *failed = &run->failed[i];
		struct op op = sc->ops[failed->op_nr - 1];
		bool asserted = op.flags & OP_HAS_EXPECTED &&
				op.expected == failed->result;

		op.flags &= (u8)~OP_HAS_EXPECTED;
		scenario_print_op(sc, &op, text, sizeof(text));
		printf("  ");
		print_place(in, sc, failed->op_nr);
		printf(" op %u: %s: ", failed->op_nr, text);
		print_errno(failed->result);
		puts(asserted ? " (asserted)" : "");
	}
}

static void print_verbose(const struct run *run, const struct input *in,
			  const struct scenario *sc,
			  const struct replay_result *result)
{
	list_failed(run, in, sc);
	printf("  %" PRIu64 " folios looked at\n", result->folios);
	for (u32 i = 0; i < result->nr_kinds; i++) {
		const struct ledger_kind *kind = &result->kinds[i];

		if (!kind->total)
			continue;
		printf("  %-20s %" PRIu64 " live at the end, %" PRIu64
		       " at most, %" PRIu64 " ever\n",
		       kind->name, kind->live, kind->peak, kind->total);
	}
}

static int run_scenario(struct run *run, const struct input *in,
			const struct scenario *sc)
{
	struct replay_result result;

	run->nr_failed = 0;
	/* Not before: while standard input is read, ^C ends it. */
	interrupt_catch();
	if (replay(sc, &run->config, &result))
		return usage_error(in->name, "out of memory");

	run->nr_files++;
	run->nr_ops += result.ops;
	if (result.diverged) {
		run->nr_divergences++;
		print_run_divergence(in, sc, &result);
	} else if (result.unexpected) {
		run->nr_unexpected++;
		print_unexpected(in, sc, &result);
	} else {
		print_ok(in, &result);
	}
	if (run->verbose)
		print_verbose(run, in, sc, &result);
	return 0;
}

static void run_file(struct run *run, const char *path)
{
	struct input in;
	struct scenario sc;

	if (input_load_scenario(&in, &sc, path, run->bytes)) {
		run->nr_bad++;
		return;
	}
	if (run_scenario(run, &in, &sc))
		run->nr_bad++;
	scenario_free(&sc);
	input_free(&in);
}

/* 0 to go on, else the exit status + 1 (--help's is 0). */
static int run_parse_options(struct run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		CONFIG_OPTIONS,
		INPUT_OPTIONS,
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	int c, err = 0;

	while (!err && (c = getopt_long(argc, argv, "hv", options, NULL)) != -1)
		if (c == 'h')
			return run_print_help() + 1;
		else if (c == 'v')
			run->verbose = true;
		else if (c == INPUT_BYTES)
			run->bytes = true;
		else if (config_is_option(c))
			err = config_take_option(run->command, &run->config, c);
		else
			err = EXIT_USAGE;
	return err ? err + 1 : 0;
}

int cmd_run(int argc, char **argv)
{
	struct run run = {
		.command = argv[0],
	};
	struct input_files files;
	int stop;

	config_init(&run.config);
	stop = run_parse_options(&run, argc, argv);
	if (stop)
		return stop - 1;
	if (optind == argc)
		return usage_error(run.command, "expected FILE...; see --help");
	if (config_check(run.command, &run.config))
		return EXIT_USAGE;

	if (input_files_find(&files, argv + optind, argc - optind, run.bytes))
		return EXIT_USAGE;
	if (run.verbose) {
		run.config.on_failure = note_failed;
		run.config.arg = &run;
	}
	run.config.machine.arena = arena_for_speed();
	run.config.stop = interrupt_flag();
	for (u32 i = 0; i < files.nr && !interrupted(); i++)
		run_file(&run, files.paths[i]);
	run.nr_bad += files.nr_bad;
	input_files_free(&files);
	arena_destroy(run.config.machine.arena);
	free(run.failed);
	/* Of nothing there are no totals: what was wrong with it was said. */
	if (!run.nr_files)
		return EXIT_USAGE;
	if (interrupted())
		printf("stopped before all was done\n");
	if (run.nr_unexpected)
		printf("%u with a result that was not as asserted\n",
		       run.nr_unexpected);
	printf("%u files, %" PRIu64 " ops, %u divergences\n", run.nr_files,
	       run.nr_ops, run.nr_divergences);
	if (run.nr_divergences || run.nr_unexpected)
		return EXIT_DIVERGED;
	return interrupt_status(run.nr_bad ? EXIT_USAGE : EXIT_OK);
}
