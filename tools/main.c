// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff: the table of subcommands.
 */
#include <stdio.h>
#include <string.h>
#include "tools.h"

/* A longer line may be cut in two by what the other stream says. */
#define OUTPUT_LINE_MAX (1U << 16)

struct command {
	const char *name;
	const char *args;
	const char *text;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "run", "FILE...", "replay scenarios and compare the reverse maps",
	  cmd_run },
	{ "explain", "FILE",
	  "step by step: processes, VMAs, reverse maps, walks", cmd_explain },
	{ "minimize", "FILE", "the simplest scenario with the same fault",
	  cmd_minimize },
	{ "emit-c", "FILE", "the scenario as a C program of system calls",
	  cmd_emit_c },
	{ "import", "TRACE", "a strace log as a scenario", cmd_import },
	{ "exhaust", "", "replay every scenario up to a size", cmd_exhaust },
	{ "interleave", "FILE...",
	  "replay every schedule of operations that run at the same time",
	  cmd_interleave },
	{ "convert", "FILE", "a scenario from text to bytes, or back",
	  cmd_convert },
	{ "list", "", "reverse maps, operations, bugs", cmd_list },
	{ "gen", "WORKLOAD", "make a random scenario, or one like a program's",
	  cmd_gen },
	{ "stats", "FILE...", "memory, walks and locks of each reverse map",
	  cmd_stats },
	{ "kernel", "FILE...",
	  "replay scenarios on the running kernel and compare", cmd_kernel },
};

static void main_print_help(FILE *out)
{
	fprintf(out, "Usage: rmapdiff COMMAND [ARGUMENT...]\n"
		     "Drives reverse maps of anonymous memory through the same "
		     "operations and compares them.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %-8s  %s\n", commands[i].name,
			commands[i].args, commands[i].text);
	fprintf(out,
		"\nrmapdiff COMMAND --help says more, rmapdiff --version which this is.  Exit status: 0 "
		"fine, 1 divergence, 2 bad usage or a bad file, 77 this "
		"machine cannot do it.\n");
}

/*
 * Whole lines, as they come: standard output and standard error may be the same
 * terminal, pipe or file, and a command may be stopped.
 */
static void write_by_lines(void)
{
	static char out[OUTPUT_LINE_MAX], err[OUTPUT_LINE_MAX];

	setvbuf(stdout, out, _IOLBF, sizeof(out));
	setvbuf(stderr, err, _IOLBF, sizeof(err));
}

int main(int argc, char **argv)
{
	char name[64];

	write_by_lines();
	if (argc < 2) {
		main_print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		main_print_help(stdout);
		return finish_output("rmapdiff", EXIT_OK);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("rmapdiff %s\n", rmapdiff_version());
		return finish_output("rmapdiff", EXIT_OK);
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "rmapdiff %s", commands[i].name);
		argv[1] = name;
		return finish_output(name, commands[i].run(argc - 1, argv + 1));
	}
	return usage_error("rmapdiff", "unknown command '%s'; see --help",
			   argv[1]);
}
