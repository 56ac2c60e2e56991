/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all processes have in the window at one moment, whoever says so: the
 * kernel or the model.
 *
 * Both sides are brought into this one form, with anon_vmas and folios numbered
 * from 1 in the order in which they are met (processes by slot, VMAs by
 * address, for each its anon_vma and then its chain, an anon_vma followed by
 * its parents and its root).  Two that are equal up to renaming are then equal.
 *
 * Addresses are page numbers.  VMAs are known by their place in the array.
 */
#ifndef RMAPDIFF_SUBJECT_SNAPSHOT_H
#define RMAPDIFF_SUBJECT_SNAPSHOT_H

#include <linux/types.h>
#include <stdio.h>
#include "../model/machine.h"
#include "../model/scenario/scenario.h"
#include "dump.h"

#define SNAP_NONE (~0U)

struct snap_proc {
	u32 slot;
	u32 same_as; /* the lowest slot with this mm; its own if none is lower */
	u32 vma_first; /* none when same_as is another */
	u32 vma_count;
};

struct snap_vma {
	u32 proc; /* in procs */
	int file;
	u64 start;
	u64 end;
	u64 flags; /* of those that the model has */
	pgoff_t pgoff;
	u32 anon_vma; /* number, 0: none */
	u32 chain_first; /* anon_vma numbers in chains, newest first */
	u32 chain_count;
	u32 page_first;
	u32 page_count;
};

struct snap_anon_vma {
	u32 name; /* what texts call it: its number, or as snapshot_name() says */
	u32 root;
	u32 parent;
	u64 num_children;
	u64 num_active_vmas;
	u64 refcount;
	u32 node_first; /* its interval tree, in order */
	u32 node_count;
};

struct snap_node {
	u32 vma; /* in vmas, SNAP_NONE: a VMA that no process has */
	pgoff_t first;
	pgoff_t last;
};

enum snap_kind {
	SNAP_ANON,
	SNAP_ZERO,
	SNAP_FILE,
	SNAP_OTHER, /* swap or migration entry */
	NR_SNAP_KINDS,
};

struct snap_page {
	u64 address;
	u8 kind; /* enum snap_kind */
	bool write;
	u32 folio; /* number, 0: none */
};

struct snap_folio {
	u32 name; /* as in snap_anon_vma */
	u32 anon_vma;
	bool exclusive;
	u32 mapcount;
	pgoff_t index;
	u64 content;
};

/* Number by address: of anon_vmas, folios, VMAs. */
struct snap_ids {
	const void **keys;
	u32 *values;
	u32 cap; /* power of two, or 0 */
	u32 nr;
};

#define SNAP_ARRAY(type) \
	struct {         \
		type *v; \
		u32 nr;  \
		u32 cap; \
	}

struct snapshot {
	SNAP_ARRAY(struct snap_proc) procs;
	SNAP_ARRAY(struct snap_vma) vmas;
	SNAP_ARRAY(u32) chains;
	SNAP_ARRAY(struct snap_anon_vma) anon_vmas; /* number n at n - 1 */
	SNAP_ARRAY(struct snap_node) nodes;
	SNAP_ARRAY(struct snap_page) pages;
	SNAP_ARRAY(struct snap_folio) folios; /* number n at n - 1 */
	/* While it is being filled in. */
	struct snap_ids anon_vma_ids;
	struct snap_ids folio_ids;
	struct snap_ids vma_ids;
	bool nomem;
	/* What no kernel should have, if kind is not DUMP_NO_FAULT. */
	struct dump_fault fault;
};

void snapshot_init(struct snapshot *snap);
void snapshot_free(struct snapshot *snap);

/* Empties @snap, keeping its memory for the next one. */
void snapshot_reset(struct snapshot *snap);

/*
 * For those who fill one in: each appends a zeroed element and returns it, good
 * until the next, or NULL with snap->nomem set.
 */
struct snap_proc *snapshot_add_proc(struct snapshot *snap);
struct snap_vma *snapshot_add_vma(struct snapshot *snap);
u32 *snapshot_add_chain(struct snapshot *snap);
struct snap_anon_vma *snapshot_add_anon_vma(struct snapshot *snap);
struct snap_node *snapshot_add_node(struct snapshot *snap);
struct snap_page *snapshot_add_page(struct snapshot *snap);
struct snap_folio *snapshot_add_folio(struct snapshot *snap);

/* The value of @key, 0 if it has none; and gives it one. */
u32 snap_ids_get(const struct snap_ids *ids, const void *key);
bool snap_ids_put(struct snap_ids *ids, const void *key, u32 value);

/*
 * What the kernel has, from a dump of the processes @slots; @inodes names the
 * files.  0 or -ENOMEM.  What no kernel should have is in @snap->fault: then the
 * snapshot has the rest, and is equal to none.
 */
int snapshot_kernel(struct snapshot *snap, const struct dump *dump,
		    const u32 *slots, const u64 inodes[NR_FILES]);

/* What @machine has, whose deciding reverse map is anon_vma.  0 or -ENOMEM. */
int snapshot_model(struct snapshot *snap, struct machine *machine);

/*
 * What anon_vmas and folios are called through a whole scenario: numbers of a
 * snapshot are given anew to each.  Zeroed, it is empty; snap_names_free().
 */
struct snap_names {
	struct snap_ids anon_vmas; /* names by address, of those last seen */
	struct snap_ids folios;
	u32 nr_anon_vmas; /* names given so far */
	u32 nr_folios;
};

/*
 * Names what @snap has: what the last snapshot had keeps its name, what is new
 * gets the next one, in the order of numbers.  So two sides that have been equal
 * so far give equal names to the same thing.  0 or -ENOMEM.
 */
int snapshot_name(struct snapshot *snap, struct snap_names *names);
void snap_names_free(struct snap_names *names);

#define SNAP_TEXT_MAX 512

/*
 * The first difference: false, with what differs in @what and each side in
 * @kernel and @model.  A fault of the kernel's side comes before all others.
 */
struct snap_difference {
	char what[SNAP_TEXT_MAX];
	char kernel[SNAP_TEXT_MAX];
	char model[SNAP_TEXT_MAX];
};

bool snapshot_equal(const struct scenario *sc, const struct snapshot *kernel,
		    const struct snapshot *model, struct snap_difference *diff);

/* All of it, for people. */
void snapshot_print(const struct scenario *sc, const struct snapshot *snap,
		    FILE *out);

#endif
