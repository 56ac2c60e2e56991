// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks, processes and who is born when; see import_memory.c for their memory.
 *
 *	clone(CLONE_VM|CLONE_THREAD)	a thread: folded into its process
 *	clone(CLONE_VM), vfork		vfork
 *	any other, fork			fork
 *
 * A process ends with exit_group, or when the last of its threads is gone.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(elt) ((elt)->tid = UINT32_MAX)
#include <utlist.h>
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"
#include "import_scenario.h"

static void comment(struct import *im, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void comment(struct import *im, const char *fmt, ...)
{
	struct comment *new;
	va_list args;

	if (im->nr_comments == im->cap_comments) {
		u32 cap = im->cap_comments ? im->cap_comments * 2 : 64;

		new = realloc(im->comments, cap * sizeof(*new));
		if (!new) {
			im->err = -ENOMEM;
			return;
		}
		im->comments = new;
		im->cap_comments = cap;
	}
	new = &im->comments[im->nr_comments++];
	new->op_nr = im->sc.nr_ops;
	va_start(args, fmt);
	vsnprintf(new->text, sizeof(new->text), fmt, args);
	va_end(args);
	make_printable(new->text);
}

bool import_add(struct import *im, const struct op *op, int expected)
{
	struct op *added, now = *op;
	int result;

	if (scenario_add(&im->sc, op)) {
		im->err = -ENOMEM;
		return false;
	}
	added = &im->sc.ops[im->sc.nr_ops - 1];
	log_lines_raise(im->notes->lines, im->line, LINE_OPERATIONS);
	/* One page makes the VMA a faulted one; that is all that is asked of it. */
	if (now.kind == OP_WRITE || now.kind == OP_READ)
		now.len = 1;
	result = replay_op(im->machine, &im->sc, &now, im->sc.nr_ops);
	touched_reset(&im->machine->world);
	synchronize_rcu(&im->machine->rcu);
	/* Nothing was made to fail: if something did, memory is out in earnest. */
	if (im->machine->ledger.nr_failed ||
	    (op->kind <= OP_VFORK && op->kind >= OP_FORK && result == ENOMEM)) {
		im->err = -ENOMEM;
		return false;
	}
	if (expected < 0)
		return true;
	if (result == expected) {
		added->flags |= OP_HAS_EXPECTED;
		added->expected = (u16)expected;
	} else {
		notes_add(im->notes, im->line,
			  "%s that the model does otherwise: not asserted",
			  op_infos[op->kind].name);
	}
	return true;
}

bool import_add_proc_op(struct import *im, enum op_kind kind, u32 proc,
			u32 child, int expected)
{
	struct op op = { 0 };

	op.kind = (u8)kind;
	op.proc = proc;
	op.child = child;
	return import_add(im, &op, expected);
}

static const char *slot_name(struct import *im, u32 slot)
{
	return im->sc.names[slot];
}

/* A slot for a new process, named; false if there are no more. */
static bool new_slot(struct import *im, u32 *slot)
{
	if (im->nr_slots == SCENARIO_PROCS_MAX) {
		notes_add(im->notes, im->line,
			  "process left out: more than a scenario can have");
		return false;
	}
	if (scenario_name_slots(&im->sc, im->nr_slots + 1)) {
		im->err = -ENOMEM;
		return false;
	}
	*slot = im->nr_slots++;
	return true;
}

static struct task *living_task(struct import *im)
{
	struct task *task, *next;

	HASH_ITER(hh, im->tasks, task, next)
	if (!task->dead && !task->proc->dead)
		return task;
	return NULL;
}

/*
 * A task whose birth the log does not have: the first; or one that strace
 * attached to, for which any living process stands in: what exec leaves is
 * related to nothing.
 */
static void unborn_task(struct import *im, u32 tid)
{
	struct task *stand_in;
	u32 slot;

	if (!im->begun) {
		im->begun = true;
		if (!new_slot(im, &slot))
			return;
		tid = tid ? tid : im->first_pid;
		if (tid)
			comment(im, "A: pid %u", tid);
		import_new_proc(im, tid == im->first_pid ? TID_FIRST : tid,
				slot, NULL, false);
		return;
	}
	stand_in = living_task(im);
	if (!stand_in) {
		notes_add(im->notes, im->line,
			  "process left out: it comes from nowhere");
		return;
	}
	if (!new_slot(im, &slot))
		return;
	notes_add(im->notes, im->line,
		  "process that comes from nowhere: made by fork and exec");
	comment(im, "%s: pid %u, from nowhere", slot_name(im, slot), tid);
	if (!import_add_proc_op(im, OP_FORK, stand_in->proc->slot, slot, -1) ||
	    !import_add_proc_op(im, OP_EXEC, slot, 0, -1))
		return;
	import_new_proc(im, tid, slot, NULL, false);
}

/* What becomes of the child belongs to the line of the call that made it. */
static void bear_proc(struct import *im, struct proc *parent,
		      const struct birth *birth, u32 tid)
{
	bool vm = birth->flags & CALL_CLONE_VM;
	u32 line = im->line;
	struct task *task = NULL;
	u32 slot;

	im->line = birth->line;
	if (new_slot(im, &slot)) {
		if (tid)
			comment(im, "%s: pid %u", slot_name(im, slot), tid);
		if (import_add_proc_op(im, vm ? OP_VFORK : OP_FORK,
				       parent->slot, slot, 0))
			task = import_new_proc(im, tid, slot, parent->heap, vm);
		if (task)
			task->proc->line = birth->line;
	}
	im->line = line;
}

/* The child is there: its thread or its process begins. */
static void bear(struct import *im, struct birth *birth, u32 tid)
{
	struct task *parent = import_find_task(im, birth->parent);
	u32 flags = birth->flags;

	if (!parent || parent->proc->dead)
		notes_add(im->notes, birth->line,
			  "child of a process that is not there: left out");
	else if (flags & CALL_CLONE_VM && flags & CALL_CLONE_THREAD)
		import_new_task(im, tid, parent->proc);
	else
		bear_proc(im, parent->proc, birth, tid);
	DL_DELETE(im->births, birth);
	free(birth);
}

/* Who is it?  A child that is known to come, or some child that is to come. */
static struct birth *find_birth(struct import *im, u32 tid)
{
	struct birth *birth;

	DL_FOREACH(im->births, birth)
	if (birth->tid == tid)
		return birth;
	DL_FOREACH(im->births, birth)
	if (!birth->tid)
		return birth;
	return NULL;
}

static void see_task(struct import *im, u32 tid)
{
	struct birth *birth = find_birth(im, tid);
	struct task *task;

	/* A pid used again has a birth before it has lines. */
	if (birth && (birth->tid == tid || !import_find_task(im, tid)))
		bear(im, birth, tid);
	else if (!import_find_task(im, tid))
		unborn_task(im, tid);
	task = import_find_task(im, tid);
	if (task)
		task->proc->seen = true;
}

static void begin_fork(struct import *im, struct task *task,
		       const struct call *call)
{
	struct birth *birth;

	if (call->failed || call->no_args) {
		notes_add(im->notes, im->line,
			  call->failed ?
				  "fork that failed: left out" :
				  "fork whose flags are not there: left out");
		return;
	}
	birth = calloc(1, sizeof(*birth));
	if (!birth) {
		im->err = -ENOMEM;
		return;
	}
	birth->tid = call->has_result && call->result <= INT32_MAX ?
			     (u32)call->result :
			     0;
	birth->parent = task->tid;
	birth->line = im->line;
	birth->flags = call->flags;
	DL_APPEND(im->births, birth);
}

/* The parent goes on: the child is there, whether it was seen or not. */
static void end_fork(struct import *im, const struct call *call)
{
	struct birth *birth;

	if (!call->has_result || call->failed || call->result > INT32_MAX)
		return;
	DL_FOREACH(im->births, birth)
	if (birth->tid == call->result)
		break;
	if (birth)
		bear(im, birth, (u32)call->result);
}

static void import_exec(struct import *im, struct task *task,
			const struct call *call)
{
	struct proc *proc = task->proc;
	struct task *other, *next;
	struct heap *heap;

	if (call->failed || !call->has_result) {
		notes_add(im->notes, im->line,
			  call->failed ? "execve that failed: left out" :
					 NOTE_NO_RESULT);
		return;
	}
	heap = calloc(1, sizeof(*heap));
	if (!heap) {
		im->err = -ENOMEM;
		return;
	}
	heap->users = 1;
	import_heap_put(proc->heap);
	proc->heap = heap;
	/* The other threads are gone, said or not. */
	HASH_ITER(hh, im->tasks, other, next)
	if (other != task && other->proc == proc && !other->dead) {
		other->dead = true;
		proc->threads--;
	}
	comment(im, "%s: %.*s", slot_name(im, proc->slot),
		(int)min_u64(call->text.len, 48), call->text.p);
	import_add_proc_op(im, OP_EXEC, proc->slot, 0, 0);
}

/* @tid was a thread's that called execve; from here on the task is the leader. */
static void supersede(struct import *im, u32 leader, u32 tid)
{
	struct task *task = import_find_task(im, tid);
	struct task *old = import_find_task(im, leader);
	struct proc *proc = task ? task->proc : NULL;

	if (!task || leader == tid || (old && old->proc != proc))
		return;
	/* Never the last of its process: its other one stays meanwhile. */
	if (!old && !import_new_task(im, leader, proc))
		return;
	old = import_find_task(im, leader);
	if (old->dead) {
		old->dead = false;
		proc->threads++;
	}
	import_end_task(im, task);
	import_drop_task(im, task);
}

static void import_call(struct import *im, struct task *task,
			const struct call *call)
{
	switch ((enum call_kind)call->kind) {
	case CALL_FORK:
		begin_fork(im, task, call);
		break;
	case CALL_EXEC:
		import_exec(im, task, call);
		break;
	case CALL_EXIT:
		import_end_task(im, task);
		break;
	case CALL_EXIT_GROUP:
		import_end_proc(im, task->proc);
		break;
	case CALL_OPEN:
		import_open(im, task->proc, call);
		break;
	default:
		import_memory_call(im, task->proc, call);
	}
}

static void import_event(struct import *im, const struct trace *trace,
			 size_t nr)
{
	const struct event *event = &trace->events[nr];
	struct task *task;

	im->line = event->line;
	if (event->kind == EVENT_NONE)
		return;
	if (event->kind == EVENT_SEEN) {
		see_task(im, event->tid);
		return;
	}
	if (event->kind == EVENT_SUPERSEDED) {
		supersede(im, event->tid, event->other);
		return;
	}
	task = import_find_task(im, event->tid);
	if (event->kind == EVENT_GONE) {
		if (!task)
			return;
		import_end_task(im, task);
		import_drop_task(im, task);
		return;
	}
	if (event->kind == EVENT_CALL_ENDS) {
		end_fork(im, &event->call);
		return;
	}
	if (!task || task->dead || task->proc->dead) {
		notes_add(im->notes, im->line,
			  "call of a process that is not there: left out");
		return;
	}
	import_call(im, task, &event->call);
	/* In one piece: the child is there. */
	if (event->whole && event->call.kind == CALL_FORK)
		end_fork(im, &event->call);
}

static int import_begin(struct import *im)
{
	struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops },
		.nr_rmaps = 1,
	};

	if (scenario_init(&im->sc))
		return -ENOMEM;
	im->sc.base = 0;
	im->machine = machine_create(&config);
	return im->machine ? 0 : -ENOMEM;
}

