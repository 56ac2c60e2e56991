// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program of scripts/tree run and scripts/minimize --tree: scenarios on the
 * tree that it is linked with, and on the model.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "../model/scenario/minimize.h"
#include "../tools/config.h"
#include "../tools/input.h"
#include "../tools/interrupt.h"
#include "../tools/output.h"
#include "../tools/tools.h"
#include "finding.h"
#include "worker.h"

#define HANG_SECONDS 20

/* A try may take a new process. */
#define TRIES_MAX 20000
#define FAR_TRIES_MAX 500

/* Allocations of one operation that are made to fail in turn. */
#define SWEEP_MAX 100000

struct run_command {
	const char *command; /* for messages */
	struct worker worker;
	struct replay_config config; /* its --bug alone */
	enum worker_with with;
	bool minimize;
	bool bytes;
	bool quiet;
	bool sweep; /* each allocation of each operation fails in turn */
	u32 hang_seconds;
	struct known_list known;
	u64 met[KNOWN_MAX];
	struct output out;
	u64 nr_files;
	u64 nr_ops;
	u64 nr_model_ops;
	u64 nr_walks;
	u64 nr_failed; /* allocations, of a sweep */
	u64 nr_disagreements;
	u64 nr_unsuitable;
	u64 nr_bad;
	bool broken;
};

static void print_finding(struct run_command *rc, const char *name,
			  const struct scenario *sc,
			  const struct tree_result *result)
{
	char text[256] = "after the last process";

	printf("%s:", name);
	if (result->op_nr) {
		const struct op *op = &sc->ops[result->op_nr - 1];

		if (op->line)
			printf("%u:", op->line);
		scenario_print_op(sc, op, text, sizeof(text));
		printf(" disagreed at op %u\n", result->op_nr);
	} else {
		printf(" disagreed at the end\n");
	}
	if (result->with_model) {
		printf("DISAGREEMENT %s (op %u: %s)\n  tree:  %s\n"
		       "  model: %s\n",
		       result->diff.what, result->op_nr, text,
		       result->diff.kernel, result->diff.model);
	} else {
		printf("FINDING ");
		finding_print_named(result->why, stdout);
		printf(" (op %u: %s)\n", result->op_nr, text);
	}
	finding_print_report(worker_report(&rc->worker), stdout);
	fflush(stdout);
}

static void say_no_start(const struct run_command *rc)
{
	fprintf(stderr, "%s: the tree does not start: ", rc->command);
	finding_print_named(rc->worker.start_why, stderr);
	fputc('\n', stderr);
	finding_print_report(worker_report(&rc->worker), stderr);
}

static int compare(struct run_command *rc, const char *name,
		   const struct scenario *sc, struct tree_result *result)
{
	int err = worker_compare(&rc->worker, sc, result);

	if (err == -EINTR)
		return err;
	if (err) {
		if (err == -ENOTSUP)
			say_no_start(rc);
		else
			fprintf(stderr, "%s: %s: %s\n", rc->command, name,
				strerror(-err));
		rc->broken = true;
		return err;
	}
	rc->nr_ops += result->ops;
	rc->nr_model_ops += result->model_ops;
	rc->nr_walks += result->walks;
	for (u32 i = 0; i < KNOWN_MAX; i++)
		rc->met[i] += result->met[i];
	return 0;
}

static int do_scenario(struct run_command *rc, const char *name,
		       const struct scenario *sc, struct tree_result *result)
{
	int err = compare(rc, name, sc, result);

	if (err)
		return err;
	if (result->verdict == TREE_UNSUITABLE)
		rc->nr_unsuitable++;
	else
		rc->nr_files++;
	rc->nr_disagreements += result->verdict == TREE_DISAGREES;
	return 0;
}

static int load(struct run_command *rc, struct input *in, struct scenario *sc,
		const char *path)
{
	if (input_load_scenario(in, sc, path, rc->bytes)) {
		rc->nr_bad++;
		return EXIT_USAGE;
	}
	/* Schedules are the model's: no tree follows one. */
	scenario_sequential(sc);
	return 0;
}

