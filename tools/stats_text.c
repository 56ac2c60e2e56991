// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff stats as text: the reverse maps side by side, in lines that a mail
 * takes.
 */
#include <inttypes.h>
#include <string.h>
#include "stats.h"

#define LABEL_WIDTH 34
#define COLUMN_WIDTH 20

static void put_label(FILE *out, const char *label)
{
	fprintf(out, "  %-*s", LABEL_WIDTH, label);
}

static void put_number(FILE *out, u64 value)
{
	fprintf(out, "%*" PRIu64, COLUMN_WIDTH, value);
}

static void put_heading(const struct stats *stats, const char *heading,
			FILE *out)
{
	fprintf(out, "\n%-*s", LABEL_WIDTH + 2, heading);
	for (u32 i = 0; i < stats->nr; i++)
		fprintf(out, "%*s", COLUMN_WIDTH, stats->rmaps[i].ops->name);
	fputc('\n', out);
}

/* A line of one number for each reverse map, which lies at @offset. */
static void put_line(const struct stats *stats, const char *label,
		     size_t offset, FILE *out)
{
	put_label(out, label);
	for (u32 i = 0; i < stats->nr; i++) {
		const char *sr = (const char *)&stats->rmaps[i];
		u64 value;

		memcpy(&value, sr + offset, sizeof(value));
		put_number(out, value);
	}
	fputc('\n', out);
}

#define line(stats, label, member, out) \
	put_line(stats, label, offsetof(struct stats_rmap, member), out)

static void put_dist(FILE *out, const struct dist *dist)
{
	char text[64];

	snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64 " %" PRIu64,
		 dist_percentile(dist, 50), dist_percentile(dist, 99),
		 dist->max);
	fprintf(out, "%*s", COLUMN_WIDTH, text);
}

static const struct rmap_memory_kind *find_kind(const struct stats_rmap *sr,
						const char *name)
{
	const struct rmap_memory *memory = &sr->peak_memory.kinds;

	for (u32 i = 0; i < memory->nr; i++)
		if (!strcmp(memory->kinds[i].name, name))
			return &memory->kinds[i];
	return NULL;
}

static void put_kind(const struct stats *stats, const char *name, FILE *out)
{
	const struct rmap_memory_kind *kind;
	char label[64];

	snprintf(label, sizeof(label), "  %s: objects", name);
	put_label(out, label);
	for (u32 i = 0; i < stats->nr; i++) {
		kind = find_kind(&stats->rmaps[i], name);
		if (kind)
			put_number(out, kind->objects);
		else
			fprintf(out, "%*s", COLUMN_WIDTH, "-");
	}
	fputc('\n', out);
}

/* Each kind once, with all that have it. */
static void put_kinds(const struct stats *stats, u32 nr, FILE *out)
{
	const struct rmap_memory *memory = &stats->rmaps[nr].peak_memory.kinds;

	for (u32 i = 0; i < memory->nr; i++) {
		const char *name = memory->kinds[i].name;
		bool seen = false;

		for (u32 k = 0; k < nr; k++)
			seen |= find_kind(&stats->rmaps[k], name) != NULL;
		if (!seen)
			put_kind(stats, name, out);
	}
}

static void put_memory(const struct stats *stats, FILE *out)
{
	put_heading(stats, "memory, bytes at the kernel's sizes", out);
	line(stats, "at most", peak_memory.bytes, out);
	line(stats, "  lower bound", peak_memory.bytes_low, out);
	line(stats, "  as whole slabs, at least", peak_memory.slab_bytes, out);
	line(stats, "  besides, in VMAs and mms",
	     peak_memory.kinds.embedded_bytes, out);
	for (u32 i = 0; i < stats->nr; i++)
		put_kinds(stats, i, out);
	line(stats, "after the last operation", end.bytes, out);
	line(stats, "after all processes are gone", left.bytes, out);
}

static void put_walks(const struct stats *stats, FILE *out)
{
	put_heading(stats, "walks (median, p99, maximum)", out);
	line(stats, "walks", walks.visits.count, out);
	for (u32 k = 0; k < NR_WALK_COLUMNS; k++) {
		put_label(out, stats_walk_columns[k].name);
		for (u32 i = 0; i < stats->nr; i++)
			put_dist(out, stats_dist(&stats->rmaps[i].walks,
						 &stats_walk_columns[k]));
		fputc('\n', out);
	}
	line(stats, "visits, sum", walks.visits.sum, out);
	line(stats, "useless, sum", walks.useless.sum, out);
	line(stats, "to_last, sum", walks.to_last.sum, out);
	line(stats, "migrate's own: walks", migrate.walks, out);
	line(stats, "migrate's own: visits", migrate.vmas, out);
}

