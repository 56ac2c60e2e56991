/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the text form's parser share: the words of a line, and
 * errors that name them.  Internal to text*.c.
 */
#ifndef RMAPDIFF_SCENARIO_TEXT_H
#define RMAPDIFF_SCENARIO_TEXT_H

#include "live.h"
#include "scenario.h"

#define FOUND_MAX 32 /* columns of a found word that an error shows */

/* A word of the line; @len 0: the end of the line, or of what is no comment. */
struct word {
	const char *text;
	size_t len;
	u32 column; /* from 1 */
};

/* Names to slots: open addressing, a slot + 1 or 0 in each place. */
struct name_index {
	u32 *places;
	u32 size; /* a power of two, more than twice the names; or 0 */
};

struct parser {
	struct scenario *sc;
	struct scenario_error *err;
	struct name_index index;
	struct live live;
	const char *line; /* the line being read */
	const char *end; /* after its last byte that is no comment */
	const char *pos; /* what comes next */
	u32 line_nr; /* from 1 */
	bool after_first; /* a line that is no comment has been read */
	bool joins; /* what is read now runs with what the line has so far */
};

struct found {
	char text[FOUND_MAX + 8];
};

/* A piece of an error's text that is put together of parts. */
struct list {
	char text[144]; /* with a found word and more, fits into an error */
	size_t used;
};

/* Fills in p->err, for @column of the line; -EINVAL. */
__attribute__((format(printf, 3, 4))) int
text_fail(struct parser *p, u32 column, const char *fmt, ...);

/* @word for an error: printable, quoted, cut. */
struct found text_show(const struct word *word);

int text_fail_expected(struct parser *p, const struct word *found,
		       const char *expected);

/* Appends @part after ", "; false, with "..." at the end, when it is full. */
bool text_list_add(struct list *list, const char *part);

/* Takes the next word off the line; looks at it only. */
struct word text_next_word(struct parser *p);
struct word text_peek_word(struct parser *p);

bool text_word_is(const struct word *word, const char *text);

/* Is @word @prefix and something more?  Then @rest is what follows. */
bool text_word_starts_with(const struct word *word, const char *prefix,
			   struct word *rest);

/* The number that @digits is; it is, or is part of, the word @found. */
int text_number(struct parser *p, const struct word *found,
		const struct word *digits, const char *what, u64 min, u64 max,
		u64 *number);
int text_next_number(struct parser *p, const char *what, u64 min, u64 max,
		     u64 *number);

#endif
