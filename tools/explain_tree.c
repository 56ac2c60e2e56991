// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: the objects of a reverse map as a tree, whatever they are:
 * what it calls them, counts of them, and which VMAs hang on them.
 *
 *	a1  root  num_children 2  num_active_vmas 1  refcount 2
 *	|     tree: A[0x10,0x14)*  B[0x10,0x14)
 *	+- a2  parent a1  ...
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "explain_draw.h"

#define INDENT "    "

/* Is there a brother below object @i's ancestor of depth @depth? */
static bool bar_at(const struct snap *snap, u32 i, u32 depth)
{
	for (; i != SNAP_NONE && snap->objects[i].depth > depth;
	     i = snap->objects[i].parent)
		;
	return i != SNAP_NONE && !snap->objects[i].last_child;
}

static bool has_child(const struct snap *snap, u32 i)
{
	return i + 1 < snap->nr_objects &&
	       snap->objects[i + 1].slot == snap->objects[i].slot &&
	       snap->objects[i + 1].depth > snap->objects[i].depth;
}

/* Deep trees do not move out of sight. */
#define DEPTH_DRAWN_MAX 12

/* In front of object @i: bars of its ancestors, and its own branch. */
static void add_branch(struct text *text, const struct snap *snap, u32 i)
{
	u32 depth = snap->objects[i].depth;
	u32 from = depth > DEPTH_DRAWN_MAX ? depth - DEPTH_DRAWN_MAX : 1;

	text_add(text, INDENT);
	for (u32 k = from; k < depth; k++)
		text_add(text, "%s", bar_at(snap, i, k) ? "|  " : "   ");
	if (depth)
		text_add(text, "+- ");
}

/* In front of more about it. */
static void add_stem(struct text *text, const struct snap *snap, u32 i)
{
	u32 depth = snap->objects[i].depth;
	u32 from = depth > DEPTH_DRAWN_MAX ? depth - DEPTH_DRAWN_MAX : 1;

	text_add(text, INDENT);
	for (u32 k = from; k <= depth; k++)
		text_add(text, "%s", bar_at(snap, i, k) ? "|  " : "   ");
	text_add(text, "%s     ", has_child(snap, i) ? "|" : " ");
}

static void object_key(char *key, size_t size, const char *what,
		       const struct snap_object *o)
{
	snprintf(key, size, "%s %u %" PRIu64 " %" PRIu64, what, o->slot,
		 o->o.id, o->o.mm_id);
}

static const char *mm_procs(const struct snap *snap, u64 mm_id)
{
	for (u32 i = 0; i < snap->nr_mms; i++)
		if (snap->mms[i].id == mm_id)
			return snap->mms[i].procs;
	return NULL;
}

static void add_relations(struct text *text, const struct snap *snap,
			  const struct snap_object *o)
{
	const char *procs = o->o.mm_id ? mm_procs(snap, o->o.mm_id) : NULL;

	if (procs && !o->o.orphan && strcmp(procs, o->name))
		text_add(text, "  (of %s)", procs);
	if (o->o.orphan)
		text_add(text, "  (mm %" PRIu64 " gone)", o->o.mm_id);
	if (!o->o.parent)
		text_add(text, "  root");
	else if (o->parent == SNAP_NONE)
		text_add(text, "  parent GONE");
	else
		text_add(text, "  parent %s", snap->objects[o->parent].name);
	/* The root is the one on top, or something is wrong. */
	if (o->o.root && o->root == SNAP_NONE)
		text_add(text, "  root GONE");
	else if (o->o.root && snap->objects[o->root].depth)
		text_add(text, "  root %s", snap->objects[o->root].name);
}

/* "refcount 4 = mm 1 + children 1 + folios 2", or one after the other. */
static void add_counters(struct text *text, const struct rmap_object *o)
{
	u64 sum = 0;

	for (u32 i = 1; i < o->nr_counters; i++)
		sum += o->counters[i].value;
	for (u32 i = 0; i < o->nr_counters; i++) {
		const char *between = " ";

		if (o->first_is_sum && i == 1)
			between = sum == o->counters[0].value ? " = " :
								" IS NOT ";
		else if (o->first_is_sum && i)
			between = " + ";
		else if (!i)
			between = "  ";
		text_add(text, "%s%s %" PRIu64, between, o->counters[i].name,
			 o->counters[i].value);
	}
}

static bool point_at_object(struct drawing *d, const struct snap_object *o)
{
	char word[96];

	if (o->o.id)
		snprintf(word, sizeof(word), "%s %" PRIu64,
			 d->snap->rmaps[o->slot], o->o.id);
	else
		snprintf(word, sizeof(word), "mm %" PRIu64, o->o.mm_id);
	return point_if_named(d, word);
}

/* That others come or go beside it, which moves bars, is no change of its own. */
static void add_line(struct drawing *d, const char *key,
		     const struct text *text, size_t bars)
{
	lines_add_keyed(d->lines, key, "%s", text_string(text));
	if (!text->oom)
		lines_state(d->lines, text_string(text) + bars);
	d->lines->oom |= text->oom;
}

static void draw_object(struct drawing *d, u32 i)
{
	const struct snap_object *o = &d->snap->objects[i];
	struct text text = { 0 };
	size_t bars;
	char key[64];

	add_branch(&text, d->snap, i);
	bars = text.len;
	text_add(&text, "%s", o->name);
	add_relations(&text, d->snap, o);
	add_counters(&text, &o->o);
	object_key(key, sizeof(key), "object", o);
	add_line(d, key, &text, bars);
	lines_starts_thing(d->lines);
	text_free(&text);
}

static bool owns(const struct snap *snap, u32 object, u32 vma)
{
	for (u32 i = 0; i < snap->nr_chains; i++)
		if (snap->chains[i].vma == vma &&
		    snap->chains[i].object == object)
			return snap->chains[i].own;
	return false;
}

