// SPDX-License-Identifier: GPL-2.0-only
/*
 * A simpler scenario that still disagrees: model/scenario/minimize.h with the
 * kernel and the model as the judges.
 */
#include <errno.h>
#include "../model/scenario/minimize.h"
#include "compare.h"

/* A try takes milliseconds, and processes of its own. */
#define TRIES_MAX 4000
#define FAR_TRIES_MAX 500

struct judge {
	struct kernel_session *ks;
	struct kernel_result *result; /* of the best */
};

static int disagrees(void *arg, const struct scenario *sc, u32 *needed)
{
	struct judge *judge = arg;
	struct kernel_result result;
	int err = kernel_compare(judge->ks, sc, &result);

	if (err) {
		if (err != -EINTR)
			*judge->result = result; /* says why */
		return err;
	}
	if (result.verdict != KERNEL_DISAGREES)
		return 0;
	*judge->result = result;
	*needed = result.op_nr;
	return 1;
}

int kernel_minimize(struct kernel_session *ks, struct scenario *sc,
		    struct kernel_result *result)
{
	struct judge judge = { .ks = ks, .result = result };
	const struct minimize_config config = {
		.shows = disagrees,
		.arg = &judge,
		.tries_max = TRIES_MAX,
		.far_tries_max = FAR_TRIES_MAX,
	};
	struct minimize_stats stats;

	if (result->op_nr && result->op_nr <= sc->nr_ops)
		sc->nr_ops = result->op_nr;
	return scenario_minimize(sc, &config, &stats);
}
