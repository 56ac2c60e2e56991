// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines to events.
 *
 * strace prints a call in two pieces when another task's line comes between.
 * When did it take effect?  What gives addresses away counts from when it
 * begins (another thread can be given them before the call has returned), what
 * takes addresses counts when it ends:
 *
 *	1 munmap(0x7f00, 4096 <unfinished ...>		munmap
 *	2 mmap(NULL, 4096, ...) = 0x7f00		mmap
 *	1 <... munmap resumed>) = 0
 *
 * A fork begins where it begins; whoever reads the events makes the child when
 * it is first seen, or else when the fork ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(elt) ((elt)->tid = UINT32_MAX)
#include "import_trace.h"

#define NO_EVENT SIZE_MAX

/* A task as the lines name it. */
struct task_seen {
	u32 tid;
	bool living; /* had a line, and is not gone */
	bool child; /* some fork's, or attached to */
	/* The call that it is in. */
	bool pending;
	u32 line;
	struct span name;
	struct span body;
	size_t event; /* that stands for it already */
	UT_hash_handle hh;
};

struct joined {
	struct joined *next;
	char text[];
};

struct reader {
	struct trace *trace;
	struct notes *notes;
	struct task_seen *tasks;
	u32 nr_living;
	u32 last_without_pid;
	u32 first_pid; /* TID_FIRST's, while it lives; 0: not known yet */
	struct span cut; /* of a line that goes on; p NULL: none */
	u32 line;
	int err;
};

static struct task_seen *task_seen(struct reader *rd, u32 tid)
{
	struct task_seen *task;

	HASH_FIND(hh, rd->tasks, &tid, sizeof(tid), task);
	if (task)
		return task;
	task = calloc(1, sizeof(*task));
	if (!task) {
		rd->err = -ENOMEM;
		return NULL;
	}
	task->tid = tid;
	HASH_ADD(hh, rd->tasks, tid, sizeof(task->tid), task);
	if (task->tid == tid)
		return task;
	free(task);
	rd->err = -ENOMEM;
	return NULL;
}

static void task_drop(struct reader *rd, struct task_seen *task)
{
	if (task->living)
		rd->nr_living--;
	if (task->pending)
		notes_add(rd->notes, task->line, "call that never ended: %.*s",
			  (int)min_u64(task->name.len, 40), task->name.p);
	HASH_DEL(rd->tasks, task);
	free(task);
}

static bool is_living(struct reader *rd, u32 tid)
{
	struct task_seen *task;

	HASH_FIND(hh, rd->tasks, &tid, sizeof(tid), task);
	return task && task->living;
}

static void note_child(struct reader *rd, u64 tid)
{
	struct task_seen *task;

	if (!tid || tid > INT32_MAX)
		return;
	task = task_seen(rd, (u32)tid);
	if (task)
		task->child = true;
}

/* strace leaves the pid out while it follows one task only. */
static u32 tid_without_pid(struct reader *rd)
{
	struct task_seen *task, *next;

	if (!rd->nr_living)
		return TID_FIRST;
	if (rd->nr_living > 1)
		return rd->last_without_pid;
	HASH_ITER(hh, rd->tasks, task, next)
	if (task->living)
		return task->tid;
	return TID_FIRST;
}

/*
 * The first task has no pid until there are several; then a pid that is not
 * known from any fork is its.
 */
static u32 tid_of(struct reader *rd, const struct strace_line *line)
{
	struct task_seen *task;

	if (!line->has_pid) {
		rd->last_without_pid = tid_without_pid(rd);
		return rd->last_without_pid;
	}
	if (rd->first_pid)
		return line->pid == rd->first_pid ? TID_FIRST : line->pid;
	HASH_FIND(hh, rd->tasks, &line->pid, sizeof(line->pid), task);
	if (task || !line->pid || !is_living(rd, TID_FIRST))
		return line->pid;
	rd->first_pid = line->pid;
	if (!rd->trace->first_pid)
		rd->trace->first_pid = line->pid;
	return TID_FIRST;
}

static struct event *add_event(struct reader *rd, enum event_kind kind, u32 tid)
{
	struct trace *trace = rd->trace;
	struct event *event;

	if (trace->nr == trace->cap) {
		size_t cap = trace->cap ? trace->cap * 2 : 256;

		event = realloc(trace->events, cap * sizeof(*event));
		if (!event) {
			rd->err = -ENOMEM;
			return NULL;
		}
		trace->events = event;
		trace->cap = cap;
	}
	event = &trace->events[trace->nr++];
	*event = (struct event){ .kind = kind, .line = rd->line, .tid = tid };
	return event;
}

