/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which features the running kernel has.
 */
#ifndef RMAPDIFF_KERNEL_FEATURES_H
#define RMAPDIFF_KERNEL_FEATURES_H

#include "../subject/features.h"

struct kernel_session;

/*
 * Ask the kernel of @ks, by small scenarios and by its BTF, which features it
 * has.  0 or a negative errno, if the harness failed, with why in @why.
 */
int kernel_features_ask(struct kernel_session *ks,
			struct kernel_features *features, char *why,
			size_t size);

#endif