/* No result names the child, and no task's first line was taken for its. */
static void note_unborn(struct import *im)
{
	struct birth *birth;

	DL_FOREACH(im->births, birth)
	if (log_lines_look(im->notes->lines, birth->line)->class < LINE_NOTED)
		notes_add(im->notes, birth->line, NOTE_NO_RESULT);
}

/* Without strace -f; or it made no call that the log has. */
static void note_unseen(struct import *im)
{
	struct task *task, *next;

	HASH_ITER(hh, im->tasks, task, next)
	if (!task->proc->seen && !task->proc->dead)
		notes_add(
			im->notes, task->proc->line,
			"process without a line in the log (it needs strace -f)");
}

int import_run(struct import *im, const struct trace *trace)
{
	im->err = import_begin(im);
	im->first_pid = trace->first_pid;
	import_find_zero(im, trace);
	for (size_t i = 0; i < trace->nr && !im->err; i++)
		import_event(im, trace, i);
	note_unborn(im);
	note_unseen(im);
	if (im->notes->nomem)
		im->err = -ENOMEM;
	return im->err;
}

void import_free(struct import *im)
{
	struct task *task, *next;
	struct birth *birth, *next_birth;

	HASH_ITER(hh, im->tasks, task, next)
	import_drop_task(im, task);
	DL_FOREACH_SAFE(im->births, birth, next_birth)
	{
		DL_DELETE(im->births, birth);
		free(birth);
	}
	import_files_free(im);
	machine_destroy(im->machine);
	scenario_free(&im->sc);
	free(im->comments);
}
