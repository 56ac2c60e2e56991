// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects of the kernel against objects of the model, after every operation.
 *
 * An executor has VMAs of its own, with anon_vmas of their own, and what is
 * forked is not only memory: anon_vma_chains come from the same slab as other
 * objects of 64 bytes.  So the scenario is done twice.  First without what it
 * does in its window: an munmap of nothing stands for each such operation.
 * What processes hold then is theirs; what they hold more when the scenario is
 * done in full is the scenario's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../model/scenario/replay.h"
#include "slabs.h"

struct slab_run {
	struct kernel_session *ks;
	struct slabs *slabs;
	const struct scenario *sc;
	struct slab_result *result;
	s64 *own; /* [op_nr][kind]: without the window */
	s64 *model; /* likewise: of the model */
	u32 peak_op[NR_SLAB_KINDS];
	s64 slabinfo_own[NR_SLAB_KINDS]; /* growth at the peak, without */
	bool full; /* this pass does everything */
	bool slabinfo; /* is read at the peaks */
};

/* For an mm that another program still keeps: 2 seconds. */
#define SETTLE_TRIES 200
#define SETTLE_PAUSE_NS 10000000L
#define COMPARE_TRIES 3

static int slab_failed(struct slab_run *run, int err, const char *what)
{
	snprintf(run->result->why, KERNEL_WHY_MAX, "%s: %s", what,
		 strerror(-err));
	return err;
}

static s64 *at(s64 *counts, u32 op_nr, u32 kind)
{
	return &counts[(size_t)op_nr * NR_SLAB_KINDS + kind];
}

/*
 * The model's objects after each operation, and where they are most.  Migration
 * and walks take none and give none back; they are left out.
 */
static int run_model(struct slab_run *run)
{
	static const char *const names[NR_SLAB_KINDS] = {
		[SLAB_ANON_VMA] = "anon_vma",
		[SLAB_ANON_VMA_CHAIN] = "anon_vma_chain",
	};
	struct machine *machine = machine_create(&run->ks->config);
	const struct scenario *sc = run->sc;
	u32 kinds[NR_SLAB_KINDS];

	if (!machine)
		return slab_failed(run, -ENOMEM, "the model");
	for (u32 k = 0; k < NR_SLAB_KINDS; k++)
		kinds[k] = ledger_kind(&machine->ledger, names[k], 0);
	for (u32 op_nr = 1; op_nr <= sc->nr_ops; op_nr++) {
		if (!op_walks((enum op_kind)sc->ops[op_nr - 1].kind))
			replay_op(machine, sc, &sc->ops[op_nr - 1], op_nr);
		synchronize_rcu(&machine->rcu);
		touched_reset(&machine->world);
		for (u32 k = 0; k < NR_SLAB_KINDS; k++) {
			s64 live = (s64)machine->ledger.kinds[kinds[k]].live;

			*at(run->model, op_nr, k) = live;
			if (live > *at(run->model, run->peak_op[k], k))
				run->peak_op[k] = op_nr;
		}
	}
	machine_destroy(machine);
	return 0;
}

/* An operation that has the process do something, and nothing in its window. */
static struct op stand_in(const struct op *op)
{
	if (op_takes((enum op_kind)op->kind, FIELD_PAGE))
		return (struct op){
			.kind = OP_MUNMAP,
			.proc = op->proc,
			.page = op->page,
			.len = 1,
		};
	return *op;
}

/* /proc/slabinfo at a peak: growth since the pass began. */
static int look_at_slabinfo(struct slab_run *run, u32 kind, const s64 *base,
			    u64 unsure_base)
{
	struct slab_result *result = run->result;
	s64 active;
	u64 unsure;
	int err = slabs_active(run->slabs, (enum slab_kind)kind, &active,
			       &unsure);

	if (err)
		return slab_failed(run, err, "/proc/slabinfo");
	if (run->full)
		result->kind[kind].slabinfo =
			active - base[kind] - run->slabinfo_own[kind];
	else
		run->slabinfo_own[kind] = active - base[kind];
	result->kind[kind].unsure += unsure + unsure_base;
	return 0;
}

