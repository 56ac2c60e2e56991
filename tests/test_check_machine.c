// SPDX-License-Identifier: GPL-2.0-only
/*
 * model/check: failed operations, leaks, and two machines compared.  A fault of
 * each kind is planted, and reported by its name.
 */
#include "check_fixture.h"

/* state */

static void test_state_of_an_op_that_refused(void **state)
{
	struct fixture *f = *state;
	struct mm_struct *mm = fixture_mm(f, 0);
	struct check_state saved;

	check_state_save(&saved, mm, false);
	assert_true(
		check_state_kept(&f->chk, &saved, mm, EINVAL, false, false));
	vma_set_flags(vma_lookup(mm, BASE + 0x10), VM_READ);
	/* One that may do a part of its work may have done so. */
	assert_true(check_state_kept(&f->chk, &saved, mm, EINVAL,
				     STATE_KEEPS_ALL, false));
	assert_false(
		check_state_kept(&f->chk, &saved, mm, EINVAL, false, false));
	expect_divergence(f, DIVERGENCE_STATE,
			  "the operation failed, but its process "
			  "has changed VMAs or page tables");
}

static void test_state_other_mm(void **state)
{
	struct fixture *f = *state;
	struct check_state saved;

	check_state_save(&saved, NULL, true);
	assert_true(
		check_state_kept(&f->chk, &saved, NULL, ESRCH, false, true));
	check_state_save(&saved, fixture_mm(f, 0), false);
	assert_int_equal(machine_exec(f->machine, 0), 0);
	assert_false(check_state_kept(&f->chk, &saved, fixture_mm(f, 0), ENOMEM,
				      false, false));
	expect_divergence(f, DIVERGENCE_STATE,
			  "the operation failed, but its process "
			  "has another address space");
}

/* Splits, and zero pages that come, are nothing that a process sees. */
static void test_state_deep_ignores_what_is_invisible(void **state)
{
	struct fixture *f = *state;
	struct mm_struct *mm = fixture_mm(f, 0);
	struct check_state saved;

	assert_int_equal(do_mmap(mm, BASE + 0x40, 8, VM_READ | VM_WRITE, 2, 5),
			 0);
	check_state_save(&saved, mm, true);
	assert_int_equal(
		split_vma(vma_lookup(mm, BASE + 0x10), BASE + 0x18, false), 0);
	assert_int_equal(
		split_vma(vma_lookup(mm, BASE + 0x40), BASE + 0x44, true), 0);
	assert_int_equal(mm_read(mm, BASE + 0x1c), 0);
	assert_int_equal(mm_read(mm, BASE + 0x41), 0);
	assert_true(check_state_kept(&f->chk, &saved, mm, ENOMEM, false, true));
	assert_true(check_state_kept(&f->chk, &saved, mm, EAGAIN, false, true));
	/* But if nothing was to happen, nothing may have happened. */
	assert_false(
		check_state_kept(&f->chk, &saved, mm, EINVAL, false, true));
}

static void expect_deep_change(struct fixture *f,
			       const struct check_state *saved)
{
	struct ledger *ledger = &f->machine->ledger;

	memset(&f->chk.report, 0, sizeof(f->chk.report));
	/* Where memory was out, half of it may be done. */
	ledger->nr_failed++;
	assert_true(check_state_kept(&f->chk, saved, fixture_mm(f, 0), ENOMEM,
				     STATE_KEEPS_NOTHING, false));
	ledger->nr_failed--;
	assert_false(check_state_kept(&f->chk, saved, fixture_mm(f, 0), ENOMEM,
				      false, true));
	expect_divergence(f, DIVERGENCE_STATE,
			  "the operation failed, but its process "
			  "sees other mappings or contents");
}

