/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was seen: keys of 128 bits, which are hashes, each with how many
 * preemptions were left.  Two different states of which one is taken for the
 * other are not to be expected: with a million of them, once in 10^26 times.
 */
#ifndef RMAPDIFF_INTERLEAVE_SEEN_H
#define RMAPDIFF_INTERLEAVE_SEEN_H

#include "../model/base/types.h"

struct seen_key {
	u64 word[2];
};

struct seen_entry {
	struct seen_key key;
	u32 generation; /* in use if it is the table's */
	u32 left;
};

struct seen {
	struct seen_entry *entries;
	u32 cap; /* what memory there is for */
	u32 size; /* how much of it is used: a power of two */
	u32 nr;
	u32 max; /* keys */
	u32 generation;
	bool full; /* some were not remembered */
};

/* An empty table that remembers at most about @max keys.  0 or -ENOMEM. */
int seen_init(struct seen *seen, u32 max);
void seen_exit(struct seen *seen);

/* Forgets everything. */
void seen_clear(struct seen *seen);

/* Was @key seen with as many left, or more? */
bool seen_has(const struct seen *seen, const struct seen_key *key, u32 left);

/*
 * The same, and from now on it was.  A key for which there is no room, in the
 * table or in memory, is not remembered.
 */
bool seen_add(struct seen *seen, const struct seen_key *key, u32 left);

#endif
