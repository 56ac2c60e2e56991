// SPDX-License-Identifier: GPL-2.0-only
/*
 * cow_context, scenario by scenario: which places a walk visits, what is
 * recorded, who refers to whom.
 */
#include "cow_context_fixture.h"

/* A forks B forks C, then the oldest go first. */
static void test_generations(void **state)
{
	struct fixture *f = *state;
	struct folio *folio;

	ok(map(f, 'A', 10, 4));
	ok(write_pages(f, 'A', 10, 2));
	ok(fork_to(f, 'A', 'B'));
	ok(fork_to(f, 'B', 'C'));
	folio = folio_at(f, 'A', 10);
	assert_visits(f, folio, "A:10 B:10 C:10");
	/* Two folios, an mm, a child; then without the mm. */
	assert_int_equal(context(f, 'A')->refcount, 4);
	assert_int_equal(context(f, 'B')->refcount, 2);
	assert_int_equal(context(f, 'C')->refcount, 1);
	assert_ptr_equal(context(f, 'C')->parent, context(f, 'B'));

	quit(f, 'A');
	assert_visits(f, folio, "B:10 C:10");
	quit(f, 'B');
	assert_visits(f, folio, "C:10");
	assert_int_equal(cow_contexts_of(f->rmap)->nr, 3);

	/* C writes: the folios are its own; its ancestors stay for its sake. */
	ok(write_pages(f, 'C', 10, 2));
	assert_ptr_equal(folio_at(f, 'C', 10), folio);
	assert_visits(f, folio, "C:10");
	assert_int_equal(context(f, 'C')->refcount, 3);
	assert_int_equal(f->stats.contexts, 1);
	assert_int_equal(cow_contexts_of(f->rmap)->nr, 3);
	quit(f, 'C');
	assert_int_equal(cow_contexts_of(f->rmap)->nr, 0);
	assert_all_gone(f);
}

/* B copies, then forks C: what is B's is not looked for in A. */
static void test_copy_then_fork(void **state)
{
	struct fixture *f = *state;

	ok(map(f, 'A', 10, 1));
	ok(write_pages(f, 'A', 10, 1));
	ok(fork_to(f, 'A', 'B'));
	ok(write_pages(f, 'B', 10, 1));
	ok(fork_to(f, 'B', 'C'));
	assert_visits(f, folio_at(f, 'B', 10), "B:10 C:10");
	/* Mapped once, by its owner: one context, whatever lies below. */
	assert_visits(f, folio_at(f, 'A', 10), "A:10");
	assert_int_equal(f->stats.contexts, 1);
	ok(move(f, 'C', 10, 1, 40));
	assert_visits(f, folio_at(f, 'B', 10), "B:10 C:40");
	assert_all_gone(f);
}

/* Unmapped by its first owner, the folio stays with it: mapped once, below. */
static void test_child_keeps_folio(void **state)
{
	struct fixture *f = *state;
	struct folio *folio;

	ok(map(f, 'A', 10, 1));
	ok(write_pages(f, 'A', 10, 1));
	ok(fork_to(f, 'A', 'B'));
	ok(fork_to(f, 'A', 'C'));
	folio = folio_at(f, 'A', 10);
	ok(unmap(f, 'A', 10, 1));
	ok(unmap(f, 'C', 10, 1));
	assert_visits(f, folio, "B:10");
	assert_int_equal(folio->mapcount, 1);
	assert_int_equal(f->stats.contexts, 2);

	/* Mapped anew at the same place: visited for nothing. */
	ok(map(f, 'A', 10, 1));
	ok(write_pages(f, 'A', 10, 1));
	assert_visits(f, folio, "!A:10 B:10");
	assert_all_gone(f);
}

