/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much of a scenario the comparison with a kernel can hold.
 */
#ifndef RMAPDIFF_KERNEL_LIMITS_H
#define RMAPDIFF_KERNEL_LIMITS_H

#include "../model/machine.h"
#include "../model/scenario/scenario.h"

/* What there may be so much of at one moment, in all processes together. */
enum kernel_limit {
	LIMIT_PROCS,
	LIMIT_VMAS,
	LIMIT_PAGES, /* page-table entries that are not empty */
	LIMIT_ANON_VMAS,
	LIMIT_CHAINS, /* anon_vma_chains */
	NR_KERNEL_LIMITS,
};

/* "present pages"; and how many there may be. */
const char *kernel_limit_name(enum kernel_limit limit);
u32 kernel_limit_max(enum kernel_limit limit);

/* What a scenario needs: the most that the model has at once. */
struct kernel_needs {
	u32 most[NR_KERNEL_LIMITS];
	u32 passed_at[NR_KERNEL_LIMITS]; /* op that goes past the limit; 0: none */
};

/*
 * Replays @sc on a model without bugs, and nothing of it on the kernel.  0 or
 * -ENOMEM.
 */
int kernel_needs(const struct machine_config *config, const struct scenario *sc,
		 struct kernel_needs *needs);

/*
 * Are @needs within the limits?  If not, what is needed, which limit that is and
 * where it is passed are in @why.
 */
bool kernel_needs_fit(const struct kernel_needs *needs, char *why, size_t size);

#endif
