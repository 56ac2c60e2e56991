// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof of concept's remaps: what each operation leaves, as published and
 * with the fault repaired.
 */
#include "remaps_fixture.h"
#include "../model/rmap/cow_poc_remaps.h"

struct fixture {
	struct ledger ledger;
	struct rcu rcu;
	struct bugs bugs;
	struct divergence broken;
	struct poc_cache cache;
	struct poc_remaps remaps;
};

/* Everything repaired but what the test takes away. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	ledger_init(&f->ledger, NULL);
	rcu_init(&f->rcu, &f->ledger);
	fix_switch(&f->bugs, "all");
	f->cache = (struct poc_cache){
		.ledger = &f->ledger,
		.rcu = &f->rcu,
		.bugs = &f->bugs,
		.broken = &f->broken,
		.kind_range = ledger_kind(&f->ledger, "poc_range", 1),
		.kind_array = ledger_kind(&f->ledger, "poc_array", 1),
	};
	poc_remaps_init(&f->remaps, &f->cache);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ledger_destroy(&f->ledger);
	free(f);
	return 0;
}

static void unfix(struct fixture *f, enum fix fix)
{
	f->bugs.fixed[fix] = false;
}

/* "0-3:+16,+32 4-4:-8": an array in brackets if it has one member only. */
static void assert_set(struct fixture *f, const char *expected)
{
	struct poc_range *range = poc_remaps_first(&f->remaps);
	char found[512] = "";
	size_t n = 0;

	assert_null(poc_remaps_verify(&f->remaps));
	for (; range; range = poc_remaps_next(range)) {
		n += snprintf(found + n, sizeof(found) - n,
			      "%s%llu-%llu:", n ? " " : "",
			      (unsigned long long)range->first,
			      (unsigned long long)range->last);
		for (u32 i = 0; i < poc_entry_nr(&range->entry); i++) {
			s64 value = poc_entry_get(&range->entry, i);

			n += snprintf(found + n, sizeof(found) - n,
				      value == POC_UNWRITTEN ? "%s?" :
							       "%s%+lld",
				      i ? "," : "", (long long)value);
		}
		if (range->entry.many && range->entry.many->nr == 1)
			n += snprintf(found + n, sizeof(found) - n, "[]");
	}
	assert_string_equal(found, expected);
}

static void add_displaced(struct fixture *f, pgoff_t first, pgoff_t last, s64 d)
{
	assert_int_equal(poc_remaps_add(&f->remaps, first, last, d), 0);
}

static void remove_displaced(struct fixture *f, pgoff_t first, pgoff_t last,
			     s64 d)
{
	assert_int_equal(poc_remaps_unmap(&f->remaps, first, last, d), 0);
}

static void move_displaced(struct fixture *f, pgoff_t first, pgoff_t last,
			   s64 from, s64 to, bool expected)
{
	bool found;

	assert_int_equal(
		poc_remaps_move(&f->remaps, first, last, from, to, &found), 0);
	assert_int_equal(found, expected);
}

static void assert_empty(struct fixture *f)
{
	synchronize_rcu(&f->rcu);
	assert_int_equal(f->ledger.nr_live, 0);
	assert_string_equal(f->broken.text, "");
}

static void test_add(void **state)
{
	struct fixture *f = *state;

	add_displaced(f, 10, 19, 5);
	assert_set(f, "10-19:+5");
	add_displaced(f, 5, 9, 5);
	assert_set(f, "5-9:+5 10-19:+5");
	add_displaced(f, 8, 25, 7);
	assert_set(f, "5-7:+5 8-9:+5,+7 10-19:+5,+7 20-25:+7");
	add_displaced(f, 12, 13, -2);
	assert_set(f, "5-7:+5 8-9:+5,+7 10-11:+5,+7 12-13:+5,+7,-2 "
		      "14-19:+5,+7 20-25:+7");
	add_displaced(f, 12, 13, 6);
	add_displaced(f, 12, 13, 6);
	assert_set(f, "5-7:+5 8-9:+5,+7 10-11:+5,+7 12-13:+5,+6,+7,-2 "
		      "14-19:+5,+7 20-25:+7");
	assert_true(poc_remaps_hold(&f->remaps, 12, 6));
	assert_false(poc_remaps_hold(&f->remaps, 14, 6));
	assert_false(poc_remaps_hold(&f->remaps, 26, 7));
	poc_remaps_delete(&f->remaps);
	assert_empty(f);
}