/* Moved, moved again, back to where it began. */
static void test_remap_of_remap(void **state)
{
	struct fixture *f = *state;
	struct folio *folio;

	ok(map(f, 'A', 10, 4));
	ok(write_pages(f, 'A', 10, 4));
	folio = folio_at(f, 'A', 12);
	ok(move(f, 'A', 10, 4, 30));
	assert_visits(f, folio, "A:32");
	ok(move(f, 'A', 30, 4, 3));
	assert_visits(f, folio, "A:5");
	assert_int_equal(context(f, 'A')->remaps.nr, 1);
	ok(move(f, 'A', 3, 4, 10));
	assert_visits(f, folio, "A:12");
	assert_int_equal(context(f, 'A')->remaps.nr, 0);
	assert_all_gone(f);
}

/* Parts of an area go to different places, its middle first. */
static void test_partial_moves(void **state)
{
	struct fixture *f = *state;
	struct folio *low, *mid, *high;

	ok(map(f, 'A', 10, 9));
	ok(write_pages(f, 'A', 10, 9));
	low = folio_at(f, 'A', 11);
	mid = folio_at(f, 'A', 14);
	high = folio_at(f, 'A', 17);
	ok(move(f, 'A', 13, 3, 43));
	ok(fork_to(f, 'A', 'B'));
	ok(move(f, 'B', 16, 3, 60));
	ok(move(f, 'B', 44, 1, 70));
	assert_visits(f, low, "A:11 B:11");
	assert_visits(f, mid, "A:44 B:70");
	assert_visits(f, high, "A:17 B:61");
	/* 13 and 15 at +30, 14 at +56, 16-18 at +44 */
	assert_int_equal(context(f, 'B')->remaps.nr, 4);
	ok(unmap(f, 'B', 0, 100));
	assert_visits(f, mid, "A:44");
	assert_all_gone(f);
}

/* The source stays, empty and displaced, and is used again. */
static void test_dontunmap(void **state)
{
	struct fixture *f = *state;
	u32 flags = MOVE | MREMAP_DONTUNMAP;
	struct folio *first, *second;

	ok(map(f, 'A', 10, 4));
	ok(write_pages(f, 'A', 10, 4));
	ok(move(f, 'A', 10, 4, 30));
	first = folio_at(f, 'A', 31);
	ok(do_mremap(*proc(f, 'A'), 30, 4, 4, flags, 50));
	assert_visits(f, first, "A:51");
	assert_int_equal(context(f, 'A')->remaps.nr, 1);
	ok(write_pages(f, 'A', 30, 4));
	second = folio_at(f, 'A', 31);
	assert_int_equal(second->index, first->index);
	assert_int_equal(context(f, 'A')->remaps.nr, 2);
	ok(fork_to(f, 'A', 'B'));
	assert_all_well(f);
	quit(f, 'A');
	assert_all_well(f);
	assert_int_equal(second->mapcount, 1);
	/* Part of it: the source stays faulted. */
	ok(do_mremap(*proc(f, 'B'), 51, 2, 2, flags, 81));
	assert_all_well(f);
	assert_all_gone(f);
}

static void test_shrink_and_grow(void **state)
{
	struct fixture *f = *state;
	struct remaps *remaps;

	ok(map(f, 'A', 10, 8));
	ok(write_pages(f, 'A', 10, 8));
	ok(move(f, 'A', 10, 8, 30));
	remaps = &context(f, 'A')->remaps;
	ok(do_mremap(*proc(f, 'A'), 30, 8, 3, 0, 0));
	assert_remaps(remaps, "10-12+20");
	ok(do_mremap(*proc(f, 'A'), 30, 3, 6, 0, 0));
	ok(write_pages(f, 'A', 30, 6));
	assert_remaps(remaps, "10-15+20");
	assert_visits(f, folio_at(f, 'A', 35), "A:35");
	ok(do_mremap(*proc(f, 'A'), 30, 6, 2, MOVE, 60));
	assert_remaps(remaps, "10-11+50");
	assert_all_well(f);
	assert_all_gone(f);
}

