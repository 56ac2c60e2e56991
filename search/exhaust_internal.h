/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of an exhaustive search share.
 */
#ifndef RMAPDIFF_SEARCH_EXHAUST_INTERNAL_H
#define RMAPDIFF_SEARCH_EXHAUST_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "edges.h"
#include "exhaust.h"
#include "states.h"

struct exhaust {
	struct exhaust_config config;
	u32 counts; /* FINGERPRINT_* */
	struct states *states;
	struct edges *edges;

	/* States of ex->level are [level_start, level_end). */
	u32 level;
	u32 level_start;
	u32 level_end;
	u32 starts[SEARCH_OPS_MAX + 2]; /* of each level so far */
	struct exhaust_level levels[SEARCH_OPS_MAX + 1];

	atomic_uint next; /* state to be expanded */
	atomic_uint expanded; /* in this level */
	atomic_ullong transitions; /* from them */
	atomic_bool stop;
	atomic_bool full;

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t done;
	u32 working;
	int err;
	struct exhaust_found found[EXHAUST_FOUND_MAX + 1];
	u32 nr_found;
};

/* Bytes in use. */
u64 exhaust_bytes(const struct exhaust *ex);

/* Brings levels[] up to date; goes on to the next level. */
void exhaust_take_stock(struct exhaust *ex);
void exhaust_next_level(struct exhaust *ex);

#endif
