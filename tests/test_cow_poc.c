// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof of concept, driven by the mm: repaired it is as good as cow_context,
 * also where memory runs out; as published it loses what it loses, and nothing
 * crashes.  Its own check.
 */
#include "cow_context_fixture.h"
#include "../model/check/check.h"
#include "../model/rmap/cow_poc.h"
#include "../model/scenario/replay.h"

static int setup_poc(void **state, const struct rmap_ops *first)
{
	const struct rmap_ops *ops[] = { first, &cow_poc_rmap_ops };
	u32 alone = first == &cow_poc_rmap_ops;
	struct fixture *f;
	int err = setup_with(state, ops + alone, 2 - alone);

	f = *state;
	if (!err)
		fix_switch(&f->bugs, "all");
	return err;
}

static int setup_alone(void **state)
{
	return setup_poc(state, &cow_poc_rmap_ops);
}

static int setup_poc_beside(void **state)
{
	return setup_poc(state, &anon_vma_rmap_ops);
}

static struct poc_context *poc(struct fixture *f, char name)
{
	return poc_mm_context(f->rmap, *proc(f, name));
}

static int map_file(struct fixture *f, char name, u64 page, u64 len, u64 off)
{
	return do_mmap(*proc(f, name), page, len, RW, 0, off);
}

/* Every hook, with arrays, cut ranges, and what stays after a failed step. */

#define DONTUNMAP (MOVE | MREMAP_DONTUNMAP)
#define FAR 0x10000

static void everything(struct fixture *f)
{
	struct mm_struct *mm = *proc(f, 'A');

	map(f, 'A', 10, 8);
	write_pages(f, 'A', 10, 8);
	move(f, 'A', 10, 8, 30);
	do_mprotect(mm, 32, 2, VM_READ);
	do_mprotect(mm, 32, 2, RW);
	do_mremap(mm, 33, 2, 2, DONTUNMAP, 50);
	write_pages(f, 'A', 33, 2);
	do_mremap(mm, 34, 2, 4, MOVE, FAR);
	map_file(f, 'A', 100, 4, 0);
	map_file(f, 'A', 90, 4, 0);
	map_file(f, 'A', 80, 4, 0);
	write_pages(f, 'A', 100, 4);
	write_pages(f, 'A', 90, 4);
	write_pages(f, 'A', 80, 4);
	unmap(f, 'A', 91, 2);
	fork_to(f, 'A', 'B');
	if (*proc(f, 'B')) {
		move(f, 'B', 80, 4, 30);
		mm_work(*proc(f, 'B'), 101, FOLIO_MIGRATE);
		quit(f, 'B');
	}
	do_mremap(mm, 80, 4, 4, DONTUNMAP, 70);
	write_pages(f, 'A', 80, 4);
	move(f, 'A', 70, 4, 2 * FAR);
	do_mremap(mm, 100, 4, 6, 0, 0);
	write_pages(f, 'A', 100, 6);
}

static void test_everything(void **state)
{
	struct fixture *f = *state;

	everything(f);
	assert_all_well(f);
	assert_all_gone(f);
}

/* Each allocation fails once; twice as far as there are any. */
static void fail_each_of_setup(int (*make)(void **state), const char *fixes)
{
	bool all = !strcmp(fixes, "all");
	u64 failed = 0;

	for (u64 nth = 1; nth < 400; nth++) {
		struct fixture *f;
		void *state = NULL;

		ok(make(&state));
		f = state;
		assert_true(fix_switch(&f->bugs, fixes));
		ledger_fail_nth(&f->ledger, nth);
		everything(f);
		failed += f->ledger.nr_injected;
		ledger_fail_nth(&f->ledger, 0);
		if (all) {
			assert_all_well(f);
			assert_all_gone(f);
		} else {
			fault_of_walks(f);
			for (u32 i = 0; i < NR_PROCS; i++)
				if (f->procs[i])
					quit(f, 'A' + i);
		}
		ok(teardown(&state));
	}
	assert_true(failed > 50);
}

static void test_fail_each(void **state)
{
	fail_each_of_setup(setup_alone, "all");
	fail_each_of_setup(setup_poc_beside, "all");
}

static void test_fail_each_as_published(void **state)
{
	fail_each_of_setup(setup_alone, "-all");
	fail_each_of_setup(setup_poc_beside, "-all");
	fail_each_of_setup(setup_alone, "-unchecked-allocation");
	fail_each_of_setup(setup_poc_beside, "-unchecked-allocation");
}

