// SPDX-License-Identifier: GPL-2.0-only
/*
 * cow_context, what must be noticed: bugs put back, structures spoilt; and what
 * must not: anything that happens at random.
 */
#include "cow_context_fixture.h"

/* Each bug, put back, is seen: by the walks, by the checks, or by both. */

static void do_generations(struct fixture *f)
{
	ok(map(f, 'A', 10, 2));
	ok(write_pages(f, 'A', 10, 2));
	ok(fork_to(f, 'A', 'B'));
}

static void do_unmap(struct fixture *f)
{
	ok(map(f, 'A', 10, 2));
	ok(write_pages(f, 'A', 10, 2));
	ok(unmap(f, 'A', 10, 1));
}

static void do_child_keeps_folio(struct fixture *f)
{
	do_generations(f);
	ok(unmap(f, 'A', 10, 2));
}

static void do_move_and_fork(struct fixture *f)
{
	ok(map(f, 'A', 10, 2));
	ok(write_pages(f, 'A', 10, 2));
	ok(move(f, 'A', 10, 2, 30));
	ok(fork_to(f, 'A', 'B'));
}

static void do_move_and_unmap(struct fixture *f)
{
	do_move_and_fork(f);
	ok(unmap(f, 'A', 30, 1));
}

static void do_others_come(struct fixture *f)
{
	do_generations(f);
	ok(map(f, 'A', 20, 2));
	ok(write_pages(f, 'A', 20, 2));
	ok(move(f, 'A', 20, 2, 10));
}

static const struct planted {
	enum bug bug;
	void (*scenario)(struct fixture *f);
	enum divergence_kind walks;
	enum divergence_kind own;
} planted[] = {
	{ BUG_WALK_SKIPS_LAST_CHILD, do_generations, DIVERGENCE_MISS, 0 },
	{ BUG_WALK_STOPS_AT_FIRST_CONTEXT, do_child_keeps_folio,
	  DIVERGENCE_MISS, 0 },
	{ BUG_WALK_TRUSTS_DISPLACEMENT, do_others_come, DIVERGENCE_STRAY, 0 },
	{ BUG_REMAP_NOT_COPIED_AT_FORK, do_move_and_fork, DIVERGENCE_MISS,
	  DIVERGENCE_INVARIANT },
	{ BUG_REMAP_NOT_DROPPED_AT_UNLINK, do_move_and_unmap, 0,
	  DIVERGENCE_INVARIANT },
	{ BUG_REMAP_WRONG_SIGN, do_move_and_fork, DIVERGENCE_MISS,
	  DIVERGENCE_INVARIANT },
	{ BUG_ZERO_DISPLACEMENT_RECORDED, do_generations, DIVERGENCE_DUPLICATE,
	  DIVERGENCE_INVARIANT },
	{ BUG_FOLIO_REF_NOT_DROPPED, do_unmap, 0, DIVERGENCE_REFCOUNT },
	{ BUG_CHILD_REF_NOT_TAKEN, do_generations, 0, DIVERGENCE_REFCOUNT },
};

static void test_bugs(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(planted); i++) {
		const struct planted *plant = &planted[i];
		struct divergence div;
		struct fixture *f;

		for (int on = 0; on < 2; on++) {
			ok(setup(state));
			f = *state;
			f->bugs.on[plant->bug] = on;
			plant->scenario(f);
			assert_int_equal(fault_of_walks(f),
					 on ? plant->walks : 0);
			div = own_fault(f, false);
			assert_int_equal(div.kind, on ? plant->own : 0);
			div = own_fault(f, true);
			assert_int_equal(div.kind, on ? plant->own : 0);
			ok(teardown(state));
		}
	}
}

