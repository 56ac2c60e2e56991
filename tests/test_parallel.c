// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: operations that run at the same time on a machine, under schedules of all
 * kinds; and what is said when one breaks.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "../model/mm/vma.h"
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"
#include "fake_rmap.h"

/* Linked with --wrap=mmap: what fibers have their stacks from. */
static bool no_mmap;

void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd,
		  off_t off);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd,
		  off_t off);

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd,
		  off_t off)
{
	if (no_mmap)
		return MAP_FAILED;
	return __real_mmap(addr, len, prot, flags, fd, off);
}

/* What a test looks at when a line is done. */
struct look {
	u64 page;
	bool there; /* out */
	u64 content; /* out */
	u64 folios; /* out: ever made */
};

static struct replay_config parallel_config(enum bug bug)
{
	struct replay_config config = {
		.machine = { .rmaps = { &anon_vma_rmap_ops }, .nr_rmaps = 1 },
		.check = REPLAY_CHECK_ALL,
	};

	if (bug != NR_BUGS)
		config.machine.bugs.on[bug] = true;
	return config;
}

static void parse_text(struct scenario *sc, const char *text)
{
	struct scenario_error err;

	assert_int_equal(scenario_init(sc), 0);
	if (scenario_parse(sc, text, strlen(text), &err))
		fail_msg("%u:%u: %s\n%s", err.line, err.column, err.text, text);
}

static int try_text(const char *text, const struct replay_config *config,
		    struct replay_result *result)
{
	struct scenario sc;
	int err;

	parse_text(&sc, text);
	err = replay(&sc, config, result);
	scenario_free(&sc);
	return err;
}

static void replay_group_text(const char *text,
			      const struct replay_config *config,
			      struct replay_result *result)
{
	assert_int_equal(try_text(text, config, result), 0);
}

/* No divergence, and each result as the line says. */
static void must_hold(const char *text)
{
	struct replay_config config = parallel_config(NR_BUGS);
	struct replay_result result;

	replay_group_text(text, &config, &result);
	if (result.diverged)
		fail_msg("operation %u: %s\n%s", result.op_nr,
			 result.report.text, text);
	if (result.unexpected)
		fail_msg("operation %u gives %d\n%s", result.op_nr,
			 result.result, text);
	assert_false(result.cut);
}

#define PAGE(nr) (SCENARIO_BASE_DEFAULT + (nr))

static void take_a_look(void *arg, u32 op_nr, int result,
			struct machine *machine)
{
	struct look *look = arg;
	struct mm_struct *mm = machine_mm(machine, 0);

	look->folios = machine->world.nr_folios;
	look->there = mm && mm_peek(mm, PAGE(look->page), &look->content);
}

/* Each schedule of up to @len digits of two operations. */
static void
all_schedules(const char *before, const char *line, u32 len, enum bug bug,
	      void (*each)(void *arg, const struct replay_result *result),
	      void *arg)
{
	struct replay_config config = parallel_config(bug);
	struct look look = { .page = 0 };
	char text[512];

	config.after_op = take_a_look;
	config.arg = &look;
	for (u32 bits = 0; bits < 1U << len; bits++) {
		struct replay_result result;
		char digits[33];

		for (u32 i = 0; i < len; i++)
			digits[i] = (char)('0' + (bits >> i & 1));
		digits[len] = '\0';
		snprintf(text, sizeof(text), "%s%s @%s\n", before, line,
			 digits);
		replay_group_text(text, &config, &result);
		if (bug == NR_BUGS && (result.diverged || result.unexpected))
			fail_msg("operation %u: %s, gives %d\n%s", result.op_nr,
				 result.report.text, result.result, text);
		if (each)
			each(arg, &result);
	}
}

/* Results by the lines. */

static void results_are_those_of_the_line(void **state)
{
	struct replay_config config = parallel_config(NR_BUGS);
	struct replay_result result;

	must_hold("mmap A 0 1 rw = 0 || write A 0 = EFAULT @1111\n");
	must_hold("mmap A 0 1 rw = 0 || write A 0 = 0 @0000\n");
	must_hold("mmap A 0 1 rw\nwrite A 0\n"
		  "munmap A 0 1 = 0 || migrate A 0 = 0 @1111\n"
		  "migrate A 0 = EFAULT\n");
	must_hold("mmap A 0 1 rw\nwrite A 0\n"
		  "munmap A 0 1 = 0 || migrate A 0 = EFAULT\n");
	replay_group_text(
		"mmap A 0 1 rw\n"
		"write A 0 = 0 || munmap A 0 0 = 0 || read A 0 = EIO\n",
		&config, &result);
	assert_false(result.diverged);
	assert_true(result.unexpected);
	assert_int_equal(result.op_nr, 3);
	assert_int_equal(result.result, EINVAL);
	assert_true(result.steps > 3);
}