/*
 * A finding with an allocation that fails, as the scenario that has it: with a
 * failalloc before the operation.
 */
static void print_swept(struct run_command *rc, const char *name,
			const struct scenario *sc,
			const struct tree_result *result)
{
	const struct tree_fail *fail = &rc->worker.fail;
	struct scenario with;

	print_finding(rc, name, sc, result);
	printf("  with allocation %u of op %u failed:\n", fail->nth,
	       fail->op_nr);
	if (scenario_init(&with) || scenario_name_slots(&with, sc->nr_procs))
		return;
	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op failalloc = {
			.kind = OP_FAILALLOC,
			.len = fail->nth,
		};

		if (i + 1 == fail->op_nr && scenario_add(&with, &failalloc))
			break;
		if (scenario_add(&with, &sc->ops[i]))
			break;
	}
	with.base = sc->base;
	memcpy(with.names, sc->names, sc->nr_procs * sizeof(*sc->names));
	with.nr_procs = sc->nr_procs;
	scenario_print(&with, stdout);
	scenario_free(&with);
}

/*
 * Operation @op_nr again and again, each time with another allocation of its own
 * failed, until it has no more: false to stop.
 */
static bool sweep_op(struct run_command *rc, const char *name,
		     const struct scenario *sc, u32 op_nr)
{
	struct tree_result result;
	bool reached = true;

	for (u32 nth = 1; reached && nth <= SWEEP_MAX; nth++) {
		rc->worker.fail = (struct tree_fail){ op_nr, nth };
		if (compare(rc, name, sc, &result))
			return false;
		if (result.verdict == TREE_DISAGREES) {
			print_swept(rc, name, sc, &result);
			rc->nr_disagreements++;
			return false;
		}
		reached = result.allocations >= nth;
		rc->nr_failed += reached;
	}
	return true;
}

/* Stops at the first finding of a file: it may be met at each operation. */
static void sweep(struct run_command *rc, const char *name,
		  const struct scenario *sc)
{
	for (u32 op_nr = 1; op_nr <= sc->nr_ops; op_nr++)
		if (!sweep_op(rc, name, sc, op_nr))
			break;
	rc->worker.fail = (struct tree_fail){};
}

static void do_file(struct run_command *rc, const char *path)
{
	struct tree_result result;
	struct scenario sc;
	struct input in;

	if (load(rc, &in, &sc, path))
		return;
	if (!do_scenario(rc, in.name, &sc, &result)) {
		if (result.verdict == TREE_UNSUITABLE)
			printf("%s: skipped: %s\n", in.name, result.why);
		else if (result.verdict == TREE_DISAGREES)
			print_finding(rc, in.name, &sc, &result);
		else if (!rc->quiet)
			printf("%s: ok, %u ops, %" PRIu64 " walks compared\n",
			       in.name, result.ops, result.walks);
		if (rc->sweep && result.verdict == TREE_FINE)
			sweep(rc, in.name, &sc);
	}
	scenario_free(&sc);
	input_free(&in);
}

struct judge {
	struct run_command *rc;
	char wanted[FINDING_KIND_MAX];
	struct tree_result result; /* of the best */
};

static int shows(void *arg, const struct scenario *sc, u32 *needed)
{
	char kind[FINDING_KIND_MAX];
	struct judge *judge = arg;
	struct tree_result result;
	int err = worker_compare(&judge->rc->worker, sc, &result);

	if (err)
		return err;
	if (result.verdict != TREE_DISAGREES)
		return 0;
	finding_kind(&result, kind);
	if (strcmp(kind, judge->wanted))
		return 0;
	judge->result = result;
	if (result.op_nr)
		*needed = result.op_nr;
	return 1;
}

static bool asked_to_stop(void *arg)
{
	(void)arg;
	return interrupted();
}

