/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bug switches: a known bug, put back at one readable line of the model.
 *
 *	if (bug_on(bugs, BUG_AVC_LEFT_IN_TREE))
 *		return;
 */
#ifndef RMAPDIFF_BASE_BUG_H
#define RMAPDIFF_BASE_BUG_H

#include "types.h"

enum bug {
#define BUG(id, name, text) BUG_##id,
#include "bugs.def"
#undef BUG
	NR_BUGS,
};

struct bugs {
	bool on[NR_BUGS];
};

static inline bool bug_on(const struct bugs *bugs, enum bug bug)
{
	return __builtin_expect(bugs->on[bug], 0);
}

/* Name and one line about @bug; static. */
const char *bug_name(enum bug bug);
const char *bug_text(enum bug bug);

/* The bug of that name, NR_BUGS if there is none. */
enum bug bug_find(const char *name);

#endif
