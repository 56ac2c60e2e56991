/* SPDX-License-Identifier: GPL-2.0-only */
/* rmapdiff kernel, for the table of subcommands. */
#ifndef RMAPDIFF_KERNEL_CMD_KERNEL_H
#define RMAPDIFF_KERNEL_CMD_KERNEL_H

/* This machine cannot do it; CTest's and automake's number for "skipped". */
#define EXIT_CANNOT 77

/* argv[0] is "rmapdiff kernel"; the exit status. */
int cmd_kernel(int argc, char **argv);

#endif
