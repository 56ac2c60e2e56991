// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: the VMAs of all processes as boxes, over one axis of page
 * numbers, with the folios in them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "explain_draw.h"
#include "explain_layout.h"

#define BOXES_MMS_MAX 8
#define BOXES_STRIPS_MAX 4
#define NAME_COLUMNS_MAX 8
#define INDENT 4

struct boxes {
	struct drawing *d;
	const struct snap *snap;
	struct layout layout;
	bool *take; /* by mm: is it drawn? */
	u32 left; /* column of the drawing's first */
	u32 strip; /* the one being drawn */
	char row[TEXT_COLUMNS + 1];
};

/* Did something of the VMAs or pages of @mm change? */
static bool mm_changed(const struct drawing *d, u32 mm);

static const struct snap_vma *vma_of_cell(const struct snap *snap, u32 mm,
					  const struct cell *cell)
{
	u32 vma = mm == SNAP_NONE ? SNAP_NONE :
				    snap_vma_at(snap, mm, cell->first);

	return vma == SNAP_NONE ? NULL : &snap->vmas[vma];
}

static bool begins_or_ends_at(const struct snap *snap, u32 mm, u64 page)
{
	const struct snap_mm *m;

	if (mm == SNAP_NONE)
		return false;
	m = &snap->mms[mm];
	for (u32 i = m->first_vma; i < m->first_vma + m->nr_vmas; i++)
		if (snap->vmas[i].start == page || snap->vmas[i].end == page)
			return true;
	return false;
}

/* Is @mm's VMA on both sides of this boundary, or pad, the same one? */
static bool goes_through(const struct snap *snap, u32 mm,
			 const struct cell *cell)
{
	u64 page = cell->kind == CELL_PAD ? cell->first - 1 : cell->first;

	if (mm == SNAP_NONE)
		return false;
	if (cell->kind == CELL_BOUNDARY &&
	    begins_or_ends_at(snap, mm, cell->first))
		return false;
	return snap_vma_at(snap, mm, page) != SNAP_NONE;
}

static void row_clear(struct boxes *boxes)
{
	memset(boxes->row, ' ', TEXT_COLUMNS);
	boxes->row[TEXT_COLUMNS] = '\0';
}

static void row_put(struct boxes *boxes, u32 column, const char *text)
{
	size_t len = strlen(text);

	if (column < TEXT_COLUMNS)
		memcpy(boxes->row + column, text,
		       min_u64(len, TEXT_COLUMNS - column));
}

static const char *row_end(struct boxes *boxes)
{
	size_t len = TEXT_COLUMNS;

	while (len && boxes->row[len - 1] == ' ')
		len--;
	boxes->row[len] = '\0';
	return boxes->row;
}

#define for_each_cell(cell, boxes)                                          \
	for ((cell) = (boxes)->layout.cells;                                \
	     (cell) < (boxes)->layout.cells + (boxes)->layout.nr; (cell)++) \
		if ((cell)->strip == (boxes)->strip)

/* Page numbers above the boundaries, as far as there is room. */
static void draw_axis(struct boxes *boxes)
{
	const struct cell *cell;
	u32 free_from = 0;

	row_clear(boxes);
	for_each_cell(cell, boxes)
	{
		struct text label = { 0 };
		u32 at = boxes->left + cell->column;

		if (cell->kind == CELL_GAP)
			text_add(&label, "~~");
		else if (cell->kind == CELL_BOUNDARY || !cell->column)
			text_add_page(&label, boxes->snap, cell->first);
		at += cell->kind == CELL_GAP ? cell->width - 3 : 0;
		if (label.len && at >= free_from &&
		    at + label.len <= TEXT_COLUMNS) {
			row_put(boxes, at, text_string(&label));
			free_from = at + (u32)label.len + 1;
		}
		text_free(&label);
	}
	lines_add(boxes->d->lines, LINE_NOTE, "%s", row_end(boxes));
}

