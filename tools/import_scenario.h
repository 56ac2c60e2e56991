/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of a log to a scenario.
 *
 * Each operation is done on a machine as it is added: so it is known what is
 * mapped where, and whether a call that failed would fail here too.
 */
#ifndef RMAPDIFF_TOOLS_IMPORT_SCENARIO_H
#define RMAPDIFF_TOOLS_IMPORT_SCENARIO_H

#include "../model/machine.h"
#include "../model/scenario/scenario.h"
#include "import_trace.h"

/* Also of a fork for which no child appears, and of an execve. */
#define NOTE_NO_RESULT "call whose result is not there: left out"

#define PAGE_SHIFT 12
#define PAGE_BYTES (1ULL << PAGE_SHIFT)

enum import_touch {
	IMPORT_TOUCH_FIRST, /* the first page of what becomes writable */
	IMPORT_TOUCH_NONE,
	IMPORT_TOUCH_ALL, /* every page, SCENARIO_TOUCH_MAX at most */
};

#define COMMENT_MAX 72 /* bytes of a comment, with NUL */

/* A line before operation @op_nr, from 0. */
struct comment {
	u32 op_nr;
	char text[COMMENT_MAX];
};

/* mlockall(MCL_FUTURE): what becomes of memory that is mapped from then on. */
enum lock_future {
	LOCK_NOTHING,
	LOCK_POPULATES,
	LOCK_ONFAULT, /* and MAP_POPULATE then populates nothing, either */
};

/* An address space's break and its locking; shared as the address space is. */
struct heap {
	u32 users;
	bool known;
	u8 lock_future; /* enum lock_future */
	u64 brk; /* bytes */
};

struct proc {
	u32 slot;
	u32 tasks; /* in the table */
	u32 threads; /* of those, the living */
	bool dead; /* the scenario has ended it */
	bool seen; /* the log has a line of it */
	u32 line; /* where it was born */
	struct heap *heap;
};

/* A task, or one that is about to be born. */
struct task {
	u32 tid;
	struct proc *proc;
	bool dead;
	UT_hash_handle hh;
};

struct birth {
	u32 tid; /* of the child, 0 if the log does not say */
	u32 parent;
	u32 flags; /* CALL_CLONE_* */
	u32 line; /* of the call */
	struct birth *prev, *next;
};

/* The number of /dev/zero, in a log that has it. */
#define ZERO_FILE (NR_FILES - 1)

/* A file by its name, or what a descriptor of a process was opened as. */
struct file_name;

struct import {
	enum import_touch touch;
	struct notes *notes;
	struct scenario sc;
	struct machine *machine;
	struct comment *comments;
	u32 nr_comments;
	u32 cap_comments;
	struct task *tasks;
	struct birth *births;
	struct file_name *files;
	u32 nr_files; /* files that were mapped, but for /dev/zero */
	bool has_zero; /* ZERO_FILE is /dev/zero, and no other file */
	u32 nr_slots;
	u32 first_pid;
	bool begun; /* the first task is A */
	u32 line; /* of the event */
	int err;
};

/* 0 or -ENOMEM; import_free() in either case. */
int import_run(struct import *im, const struct trace *trace);
void import_free(struct import *im);

/* import_tasks.c; what makes something returns NULL when memory is out. */

struct task *import_find_task(struct import *im, u32 tid);

/* A thread of @proc. */
struct task *import_new_task(struct import *im, u32 tid, struct proc *proc);

/* A process with one task; with @heap, or a copy of it, or a fresh one (NULL). */
struct task *import_new_proc(struct import *im, u32 tid, u32 slot,
			     struct heap *heap, bool shared);

/* The scenario's process ends; its tasks may still have lines. */
void import_end_proc(struct import *im, struct proc *proc);

/* Its last task takes a process along. */
void import_end_task(struct import *im, struct task *task);

/* Out of the table. */
void import_drop_task(struct import *im, struct task *task);
void import_heap_put(struct heap *heap);

/* import_files.c */

/* Does the log open or map /dev/zero?  Sets @im->has_zero. */
void import_find_zero(struct import *im, const struct trace *trace);

/* How many numbers there are for files, /dev/zero not counted. */
u32 import_nr_file_numbers(const struct import *im);

/* open: its descriptor's name from now on. */
void import_open(struct import *im, const struct proc *proc,
		 const struct call *call);

/* The number of the file that @call, an mmap, maps. */
u8 import_file_number(struct import *im, const struct proc *proc,
		      const struct call *call);
void import_files_free(struct import *im);

/* import_access.c */

/*
 * @proc reads (OP_READ) or writes (OP_WRITE) all of [@page, @page + @len) that
 * it can, as the kernel populates memory; with OP_WRITE what it cannot write
 * is read.  In pages.
 */
void import_populate(struct import *im, struct proc *proc, u64 page, u64 len,
		     enum op_kind kind);

/* mlock, mlock2, mlockall and munlockall that succeeded. */
void import_lock(struct import *im, struct proc *proc, const struct call *call);

/* import_memory.c */

/* A call on memory of @proc, which lives and has ended the call. */
void import_memory_call(struct import *im, struct proc *proc,
			const struct call *call);

/* import_scenario.c */

/*
 * Adds @op and does it.  @expected: the result to assert, or -1 for none.
 * False when @im->err is set.
 */
bool import_add(struct import *im, const struct op *op, int expected);

/* The same of one that takes no more than processes. */
bool import_add_proc_op(struct import *im, enum op_kind kind, u32 proc,
			u32 child, int expected);

#endif
