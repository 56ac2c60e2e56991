/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In what kernels differ, feature by feature: a version number does not tell,
 * since stable kernels have some of what later ones brought.
 *
 * A subject is asked for each feature by a scenario of a few operations: it is
 * done on the subject and on the model, and what its last operation left is the
 * answer.
 */
#ifndef RMAPDIFF_SUBJECT_FEATURES_H
#define RMAPDIFF_SUBJECT_FEATURES_H

#include <stdio.h>
#include "../model/mm/mm.h"
#include "../model/scenario/scenario.h"
#include "snapshot.h"

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

#define KERNEL_RELEASE_MAX 64

struct kernel_features {
	char release[KERNEL_RELEASE_MAX + 1]; /* uname's */
	u32 present;
	u32 assumed; /* not detected, but taken from the release */
};

enum feature_answer {
	FEATURE_UNKNOWN, /* neither what kernels do without it nor with it */
	FEATURE_ABSENT,
	FEATURE_PRESENT,
};

/* What the last operation of a feature's scenario left. */
struct feature_outcome {
	const struct scenario *sc;
	const struct snapshot *subject; /* good if results agreed */
	bool agrees; /* with the model, in everything */
	const struct snap_difference *diff; /* if not */
};

/* Return the name of @feature, and the feature of that name or NR_KERNEL_FEATURES. */
const char *kernel_feature_name(enum kernel_feature feature);
enum kernel_feature kernel_feature_find(const char *name);

/* Return the scenario that asks for @feature, or NULL: ask for a field of a VMA. */
const char *kernel_feature_scenario(enum kernel_feature feature);

/* Return what @outcome of its scenario says of @feature. */
enum feature_answer
kernel_feature_answer(enum kernel_feature feature,
		      const struct feature_outcome *outcome);

/* Begin @features of the kernel that calls itself @release, with none. */
void kernel_features_init(struct kernel_features *features,
			  const char *release);

/* Note @answer for @feature; what is not known is assumed by the release. */
void kernel_features_note(struct kernel_features *features,
			  enum kernel_feature feature,
			  enum feature_answer answer);

/* The order of chains and of reuse that @features calls for. */
enum kernel_release
kernel_features_order(const struct kernel_features *features);

/*
 * Return those of @features that the model, in the order of @as_of, does not
 * follow: it lacks them, or has them where the subject has not.
 */
u32 kernel_features_not_followed(const struct kernel_features *features,
				 enum kernel_release as_of);

/*
 * Print one line: which kernel this is, what was detected and assumed, which
 * rules the model follows (@as_of; @asked: because somebody wants it so), and
 * whether the model was held against such a kernel before.  Then a line for each
 * feature that the model does not follow.
 */
void kernel_features_print(const struct kernel_features *features,
			   enum kernel_release as_of, bool asked, FILE *out);

#endif
