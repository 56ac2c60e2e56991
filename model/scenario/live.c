// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is alive, operation by operation and line by line.
 */
#include <string.h>
#include "live.h"

void live_init(struct live *live)
{
	memset(live, 0, sizeof(*live));
	live_add(live, 0);
}

bool live_has(const struct live *live, u32 slot)
{
	return slot < SCENARIO_PROCS_MAX &&
	       live->bits[slot / 64] >> slot % 64 & 1;
}

void live_add(struct live *live, u32 slot)
{
	live->bits[slot / 64] |= 1ULL << slot % 64;
	live->nr++;
}

void live_remove(struct live *live, u32 slot)
{
	live->bits[slot / 64] &= ~(1ULL << slot % 64);
	live->nr--;
	if (slot < live->lowest_free)
		live->lowest_free = slot;
}

u32 live_lowest_free(struct live *live)
{
	while (live_has(live, live->lowest_free))
		live->lowest_free++;
	return live->lowest_free;
}

u32 live_nth(const struct live *live, u32 nth)
{
	u32 slot = 0;

	for (; slot < SCENARIO_PROCS_MAX; slot++)
		if (live_has(live, slot) && !nth--)
			break;
	return slot;
}

u32 live_rank(const struct live *live, u32 slot)
{
	u32 rank = 0;

	for (u32 i = 0; i < slot; i++)
		rank += live_has(live, i);
	return rank;
}

/*
 * A line at most kills each process once and bears each child once, so the order
 * in which that is taken back, or done again, does not matter.
 */
void live_rewind(struct live *live)
{
	for (u32 i = 0; i < live->nr_line; i++) {
		const struct live_step *step = &live->line[i];

		if (op_takes(step->kind, FIELD_CHILD))
			live_remove(live, step->child);
		if (step->kind == OP_EXIT)
			live_add(live, step->proc);
	}
}

static void apply_step(struct live *live, const struct live_step *step)
{
	if (op_takes(step->kind, FIELD_CHILD))
		live_add(live, step->child);
	if (step->kind == OP_EXIT)
		live_remove(live, step->proc);
}

void live_forward(struct live *live)
{
	for (u32 i = 0; i < live->nr_line; i++)
		apply_step(live, &live->line[i]);
}

/* Does @slot exit on the last line? */
static bool exits_on_line(const struct live *live, u32 slot)
{
	for (u32 i = 0; i < live->nr_line; i++)
		if (live->line[i].kind == OP_EXIT && live->line[i].proc == slot)
			return true;
	return false;
}

static bool is_born_on_line(const struct live *live, u32 slot)
{
	for (u32 i = 0; i < live->nr_line; i++)
		if (op_takes(live->line[i].kind, FIELD_CHILD) &&
		    live->line[i].child == slot)
			return true;
	return false;
}

static bool ends_address_space(enum op_kind kind)
{
	return kind == OP_EXIT || kind == OP_EXEC;
}

/* Does @slot exit or exec on the last line? */
static bool ends_on_line(const struct live *live, u32 slot)
{
	for (u32 i = 0; i < live->nr_line; i++)
		if (ends_address_space(live->line[i].kind) &&
		    live->line[i].proc == slot)
			return true;
	return false;
}

u32 live_child_slot(struct live *live, bool joins)
{
	u32 slot = live_lowest_free(live);

	/* Ends: few exit on a line. */
	while (joins && slot < SCENARIO_PROCS_MAX &&
	       (live_has(live, slot) || exits_on_line(live, slot)))
		slot++;
	return slot;
}

u32 live_nr_taken(const struct live *live, bool joins)
{
	u32 nr = live->nr;

	for (u32 i = 0; i < live->nr_line && joins; i++)
		nr += live->line[i].kind == OP_EXIT;
	return nr;
}

void live_end_line(struct live *live)
{
	live->nr_line = 0;
}

static enum live_clash clash_of_joining(const struct live *live,
					const struct op *op)
{
	enum op_kind kind = (enum op_kind)op->kind;

	if (!live->nr_line || kind == OP_FAILALLOC ||
	    live->line[0].kind == OP_FAILALLOC)
		return LIVE_ALONE;
	if (live->nr_line == PARALLEL_MAX)
		return LIVE_LINE_FULL;
	if (is_born_on_line(live, op->proc) ||
	    (!live_has(live, op->proc) && !exits_on_line(live, op->proc)))
		return LIVE_DEAD;
	if (ends_address_space(kind) && ends_on_line(live, op->proc))
		return LIVE_ENDED;
	if (!op_takes(kind, FIELD_CHILD))
		return LIVE_FITS;
	if (is_born_on_line(live, op->child))
		return LIVE_CHILD_BORN;
	if (op->child >= SCENARIO_PROCS_MAX || live_has(live, op->child) ||
	    exits_on_line(live, op->child))
		return LIVE_CHILD_ALIVE;
	return LIVE_FITS;
}

enum live_clash live_clash(const struct live *live, const struct op *op)
{
	enum op_kind kind = (enum op_kind)op->kind;

	if (op->flags & OP_PARALLEL)
		return clash_of_joining(live, op);
	if (op_takes(kind, FIELD_PROC) && !live_has(live, op->proc))
		return LIVE_DEAD;
	if (op_takes(kind, FIELD_CHILD) &&
	    (op->child >= SCENARIO_PROCS_MAX || live_has(live, op->child)))
		return LIVE_CHILD_ALIVE;
	return LIVE_FITS;
}

bool live_apply(struct live *live, const struct op *op)
{
	const struct live_step step = { (enum op_kind)op->kind, op->proc,
					op->child };

	if (live_clash(live, op) != LIVE_FITS)
		return false;
	if (!(op->flags & OP_PARALLEL))
		live_end_line(live);
	live->line[live->nr_line++] = step;
	apply_step(live, &step);
	return true;
}
