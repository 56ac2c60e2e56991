// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutation of what runs at the same time, and in which order: these edits change a
 * scenario in place, and weaving makes it sound again.
 */
#include <string.h>
#include "mutate_weave.h"

#define DIGITS_ADDED_MAX 24
#define DIGITS_CHANGED_MAX 4

/* What runs one after the other runs at the same time. */
static void join_two(struct weaver *w, struct scenario *sc)
{
	u32 i = 1 + weave_pick(w, sc->nr_ops - 1);

	sc->ops[i].flags |= OP_PARALLEL;
}

/* The first operation, from a place on, of those that run with what is before. */
static u32 any_joined(struct weaver *w, const struct scenario *sc)
{
	u32 at = weave_pick(w, sc->nr_ops);

	for (u32 i = 0; i < sc->nr_ops; i++) {
		u32 place = (at + i) % sc->nr_ops;

		if (sc->ops[place].flags & OP_PARALLEL)
			return place;
	}
	return sc->nr_ops;
}

static void part_two(struct weaver *w, struct scenario *sc)
{
	u32 i = any_joined(w, sc);

	if (i < sc->nr_ops)
		sc->ops[i].flags &= (u8)~OP_PARALLEL;
}

static void insert_op(struct weaver *w, struct scenario *sc, u32 place,
		      const struct op *op)
{
	if (scenario_add(sc, op)) {
		w->nomem = true;
		return;
	}
	memmove(&sc->ops[place + 1], &sc->ops[place],
		(sc->nr_ops - 1 - place) * sizeof(*op));
	sc->ops[place] = *op;
}

/* A page that @op is about. */
static u64 weave_page_of(struct weaver *w, const struct op *op)
{
	u64 first = op->page, len = op->len;

	if (op->flags & OP_HAS_TO && weave_chance(w, 40)) {
		first = op->to;
		len = op->new_len;
	}
	first += len ? weave_pick(w, (u32)min_u64(len, BYTES_WINDOW)) : 0;
	return min_u64(first, BYTES_WINDOW - 1);
}

/* Something goes through the reverse map where an operation is at work. */
static void add_walker(struct weaver *w, struct scenario *sc)
{
	static const u8 walkers[] = { OP_WALK, OP_RECLAIM, OP_MIGRATE };
	u32 i = weave_pick(w, sc->nr_ops);
	const struct op *beside = &sc->ops[i];
	struct op op;

	memset(&op, 0, sizeof(op));
	op.kind = walkers[weave_pick(w, ARRAY_SIZE(walkers))];
	op.flags = OP_PARALLEL;
	op.proc = beside->proc;
	if (op_takes((enum op_kind)beside->kind, FIELD_PAGE))
		op.page = weave_page_of(w, beside);
	else
		op.page = weave_page_of(w, &sc->ops[weave_pick(w, i + 1)]);
	insert_op(w, sc, i + 1, &op);
}

/* Two of those that run at the same time change their numbers. */
static void swap_in_group(struct weaver *w, struct scenario *sc)
{
	u32 i = any_joined(w, sc);
	struct op op;
	u8 flags;

	if (i == 0 || i == sc->nr_ops)
		return;
	op = sc->ops[i];
	flags = sc->ops[i - 1].flags & OP_PARALLEL;
	sc->ops[i] = sc->ops[i - 1];
	sc->ops[i].flags |= OP_PARALLEL;
	sc->ops[i].schedule = op.schedule;
	op.schedule = sc->ops[i - 1].schedule;
	op.flags = (u8)((op.flags & ~OP_PARALLEL) | flags);
	sc->ops[i - 1] = op;
}

/* Schedules */

static void add_digits(struct weaver *w, struct schedule *schedule, u32 nr_ops)
{
	u32 digit = weave_pick(w, nr_ops);

	for (u32 nr = 1 + weave_pick(w, DIGITS_ADDED_MAX); nr; nr--) {
		/* In runs: a step or two of one, then the other. */
		if (weave_chance(w, 40))
			digit = weave_pick(w, nr_ops);
		schedule_add(schedule, digit);
	}
}

static void change_digits(struct weaver *w, struct schedule *schedule,
			  u32 nr_ops)
{
	struct schedule changed = { .nr = 0 };
	u32 first = weave_pick(w, schedule->nr);
	u32 end = first + 1 + weave_pick(w, DIGITS_CHANGED_MAX);

	for (u32 i = 0; i < schedule->nr; i++)
		schedule_add(&changed, i >= first && i < end ?
					       weave_pick(w, nr_ops) :
					       schedule_digit(schedule, i));
	*schedule = changed;
}

/* A switch comes a little earlier or later: a digit goes, or comes twice. */
static void shift_digits(struct weaver *w, struct schedule *schedule)
{
	struct schedule changed = { .nr = 0 };
	u32 at = weave_pick(w, schedule->nr);
	bool goes = weave_chance(w, 50);

	for (u32 i = 0; i < schedule->nr; i++) {
		u32 digit = schedule_digit(schedule, i);

		if (i == at && goes)
			continue;
		schedule_add(&changed, digit);
		if (i == at)
			schedule_add(&changed, digit);
	}
	*schedule = changed;
}

static void cut_digits(struct weaver *w, struct schedule *schedule)
{
	struct schedule kept = { .nr = 0 };
	u32 nr = weave_pick(w, schedule->nr);

	for (u32 i = 0; i < nr; i++)
		schedule_add(&kept, schedule_digit(schedule, i));
	*schedule = kept;
}

static void edit_schedule(struct weaver *w, struct scenario *sc)
{
	u32 i = any_joined(w, sc);
	u32 first, nr, luck = weave_pick(w, 100);
	struct schedule *schedule;

	if (i == sc->nr_ops)
		return;
	first = scenario_group_first(sc, i);
	nr = scenario_group(sc, first);
	schedule = &sc->ops[first].schedule;
	if (!schedule->nr || luck < 25)
		add_digits(w, schedule, nr);
	else if (luck < 55)
		shift_digits(w, schedule);
	else if (luck < 85)
		change_digits(w, schedule, nr);
	else
		cut_digits(w, schedule);
}

void edit_groups(struct weaver *w, struct scenario *sc)
{
	static const struct {
		u32 weight; /* of 100, in all */
		void (*make)(struct weaver *w, struct scenario *sc);
	} edits[] = {
		{ 45, edit_schedule }, { 22, add_walker },   { 20, join_two },
		{ 8, part_two },       { 5, swap_in_group },
	};
	u32 turn = weave_pick(w, 100);
	u32 i = 0;

	while (i < ARRAY_SIZE(edits) - 1 && turn >= edits[i].weight)
		turn -= edits[i++].weight;
	edits[i].make(w, sc);
}

void weave_fit_schedules(struct scenario *sc)
{
	u32 nr;

	for (u32 first = 0; first < sc->nr_ops; first += nr) {
		const struct schedule old = sc->ops[first].schedule;
		struct schedule now = { .nr = 0 };

		nr = scenario_group(sc, first);
		for (u32 i = 0; i < old.nr && nr > 1; i++)
			schedule_add(&now, schedule_digit(&old, i) % nr);
		sc->ops[first].schedule = now;
		for (u32 i = 1; i < nr; i++)
			sc->ops[first + i].schedule = (struct schedule){ 0 };
	}
}
