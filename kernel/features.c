// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking the running kernel for its features.
 */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include "compare.h"
#include "features.h"

/*
 * Other programs can disturb a scenario: one that reads of a process in /proc
 * keeps its mm, for example.  Then it is done again.
 */
#define ASK_TRIES 5

/* 0 with the answer, or a negative errno if the harness failed. */
static int ask_once(struct kernel_session *ks, enum kernel_feature feature,
		    const struct scenario *sc, enum feature_answer *answer,
		    char *why, size_t size)
{
	struct kernel_result result;
	struct feature_outcome outcome = {
		.sc = sc,
		.subject = &ks->kernel,
		.diff = &result.diff,
	};
	int err = kernel_compare_once(ks, sc, &result);

	outcome.agrees = !err && result.verdict == KERNEL_AGREES;
	if (err)
		snprintf(why, size, "asking for %s: %s",
			 kernel_feature_name(feature), result.why);
	/* What comes before the last operation is the same everywhere. */
	else if (outcome.agrees ||
		 (result.verdict == KERNEL_DISAGREES &&
		  result.op_nr == sc->nr_ops && !ks->kernel.fault.kind))
		*answer = kernel_feature_answer(feature, &outcome);
	return err;
}

static int ask_scenario(struct kernel_session *ks, enum kernel_feature feature,
			enum feature_answer *answer, char *why, size_t size)
{
	const char *text = kernel_feature_scenario(feature);
	struct scenario_error parse_error;
	struct scenario sc;
	int err = scenario_init(&sc);

	*answer = FEATURE_UNKNOWN;
	if (!err)
		err = scenario_parse(&sc, text, strlen(text), &parse_error);
	if (err)
		snprintf(why, size, "out of memory");
	for (u32 i = 0; i < ASK_TRIES && !err && !*answer; i++)
		err = ask_once(ks, feature, &sc, answer, why, size);
	scenario_free(&sc);
	return err;
}

int kernel_features_ask(struct kernel_session *ks,
			struct kernel_features *features, char *why,
			size_t size)
{
	struct utsname uts = { .release = "" };
	enum feature_answer answer;
	u32 i;
	int err;

	uname(&uts);
	kernel_features_init(features, uts.release);
	for (i = 0; i < NR_KERNEL_FEATURES; i++) {
		if (kernel_feature_scenario(i)) {
			err = ask_scenario(ks, i, &answer, why, size);
			if (err)
				return err;
		} else {
			answer = readback_has_anon_offset(ks->readback) ?
					 FEATURE_PRESENT :
					 FEATURE_ABSENT;
		}
		kernel_features_note(features, i, answer);
	}
	return 0;
}
