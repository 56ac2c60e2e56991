// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff minimize: the simplest scenario that shows the same fault.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "minimize.h"
#include "output.h"
#include "tools.h"

#define LIMIT_MS_DEFAULT 5000
/* A first line on how it goes where nobody looks at a terminal, and others. */
#define SILENT_SECONDS 5.0

struct minimize {
	const char *command; /* argv[0], for messages */
	struct replay_config config;
	struct replay_config sound; /* without bugs */
	char options[512]; /* those of the replay, as given */
	struct output out;
	enum ending_keep keep;
	const char *keep_option; /* that said so, or NULL */
	bool verbose;
	bool bytes; /* --bytes */
	u64 limit_ms;
	u64 tries_max;
};

static int minimize_print_help(void)
{
	printf("Usage: rmapdiff minimize [OPTION...] FILE\n"
	       "Prints the simplest scenario that shows the same fault as "
	       "FILE, text or bytes (- is standard\n"
	       "input).  Two divergences are of the same fault if all of this "
	       "is the same:\n\n"
	       "  kind and reverse map; what the report says, but for numbers "
	       "and names of processes; whether\n"
	       "  a count is too high or too low; the kind of operation after "
	       "which it is seen, and whether\n"
	       "  that failed with ENOMEM;\n"
	       "  of a mapping that a walk missed, met twice or made up: "
	       "anonymous or of a private file,\n"
	       "  displaced or where its offset says, in the process that "
	       "wrote the page or inherited by\n"
	       "  fork; of one that it missed, whether the reverse map has it "
	       "recorded;\n"
	       "  the switches that make it go away, each alone: a --bug taken "
	       "out, a --fix put in.\n\n"
	       "Of a result that is not as asserted: the kind of operation, "
	       "the result and the assertion.  Of\n"
	       "what ends the program (a signal, an assertion, a report of ASan "
	       "or UBSan, an endless loop):\n"
	       "which of these, and the report's first words; then each try is "
	       "a process.\n\n");
	config_print_help(0);
	input_print_help();
	printf("  -o, --output OUT     to that file, which must not exist yet, "
	       "not to standard output\n"
	       "  --force              overwrite OUT\n"
	       "  --any                keep kind and reverse map only: the "
	       "shortest with any such divergence\n"
	       "  --kind same|any      any: not even these; the shortest with "
	       "any fault at all\n"
	       "  --limit MS           CPU time of a replay after which it "
	       "counts as endless (%d)\n"
	       "  --tries N            end after that many tries (%d)\n"
	       "  -v, --verbose        how many tries it took, on standard "
	       "error\n\n"
	       "^C ends it with the best so far.  Exit status: 0 done, 2 bad "
	       "usage, a bad file or one that\n"
	       "shows no fault.\n",
	       LIMIT_MS_DEFAULT, MINIMIZE_TRIES_MAX);
	return EXIT_OK;
}

/* Where standard error is a terminal: one line that changes. */
static void show_progress(const struct minimize_job *job, u32 nr_ops, u64 tries)
{
	static double next;
	double now = seconds_now();

	if (!next)
		next = now + SILENT_SECONDS;
	if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r%u ops, %" PRIu64 " tries ", nr_ops, tries);
		fflush(stderr);
	} else if (now >= next) {
		fprintf(stderr, "%u ops, %" PRIu64 " tries\n", nr_ops, tries);
		next = now + SILENT_SECONDS;
	}
}

/* Output */

/* Each line of the report as a comment. */
static void print_comment(FILE *out, const char *text)
{
	while (*text) {
		int len = (int)strcspn(text, "\n");

		fprintf(out, "# %.*s\n", len, text);
		text += len + (text[len] == '\n');
	}
}

/* The report of @sc, which does not take this process along. */
static int print_ending_report(const struct minimize *mz,
			       const struct scenario *sc, FILE *out)
{
	struct replay_result result;
	char op_text[256] = "";
	char *text = NULL;
	size_t len;
	FILE *report;

	if (replay(sc, &mz->config, &result))
		return -ENOMEM;
	report = open_memstream(&text, &len);
	if (!report)
		return -ENOMEM;
	if (result.op_nr)
		scenario_print_op(sc, &sc->ops[result.op_nr - 1], op_text,
				  sizeof(op_text));
	report_print(&result.report, report, result.op_nr, op_text);
	if (fclose(report)) {
		free(text);
		return -ENOMEM;
	}
	print_comment(out, text);
	free(text);
	return 0;
}

