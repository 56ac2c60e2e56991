// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff interleave: every schedule of operations that run at the same time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "config.h"
#include "interleave.h"
#include "interrupt.h"
#include "output.h"
#include "tools.h"

#define MOST_DEFAULT 1000000

enum interleave_option {
	OPT_PREEMPT = 0x200,
	OPT_EACH,
	OPT_MOST,
	OPT_JSON,
	OPT_OUT,
	OPT_SHOW,
};

struct totals {
	u32 files;
	u64 groups; /* or pairs */
	u64 schedules; /* of the last round of each */
	u64 cut;
	u64 states;
	u64 ends;
	u64 done; /* of all rounds */
	u64 failures;
	u64 most_hit;
	u64 not_all; /* for other reasons */
	double seconds;
	double cpu_seconds;
};

/* One FILE, read once for all reverse maps. */
struct loaded {
	const char *name; /* for messages */
	struct scenario sc;
};

struct interleave {
	const char *command; /* argv[0], for messages */
	struct replay_config config;
	struct explore_config explore; /* of one reverse map */
	bool each;
	bool bounded; /* --preempt or --most */
	bool bytes; /* --bytes */
	bool show;
	bool json;
	bool verbose;
	const char *out;
	struct input_files paths;
	struct loaded *files;
	u32 nr_files;

	const char *rmap; /* whose turn it is */
	struct explorer *ex;
	const char *file;
	const struct scenario *sc; /* of file */
	bool in_group; /* explorer_step() does a group */
	u32 nr_failed_ops; /* of this file, outside of groups */
	struct totals totals;
	struct interleave_failures failures;
	u32 nr_bad;
	bool any_failed;
	bool oom;
};

static int interleave_print_help(void)
{
	printf("Usage: rmapdiff interleave [OPTION...] FILE...\n"
	       "Replays every schedule of each line of operations that run at "
	       "the same time (a || b), for each\n"
	       "reverse map alone on a machine of its own, and says which "
	       "fails first, with the fewest preemptions.\n"
	       "docs/INTERLEAVE.md says what is modelled.\n" INPUT_FILES_HELP
	       "\n"
	       "  --preempt K          leave operations that could go on at "
	       "most K times (2)\n"
	       "  --each               each operation of each FILE beside each "
	       "walker of each folio mapped there\n"
	       "  --most N             at most N schedules of a line (%u); 0: "
	       "all\n"
	       "  --show               explores nothing: a picture of each line's "
	       "own schedule\n"
	       "  --json               an object a line\n"
	       "  --out DIR            each failure as a scenario, there\n"
	       "  -v, --verbose        each operation that failed: of a line with "
	       "||, in how many of the schedules\n"
	       "                       that came to their end\n",
	       MOST_DEFAULT);
	input_print_help();
	config_print_help(CONFIG_BIT(CONFIG_PURE) | CONFIG_BIT(CONFIG_CHECK));
	printf("\n^C ends it with what was done. Exit status: 0 nothing failed, 1 "
	       "something did, 2 bad usage\n"
	       "or a bad file, 130 after ^C.\n");
	return EXIT_OK;
}

static void print_json_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		if (*text == '\n')
			printf("\\n");
		else if ((unsigned char)*text >= 0x20)
			putchar(*text);
	}
	putchar('"');
}

/* Operations that fail, with an errno: nothing is wrong with that. */

static void print_failed_op(const struct interleave *il,
			    const struct scenario *sc, u32 op_nr, int result)
{
	const struct op *op = &sc->ops[op_nr - 1];
	char text[256];

	scenario_print_op(sc, op, text, sizeof(text));
	printf("  %s:", il->file);
	if (op->line)
		printf("%u:", op->line);
	printf(" %s: op %u: %s: ", il->rmap, op_nr, text);
	print_errno(result);
}

/* Of groups explored_op has more to say. */
static void note_failed_op(void *arg, u32 op_nr, int result)
{
	struct interleave *il = arg;

	if (il->in_group)
		return;
	il->nr_failed_ops++;
	if (!il->verbose)
		return;
	print_failed_op(il, il->sc, op_nr, result);
	putchar('\n');
}

