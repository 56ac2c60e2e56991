// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff gen: made scenarios, as text.
 */
#include <stdio.h>
#include <string.h>
#include "tools.h"

static int print_help(void)
{
	printf("Usage: rmapdiff gen random [OPTION...]\n"
	       "Prints a random scenario as text; the same options give the "
	       "same scenario.\n\n"
	       "  --seed S     where chance starts (0)\n"
	       "  --ops N      operations (100)\n"
	       "  --procs P    processes alive at once, at most; 1 .. %d (4)\n"
	       "  --pages K    pages of the window; 1 .. %d (32)\n"
	       "  --failalloc  let allocations fail\n",
	       BYTES_PROCS_MAX, BYTES_WINDOW);
	return EXIT_OK;
}

/* Reads an option's number into @number; false after a line about it. */
static bool option_number(const char *command, const char *name, u64 min,
			  u64 max, u64 *number)
{
	if (parse_number(optarg, min, max, number))
		return true;
	usage_error(command, "%s '%s': expected a number from %llu to %llu",
		    name, optarg, (unsigned long long)min,
		    (unsigned long long)max);
	return false;
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
	scenario_print(&sc, stdout);
	scenario_free(&sc);
	return EXIT_OK;
}

int cmd_gen(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "procs", required_argument, NULL, 'p' },
		{ "pages", required_argument, NULL, 'k' },
		{ "failalloc", no_argument, NULL, 'f' },
		{ 0 },
	};
	u64 seed = 0, ops = 100, procs = 4, pages = 32;
	bool failalloc = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		bool ok = true;

		switch (c) {
		case 's':
			ok = option_number(argv[0], "--seed", 0, UINT64_MAX,
					   &seed);
			break;
		case 'o':
			ok = option_number(argv[0], "--ops", 0,
					   SCENARIO_OPS_MAX, &ops);
			break;
		case 'p':
			ok = option_number(argv[0], "--procs", 1,
					   BYTES_PROCS_MAX, &procs);
			break;
		case 'k':
			ok = option_number(argv[0], "--pages", 1, BYTES_WINDOW,
					   &pages);
			break;
		case 'f':
			failalloc = true;
			break;
		case 'h':
			return print_help();
		default:
			ok = false;
		}
		if (!ok)
			return EXIT_USAGE;
	}
	if (argc - optind != 1 || strcmp(argv[optind], "random"))
		return usage_error(argv[0], "expected what to make: random");
	return generate(argv[0], &(struct scenario_gen){
					 .seed = seed,
					 .ops = (u32)ops,
					 .procs = (u32)procs,
					 .pages = (u32)pages,
					 .failalloc = failalloc,
				 });
}