/* Where the tree has a VMA under other offsets than the VMA's own. */
static void add_stale_range(struct text *text, const struct snap *snap,
			    const struct snap_branch *branch)
{
	const struct snap_vma *vma;

	if (branch->vma != SNAP_NONE) {
		vma = &snap->vmas[branch->vma];
		if (branch->first == vma->pgoff &&
		    branch->last == vma->pgoff + (vma->end - vma->start) - 1)
			return;
	}
	text_add(text, " as offsets ");
	text_add_offset(text, snap, branch->first);
	text_add(text, "-");
	text_add_offset(text, snap, branch->last);
}

/* The VMAs in its interval tree: what a walk from it visits. */
static void draw_branches(struct drawing *d, u32 i)
{
	const struct snap *snap = d->snap;
	struct text text = { 0 };
	size_t bars, hang;
	u32 nr = 0;
	char key[64];

	add_stem(&text, snap, i);
	bars = text.len;
	text_add(&text, "tree:");
	hang = text.len + 2;
	for (u32 j = 0; j < snap->nr_branches; j++) {
		const struct snap_branch *branch = &snap->branches[j];

		if (branch->object != i)
			continue;
		nr++;
		text_add(&text, "  ");
		text_add_vma(&text, snap, branch->vma);
		if (branch->vma != SNAP_NONE && owns(snap, i, branch->vma))
			text_add(&text, "*");
		add_stale_range(&text, snap, branch);
	}
	object_key(key, sizeof(key), "tree", &snap->objects[i]);
	if (!nr)
		text_add(&text, " empty");
	/* Those that go by their mm have no tree. */
	if (nr || snap->objects[i].o.id) {
		add_line(d, key, &text, bars);
		lines_hang(d->lines, hang);
	}
	text_free(&text);
}

static void draw_remap(struct drawing *d, u32 i, const struct snap_remap *remap)
{
	const struct snap *snap = d->snap;
	struct text text = { 0 };
	size_t bars;
	char key[128];

	add_stem(&text, snap, i);
	bars = text.len;
	text_add(&text, remap->last == remap->first ? "remap: offset " :
						      "remap: offsets ");
	text_add_offset(&text, snap, remap->first);
	if (remap->last != remap->first) {
		text_add(&text, "-");
		text_add_offset(&text, snap, remap->last);
	}
	text_add(&text, " at ");
	text_add_page(&text, snap, remap->first + (u64)remap->displacement);
	if (remap->last != remap->first) {
		text_add(&text, "-");
		text_add_page(&text, snap,
			      remap->last + (u64)remap->displacement);
	}
	text_add(&text, " (");
	text_add_displacement(&text, remap->displacement);
	text_add(&text, ")");
	snprintf(key, sizeof(key),
		 "remap %u %" PRIu64 " %" PRIu64 " %" PRIx64 " %" PRIx64,
		 snap->objects[i].slot, snap->objects[i].o.id,
		 snap->objects[i].o.mm_id, remap->first,
		 (u64)remap->displacement);
	add_line(d, key, &text, bars);
	text_free(&text);
}

/* The chain of @vma in the order it has; its own object with a star. */
static void draw_chain(struct drawing *d, u32 slot, u32 vma)
{
	const struct snap *snap = d->snap;
	struct text text = { 0 };
	u32 nr = 0;
	char key[64];

	text_add(&text, INDENT "chain of ");
	text_add_vma(&text, snap, vma);
	text_add(&text, ":");
	for (u32 i = 0; i < snap->nr_chains; i++) {
		const struct snap_chain *chain = &snap->chains[i];

		if (chain->vma != vma || chain->slot != slot)
			continue;
		nr++;
		text_add(&text, "  %s%s",
			 chain->object == SNAP_NONE ?
				 "GONE" :
				 snap->objects[chain->object].name,
			 chain->own ? "*" : "");
	}
	if (nr) {
		snprintf(key, sizeof(key), "chain %u %" PRIu64 " %" PRIx64,
			 slot, snap->mms[snap->vmas[vma].mm].id,
			 snap->vmas[vma].start);
		lines_add_keyed(d->lines, key, "%s", text_string(&text));
		lines_starts_thing(d->lines);
	}
	d->lines->oom |= text.oom;
	text_free(&text);
}

/* Its own fault, of no object that could be pointed at, and of no folio. */
static void point_at_rmap(struct drawing *d, u32 slot)
{
	if (d->report && !d->report->nr_sets &&
	    !strcmp(d->report->rmap, d->snap->rmaps[slot]))
		lines_add(d->lines, LINE_POINT, "    ^ <== %s",
			  d->report->text);
}

void draw_objects(struct drawing *d, u32 slot)
{
	const struct snap *snap = d->snap;
	char head[64];
	bool pointed = false;
	u32 nr = 0;

	d->lines->section = snap->rmaps[slot];
	snprintf(head, sizeof(head), "  %s", snap->rmaps[slot]);
	lines_add_head(d->lines, head);
	for (u32 i = 0; i < snap->nr_objects; i++) {
		if (snap->objects[i].slot != slot)
			continue;
		nr++;
		draw_object(d, i);
		draw_branches(d, i);
		for (u32 j = 0; j < snap->nr_remaps; j++)
			if (snap->remaps[j].object == i)
				draw_remap(d, i, &snap->remaps[j]);
		pointed |= point_at_object(d, &snap->objects[i]);
	}
	for (u32 i = 0; i < snap->nr_vmas; i++)
		draw_chain(d, slot, i);
	if (!nr)
		lines_add(d->lines, LINE_PLAIN, INDENT "nothing");
	if (!pointed)
		point_at_rmap(d, slot);
}