static void test_unmap(void **state)
{
	struct fixture *f = *state;

	add_displaced(f, 0, 9, 1);
	add_displaced(f, 0, 9, 2);
	add_displaced(f, 0, 9, 3);
	remove_displaced(f, 0, 9, 4);
	assert_set(f, "0-9:+1,+2,+3");
	remove_displaced(f, 0, 9, 2);
	assert_set(f, "0-9:+1,+3");
	remove_displaced(f, 0, 9, 1);
	assert_set(f, "0-9:+3");
	remove_displaced(f, 2, 3, 3);
	assert_set(f, "0-1:+3 4-9:+3");
	remove_displaced(f, 0, 20, 3);
	assert_set(f, "");
	assert_empty(f);
}

static void test_move(void **state)
{
	struct fixture *f = *state;

	add_displaced(f, 0, 9, 1);
	add_displaced(f, 5, 9, 2);
	move_displaced(f, 3, 6, 1, 3, true);
	assert_set(f, "0-2:+1 3-4:+3 5-6:+2,+3 7-9:+1,+2");
	move_displaced(f, 0, 9, 7, 8, false);
	/* To what is there already. */
	move_displaced(f, 5, 6, 3, 2, true);
	assert_set(f, "0-2:+1 3-4:+3 5-6:+2 7-9:+1,+2");
	poc_remaps_free_all(&f->remaps);
	assert_empty(f);
}

/* The faults, each beside what it should be. */

static void test_insert_overwrites(void **state)
{
	struct fixture *f = *state;

	unfix(f, FIX_INSERT_OVERWRITES);
	add_displaced(f, 0, 0, 30);
	add_displaced(f, 0, 0, 20);
	assert_set(f, "0-0:+20,?");
	add_displaced(f, 1, 1, 20);
	add_displaced(f, 1, 1, 30);
	add_displaced(f, 1, 1, 10);
	assert_set(f, "0-0:+20,? 1-1:+10,+30,+30");
	add_displaced(f, 2, 2, 20);
	add_displaced(f, 2, 2, 30);
	add_displaced(f, 2, 2, 28);
	assert_set(f, "0-0:+20,? 1-1:+10,+30,+30 2-2:+20,+28,?");
	/* At the end all is well. */
	add_displaced(f, 3, 3, 20);
	add_displaced(f, 3, 3, 30);
	add_displaced(f, 3, 3, -1);
	assert_set(f, "0-0:+20,? 1-1:+10,+30,+30 2-2:+20,+28,? "
		      "3-3:+20,+30,-1");
}

/* What overwriting has left twice moves twice; find_and_remap_existing(). */
static void test_move_of_equal_members(void **state)
{
	struct fixture *f = *state;

	unfix(f, FIX_INSERT_OVERWRITES);
	unfix(f, FIX_UNSORTED_REWRITE);
	add_displaced(f, 0, 0, 20);
	add_displaced(f, 0, 0, 30);
	add_displaced(f, 0, 0, 10);
	assert_set(f, "0-0:+10,+30,+30");
	move_displaced(f, 0, 0, 30, 30, true);
	assert_set(f, "0-0:+10,+30,+30");
	move_displaced(f, 0, 0, 30, 5, true);
	assert_set(f, "0-0:+10,+5,+5");
	f->bugs.fixed[FIX_UNSORTED_REWRITE] = true;
	move_displaced(f, 0, 0, 5, 40, true);
	assert_set(f, "0-0:+10,+40");
}

