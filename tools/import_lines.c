// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include "import_lines.h"

int log_lines_add(struct log_lines *lines, struct span text)
{
	struct log_line *all = lines->all;

	if (lines->nr == lines->cap) {
		u32 cap = lines->cap ? lines->cap * 2 : 256;

		/* Lines are numbered with 32 bits. */
		if (cap < lines->cap)
			return -ENOMEM;
		all = realloc(all, cap * sizeof(*all));
		if (!all)
			return -ENOMEM;
		lines->all = all;
		lines->cap = cap;
	}
	all[lines->nr] = (struct log_line){ .what = text,
					    .part_of = lines->nr + 1,
					    .class = LINE_UNKNOWN };
	lines->nr++;
	return 0;
}

void log_lines_free(struct log_lines *lines)
{
	free(lines->all);
	lines->all = NULL;
	lines->nr = lines->cap = 0;
}

/* The first line of @line's call.  Each step leads to an earlier line. */
static struct log_line *root(const struct log_lines *lines, u32 line)
{
	struct log_line *all = lines->all - 1;

	while (all[line].part_of != line) {
		/* Make the way shorter for the next that goes it. */
		all[line].part_of = all[all[line].part_of].part_of;
		line = all[line].part_of;
	}
	return &all[line];
}

void log_lines_join(struct log_lines *lines, u32 line, u32 earlier)
{
	struct log_line *later = root(lines, line);
	struct log_line *first = root(lines, earlier);

	if (first >= later)
		return;
	if (later->class > first->class)
		first->class = later->class;
	later->part_of = first->part_of;
}

void log_lines_raise(struct log_lines *lines, u32 line, enum line_class class)
{
	struct log_line *first = root(lines, line);

	if (class > first->class)
		first->class = (u8) class;
}

void log_lines_idle(struct log_lines *lines, u32 line, struct span what)
{
	struct log_line *first = root(lines, line);

	if (first->class > LINE_IDLE)
		return;
	first->class = LINE_IDLE;
	first->what = what;
}

const struct log_line *log_lines_look(const struct log_lines *lines, u32 line)
{
	return root(lines, line);
}
