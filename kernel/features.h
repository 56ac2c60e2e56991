/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In what kernels differ, feature by feature: a version number does not tell,
 * since stable kernels have some of what later ones brought.
 */
#ifndef RMAPDIFF_KERNEL_FEATURES_H
#define RMAPDIFF_KERNEL_FEATURES_H

#include <stdio.h>
#include "../model/mm/mm.h"

struct kernel_session;

enum kernel_feature {
	FEATURE_MERGE_UNFAULTED,
	FEATURE_CHECKS_FIRST,
	FEATURE_MOVE_SEVERAL,
	FEATURE_ORDER_7_0,
	FEATURE_DONTUNMAP_OFFSET,
	FEATURE_DONTUNMAP_APART,
	FEATURE_ANON_OFFSET,
	NR_KERNEL_FEATURES,
};

/* Sets of features: bit 1 << enum kernel_feature. */
#define FEATURE(name) (1U << FEATURE_##name)

#define ALL_FEATURES ((1U << NR_KERNEL_FEATURES) - 1)

struct kernel_features {
	char release[65]; /* uname's */
	u32 present;
	u32 assumed; /* not detected, but taken from the release */
};

/*
 * Ask the kernel of @ks, by small scenarios and by its BTF, which features it
 * has.  0 or a negative errno, if the harness failed, with why in @why.
 */
int kernel_features_ask(struct kernel_session *ks,
			struct kernel_features *features, char *why,
			size_t size);

/* The order of chains and of reuse that @features calls for. */
enum kernel_release
kernel_features_order(const struct kernel_features *features);

/*
 * Print one line: which kernel this is, what was detected and assumed, which
 * rules the model follows (@as_of; @asked: because somebody wants it so), and
 * whether the model was held against such a kernel before.  Then a line for each
 * feature that the model does not follow.
 */
void kernel_features_print(const struct kernel_features *features,
			   enum kernel_release as_of, bool asked, FILE *out);

#endif