/* Offsets of a file are no addresses; each mapping has them anew. */
static void test_private_files(void **state)
{
	struct fixture *f = *state;
	struct mm_struct *a = *proc(f, 'A');
	struct folio *folio;

	ok(do_mmap(a, 10, 4, RW, 0, 2));
	ok(do_mmap(a, 20, 4, RW, 1, 2));
	ok(do_mmap(a, 30, 4, RW, 1, 30));
	assert_int_equal(context(f, 'A')->remaps.nr, 0);
	ok(write_pages(f, 'A', 10, 4));
	ok(write_pages(f, 'A', 21, 1));
	ok(write_pages(f, 'A', 32, 1));
	assert_remaps(&context(f, 'A')->remaps, "2-5+8 2-5+18");
	assert_visits(f, folio_at(f, 'A', 32), "A:32");
	folio = folio_at(f, 'A', 11);
	ok(fork_to(f, 'A', 'B'));
	assert_visits(f, folio, "A:11 !A:21 B:11");
	ok(move(f, 'B', 10, 2, 40));
	ok(write_pages(f, 'A', 11, 1));
	/* B's alone, but A's until B writes. */
	assert_visits(f, folio, "!A:11 !A:21 !B:21 B:41");
	ok(write_pages(f, 'B', 41, 1));
	assert_visits(f, folio, "!B:21 B:41");
	assert_all_gone(f);
}

/* Map, write, move away, and again: many places have the same offsets. */
static void test_many_displacements(void **state)
{
	struct fixture *f = *state;
	enum { TIMES = 200 };

	for (u64 i = 1; i <= TIMES; i++) {
		ok(map(f, 'A', 10, 3));
		ok(write_pages(f, 'A', 10, 3));
		ok(move(f, 'A', 10, 3, 10 + 5 * i));
	}
	ok(fork_to(f, 'A', 'B'));
	assert_all_well(f);
	assert_int_equal(context(f, 'B')->remaps.nr, TIMES);
	/* A place each, and what moved last is no later than the others. */
	ok(unmap(f, 'A', 0, 10 + 5 * TIMES));
	assert_all_well(f);
	assert_int_equal(context(f, 'A')->remaps.nr, 1);
	ok(unmap(f, 'B', 15, 1));
	assert_int_equal(context(f, 'B')->remaps.nr, TIMES);
	assert_all_well(f);
	assert_all_gone(f);
}

/* By process, not by VMA: cutting a moved area up costs nothing. */
static void test_pieces_are_one(void **state)
{
	struct fixture *f = *state;
	struct mm_struct *a = *proc(f, 'A');

	ok(map(f, 'A', 0, 200));
	ok(write_pages(f, 'A', 0, 200));
	ok(move(f, 'A', 0, 200, 1000));
	for (u64 i = 0; i < 200; i += 2)
		ok(do_mprotect(a, 1000 + i, 1, VM_READ));
	assert_int_equal(a->map_count, 200);
	assert_int_equal(context(f, 'A')->remaps.nr, 1);
	assert_visits(f, folio_at(f, 'A', 1100), "A:1100");
	ok(do_mprotect(a, 1000, 200, RW));
	assert_int_equal(a->map_count, 1);
	assert_int_equal(context(f, 'A')->remaps.nr, 1);
	ok(fork_to(f, 'A', 'B'));
	assert_int_equal(context(f, 'B')->remaps.nr, 1);
	assert_all_well(f);
	assert_all_gone(f);
}

/* What the child does not get is not recorded for it. */
static void test_fork_without(void **state)
{
	struct fixture *f = *state;
	struct mm_struct *a = *proc(f, 'A');

	ok(map(f, 'A', 10, 6));
	ok(write_pages(f, 'A', 10, 6));
	ok(move(f, 'A', 10, 6, 30));
	ok(do_madvise(a, 31, 1, ADVICE_DONTFORK));
	ok(do_madvise(a, 34, 1, ADVICE_WIPEONFORK));
	ok(fork_to(f, 'A', 'B'));
	assert_remaps(&context(f, 'A')->remaps, "10-15+20");
	assert_remaps(&context(f, 'B')->remaps, "10-10+20 12-13+20 15-15+20");
	/* The wiped one is displaced, and faulted by its first write only. */
	ok(write_pages(f, 'B', 34, 1));
	assert_remaps(&context(f, 'B')->remaps, "10-10+20 12-15+20");
	assert_visits(f, folio_at(f, 'B', 34), "B:34");
	assert_all_gone(f);
}