static void print_failed_outside(const struct interleave *il)
{
	if (!il->nr_failed_ops)
		return;
	if (il->json) {
		printf("{\"file\":");
		print_json_text(il->file);
		printf(",\"rmap\":\"%s\",\"ops_failed\":%u}\n", il->rmap,
		       il->nr_failed_ops);
		return;
	}
	printf("%s: %s: %u op%s outside of groups failed\n", il->file, il->rmap,
	       il->nr_failed_ops, il->nr_failed_ops == 1 ? "" : "s");
}

static void list_failed_in_group(const struct interleave *il,
				 const struct scenario *sc, u32 first,
				 const struct explored *explored)
{
	for (u32 i = 0; i < PARALLEL_MAX; i++) {
		const struct explored_op *op = &explored->ops[i];

		if (!op->failed)
			continue;
		print_failed_op(il, sc, first + i + 1, op->result);
		printf(" in %" PRIu64 " of %" PRIu64
		       " schedules that came to their end\n",
		       op->failed, explored->whole);
	}
}

static void print_failed_in_group(const struct explored *explored)
{
	u32 always = 0, sometimes = 0;

	for (u32 i = 0; i < PARALLEL_MAX; i++) {
		always += explored->ops[i].failed &&
			  explored->ops[i].failed == explored->whole;
		sometimes += explored->ops[i].failed &&
			     explored->ops[i].failed < explored->whole;
	}
	if (always)
		printf(", %u op%s failed in each", always,
		       always == 1 ? "" : "s");
	if (sometimes)
		printf(", %u op%s failed in some", sometimes,
		       sometimes == 1 ? "" : "s");
}

/* Lines. */

static void print_counts(const struct explored *explored)
{
	printf("%" PRIu64 " schedules, %" PRIu64 " cut, %" PRIu64
	       " states, %" PRIu64 " ends",
	       explored->schedules, explored->cut, explored->states,
	       explored->ends);
	if (explored->most_hit)
		printf(", not all: see --most");
	if (explored->too_long)
		printf(", not all: more than %d choices", SCHEDULE_MAX);
	if (explored->states_full)
		printf(", not all states remembered");
}

static void print_extent(const struct explored *explored)
{
	if (explored->complete)
		printf("all schedules");
	else
		printf("at most %u preemptions", explored->preempt);
}

static void print_group_json(const struct interleave *il, u32 line, u32 nr,
			     const struct explored *explored)
{
	char digits[SCHEDULE_TEXT_MAX];

	printf("{\"file\":");
	print_json_text(il->file);
	printf(",\"line\":%u,\"rmap\":\"%s\",\"schedules\":%" PRIu64
	       ",\"cut\":%" PRIu64 ",\"states\":%" PRIu64 ",\"ends\":%" PRIu64
	       ",\"preempt\":%u,\"complete\":%s,\"most_hit\":%s,"
	       "\"too_long\":%s,\"states_full\":%s,\"whole\":%" PRIu64
	       ",\"op_failed\":[",
	       line, il->rmap, explored->schedules, explored->cut,
	       explored->states, explored->ends, explored->preempt,
	       explored->complete ? "true" : "false",
	       explored->most_hit ? "true" : "false",
	       explored->too_long ? "true" : "false",
	       explored->states_full ? "true" : "false", explored->whole);
	for (u32 i = 0; i < nr; i++)
		printf("%s%" PRIu64, i ? "," : "", explored->ops[i].failed);
	printf("],\"failed\":%s", explored->failed ? "true" : "false");
	if (explored->failed) {
		scenario_print_schedule(&explored->schedule, digits);
		printf(",\"preemptions\":%u,\"schedule\":\"%s\",\"kind\":"
		       "\"%s\",\"text\":",
		       explored->preemptions, digits,
		       divergence_kind_name(explored->report.kind));
		print_json_text(explored->report.text);
	}
	printf("}\n");
}

