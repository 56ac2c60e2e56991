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

bool live_apply(struct live *live, const struct op *op)
{
	enum op_kind kind = (enum op_kind)op->kind;

	if (op_takes(kind, FIELD_PROC) && !live_has(live, op->proc))
		return false;
	if (op_takes(kind, FIELD_CHILD)) {
		if (op->child >= SCENARIO_PROCS_MAX ||
		    live_has(live, op->child))
			return false;
		live_add(live, op->child);
	}
	if (kind == OP_EXIT)
		live_remove(live, op->proc);
	return true;
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
