// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff kernel, where it could not be built: says why.
 */
#include <stdio.h>
#include <string.h>
#include "kernel.h"
#include "stats.h"
#include "tools.h"

static int say_why_not(const char *command)
{
	fprintf(stderr, "%s: cannot run here: built without it: %s\n", command,
		RMAPDIFF_KERNEL_WHY);
	return EXIT_CANNOT;
}

int cmd_kernel(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") && strcmp(argv[i], "-h"))
			continue;
		kernel_print_help();
		printf("\nThis build cannot do it: %s.\n", RMAPDIFF_KERNEL_WHY);
		return EXIT_OK;
	}
	return say_why_not(argv[0]);
}

int stats_kernel_sizes(const char *command)
{
	return say_why_not(command);
}

int stats_slabs(const char *command, const struct stats_config *config,
		const struct input_files *files, bool bytes, bool slabinfo)
{
	return say_why_not(command);
}
