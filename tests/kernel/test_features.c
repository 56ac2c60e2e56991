// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said of a kernel by its features; which it has is made up here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../subject/features.h"

#define AS_OF_6_18                                          \
	(FEATURE(MERGE_UNFAULTED) | FEATURE(CHECKS_FIRST) | \
	 FEATURE(MOVE_SEVERAL))

/* The text for a kernel, to be freed. */
static char *features_text(const char *release, u32 present, u32 assumed,
			   bool other)
{
	struct kernel_features features = {
		.present = present,
		.assumed = assumed,
	};
	enum kernel_release as_of = kernel_features_order(&features);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (other)
		as_of = as_of == KERNEL_7_0 ? KERNEL_6_18 : KERNEL_7_0;
	strcpy(features.release, release);
	kernel_features_print(&features, as_of, other, out);
	fclose(out);
	return text;
}

static u32 nr_lines(const char *text)
{
	u32 nr = 0;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

static void test_compared(void **state)
{
	char *text = features_text("6.18.44-1-amd64", AS_OF_6_18, 0, false);

	assert_string_equal(text,
			    "Linux 6.18.44-1-amd64: has merge-unfaulted "
			    "checks-first move-several; has not order-7.0 "
			    "dontunmap-offset dontunmap-apart anon-offset; all "
			    "detected; model as of 6.18; compared before, "
			    "without a disagreement\n");
	free(text);
}

static void test_compared_disagrees(void **state)
{
	char *text = features_text("7.2.13",
				   AS_OF_6_18 | FEATURE(ORDER_7_0) |
					   FEATURE(DONTUNMAP_OFFSET) |
					   FEATURE(DONTUNMAP_APART),
				   0, false);

	assert_non_null(
		strstr(text, "; compared before, with disagreements\n"));
	free(text);
}

/* The version was compared, but without what was brought back to it. */
static void test_backport(void **state)
{
	char *text = features_text(
		"6.18.44", AS_OF_6_18 | FEATURE(DONTUNMAP_APART), 0, false);

	assert_non_null(strstr(text, "; model as of 6.18; this combination "
				     "was never compared before\n"));
	free(text);
	text = features_text("6.18.44", AS_OF_6_18 | FEATURE(ORDER_7_0), 0,
			     false);
	assert_non_null(strstr(text, "; compared before: 7.0.4, 7.0.13, "
				     "7.1.13\n"));
	free(text);
}

/* The version has the same first digits as one that was compared. */
static void test_combination_compared(void **state)
{
	char *text = features_text("7.0.130", AS_OF_6_18 | FEATURE(ORDER_7_0),
				   0, false);

	assert_non_null(strstr(text, "model as of 7.0; compared before: "
				     "7.0.4, 7.0.13, 7.1.13\n"));
	assert_int_equal(nr_lines(text), 1);
	free(text);
}

static void test_never_compared(void **state)
{
	char *text = features_text("9.1.0", FEATURE(ANON_OFFSET),
				   FEATURE(ORDER_7_0), false);

	assert_non_null(strstr(text, "; assumed by its number, not detected: "
				     "order-7.0;"));
	assert_non_null(strstr(text, "; this combination was never compared "
				     "before\n"));
	assert_null(strstr(text, "all detected"));
	free(text);
}

/* One line for what the model has not, and for what only the model has. */
static void test_warnings(void **state)
{
	char *text = features_text(
		"7.2.13",
		FEATURE(MERGE_UNFAULTED) | FEATURE(ORDER_7_0) |
			FEATURE(MOVE_SEVERAL) | FEATURE(DONTUNMAP_OFFSET),
		0, false);

	assert_non_null(strstr(text, "; this combination was never compared "
				     "before\n"));
	assert_non_null(strstr(text, "\nwarning: the model has checks-first "
				     "("));
	assert_non_null(strstr(text, "\nwarning: the model has not "
				     "dontunmap-offset (\"reset unfaulted VMA "
				     "page offset for MREMAP_DONTUNMAP\"): "
				     "expect disagreements in "));
	assert_int_equal(nr_lines(text), 3);
	free(text);
}

static void test_all(void **state)
{
	char *text = features_text("9.1.0", ALL_FEATURES, 0, false);

	assert_non_null(strstr(text, " anon-offset; all detected;"));
	free(text);
}

/* The order that was asked for is not this kernel's. */
static void test_other_order(void **state)
{
	char *text = features_text("6.18.44", AS_OF_6_18, 0, true);

	assert_non_null(strstr(text, "; model as of 7.0, as asked\n"));
	assert_non_null(strstr(text, "\nwarning: the model has order-7.0 ("));
	assert_int_equal(nr_lines(text), 2);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compared),
		cmocka_unit_test(test_compared_disagrees),
		cmocka_unit_test(test_backport),
		cmocka_unit_test(test_combination_compared),
		cmocka_unit_test(test_never_compared),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_other_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