static void test_state_deep_sees_contents_and_areas(void **state)
{
	struct fixture *f = *state;
	struct mm_struct *mm = fixture_mm(f, 0);
	struct check_state saved;

	check_state_save(&saved, mm, true);
	folio_by_id(f, 2)->content++;
	expect_deep_change(f, &saved);

	check_state_save(&saved, mm, true);
	zap_range(mm, BASE + 0x10, BASE + 0x11);
	expect_deep_change(f, &saved);

	check_state_save(&saved, mm, true);
	assert_int_equal(do_mprotect(mm, BASE + 0x1f, 1, VM_READ), 0);
	expect_deep_change(f, &saved);

	check_state_save(&saved, mm, true);
	assert_int_equal(do_munmap(mm, BASE + 0x1e, 1), 0);
	expect_deep_change(f, &saved);

	check_state_save(&saved, mm, true);
	assert_int_equal(do_mmap(mm, BASE + 0x40, 1, VM_READ, 0, 0), 0);
	expect_deep_change(f, &saved);

	check_state_save(&saved, mm, true);
	assert_int_equal(do_mmap(mm, BASE + 0x40, 1, VM_READ, 0, 1), 0);
	expect_deep_change(f, &saved);
}

/* leak */

static void exit_both(struct fixture *f)
{
	assert_int_equal(machine_exit(f->machine, 0), 0);
	assert_int_equal(machine_exit(f->machine, 1), 0);
	synchronize_rcu(&f->machine->rcu);
}

static void test_no_leak(void **state)
{
	struct fixture *f = *state;

	exit_both(f);
	assert_true(check_all(&f->chk));
	assert_true(check_leaks(&f->chk));
}

static void test_leak(void **state)
{
	struct fixture *f = *state;

	f->liar->leak = true;
	exit_both(f);
	assert_false(check_leaks(&f->chk));
	expect_divergence(f, DIVERGENCE_LEAK, "2 fake mm, 2 fake leak left");
	print_report(&f->chk.report, 0, NULL,
		     "DIVERGENCE leak: 2 fake mm, 2 fake leak left "
		     "(after the last op)\n");
}

static void test_leak_of_the_mm(void **state)
{
	struct fixture *f = *state;

	folio_alloc_bare(&f->machine->world, 1, 1);
	exit_both(f);
	assert_false(check_leaks(&f->chk));
	expect_divergence(f, DIVERGENCE_LEAK, "1 folio left");
}

static void test_leak_of_a_reader(void **state)
{
	struct fixture *f = *state;

	rcu_read_lock(&f->machine->rcu);
	exit_both(f);
	assert_false(check_leaks(&f->chk));
	expect_divergence(f, DIVERGENCE_LEAK,
			  "1 RCU read-side sections left open");
}

/* content */

/* A second machine, where the same was done. */
static struct machine *twin(void)
{
	struct machine *m = new_machine(&liar_ops, NULL);

	assert_non_null(m);
	assert_int_equal(do_mmap(machine_mm(m, 0), BASE + 0x10, 16,
				 VM_READ | VM_WRITE, NO_FILE, 0),
			 0);
	for (u64 i = 0; i < 3; i++)
		assert_int_equal(mm_write(machine_mm(m, 0), BASE + 0x10 + i,
					  100 + i),
				 0);
	assert_int_equal(machine_fork(m, 0, 1), 0);
	return m;
}

static void expect_contents(struct fixture *f, struct machine *other,
			    const char *text)
{
	assert_false(check_contents(&f->chk, f->machine, other));
	expect_divergence(f, DIVERGENCE_CONTENT, text);
}

static void test_content_equal(void **state)
{
	struct fixture *f = *state;
	struct machine *other = twin();

	assert_true(check_contents(&f->chk, f->machine, other));
	assert_true(check_contents(&f->chk, f->machine, other));
	/* A page that was never written and a zero page read the same. */
	assert_int_equal(mm_read(fixture_mm(f, 1), BASE + 0x14), 0);
	assert_int_equal(mm_write(fixture_mm(f, 1), BASE + 0x15, 0), 0);
	/* So do one VMA and two. */
	assert_int_equal(split_vma(vma_lookup(fixture_mm(f, 0), BASE + 0x10),
				   BASE + 0x18, false),
			 0);
	assert_true(check_contents(&f->chk, f->machine, other));
	machine_destroy(other);
}

