// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics: looks on while a scenario is replayed.
 *
 *	operation ---> sections of locks, as they end	(rmap_watch)
 *	    |
 *	    v
 *	after it, and its grace period: memory, peaks; then the clock hand goes
 *	on by some folios, and each reverse map walks them; every N operations a
 *	row of the series
 *
 * The clock hand stands for reclaim: it goes round all folios that live, in the
 * order of family, offset and birth, and starts again.  It is where it is by the
 * number of operations alone, so walks are the same in each run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../mm/pgtable.h"
#include "stats.h"

const char *const stats_column_names[NR_STATS_COLUMNS] = {
	[STATS_OP] = "op",
	[STATS_PROCESSES] = "processes",
	[STATS_MMS] = "mms",
	[STATS_VMAS] = "vmas",
	[STATS_FOLIOS] = "folios",
	[STATS_OBJECTS] = "objects",
	[STATS_BYTES] = "bytes",
	[STATS_BYTES_LOW] = "bytes_low",
	[STATS_SLAB_BYTES] = "slab_bytes",
	[STATS_WRITE_SECTIONS] = "write_sections",
	[STATS_WALKS] = "walks",
	[STATS_VISITS] = "visits",
	[STATS_USELESS] = "useless",
	[STATS_CONTEXTS] = "contexts",
};

const char *const stats_lock_names[NR_RMAP_LOCKS] = {
	[RMAP_LOCK_ROOT] = "root",
	[RMAP_LOCK_CHILDREN] = "children",
	[RMAP_LOCK_REMAPS] = "remaps",
};

static void count_value(struct stats *stats, struct dist *dist, u64 value)
{
	if (dist_add(dist, value))
		stats->err = -ENOMEM;
}

/* Locks, as they are let go. */

static void section_written(void *arg, const struct rmap *rmap,
			    const struct rmap_section *section)
{
	struct stats_rmap *sr = arg;
	struct stats *stats = sr->stats;
	struct stats_lock *lock = &sr->locks[section->lock];

	/* The end of all processes is no part of the workload. */
	if (stats->kind == NR_OPS)
		return;
	sr->write_sections++;
	lock->write_sections++;
	lock->by_op[stats->kind]++;
	count_value(stats, &lock->mms, section->mms);
	count_value(stats, &lock->vmas, section->vmas);
	count_value(stats, &lock->links, section->links);
}

static void section_read(void *arg, const struct rmap *rmap, u64 mms)
{
	struct stats_rmap *sr = arg;

	sr->read_sections++;
	count_value(sr->stats, &sr->read_mms, mms);
}

/* Memory. */

static void take_memory(struct stats_rmap *sr, struct stats_memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	if (!sr->ops->memory)
		return;
	sr->ops->memory(sr->rmap, &memory->kinds);
	for (u32 i = 0; i < memory->kinds.nr; i++) {
		const struct rmap_memory_kind *kind = &memory->kinds.kinds[i];

		memory->objects += kind->objects;
		memory->bytes += kind->bytes;
		memory->bytes_low += kind->bytes_low;
		memory->slab_bytes += kind->slab_bytes;
	}
}

static struct stats_counts take_counts(const struct stats_rmap *sr)
{
	const struct mm_world *world = &sr->machine->world;
	const struct ledger_kind *kinds = world->ledger->kinds;

	return (struct stats_counts){
		.processes = sr->stats->processes,
		.mms = kinds[world->kind_mm].live,
		.vmas = kinds[world->kind_vma].live,
		.folios = kinds[world->kind_folio].live,
	};
}

static void raise_peaks(struct stats_rmap *sr, const struct stats_counts *now,
			u32 op_nr)
{
	struct stats_counts *peak = &sr->peak;

	peak->processes = max_u64(peak->processes, now->processes);
	peak->mms = max_u64(peak->mms, now->mms);
	peak->vmas = max_u64(peak->vmas, now->vmas);
	peak->folios = max_u64(peak->folios, now->folios);
	if (sr->end.bytes <= sr->peak_memory.bytes)
		return;
	sr->peak_memory = sr->end;
	sr->peak_op = op_nr;
}

/* Walks. */

struct probe {
	u64 visits;
	u64 found;
	u64 to_last; /* visits when the last mapping was found */
};

