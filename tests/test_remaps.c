// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remaps, alone.
 */
#include "remaps_fixture.h"

/* Remaps against a bit for each offset and displacement. */

#define MAP_OFFSETS 64
#define MAP_DISPLACEMENTS 6

struct remap_fixture {
	struct ledger ledger;
	struct rcu rcu;
	struct remap_cache cache;
	struct bugs bugs; /* none */
	struct remaps remaps;
	bool bits[MAP_DISPLACEMENTS][MAP_OFFSETS];
};

static int setup_remaps(void **state)
{
	struct remap_fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	ledger_init(&f->ledger, NULL);
	rcu_init(&f->rcu, &f->ledger);
	f->cache = (struct remap_cache){
		.ledger = &f->ledger,
		.rcu = &f->rcu,
		.kind = ledger_kind(&f->ledger, "remap", REMAP_KERNEL_SIZE),
		.bugs = &f->bugs,
	};
	remaps_init(&f->remaps, &f->cache);
	*state = f;
	return 0;
}

static int teardown_remaps(void **state)
{
	struct remap_fixture *f = *state;

	remaps_free_all(&f->remaps);
	synchronize_rcu(&f->rcu);
	assert_int_equal(f->ledger.nr_live, 0);
	ledger_destroy(&f->ledger);
	free(f);
	return 0;
}

static void test_remaps_join(void **state)
{
	struct remap_fixture *f = *state;
	struct remaps *r = &f->remaps;

	assert_int_equal(remaps_add(r, 10, 14, 5), 0);
	assert_int_equal(remaps_add(r, 20, 24, 5), 0);
	assert_int_equal(remaps_add(r, 12, 22, -3), 0);
	assert_remaps(r, "12-22-3 10-14+5 20-24+5");

	/* What touches grows, with no memory to be had. */
	ledger_fail_nth(&f->ledger, 1);
	assert_int_equal(remaps_add(r, 25, 25, 5), 0);
	assert_int_equal(remaps_add(r, 9, 9, 5), 0);
	assert_remaps(r, "12-22-3 9-14+5 20-25+5");
	assert_int_equal(remaps_add(r, 15, 19, 5), 0);
	assert_remaps(r, "12-22-3 9-25+5");
	assert_int_equal(remaps_add(r, 9, 25, 5), 0);
	assert_int_equal(remaps_add(r, 0, 60, -3), 0);
	assert_remaps(r, "0-60-3 9-25+5");
	assert_int_equal(remaps_add(r, 62, 63, 5), -ENOMEM);
	assert_remaps(r, "0-60-3 9-25+5");
}

/* 0: @offset does not lie at @displacement. */
static u64 stamp_at(struct remaps *r, pgoff_t offset, s64 displacement)
{
	struct remap *remap = remaps_first(r, offset, NULL);

	while (remap && remap->displacement != displacement)
		remap = remaps_next(remap, offset, NULL);
	return remap ? remap->stamp : 0;
}

/* Where a page moves last has the highest stamp, also of what is cut or grows. */
static void test_remaps_stamps(void **state)
{
	struct remap_fixture *f = *state;
	struct remaps *r = &f->remaps;

	assert_int_equal(remaps_add(r, 10, 19, 5), 0);
	assert_int_equal(remaps_add(r, 10, 19, 7), 0);
	assert_true(stamp_at(r, 10, 7) > stamp_at(r, 10, 5));
	remaps_publish(r, 12, 7);
	assert_true(stamp_at(r, 10, 7) == r->stamp);
	remaps_publish(r, 12, 5);
	assert_true(stamp_at(r, 10, 5) > stamp_at(r, 10, 7));
	assert_true(stamp_at(r, 19, 5) == r->stamp);
	remaps_publish(r, 30, 5);
	assert_true(stamp_at(r, 19, 5) == r->stamp);
	remaps_del(r, 13, 14, 5);
	assert_true(stamp_at(r, 10, 5) == r->stamp);
	assert_true(stamp_at(r, 19, 5) == r->stamp);
	assert_int_equal(remaps_add(r, 20, 20, 7), 0);
	assert_true(stamp_at(r, 10, 7) > stamp_at(r, 10, 5));
	assert_int_equal(stamp_at(r, 13, 5), 0);
}

static void test_remaps_cut(void **state)
{
	struct remap_fixture *f = *state;
	struct remaps *r = &f->remaps;

	assert_int_equal(remaps_add(r, 0, 30, 7), 0);
	assert_int_equal(remaps_add(r, 0, 30, 8), 0);
	remaps_del(r, 10, 12, 7);
	assert_remaps(r, "0-9+7 13-30+7 0-30+8");
	remaps_del(r, 8, 15, 7);
	assert_remaps(r, "0-7+7 16-30+7 0-30+8");
	remaps_del(r, 0, 60, 7);
	assert_remaps(r, "0-30+8");
	remaps_del(r, 0, 3, 8);
	remaps_del(r, 20, 40, 8);
	remaps_del(r, 0, 60, 9);
	assert_remaps(r, "4-19+8");
	assert_true(remaps_cover(r, 4, 19, 8));
	assert_false(remaps_cover(r, 4, 20, 8));
	assert_false(remaps_cover(r, 3, 3, 8));
	assert_false(r->inexact);
}