/* The tree keeps 62 bits of a value; get_simple_remap(). */
static void test_single_loses_top_bits(void **state)
{
	struct fixture *f = *state;
	struct poc_range *range;

	unfix(f, FIX_INSERT_OVERWRITES);
	add_displaced(f, 0, 0, 30);
	add_displaced(f, 0, 0, 20);
	assert_set(f, "0-0:+20,?");
	remove_displaced(f, 0, 0, 20);
	range = poc_remaps_at(&f->remaps, 0);
	assert_int_equal(poc_entry_nr(&range->entry), 1);
	assert_int_equal(poc_entry_get(&range->entry, 0), 0x1a5a5a5a5a5a5a5a);
	/* What a page can be displaced by is kept, and its sign. */
	add_displaced(f, 1, 1, -(1LL << 52));
	assert_set(f, "0-0:+1898929536999512666 1-1:-4503599627370496");
}

static void test_whole_entry(void **state)
{
	struct fixture *f = *state;

	unfix(f, FIX_WHOLE_ENTRY_MOVE);
	add_displaced(f, 0, 9, 1);
	move_displaced(f, 3, 6, 1, 3, true);
	assert_set(f, "0-9:+3");
	remove_displaced(f, 3, 3, 3);
	assert_set(f, "0-2:+3 4-9:+3");
	unfix(f, FIX_WHOLE_ENTRY_UNMAP);
	remove_displaced(f, 9, 9, 3);
	assert_set(f, "0-2:+3");
}

static void test_unsorted_rewrite(void **state)
{
	struct fixture *f = *state;

	unfix(f, FIX_UNSORTED_REWRITE);
	add_displaced(f, 0, 0, 1);
	add_displaced(f, 0, 0, 2);
	move_displaced(f, 0, 0, 1, 3, true);
	assert_set(f, "0-0:+3,+2");
	/* Now one that is there is not seen. */
	add_displaced(f, 0, 0, 3);
	assert_set(f, "0-0:+3,+2");
	unfix(f, FIX_NEEDLESS_ARRAY);
	add_displaced(f, 0, 0, 3);
	assert_set(f, "0-0:+3,+2,+3");
	move_displaced(f, 0, 0, 2, 3, true);
	assert_set(f, "0-0:+3,+3,+3");
}

static void assert_collected(struct fixture *f, pgoff_t offset,
			     const s64 *expected, u32 nr_expected)
{
	struct poc_collected all;

	assert_true(poc_collect(&f->remaps, offset, &all));
	assert_int_equal(all.nr, nr_expected);
	for (u32 i = 0; i < all.nr; i++)
		assert_int_equal(all.values[i], expected[i]);
	poc_collect_free(&f->remaps, &all);
}

static void test_collect(void **state)
{
	struct fixture *f = *state;
	s64 all[40];

	assert_collected(f, 7, NULL, 0);
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		all[i] = i + 1;
		add_displaced(f, 0, 0, all[i]);
		assert_collected(f, 0, all, i + 1);
	}
	unfix(f, FIX_UNSORTED_REWRITE);
	add_displaced(f, 1, 1, 1);
	add_displaced(f, 1, 1, 2);
	move_displaced(f, 1, 1, 1, 3, true);
	assert_collected(f, 1, (s64[]){ 2, 3 }, 2);
	/* The stack was zeroed: displacement 0 is looked at once more. */
	unfix(f, FIX_WALK_INSERT_OVERWRITES);
	assert_collected(f, 1, (s64[]){ 2, 0 }, 2);
}

static void test_needless_array(void **state)
{
	struct fixture *f = *state;

	add_displaced(f, 0, 0, 1);
	add_displaced(f, 0, 0, 1);
	assert_set(f, "0-0:+1");
	unfix(f, FIX_NEEDLESS_ARRAY);
	add_displaced(f, 0, 0, 1);
	assert_set(f, "0-0:+1[]");
	add_displaced(f, 0, 0, 2);
	assert_int_equal(poc_remaps_at(&f->remaps, 0)->entry.many->cap, 2);
	/* It grows, and then finds that it need not have. */
	add_displaced(f, 0, 0, 2);
	assert_set(f, "0-0:+1,+2");
	assert_int_equal(poc_remaps_at(&f->remaps, 0)->entry.many->cap, 4);
	remove_displaced(f, 0, 0, 1);
	remove_displaced(f, 0, 0, 2);
	assert_set(f, "");
	assert_empty(f);
}

