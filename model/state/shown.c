// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking down what a reverse map shows.
 */
#include "fingerprint_hash.h"
#include "shown.h"

static void shown_take_object(void *arg, const struct rmap_object *object)
{
	struct shown *shown = arg;

	if (shown->nr_objects < SHOWN_OBJECTS_MAX)
		shown->objects[shown->nr_objects] = (struct shown_object){
			.o = *object,
			.hidden = hash_start,
			.first_range = shown->nr_ranges,
		};
	shown->nr_objects++;
}

static void take_range(struct shown *shown, const struct shown_range *range)
{
	if (shown->nr_ranges < SHOWN_LINKS_MAX)
		shown->ranges[shown->nr_ranges] = *range;
	shown->nr_ranges++;
	if (shown->nr_objects && shown->nr_objects <= SHOWN_OBJECTS_MAX)
		shown->objects[shown->nr_objects - 1].nr_ranges++;
}

static void take_hidden(void *arg, const void *who, u64 value)
{
	struct shown *shown = arg;

	if (shown->nr_objects && shown->nr_objects <= SHOWN_OBJECTS_MAX)
		word(&shown->objects[shown->nr_objects - 1].hidden, value);
}

/* What is hidden, trees and remaps follow the object whose they are. */
static void shown_take_in_tree(void *arg, const void *who,
			       const struct vm_area_struct *vma, pgoff_t first,
			       pgoff_t last)
{
	const struct shown_range range = { .first = first,
					   .last = last,
					   .vma = vma };

	take_range(arg, &range);
}

static void shown_take_remap(void *arg, const void *who, pgoff_t first,
			     pgoff_t last, s64 displacement)
{
	const struct shown_range range = {
		.first = first,
		.last = last,
		.what = (u64)displacement,
	};

	take_range(arg, &range);
}

static void shown_take_on_chain(void *arg, const struct vm_area_struct *vma,
				const void *who, bool own)
{
	struct shown *shown = arg;

	if (shown->nr_chain < SHOWN_LINKS_MAX)
		shown->chain[shown->nr_chain] = (struct shown_link){
			.vma = vma,
			.who = who,
			.own = own,
		};
	shown->nr_chain++;
}

bool shown_take(struct shown *shown, struct rmap *rmap)
{
	const struct rmap_describer to = {
		.object = shown_take_object,
		.in_tree = shown_take_in_tree,
		.on_chain = shown_take_on_chain,
		.remap = shown_take_remap,
		.hidden = take_hidden,
		.arg = shown,
	};

	shown->nr_objects = 0;
	shown->nr_ranges = 0;
	shown->nr_chain = 0;
	if (rmap->ops->describe)
		rmap->ops->describe(rmap, &to);
	return shown->nr_objects <= SHOWN_OBJECTS_MAX &&
	       shown->nr_ranges <= SHOWN_LINKS_MAX &&
	       shown->nr_chain <= SHOWN_LINKS_MAX;
}
