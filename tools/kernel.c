// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff kernel: scenarios on the running kernel, compared with the model.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../kernel/compare.h"
#include "config.h"
#include "interrupt.h"
#include "kernel.h"
#include "output.h"
#include "tools.h"

/* Disagreements of random scenarios that are minimized and written out. */
#define WRITTEN_MAX 20
#define PATH_MAX_BYTES 4096
#define PROGRESS_SECONDS 5

struct kernel_command {
	const char *command; /* argv[0], for messages */
	struct kernel_session session;
	struct replay_config config; /* its --as-of and --bug alone */
	bool as_of_set;
	const char *out_dir;
	bool drop_failalloc;
	bool quiet; /* nothing for files that agree */
	bool bytes; /* --bytes */

	const char *of_random; /* an option that only --random has */
	u64 nr_random;
	struct scenario_gen gen;

	u64 nr_files;
	u64 nr_ops;
	u64 nr_disagreements;
	u64 nr_skipped;
	u64 nr_disturbed; /* that agreed when done again */
	u64 nr_migrations;
	u64 nr_migrations_skipped;
	u64 nr_migrations_around;
	u64 nr_bad; /* files that could not be read */
	u64 nr_written;
	bool introduced; /* the kernel */
	bool broken; /* the harness failed: no more scenarios */
};

static void print_disagreement(const struct scenario *sc,
			       const struct kernel_result *result)
{
	char text[256] = "";

	if (result->op_nr)
		scenario_print_op(sc, &sc->ops[result->op_nr - 1], text,
				  sizeof(text));
	printf("DISAGREEMENT %s (op %u: %s)\n  kernel: %s\n  model:  %s\n",
	       result->diff.what, result->op_nr, text, result->diff.kernel,
	       result->diff.model);
}

/* Adds up what came of one scenario; false if there is nothing to say of it. */
static bool count_kernel_outcome(struct kernel_command *kc, const char *name,
				 int err, const struct kernel_result *result)
{
	if (err == -EINTR)
		return false;
	if (err) {
		fprintf(stderr, "%s: %s: %s\n", kc->command, name, result->why);
		kc->broken = true;
		return false;
	}
	kc->nr_ops += result->ops;
	kc->nr_migrations += result->migrations;
	kc->nr_migrations_skipped += result->migrations_skipped;
	kc->nr_migrations_around += result->migrations_around;
	switch (result->verdict) {
	case KERNEL_AGREES:
		kc->nr_files++;
		kc->nr_disturbed += result->disturbed;
		break;
	case KERNEL_DISAGREES:
		kc->nr_files++;
		kc->nr_disagreements++;
		break;
	case KERNEL_UNSUITABLE:
		kc->nr_skipped++;
		break;
	}
	return true;
}

static void print_skipped(const char *name, const struct kernel_result *result)
{
	if (result->op_nr)
		printf("%s: skipped from op %u on: %s\n", name, result->op_nr,
		       result->why);
	else
		printf("%s: skipped: %s\n", name, result->why);
}

/* It is no disagreement, but nobody shall wonder. */
static void print_disturbed(const char *name,
			    const struct kernel_result *result)
{
	if (result->disturbed)
		printf("%s: disagreed at op %u, %s, but not when done again\n",
		       name, result->op_nr, result->diff.what);
}

static bool must_stop(const struct kernel_command *kc)
{
	return kc->broken || interrupted();
}

/* Once, before what is said of the first scenario. */
static void introduce_kernel(struct kernel_command *kc)
{
	if (!kc->introduced)
		kernel_features_print(&kc->session.features,
				      kc->session.config.as_of, kc->as_of_set,
				      stdout);
	kc->introduced = true;
}

static void kernel_scenario(struct kernel_command *kc, const struct input *in,
			    const struct scenario *sc)
{
	struct kernel_result result;
	int err;

	introduce_kernel(kc);
	if (kc->session.show)
		printf("%s\n", in->name);
	err = kernel_compare(&kc->session, sc, &result);
	if (!count_kernel_outcome(kc, in->name, err, &result))
		return;
	print_disturbed(in->name, &result);
	if (result.verdict == KERNEL_UNSUITABLE) {
		print_skipped(in->name, &result);
	} else if (result.verdict == KERNEL_DISAGREES) {
		printf("%s:", in->name);
		if (result.op_nr && sc->ops[result.op_nr - 1].line)
			printf("%u:", sc->ops[result.op_nr - 1].line);
		printf(" disagreed at op %u\n", result.op_nr);
		print_disagreement(sc, &result);
	} else if (!kc->quiet) {
		printf("%s: ok, %u ops", in->name, result.ops);
		print_failed_ops(result.failed, result.failed_as_asserted);
		if (result.migrations_skipped + result.migrations_around)
			printf(", %u migrations left out",
			       result.migrations_skipped +
				       result.migrations_around);
		putchar('\n');
	}
}