/* A step that fails has changed nothing, or its range is looked for all over. */
static void test_incomplete(void **state)
{
	struct fixture *f = *state;
	u32 incomplete = 0;

	for (u64 nth = 1; nth < 30; nth++) {
		map_file(f, 'A', 10, 4, 0);
		map_file(f, 'A', 20, 4, 2);
		write_pages(f, 'A', 10, 4);
		write_pages(f, 'A', 20, 4);
		ledger_fail_nth(&f->ledger, nth);
		unmap(f, 'A', 21, 1);
		ledger_fail_nth(&f->ledger, 0);
		assert_all_well(f);
		incomplete += poc(f, 'A')->incomplete;
		quit(f, 'A');
		synchronize_rcu(&f->rcu);
		assert_int_equal(f->ledger.nr_live, 0);
		*proc(f, 'A') = mm_alloc(&f->world);
	}
	assert_true(incomplete > 0);
	assert_all_gone(f);
}

/* What another reverse map's failure takes back. */
static void test_undo(void **state)
{
	struct fixture *f = *state;
	const struct rmap_ops *ops = f->rmap->ops;
	struct vm_area_struct *vma, *copy;

	ok(map_file(f, 'A', 10, 4, 0));
	vma = find_vma(*proc(f, 'A'), 10);
	ok(ops->vma_prepare(f->rmap, vma));
	copy = vm_area_dup(vma, vma->vm_mm);
	copy->vm_start += 20;
	copy->vm_end += 20;
	ok(ops->vma_clone(f->rmap, copy, vma, RMAP_CLONE_REMAP));
	assert_true(poc_remaps_hold(&poc(f, 'A')->remaps, 0, 30));
	assert_false(poc_remaps_hold(&poc(f, 'A')->remaps, 0, 10));
	ops->vma_clone_undo(f->rmap, copy, vma, RMAP_CLONE_REMAP);
	assert_false(poc_remaps_hold(&poc(f, 'A')->remaps, 0, 30));
	assert_true(poc_remaps_hold(&poc(f, 'A')->remaps, 0, 10));
	assert_false(ops->vma_faulted(f->rmap, copy));
	vm_area_free(copy);
	ops->vma_prepare_undo(f->rmap, vma);
	assert_int_equal(poc(f, 'A')->remaps.nr, 0);
	assert_all_gone(f);
}

/* What is unmapped stays recorded: looked at in vain, for as long as it lives. */
static void test_unmap_too_late(void **state)
{
	struct fixture *f = *state;
	static struct places places;

	for (u32 round = 0; round < 2; round++) {
		for (u64 page = 10; page < 60; page += 10) {
			ok(map_file(f, 'A', page, 1, 0));
			ok(write_pages(f, 'A', page, 1));
			ok(unmap(f, 'A', page, 1));
		}
		ok(map_file(f, 'A', 60, 1, 0));
		ok(write_pages(f, 'A', 60, 1));
		walk(f, folio_at(f, 'A', 60), &places);
		assert_int_equal(places.nr, 1);
		assert_int_equal(f->stats.remaps, round ? 6 : 1);
		ok(unmap(f, 'A', 60, 1));
		f->bugs.fixed[FIX_UNMAP_TOO_LATE] = false;
	}
}

