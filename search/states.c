// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table of numbers, found by fingerprint; the states themselves stand in one
 * array.  The table is in parts with a lock each.
 *
 *	part 0            part 1
 *	+--+--+--+--+--+  +--+--+--+--+--+
 *	|  | 7|  | 0|  |  | 3|  |  |  | 9|  ...	0 in memory: free; else number + 1
 *	+--+--+--+--+--+  +--+--+--+--+--+
 *	      |     |
 *	      v     v
 *	+--+--+--+--+--+--+--+--+--+
 *	| 0| 1| 2| 3| 4| 5| 6| 7| 8| ...		states, in order of birth
 *	+--+--+--+--+--+--+--+--+--+
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "reserve.h"
#include "states.h"

#define NR_PARTS 256

struct part {
	pthread_mutex_t lock;
	u32 *slots;
};

struct states {
	struct state *all;
	u32 *slots;
	u32 cap;
	u64 part_slots; /* of one part, a power of two */
	atomic_uint nr;
	struct part parts[NR_PARTS];
};

static u64 all_slots(const struct states *states)
{
	return states->part_slots * NR_PARTS;
}

/* At most half full, so that there are up to four slots a state. */
static u64 part_slots(u32 cap)
{
	u64 slots = 16;

	while (slots * NR_PARTS < 2 * (u64)cap)
		slots *= 2;
	return slots;
}

struct states *states_create(u32 cap)
{
	struct states *states = calloc(1, sizeof(*states));

	if (!states)
		return NULL;
	states->cap = cap;
	states->part_slots = part_slots(cap);
	states->all = reserve(states->cap * sizeof(*states->all));
	states->slots = reserve(all_slots(states) * sizeof(u32));
	for (u32 i = 0; i < NR_PARTS; i++) {
		pthread_mutex_init(&states->parts[i].lock, NULL);
		states->parts[i].slots = states->slots + states->part_slots * i;
	}
	if (states->all && states->slots)
		return states;
	states_destroy(states);
	return NULL;
}

void states_destroy(struct states *states)
{
	if (!states)
		return;
	unreserve(states->all, states->cap * sizeof(*states->all));
	unreserve(states->slots, all_slots(states) * sizeof(u32));
	for (u32 i = 0; i < NR_PARTS; i++)
		pthread_mutex_destroy(&states->parts[i].lock);
	free(states);
}

u32 states_nr(const struct states *states)
{
	return min_u64(atomic_load(&states->nr), states->cap);
}

struct state *state_at(struct states *states, u32 id)
{
	return &states->all[id];
}

u64 states_bytes(const struct states *states)
{
	u64 nr = states_nr(states);
	u64 slots = all_slots(states) * sizeof(u32);

	/* Each state falls on a page of the table that may be its first. */
	return nr * sizeof(*states->all) + min_u64(slots, nr * 4096);
}

static bool same_fingerprint(const struct fingerprint *a,
			     const struct fingerprint *b)
{
	return a->lo == b->lo && a->hi == b->hi;
}

/* Under the lock of @part. */
static enum states_add add_to_part(struct states *states, struct part *part,
				   const struct state *state, u32 *id)
{
	u64 mask = states->part_slots - 1;
	u64 i = state->fp.hi & mask, probes = 0;
	u32 nr;

	for (; part->slots[i] && probes <= mask; i = (i + 1) & mask, probes++) {
		*id = part->slots[i] - 1;
		if (same_fingerprint(&states->all[*id].fp, &state->fp))
			return STATES_KNOWN;
	}
	*id = STATE_NONE;
	if (probes > mask)
		return STATES_FULL;
	nr = atomic_fetch_add(&states->nr, 1);
	if (nr >= states->cap) {
		atomic_fetch_sub(&states->nr, 1);
		return STATES_FULL;
	}
	states->all[nr] = *state;
	part->slots[i] = nr + 1;
	*id = nr;
	return STATES_NEW;
}

enum states_add states_add(struct states *states, const struct state *state,
			   u32 *id)
{
	struct part *part = &states->parts[state->fp.lo % NR_PARTS];
	enum states_add added;

	pthread_mutex_lock(&part->lock);
	added = add_to_part(states, part, state, id);
	pthread_mutex_unlock(&part->lock);
	return added;
}
