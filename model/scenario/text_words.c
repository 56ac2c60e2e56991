// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text form's words: taking them off a line, numbers, errors that show them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "text.h"

int text_fail(struct parser *p, u32 column, const char *fmt, ...)
{
	va_list args;

	p->err->line = p->line_nr;
	p->err->column = column;
	va_start(args, fmt);
	vsnprintf(p->err->text, sizeof(p->err->text), fmt, args);
	va_end(args);
	return -EINVAL;
}

struct found text_show(const struct word *word)
{
	struct found found;
	size_t used = 1;

	if (!word->len) {
		strcpy(found.text, "the end of the line");
		return found;
	}
	found.text[0] = '\'';
	for (size_t i = 0; i < word->len; i++) {
		u8 c = (u8)word->text[i];
		bool plain = c > ' ' && c < 0x7f;

		if (used + (plain ? 1 : 4) > FOUND_MAX) {
			used += (size_t)sprintf(found.text + used, "...");
			break;
		}
		used += (size_t)sprintf(found.text + used,
					plain ? "%c" : "\\x%02x", c);
	}
	strcpy(found.text + used, "'");
	return found;
}

int text_fail_expected(struct parser *p, const struct word *found,
		       const char *expected)
{
	return text_fail(p, found->column, "expected %s, found %s", expected,
			 text_show(found).text);
}

bool text_list_add(struct list *list, const char *part)
{
	const char *comma = list->used ? ", " : "";
	size_t len = strlen(comma) + strlen(part);

	if (list->used + len + sizeof(", ...") > sizeof(list->text)) {
		strcpy(list->text + list->used, ", ...");
		return false;
	}
	sprintf(list->text + list->used, "%s%s", comma, part);
	list->used += len;
	return true;
}

/* Words */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct word text_next_word(struct parser *p)
{
	struct word word;

	while (p->pos < p->end && is_blank(*p->pos))
		p->pos++;
	word.text = p->pos;
	word.column = (u32)(p->pos - p->line) + 1;
	while (p->pos < p->end && !is_blank(*p->pos))
		p->pos++;
	word.len = (size_t)(p->pos - word.text);
	return word;
}

struct word text_peek_word(struct parser *p)
{
	const char *pos = p->pos;
	struct word word = text_next_word(p);

	p->pos = pos;
	return word;
}

bool text_word_is(const struct word *word, const char *text)
{
	return strlen(text) == word->len &&
	       !memcmp(word->text, text, word->len);
}

bool text_word_starts_with(const struct word *word, const char *prefix,
			   struct word *rest)
{
	size_t len = strlen(prefix);

	if (word->len < len || memcmp(word->text, prefix, len))
		return false;
	rest->text = word->text + len;
	rest->len = word->len - len;
	rest->column = word->column;
	return true;
}

/* Numbers */

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Decimal or 0x hex.  What is too large becomes UINT64_MAX. */
static bool read_number(const struct word *word, u64 *number)
{
	struct word digits = *word;
	bool too_large = false;
	u64 base = 10;

	if (text_word_starts_with(word, "0x", &digits) ||
	    text_word_starts_with(word, "0X", &digits))
		base = 16;
	*number = 0;
	for (size_t i = 0; i < digits.len; i++) {
		u64 digit = (u64)digit_value(digits.text[i]);

		if (digit >= base)
			return false;
		too_large |= __builtin_mul_overflow(*number, base, number);
		too_large |= __builtin_add_overflow(*number, digit, number);
	}
	if (too_large)
		*number = UINT64_MAX;
	return digits.len;
}

int text_number(struct parser *p, const struct word *found,
		const struct word *digits, const char *what, u64 min, u64 max,
		u64 *number)
{
	if (!read_number(digits, number))
		return text_fail(
			p, found->column,
			"expected %s (a number, decimal or 0x hex), found %s",
			what, text_show(found).text);
	if (*number < min || *number > max)
		return text_fail(p, found->column,
				 "expected %s from %llu to %llu, found %s",
				 what, (unsigned long long)min,
				 (unsigned long long)max,
				 text_show(found).text);
	return 0;
}

int text_next_number(struct parser *p, const char *what, u64 min, u64 max,
		     u64 *number)
{
	struct word word = text_next_word(p);

	return text_number(p, &word, &word, what, min, max, number);
}
