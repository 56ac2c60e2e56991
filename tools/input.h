/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the subcommands read: the FILE of a command line, and the files that a
 * directory stands for.
 */
#ifndef RMAPDIFF_TOOLS_INPUT_H
#define RMAPDIFF_TOOLS_INPUT_H

#include <getopt.h>
#include "../model/scenario/scenario.h"

/* A larger file is not a scenario that anyone wrote or a fuzzer made. */
#define INPUT_SIZE_MAX (64U << 20)

/* A file as it was read; "-" is standard input. */
struct input {
	const char *name; /* for messages; the caller's path */
	u8 *bytes;
	size_t len;
	bool is_text;
};

/* What a line about @in has behind its name. */
static inline const char *input_form(const struct input *in)
{
	return in->is_text ? "" : " (bytes)";
}

/* What getopt_long() returns for --bytes. */
#define INPUT_BYTES 0x190

/* A row for a table of struct option. */
#define INPUT_OPTIONS                                   \
	{                                               \
		"bytes", no_argument, NULL, INPUT_BYTES \
	}

/* The line of --help about it, and the sentence about FILE... */
void input_print_help(void);
#define INPUT_FILES_HELP                                                  \
	"A FILE that is a directory stands for each *.rmap below it, in " \
	"order of name; with --bytes\n"                                   \
	"for each file.\n"

/*
 * Reads all of @path into @in, for input_free().  0, or EXIT_USAGE after one
 * line on standard error; @expected is what it says of an empty file.
 */
int input_load(struct input *in, const char *path,
	       const char *expected); /* "a scenario" */
void input_free(struct input *in);

/*
 * 0: what was read may be a scenario.  Else EXIT_USAGE after a line on standard
 * error: it is a file of another kind, or a text with control characters.
 */
int input_check_form(const struct input *in);

/*
 * Reads @path and makes it a scenario: text or bytes, as its content says, or
 * bytes whatever it looks like (@bytes).  0: @in goes back with input_free(),
 * @sc with scenario_free().  Else EXIT_USAGE after one line on standard error,
 * and there is neither.
 */
int input_load_scenario(struct input *in, struct scenario *sc, const char *path,
			bool bytes);

/* "NAME: line:column: text" on standard error, as compilers have it. */
void print_scenario_error(const char *name, const struct scenario_error *err);

/* The files that FILE... stands for, in the order of the command line. */
struct input_files {
	char **paths; /* nr of them */
	u32 nr;
	u32 cap;
	u32 nr_bad; /* directories that stand for none; each was told */
};

/*
 * Fills @files from the @nr arguments in @args.  A directory stands for each
 * *.rmap below it, in the order of their names; with @bytes, for each file
 * below it.  Hidden files, and links to directories, never count.  How many
 * files of a directory were passed over is told on standard error.  0 and it
 * goes back with input_files_free(), or EXIT_USAGE after a line: out of memory.
 */
int input_files_find(struct input_files *files, char **args, int nr,
		     bool bytes);
void input_files_free(struct input_files *files);

#endif