static void kernel_file(struct kernel_command *kc, const char *path)
{
	struct scenario sc;
	struct input in;

	if (input_load_scenario(&in, &sc, path, kc->bytes)) {
		kc->nr_bad++;
		return;
	}
	if (kc->drop_failalloc)
		drop_failalloc(&sc);
	/* Schedules are the model's: no kernel follows one. */
	scenario_sequential(&sc);
	kernel_scenario(kc, &in, &sc);
	scenario_free(&sc);
	input_free(&in);
}

static void kernel_files(struct kernel_command *kc,
			 const struct input_files *files)
{
	kc->nr_bad += files->nr_bad;
	for (u32 i = 0; i < files->nr && !must_stop(kc); i++)
		kernel_file(kc, files->paths[i]);
}

/* The scenario with what disagrees in a comment before it. */
static void write_disagreeing(struct kernel_command *kc, const char *name,
			      const struct scenario *sc,
			      const struct kernel_result *result)
{
	char path[PATH_MAX_BYTES];
	struct output out = { .path = path, .force = true };

	snprintf(path, sizeof(path), "%s/disagreement-%" PRIu64 ".rmap",
		 kc->out_dir, kc->gen.seed);
	if (output_open(&out))
		return;
	fprintf(out.file,
		"# Kernel and model disagree: %s\n# kernel: %s\n"
		"# model:  %s\n",
		result->diff.what, result->diff.kernel, result->diff.model);
	scenario_print(sc, out.file);
	if (!output_close(&out, 0))
		printf("%s: written to %s\n", name, path);
}

/*
 * What disagrees is told of the scenario as it was made, then of what is left of
 * it: the operation that shows it has another number there.
 */
static void report_random(struct kernel_command *kc, const char *name,
			  struct scenario *sc, struct kernel_result *result)
{
	char text[256] = "";
	int err;

	if (result->op_nr)
		scenario_print_op(sc, &sc->ops[result->op_nr - 1], text,
				  sizeof(text));
	printf("%s: disagreed at op %u: %s\n", name, result->op_nr, text);
	if (kc->nr_written == WRITTEN_MAX) {
		print_disagreement(sc, result);
		return;
	}
	err = kernel_minimize(&kc->session, sc, result);
	if (err && err != -EINTR) {
		usage_error(name, "minimizing failed: %s", result->why);
		kc->broken = true;
		return;
	}
	printf("%s: minimized to %u operations%s; its report:\n", name,
	       sc->nr_ops, err ? ", not further for the signal" : "");
	print_disagreement(sc, result);
	write_disagreeing(kc, name, sc, result);
	kc->nr_written++;
}

static void tell_random(struct kernel_command *kc, const char *name,
			struct scenario *sc, struct kernel_result *result)
{
	print_disturbed(name, result);
	if (result->verdict == KERNEL_DISAGREES)
		report_random(kc, name, sc, result);
	else if (result->verdict == KERNEL_UNSUITABLE)
		print_skipped(name, result);
}

/* One random scenario; false if it was not done to its end. */
static bool do_random(struct kernel_command *kc)
{
	struct kernel_result result;
	struct scenario sc;
	char name[64];
	int err = -ENOMEM;

	snprintf(name, sizeof(name), "seed %" PRIu64, kc->gen.seed);
	if (scenario_init(&sc) || scenario_generate(&sc, &kc->gen)) {
		usage_error(name, "out of memory");
		kc->broken = true;
	} else {
		err = kernel_compare(&kc->session, &sc, &result);
		if (count_kernel_outcome(kc, name, err, &result))
			tell_random(kc, name, &sc, &result);
	}
	scenario_free(&sc);
	return !err;
}

