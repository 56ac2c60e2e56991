/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which state leads to which, for counting scenarios: many scenarios go through
 * each state, and an operation that is refused leads back to where it was done.
 */
#ifndef RMAPDIFF_SEARCH_EDGES_H
#define RMAPDIFF_SEARCH_EDGES_H

#include <stdio.h>
#include "../model/base/types.h"

struct edge {
	u32 to;
	u32 times; /* operations that lead there */
};

struct edges;

/* For states up to @nr_states, with @bytes for edges; NULL: no memory. */
struct edges *edges_create(u32 nr_states, u64 bytes);
void edges_destroy(struct edges *edges);

/*
 * Where the @nr operations in state @from lead, each of @to a state.  @to is put
 * in order.  From the first time that there is no room on, counts are unknown.
 */
void edges_set(struct edges *edges, u32 from, u32 *to, u32 nr);

bool edges_complete(const struct edges *edges);

/* Bytes in use; what one state takes at most beside its edges. */
u64 edges_bytes(const struct edges *edges, u32 nr_states);
#define EDGES_STATE_BYTES 16

/*
 * How many scenarios have one operation more than those of which @ways[s] end in
 * state s, for the first @nr states; and in @next[s] how many end there.
 */
double edges_step(const struct edges *edges, const double *ways, u32 nr,
		  double *next);

int edges_save(const struct edges *edges, u32 nr_states, FILE *file);
int edges_load(struct edges *edges, u32 nr_states, FILE *file);

#endif
