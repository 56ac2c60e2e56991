/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line of a strace log: what kind it is, whose, and where its parts are.
 *
 * Nothing is copied: spans point into the line, which stays the caller's.
 */
#ifndef RMAPDIFF_TOOLS_STRACE_LINE_H
#define RMAPDIFF_TOOLS_STRACE_LINE_H

#include "../model/base/types.h"

struct span {
	const char *p;
	size_t len;
};

enum strace_kind {
	STRACE_CALL, /* name, and body: all after the parenthesis */
	STRACE_UNFINISHED, /* name, and body: as far as it goes */
	STRACE_RESUMED, /* name, and body: the rest */
	STRACE_GONE, /* +++ exited, killed +++ */
	STRACE_SUPERSEDED, /* +++ superseded by execve in pid OTHER +++ */
	STRACE_ATTACHED, /* strace: Process OTHER attached */
	STRACE_NOTE, /* no call: what it is instead is in name */
	STRACE_BLANK,
	STRACE_UNKNOWN,
};

struct strace_line {
	enum strace_kind kind;
	bool has_pid;
	u32 pid;
	u32 other;
	struct span name;
	struct span body;
};

/* @text: one line without its newline. */
void strace_line_parse(struct strace_line *line, struct span text);

/*
 * Where a notice of strace's (it and the log share standard error) cuts off a
 * line that goes on in the next one: the offset, and in @other whom it is
 * about.  0 if there is none, or nothing before it.
 */
size_t strace_line_cut(struct span text, u32 *other);

/*
 * Parts what follows a call's opening parenthesis into arguments and result
 * ("= " not included).  False if that is no call.
 */
bool strace_split_body(struct span body, struct span *args,
		       struct span *result);

/* Argument @nr of @args, from 0, without blanks around; false: not there. */
bool strace_arg(struct span args, u32 nr, struct span *arg);

struct span span_of(const char *word);
bool span_is(struct span span, const char *word);
bool span_starts(struct span span, const char *word);
struct span span_skip(struct span span, size_t len);
struct span span_trim(struct span span);

/* Digits at the start of @span, at most 2^31 - 1: how many; 0: none. */
size_t span_pid(struct span span, u32 *pid);

#endif
