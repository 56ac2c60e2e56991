/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a tree does otherwise than the model, on purpose.
 *
 * A version number does not tell: features come to stable trees, too.  So each is
 * asked for by a scenario of a few operations.
 */
#ifndef RMAPDIFF_TREE_FEATURES_H
#define RMAPDIFF_TREE_FEATURES_H

#include "compare.h"

#define FEATURES_TEXT_MAX 512

/*
 * Asks the tree: sets the model's chain order, and puts the names of those
 * features that the model has not into @text, "" if there are none.  0, or a
 * negative errno.
 */
int features_ask(struct tree_session *ts, char text[FEATURES_TEXT_MAX]);

#endif