/* Has the kernel as many objects as the model, or will it soon? */
static int await_counts(struct slab_run *run, u32 op_nr)
{
	const struct timespec pause = { .tv_nsec = SETTLE_PAUSE_NS };

	for (u32 i = 0; i < SETTLE_TRIES; i++) {
		int err = slabs_settle(run->slabs);
		bool equal = true;

		if (err)
			return slab_failed(run, err, "counting objects");
		for (u32 k = 0; k < NR_SLAB_KINDS; k++)
			equal &= slabs_ours(run->slabs, (enum slab_kind)k) -
					 *at(run->own, op_nr, k) ==
				 *at(run->model, op_nr, k);
		if (equal)
			break;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* False: the kernel differs. */
static bool compare_counts(struct slab_run *run, u32 op_nr)
{
	struct slab_result *result = run->result;

	for (u32 k = 0; k < NR_SLAB_KINDS; k++) {
		s64 kernel = slabs_ours(run->slabs, (enum slab_kind)k) -
			     *at(run->own, op_nr, k);
		s64 model = *at(run->model, op_nr, k);

		if (kernel != model) {
			result->differs = true;
			result->op_nr = op_nr;
		}
		if (kernel != model || op_nr == run->peak_op[k]) {
			result->kind[k].kernel = kernel;
			result->kind[k].model = model;
		}
	}
	return !result->differs;
}

static int slab_do_op(struct slab_run *run, u32 op_nr)
{
	const struct op *op = &run->sc->ops[op_nr - 1];
	struct op other = stand_in(op);
	int done, err;

	if (op_walks((enum op_kind)op->kind))
		return 0;
	err = executors_do(&run->ks->executors, run->sc,
			   run->full ? op : &other, op_nr, &done);
	return err ? slab_failed(run, err, "an executor does not answer") : 0;
}

/* One pass over the operations, the first process being alive. */
static int do_ops(struct slab_run *run, const s64 *base, const u64 *unsure)
{
	const struct scenario *sc = run->sc;
	int err;

	for (u32 op_nr = 1; op_nr <= sc->nr_ops; op_nr++) {
		err = slab_do_op(run, op_nr);
		if (!err)
			err = run->full ? await_counts(run, op_nr) :
					  slabs_settle(run->slabs);
		if (err)
			return err;
		for (u32 k = 0; k < NR_SLAB_KINDS; k++) {
			if (!run->full)
				*at(run->own, op_nr, k) = slabs_ours(
					run->slabs, (enum slab_kind)k);
			if (!run->slabinfo || op_nr != run->peak_op[k])
				continue;
			err = look_at_slabinfo(run, k, base, unsure[k]);
			if (err)
				return err;
		}
		if (run->full)
			run->result->ops++;
		if (run->full && !compare_counts(run, op_nr))
			return 0;
	}
	return 0;
}

static int do_pass(struct slab_run *run, bool full)
{
	struct executors *ex = &run->ks->executors;
	s64 base[NR_SLAB_KINDS] = { 0 };
	u64 unsure[NR_SLAB_KINDS] = { 0 };
	int err, end;

	run->full = full;
	err = executors_begin(ex, run->sc);
	if (err)
		return slab_failed(run, err, "cannot start a process");
	err = slabs_settle(run->slabs);
	slabs_reset(run->slabs);
	for (u32 k = 0; k < NR_SLAB_KINDS && run->slabinfo && !err; k++)
		err = slabs_active(run->slabs, (enum slab_kind)k, &base[k],
				   &unsure[k]);
	if (err)
		slab_failed(run, err, "counting objects");
	else
		err = do_ops(run, base, unsure);
	end = executors_end(ex);
	if (end && !err)
		err = slab_failed(run, end, "a process does not end");
	return err;
}

/* Both passes. */
static int do_passes(struct slab_run *run)
{
	int err = do_pass(run, false);

	return err ? err : do_pass(run, true);
}

static int slab_run_all(struct slab_run *run)
{
	struct slab_result *result = run->result;
	int err = run_model(run);

	while (!err && result->tries < COMPARE_TRIES) {
		*result = (struct slab_result){ .tries = result->tries + 1 };
		err = do_passes(run);
		if (!result->differs)
			break;
	}
	if (err == -E2BIG) {
		result->unsuitable = true;
		snprintf(result->why, KERNEL_WHY_MAX,
			 "more processes at once than %d, or more objects "
			 "than %d",
			 CHANNELS_MAX - 1, SLAB_OBJECTS_MAX);
		return executors_end(&run->ks->executors);
	}
	for (u32 k = 0; k < NR_SLAB_KINDS; k++)
		result->kind[k].peak_op = run->peak_op[k];
	return err;
}

int slabs_compare(struct kernel_session *ks, struct slabs *slabs,
		  const struct scenario *sc, bool slabinfo,
		  struct slab_result *result)
{
	struct slab_run run = {
		.ks = ks,
		.slabs = slabs,
		.sc = sc,
		.result = result,
		.slabinfo = slabinfo,
	};
	size_t nr = ((size_t)sc->nr_ops + 1) * NR_SLAB_KINDS;
	struct kernel_window window;
	int err = -ENOMEM;

	memset(result, 0, sizeof(*result));
	result->unsuitable = !kernel_suitable(sc, ks->config.task_pages,
					      &window, result->why);
	if (result->unsuitable)
		return 0;
	run.own = calloc(nr, sizeof(*run.own));
	run.model = calloc(nr, sizeof(*run.model));
	if (run.own && run.model)
		err = slab_run_all(&run);
	else
		slab_failed(&run, err, "the comparison");
	free(run.own);
	free(run.model);
	return err;
}