/* An unfaulted displaced VMA takes a faulted neighbour in, and the reverse. */
static void test_merge_unfaulted(void **state)
{
	u32 flags = MOVE | MREMAP_DONTUNMAP;
	struct fixture *f = *state;
	struct mm_struct *a = *proc(f, 'A');

	ok(map(f, 'A', 10, 4));
	ok(write_pages(f, 'A', 10, 4));
	ok(move(f, 'A', 10, 4, 30));
	ok(do_mprotect(a, 30, 2, VM_READ));
	/* 30-31 becomes empty and unfaulted, with offsets 10 and 11 still. */
	ok(do_mremap(a, 30, 2, 2, flags, 60));
	assert_remaps(&context(f, 'A')->remaps, "12-13+20 10-11+50");
	ok(do_mprotect(a, 30, 2, RW));
	assert_remaps(&context(f, 'A')->remaps, "10-13+20 10-11+50");
	assert_all_well(f);
	/* Moved beside itself again. */
	ok(do_mprotect(a, 60, 2, RW));
	ok(move(f, 'A', 60, 2, 30));
	assert_remaps(&context(f, 'A')->remaps, "10-13+20");
	assert_visits(f, folio_at(f, 'A', 30), "A:30");
	assert_all_gone(f);
}

/* The pages of an unmapped range stay recorded, but are not found. */
static void test_unmap_without_memory(void **state)
{
	struct fixture *f = *state;
	struct cow_context *ctx = context(f, 'A');

	ok(map(f, 'A', 10, 9));
	ok(write_pages(f, 'A', 10, 9));
	ok(move(f, 'A', 10, 9, 30));
	/* Three VMAs of one remap, so that nothing but the remap is cut. */
	ok(do_mprotect(*proc(f, 'A'), 33, 3, VM_READ));
	/* The first two allocations are maple trees'. */
	ledger_fail_nth(&f->ledger, 3);
	ok(unmap(f, 'A', 33, 3));
	assert_int_equal(f->ledger.nr_injected, 1);
	assert_true(ctx->remaps.inexact);
	assert_remaps(&ctx->remaps, "10-18+20");
	assert_all_well(f);

	/* Others come to be where it says. */
	ok(map(f, 'A', 33, 3));
	ok(write_pages(f, 'A', 33, 3));
	assert_visits(f, folio_at(f, 'A', 34), "A:34");
	ok(move(f, 'A', 33, 1, 70));
	ok(fork_to(f, 'A', 'B'));
	assert_false(context(f, 'B')->remaps.inexact);
	assert_all_well(f);
	assert_all_gone(f);
}

static int visit_and_exit(struct folio *folio, struct vm_area_struct *vma,
			  u64 addr, void *arg)
{
	struct fixture *f = arg;

	if (*proc(f, 'A') == vma->vm_mm)
		quit(f, 'A');
	return 0;
}

