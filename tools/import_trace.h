/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strace log as events: whole calls in the order in which they took effect,
 * each with its task.
 */
#ifndef RMAPDIFF_TOOLS_IMPORT_TRACE_H
#define RMAPDIFF_TOOLS_IMPORT_TRACE_H

#include "import_notes.h"
#include "strace_call.h"

/* The log's first task where it does not say its pid. */
#define TID_FIRST 0

enum event_kind {
	EVENT_NONE, /* what was to come is not understood */
	EVENT_CALL,
	EVENT_CALL_ENDS, /* of a fork only: the parent goes on */
	EVENT_SEEN, /* this task has its first line here */
	EVENT_GONE, /* the task is no more */
	EVENT_SUPERSEDED, /* the task is what OTHER was: it called execve */
};

struct event {
	enum event_kind kind;
	u32 line; /* from 1; of a call, where it begins */
	u32 tid;
	u32 other; /* EVENT_SUPERSEDED */
	bool whole; /* EVENT_CALL: it ends here, too */
	struct call call; /* EVENT_CALL, EVENT_CALL_ENDS */
};

struct joined; /* lines put together again */

struct trace {
	struct event *events;
	size_t nr;
	size_t cap;
	struct log_lines lines;
	u32 nr_calls; /* of any kind */
	u32 first_pid; /* of TID_FIRST, 0 if the log never says */
	struct joined *joined;
};

/*
 * @text must outlive @trace, which points into it.  0 or -ENOMEM; @trace is
 * then still to be freed.  @notes raises the classes of @trace->lines from now
 * on; what is not understood is LINE_UNKNOWN there.
 */
int trace_read(struct trace *trace, struct notes *notes, struct span text);
void trace_free(struct trace *trace);

#endif
