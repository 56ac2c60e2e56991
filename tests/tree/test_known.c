// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of known findings: what is read, what is refused, and which finding is
 * which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../subject/features.h"
#include "../../tree/known.h"

static struct known_list list;
static char why[KNOWN_WHY_MAX];

static bool read_text(const char *text)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	bool fine;

	memset(&list, 0, sizeof(list));
	why[0] = '\0';
	fine = known_read(&list, in, "list", why);
	fclose(in);
	return fine;
}

static bool names_function(const char *report, const char *function)
{
	return strstr(report, function);
}

static struct known_finding difference(void)
{
	return (struct known_finding){
		.texts = {
			[KNOWN_KIND] = "model",
			[KNOWN_OP] = "mremap A 0x2 1 1 to=0x4 dontunmap",
			[KNOWN_WHAT] = "the VMAs of A",
			[KNOWN_TREE] = "A:0x0-0x4",
			[KNOWN_MODEL] = "A:0x0-0x5",
		},
		.report = "",
		.names = names_function,
	};
}

static void test_shipped(void **state)
{
	(void)state;
	memset(&list, 0, sizeof(list));
	if (!known_load(&list, SOURCE_DIR "/tree/known", why))
		fail_msg("%s", why);
	assert_true(list.nr);
}

static void test_all_conditions(void **state)
{
	struct known_finding finding = difference();

	(void)state;
	assert_true(read_text("known one\nupstream a title\nkind model\n"
			      "feature dontunmap-apart !anon-offset\n"
			      "op munmap *\nop mremap * dontunmap*\n"
			      "what the VMAs of ?\n"));
	assert_int_equal(known_find(&list, &finding), KNOWN_NONE);
	finding.features = FEATURE(DONTUNMAP_APART);
	assert_int_equal(known_find(&list, &finding), 0);
	finding.features |= FEATURE(ANON_OFFSET);
	assert_int_equal(known_find(&list, &finding), KNOWN_NONE);
	finding.features = FEATURE(DONTUNMAP_APART);
	finding.texts[KNOWN_OP] = "mremap A 0x2 1 1 to=0x4";
	assert_int_equal(known_find(&list, &finding), KNOWN_NONE);
	finding.texts[KNOWN_OP] = "munmap A 0x2 1";
	assert_int_equal(known_find(&list, &finding), 0);
	finding.texts[KNOWN_WHAT] = "the VMAs of A, and more";
	assert_int_equal(known_find(&list, &finding), KNOWN_NONE);
}

static void test_vmas(void **state)
{
	struct known_finding finding = difference();

	(void)state;
	assert_true(read_text("known one\nupstream a\nkind model\n"
			      "vmas more\n"));
	assert_int_equal(known_find(&list, &finding), KNOWN_NONE);
	finding.texts[KNOWN_TREE] = "A:0x0-0x4; A:0x4-0x5";
	assert_int_equal(known_find(&list, &finding), 0);
	finding.texts[KNOWN_MODEL] = "A:0x0-0x3; A:0x4-0x5";
	assert_int_equal(known_find(&list, &finding), KNOWN_NONE);
	assert_true(read_text("known one\nupstream a\nkind model\n"
			      "vmas fewer\n"));
	finding.texts[KNOWN_TREE] = "none";
	assert_int_equal(known_find(&list, &finding), 0);
}

/* What only a comparison with the model has, no other finding is by. */
static void test_kinds(void **state)
{
	struct known_finding finding = difference();

	(void)state;
	assert_true(read_text("known one\nupstream a title\nkind model\n"
			      "tree A:*\nknown two\nupstream b\n"
			      "kind WARNING*\nfunction unlink_anon_vmas\n"));
	assert_int_equal(list.nr, 2);
	assert_int_equal(known_find(&list, &finding), 0);
	finding.texts[KNOWN_KIND] = "WARNING: CPU: #";
	finding.texts[KNOWN_TREE] = NULL;
	assert_int_equal(known_find(&list, &finding), KNOWN_NONE);
	finding.report = "at unlink_anon_vmas";
	assert_int_equal(known_find(&list, &finding), 1);
}

static void refused(const char *text, const char *expected)
{
	assert_false(read_text(text));
	assert_string_equal(why, expected);
}

static void test_refused(void **state)
{
	(void)state;
	refused("kind model\n",
		"list:1: 'kind': expected known and a name first");
	refused("known one\n\n# more\nkind\n",
		"list:4: 'kind': expected something behind it");
	refused("known one\nsort model\n",
		"list:2: 'sort': expected known, upstream, feature, vmas, kind, op, "
		"what, tree, model, result or function");
	refused("known one\nfeature new\n",
		"list:2: feature 'new': expected a name that the first line "
		"of a run has, or ! and one");
	refused("known one\nvmas less\n",
		"list:2: vmas 'less': expected any, same, more or fewer");
	refused("known one\nupstream a\nop mremap *\nknown two\n",
		"list:4: 'one' ends without its kind");
	refused("known one\nkind model\n",
		"list:2: 'one' ends without its upstream");
	refused("# none\n",
		"list: no finding in it: expected known and a name");
	refused("\001\377E\n", "list:1: '??E': expected something behind it");
}

/* The second file does not go on with the first one's last entry. */
static void test_two_files(void **state)
{
	static const char text[] = "kind leak\n";
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	(void)state;
	assert_true(read_text("known one\nupstream a\nkind model\n"));
	assert_false(known_read(&list, in, "second", why));
	fclose(in);
	assert_string_equal(why, "second:1: 'kind': expected known and a name "
				 "first");
}

static void test_counts(void **state)
{
	u64 met[KNOWN_MAX] = { 0, 3 };
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_true(read_text("known one\nupstream a title\nkind model\n"
			      "known two\nupstream b title\nkind leak\n"));
	known_print(&list, met, out);
	fclose(out);
	assert_string_equal(text, "known: two: met 3 times (b title)\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_all_conditions),
		cmocka_unit_test(test_vmas),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_two_files),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