static int count_entry(struct folio *folio, struct vm_area_struct *vma,
		       u64 address, void *arg)
{
	struct pte *pte = pte_lookup(vma->vm_mm, address);
	struct probe *probe = arg;
	int found = pte && pte->folio == folio;

	probe->visits++;
	if (found) {
		probe->found++;
		probe->to_last = probe->visits;
	}
	return found;
}

static void count_walk(struct stats_rmap *sr, struct folio *folio)
{
	struct rmap_walk_stats walked = { 0 };
	struct probe probe = { 0 };
	struct rmap_walk_control rwc = {
		.rmap_one = count_entry,
		.arg = &probe,
		.stats = &walked,
	};
	struct stats_walks *walks = &sr->walks;
	struct stats *stats = sr->stats;

	sr->ops->walk(sr->rmap, folio, &rwc);
	count_value(stats, &walks->mapped, folio->mapcount);
	count_value(stats, &walks->visits, probe.visits);
	count_value(stats, &walks->useless, probe.visits - probe.found);
	count_value(stats, &walks->to_last, probe.to_last);
	count_value(stats, &walks->contexts, walked.contexts);
	count_value(stats, &walks->remaps, walked.remaps);
	count_value(stats, &walks->nodes, walked.nodes);
}

/* The folio that the clock hand comes to next; NULL: there is none. */
static struct folio *hand_next(struct stats_rmap *sr)
{
	static const struct folio before_all;
	struct mm_world *world = &sr->machine->world;
	struct folio *folio = folio_behind(world, &sr->hand);

	if (!folio)
		folio = folio_behind(world, &before_all);
	if (folio) {
		sr->hand.family = folio->family;
		sr->hand.index = folio->index;
		sr->hand.id = folio->id;
	}
	return folio;
}

static void walk_some(struct stats_rmap *sr)
{
	struct folio *folio;

	for (u32 i = 0; i < sr->stats->config.walks; i++) {
		folio = hand_next(sr);
		if (!folio)
			return;
		count_walk(sr, folio);
	}
}

/* The series. */

static void add_row(struct stats_rmap *sr, const struct stats_counts *now,
		    u32 op_nr)
{
	u32 cap = sr->cap_rows ? 2 * sr->cap_rows : 64;
	struct stats_row *rows = sr->rows;

	if (sr->nr_rows == sr->cap_rows) {
		rows = realloc(rows, cap * sizeof(*rows));
		if (!rows) {
			sr->stats->err = -ENOMEM;
			return;
		}
		sr->rows = rows;
		sr->cap_rows = cap;
	}
	rows[sr->nr_rows++] = (struct stats_row){
		.column = {
			[STATS_OP] = op_nr,
			[STATS_PROCESSES] = now->processes,
			[STATS_MMS] = now->mms,
			[STATS_VMAS] = now->vmas,
			[STATS_FOLIOS] = now->folios,
			[STATS_OBJECTS] = sr->end.objects,
			[STATS_BYTES] = sr->end.bytes,
			[STATS_BYTES_LOW] = sr->end.bytes_low,
			[STATS_SLAB_BYTES] = sr->end.slab_bytes,
			[STATS_WRITE_SECTIONS] = sr->write_sections,
			[STATS_WALKS] = sr->walks.visits.count,
			[STATS_VISITS] = sr->walks.visits.sum,
			[STATS_USELESS] = sr->walks.useless.sum,
			[STATS_CONTEXTS] = sr->walks.contexts.sum,
		},
	};
}

static bool wants_row(const struct stats *stats, u32 op_nr)
{
	return stats->config.every &&
	       (op_nr % stats->config.every == 0 || op_nr == stats->sc->nr_ops);
}

static void look_on(struct stats_rmap *sr, u32 op_nr)
{
	struct stats_counts now = take_counts(sr);

	take_memory(sr, &sr->end);
	raise_peaks(sr, &now, op_nr);
	walk_some(sr);
	if (wants_row(sr->stats, op_nr))
		add_row(sr, &now, op_nr);
}

/* Lives are counted once an operation, though it is done on each machine. */
static void count_processes(struct stats *stats, int result)
{
	if (result)
		return;
	if (stats->kind == OP_FORK || stats->kind == OP_VFORK)
		stats->processes++;
	else if (stats->kind == OP_EXIT)
		stats->processes--;
}

