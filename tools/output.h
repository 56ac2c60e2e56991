/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a subcommand writes: standard output, or the OUT of its option -o.
 */
#ifndef RMAPDIFF_TOOLS_OUTPUT_H
#define RMAPDIFF_TOOLS_OUTPUT_H

#include <getopt.h>
#include <stdio.h>
#include "../model/base/types.h"

#define OUTPUT_PATH_MAX 4096

struct output {
	const char *path; /* NULL: standard output */
	bool force; /* what is there may be overwritten */
	FILE *file; /* from output_open() to output_close() */
	char beside[OUTPUT_PATH_MAX]; /* "": straight to path */
};

/* What getopt_long() returns for them. */
enum output_option {
	OUTPUT_PATH = 'o',
	OUTPUT_FORCE = 0x180,
};

/* Rows for a table of struct option; short ones need "o:". */
#define OUTPUT_OPTIONS                                      \
	{ "output", required_argument, NULL, OUTPUT_PATH }, \
	{                                                   \
		"force", no_argument, NULL, OUTPUT_FORCE    \
	}

/* Takes option @c with its argument in optarg; false if it is none of these. */
bool output_take_option(struct output *out, int c);

/*
 * What can be told about OUT before there is anything to write.  0, or
 * EXIT_USAGE after one line on standard error.
 */
int output_check(const struct output *out);

/*
 * Checks likewise, and opens out->file.  A new file, or one that takes the place
 * of another, is written beside it: OUT is never there by half.
 */
int output_open(struct output *out);

/*
 * After output_open(): with @status 0, OUT is there now with all that was
 * written, or EXIT_USAGE after a line; with another one, OUT is as it was, and
 * that is returned.  Standard output is flushed.
 */
int output_close(struct output *out, int status);

/*
 * Closes @file, which was written at @path.  0, or EXIT_USAGE after a line that
 * says why not all of it was written.
 */
int close_output(const char *path, FILE *file);

/*
 * Makes the directory @path, unless it is there.  0, or EXIT_USAGE after a line
 * that says why no file can be made in it.
 */
int output_dir(const char *path);

#endif
