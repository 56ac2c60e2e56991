/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rmapdiff command: what its subcommands share.
 */
#ifndef RMAPDIFF_TOOLS_TOOLS_H
#define RMAPDIFF_TOOLS_TOOLS_H

#include <getopt.h>
#include "../model/scenario/scenario.h"

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

/* A larger file is not a scenario that anyone wrote or a fuzzer made. */
#define INPUT_SIZE_MAX (64U << 20)

/* A file as it was read; "-" is standard input. */
struct input {
	const char *name; /* for messages */
	u8 *bytes;
	size_t len;
	bool is_text;
};

/*
 * Each returns 0, or EXIT_USAGE after one line on standard error.  A loaded
 * input goes back with input_free(), a parsed scenario with scenario_free().
 */
int input_load(struct input *in, const char *path,
	       const char *expected); /* "a scenario" */
int input_parse(const struct input *in, struct scenario *sc);
void input_free(struct input *in);

/* Both of the above: on success @in and @sc go back, else there is neither. */
int input_load_scenario(struct input *in, struct scenario *sc,
			const char *path);

/* "NAME: line:column: text" on standard error, as compilers have it. */
void print_scenario_error(const char *name, const struct scenario_error *err);

/* One line on standard error; EXIT_USAGE. */
int usage_error(const char *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

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

double seconds_now(void); /* of a clock that only goes on */

/* What of @path comes after the last slash. */
const char *base_name(const char *path);

/* Was everything on standard output written?  If not: a line, EXIT_USAGE. */
int finish_output(const char *command, int status);

#endif
