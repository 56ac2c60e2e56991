/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations that run at the same time: tasks, taken from one point to the next
 * in an order that somebody outside chooses, and the locks that they wait for.
 *
 * Memory is sequentially consistent: one task runs at a time, and is only left at
 * a point.  Code marks its points; a mark without a scheduler costs a look at a
 * pointer.
 *
 *	task 0   |--o-----o--|          |--o--|
 *	task 1               |--o---o---|         o: a point
 */
#ifndef RMAPDIFF_BASE_SCHED_H
#define RMAPDIFF_BASE_SCHED_H

#include "divergence.h"
#include "fiber.h"

#define SCHED_TASKS_MAX 4

enum sched_point {
#define POINT(name, text) POINT_##name,
#include "points.def"
#undef POINT
	NR_SCHED_POINTS,
};

/* What is so at a point; static. */
const char *sched_point_text(enum sched_point point);

/*
 * A lock of one writer or many readers, all zeroes when free.  Readers wait behind
 * a writer that waits, as with the kernel's rwsem.
 */
struct task_lock {
	u8 readers[SCHED_TASKS_MAX]; /* how often each task holds it */
	u8 writer; /* the task that holds it, + 1 */
	u8 waiting; /* writers that wait */
};

enum task_state {
	TASK_READY,
	TASK_WAITS, /* for a lock */
	TASK_DONE,
};

struct sched_task {
	struct fiber fiber;
	void (*run)(void *arg);
	void *arg;
	enum task_state state;
	enum sched_point at; /* where it was left */
	struct task_lock *lock; /* it waits for this one */
	const char *lock_name;
	bool lock_write;
};

struct sched {
	struct sched_task tasks[SCHED_TASKS_MAX];
	u32 nr; /* tasks */
	u32 current; /* who runs, or ran last */
	u32 steps; /* from point to point, of all */
	bool stopped;
	/* Why: a deadlock, a freed object touched, too many steps. */
	struct divergence broken;
	/*
	 * Which task goes on, of those whose bits are set in @ready: two at
	 * least.  Called outside of all tasks; may set @stopped instead.
	 */
	u32 (*choose)(void *arg, struct sched *sched, u32 ready);
	void *arg;
};

/* More steps than this, of all tasks together, are taken for endless. */
#define SCHED_STEPS_MAX (1U << 20)

/* A scheduler with no tasks, which sched_exit() gives back.  0 or -ENOMEM. */
int sched_init(struct sched *sched);
void sched_exit(struct sched *sched);

/* Forgets all tasks, wherever they stand. */
void sched_reset(struct sched *sched);

/* One more task, at most SCHED_TASKS_MAX: it will do run(arg). */
void sched_add(struct sched *sched, void (*run)(void *arg), void *arg);

/*
 * Runs all tasks to their end, or until sched->broken says why not: then some are
 * left half-way, and what they work on must not be used but to look at it.
 */
void sched_run(struct sched *sched);

/* From inside a task: others may go on here. */
void sched_point(struct sched *sched, enum sched_point point);

/* From inside a task: something broke; sched_run() returns, the task never. */
void sched_break(struct sched *sched, enum divergence_kind kind,
		 const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Bits of the tasks that can go on. */
u32 sched_ready(const struct sched *sched);

/* What the functions below are made of, where there is a scheduler. */
void task_wait_write(struct sched *sched, struct task_lock *lock,
		     const char *name);
void task_wait_read(struct sched *sched, struct task_lock *lock,
		    const char *name);
void task_wake(struct sched *sched, struct task_lock *lock);

/*
 * Locks.  @sched may be NULL: then there is one task, which gets what it asks for.
 * A task that cannot have a lock waits, and sched_point() comes before each
 * attempt.  @name, static, is what reports call the lock.
 */
static inline void task_lock_write(struct sched *sched, struct task_lock *lock,
				   const char *name)
{
	if (sched)
		task_wait_write(sched, lock, name);
	else
		lock->writer = 1;
}

static inline void task_lock_read(struct sched *sched, struct task_lock *lock,
				  const char *name)
{
	if (sched)
		task_wait_read(sched, lock, name);
	else
		lock->readers[0]++;
}

static inline void task_unlock_write(struct sched *sched,
				     struct task_lock *lock)
{
	lock->writer = 0;
	if (sched)
		task_wake(sched, lock);
}

static inline void task_unlock_read(struct sched *sched, struct task_lock *lock)
{
	lock->readers[sched ? sched->current : 0]--;
	if (sched)
		task_wake(sched, lock);
}

/* In @obj, a ledger object: false if that was freed before it could be had. */
bool task_lock_read_in(struct sched *sched, struct task_lock *lock,
		       const char *name, const void *obj);
bool task_trylock_write(struct sched *sched, struct task_lock *lock);
bool task_trylock_read(struct sched *sched, struct task_lock *lock);
/* Held for writing; for reading from now on. */
void task_lock_downgrade(struct sched *sched, struct task_lock *lock);

/* Does anybody hold it?  Does the task that asks, in that way? */
bool task_lock_is_free(const struct task_lock *lock);
bool task_lock_is_written(const struct sched *sched,
			  const struct task_lock *lock);
bool task_lock_is_mine(const struct sched *sched, const struct task_lock *lock);

#endif
