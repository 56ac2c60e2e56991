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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../mm/mm.h"
#include "text.h"

#define LINE_MAX_BYTES 4096
#define FILE_OFF_MAX (1ULL << 32)
#define NTH_MAX 1000000

/* Words out of a table: PROT, ADVICE */

static int parse_choice(struct parser *p, const char *what,
			const char *const *choices, u32 nr, u8 *choice)
{
	struct word word = text_next_word(p);
	struct list list = { .used = 0 };

	for (u32 i = 0; i < nr; i++)
		if (text_word_is(&word, choices[i])) {
			*choice = (u8)i;
			return 0;
		}
	for (u32 i = 0; i < nr - 1 && text_list_add(&list, choices[i]); i++)
		;
	return text_fail(p, word.column, "expected %s (%s or %s), found %s",
			 what, list.text, choices[nr - 1],
			 text_show(&word).text);
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
		if (text_word_is(word, p->sc->names[index->places[place] - 1]))
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

static int parser_add_proc(struct parser *p, const struct word *word, u32 *slot)
{
	int err;

	*slot = p->sc->nr_procs;
	if (*slot == SCENARIO_PROCS_MAX)
		return text_fail(p, word->column,
				 "%s is one name too many: expected at most %u",
				 text_show(word).text, SCENARIO_PROCS_MAX);
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

/* p->live is as it was when the line began. */
static int fail_not_alive(struct parser *p, const struct word *word)
{
	struct list list = { .used = 0 };

	if (!p->live.nr)
		return text_fail(p, word->column,
				 "process %s is not alive here; none is",
				 text_show(word).text);
	for (u32 slot = 0; slot < p->sc->nr_procs; slot++)
		if (live_has(&p->live, slot) &&
		    !text_list_add(&list, p->sc->names[slot]))
			break;
	return text_fail(p, word->column,
			 "process %s is not alive here; alive %s %s",
			 text_show(word).text, p->live.nr == 1 ? "is" : "are",
			 list.text);
}

/* Is process @slot alive when the line begins that @p is in? */
static bool begins_alive(struct parser *p, u32 slot)
{
	bool alive;

	if (p->joins)
		live_rewind(&p->live);
	alive = live_has(&p->live, slot);
	if (p->joins)
		live_forward(&p->live);
	return alive;
}

static int fail_proc_name(struct parser *p, const struct word *word,
			  const char *what)
{
	return text_fail(
		p, word->column,
		"expected %s (a letter, then letters, digits or _, at most "
		"%d in all), found %s",
		what, SCENARIO_NAME_MAX, text_show(word).text);
}

static int parse_proc(struct parser *p, u32 *slot)
{
	struct word word = text_next_word(p);

	if (!is_proc_name(&word))
		return fail_proc_name(p, &word, "PROC");
	if (find_proc(p, &word, slot) && begins_alive(p, *slot))
		return 0;
	if (p->joins)
		live_rewind(&p->live);
	return fail_not_alive(p, &word);
}

/* A new name, or that of a process that has exited. */
static int parse_child(struct parser *p, u32 *slot)
{
	struct word word = text_next_word(p);

	if (!is_proc_name(&word))
		return fail_proc_name(p, &word, "CHILD");
	if (!find_proc(p, &word, slot))
		return parser_add_proc(p, &word, slot);
	if (begins_alive(p, *slot))
		return text_fail(
			p, word.column,
			"expected CHILD, a name that nobody has; process "
			"%s is alive here",
			text_show(&word).text);
	/* It was free when the line began, and is not any more. */
	if (p->joins && live_has(&p->live, *slot))
		return text_fail(
			p, word.column,
			"expected CHILD, a name that nobody has; process "
			"%s is born on this line already",
			text_show(&word).text);
	return 0;
}

/* Fields */

/* Is @word behind all fields and options? */
static bool ends_fields(const struct word *word)
{
	return !word->len || text_word_is(word, "=") ||
	       text_word_is(word, "||") || word->text[0] == '@';
}

static int parse_len_optional(struct parser *p, struct op *op)
{
	struct word word = text_peek_word(p);

	op->len = 1;
	if (ends_fields(&word))
		return 0;
	return text_next_number(p, "LEN", 1, SCENARIO_TOUCH_MAX, &op->len);
}

/* Options come later, in any order: parse_op_option(). */
static int parse_field(struct parser *p, struct op *op, enum op_field field)
{
	const char *what = op_field_words[field];

	switch (field) {
	case FIELD_PROC:
		return parse_proc(p, &op->proc);
	case FIELD_CHILD:
		return parse_child(p, &op->child);
	case FIELD_PAGE:
		return text_next_number(p, what, 0, SCENARIO_PAGE_MAX,
					&op->page);
	case FIELD_LEN:
	case FIELD_OLD:
		return text_next_number(p, what, 0, SCENARIO_PAGE_MAX,
					&op->len);
	case FIELD_LEN_OPTIONAL:
		return parse_len_optional(p, op);
	case FIELD_NEW:
		return text_next_number(p, what, 0, SCENARIO_PAGE_MAX,
					&op->new_len);
	case FIELD_PROT:
		return parse_choice(p, what, op_prot_names, NR_OP_PROTS,
				    &op->prot);
	case FIELD_ADVICE:
		return parse_choice(p, what, op_advice_names, NR_ADVICE,
				    &op->advice);
	case FIELD_NTH:
		return text_next_number(p, what, 0, NTH_MAX, &op->len);
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
		return text_fail_expected(p, word, "file=N@OFF");
	file.len = (size_t)(at - file.text);
	off.text = at + 1;
	off.len = value->len - file.len - 1;
	err = text_number(p, word, &file, "N of file=N@OFF", 0, NR_FILES - 1,
			  &number);
	if (err)
		return err;
	op->file = (u8)number;
	return text_number(p, word, &off, "OFF of file=N@OFF", 0, FILE_OFF_MAX,
			   &op->off);
}

/* What may follow @op and its result, for an error. */
static void list_ends(const struct parser *p, const struct op *op,
		      struct list *list)
{
	if (op->kind != OP_FAILALLOC &&
	    (!p->joins || p->live.nr_line < PARALLEL_MAX - 1))
		text_list_add(list, "||");
	if (p->joins)
		text_list_add(list, "@DIGITS");
	text_list_add(list, "the end of the line");
}

/* What may follow the fields of @op, for an error. */
static struct list what_follows(const struct parser *p, const struct op *op)
{
	enum op_kind kind = (enum op_kind)op->kind;
	struct list list = { .used = 0 };

	if (op_takes(kind, FIELD_FILE) && !(op->flags & OP_HAS_FILE))
		text_list_add(&list, "file=N@OFF");
	if (op_takes(kind, FIELD_TO) && !(op->flags & OP_HAS_TO))
		text_list_add(&list, "to=PAGE");
	if (op_takes(kind, FIELD_DONTUNMAP) && !(op->flags & OP_DONTUNMAP))
		text_list_add(&list, "dontunmap");
	if (kind != OP_FAILALLOC)
		text_list_add(&list, "= RESULT");
	list_ends(p, op, &list);
	return list;
}

static int set_option(struct parser *p, struct op *op, const struct word *word,
		      u8 flag)
{
	if (op->flags & flag)
		return text_fail(p, word->column,
				 "expected each option at most once, found %s",
				 text_show(word).text);
	op->flags |= flag;
	return 0;
}

static int parse_op_option(struct parser *p, struct op *op,
			   const struct word *word)
{
	enum op_kind kind = (enum op_kind)op->kind;
	struct word value;
	int err;

	if (op_takes(kind, FIELD_FILE) &&
	    text_word_starts_with(word, "file=", &value)) {
		err = set_option(p, op, word, OP_HAS_FILE);
		return err ? err : parse_file(p, op, word, &value);
	}
	if (op_takes(kind, FIELD_TO) &&
	    text_word_starts_with(word, "to=", &value)) {
		err = set_option(p, op, word, OP_HAS_TO);
		return err ? err :
			     text_number(p, word, &value, "PAGE of to=PAGE", 0,
					 SCENARIO_PAGE_MAX, &op->to);
	}
	if (op_takes(kind, FIELD_DONTUNMAP) && text_word_is(word, "dontunmap"))
		return set_option(p, op, word, OP_DONTUNMAP);
	return text_fail_expected(p, word, what_follows(p, op).text);
}

static int parse_end(struct parser *p)
{
	struct word word = text_next_word(p);

	if (word.len)
		return text_fail_expected(p, &word, "the end of the line");
	return 0;
}

/* Is @word what follows @op as a whole?  What @DIGITS are is seen later. */
static bool ends_op(const struct parser *p, const struct op *op,
		    const struct word *word)
{
	if (!word->len)
		return true;
	if (op->kind == OP_FAILALLOC)
		return false;
	if (text_word_is(word, "||"))
		return !p->joins || p->live.nr_line < PARALLEL_MAX - 1;
	return p->joins && word->text[0] == '@';
}

/* || or @DIGITS, where @op is no part of a group or the group is full. */
static int fail_no_group(struct parser *p, const struct op *op,
			 const struct word *word)
{
	if (op->kind == OP_FAILALLOC)
		return text_fail(
			p, word->column,
			"expected the end of the line, as failalloc runs "
			"at the same time as nothing, found %s",
			text_show(word).text);
	if (word->text[0] == '@')
		return text_fail(
			p, word->column,
			"expected @DIGITS on lines with || only, found %s",
			text_show(word).text);
	return text_fail(
		p, word->column,
		"expected at most %d operations on a line, found another "
		"%s",
		PARALLEL_MAX, text_show(word).text);
}

/* " = NAME", after the "=". */
static int parse_result(struct parser *p, struct op *op)
{
	struct word word = text_next_word(p);
	int expected = errno_by_name(word.text, word.len);
	struct list list = { .used = 0 };

	if (expected < 0)
		return text_fail_expected(
			p, &word, "RESULT (0, or an errno such as ENOMEM)");
	op->flags |= OP_HAS_EXPECTED;
	op->expected = (u16)expected;
	word = text_peek_word(p);
	if (ends_op(p, op, &word))
		return 0;
	if (text_word_is(&word, "||") || word.text[0] == '@')
		return fail_no_group(p, op, &word);
	list_ends(p, op, &list);
	return text_fail_expected(p, &word, list.text);
}

static int parse_rest(struct parser *p, struct op *op)
{
	/* Each turn takes a word off the line. */
	for (;;) {
		struct word word = text_peek_word(p);
		int err;

		if (ends_op(p, op, &word))
			return 0;
		text_next_word(p);
		if (text_word_is(&word, "=") && op->kind != OP_FAILALLOC)
			return parse_result(p, op);
		if (text_word_is(&word, "||") || word.text[0] == '@')
			return fail_no_group(p, op, &word);
		err = parse_op_option(p, op, &word);
		if (err)
			return err;
	}
}

/* Lines */

static int parse_base(struct parser *p, const struct word *word)
{
	int err;

	if (p->after_first)
		return text_fail(p, word->column,
				 "expected 'base' once, before all operations");
	err = text_next_number(p, "the base, a page number,", 0,
			       SCENARIO_PAGE_MAX, &p->sc->base);
	return err ? err : parse_end(p);
}

static int fail_no_op(struct parser *p, const struct word *word)
{
	struct list list = { .used = 0 };

	for (u32 i = 0; i < NR_OPS && text_list_add(&list, op_infos[i].name);
	     i++)
		;
	return text_fail(p, word->column,
			 "expected an operation (%s), found %s", list.text,
			 text_show(word).text);
}

static int parse_fields(struct parser *p, struct op *op)
{
	const enum op_field *fields = op_infos[op->kind].fields;

	for (u32 i = 0; i < OP_FIELDS_MAX && fields[i] != FIELD_END; i++) {
		int err = parse_field(p, op, fields[i]);

		if (err)
			return err;
	}
	return parse_rest(p, op);
}

/* @word is its name; who it names was looked at as they were read. */
static int check_joining(struct parser *p, const struct word *word,
			 const struct op *op)
{
	if (op->kind == OP_FAILALLOC)
		return text_fail(p, word->column,
				 "expected failalloc on a line of its own");
	if (live_clash(&p->live, op) == LIVE_ENDED)
		return text_fail(
			p, word->column,
			"process '%s' exits or execs on this line already",
			p->sc->names[op->proc]);
	return 0;
}

static int parse_op(struct parser *p, const struct word *word)
{
	enum op_kind kind = op_by_name(word->text, word->len);
	struct op op;
	int err;

	if (kind == NR_OPS)
		return fail_no_op(p, word);
	if (p->sc->nr_ops == SCENARIO_OPS_MAX)
		return text_fail(p, word->column,
				 "one operation too many: expected at most %u",
				 SCENARIO_OPS_MAX);
	memset(&op, 0, sizeof(op));
	op.kind = (u8)kind;
	op.line = p->line_nr;
	if (p->joins)
		op.flags = OP_PARALLEL;
	err = parse_fields(p, &op);
	if (!err && p->joins)
		err = check_joining(p, word, &op);
	if (err)
		return err;
	live_apply(&p->live, &op);
	return scenario_add(p->sc, &op);
}

/* @DIGITS at the end of a line with @nr operations, the last that were added. */
static int parse_schedule(struct parser *p, u32 nr)
{
	struct schedule *schedule = &p->sc->ops[p->sc->nr_ops - nr].schedule;
	struct word word = text_next_word(p);

	if (word.len < 2 || word.len > SCHEDULE_MAX + 1)
		return text_fail(p, word.column,
				 "expected @DIGITS, 1 to %d of them, found %zu",
				 SCHEDULE_MAX, word.len - 1);
	for (u32 i = 1; i < word.len; i++) {
		u32 digit = (u32)(u8)word.text[i] - '0';

		if (digit >= nr)
			return text_fail(p, word.column + i,
					 "expected digits from 0 to %u, the "
					 "operations of the line, found %s",
					 nr - 1, text_show(&word).text);
		schedule_add(schedule, digit);
	}
	return parse_end(p);
}

/* Operations, with || between; @word is the name of the first. */
static int parse_ops(struct parser *p, struct word word)
{
	u32 nr = 0;
	int err;

	/* ends_op() lets at most PARALLEL_MAX pass. */
	for (;;) {
		p->joins = nr > 0;
		err = parse_op(p, &word);
		if (err)
			return err;
		nr++;
		word = text_peek_word(p);
		if (!word.len)
			return 0;
		if (word.text[0] == '@')
			return parse_schedule(p, nr);
		text_next_word(p); /* || */
		word = text_next_word(p);
	}
}

/* The line up to the comment into p->end; @end is where the line itself ends. */
static int check_line(struct parser *p, const char *end)
{
	const char *comment;

	if (end - p->line > LINE_MAX_BYTES)
		return text_fail(
			p, LINE_MAX_BYTES + 1,
			"expected at most %d bytes in a line, found %zu",
			LINE_MAX_BYTES, (size_t)(end - p->line));
	for (const char *c = p->line; c < end; c++)
		if (((u8)*c < ' ' && *c != '\t') || *c == 0x7f)
			return text_fail(
				p, (u32)(c - p->line) + 1,
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
	word = text_next_word(p);
	if (!word.len)
		return 0;
	if (text_word_is(&word, "base"))
		err = parse_base(p, &word);
	else
		err = parse_ops(p, word);
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
