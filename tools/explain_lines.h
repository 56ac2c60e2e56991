/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines of text, before they are printed: what changed is marked, what is too
 * much is cut, and no line is longer than a mail takes, all in one place.
 */
#ifndef RMAPDIFF_TOOLS_EXPLAIN_LINES_H
#define RMAPDIFF_TOOLS_EXPLAIN_LINES_H

#include <stdio.h>
#include "../model/base/types.h"

#define COLUMNS_MAX 80 /* of a printed line */
#define MARGIN 2 /* the mark and a blank */
#define TEXT_COLUMNS (COLUMNS_MAX - MARGIN)

/* A blank at which no line is broken. */
#define NO_BREAK "\1"

enum line_style {
	LINE_PLAIN,
	LINE_TITLE, /* a step */
	LINE_HEAD, /* of a section */
	LINE_NOTE, /* a comment */
	LINE_POINT, /* points at a divergence */
	LINE_REPORT, /* the divergence itself */
};

/*
 * A line with a key is the same one from step to step: it is marked `+` when it
 * is new and `~` when it says something else.  Lines without follow the one
 * before.
 */
struct line {
	char *text;
	char *key; /* NULL: never marked */
	char *state; /* what is compared; NULL: the text */
	u8 style; /* enum line_style */
	u8 hang; /* columns that what is wrapped is indented by, 0: as the text */
	char mark; /* ' ', '+', '-', '~' */
	bool starts; /* a thing of which there may be too many: a VMA, a folio */
	bool no_ghost; /* when it has gone, nothing is shown in its place */
	const char *
		section; /* static; what --only and filters go by; "" for none */
};

struct lines {
	struct line *all;
	u32 nr;
	u32 cap;
	const char *section; /* of what is added next */
	bool oom;
};

/* A string that grows; a struct of zeroes is an empty one. */
struct text {
	char *s;
	size_t len;
	size_t cap;
	bool oom;
};

void text_add(struct text *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *text_string(const struct text *text); /* never NULL */
void text_clear(struct text *text);
void text_free(struct text *text);

/* Each adds a line. */
void lines_add(struct lines *lines, enum line_style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void lines_add_keyed(struct lines *lines, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What a section begins with: never marked, and a place for what has gone. */
void lines_add_head(struct lines *lines, const char *text);
void lines_free(struct lines *lines);

/* About the line added last. */
void lines_starts_thing(struct lines *lines);
void lines_no_ghost(struct lines *lines);
void lines_hang(struct lines *lines, size_t columns);
void lines_state(struct lines *lines, const char *state);

/* Adds @text, line by line. */
void lines_add_text(struct lines *lines, enum line_style style,
		    const char *text);

/*
 * Marks in @now what differs from @before, and adds what has gone, marked `-`,
 * where it was.
 */
void lines_mark(struct lines *now, const struct lines *before);

/* Sections in which nothing changed become one line that says so. */
void lines_fold_unchanged(struct lines *lines);

/*
 * Drops, in each section, what is more than @max things; the unchanged first.
 * A line says how many.
 */
void lines_cut(struct lines *lines, u32 max);

/* Drops trailing blanks and prints; with colours if @colour. */
void lines_print(const struct lines *lines, FILE *out, bool colour);

/*
 * The next piece of @line that fits, from *@from on, into @piece; false when
 * there is no more.  *@from is 0 at first.
 */
bool line_next_piece(const struct line *line, size_t *from,
		     char piece[TEXT_COLUMNS + 1]);

#endif
