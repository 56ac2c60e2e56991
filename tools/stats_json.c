// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff stats --json: the schema of docs/STATS.md, written by hand.
 *
 * An emitter of a few lines: it knows how deep it is and whether a comma is due,
 * so that what is written is always JSON.
 */
#include <inttypes.h>
#include "stats.h"
#include "tools.h"

#define DEPTH_MAX 16

struct json {
	FILE *out;
	u32 depth;
	bool any[DEPTH_MAX]; /* in the object or array of that depth */
	bool lines[DEPTH_MAX]; /* its members stand on lines of their own */
};

static void json_string(struct json *js, const char *text)
{
	fputc('"', js->out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(js->out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(js->out, "\\u%04x", c);
		else
			fputc(c, js->out);
	}
	fputc('"', js->out);
}

static void json_indent(struct json *js)
{
	fprintf(js->out, "\n%*s", (int)js->depth * 2, "");
}

/* What comes before a member or an element; @key NULL: an element. */
static void json_next(struct json *js, const char *key)
{
	if (js->depth) {
		if (js->any[js->depth])
			fputc(',', js->out);
		if (js->lines[js->depth])
			json_indent(js);
		else if (js->any[js->depth])
			fputc(' ', js->out);
		js->any[js->depth] = true;
	}
	if (!key)
		return;
	json_string(js, key);
	fputs(": ", js->out);
}

static void json_open(struct json *js, const char *key, char bracket,
		      bool lines)
{
	json_next(js, key);
	fputc(bracket, js->out);
	if (js->depth + 1 < DEPTH_MAX)
		js->depth++;
	js->any[js->depth] = false;
	js->lines[js->depth] = lines;
}

static void json_close(struct json *js, char bracket)
{
	bool breaks = js->lines[js->depth] && js->any[js->depth];

	js->depth--;
	if (breaks)
		json_indent(js);
	fputc(bracket, js->out);
}

static void json_u64(struct json *js, const char *key, u64 value)
{
	json_next(js, key);
	fprintf(js->out, "%" PRIu64, value);
}

static void json_bool(struct json *js, const char *key, bool value)
{
	json_next(js, key);
	fputs(value ? "true" : "false", js->out);
}

static void json_text(struct json *js, const char *key, const char *value)
{
	json_next(js, key);
	json_string(js, value);
}

static void json_dist(struct json *js, const char *key, const struct dist *dist)
{
	json_open(js, key, '{', false);
	json_u64(js, "count", dist->count);
	json_u64(js, "sum", dist->sum);
	json_u64(js, "median", dist_percentile(dist, 50));
	json_u64(js, "p99", dist_percentile(dist, 99));
	json_u64(js, "max", dist->max);
	json_close(js, '}');
}

static void json_memory(struct json *js, const char *key,
			const struct stats_memory *memory)
{
	json_open(js, key, '{', true);
	json_u64(js, "objects", memory->objects);
	json_u64(js, "bytes", memory->bytes);
	json_u64(js, "bytes_low", memory->bytes_low);
	json_u64(js, "slab_bytes", memory->slab_bytes);
	json_u64(js, "embedded_bytes", memory->kinds.embedded_bytes);
	json_open(js, "kinds", '[', true);
	for (u32 i = 0; i < memory->kinds.nr; i++) {
		const struct rmap_memory_kind *kind = &memory->kinds.kinds[i];

		json_open(js, NULL, '{', false);
		json_text(js, "name", kind->name);
		json_u64(js, "objects", kind->objects);
		json_u64(js, "bytes", kind->bytes);
		json_u64(js, "bytes_low", kind->bytes_low);
		json_close(js, '}');
	}
	json_close(js, ']');
	json_close(js, '}');
}

static void put_by_op(struct json *js, const char *key, const u64 *by_op)
{
	json_open(js, key, '{', false);
	for (u32 i = 0; i < NR_OPS; i++)
		json_u64(js, op_infos[i].name, by_op[i]);
	json_close(js, '}');
}

static void json_walks(struct json *js, const struct stats_rmap *sr)
{
	const struct rmap_walk_stats *own = &sr->migrate;

	json_open(js, "walks", '{', true);
	json_open(js, "reclaim", '{', true);
	json_u64(js, "walks", sr->walks.visits.count);
	for (u32 i = 0; i < NR_WALK_COLUMNS; i++)
		json_dist(js, stats_walk_columns[i].name,
			  stats_dist(&sr->walks, &stats_walk_columns[i]));
	json_u64(js, "exclusive", dist_times(&sr->walks.mapped, 1));
	json_close(js, '}');
	json_open(js, "migrate", '{', false);
	json_u64(js, "walks", own->walks);
	json_u64(js, "visits", own->vmas);
	json_u64(js, "useless", own->vmas - own->found);
	json_u64(js, "contexts", own->contexts);
	json_u64(js, "remaps", own->remaps);
	json_u64(js, "nodes", own->nodes);
	json_close(js, '}');
	json_close(js, '}');
}

static void json_lock(struct json *js, const char *name,
		      const struct stats_lock *lock)
{
	json_open(js, NULL, '{', true);
	json_text(js, "name", name);
	json_u64(js, "write_sections", lock->write_sections);
	for (u32 i = 0; i < NR_LOCK_COLUMNS; i++)
		json_dist(js, stats_lock_columns[i].name,
			  stats_dist(lock, &stats_lock_columns[i]));
	put_by_op(js, "by_op", lock->by_op);
	json_close(js, '}');
}

static void json_locks(struct json *js, const struct stats_rmap *sr)
{
	json_open(js, "locks", '[', true);
	for (u32 i = 0; i < NR_RMAP_LOCKS; i++)
		if (sr->ops->locks & 1U << i)
			json_lock(js, stats_lock_names[i], &sr->locks[i]);
	json_close(js, ']');
	json_open(js, "read", '{', true);
	json_text(js, "name",
		  sr->ops->walks_block ? stats_lock_names[RMAP_LOCK_ROOT] :
					 "rcu");
	json_u64(js, "sections", sr->read_sections);
	json_bool(js, "blocks_writers", sr->ops->walks_block);
	json_dist(js, "mms", &sr->read_mms);
	json_close(js, '}');
}

static void put_row(struct json *js, const struct stats_row *row)
{
	json_open(js, NULL, '[', false);
	for (u32 i = 0; i < NR_STATS_COLUMNS; i++)
		json_u64(js, NULL, row->column[i]);
	json_close(js, ']');
}

static void json_series(struct json *js, const struct stats_rmap *sr)
{
	json_open(js, "series", '{', true);
	json_open(js, "columns", '[', false);
	for (u32 i = 0; i < NR_STATS_COLUMNS; i++)
		json_text(js, NULL, stats_column_names[i]);
	json_close(js, ']');
	json_open(js, "rows", '[', true);
	for (u32 i = 0; i < sr->nr_rows; i++)
		put_row(js, &sr->rows[i]);
	json_close(js, ']');
	json_close(js, '}');
}

static void put_rmap(struct json *js, const struct stats *stats,
		     const struct stats_rmap *sr)
{
	json_open(js, NULL, '{', true);
	json_text(js, "name", sr->ops->name);
	json_u64(js, "peak_processes", sr->peak.processes);
	json_u64(js, "peak_mms", sr->peak.mms);
	json_u64(js, "peak_vmas", sr->peak.vmas);
	json_u64(js, "peak_folios", sr->peak.folios);
	json_open(js, "memory", '{', true);
	json_u64(js, "peak_op", sr->peak_op);
	json_memory(js, "peak", &sr->peak_memory);
	json_memory(js, "end", &sr->end);
	json_memory(js, "left", &sr->left);
	json_close(js, '}');
	json_walks(js, sr);
	json_locks(js, sr);
	if (stats->config.every)
		json_series(js, sr);
	json_close(js, '}');
}

void stats_json_file(const struct stats *stats, const char *name, bool first,
		     FILE *out)
{
	struct json js = { .out = out, .depth = 2 };

	js.any[2] = !first;
	js.lines[2] = true;
	json_open(&js, NULL, '{', true);
	json_text(&js, "file", name);
	json_u64(&js, "ops", stats->result.ops);
	json_u64(&js, "skipped", stats->result.skipped);
	json_text(&js, "result", stats_verdict(stats));
	put_by_op(&js, "ops_by_kind", stats->ops_by_kind);
	json_open(&js, "rmaps", '[', true);
	for (u32 i = 0; i < stats->nr; i++)
		put_rmap(&js, stats, &stats->rmaps[i]);
	json_close(&js, ']');
	json_close(&js, '}');
}

static void put_sizes(struct json *js)
{
	json_open(js, "sizes", '[', true);
	for (u32 i = 0; i < NR_SIZES; i++) {
		json_open(js, NULL, '{', false);
		json_text(js, "name", kernel_sizes[i].name);
		json_u64(js, "bytes", kernel_sizes[i].bytes);
		json_u64(js, "per_slab", kernel_sizes[i].per_slab);
		json_u64(js, "slab_bytes", kernel_sizes[i].slab_bytes);
		json_text(js, "source", kernel_sizes[i].source);
		json_close(js, '}');
	}
	json_close(js, ']');
}

void stats_json_begin(const struct stats_config *config, FILE *out)
{
	struct json js = { .out = out };

	json_open(&js, NULL, '{', true);
	json_text(&js, "schema", "rmapdiff-stats-1");
	json_text(&js, "as_of",
		  config->replay.machine.as_of == KERNEL_6_18 ? "6.18" : "7.0");
	json_bool(&js, "pure", config->replay.pure);
	json_u64(&js, "every", config->every);
	json_u64(&js, "walks_per_op", config->walks);
	put_sizes(&js);
	json_open(&js, "files", '[', true);
}

void stats_json_end(FILE *out)
{
	fprintf(out, "\n  ],\n  \"version\": \"%s\"\n}\n", rmapdiff_version());
}