/* A walker is inside: does the array that it may hold still exist? */
static void test_array_freed_early(void **state)
{
	struct fixture *f = *state;
	const struct ledger_kind *arrays =
		&f->ledger.kinds[f->cache.kind_array];

	for (u32 round = 0; round < 2; round++) {
		add_displaced(f, round, round, 1);
		add_displaced(f, round, round, 2);
		assert_int_equal(arrays->live, 1 + round);
		rcu_read_lock(&f->rcu);
		add_displaced(f, round, round, 3);
		/* Old and new; or the first round's and the new one alone. */
		assert_int_equal(arrays->live, 2);
		synchronize_rcu(&f->rcu);
		assert_int_equal(arrays->live, 2);
		rcu_read_unlock(&f->rcu);
		synchronize_rcu(&f->rcu);
		assert_int_equal(arrays->live, 1 + round);
		unfix(f, FIX_ARRAY_FREED_EARLY);
	}
}

static void test_teardown_limit(void **state)
{
	struct fixture *f = *state;

	for (u32 round = 0; round < 2; round++) {
		add_displaced(f, UINT32_MAX, UINT32_MAX, 1);
		add_displaced(f, UINT32_MAX, UINT32_MAX, 2);
		add_displaced(f, 1ULL << 32, 1ULL << 33, 1);
		add_displaced(f, 1ULL << 32, 1ULL << 33, 2);
		poc_remaps_delete(&f->remaps);
		assert_set(f, "");
		synchronize_rcu(&f->rcu);
		assert_int_equal(f->ledger.nr_live, round);
		assert_int_equal(f->broken.kind,
				 round ? DIVERGENCE_LEAK : DIVERGENCE_NONE);
		unfix(f, FIX_TEARDOWN_LIMIT);
	}
}

/* Memory. */

/* "0-9:+1,+2", with which everything below begins. */
static void two(struct fixture *f)
{
	poc_remaps_free_all(&f->remaps);
	f->broken.kind = DIVERGENCE_NONE;
	add_displaced(f, 0, 9, 1);
	add_displaced(f, 0, 9, 2);
}

static void test_unchecked_allocation(void **state)
{
	struct fixture *f = *state;
	bool found;

	/* Told, when it is repaired. */
	two(f);
	ledger_fail_nth(&f->ledger, 1);
	assert_int_equal(poc_remaps_add(&f->remaps, 20, 20, 1), -ENOMEM);
	ledger_fail_nth(&f->ledger, 1);
	assert_int_equal(poc_remaps_unmap(&f->remaps, 5, 5, 1), -ENOMEM);
	ledger_fail_nth(&f->ledger, 2);
	assert_int_equal(poc_remaps_move(&f->remaps, 5, 5, 1, 4, &found),
			 -ENOMEM);
	ledger_fail_nth(&f->ledger, 1);
	assert_int_equal(poc_remaps_add(&f->remaps, 0, 9, 3), -ENOMEM);
	assert_set(f, "0-9:+1,+2");

	unfix(f, FIX_UNCHECKED_ALLOCATION);
	/* The store does not happen. */
	ledger_fail_nth(&f->ledger, 1);
	add_displaced(f, 20, 20, 1);
	assert_set(f, "0-9:+1,+2");
	/* A copy that is not there is stored: nothing is recorded any more. */
	ledger_fail_nth(&f->ledger, 1);
	add_displaced(f, 5, 5, 2);
	assert_set(f, "5-5:+1,+2 6-9:+1,+2");
	assert_int_equal(f->broken.kind, DIVERGENCE_NONE);
	/* A copy that cannot be stored is lost. */
	two(f);
	synchronize_rcu(&f->rcu);
	ledger_fail_nth(&f->ledger, 2);
	add_displaced(f, 5, 9, 2);
	assert_set(f, "0-9:+1,+2");
	assert_int_equal(f->ledger.kinds[f->cache.kind_array].live, 2);
	assert_int_equal(f->broken.kind, DIVERGENCE_NONE);
	/* Appending to what is not there. */
	ledger_fail_nth(&f->ledger, 1);
	add_displaced(f, 0, 9, 3);
	assert_int_equal(f->broken.kind, DIVERGENCE_INVARIANT);
	assert_set(f, "0-9:+1,+2");
}

