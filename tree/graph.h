/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What must hold among a tree's anon_vmas, whatever its version: counted from
 * scratch, no model asked.
 */
#ifndef RMAPDIFF_TREE_GRAPH_H
#define RMAPDIFF_TREE_GRAPH_H

#include <linux/types.h>
#include "../model/base/types.h"
#include "../subject/dump.h"

#define GRAPH_WHY_MAX 512

/* False with what does not hold in @why, "" where it all does. */
bool graph_check(const struct dump *dump, char why[GRAPH_WHY_MAX]);

/*
 * Of an operation that touches no page and moves none, between two looks: no VMA
 * that kept its range has an anon_vma that it did not have.  A merge that gives
 * up may not leave its clone behind.
 */
bool graph_check_kept(const struct dump *before, const struct dump *after,
		      char why[GRAPH_WHY_MAX]);

#endif
