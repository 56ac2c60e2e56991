// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "rcu.h"

void rcu_init(struct rcu *rcu, struct ledger *ledger)
{
	rcu->ledger = ledger;
	rcu->readers = 0;
	rcu->nr_waiting = 0;
	STAILQ_INIT(&rcu->waiting);
}

void rcu_read_lock(struct rcu *rcu)
{
	rcu->readers++;
}

void rcu_read_unlock(struct rcu *rcu)
{
	/* Leaving a section that nobody entered is a bug of the caller. */
	if (!rcu->readers)
		abort();
	rcu->readers--;
}

bool rcu_read_lock_held(const struct rcu *rcu)
{
	return rcu->readers;
}

void kfree_rcu(struct rcu *rcu, void *obj, struct rcu_head *head)
{
	head->obj = obj;
	STAILQ_INSERT_TAIL(&rcu->waiting, head, entry);
	rcu->nr_waiting++;
}

void synchronize_rcu(struct rcu *rcu)
{
	struct rcu_head *head;

	if (rcu->readers)
		return;
	while ((head = STAILQ_FIRST(&rcu->waiting))) {
		STAILQ_REMOVE_HEAD(&rcu->waiting, entry);
		rcu->nr_waiting--;
		ledger_free(rcu->ledger, head->obj);
	}
}
