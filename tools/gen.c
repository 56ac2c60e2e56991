// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff gen: made scenarios, as text.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "tools.h"
#include "workload.h"

static void print_indented_lines(const char *indent, const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");

		printf("%s%.*s\n", indent, (int)len, lines);
		lines += len + (lines[len] == '\n');
	}
}

static int gen_print_help(void)
{
	printf("Usage: rmapdiff gen random [OPTION...]\n"
	       "       rmapdiff gen WORKLOAD [OPTION...]\n"
	       "Prints a scenario as text; the same options give the same "
	       "scenario.\n\n"
	       "random: operations as they come\n"
	       "  --seed S     where chance starts (0)\n"
	       "  --ops N      operations (100)\n"
	       "  --procs P    processes alive at once, at most; 1 .. %d (4)\n"
	       "  --pages K    pages of the window; 1 .. %d (32)\n"
	       "  --failalloc  let allocations fail\n"
	       "  --parallel   let operations run at the same time, two or "
	       "three of them, by a schedule\n\n"
	       "Workloads, each with --seed S (0), --size N (1 .. %d) and what "
	       "`rmapdiff gen WORKLOAD --help` says:\n",
	       BYTES_PROCS_MAX, BYTES_WINDOW, WORKLOAD_SIZE_MAX);
	for (const struct workload *wl = workloads; wl->name; wl++) {
		printf("\n%s: size is %s (%llu)\n", wl->name, wl->size_text,
		       (unsigned long long)wl->size);
		print_indented_lines("  ", wl->resembles);
	}
	return EXIT_OK;
}

static int print_workload_help(const struct workload *wl)
{
	printf("Usage: rmapdiff gen %s [OPTION...]\n", wl->name);
	print_indented_lines("", wl->resembles);
	printf("\n  --seed S          where chance starts (0)\n"
	       "  --size N          %s; 1 .. %d (%llu)\n",
	       wl->size_text, WORKLOAD_SIZE_MAX, (unsigned long long)wl->size);
	for (const struct workload_param *pa = wl->params; pa->name; pa++)
		printf("  --%-15s %s; %llu .. %llu (%llu)\n", pa->name,
		       pa->text, (unsigned long long)pa->min,
		       (unsigned long long)pa->max,
		       (unsigned long long)pa->value);
	printf("\nSee:\n");
	print_indented_lines("  ", wl->sources);
	return EXIT_OK;
}

static int generate(const char *command, const struct scenario_gen *gen)
{
	struct scenario sc;

	if (scenario_init(&sc))
		return usage_error(command, "out of memory");
	if (scenario_generate(&sc, gen)) {
		scenario_free(&sc);
		return usage_error(command, "out of memory");
	}
	print_document();
	scenario_print(&sc, stdout);
	scenario_free(&sc);
	return EXIT_OK;
}

/* A workload as its options say. */
struct workload_request {
	const struct workload *workload;
	u64 seed;
	u64 size;
	u64 params[WORKLOAD_PARAMS_MAX];
};

/* What made it, what it resembles and who says so, as comments. */
static void print_workload_comment(const struct workload_request *req)
{
	const struct workload *wl = req->workload;

	printf("# rmapdiff gen %s --seed %llu --size %llu", wl->name,
	       (unsigned long long)req->seed, (unsigned long long)req->size);
	for (u32 i = 0; wl->params[i].name; i++)
		printf(" --%s %llu", wl->params[i].name,
		       (unsigned long long)req->params[i]);
	printf("\n# Resembles:\n");
	print_indented_lines("#   ", wl->resembles);
	printf("# See:\n");
	print_indented_lines("#   ", wl->sources);
}

static int generate_workload(const char *command,
			     const struct workload_request *req)
{
	struct scenario sc;
	int err;

	if (scenario_init(&sc))
		return usage_error(command, "out of memory");
	err = workload_make(req->workload, &sc, req->seed, (u32)req->size,
			    req->params);
	if (!err) {
		print_document();
		print_workload_comment(req);
		scenario_print(&sc, stdout);
	}
	scenario_free(&sc);
	if (err == -E2BIG)
		return usage_error(command,
				   "%s: more VMAs than a process can have; "
				   "expected smaller numbers",
				   req->workload->name);
	if (err)
		return usage_error(command,
				   "%s: out of memory, or more than %u "
				   "operations",
				   req->workload->name, SCENARIO_OPS_MAX);
	return EXIT_OK;
}

