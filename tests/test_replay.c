// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replay: what it makes of a reverse map that is wrong in a way that only replay
 * can see, because it compares two checks or two machines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"
#include "fake_rmap.h"

static const struct rmap_ops honest = FAKE_RMAP_OPS("honest");

/* One that only the full check finds fault with, and the other way round. */

static void fault_all(struct rmap *rmap, struct divergence *div)
{
	divergence_set(div, DIVERGENCE_REFCOUNT, "seen from afar");
}

static void fault_vma(struct rmap *rmap, struct vm_area_struct *vma,
		      struct divergence *div)
{
	divergence_set(div, DIVERGENCE_REFCOUNT, "seen from near");
}

/* Out of memory in the first fault, where the other has enough. */
static int prepare_fails(struct rmap *rmap, struct vm_area_struct *vma)
{
	return -ENOMEM;
}

/* Writes to the pages of the mm that is checked. */
static void scribble(struct rmap *rmap, struct mm_struct *mm,
		     struct divergence *div)
{
	struct pte *pte = pte_next(mm, 0, TASK_PAGES);

	if (pte && pte->folio) {
		pte->folio->content = 0x666;
		mm->changes++;
	}
}

static void replay_text(const char *text, const struct rmap_ops *second,
			bool pure, enum replay_check check,
			struct replay_result *result)
{
	struct replay_config config = {
		.machine = { .rmaps = { &honest, second }, .nr_rmaps = 2 },
		.pure = pure,
		.check = check,
	};
	struct scenario_error err;
	struct scenario sc;

	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_parse(&sc, text, strlen(text), &err), 0);
	assert_int_equal(replay(&sc, &config, result), 0);
	scenario_free(&sc);
}

static void expect_report(const struct replay_result *result, u32 op_nr,
			  enum divergence_kind kind, const char *text)
{
	assert_true(result->diverged);
	assert_int_equal(result->op_nr, op_nr);
	assert_int_equal(result->report.kind, kind);
	assert_string_equal(result->report.text, text);
}

static const char one_write[] = "mmap A 0 2 rw\nwrite A 0\n";

static void full_check_alone_finds(void **state)
{
	struct rmap_ops ops = honest;
	struct replay_result result;

	ops.name = "far";
	ops.check_all = fault_all;
	replay_text(one_write, &ops, false, REPLAY_CHECK_BOTH, &result);
	expect_report(&result, 1, DIVERGENCE_INVARIANT,
		      "full and incremental checks disagree: only the full "
		      "one finds refcount: far: seen from afar");
	replay_text(one_write, &ops, false, REPLAY_CHECK_TOUCHED, &result);
	expect_report(&result, 0, DIVERGENCE_REFCOUNT, "far: seen from afar");
	replay_text(one_write, &ops, false, REPLAY_CHECK_NONE, &result);
	assert_false(result.diverged);
}

static void incremental_check_alone_finds(void **state)
{
	struct rmap_ops ops = honest;
	struct replay_result result;

	ops.name = "near";
	ops.check_vma = fault_vma;
	/* The mmap touches the VMA already. */
	replay_text(one_write, &ops, false, REPLAY_CHECK_BOTH, &result);
	expect_report(&result, 1, DIVERGENCE_INVARIANT,
		      "full and incremental checks disagree: only the "
		      "incremental one finds refcount: near: seen from near");
	/* Where both find something they do not disagree. */
	ops.check_all = fault_all;
	replay_text(one_write, &ops, false, REPLAY_CHECK_BOTH, &result);
	expect_report(&result, 1, DIVERGENCE_REFCOUNT, "near: seen from near");
}

static void pure_results_differ(void **state)
{
	struct rmap_ops ops = honest;
	struct replay_result result;

	ops.name = "poor";
	ops.vma_prepare = prepare_fails;
	replay_text(one_write, &ops, true, REPLAY_CHECK_TOUCHED, &result);
	expect_report(&result, 2, DIVERGENCE_CONTENT,
		      "results differ: honest 0, poor ENOMEM");
	replay_text(one_write, &ops, true, REPLAY_CHECK_NONE, &result);
	expect_report(&result, 2, DIVERGENCE_CONTENT,
		      "results differ: honest 0, poor ENOMEM");
}

static void pure_contents_differ(void **state)
{
	struct rmap_ops ops = honest;
	struct replay_result result;

	ops.name = "scribbler";
	ops.check_mm = scribble;
	replay_text(one_write, &ops, true, REPLAY_CHECK_TOUCHED, &result);
	expect_report(&result, 2, DIVERGENCE_CONTENT,
		      "A:0x0 reads 0x2000001 with honest, 0x666 with "
		      "scribbler");
}

static void pure_honest_agree(void **state)
{
	struct rmap_ops ops = honest;
	struct replay_result result;

	ops.name = "also honest";
	replay_text("mmap A 0 4 rw\nwrite A 0 4\nfork A B\nwrite B 1\n"
		    "mremap B 0 2 2 to=0x10\nexit A\nwrite B 0x10\n",
		    &ops, true, REPLAY_CHECK_BOTH, &result);
	assert_false(result.diverged);
	assert_false(result.unexpected);
	assert_int_equal(result.ops, 7);
	assert_true(result.walks > 0);
}

