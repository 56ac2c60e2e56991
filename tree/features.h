/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which features a tree has, by the names that `rmapdiff kernel` has for a running
 * kernel's.
 */
#ifndef RMAPDIFF_TREE_FEATURES_H
#define RMAPDIFF_TREE_FEATURES_H

#include "../subject/features.h"
#include "compare.h"

/*
 * Ask the tree for each feature, by a scenario of a few operations.  *@asked_for is
 * the enum kernel_feature that is at work, for those who watch: the tree may not
 * survive it.  0, or a negative errno.
 */
int features_ask(struct tree_session *ts, struct kernel_features *features,
		 volatile u32 *asked_for);

#endif
