// SPDX-License-Identifier: GPL-2.0-only
/*
 * anon_vma when things go wrong: memory that runs out, known bugs put back; and
 * random operations, with every walk held against the page tables.
 */
#include <errno.h>
#include "anon_vma_fixture.h"

/*
 * Memory that runs out: B has VMAs with a chain of two and one of one.  Each
 * allocation of @op fails in turn.  What failed must be sound, and whole again
 * when it is tried with enough.
 */
static u32 fail_each_of_op(enum kernel_release as_of,
			   int (*op)(struct mm_struct *mm), bool all_or_nothing)
{
	u32 nth = 1;

	for (;; nth++) {
		struct fixture *fx = fixture_new(as_of);
		u64 anon_vmas, avcs, live, injected;
		struct mm_struct *b;
		void *state = fx;
		int err;

		map_anon(fx->a, 0x10, 8);
		map_anon(fx->a, 0x20, 4);
		dirty(fx->a, 0x11);
		dirty(fx->a, 0x17);
		dirty(fx->a, 0x21);
		b = fork_mm(fx->a);
		map_anon(b, 0x30, 4);
		dirty(b, 0x30);
		map_anon(b, 0x40, 4);
		anon_vmas = nr_anon_vmas(fx);
		avcs = nr_avcs(fx);
		live = fx->ledger.nr_live;

		ledger_fail_nth(&fx->ledger, nth);
		err = op(b);
		injected = fx->ledger.nr_injected;
		ledger_fail_nth(&fx->ledger, 0);
		synchronize_rcu(&fx->rcu);
		assert_sound(fx);
		if (injected && err) {
			assert_int_equal(err, -ENOMEM);
			/* A VMA may stay split, or prepared for a fault. */
			if (all_or_nothing) {
				assert_int_equal(nr_anon_vmas(fx), anon_vmas);
				assert_int_equal(nr_avcs(fx), avcs);
				assert_int_equal(fx->ledger.nr_live, live);
			}
			assert_int_equal(op(b), 0);
			assert_sound(fx);
		}
		mm_put(fx->a);
		mm_put(b);
		assert_nothing_left(fx);
		teardown(&state);
		if (!injected)
			return nth - 1;
		assert_true(nth < 1000);
	}
}

static int op_fork_and_exit(struct mm_struct *mm)
{
	struct mm_struct *child = NULL;
	int err = mm_dup(mm, &child);

	if (!err)
		mm_put(child);
	else
		assert_null(child);
	return err;
}

static int op_first_write(struct mm_struct *mm)
{
	return mm_write(mm, 0x41, 1);
}

static int op_split(struct mm_struct *mm)
{
	return split_vma(vma_lookup(mm, 0x10), 0x13, true);
}

static int op_munmap_middle(struct mm_struct *mm)
{
	return do_munmap(mm, 0x12, 2);
}

static int op_mremap(struct mm_struct *mm)
{
	return do_mremap(mm, 0x10, 8, 8, MOVE, 0x80);
}

static int op_mprotect(struct mm_struct *mm)
{
	return do_mprotect(mm, 0x12, 2, VM_READ);
}

/* mmap goes on without the merge; the hole is filled either way. */
static int op_merge(struct mm_struct *mm)
{
	return do_mmap(mm, 0x34, 12, RW, NO_FILE, 0);
}

static void test_out_of_memory(void **state)
{
	for (u32 i = 0; i < 2; i++) {
		enum kernel_release as_of = i ? KERNEL_7_0 : KERNEL_6_18;

		/* An mm; a VMA, 3 or 2 AVCs and an anon_vma for each of 3. */
		assert_in_range(fail_each_of_op(as_of, op_fork_and_exit, true),
				16, 40);
		assert_in_range(fail_each_of_op(as_of, op_first_write, false),
				2, 8);
		assert_in_range(fail_each_of_op(as_of, op_split, true), 3, 6);
		assert_in_range(fail_each_of_op(as_of, op_munmap_middle, false),
				3, 12);
		assert_in_range(fail_each_of_op(as_of, op_mremap, false), 3,
				12);
		assert_in_range(fail_each_of_op(as_of, op_mprotect, false), 3,
				12);
		assert_in_range(fail_each_of_op(as_of, op_merge, false), 1, 6);
	}
}

