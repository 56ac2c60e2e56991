// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "../model/mm/vma.h"
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"
#include "mutate_weave.h"

void weaver_init(struct weaver *w, u64 seed, u32 ops_max)
{
	memset(w, 0, sizeof(*w));
	w->random = seed;
	w->ops_max = ops_max;
	w->nomem = scenario_init(&w->sc) != 0;
	live_init(&w->live);
	for (u32 i = 0; i < BYTES_PROCS_MAX; i++)
		w->slot_of[i] = (u8)i;
}

void weaver_exit(struct weaver *w)
{
	weaver_stop(w);
	scenario_free(&w->sc);
}

/* splitmix64 */
static u64 weave_random(struct weaver *w)
{
	u64 z = w->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

u32 weave_pick(struct weaver *w, u32 nr)
{
	return (u32)((weave_random(w) >> 32) * nr >> 32);
}

bool weave_chance(struct weaver *w, u32 percent)
{
	return weave_pick(w, 100) < percent;
}

/* anon_vma decides in most targets what merges, so it does here. */
void weaver_play(struct weaver *w)
{
	const struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops },
		.nr_rmaps = 1,
	};

	w->machine = machine_create(&config);
	if (!w->machine)
		w->nomem = true;
}

void weaver_stop(struct weaver *w)
{
	machine_destroy(w->machine);
	w->machine = NULL;
	w->result = 0;
}

static void play_last(struct weaver *w)
{
	u32 nr = w->sc.nr_ops;
	const struct op *op = &w->sc.ops[nr - 1];
	int result;

	if (nr > PLAY_OPS_MAX) {
		weaver_stop(w);
		return;
	}
	result = replay_op(w->machine, &w->sc, op, nr);
	if (op->kind != OP_FAILALLOC)
		w->result = result;
	synchronize_rcu(&w->machine->rcu);
}

/* The child of @op where it stands; false if there is no room for it. */
static bool place_child(struct weaver *w, struct op *op)
{
	bool joins = op->flags & OP_PARALLEL;

	if (!op_takes((enum op_kind)op->kind, FIELD_CHILD))
		return true;
	op->child = live_child_slot(&w->live, joins);
	return live_nr_taken(&w->live, joins) < BYTES_PROCS_MAX;
}

/* What cannot join the line before it begins one. */
static bool find_line_to_join(struct weaver *w, struct op *op)
{
	if (op->flags & OP_PARALLEL && place_child(w, op) &&
	    live_clash(&w->live, op) == LIVE_FITS)
		return true;
	op->flags &= (u8)~OP_PARALLEL;
	return place_child(w, op);
}

bool weave(struct weaver *w, const struct op *op)
{
	enum op_kind kind = (enum op_kind)op->kind;
	struct op made = *op;

	if (w->nomem || w->sc.nr_ops == w->ops_max)
		return false;
	if (kind == OP_EXIT && w->live.nr == 1)
		return false;
	if (!find_line_to_join(w, &made))
		return false;
	if (op_takes(kind, FIELD_CHILD))
		w->nomem = scenario_name_slots(&w->sc, made.child + 1) != 0;
	w->nomem = w->nomem || scenario_add(&w->sc, &made);
	if (w->nomem)
		return false;
	live_apply(&w->live, &made);
	if (w->machine)
		play_last(w);
	return true;
}

struct op weaver_translate(const struct weaver *w, const struct op *op)
{
	struct op made = *op;

	if (!op_takes((enum op_kind)op->kind, FIELD_PROC))
		return made;
	made.proc = w->slot_of[op->proc];
	if (!live_has(&w->live, made.proc))
		made.proc = live_nth(&w->live, made.proc % w->live.nr);
	return made;
}

void weave_copy(struct weaver *w, const struct scenario *from, u32 first,
		u32 end)
{
	for (u32 i = first; i < end; i++) {
		const struct op *op = &from->ops[i];
		struct op made = weaver_translate(w, op);

		if (weave(w, &made) &&
		    op_takes((enum op_kind)op->kind, FIELD_CHILD))
			w->slot_of[op->child] =
				(u8)w->sc.ops[w->sc.nr_ops - 1].child;
	}
}

u32 weave_random_proc(struct weaver *w)
{
	return live_nth(&w->live, weave_pick(w, w->live.nr));
}

/* False: it does not reach into the window. */
static bool area_of_vma(const struct weaver *w,
			const struct vm_area_struct *vma, struct area *area)
{
	u64 base = w->sc.base;

	if (vma->vm_start < base || vma->vm_start >= base + BYTES_WINDOW)
		return false;
	area->range.first = (u32)(vma->vm_start - base);
	area->range.len = (u32)min_u64(vma_pages(vma), 2 * BYTES_WINDOW);
	area->flags = vma->vm_flags;
	area->file = vma->vm_file;
	area->off = vma_is_anonymous(vma) ? 0 : (u32)vma->vm_pgoff;
	area->origin = (s64)area->range.first - (s64)vma->vm_pgoff;
	return true;
}

void areas_of(const struct weaver *w, u32 proc, struct areas *areas)
{
	struct mm_struct *mm = NULL;
	struct vm_area_struct *vma;

	areas->nr = 0;
	if (w->machine)
		mm = machine_mm(w->machine, proc);
	vma = mm ? find_vma(mm, 0) : NULL;
	for (; vma && areas->nr < AREAS_MAX; vma = vma_next(vma))
		areas->nr += area_of_vma(w, vma, &areas->area[areas->nr]);
}