static int print_minimized(const struct minimize *mz,
			   const struct minimize_job *job, FILE *out)
{
	int err = 0;

	fprintf(out, "# rmapdiff run%s %s\n", mz->options,
		mz->out.path ? base_name(mz->out.path) : "FILE");
	if (job->wanted.how == ENDING_DIVERGED) {
		err = print_ending_report(mz, job->sc, out);
	} else {
		fprintf(out, "# ");
		ending_print(&job->wanted, out);
		fputc('\n', out);
	}
	scenario_print(job->sc, out);
	return err;
}

static int write_result(struct minimize *mz, const struct minimize_job *job)
{
	int status = EXIT_OK, err;

	if (output_open(&mz->out))
		return EXIT_USAGE;
	err = print_minimized(mz, job, mz->out.file);
	if (err)
		status = usage_error(mz->out.path ? mz->out.path : mz->command,
				     "cannot write: %s", strerror(-err));
	return output_close(&mz->out, status);
}

/* The work */

static int say_no_fault(const struct minimize *mz, const struct input *in,
			const struct scenario *sc)
{
	return usage_error(in->name,
			   "shows no fault: %u ops replayed%s%s, and all is "
			   "well",
			   sc->nr_ops, *mz->options ? " with" : "",
			   mz->options);
}

static void drop_expected(struct scenario *sc)
{
	for (u32 i = 0; i < sc->nr_ops; i++) {
		sc->ops[i].flags &= (u8)~OP_HAS_EXPECTED;
		sc->ops[i].expected = 0;
	}
}

/*
 * How @job's scenario ends.  A reverse map that cannot be asked what it has
 * recorded, as that leads astray, is not asked in tries either.
 */
static int find_ending(struct minimize_job *job, struct ending *ending)
{
	int err;

	job->replays.describe = job->keep == ENDING_KEEP_FAULT;
	err = ending_apart(job->sc, &job->replays, ending);
	if (err || !job->replays.describe || !ending_is_deadly(ending) ||
	    ending->how == ENDING_NEVER)
		return err;
	job->replays.describe = false;
	return ending_apart(job->sc, &job->replays, ending);
}

/*
 * How @job's scenario ends, in job->wanted.  Asserted results may end a replay
 * before the fault: they go, unless there is none then.
 */
static int find_wanted(struct minimize_job *job)
{
	struct scenario *sc = job->sc;
	struct ending as_it_is;
	int err = find_ending(job, &as_it_is);

	job->wanted = as_it_is;
	if (err || as_it_is.how == ENDING_DIVERGED)
		return err;
	if (as_it_is.how == ENDING_UNEXPECTED)
		return 0;
	drop_expected(sc);
	err = find_ending(job, &job->wanted);
#if defined(__SANITIZE_ADDRESS__)
	/* Leaks are told at the exit, which takes a while: only if need be. */
	if (!err && job->wanted.how == ENDING_WELL) {
		job->replays.leaks = true;
		err = find_ending(job, &job->wanted);
	}
#endif
	return err;
}

static void show_kept(const struct minimize_job *job)
{
	if (job->keep != ENDING_KEEP_FAULT)
		return;
	fprintf(stderr, "kept: ");
	ending_print(&job->wanted, stderr);
	cause_print(&job->cause, stderr);
	fputc('\n', stderr);
}

/* The first words on standard error about what was not as it should be. */
static void say_what_ended_it(const struct minimize *mz,
			      const struct minimize_job *job)
{
	const struct minimize_stats *stats = &job->stats;

	if (job->interrupted)
		usage_error(mz->command,
			    "interrupted: the best so far has %u "
			    "ops",
			    job->sc->nr_ops);
	else if (!stats->fixpoint)
		usage_error(mz->command,
			    "ended after %" PRIu64 " tries: simpler ones may "
			    "be left",
			    stats->tries);
	if (mz->verbose)
		fprintf(stderr,
			"%u ops, %" PRIu64 " tries, %" PRIu64
			" of them better, %" PRIu64 " not tried twice, %" PRIu64
			" replays to tell causes\n",
			job->sc->nr_ops, stats->tries, stats->successes,
			stats->repeats, job->cause_replays);
}

static int minimize_scenario(struct minimize *mz, const struct input *in,
			     struct scenario *sc)
{
	struct minimize_job job = {
		.sc = sc,
		.replays = { .replay = &mz->config,
			     .sound = &mz->sound,
			     .limit_ms = (u32)mz->limit_ms },
		.keep = mz->keep,
		.tries_max = mz->tries_max,
		.begins = mz->verbose ? show_kept : NULL,
		.progress = show_progress,
	};
	int err, status;