/* Checks see what is spoilt. */
static void test_checks(void **state)
{
	struct fixture *f = *state;
	static struct places places;
	struct poc_context *a, *b;
	struct folio *folio;
	u32 kind = poc_contexts_of(f->rmap)->cache.kind_range;

	ok(map_file(f, 'A', 10, 2, 0));
	ok(write_pages(f, 'A', 10, 2));
	ok(fork_to(f, 'A', 'B'));
	a = poc(f, 'A');
	b = poc(f, 'B');
	folio = folio_at(f, 'A', 10);
	synchronize_rcu(&f->rcu);
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
	assert_fault(INVARIANT, a->nr_folios++, a->nr_folios--);
	assert_fault(INVARIANT, b->mm = a->mm, b->mm = *proc(f, 'B'));
	assert_fault(INVARIANT, b->parent = NULL, b->parent = a);
	assert_fault(INVARIANT, folio->rmap_state[f->rmap->slot] = f,
		     folio->rmap_state[f->rmap->slot] = a);
	assert_fault(LEAK, f->ledger.kinds[kind].live++,
		     f->ledger.kinds[kind].live--);
	assert_fault(INVARIANT, f->ledger.kinds[kind].live--,
		     f->ledger.kinds[kind].live++);
	assert_fault(INVARIANT, b->remaps.nr++, b->remaps.nr--);
	assert_fault(INVARIANT, ok(poc_remaps_unmap(&b->remaps, 0, 0, 10)),
		     ok(poc_remaps_add(&b->remaps, 0, 0, 10)));
	assert_fault(INVARIANT, ok(poc_remaps_add(&b->remaps, 0, 0, 11)),
		     ok(poc_remaps_unmap(&b->remaps, 0, 0, 11)));
	assert_fault(INVARIANT, TAILQ_FIRST(&b->children) = (void *)f,
		     TAILQ_FIRST(&b->children) = NULL);
	assert_fault(INVARIANT, (*proc(f, 'B'))->rmap_state[f->rmap->slot] = a,
		     (*proc(f, 'B'))->rmap_state[f->rmap->slot] = b);
#undef assert_fault
	/* Loops: more contexts are met than there are. */
	poc_contexts_of(f->rmap)->nr = 1;
	assert_int_equal(own_fault(f, false).kind, DIVERGENCE_INVARIANT);
	walk(f, folio, &places);
	poc_contexts_of(f->rmap)->nr = 0;
	walk(f, folio, &places);
	assert_int_equal(f->rmap->broken.kind, DIVERGENCE_INVARIANT);
}

/* Scenarios, and what comes of them. */

static void replay_with(const char *text, const char *fixes,
			enum replay_check check, struct replay_result *result)
{
	struct replay_config config = {
		.machine = {
			.rmaps = { &anon_vma_rmap_ops, &cow_poc_rmap_ops },
			.nr_rmaps = 2,
		},
		.check = check,
	};
	struct scenario_error error;
	struct scenario sc;
	char name[64];

	for (const char *p = fixes; *p; p += !!*p) {
		size_t len = strcspn(p, " ");

		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		assert_true(fix_switch(&config.machine.bugs, name));
		p += len;
	}
	ok(scenario_init(&sc));
	ok(scenario_parse(&sc, text, strlen(text), &error));
	ok(replay(&sc, &config, result));
	scenario_free(&sc);
}

/* Its own check sees what is not recorded, and not what the walk leaves out. */
static void test_own_check(void **state)
{
	static const char moved[] = "mmap A 0x10 1 rw\nwrite A 0x10\n"
				    "mremap A 0x10 1 1 to=0x40\n";
	static const char twice[] = "mmap A 0x40 1 rw file=0@0\n"
				    "mmap A 0x10 1 rw file=0@0\n"
				    "write A 0x40\nwrite A 0x10\n";
	struct replay_result result;

	replay_with(moved, "-all", REPLAY_CHECK_TOUCHED, &result);
	assert_int_equal(result.report.kind, DIVERGENCE_MISS);
	assert_int_equal(result.op_nr, 3);
	assert_string_equal(result.report.own_check, "reaches 1 of 1, silent");
	replay_with(moved, "-all", REPLAY_CHECK_OWN, &result);
	assert_false(result.diverged);
	assert_int_equal(result.walks, 2);

	replay_with(twice, "walk-early-end", REPLAY_CHECK_TOUCHED, &result);
	assert_int_equal(result.op_nr, 4);
	assert_string_equal(result.report.own_check,
			    "reaches 0 of 1, would print a mismatch");
	replay_with(twice, "-all", REPLAY_CHECK_OWN, &result);
	assert_int_equal(result.op_nr, 4);
	assert_int_equal(result.report.kind, DIVERGENCE_MISS);
	assert_string_equal(result.report.rmap, "cow_poc");
	assert_string_equal(result.report.text,
			    "cow_poc's own check reaches 0 of 1 mappings of "
			    "folio 1");
	replay_with(twice, "all", REPLAY_CHECK_OWN, &result);
	assert_false(result.diverged);
}

