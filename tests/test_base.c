// SPDX-License-Identifier: GPL-2.0-only
/*
 * model/base: the ledger, RCU, the interval tree, names of divergences and bugs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../model/base/bug.h"
#include "../model/base/divergence.h"
#include "../model/base/itree.h"
#include "../model/base/ledger.h"
#include "../model/base/rcu.h"

/* xorshift64: the same numbers on every run. */
static u64 xorshift_next(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The ledger. */

static void test_ledger_counts_by_kind(void **state)
{
	struct ledger ledger;
	u32 a, b;
	void *x, *y, *z;

	ledger_init(&ledger, NULL);
	a = ledger_kind(&ledger, "a", 100);
	b = ledger_kind(&ledger, "b", 200);
	assert_int_not_equal(a, b);
	assert_int_equal(ledger_kind(&ledger, "a", 100), a);
	assert_int_equal(ledger.nr_kinds, 2);

	x = ledger_alloc(&ledger, a, 1);
	y = ledger_alloc(&ledger, a, 1000);
	z = ledger_alloc(&ledger, b, 0);
	assert_non_null(x);
	assert_non_null(y);
	assert_non_null(z);
	assert_int_equal(ledger.nr_live, 3);
	assert_int_equal(ledger.kinds[a].live, 2);
	assert_int_equal(ledger.kinds[a].size, 100);
	ledger_free(&ledger, x);
	ledger_free(&ledger, NULL);
	assert_int_equal(ledger.nr_live, 2);
	assert_int_equal(ledger.kinds[a].live, 1);
	assert_int_equal(ledger.kinds[a].peak, 2);
	assert_int_equal(ledger.kinds[a].total, 2);
	assert_int_equal(ledger.kinds[b].live, 1);
	/* What is left, y and z, goes too: LeakSanitizer would tell. */
	ledger_destroy(&ledger);
	assert_int_equal(ledger.nr_live, 0);
}

static void test_ledger_objects_are_zeroed_and_aligned(void **state)
{
	struct ledger ledger;
	u32 kind;

	ledger_init(&ledger, NULL);
	kind = ledger_kind(&ledger, "a", 1);
	for (size_t size = 1; size < 200; size++) {
		unsigned char *obj = ledger_alloc(&ledger, kind, size);

		assert_non_null(obj);
		assert_int_equal((uintptr_t)obj % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(obj[i], 0);
		memset(obj, 0xff, size);
		if (size % 2)
			ledger_free(&ledger, obj);
	}
	ledger_destroy(&ledger);
}

static void test_ledger_fails_the_nth(void **state)
{
	struct ledger ledger;
	u32 kind;

	ledger_init(&ledger, NULL);
	kind = ledger_kind(&ledger, "a", 1);
	ledger_fail_nth(&ledger, 3);
	assert_non_null(ledger_alloc(&ledger, kind, 8));
	assert_true(ledger_may_alloc(&ledger));
	assert_null(ledger_alloc(&ledger, kind, 8));
	assert_non_null(ledger_alloc(&ledger, kind, 8));
	assert_int_equal(ledger.nr_injected, 1);
	assert_int_equal(ledger.nr_allocs, 4);
	assert_int_equal(ledger.nr_live, 2);

	ledger_fail_nth(&ledger, 1);
	assert_false(ledger_may_alloc(&ledger));
	assert_true(ledger_may_alloc(&ledger));

	ledger_fail_nth(&ledger, 1);
	ledger_fail_nth(&ledger, 0);
	assert_true(ledger_may_alloc(&ledger));
	ledger_destroy(&ledger);
}

static void test_ledger_refuses_absurd_sizes(void **state)
{
	struct ledger ledger;
	u32 kind;

	ledger_init(&ledger, NULL);
	kind = ledger_kind(&ledger, "a", 1);
	assert_null(ledger_alloc(&ledger, kind, SIZE_MAX));
	assert_int_equal(ledger.nr_live, 0);
	ledger_destroy(&ledger);
}

/* RCU. */

struct rcu_thing {
	u64 value;
	struct rcu_head rcu;
};

static void test_rcu_frees_after_the_last_reader(void **state)
{
	struct rcu_thing *thing, *other;
	struct ledger ledger;
	struct rcu rcu;
	u32 kind;

	ledger_init(&ledger, NULL);
	rcu_init(&rcu, &ledger);
	kind = ledger_kind(&ledger, "thing", sizeof(*thing));
	thing = ledger_alloc(&ledger, kind, sizeof(*thing));
	other = ledger_alloc(&ledger, kind, sizeof(*thing));
	thing->value = 42;

	rcu_read_lock(&rcu);
	rcu_read_lock(&rcu);
	kfree_rcu(&rcu, thing, &thing->rcu);
	kfree_rcu(&rcu, other, &other->rcu);
	synchronize_rcu(&rcu);
	assert_int_equal(rcu.nr_waiting, 2);
	rcu_read_unlock(&rcu);
	synchronize_rcu(&rcu);
	assert_true(rcu_read_lock_held(&rcu));
	assert_int_equal(thing->value, 42);
	rcu_read_unlock(&rcu);
	assert_false(rcu_read_lock_held(&rcu));
	assert_int_equal(ledger.nr_live, 2);
	synchronize_rcu(&rcu);
	assert_int_equal(rcu.nr_waiting, 0);
	assert_int_equal(ledger.nr_live, 0);
	ledger_destroy(&ledger);
}

/* The interval tree, against a list. */

#define NODES_MAX 256

struct listed {
	struct itree_node node;
	bool in;
	u64 turn; /* of insertion */
};

static struct itree tree;
static struct listed listed[NODES_MAX];

static bool listed_overlaps(const struct listed *l, u64 first, u64 last)
{
	return l->in && l->node.first <= last && l->node.last >= first;
}

static bool comes_before(const struct listed *a, const struct listed *b)
{
	if (a->node.first != b->node.first)
		return a->node.first < b->node.first;
	return a->turn < b->turn;
}

/* The first of the list that overlaps and comes after @prev. */
static struct listed *naive_next(const struct listed *prev, u64 first, u64 last)
{
	struct listed *found = NULL;

	for (u32 i = 0; i < NODES_MAX; i++) {
		struct listed *l = &listed[i];

		if (!listed_overlaps(l, first, last) ||
		    (prev && !comes_before(prev, l)))
			continue;
		if (!found || comes_before(l, found))
			found = l;
	}
	return found;
}

static void compare_search(u64 first, u64 last)
{
	struct itree_node *node = itree_iter_first(&tree, first, last, NULL);
	struct listed *expected = naive_next(NULL, first, last);

	while (expected) {
		assert_ptr_equal(node, &expected->node);
		node = itree_iter_next(node, first, last, NULL);
		expected = naive_next(expected, first, last);
	}
	assert_null(node);
}

/* Inserts or removes one at random; ranges within [0, @window). */
static void random_change(u64 *rng, u64 window, u64 turn)
{
	struct listed *l = &listed[xorshift_next(rng) % NODES_MAX];
	u64 first = xorshift_next(rng) % window;
	u64 last = first + xorshift_next(rng) % (window - first);

	assert_int_equal(itree_contains(&tree, &l->node), l->in);
	if (l->in) {
		itree_remove(&tree, &l->node);
	} else {
		/* Mostly short ones, so that subtree_last matters. */
		if (turn % 4)
			last = min_u64(last, first + 3);
		itree_insert(&tree, &l->node, first, last);
		l->turn = turn;
	}
	l->in = !l->in;
}

static void random_changes(u64 seed, u64 window, u64 turns)
{
	u64 rng = seed;

	memset(listed, 0, sizeof(listed));
	itree_init(&tree);
	for (u64 turn = 1; turn <= turns; turn++) {
		u64 first = xorshift_next(&rng) % window;

		random_change(&rng, window, turn);
		assert_null(itree_verify(&tree));
		compare_search(first, first + xorshift_next(&rng) % 8);
	}
	for (u32 i = 0; i < NODES_MAX; i++) {
		if (!listed[i].in)
			continue;
		itree_remove(&tree, &listed[i].node);
		assert_null(itree_verify(&tree));
	}
	assert_true(itree_empty(&tree));
}

static void test_itree_against_a_list(void **state)
{
	random_changes(1, 1000, 5000);
	/* Many with the same first. */
	random_changes(2, 5, 2000);
	random_changes(3, 1ULL << 35, 2000);
}

static void test_itree_equal_firsts_in_order_of_insertion(void **state)
{
	static const u64 lasts[] = { 9, 5, 7, 5 };
	struct itree_node nodes[ARRAY_SIZE(lasts)];
	struct itree_node *node;
	struct itree t;
	u32 nr = 0;

	itree_init(&t);
	for (u32 i = 0; i < ARRAY_SIZE(lasts); i++)
		itree_insert(&t, &nodes[i], 5, lasts[i]);
	for (node = itree_iter_first(&t, 5, 5, NULL); node;
	     node = itree_iter_next(node, 5, 5, NULL))
		assert_ptr_equal(node, &nodes[nr++]);
	assert_int_equal(nr, ARRAY_SIZE(lasts));
}

/* A red-black tree of n nodes is at most 2 * log2(n + 1) deep. */
static void test_itree_search_is_logarithmic(void **state)
{
	enum { N = 1 << 14, DEPTH_MAX = 2 * 15 };
	struct itree_node *nodes = calloc(N, sizeof(*nodes));
	struct itree t;

	assert_non_null(nodes);
	itree_init(&t);
	for (u64 i = 0; i < N; i++)
		itree_insert(&t, &nodes[i], i * 10, i * 10 + 4);
	for (u64 i = 0; i < N; i += 97) {
		struct itree_node *node;
		u64 visited = 0;

		node = itree_iter_first(&t, i * 10 + 2, i * 10 + 3, &visited);
		assert_ptr_equal(node, &nodes[i]);
		assert_null(itree_iter_next(node, i * 10 + 2, i * 10 + 3,
					    &visited));
		assert_in_range(visited, 1, DEPTH_MAX);

		/* Between two of them. */
		visited = 0;
		assert_null(
			itree_iter_first(&t, i * 10 + 6, i * 10 + 8, &visited));
		assert_in_range(visited, 1, DEPTH_MAX);
	}
	free(nodes);
}

static void test_itree_empty_and_past_the_end(void **state)
{
	struct itree_node node, other = { .seq = 7 };
	struct itree t;
	u64 visited = 0;

	itree_init(&t);
	assert_true(itree_empty(&t));
	assert_null(itree_verify(&t));
	assert_null(itree_iter_first(&t, 0, UINT64_MAX, &visited));
	itree_insert(&t, &node, 3, 4);
	assert_false(itree_empty(&t));
	assert_true(itree_contains(&t, &node));
	assert_false(itree_contains(&t, &other));
	assert_null(itree_iter_first(&t, 5, 9, &visited));
	assert_null(itree_iter_first(&t, 0, 2, &visited));
	assert_ptr_equal(itree_iter_first(&t, 0, UINT64_MAX, NULL), &node);
	assert_int_equal(visited, 2);
}

/* Each planted fault is seen. */
static void test_itree_verify_sees_faults(void **state)
{
	struct itree_node nodes[8];
	struct itree_node *root;
	struct itree t;

	itree_init(&t);
	for (u64 i = 0; i < ARRAY_SIZE(nodes); i++)
		itree_insert(&t, &nodes[i], 10 * i, 10 * i + 5);
	assert_null(itree_verify(&t));

	nodes[7].last = 1000;
	assert_string_equal(itree_verify(&t), "subtree_last is wrong");
	nodes[7].last = 75;
	nodes[0].first = 6;
	assert_string_equal(itree_verify(&t), "a range ends before it starts");
	nodes[0].first = 0;
	nodes[1].first = 0;
	nodes[1].seq = 0;
	assert_string_equal(itree_verify(&t), "nodes are out of order");
	nodes[1].first = 10;
	nodes[1].seq = 1;

	root = RB_ROOT(&t.rb);
	RB_PARENT(root, rb) = &nodes[0];
	assert_string_equal(itree_verify(&t), "a node has a wrong parent");
	RB_PARENT(root, rb) = NULL;
	RB_PARENT(RB_RIGHT(root, rb), rb) = &nodes[0];
	assert_string_equal(itree_verify(&t), "a node has a wrong parent");
	RB_PARENT(RB_RIGHT(root, rb), rb) = root;

	/* The last one in is red, at the bottom. */
	RB_COLOR(&nodes[7], rb) = RB_BLACK;
	assert_string_equal(itree_verify(&t),
			    "paths have different numbers of black nodes");
	RB_COLOR(&nodes[7], rb) = RB_RED;
	RB_COLOR(RB_PARENT(&nodes[7], rb), rb) = RB_RED;
	assert_non_null(itree_verify(&t));
	RB_COLOR(RB_PARENT(&nodes[7], rb), rb) = RB_BLACK;
	assert_null(itree_verify(&t));
}

/* A tree that has lost its shape must not hang the check. */
static void test_itree_verify_ends(void **state)
{
	enum { N = 200 };
	struct itree_node nodes[N];
	struct itree t;

	itree_init(&t);
	for (u64 i = 0; i < N; i++) {
		nodes[i] = (struct itree_node){ .first = i, .last = i };
		RB_PARENT(&nodes[i], rb) = i ? &nodes[i - 1] : NULL;
		RB_RIGHT(&nodes[i], rb) = i + 1 < N ? &nodes[i + 1] : NULL;
		nodes[i].subtree_last = N - 1;
	}
	RB_ROOT(&t.rb) = &nodes[0];
	assert_non_null(itree_verify(&t));
	for (u64 i = 0; i < N; i++) {
		RB_LEFT(&nodes[i], rb) = RB_RIGHT(&nodes[i], rb);
		RB_RIGHT(&nodes[i], rb) = NULL;
	}
	assert_string_equal(itree_verify(&t), "the tree is too deep");
}

/* Divergences. */

static void test_divergence_names_and_first_kept(void **state)
{
	struct divergence div = { .kind = DIVERGENCE_NONE };

	for (u32 kind = 1; kind < NR_DIVERGENCE_KINDS; kind++)
		assert_true(divergence_kind_name(kind)[0]);
	assert_string_equal(divergence_kind_name(DIVERGENCE_MISS), "miss");

	divergence_set(&div, DIVERGENCE_REFCOUNT, "%d and %d", 1, 2);
	divergence_set(&div, DIVERGENCE_LEAK, "later");
	assert_int_equal(div.kind, DIVERGENCE_REFCOUNT);
	assert_string_equal(div.text, "1 and 2");
}

static void test_divergence_text_is_cut(void **state)
{
	struct divergence div = { .kind = DIVERGENCE_NONE };
	char longer[2 * DIVERGENCE_TEXT_MAX];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	divergence_set(&div, DIVERGENCE_LEAK, "%s", longer);
	assert_int_equal(strlen(div.text), DIVERGENCE_TEXT_MAX - 1);
}

/* Bugs. */

static void test_bug_names(void **state)
{
	struct bugs bugs;

	memset(&bugs, 0, sizeof(bugs));
	for (u32 bug = 0; bug < NR_BUGS; bug++) {
		assert_int_equal(bug_find(bug_name(bug)), bug);
		assert_true(strlen(bug_text(bug)) > 0);
		assert_true(strlen(bug_owner_name(bug_owner(bug))) > 0);
		assert_false(bug_on(&bugs, bug));
	}
	assert_int_equal(bug_find("no-such-bug"), NR_BUGS);
	assert_int_equal(bug_find(""), NR_BUGS);
	bugs.on[0] = true;
	assert_true(bug_on(&bugs, 0));
}

static void test_fix_names(void **state)
{
	struct bugs bugs;

	memset(&bugs, 0, sizeof(bugs));
	for (u32 fix = 0; fix < NR_FIXES; fix++) {
		assert_int_equal(fix_find(fix_name(fix)), fix);
		assert_true(strlen(fix_text(fix)) > 0);
		assert_false(fix_on(&bugs, fix));
	}
	assert_int_equal(fix_find("no-such-fix"), NR_FIXES);
	bugs.fixed[0] = true;
	assert_true(fix_on(&bugs, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ledger_counts_by_kind),
		cmocka_unit_test(test_ledger_objects_are_zeroed_and_aligned),
		cmocka_unit_test(test_ledger_fails_the_nth),
		cmocka_unit_test(test_ledger_refuses_absurd_sizes),
		cmocka_unit_test(test_rcu_frees_after_the_last_reader),
		cmocka_unit_test(test_itree_against_a_list),
		cmocka_unit_test(test_itree_equal_firsts_in_order_of_insertion),
		cmocka_unit_test(test_itree_search_is_logarithmic),
		cmocka_unit_test(test_itree_empty_and_past_the_end),
		cmocka_unit_test(test_itree_verify_sees_faults),
		cmocka_unit_test(test_itree_verify_ends),
		cmocka_unit_test(test_divergence_names_and_first_kept),
		cmocka_unit_test(test_divergence_text_is_cut),
		cmocka_unit_test(test_bug_names),
		cmocka_unit_test(test_fix_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
