// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "../model/mm/pgtable.h"
#include "../model/mm/vma.h"
#include "each.h"

/* Where a walker begins. */
struct place {
	u32 proc;
	u64 addr; /* page number */
	bool near; /* in what the operation is about */
};

struct places {
	struct place all[EACH_PLACES_MAX];
	u32 nr;
};

/* One that is near takes the place of the last that is not. */
static void keep_place(struct places *places, const struct place *place)
{
	if (places->nr < EACH_PLACES_MAX) {
		places->all[places->nr++] = *place;
		return;
	}
	for (u32 i = places->nr; place->near && i-- > 0;)
		if (!places->all[i].near) {
			places->all[i] = *place;
			return;
		}
}

static bool is_near(const struct op *op, u64 base, const struct place *place)
{
	u64 first = base + op->page;

	if (op->proc != place->proc)
		return false;
	if (!op_takes(op->kind, FIELD_PAGE))
		return true;
	return (place->addr >= first &&
		place->addr - first < max_u64(op->len, 1)) ||
	       (op->flags & OP_HAS_TO && place->addr >= base + op->to &&
		place->addr - base - op->to < max_u64(op->new_len, 1));
}

static bool place_of(struct machine *machine, const struct pte *pte, u64 base,
		     struct place *place)
{
	s64 proc = machine_proc_of(machine, pte_mm(pte));

	if (pte->kind != PTE_ANON || proc < 0 || pte_addr(pte) < base)
		return false;
	*place = (struct place){ .proc = (u32)proc, .addr = pte_addr(pte) };
	return true;
}

static bool before(const struct place *a, const struct place *b)
{
	if (a->near != b->near)
		return a->near;
	return a->proc != b->proc ? a->proc < b->proc : a->addr < b->addr;
}

static void better_of(struct place *best, const struct place *place)
{
	if (best->proc == UINT32_MAX || before(place, best))
		*best = *place;
}

/*
 * The best place of @folio in the operation's process, where a walker needs the
 * lock that the operation may hold to find the folio, and in any other process,
 * where it does not.
 */
static void add_folio(struct places *places, struct machine *machine,
		      const struct folio *folio, const struct op *op, u64 base)
{
	struct place own = { .proc = UINT32_MAX }, other = own, place;
	const struct pte *pte;

	LIST_FOREACH(pte, &folio->mappings, mapped) {
		if (!place_of(machine, pte, base, &place))
			continue;
		place.near = is_near(op, base, &place);
		better_of(place.proc == op->proc ? &own : &other, &place);
	}
	/* Both are about the same folio. */
	if (own.proc != UINT32_MAX && other.proc != UINT32_MAX)
		other.near = own.near;
	if (own.proc != UINT32_MAX)
		keep_place(places, &own);
	if (other.proc != UINT32_MAX)
		keep_place(places, &other);
}

static void find_places_beside(struct places *places, struct machine *machine,
			       const struct op *op, u64 base)
{
	const struct folio none = { .family = 0 };
	const struct folio *folio = folio_behind(&machine->world, &none);

	places->nr = 0;
	for (; folio; folio = folio_behind(&machine->world, folio))
		add_folio(places, machine, folio, op, base);
}

/* @sc with room for one operation more. */
static int copy_with_room(struct scenario *to, const struct scenario *sc)
{
	const struct op none = { .kind = OP_EXIT };
	int err = scenario_init(to);

	if (!err)
		err = scenario_name_slots(to, sc->nr_procs);
	if (err)
		return err;
	memcpy(to->names, sc->names, sc->nr_procs * sizeof(*sc->names));
	to->base = sc->base;
	for (u32 i = 0; i < sc->nr_ops && !err; i++)
		err = scenario_add(to, &sc->ops[i]);
	scenario_sequential(to);
	if (!err)
		err = scenario_add(to, &none);
	return err;
}

static const enum op_kind walkers[] = { OP_WALK, OP_MIGRATE, OP_RECLAIM };

static enum each_end explore_pair(struct explorer *ex, struct scenario *sc,
				  u32 first, const struct each_config *config)
{
	struct explored explored;
	u32 nr_ops = sc->nr_ops;
	bool more;

	sc->nr_ops = first + 2;
	if (explorer_group(ex, first, 2, &explored))
		return EACH_NO_MEMORY;
	more = config->pair(config->arg, sc, first, &explored);
	sc->nr_ops = nr_ops;
	return more ? EACH_DONE : EACH_STOPPED;
}

/* sc->ops[i] beside all walkers; the machine is as it was. */
static enum each_end explore_op(struct explorer *ex, struct scenario *sc, u32 i,
				const struct each_config *config)
{
	struct op next = sc->ops[i + 1];
	enum each_end end = EACH_DONE;
	struct places places;

	find_places_beside(&places, explorer_machine(ex), &sc->ops[i],
			   sc->base);
	for (u32 p = 0; p < places.nr && end == EACH_DONE; p++)
		for (u32 w = 0; w < ARRAY_SIZE(walkers) && end == EACH_DONE;
		     w++) {
			struct op walker = {
				.kind = (u8)walkers[w],
				.flags = OP_PARALLEL,
				.proc = places.all[p].proc,
				.page = places.all[p].addr - sc->base,
			};

			memcpy(&sc->ops[i + 1], &walker, sizeof(walker));
			end = explore_pair(ex, sc, i, config);
		}
	sc->ops[i + 1] = next;
	return end;
}

static enum each_end each_op(struct explorer *ex, struct scenario *sc,
			     const struct each_config *config)
{
	enum each_end end = EACH_DONE;

	for (u32 i = 0; i + 1 < sc->nr_ops && end == EACH_DONE; i++) {
		if (sc->ops[i].kind != OP_FAILALLOC)
			end = explore_op(ex, sc, i, config);
		if (end == EACH_DONE && !explorer_step(ex, i + 1))
			end = EACH_DIVERGED;
	}
	return end;
}

enum each_end each_pair(struct explorer *ex, const struct scenario *sc,
			const struct each_config *config)
{
	enum each_end end = EACH_NO_MEMORY;
	struct scenario copy;

	if (!copy_with_room(&copy, sc) && !explorer_begin(ex, &copy)) {
		end = each_op(ex, &copy, config);
		explorer_end(ex);
	}
	scenario_free(&copy);
	return end;
}
