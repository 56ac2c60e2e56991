// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which scenarios can be done where user space ends at 47 bits, and where it ends
 * at 56.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../kernel/compare.h"

struct answer {
	bool suitable;
	struct kernel_window window;
	char why[KERNEL_WHY_MAX];
};

/* 0x10000000 pages behind the base is the first page above 47 bits. */
static struct answer ask_suitable(const char *text, u64 task_pages)
{
	struct answer answer = { .why = "" };
	struct scenario_error err;
	struct scenario sc;

	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_parse(&sc, text, strlen(text), &err), 0);
	answer.suitable =
		kernel_suitable(&sc, task_pages, &answer.window, answer.why);
	scenario_free(&sc);
	return answer;
}

static void test_refused_with_four_levels(void **state)
{
	struct answer answer =
		ask_suitable("mmap A 0 1 rw\n"
			     "mremap A 0 1 1 to=0x10000000 = EINVAL\n",
			     TASK_PAGES);

	assert_true(answer.suitable);
	assert_int_equal(answer.window.last, 0x7f0000000);
}

static void test_asserted_with_four_levels(void **state)
{
	struct answer answer =
		ask_suitable("mmap A 0 1 rw\n"
			     "mremap A 0 1 1 to=0x10000000 = EINVAL\n",
			     TASK_PAGES_LA57);

	assert_false(answer.suitable);
	assert_non_null(strstr(answer.why, "line 2: the result that it "
					   "asserts is that of four levels"));
}

/* Without a VMA it is ENOMEM with either. */
static void test_mprotect(void **state)
{
	struct answer answer =
		ask_suitable("mmap A 0 1 rw\n"
			     "mprotect A 0x10000000 1 r = ENOMEM\n",
			     TASK_PAGES_LA57);

	assert_true(answer.suitable);
}

static void test_not_asserted(void **state)
{
	struct answer answer = ask_suitable("mmap A 0 1 rw\n"
					    "mremap A 0 1 1 to=0x10000000\n",
					    TASK_PAGES_LA57);

	assert_true(answer.suitable);
	assert_int_equal(answer.window.last, 0x800000000);
}

/* With four levels it is refused, with five it would unmap the stack. */
static void test_over_the_stack(void **state)
{
	const char *text = "munmap A 0 0x10000010\n";
	struct answer answer = ask_suitable(text, TASK_PAGES);

	assert_true(answer.suitable);
	answer = ask_suitable(text, TASK_PAGES_LA57);
	assert_false(answer.suitable);
	assert_non_null(strstr(answer.why, "where the process itself lives"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_with_four_levels),
		cmocka_unit_test(test_asserted_with_four_levels),
		cmocka_unit_test(test_mprotect),
		cmocka_unit_test(test_not_asserted),
		cmocka_unit_test(test_over_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