	ending_make_sound(&mz->config, &mz->sound);
	err = find_wanted(&job);
	if (err)
		return usage_error(in->name, "%s", strerror(-err));
	if (job.wanted.how == ENDING_WELL)
		return say_no_fault(mz, in, sc);
	sc->nr_ops = job.wanted.needed;
	job.wanted.needed = 0;
	err = minimize_apart(&job);
	if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r%40s\r", "");
		fflush(stderr);
	}
	status = write_result(mz, &job);
	if (err)
		return usage_error(mz->command, "%s: %s",
				   err == -ECHILD ? "a try took it along" :
						    "ended",
				   strerror(-err));
	if (!status)
		say_what_ended_it(mz, &job);
	return status;
}

static int minimize_file(struct minimize *mz, const char *path)
{
	struct input in;
	struct scenario sc;
	int status;

	if (output_check(&mz->out) ||
	    input_load_scenario(&in, &sc, path, mz->bytes))
		return EXIT_USAGE;
	status = minimize_scenario(mz, &in, &sc);
	scenario_free(&sc);
	input_free(&in);
	return status;
}

/* Options */

enum minimize_option {
	OPTION_ANY = 0x200,
	OPTION_KIND,
	OPTION_LIMIT,
	OPTION_TRIES,
};

/* --any and --kind say what is kept: once is enough, two are one too many. */
static int take_keep(struct minimize *mz, const char *option,
		     enum ending_keep keep)
{
	if (mz->keep_option && strcmp(mz->keep_option, option) != 0)
		return usage_error(mz->command,
				   "%s and %s: expected one of them",
				   mz->keep_option, option);
	mz->keep_option = option;
	mz->keep = keep;
	return 0;
}

static int parse_kind(struct minimize *mz)
{
	if (!strcmp(optarg, "any"))
		return take_keep(mz, "--kind any", ENDING_KEEP_NOTHING);
	if (!strcmp(optarg, "same"))
		return take_keep(mz, "--kind same", ENDING_KEEP_FAULT);
	return usage_error(mz->command, "--kind '%s': expected same or any",
			   optarg);
}

/* An option of the replay, and how it was given. */
static int take_config_option(struct minimize *mz, int c, const char *name)
{
	size_t used = strlen(mz->options);
	int err = config_take_option(mz->command, &mz->config, c);

	if (err)
		return err;
	snprintf(mz->options + used, sizeof(mz->options) - used, " --%s%s%s",
		 name, optarg ? " " : "", optarg ? optarg : "");
	if (strlen(mz->options) + 1 == sizeof(mz->options))
		return usage_error(mz->command, "too many options");
	return 0;
}

static int minimize_take_option(struct minimize *mz, int c)
{
	switch (c) {
	case 'v':
		mz->verbose = true;
		return 0;
	case INPUT_BYTES:
		mz->bytes = true;
		return 0;
	case OPTION_ANY:
		return take_keep(mz, "--any", ENDING_KEEP_KIND);
	case OPTION_KIND:
		return parse_kind(mz);
	case OPTION_LIMIT:
		return take_number(mz->command, "limit", 1, 1000000,
				   &mz->limit_ms);
	case OPTION_TRIES:
		return take_number(mz->command, "tries", 1, UINT32_MAX,
				   &mz->tries_max);
	}
	return output_take_option(&mz->out, c) ? 0 : EXIT_USAGE;
}

int cmd_minimize(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		CONFIG_OPTIONS,
		OUTPUT_OPTIONS,
		INPUT_OPTIONS,
		{ "any", no_argument, NULL, OPTION_ANY },
		{ "kind", required_argument, NULL, OPTION_KIND },
		{ "limit", required_argument, NULL, OPTION_LIMIT },
		{ "tries", required_argument, NULL, OPTION_TRIES },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	struct minimize mz = {
		.command = argv[0],
		.limit_ms = LIMIT_MS_DEFAULT,
	};
	int c, index = 0, err = 0;

	config_init(&mz.config);
	while (!err &&
	       (c = getopt_long(argc, argv, "ho:v", options, &index)) != -1) {
		if (c == 'h')
			return minimize_print_help();
		err = config_is_option(c) ?
			      take_config_option(&mz, c, options[index].name) :
			      minimize_take_option(&mz, c);
	}
	if (err || config_check(mz.command, &mz.config))
		return EXIT_USAGE;
	if (argc - optind != 1)
		return usage_error(argv[0], "expected one FILE; see --help");
	return minimize_file(&mz, argv[optind]);
}
