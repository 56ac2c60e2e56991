// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ledger.h"
#include "sched.h"

const char *sched_point_text(enum sched_point point)
{
	static const char *const texts[NR_SCHED_POINTS] = {
#define POINT(name, text) [POINT_##name] = text,
#include "points.def"
#undef POINT
	};

	return texts[point];
}

int sched_init(struct sched *sched)
{
	memset(sched, 0, sizeof(*sched));
	for (u32 i = 0; i < SCHED_TASKS_MAX; i++) {
		int err = fiber_init(&sched->tasks[i].fiber);

		if (err) {
			sched_exit(sched);
			return err;
		}
	}
	return 0;
}

void sched_exit(struct sched *sched)
{
	for (u32 i = 0; i < SCHED_TASKS_MAX; i++)
		fiber_exit(&sched->tasks[i].fiber);
}

void sched_reset(struct sched *sched)
{
	sched->nr = 0;
	sched->current = 0;
	sched->steps = 0;
	sched->stopped = false;
	sched->broken.kind = DIVERGENCE_NONE;
}

void sched_add(struct sched *sched, void (*run)(void *arg), void *arg)
{
	struct sched_task *task = &sched->tasks[sched->nr];

	if (sched->nr == SCHED_TASKS_MAX)
		abort();
	sched->nr++;
	task->run = run;
	task->arg = arg;
	task->state = TASK_READY;
	task->at = POINT_BEGIN;
	task->lock = NULL;
	fiber_start(&task->fiber, run, arg);
}

u32 sched_ready(const struct sched *sched)
{
	u32 ready = 0;

	for (u32 i = 0; i < sched->nr; i++)
		if (sched->tasks[i].state == TASK_READY)
			ready |= 1U << i;
	return ready;
}

static bool is_one(u32 bits)
{
	return !(bits & (bits - 1));
}

static struct sched_task *current_task(struct sched *sched)
{
	return &sched->tasks[sched->current];
}

/* Back to sched_run(), which may not come back. */
static void sched_leave(struct sched *sched)
{
	fiber_pause(&current_task(sched)->fiber);
}

void sched_point(struct sched *sched, enum sched_point point)
{
	current_task(sched)->at = point;
	/* The last task goes on, too, up to the bound of sched_step(). */
	if (is_one(sched_ready(sched)) && ++sched->steps < SCHED_STEPS_MAX)
		return;
	sched_leave(sched);
}

void sched_break(struct sched *sched, enum divergence_kind kind,
		 const char *fmt, ...)
{
	char text[DIVERGENCE_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	divergence_set(&sched->broken, kind, "%s", text);
	sched->stopped = true;
	sched_leave(sched);
}

/* Who holds what @task waits for: a digit each. */
static void holders(const struct task_lock *lock,
		    char text[SCHED_TASKS_MAX * 2 + 1])
{
	char *to = text;

	for (u32 i = 0; i < SCHED_TASKS_MAX; i++) {
		if (!lock->readers[i] && lock->writer != i + 1)
			continue;
		if (to != text)
			*to++ = ',';
		*to++ = (char)('0' + i);
	}
	*to = '\0';
}

static void deadlock(struct sched *sched)
{
	char text[DIVERGENCE_TEXT_MAX];
	int len = 0;

	for (u32 i = 0; i < sched->nr && len < (int)sizeof(text); i++) {
		const struct sched_task *task = &sched->tasks[i];
		char by[SCHED_TASKS_MAX * 2 + 1];

		if (task->state != TASK_WAITS)
			continue;
		holders(task->lock, by);
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"%s%u waits to %s %s, held by %s",
				len ? "; " : "", i,
				task->lock_write ? "write" : "read",
				task->lock_name, by[0] ? by : "nobody");
	}
	divergence_set(&sched->broken, DIVERGENCE_DEADLOCK, "%s", text);
}

static void sched_step(struct sched *sched, u32 next)
{
	struct sched_task *task = &sched->tasks[next];

	sched->current = next;
	fiber_resume(&task->fiber);
	if (task->fiber.done)
		task->state = TASK_DONE;
	if (++sched->steps < SCHED_STEPS_MAX)
		return;
	divergence_set(&sched->broken, DIVERGENCE_DEADLOCK,
		       "operations still run after %u steps", sched->steps);
	sched->stopped = true;
}

static u32 next_task(struct sched *sched, u32 ready)
{
	if (is_one(ready))
		return (u32)__builtin_ctz(ready);
	return sched->choose(sched->arg, sched, ready);
}

