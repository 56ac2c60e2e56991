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

#endif