static void print_group(const struct interleave *il, const struct scenario *sc,
			u32 first, u32 nr, const struct explored *explored)
{
	u32 line = sc->ops[first].line;

	if (il->json) {
		print_group_json(il, line, nr, explored);
		return;
	}
	printf("%s:", il->file);
	if (line)
		printf("%u:", line);
	printf(" %s: ", il->rmap);
	if (explored->failed) {
		printf("fails with %u preemption%s (", explored->preemptions,
		       explored->preemptions == 1 ? "" : "s");
		print_counts(explored);
		printf(")\n");
		return;
	}
	if (explored->stopped) {
		printf("interrupted");
	} else {
		printf("ok, ");
		print_extent(explored);
	}
	printf(" (");
	print_counts(explored);
	printf(")");
	print_failed_in_group(explored);
	putchar('\n');
	if (il->verbose)
		list_failed_in_group(il, sc, first, explored);
}

/* Failures. */

/* `rmapdiff run` must say the same of the line; if not, that is said. */
static void print_replayed(struct interleave *il, const struct scenario *line)
{
	const struct replay_config config = { .machine = il->explore.machine };
	struct replay_result result;
	char text[256] = "";

	if (replay(line, &config, &result)) {
		printf("  not replayed: out of memory\n");
		return;
	}
	if (!result.diverged) {
		printf(il->show ? "ok\n" :
				  "NOT REPRODUCED: replayed, it passes\n");
		return;
	}
	il->any_failed = true;
	if (result.op_nr)
		scenario_print_op(line, &line->ops[result.op_nr - 1], text,
				  sizeof(text));
	report_print(&result.report, stdout, result.op_nr, text);
}

static void write_line(struct interleave *il, const struct scenario *line,
		       const char *kind, const char *text, u32 nr)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%s-%u.rmap", il->out, il->rmap,
		 kind, nr);
	file = fopen(path, "w");
	if (!file) {
		usage_error(path, "%s", strerror(errno));
		il->nr_bad++;
		return;
	}
	fprintf(file, "# --rmap %s: %s: %s\n", il->rmap, kind, text);
	scenario_print(line, file);
	if (close_output(path, file))
		il->nr_bad++;
}

static void print_group_line(struct interleave *il, const struct scenario *line)
{
	scenario_print(line, stdout);
	print_replayed(il, line);
	if (line_picture(line, &il->explore.machine, stdout))
		il->oom = true;
}

static void show_failure(struct interleave *il, const struct scenario *sc,
			 u32 first, u32 nr, const struct explored *explored)
{
	struct scenario line;

	if (line_make(&line, sc, first, nr, &explored->schedule)) {
		il->oom = true;
	} else {
		if (!il->json)
			print_group_line(il, &line);
		if (il->out)
			write_line(il, &line,
				   divergence_kind_name(explored->report.kind),
				   explored->report.text,
				   (u32)il->totals.failures);
	}
	scenario_free(&line);
}

static void add_up(struct interleave *il, const struct explored *explored)
{
	struct totals *totals = &il->totals;

	totals->groups++;
	totals->schedules += explored->schedules;
	totals->cut += explored->cut;
	totals->states += explored->states;
	totals->ends += explored->ends;
	totals->done += explored->done;
	totals->failures += explored->failed;
	totals->most_hit += explored->most_hit;
	totals->not_all += explored->too_long || explored->states_full;
	il->any_failed |= explored->failed;
}

static void print_diverged_json(const struct interleave *il,
				const struct replay_result *result)
{
	printf("{\"file\":");
	print_json_text(il->file);
	printf(",\"rmap\":\"%s\",\"diverges_at\":%u,\"kind\":\"%s\","
	       "\"text\":",
	       il->rmap, result->op_nr,
	       divergence_kind_name(result->report.kind));
	print_json_text(result->report.text);
	printf("}\n");
}

/*
 * What leads to the next group diverges: an operation between groups, or a
 * group under its own schedule, whose failure was counted if the search came to
 * one (@counted).  The rest of the file is left out.
 */
