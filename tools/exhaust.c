// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff exhaust: every scenario within bounds.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "../model/rmap/rmaps.h"
#include "../search/exhaust.h"
#include "config.h"
#include "interrupt.h"
#include "output.h"
#include "tools.h"

#define MEMORY_MAX_MIB (1U << 20)

struct exhausting {
	const char *command;
	struct exhaust_config config;
	const char *state_file; /* NULL: none */
	const char *out; /* directory for divergences; NULL: none */
	const char *states_dir; /* for a scenario of each state; NULL: none */
	u64 states_limit;
	struct timespec start;
	u64 transitions; /* before this run, by what was loaded */
};

enum option_value {
	OPT_OPS = 0x200,
	OPT_PROCS,
	OPT_PAGES,
	OPT_FILES,
	OPT_FAILALLOC,
	OPT_ONLY,
	OPT_MEMORY,
	OPT_THREADS,
	OPT_STATE,
	OPT_OUT,
	OPT_STATES,
	OPT_LIMIT,
	OPT_FIRST,
	OPT_TWO_TABLES,
	OPT_ORDERS,
	OPT_DUE_TO,
};

static int exhaust_print_help(void)
{
	printf("Usage: rmapdiff exhaust [OPTION...]\n"
	       "Replays every scenario within bounds, shortest first, with "
	       "checks after every operation; states\n"
	       "that differ in names only are looked at once.\n\n"
	       "  --ops N              operations in a scenario (4)\n"
	       "  --procs N            processes alive at once (2)\n"
	       "  --pages N            from the lowest to the highest page in "
	       "use (2)\n"
	       "  --files N            private files that are mapped, each at "
	       "every offset below --pages (1)\n"
	       "  --failalloc N        the Nth allocation from an operation on "
	       "fails, up to this N (4); 0: none does\n"
	       "  --only OP,OP...      these operations only\n"
	       "  --two-tables         a page table ends in the middle of the "
	       "window; else all is in one\n"
	       "  --orders             states that differ in who was born first "
	       "only are two (always so with --bug or\n"
	       "                       cow_poc)\n"
	       "  --threads N          (one a core)\n"
	       "  --memory MIB         ends when it would take more, beside a few "
	       "MiB a thread (1024)\n"
	       "  --first              ends at the first divergence\n"
	       "  --due-to NAME        counts a divergence only if the same "
	       "scenario has none with the suspect NAME\n"
	       "                       repaired; may be repeated: with each of "
	       "them alone\n"
	       "  --out DIR            writes the first divergence of each "
	       "kind there, as a scenario\n"
	       "  --state FILE         goes on from FILE where it exists, and "
	       "is saved there at the end, to be gone on with\n"
	       "                       after it was stopped, with more memory, or "
	       "with more operations\n"
	       "  --states DIR         writes a scenario for each state there; "
	       "--limit N: for the first N\n");
	config_print_help(CONFIG_BIT(CONFIG_PURE));
	printf("\nSIGINT and SIGTERM stop it; what was covered is said. Exit "
	       "status: 0 all was covered and fine, 1 a\n"
	       "divergence, 2 bad usage, or ended before all was covered.\n");
	return EXIT_OK;
}

static int take_only(struct exhausting *ex)
{
	u32 *kinds = &ex->config.bounds.kinds;

	*kinds = 0;
	for (const char *p = optarg;; p++) {
		size_t len = strcspn(p, ",");
		enum op_kind kind = op_by_name(p, len);

		if (kind == NR_OPS)
			return usage_error(ex->command,
					   "--only '%.*s': no operation of "
					   "that name; see rmapdiff list",
					   (int)len, p);
		*kinds |= 1U << kind;
		p += len;
		if (!*p)
			return 0;
	}
}

static int take_due_to(struct exhausting *ex)
{
	enum fix fix = fix_find(optarg);

	if (fix == NR_FIXES)
		return usage_error(
			ex->command,
			"--due-to '%s': no suspect of that name; see "
			"rmapdiff list",
			optarg);
	ex->config.due_to[fix] = true;
	return 0;
}

