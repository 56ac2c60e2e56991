// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff kernel, where it could not be built: says why.
 */
#include <stdio.h>
#include "tools.h"

int cmd_kernel(int argc, char **argv)
{
	(void)argc;
	fprintf(stderr, "%s: cannot run here: built without it: %s\n", argv[0],
		RMAPDIFF_KERNEL_WHY);
	return EXIT_CANNOT;
}
