/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where pages stand on paper: all processes over one axis, to scale, with what
 * no process has cut out.
 *
 *	0x10       0x14   ~   0x40
 *	 +----------+          +---
 *	 | 1  2  3  |    ~     | 4
 *	 ^ boundary ^^ pad
 */
#ifndef RMAPDIFF_TOOLS_EXPLAIN_LAYOUT_H
#define RMAPDIFF_TOOLS_EXPLAIN_LAYOUT_H

#include "explain_snap.h"

enum cell_kind {
	CELL_BOUNDARY, /* where VMAs begin or end: one column */
	CELL_PAGES, /* one page, or as many as the scale says */
	CELL_PAD, /* a column between the last page and the boundary */
	CELL_GAP, /* cut: no process has anything there */
};

struct cell {
	u8 kind;
	u64 first; /* page number */
	u64 nr; /* of pages: CELL_PAGES and CELL_GAP */
	u32 width; /* columns */
	u32 column; /* within its strip, from 0 */
	u32 strip; /* which line of drawings it is on, from 0 */
};

struct layout {
	struct cell *cells;
	u32 nr;
	u32 cap;
	u32 page_columns; /* of a page; 1: a letter, else a folio's number */
	u64 pages_per_cell;
	u32 nr_strips; /* all there are */
	bool oom;
};

/*
 * Lays out the VMAs of those mms of @snap that @take says, on lines of @columns.
 * 0 or -ENOMEM.
 */
int layout_make(struct layout *layout, const struct snap *snap,
		const bool *take, u32 columns);
void layout_free(struct layout *layout);

#endif
