// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replay: each op is done on every machine, then the machines are checked.
 *
 * Beside each other, all reverse maps hang on one machine.  In pure mode each
 * one has a machine of its own, and two things follow:
 *
 * - Allocations differ, so "the Nth allocation" would fail in different places
 *   on each machine, and from there on they may rightly part.  failalloc is
 *   left out.
 * - Merges differ: what one reverse map keeps as two VMAs may be one on the
 *   other, and a process can see that where an operation asks for one VMA.
 *   Such an operation is left out on all machines, and counted.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../mm/vma.h"
#include "parallel.h"
#include "replay.h"

struct replay_machine {
	struct machine *machine;
	struct check check;
	int result; /* of the last operation */
};

struct replay {
	const struct scenario *sc;
	const struct replay_config *config;
	struct replay_result *result;
	struct replay_machine m[RMAP_MAX];
	u32 nr;
	bool left_out;
	bool thorough; /* checks leave nothing out */
	bool late; /* it diverged, perhaps by what an earlier operation did */
	struct sched *sched; /* NULL: there was no group yet */
};

/*
 * Can @op fail after it has begun?  When an allocation is going to fail, or
 * when there is hardly room for another VMA (the splits that are done by then
 * stay).
 */
static bool may_fail_half_way(const struct machine *machine,
			      const struct mm_struct *mm)
{
	return machine->ledger.fail_in ||
	       (mm && mm->map_count + 4 > machine->world.max_map_count);
}

/* What may @op, having failed with @err, keep of what it did? */
static enum state_keeps op_keeps(const struct op *op, int err, bool unmaps)
{
	switch (op->kind) {
	case OP_MPROTECT: /* VMA by VMA, up to the one that failed */
		return STATE_KEEPS_FLAGS;
	case OP_MADVISE:
		return op->advice == ADVICE_DONTNEED ? STATE_KEEPS_ALL :
						       STATE_KEEPS_FLAGS;
	case OP_READ: /* page by page */
	case OP_WRITE:
		return op->len > 1 ? STATE_KEEPS_ALL : STATE_KEEPS_NOTHING;
	case OP_RECLAIM: /* what the walk unmapped stays unmapped */
		return STATE_KEEPS_ALL;
	case OP_MMAP: /* what was there is unmapped first */
	case OP_MREMAP: /* so is the destination; and it goes VMA by VMA */
		return err == ENOMEM && unmaps ? STATE_KEEPS_ALL :
						 STATE_KEEPS_NOTHING;
	default:
		return STATE_KEEPS_NOTHING;
	}
}

/*
 * What @op unmaps before it can fail, into @ranges; their number.  mremap: the
 * destination, and the tail when it shrinks.  mmap: what it maps over.
 */
static u32 op_unmaps(const struct op *op, struct mm_struct *mm, u64 base,
		     struct page_range ranges[2])
{
	u64 addr = base + op->page;

	ranges[0] = (struct page_range){ addr, addr + op->len };
	if (op->kind == OP_MMAP)
		return find_vma_intersection(mm, addr, addr + op->len) ? 1 : 0;
	if (op->kind != OP_MREMAP || !(op->flags & OP_HAS_TO))
		return 0;
	ranges[0].start = base + op->to;
	ranges[0].end = base + op->to + op->new_len;
	if (op->new_len >= op->len)
		return 1;
	ranges[1].start = addr + op->new_len;
	ranges[1].end = addr + op->len;
	return 2;
}