static int exhaust_take_option(struct exhausting *ex, int c)
{
	struct search_bounds *bounds = &ex->config.bounds;
	u32 number = 0;
	int err = 0;

	switch (c) {
	case OPT_OPS:
		return take_u32(ex->command, "ops", 1, SEARCH_OPS_MAX,
				&bounds->ops);
	case OPT_PROCS:
		return take_u32(ex->command, "procs", 1, SEARCH_PROCS_MAX,
				&bounds->procs);
	case OPT_PAGES:
		return take_u32(ex->command, "pages", 1, SEARCH_PAGES_MAX,
				&bounds->pages);
	case OPT_FILES:
		return take_u32(ex->command, "files", 0, SEARCH_FILES_MAX,
				&bounds->files);
	case OPT_FAILALLOC:
		return take_u32(ex->command, "failalloc", 0,
				SEARCH_FAILALLOC_MAX, &bounds->failalloc);
	case OPT_ONLY:
		return take_only(ex);
	case OPT_DUE_TO:
		return take_due_to(ex);
	case OPT_THREADS:
		return take_u32(ex->command, "threads", 1, EXHAUST_THREADS_MAX,
				&ex->config.threads);
	case OPT_MEMORY:
		err = take_u32(ex->command, "memory", 1, MEMORY_MAX_MIB,
			       &number);
		ex->config.memory = (u64)number << 20;
		return err;
	case OPT_LIMIT:
		err = take_u32(ex->command, "limit", 1, UINT32_MAX, &number);
		ex->states_limit = number;
		return err;
	case OPT_STATE:
		ex->state_file = optarg;
		return 0;
	case OPT_OUT:
		ex->out = optarg;
		return 0;
	case OPT_STATES:
		ex->states_dir = optarg;
		return 0;
	case OPT_TWO_TABLES:
		bounds->two_tables = true;
		return 0;
	case OPT_ORDERS:
		ex->config.orders = true;
		return 0;
	case OPT_FIRST:
		ex->config.first_only = true;
		return 0;
	}
	return EXIT_USAGE;
}

/* A suspect that no machine of the search has is the cause of nothing. */
static int check_due_to(const struct exhausting *ex)
{
	const struct machine_config *machine = &ex->config.replay.machine;
	bool has_poc = false;

	for (u32 i = 0; i < machine->nr_rmaps; i++)
		has_poc |= machine->rmaps[i] == &cow_poc_rmap_ops;
	for (u32 i = 0; i < NR_FIXES; i++) {
		if (!ex->config.due_to[i])
			continue;
		if (!has_poc)
			return usage_error(ex->command,
					   "--due-to: it is of cow_poc, which "
					   "is not among --rmap");
		if (machine->bugs.fixed[i])
			return usage_error(ex->command,
					   "--due-to %s: --fix repairs it",
					   fix_name(i));
	}
	return 0;
}

static int exhaust_check_options(struct exhausting *ex)
{
	const struct search_bounds *bounds = &ex->config.bounds;

	if (ex->config.replay.pure)
		return usage_error(ex->command, "--pure: not with exhaust");
	if (ex->config.replay.check == REPLAY_CHECK_NONE)
		return usage_error(ex->command,
				   "--check none: expected a check");
	if (config_check(ex->command, &ex->config.replay) || check_due_to(ex))
		return EXIT_USAGE;
	if (ex->states_limit != UINT32_MAX && !ex->states_dir)
		return usage_error(ex->command,
				   "--limit: expected --states DIR, whose "
				   "scenarios it limits");
	if (!search_bounds_fit(bounds))
		return usage_error(
			ex->command,
			"--ops %u --pages %u: more than a page table "
			"has room for; expected less of either",
			bounds->ops, bounds->pages);
	return 0;
}