/* Known bugs, put back: each is found, by what it breaks. */

struct bug_case {
	enum bug bug;
	void (*provoke)(struct fixture *fx);
	const char *text; /* a part of what must be reported */
};

/* A leaf that C owns is in D's chain, and E takes it for its own too. */
static void provoke_double_reuse(struct fixture *fx)
{
	struct mm_struct *b, *c, *d;

	family_of_three(fx, &b, &c);
	mm_put(b);
	d = fork_mm(c);
	fork_mm(d);
}

static void provoke_range_change(struct fixture *fx)
{
	map_anon(fx->a, 0x10, 8);
	dirty(fx->a, 0x10);
	assert_int_equal(do_mprotect(fx->a, 0x10, 4, VM_READ), 0);
}

static void provoke_fork(struct fixture *fx)
{
	map_anon(fx->a, 0x10, 8);
	dirty(fx->a, 0x10);
	fork_mm(fx->a);
}

static void provoke_clone_failure(struct fixture *fx)
{
	struct mm_struct *b, *c;

	family_of_three(fx, &b, &c);
	/* The VMA, the tree, an AVC and the second AVC. */
	ledger_fail_nth(&fx->ledger, 4);
	assert_int_equal(split_vma(vma_lookup(b, 0x10), 0x12, true), -ENOMEM);
}

static void provoke_prepare(struct fixture *fx)
{
	struct mm_struct *b, *c;

	family_of_three(fx, &b, &c);
	map_anon(b, 0x14, 4);
	dirty(b, 0x14);
}

static void provoke_merge(struct fixture *fx)
{
	map_anon(fx->a, 0x10, 4);
	map_anon(fx->a, 0x18, 4);
	dirty(fx->a, 0x18);
	map_anon(fx->a, 0x14, 4);
}

static void provoke_exit(struct fixture *fx)
{
	struct mm_struct *b, *c;

	family_of_three(fx, &b, &c);
	mm_put(c);
}

static const struct bug_case bug_cases[] = {
	{ BUG_DEGREE_DOUBLE_REUSE, provoke_double_reuse, "both own anon_vma" },
	{ BUG_AVC_LEFT_IN_TREE, provoke_range_change, "has it up to" },
	{ BUG_FORK_NO_CHILD_COUNT, provoke_fork, "num_children is 1" },
	{ BUG_CLONE_ENOMEM_HALF_LINKED, provoke_clone_failure, "half linked" },
	{ BUG_PREPARE_IGNORES_CHAIN, provoke_prepare, "share anon_vma" },
	{ BUG_MERGE_NO_ACTIVE_COUNT, provoke_merge, "num_active_vmas is" },
	{ BUG_ROOT_PUT_MISSING, provoke_exit, "refcount is 3" },
};

static void test_bugs_are_found(void **state)
{
	for (u32 i = 0; i < 2 * ARRAY_SIZE(bug_cases); i++) {
		const struct bug_case *bug = &bug_cases[i / 2];
		enum kernel_release as_of = i % 2 ? KERNEL_7_0 : KERNEL_6_18;
		struct fixture *fx = fixture_new(as_of);
		struct divergence div;
		void *it = fx;

		bug->provoke(fx);
		assert_sound(fx);
		teardown(&it);

		fx = fixture_new(as_of);
		fx->bugs.on[bug->bug] = true;
		bug->provoke(fx);
		div = find_fault(fx);
		if (!strstr(div.text, bug->text))
			fail_msg("%s: found \"%s\", not \"%s\"",
				 bug_name(bug->bug), div.text, bug->text);
		/* And from scratch, without what was noted at the time. */
		div.kind = DIVERGENCE_NONE;
		the_rmap(fx)->ops->check_all(the_rmap(fx), &div);
		assert_int_not_equal(div.kind, DIVERGENCE_NONE);
		it = fx;
		teardown(&it);
	}
}

/* Random operations, and every walk against the page tables after each. */

#define RANDOM_MMS 6
#define RANDOM_WINDOW 32

static u64 next_below(u64 *seed, u64 below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed % below;
}

