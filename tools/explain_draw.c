// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: how things are written in drawings.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include "explain_draw.h"

void text_add_page(struct text *text, const struct snap *snap, u64 page)
{
	if (page < snap->base)
		text_add(text, "-%#" PRIx64, snap->base - page);
	else if (page == snap->base)
		text_add(text, "0x0");
	else
		text_add(text, "%#" PRIx64, page - snap->base);
}

void text_add_pages(struct text *text, const struct snap *snap, u64 first,
		    u64 nr)
{
	text_add_page(text, snap, first);
	if (nr <= 1)
		return;
	text_add(text, "-");
	text_add_page(text, snap, first + nr - 1);
}

/*
 * Offsets of anonymous memory are page numbers where it was first touched;
 * those in files are far below any base but a very low one, where it makes no
 * difference.
 */
void text_add_offset(struct text *text, const struct snap *snap, pgoff_t offset)
{
	if (offset >= snap->base)
		text_add_page(text, snap, offset);
	else
		text_add(text, "%" PRIu64, offset);
}

void text_add_displacement(struct text *text, s64 displacement)
{
	u64 distance = displacement < 0 ? -(u64)displacement :
					  (u64)displacement;

	text_add(text, "%c%#" PRIx64, displacement < 0 ? '-' : '+', distance);
}

void text_add_vma(struct text *text, const struct snap *snap, u32 vma)
{
	const struct snap_vma *v;

	if (vma == SNAP_NONE) {
		text_add(text, "a VMA that is gone");
		return;
	}
	v = &snap->vmas[vma];
	text_add(text, "%s[", snap->mms[v->mm].name);
	text_add_page(text, snap, v->start);
	text_add(text, ",");
	text_add_page(text, snap, v->end);
	text_add(text, ")");
}

void text_add_ids(struct text *text, u64 first, u64 last)
{
	text_add(text, "%" PRIu64, first);
	if (last != first)
		text_add(text, "-%" PRIu64, last);
}

enum place_fault place_fault(const struct snap *snap,
			     const struct snap_folio *folio, u32 slot,
			     const struct snap_place *place)
{
	u32 times;

	/* Nothing is known of a walk that was not made. */
	if (folio->walks[slot].why_not)
		return PLACE_FINE;
	times = snap_times_found(snap, folio, slot, place);

	if (times == 1)
		return PLACE_FINE;
	return times ? PLACE_TWICE : PLACE_MISSED;
}

bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if ((at == text || !isalnum((unsigned char)at[-1])) &&
		    !isalnum((unsigned char)at[len]))
			return true;
	return false;
}

bool point_if_named(struct drawing *d, const char *word)
{
	if (!d->report || !has_word(d->report->text, word))
		return false;
	lines_add(d->lines, LINE_POINT, "      ^ <== %s", d->report->text);
	return true;
}