/* 0 to go on, else the exit status + 1 (--help's is 0). */
static int exhaust_parse_options(struct exhausting *ex, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		CONFIG_OPTIONS,
		{ "ops", required_argument, NULL, OPT_OPS },
		{ "procs", required_argument, NULL, OPT_PROCS },
		{ "pages", required_argument, NULL, OPT_PAGES },
		{ "files", required_argument, NULL, OPT_FILES },
		{ "failalloc", required_argument, NULL, OPT_FAILALLOC },
		{ "only", required_argument, NULL, OPT_ONLY },
		{ "memory", required_argument, NULL, OPT_MEMORY },
		{ "threads", required_argument, NULL, OPT_THREADS },
		{ "state", required_argument, NULL, OPT_STATE },
		{ "out", required_argument, NULL, OPT_OUT },
		{ "states", required_argument, NULL, OPT_STATES },
		{ "limit", required_argument, NULL, OPT_LIMIT },
		{ "first", no_argument, NULL, OPT_FIRST },
		{ "two-tables", no_argument, NULL, OPT_TWO_TABLES },
		{ "orders", no_argument, NULL, OPT_ORDERS },
		{ "due-to", required_argument, NULL, OPT_DUE_TO },
		{ 0 },
	};
	int c, err = 0;

	while (!err && (c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		if (c == 'h')
			return exhaust_print_help() + 1;
		else if (config_is_option(c))
			err = config_take_option(ex->command,
						 &ex->config.replay, c);
		else
			err = exhaust_take_option(ex, c);
	if (!err && optind < argc)
		err = usage_error(ex->command, "unexpected argument '%s'",
				  argv[optind]);
	if (!err)
		err = exhaust_check_options(ex);
	return err ? err + 1 : 0;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) +
	       (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* Of all threads: what a core does in a second, whoever else is on it. */
static double cpu_seconds_of_threads(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static u64 sum_transitions(const struct exhaust_level *levels)
{
	u64 sum = 0;

	for (u32 i = 0; i < SEARCH_OPS_MAX; i++)
		sum += levels[i].transitions;
	return sum;
}

static void print_level_progress(void *arg, const struct exhaust_level *levels,
				 u32 level, u64 bytes)
{
	const struct exhausting *ex = arg;
	u64 done = sum_transitions(levels) - ex->transitions;

	fprintf(stderr,
		"%s: %u operations: %u of %u states expanded, %u new; "
		"%.0f transitions a second; %" PRIu64 " MiB\n",
		ex->command, level + 1, levels[level].expanded,
		levels[level].states, levels[level + 1].states,
		(double)done / seconds_since(&ex->start), bytes >> 20);
}

/*
 * Scenarios: an operation list with its lowest page moved to 0, or by as many
 * page tables as it can be.
 */

static void lower_scenario_pages(struct scenario *sc, bool tables_count)
{
	u64 lowest = UINT64_MAX;

	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];

		if (op_takes(op->kind, FIELD_PAGE))
			lowest = min_u64(lowest, op->page);
		if (op->flags & OP_HAS_TO)
			lowest = min_u64(lowest, op->to);
	}
	if (tables_count)
		lowest -= lowest % PTRS_PER_LEAF;
	for (u32 i = 0; i < sc->nr_ops; i++) {
		struct op *op = &sc->ops[i];

		if (op_takes(op->kind, FIELD_PAGE))
			op->page -= lowest;
		if (op->flags & OP_HAS_TO)
			op->to -= lowest;
	}
}

/* An operation list as a scenario, for scenario_free(); 0 or -ENOMEM. */
static int make_scenario(const struct exhausting *ex, const struct op *ops,
			 u32 nr, struct scenario *sc)
{
	int err = exhaust_scenario(&ex->config.bounds, sc);

	if (err) {
		scenario_free(sc);
		return err;
	}
	memcpy(sc->ops, ops, nr * sizeof(*ops));
	sc->nr_ops = nr;
	return 0;
}

/*
 * The scenario of @found, with its pages lowered, and what its replay reports:
 * a report of the search has the search's pages.  Should it not diverge
 * likewise, it is as the search had it.  0 or -ENOMEM; @sc is for
 * scenario_free().
 */
static int make_found(const struct exhausting *ex,
		      const struct exhaust_found *found, struct scenario *sc,
		      struct report *report)
{
	struct replay_result result;
	int err = make_scenario(ex, found->ops, found->nr_ops, sc);

	if (err)
		return err;
	lower_scenario_pages(sc, ex->config.bounds.two_tables);
	err = replay(sc, &ex->config.replay, &result);
	*report = result.report;
	if (!err && (!result.diverged || report->kind != found->kind ||
		     strcmp(report->rmap, found->rmap) != 0)) {
		*report = found->report;
		memcpy(sc->ops, found->ops, found->nr_ops * sizeof(*sc->ops));
	}
	if (err)
		scenario_free(sc);
	return err;
}

/* 0, or EXIT_USAGE after a line that says why it cannot be written. */
static int write_found(const char *path, const struct scenario *sc,
		       const struct report *report)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return usage_error(path, "%s", strerror(errno));
	if (report)
		fprintf(file, "# %s: %s\n", divergence_kind_name(report->kind),
			report->text);
	scenario_print(sc, file);
	return close_output(path, file);
}