static struct log_lines *lines_of(struct reader *rd)
{
	return &rd->trace->lines;
}

static void add_call(struct reader *rd, struct task_seen *task,
		     const struct call *call, u32 line, struct span name)
{
	struct event *event;

	if (call->kind == CALL_OTHER) {
		notes_add(rd->notes, line, "call that is not known: %.*s",
			  (int)min_u64(name.len, 40), name.p);
		return;
	}
	log_lines_idle(lines_of(rd), line, name);
	if (call->kind == CALL_NONE)
		return;
	if (call->kind == CALL_FORK && call->has_result && !call->failed)
		note_child(rd, call->result);
	event = add_event(rd, EVENT_CALL, task->tid);
	if (!event)
		return;
	event->line = line;
	event->whole = true;
	event->call = *call;
}

static void take_call(struct reader *rd, struct task_seen *task,
		      const struct strace_line *line)
{
	struct call call;

	if (!strace_call_parse(&call, line->name, line->body))
		return;
	rd->trace->nr_calls++;
	add_call(rd, task, &call, rd->line, line->name);
}

static void take_unfinished(struct reader *rd, struct task_seen *task,
			    const struct strace_line *line)
{
	enum call_kind kind = strace_call_kind(line->name);
	struct event *event;

	if (task->pending)
		notes_add(rd->notes, task->line, "call that never ended: %.*s",
			  (int)min_u64(task->name.len, 40), task->name.p);
	task->pending = true;
	task->line = rd->line;
	task->name = line->name;
	task->body = line->body;
	task->event = NO_EVENT;
	if (kind != CALL_MUNMAP && kind != CALL_FORK &&
	    kind != CALL_EXIT_GROUP && kind != CALL_EXIT)
		return;
	/* A place for it; what is in it comes when it resumes. */
	event = add_event(rd, EVENT_CALL, task->tid);
	if (!event)
		return;
	task->event = rd->trace->nr - 1;
	event->call =
		(struct call){ .kind = (u8)kind, .fd = -1, .name = line->name };
	if (span_is(line->name, "vfork"))
		event->call.flags = CALL_CLONE_VM;
}

/* The two pieces, for good: calls point into them. */
static bool join_pieces(struct reader *rd, struct span a, struct span b,
			struct span *whole)
{
	struct joined *joined = malloc(sizeof(*joined) + a.len + b.len + 1);

	if (!joined) {
		rd->err = -ENOMEM;
		return false;
	}
	joined->next = rd->trace->joined;
	rd->trace->joined = joined;
	memcpy(joined->text, a.p, a.len);
	memcpy(joined->text + a.len, b.p, b.len);
	*whole = (struct span){ joined->text, a.len + b.len };
	return true;
}

static void end_call(struct reader *rd, struct task_seen *task,
		     const struct call *call)
{
	struct event *event;

	rd->trace->nr_calls++;
	if (task->event == NO_EVENT) {
		add_call(rd, task, call, task->line, task->name);
		return;
	}
	rd->trace->events[task->event].call = *call;
	log_lines_idle(lines_of(rd), task->line, task->name);
	if (call->kind != CALL_FORK)
		return;
	if (call->has_result && !call->failed)
		note_child(rd, call->result);
	event = add_event(rd, EVENT_CALL_ENDS, task->tid);
	if (event)
		event->call = *call;
}

/* Who is in a call of that name, if the line does not say: any one. */
static struct task_seen *find_pending(struct reader *rd, struct task_seen *task,
				      struct span name)
{
	struct task_seen *other, *next;

	if (task->pending)
		return task;
	HASH_ITER(hh, rd->tasks, other, next)
	if (other->pending && other->name.len == name.len &&
	    !memcmp(other->name.p, name.p, name.len))
		return other;
	return NULL;
}

static void take_resumed(struct reader *rd, struct task_seen *task,
			 const struct strace_line *line)
{
	struct span whole;
	struct call call;

	if (!line->has_pid)
		task = find_pending(rd, task, line->name);
	if (!task || !task->pending || task->name.len != line->name.len ||
	    memcmp(task->name.p, line->name.p, line->name.len)) {
		notes_add(rd->notes, rd->line,
			  "end of a call whose beginning is not there");
		return;
	}
	task->pending = false;
	log_lines_join(lines_of(rd), rd->line, task->line);
	if (!join_pieces(rd, task->body, line->body, &whole))
		return;
	if (strace_call_parse(&call, task->name, whole))
		end_call(rd, task, &call);
	else if (task->event != NO_EVENT)
		rd->trace->events[task->event].kind = EVENT_NONE;
}

