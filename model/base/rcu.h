/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU, emulated: what readers may hold is freed after a grace period, and a
 * grace period ends only when no reader is inside.
 */
#ifndef RMAPDIFF_BASE_RCU_H
#define RMAPDIFF_BASE_RCU_H

#include <bsd/sys/queue.h>
#include "ledger.h"
#include "sched.h"

struct rcu_head {
	STAILQ_ENTRY(rcu_head) entry;
	void *obj;
	u64 freed_at; /* by rcu->clock */
};

STAILQ_HEAD(rcu_list, rcu_head);

struct rcu {
	struct ledger *ledger;
	u32 readers; /* read-side sections entered and not left */
	struct rcu_list waiting; /* freed, their grace period not over */
	u64 nr_waiting;
	/* Where tasks run at the same time: who they are; else NULL. */
	const struct sched *sched;
	u64 clock; /* objects freed so far */
	struct rcu_reader {
		u32 depth;
		u64 since; /* by the clock */
	} tasks[SCHED_TASKS_MAX];
};

/*
 * Between the two there are readers that began at different times, and each
 * grace period ends as soon as it can: when the last of the readers leaves that
 * began before an object was freed.
 */
void rcu_tasks_begin(struct rcu *rcu, const struct sched *sched);
void rcu_tasks_end(struct rcu *rcu);

void rcu_init(struct rcu *rcu, struct ledger *ledger);

void rcu_read_lock(struct rcu *rcu);
void rcu_read_unlock(struct rcu *rcu);
bool rcu_read_lock_held(const struct rcu *rcu);

/* Frees @obj, a ledger object that contains @head, after a grace period. */
void kfree_rcu(struct rcu *rcu, void *obj, struct rcu_head *head);

/*
 * Waits for a grace period: frees what waits for one.  With a reader inside
 * nothing can be freed, and nothing is.
 */
void synchronize_rcu(struct rcu *rcu);

#endif