static void test_remaps_cut_without_memory(void **state)
{
	struct remap_fixture *f = *state;
	struct remaps *r = &f->remaps;

	assert_int_equal(remaps_add(r, 0, 30, 7), 0);
	ledger_fail_nth(&f->ledger, 1);
	remaps_del(r, 10, 12, 7);
	assert_remaps(r, "0-30+7");
	assert_true(r->inexact);
	remaps_del(r, 0, 30, 7);
	assert_false(r->inexact);
}

/* Sets that were spoilt by hand. */
static void test_remaps_verify(void **state)
{
	struct remap_fixture *f = *state;
	struct remaps *r = &f->remaps;
	struct remap *low, *high;
	u64 pages;

	assert_int_equal(remaps_add(r, 10, 14, 5), 0);
	assert_int_equal(remaps_add(r, 15, 19, 6), 0);
	low = remaps_first(r, 10, NULL);
	high = remaps_first(r, 15, NULL);
	high->displacement = 5;
	assert_string_equal(remaps_verify(r, &pages),
			    "two remaps of one displacement touch");
	high->displacement = 4;
	assert_string_equal(remaps_verify(r, &pages),
			    "remaps are out of order");
	high->displacement = 6;
	r->nr++;
	assert_string_equal(remaps_verify(r, &pages), "remaps are miscounted");
	r->nr--;
	itree_remove(&r->by_offset, &low->offsets);
	assert_string_equal(remaps_verify(r, &pages),
			    "a remap is not in the tree of offsets");
	itree_insert(&r->by_offset, &low->offsets, 10, 14);
	low->offsets.last = 9;
	assert_non_null(remaps_verify(r, &pages));
	low->offsets.last = 14;
	assert_null(remaps_verify(r, &pages));
	assert_int_equal(pages, 10);
}

/* The lowest and the highest offsets there are. */
static void test_remaps_ends(void **state)
{
	struct remap_fixture *f = *state;
	struct remaps *r = &f->remaps;
	u64 pages;

	assert_int_equal(remaps_add(r, UINT64_MAX, UINT64_MAX, -7), 0);
	assert_int_equal(remaps_add(r, 0, 0, -7), 0);
	assert_int_equal(r->nr, 2);
	assert_null(remaps_verify(r, &pages));
	assert_int_equal(pages, 2);
	assert_int_equal(remaps_add(r, UINT64_MAX - 1, UINT64_MAX - 1, -7), 0);
	assert_int_equal(r->nr, 2);
	remaps_del(r, UINT64_MAX, UINT64_MAX, -7);
	assert_true(remaps_cover(r, UINT64_MAX - 1, UINT64_MAX - 1, -7));
	assert_false(remaps_cover(r, UINT64_MAX, UINT64_MAX, -7));
}

static s64 displacement_of(u32 d)
{
	return (s64)d - 2;
}

static bool recorded(struct remaps *remaps, pgoff_t offset, s64 displacement)
{
	struct remap *remap;
	u32 nr = 0;

	remaps_for_each(remap, remaps, offset, NULL)
		nr += remap->displacement == displacement;
	assert_true(nr <= 1);
	return nr;
}

/* @or_more: in [first, last] at @which more may be recorded; take it over. */
static void compare_bits(struct remap_fixture *f, bool or_more, u32 which,
			 pgoff_t first, pgoff_t last)
{
	u64 pages, expected = 0;

	for (u32 d = 0; d < MAP_DISPLACEMENTS; d++) {
		for (pgoff_t o = 0; o < MAP_OFFSETS; o++) {
			bool is = recorded(&f->remaps, o, displacement_of(d));

			if (or_more && d == which && o >= first && o <= last)
				f->bits[d][o] |= is;
			assert_int_equal(is, f->bits[d][o]);
			expected += is;
		}
	}
	assert_null(remaps_verify(&f->remaps, &pages));
	assert_int_equal(pages, expected);
}

static void test_remaps_random(void **state)
{
	struct remap_fixture *f = *state;
	u32 failed_adds = 0, failed_dels = 0;
	u64 seed = 1;

	for (u32 i = 0; i < 20000; i++) {
		pgoff_t first = roll(&seed, MAP_OFFSETS);
		pgoff_t last = first + roll(&seed, roll(&seed, 4) ? 8 : 64);
		u32 d = roll(&seed, MAP_DISPLACEMENTS);
		bool add = roll(&seed, 2), kept = false;
		u64 injected = f->ledger.nr_injected;

		last = min_u64(last, MAP_OFFSETS - 1);
		ledger_fail_nth(&f->ledger, !roll(&seed, 4));
		if (add)
			kept = remaps_add(&f->remaps, first, last,
					  displacement_of(d));
		else
			remaps_del(&f->remaps, first, last, displacement_of(d));
		failed_adds += kept;
		failed_dels += !add && f->ledger.nr_injected > injected;
		for (pgoff_t o = first; o <= last && !kept; o++)
			f->bits[d][o] = add;
		compare_bits(f, !add && f->ledger.nr_injected > injected, d,
			     first, last);
	}
	assert_true(failed_adds > 10);
	assert_true(failed_dels > 10);
}

#define with_remaps(test) \
	cmocka_unit_test_setup_teardown(test, setup_remaps, teardown_remaps)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_remaps(test_remaps_join),
		with_remaps(test_remaps_cut),
		with_remaps(test_remaps_stamps),
		with_remaps(test_remaps_cut_without_memory),
		with_remaps(test_remaps_verify),
		with_remaps(test_remaps_ends),
		with_remaps(test_remaps_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