static void show_diverged(struct interleave *il, bool counted)
{
	const struct replay_result *result = explorer_result(il->ex);

	il->any_failed = true;
	il->totals.failures += !counted;
	if (il->json) {
		print_diverged_json(il, result);
		return;
	}
	printf("%s: %s: diverges by itself at operation %u: %s: %s\n", il->file,
	       il->rmap, result->op_nr,
	       divergence_kind_name(result->report.kind), result->report.text);
}

/* Scenarios. */

/* Returns whether a schedule failed. */
static bool do_group(struct interleave *il, const struct scenario *sc,
		     u32 first, u32 nr)
{
	struct explored explored;

	if (explorer_group(il->ex, first, nr, &explored)) {
		il->oom = true;
		return false;
	}
	add_up(il, &explored);
	print_group(il, sc, first, nr, &explored);
	if (explored.failed)
		show_failure(il, sc, first, nr, &explored);
	return explored.failed;
}

static void do_groups(struct interleave *il, const struct scenario *sc)
{
	u32 nr;

	if (explorer_begin(il->ex, sc)) {
		il->oom = true;
		return;
	}
	for (u32 first = 0; first < sc->nr_ops && !il->oom && !interrupted();
	     first += nr) {
		bool failed = false;

		nr = scenario_group(sc, first);
		if (nr > 1)
			failed = do_group(il, sc, first, nr);
		il->in_group = nr > 1;
		/* Nothing follows on the last group's own schedule. */
		if ((nr == 1 || first + nr < sc->nr_ops) && !interrupted() &&
		    !explorer_step(il->ex, first + 1)) {
			show_diverged(il, failed);
			break;
		}
	}
	explorer_end(il->ex);
	print_failed_outside(il);
}

/* Each group under its own schedule; what follows it is left out. */
static void show_groups(struct interleave *il, const struct scenario *sc)
{
	struct scenario line;
	u32 nr;

	for (u32 first = 0; first < sc->nr_ops && !il->oom; first += nr) {
		nr = scenario_group(sc, first);
		if (nr == 1)
			continue;
		if (line_make(&line, sc, first, nr, &sc->ops[first].schedule))
			il->oom = true;
		else
			print_group_line(il, &line);
		scenario_free(&line);
	}
}

static void print_pair_not_all(const struct interleave *il,
			       const struct scenario *sc, u32 first,
			       const struct explored *explored)
{
	char texts[2][256];

	for (u32 i = 0; i < 2; i++)
		scenario_print_op(sc, &sc->ops[first + i], texts[i],
				  sizeof(texts[i]));
	printf("%s:%u: %s || %s: ", il->file, sc->ops[first].line, texts[0],
	       texts[1]);
	print_counts(explored);
	putchar('\n');
}

static bool on_pair(void *arg, const struct scenario *sc, u32 first,
		    const struct explored *explored)
{
	struct interleave *il = arg;

	add_up(il, explored);
	if (!il->json &&
	    (explored->most_hit || explored->too_long || explored->states_full))
		print_pair_not_all(il, sc, first, explored);
	if (explored->failed &&
	    failures_add(&il->failures, sc, first, explored, il->file))
		il->oom = true;
	return !il->oom && !interrupted();
}

/* What came of a file, as soon as it is known: failures follow at the end. */
static void print_each(const struct interleave *il, const struct totals *before)
{
	const struct totals *now = &il->totals;

	if (il->json) {
		printf("{\"file\":");
		print_json_text(il->file);
		printf(",\"rmap\":\"%s\",\"pairs\":%" PRIu64
		       ",\"schedules\":%" PRIu64 ",\"failures\":%" PRIu64
		       ",\"ops_failed\":%u,\"interrupted\":%s}\n",
		       il->rmap, now->groups - before->groups,
		       now->schedules - before->schedules,
		       now->failures - before->failures, il->nr_failed_ops,
		       interrupted() ? "true" : "false");
		return;
	}
	printf("%s: %s: %" PRIu64 " pairs, %" PRIu64 " schedules, %" PRIu64
	       " failures",
	       il->file, il->rmap, now->groups - before->groups,
	       now->schedules - before->schedules,
	       now->failures - before->failures);
	if (il->nr_failed_ops)
		printf(", %u op%s failed alone", il->nr_failed_ops,
		       il->nr_failed_ops == 1 ? "" : "s");
	puts(interrupted() ? ", interrupted" : "");
}

