// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
/* Out of memory is said, not died of. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(elt) ((elt)->count = 0)
#include "import_notes.h"

void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

static struct note *note_of(struct notes *notes, const char *text, u32 line)
{
	struct note *note;

	HASH_FIND_STR(notes->all, text, note);
	if (note || HASH_COUNT(notes->all) >= NOTES_MAX)
		return note;
	note = calloc(1, sizeof(*note));
	if (!note) {
		notes->nomem = true;
		return NULL;
	}
	snprintf(note->text, sizeof(note->text), "%s", text);
	note->line = line;
	note->count = 1;
	HASH_ADD_STR(notes->all, text, note);
	if (!note->count) {
		free(note);
		notes->nomem = true;
		return NULL;
	}
	note->count = 0;
	return note;
}

void notes_add(struct notes *notes, u32 line, const char *fmt, ...)
{
	char text[NOTE_MAX];
	struct note *note;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	make_printable(text);
	note = note_of(notes, text, line);
	if (note) {
		note->count++;
		/* A note of an early line may be known at the end only. */
		if (line && line < note->line)
			note->line = line;
	} else {
		notes->others++;
	}
	if (notes->lines && line)
		log_lines_raise(notes->lines, line, LINE_NOTED);
}

void notes_print(const struct notes *notes, FILE *out, const char *before)
{
	const struct note *note;

	for (note = notes->all; note; note = note->hh.next) {
		fprintf(out, "%s%6" PRIu64 "  %s", before, note->count,
			note->text);
		if (note->line)
			fprintf(out, " (first: line %u)", note->line);
		fputc('\n', out);
	}
	if (notes->others)
		fprintf(out, "%s%6" PRIu64 "  of other kinds\n", before,
			notes->others);
}

void notes_free(struct notes *notes)
{
	struct note *note, *next;

	HASH_ITER(hh, notes->all, note, next)
	{
		HASH_DEL(notes->all, note);
		free(note);
	}
}
