/* SPDX-License-Identifier: GPL-2.0-only */
/* The executor's program file, embedded; exec_binary.S. */
#ifndef RMAPDIFF_KERNEL_EXEC_BINARY_H
#define RMAPDIFF_KERNEL_EXEC_BINARY_H

extern const unsigned char exec_binary[];
extern const unsigned char exec_binary_end[];

#endif
