// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text form's parser; print.c is its printer, docs/SCENARIOS.md the
 * reference.
 *
 * It goes through the text once, line by line, word by word, and stops
 * at the first error, with the place of the word and what could have stood
 * there.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../mm/mm.h"
#include "live.h"
#include "scenario.h"

#define LINE_MAX_BYTES 4096
#define FOUND_MAX 32 /* columns of a found word that an error shows */
#define FILE_OFF_MAX (1ULL << 32)
#define NTH_MAX 1000000

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
};

__attribute__((format(printf, 3, 4))) static int
fail(struct parser *p, u32 column, const char *fmt, ...)
{
	va_list args;

	p->err->line = p->line_nr;
	p->err->column = column;
	va_start(args, fmt);
	vsnprintf(p->err->text, sizeof(p->err->text), fmt, args);
	va_end(args);
	return -EINVAL;
}

struct found {
	char text[FOUND_MAX + 8];
};

/* @word for an error: printable, quoted, cut. */
static struct found show(const struct word *word)
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

static int fail_expected(struct parser *p, const struct word *found,
			 const char *expected)
{
	return fail(p, found->column, "expected %s, found %s", expected,
		    show(found).text);
}

/* A piece of an error's text that is put together of parts. */
struct list {
	char text[144]; /* with a found word and more, fits into an error */
	size_t used;
};

/* Appends @part after ", "; false, with "..." at the end, when it is full. */
static bool list_add(struct list *list, const char *part)
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

static struct word next_word(struct parser *p)
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

static struct word peek_word(struct parser *p)
{
	const char *pos = p->pos;
	struct word word = next_word(p);

	p->pos = pos;
	return word;
}

static bool word_is(const struct word *word, const char *text)
{
	return strlen(text) == word->len &&
	       !memcmp(word->text, text, word->len);
}

