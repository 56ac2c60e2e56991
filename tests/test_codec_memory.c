// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scenario language when memory runs out: each allocation fails once, the
 * answer is -ENOMEM, and nothing is lost.  The files that allocate are taken in
 * here, with an allocator that fails on demand.
 */
#include "../fuzz/failing_malloc.h"

#define calloc failing_calloc
#define realloc failing_realloc
#include "../model/scenario/scenario.c"
#include "../model/scenario/bytes.c"
#include "../model/scenario/gen.c"
#include "../model/scenario/text.c"
#undef calloc
#undef realloc

#include "codec_fixture.h"

/* Enough of operations and names that both arrays grow, and the index too. */
#define GROWS_NR 40

static char *grow_text(size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	assert_non_null(out);
	for (u32 i = 0; i < GROWS_NR; i++)
		fprintf(out, "fork A p%u\n", i);
	fclose(out);
	return text;
}

static int do_parse(struct scenario *sc)
{
	struct scenario_error err;
	size_t len;
	char *text = grow_text(&len);
	int ret = scenario_parse(sc, text, len, &err);

	free(text);
	return ret;
}

static int do_decode(struct scenario *sc)
{
	u8 bytes[GROWS_NR * BYTES_PER_OP] = { 0 };

	for (u32 i = 0; i < GROWS_NR; i++)
		bytes[i * BYTES_PER_OP] = OP_FORK;
	return scenario_decode(sc, bytes, sizeof(bytes));
}

static int do_generate(struct scenario *sc)
{
	return scenario_generate(sc, &(struct scenario_gen){ .ops = 500,
							     .procs = 32,
							     .pages = 64 });
}

static int do_encode(struct scenario *sc)
{
	struct scenario_error err;
	u8 *bytes;
	size_t len;
	int ret = scenario_encode(sc, &bytes, &len, &err);

	if (!ret)
		free(bytes);
	return ret;
}

/* How many allocations @make takes: each fails in turn, then none does. */
static u32 fail_each_of_make(int (*make)(struct scenario *sc))
{
	u32 nr = 0;
	int ret;

	do {
		struct scenario sc;

		assert_int_equal(scenario_init(&sc), 0);
		fail_in = ++nr;
		ret = make(&sc);
		assert_true(!ret || ret == -ENOMEM);
		assert_int_equal(!ret, fail_in != 0);
		fail_in = 0;
		scenario_free(&sc);
	} while (ret);
	return nr - 1;
}

static void test_memory_runs_out(void **state)
{
	/* operations 4 times, names 3 times, the index 4 times */
	assert_int_equal(fail_each_of_make(do_parse), 11);
	assert_int_equal(fail_each_of_make(do_decode), 5);
	assert_true(fail_each_of_make(do_generate) > 8);
	assert_int_equal(fail_each_of_make(do_encode), 1);
	assert_int_equal(fail_each_of_make(scenario_strip), 1);
}

static void test_init_without_memory(void **state)
{
	struct scenario sc;

	fail_in = 1;
	assert_int_equal(scenario_init(&sc), -ENOMEM);
	scenario_free(&sc);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_runs_out),
		cmocka_unit_test(test_init_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