/* Now and then, on standard error, when nothing else is said. */
static void print_random_progress(const struct kernel_command *kc, u64 done,
				  double *told)
{
	if (kc->quiet || seconds_now() - *told < PROGRESS_SECONDS)
		return;
	*told = seconds_now();
	fprintf(stderr,
		"%s: %" PRIu64 " of %" PRIu64 " scenarios, %" PRIu64
		" disagreements\n",
		kc->command, done, kc->nr_random, kc->nr_disagreements);
}

static void do_all_random(struct kernel_command *kc)
{
	double began = seconds_now(), told = began, took;
	u64 first = kc->gen.seed;
	u64 done = 0;

	introduce_kernel(kc);
	while (done < kc->nr_random && !must_stop(kc)) {
		kc->gen.seed = first + done;
		if (!do_random(kc))
			break;
		print_random_progress(kc, ++done, &told);
	}
	took = seconds_now() - began;
	if (done)
		printf("seeds %" PRIu64 " to %" PRIu64
		       ", %u ops, at most %u processes in %u pages: %.1f s, "
		       "%.0f scenarios a second\n",
		       first, first + done - 1, kc->gen.ops, kc->gen.procs,
		       kc->gen.pages, took,
		       took > 0 ? (double)done / took : 0.0);
}

enum {
	OPT_RANDOM = 0x200,
	OPT_SEED,
	OPT_OPS,
	OPT_PROCS,
	OPT_PAGES,
	OPT_OUT,
	OPT_SHOW,
	OPT_CHECK_PROC,
	OPT_COMPACT,
	OPT_DROP_FAILALLOC,
};

static int kernel_parse_option(struct kernel_command *kc, int c)
{
	switch (c) {
	case OPT_RANDOM:
		return take_number(kc->command, "random", 1, 1ULL << 40,
				   &kc->nr_random);
	case OPT_SEED:
		kc->of_random = "seed";
		return take_number(kc->command, "seed", 0, UINT64_MAX,
				   &kc->gen.seed);
	case OPT_OPS:
		kc->of_random = "ops";
		return take_u32(kc->command, "ops", 1, 1U << 20, &kc->gen.ops);
	case OPT_PROCS:
		kc->of_random = "procs";
		return take_u32(kc->command, "procs", 1, BYTES_PROCS_MAX,
				&kc->gen.procs);
	case OPT_PAGES:
		kc->of_random = "pages";
		return take_u32(kc->command, "pages", 1, BYTES_WINDOW,
				&kc->gen.pages);
	case OPT_OUT:
		kc->of_random = "out";
		kc->out_dir = optarg;
		return 0;
	case OPT_SHOW:
		kc->session.show = stdout;
		return 0;
	case OPT_CHECK_PROC:
		kc->session.check_proc = true;
		return 0;
	case OPT_DROP_FAILALLOC:
		kc->drop_failalloc = true;
		return 0;
	case OPT_COMPACT:
		kc->session.compact = true;
		return 0;
	case INPUT_BYTES:
		kc->bytes = true;
		return 0;
	case CONFIG_AS_OF:
		kc->as_of_set = true;
		return config_take_option(kc->command, &kc->config, c);
	case CONFIG_BUG:
		return config_take_option(kc->command, &kc->config, c);
	case 'q':
		kc->quiet = true;
		return 0;
	}
	return EXIT_USAGE;
}

/* 0 to go on, else the exit status + 1 (--help's is 0). */
static int kernel_parse_options(struct kernel_command *kc, int argc,
				char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "random", required_argument, NULL, OPT_RANDOM },
		{ "seed", required_argument, NULL, OPT_SEED },
		{ "ops", required_argument, NULL, OPT_OPS },
		{ "procs", required_argument, NULL, OPT_PROCS },
		{ "pages", required_argument, NULL, OPT_PAGES },
		{ "out", required_argument, NULL, OPT_OUT },
		{ "show", no_argument, NULL, OPT_SHOW },
		{ "check-proc", no_argument, NULL, OPT_CHECK_PROC },
		{ "drop-failalloc", no_argument, NULL, OPT_DROP_FAILALLOC },
		{ "compact", no_argument, NULL, OPT_COMPACT },
		INPUT_OPTIONS,
		{ "as-of", required_argument, NULL, CONFIG_AS_OF },
		{ "bug", required_argument, NULL, CONFIG_BUG },
		{ 0 },
	};
	int c, err = 0;

	while (!err && (c = getopt_long(argc, argv, "hq", options, NULL)) != -1)
		err = c == 'h' ? -1 : kernel_parse_option(kc, c);
	if (err < 0)
		return kernel_print_help() + 1;
	if (!err && kc->nr_random && optind < argc)
		err = usage_error(kc->command,
				  "--random and FILE: expected one of them");
	if (!err && !kc->nr_random && optind == argc)
		err = usage_error(kc->command, "expected FILE... or --random "
					       "N; see --help");
	if (!err && !kc->nr_random && kc->of_random)
		err = usage_error(kc->command, "--%s: expected --random N",
				  kc->of_random);
	if (!err)
		err = config_check_kernel(kc->command,
					  &kc->config.machine.bugs);
	return err ? err + 1 : 0;
}

