// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: the layout of pages on paper.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "explain_layout.h"

/* Room for the number of the page before it, and a mark. */
#define GAP_COLUMNS 7
/* A gap that takes no more room than being cut is drawn as it is. */
#define GAP_PAGES_UNCUT 2
/* So many lines of drawings before a coarser scale is taken. */
#define STRIPS_OF_NUMBERS 3
#define STRIPS_OF_LETTERS 2
#define STRIPS_MAX 4

struct boundaries {
	u64 *at; /* page numbers, ascending, each once */
	u32 nr;
};

static int cmp_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static bool find_boundaries(struct boundaries *b, const struct snap *snap,
			    const bool *take)
{
	u32 nr = 0;

	b->nr = 0;
	b->at = malloc((2 * (size_t)snap->nr_vmas + 1) * sizeof(*b->at));
	if (!b->at)
		return false;
	for (u32 i = 0; i < snap->nr_vmas; i++) {
		if (!take[snap->vmas[i].mm])
			continue;
		b->at[nr++] = snap->vmas[i].start;
		b->at[nr++] = snap->vmas[i].end;
	}
	if (nr)
		qsort(b->at, nr, sizeof(*b->at), cmp_u64);
	for (u32 i = 0; i < nr; i++)
		if (!b->nr || b->at[b->nr - 1] != b->at[i])
			b->at[b->nr++] = b->at[i];
	return true;
}

static bool is_page_covered(const struct snap *snap, const bool *take, u64 page)
{
	for (u32 i = 0; i < snap->nr_vmas; i++)
		if (take[snap->vmas[i].mm] && snap->vmas[i].start <= page &&
		    page < snap->vmas[i].end)
			return true;
	return false;
}

static void add_cell(struct layout *layout, enum cell_kind kind, u64 first,
		     u64 nr, u32 width)
{
	if (layout->oom)
		return;
	if (layout->nr == layout->cap) {
		u32 cap = layout->cap ? 2 * layout->cap : 64;
		struct cell *cells =
			realloc(layout->cells, cap * sizeof(*cells));

		if (!cells) {
			layout->oom = true;
			return;
		}
		layout->cells = cells;
		layout->cap = cap;
	}
	layout->cells[layout->nr++] = (struct cell){
		.kind = (u8)kind,
		.first = first,
		.nr = nr,
		.width = width,
	};
}

static void layout_add_pages(struct layout *layout, u64 first, u64 end)
{
	u64 step = layout->pages_per_cell;

	for (u64 page = first; page < end; page += step) {
		if (layout->oom)
			return;
		add_cell(layout, CELL_PAGES, page, min_u64(step, end - page),
			 layout->page_columns);
	}
	if (layout->page_columns > 1)
		add_cell(layout, CELL_PAD, end, 0, 1);
}

static void add_cells(struct layout *layout, const struct snap *snap,
		      const bool *take, const struct boundaries *b)
{
	layout->nr = 0;
	for (u32 i = 0; i < b->nr && !layout->oom; i++) {
		u64 first = b->at[i];
		u64 end = i + 1 < b->nr ? b->at[i + 1] : first;

		add_cell(layout, CELL_BOUNDARY, first, 0, 1);
		if (end == first)
			break;
		if (is_page_covered(snap, take, first) ||
		    end - first <= GAP_PAGES_UNCUT)
			layout_add_pages(layout, first, end);
		else
			add_cell(layout, CELL_GAP, first, end - first,
				 GAP_COLUMNS);
	}
}

/* Breaks the cells into lines of @columns. */
static void fold_cells(struct layout *layout, u32 columns)
{
	u32 column = 0, strip = 0;

	for (u32 i = 0; i < layout->nr; i++) {
		struct cell *cell = &layout->cells[i];

		/* A pad stays with its page, a boundary with what is before. */
		if (column + cell->width + 2 > columns &&
		    cell->kind != CELL_PAD && cell->kind != CELL_BOUNDARY) {
			column = 0;
			strip++;
		}
		cell->column = column;
		cell->strip = strip;
		column += cell->width;
	}
	layout->nr_strips = layout->nr ? strip + 1 : 0;
}

static u32 folio_digits(const struct snap *snap)
{
	u64 id = snap->nr_folios ? snap->folios[snap->nr_folios - 1].id : 1;
	char digits[24];

	return (u32)snprintf(digits, sizeof(digits), "%llu",
			     (unsigned long long)id);
}

struct scale {
	u32 page_columns;
	u64 pages_per_cell;
	u32 strips; /* at most, or the next scale is tried */
};

/* Too many pages are not even tried in cells of one: that would take memory. */
static bool scale_is_hopeless(const struct scale *scale,
			      const struct boundaries *b,
			      const struct snap *snap, const bool *take,
			      u32 columns)
{
	u64 room = (u64)columns * scale->strips;
	u64 cells = 0;

	for (u32 i = 0; i + 1 < b->nr; i++)
		if (is_page_covered(snap, take, b->at[i]))
			cells += (b->at[i + 1] - b->at[i]) /
				 scale->pages_per_cell;
	return cells * scale->page_columns > room;
}

static bool try_scale(struct layout *layout, const struct scale *scale,
		      const struct boundaries *b, const struct snap *snap,
		      const bool *take, u32 columns)
{
	if (scale_is_hopeless(scale, b, snap, take, columns))
		return false;
	layout->page_columns = scale->page_columns;
	layout->pages_per_cell = scale->pages_per_cell;
	add_cells(layout, snap, take, b);
	fold_cells(layout, columns);
	return layout->nr_strips <= scale->strips || layout->oom;
}

/* A letter for as few pages as fits on one line, or on a few. */
static void choose_coarse_scale(struct layout *layout,
				const struct boundaries *b,
				const struct snap *snap, const bool *take,
				u32 columns)
{
	struct scale scale = { .page_columns = 1 };

	for (scale.strips = 1; scale.strips <= STRIPS_MAX; scale.strips++)
		for (scale.pages_per_cell = 2;
		     scale.pages_per_cell <= TASK_PAGES + 1;
		     scale.pages_per_cell *= 2)
			if (try_scale(layout, &scale, b, snap, take, columns))
				return;
	/* So many VMAs that no scale makes it short. */
	scale.strips = UINT32_MAX / columns;
	scale.pages_per_cell = TASK_PAGES + 1;
	try_scale(layout, &scale, b, snap, take, columns);
}

static void choose_scale(struct layout *layout, const struct boundaries *b,
			 const struct snap *snap, const bool *take, u32 columns)
{
	u32 digits = folio_digits(snap);
	struct scale scales[] = {
		{ digits + 2, 1, 1 },
		{ digits + 1, 1, STRIPS_OF_NUMBERS },
		{ 1, 1, STRIPS_OF_LETTERS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(scales); i++)
		if (try_scale(layout, &scales[i], b, snap, take, columns))
			return;
	choose_coarse_scale(layout, b, snap, take, columns);
}

int layout_make(struct layout *layout, const struct snap *snap,
		const bool *take, u32 columns)
{
	struct boundaries b;

	*layout = (struct layout){ 0 };
	if (!find_boundaries(&b, snap, take))
		return -ENOMEM;
	if (b.nr)
		choose_scale(layout, &b, snap, take, columns);
	free(b.at);
	return layout->oom ? -ENOMEM : 0;
}

void layout_free(struct layout *layout)
{
	free(layout->cells);
	*layout = (struct layout){ 0 };
}
