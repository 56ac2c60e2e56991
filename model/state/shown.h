/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a reverse map shows of itself (mm/rmap_describe.h), taken down, so that it
 * can be gone through in any order.
 */
#ifndef RMAPDIFF_STATE_SHOWN_H
#define RMAPDIFF_STATE_SHOWN_H

#include "../mm/rmap_describe.h"
#include "fingerprint.h"

#define SHOWN_OBJECTS_MAX 512
#define SHOWN_LINKS_MAX 2048

/* A tree's or a remap's range, of one object. */
struct shown_range {
	u64 first;
	u64 last;
	u64 what; /* displacement, or the VMA's name once it has one */
	const void *vma; /* NULL: a remap */
};

struct shown_object {
	struct rmap_object o;
	struct fingerprint hidden;
	u32 first_range; /* in ranges[] */
	u32 nr_ranges;
};

struct shown_link {
	const void *vma;
	const void *who;
	bool own;
};

/* What one reverse map shows. */
struct shown {
	struct shown_object objects[SHOWN_OBJECTS_MAX];
	u32 nr_objects;
	struct shown_range ranges[SHOWN_LINKS_MAX];
	u32 nr_ranges;
	struct shown_link
		chain[SHOWN_LINKS_MAX]; /* those of one VMA are together */
	u32 nr_chain;
};

/* False: @rmap has more than there is room for. */
bool shown_take(struct shown *shown, struct rmap *rmap);

#endif
