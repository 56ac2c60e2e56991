// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff stats: memory, walks and locks of each reverse map on a scenario.
 */
#include <stdio.h>
#include "config.h"
#include "interrupt.h"
#include "stats.h"
#include "tools.h"

#define WALKS_MAX 1000

const struct stats_dist_column stats_walk_columns[NR_WALK_COLUMNS] = {
	{ "mapped", offsetof(struct stats_walks, mapped) },
	{ "visits", offsetof(struct stats_walks, visits) },
	{ "useless", offsetof(struct stats_walks, useless) },
	{ "to_last", offsetof(struct stats_walks, to_last) },
	{ "contexts", offsetof(struct stats_walks, contexts) },
	{ "remaps", offsetof(struct stats_walks, remaps) },
	{ "nodes", offsetof(struct stats_walks, nodes) },
};

const struct stats_dist_column stats_lock_columns[NR_LOCK_COLUMNS] = {
	{ "mms", offsetof(struct stats_lock, mms) },
	{ "vmas", offsetof(struct stats_lock, vmas) },
	{ "tree_ops", offsetof(struct stats_lock, links) },
};

enum stats_option {
	OPT_JSON = 0x200,
	OPT_EVERY,
	OPT_WALKS,
	OPT_KERNEL_SIZES,
	OPT_SLABS,
	OPT_SLABINFO,
};

struct stats_command {
	const char *command; /* argv[0], for messages */
	struct stats_config config;
	bool json;
	bool kernel_sizes;
	bool slabs;
	bool slabinfo;
	bool bytes; /* --bytes */
	u32 nr_files;
	u32 nr_bad;
	const char *of_model; /* an option that only the model's figures have */
	bool failed; /* some replay ended early */
};

static int stats_print_help(void)
{
	printf("Usage: rmapdiff stats [OPTION...] FILE...\n"
	       "Replays each scenario without checks and says what memory, "
	       "walks and locks it took with each\n"
	       "reverse map; docs/STATS.md says what is counted.\n" INPUT_FILES_HELP
	       "\n"
	       "  --json               as JSON\n"
	       "  --every N            a row of figures after each N "
	       "operations, too\n"
	       "  --walks K            after each operation walk K folios, as "
	       "reclaim would (1)\n"
	       "  --kernel-sizes       hold the table of sizes against the "
	       "running kernel; no FILE needed\n"
	       "  --slabs              do each FILE on the running kernel and "
	       "hold its slab objects against the\n"
	       "                       model's; needs root\n"
	       "  --slabinfo           the same, and /proc/slabinfo, which "
	       "counts everybody's objects: for a\n"
	       "                       quiet machine\n");
	input_print_help();
	config_print_help(CONFIG_BIT(CONFIG_CHECK));
	printf("\nExit status: 0 fine, 1 a "
	       "replay that ended early or a\n"
	       "difference from the kernel, 2 bad usage or a bad file, 77 this "
	       "machine cannot do it, 130\nafter ^C, which ends it with what was done.\n");
	return EXIT_OK;
}

const char *stats_verdict(const struct stats *stats)
{
	if (stats->result.diverged)
		return "diverged";
	return stats->result.unexpected ? "unexpected" : "ok";
}

static void print_file(struct stats_command *sc, const struct stats *stats,
		       const struct input *in)
{
	bool first = !sc->nr_files++;

	if (stats->result.diverged || stats->result.unexpected)
		sc->failed = true;
	if (sc->json) {
		stats_json_file(stats, in->name, first, stdout);
		return;
	}
	if (!first)
		putchar('\n');
	stats_print_text(stats, in, stdout);
}

static int stats_scenario(struct stats_command *sc, const struct input *in,
			  const struct scenario *scenario)
{
	struct stats stats;
	int err;

	/* Not before: while standard input is read, ^C ends it. */
	interrupt_catch();
	err = stats_run(&stats, scenario, &sc->config);
	if (err)
		usage_error(in->name, "out of memory");
	else if (stats.result.cut)
		usage_error(in->name, "interrupted after %u ops: left out",
			    stats.result.ops);
	else
		print_file(sc, &stats, in);
	stats_free(&stats);
	return err;
}

static void stats_file(struct stats_command *sc, const char *path)
{
	struct scenario scenario;
	struct input in;

	if (input_load_scenario(&in, &scenario, path, sc->bytes)) {
		sc->nr_bad++;
		return;
	}
	if (stats_scenario(sc, &in, &scenario))
		sc->nr_bad++;
	scenario_free(&scenario);
	input_free(&in);
}