/* The line between the boxes of @above and of @below. */
static void draw_border(struct boxes *boxes, u32 above, u32 below)
{
	const struct snap *snap = boxes->snap;
	const struct cell *cell;

	row_clear(boxes);
	for_each_cell(cell, boxes)
	{
		char *at = boxes->row + boxes->left + cell->column;
		bool line;

		if (cell->kind == CELL_PAGES)
			line = vma_of_cell(snap, above, cell) ||
			       vma_of_cell(snap, below, cell);
		else
			line = goes_through(snap, above, cell) ||
			       goes_through(snap, below, cell);
		if (line)
			memset(at, '-', cell->width);
		if (cell->kind == CELL_BOUNDARY &&
		    (begins_or_ends_at(snap, above, cell->first) ||
		     begins_or_ends_at(snap, below, cell->first)))
			*at = '+';
	}
	lines_add(boxes->d->lines, LINE_PLAIN, "%s", row_end(boxes));
}

/* The first page of @vma at @addr or after it, one past its last if none. */
static const struct snap_page *page_from(const struct snap *snap,
					 const struct snap_vma *vma, u64 addr)
{
	const struct snap_page *pages = snap->pages + vma->first_page;
	u32 low = 0, high = vma->nr_pages;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (pages[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return pages + low;
}

static char page_letter(const struct snap *snap, const struct snap_page *page)
{
	const struct snap_folio *folio;

	if (!page)
		return '.';
	folio = snap_folio(snap, page->folio);
	if (page->kind == PTE_ZERO)
		return 'z';
	if (page->kind == PTE_FILE)
		return 'f';
	return folio && folio->mapcount > 1 ? 's' : 'x';
}

/* Of the pages in a cell, the one that says most. */
static char cell_letter(const struct snap *snap, const struct snap_vma *vma,
			const struct cell *cell)
{
	static const char order[] = ".fzxs";
	const struct snap_page *page, *end;
	char best = '.';

	if (!vma->nr_pages)
		return best;
	page = page_from(snap, vma, cell->first);
	end = snap->pages + vma->first_page + vma->nr_pages;

	for (; page < end && page->addr < cell->first + cell->nr; page++) {
		char letter = page_letter(snap, page);

		if (strchr(order, letter) > strchr(order, best))
			best = letter;
	}
	return best;
}

static const struct snap_page *page_at(const struct snap *snap,
				       const struct snap_vma *vma, u64 addr)
{
	const struct snap_page *page;

	if (!vma->nr_pages)
		return NULL;
	page = page_from(snap, vma, addr);
	if (page == snap->pages + vma->first_page + vma->nr_pages ||
	    page->addr != addr)
		return NULL;
	return page;
}

static void put_pages(struct boxes *boxes, const struct snap_vma *vma,
		      const struct cell *cell)
{
	const struct snap_page *page = page_at(boxes->snap, vma, cell->first);
	u32 right = boxes->left + cell->column + cell->width;
	char text[24];

	if (boxes->layout.page_columns == 1)
		snprintf(text, sizeof(text), "%c",
			 cell_letter(boxes->snap, vma, cell));
	else if (page && page->folio)
		snprintf(text, sizeof(text), "%" PRIu64, page->folio);
	else
		snprintf(text, sizeof(text), "%c",
			 page_letter(boxes->snap, page));
	row_put(boxes, right - (u32)strlen(text), text);
}

static void hash_u64(u64 *hash, u64 value)
{
	for (u32 i = 0; i < 8; i++, value >>= 8)
		*hash = (*hash ^ (value & 0xff)) * 0x100000001b3ULL;
}

/* What is drawn of @mm in [first, end), as a number that changes with it. */
static u64 mm_digest(const struct snap *snap, u32 mm, u64 first, u64 end)
{
	const struct snap_mm *m = &snap->mms[mm];
	u64 hash = 0xcbf29ce484222325ULL;

	for (u32 i = m->first_vma; i < m->first_vma + m->nr_vmas; i++) {
		const struct snap_vma *vma = &snap->vmas[i];

		if (vma->end <= first || vma->start >= end)
			continue;
		hash_u64(&hash, vma->start);
		hash_u64(&hash, vma->end);
		for (u32 j = 0; j < vma->nr_pages; j++) {
			const struct snap_page *page =
				&snap->pages[vma->first_page + j];

			if (page->addr < first || page->addr >= end)
				continue;
			hash_u64(&hash, page->addr);
			hash_u64(&hash, page->folio);
			hash_u64(&hash, page->kind);
		}
	}
	return hash;
}

static bool mm_changed(const struct drawing *d, u32 mm)
{
	for (u32 i = 0; i < d->other->nr_mms; i++)
		if (d->other->mms[i].id == d->snap->mms[mm].id)
			return mm_digest(d->other, i, 0, UINT64_MAX) !=
			       mm_digest(d->snap, mm, 0, UINT64_MAX);
	return true;
}

/* The pages [*first, *end) of the strip. */
static void strip_range(const struct boxes *boxes, u64 *first, u64 *end)
{
	const struct cell *cell;

	*first = UINT64_MAX;
	*end = 0;
	for_each_cell(cell, boxes)
	{
		*first = min_u64(*first, cell->first);
		*end = max_u64(*end, cell->first + cell->nr);
	}
}

static void draw_row(struct boxes *boxes, u32 mm)
{
	const struct snap *snap = boxes->snap;
	const struct cell *cell;
	char key[64], state[24], name[NAME_COLUMNS_MAX + 1];
	u64 first, end;

	row_clear(boxes);
	snprintf(name, sizeof(name), "%.*s", NAME_COLUMNS_MAX,
		 snap->mms[mm].name);
	row_put(boxes, INDENT, name);
	for_each_cell(cell, boxes)
	{
		const struct snap_vma *vma = vma_of_cell(snap, mm, cell);

		if (cell->kind == CELL_BOUNDARY &&
		    begins_or_ends_at(snap, mm, cell->first))
			boxes->row[boxes->left + cell->column] = '|';
		if (cell->kind == CELL_PAGES && vma)
			put_pages(boxes, vma, cell);
	}
	strip_range(boxes, &first, &end);
	snprintf(key, sizeof(key), "row %" PRIu64 " %u", snap->mms[mm].id,
		 boxes->strip);
	snprintf(state, sizeof(state), "%" PRIx64,
		 mm_digest(snap, mm, first, end));
	lines_add_keyed(boxes->d->lines, key, "%s", row_end(boxes));
	lines_state(boxes->d->lines, state);
	lines_no_ghost(boxes->d->lines);
}

/* The column of page @addr in this strip; 0: it is not there. */
static u32 column_of(const struct boxes *boxes, u64 addr)
{
	const struct cell *cell;

	for_each_cell(
		cell,
		boxes) if (cell->kind == CELL_PAGES && cell->first <= addr &&
			   addr < cell->first + cell->nr) return boxes->left +
		cell->column + cell->width - 1;
	return 0;
}

/* Folio numbers in ascending order, as "1,3-5". */
struct id_list {
	struct text text;
	u64 first; /* of the run that is not written yet; 0: none */
	u64 last;
	u32 nr;
};

static void id_list_flush(struct id_list *ids)
{
	if (!ids->first)
		return;
	if (ids->text.len)
		text_add(&ids->text, ",");
	text_add_ids(&ids->text, ids->first, ids->last);
	ids->first = 0;
}

static void id_list_add(struct id_list *ids, u64 id)
{
	ids->nr++;
	if (ids->first && id <= ids->last + 1) {
		ids->last = id;
		return;
	}
	id_list_flush(ids);
	ids->first = ids->last = id;
}

/* Puts an arrow under each place of @folio in @mm with that fault. */
static u32 put_arrows(struct boxes *boxes, const struct snap_folio *folio,
		      u32 mm, u32 slot, enum place_fault fault)
{
	const struct snap *snap = boxes->snap;
	u32 rightmost = 0;

	for (u32 i = 0; i < folio->nr_places; i++) {
		const struct snap_place *place =
			&snap->places[folio->first_place + i];
		u32 at = place->mm == mm ? column_of(boxes, place->addr) : 0;

		if (!at || place_fault(snap, folio, slot, place) != fault)
			continue;
		boxes->row[at] = '^';
		rightmost = (u32)max_u64(rightmost, at);
	}
	return rightmost;
}

/* Arrows under the places in @mm that walk @slot misses, or finds twice. */
static void draw_arrows(struct boxes *boxes, u32 mm, u32 slot,
			enum place_fault fault)
{
	const struct snap *snap = boxes->snap;
	struct id_list ids = { 0 };
	u32 rightmost = 0;

	row_clear(boxes);
	for (u32 i = 0; i < snap->nr_folios; i++) {
		u32 at = put_arrows(boxes, &snap->folios[i], mm, slot, fault);

		if (at)
			id_list_add(&ids, snap->folios[i].id);
		rightmost = (u32)max_u64(rightmost, at);
	}
	id_list_flush(&ids);
	if (ids.nr) {
		boxes->row[rightmost + 1] = '\0';
		lines_add(boxes->d->lines, LINE_POINT,
			  "%s <== %s %s folio%s %s%s", boxes->row,
			  snap->rmaps[slot],
			  fault == PLACE_MISSED ? "does not find" : "finds",
			  ids.nr > 1 ? "s" : "", text_string(&ids.text),
			  fault == PLACE_MISSED ? " here" : " twice");
		lines_hang(boxes->d->lines, INDENT);
	}
	boxes->d->lines->oom |= ids.text.oom;
	text_free(&ids.text);
}

/* Has @mm anything in this strip? */
static bool is_in_strip(const struct boxes *boxes, u32 mm)
{
	const struct cell *cell;

	if (!boxes->take[mm])
		return false;
	for_each_cell(cell, boxes) if (vma_of_cell(boxes->snap, mm, cell) &&
				       cell->kind == CELL_PAGES) return true;
	return false;
}

static void draw_strip(struct boxes *boxes)
{
	u32 above = SNAP_NONE;

	draw_axis(boxes);
	for (u32 mm = 0; mm < boxes->snap->nr_mms; mm++) {
		if (!is_in_strip(boxes, mm))
			continue;
		draw_border(boxes, above, mm);
		draw_row(boxes, mm);
		for (u32 i = 0; boxes->d->report && i < boxes->snap->nr_rmaps;
		     i++) {
			draw_arrows(boxes, mm, i, PLACE_MISSED);
			draw_arrows(boxes, mm, i, PLACE_TWICE);
		}
		above = mm;
	}
	draw_border(boxes, above, SNAP_NONE);
}

/* Which mms are drawn: those that changed first.  How many are not. */
static u32 choose_mms(struct boxes *boxes)
{
	const struct snap *snap = boxes->snap;
	u32 room = boxes->d->full ? UINT32_MAX : BOXES_MMS_MAX;
	u32 left_out = 0;

	for (u32 pass = 0; pass < 2; pass++)
		for (u32 mm = 0; mm < snap->nr_mms; mm++) {
			bool changed = mm_changed(boxes->d, mm);

			if (!snap->mms[mm].nr_vmas || changed == pass)
				continue;
			boxes->take[mm] = room;
			left_out += !room;
			room -= !!room;
		}
	return left_out;
}

static void say_scale(struct boxes *boxes)
{
	const struct layout *layout = &boxes->layout;

	if (layout->page_columns > 1)
		return;
	if (layout->pages_per_cell == 1)
		lines_add(
			boxes->d->lines, LINE_NOTE,
			"    a letter a page: s shared, x mapped once, z zero "
			"page, f file, . nothing");
	else
		lines_add(boxes->d->lines, LINE_NOTE,
			  "    a letter for %" PRIu64
			  " pages: s shared, x mapped once, z zero page, f "
			  "file, . nothing",
			  layout->pages_per_cell);
}

static void draw_strips(struct boxes *boxes)
{
	u32 nr = boxes->layout.nr_strips;
	u32 max = boxes->d->full ? nr : BOXES_STRIPS_MAX;

	say_scale(boxes);
	for (boxes->strip = 0; boxes->strip < min_u64(nr, max); boxes->strip++)
		draw_strip(boxes);
	if (nr > max)
		lines_add(
			boxes->d->lines, LINE_NOTE,
			"    ... %u more lines of boxes left out; --full shows "
			"them",
			nr - max);
}

void draw_boxes(struct drawing *d)
{
	struct boxes boxes = { .d = d, .snap = d->snap };
	u32 left_out, name = 1;

	boxes.take = calloc(d->snap->nr_mms + 1, sizeof(*boxes.take));
	if (!boxes.take) {
		d->lines->oom = true;
		return;
	}
	left_out = choose_mms(&boxes);
	for (u32 mm = 0; mm < d->snap->nr_mms; mm++)
		if (boxes.take[mm])
			name = (u32)max_u64(name,
					    strlen(d->snap->mms[mm].name));
	boxes.left = INDENT + (u32)min_u64(name, NAME_COLUMNS_MAX) + 2;
	if (layout_make(&boxes.layout, d->snap, boxes.take,
			TEXT_COLUMNS - boxes.left))
		d->lines->oom = true;
	else
		draw_strips(&boxes);
	if (left_out)
		lines_add(d->lines, LINE_NOTE,
			  "    ... %u more processes not drawn; --full draws "
			  "them",
			  left_out);
	layout_free(&boxes.layout);
	free(boxes.take);
}
