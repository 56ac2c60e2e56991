// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff run: replays scenarios and says what came of each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"
#include "tools.h"

struct run {
	const char *command; /* argv[0], for messages */
	struct replay_config config;
	bool verbose;

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
	       "with checks after every operation.\n\n"
	       "  --rmap NAME,NAME...  reverse maps (anon_vma,cow_context); "
	       "anon_vma, or else the first, decides merges\n"
	       "  --pure               each reverse map on a machine of its "
	       "own; the machines are compared\n"
	       "  --as-of VERSION      that kernel's order of chains and "
	       "reuse: 6.18 (default) or 7.0\n"
	       "  --bug NAME           put a known bug back; may be repeated; "
	       "`rmapdiff list` names them\n"
	       "  --check WHAT         touched: what each operation touched "
	       "(default); all: everything, each time;\n"
	       "                       both: the two, which must agree; none: "
	       "only asserted results\n"
	       "  -v, --verbose        more about each file\n\n"
	       "The last line is `N files, N ops, N divergences`. Exit status: "
	       "0 fine, 1 a divergence or\n"
	       "a result that was not as asserted, else 2 for a bad file.\n");
	return EXIT_OK;
}

/*
 * anon_vma decides merges when it is there: it has no way to live with two of
 * its VMAs becoming one.
 */
static void put_decider_first(struct machine_config *config)
{
	for (u32 i = 1; i < config->nr_rmaps; i++) {
		if (config->rmaps[i] != &anon_vma_rmap_ops)
			continue;
		config->rmaps[i] = config->rmaps[0];
		config->rmaps[0] = &anon_vma_rmap_ops;
	}
}

/* --rmap: names, separated by commas, each once. */
static int parse_rmaps(struct run *run, const char *arg)
{
	struct machine_config *config = &run->config.machine;
	char name[64];

	config->nr_rmaps = 0;
	for (const char *p = arg;; p++) {
		size_t len = strcspn(p, ",");
		const struct rmap_ops *ops;

		snprintf(name, sizeof(name), "%.*s", (int)min_u64(len, 63), p);
		ops = rmap_ops_find(name);
		if (!ops)
			return usage_error(
				run->command,
				"--rmap '%s': no reverse map of that "
				"name; see rmapdiff list",
				name);
		for (u32 i = 0; i < config->nr_rmaps; i++)
			if (config->rmaps[i] == ops)
				return usage_error(run->command,
						   "--rmap '%s': named twice",
						   name);
		if (config->nr_rmaps == RMAP_MAX)
			return usage_error(run->command,
					   "--rmap: expected at most %d names",
					   RMAP_MAX);
		config->rmaps[config->nr_rmaps++] = ops;
		p += len;
		if (!*p)
			break;
	}
	put_decider_first(config);
	return 0;
}

static int parse_as_of(struct run *run, const char *arg)
{
	if (!strcmp(arg, "6.18"))
		run->config.machine.as_of = KERNEL_6_18;
	else if (!strcmp(arg, "7.0"))
		run->config.machine.as_of = KERNEL_7_0;
	else
		return usage_error(run->command,
				   "--as-of '%s': expected 6.18 or 7.0", arg);
	return 0;
}

static int parse_bug(struct run *run, const char *arg)
{
	enum bug bug = bug_find(arg);

	if (bug == NR_BUGS)
		return usage_error(run->command,
				   "--bug '%s': no bug of that name; see "
				   "rmapdiff list",
				   arg);
	run->config.machine.bugs.on[bug] = true;
	return 0;
}

static int parse_check(struct run *run, const char *arg)
{
	static const char *const names[] = {
		[REPLAY_CHECK_TOUCHED] = "touched",
		[REPLAY_CHECK_ALL] = "all",
		[REPLAY_CHECK_BOTH] = "both",
		[REPLAY_CHECK_NONE] = "none",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(arg, names[i]))
			continue;
		run->config.check = (enum replay_check)i;
		return 0;
	}
	return usage_error(run->command,
			   "--check '%s': expected touched, all, both or none",
			   arg);
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

	if (input_load(&in, path)) {
		run->nr_bad++;
		return;
	}
	if (input_parse(&in, &sc)) {
		run->nr_bad++;
	} else {
		if (run_scenario(run, &in, &sc))
			run->nr_bad++;
		scenario_free(&sc);
	}
	input_free(&in);
}

/* 0 to go on, else the exit status + 1 (--help's is 0). */
static int parse_options(struct run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "rmap", required_argument, NULL, 'r' },
		{ "pure", no_argument, NULL, 'p' },
		{ "as-of", required_argument, NULL, 'a' },
		{ "bug", required_argument, NULL, 'b' },
		{ "check", required_argument, NULL, 'c' },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	int c, err = 0;

	while (!err && (c = getopt_long(argc, argv, "hv", options, NULL)) != -1)
		switch (c) {
		case 'r':
			err = parse_rmaps(run, optarg);
			break;
		case 'p':
			run->config.pure = true;
			break;
		case 'a':
			err = parse_as_of(run, optarg);
			break;
		case 'b':
			err = parse_bug(run, optarg);
			break;
		case 'c':
			err = parse_check(run, optarg);
			break;
		case 'v':
			run->verbose = true;
			break;
		case 'h':
			return print_help() + 1;
		default:
			err = EXIT_USAGE;
		}
	return err ? err + 1 : 0;
}

int cmd_run(int argc, char **argv)
{
	struct run run = {
		.command = argv[0],
		.config.machine = {
			.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
			.nr_rmaps = 2,
		},
	};
	int stop = parse_options(&run, argc, argv);

	if (stop)
		return stop - 1;
	if (optind == argc)
		return usage_error(run.command, "expected FILE...; see --help");

	for (int i = optind; i < argc; i++)
		run_file(&run, argv[i]);
	if (run.nr_unexpected)
		printf("%u with a result that was not as asserted\n",
		       run.nr_unexpected);
	printf("%u files, %" PRIu64 " ops, %u divergences\n", run.nr_files,
	       run.nr_ops, run.nr_divergences);
	if (run.nr_divergences || run.nr_unexpected)
		return EXIT_DIVERGED;
	return run.nr_bad ? EXIT_USAGE : EXIT_OK;
}
