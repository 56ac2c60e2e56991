/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks that the mm itself makes, and what must hold for them.
 */
#ifndef RMAPDIFF_MM_WALKS_H
#define RMAPDIFF_MM_WALKS_H

#include "pgtable.h"

/* folio_lock(), folio_trylock(), folio_unlock(). */
void folio_lock(struct mm_world *world, struct folio *folio);
bool folio_trylock(struct mm_world *world, struct folio *folio);
void folio_unlock(struct mm_world *world, struct folio *folio);

/* Does an entry map it that is no migration entry?  folio_mapped(). */
bool folio_mapped(const struct folio *folio);

/*
 * One walk by @rmap: it walks @folio, and is to find the entries of @of, which is
 * another folio while a migration puts entries back.
 */
struct watched_walk {
	struct rmap *rmap;
	struct folio *folio;
	struct folio *of;
	struct rmap_walk_control rwc; /* the caller's visitor */
	u8 bit; /* of the task, in struct pte */
	u32 since; /* mappings made later need not be found */
	u64 found; /* out: how often an entry was found */
};

/*
 * True if the walk did not give up (rwc->contended), and each mapping that was
 * there before and is there after was visited, be it where it was or where mremap
 * moved it meanwhile.  Where operations run at the same time, one that was not is
 * also noted, in world->missed.
 */
bool walk_watched(struct watched_walk *walk);

/* FOLIO_MIGRATE: migrates @folio, which the caller holds. */
int migrate_folio(struct mm_world *world, struct folio *folio);

#endif
