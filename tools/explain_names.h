/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names that mms keep for life: that of the process it was born with, and
 * "B.2" for the second mm born with a B, by exec or when a name comes back.
 */
#ifndef RMAPDIFF_TOOLS_EXPLAIN_NAMES_H
#define RMAPDIFF_TOOLS_EXPLAIN_NAMES_H

#include "../model/machine.h"
#include "../model/scenario/scenario.h"

#define MM_NAME_MAX (SCENARIO_NAME_MAX + 12)

struct mm_name {
	u64 mm_id;
	u32 proc; /* the process it was born with */
	u32 nth; /* mm of that process, from 1 */
};

/* All mms seen so far; a struct of zeroes is an empty one. */
struct mm_names {
	struct mm_name *all; /* in order of mm_id */
	u32 nr;
	u32 cap;
	u64 last_id; /* the newest mm seen */
	bool oom;
};

/* Names the mms of @machine that are new since the last time. */
void mm_names_update(struct mm_names *names, struct machine *machine);
void mm_names_free(struct mm_names *names);

/* The name of that mm, "mm 12" if it was never seen, into @name. */
void mm_name(const struct mm_names *names, const struct scenario *sc, u64 mm_id,
	     char name[MM_NAME_MAX]);

#endif
