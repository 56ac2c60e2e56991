// SPDX-License-Identifier: GPL-2.0-only
/*
 * model/state/fingerprint.c: what differs in names only has one fingerprint;
 * what differs in anything else has another.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"
#include "../model/state/fingerprint.h"

struct taking {
	struct fingerprinter *fper;
	struct fingerprint fp; /* after the last op */
	struct fingerprint *all; /* after each, or NULL */
	u64 span;
};

static void take_fingerprint(void *arg, u32 op_nr, int result,
			     struct machine *machine)
{
	struct taking *taking = arg;
	u64 lowest, highest;

	assert_int_equal(
		machine_fingerprint(taking->fper, machine, &taking->fp), 0);
	taking->span = 0;
	if (machine_used_pages(machine, &lowest, &highest))
		taking->span = highest - lowest;
	if (taking->all)
		taking->all[op_nr - 1] = taking->fp;
}

static void replay_taking(const struct scenario *sc, struct taking *taking)
{
	const struct replay_config config = {
		.machine = {
			.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
			.nr_rmaps = 2,
		},
		.check = REPLAY_CHECK_NONE,
		.after_op = take_fingerprint,
		.arg = taking,
	};
	struct replay_result result;

	assert_int_equal(replay(sc, &config, &result), 0);
	assert_false(result.unexpected);
}

static struct taking taken_counting(u32 counts, const char *text)
{
	struct taking taking = { .fper = fingerprinter_create(counts) };
	struct scenario_error err;
	struct scenario sc;

	assert_non_null(taking.fper);
	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_parse(&sc, text, strlen(text), &err), 0);
	replay_taking(&sc, &taking);
	scenario_free(&sc);
	fingerprinter_destroy(taking.fper);
	return taking;
}

static struct taking taken(const char *text)
{
	return taken_counting(0, text);
}

static bool same_counting(u32 counts, const char *a, const char *b)
{
	const struct taking x = taken_counting(counts, a);
	const struct taking y = taken_counting(counts, b);

	return x.fp.lo == y.fp.lo && x.fp.hi == y.fp.hi;
}

static bool same_state(const char *a, const char *b)
{
	return same_counting(0, a, b);
}

#define START "mmap A 0 4 rw = 0\nwrite A 0 2 = 0\n"

static void test_names_do_not_count(void **state)
{
	/* Processes. */
	assert_true(same_state(START "fork A B\nfork A C\nmunmap B 0 4",
			       START "fork A C\nfork A B\nmunmap C 0 4"));
	assert_true(same_state(START "fork A B\nfork A C\nmunmap B 0 4",
			       START "fork A B\nfork A C\nmunmap C 0 4"));
	assert_true(same_state(START "fork A B\nfork B C\nfork C D\nexit B",
			       START "fork A X\nfork X Y\nfork Y Z\nexit X"));
	/* Many that look alike. */
	assert_true(same_state(START "fork A B\nfork A C\nfork A D\nwrite C 0",
			       START
			       "fork A B\nfork A C\nfork A D\nwrite D 0"));
	/* What was there in between. */
	assert_true(same_state(START,
			       START "mmap A 8 2 rw\nwrite A 8\nmunmap A 8 2"));
	assert_true(same_state(START, START "fork A B\nexit B\nwrite A 0 2"));
	/* What stands in the pages. */
	assert_true(same_state(START, START "write A 0"));
}

static void test_window_does_not_count(void **state)
{
	assert_true(
		same_state("mmap A 0 4 rw\nwrite A 1\nmremap A 1 1 1 to=9\n",
			   "mmap A 7 4 rw\nwrite A 8\nmremap A 8 1 1 to=16\n"));
	/* A private file's offsets stay where they are. */
	assert_true(
		same_state("mmap A 0 4 rw file=1@2\nwrite A 1\nfork A B\n",
			   "mmap A 7 4 rw file=1@2\nwrite A 8\nfork A B\n"));
	assert_false(
		same_state("mmap A 0 4 rw file=1@2\nwrite A 1\nfork A B\n",
			   "mmap A 0 4 rw file=1@3\nwrite A 1\nfork A B\n"));
	assert_int_equal(taken("mmap A 3 4 rw\nmmap A 9 1 r\n").span, 7);
	assert_int_equal(taken("mmap A 3 1 rw\nwrite A 3\n"
			       "mremap A 3 1 1 to=20\n")
				 .span,
			 18);
	assert_int_equal(taken("mmap A 3 4 rw\nmunmap A 3 4\n").span, 0);
}