static int minimize(struct run_command *rc, const char *name,
		    struct scenario *sc)
{
	struct judge judge = { .rc = rc };
	const struct minimize_config config = {
		.shows = shows,
		.stop = asked_to_stop,
		.arg = &judge,
		.tries_max = TRIES_MAX,
		.far_tries_max = FAR_TRIES_MAX,
	};
	struct minimize_stats stats;
	int err;

	if (do_scenario(rc, name, sc, &judge.result))
		return interrupt_status(rc->broken ? EXIT_CANNOT : EXIT_OK);
	if (judge.result.verdict != TREE_DISAGREES)
		return usage_error(name, "shows no finding on this tree");
	finding_kind(&judge.result, judge.wanted);
	if (judge.result.op_nr)
		sc->nr_ops = judge.result.op_nr;
	err = scenario_minimize(sc, &config, &stats);
	if (err && err != -EINTR)
		return usage_error(name, "minimizing failed: %s",
				   strerror(-err));
	err = output_open(&rc->out);
	if (err)
		return err;
	finding_comment(&judge.result, rc->out.file);
	scenario_print(sc, rc->out.file);
	err = output_close(&rc->out, 0);
	fprintf(stderr, "%s: %u ops, %" PRIu64 " tries%s\n", name, sc->nr_ops,
		stats.tries,
		interrupted()	? ", interrupted: the best so far" :
		!stats.fixpoint ? ", stopped before the end" :
				  "");
	return interrupt_status(err);
}

static int do_minimize(struct run_command *rc, const char *path)
{
	struct scenario sc;
	struct input in;
	int status;

	if (load(rc, &in, &sc, path))
		return EXIT_USAGE;
	status = minimize(rc, in.name, &sc);
	scenario_free(&sc);
	input_free(&in);
	return status;
}

enum {
	OPT_COMPARE = 0x200,
	OPT_MINIMIZE,
	OPT_HANG,
	OPT_SWEEP,
	OPT_KNOWN,
};

static int take_known(struct run_command *rc, const char *path)
{
	char why[KNOWN_WHY_MAX];

	if (known_load(&rc->known, path, why))
		return 0;
	return usage_error(rc->command, "--known: %s", why);
}

static int parse_option(struct run_command *rc, int c)
{
	if (output_take_option(&rc->out, c))
		return 0;
	switch (c) {
	case OPT_COMPARE:
		rc->with = !strcmp(optarg, "walks") ? WITH_WALKS : WITH_MODEL;
		if (rc->with == WITH_WALKS || !strcmp(optarg, "model"))
			return 0;
		return usage_error(rc->command,
				   "--compare '%s': expected model or walks",
				   optarg);
	case OPT_MINIMIZE:
		rc->minimize = true;
		return 0;
	case OPT_HANG:
		return take_u32(rc->command, "hang", 1, 86400,
				&rc->hang_seconds);
	case OPT_SWEEP:
		rc->sweep = true;
		return 0;
	case OPT_KNOWN:
		return take_known(rc, optarg);
	case CONFIG_BUG:
		return config_take_option(rc->command, &rc->config, c);
	case INPUT_BYTES:
		rc->bytes = true;
		return 0;
	case 'q':
		rc->quiet = true;
		return 0;
	}
	return EXIT_USAGE;
}

/* 0 to go on, else the exit status.  scripts/tree has the help. */
static int parse_options(struct run_command *rc, int argc, char **argv)
{
	static const struct option options[] = {
		{ "quiet", no_argument, NULL, 'q' },
		{ "compare", required_argument, NULL, OPT_COMPARE },
		{ "bug", required_argument, NULL, CONFIG_BUG },
		{ "minimize", no_argument, NULL, OPT_MINIMIZE },
		{ "hang", required_argument, NULL, OPT_HANG },
		{ "fail-each", no_argument, NULL, OPT_SWEEP },
		{ "known", required_argument, NULL, OPT_KNOWN },
		OUTPUT_OPTIONS,
		INPUT_OPTIONS,
		{ 0 },
	};
	int c, err = 0;

	while (!err &&
	       (c = getopt_long(argc, argv, "qo:", options, NULL)) != -1)
		err = parse_option(rc, c);
	if (!err && optind == argc)
		err = usage_error(rc->command, "expected FILE...; see --help");
	if (!err && rc->minimize && optind + 1 != argc)
		err = usage_error(rc->command, "--minimize: expected one FILE");
	return err;
}

