/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine as it is after an operation, as plain data: what explain draws.
 *
 * Everything is an index into an array, or SNAP_NONE; pointers are names only.
 * Page numbers are absolute; snap->base is what drawings count from.
 */
#ifndef RMAPDIFF_TOOLS_EXPLAIN_SNAP_H
#define RMAPDIFF_TOOLS_EXPLAIN_SNAP_H

#include "../model/mm/pgtable.h"
#include "../model/mm/rmap_describe.h"
#include "explain_names.h"

#define SNAP_NONE UINT32_MAX
#define SNAP_PROCS_TEXT_MAX 48

struct snap_mm {
	u64 id;
	char name[MM_NAME_MAX]; /* its lowest process, as reports call it */
	char procs[SNAP_PROCS_TEXT_MAX]; /* all of them: "A,B" */
	u32 first_vma;
	u32 nr_vmas;
};

struct snap_vma {
	const void *who;
	u32 mm;
	u64 start;
	u64 end;
	u64 flags;
	pgoff_t pgoff;
	int file;
	bool faulted[RMAP_MAX]; /* as each reverse map has it */
	u32 first_page;
	u32 nr_pages; /* entries that are not PTE_NONE */
};

struct snap_page {
	u64 addr;
	u64 folio; /* id, 0: none */
	u8 kind; /* enum pte_kind */
	bool write;
};

/* A place of a folio: an entry that maps it, or where a walk looked for it. */
struct snap_place {
	u32 mm; /* SNAP_NONE: the walk handed over a VMA that no mm has */
	u32 vma; /* SNAP_NONE: no VMA there */
	u64 addr;
	bool found; /* by a walk: the folio is mapped there */
};

struct snap_walk {
	u32 owner; /* object; SNAP_NONE: none that there is */
	const char *why_not; /* it was not walked; static; NULL: it was */
	u32 first_visit; /* in snap->visits */
	u32 nr_visits;
	struct rmap_walk_stats stats;
};

struct snap_folio {
	u64 id;
	pgoff_t index;
	u32 mapcount;
	bool exclusive;
	u32 first_place; /* in snap->places */
	u32 nr_places;
	struct snap_walk walks[RMAP_MAX];
};

struct snap_object {
	const void *who;
	u32 slot; /* of its reverse map */
	struct rmap_object o;
	char name[MM_NAME_MAX];
	u32 parent; /* index; SNAP_NONE: none, or gone */
	u32 root;
	u32 depth;
	bool last_child; /* of its parent */
};

/* A VMA in an object's tree. */
struct snap_branch {
	u32 object;
	u32 vma; /* SNAP_NONE: gone */
	pgoff_t first;
	pgoff_t last;
};

/* An object on a VMA's chain. */
struct snap_chain {
	u32 vma;
	u32 object; /* SNAP_NONE: gone */
	u32 slot;
	bool own;
};

struct snap_remap {
	u32 object;
	pgoff_t first;
	pgoff_t last;
	s64 displacement;
};

struct snap {
	u64 base;
	u32 nr_rmaps;
	const char *rmaps[RMAP_MAX];

	struct snap_mm *mms; /* in order of birth */
	struct snap_vma *vmas; /* by mm, then address */
	struct snap_page *pages;
	struct snap_place *places;
	struct snap_place *visits; /* in the order of the walk */
	struct snap_folio *folios; /* by id */
	struct snap_object *objects; /* by reverse map, parents before children */
	struct snap_branch *branches;
	struct snap_chain *chains;
	struct snap_remap *remaps;
	u32 nr_mms, nr_vmas, nr_pages, nr_places, nr_visits, nr_folios,
		nr_objects, nr_branches, nr_chains, nr_remaps;
	bool oom; /* memory ran out: of no use */
};

/* Takes a look at @machine, which it leaves as it is.  0 or -ENOMEM. */
int snap_take(struct snap *snap, struct machine *machine,
	      const struct scenario *sc, const struct mm_names *names);
void snap_free(struct snap *snap);

/* The folio of that id, NULL if there is none. */
const struct snap_folio *snap_folio(const struct snap *snap, u64 id);

/* The VMA of @mm at page number @addr, SNAP_NONE if there is none. */
u32 snap_vma_at(const struct snap *snap, u32 mm, u64 addr);

/* Did walk @slot find @folio at its place @place, and how often? */
u32 snap_times_found(const struct snap *snap, const struct snap_folio *folio,
		     u32 slot, const struct snap_place *place);

/* explain_objects.c: asks each reverse map to describe itself. */
void snap_objects(struct snap *snap, struct machine *machine,
		  const struct scenario *sc, const struct mm_names *names);

/* For the above: one more item, zeroed; NULL when memory is out. */
void *snap_add(struct snap *snap, void *array, u32 *nr, size_t size);
u32 snap_find_vma(const struct snap *snap, const void *who);
u32 snap_find_object(const struct snap *snap, u32 slot, const void *who);

#endif
