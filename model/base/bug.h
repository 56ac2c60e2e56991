/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bug switches: a known bug, put back at one readable line of the model.
 *
 *	if (bug_on(bugs, BUG_AVC_LEFT_IN_TREE))
 *		return;
 *
 * And fix switches: a fault of the published proof of concept, which is there
 * unless it is repaired.
 *
 *	if (!fix_on(bugs, FIX_WALK_EARLY_END) && was_exclusive)
 *		return false;
 */
#ifndef RMAPDIFF_BASE_BUG_H
#define RMAPDIFF_BASE_BUG_H

#include "types.h"

enum bug {
#define BUG(id, owner, name, text) BUG_##id,
#include "bugs.def"
#undef BUG
	NR_BUGS,
};

enum fix {
#define FIX(id, name, text) FIX_##id,
#include "fixes.def"
#undef FIX
	NR_FIXES,
};

/* Whose code a bug is put into; that of the mm is the same for each reverse map. */
enum bug_owner {
	BUG_OF_MM,
	BUG_OF_ANON_VMA,
	BUG_OF_COW_CONTEXT,
	NR_BUG_OWNERS,
};

struct bugs {
	bool on[NR_BUGS];
	bool fixed[NR_FIXES];
};

static inline bool bug_on(const struct bugs *bugs, enum bug bug)
{
	return __builtin_expect(bugs->on[bug], 0);
}

static inline bool fix_on(const struct bugs *bugs, enum fix fix)
{
	return bugs->fixed[fix];
}

/* Name and one line about each; static. */
const char *bug_name(enum bug bug);
const char *bug_text(enum bug bug);
enum bug_owner bug_owner(enum bug bug);
const char *bug_owner_name(enum bug_owner owner);
const char *fix_name(enum fix fix);
const char *fix_text(enum fix fix);

/* The one of that name, NR_BUGS or NR_FIXES if there is none. */
enum bug bug_find(const char *name);
enum fix fix_find(const char *name);

/*
 * As options have it: @name repaired, with "all" everything, with "-" before the
 * name not repaired.  False if there is none of that name.
 */
bool fix_switch(struct bugs *bugs, const char *name);

#endif