static void stats_after_op(void *arg, u32 op_nr, int result,
			   struct machine *machine)
{
	struct stats *stats = arg;

	if (machine == stats->rmaps[0].machine)
		count_processes(stats, result);
	for (u32 i = 0; i < stats->nr; i++)
		if (stats->rmaps[i].machine == machine)
			look_on(&stats->rmaps[i], op_nr);
}

/* From beginning to end. */

static void watch_machine(struct stats *stats, struct machine *machine)
{
	for (u32 i = 0; i < machine->world.nr_rmaps; i++) {
		struct stats_rmap *sr = &stats->rmaps[stats->nr++];

		sr->stats = stats;
		sr->machine = machine;
		sr->rmap = &machine->world.rmaps[i];
		sr->ops = sr->rmap->ops;
		sr->watch = (struct rmap_watch){
			.wrote = section_written,
			.read = section_read,
			.arg = sr,
		};
		sr->rmap->watch = &sr->watch;
	}
}

/* Of a group, whatever is locked counts as the first operation's. */
static void replay_counted(struct stats *stats)
{
	const struct op *ops = stats->sc->ops;
	u32 next;

	for (u32 op_nr = 1; op_nr <= stats->sc->nr_ops && !stats->err;
	     op_nr = next) {
		const struct replay_config *config = &stats->config.replay;
		u32 done = stats->result.ops;

		if (config->stop && *config->stop) {
			stats->result.cut = true;
			return;
		}

		next = replay_next(stats->replay, op_nr);
		stats->kind = (enum op_kind)ops[op_nr - 1].kind;
		if (!replay_step(stats->replay, op_nr))
			break;
		/* None if it was left out. */
		for (u32 i = op_nr; i < next && done < stats->result.ops; i++)
			stats->ops_by_kind[ops[i - 1].kind]++;
	}
	stats->kind = NR_OPS;
}

static void finish_stats(struct stats *stats)
{
	for (u32 i = 0; i < stats->nr; i++) {
		stats->rmaps[i].migrate = stats->rmaps[i].rmap->migrate_walks;
		stats->rmaps[i].costs = stats->rmaps[i].rmap->costs;
	}
	if (!stats->result.diverged)
		replay_finish(stats->replay);
	for (u32 i = 0; i < stats->nr; i++)
		take_memory(&stats->rmaps[i], &stats->rmaps[i].left);
}

int stats_run(struct stats *stats, const struct scenario *sc,
	      const struct stats_config *config)
{
	struct machine *machine;

	memset(stats, 0, sizeof(*stats));
	stats->sc = sc;
	stats->config = *config;
	stats->config.replay.check = REPLAY_CHECK_NONE;
	stats->config.replay.machine.accounts = true;
	stats->config.replay.after_op = stats_after_op;
	stats->config.replay.arg = stats;
	stats->processes = 1;
	stats->kind = NR_OPS;
	stats->replay = replay_start(sc, &stats->config.replay, &stats->result);
	if (!stats->replay)
		return -ENOMEM;
	for (u32 i = 0; (machine = replay_machine(stats->replay, i)); i++)
		watch_machine(stats, machine);
	for (u32 i = 0; i < stats->nr; i++)
		take_memory(&stats->rmaps[i], &stats->rmaps[i].end);
	replay_counted(stats);
	finish_stats(stats);
	replay_stop(stats->replay);
	stats->replay = NULL;
	return stats->err;
}

static void rmap_free(struct stats_rmap *sr)
{
	struct stats_walks *walks = &sr->walks;

	dist_free(&walks->mapped);
	dist_free(&walks->visits);
	dist_free(&walks->useless);
	dist_free(&walks->to_last);
	dist_free(&walks->contexts);
	dist_free(&walks->remaps);
	dist_free(&walks->nodes);
	for (u32 i = 0; i < NR_RMAP_LOCKS; i++) {
		dist_free(&sr->locks[i].mms);
		dist_free(&sr->locks[i].vmas);
		dist_free(&sr->locks[i].links);
	}
	dist_free(&sr->read_mms);
	free(sr->rows);
}

void stats_free(struct stats *stats)
{
	for (u32 i = 0; i < stats->nr; i++)
		rmap_free(&stats->rmaps[i]);
	memset(stats, 0, sizeof(*stats));
}
