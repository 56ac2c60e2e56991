/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a reverse map shows what it is made of, as plain data.
 *
 * It hands every object it has (an anon_vma, a context) to a describer, and
 * how they hang together.  Whoever draws that knows no reverse map, and so can
 * draw the next one too.
 *
 * Pointers say who somebody is: they are compared and never followed, because a
 * reverse map that is broken has pointers to what is gone.
 */
#ifndef RMAPDIFF_MM_RMAP_DESCRIBE_H
#define RMAPDIFF_MM_RMAP_DESCRIBE_H

#include "rmap.h"

#define RMAP_COUNTERS_MAX 5

struct rmap_object {
	const void *who;
	const void *parent; /* NULL: none */
	const void *root; /* NULL: it knows none */
	u64 id; /* in order of birth, from 1; 0: it goes by its mm */
	u64 mm_id; /* of the mm whose it is or was; 0: it is no mm's */
	bool orphan; /* that mm is gone */
	bool first_is_sum; /* counters[0] is to be the sum of the others */
	u32 nr_counters;
	struct {
		const char *name; /* the kernel's; static */
		u64 value;
	} counters[RMAP_COUNTERS_MAX];
};

struct rmap_describer {
	void (*object)(void *arg, const struct rmap_object *object);
	/* @who has offsets [first, last] of @vma in its tree. */
	void (*in_tree)(void *arg, const void *who,
			const struct vm_area_struct *vma, pgoff_t first,
			pgoff_t last);
	/* The next on the chain of @vma, in order, is @who; @own: vma->anon_vma */
	void (*on_chain)(void *arg, const struct vm_area_struct *vma,
			 const void *who, bool own);
	/* @who says that offsets [first, last] lie so far from their address. */
	void (*remap)(void *arg, const void *who, pgoff_t first, pgoff_t last,
		      s64 displacement);
	/*
	 * What @who has besides, not worth drawing, but what becomes of it may
	 * hang on that.  NULL: not wanted.
	 */
	void (*hidden)(void *arg, const void *who, u64 value);
	void *arg;
};

#endif
