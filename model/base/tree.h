/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Red-black trees: libbsd's <bsd/sys/tree.h>, whose RB_GENERATE_STATIC() needs
 * an __unused that glibc's headers do not allow to be defined.
 */
#ifndef RMAPDIFF_BASE_TREE_H
#define RMAPDIFF_BASE_TREE_H

#include <bsd/sys/tree.h>

#define RB_GENERATE_FILE(name, type, field, cmp)     \
	RB_GENERATE_INTERNAL(name, type, field, cmp, \
			     __attribute__((__unused__)) static)

#endif
