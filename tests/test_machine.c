// SPDX-License-Identifier: GPL-2.0-only
/*
 * model/machine.c: processes come, go and fail to come.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "fake_rmap.h"

static const struct rmap_ops fake_ops = FAKE_RMAP_OPS("fake");

static struct machine *machine_of_both(void)
{
	struct machine_config config = {
		.rmaps = { &fake_ops },
		.nr_rmaps = 1,
		.max_map_count = 2,
	};
	struct machine *machine = machine_create(&config);

	assert_non_null(machine);
	return machine;
}

static void map_page(struct mm_struct *mm, u64 addr, int expected)
{
	assert_int_equal(do_mmap(mm, addr, 1, VM_READ | VM_WRITE, NO_FILE, 0),
			 expected);
}

static void test_starts_with_process_0(void **state)
{
	struct machine *machine = machine_of_both();

	assert_non_null(machine_mm(machine, 0));
	assert_null(machine_mm(machine, 1));
	assert_null(machine_mm(machine, UINT32_MAX));
	assert_int_equal(machine_proc_of(machine, machine_mm(machine, 0)), 0);
	assert_ptr_equal(machine_rmap(machine, "fake"),
			 &machine->world.rmaps[0]);
	assert_null(machine_rmap(machine, "other"));
	map_page(machine_mm(machine, 0), 0x10, 0);
	map_page(machine_mm(machine, 0), 0x20, 0);
	map_page(machine_mm(machine, 0), 0x30, 0);
	map_page(machine_mm(machine, 0), 0x40, -ENOMEM);
	machine_destroy(machine);
	machine_destroy(NULL);
}

static void test_fork(void **state)
{
	struct machine *machine = machine_of_both();
	u64 value = 0;

	map_page(machine_mm(machine, 0), 0x10, 0);
	assert_int_equal(mm_write(machine_mm(machine, 0), 0x10, 7), 0);
	assert_int_equal(machine_fork(machine, 0, 100), 0);
	assert_ptr_not_equal(machine_mm(machine, 100), machine_mm(machine, 0));
	assert_true(mm_peek(machine_mm(machine, 100), 0x10, &value));
	assert_int_equal(value, 7);
	assert_int_equal(machine_proc_of(machine, machine_mm(machine, 100)),
			 100);

	assert_int_equal(machine_fork(machine, 0, 100), -EEXIST);
	assert_int_equal(machine_fork(machine, 5, 6), -ESRCH);
	assert_int_equal(machine_vfork(machine, 5, 6), -ESRCH);
	assert_int_equal(machine_fork(machine, 0, UINT32_MAX), -ENOMEM);
	assert_null(machine_mm(machine, 6));

	ledger_fail_nth(&machine->ledger, 1);
	assert_int_equal(machine_fork(machine, 0, 1), -ENOMEM);
	assert_null(machine_mm(machine, 1));
	machine_destroy(machine);
}

static void test_vfork_shares_until_the_last_is_gone(void **state)
{
	struct machine *machine = machine_of_both();
	struct mm_struct *mm = machine_mm(machine, 0);

	assert_int_equal(machine_vfork(machine, 0, 1), 0);
	assert_ptr_equal(machine_mm(machine, 1), mm);
	assert_int_equal(mm->users, 2);
	assert_int_equal(machine_exit(machine, 0), 0);
	assert_int_equal(machine_proc_of(machine, mm), 1);
	assert_int_equal(mm->users, 1);
	assert_int_equal(machine_exit(machine, 0), -ESRCH);
	assert_int_equal(machine_exit(machine, 1), 0);
	assert_int_equal(machine->ledger.nr_live, 0);
	assert_int_equal(machine_proc_of(machine, mm), -1);
	machine_destroy(machine);
}

static void test_exec(void **state)
{
	struct machine *machine = machine_of_both();
	struct mm_struct *old = machine_mm(machine, 0);
	u64 family = old->family;

	map_page(old, 0x10, 0);
	/* The mm, then what the reverse map has of it. */
	for (u64 n = 1; n <= 2; n++) {
		ledger_fail_nth(&machine->ledger, n);
		assert_int_equal(machine_exec(machine, 0), -ENOMEM);
		assert_ptr_equal(machine_mm(machine, 0), old);
		assert_int_equal(old->map_count, 1);
	}
	assert_int_equal(machine_exec(machine, 0), 0);
	assert_int_equal(machine_mm(machine, 0)->map_count, 0);
	assert_int_not_equal(machine_mm(machine, 0)->family, family);
	assert_int_equal(machine_exec(machine, 7), -ESRCH);
	assert_int_equal(machine_exit(machine, 0), 0);
	assert_int_equal(machine->ledger.nr_live, 0);
	machine_destroy(machine);
}

static int no_memory(struct rmap *rmap)
{
	return -ENOMEM;
}

static int no_memory_for_mm(struct rmap *rmap, struct mm_struct *mm,
			    struct mm_struct *oldmm)
{
	return -ENOMEM;
}

/* Nothing is left behind: LeakSanitizer would tell. */
static void test_create_fails(void **state)
{
	struct rmap_ops no_init = fake_ops, no_mm = fake_ops;
	struct machine_config config = { .nr_rmaps = 2 };

	no_init.init = no_memory;
	no_mm.mm_init = no_memory_for_mm;
	config.rmaps[0] = &fake_ops;
	config.rmaps[1] = &no_init;
	assert_null(machine_create(&config));
	config.rmaps[1] = &no_mm;
	assert_null(machine_create(&config));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_with_process_0),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_vfork_shares_until_the_last_is_gone),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_create_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
