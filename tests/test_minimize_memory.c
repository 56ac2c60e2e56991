// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minimizing when memory runs out: each allocation fails once, the answer is
 * -ENOMEM, nothing is lost, and the best so far still shows it.  The files that
 * allocate are taken in here, with an allocator that fails on demand.
 */
#include "../fuzz/failing_malloc.h"

static unsigned long nr_allocations; /* of the last time */

#define calloc failing_calloc
#define realloc failing_realloc
#define malloc failing_malloc
#include "../model/scenario/scenario.c"
#include "../model/scenario/minimize.c"
#include "../model/scenario/minimize_far.c"
#include "../model/scenario/minimize_pages.c"
#undef calloc
#undef realloc
#undef malloc

#include "codec_fixture.h"

static bool writes_high(const struct scenario *sc)
{
	bool forked = false;

	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];

		forked |= op->kind == OP_FORK;
		if (forked && op->kind == OP_WRITE && op->page >= 3)
			return true;
	}
	return false;
}

static int ask_counted(void *arg, const struct scenario *sc, u32 *needed)
{
	return writes_high(sc);
}

/* The @nth allocation fails; 0: none. */
static int minimize_with(unsigned long nth, struct minimize_stats *stats)
{
	const struct minimize_config config = {
		.shows = ask_counted,
		.far_tries_max = 300,
	};
	struct scenario_gen gen = {
		.seed = 7, .ops = 60, .procs = 4, .pages = 16
	};
	struct scenario sc;
	int err;

	fail_in = 0;
	for (;; gen.seed++) {
		assert_int_equal(scenario_init(&sc), 0);
		assert_int_equal(scenario_generate(&sc, &gen), 0);
		if (writes_high(&sc))
			break;
		scenario_free(&sc);
	}
	malloc_calls = 0;
	fail_in = nth;
	err = scenario_minimize(&sc, &config, stats);
	fail_in = 0;
	nr_allocations = malloc_calls;
	assert_true(writes_high(&sc));
	assert_text_round_trip(&sc);
	scenario_free(&sc);
	return err;
}

static void test_each_allocation_fails(void **state)
{
	struct minimize_stats stats;
	unsigned long nr;

	assert_int_equal(minimize_with(0, &stats), 0);
	assert_true(stats.fixpoint);
	nr = nr_allocations;
	assert_true(nr > 100);
	for (unsigned long nth = 1; nth <= nr; nth++) {
		if (minimize_with(nth, &stats) != -ENOMEM)
			fail_msg("allocation %lu of %lu: not told", nth, nr);
		assert_false(stats.fixpoint);
	}
	assert_int_equal(minimize_with(nr + 1, &stats), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