static void interleave_each(struct interleave *il, const struct scenario *sc)
{
	const struct each_config config = { .pair = on_pair, .arg = il };
	const struct totals before = il->totals;

	switch (each_pair(il->ex, sc, &config)) {
	case EACH_NO_MEMORY:
		il->oom = true;
		break;
	case EACH_DIVERGED:
		show_diverged(il, false);
		break;
	case EACH_DONE:
	case EACH_STOPPED:
		break;
	}
	print_each(il, &before);
}

static void drop_results(struct scenario *sc)
{
	for (u32 i = 0; i < sc->nr_ops; i++) {
		sc->ops[i].flags &= (u8)~OP_HAS_EXPECTED;
		sc->ops[i].expected = 0;
	}
}

static void interleave_file(struct interleave *il, const struct loaded *file)
{
	il->file = file->name;
	il->sc = &file->sc;
	il->in_group = false;
	il->nr_failed_ops = 0;
	il->totals.files++;
	if (il->show)
		show_groups(il, &file->sc);
	else if (il->each)
		interleave_each(il, &file->sc);
	else
		do_groups(il, &file->sc);
}

/* What cannot be read is said once, and standard input is there only once. */
static void load_files(struct interleave *il, char **args, int nr)
{
	if (input_files_find(&il->paths, args, nr, il->bytes)) {
		il->nr_bad++;
		return;
	}
	il->nr_bad += il->paths.nr_bad;
	il->files = calloc(max_u64(il->paths.nr, 1), sizeof(*il->files));
	if (!il->files) {
		il->oom = true;
		return;
	}
	for (u32 i = 0; i < il->paths.nr; i++) {
		struct loaded *file = &il->files[il->nr_files];
		struct input in;

		if (input_load_scenario(&in, &file->sc, il->paths.paths[i],
					il->bytes)) {
			il->nr_bad++;
			continue;
		}
		file->name = in.name;
		drop_results(&file->sc);
		input_free(&in);
		il->nr_files++;
	}
}

static bool has_group(const struct scenario *sc)
{
	for (u32 i = 0; i < sc->nr_ops; i++)
		if (sc->ops[i].flags & OP_PARALLEL)
			return true;
	return false;
}

/* Is there something to do?  What there is nothing in is told. */
static bool check_groups(const struct interleave *il)
{
	u32 nr = 0;

	for (u32 i = 0; i < il->nr_files; i++)
		nr += !has_group(&il->files[i].sc);
	if (nr && nr == il->nr_files)
		usage_error(il->command,
			    "no line with || in %u file%s; --each makes them",
			    nr, nr == 1 ? "" : "s");
	else if (nr)
		usage_error(il->command, "no line with || in %u of %u files",
			    nr, il->nr_files);
	return nr < il->nr_files;
}

static void free_files(struct interleave *il)
{
	for (u32 i = 0; i < il->nr_files; i++)
		scenario_free(&il->files[i].sc);
	free(il->files);
	input_files_free(&il->paths);
}

/* The end. */

static void print_failure(struct interleave *il,
			  struct interleave_failure *failure, u32 nr)
{
	const char *kind = divergence_kind_name(failure->kind);

	printf("\n%s: %s of %s || %s, in %" PRIu64 " pairs, left at [",
	       il->rmap, kind, op_infos[failure->ops[0]].name,
	       op_infos[failure->ops[1]].name, failure->times);
	failure_print_points(failure->left, failure->nr_left, stdout);
	printf("]\n%s:\n", failure->file);
	print_group_line(il, &failure->line);
	if (il->out)
		write_line(il, &failure->line, kind, failure->text, nr);
}