void sched_run(struct sched *sched)
{
	u32 ready = sched_ready(sched);

	for (; ready && !sched->stopped; ready = sched_ready(sched)) {
		u32 next = next_task(sched, ready);

		/* Whoever chooses may also have seen enough. */
		if (!sched->stopped)
			sched_step(sched, next);
	}
	if (sched->stopped)
		return;
	for (u32 i = 0; i < sched->nr; i++)
		if (sched->tasks[i].state != TASK_DONE) {
			deadlock(sched);
			return;
		}
}

/* Locks. */

static u32 me(const struct sched *sched)
{
	return sched ? sched->current : 0;
}

static bool has_readers(const struct task_lock *lock)
{
	for (u32 i = 0; i < SCHED_TASKS_MAX; i++)
		if (lock->readers[i])
			return true;
	return false;
}

bool task_lock_is_free(const struct task_lock *lock)
{
	return !lock->writer && !has_readers(lock);
}

bool task_lock_is_written(const struct sched *sched,
			  const struct task_lock *lock)
{
	return lock->writer == me(sched) + 1;
}

bool task_lock_is_mine(const struct sched *sched, const struct task_lock *lock)
{
	return task_lock_is_written(sched, lock) || lock->readers[me(sched)];
}

static bool can_have(const struct task_lock *lock, bool write)
{
	if (write)
		return task_lock_is_free(lock);
	return !lock->writer && !lock->waiting;
}

/* A writer that waits is one no more when it may try again. */
static void wake(struct sched *sched, struct task_lock *lock)
{
	if (!sched)
		return;
	for (u32 i = 0; i < sched->nr; i++) {
		struct sched_task *task = &sched->tasks[i];

		if (task->state != TASK_WAITS || task->lock != lock)
			continue;
		if (!task->lock_write && lock->writer)
			continue;
		if (task->lock_write && !task_lock_is_free(lock))
			continue;
		task->state = TASK_READY;
	}
}

static bool is_gone(const void *obj)
{
	return obj && !ledger_is_live(obj);
}

/* False: the lock is no more. */
static bool wait_for_lock(struct sched *sched, struct task_lock *lock,
			  const char *name, bool write, const void *obj)
{
	struct sched_task *task = current_task(sched);

	task->lock = lock;
	task->lock_name = name;
	task->lock_write = write;
	lock->waiting += write;
	task->state = TASK_WAITS;
	sched_leave(sched);
	task->lock = NULL;
	if (is_gone(obj))
		return false;
	lock->waiting -= write;
	return true;
}

/*
 * A reader that was woken together with a writer may find the writer waiting
 * still: it does not wait for it again, or the two could wake each other for ever.
 */
static bool lock_take(struct sched *sched, struct task_lock *lock,
		      const char *name, bool write, const void *obj)
{
	if (!sched)
		return true;
	sched_point(sched, POINT_LOCK);
	if (is_gone(obj))
		return false;
	if (can_have(lock, write))
		return true;
	do
		if (!wait_for_lock(sched, lock, name, write, obj))
			return false;
	while (write ? !task_lock_is_free(lock) : lock->writer);
	return true;
}

void task_wait_write(struct sched *sched, struct task_lock *lock,
		     const char *name)
{
	lock_take(sched, lock, name, true, NULL);
	lock->writer = (u8)(me(sched) + 1);
}

void task_wait_read(struct sched *sched, struct task_lock *lock,
		    const char *name)
{
	lock_take(sched, lock, name, false, NULL);
	lock->readers[me(sched)]++;
}

bool task_lock_read_in(struct sched *sched, struct task_lock *lock,
		       const char *name, const void *obj)
{
	if (!lock_take(sched, lock, name, false, obj))
		return false;
	lock->readers[me(sched)]++;
	return true;
}

bool task_trylock_write(struct sched *sched, struct task_lock *lock)
{
	if (sched)
		sched_point(sched, POINT_LOCK);
	if (!task_lock_is_free(lock))
		return false;
	lock->writer = (u8)(me(sched) + 1);
	return true;
}

bool task_trylock_read(struct sched *sched, struct task_lock *lock)
{
	if (sched)
		sched_point(sched, POINT_LOCK);
	if (!can_have(lock, false))
		return false;
	lock->readers[me(sched)]++;
	return true;
}

/* Readers that wait are behind a writer, who waits for the last reader. */
void task_wake(struct sched *sched, struct task_lock *lock)
{
	if (task_lock_is_free(lock))
		wake(sched, lock);
}

void task_lock_downgrade(struct sched *sched, struct task_lock *lock)
{
	lock->writer = 0;
	lock->readers[me(sched)]++;
	wake(sched, lock);
}