/* In the order of enum config_option. */
static const char *const config_names[] = { "rmap", "pure", "as-of",
					    "bug",  "fix",  "check" };

static int stats_parse_option(struct stats_command *sc, int c)
{
	switch (c) {
	case OPT_JSON:
		sc->json = true;
		return 0;
	case OPT_EVERY:
		sc->of_model = "every";
		return take_number(sc->command, "every", 1, SCENARIO_OPS_MAX,
				   &sc->config.every);
	case OPT_WALKS:
		sc->of_model = "walks";
		return take_u32(sc->command, "walks", 0, WALKS_MAX,
				&sc->config.walks);
	case OPT_KERNEL_SIZES:
		sc->kernel_sizes = true;
		return 0;
	case OPT_SLABS:
		sc->slabs = true;
		return 0;
	case OPT_SLABINFO:
		sc->slabs = true;
		sc->slabinfo = true;
		return 0;
	case INPUT_BYTES:
		sc->bytes = true;
		return 0;
	case CONFIG_CHECK:
		return usage_error(sc->command,
				   "--check: nothing is checked here; see "
				   "rmapdiff run");
	}
	if (config_is_option(c) && c != CONFIG_BUG)
		sc->of_model = config_names[c - CONFIG_RMAP];
	if (config_is_option(c))
		return config_take_option(sc->command, &sc->config.replay, c);
	return EXIT_USAGE;
}

/* 0 to go on, else the exit status + 1 (--help's is 0). */
static int stats_parse_options(struct stats_command *sc, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "every", required_argument, NULL, OPT_EVERY },
		{ "walks", required_argument, NULL, OPT_WALKS },
		{ "kernel-sizes", no_argument, NULL, OPT_KERNEL_SIZES },
		{ "slabs", no_argument, NULL, OPT_SLABS },
		{ "slabinfo", no_argument, NULL, OPT_SLABINFO },
		CONFIG_OPTIONS,
		INPUT_OPTIONS,
		{ 0 },
	};
	int c, err = 0;

	while (!err && (c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		err = c == 'h' ? -1 : stats_parse_option(sc, c);
	if (err < 0)
		return stats_print_help() + 1;
	if (!err)
		err = config_check(sc->command, &sc->config.replay);
	if (!err && sc->slabs && sc->kernel_sizes)
		err = usage_error(sc->command,
				  "--slabs and --kernel-sizes exclude each "
				  "other");
	if (!err && (sc->slabs || sc->kernel_sizes) && sc->of_model)
		err = usage_error(sc->command,
				  "--%s: not with --slabs or --kernel-sizes, "
				  "which look at the kernel",
				  sc->of_model);
	if (!err && sc->slabs)
		err = config_check_kernel(sc->command,
					  &sc->config.replay.machine.bugs);
	if (!err && sc->kernel_sizes && optind < argc)
		err = usage_error(sc->command,
				  "--kernel-sizes: unexpected argument '%s'",
				  argv[optind]);
	if (!err && sc->json && (sc->slabs || sc->kernel_sizes))
		err = usage_error(sc->command,
				  "--json: not with --slabs, --slabinfo or "
				  "--kernel-sizes");
	if (!err && optind == argc && !sc->kernel_sizes)
		err = usage_error(sc->command, "expected FILE...; see --help");
	return err ? err + 1 : 0;
}

/* Each FILE; the exit status. */
static int stats_files(struct stats_command *sc,
		       const struct input_files *files)
{
	if (sc->slabs)
		return stats_slabs(sc->command, &sc->config, files, sc->bytes,
				   sc->slabinfo);
	if (sc->json)
		stats_json_begin(&sc->config, stdout);
	sc->config.replay.stop = interrupt_flag();
	for (u32 i = 0; i < files->nr && !interrupted(); i++)
		stats_file(sc, files->paths[i]);
	if (sc->json)
		stats_json_end(stdout);
	if (sc->nr_bad || files->nr_bad)
		return EXIT_USAGE;
	return interrupt_status(sc->failed ? EXIT_DIVERGED : EXIT_OK);
}

int cmd_stats(int argc, char **argv)
{
	struct stats_command sc = {
		.command = argv[0],
		.config = { .walks = 1 },
	};
	struct input_files files;
	int stop;

	config_init(&sc.config.replay);
	stop = stats_parse_options(&sc, argc, argv);
	if (stop)
		return stop - 1;
	if (sc.kernel_sizes)
		return stats_kernel_sizes(sc.command);
	if (input_files_find(&files, argv + optind, argc - optind, sc.bytes))
		return EXIT_USAGE;
	stop = stats_files(&sc, &files);
	input_files_free(&files);
	return stop;
}
