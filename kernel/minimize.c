// SPDX-License-Identifier: GPL-2.0-only
/*
 * A shorter scenario that still disagrees: operations go, in ever smaller
 * pieces, then lengths shrink.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "compare.h"

#define ROUNDS_MAX 64

struct minimizer {
	struct kernel_session *ks;
	struct scenario *sc; /* the best so far */
	struct kernel_result *result; /* of the best */
	struct op *ops; /* the candidate's, as many as sc has */
	bool *alive; /* by slot */
	int err;
};

/*
 * Leaves out what processes do that are not alive in the candidate, and births
 * of those that still are.
 */
static u32 drop_the_dead(struct minimizer *min, u32 nr)
{
	bool *alive = min->alive;
	u32 i, kept = 0;

	memset(alive, 0, min->sc->nr_procs * sizeof(*alive));
	alive[0] = true;
	for (i = 0; i < nr; i++) {
		const struct op op = min->ops[i];

		bool forks = op.kind == OP_FORK || op.kind == OP_VFORK;

		if (!alive[op.proc] || (forks && alive[op.child]))
			continue;
		if (forks)
			alive[op.child] = true;
		if (op.kind == OP_EXIT)
			alive[op.proc] = false;
		min->ops[kept++] = op;
	}
	return kept;
}

/* Does the candidate of @nr operations disagree?  Then it is the best so far. */
static bool try_candidate(struct minimizer *min, u32 nr)
{
	struct kernel_result result;
	struct scenario candidate = *min->sc;

	candidate.ops = min->ops;
	candidate.nr_ops = drop_the_dead(min, nr);
	min->err = kernel_compare(min->ks, &candidate, &result);
	if (min->err || result.verdict != KERNEL_DISAGREES)
		return false;
	/* What comes after the disagreement is of no interest. */
	memcpy(min->sc->ops, min->ops, result.op_nr * sizeof(*min->ops));
	min->sc->nr_ops = result.op_nr;
	*min->result = result;
	return true;
}

static bool try_without(struct minimizer *min, u32 first, u32 count)
{
	const struct scenario *sc = min->sc;

	memcpy(min->ops, sc->ops, first * sizeof(*sc->ops));
	memcpy(min->ops + first, sc->ops + first + count,
	       (sc->nr_ops - first - count) * sizeof(*sc->ops));
	return try_candidate(min, sc->nr_ops - count);
}

/* Pieces of @count operations, from the end. */
static bool drop_pieces(struct minimizer *min, u32 count)
{
	bool dropped = false;
	u32 end = min->sc->nr_ops;

	while (end >= count && !min->err) {
		if (try_without(min, end - count, count)) {
			dropped = true;
			end = min_u64(end - count, min->sc->nr_ops);
		} else {
			end -= count;
		}
	}
	return dropped;
}

static bool try_op(struct minimizer *min, u32 i, const struct op *op)
{
	const struct scenario *sc = min->sc;

	memcpy(min->ops, sc->ops, sc->nr_ops * sizeof(*sc->ops));
	min->ops[i] = *op;
	return try_candidate(min, sc->nr_ops);
}

static bool shrink_lengths(struct minimizer *min)
{
	bool shrunk = false;
	struct op op;
	u32 i;

	for (i = 0; i < min->sc->nr_ops && !min->err; i++) {
		op = min->sc->ops[i];
		if (op.len < 2 || !op_takes(op.kind, FIELD_PAGE))
			continue;
		op.len--;
		if (op.kind == OP_MREMAP && op.new_len > 1)
			op.new_len--;
		shrunk |= try_op(min, i, &op);
	}
	return shrunk;
}

int kernel_minimize(struct kernel_session *ks, struct scenario *sc,
		    struct kernel_result *result)
{
	struct minimizer min = { .ks = ks, .sc = sc, .result = result };
	bool again = true;
	u32 round, count;

	min.ops = calloc(sc->nr_ops ? sc->nr_ops : 1, sizeof(*min.ops));
	min.alive = calloc(sc->nr_procs ? sc->nr_procs : 1, sizeof(bool));
	if (!min.ops || !min.alive)
		min.err = -ENOMEM;
	if (!min.err && result->op_nr && result->op_nr <= sc->nr_ops)
		sc->nr_ops = result->op_nr;
	for (round = 0; again && round < ROUNDS_MAX && !min.err; round++) {
		again = false;
		for (count = sc->nr_ops / 2; count && !min.err; count /= 2)
			again |= drop_pieces(&min, count);
		again |= shrink_lengths(&min);
	}
	free(min.ops);
	free(min.alive);
	return min.err;
}
