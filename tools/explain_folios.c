// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: folios, who maps each, and what each walk visits for it.
 *
 * Folios that follow each other and are alike are one entry: "1-4".
 */
#include <inttypes.h>
#include <string.h>
#include "explain_draw.h"

/* Pages [addr, addr + nr) of a place: one a folio of the group. */
static void text_add_place(struct text *text, const struct snap *snap,
			   const struct snap_place *place, u64 nr)
{
	if (place->mm == SNAP_NONE)
		text_add(text, "?:");
	else
		text_add(text, "%s:", snap->mms[place->mm].name);
	text_add_pages(text, snap, place->addr, nr);
}

static bool places_follow(const struct snap_place *a,
			  const struct snap_place *b, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		if (a[i].mm != b[i].mm || a[i].addr + 1 != b[i].addr ||
		    a[i].found != b[i].found)
			return false;
	return true;
}

static bool walks_follow(const struct snap *snap, const struct snap_walk *a,
			 const struct snap_walk *b)
{
	return a->owner == b->owner && a->why_not == b->why_not &&
	       a->nr_visits == b->nr_visits &&
	       a->stats.contexts == b->stats.contexts &&
	       a->stats.remaps == b->stats.remaps &&
	       places_follow(snap->visits + a->first_visit,
			     snap->visits + b->first_visit, a->nr_visits);
}

/* Is folio @id + 1 in @snap as folio @id is, a page further everywhere? */
static bool next_is_alike(const struct snap *snap, u64 id)
{
	const struct snap_folio *a = snap_folio(snap, id);
	const struct snap_folio *b = snap_folio(snap, id + 1);

	if (!a || !b)
		return !a && !b;
	if (a->index + 1 != b->index || a->mapcount != b->mapcount ||
	    a->exclusive != b->exclusive || a->nr_places != b->nr_places ||
	    !places_follow(snap->places + a->first_place,
			   snap->places + b->first_place, a->nr_places))
		return false;
	for (u32 i = 0; i < snap->nr_rmaps; i++)
		if (!walks_follow(snap, &a->walks[i], &b->walks[i]))
			return false;
	return true;
}

/*
 * The same before and after a step, so that what one entry was is one entry
 * now.
 */
u64 folio_group_end(const struct snap *snap, const struct snap *other, u64 id)
{
	while (snap_folio(snap, id + 1) && next_is_alike(snap, id) &&
	       next_is_alike(other, id))
		id++;
	return id;
}

static void draw_folio_line(struct drawing *d, const struct snap_folio *folio,
			    u64 last)
{
	const struct snap *snap = d->snap;
	u64 nr = last - folio->id + 1;
	struct text text = { 0 };
	char key[64];

	text_add(&text, "    folio%s ", nr > 1 ? "s" : "");
	text_add_ids(&text, folio->id, last);
	text_add(&text, "  index ");
	text_add_offset(&text, snap, folio->index);
	if (nr > 1) {
		text_add(&text, "-");
		text_add_offset(&text, snap, folio->index + nr - 1);
	}
	text_add(&text, "  %s, mapcount %u:",
		 folio->exclusive    ? "exclusive" :
		 folio->mapcount > 1 ? "shared" :
				       "not exclusive",
		 folio->mapcount);
	for (u32 i = 0; i < folio->nr_places; i++) {
		text_add(&text, " ");
		text_add_place(&text, snap,
			       &snap->places[folio->first_place + i], nr);
	}
	snprintf(key, sizeof(key), "folio %" PRIu64, folio->id);
	lines_add_keyed(d->lines, key, "%s", text_string(&text));
	lines_starts_thing(d->lines);
	lines_hang(d->lines, 10);
	d->lines->oom |= text.oom;
	text_free(&text);
}

/* One visit: plain where the folio is, in parentheses where it is not. */
static void add_visit(struct text *text, const struct snap *snap,
		      const struct snap_folio *folio,
		      const struct snap_place *visit, u64 nr, bool say_remap)
{
	s64 displacement = (s64)(visit->addr - folio->index);

	text_add(text, visit->found ? " " : " (");
	text_add_place(text, snap, visit, nr);
	if (say_remap && displacement) {
		text_add(text, "/");
		text_add_displacement(text, displacement);
	}
	if (!visit->found)
		text_add(text, ")");
}

static void add_effort(struct text *text, const struct rmap_walk_stats *stats)
{
	if (stats->contexts)
		text_add(text, "; %" PRIu64 NO_BREAK "context%s",
			 stats->contexts, stats->contexts == 1 ? "" : "s");
	if (stats->remaps)
		text_add(text, ", %" PRIu64 NO_BREAK "remap%s", stats->remaps,
			 stats->remaps == 1 ? "" : "s");
}

