/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kinds of lines with their numbers and their first lines: what an import left
 * out or changed, and what is without effect.
 */
#ifndef RMAPDIFF_TOOLS_IMPORT_NOTES_H
#define RMAPDIFF_TOOLS_IMPORT_NOTES_H

#include <stdio.h>
#include <uthash.h>
#include "import_lines.h"

#define NOTE_MAX 96 /* bytes of a kind's text */
#define NOTES_MAX 200 /* kinds; what comes after is counted together */

struct note {
	char text[NOTE_MAX];
	u64 count;
	u32 line; /* the first one's, from 1; 0: none */
	UT_hash_handle hh;
};

struct notes {
	struct note *all; /* a hash, in order of first lines met */
	u64 others; /* of kinds beyond NOTES_MAX */
	bool nomem; /* something could not be counted */
	struct log_lines *lines; /* whose classes notes_add() raises; or NULL */
};

void notes_free(struct notes *notes);

/*
 * Count one of a kind, and raise @line, unless 0, to LINE_NOTED.  What is not
 * printable ASCII is shown as '?'.
 */
void notes_add(struct notes *notes, u32 line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A line for each kind, after @before. */
void notes_print(const struct notes *notes, FILE *out, const char *before);

/* Makes @text printable ASCII. */
void make_printable(char *text);

#endif