static void report_set(struct report *report, enum divergence_kind kind,
		       const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void report_set(struct report *report, enum divergence_kind kind,
		       const char *fmt, ...)
{
	va_list args;

	memset(report, 0, sizeof(*report));
	report->kind = kind;
	report->rmap = "";
	va_start(args, fmt);
	vsnprintf(report->text, sizeof(report->text), fmt, args);
	va_end(args);
}

/* Both checks; what only one of them finds is a fault of the other one. */
static bool check_both(struct check *chk)
{
	bool touched_ok = check_touched(chk);
	struct report touched = chk->report;
	struct report all;
	bool all_ok;

	memset(&chk->report, 0, sizeof(chk->report));
	all_ok = check_all(chk);
	if (touched_ok && all_ok)
		return true;
	all = chk->report;
	if (touched_ok)
		report_set(&chk->report, DIVERGENCE_INVARIANT,
			   "full and incremental checks disagree: "
			   "only the full one finds %s: %s",
			   divergence_kind_name(all.kind), all.text);
	else if (all_ok)
		report_set(&chk->report, DIVERGENCE_INVARIANT,
			   "full and incremental checks disagree: "
			   "only the incremental one finds %s: %s",
			   divergence_kind_name(touched.kind), touched.text);
	else
		chk->report = touched;
	return false;
}

/* Walks and structures, states and leaks. */
static bool checks_everything(enum replay_check check)
{
	return check != REPLAY_CHECK_NONE && check != REPLAY_CHECK_OWN;
}

static bool check_after(struct replay *rp, struct check *chk)
{
	switch (rp->config->check) {
	case REPLAY_CHECK_TOUCHED:
		return check_touched(chk);
	case REPLAY_CHECK_ALL:
		return check_all(chk);
	case REPLAY_CHECK_BOTH:
		return check_both(chk);
	case REPLAY_CHECK_OWN:
		return check_own(chk);
	case REPLAY_CHECK_NONE:
		break;
	}
	touched_reset(&chk->machine->world);
	return true;
}

/*
 * It diverged, but what one of the operations before touched was not looked at
 * whole.  Can all be done again, to see at which one it does?  Not where the
 * caller has watched the operations or has a say in them.
 */
static bool may_repeat(const struct replay *rp)
{
	return rp->late && !rp->config->after_op && !rp->config->choose;
}

/* Takes over what @chk found at operation @op_nr; false for the caller. */
static bool diverged(struct replay *rp, const struct check *chk, u32 op_nr)
{
	int result = container_of(chk, struct replay_machine, check)->result;

	rp->late = chk->left_out || chk->machine->world.changed.kept;
	rp->result->diverged = true;
	rp->result->report = chk->report;
	rp->result->op_nr = op_nr;
	/* Where both come at once, the divergence is what matters. */
	rp->result->unexpected = false;
	rp->result->result = result;
	if (rp->config->on_divergence && !may_repeat(rp))
		rp->config->on_divergence(rp->config->arg, op_nr, result,
					  chk->machine);
	return false;
}

/* What is to be seen again should an operation fail. */
struct op_state {
	struct check_state state;
	struct check_survivors survivors;
	bool deep;
	bool unmaps;
};

static void op_state_save(struct op_state *os, const struct replay *rp,
			  const struct op *op, struct mm_struct *mm, bool deep)
{
	struct page_range ranges[2];
	u32 nr;

	*os = (struct op_state){ .deep = deep };
	check_state_save(&os->state, mm, deep);
	nr = mm ? op_unmaps(op, mm, rp->sc->base, ranges) : 0;
	os->unmaps = nr > 0;
	if (os->unmaps && deep)
		check_survivors_save(&os->survivors, mm, ranges, nr);
}

static bool op_state_kept(struct op_state *os, struct replay_machine *m,
			  const struct op *op)
{
	struct mm_struct *mm = machine_mm(m->machine, op->proc);
	enum state_keeps keeps = op_keeps(op, m->result, os->unmaps);

	if (!m->result) {
		check_survivors_free(&os->survivors);
		return true;
	}
	if (os->unmaps && os->deep &&
	    !check_survivors_kept(&m->check, &os->survivors, mm))
		return false;
	return check_state_kept(&m->check, &os->state, mm, m->result, keeps,
				os->deep);
}

static bool says_a_range(enum op_kind kind)
{
	return kind == OP_MMAP || kind == OP_MUNMAP || kind == OP_MPROTECT;
}

/* Did @op, which succeeded, do what it says? */
static bool op_done(struct replay_machine *m, const struct op *op,
		    const struct check_asked *asked)
{
	struct mm_struct *mm = machine_mm(m->machine, op->proc);

	if (op->kind == OP_MUNMAP)
		return check_asked_unmapped(&m->check, asked, mm);
	return check_asked_mapped(&m->check, asked, mm,
				  replay_prot_flags(op->prot));
}

/* Does @op on one machine and checks that machine.  False: it diverged. */
static bool step_machine(struct replay *rp, struct replay_machine *m,
			 const struct op *op, u32 op_nr)
{
	const struct replay_config *config = rp->config;
	struct machine *machine = m->machine;
	struct mm_struct *mm = machine_mm(machine, op->proc);
	bool checking = checks_everything(config->check);
	bool deep = may_fail_half_way(machine, mm);
	u64 addr = rp->sc->base + op->page;
	struct check_asked asked = { .saved = false };
	struct op_state state;

	if (checking)
		op_state_save(&state, rp, op, mm, deep);
	if (checking && says_a_range((enum op_kind)op->kind))
		check_asked_save(&asked, mm,
				 (struct page_range){ addr, addr + op->len });
	m->result = replay_op(machine, rp->sc, op, op_nr);
	if (checking && !op_state_kept(&state, m, op))
		return diverged(rp, &m->check, op_nr);
	/* First, so that a check that meets what is freed trips over it. */
	synchronize_rcu(&machine->rcu);
	if (!check_after(rp, &m->check) ||
	    (!m->result && asked.saved && !op_done(m, op, &asked)))
		return diverged(rp, &m->check, op_nr);
	if (config->after_op)
		config->after_op(config->arg, op_nr, m->result, machine);
	return true;
}

/*
 * fork copies the page tables of faulted VMAs only, so it depends on merges
 * whether a child has the zero page or a page of the file, which migrate tells
 * from nothing at all.  Whether anonymous pages are where they should be is
 * seen in the contents.
 */
static int comparable_result(const struct op *op, int result)
{
	if (op_walks((enum op_kind)op->kind) && result != EAGAIN &&
	    result != ENOMEM)
		return 0;
	return result;
}

static const char *replay_result_name(int result)
{
	const char *name = errno_name(result);

	return name ? name : "an errno without a name";
}

/* Pure: each machine must have done as the first one did.  False: diverged. */
static bool compare_machines(struct replay *rp, const struct op *op, u32 op_nr)
{
	struct replay_machine *first = &rp->m[0];

	for (u32 i = 1; i < rp->nr; i++) {
		struct replay_machine *m = &rp->m[i];

		if (comparable_result(op, m->result) !=
		    comparable_result(op, first->result)) {
			report_set(&m->check.report, DIVERGENCE_CONTENT,
				   "results differ: %s %s, %s %s",
				   rp->config->machine.rmaps[0]->name,
				   replay_result_name(first->result),
				   rp->config->machine.rmaps[i]->name,
				   replay_result_name(m->result));
			return diverged(rp, &m->check, op_nr);
		}
		if (!check_contents(&m->check, first->machine, m->machine))
			return diverged(rp, &m->check, op_nr);
	}
	for (u32 i = 0; i < rp->nr; i++)
		changes_reset(&rp->m[i].machine->world);
	return true;
}

/* At the end all that processes see, where only what changed was looked at. */
static bool compare_all(struct replay *rp)
{
	struct replay_machine *first = &rp->m[0];

	if (!first->machine->world.changed.kept)
		return true;
	for (u32 i = 1; i < rp->nr; i++) {
		struct replay_machine *m = &rp->m[i];

		if (!check_contents_again(&m->check, first->machine,
					  m->machine))
			return diverged(rp, &m->check, 0);
	}
	return true;
}

/*
 * How many pages from op->page on one VMA must hold for mremap to do it; 0 if
 * that does not matter: a pure move takes several, shrinking in place any.
 */
static u64 one_vma_len(const struct op *op)
{
	if (op->kind != OP_MREMAP || op->len == op->new_len)
		return 0;
	if (op->flags & OP_HAS_TO)
		return min_u64(op->len, op->new_len);
	return op->new_len > op->len ? op->len : 0;
}

static bool one_vma_covers(struct mm_struct *mm, u64 addr, u64 len)
{
	struct vm_area_struct *vma = mm ? vma_lookup(mm, addr) : NULL;

	return vma && len <= vma->vm_end - addr;
}

/*
 * Pure: would the machines rightly part at @op?  Where VMAs end depends on
 * which merges the reverse map allows.
 */
static bool machines_would_part(struct replay *rp, const struct op *op)
{
	u64 addr = rp->sc->base + op->page;
	u64 len = one_vma_len(op);
	bool covers = false;

	for (u32 i = 0; i < rp->nr && len; i++) {
		struct mm_struct *mm = machine_mm(rp->m[i].machine, op->proc);
		bool this_covers = one_vma_covers(mm, addr, len);

		if (i && this_covers != covers)
			return true;
		covers = this_covers;
	}
	return false;
}

/* Was it written to run beside others, and ran alone? */
static bool out_of_its_group(const struct replay *rp, u32 op_nr)
{
	const struct scenario *sc = rp->sc;

	return rp->config->pure &&
	       (sc->ops[op_nr - 1].flags & OP_PARALLEL ||
		(op_nr < sc->nr_ops && sc->ops[op_nr].flags & OP_PARALLEL));
}

/* What was asserted after an operation that was left out need not come. */
static bool as_expected(struct replay *rp, u32 op_nr, int result)
{
	const struct op *op = &rp->sc->ops[op_nr - 1];

	if (!(op->flags & OP_HAS_EXPECTED) || rp->left_out ||
	    out_of_its_group(rp, op_nr) || result == op->expected)
		return true;
	rp->result->unexpected = true;
	rp->result->op_nr = op_nr;
	rp->result->result = result;
	return false;
}

static void count_failure(struct replay *rp, u32 op_nr, int result)
{
	const struct op *op = &rp->sc->ops[op_nr - 1];

	if (!result)
		return;
	rp->result->failed++;
	rp->result->failed_as_asserted += op->flags & OP_HAS_EXPECTED &&
					  op->expected == result;
	if (rp->config->on_failure)
		rp->config->on_failure(rp->config->arg, op_nr, result);
}

/* Groups. */

/* False: the tool is out of memory. */
static bool sched_ready_for_groups(struct replay *rp)
{
	if (rp->sched)
		return true;
	rp->sched = malloc(sizeof(*rp->sched));
	if (!rp->sched)
		return false;
	if (!sched_init(rp->sched))
		return true;
	free(rp->sched);
	rp->sched = NULL;
	return false;
}

/* Runs a group under its own schedule or that of config->choose. */
static void run_group(struct replay *rp, struct parallel *group)
{
	const struct replay_config *config = rp->config;
	struct schedule_reader reader = {
		.schedule = &rp->sc->ops[group->first].schedule,
	};

	rp->sched->choose = config->choose ? config->choose : schedule_choose;
	rp->sched->arg = config->choose ? config->choose_arg : &reader;
	parallel_begin(group, rp->sched);
	sched_run(rp->sched);
	parallel_end(group, rp->sched);
	rp->result->steps += rp->sched->steps;
}

/* False: it was cut short, or diverged. */
static bool check_group(struct replay *rp, struct replay_machine *m,
			const struct parallel *group, u32 last)
{
	struct check *chk = &m->check;

	if (parallel_broken(group, rp->sched, &chk->names, &chk->report))
		return diverged(rp, chk, last);
	if (rp->sched->stopped) {
		rp->result->cut = true;
		return false;
	}
	synchronize_rcu(&m->machine->rcu);
	return check_after(rp, chk) || diverged(rp, chk, last);
}

/* Operations that run at the same time; there is one machine. */
static bool step_group(struct replay *rp, u32 op_nr, u32 nr)
{
	struct replay_machine *m = &rp->m[0];
	struct parallel group = {
		.machine = m->machine,
		.sc = rp->sc,
		.first = op_nr - 1,
		.nr = nr,
	};
	u32 last = op_nr + nr - 1;

	rp->result->ops += nr;
	if (!sched_ready_for_groups(rp)) {
		rp->result->nomem = true;
		return false;
	}
	run_group(rp, &group);
	m->result = group.tasks[nr - 1].result;
	if (!check_group(rp, m, &group, last))
		return false;
	if (rp->config->after_op)
		rp->config->after_op(rp->config->arg, last, m->result,
				     m->machine);
	for (u32 i = 0; i < nr; i++)
		count_failure(rp, op_nr + i, group.tasks[i].result);
	for (u32 i = 0; i < nr && !rp->config->choose; i++)
		if (!as_expected(rp, op_nr + i, group.tasks[i].result))
			return false;
	return true;
}

/* One operation on all machines.  False: stop. */
static bool step_one(struct replay *rp, u32 op_nr)
{
	const struct op *op = &rp->sc->ops[op_nr - 1];

	if (rp->config->pure && op->kind == OP_FAILALLOC) {
		rp->left_out = true;
		rp->result->skipped++;
		return true;
	}
	if (machines_would_part(rp, op)) {
		rp->left_out = true;
		rp->result->skipped++;
		return true;
	}
	rp->result->ops++;
	for (u32 i = 0; i < rp->nr; i++)
		if (!step_machine(rp, &rp->m[i], op, op_nr))
			return false;
	count_failure(rp, op_nr, rp->m[0].result);
	return compare_machines(rp, op, op_nr) &&
	       as_expected(rp, op_nr, rp->m[0].result);
}

/* Pure: one after the other, exits last, so that each has its process. */
static bool step_apart(struct replay *rp, u32 op_nr, u32 nr)
{
	for (u32 pass = 0; pass < 2; pass++)
		for (u32 i = 0; i < nr; i++) {
			bool last = rp->sc->ops[op_nr + i - 1].kind == OP_EXIT;

			if (last == (pass == 1) && !step_one(rp, op_nr + i))
				return false;
		}
	return true;
}

static bool replay_do_step(struct replay *rp, u32 op_nr)
{
	u32 nr = scenario_group(rp->sc, op_nr - 1);

	if (nr == 1)
		return step_one(rp, op_nr);
	return rp->config->pure ? step_apart(rp, op_nr, nr) :
				  step_group(rp, op_nr, nr);
}

/* Everything ends, and nothing may be left.  False: diverged. */
static bool finish_machine(struct replay *rp, struct replay_machine *m)
{
	struct machine *machine = m->machine;
	struct check *chk = &m->check;
	bool checking = checks_everything(rp->config->check);

	/* An allocation that is still to fail was meant for an operation. */
	ledger_fail_nth(&machine->ledger, 0);
	if (checking && !check_all(chk))
		return diverged(rp, chk, 0);
	for (u32 proc = 0; proc < machine->nr_procs; proc++) {
		if (!machine_mm(machine, proc))
			continue;
		machine_exit(machine, proc);
		synchronize_rcu(&machine->rcu);
		if (!check_after(rp, chk))
			return diverged(rp, chk, 0);
	}
	if (checking && !check_leaks(chk))
		return diverged(rp, chk, 0);
	return true;
}

/* Adds up what machine @ledger counts of each kind of object. */
static void add_kinds(struct replay_result *result, const struct ledger *ledger)
{
	for (u32 i = 0; i < ledger->nr_kinds; i++) {
		const struct ledger_kind *kind = &ledger->kinds[i];
		u32 k = 0;

		while (k < result->nr_kinds &&
		       strcmp(result->kinds[k].name, kind->name))
			k++;
		if (k == LEDGER_KIND_MAX)
			return;
		if (k == result->nr_kinds) {
			result->kinds[result->nr_kinds++] = *kind;
			continue;
		}
		result->kinds[k].live += kind->live;
		result->kinds[k].peak += kind->peak;
		result->kinds[k].total += kind->total;
	}
}

static const char *replay_proc_name(void *arg, u32 proc)
{
	const struct scenario *sc = arg;

	if (proc >= sc->nr_procs || !sc->names[proc][0])
		return "?";
	return sc->names[proc];
}

static int add_machine(struct replay *rp, const struct machine_config *config)
{
	struct replay_machine *m = &rp->m[rp->nr];
	struct check_names names = {
		.proc_name = replay_proc_name,
		.arg = (void *)rp->sc,
		.base = rp->sc->base,
	};

	m->machine = machine_create(config);
	if (!m->machine)
		return -ENOMEM;
	check_init(&m->check, m->machine, &names);
	m->check.thorough = rp->thorough;
	m->machine->world.changed.kept = rp->config->pure && !rp->thorough;
	rp->nr++;
	return 0;
}

static int make_machines(struct replay *rp)
{
	const struct machine_config *all = &rp->config->machine;
	struct machine_config one = *all;

	if (!rp->config->pure)
		return add_machine(rp, all);
	for (u32 i = 0; i < all->nr_rmaps; i++) {
		int err;

		one.rmaps[0] = all->rmaps[i];
		one.nr_rmaps = 1;
		err = add_machine(rp, &one);
		if (err)
			return err;
		/* It is for one machine. */
		one.arena = NULL;
	}
	return 0;
}

static void take_stock(struct replay *rp)
{
	struct replay_result *result = rp->result;

	for (u32 i = 0; i < rp->nr; i++) {
		result->walks += rp->m[i].check.stats.walks;
		result->folios += rp->m[i].check.stats.folios;
		result->looked += rp->m[i].check.stats.looked;
		add_kinds(result, &rp->m[i].machine->ledger);
	}
}

bool replay_step(struct replay *rp, u32 op_nr)
{
	return replay_do_step(rp, op_nr);
}

u32 replay_next(const struct replay *rp, u32 op_nr)
{
	return op_nr + scenario_group(rp->sc, op_nr - 1);
}

bool replay_finish(struct replay *rp)
{
	if (!rp->result->diverged && !rp->result->cut && !rp->result->nomem &&
	    !compare_all(rp))
		return false;
	/* What was cut short is nowhere. */
	for (u32 i = 0; i < rp->nr && !rp->result->diverged; i++)
		if (!rp->result->cut && !rp->result->nomem)
			finish_machine(rp, &rp->m[i]);
	return !rp->result->diverged;
}

struct machine *replay_machine(struct replay *rp, u32 i)
{
	return i < rp->nr ? rp->m[i].machine : NULL;
}

void replay_restored(struct replay *rp)
{
	rp->left_out = false;
	memset(rp->result, 0, sizeof(*rp->result));
	for (u32 i = 0; i < rp->nr; i++)
		check_forget(&rp->m[i].check);
}

static bool is_stopped(struct replay *rp)
{
	if (rp->config->stop && *rp->config->stop)
		rp->result->cut = true;
	return rp->result->cut;
}

static void replay_all(struct replay *rp)
{
	u32 op_nr = 1;

	while (op_nr <= rp->sc->nr_ops && !is_stopped(rp) &&
	       replay_do_step(rp, op_nr))
		op_nr = replay_next(rp, op_nr);
	replay_finish(rp);
	take_stock(rp);
}

static void replay_tear_down(struct replay *rp)
{
	for (u32 i = 0; i < rp->nr; i++) {
		check_exit(&rp->m[i].check);
		machine_destroy(rp->m[i].machine);
	}
	if (rp->sched) {
		sched_exit(rp->sched);
		free(rp->sched);
	}
}

/* Both checks could not agree if one left something out. */
static bool is_thorough(const struct replay_config *config)
{
	return config->check == REPLAY_CHECK_BOTH;
}

struct replay *replay_start(const struct scenario *sc,
			    const struct replay_config *config,
			    struct replay_result *result)
{
	struct replay *rp = calloc(1, sizeof(*rp));

	if (!rp)
		return NULL;
	rp->sc = sc;
	rp->config = config;
	rp->result = result;
	/* There is no second time. */
	rp->thorough = true;
	memset(result, 0, sizeof(*result));
	if (!make_machines(rp))
		return rp;
	replay_stop(rp);
	return NULL;
}

void replay_stop(struct replay *rp)
{
	if (!rp)
		return;
	replay_tear_down(rp);
	free(rp);
}

static int replay_once(struct replay *rp)
{
	int err;

	memset(rp->result, 0, sizeof(*rp->result));
	err = make_machines(rp);
	if (!err)
		replay_all(rp);
	replay_tear_down(rp);
	return rp->result->nomem ? -ENOMEM : err;
}

int replay(const struct scenario *sc, const struct replay_config *config,
	   struct replay_result *result)
{
	struct replay rp = {
		.sc = sc,
		.config = config,
		.result = result,
		.thorough = is_thorough(config),
	};
	struct replay again = rp;
	int err = replay_once(&rp);
	struct replay_result late;

	if (err || !result->diverged || !may_repeat(&rp))
		return err;
	late = *result;
	again.thorough = true;
	err = replay_once(&again);
	if (!err && !result->diverged)
		*result = late;
	return err;
}
