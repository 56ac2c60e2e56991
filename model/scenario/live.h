/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which slots are alive at a place of a scenario, going by its lines alone: a
 * fork makes its child live whatever comes of it.
 */
#ifndef RMAPDIFF_SCENARIO_LIVE_H
#define RMAPDIFF_SCENARIO_LIVE_H

#include "scenario.h"

struct live {
	u64 bits[SCENARIO_PROCS_MAX / 64];
	u32 nr;
	u32 lowest_free; /* no slot below is free */
};

/* At the start: slot 0. */
void live_init(struct live *live);

bool live_has(const struct live *live, u32 slot);
void live_add(struct live *live, u32 slot); /* slot < SCENARIO_PROCS_MAX */
void live_remove(struct live *live, u32 slot);

/* The lowest slot that is not alive; SCENARIO_PROCS_MAX if all are. */
u32 live_lowest_free(struct live *live);

/* The @nth living slot from 0, nth < live->nr; and how many live below @slot. */
u32 live_nth(const struct live *live, u32 nth);
u32 live_rank(const struct live *live, u32 slot);

/*
 * What @op does to @live.  False, with nothing done, when its process is not
 * alive or its child is, or has no room: no text and no bytes say that.
 */
bool live_apply(struct live *live, const struct op *op);

#endif
