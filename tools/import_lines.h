/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of each line of a log: exactly one of the classes below, so that
 * no line is lost in silence.
 */
#ifndef RMAPDIFF_TOOLS_IMPORT_LINES_H
#define RMAPDIFF_TOOLS_IMPORT_LINES_H

#include "strace_line.h"

/* In order: a line that could be in two is in the later one. */
enum line_class {
	LINE_UNKNOWN, /* not understood; each line, until more is known */
	LINE_IDLE, /* understood, and nothing in a scenario changes by it */
	LINE_NOTED, /* left out, and a note says so */
	LINE_OPERATIONS, /* became operations, with or without a note */
	NR_LINE_CLASSES,
};

struct log_line {
	struct span what; /* the line; LINE_IDLE: the call's name */
	u32 part_of; /* the line where its call begins, perhaps itself */
	u8 class; /* enum line_class, where part_of is itself */
};

struct log_lines {
	struct log_line *all; /* [0] is line 1 */
	u32 nr;
	u32 cap;
};

/* Add the next line, in @text, which must outlive @lines.  0 or -ENOMEM. */
int log_lines_add(struct log_lines *lines, struct span text);
void log_lines_free(struct log_lines *lines);

/* @line continues the call of @earlier, and has its class from now on. */
void log_lines_join(struct log_lines *lines, u32 line, u32 earlier);

/* Raise the class of @line, and of all lines of its call. */
void log_lines_raise(struct log_lines *lines, u32 line, enum line_class class);

/* The same with LINE_IDLE, for the reason @what: a call's name, or "(...)". */
void log_lines_idle(struct log_lines *lines, u32 line, struct span what);

/* What stands for @line: its first one's class and reason. */
const struct log_line *log_lines_look(const struct log_lines *lines, u32 line);

#endif