/* What cannot be written is told before hours of work are lost. */
static int check_outputs(const struct exhausting *ex)
{
	const struct output state = { .path = ex->state_file, .force = true };

	if (state.path && output_check(&state))
		return EXIT_USAGE;
	if (ex->out && output_dir(ex->out))
		return EXIT_USAGE;
	return ex->states_dir ? output_dir(ex->states_dir) : 0;
}

static int write_state(const struct exhausting *ex, u64 id,
		       const struct op *ops, u32 nr_ops)
{
	char path[4096];
	struct scenario sc;
	int err;

	if (make_scenario(ex, ops, nr_ops, &sc))
		return usage_error(ex->command, "out of memory");
	lower_scenario_pages(&sc, ex->config.bounds.two_tables);
	snprintf(path, sizeof(path), "%s/%08" PRIu64 ".rmap", ex->states_dir,
		 id);
	err = write_found(path, &sc, NULL);
	scenario_free(&sc);
	return err;
}

static int write_states(const struct exhausting *ex,
			const struct exhaust *search)
{
	u64 last = min_u64(exhaust_nr_states(search) - 1, ex->states_limit);
	struct op ops[SEARCH_OPS_MAX];
	int err = 0;

	/* State 0 has no operation. */
	for (u64 id = 1; id <= last && !err; id++) {
		u32 nr_ops = exhaust_path(search, (u32)id, ops);

		err = write_state(ex, id, ops, nr_ops);
	}
	return err;
}

static int print_one_found(const struct exhausting *ex,
			   const struct exhaust_found *found)
{
	const char *kind = divergence_kind_name(found->kind);
	struct report report;
	struct scenario sc;
	char path[4096];
	int err = 0;

	if (make_found(ex, found, &sc, &report))
		return usage_error(ex->command, "out of memory");
	printf("\n%s %s: %" PRIu64 " times, at first after %u operations:\n"
	       "  %s\n",
	       kind, found->rmap, found->times, found->nr_ops, report.text);
	scenario_print(&sc, stdout);
	if (ex->out) {
		snprintf(path, sizeof(path), "%s/%s-%s.rmap", ex->out, kind,
			 *found->rmap ? found->rmap : "any");
		err = write_found(path, &sc, &report);
	}
	scenario_free(&sc);
	return err;
}

static int print_found(const struct exhausting *ex,
		       const struct exhaust *search)
{
	int err = 0;

	for (u32 i = 0; i < exhaust_nr_found(search) && !err; i++)
		err = print_one_found(ex, exhaust_found(search, i));
	return err;
}

/* What was covered completely, by length of scenarios. */
static void print_levels(const struct exhausting *ex,
			 const struct exhaust *search)
{
	const struct exhaust_level *levels = exhaust_levels(search);

	printf("operations      states    expanded   transitions     "
	       "scenarios\n");
	for (u32 i = 0; i <= ex->config.bounds.ops; i++) {
		if (!levels[i].states)
			continue;
		printf("%10u %11u %11u %13" PRIu64, i, levels[i].states,
		       levels[i].expanded, levels[i].transitions);
		if (levels[i].sequences > 0)
			printf(" %13.6g\n", levels[i].sequences);
		else
			printf(" %13s\n", "?");
	}
}