/* The others have no such check, and say nothing of one. */
static void test_no_own_check(void **state)
{
	struct replay_config config = {
		.machine = {
			.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
			.nr_rmaps = 2,
			.bugs.on[BUG_WALK_STOPS_AT_FIRST_CONTEXT] = true,
		},
	};
	static const char text[] = "mmap A 0x10 1 rw\nwrite A 0x10\n"
				   "fork A B\nmunmap A 0x10 1\n";
	struct replay_result result;
	struct scenario_error error;
	struct scenario sc;

	ok(scenario_init(&sc));
	ok(scenario_parse(&sc, text, strlen(text), &error));
	ok(replay(&sc, &config, &result));
	assert_int_equal(result.report.kind, DIVERGENCE_MISS);
	assert_string_equal(result.report.own_check, "");
	config.check = REPLAY_CHECK_OWN;
	ok(replay(&sc, &config, &result));
	assert_false(result.diverged);
	assert_int_equal(result.walks, 0);
	scenario_free(&sc);
}

/*
 * Faults that show in twos: each of the two alone is silent, corpus/poc/NAME.rmap
 * says why.
 */
static void test_pairs(void **state)
{
	static const struct {
		const char *text;
		const char *first, *second;
		enum divergence_kind kind;
	} pairs[] = {
		{ "mmap A 0x10 2 rw file=0@0\nmmap A 0x12 1 rw file=0@3\n"
		  "write A 0x11 2\nmremap A 0x11 1 3 to=0x60\n",
		  "all -old-displacement", "-grown-move", DIVERGENCE_MISS },
		{ "mmap A 0x10 1 rw file=0@0\nmmap A 0x40 1 rw file=0@0\n"
		  "write A 0x10\nwrite A 0x40\nmremap A 0x10 1 1 to=0x60\n",
		  "all -unsorted-rewrite", "-walk-insert-overwrites",
		  DIVERGENCE_MISS },
		{ "mmap A 0x40 1 rw file=0@4294967296\n"
		  "mmap A 0x10 1 rw file=0@4294967296\n"
		  "write A 0x10\nwrite A 0x40\nexit A\n",
		  "all -teardown-limit", "-unmap-too-late", DIVERGENCE_LEAK },
	};
	struct replay_result result;
	char fixes[128];

	for (u32 i = 0; i < ARRAY_SIZE(pairs); i++) {
		replay_with(pairs[i].text, pairs[i].first, REPLAY_CHECK_TOUCHED,
			    &result);
		assert_false(result.diverged);
		snprintf(fixes, sizeof(fixes), "all %s", pairs[i].second);
		replay_with(pairs[i].text, fixes, REPLAY_CHECK_TOUCHED,
			    &result);
		assert_false(result.diverged);
		snprintf(fixes, sizeof(fixes), "%s %s", pairs[i].first,
			 pairs[i].second);
		replay_with(pairs[i].text, fixes, REPLAY_CHECK_TOUCHED,
			    &result);
		assert_int_equal(result.report.kind, pairs[i].kind);
		assert_string_equal(result.report.rmap, "cow_poc");
	}
}

static void test_fix_switch(void **state)
{
	struct bugs bugs = { 0 };

	assert_true(fix_switch(&bugs, "all"));
	assert_true(fix_switch(&bugs, "-teardown-limit"));
	assert_false(fix_on(&bugs, FIX_TEARDOWN_LIMIT));
	assert_true(fix_on(&bugs, FIX_WALK_EARLY_END));
	assert_true(fix_switch(&bugs, "-all"));
	assert_false(fix_on(&bugs, FIX_WALK_EARLY_END));
	assert_true(fix_switch(&bugs, "teardown-limit"));
	assert_true(fix_on(&bugs, FIX_TEARDOWN_LIMIT));
	assert_false(fix_switch(&bugs, "-"));
	assert_false(fix_switch(&bugs, ""));
	assert_false(fix_switch(&bugs, "--all"));
}

#define alone(test) cmocka_unit_test_setup_teardown(test, setup_alone, teardown)
#define beside(test) \
	cmocka_unit_test_setup_teardown(test, setup_poc_beside, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		alone(test_everything),
		beside(test_everything),
		cmocka_unit_test(test_fail_each),
		cmocka_unit_test(test_fail_each_as_published),
		beside(test_incomplete),
		alone(test_undo),
		beside(test_unmap_too_late),
		beside(test_checks),
		cmocka_unit_test(test_own_check),
		cmocka_unit_test(test_no_own_check),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_fix_switch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