/* All begin together: what the line does to processes comes after. */
static void all_begin_together(void **state)
{
	must_hold("mmap A 0 1 rw\nfork A B\n"
		  "exit B = 0 || write B 0 = 0 || migrate B 0 = 0 @0001122\n");
	must_hold("mmap A 0 1 rw\nwrite A 0\n"
		  "exit A = 0 || write A 0 = 0 || fork A C = 0 @0000\n"
		  "write C 0 = 0\n");
}

/* Two writes on one page: one folio, its content one of the two, each at times. */
static void two_writes_one_content(void **state)
{
	struct replay_config config = parallel_config(NR_BUGS);
	struct look look = { .page = 0 };
	u32 first = 0, second = 0;

	config.after_op = take_a_look;
	config.arg = &look;
	for (u32 bits = 0; bits < 1U << 10; bits++) {
		struct replay_result result;
		struct scenario sc;

		parse_text(&sc, "mmap A 0 2 rw\nwrite A 0 || write A 0\n");
		for (u32 i = 0; i < 10; i++)
			assert_true(schedule_add(&sc.ops[1].schedule,
						 bits >> i & 1));
		assert_int_equal(replay(&sc, &config, &result), 0);
		assert_false(result.diverged);
		assert_true(look.there);
		/* The fault that comes second takes what the first has made. */
		assert_int_equal(look.folios, 1);
		first += look.content == replay_write_value(2);
		second += look.content == replay_write_value(3);
		scenario_free(&sc);
	}
	assert_int_equal(first + second, 1U << 10);
	assert_true(first > 0);
	assert_true(second > 0);
}

/* One folio: what was allocated for the fault that came second is gone again. */
static void two_writes_one_folio(void **state)
{
	/* Leaks would be told at the end; and which of the two was first. */
	must_hold("mmap A 0 1 rw\n"
		  "write A 0 = 0 || write A 0 = 0 @010101010101\n"
		  "migrate A 0 = 0\n");
	must_hold("mmap A 0 1 rw\nwrite A 0\nfork A B\n"
		  "write A 0 = 0 || write A 0 = 0 || write B 0 = 0 "
		  "@012012012012012012\n"
		  "migrate A 0 = 0\nmigrate B 0 = 0\n");
}

/* Every schedule, with all checks. */

#define DIGITS 12

static void fork_beside_write(void **state)
{
	all_schedules("mmap A 0 2 rw\nwrite A 1\n",
		      "fork A B = 0 || write A 0 = 0", DIGITS, NR_BUGS, NULL,
		      NULL);
}

static void exit_beside_write(void **state)
{
	all_schedules("mmap A 0 2 rw\nwrite A 1\nfork A B\n",
		      "exit A = 0 || write A 0 2 = 0", DIGITS, NR_BUGS, NULL,
		      NULL);
}

static void migrate_beside_fork(void **state)
{
	all_schedules("mmap A 0 2 rw\nwrite A 0 2\nfork A B\n",
		      "migrate A 0 || fork A C = 0", DIGITS, NR_BUGS, NULL,
		      NULL);
}

static void migrate_beside_mremap(void **state)
{
	all_schedules("mmap A 0 2 rw\nwrite A 0 2\nfork A B\n",
		      "migrate A 0 || mremap A 0 2 2 to=0x10 = 0", DIGITS,
		      NR_BUGS, NULL, NULL);
	/* To where it becomes one with what is there, below and above. */
	all_schedules("mmap A 0 4 rw\nwrite A 0 4\nmremap A 0 2 2 to=0x10\n",
		      "migrate A 0x10 || mremap A 0x10 2 2 to=0 = 0", DIGITS,
		      NR_BUGS, NULL, NULL);
	all_schedules("mmap A 0 4 rw\nwrite A 0 4\nmremap A 2 2 2 to=0x10\n",
		      "migrate A 0x10 || mremap A 0x10 2 2 to=2 = 0", DIGITS,
		      NR_BUGS, NULL, NULL);
}

static void migrate_beside_munmap(void **state)
{
	all_schedules("mmap A 0 2 rw\nwrite A 0 2\nfork A B\n",
		      "migrate A 0 || munmap A 0 2 = 0", DIGITS, NR_BUGS, NULL,
		      NULL);
	all_schedules("mmap A 0 2 rw\nwrite A 0 2\n",
		      "migrate A 0 || munmap A 0 1 = 0", DIGITS, NR_BUGS, NULL,
		      NULL);
}