static void print_end(const struct exhausting *ex, const struct exhaust *search,
		      enum exhaust_end end)
{
	static const char *const why[] = {
		[EXHAUST_COMPLETE] = "all within bounds was covered",
		[EXHAUST_STOPPED] = "stopped before all was covered",
		[EXHAUST_NO_MEMORY] = "out of memory before all was covered",
	};
	const struct exhaust_level *levels = exhaust_levels(search);
	double seconds = seconds_since(&ex->start);
	u64 done = sum_transitions(levels) - ex->transitions;

	fprintf(stderr,
		"%s: %" PRIu64 " transitions in %.1f s, %.0f a second; %.0f a "
		"second of a core\n",
		ex->command, done, seconds, (double)done / seconds,
		(double)done / cpu_seconds_of_threads());
	printf("%s\n%u states, %" PRIu64
	       " transitions, %u kinds of divergences\n",
	       why[end], exhaust_nr_states(search), sum_transitions(levels),
	       exhaust_nr_found(search));
}

/* The search as it was left, if there is one. */
static int load_state(struct exhausting *ex, struct exhaust *search)
{
	FILE *file = ex->state_file ? fopen(ex->state_file, "rb") : NULL;
	int err;

	if (!file) {
		if (!ex->state_file || errno == ENOENT)
			return 0;
		return usage_error(ex->state_file, "%s", strerror(errno));
	}
	err = exhaust_load(search, file);
	fclose(file);
	if (err == -EINVAL)
		return usage_error(ex->state_file,
				   "not a search of the same bounds, reverse "
				   "maps, bugs and checks");
	if (err)
		return usage_error(ex->state_file,
				   "more than --memory has room for");
	ex->transitions = sum_transitions(exhaust_levels(search));
	return 0;
}

/* By way of another name, so that a search that was saved is not lost. */
static int save_state(const struct exhausting *ex, const struct exhaust *search)
{
	struct output out = { .path = ex->state_file, .force = true };
	int err;

	if (output_open(&out))
		return EXIT_USAGE;
	err = exhaust_save(search, out.file);
	if (err)
		err = usage_error(ex->state_file, "cannot write: %s",
				  strerror(-err));
	if (output_close(&out, err))
		return EXIT_USAGE;
	fprintf(stderr, "%s: to go on, give --state %s again\n", ex->command,
		ex->state_file);
	return 0;
}

static int search(struct exhausting *ex, struct exhaust *search)
{
	enum exhaust_end end;
	int err = check_outputs(ex);

	if (!err)
		err = load_state(ex, search);
	if (err)
		return err;
	interrupt_catch();
	clock_gettime(CLOCK_MONOTONIC, &ex->start);
	end = exhaust_run(search);
	print_levels(ex, search);
	err = print_found(ex, search);
	print_end(ex, search, end);
	if (!err && ex->states_dir)
		err = write_states(ex, search);
	if (!err && ex->state_file)
		err = save_state(ex, search);
	if (err)
		return EXIT_USAGE;
	if (exhaust_nr_found(search))
		return EXIT_DIVERGED;
	return end == EXHAUST_COMPLETE ? EXIT_OK : EXIT_USAGE;
}

int cmd_exhaust(int argc, char **argv)
{
	struct exhausting ex = {
		.command = argv[0],
		.states_limit = UINT32_MAX,
		.config = {
			.bounds = {
				.ops = 4,
				.procs = 2,
				.pages = 2,
				.files = 1,
				.failalloc = 4,
				/* Not what is of use beside others only. */
				.kinds = (1U << OP_WALK) - 1,
			},
			.memory = 1ULL << 30,
			.stop = interrupt_flag(),
			.progress = print_level_progress,
		},
	};
	struct exhaust *found;
	int err;

	ex.config.arg = &ex;
	ex.config.threads = (u32)min_u64(
		max_u64(sysconf(_SC_NPROCESSORS_ONLN), 1), EXHAUST_THREADS_MAX);
	config_init(&ex.config.replay);
	err = exhaust_parse_options(&ex, argc, argv);
	if (err)
		return err - 1;
	found = exhaust_create(&ex.config);
	if (!found)
		return usage_error(ex.command, "out of memory");
	err = search(&ex, found);
	exhaust_destroy(found);
	return err;
}
