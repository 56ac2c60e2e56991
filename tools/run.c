// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff run: replays scenarios and says what came of each.
 */
#include <inttypes.h>
#include <stdio.h>
#include "config.h"
#include "tools.h"

struct run {
	const char *command; /* argv[0], for messages */
	struct replay_config config;
	bool verbose;
	bool bytes; /* --bytes */

	u32 nr_files;
	u64 nr_ops;
	u32 nr_divergences;
	u32 nr_unexpected; /* files with a result that was not as asserted */
	u32 nr_bad; /* files that could not be read */
};

static int print_help(void)
{
	printf("Usage: rmapdiff run [OPTION...] FILE...\n"
	       "Replays each scenario, text or bytes (- is standard input), "
	       "with checks after every operation.\n" INPUT_FILES_HELP "\n");
	config_print_help();
	input_print_help();
	printf("  -v, --verbose        more about each file\n\n"
	       "The last line is `N files, N ops, N divergences`. Exit status: "
	       "0 fine, 1 a divergence or\n"
	       "a result that was not as asserted, else 2 for a bad file.\n");
	return EXIT_OK;
}

/* "FILE:12", or "FILE" where there is no line. */
static void print_place(const struct input *in, const struct scenario *sc,
			u32 op_nr)
{
	u32 line = op_nr ? sc->ops[op_nr - 1].line : 0;

	printf("%s:", in->name);
	if (line)
		printf("%u:", line);
}

static void print_divergence(const struct input *in, const struct scenario *sc,
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

static void print_errno(int err)
{
	const char *name = errno_name(err);

	if (name)
		printf("%s", name);
	else
		printf("errno %d", err);
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
	printf("%s: ok, %u ops, %" PRIu64 " walks compared", in->name,
	       result->ops, result->walks);
	if (result->skipped)
		printf(", %u ops left out", result->skipped);
	putchar('\n');
}

static void print_verbose(const struct replay_result *result)
{
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

	if (replay(sc, &run->config, &result))
		return usage_error(in->name, "out of memory");

	run->nr_files++;
	run->nr_ops += result.ops;
	if (result.diverged) {
		run->nr_divergences++;
		print_divergence(in, sc, &result);
	} else if (result.unexpected) {
		run->nr_unexpected++;
		print_unexpected(in, sc, &result);
	} else {
		print_ok(in, &result);
	}
	if (run->verbose)
		print_verbose(&result);
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
static int parse_options(struct run *run, int argc, char **argv)
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
			return print_help() + 1;
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
	stop = parse_options(&run, argc, argv);
	if (stop)
		return stop - 1;
	if (optind == argc)
		return usage_error(run.command, "expected FILE...; see --help");

	if (input_files_find(&files, argv + optind, argc - optind, run.bytes))
		return EXIT_USAGE;
	run.config.machine.arena = arena_for_speed();
	for (u32 i = 0; i < files.nr; i++)
		run_file(&run, files.paths[i]);
	run.nr_bad += files.nr_bad;
	input_files_free(&files);
	arena_destroy(run.config.machine.arena);
	if (run.nr_unexpected)
		printf("%u with a result that was not as asserted\n",
		       run.nr_unexpected);
	printf("%u files, %" PRIu64 " ops, %u divergences\n", run.nr_files,
	       run.nr_ops, run.nr_divergences);
	if (run.nr_divergences || run.nr_unexpected)
		return EXIT_DIVERGED;
	return run.nr_bad ? EXIT_USAGE : EXIT_OK;
}
