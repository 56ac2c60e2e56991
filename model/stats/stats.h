/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics of a replay: memory, walks and locks of each reverse map.  What is
 * counted, and when, stands in docs/STATS.md.
 */
#ifndef RMAPDIFF_STATS_STATS_H
#define RMAPDIFF_STATS_STATS_H

#include "../base/sizes.h"
#include "../scenario/replay.h"
#include "dist.h"

struct stats_config {
	/* check and after_op are the statistics' own. */
	struct replay_config replay;
	u64 every; /* operations from one row of a series to the next; 0: none */
	u32 walks; /* after each operation, as reclaim would walk */
};

/* How many there are of what reverse maps describe. */
struct stats_counts {
	u64 processes;
	u64 mms;
	u64 vmas;
	u64 folios;
};

/* All kinds of memory together. */
struct stats_memory {
	struct rmap_memory kinds;
	u64 objects;
	u64 bytes;
	u64 bytes_low;
	u64 slab_bytes;
};

struct stats_walks {
	struct dist mapped;
	struct dist visits;
	struct dist useless;
	struct dist to_last;
	struct dist contexts;
	struct dist remaps;
	struct dist nodes;
};

struct stats_lock {
	u64 write_sections;
	struct dist mms;
	struct dist vmas;
	struct dist links;
	u64 by_op[NR_OPS];
};

/* The columns of a series, in order; sums since the beginning where they are. */
enum stats_column {
	STATS_OP,
	STATS_PROCESSES,
	STATS_MMS,
	STATS_VMAS,
	STATS_FOLIOS,
	STATS_OBJECTS,
	STATS_BYTES,
	STATS_BYTES_LOW,
	STATS_SLAB_BYTES,
	STATS_WRITE_SECTIONS,
	STATS_WALKS,
	STATS_VISITS,
	STATS_USELESS,
	STATS_CONTEXTS,
	NR_STATS_COLUMNS,
};

extern const char *const stats_column_names[NR_STATS_COLUMNS];
extern const char *const stats_lock_names[NR_RMAP_LOCKS];

struct stats_row {
	u64 column[NR_STATS_COLUMNS];
};

struct stats;

struct stats_rmap {
	const struct rmap_ops *ops;
	struct stats *stats;
	struct machine *machine;
	struct rmap *rmap;
	struct rmap_watch watch;
	struct folio hand; /* where the clock hand stands: a key */

	struct stats_counts peak;
	u32 peak_op; /* of peak_memory; 0: there never was any */
	struct stats_memory peak_memory;
	struct stats_memory end;
	struct stats_memory left;
	struct stats_walks walks;
	struct rmap_walk_stats migrate;
	struct rmap_costs costs;
	struct stats_lock locks[NR_RMAP_LOCKS];
	u64 write_sections;
	u64 read_sections;
	struct dist read_mms;
	struct stats_row *rows; /* owned */
	u32 nr_rows;
	u32 cap_rows;
};

struct stats {
	const struct scenario *sc;
	struct stats_config config;
	struct replay *replay;
	struct replay_result result;
	u64 processes;
	u64 ops_by_kind[NR_OPS];
	enum op_kind kind; /* of the operation that is being done; NR_OPS: none */
	u32 last_row; /* the operation of the last row */
	struct stats_rmap rmaps[RMAP_MAX];
	u32 nr;
	int err; /* memory ran out for the statistics */
};

/*
 * Replays @sc, all of it unless it diverges or a result is not as asserted, and
 * fills in @stats.  0 or -ENOMEM; stats_free() in either case.  @sc must outlive
 * it.
 */
int stats_run(struct stats *stats, const struct scenario *sc,
	      const struct stats_config *config);
void stats_free(struct stats *stats);

#endif
