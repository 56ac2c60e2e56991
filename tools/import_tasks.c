// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of tasks, and the processes that they belong to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(elt) ((elt)->tid = UINT32_MAX)
#include "import_scenario.h"

struct task *import_find_task(struct import *im, u32 tid)
{
	struct task *task;

	HASH_FIND(hh, im->tasks, &tid, sizeof(tid), task);
	return task;
}

void import_heap_put(struct heap *heap)
{
	if (heap && !--heap->users)
		free(heap);
}

void import_end_proc(struct import *im, struct proc *proc)
{
	if (proc->dead)
		return;
	proc->dead = true;
	import_heap_put(proc->heap);
	proc->heap = NULL;
	import_add_proc_op(im, OP_EXIT, proc->slot, 0, -1);
}

void import_end_task(struct import *im, struct task *task)
{
	if (task->dead)
		return;
	task->dead = true;
	if (!--task->proc->threads)
		import_end_proc(im, task->proc);
}

void import_drop_task(struct import *im, struct task *task)
{
	struct proc *proc = task->proc;

	HASH_DEL(im->tasks, task);
	free(task);
	if (--proc->tasks)
		return;
	import_heap_put(proc->heap);
	free(proc);
}

struct task *import_new_task(struct import *im, u32 tid, struct proc *proc)
{
	struct task *task = import_find_task(im, tid);

	proc->tasks++;
	proc->threads++;
	/*
	 * A pid used again, and nobody said that the last one was gone.  It may
	 * have been one of @proc's.
	 */
	if (task) {
		import_end_task(im, task);
		import_drop_task(im, task);
	}
	task = calloc(1, sizeof(*task));
	if (task) {
		task->tid = tid;
		HASH_ADD(hh, im->tasks, tid, sizeof(task->tid), task);
	}
	if (!task || task->tid != tid) {
		free(task);
		proc->tasks--;
		proc->threads--;
		im->err = -ENOMEM;
		return NULL;
	}
	task->proc = proc;
	return task;
}

static struct proc *new_proc(struct import *im, u32 slot, struct heap *heap,
			     bool shared)
{
	struct proc *proc = calloc(1, sizeof(*proc));
	struct heap *own = shared ? heap : calloc(1, sizeof(*own));

	if (!proc || !own) {
		free(proc);
		if (!shared)
			free(own);
		im->err = -ENOMEM;
		return NULL;
	}
	if (!shared && heap) {
		*own = *heap;
		own->lock_future = LOCK_NOTHING;
	}
	own->users = shared ? own->users + 1 : 1;
	proc->slot = slot;
	proc->heap = own;
	return proc;
}

struct task *import_new_proc(struct import *im, u32 tid, u32 slot,
			     struct heap *heap, bool shared)
{
	struct proc *proc = new_proc(im, slot, heap, shared);
	struct task *task;

	if (!proc)
		return NULL;
	task = import_new_task(im, tid, proc);
	if (!task) {
		import_heap_put(proc->heap);
		free(proc);
	}
	return task;
}
