// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: lines of text, wrapped, marked, cut and printed.
 */
#define _GNU_SOURCE /* vasprintf */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "explain_lines.h"

static void *text_room(struct text *text, size_t more)
{
	size_t need = text->len + more + 1;
	size_t cap = text->cap ? text->cap : 64;
	char *s;

	while (cap < need)
		cap *= 2;
	if (cap == text->cap)
		return text->s;
	s = realloc(text->s, cap);
	if (!s) {
		text->oom = true;
		return NULL;
	}
	text->s = s;
	text->cap = cap;
	return s;
}

void text_add(struct text *text, const char *fmt, ...)
{
	va_list args, again;
	int len;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len >= 0 && text_room(text, (size_t)len)) {
		vsnprintf(text->s + text->len, (size_t)len + 1, fmt, args);
		text->len += (size_t)len;
	}
	va_end(args);
}

const char *text_string(const struct text *text)
{
	return text->s ? text->s : "";
}

void text_clear(struct text *text)
{
	text->len = 0;
	if (text->s)
		text->s[0] = '\0';
}

void text_free(struct text *text)
{
	free(text->s);
	*text = (struct text){ 0 };
}

static struct line *new_line(struct lines *lines)
{
	struct line *line;

	if (lines->nr == lines->cap) {
		u32 cap = lines->cap ? 2 * lines->cap : 64;
		struct line *all = realloc(lines->all, cap * sizeof(*all));

		if (!all) {
			lines->oom = true;
			return NULL;
		}
		lines->all = all;
		lines->cap = cap;
	}
	line = &lines->all[lines->nr++];
	*line = (struct line){ .mark = ' ', .section = lines->section };
	return line;
}

static char *lines_copy(struct lines *lines, const char *text)
{
	char *s = strdup(text);

	if (!s)
		lines->oom = true;
	return s;
}

static void add_va(struct lines *lines, enum line_style style, const char *key,
		   const char *fmt, va_list args)
{
	struct line *line = new_line(lines);

	if (!line)
		return;
	line->style = style;
	if (vasprintf(&line->text, fmt, args) < 0) {
		line->text = NULL;
		lines->oom = true;
	}
	if (key)
		line->key = lines_copy(lines, key);
}

void lines_add(struct lines *lines, enum line_style style, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_va(lines, style, NULL, fmt, args);
	va_end(args);
}

void lines_add_keyed(struct lines *lines, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_va(lines, LINE_PLAIN, key, fmt, args);
	va_end(args);
}

void lines_add_head(struct lines *lines, const char *text)
{
	struct text key = { 0 };

	text_add(&key, "head %s", lines->section);
	lines_add_keyed(lines, text_string(&key), "%s", text);
	if (lines->nr)
		lines->all[lines->nr - 1].style = LINE_HEAD;
	lines->oom |= key.oom;
	text_free(&key);
}

static void line_free(struct line *line)
{
	free(line->text);
	free(line->key);
	free(line->state);
}

void lines_free(struct lines *lines)
{
	for (u32 i = 0; i < lines->nr; i++)
		line_free(&lines->all[i]);
	free(lines->all);
	*lines = (struct lines){ 0 };
}

void lines_starts_thing(struct lines *lines)
{
	if (lines->nr)
		lines->all[lines->nr - 1].starts = true;
}

void lines_no_ghost(struct lines *lines)
{
	if (lines->nr)
		lines->all[lines->nr - 1].no_ghost = true;
}

void lines_hang(struct lines *lines, size_t columns)
{
	if (lines->nr)
		lines->all[lines->nr - 1].hang = (u8)min_u64(columns, 60);
}

void lines_state(struct lines *lines, const char *state)
{
	struct line *line;

	if (!lines->nr)
		return;
	line = &lines->all[lines->nr - 1];
	free(line->state);
	line->state = lines_copy(lines, state);
}