/* Structures that were spoilt by hand. */
static void test_checks(void **state)
{
	struct fixture *f = *state;
	struct cow_context *a, *b;
	struct folio *folio;
	u32 kind = cow_contexts_of(f->rmap)->kind;

	do_move_and_fork(f);
	a = context(f, 'A');
	b = context(f, 'B');
	folio = folio_at(f, 'A', 30);
	assert_all_well(f);
#define assert_fault(expected, spoil, mend)               \
	do {                                              \
		spoil;                                    \
		assert_int_equal(own_fault(f, true).kind, \
				 DIVERGENCE_##expected);  \
		mend;                                     \
		assert_all_well(f);                       \
	} while (0)
	assert_fault(REFCOUNT, b->refcount++, b->refcount--);
	assert_fault(REFCOUNT, a->refcount--, a->refcount++);
	assert_fault(INVARIANT, a->nr_folios++, a->nr_folios--);
	assert_fault(INVARIANT, b->mm = a->mm, b->mm = *proc(f, 'B'));
	assert_fault(INVARIANT, b->mm = NULL, b->mm = *proc(f, 'B'));
	assert_fault(INVARIANT, b->parent = NULL, b->parent = a);
	assert_fault(INVARIANT, folio->rmap_state[0] = f,
		     folio->rmap_state[0] = a);
	assert_fault(INVARIANT, f->ledger.kinds[kind].live--,
		     f->ledger.kinds[kind].live++);
	assert_fault(INVARIANT, f->ledger.kinds[kind].live++,
		     f->ledger.kinds[kind].live--);
	assert_fault(INVARIANT, remaps_del(&b->remaps, 11, 11, 20),
		     ok(remaps_add(&b->remaps, 11, 11, 20)));
	assert_fault(INVARIANT, ok(remaps_add(&b->remaps, 12, 12, 20)),
		     remaps_del(&b->remaps, 12, 12, 20));
	assert_fault(INVARIANT, b->remaps.nr++, b->remaps.nr--);
	assert_fault(INVARIANT, (*proc(f, 'B'))->rmap_state[0] = f,
		     (*proc(f, 'B'))->rmap_state[0] = b);
	assert_fault(INVARIANT, a->parent = b, a->parent = NULL);
	assert_fault(INVARIANT, TAILQ_FIRST(&b->children) = (void *)f,
		     TAILQ_FIRST(&b->children) = NULL);
#undef assert_fault
	assert_all_gone(f);
}

/* What a check of one mm sees of it. */
static void test_check_mm(void **state)
{
	struct fixture *f = *state;
	struct cow_context *a, *b;

	do_move_and_fork(f);
	a = context(f, 'A');
	b = context(f, 'B');
	a->parent = b;
	assert_string_equal(own_fault(f, false).text,
			    "contexts are each other's ancestors");
	a->parent = NULL;
	assert_all_well(f);

	/* Recorded where nothing is, and where something else is. */
	assert_int_equal(remaps_add(&b->remaps, 12, 12, 20), 0);
	assert_int_equal(own_fault(f, false).kind, DIVERGENCE_INVARIANT);
	remaps_del(&b->remaps, 12, 12, 20);
	assert_int_equal(remaps_add(&b->remaps, 10, 10, 1), 0);
	assert_int_equal(own_fault(f, false).kind, DIVERGENCE_INVARIANT);
	remaps_del(&b->remaps, 10, 10, 1);
	b->nr_children++;
	assert_int_equal(own_fault(f, false).kind, DIVERGENCE_REFCOUNT);
	assert_int_equal(own_fault(f, true).kind, DIVERGENCE_INVARIANT);
	b->nr_children--;
	assert_all_well(f);
	assert_all_gone(f);
}

/* Beside anon_vma: which VMAs are faulted must be the same. */
static void test_check_mark(void **state)
{
	struct fixture *f = *state;
	struct rmap_vma *word;

	do_generations(f);
	word = &find_vma(*proc(f, 'B'), 10)->rmap_state[f->rmap->slot];
	word->word[0] = NULL;
	assert_int_equal(own_fault(f, true).kind, DIVERGENCE_INVARIANT);
	assert_int_equal(fault_of_walks(f), DIVERGENCE_MISS);
}

/* Rules that are broken between two checks are noted. */

static void test_broken_put(void **state)
{
	struct fixture *f = *state;

	do_generations(f);
	context(f, 'B')->refcount = 0;
	quit(f, 'B');
	assert_int_equal(f->rmap->broken.kind, DIVERGENCE_REFCOUNT);
}

static void test_broken_exit(void **state)
{
	struct fixture *f = *state;

	do_generations(f);
	ok(remaps_add(&context(f, 'B')->remaps, 100, 100, 1));
	quit(f, 'B');
	assert_int_equal(f->rmap->broken.kind, DIVERGENCE_INVARIANT);
}

static void test_broken_hierarchy(void **state)
{
	struct fixture *f = *state;
	static struct places places;

	do_generations(f);
	cow_contexts_of(f->rmap)->nr = 1;
	walk(f, folio_at(f, 'A', 10), &places);
	assert_int_equal(f->rmap->broken.kind, DIVERGENCE_INVARIANT);
}

/* It takes a bug for a change of range to need memory. */
static void test_broken_range(void **state)
{
	struct fixture *f = *state;

	f->bugs.on[BUG_REMAP_NOT_COPIED_AT_FORK] = true;
	do_move_and_fork(f);
	/* After the other half and the maple tree's. */
	ledger_fail_nth(&f->ledger, 3);
	ok(do_mprotect(*proc(f, 'B'), 30, 1, VM_READ));
	assert_int_equal(f->rmap->broken.kind, DIVERGENCE_INVARIANT);
}

/* A folio that the walk does not find everywhere does not move. */
static void test_migrate_misses(void **state)
{
	struct fixture *f = *state;
	struct folio *folio;

	do_generations(f);
	folio = folio_at(f, 'A', 10);
	f->bugs.on[BUG_WALK_SKIPS_LAST_CHILD] = true;
	assert_int_equal(mm_work(*proc(f, 'A'), 10, FOLIO_MIGRATE), -EAGAIN);
	f->bugs.on[BUG_WALK_SKIPS_LAST_CHILD] = false;
	assert_ptr_equal(folio_at(f, 'A', 10), folio);
	assert_int_equal(folio->mapcount, 2);
	assert_int_equal(f->rmap->broken.kind, DIVERGENCE_MISS);
	assert_string_equal(f->rmap->broken.text,
			    "finds 1 of 2 mappings of folio 1");
	f->rmap->broken = (struct divergence){ 0 };
	assert_visits(f, folio, "A:10 B:10");
	assert_all_gone(f);
}

/* A folio that nobody has: nowhere. */
static void test_walk_of_bare_folio(void **state)
{
	struct fixture *f = *state;
	struct folio *folio;
	static struct places places;

	folio = folio_alloc_bare(&f->world, (*proc(f, 'A'))->family, 10);
	assert_non_null(folio);
	walk(f, folio, &places);
	assert_int_equal(places.nr, 0);
	folio_free(&f->world, folio);
	assert_all_gone(f);
}

/* What another reverse map's failure takes back. */
static void test_undo(void **state)
{
	struct fixture *f = *state;
	const struct rmap_ops *ops = f->rmap->ops;
	struct vm_area_struct *vma, *half;

	ok(do_mmap(*proc(f, 'A'), 10, 4, RW, 0, 2));
	vma = find_vma(*proc(f, 'A'), 10);
	ok(ops->vma_prepare(f->rmap, vma));
	assert_remaps(&context(f, 'A')->remaps, "2-5+8");
	half = vm_area_dup(vma, vma->vm_mm);
	half->vm_end = 12;
	ok(ops->vma_clone(f->rmap, half, vma, RMAP_CLONE_SPLIT));
	assert_true(ops->vma_faulted(f->rmap, half));
	ops->vma_clone_undo(f->rmap, half, vma, RMAP_CLONE_SPLIT);
	assert_false(ops->vma_faulted(f->rmap, half));
	assert_remaps(&context(f, 'A')->remaps, "2-5+8");
	vm_area_free(half);
	ops->vma_prepare_undo(f->rmap, vma);
	assert_remaps(&context(f, 'A')->remaps, "");
	assert_all_gone(f);
}

/* Anything at all, with memory running out now and then. */

#define WINDOW 48

static int random_mremap(struct mm_struct *mm, u64 *seed, u64 page, u64 len)
{
	u64 to = roll(seed, 2 * WINDOW), new_len = 1 + roll(seed, 8);

	switch (roll(seed, 5)) {
	case 0:
		return do_mremap(mm, page, len, new_len, 0, 0);
	case 1:
		return do_mremap(mm, page, len, new_len, MOVE, to);
	case 2:
		return do_mremap(mm, page, len, len, MOVE | MREMAP_DONTUNMAP,
				 to);
	default:
		return do_mremap(mm, page, len, len, MOVE, to);
	}
}

static int random_mmap(struct mm_struct *mm, u64 *seed, u64 page, u64 len)
{
	u64 flags = roll(seed, 4) ? RW : VM_READ;
	int file = (int)roll(seed, 4) - 2;
	u64 off = roll(seed, WINDOW);

	if (file < 0)
		return do_mmap(mm, page, len, flags, NO_FILE, 0);
	return do_mmap(mm, page, len, flags, file, off < 8 ? page : off);
}

static int random_process(struct fixture *f, u64 *seed, u32 p)
{
	u32 other = roll(seed, NR_PROCS);

	if (!f->procs[other])
		return mm_dup(f->procs[p], &f->procs[other]);
	/* One is always left. */
	if (other != p && roll(seed, 2)) {
		mm_put(f->procs[other]);
		f->procs[other] = NULL;
	}
	return 0;
}

static int random_op(struct fixture *f, u64 *seed)
{
	u64 page = roll(seed, 2 * WINDOW), len = 1 + roll(seed, 8);
	u32 p = roll(seed, NR_PROCS), arg = roll(seed, 60);
	struct mm_struct *mm;

	while (!f->procs[p])
		p = (p + 1) % NR_PROCS;
	mm = f->procs[p];
	switch (roll(seed, 16)) {
	case 0:
	case 1:
		return random_mmap(mm, seed, page, 4 * len);
	case 2:
		return do_munmap(mm, page, len);
	case 3:
	case 4:
		return do_mprotect(mm, page, len, arg % 3 ? RW : VM_READ);
	case 5:
		return do_madvise(mm, page, len, arg % NR_ADVICE);
	case 6:
	case 7:
	case 8:
		return random_mremap(mm, seed, page, len);
	case 9:
		return mm_read(mm, page);
	case 10:
		return mm_work(mm, page, FOLIO_MIGRATE);
	case 11:
		return random_process(f, seed, p);
	default:
		for (u64 i = 0; i < len; i++)
			mm_write(mm, page + i, 1);
		return 0;
	}
}

static void test_random(void **state)
{
	struct fixture *f = *state;
	u32 forgotten = 0, failed = 0;
	u64 seed = 8;

	for (u32 i = 0; i < 20000; i++) {
		u32 nth = roll(&seed, 16);

		ledger_fail_nth(&f->ledger, nth < 8 ? nth : 0);
		failed += !!random_op(f, &seed);
		ledger_fail_nth(&f->ledger, 0);
		assert_all_well(f);
		for (u32 p = 0; p < NR_PROCS; p++)
			forgotten += f->procs[p] &&
				     context(f, 'A' + p)->remaps.inexact;
		if (!roll(&seed, 8))
			synchronize_rcu(&f->rcu);
	}
	assert_true(failed > 1000);
	assert_true(forgotten > 0);
	assert_all_gone(f);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define beside_anon_vma(test) \
	cmocka_unit_test_setup_teardown(test, setup_beside, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bugs),
		with_world(test_checks),
		with_world(test_check_mm),
		beside_anon_vma(test_check_mark),
		with_world(test_broken_put),
		with_world(test_broken_exit),
		with_world(test_broken_hierarchy),
		with_world(test_broken_range),
		with_world(test_migrate_misses),
		with_world(test_walk_of_bare_folio),
		with_world(test_undo),
		with_world(test_random),
		beside_anon_vma(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