/* Is @word @prefix and something more?  Then @rest is what follows. */
static bool word_starts_with(const struct word *word, const char *prefix,
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

	if (word_starts_with(word, "0x", &digits) ||
	    word_starts_with(word, "0X", &digits))
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

/* The number that @digits is; it is, or is part of, the word @found. */
static int parse_number(struct parser *p, const struct word *found,
			const struct word *digits, const char *what, u64 min,
			u64 max, u64 *number)
{
	if (!read_number(digits, number))
		return fail(
			p, found->column,
			"expected %s (a number, decimal or 0x hex), found %s",
			what, show(found).text);
	if (*number < min || *number > max)
		return fail(p, found->column,
			    "expected %s from %llu to %llu, found %s", what,
			    (unsigned long long)min, (unsigned long long)max,
			    show(found).text);
	return 0;
}

static int parse_next_number(struct parser *p, const char *what, u64 min,
			     u64 max, u64 *number)
{
	struct word word = next_word(p);

	return parse_number(p, &word, &word, what, min, max, number);
}

/* Words out of a table: PROT, ADVICE */

static int parse_choice(struct parser *p, const char *what,
			const char *const *choices, u32 nr, u8 *choice)
{
	struct word word = next_word(p);
	struct list list = { .used = 0 };

	for (u32 i = 0; i < nr; i++)
		if (word_is(&word, choices[i])) {
			*choice = (u8)i;
			return 0;
		}
	for (u32 i = 0; i < nr - 1 && list_add(&list, choices[i]); i++)
		;
	return fail(p, word.column, "expected %s (%s or %s), found %s", what,
		    list.text, choices[nr - 1], show(&word).text);
}

/* Processes */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_proc_name(const struct word *word)
{
	if (!word->len || word->len > SCENARIO_NAME_MAX ||
	    !is_letter(word->text[0]))
		return false;
	for (size_t i = 1; i < word->len; i++) {
		char c = word->text[i];

		if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return true;
}

/* Where @word is in the index, or where it would go. */
static u32 index_place(const struct parser *p, const struct word *word)
{
	const struct name_index *index = &p->index;
	u32 hash = 2166136261U; /* FNV-1a */
	u32 place;

	for (size_t i = 0; i < word->len; i++)
		hash = (hash ^ (u8)word->text[i]) * 16777619U;
	/* Ends: a place is always free. */
	for (place = hash & (index->size - 1); index->places[place];
	     place = (place + 1) & (index->size - 1))
		if (word_is(word, p->sc->names[index->places[place] - 1]))
			break;
	return place;
}

static void index_slot(struct parser *p, u32 slot)
{
	const char *name = p->sc->names[slot];
	struct word word = { name, strlen(name), 0 };

	p->index.places[index_place(p, &word)] = slot + 1;
}

/* Room for one name more than there are slots. */
static int index_grow(struct parser *p)
{
	u32 size = p->index.size ? p->index.size * 2 : 16;
	u32 *places;

	if ((p->sc->nr_procs + 1) * 2 < p->index.size)
		return 0;
	places = calloc(size, sizeof(*places));
	if (!places)
		return -ENOMEM;
	free(p->index.places);
	p->index = (struct name_index){ places, size };
	for (u32 slot = 0; slot < p->sc->nr_procs; slot++)
		index_slot(p, slot);
	return 0;
}

/* The slot of @word in @slot; false if nothing is called that. */
static bool find_proc(const struct parser *p, const struct word *word,
		      u32 *slot)
{
	u32 entry = p->index.places[index_place(p, word)];

	*slot = entry - 1;
	return entry;
}

static int add_proc(struct parser *p, const struct word *word, u32 *slot)
{
	int err;

	*slot = p->sc->nr_procs;
	if (*slot == SCENARIO_PROCS_MAX)
		return fail(p, word->column,
			    "%s is one name too many: expected at most %u",
			    show(word).text, SCENARIO_PROCS_MAX);
	err = scenario_name_slots(p->sc, *slot + 1);
	if (err)
		return err;
	/* is_proc_name() has seen that it fits. */
	memset(p->sc->names[*slot], 0, sizeof(p->sc->names[*slot]));
	memcpy(p->sc->names[*slot], word->text, word->len);
	err = index_grow(p);
	if (!err)
		index_slot(p, *slot);
	return err;
}

static int fail_not_alive(struct parser *p, const struct word *word)
{
	struct list list = { .used = 0 };

	if (!p->live.nr)
		return fail(p, word->column,
			    "process %s is not alive here; none is",
			    show(word).text);
	for (u32 slot = 0; slot < p->sc->nr_procs; slot++)
		if (live_has(&p->live, slot) &&
		    !list_add(&list, p->sc->names[slot]))
			break;
	return fail(p, word->column,
		    "process %s is not alive here; alive %s %s",
		    show(word).text, p->live.nr == 1 ? "is" : "are", list.text);
}

static int fail_proc_name(struct parser *p, const struct word *word,
			  const char *what)
{
	return fail(p, word->column,
		    "expected %s (a letter, then letters, digits or _, at most "
		    "%d in all), found %s",
		    what, SCENARIO_NAME_MAX, show(word).text);
}

static int parse_proc(struct parser *p, u32 *slot)
{
	struct word word = next_word(p);

	if (!is_proc_name(&word))
		return fail_proc_name(p, &word, "PROC");
	if (!find_proc(p, &word, slot) || !live_has(&p->live, *slot))
		return fail_not_alive(p, &word);
	return 0;
}

/* A new name, or that of a process that has exited. */
static int parse_child(struct parser *p, u32 *slot)
{
	struct word word = next_word(p);

	if (!is_proc_name(&word))
		return fail_proc_name(p, &word, "CHILD");
	if (!find_proc(p, &word, slot))
		return add_proc(p, &word, slot);
	if (live_has(&p->live, *slot))
		return fail(p, word.column,
			    "expected CHILD, a name that nobody has; process "
			    "%s is alive here",
			    show(&word).text);
	return 0;
}

/* Fields */

static int parse_len_optional(struct parser *p, struct op *op)
{
	struct word word = peek_word(p);

	op->len = 1;
	if (!word.len || word_is(&word, "="))
		return 0;
	return parse_next_number(p, "LEN", 1, SCENARIO_TOUCH_MAX, &op->len);
}

/* Options come later, in any order: parse_option(). */
static int parse_field(struct parser *p, struct op *op, enum op_field field)
{
	const char *what = op_field_words[field];

	switch (field) {
	case FIELD_PROC:
		return parse_proc(p, &op->proc);
	case FIELD_CHILD:
		return parse_child(p, &op->child);
	case FIELD_PAGE:
		return parse_next_number(p, what, 0, SCENARIO_PAGE_MAX,
					 &op->page);
	case FIELD_LEN:
	case FIELD_OLD:
		return parse_next_number(p, what, 0, SCENARIO_PAGE_MAX,
					 &op->len);
	case FIELD_LEN_OPTIONAL:
		return parse_len_optional(p, op);
	case FIELD_NEW:
		return parse_next_number(p, what, 0, SCENARIO_PAGE_MAX,
					 &op->new_len);
	case FIELD_PROT:
		return parse_choice(p, what, op_prot_names, NR_OP_PROTS,
				    &op->prot);
	case FIELD_ADVICE:
		return parse_choice(p, what, op_advice_names, NR_ADVICE,
				    &op->advice);
	case FIELD_NTH:
		return parse_next_number(p, what, 0, NTH_MAX, &op->len);
	default:
		return 0;
	}
}

static int parse_file(struct parser *p, struct op *op, const struct word *word,
		      const struct word *value)
{
	const char *at = memchr(value->text, '@', value->len);
	struct word file = *value, off = *value;
	u64 number;
	int err;

	if (!at)
		return fail_expected(p, word, "file=N@OFF");
	file.len = (size_t)(at - file.text);
	off.text = at + 1;
	off.len = value->len - file.len - 1;
	err = parse_number(p, word, &file, "N of file=N@OFF", 0, NR_FILES - 1,
			   &number);
	if (err)
		return err;
	op->file = (u8)number;
	return parse_number(p, word, &off, "OFF of file=N@OFF", 0, FILE_OFF_MAX,
			    &op->off);
}

/* What may follow the fields of @op, for an error. */
static struct list what_follows(const struct op *op)
{
	enum op_kind kind = (enum op_kind)op->kind;
	struct list list = { .used = 0 };

	if (op_takes(kind, FIELD_FILE) && !(op->flags & OP_HAS_FILE))
		list_add(&list, "file=N@OFF");
	if (op_takes(kind, FIELD_TO) && !(op->flags & OP_HAS_TO))
		list_add(&list, "to=PAGE");
	if (op_takes(kind, FIELD_DONTUNMAP) && !(op->flags & OP_DONTUNMAP))
		list_add(&list, "dontunmap");
	if (kind != OP_FAILALLOC)
		list_add(&list, "= RESULT");
	list_add(&list, "the end of the line");
	return list;
}

static int set_option(struct parser *p, struct op *op, const struct word *word,
		      u8 flag)
{
	if (op->flags & flag)
		return fail(p, word->column,
			    "expected each option at most once, found %s",
			    show(word).text);
	op->flags |= flag;
	return 0;
}

static int parse_option(struct parser *p, struct op *op,
			const struct word *word)
{
	enum op_kind kind = (enum op_kind)op->kind;
	struct word value;
	int err;

	if (op_takes(kind, FIELD_FILE) &&
	    word_starts_with(word, "file=", &value)) {
		err = set_option(p, op, word, OP_HAS_FILE);
		return err ? err : parse_file(p, op, word, &value);
	}
	if (op_takes(kind, FIELD_TO) && word_starts_with(word, "to=", &value)) {
		err = set_option(p, op, word, OP_HAS_TO);
		return err ? err :
			     parse_number(p, word, &value, "PAGE of to=PAGE", 0,
					  SCENARIO_PAGE_MAX, &op->to);
	}
	if (op_takes(kind, FIELD_DONTUNMAP) && word_is(word, "dontunmap"))
		return set_option(p, op, word, OP_DONTUNMAP);
	return fail_expected(p, word, what_follows(op).text);
}

static int parse_end(struct parser *p)
{
	struct word word = next_word(p);

	if (word.len)
		return fail_expected(p, &word, "the end of the line");
	return 0;
}

/* " = NAME", after the "=". */
static int parse_result(struct parser *p, struct op *op)
{
	struct word word = next_word(p);
	int expected = errno_by_name(word.text, word.len);

	if (expected < 0)
		return fail_expected(p, &word,
				     "RESULT (0, or an errno such as ENOMEM)");
	op->flags |= OP_HAS_EXPECTED;
	op->expected = (u16)expected;
	return parse_end(p);
}

static int parse_rest(struct parser *p, struct op *op)
{
	/* Each turn takes a word off the line. */
	for (;;) {
		struct word word = next_word(p);
		int err;

		if (!word.len)
			return 0;
		if (word_is(&word, "=") && op->kind != OP_FAILALLOC)
			return parse_result(p, op);
		err = parse_option(p, op, &word);
		if (err)
			return err;
	}
}

/* Lines */

static int parse_base(struct parser *p, const struct word *word)
{
	int err;

	if (p->after_first)
		return fail(p, word->column,
			    "expected 'base' once, before all operations");
	err = parse_next_number(p, "the base, a page number,", 0,
				SCENARIO_PAGE_MAX, &p->sc->base);
	return err ? err : parse_end(p);
}

static int fail_no_op(struct parser *p, const struct word *word)
{
	struct list list = { .used = 0 };

	for (u32 i = 0; i < NR_OPS && list_add(&list, op_infos[i].name); i++)
		;
	return fail(p, word->column, "expected an operation (%s), found %s",
		    list.text, show(word).text);
}

static int parse_op(struct parser *p, const struct word *word)
{
	enum op_kind kind = op_by_name(word->text, word->len);
	const enum op_field *fields;
	struct op op;
	int err;

	if (kind == NR_OPS)
		return fail_no_op(p, word);
	if (p->sc->nr_ops == SCENARIO_OPS_MAX)
		return fail(p, word->column,
			    "one operation too many: expected at most %u",
			    SCENARIO_OPS_MAX);
	memset(&op, 0, sizeof(op));
	op.kind = (u8)kind;
	op.line = p->line_nr;
	fields = op_infos[kind].fields;
	for (u32 i = 0; i < OP_FIELDS_MAX && fields[i] != FIELD_END; i++) {
		err = parse_field(p, &op, fields[i]);
		if (err)
			return err;
	}
	err = parse_rest(p, &op);
	if (err)
		return err;
	live_apply(&p->live, &op);
	return scenario_add(p->sc, &op);
}

/* The line up to the comment into p->end; @end is where the line itself ends. */
static int check_line(struct parser *p, const char *end)
{
	const char *comment;

	if (end - p->line > LINE_MAX_BYTES)
		return fail(p, LINE_MAX_BYTES + 1,
			    "expected at most %d bytes in a line, found %zu",
			    LINE_MAX_BYTES, (size_t)(end - p->line));
	for (const char *c = p->line; c < end; c++)
		if (((u8)*c < ' ' && *c != '\t') || *c == 0x7f)
			return fail(p, (u32)(c - p->line) + 1,
				    "expected text, found control character "
				    "0x%02x",
				    (u8)*c);
	comment = memchr(p->line, '#', (size_t)(end - p->line));
	p->end = comment ? comment : end;
	return 0;
}

static int parse_line(struct parser *p, const char *end)
{
	struct word word;
	int err = check_line(p, end);

	if (err)
		return err;
	p->pos = p->line;
	word = next_word(p);
	if (!word.len)
		return 0;
	if (word_is(&word, "base"))
		err = parse_base(p, &word);
	else
		err = parse_op(p, &word);
	p->after_first = true;
	return err;
}

static int parse_lines(struct parser *p, const char *text, size_t len)
{
	const char *text_end = text + len;

	p->line = text;
	while (p->line < text_end) {
		const char *end =
			memchr(p->line, '\n', (size_t)(text_end - p->line));
		int err;

		p->line_nr++;
		err = parse_line(p, end ? end : text_end);
		if (err)
			return err;
		if (!end)
			break;
		p->line = end + 1;
	}
	return 0;
}

int scenario_parse(struct scenario *sc, const char *text, size_t len,
		   struct scenario_error *err)
{
	struct parser p = { .sc = sc, .err = err };
	int ret;

	live_init(&p.live);
	ret = index_grow(&p);
	if (!ret)
		ret = len ? parse_lines(&p, text, len) : 0;
	free(p.index.places);
	return ret;
}