static void migrate_beside_exit(void **state)
{
	all_schedules("mmap A 0 2 rw\nwrite A 0 2\nfork A B\n",
		      "migrate B 0 || exit A = 0", DIGITS, NR_BUGS, NULL, NULL);
	all_schedules("mmap A 0 1 rw\nwrite A 0\n", "migrate A 0 || exit A = 0",
		      DIGITS, NR_BUGS, NULL, NULL);
}

/* Whoever waits for a lock that is slept on is in no section of RCU. */
static u32 one_by_one(void *arg, struct sched *sched, u32 ready)
{
	struct machine **machine = arg;
	u32 next = sched->current;

	assert_false(rcu_read_lock_held(&(*machine)->rcu));
	do
		next = (next + 1) % PARALLEL_MAX;
	while (!(ready >> next & 1));
	return next;
}

static void nobody_sleeps_in_rcu(void **state)
{
	struct replay_config config = parallel_config(NR_BUGS);
	struct replay_result result;
	struct machine *machine;
	struct replay *rp;
	struct scenario sc;

	config.choose = one_by_one;
	config.choose_arg = &machine;
	parse_text(&sc, "mmap A 0 2 rw\nwrite A 0 2\n"
			"fork A B || walk A 0 || migrate A 1\n"
			"mremap A 0 2 2 to=0x10 || walk B 0 || reclaim B 1\n");
	rp = replay_start(&sc, &config, &result);
	assert_non_null(rp);
	machine = replay_machine(rp, 0);
	for (u32 nr = 1; nr <= sc.nr_ops; nr = replay_next(rp, nr))
		assert_true(replay_step(rp, nr));
	assert_true(replay_finish(rp));
	replay_stop(rp);
	scenario_free(&sc);
}

/* Bugs, each under all schedules: some are found, none hangs or crashes. */

struct outcomes {
	u32 kinds[NR_DIVERGENCE_KINDS];
	u32 all;
	char text[DIVERGENCE_TEXT_MAX +
		  64]; /* of the first that is of kind @wanted */
	enum divergence_kind wanted;
};

static void count_outcome(void *arg, const struct replay_result *result)
{
	struct outcomes *outcomes = arg;
	const struct report *report = &result->report;

	outcomes->all++;
	if (!result->diverged)
		return;
	outcomes->kinds[report->kind]++;
	if (report->kind == outcomes->wanted && !outcomes->text[0])
		snprintf(outcomes->text, sizeof(outcomes->text), "%s",
			 report->text);
}

static void expect_found(enum bug bug, enum divergence_kind kind,
			 const char *before, const char *line, const char *text)
{
	struct outcomes outcomes = { .wanted = kind };

	all_schedules(before, line, DIGITS, bug, count_outcome, &outcomes);
	assert_int_equal(outcomes.all, 1U << DIGITS);
	if (!outcomes.kinds[kind])
		fail_msg("%s is not found", bug_name(bug));
	assert_non_null(strstr(outcomes.text, text));
	/* Nor always: one after the other all is well. */
	assert_int_not_equal(outcomes.kinds[kind], outcomes.all);
}

static void walk_misses_without_rmap_locks(void **state)
{
	expect_found(BUG_MOVE_WITHOUT_RMAP_LOCKS, DIVERGENCE_MISS,
		     "mmap A 0 4 rw\nwrite A 0 4\nmremap A 2 2 2 to=0x10\n",
		     "migrate A 0x10 || mremap A 0x10 2 2 to=2",
		     "at A:0x2, mapped throughout the walk of op 4");
}

static void walk_misses_in_a_tree_turned_round(void **state)
{
	expect_found(BUG_TREE_NEW_BEFORE_OLD, DIVERGENCE_MISS,
		     "mmap A 0 2 rw\nwrite A 0 2\n",
		     "migrate A 0 || mremap A 0 2 2 to=0x10",
		     "at A:0x10, mapped throughout the walk of op 3");
}

static void owner_goes_while_folio_is_between(void **state)
{
	expect_found(BUG_MIGRATE_DROPS_OWNER, DIVERGENCE_RACE,
		     "mmap A 0 1 rw\nwrite A 0\n",
		     "migrate A 0 || munmap A 0 1",
		     "a anon_vma is looked at that was freed");
}

static void tree_changes_under_a_walk(void **state)
{
	expect_found(BUG_FORK_INSERTS_UNLOCKED, DIVERGENCE_RACE,
		     "mmap A 0 1 rw\nwrite A 0\nfork A B\n",
		     "migrate A 0 || fork A C", "changes under a walk");
}