static void print_failure_json(const struct interleave *il,
			       const struct interleave_failure *failure)
{
	const struct op *op = &failure->line.ops[failure->line.nr_ops - 2];
	char digits[SCHEDULE_TEXT_MAX];

	scenario_print_schedule(&op->schedule, digits);
	printf("{\"rmap\":\"%s\",\"kind\":\"%s\",\"ops\":[\"%s\",\"%s\"],"
	       "\"pairs\":%" PRIu64 ",\"file\":",
	       il->rmap, divergence_kind_name(failure->kind),
	       op_infos[failure->ops[0]].name, op_infos[failure->ops[1]].name,
	       failure->times);
	print_json_text(failure->file);
	printf(",\"operations\":%u,\"preemptions\":%u,\"schedule\":\"%s\","
	       "\"text\":",
	       failure->line.nr_ops, failure->preemptions, digits);
	print_json_text(failure->text);
	printf("}\n");
}

static void print_failures(struct interleave *il)
{
	failures_sort(&il->failures);
	for (u32 i = 0; i < il->failures.nr; i++)
		if (il->json)
			print_failure_json(il, &il->failures.all[i]);
		else
			print_failure(il, &il->failures.all[i], i + 1);
	if (!il->failures.more)
		return;
	if (il->json)
		printf("{\"rmap\":\"%s\",\"more_than_sorts\":%d}\n", il->rmap,
		       INTERLEAVE_FAILURES_MAX);
	else
		printf("more than %d sorts of failures\n",
		       INTERLEAVE_FAILURES_MAX);
}

static void print_totals(const struct interleave *il)
{
	const struct totals *t = &il->totals;
	double rate = t->cpu_seconds > 0 ? (double)t->done / t->cpu_seconds : 0;

	/* Of nothing there is nothing to say but what was wrong with it. */
	if (!t->files)
		return;
	if (il->json) {
		printf("{\"rmap\":\"%s\",\"files\":%u,\"%s\":%" PRIu64
		       ",\"schedules\":%" PRIu64 ",\"cut\":%" PRIu64
		       ",\"states\":%" PRIu64 ",\"ends\":%" PRIu64
		       ",\"failures\":%" PRIu64 ",\"most_hit\":%" PRIu64
		       ",\"not_all\":%" PRIu64 ",\"interrupted\":%s}\n",
		       il->rmap, t->files, il->each ? "pairs" : "groups",
		       t->groups, t->schedules, t->cut, t->states, t->ends,
		       t->failures, t->most_hit, t->not_all,
		       interrupted() ? "true" : "false");
	} else {
		printf("%s: %u files, %" PRIu64 " %s, %" PRIu64
		       " schedules, %" PRIu64 " cut, %" PRIu64
		       " states, %" PRIu64 " ends, %" PRIu64 " failures",
		       il->rmap, t->files, t->groups,
		       il->each ? "pairs" : "groups", t->schedules, t->cut,
		       t->states, t->ends, t->failures);
		if (t->most_hit)
			printf(", %" PRIu64 " not to the end (--most)",
			       t->most_hit);
		if (t->not_all)
			printf(", %" PRIu64 " not all", t->not_all);
		if (interrupted())
			printf(", interrupted");
		putchar('\n');
	}
	/* What is not the same twice is no part of the report. */
	fprintf(stderr,
		"%s: %s: %.2f s, %.2f s of CPU; with those of fewer "
		"preemptions %" PRIu64 " schedules, %.0f a second of CPU\n",
		il->command, il->rmap, t->seconds, t->cpu_seconds, t->done,
		rate);
}

static void do_rmap(struct interleave *il, const struct rmap_ops *ops)
{
	double start = seconds_now();
	clock_t cpu = clock();

	il->explore.machine = il->config.machine;
	il->explore.machine.rmaps[0] = ops;
	il->explore.machine.nr_rmaps = 1;
	il->rmap = ops->name;
	memset(&il->totals, 0, sizeof(il->totals));
	il->ex = explorer_create(&il->explore);
	il->oom |= !il->ex;
	for (u32 i = 0; i < il->nr_files && !il->oom && !interrupted(); i++)
		interleave_file(il, &il->files[i]);
	explorer_destroy(il->ex);
	il->totals.seconds = seconds_now() - start;
	il->totals.cpu_seconds = (double)(clock() - cpu) / CLOCKS_PER_SEC;
	print_failures(il);
	failures_free(&il->failures);
	if (!il->show)
		print_totals(il);
}