/* While the walk is in A's context, A exits and nothing refers to it. */
static u64 contexts_left_in_walk(struct fixture *f)
{
	u32 kind = cow_contexts_of(f->rmap)->kind;
	struct rmap_walk_control rwc = {
		.rmap_one = visit_and_exit,
		.arg = f,
		.stats = &f->stats,
	};
	struct folio *folio;
	u64 live;

	ok(map(f, 'A', 10, 1));
	ok(write_pages(f, 'A', 10, 1));
	folio = folio_at(f, 'A', 10);
	rcu_read_lock(&f->rcu);
	if (f->bugs.on[BUG_CONTEXT_FREED_WITHOUT_GRACE_PERIOD])
		quit(f, 'A');
	else
		f->rmap->ops->walk(f->rmap, folio, &rwc);
	synchronize_rcu(&f->rcu);
	live = f->ledger.kinds[kind].live;
	rcu_read_unlock(&f->rcu);
	synchronize_rcu(&f->rcu);
	assert_int_equal(f->ledger.kinds[kind].live, 0);
	assert_null(*proc(f, 'A'));
	return live;
}

static void test_grace_period(void **state)
{
	assert_int_equal(contexts_left_in_walk(*state), 1);
}

static void test_bug_no_grace_period(void **state)
{
	struct fixture *f = *state;

	f->bugs.on[BUG_CONTEXT_FREED_WITHOUT_GRACE_PERIOD] = true;
	assert_int_equal(contexts_left_in_walk(f), 0);
}

/* A fork that fails leaves no trace, wherever it fails. */
static void test_fork_fails(void **state)
{
	struct fixture *f = *state;
	u64 nth;

	ok(map(f, 'A', 10, 4));
	ok(write_pages(f, 'A', 10, 4));
	ok(move(f, 'A', 10, 2, 30));
	for (nth = 1; nth < 50; nth++) {
		ledger_fail_nth(&f->ledger, nth);
		if (!fork_to(f, 'A', 'B'))
			break;
		*proc(f, 'B') = NULL;
		assert_all_well(f);
		assert_int_equal(context(f, 'A')->refcount, 5);
		synchronize_rcu(&f->rcu);
	}
	ledger_fail_nth(&f->ledger, 0);
	assert_in_range(nth, 6, 49);
	assert_all_well(f);
	assert_all_gone(f);
}

static void test_migrate(void **state)
{
	struct fixture *f = *state;
	struct folio *folio;

	ok(map(f, 'A', 10, 2));
	ok(write_pages(f, 'A', 10, 2));
	ok(fork_to(f, 'A', 'B'));
	ok(move(f, 'B', 10, 2, 30));
	ok(fork_to(f, 'B', 'C'));
	folio = folio_at(f, 'A', 10);
	ok(mm_work(*proc(f, 'C'), 30, FOLIO_MIGRATE));
	assert_ptr_not_equal(folio_at(f, 'C', 30), folio);
	assert_int_equal(folio_at(f, 'A', 10)->mapcount, 3);
	quit(f, 'A');
	ok(mm_work(*proc(f, 'C'), 30, FOLIO_MIGRATE));
	assert_visits(f, folio_at(f, 'C', 30), "B:30 C:30");
	assert_all_gone(f);
}

/* exec: a context without parent, and with nothing. */
static void test_exec(void **state)
{
	struct fixture *f = *state;

	ok(map(f, 'A', 10, 1));
	ok(write_pages(f, 'A', 10, 1));
	ok(fork_to(f, 'A', 'B'));
	quit(f, 'A');
	*proc(f, 'A') = mm_alloc(&f->world);
	assert_null(context(f, 'A')->parent);
	assert_visits(f, folio_at(f, 'B', 10), "B:10");
	assert_int_equal(f->stats.contexts, 2);
	assert_all_gone(f);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(test_generations),
		with_world(test_copy_then_fork),
		with_world(test_child_keeps_folio),
		with_world(test_remap_of_remap),
		with_world(test_partial_moves),
		with_world(test_dontunmap),
		with_world(test_shrink_and_grow),
		with_world(test_private_files),
		with_world(test_many_displacements),
		with_world(test_pieces_are_one),
		with_world(test_fork_without),
		with_world(test_merge_unfaulted),
		with_world(test_unmap_without_memory),
		with_world(test_grace_period),
		with_world(test_bug_no_grace_period),
		with_world(test_fork_fails),
		with_world(test_migrate),
		with_world(test_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
