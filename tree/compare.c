// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operation by operation: the tree, its walks against its page tables, the model.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"
#include "../subject/calls.h"
#include "../subject/dump_page.h"
#include "boot.h"
#include "compare.h"
#include "content.h"
#include "finding.h"
#include "graph.h"

/* Where the window is when a scenario's own is out of reach. */
#define BASE_WITHIN_REACH 0x1000000ULL

/*
 * What is allocated on first use, and kept, looks like a leak once or a few times:
 * a leak is what a scenario leaves more at least half of the times.
 */
#define LEAK_TRIES 16

/* A process's pages that one operation touches: there is no swap. */
#define TOUCH_MAX 4096

struct run {
	struct tree_session *ts;
	const struct scenario *sc;
	struct tree_result *result;
	struct machine *machine; /* NULL: no model */
	u64 base;
	bool failalloc; /* an allocation may have failed by now */
	bool leaked; /* the finding is that something was left */
};

static bool unsuitable(struct run *run, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool unsuitable(struct run *run, const char *fmt, ...)
{
	va_list args;

	run->result->verdict = TREE_UNSUITABLE;
	va_start(args, fmt);
	vsnprintf(run->result->why, TREE_WHY_MAX, fmt, args);
	va_end(args);
	return false;
}

/* From here on there is no model: it would differ in what comes of it. */
static void set_model_aside(struct run *run)
{
	if (run->machine)
		machine_destroy(run->machine);
	run->machine = NULL;
}

/*
 * The finding in @run->result: true to go on past it, as it is known.  A model
 * that differed is of no use any more; the tree is checked on.
 */
static bool go_on_past(struct run *run, u32 op_nr)
{
	struct tree_result *result = run->result;
	const struct tree_session *ts = run->ts;
	u32 nr = KNOWN_NONE;

	if (ts->known)
		nr = finding_known(ts->known, ts->features, run->sc, result,
				   op_nr, boot_report());
	if (nr == KNOWN_NONE)
		return false;
	result->met[nr]++;
	if (result->with_model)
		set_model_aside(run);
	result->with_model = false;
	memset(&result->diff, 0, sizeof(result->diff));
	result->why[0] = '\0';
	boot_report_clear();
	return true;
}

/* A finding: false to stop at it. */
static bool disagrees(struct run *run, u32 op_nr)
{
	if (go_on_past(run, op_nr))
		return true;
	run->result->verdict = TREE_DISAGREES;
	run->result->op_nr = op_nr;
	return false;
}

/* Is there anything that the tree complained of? */
static bool tree_is_quiet(struct run *run, u32 op_nr)
{
	const char *headline = boot_headline();

	if (!headline)
		return true;
	snprintf(run->result->why, TREE_WHY_MAX, "%s", headline);
	return disagrees(run, op_nr);
}

static bool range_within_reach(struct run *run, const struct op *op, u64 page,
			       u64 len)
{
	u64 reach = run->ts->reach;

	if (page < reach && len < reach && run->base + page + len < reach)
		return true;
	return unsuitable(run,
			  "line %u: pages 0x%" PRIx64 "+0x%" PRIx64
			  " are past what this tree's page tables reach",
			  op->line, run->base + page, len);
}

static bool op_suitable(struct run *run, const struct op *op)
{
	if (!op_takes((enum op_kind)op->kind, FIELD_PAGE))
		return true;
	if ((op->kind == OP_WRITE || op->kind == OP_READ) &&
	    op->len > TOUCH_MAX)
		return unsuitable(run,
				  "line %u: touches %" PRIu64
				  " pages; there is memory for %u",
				  op->line, op->len, TOUCH_MAX);
	if (!range_within_reach(run, op, op->page, op->len))
		return false;
	if (op->kind != OP_MREMAP)
		return true;
	return range_within_reach(run, op, op->page, op->new_len) &&
	       (!(op->flags & OP_HAS_TO) ||
		range_within_reach(run, op, op->to, op->new_len));
}

static bool suitable(struct run *run)
{
	if (run->sc->nr_procs > TREE_SLOTS_MAX)
		return unsuitable(run, "too many processes");
	for (u32 i = 0; i < run->sc->nr_ops; i++)
		if (!op_suitable(run, &run->sc->ops[i]))
			return false;
	return true;
}

static int tree_kind(u8 kind)
{
	static const int kinds[NR_OPS] = {
		[OP_MMAP] = TREE_MMAP,	       [OP_MUNMAP] = TREE_MUNMAP,
		[OP_MPROTECT] = TREE_MPROTECT, [OP_MADVISE] = TREE_MADVISE,
		[OP_MREMAP] = TREE_MREMAP,     [OP_READ] = TREE_READ,
		[OP_WRITE] = TREE_WRITE,       [OP_FORK] = TREE_FORK,
		[OP_VFORK] = TREE_VFORK,       [OP_EXEC] = TREE_EXEC,
		[OP_EXIT] = TREE_EXIT,	       [OP_MIGRATE] = TREE_MIGRATE,
		[OP_RECLAIM] = TREE_RECLAIM,
	};

	return kinds[kind];
}

/* @op as the tree takes it: in bytes, with the system calls' numbers. */
static struct tree_op translate(const struct run *run, const struct op *op,
				u32 op_nr)
{
	struct tree_op to = {
		.kind = tree_kind(op->kind),
		.proc = op->proc,
		.child = op->child,
		.file = op->flags & OP_HAS_FILE ? op->file : TREE_NO_FILE,
		.address = (run->base + op->page) << 12,
		.len = op->len << 12,
		.new_len = op->new_len << 12,
		.offset = op->off << 12,
		.value = replay_write_value(op_nr),
	};

	switch (op->kind) {
	case OP_MMAP:
	case OP_MPROTECT:
		to.flags = prot_bits(op->prot);
		break;
	case OP_MADVISE:
		to.flags = advice_number(op->advice);
		break;
	case OP_MREMAP:
		to.flags = mremap_bits(op);
		if (op->flags & OP_HAS_TO)
			to.to = (run->base + op->to) << 12;
		break;
	}
	return to;
}

static const char *result_name(int result)
{
	const char *name = errno_name(result);

	return name ? name : "an errno without a name";
}

/*
 * A fault on a file's page maps those around it, too (do_fault_around()), which in
 * the model nobody has asked for.
 */
static bool mapped_around(const struct run *run, const struct op *op)
{
	const struct dump *dump = run->ts->dump;
	const struct dump_page *page =
		content_find(dump, op->proc, run->base + op->page);

	return page && page->pfn && page->pfn != dump->zero_pfn &&
	       !dump_page_anon(page);
}

static bool results_agree(struct run *run, const struct op *op, int tree,
			  int model, u32 op_nr)
{
	struct snap_difference *diff = &run->result->diff;
	bool asserted = op->flags & OP_HAS_EXPECTED;

	if (tree == model && (!asserted || tree == op->expected))
		return true;
	if (op->kind == OP_MIGRATE && !tree && model == ENOENT &&
	    mapped_around(run, op))
		return true;
	snprintf(diff->what, SNAP_TEXT_MAX, "the result%s",
		 tree == model ? " that the scenario asserts" : "");
	snprintf(diff->kernel, SNAP_TEXT_MAX, "%s", result_name(tree));
	snprintf(diff->model, SNAP_TEXT_MAX, "%s%s%s", result_name(model),
		 asserted ? ", asserted: " : "",
		 asserted ? result_name(op->expected) : "");
	run->result->with_model = true;
	return disagrees(run, op_nr);
}

/* What all processes have now; what they had before is kept. */
static bool look(struct run *run, u32 *slots)
{
	struct tree_session *ts = run->ts;
	unsigned long long *tails = ts->tails;
	struct dump *dump = ts->dump;

	ts->dump = ts->before;
	ts->before = dump;
	ts->tails = ts->tails_before;
	ts->tails_before = tails;
	return !tree_look(ts->dump, slots, ts->tails) ||
	       unsuitable(run, "more than one look can bring back");
}

/* Whatever the tree is: no model is asked. */
static bool touches_and_moves_nothing(const struct tree_op *op)
{
	return op->kind == TREE_MMAP || op->kind == TREE_MUNMAP ||
	       op->kind == TREE_MPROTECT || op->kind == TREE_MADVISE;
}

static bool check_alone(struct run *run, const struct content_step *step,
			u32 op_nr)
{
	const struct dump *dump = run->ts->dump;
	int walks = tree_check_walks(dump, run->result->why);

	if (walks < 0 && !disagrees(run, op_nr))
		return false;
	run->result->walks += walks > 0 ? (u32)walks : 0;
	if (!graph_check(dump, run->result->why) && !disagrees(run, op_nr))
		return false;
	if (touches_and_moves_nothing(step->op) &&
	    !graph_check_kept(step->before, dump, run->result->why) &&
	    !disagrees(run, op_nr))
		return false;
	if (!content_check(step, run->result->why) && !disagrees(run, op_nr))
		return false;
	return tree_is_quiet(run, op_nr);
}

static bool compare_snapshots(struct run *run, u32 op_nr, const u32 *slots,
			      int *err)
{
	static const u64 inodes[NR_FILES] = { 1, 2, 3, 4 };
	struct tree_session *ts = run->ts;

	*err = snapshot_kernel(&ts->tree, ts->dump, slots, inodes);
	if (*err == -EIO) {
		*err = 0;
		snprintf(run->result->why, TREE_WHY_MAX,
			 "the anon_vmas make no sense: one names another that "
			 "no VMA leads to");
		return disagrees(run, op_nr);
	}
	if (!*err)
		*err = snapshot_model(&ts->model, run->machine);
	if (*err)
		return false;
	run->result->with_model = true;
	if (!snapshot_equal(run->sc, &ts->tree, &ts->model, &run->result->diff))
		return disagrees(run, op_nr);
	run->result->with_model = false;
	return true;
}

/* Here the model does what the tree did; both must have the same then. */
static bool check_with_model(struct run *run, const struct op *op, u32 op_nr,
			     int tree, const u32 *slots, int *err)
{
	int model = replay_op(run->machine, run->sc, op, op_nr);

	synchronize_rcu(&run->machine->rcu);
	touched_reset(&run->machine->world);
	run->result->model_ops++;
	if (!results_agree(run, op, tree, model, op_nr))
		return false;
	return !run->machine || compare_snapshots(run, op_nr, slots, err);
}

/* The model's Nth allocation is not the tree's. */
static void fail_allocation(struct run *run, u64 nth)
{
	tree_fail_nth(nth);
	run->failalloc = true;
	set_model_aside(run);
}

static bool step(struct run *run, u32 op_nr, int *err)
{
	const struct op *op = &run->sc->ops[op_nr - 1];
	const struct tree_fail *fail = &run->ts->fail;
	struct content_step step = {};
	struct tree_op tree_op = translate(run, op, op_nr);
	u32 slots[DUMP_PROCS_MAX];

	if (op->kind == OP_WALK)
		return true;
	if (run->ts->before_op)
		run->ts->before_op(run->ts->arg, op_nr);
	run->result->ops++;
	if (op->kind == OP_FAILALLOC) {
		fail_allocation(run, op->len);
		return true;
	}
	if (fail->op_nr == op_nr)
		fail_allocation(run, fail->nth);
	step.op = &tree_op;
	step.half_done = run->failalloc;
	step.result = tree_do(&tree_op);
	run->result->op_result = step.result;
	if (fail->op_nr == op_nr)
		run->result->allocations = (u32)tree_allocations();
	if (!tree_is_quiet(run, op_nr) || !look(run, slots))
		return false;
	step.before = run->ts->before;
	step.after = run->ts->dump;
	step.tails_before = run->ts->tails_before;
	step.tails_after = run->ts->tails;
	if (!check_alone(run, &step, op_nr))
		return false;
	return !run->machine ||
	       check_with_model(run, op, op_nr, step.result, slots, err);
}

static int run_all(struct run *run)
{
	char why[TREE_WHY_MAX];
	u32 slots[DUMP_PROCS_MAX];
	int err = tree_begin();
	u32 op_nr = 1;

	if (err)
		return err;
	boot_report_clear();
	if (look(run, slots))
		while (op_nr <= run->sc->nr_ops && step(run, op_nr, &err))
			op_nr++;
	if (tree_end(why) && run->result->verdict == TREE_FINE) {
		snprintf(run->result->why, TREE_WHY_MAX, "%s", why);
		run->leaked = !disagrees(run, 0);
	}
	if (run->result->verdict == TREE_FINE)
		tree_is_quiet(run, 0);
	return err;
}

int tree_session_open(struct tree_session *ts)
{
	snapshot_init(&ts->tree);
	snapshot_init(&ts->model);
	ts->dump = calloc(1, sizeof(*ts->dump));
	ts->before = calloc(1, sizeof(*ts->before));
	ts->tails = calloc(DUMP_PAGES_MAX, sizeof(*ts->tails));
	ts->tails_before = calloc(DUMP_PAGES_MAX, sizeof(*ts->tails_before));
	if (!ts->dump || !ts->before || !ts->tails || !ts->tails_before)
		return -ENOMEM;
	ts->config.rmaps[0] = &anon_vma_rmap_ops;
	ts->config.nr_rmaps = 1;
	ts->reach = tree_reach();
	return tree_start();
}

u64 tree_base(const struct tree_session *ts, const struct scenario *sc)
{
	return sc->base + BYTES_WINDOW > ts->reach ? BASE_WITHIN_REACH :
						     sc->base;
}

/* 0 with run->leaked, or a negative errno. */
static int compare_once(struct run *run)
{
	const struct tree_session *ts = run->ts;
	int err;

	memset(run->result, 0, sizeof(*run->result));
	run->failalloc = run->leaked = false;
	if (!suitable(run))
		return 0;
	if (!ts->walks_only) {
		run->machine = machine_create(&ts->config);
		if (!run->machine)
			return -ENOMEM;
	}
	err = run_all(run);
	set_model_aside(run);
	return err;
}

int tree_compare(struct tree_session *ts, const struct scenario *sc,
		 struct tree_result *result)
{
	struct scenario here = *sc;
	struct run run = { .ts = ts, .sc = &here, .result = result };
	u32 leaked = 0, fine = 0;
	int err;

	run.base = here.base = tree_base(ts, sc);
	err = compare_once(&run);
	if (err || !run.leaked)
		return err;
	while (!err && leaked < LEAK_TRIES / 2 && fine < LEAK_TRIES / 2) {
		err = compare_once(&run);
		if (run.leaked)
			leaked++;
		else
			fine++;
	}
	return err;
}
