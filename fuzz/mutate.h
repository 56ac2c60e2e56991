/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mutation of scenarios as scenarios, for targets that take byte records: what
 * comes out is a multiple of BYTES_PER_OP, decodes, and encodes to itself again.
 *
 * All are deterministic in their arguments and share nothing.  @data, with room
 * for @room bytes, is changed in place; the return value is its new size, at
 * most @room.  When memory is out, it stays what it was, cut to @room.
 */
#ifndef RMAPDIFF_FUZZ_MUTATE_H
#define RMAPDIFF_FUZZ_MUTATE_H

#include "../model/base/types.h"

struct rmap_ops;

struct mutate {
	u64 seed;
	size_t room; /* bytes */
	bool failalloc; /* may allocations be made to fail? */
	bool parallel; /* may operations run at the same time, with schedules? */
	/* What is replayed beside anon_vma; NULL: anon_vma is alone. */
	const struct rmap_ops *candidate;
};

/* One to three edits of what is there; something new if that is nothing. */
size_t mutate_edit(const struct mutate *mu, u8 *data, size_t size);

/* Operations of @other, and sometimes an edit, go into what is there. */
size_t mutate_splice(const struct mutate *mu, u8 *data, size_t size,
		     const u8 *other, size_t other_size);

/* Forgets what is there: a scenario of scenario_generate(). */
size_t mutate_generate(const struct mutate *mu, u8 *data, size_t size);

/* The same scenario, as rmapdiff writes it. */
size_t mutate_canonical(const struct mutate *mu, u8 *data, size_t size);

#endif