enum { OPTION_SEED = 0x100, OPTION_SIZE, OPTION_PARAM };

/* The options of a workload; @options has room for all. */
static void list_options(const struct workload *wl, struct option *options)
{
	*options++ = (struct option){ "help", no_argument, NULL, 'h' };
	*options++ =
		(struct option){ "seed", required_argument, NULL, OPTION_SEED };
	*options++ =
		(struct option){ "size", required_argument, NULL, OPTION_SIZE };
	for (int i = 0; wl->params[i].name; i++)
		*options++ = (struct option){ wl->params[i].name,
					      required_argument, NULL,
					      OPTION_PARAM + i };
	*options = (struct option){ 0 };
}

static int gen_take_option(const char *command, struct workload_request *req,
			   int c)
{
	const struct workload_param *param;

	switch (c) {
	case OPTION_SEED:
		return take_number(command, "seed", 0, UINT64_MAX, &req->seed);
	case OPTION_SIZE:
		return take_number(command, "size", 1, WORKLOAD_SIZE_MAX,
				   &req->size);
	case '?':
		return EXIT_USAGE;
	}
	param = &req->workload->params[c - OPTION_PARAM];
	return take_number(command, param->name, param->min, param->max,
			   &req->params[c - OPTION_PARAM]);
}

static int gen_workload(int argc, char **argv, const struct workload *wl)
{
	struct option options[WORKLOAD_PARAMS_MAX + 4];
	struct workload_request req = { .workload = wl, .size = wl->size };
	int c;

	list_options(wl, options);
	for (u32 i = 0; wl->params[i].name; i++)
		req.params[i] = wl->params[i].value;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return print_workload_help(wl);
		if (gen_take_option(argv[0], &req, c))
			return EXIT_USAGE;
	}
	if (argc - optind != 1)
		return usage_error(argv[0], "%s: unexpected argument '%s'",
				   wl->name, argv[optind + 1]);
	return generate_workload(argv[0], &req);
}

static const struct workload *find_workload(const char *name)
{
	for (const struct workload *wl = workloads; wl->name; wl++)
		if (!strcmp(wl->name, name))
			return wl;
	return NULL;
}

static int gen_random(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "procs", required_argument, NULL, 'p' },
		{ "pages", required_argument, NULL, 'k' },
		{ "failalloc", no_argument, NULL, 'f' },
		{ "parallel", no_argument, NULL, 'P' },
		{ 0 },
	};
	struct scenario_gen gen = { .ops = 100, .procs = 4, .pages = 32 };
	int c, err = 0;

	while (!err &&
	       (c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			err = take_number(argv[0], "seed", 0, UINT64_MAX,
					  &gen.seed);
			break;
		case 'o':
			err = take_u32(argv[0], "ops", 1, SCENARIO_OPS_MAX,
				       &gen.ops);
			break;
		case 'p':
			err = take_u32(argv[0], "procs", 1, BYTES_PROCS_MAX,
				       &gen.procs);
			break;
		case 'k':
			err = take_u32(argv[0], "pages", 1, BYTES_WINDOW,
				       &gen.pages);
			break;
		case 'f':
			gen.failalloc = true;
			break;
		case 'P':
			gen.parallel = true;
			break;
		case 'h':
			return gen_print_help();
		default:
			err = EXIT_USAGE;
		}
	}
	if (err)
		return err;
	if (argc - optind != 1 || strcmp(argv[optind], "random"))
		return usage_error(argv[0], "expected what to make: random or "
					    "a workload; see --help");
	return generate(argv[0], &gen);
}

/* A workload's name comes before its options, which hang on it. */
int cmd_gen(int argc, char **argv)
{
	const struct workload *wl = argc > 1 ? find_workload(argv[1]) : NULL;

	return wl ? gen_workload(argc, argv, wl) : gen_random(argc, argv);
}
