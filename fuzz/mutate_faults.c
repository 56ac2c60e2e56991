// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail, each as likely as any other.
 *
 * What an operation allocates depends on what is there: from none to dozens.  So
 * it is first done on a machine of its own, where they are counted, and then it
 * is one of these that fails, or all in turn, as with the kernel's own
 * /proc/self/fail-nth:
 *
 *	failalloc 1, op, failalloc 2, op, ... failalloc n, op
 *
 * An operation that fails changes nothing, as a rule, so that each of these is
 * what the first would have been.
 */
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"
#include "mutate_weave.h"

/* Further ones are those of operations over many pages, again and again. */
#define FAIL_NTH_MAX 32
/* Of those that are made to fail in turn; each is two operations. */
#define FAIL_EACH_MAX 12

/* A child is named where it will be. */
static struct op as_woven(struct weaver *w, const struct op *op)
{
	struct op made = *op;

	if (op_takes((enum op_kind)op->kind, FIELD_CHILD))
		made.child = live_lowest_free(&w->live);
	return made;
}

static u64 count_on(struct machine *machine, struct weaver *w,
		    const struct op *op)
{
	struct op made = as_woven(w, op);
	u64 before;

	for (u32 i = 0; i < w->sc.nr_ops; i++) {
		replay_op(machine, &w->sc, &w->sc.ops[i], i + 1);
		synchronize_rcu(&machine->rcu);
	}
	ledger_fail_nth(&machine->ledger, 0);
	before = machine->ledger.nr_allocs;
	replay_op(machine, &w->sc, &made, w->sc.nr_ops + 1);
	return machine->ledger.nr_allocs - before;
}

/* How many allocations @op would make now; 0 also if that is too far to play. */
static u32 allocations_of(struct weaver *w, const struct op *op)
{
	const struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops, w->candidate },
		.nr_rmaps = w->candidate ? 2 : 1,
	};
	struct machine *machine;
	u64 nr;

	if (w->nomem || w->sc.nr_ops >= PLAY_OPS_MAX ||
	    w->live.nr == BYTES_PROCS_MAX)
		return 0;
	machine = machine_create(&config);
	if (!machine) {
		w->nomem = true;
		return 0;
	}
	nr = count_on(machine, w, op);
	machine_destroy(machine);
	return (u32)min_u64(nr, FAIL_NTH_MAX);
}

static bool weave_failalloc(struct weaver *w, u32 nth)
{
	const struct op fail = { .kind = OP_FAILALLOC, .len = nth };

	return weave(w, &fail);
}

/* As scenario_generate() has it: a child that may not be born goes at once. */
static bool weave_with_fault(struct weaver *w, const struct op *op, u32 nth)
{
	struct op gone = { .kind = OP_EXIT };
	bool done;

	if (!weave_failalloc(w, nth))
		return false;
	done = weave(w, op);
	if (done && op_takes((enum op_kind)op->kind, FIELD_CHILD)) {
		gone.proc = w->sc.ops[w->sc.nr_ops - 1].child;
		weave(w, &gone);
	}
	return done;
}

bool weave_failing(struct weaver *w, const struct op *op)
{
	u32 nr = w->failalloc ? allocations_of(w, op) : 0;
	bool done = false;

	if (!nr)
		return weave(w, op);
	if (nr <= FAIL_EACH_MAX && weave_chance(w, 30))
		for (u32 nth = 1; nth <= nr; nth++)
			done = weave_with_fault(w, op, nth);
	else
		done = weave_with_fault(w, op, 1 + weave_pick(w, nr));
	/* Now and then it is some later operation that fails. */
	if (weave_chance(w, 90))
		weave_failalloc(w, 0);
	return done;
}