static void random_map_op(struct mm_struct *mm, u64 *seed)
{
	u64 page = 0x10 + next_below(seed, RANDOM_WINDOW);
	u64 to = 0x10 + next_below(seed, RANDOM_WINDOW);
	u64 len = 1 + next_below(seed, 8);

	switch (next_below(seed, 10)) {
	case 0:
	case 1:
		do_mmap(mm, page, len, RW, NO_FILE, 0);
		break;
	case 2:
		do_mmap(mm, page, len, RW, 0, page - 8);
		break;
	case 3:
		do_munmap(mm, page, len);
		break;
	case 4:
	case 5:
		do_mprotect(mm, page, len, next_below(seed, 2) ? RW : VM_READ);
		break;
	case 6:
	case 7:
		do_mremap(mm, page, len, len, MOVE, to);
		break;
	case 8:
		do_mremap(mm, page, len, len, MOVE | MREMAP_DONTUNMAP, to);
		break;
	case 9:
		do_mremap(mm, page, len, len + 2, 0, 0);
		break;
	}
}

/* Writes anywhere, so that most of what is mapped is faulted. */
static void random_access(struct mm_struct *mm, u64 *seed)
{
	u64 page = 0x10 + next_below(seed, RANDOM_WINDOW);

	for (u32 i = 0; i < 4; i++, page++)
		mm_write(mm, page, page);
	if (!next_below(seed, 4))
		mm_work(mm, page - 1, FOLIO_MIGRATE);
}

/* A process forks into a slot that is free, or exits if another one lives. */
static void random_life(struct mm_struct **mms, u64 slot, u64 *seed)
{
	u64 other = next_below(seed, RANDOM_MMS);

	if (other == slot)
		return;
	if (!mms[other]) {
		mm_dup(mms[slot], &mms[other]);
		return;
	}
	mm_put(mms[slot]);
	mms[slot] = NULL;
}

static void random_mm_op(struct mm_struct **mms, u64 *seed)
{
	u64 slot = next_below(seed, RANDOM_MMS);

	if (!mms[slot])
		return;
	switch (next_below(seed, 4)) {
	case 0:
		random_map_op(mms[slot], seed);
		break;
	case 1:
		random_life(mms, slot, seed);
		break;
	default:
		random_access(mms[slot], seed);
		break;
	}
}

static bool any_alive(struct mm_struct *const *mms)
{
	for (u32 i = 0; i < RANDOM_MMS; i++)
		if (mms[i])
			return true;
	return false;
}

static void assert_walks_complete(struct fixture *fx,
				  struct mm_struct *const *mms)
{
	for (u32 i = 0; i < RANDOM_MMS; i++) {
		struct pte *pte;

		if (!mms[i])
			continue;
		for (u64 addr = 0; (pte = pte_next(mms[i], addr, 0x1000));
		     addr = pte_addr(pte) + 1)
			if (pte->folio)
				assert_int_equal(
					walk_anon_vma(fx, pte->folio).found,
					pte->folio->mapcount);
	}
}

static void random_run(enum kernel_release as_of, u64 seed, bool failing)
{
	struct fixture *fx = fixture_new(as_of);
	struct mm_struct *mms[RANDOM_MMS] = { fx->a };
	void *state = fx;

	for (u32 i = 0; i < 1500; i++) {
		if (failing && !next_below(&seed, 4))
			ledger_fail_nth(&fx->ledger, 1 + next_below(&seed, 12));
		random_mm_op(mms, &seed);
		ledger_fail_nth(&fx->ledger, 0);
		if (!any_alive(mms))
			mms[0] = mm_alloc(&fx->world);
		assert_true(any_alive(mms));
		synchronize_rcu(&fx->rcu);
		assert_sound(fx);
		assert_walks_complete(fx, mms);
	}
	for (u32 i = 0; i < RANDOM_MMS; i++)
		if (mms[i])
			mm_put(mms[i]);
	assert_nothing_left(fx);
	teardown(&state);
}

static void test_random(void **state)
{
	for (u64 seed = 1; seed <= 6; seed++) {
		random_run(KERNEL_6_18, seed * 0x9e3779b97f4a7c15, false);
		random_run(KERNEL_7_0, seed * 0x9e3779b97f4a7c15, false);
		random_run(KERNEL_6_18, seed * 0xd1b54a32d192ed03, true);
		random_run(KERNEL_7_0, seed * 0xd1b54a32d192ed03, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_bugs_are_found),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
