// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minimizing: how a candidate becomes a scenario again, when passes have dropped,
 * moved and changed its operations: who is alive, and who is still beside whom.
 */
#include <string.h>
#include "minimizer.h"

void candidate_tag(struct minimizer *min)
{
	const struct scenario *cand = &min->cand;
	u32 nr;

	for (u32 first = 0; first < cand->nr_ops; first += nr) {
		nr = scenario_group(cand, first);
		for (u32 i = 0; i < nr; i++)
			cand->ops[first + i].line = (first + 1) << 4 | i;
	}
}

#define NO_SLOT UINT32_MAX

/* The slot of a child that was in @slot so far. */
static u32 child_slot(struct minimizer *min, u32 slot, bool joins,
		      u32 *nr_given)
{
	if (min->lowest_slots)
		return live_child_slot(&min->new_live, joins);
	if (min->new_slots[slot] == NO_SLOT)
		return (*nr_given)++;
	return min->new_slots[slot];
}

/*
 * The slots of @op as they are in the candidate so far; either way they are
 * those that the candidate's text would be given.
 */
static void renumber_op(struct minimizer *min, struct op *op, u32 *nr_given)
{
	enum op_kind kind = (enum op_kind)op->kind;

	if (op_takes(kind, FIELD_PROC))
		op->proc = min->new_slots[op->proc];
	if (op_takes(kind, FIELD_CHILD)) {
		u32 slot = child_slot(min, op->child, op->flags & OP_PARALLEL,
				      nr_given);

		min->new_slots[op->child] = slot;
		op->child = slot;
	}
	live_apply(&min->new_live, op);
}

/*
 * The one that had the name was to exit before and does not any more: it lives
 * on, and the name is the child's.
 */
static bool takes_name_over(struct minimizer *min, const struct op *op)
{
	return min->lowest_slots &&
	       op_takes((enum op_kind)op->kind, FIELD_CHILD) &&
	       live_has(&min->live, op->proc) && op->proc != op->child &&
	       min->new_live.nr < min->nr_slots;
}

/* live_init() where no slot from min->nr_slots on was ever set. */
static void live_reset(const struct minimizer *min, struct live *live)
{
	memset(live->bits, 0,
	       min_u64((min->nr_slots / 64 + 1) * sizeof(*live->bits),
		       sizeof(live->bits)));
	live->nr = 0;
	live->lowest_free = 0;
	live_end_line(live);
	live_add(live, 0);
}

/* Was @tag beside @before, and is to stay there? */
static bool is_beside(u32 tag, u32 before)
{
	return tag && tag / TAG_PART == before / TAG_PART;
}

/* Where it may not join its line, it begins one.  False: nor can it do that. */
static bool find_place(struct minimizer *min, struct op *op, bool joins)
{
	op->flags &= (u8)~OP_PARALLEL;
	if (joins) {
		op->flags |= OP_PARALLEL;
		if (live_apply(&min->live, op))
			return true;
		op->flags &= (u8)~OP_PARALLEL;
	}
	if (live_apply(&min->live, op))
		return true;
	if (!takes_name_over(min, op))
		return false;
	/* What min->live does not know of, nothing may join. */
	live_end_line(&min->live);
	return true;
}

/* Which of the @nr operations from @ops on was @place on its old line; or @nr. */
static u32 place_now(const struct op *ops, u32 nr, u32 place)
{
	u32 i = 0;

	while (i < nr && tag_place(ops[i].line) != place)
		i++;
	return i;
}

/*
 * The @nr operations from @ops on, which are a line and come from one, get what
 * is left of that one's schedule.
 */
static void settle_schedule(struct minimizer *min, struct op *ops, u32 nr)
{
	u32 old_first = place_now(ops, nr, 0);
	/* A pass may have changed it, but only where the first still is. */
	const struct schedule old =
		old_first < nr ? ops[old_first].schedule :
				 min->best->ops[tag_first(ops->line)].schedule;
	struct schedule now = { .nr = 0 };

	for (u32 i = 0; i < old.nr; i++) {
		u32 digit = place_now(ops, nr, schedule_digit(&old, i));

		if (digit < nr)
			schedule_add(&now, digit);
	}
	for (u32 i = 0; i < nr; i++)
		ops[i].schedule = (struct schedule){ .nr = 0 };
	ops->schedule = now;
}

static void candidate_settle_schedules(struct minimizer *min)
{
	struct scenario *cand = &min->cand;
	u32 nr;

	for (u32 first = 0; first < cand->nr_ops; first += nr) {
		struct op *ops = &cand->ops[first];

		nr = scenario_group(cand, first);
		if (nr > 1)
			settle_schedule(min, ops, nr);
		else if (ops->schedule.nr)
			memset(&ops->schedule, 0, sizeof(ops->schedule));
		for (u32 i = 0; i < nr; i++)
			ops[i].line = 0;
	}
}

void candidate_settle(struct minimizer *min)
{
	struct scenario *cand = &min->cand;
	u32 kept = 0, nr_given = 1, before = 0;

	live_reset(min, &min->live);
	live_reset(min, &min->new_live);
	memset(min->new_slots, 0xff, min->nr_slots * sizeof(*min->new_slots));
	min->new_slots[0] = 0;
	for (u32 i = 0; i < cand->nr_ops; i++) {
		struct op *op = &cand->ops[kept];

		if (kept != i)
			*op = cand->ops[i];
		if (!find_place(min, op, is_beside(op->line, before)))
			continue;
		before = op->line;
		renumber_op(min, op, &nr_given);
		kept++;
	}
	cand->nr_ops = kept;
	candidate_settle_schedules(min);
}
