// SPDX-License-Identifier: GPL-2.0-only
/*
 * A scenario as such: operations, names, and who is alive where.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "live.h"
#include "scenario.h"

/* Doubling from a power of two reaches the limits, and never passes them. */
#define FIRST_CAP 8
_Static_assert(!(SCENARIO_OPS_MAX & (SCENARIO_OPS_MAX - 1)) &&
		       !(SCENARIO_PROCS_MAX & (SCENARIO_PROCS_MAX - 1)),
	       "limits are powers of two");

/* At least @nr members of @size bytes in @array; *@cap is how many it has. */
static void *grow(void *array, u32 *cap, u32 nr, size_t size)
{
	u32 new_cap = *cap ? *cap : FIRST_CAP;
	void *p;

	while (new_cap < nr)
		new_cap *= 2;
	p = realloc(array, new_cap * size);
	if (p)
		*cap = new_cap;
	return p;
}

int scenario_init(struct scenario *sc)
{
	memset(sc, 0, sizeof(*sc));
	sc->base = SCENARIO_BASE_DEFAULT;
	return scenario_name_slots(sc, 1);
}

void scenario_free(struct scenario *sc)
{
	free(sc->ops);
	free(sc->names);
	memset(sc, 0, sizeof(*sc));
}

int scenario_add(struct scenario *sc, const struct op *op)
{
	if (sc->nr_ops == SCENARIO_OPS_MAX)
		return -ENOMEM;
	if (sc->nr_ops == sc->cap_ops) {
		struct op *ops = grow(sc->ops, &sc->cap_ops, sc->nr_ops + 1,
				      sizeof(*ops));

		if (!ops)
			return -ENOMEM;
		sc->ops = ops;
	}
	/* Padding too: operations are compared and hashed as bytes. */
	memcpy(&sc->ops[sc->nr_ops++], op, sizeof(*op));
	return 0;
}

int scenario_name_slots(struct scenario *sc, u32 nr)
{
	if (nr > SCENARIO_PROCS_MAX)
		return -ENOMEM;
	if (nr > sc->cap_procs) {
		void *names =
			grow(sc->names, &sc->cap_procs, nr, sizeof(*sc->names));

		if (!names)
			return -ENOMEM;
		sc->names = names;
	}
	/* Slots come into being here only, so those that are there have names. */
	for (; sc->nr_procs < nr; sc->nr_procs++) {
		memset(sc->names[sc->nr_procs], 0, sizeof(*sc->names));
		scenario_canonical_name(sc->nr_procs, sc->names[sc->nr_procs]);
	}
	return 0;
}

void scenario_canonical_name(u32 slot, char name[SCENARIO_NAME_MAX + 1])
{
	char letter = (char)('A' + slot % 26);

	if (slot < 26)
		snprintf(name, SCENARIO_NAME_MAX + 1, "%c", letter);
	else
		snprintf(name, SCENARIO_NAME_MAX + 1, "%c%u", letter,
			 slot / 26);
}

bool scenario_is_text(const u8 *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		u8 c = bytes[i];

		if (c == 0x7f || (c < 0x20 && !memchr("\t\n\r", c, 3)))
			return false;
	}
	return true;
}

static void exits_last(struct op *ops, u32 nr)
{
	struct op exits[PARALLEL_MAX];
	u32 kept = 0, nr_exits = 0;

	for (u32 i = 0; i < nr; i++)
		if (ops[i].kind == OP_EXIT)
			exits[nr_exits++] = ops[i];
		else
			ops[kept++] = ops[i];
	memcpy(&ops[kept], exits, nr_exits * sizeof(*exits));
}

static void drop_result(struct op *op)
{
	op->flags &= (u8)~OP_HAS_EXPECTED;
	op->expected = 0;
}

void scenario_sequential(struct scenario *sc)
{
	bool seen = false;
	u32 nr;

	for (u32 first = 0; first < sc->nr_ops; first += nr) {
		struct op *ops = &sc->ops[first];

		nr = scenario_group(sc, first);
		seen |= nr > 1;
		if (!seen)
			continue;
		memset(&ops->schedule, 0, sizeof(ops->schedule));
		exits_last(ops, nr);
		for (u32 i = 0; i < nr; i++) {
			ops[i].flags &= (u8)~OP_PARALLEL;
			drop_result(&ops[i]);
		}
	}
}

u32 scenario_group_first(const struct scenario *sc, u32 i)
{
	while (i && sc->ops[i].flags & OP_PARALLEL)
		i--;
	return i;
}

u32 scenario_group(const struct scenario *sc, u32 i)
{
	u32 nr = 1;

	while (nr < PARALLEL_MAX && i + nr < sc->nr_ops &&
	       sc->ops[i + nr].flags & OP_PARALLEL)
		nr++;
	return nr;
}