static void test_content_value(void **state)
{
	struct fixture *f = *state;
	struct machine *other = twin();
	struct mm_struct *mm = machine_mm(other, 1);

	assert_true(check_contents(&f->chk, f->machine, other));
	pte_lookup(mm, BASE + 0x11)->folio->content = 9;
	/* What did not change is not compared again. */
	assert_true(check_contents(&f->chk, f->machine, other));
	mm->changes++;
	expect_contents(f, other,
			"B:0x11 reads 0x65 with honest, 0x9 with liar");
	machine_destroy(other);
}

static void test_content_lost_page(void **state)
{
	struct fixture *f = *state;
	struct machine *other = twin();

	zap_range(machine_mm(other, 0), BASE + 0x12, BASE + 0x13);
	expect_contents(f, other,
			"A:0x12 reads 0x66 with honest, 0x0 with liar");
	machine_destroy(other);
}

static void test_content_stale_page(void **state)
{
	struct fixture *f = *state;
	struct machine *other = twin();

	zap_range(fixture_mm(f, 0), BASE + 0x10, BASE + 0x11);
	expect_contents(f, other,
			"A:0x10 reads 0x0 with honest, 0x64 with liar");
	machine_destroy(other);
}

static void test_content_areas(void **state)
{
	struct fixture *f = *state;
	struct machine *other = twin();

	assert_int_equal(
		do_mprotect(machine_mm(other, 0), BASE + 0x1c, 2, VM_NONE), 0);
	expect_contents(
		f, other,
		"A:0x1c is mapped differently with honest and with liar");

	memset(&f->chk.report, 0, sizeof(f->chk.report));
	assert_int_equal(do_mprotect(fixture_mm(f, 0), BASE + 0x1c, 2, VM_NONE),
			 0);
	assert_true(check_contents(&f->chk, f->machine, other));

	assert_int_equal(do_mprotect(fixture_mm(f, 0), BASE + 0x1c, 2, VM_READ),
			 0);
	expect_contents(
		f, other,
		"A:0x1c is mapped differently with honest and with liar");

	memset(&f->chk.report, 0, sizeof(f->chk.report));
	assert_int_equal(do_mprotect(fixture_mm(f, 0), BASE + 0x1c, 2, VM_NONE),
			 0);
	assert_int_equal(do_mmap(fixture_mm(f, 0), BASE - 4, 1, VM_READ, 1, 0),
			 0);
	expect_contents(
		f, other,
		"A:-0x4 is mapped differently with honest and with liar");
	machine_destroy(other);
}

static void test_content_process_on_one_only(void **state)
{
	struct fixture *f = *state;
	struct machine *other = twin();

	assert_int_equal(machine_exit(other, 1), 0);
	expect_contents(f, other, "process B lives with honest, not with liar");
	memset(&f->chk.report, 0, sizeof(f->chk.report));
	assert_int_equal(machine_exit(f->machine, 1), 0);
	assert_true(check_contents(&f->chk, f->machine, other));
	assert_int_equal(machine_exit(f->machine, 0), 0);
	expect_contents(f, other, "process A lives with liar, not with honest");
	machine_destroy(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_state_of_an_op_that_refused),
		TEST(test_state_other_mm),
		TEST(test_state_deep_ignores_what_is_invisible),
		TEST(test_state_deep_sees_contents_and_areas),
		TEST(test_no_leak),
		TEST(test_leak),
		TEST(test_leak_of_the_mm),
		TEST(test_leak_of_a_reader),
		TEST(test_content_equal),
		TEST(test_content_value),
		TEST(test_content_lost_page),
		TEST(test_content_stale_page),
		TEST(test_content_areas),
		TEST(test_content_process_on_one_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