static void draw_walk(struct drawing *d, const struct snap_folio *folio,
		      u64 last, u32 slot)
{
	const struct snap *snap = d->snap;
	const struct snap_walk *walk = &folio->walks[slot];
	u64 nr = last - folio->id + 1;
	struct text text = { 0 };
	size_t hang;
	u32 useful = 0;
	char key[64];

	text_add(&text, "      %-11s from %s:", snap->rmaps[slot],
		 walk->owner == SNAP_NONE ? "nowhere" :
					    snap->objects[walk->owner].name);
	hang = text.len + 1;
	for (u32 i = 0; i < walk->nr_visits; i++) {
		const struct snap_place *visit =
			&snap->visits[walk->first_visit + i];

		useful += visit->found;
		add_visit(&text, snap, folio, visit, nr,
			  walk->stats.contexts != 0);
	}
	if (walk->why_not)
		text_add(&text, " not walked, %s", walk->why_not);
	else if (!walk->nr_visits)
		text_add(&text, " no visit");
	if (useful != walk->nr_visits)
		text_add(&text,
			 "; %u" NO_BREAK "of" NO_BREAK "%u" NO_BREAK
			 "in" NO_BREAK "vain",
			 walk->nr_visits - useful, walk->nr_visits);
	add_effort(&text, &walk->stats);
	snprintf(key, sizeof(key), "walk %" PRIu64 " %u", folio->id, slot);
	lines_add_keyed(d->lines, key, "%s", text_string(&text));
	lines_hang(d->lines, hang);
	d->lines->oom |= text.oom;
	text_free(&text);
}

/* What is wrong with a walk, right under it. */
static bool point_at_walk(struct drawing *d, const struct snap_folio *folio,
			  u64 last, u32 slot)
{
	const struct snap *snap = d->snap;
	const struct snap_walk *walk = &folio->walks[slot];
	bool pointed = false;

	if (walk->why_not) {
		lines_add(d->lines, LINE_POINT, "      ^ <== %s: %s",
			  snap->rmaps[slot], walk->why_not);
		return true;
	}
	for (u32 i = 0; i < folio->nr_places; i++) {
		const struct snap_place *place =
			&snap->places[folio->first_place + i];
		enum place_fault fault = place_fault(snap, folio, slot, place);
		struct text text = { 0 };

		if (fault == PLACE_FINE)
			continue;
		pointed = true;
		text_add_ids(&text, folio->id, last);
		text_add(&text, " at ");
		text_add_place(&text, snap, place, last - folio->id + 1);
		lines_add(d->lines, LINE_POINT,
			  "      ^ <== %s %s folio%s %s%s", snap->rmaps[slot],
			  fault == PLACE_MISSED ? "does not find" : "finds",
			  last > folio->id ? "s" : "", text_string(&text),
			  fault == PLACE_MISSED ? "" : " twice");
		text_free(&text);
	}
	for (u32 i = 0; i < walk->nr_visits; i++) {
		if (snap->visits[walk->first_visit + i].vma != SNAP_NONE)
			continue;
		pointed = true;
		lines_add(d->lines, LINE_POINT,
			  "      ^ <== %s hands over what no VMA has",
			  snap->rmaps[slot]);
	}
	return pointed;
}

static void draw_group(struct drawing *d, const struct snap_folio *folio,
		       u64 last)
{
	char word[32];
	bool pointed = false;

	draw_folio_line(d, folio, last);
	for (u32 i = 0; i < d->snap->nr_rmaps; i++) {
		draw_walk(d, folio, last, i);
		if (d->report)
			pointed |= point_at_walk(d, folio, last, i);
	}
	for (u64 id = folio->id; d->report && !pointed && id <= last; id++) {
		snprintf(word, sizeof(word), "folio %" PRIu64, id);
		point_if_named(d, word);
	}
}

/* Added up over all folios: what each reverse map's walks cost here. */
static void draw_sum(struct drawing *d, u32 slot)
{
	const struct snap *snap = d->snap;
	u64 visits = 0, useful = 0, contexts = 0, remaps = 0;
	struct text text = { 0 };
	char key[32];

	for (u32 i = 0; i < snap->nr_folios; i++) {
		const struct snap_walk *walk = &snap->folios[i].walks[slot];

		visits += walk->nr_visits;
		contexts += walk->stats.contexts;
		remaps += walk->stats.remaps;
		for (u32 j = 0; j < walk->nr_visits; j++)
			useful += snap->visits[walk->first_visit + j].found;
	}
	text_add(&text,
		 "    %s, a walk for each: %" PRIu64 " visit%s, %" PRIu64
		 " in vain",
		 snap->rmaps[slot], visits, visits == 1 ? "" : "s",
		 visits - useful);
	if (contexts)
		text_add(&text, "; %" PRIu64 " context%s, %" PRIu64 " remap%s",
			 contexts, contexts == 1 ? "" : "s", remaps,
			 remaps == 1 ? "" : "s");
	snprintf(key, sizeof(key), "sum %u", slot);
	lines_add_keyed(d->lines, key, "%s", text_string(&text));
	d->lines->oom |= text.oom;
	text_free(&text);
}

void draw_folios(struct drawing *d)
{
	const struct snap *snap = d->snap;

	d->lines->section = "folios";
	lines_add_head(
		d->lines,
		"  folios, and what a walk for each visits; (in parentheses: in vain)");
	if (!snap->nr_folios)
		lines_add(d->lines, LINE_PLAIN, "    none");
	for (u32 i = 0; i < snap->nr_folios; i++) {
		u64 last = folio_group_end(snap, d->other, snap->folios[i].id);

		draw_group(d, &snap->folios[i], last);
		i += (u32)(last - snap->folios[i].id);
	}
	for (u32 i = 0; snap->nr_folios && i < snap->nr_rmaps; i++)
		draw_sum(d, i);
}