static void test_copy(void **state)
{
	struct fixture *f = *state;
	struct poc_remaps copy;
	u64 live;

	two(f);
	add_displaced(f, 20, 30, 5);
	synchronize_rcu(&f->rcu);
	live = f->ledger.nr_live;
	for (u64 nth = 1; nth <= 3; nth++) {
		ledger_fail_nth(&f->ledger, nth);
		assert_int_equal(poc_remaps_copy(&copy, &f->remaps), -ENOMEM);
		synchronize_rcu(&f->rcu);
		assert_int_equal(f->ledger.nr_live, live);
	}
	assert_int_equal(poc_remaps_copy(&copy, &f->remaps), 0);
	remove_displaced(f, 0, 30, 5);
	poc_remaps_replace(&f->remaps, &copy);
	assert_set(f, "0-9:+1,+2 20-30:+5");
	synchronize_rcu(&f->rcu);
	assert_int_equal(f->ledger.nr_live, live);
	poc_remaps_free_all(&f->remaps);
	assert_empty(f);
}

static void test_verify(void **state)
{
	struct fixture *f = *state;
	struct poc_range *range;

	two(f);
	add_displaced(f, 10, 19, 3);
	range = poc_remaps_at(&f->remaps, 0);
	range->last = 10;
	assert_non_null(poc_remaps_verify(&f->remaps));
	range->last = 9;
	range->entry.many->nr = 3;
	assert_non_null(poc_remaps_verify(&f->remaps));
	range->entry.many->nr = 2;
	f->remaps.nr++;
	assert_non_null(poc_remaps_verify(&f->remaps));
	f->remaps.nr--;
	range->first = 10;
	assert_non_null(poc_remaps_verify(&f->remaps));
	range->first = 0;
	assert_null(poc_remaps_verify(&f->remaps));
}

/* Repaired, it is a set of (offset, displacement), whatever is done. */
static void test_random(void **state)
{
	static bool held[64][16];
	struct fixture *f = *state;
	u64 seed = 3;

	memset(held, 0, sizeof(held));
	for (u32 i = 0; i < 5000; i++) {
		u32 first = roll(&seed, 64), d = 1 + roll(&seed, 15);
		u32 last = first + roll(&seed, 64 - first);
		u32 what = roll(&seed, 3), to = 1 + roll(&seed, 15);
		bool found;

		if (what == 0)
			add_displaced(f, first, last, d);
		else if (what == 1)
			remove_displaced(f, first, last, d);
		else if (d != to)
			assert_int_equal(poc_remaps_move(&f->remaps, first,
							 last, d, to, &found),
					 0);
		for (u32 o = first; o <= last; o++) {
			bool was = held[o][d];

			if (what != 2 || (was && d != to))
				held[o][d] = what == 0;
			if (what == 2 && was)
				held[o][to] = true;
		}
		for (u32 o = 0; o < 64; o++)
			for (u32 v = 1; v < 16; v++)
				assert_int_equal(poc_remaps_hold(&f->remaps, o,
								 v),
						 held[o][v]);
		assert_null(poc_remaps_verify(&f->remaps));
	}
	poc_remaps_delete(&f->remaps);
	assert_empty(f);
}

#define with_set(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_set(test_add),
		with_set(test_unmap),
		with_set(test_move),
		with_set(test_insert_overwrites),
		with_set(test_move_of_equal_members),
		with_set(test_single_loses_top_bits),
		with_set(test_whole_entry),
		with_set(test_unsorted_rewrite),
		with_set(test_collect),
		with_set(test_needless_array),
		with_set(test_array_freed_early),
		with_set(test_teardown_limit),
		with_set(test_unchecked_allocation),
		with_set(test_copy),
		with_set(test_verify),
		with_set(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