static void do_rmaps(struct interleave *il)
{
	/* Not before: while standard input is read, ^C ends it. */
	interrupt_catch();
	for (u32 i = 0;
	     i < il->config.machine.nr_rmaps && !il->oom && !interrupted(); i++)
		do_rmap(il, il->config.machine.rmaps[i]);
	if (il->each && il->nr_files && !il->totals.groups && !il->any_failed &&
	    !il->oom && !interrupted()) {
		usage_error(il->command,
			    "no operation has a folio to be walked beside it");
		il->nr_bad++;
	}
}

/* Options. */

static int interleave_parse_option(struct interleave *il, int c)
{
	switch (c) {
	case OPT_PREEMPT:
		il->bounded = true;
		return take_u32(il->command, "preempt", 0, EXPLORE_PREEMPT_MAX,
				&il->explore.preempt);
	case OPT_MOST:
		il->bounded = true;
		return take_number(il->command, "most", 0, UINT64_MAX,
				   &il->explore.most);
	case OPT_EACH:
		il->each = true;
		return 0;
	case OPT_SHOW:
		il->show = true;
		return 0;
	case OPT_JSON:
		il->json = true;
		return 0;
	case OPT_OUT:
		il->out = optarg;
		return 0;
	case 'v':
		il->verbose = true;
		return 0;
	case INPUT_BYTES:
		il->bytes = true;
		return 0;
	case CONFIG_PURE:
		return usage_error(il->command,
				   "--pure: each reverse map is alone here");
	case CONFIG_CHECK:
		return usage_error(il->command,
				   "--check: everything is checked here");
	}
	if (config_is_option(c))
		return config_take_option(il->command, &il->config, c);
	return EXIT_USAGE;
}

/* 0 to go on, else the exit status + 1 (--help's is 0). */
static int interleave_parse_options(struct interleave *il, int argc,
				    char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		CONFIG_OPTIONS,
		INPUT_OPTIONS,
		{ "preempt", required_argument, NULL, OPT_PREEMPT },
		{ "each", no_argument, NULL, OPT_EACH },
		{ "most", required_argument, NULL, OPT_MOST },
		{ "show", no_argument, NULL, OPT_SHOW },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "out", required_argument, NULL, OPT_OUT },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	int c, err = 0;

	while (!err && (c = getopt_long(argc, argv, "hv", options, NULL)) != -1)
		if (c == 'h')
			return interleave_print_help() + 1;
		else
			err = interleave_parse_option(il, c);
	return err ? err + 1 : 0;
}

int cmd_interleave(int argc, char **argv)
{
	struct interleave il = {
		.command = argv[0],
		.explore = { .preempt = 2,
			     .most = MOST_DEFAULT,
			     .stop = interrupt_flag() },
	};
	int stop;

	il.explore.on_failure = note_failed_op;
	il.explore.arg = &il;
	config_init(&il.config);
	stop = interleave_parse_options(&il, argc, argv);
	if (stop)
		return stop - 1;
	if (optind == argc)
		return usage_error(il.command, "expected FILE...; see --help");
	if (config_check(il.command, &il.config))
		return EXIT_USAGE;
	if (il.show &&
	    (il.each || il.json || il.out || il.bounded || il.verbose))
		return usage_error(
			il.command,
			"--show explores nothing: no --each, --json, --out, "
			"--preempt, --most or --verbose");
	if (il.json && il.verbose)
		return usage_error(il.command,
				   "--verbose: the objects of --json have it");
	if (il.out && output_dir(il.out))
		return EXIT_USAGE;
	load_files(&il, argv + optind, argc - optind);
	if (!il.oom && !il.each && !check_groups(&il))
		il.nr_bad++;
	else
		do_rmaps(&il);
	free_files(&il);
	if (il.oom)
		return usage_error(il.command, "out of memory");
	if (il.any_failed)
		return EXIT_DIVERGED;
	return interrupt_status(il.nr_bad ? EXIT_USAGE : EXIT_OK);
}