static void asserted_results_hold(void **state)
{
	struct rmap_ops ops = honest;
	struct replay_result result;

	replay_text("mmap A 0 1 rw = 0\nmunmap A 0 0 = ENOMEM\n", &ops, false,
		    REPLAY_CHECK_TOUCHED, &result);
	assert_true(result.unexpected);
	assert_false(result.diverged);
	assert_int_equal(result.op_nr, 2);
	assert_int_equal(result.result, EINVAL);
}

/* Operations that run at the same time. */

static const char group_between[] = "mmap A 0 2 rw\n"
				    "write A 0 = EFAULT || munmap A 0 1 || "
				    "read A 1 @111\n"
				    "write A 1 = 0\n";

/* Notes after which operations it is told, and the result of the last. */
struct told {
	u32 ops[8];
	u32 nr;
	int result;
};

static void count_noted(void *arg, u32 op_nr, int result,
			struct machine *machine)
{
	struct told *told = arg;

	assert_true(told->nr < ARRAY_SIZE(told->ops));
	told->ops[told->nr++] = op_nr;
	told->result = result;
}

static void replay_group(struct replay_config *config,
			 struct replay_result *result, struct told *told)
{
	struct scenario_error err;
	struct scenario sc;
	struct replay *rp;
	u32 op_nr = 1;

	memset(told, 0, sizeof(*told));
	config->machine.rmaps[0] = &anon_vma_rmap_ops;
	config->machine.nr_rmaps = 1;
	config->after_op = count_noted;
	config->arg = told;
	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_parse(&sc, group_between,
					strlen(group_between), &err),
			 0);
	rp = replay_start(&sc, config, result);
	assert_non_null(rp);
	while (op_nr <= sc.nr_ops && replay_step(rp, op_nr))
		op_nr = replay_next(rp, op_nr);
	replay_finish(rp);
	assert_true(result->cut || op_nr > sc.nr_ops);
	replay_stop(rp);
	scenario_free(&sc);
}

static void group_is_one_step(void **state)
{
	struct replay_config config = { .check = REPLAY_CHECK_BOTH };
	const u32 steps[] = { 1, 4, 5 };
	struct replay_result result;
	struct told told;

	replay_group(&config, &result, &told);
	assert_false(result.diverged);
	assert_false(result.unexpected);
	assert_int_equal(result.ops, 5);
	assert_true(result.steps > 0);
	assert_int_equal(told.nr, 3);
	assert_memory_equal(told.ops, steps, sizeof(steps));
}

/* One after the other: then the write comes first, which is no fault. */
static void pure_takes_groups_apart(void **state)
{
	struct replay_config config = { .check = REPLAY_CHECK_BOTH,
					.pure = true };
	const u32 steps[] = { 1, 2, 3, 4, 5 };
	struct replay_result result;
	struct told told;

	replay_group(&config, &result, &told);
	assert_false(result.diverged);
	assert_false(result.unexpected);
	assert_int_equal(result.steps, 0);
	assert_int_equal(told.nr, 5);
	assert_memory_equal(told.ops, steps, sizeof(steps));
	/* What is in no group is held to its result also there. */
	replay_text("mmap A 0 1 rw\nread A 0 || read A 0\nwrite A 0 = EFAULT\n",
		    &honest, true, REPLAY_CHECK_NONE, &result);
	assert_true(result.unexpected);
	assert_int_equal(result.op_nr, 4);
}

struct chooser {
	u32 asked;
	u32 stop_at; /* the time that it stops all; 0: never */
};

static u32 lowest(void *arg, struct sched *sched, u32 ready)
{
	struct chooser *chooser = arg;

	if (++chooser->asked == chooser->stop_at)
		sched->stopped = true;
	return (u32)__builtin_ctz(ready);
}

static void caller_may_choose(void **state)
{
	struct chooser chooser = { 0 };
	struct replay_config config = {
		.check = REPLAY_CHECK_ALL,
		.choose = lowest,
		.choose_arg = &chooser,
	};
	struct replay_result result;
	struct told told;

	/* Against the schedule the write is first: no result is held to. */
	replay_group(&config, &result, &told);
	assert_false(result.diverged);
	assert_false(result.unexpected);
	assert_false(result.cut);
	assert_true(chooser.asked > 3);
	assert_int_equal(told.nr, 3);
	/* Enough seen: nothing is checked, and nothing diverged. */
	chooser = (struct chooser){ .stop_at = 4 };
	replay_group(&config, &result, &told);
	assert_true(result.cut);
	assert_false(result.diverged);
	assert_int_equal(chooser.asked, 4);
	assert_int_equal(told.nr, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_check_alone_finds),
		cmocka_unit_test(incremental_check_alone_finds),
		cmocka_unit_test(pure_results_differ),
		cmocka_unit_test(pure_contents_differ),
		cmocka_unit_test(pure_honest_agree),
		cmocka_unit_test(asserted_results_hold),
		cmocka_unit_test(group_is_one_step),
		cmocka_unit_test(pure_takes_groups_apart),
		cmocka_unit_test(caller_may_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