/* What is left of a migration is waited for; in the end somebody says so. */
static void nobody_waits_for_ever(void **state)
{
	struct replay_config config =
		parallel_config(BUG_MOVE_WITHOUT_RMAP_LOCKS);
	u32 missed = 0;

	for (u32 bits = 0; bits < 1U << 13; bits++) {
		struct replay_result result;
		struct scenario sc;

		parse_text(&sc, "mmap A 0 4 rw\nwrite A 0 4\n"
				"mremap A 2 2 2 to=0x10\n"
				"migrate A 0x10 || mremap A 0x10 2 2 to=2 || "
				"write A 2\n");
		for (u32 i = 0; i < 13; i++)
			assert_true(schedule_add(&sc.ops[3].schedule,
						 bits >> i & 1));
		assert_int_equal(replay(&sc, &config, &result), 0);
		missed += result.diverged;
		scenario_free(&sc);
	}
	assert_true(missed > 0);
}

/* A second reverse map that fails where others may come between. */

static struct vm_area_struct *failed_late;

static int fails_late(struct rmap *rmap, struct vm_area_struct *vma)
{
	mark(rmap->world, POINT_LOCK);
	if (ledger_may_alloc(rmap->world->ledger))
		return 0;
	failed_late = vma;
	return -ENOMEM;
}

static u32 check_undone(const struct replay_config *config, u32 nth, u32 bits)
{
	struct replay_result result;
	struct scenario sc;
	struct replay *rp;

	parse_text(&sc, "mmap A 0 1 rw\nfork A B\nfailalloc 1\n"
			"write A 0 || write B 0\n");
	sc.ops[2].len = nth;
	for (u32 i = 0; i < 8; i++)
		assert_true(schedule_add(&sc.ops[3].schedule, bits >> i & 1));
	failed_late = NULL;
	rp = replay_start(&sc, config, &result);
	assert_non_null(rp);
	for (u32 nr = 1; nr <= 4; nr++)
		assert_true(replay_step(rp, nr));
	if (failed_late)
		assert_false(rmap_vma_faulted(failed_late));
	replay_stop(rp);
	scenario_free(&sc);
	return !!failed_late;
}

/* Each undoes what it did itself, whoever came between. */
static void undone_is_ones_own(void **state)
{
	struct replay_config config = parallel_config(NR_BUGS);
	struct rmap_ops late = FAKE_RMAP_OPS("late");
	u32 failed = 0;

	late.vma_prepare = fails_late;
	config.machine.rmaps[1] = &late;
	config.machine.nr_rmaps = 2;
	config.check = REPLAY_CHECK_NONE;
	for (u32 nth = 1; nth <= 10; nth++)
		for (u32 bits = 0; bits < 1U << 8; bits++)
			failed += check_undone(&config, nth, bits);
	assert_true(failed > 0);
}

/* The tool's own memory. */

static void tool_out_of_memory(void **state)
{
	struct replay_config config = parallel_config(NR_BUGS);
	struct replay_result result;

	no_mmap = true;
	assert_int_equal(
		try_text("mmap A 0 1 rw\nwrite A 0 || write A 0\nwrite A 0\n",
			 &config, &result),
		-ENOMEM);
	no_mmap = false;
	assert_false(result.diverged);
	/* Without groups none of it is needed. */
	no_mmap = true;
	replay_group_text("mmap A 0 1 rw\nwrite A 0\n", &config, &result);
	no_mmap = false;
	assert_false(result.diverged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_are_those_of_the_line),
		cmocka_unit_test(all_begin_together),
		cmocka_unit_test(two_writes_one_content),
		cmocka_unit_test(two_writes_one_folio),
		cmocka_unit_test(fork_beside_write),
		cmocka_unit_test(exit_beside_write),
		cmocka_unit_test(migrate_beside_fork),
		cmocka_unit_test(migrate_beside_mremap),
		cmocka_unit_test(migrate_beside_munmap),
		cmocka_unit_test(migrate_beside_exit),
		cmocka_unit_test(nobody_sleeps_in_rcu),
		cmocka_unit_test(walk_misses_without_rmap_locks),
		cmocka_unit_test(walk_misses_in_a_tree_turned_round),
		cmocka_unit_test(owner_goes_while_folio_is_between),
		cmocka_unit_test(tree_changes_under_a_walk),
		cmocka_unit_test(nobody_waits_for_ever),
		cmocka_unit_test(undone_is_ones_own),
		cmocka_unit_test(tool_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
