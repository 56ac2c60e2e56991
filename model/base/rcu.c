// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "rcu.h"

void rcu_init(struct rcu *rcu, struct ledger *ledger)
{
	memset(rcu, 0, sizeof(*rcu));
	rcu->ledger = ledger;
	STAILQ_INIT(&rcu->waiting);
}

static void free_first(struct rcu *rcu)
{
	struct rcu_head *head = STAILQ_FIRST(&rcu->waiting);

	STAILQ_REMOVE_HEAD(&rcu->waiting, entry);
	rcu->nr_waiting--;
	ledger_free(rcu->ledger, head->obj);
}

/* When the oldest section began that somebody is in. */
static u64 oldest_reader(const struct rcu *rcu)
{
	u64 oldest = rcu->clock + 1;

	for (u32 i = 0; i < SCHED_TASKS_MAX; i++)
		if (rcu->tasks[i].depth)
			oldest = min_u64(oldest, rcu->tasks[i].since);
	return oldest;
}

static void end_grace_periods(struct rcu *rcu)
{
	u64 oldest = oldest_reader(rcu);
	struct rcu_head *head;

	while ((head = STAILQ_FIRST(&rcu->waiting)) && head->freed_at < oldest)
		free_first(rcu);
}

void rcu_tasks_begin(struct rcu *rcu, const struct sched *sched)
{
	rcu->sched = sched;
	memset(rcu->tasks, 0, sizeof(rcu->tasks));
}

void rcu_tasks_end(struct rcu *rcu)
{
	rcu->sched = NULL;
}

void rcu_read_lock(struct rcu *rcu)
{
	struct rcu_reader *task;

	rcu->readers++;
	if (!rcu->sched)
		return;
	task = &rcu->tasks[rcu->sched->current];
	if (!task->depth++)
		task->since = rcu->clock;
}

void rcu_read_unlock(struct rcu *rcu)
{
	/* Leaving a section that nobody entered is a bug of the caller. */
	if (!rcu->readers)
		abort();
	rcu->readers--;
	if (!rcu->sched)
		return;
	if (!--rcu->tasks[rcu->sched->current].depth)
		end_grace_periods(rcu);
}

bool rcu_read_lock_held(const struct rcu *rcu)
{
	return rcu->readers;
}

void kfree_rcu(struct rcu *rcu, void *obj, struct rcu_head *head)
{
	head->obj = obj;
	head->freed_at = rcu->clock++;
	STAILQ_INSERT_TAIL(&rcu->waiting, head, entry);
	rcu->nr_waiting++;
	if (rcu->sched)
		end_grace_periods(rcu);
}

void synchronize_rcu(struct rcu *rcu)
{
	if (rcu->readers)
		return;
	while (!STAILQ_EMPTY(&rcu->waiting))
		free_first(rcu);
}
