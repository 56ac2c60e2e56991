/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starting the tree in this process, and what it says.
 */
#ifndef RMAPDIFF_TREE_BOOT_H
#define RMAPDIFF_TREE_BOOT_H

#include <signal.h>
#include "../model/base/types.h"

#define BOOT_HEADLINE_MAX 256
#define BOOT_REPORT_MAX 16384

/*
 * Executes this program again without address randomization, unless that is off
 * already: the tree's memory has a fixed place.
 */
void boot_fixed_addresses(char **argv);

/* A fork() from here on inherits what the tree needs to start. */
void boot_before_fork(void);

/*
 * Starts the tree; @entered(@arg) is then called on its first task and must not
 * return.  Nor does this.
 */
void boot_tree(void (*entered)(void *arg), void *arg) __attribute__((noreturn));

/*
 * What the tree has complained of since boot_report_clear(): WARN, BUG, KASAN,
 * lockdep, a panic.  NULL: nothing.
 */
const char *boot_headline(void);
const char *boot_report(void);
void boot_report_clear(void);

/*
 * A signal to the tree's task: adds to the report where it is, with its callers.
 * For a tree that does not end.
 */
#define BOOT_WHERE_SIGNAL (SIGRTMIN + 4)

/*
 * Keeps the report in @report, BOOT_REPORT_MAX bytes, from now on: in memory that
 * outlives this process, for one.
 */
void boot_report_into(char *report);

/* Called when the tree panics, which it does not survive; does not return. */
extern void (*boot_on_panic)(void);

#endif
