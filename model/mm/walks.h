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

/*
 * One walk by @rmap: it walks @folio, and is to find the entries of @of, which is
 * another folio while a migration puts entries back.
 */
struct watched_walk {
	struct rmap *rmap;
	struct folio *folio;
	struct folio *of;
	struct rmap_walk_control rwc; /* the caller's visitor */
	/*
	 * The visitor only looks, for another reverse map's walk to unmap or to put
	 * back what this one must find too.  It sees folio_mapcount() as if it did.
	 */
	bool shows;
	u8 bit; /* of the task, in struct pte */
	u32 since; /* mappings made later need not be found */
	u64 found; /* out: how often an entry was found */
	u32 wanted; /* out: entries that there were at the start */
};

/*
 * True if the walk did not give up (rwc->contended), and each mapping, or each
 * migration entry if it restores them, that was there before and is there after was
 * visited, be it where it was or where mremap moved it meanwhile.  One that was not
 * is also a divergence of the reverse map; where operations run at the same time it
 * is noted in world->missed.
 */
bool walk_watched(struct watched_walk *walk);

/*
 * Do all reverse maps but the deciding one find all that map @folio?  What they
 * visit counts as unmapped for them.
 */
bool find_by_others(struct mm_world *world, struct folio *folio);

/* FOLIO_MIGRATE: migrates @folio, which the caller holds. */
int migrate_folio(struct mm_world *world, struct folio *folio);

#endif