/* One line for those that have the lock; the others leave theirs blank. */
static void put_lock_line(const struct stats *stats, u32 lock, u32 column,
			  FILE *out)
{
	char label[64];

	snprintf(label, sizeof(label), "  %s", stats_lock_columns[column].name);
	put_label(out, label);
	for (u32 i = 0; i < stats->nr; i++) {
		const struct stats_rmap *sr = &stats->rmaps[i];

		if (sr->ops->locks & 1U << lock)
			put_dist(out, stats_dist(&sr->locks[lock],
						 &stats_lock_columns[column]));
		else
			fprintf(out, "%*s", COLUMN_WIDTH, "-");
	}
	fputc('\n', out);
}

static void put_lock(const struct stats *stats, u32 lock, FILE *out)
{
	u32 takers = 0;
	char label[64];

	for (u32 i = 0; i < stats->nr; i++)
		takers |= stats->rmaps[i].ops->locks & 1U << lock;
	if (!takers)
		return;
	snprintf(label, sizeof(label), "%s: write sections",
		 stats_lock_names[lock]);
	put_line(stats, label,
		 offsetof(struct stats_rmap, locks) +
			 lock * sizeof(struct stats_lock) +
			 offsetof(struct stats_lock, write_sections),
		 out);
	for (u32 k = 0; k < NR_LOCK_COLUMNS; k++)
		put_lock_line(stats, lock, k, out);
}

static void put_locks(const struct stats *stats, FILE *out)
{
	put_heading(stats, "locks (median, p99, maximum)", out);
	for (u32 lock = 0; lock < NR_RMAP_LOCKS; lock++)
		put_lock(stats, lock, out);
	line(stats, "walks: read sections", read_sections, out);
	put_label(out, "  of");
	for (u32 i = 0; i < stats->nr; i++)
		fprintf(out, "%*s", COLUMN_WIDTH,
			stats->rmaps[i].ops->walks_block ? "the root lock" :
							   "RCU");
	fputs("\n", out);
	put_label(out, "  mms");
	for (u32 i = 0; i < stats->nr; i++)
		put_dist(out, &stats->rmaps[i].read_mms);
	fputc('\n', out);
}

/* Only where there are reverse maps that say. */
static void put_costs(const struct stats *stats, FILE *out)
{
	bool any = false;

	for (u32 i = 0; i < stats->nr; i++)
		any |= stats->rmaps[i].ops->variant != NULL;
	if (!any)
		return;
	put_heading(stats, "beside other operations", out);
	line(stats, "locks taken by walks", costs.walk_locks, out);
	line(stats, "  places under one, at most", costs.walk_held_most, out);
	line(stats, "locks taken by others", costs.write_locks, out);
	line(stats, "  entries under one, at most", costs.write_held_most, out);
	line(stats, "counts and stamps written", costs.published, out);
	line(stats, "contexts looked at again", costs.context_retries, out);
	line(stats, "walks begun again", costs.walk_retries, out);
	line(stats, "walks given up", costs.gave_up, out);
}

static void put_series(const struct stats *stats, FILE *out)
{
	for (u32 i = 0; i < stats->nr; i++) {
		const struct stats_rmap *sr = &stats->rmaps[i];

		fprintf(out, "\nseries of %s\n", sr->ops->name);
		for (u32 k = 0; k < NR_STATS_COLUMNS; k++)
			fprintf(out, "%s%s", k ? " " : "",
				stats_column_names[k]);
		fputc('\n', out);
		for (u32 r = 0; r < sr->nr_rows; r++)
			for (u32 k = 0; k < NR_STATS_COLUMNS; k++)
				fprintf(out, "%" PRIu64 "%c",
					sr->rows[r].column[k],
					k + 1 < NR_STATS_COLUMNS ? ' ' : '\n');
	}
}

void stats_print_text(const struct stats *stats, const struct input *in,
		      FILE *out)
{
	fprintf(out, "%s%s: %u ops", in->name, input_form(in),
		stats->result.ops);
	if (stats->result.failed)
		fprintf(out, " (%u failed)", stats->result.failed);
	if (stats->result.skipped)
		fprintf(out, ", %u left out", stats->result.skipped);
	if (stats->result.diverged || stats->result.unexpected)
		fprintf(out, ", %s at op %u", stats_verdict(stats),
			stats->result.op_nr);
	fputc('\n', out);
	put_heading(stats, "at once, at most", out);
	line(stats, "processes", peak.processes, out);
	line(stats, "address spaces (mms)", peak.mms, out);
	line(stats, "VMAs", peak.vmas, out);
	line(stats, "folios", peak.folios, out);
	put_memory(stats, out);
	put_walks(stats, out);
	put_locks(stats, out);
	put_costs(stats, out);
	if (stats->config.every)
		put_series(stats, out);
}