void lines_add_text(struct lines *lines, enum line_style style,
		    const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		lines_add(lines, style, "%.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

/* Marks. */

static const char *state_of(const struct line *line)
{
	if (line->state)
		return line->state;
	return line->text ? line->text : "";
}

static int cmp_key(const void *a, const void *b)
{
	return strcmp((*(const struct line *const *)a)->key,
		      (*(const struct line *const *)b)->key);
}

/* The lines with keys, by key; *@nr of them.  NULL: none, or no memory. */
static const struct line **sort_by_key(const struct lines *lines, u32 *nr)
{
	const struct line **sorted =
		malloc((lines->nr + 1) * sizeof(struct line *));

	*nr = 0;
	for (u32 i = 0; i < lines->nr && sorted; i++)
		if (lines->all[i].key)
			sorted[(*nr)++] = &lines->all[i];
	if (sorted && *nr)
		qsort(sorted, *nr, sizeof(*sorted), cmp_key);
	return sorted;
}

static const struct line *find_key(const struct line **sorted, u32 nr,
				   const struct line *line)
{
	const struct line **found;

	if (!line->key || !nr)
		return NULL;
	found = bsearch(&line, sorted, nr, sizeof(*sorted), cmp_key);
	return found ? *found : NULL;
}

static char mark_of(const struct line *line, const struct line *before)
{
	if (!line->key)
		return ' ';
	if (!before)
		return '+';
	return strcmp(state_of(line), state_of(before)) ? '~' : ' ';
}

static void add_gone(struct lines *to, const struct line *line)
{
	struct line *gone = new_line(to);

	if (!gone)
		return;
	*gone = *line;
	gone->text = lines_copy(to, line->text ? line->text : "");
	gone->key = line->key ? lines_copy(to, line->key) : NULL;
	gone->state = NULL;
	gone->mark = '-';
}

/* Adds the lines of @before from @i on that are not there any more. */
static u32 add_all_gone(struct lines *to, const struct lines *before, u32 i,
			const struct line **now, u32 nr_now)
{
	for (; i < before->nr; i++) {
		const struct line *line = &before->all[i];

		if (!line->key)
			continue;
		if (find_key(now, nr_now, line))
			break;
		if (!line->no_ghost)
			add_gone(to, line);
	}
	return i;
}

void lines_mark(struct lines *now, const struct lines *before)
{
	struct lines marked = { 0 };
	u32 nr_now, nr_before;
	const struct line **by_key = sort_by_key(now, &nr_now);
	const struct line **old = sort_by_key(before, &nr_before);

	if (!by_key || !old) {
		now->oom = true;
		free(by_key);
		free(old);
		return;
	}
	for (u32 i = 0; i < now->nr; i++) {
		const struct line *was = find_key(old, nr_before, &now->all[i]);
		struct line *line = new_line(&marked);

		if (!line)
			break;
		*line = now->all[i];
		line->mark = mark_of(line, was);
		if (was)
			add_all_gone(&marked, before,
				     (u32)(was - before->all) + 1, by_key,
				     nr_now);
	}
	free(by_key);
	free(old);
	marked.section = now->section;
	marked.oom |= now->oom;
	free(now->all);
	*now = marked;
}

/* Cuts. */

/* A thing: its first line and those up to the next one, or the next head. */
static u32 thing_end(const struct lines *lines, u32 i)
{
	const char *section = lines->all[i].section;

	for (i++; i < lines->nr; i++) {
		const struct line *line = &lines->all[i];

		if (line->starts || line->style == LINE_HEAD ||
		    line->section != section)
			break;
	}
	return i;
}

static bool thing_changed(const struct lines *lines, u32 first, u32 end)
{
	for (u32 i = first; i < end; i++)
		if (lines->all[i].mark != ' ' ||
		    lines->all[i].style == LINE_POINT)
			return true;
	return false;
}

struct cut {
	u32 max;
	u32 nr_changed; /* things of this section that changed */
	u32 kept;
	u32 kept_changed;
	u32 dropped;
	const char *section;
};

static void cut_begin(struct cut *cut, const struct lines *lines, u32 from)
{
	cut->section = lines->all[from].section;
	cut->nr_changed = cut->kept = cut->kept_changed = cut->dropped = 0;
	for (u32 i = from;
	     i < lines->nr && lines->all[i].section == cut->section; i++)
		if (lines->all[i].starts)
			cut->nr_changed +=
				thing_changed(lines, i, thing_end(lines, i));
}

/* What changed has precedence over what did not. */
static bool cut_keeps(struct cut *cut, bool changed)
{
	u32 reserved = (u32)min_u64(cut->max, cut->nr_changed);

	if (changed) {
		if (cut->kept_changed == cut->max)
			return false;
		cut->kept_changed++;
		return true;
	}
	if (cut->kept + reserved >= cut->max)
		return false;
	cut->kept++;
	return true;
}

static void cut_end(struct cut *cut, struct lines *to)
{
	if (!cut->dropped)
		return;
	to->section = cut->section;
	lines_add(to, LINE_NOTE, "  ... %u more left out; --full shows them",
		  cut->dropped);
	cut->dropped = 0;
}

static u32 section_end(const struct lines *lines, u32 i)
{
	const char *section = lines->all[i].section;

	while (i < lines->nr && lines->all[i].section == section)
		i++;
	return i;
}

void lines_fold_unchanged(struct lines *lines)
{
	struct lines kept = { .section = lines->section, .oom = lines->oom };
	u32 i = 0;

	while (i < lines->nr) {
		u32 first = i, end = section_end(lines, i);
		bool changed = thing_changed(lines, first, end);

		for (; i < end; i++) {
			struct line *line = &lines->all[i];
			struct line *to =
				changed || i == first ? new_line(&kept) : NULL;

			if (to)
				*to = *line;
			else
				line_free(line);
		}
		if (!changed && kept.nr) {
			struct line *head = &kept.all[kept.nr - 1];
			size_t len = strcspn(head->text ? head->text : "", ",");
			struct text text = { 0 };

			text_add(&text, "%.*s: unchanged", (int)len,
				 head->text);
			free(head->text);
			head->text = text.s;
			head->style = LINE_NOTE;
		}
	}
	free(lines->all);
	*lines = kept;
}

void lines_cut(struct lines *lines, u32 max)
{
	struct lines kept = { 0 };
	struct cut cut = { .max = max };
	u32 i = 0;

	while (i < lines->nr) {
		u32 end = lines->all[i].starts ? thing_end(lines, i) : i + 1;
		bool keep = true;

		if (lines->all[i].section != cut.section ||
		    lines->all[i].style == LINE_HEAD) {
			cut_end(&cut, &kept);
			if (lines->all[i].section != cut.section)
				cut_begin(&cut, lines, i);
		}
		if (lines->all[i].starts)
			keep = cut_keeps(&cut, thing_changed(lines, i, end));
		cut.dropped += !keep;
		for (; i < end; i++) {
			struct line *to = keep ? new_line(&kept) : NULL;

			if (to)
				*to = lines->all[i];
			else
				line_free(&lines->all[i]);
		}
	}
	cut_end(&cut, &kept);
	kept.oom |= lines->oom;
	free(lines->all);
	*lines = kept;
}

/* Printing. */

static size_t indent_of(const char *text)
{
	return min_u64(strspn(text, " "), TEXT_COLUMNS / 2);
}

/* How much of @text goes on one line of @room columns: up to a blank. */
static size_t piece_len(const char *text, size_t room)
{
	size_t len = strlen(text);

	if (len <= room)
		return len;
	for (len = room; len > room / 2; len--)
		if (text[len] == ' ')
			return len;
	return room;
}

bool line_next_piece(const struct line *line, size_t *from,
		     char piece[TEXT_COLUMNS + 1])
{
	const char *text = line->text ? line->text : "";
	size_t indent = 0, len;

	if (*from && !text[*from])
		return false;
	if (*from)
		indent = line->hang ? line->hang : indent_of(text) + 2;
	indent = min_u64(indent, TEXT_COLUMNS / 2);
	len = piece_len(text + *from, TEXT_COLUMNS - indent);
	snprintf(piece, TEXT_COLUMNS + 1, "%*s%.*s", (int)indent, "", (int)len,
		 text + *from);
	for (char *at = piece; (at = strchr(at, *NO_BREAK)); at++)
		*at = ' ';
	*from += len;
	*from += strspn(text + *from, " ");
	/* An empty line is one piece too; no second time. */
	return len || indent == 0;
}

static const char *colour_of(const struct line *line)
{
	static const char *const by_style[] = {
		[LINE_PLAIN] = "",	     [LINE_TITLE] = "\033[1;7m",
		[LINE_HEAD] = "\033[1m",     [LINE_NOTE] = "\033[2m",
		[LINE_POINT] = "\033[31;1m", [LINE_REPORT] = "\033[31m",
	};

	switch (line->mark) {
	case '+':
		return "\033[32m";
	case '-':
		return "\033[31m";
	case '~':
		return "\033[33m";
	default:
		return by_style[line->style];
	}
}

static void print_piece(const struct line *line, const char *piece, FILE *out,
			const char *colour)
{
	char text[COLUMNS_MAX + 1];
	size_t len;

	snprintf(text, sizeof(text), "%c %s", line->mark, piece);
	for (len = strlen(text); len && text[len - 1] == ' '; len--)
		;
	text[len] = '\0';
	fprintf(out, "%s%s%s\n", len ? colour : "", text,
		len && *colour ? "\033[0m" : "");
}

void lines_print(const struct lines *lines, FILE *out, bool colour)
{
	char piece[TEXT_COLUMNS + 1];

	for (u32 i = 0; i < lines->nr; i++) {
		const struct line *line = &lines->all[i];
		size_t from = 0;

		/* Every line has a first piece, an empty one too. */
		do {
			if (!line_next_piece(line, &from, piece))
				break;
			print_piece(line, piece, out,
				    colour ? colour_of(line) : "");
		} while (line->text && line->text[from]);
	}
}
