/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rmapdiff command: what its subcommands share.
 */
#ifndef RMAPDIFF_TOOLS_TOOLS_H
#define RMAPDIFF_TOOLS_TOOLS_H

#include <getopt.h>
#include "../model/scenario/scenario.h"
#include "input.h"

/* Exit status. */
#define EXIT_OK 0
#define EXIT_DIVERGED 1 /* or a result that was not the asserted one */
#define EXIT_USAGE 2 /* bad usage, or a bad file */
#define EXIT_CANNOT 77 /* this machine cannot do it; CTest: skipped */

/*
 * Each takes its own arguments, argv[0] being "rmapdiff NAME" for messages, and
 * returns the exit status.
 */
int cmd_run(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_minimize(int argc, char **argv);
int cmd_emit_c(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_exhaust(int argc, char **argv);
int cmd_interleave(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_gen(int argc, char **argv);
int cmd_kernel(int argc, char **argv);
int cmd_stats(int argc, char **argv);

/* One line on standard error; EXIT_USAGE. */
int usage_error(const char *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* "ENOMEM", or "errno 200", on standard output; @err is positive, or 0. */
void print_errno(int err);

/* " (N failed)" on standard output, with how many as asserted; nothing for 0. */
void print_failed_ops(u32 failed, u32 as_asserted);

/* A decimal or 0x number in [min, max], all of @arg; false if it is not. */
bool parse_number(const char *arg, u64 min, u64 max, u64 *number);

/*
 * The same of --@option's optarg.  0, or EXIT_USAGE after a line, and *@number
 * as it was.
 */
int take_number(const char *command, const char *option, u64 min, u64 max,
		u64 *number);
int take_u32(const char *command, const char *option, u32 min, u32 max,
	     u32 *number);

/*
 * No allocation of a kernel can be made to fail from outside; without them what
 * is asserted later need not come, and goes too.  Returns how many there were.
 */
u32 drop_failalloc(struct scenario *sc);

/* Version and commit: "1.0 (a54fec4)"; in a tarball "1.0". */
const char *rmapdiff_version(void);

double seconds_now(void); /* of a clock that only goes on */

/* What of @path comes after the last slash. */
const char *base_name(const char *path);

/*
 * What standard output gets from here on is one document, of up to millions of
 * lines: it is written in large pieces, not line by line.
 */
void print_document(void);

/* Was everything on standard output written?  If not: a line, EXIT_USAGE. */
int finish_output(const char *command, int status);

#endif
