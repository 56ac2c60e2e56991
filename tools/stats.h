/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rmapdiff stats: what its files share.
 */
#ifndef RMAPDIFF_TOOLS_STATS_H
#define RMAPDIFF_TOOLS_STATS_H

#include <stdio.h>
#include "../model/stats/stats.h"
#include "input.h"

/* "ok", "diverged", "unexpected". */
const char *stats_verdict(const struct stats *stats);

/* The columns of walks and of sections of locks, for both forms. */
struct stats_dist_column {
	const char *name;
	size_t offset; /* of the struct dist in stats_walks or stats_lock */
};

#define NR_WALK_COLUMNS 7
#define NR_LOCK_COLUMNS 3
extern const struct stats_dist_column stats_walk_columns[NR_WALK_COLUMNS];
extern const struct stats_dist_column stats_lock_columns[NR_LOCK_COLUMNS];

static inline const struct dist *
stats_dist(const void *of, const struct stats_dist_column *column)
{
	return (const struct dist *)((const char *)of + column->offset);
}

/*
 * Against the running kernel; tools/stats_kernel.c, where that can be built.
 * Both return the exit status.
 */
int stats_kernel_sizes(const char *command);
int stats_slabs(const char *command, const struct stats_config *config,
		const struct input_files *files, bool bytes, bool slabinfo);

/* One file as text, for people. */
void stats_print_text(const struct stats *stats, const struct input *in,
		      FILE *out);

/* All files as JSON, docs/STATS.md: begin, each file, end. */
void stats_json_begin(const struct stats_config *config, FILE *out);
void stats_json_file(const struct stats *stats, const char *name, bool first,
		     FILE *out);
void stats_json_end(FILE *out);

#endif
