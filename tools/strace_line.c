// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of a strace log, with or without what -f, -o, -t, -tt, -ttt, -r, -i, -n
 * and -Y put before the call:
 *
 *	[pid  4711] 12:00:00.123456 mmap(NULL, 8192, ...) = 0x7f... <0.000021>
 *	4711<sh>  1700000000.123456 [00007f...] brk(NULL <unfinished ...>
 */
#include <ctype.h>
#include <string.h>
#include "strace_line.h"

bool span_is(struct span span, const char *word)
{
	return span.len == strlen(word) && !memcmp(span.p, word, span.len);
}

bool span_starts(struct span span, const char *word)
{
	size_t len = strlen(word);

	return span.len >= len && !memcmp(span.p, word, len);
}

struct span span_of(const char *word)
{
	return (struct span){ word, strlen(word) };
}

static bool span_ends(struct span span, const char *word)
{
	size_t len = strlen(word);

	return span.len >= len && !memcmp(span.p + span.len - len, word, len);
}

struct span span_skip(struct span span, size_t len)
{
	len = min_u64(len, span.len);
	span.p += len;
	span.len -= len;
	return span;
}

static bool strace_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span skip_blanks(struct span span)
{
	while (span.len && strace_is_blank(*span.p))
		span = span_skip(span, 1);
	return span;
}

struct span span_trim(struct span span)
{
	span = skip_blanks(span);
	while (span.len && strace_is_blank(span.p[span.len - 1]))
		span.len--;
	return span;
}

size_t span_pid(struct span span, u32 *pid)
{
	u64 number = 0;
	size_t i = 0;

	while (i < span.len && isdigit((unsigned char)span.p[i])) {
		number = number * 10 + (u64)(span.p[i++] - '0');
		if (number > INT32_MAX)
			return 0;
	}
	*pid = (u32)number;
	return i;
}

/* How long the first word is. */
static size_t first_word_len(struct span span)
{
	size_t i = 0;

	while (i < span.len && !strace_is_blank(span.p[i]))
		i++;
	return i;
}

/* -Y: the command's name after the pid, which may hold blanks. */
static size_t comm_len(struct span span)
{
	const char *end;

	if (!span.len || *span.p != '<')
		return 0;
	end = memchr(span.p, '>', span.len);
	return end ? (size_t)(end - span.p) + 1 : 0;
}

/* "[pid 4711] " or "[pid 4711<sh>] ". */
static struct span skip_bracket_pid(struct strace_line *line, struct span text)
{
	struct span rest = skip_blanks(span_skip(text, 4));
	size_t len = span_pid(rest, &line->pid);

	rest = span_skip(rest, len);
	rest = span_skip(rest, comm_len(rest));
	if (!len || !rest.len || *rest.p != ']')
		return text;
	line->has_pid = true;
	return skip_blanks(span_skip(rest, 1));
}

#define PID_MAX_LIMIT 4194304 /* include/linux/threads.h */

/*
 * "4711  ", as with -o: all digits, so no time of day and no fraction; nor
 * seconds since 1970, which no pid is as high as.
 */
static struct span skip_bare_pid(struct strace_line *line, struct span text)
{
	size_t len = span_pid(text, &line->pid);
	struct span rest = span_skip(text, len);

	if (!len || line->pid > PID_MAX_LIMIT)
		return text;
	rest = span_skip(rest, comm_len(rest));
	if (!rest.len || !strace_is_blank(*rest.p))
		return text;
	line->has_pid = true;
	return skip_blanks(rest);
}

/* A word of digits and the marks of times: "12:00:00.1", "(+", "0.1)". */
static size_t time_len(struct span text)
{
	size_t len = first_word_len(text), digits = 0;

	for (size_t i = 0; i < len; i++) {
		if (isdigit((unsigned char)text.p[i]))
			digits++;
		else if (!strchr(":.()+", text.p[i]))
			return 0;
	}
	return digits || (len == 2 && span_starts(text, "(+")) ? len : 0;
}

/* "[00007f12] " or "[  59] ": -i, -n. */
static size_t number_in_brackets(struct span text)
{
	size_t i = 1;

	if (!text.len || *text.p != '[')
		return 0;
	while (i < text.len &&
	       (strace_is_blank(text.p[i]) || text.p[i] == '?' ||
		isxdigit((unsigned char)text.p[i])))
		i++;
	return i < text.len && i > 1 && text.p[i] == ']' ? i + 1 : 0;
}

static struct span skip_prefix(struct strace_line *line, struct span text)
{
	text = skip_blanks(text);
	if (span_starts(text, "[pid "))
		text = skip_bracket_pid(line, text);
	else
		text = skip_bare_pid(line, text);
	/* Time, relative time (two words) and two numbers in brackets. */
	for (int i = 0; i < 5; i++) {
		size_t len = time_len(text);

		if (!len)
			len = number_in_brackets(text);
		text = skip_blanks(span_skip(text, len));
	}
	return text;
}

static size_t name_len(struct span text)
{
	size_t i = 0;

	while (i < text.len &&
	       (islower((unsigned char)text.p[i]) || text.p[i] == '_' ||
		(i && isdigit((unsigned char)text.p[i]))))
		i++;
	return i;
}

/* "strace: Process 4711 attached", older: "Process 4711 attached". */
static bool is_attached(struct span text, u32 *other)
{
	size_t len;

	if (span_starts(text, "strace: "))
		text = span_skip(text, 8);
	if (!span_starts(text, "Process "))
		return false;
	text = span_skip(text, 8);
	len = span_pid(text, other);
	return len && span_starts(span_skip(text, len), " attached");
}

static bool is_note(struct strace_line *line, struct span text)
{
	static const struct {
		const char *start, *what;
	} notes[] = {
		{ "--- ", "(a signal)" },
		{ "strace: ", "(a word of strace's)" },
		{ "[ Process ", "(a word of strace's)" },
		{ "Process ", "(a word of strace's)" },
		{ "> ", "(a stack)" },
		{ "% time ", "(a summary)" },
		{ "------ ", "(a summary)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
		if (!span_starts(text, notes[i].start))
			continue;
		line->name = span_of(notes[i].what);
		return true;
	}
	return false;
}

/* A row of -c's and -C's table: "  0.00    0.000000           0        18 mmap". */
static bool is_summary_row(struct span text)
{
	u32 nr = 0;
	size_t i = 0;

	text = span_trim(text);
	for (;; nr++) {
		size_t len = first_word_len(text);

		for (i = 0; i < len; i++)
			if (!isdigit((unsigned char)text.p[i]) &&
			    text.p[i] != '.')
				break;
		if (!len || i < len)
			break;
		text = skip_blanks(span_skip(text, len));
	}
	return nr >= 3 && text.len && name_len(text) == text.len;
}

static enum strace_kind plus_kind(struct strace_line *line, struct span text)
{
	static const char by[] = "superseded by execve in pid ";

	text = span_skip(text, 4);
	if (span_starts(text, "exited with ") ||
	    span_starts(text, "killed by "))
		return STRACE_GONE;
	if (!span_starts(text, by))
		return STRACE_UNKNOWN;
	text = span_skip(text, sizeof(by) - 1);
	return span_pid(text, &line->other) ? STRACE_SUPERSEDED :
					      STRACE_UNKNOWN;
}

/* "<... mmap resumed>" and what follows; an old strace has a blank before. */
static enum strace_kind resumed_kind(struct strace_line *line, struct span text)
{
	static const char resumed[] = " resumed>";

	text = span_skip(text, 5);
	line->name.p = text.p;
	line->name.len = name_len(text);
	text = span_skip(text, line->name.len);
	if (!line->name.len || !span_starts(text, resumed))
		return STRACE_UNKNOWN;
	line->body = span_skip(text, sizeof(resumed) - 1);
	return STRACE_RESUMED;
}

static enum strace_kind call_kind(struct strace_line *line, struct span text)
{
	static const char unfinished[] = "<unfinished ...>";
	static const char detached[] = "<detached ...>";
	size_t len = name_len(text), cut;
	struct span args, result;

	if (!len || len == text.len || text.p[len] != '(')
		return STRACE_UNKNOWN;
	line->name = (struct span){ text.p, len };
	line->body = span_skip(text, len + 1);
	text = span_trim(text);
	cut = span_ends(text, unfinished) ? sizeof(unfinished) - 1 :
	      span_ends(text, detached)	  ? sizeof(detached) - 1 :
					    0;
	if (cut) {
		/* A call that never comes back has both: exit_group(0) = ? */
		if (strace_split_body(line->body, &args, &result))
			return STRACE_CALL;
		line->body.len =
			(size_t)(text.p + text.len - line->body.p) - cut;
		return STRACE_UNFINISHED;
	}
	return strace_split_body(line->body, &args, &result) ? STRACE_CALL :
							       STRACE_UNKNOWN;
}

void strace_line_parse(struct strace_line *line, struct span text)
{
	struct span whole = text;

	*line = (struct strace_line){ .kind = STRACE_BLANK };
	text = span_trim(skip_prefix(line, text));
	if (!text.len)
		line->kind = line->has_pid ? STRACE_UNKNOWN : STRACE_BLANK;
	else if (is_attached(text, &line->other))
		line->kind = STRACE_ATTACHED;
	else if (is_note(line, text))
		line->kind = STRACE_NOTE;
	else if (span_starts(text, "+++ "))
		line->kind = plus_kind(line, text);
	else if (span_starts(text, "<... "))
		line->kind = resumed_kind(line, text);
	else
		line->kind = call_kind(line, text);
	if (line->kind == STRACE_UNKNOWN && is_summary_row(whole)) {
		line->kind = STRACE_NOTE;
		line->name = span_of("(a summary)");
	}
}

size_t strace_line_cut(struct span text, u32 *other)
{
	static const char notice[] = "strace: Process ";
	size_t len = sizeof(notice) - 1;

	if (!span_ends(text, " attached") || text.len < len)
		return 0;
	/* The last one: strings before it may say anything. */
	for (size_t i = text.len - len; i > 0; i--)
		if (!memcmp(text.p + i, notice, len))
			return is_attached(span_skip(text, i), other) ? i : 0;
	return 0;
}

/* Longer is no path and no explanation, and every search has an end. */
#define ATOM_MAX 8192

/*
 * After the descriptor 3 in 3</lib/x.so>, with -y.  -yy nests them, and sockets
 * have arrows in theirs.
 */
static size_t path_len(struct span span)
{
	u32 depth = 0;

	for (size_t i = 0; i < min_u64(span.len, ATOM_MAX); i++) {
		if (span.p[i] == '<')
			depth++;
		else if (span.p[i] == '>' && span.p[i - 1] != '-' && !--depth)
			return i + 1;
	}
	return 1;
}

static size_t string_len(struct span span)
{
	size_t i = 1;

	while (i < span.len && span.p[i] != '"')
		i += span.p[i] == '\\' ? 2 : 1;
	return min_u64(i + 1, span.len);
}

static size_t comment_len(struct span span)
{
	for (size_t i = 3; i < min_u64(span.len, ATOM_MAX); i++)
		if (span.p[i] == '/' && span.p[i - 1] == '*')
			return i + 1;
	return 1;
}

/* How much of @span is one thing that brackets and commas do not part. */
static size_t atom_len(struct span span, char before)
{
	if (*span.p == '"')
		return string_len(span);
	if (span_starts(span, "/*"))
		return comment_len(span);
	if (*span.p == '<' &&
	    (isalnum((unsigned char)before) || before == '_') &&
	    !span_starts(span, "<<"))
		return path_len(span);
	return 1;
}

/* The end of what is at the top level: a comma, or what closes it. */
static size_t level_end(struct span span, bool at_comma)
{
	u32 depth = 0;

	for (size_t i = 0; i < span.len;) {
		char c = span.p[i];

		if (!depth && (c == ')' || (at_comma && c == ',')))
			return i;
		if (c == '(' || c == '[' || c == '{')
			depth++;
		else if (depth && (c == ')' || c == ']' || c == '}'))
			depth--;
		i += atom_len(span_skip(span, i), i ? span.p[i - 1] : ' ');
	}
	return span.len;
}

bool strace_split_body(struct span body, struct span *args, struct span *result)
{
	size_t end = level_end(body, false);
	struct span rest;

	if (end == body.len)
		return false;
	*args = span_trim((struct span){ body.p, end });
	rest = skip_blanks(span_skip(body, end + 1));
	if (!span_starts(rest, "= "))
		return false;
	*result = span_trim(span_skip(rest, 2));
	return result->len > 0;
}

bool strace_arg(struct span args, u32 nr, struct span *arg)
{
	for (u32 i = 0; args.len; i++) {
		size_t end = level_end(args, true);

		*arg = span_trim((struct span){ args.p, end });
		if (i == nr)
			return arg->len > 0;
		args = span_skip(args, end + 1);
	}
	return false;
}
