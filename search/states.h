/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The states that a search has met: each once, with how it was reached.
 *
 * States are numbered from 0, the first, in the order in which they were met.
 * Many threads may add at once; what was added does not change any more.
 */
#ifndef RMAPDIFF_SEARCH_STATES_H
#define RMAPDIFF_SEARCH_STATES_H

#include "../model/state/fingerprint.h"

struct state {
	struct fingerprint fp;
	u64 op; /* packed; that led here from parent */
	u32 parent;
	u32 expanded; /* every operation was done here */
};

#define STATE_NONE UINT32_MAX

struct states;

/* What one state takes at most, the table included. */
#define STATE_BYTES (sizeof(struct state) + 4 * sizeof(u32))

/*
 * Room for @cap states; memory is taken from the system as it is used.  NULL
 * when there is none.
 */
struct states *states_create(u32 cap);
void states_destroy(struct states *states);

u32 states_nr(const struct states *states);
struct state *state_at(struct states *states, u32 id);

/* Bytes in use. */
u64 states_bytes(const struct states *states);

enum states_add {
	STATES_NEW,
	STATES_KNOWN,
	STATES_FULL, /* nothing was added, and *id is STATE_NONE */
};

/* Adds a state unless it is known; its number is in *@id. */
enum states_add states_add(struct states *states, const struct state *state,
			   u32 *id);

#endif