static int summarize(const struct run_command *rc)
{
	if (rc->nr_unsuitable)
		printf("%" PRIu64 " skipped: not for this tree\n",
		       rc->nr_unsuitable);
	known_print(&rc->known, rc->met, stdout);
	if (rc->sweep)
		printf("%" PRIu64 " allocations failed, each once\n",
		       rc->nr_failed);
	if (interrupted())
		printf("stopped before all was done\n");
	printf("%" PRIu64 " walks compared, %" PRIu64
	       " ops compared with the model, %u starts of the tree\n",
	       rc->nr_walks, rc->nr_model_ops, rc->worker.starts);
	printf("%" PRIu64 " files, %" PRIu64 " ops, %" PRIu64
	       " disagreements\n",
	       rc->nr_files, rc->nr_ops, rc->nr_disagreements);
	if (rc->nr_disagreements)
		return EXIT_DIVERGED;
	if (rc->broken)
		return EXIT_CANNOT;
	return interrupt_status(rc->nr_bad ? EXIT_USAGE : EXIT_OK);
}

static int do_files(struct run_command *rc, char **args, int nr)
{
	struct input_files files;

	if (input_files_find(&files, args, nr, rc->bytes))
		return EXIT_USAGE;
	rc->nr_bad += files.nr_bad;
	for (u32 i = 0; i < files.nr && !rc->broken && !interrupted(); i++)
		do_file(rc, files.paths[i]);
	input_files_free(&files);
	return summarize(rc);
}

static void print_no_answer(const struct run_command *rc)
{
	fprintf(stderr, "%s: the tree does not say which features it has: ",
		worker_walks_only(&rc->worker) ? "walks only" :
						 "compared all the same");
	finding_print_named(rc->worker.asked_why, stderr);
	fputc('\n', stderr);
}

/* On standard error: what is compared is no part of what came of it. */
static void print_features(const struct run_command *rc)
{
	const struct kernel_features *features = worker_features(&rc->worker);

	if (features)
		kernel_features_print(features, kernel_features_order(features),
				      false, stderr);
	else if (rc->worker.asked_why[0])
		print_no_answer(rc);
	else if (rc->with != WITH_WALKS)
		fprintf(stderr,
			"walks only: the tree has no anon_vmas that the "
			"model could be held against\n");
}

int main(int argc, char **argv)
{
	static struct run_command rc = {
		.command = "scripts/tree run",
		.hang_seconds = HANG_SECONDS,
	};
	struct worker_config config = {};
	int err, stop, status;

	boot_fixed_addresses(argv);
	/* What was done is written as it comes. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	stop = parse_options(&rc, argc, argv);
	if (stop)
		return stop;
	config.model = rc.config.machine;
	config.with = rc.with;
	config.hang_seconds = rc.hang_seconds;
	config.known = &rc.known;
	config.stop = interrupt_flag();
	interrupt_catch();
	if (worker_init(&rc.worker, &config)) {
		fprintf(stderr, "%s: out of memory\n", rc.command);
		return EXIT_CANNOT;
	}
	err = worker_start(&rc.worker);
	if (err == -EINTR)
		return summarize(&rc);
	if (err) {
		say_no_start(&rc);
		return EXIT_CANNOT;
	}
	print_features(&rc);
	if (rc.minimize) {
		status = do_minimize(&rc, argv[optind]);
	} else {
		status = do_files(&rc, argv + optind, argc - optind);
	}
	worker_free(&rc.worker);
	return status;
}