static void test_all_else_counts(void **state)
{
	static const char *const others[] = {
		"mprotect A 0 1 r",
		"mprotect A 0 4 r",
		"madvise A 0 4 dontfork",
		"munmap A 3 1",
		"mmap A 5 1 rw",
		"mmap A 5 1 rw file=0@0",
		"write A 2",
		"read A 2",
		"madvise A 0 1 dontneed",
		"madvise A 0 2 dontneed",
		"mremap A 0 4 4 to=8",
		"mremap A 0 1 1 to=8",
		"mremap A 0 4 4 to=8 dontunmap",
		"mremap A 0 4 6",
		"fork A B",
		"vfork A B",
		"fork A B\nwrite A 0",
		"fork A B\nwrite B 0",
		"fork A B\nwrite A 0 2\nwrite B 0 2",
		"fork A B\nexit A",
		"fork A B\nexit B",
		"fork A B\nfork B C",
		"fork A B\nfork A C",
		"fork A B\nfork B C\nexit B",
		"fork A B\nfork A C\nexit A",
		"fork A B\nmremap B 0 1 1 to=8",
		"fork A B\nmremap A 0 1 1 to=8",
		"exec A",
		"fork A B\nexec B",
		"failalloc 5",
		"failalloc 6",
	};
	char a[256], b[256];

	for (u32 i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(a, sizeof(a), START "%s", others[i]);
		assert_false(same_state(START, a));
		for (u32 k = 0; k < i; k++) {
			snprintf(b, sizeof(b), START "%s", others[k]);
			if (same_state(a, b))
				fail_msg("'%s' is '%s'", others[i], others[k]);
		}
	}
}

/*
 * A page table that was made in vain stays, and the next write there needs none:
 * in whose address space it lies decides what the next failing allocation is.
 */
static void test_empty_table_counts(void **state)
{
#define TABLE_START "mmap A 0 1 rw\nfork A B\nmprotect B 0 1 r\n"
	assert_true(same_state("mmap A 0 1 rw",
			       "mmap A 0 1 rw\nfailalloc 1\nwrite A "
			       "0 = ENOMEM"));
	assert_false(same_state("mmap A 0 1 rw",
				"mmap A 0 1 rw\nfailalloc 2\nwrite A "
				"0 = ENOMEM"));
	assert_false(same_state(TABLE_START
				"failalloc 2\nread A 0\nwrite A 0 = ENOMEM\n"
				"madvise A 0 1 dontneed",
				TABLE_START "failalloc 2\nwrite A 0 = ENOMEM"));
	assert_false(same_state(
		"mmap A 0 1 rw\nfork A B\nmprotect B 0 1 r\n"
		"failalloc 2\nwrite A 0 = ENOMEM",
		"mmap A 0 1 rw\nfork A B\n"
		"failalloc 2\nwrite B 0 = ENOMEM\nmprotect B 0 1 r"));
#undef TABLE_START
}

/* Where a page table ends counts when asked for, and the window with it. */
static void test_places(void **state)
{
	assert_true(same_state("mmap A 0 2 rw\n", "mmap A 63 2 rw\n"));
	assert_true(same_counting(FINGERPRINT_PLACES, "mmap A 63 2 rw\n",
				  "mmap A 63 2 r\nmprotect A 63 2 rw\n"));
	assert_false(same_counting(FINGERPRINT_PLACES, "mmap A 0 2 rw\n",
				   "mmap A 63 2 rw\n"));
	/* Two tables of one page each, or one of two. */
	assert_false(same_state("mmap A 0 2 rw\nread A 0 2\n",
				"mmap A 63 2 rw\nread A 63 2\n"));
}

/* Who was born first counts when asked for. */
static void test_orders(void **state)
{
	static const char elder[] = START "fork A B\nfork A C\nmunmap B 0 4";
	static const char younger[] = START "fork A B\nfork A C\nmunmap C 0 4";

	assert_true(same_state(elder, younger));
	assert_false(same_counting(FINGERPRINT_ORDERS, elder, younger));
	assert_true(same_counting(FINGERPRINT_ORDERS, elder,
				  START "fork A X\nfork A Y\nmunmap X 0 4"));
}

/* Same operations, other names and another window: the same at each step. */
static void test_random_renamed(void **state)
{
	enum { OPS = 60 };
	struct fingerprint all[2][OPS];
	struct taking taking = { .fper = fingerprinter_create(0) };

	assert_non_null(taking.fper);
	for (u32 seed = 1; seed <= 40; seed++) {
		const struct scenario_gen gen = {
			.seed = seed,
			.ops = OPS,
			.procs = 5,
			.pages = 24,
			.failalloc = seed % 2,
		};
		struct scenario sc;

		for (u32 i = 0; i < 2; i++) {
			assert_int_equal(scenario_init(&sc), 0);
			assert_int_equal(scenario_generate(&sc, &gen), 0);
			sc.base += i * 1000;
			taking.all = all[i];
			replay_taking(&sc, &taking);
			scenario_free(&sc);
		}
		assert_memory_equal(all[0], all[1], sizeof(all[0]));
	}
	fingerprinter_destroy(taking.fper);
}

static void test_too_big(void **state)
{
	struct fingerprinter *fper = fingerprinter_create(0);
	const struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops },
		.nr_rmaps = 1,
	};
	struct machine *machine = machine_create(&config);
	struct fingerprint fp;

	assert_non_null(fper);
	assert_non_null(machine);
	for (u32 i = 0; i < 4000; i++)
		assert_int_equal(do_mmap(machine_mm(machine, 0), 2 * i, 1,
					 VM_READ, NO_FILE, 0),
				 0);
	assert_int_equal(machine_fingerprint(fper, machine, &fp), -E2BIG);
	machine_destroy(machine);
	fingerprinter_destroy(fper);
	fingerprinter_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_do_not_count),
		cmocka_unit_test(test_window_does_not_count),
		cmocka_unit_test(test_all_else_counts),
		cmocka_unit_test(test_empty_table_counts),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_random_renamed),
		cmocka_unit_test(test_too_big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
