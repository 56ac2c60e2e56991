/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU, emulated: what readers may hold is freed after a grace period, and a
 * grace period ends only when no reader is inside.
 */
#ifndef RMAPDIFF_BASE_RCU_H
#define RMAPDIFF_BASE_RCU_H

#include <bsd/sys/queue.h>
#include "ledger.h"

struct rcu_head {
	STAILQ_ENTRY(rcu_head) entry;
	void *obj;
};

STAILQ_HEAD(rcu_list, rcu_head);

struct rcu {
	struct ledger *ledger;
	u32 readers; /* read-side sections entered and not left */
	struct rcu_list waiting; /* freed, their grace period not over */
	u64 nr_waiting;
};

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
