// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel_stub kernel ...: "rmapdiff kernel" of a build that has no kernel room.
 */
#include <string.h>
#include "../tools/tools.h"

int main(int argc, char **argv)
{
	static char name[] = "rmapdiff kernel";

	if (argc < 2 || strcmp(argv[1], "kernel"))
		return EXIT_USAGE;
	argv[1] = name;
	return cmd_kernel(argc - 1, argv + 1);
}
