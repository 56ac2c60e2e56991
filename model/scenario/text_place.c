// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where in a text stands what scenario_encode() refused.
 *
 *	mmap A 0x1000 4 rw || mmap B 0 1 r file=0@300
 *	       PAGE, in_line 0               FILE, in_line 1
 */
#include <string.h>
#include "scenario.h"

struct places {
	const char *line; /* its beginning */
	const char *pos;
	const char *end; /* of the line, or its comment's begin */
};

/* The line @nr, from 1, of @text; false: there is none. */
static bool find_line(struct places *places, const char *text, size_t len,
		      u32 nr)
{
	const char *end = text + len;
	const char *comment;

	for (; nr > 1; nr--) {
		text = memchr(text, '\n', (size_t)(end - text));
		if (!text)
			return false;
		text++;
	}
	places->line = places->pos = text;
	places->end = memchr(text, '\n', (size_t)(end - text));
	if (!places->end)
		places->end = end;
	comment = memchr(text, '#', (size_t)(places->end - text));
	if (comment)
		places->end = comment;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word into @word, its length; 0: the line is over. */
static size_t next_word(struct places *places, const char **word)
{
	while (places->pos < places->end && is_space(*places->pos))
		places->pos++;
	*word = places->pos;
	while (places->pos < places->end && !is_space(*places->pos))
		places->pos++;
	return (size_t)(places->pos - *word);
}

/* What the word of an optional field begins with; NULL: it is not optional. */
static const char *prefix_of(enum op_field field)
{
	switch (field) {
	case FIELD_FILE:
		return "file=";
	case FIELD_TO:
		return "to=";
	case SCENARIO_ERROR_RESULT:
		return "=";
	default:
		return NULL;
	}
}

/* How many words of an operation @kind are before @field's, its name included. */
static u32 words_before(enum op_kind kind, enum op_field field)
{
	u32 nr = 0;

	while (nr < OP_FIELDS_MAX && op_infos[kind].fields[nr] != field &&
	       op_infos[kind].fields[nr] != FIELD_END)
		nr++;
	return nr + 1;
}

/* Of the operation that @places stands at; NULL: no such word. */
static const char *find_word(struct places *places, enum op_field field)
{
	const char *prefix = prefix_of(field);
	const char *name, *word;
	size_t len = next_word(places, &name);
	enum op_kind kind = op_by_name(name, len);
	u32 skip;

	if (field == FIELD_END || kind == NR_OPS)
		return name;
	skip = words_before(kind, field);
	while ((len = next_word(places, &word)) != 0)
		if (prefix ? len >= strlen(prefix) &&
				     !memcmp(word, prefix, strlen(prefix)) :
			     !--skip)
			return word;
	return NULL;
}

u32 scenario_error_column(const char *text, size_t len,
			  const struct scenario_error *err)
{
	struct places places;
	const char *word;

	if (!err->line || !find_line(&places, text, len, err->line))
		return err->column;
	for (u32 i = 0; i < err->in_line;) {
		size_t word_len = next_word(&places, &word);

		if (!word_len)
			return err->column;
		i += word_len == 2 && !memcmp(word, "||", 2);
	}
	word = find_word(&places, err->field);
	return word ? (u32)(word - places.line) + 1 : err->column;
}