/* What was left out, and the last line. */
static int kernel_summarize(const struct kernel_command *kc)
{
	/* Of nothing there are no totals: what was wrong with it was said. */
	if (kc->nr_bad && !kc->nr_files && !kc->nr_skipped && !interrupted())
		return EXIT_USAGE;
	if (kc->session.check_proc)
		printf("%" PRIu64 " pages agree with /proc\n",
		       kc->session.pages_checked);
	if (kc->nr_migrations)
		printf("%" PRIu64 " migrations done\n", kc->nr_migrations);
	if (kc->nr_migrations_skipped)
		printf("%" PRIu64 " migrations left out: %s\n",
		       kc->nr_migrations_skipped,
		       kc->session.compact ?
			       "compaction did not move the page" :
			       "one NUMA node, move_pages() moves nothing; "
			       "see --compact");
	if (kc->nr_migrations_around)
		printf("%" PRIu64 " migrations left out: of a file's page that "
		       "nobody read, and that the kernel mapped with its "
		       "neighbour (fault-around)\n",
		       kc->nr_migrations_around);
	if (kc->nr_disturbed)
		printf("%" PRIu64
		       " agreed only when done again: something else on this "
		       "machine disturbed them\n",
		       kc->nr_disturbed);
	if (interrupted())
		printf("stopped before all was done\n");
	printf("%" PRIu64 " files, %" PRIu64 " ops, %" PRIu64 " disagreements",
	       kc->nr_files, kc->nr_ops, kc->nr_disagreements);
	if (kc->nr_skipped)
		printf(", %" PRIu64 " skipped", kc->nr_skipped);
	putchar('\n');
	if (kc->nr_disagreements)
		return EXIT_DIVERGED;
	if (kc->nr_bad || kc->broken)
		return EXIT_USAGE;
	/* What was not compared is not fine. */
	return interrupt_status(kc->nr_skipped && !kc->nr_files ? EXIT_CANNOT :
								  EXIT_OK);
}

static int run_session(struct kernel_command *kc,
		       const struct input_files *files)
{
	struct kernel_session wanted = kc->session;
	char why[KERNEL_WHY_MAX];

	if (kernel_session_open(&kc->session, why)) {
		fprintf(stderr, "%s: cannot run here: %s\n", kc->command, why);
		return EXIT_CANNOT;
	}
	interrupt_catch();
	kc->session.stop = interrupt_flag();
	kc->session.show = wanted.show;
	kc->session.check_proc = wanted.check_proc;
	kc->session.compact = wanted.compact;
	kc->session.config.bugs = kc->config.machine.bugs;
	if (kc->as_of_set)
		kc->session.config.as_of = kc->config.machine.as_of;
	if (kc->nr_random)
		do_all_random(kc);
	else
		kernel_files(kc, files);
	kernel_session_close(&kc->session);
	return kernel_summarize(kc);
}

int cmd_kernel(int argc, char **argv)
{
	struct kernel_command kc = {
		.command = argv[0],
		.out_dir = ".",
		.gen = { .seed = 1, .ops = 30, .procs = 6, .pages = 64 },
	};
	struct input_files files = { 0 };
	int status = kernel_parse_options(&kc, argc, argv);

	if (status)
		return status - 1;
	if (!kc.nr_random &&
	    input_files_find(&files, argv + optind, argc - optind, kc.bytes))
		return EXIT_USAGE;
	/* Directories that stand for nothing have been told. */
	if (!kc.nr_random && !files.nr)
		status = EXIT_USAGE;
	else
		status = run_session(&kc, &files);
	input_files_free(&files);
	return status;
}
