// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: what each reverse map says it is made of, as plain data, in
 * the order of a tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include "explain_snap.h"

#define add_item(snap, name) \
	snap_add(snap, &(snap)->name, &(snap)->nr_##name, sizeof(*(snap)->name))

struct taker {
	struct snap *snap;
	const struct scenario *sc;
	const struct mm_names *names;
	u32 slot;
};

u32 snap_find_object(const struct snap *snap, u32 slot, const void *who)
{
	for (u32 i = 0; i < snap->nr_objects && who; i++)
		if (snap->objects[i].slot == slot &&
		    snap->objects[i].who == who)
			return i;
	return SNAP_NONE;
}

static void snap_take_object(void *arg, const struct rmap_object *object)
{
	struct taker *taker = arg;
	struct snap_object *o = add_item(taker->snap, objects);

	if (!o)
		return;
	o->who = object->who;
	o->slot = taker->slot;
	o->o = *object;
	if (object->id)
		snprintf(o->name, sizeof(o->name), "a%llu",
			 (unsigned long long)object->id);
	else
		mm_name(taker->names, taker->sc, object->mm_id, o->name);
}

/* The rest comes in a second pass, when all objects have their index. */
static void ignore_in_tree(void *arg, const void *who,
			   const struct vm_area_struct *vma, pgoff_t first,
			   pgoff_t last)
{
	(void)arg, (void)who, (void)vma, (void)first, (void)last;
}

static void ignore_on_chain(void *arg, const struct vm_area_struct *vma,
			    const void *who, bool own)
{
	(void)arg, (void)vma, (void)who, (void)own;
}

static void ignore_remap(void *arg, const void *who, pgoff_t first,
			 pgoff_t last, s64 displacement)
{
	(void)arg, (void)who, (void)first, (void)last, (void)displacement;
}

static void ignore_object(void *arg, const struct rmap_object *object)
{
	(void)arg, (void)object;
}

static void snap_take_in_tree(void *arg, const void *who,
			      const struct vm_area_struct *vma, pgoff_t first,
			      pgoff_t last)
{
	struct taker *taker = arg;
	struct snap_branch *branch = add_item(taker->snap, branches);

	if (!branch)
		return;
	branch->object = snap_find_object(taker->snap, taker->slot, who);
	branch->vma = snap_find_vma(taker->snap, vma);
	branch->first = first;
	branch->last = last;
}

static void snap_take_on_chain(void *arg, const struct vm_area_struct *vma,
			       const void *who, bool own)
{
	struct taker *taker = arg;
	struct snap_chain *chain = add_item(taker->snap, chains);

	if (!chain)
		return;
	chain->vma = snap_find_vma(taker->snap, vma);
	chain->object = snap_find_object(taker->snap, taker->slot, who);
	chain->slot = taker->slot;
	chain->own = own;
}

static void snap_take_remap(void *arg, const void *who, pgoff_t first,
			    pgoff_t last, s64 displacement)
{
	struct taker *taker = arg;
	struct snap_remap *remap = add_item(taker->snap, remaps);

	if (!remap)
		return;
	remap->object = snap_find_object(taker->snap, taker->slot, who);
	remap->first = first;
	remap->last = last;
	remap->displacement = displacement;
}

static int cmp_birth(const void *a, const void *b)
{
	const struct snap_object *x = a, *y = b;
	u64 i = x->o.id ? x->o.id : x->o.mm_id;
	u64 j = y->o.id ? y->o.id : y->o.mm_id;

	return i < j ? -1 : i > j;
}

/* Where objects [first, nr) are put, children after their parent. */
struct tree_order {
	const struct snap_object *from;
	struct snap_object *to;
	u32 nr_from;
	u32 nr_to;
	u32 last; /* the one put last at this depth */
};

/* A parent that does not exist any more makes a root. */
static bool is_child_of(const struct tree_order *order, u32 i,
			const void *parent)
{
	const void *mine = order->from[i].o.parent;

	if (!parent && mine)
		for (u32 j = 0; j < order->nr_from; j++)
			if (order->from[j].who == mine)
				return false;
	return parent ? mine == parent : true;
}

/* A broken tree may have loops: nothing is put twice. */
static void put_children(struct tree_order *order, const void *parent,
			 u32 depth)
{
	u32 last = SNAP_NONE;

	for (u32 i = 0; i < order->nr_from; i++) {
		struct snap_object *to;

		if (order->nr_to == order->nr_from)
			break;
		if (!is_child_of(order, i, parent))
			continue;
		to = &order->to[order->nr_to];
		*to = order->from[i];
		to->depth = depth;
		last = order->nr_to++;
		put_children(order, to->who, depth + 1);
	}
	if (last != SNAP_NONE)
		order->to[last].last_child = true;
}

/* Objects [first, nr_objects) of one reverse map, in the order of a tree. */
static void sort_objects(struct snap *snap, u32 first)
{
	struct tree_order order = { .nr_from = snap->nr_objects - first };

	if (snap->oom || !order.nr_from)
		return;
	order.from = snap->objects + first;
	qsort(snap->objects + first, order.nr_from, sizeof(*snap->objects),
	      cmp_birth);
	order.to = calloc(order.nr_from, sizeof(*order.to));
	if (!order.to) {
		snap->oom = true;
		return;
	}
	put_children(&order, NULL, 0);
	/* In a loop without a root nothing was put: then it stays flat. */
	for (u32 i = 0; i < order.nr_from && order.nr_to == order.nr_from; i++)
		snap->objects[first + i] = order.to[i];
	free(order.to);
}

static void describe(struct snap *snap, struct rmap *rmap, struct taker *taker)
{
	struct rmap_describer objects = {
		.object = snap_take_object,
		.in_tree = ignore_in_tree,
		.on_chain = ignore_on_chain,
		.remap = ignore_remap,
		.arg = taker,
	};
	struct rmap_describer rest = {
		.object = ignore_object,
		.in_tree = snap_take_in_tree,
		.on_chain = snap_take_on_chain,
		.remap = snap_take_remap,
		.arg = taker,
	};
	u32 first = snap->nr_objects;

	rmap->ops->describe(rmap, &objects);
	sort_objects(snap, first);
	for (u32 i = first; i < snap->nr_objects; i++) {
		struct snap_object *o = &snap->objects[i];

		o->parent = snap_find_object(snap, o->slot, o->o.parent);
		o->root = snap_find_object(snap, o->slot, o->o.root);
	}
	rmap->ops->describe(rmap, &rest);
}

void snap_objects(struct snap *snap, struct machine *machine,
		  const struct scenario *sc, const struct mm_names *names)
{
	struct mm_world *world = &machine->world;

	for (u32 i = 0; i < world->nr_rmaps; i++) {
		struct taker taker = {
			.snap = snap,
			.sc = sc,
			.names = names,
			.slot = i,
		};

		if (world->rmaps[i].ops->describe)
			describe(snap, &world->rmaps[i], &taker);
	}
}
