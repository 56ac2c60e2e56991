/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rmapdiff kernel: what the command and the stub in its place share.
 */
#ifndef RMAPDIFF_TOOLS_KERNEL_H
#define RMAPDIFF_TOOLS_KERNEL_H

/* Print the help of "rmapdiff kernel" on standard output.  EXIT_OK. */
int kernel_print_help(void);

#endif
