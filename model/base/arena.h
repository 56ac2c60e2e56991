/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An arena: one piece of memory that holds all of a machine.
 *
 * What lives in it can point to each other, be saved by copying, and be put back
 * by copying, since it never moves.  Taking everything down is one assignment.
 *
 *	+--------+------------------------------------+------------- - -
 *	| header | objects, and holes on free lists   | never used yet
 *	+--------+------------------------------------+------------- - -
 *	|<------------- arena_used() ---------------->|
 */
#ifndef RMAPDIFF_BASE_ARENA_H
#define RMAPDIFF_BASE_ARENA_H

#include "types.h"

struct arena;

/*
 * An empty arena of at most @size bytes, a multiple of the page size; memory is
 * taken from the system as it is touched.  NULL when there is none.
 */
struct arena *arena_create(size_t size);
void arena_destroy(struct arena *arena);

/*
 * An arena for machines that are made and destroyed one after the other, where
 * nothing is lost by it: NULL, which stands for malloc(), under AddressSanitizer,
 * which sees more of what malloc() gave, and on 32 bits, which have no room.
 */
struct arena *arena_for_speed(void);

/* Forgets everything that was allocated. */
void arena_reset(struct arena *arena);

/*
 * @size bytes, aligned to 16, not zeroed; NULL when the arena is full.  And
 * back, with the @size that was asked for.  Under AddressSanitizer, what was
 * given back must not be touched until it is handed out again.
 */
void *arena_alloc(struct arena *arena, size_t size);
void arena_free(struct arena *arena, void *obj, size_t size);

/*
 * How many bytes a copy takes now; copies them to @copy; and puts back the @size
 * bytes that were so copied from this arena.
 */
size_t arena_used(const struct arena *arena);
void arena_save(const struct arena *arena, void *copy);
void arena_restore(struct arena *arena, const void *copy, size_t size);

#endif
