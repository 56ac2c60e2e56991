// SPDX-License-Identifier: GPL-2.0-only
/*
 * A simpler scenario that disagrees alike: model/scenario/minimize.h with the
 * kernel and the model as the judges.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "../model/scenario/minimize.h"
#include "compare.h"

/* A try takes milliseconds, and processes of its own. */
#define TRIES_MAX 4000
#define FAR_TRIES_MAX 500

struct judge {
	struct kernel_session *ks;
	struct kernel_result *result; /* of the best */
	struct snap_difference wanted; /* of the first */
	u32 wanted_op; /* the kind of operation; NR_OPS: before the first one */
};

/*
 * How much of @what says which part of a snapshot differs, without whose it is:
 * "the page-table entry" of "the page-table entry at B:0x3", "anon_vma " of
 * "anon_vma 3".
 */
static size_t part_len(const char *what)
{
	size_t len = 0;

	while (what[len] && !isdigit((unsigned char)what[len]) &&
	       strncmp(what + len, " of ", 4) != 0 &&
	       strncmp(what + len, " at ", 4) != 0)
		len++;
	return len;
}

static bool same_part(const struct snap_difference *a,
		      const struct snap_difference *b)
{
	size_t len = part_len(a->what);

	return len == part_len(b->what) && !strncmp(a->what, b->what, len);
}

/* The kind of the operation that @result is of. */
static u32 kind_of_op(const struct scenario *sc,
		      const struct kernel_result *result)
{
	return result->op_nr ? sc->ops[result->op_nr - 1].kind : NR_OPS;
}

static int still_disagrees(void *arg, const struct scenario *sc, u32 *needed)
{
	struct judge *judge = arg;
	struct kernel_result result;
	int err = kernel_compare_once(judge->ks, sc, &result);

	if (err) {
		if (err != -EINTR)
			*judge->result = result; /* says why */
		return err;
	}
	if (result.verdict != KERNEL_DISAGREES ||
	    !same_part(&result.diff, &judge->wanted) ||
	    kind_of_op(sc, &result) != judge->wanted_op)
		return 0;
	*judge->result = result;
	*needed = result.op_nr;
	return 1;
}

/* A simpler scenario in @sc, and its disagreement as it was seen, once. */
static int minimize_once(struct kernel_session *ks, struct scenario *sc,
			 struct kernel_result *result)
{
	struct judge judge = {
		.ks = ks,
		.result = result,
		.wanted = result->diff,
		.wanted_op = kind_of_op(sc, result),
	};
	const struct minimize_config config = {
		.shows = still_disagrees,
		.arg = &judge,
		.tries_max = TRIES_MAX,
		.far_tries_max = FAR_TRIES_MAX,
	};
	struct minimize_stats stats;

	if (result->op_nr && result->op_nr <= sc->nr_ops)
		sc->nr_ops = result->op_nr;
	return scenario_minimize(sc, &config, &stats);
}

/* A copy of @sc in @to, which goes with scenario_free() in any case. */
static int copy_scenario(struct scenario *to, const struct scenario *sc)
{
	int err = scenario_init(to);

	to->base = sc->base;
	if (!err)
		err = scenario_name_slots(to, sc->nr_procs);
	if (err)
		return err;
	memcpy(to->names, sc->names, sc->nr_procs * sizeof(*sc->names));
	for (u32 i = 0; i < sc->nr_ops && !err; i++)
		err = scenario_add(to, &sc->ops[i]);
	return err;
}

/* @sc becomes what @from was, which is empty then. */
static void take_back(struct scenario *sc, struct scenario *from)
{
	scenario_free(sc);
	*sc = *from;
	memset(from, 0, sizeof(*from));
}

/*
 * A try that something disturbed leads astray: what it ends with does not
 * disagree any more.  Then @sc stays as it was.
 */
int kernel_minimize(struct kernel_session *ks, struct scenario *sc,
		    struct kernel_result *result)
{
	const struct kernel_result first = *result;
	struct kernel_result check;
	struct scenario whole;
	int err = copy_scenario(&whole, sc);

	if (err)
		snprintf(result->why, KERNEL_WHY_MAX, "out of memory");
	else
		err = minimize_once(ks, sc, result);
	if (!err) {
		err = kernel_compare(ks, sc, &check);
		*result = check;
	}
	if (!err && check.verdict != KERNEL_DISAGREES) {
		take_back(sc, &whole);
		*result = first;
	}
	scenario_free(&whole);
	return err;
}
