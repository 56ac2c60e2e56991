// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include "boot.h"
#include "features.h"
#include "glue.h"

/* 0 with the answer, or a negative errno. */
static int ask(struct tree_session *ts, enum kernel_feature feature,
	       enum feature_answer *answer)
{
	const char *text = kernel_feature_scenario(feature);
	struct scenario_error error;
	struct tree_result result;
	struct scenario sc;
	struct feature_outcome outcome = {
		.sc = &sc,
		.subject = &ts->tree,
		.diff = &result.diff,
	};
	int err = scenario_init(&sc);

	*answer = FEATURE_UNKNOWN;
	if (!err)
		err = scenario_parse(&sc, text, strlen(text), &error);
	sc.base = tree_base(ts, &sc);
	if (!err)
		err = tree_compare(ts, &sc, &result);
	outcome.agrees = !err && result.verdict == TREE_FINE;
	/* What comes before the last operation is the same everywhere. */
	if (outcome.agrees || (!err && result.verdict == TREE_DISAGREES &&
			       result.with_model && result.op_nr == sc.nr_ops))
		*answer = kernel_feature_answer(feature, &outcome);
	scenario_free(&sc);
	return err;
}

int features_ask(struct tree_session *ts, struct kernel_features *features,
		 volatile u32 *asked_for)
{
	const struct known_list *known = ts->known;
	bool walks_only = ts->walks_only;
	enum feature_answer answer;
	int err = 0;

	kernel_features_init(features, tree_release());
	ts->walks_only = false;
	ts->known = NULL;
	for (u32 i = 0; i < NR_KERNEL_FEATURES && !err; i++) {
		*asked_for = i;
		if (kernel_feature_scenario(i))
			err = ask(ts, i, &answer);
		else
			answer = tree_has_anon_offset() ? FEATURE_PRESENT :
							  FEATURE_ABSENT;
		kernel_features_note(features, i, answer);
	}
	ts->walks_only = walks_only;
	ts->known = known;
	boot_report_clear();
	return err;
}