/* The execve of @other ends in the name of @task. */
static void take_superseded(struct reader *rd, struct task_seen *task,
			    const struct strace_line *line)
{
	struct task_seen *other;
	struct event *event;
	u32 tid = line->other;

	if (tid == rd->first_pid)
		tid = TID_FIRST;
	HASH_FIND(hh, rd->tasks, &tid, sizeof(tid), other);
	event = add_event(rd, EVENT_SUPERSEDED, task->tid);
	if (event)
		event->other = tid;
	if (!other || other == task)
		return;
	task->pending = other->pending;
	task->line = other->line;
	task->name = other->name;
	task->body = other->body;
	task->event = other->event;
	other->pending = false;
	task_drop(rd, other);
}

static void take_line(struct reader *rd, const struct strace_line *line)
{
	struct task_seen *task = task_seen(rd, tid_of(rd, line));

	if (!task)
		return;
	if (!task->living) {
		task->living = true;
		rd->nr_living++;
		add_event(rd, EVENT_SEEN, task->tid);
	}
	switch (line->kind) {
	case STRACE_CALL:
		take_call(rd, task, line);
		break;
	case STRACE_UNFINISHED:
		take_unfinished(rd, task, line);
		break;
	case STRACE_RESUMED:
		take_resumed(rd, task, line);
		break;
	case STRACE_SUPERSEDED:
		log_lines_idle(lines_of(rd), rd->line, span_of("(an exit)"));
		take_superseded(rd, task, line);
		break;
	case STRACE_GONE:
		log_lines_idle(lines_of(rd), rd->line, span_of("(an exit)"));
		add_event(rd, EVENT_GONE, task->tid);
		if (task->tid == TID_FIRST)
			rd->first_pid = 0;
		task_drop(rd, task);
		break;
	default:
		break;
	}
}

static void take_text(struct reader *rd, struct span text)
{
	struct strace_line line;

	strace_line_parse(&line, text);
	switch (line.kind) {
	case STRACE_BLANK:
		log_lines_idle(lines_of(rd), rd->line, span_of("(blank)"));
		break;
	case STRACE_UNKNOWN:
		break;
	case STRACE_NOTE:
		log_lines_idle(lines_of(rd), rd->line, line.name);
		break;
	case STRACE_ATTACHED:
		log_lines_idle(lines_of(rd), rd->line,
			       span_of("(a word of strace's)"));
		note_child(rd, line.other);
		break;
	default:
		take_line(rd, &line);
	}
}

static bool goes_on(struct span text)
{
	return text.len && strchr(", )", *text.p);
}

/* One line as it stands, or with what was cut off it before. */
static void read_log_line(struct reader *rd, struct span text)
{
	struct span cut = rd->cut;
	u32 other;
	size_t len;

	if (log_lines_add(lines_of(rd), text)) {
		rd->err = -ENOMEM;
		return;
	}
	rd->line++;
	rd->cut.p = NULL;
	if (cut.p && goes_on(text)) {
		if (!join_pieces(rd, cut, text, &text))
			return;
		log_lines_join(lines_of(rd), rd->line, rd->line - 1);
	}
	len = strace_line_cut(text, &other);
	if (!len) {
		take_text(rd, text);
		return;
	}
	note_child(rd, other);
	rd->cut = (struct span){ text.p, len };
}

static void read_lines(struct reader *rd, struct span text)
{
	while (text.len && !rd->err) {
		const char *newline = memchr(text.p, '\n', text.len);
		size_t len = newline ? (size_t)(newline - text.p) : text.len;

		read_log_line(rd, (struct span){ text.p, len });
		if (!newline && !rd->err)
			notes_add(rd->notes, rd->line,
				  "last line cut off: it has no newline");
		text = span_skip(text, len + 1);
	}
}

int trace_read(struct trace *trace, struct notes *notes, struct span text)
{
	struct reader rd = { .trace = trace, .notes = notes };
	struct task_seen *task, *next;

	memset(trace, 0, sizeof(*trace));
	notes->lines = &trace->lines;
	read_lines(&rd, text);
	HASH_ITER(hh, rd.tasks, task, next)
	task_drop(&rd, task);
	return rd.err;
}

void trace_free(struct trace *trace)
{
	struct joined *joined;

	while ((joined = trace->joined)) {
		trace->joined = joined->next;
		free(joined);
	}
	free(trace->events);
	trace->events = NULL;
	log_lines_free(&trace->lines);
}
