/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drawing a snapshot into lines.
 */
#ifndef RMAPDIFF_TOOLS_EXPLAIN_DRAW_H
#define RMAPDIFF_TOOLS_EXPLAIN_DRAW_H

#include "../model/check/check.h"
#include "explain_lines.h"
#include "explain_snap.h"

struct drawing {
	const struct snap *snap;
	const struct snap *other; /* what it is compared with, never NULL */
	struct lines *lines;
	bool full; /* nothing is cut */
	/* Of the step where it diverged: where the fault is gets pointed at. */
	const struct report *report; /* NULL: in all other steps */
};

/* Section "vmas": boxes to scale, and a line about each VMA. */
void draw_vmas(struct drawing *d);
void draw_boxes(struct drawing *d);

/* A section of the reverse map's name: its objects. */
void draw_objects(struct drawing *d, u32 slot);

/* Section "folios": who maps each, and what each walk visits. */
void draw_folios(struct drawing *d);

/*
 * The last of the folios from @id on that are alike, a page further each, both
 * in @snap and in @other: they are drawn as one.
 */
u64 folio_group_end(const struct snap *snap, const struct snap *other, u64 id);

/* Page numbers as reports have them: from the base, "-0x3" below it. */
void text_add_page(struct text *text, const struct snap *snap, u64 page);
void text_add_pages(struct text *text, const struct snap *snap, u64 first,
		    u64 nr);
/* An offset: from the base like a page, unless it is one in a file. */
void text_add_offset(struct text *text, const struct snap *snap,
		     pgoff_t offset);
void text_add_displacement(struct text *text, s64 displacement);
/* "[0x10,0x14)", with the name of its process in front of it. */
void text_add_vma(struct text *text, const struct snap *snap, u32 vma);
/* "3" or "3-5" */
void text_add_ids(struct text *text, u64 first, u64 last);

/* How often a walk should have found a place, and did. */
enum place_fault {
	PLACE_FINE,
	PLACE_MISSED,
	PLACE_TWICE,
};

enum place_fault place_fault(const struct snap *snap,
			     const struct snap_folio *folio, u32 slot,
			     const struct snap_place *place);

/* Does @text have @word, with neither letter nor digit around it? */
bool has_word(const char *text, const char *word);

/*
 * Points at the last line if the report names what it is about, @word; true if
 * so.
 */
bool point_if_named(struct drawing *d, const char *word);

#endif
