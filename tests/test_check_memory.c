// SPDX-License-Identifier: GPL-2.0-only
/*
 * model/check when the harness itself runs out of memory: it says so, never that
 * all is well, and goes on to the next check as if nothing had been.  The files
 * that allocate are taken in here, with an allocator that fails on demand.
 */
#include "../fuzz/failing_malloc.h"

#define calloc failing_calloc
#define realloc failing_realloc
#include "../model/check/ptr_set.c"
#include "../model/check/report.c"
#include "../model/check/content.c"
#include "../model/check/check.c"
#undef calloc
#undef realloc

#include "check_fixture.h"

#define OOM_TEXT "not checked: the check itself is out of memory"

/* Sets of pointers. */

static const void *nth_pointer(u64 n)
{
	return (const void *)(uintptr_t)(n * 16);
}

static void test_ptr_set(void **state)
{
	struct ptr_set set = { 0 };

	assert_null(ptr_set_find(&set, nth_pointer(1)));
	for (u32 round = 0; round < 3; round++) {
		for (u64 i = 1; i <= 1000; i++)
			ptr_set_add(&set, nth_pointer(i))->count += i;
		for (u64 i = 1; i <= 1000; i++)
			ptr_set_add(&set, nth_pointer(i))->count += i;
		assert_int_equal(set.nr, 1000);
		for (u64 i = 1; i <= 1000; i++) {
			assert_ptr_equal(set.items[i - 1].ptr, nth_pointer(i));
			assert_int_equal(
				ptr_set_find(&set, nth_pointer(i))->count,
				2 * i);
		}
		assert_null(ptr_set_find(&set, nth_pointer(1001)));
		ptr_set_clear(&set);
		assert_null(ptr_set_find(&set, nth_pointer(1)));
	}
	ptr_set_free(&set);
}

/* Once it was big: small rounds do not clear what they never used. */
static void test_ptr_set_gives_memory_back(void **state)
{
	struct ptr_set set = { 0 };

	for (u64 i = 1; i <= 3000; i++)
		assert_non_null(ptr_set_add(&set, nth_pointer(i)));
	ptr_set_clear(&set);
	assert_true(set.cap >= 3000);
	assert_non_null(ptr_set_add(&set, nth_pointer(1)));
	ptr_set_clear(&set);
	assert_int_equal(set.cap, 0);
	assert_non_null(ptr_set_add(&set, nth_pointer(1)));
	ptr_set_free(&set);
}

static void test_ptr_set_out_of_memory(void **state)
{
	struct ptr_set set = { 0 };

	for (u32 n = 1; n <= 2; n++) {
		fail_in = n;
		assert_null(ptr_set_add(&set, nth_pointer(1)));
		assert_int_equal(set.nr, 0);
	}
	for (u64 i = 1; i <= 16; i++)
		assert_non_null(ptr_set_add(&set, nth_pointer(i)));
	for (u32 n = 1; n <= 2; n++) {
		fail_in = n;
		assert_null(ptr_set_add(&set, nth_pointer(17)));
		for (u64 i = 1; i <= 16; i++)
			assert_non_null(ptr_set_find(&set, nth_pointer(i)));
	}
	assert_non_null(ptr_set_add(&set, nth_pointer(17)));
	ptr_set_free(&set);
}

/* Checks. */

/* What a check is done for, each time from nothing; true if all was well. */
typedef bool check_fn(struct fixture *f);

static bool do_check_all(struct fixture *f)
{
	return check_all(&f->chk);
}

static bool do_check_touched(struct fixture *f)
{
	touch_offsets(fixture_mm(f, 0), BASE, BASE + 0x20);
	return check_touched(&f->chk);
}

/* What could be, but is not there, makes a check ask which VMAs live. */
static bool do_check_touched_extra(struct fixture *f)
{
	f->liar->extra = 1;
	return do_check_touched(f);
}

static bool do_check_contents(struct fixture *f)
{
	return check_contents(&f->chk, f->machine, f->machine);
}

/*
 * Lets each allocation of @fn fail in turn, until there are no more; returns how
 * many there were.
 */
static u32 fail_each_of_check(struct fixture *f, check_fn *fn)
{
	for (u32 n = 1; n < 1000; n++) {
		bool ok;

		check_exit(&f->chk);
		fail_in = n;
		ok = fn(f);
		if (fail_in) {
			fail_in = 0;
			assert_true(ok);
			return n - 1;
		}
		assert_false(ok);
		assert_int_equal(f->chk.report.kind, DIVERGENCE_INVARIANT);
		assert_string_equal(f->chk.report.text, OOM_TEXT);
		/* With memory again, all is well again. */
		memset(&f->chk.report, 0, sizeof(f->chk.report));
		assert_true(fn(f));
	}
	fail();
	return 0;
}

static void test_checks_out_of_memory(void **state)
{
	struct fixture *f = *state;

	/* Scratch; items and buckets of each set that is used. */
	assert_int_equal(fail_each_of_check(f, do_check_touched), 1 + 3 * 2);
	assert_int_equal(fail_each_of_check(f, do_check_all), 1 + 4 * 2);
	assert_int_equal(fail_each_of_check(f, do_check_contents), 2);

	/*
	 * Now C maps the place, but not folio 1.  There are more mms than VMAs, so
	 * that they are not looked through, but a table of all VMAs is made.
	 */
	assert_int_equal(machine_fork(f->machine, 0, 2), 0);
	assert_int_equal(do_munmap(fixture_mm(f, 1), BASE + 0x10, 16), 0);
	assert_int_equal(mm_write(fixture_mm(f, 2), BASE + 0x10, 5), 0);
	assert_int_equal(fail_each_of_check(f, do_check_touched_extra),
			 1 + 4 * 2);
}

/* A report that cannot hold all says that it does not. */
static void test_report_out_of_memory(void **state)
{
	struct fixture *f = *state;

	assert_true(check_all(&f->chk));
	f->liar->blind = 1;
	/* The first allocation is the list of what is found. */
	fail_in = 1;
	assert_false(check_all(&f->chk));
	fail_in = 0;
	assert_int_equal(f->chk.report.kind, DIVERGENCE_MISS);
	assert_int_equal(f->chk.report.nr_sets, 3);
	assert_non_null(strstr(f->chk.report.sets[0].found, "..."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ptr_set),
		cmocka_unit_test(test_ptr_set_gives_memory_back),
		cmocka_unit_test(test_ptr_set_out_of_memory),
		TEST(test_checks_out_of_memory),
		TEST(test_report_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
