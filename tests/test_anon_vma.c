// SPDX-License-Identifier: GPL-2.0-only
/*
 * anon_vma on its own, driven through the mm.
 *
 * What hangs on a VMA is written as its own anon_vma, a colon, and its chain,
 * newest first: "3: 3 2 1"; "-" is an unfaulted VMA.  anon_vmas are numbered in
 * order of birth.
 */
#include "anon_vma_fixture.h"

static int setup_6_18(void **state)
{
	*state = fixture_new(KERNEL_6_18);
	return 0;
}

static int setup_7_0(void **state)
{
	*state = fixture_new(KERNEL_7_0);
	return 0;
}

static struct anon_vma *anon_vma_by_id(struct fixture *fx, u64 id)
{
	struct anon_vma *anon_vma;

	LIST_FOREACH(anon_vma, &anon_vma_world(the_rmap(fx))->living, living)
		if (anon_vma->id == id)
			return anon_vma;
	fail_msg("no anon_vma %llu", (unsigned long long)id);
	return NULL;
}

static void assert_counts(struct fixture *fx, u64 id, u32 active, u32 children,
			  u32 refcount)
{
	struct anon_vma *anon_vma = anon_vma_by_id(fx, id);

	assert_int_equal(anon_vma->num_active_vmas, active);
	assert_int_equal(anon_vma->num_children, children);
	assert_int_equal(anon_vma->refcount, refcount);
}

static void assert_chain(struct fixture *fx, struct mm_struct *mm, u64 addr,
			 const char *expected)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	struct anon_vma_chain *avc;
	char text[256] = "-";
	struct vma_anon *va;
	int n;

	assert_non_null(vma);
	va = vma_anon(the_rmap(fx), vma);
	if (va->anon_vma) {
		n = snprintf(text, sizeof(text),
			     "%llu:", (unsigned long long)va->anon_vma->id);
		TAILQ_FOREACH(avc, &va->chain, same_vma)
			n += snprintf(text + n, sizeof(text) - n, " %llu",
				      (unsigned long long)avc->anon_vma->id);
	}
	assert_string_equal(text, expected);
}

static struct folio *mm_folio_at(struct mm_struct *mm, u64 addr)
{
	struct pte *pte = pte_lookup(mm, addr);

	assert_non_null(pte);
	assert_non_null(pte->folio);
	return pte->folio;
}

static u64 owner_of(struct fixture *fx, struct folio *folio)
{
	struct anon_vma *anon_vma = folio->rmap_state[the_rmap(fx)->slot];

	return anon_vma->id;
}

static void test_hierarchy(void **state)
{
	struct fixture *fx = *state;
	bool turned = fx->world.as_of == KERNEL_7_0;
	struct mm_struct *b, *c;

	family_of_three(fx, &b, &c);
	assert_chain(fx, fx->a, 0x10, "1: 1");
	assert_chain(fx, b, 0x10, "2: 2 1");
	assert_chain(fx, c, 0x10, turned ? "3: 3 1 2" : "3: 3 2 1");
	assert_counts(fx, 1, 1, 2, 3);
	assert_counts(fx, 2, 1, 1, 1);
	assert_counts(fx, 3, 1, 0, 1);
	assert_sound(fx);

	/* A's chain goes, its anon_vma stays for the others. */
	mm_put(fx->a);
	assert_counts(fx, 1, 0, 2, 3);
	mm_put(c);
	assert_counts(fx, 1, 0, 2, 2);
	assert_counts(fx, 2, 1, 0, 1);
	assert_sound(fx);
	mm_put(b);
	assert_nothing_left(fx);
}

static void test_walk_reaches_descendants_only(void **state)
{
	struct fixture *fx = *state;
	struct rmap_walk_stats stats;
	struct mm_struct *b, *c;

	family_of_three(fx, &b, &c);
	assert_int_equal(owner_of(fx, mm_folio_at(fx->a, 0x10)), 1);
	stats = walk_anon_vma(fx, mm_folio_at(fx->a, 0x10));
	assert_int_equal(stats.walks, 1);
	assert_int_equal(stats.vmas, 3);
	assert_int_equal(stats.found, 3);
	assert_true(stats.nodes >= 3);

	assert_int_equal(owner_of(fx, mm_folio_at(b, 0x11)), 2);
	stats = walk_anon_vma(fx, mm_folio_at(b, 0x11));
	assert_int_equal(stats.vmas, 2);
	assert_int_equal(stats.found, 2);

	/* A's own page of the same index: B and C are looked at in vain. */
	stats = walk_anon_vma(fx, mm_folio_at(fx->a, 0x11));
	assert_int_equal(stats.vmas, 3);
	assert_int_equal(stats.found, 1);
}

static void test_reuse_moves_the_folio(void **state)
{
	struct fixture *fx = *state;
	struct mm_struct *b, *c;

	family_of_three(fx, &b, &c);
	mm_put(fx->a);
	mm_put(b);
	/* Not moved by the others' unmapping, but by the write. */
	assert_int_equal(owner_of(fx, mm_folio_at(c, 0x10)), 1);
	dirty(c, 0x10);
	assert_int_equal(owner_of(fx, mm_folio_at(c, 0x10)), 3);
	mm_put(c);
	assert_nothing_left(fx);
}

static void test_shared_folio_belongs_to_root(void **state)
{
	struct fixture *fx = *state;
	struct rmap *rmap = the_rmap(fx);
	struct vm_area_struct *vma;
	struct mm_struct *b, *c;
	struct folio *folio;

	family_of_three(fx, &b, &c);
	dirty(c, 0x12);
	folio = mm_folio_at(c, 0x12);
	vma = vma_lookup(c, 0x12);
	assert_int_equal(owner_of(fx, folio), 3);
	rmap->ops->folio_new(rmap, folio, vma, false);
	assert_int_equal(owner_of(fx, folio), 1);
	rmap->ops->folio_new(rmap, folio, vma, true);
	assert_int_equal(owner_of(fx, folio), 3);
	assert_sound(fx);
}

static void test_migration_keeps_the_owner(void **state)
{
	struct fixture *fx = *state;
	struct mm_struct *b, *c;
	u64 before;

	family_of_three(fx, &b, &c);
	before = mm_folio_at(c, 0x11)->id;
	assert_int_equal(mm_work(c, 0x11, FOLIO_MIGRATE), 0);
	assert_int_not_equal(mm_folio_at(c, 0x11)->id, before);
	assert_int_equal(owner_of(fx, mm_folio_at(b, 0x11)), 2);
	assert_ptr_equal(mm_folio_at(b, 0x11), mm_folio_at(c, 0x11));
	assert_sound(fx);
}

/* Each generation forks the next and exits: the hierarchy stops growing. */
static void test_generations_are_bounded(void **state)
{
	struct fixture *fx = *state;
	struct mm_struct *mm = fx->a;
	u64 anon_vmas = 0;
	u64 avcs = 0;

	map_anon(mm, 0x10, 4);
	for (u32 i = 0; i < 64; i++) {
		struct mm_struct *child;

		dirty(mm, 0x10 + i % 4);
		child = fork_mm(mm);
		mm_put(mm);
		mm = child;
		assert_sound(fx);
		if (i == 4) {
			anon_vmas = nr_anon_vmas(fx);
			avcs = nr_avcs(fx);
			assert_in_range(anon_vmas, 2, 4);
		} else if (i > 4) {
			assert_int_equal(nr_anon_vmas(fx), anon_vmas);
			assert_int_equal(nr_avcs(fx), avcs);
		}
	}
	mm_put(mm);
	assert_nothing_left(fx);
}

/* A, B, C and D leave 1, 2, 3, 4 to E; what F reuses depends on the order. */
static void test_reuse_order(void **state)
{
	struct fixture *fx = *state;
	struct mm_struct *mm[5] = { fx->a };
	struct mm_struct *f;

	map_anon(fx->a, 0x10, 4);
	dirty(fx->a, 0x10);
	for (u32 i = 1; i < 5; i++)
		mm[i] = fork_mm(mm[i - 1]);
	if (fx->world.as_of == KERNEL_7_0)
		assert_chain(fx, mm[4], 0x10, "5: 5 3 1 2 4");
	else
		assert_chain(fx, mm[4], 0x10, "5: 5 4 3 2 1");
	for (u32 i = 0; i < 4; i++)
		mm_put(mm[i]);
	f = fork_mm(mm[4]);
	if (fx->world.as_of == KERNEL_7_0)
		assert_chain(fx, f, 0x10, "3: 4 2 1 3 5");
	else
		assert_chain(fx, f, 0x10, "2: 5 4 3 2 1");
	assert_int_equal(nr_anon_vmas(fx), 5);
	assert_sound(fx);
	mm_put(mm[4]);
	mm_put(f);
	assert_nothing_left(fx);
}

/* With two children it is not reused, nor with a VMA of its own. */
static void test_no_reuse_when_needed(void **state)
{
	struct fixture *fx = *state;
	struct mm_struct *b, *c, *d, *e;

	family_of_three(fx, &b, &c);
	d = fork_mm(b);
	mm_put(b);
	assert_counts(fx, 2, 0, 2, 1);
	e = fork_mm(d);
	assert_counts(fx, 2, 0, 2, 1);
	assert_int_equal(nr_anon_vmas(fx), 5);
	mm_put(c);
	assert_counts(fx, 2, 0, 1, 1);
	mm_put(fork_mm(e));
	assert_counts(fx, 2, 0, 1, 1);
	assert_sound(fx);
	mm_put(fx->a);
	mm_put(d);
	mm_put(e);
	assert_nothing_left(fx);
}

static void test_prepare_borrows_from_neighbour(void **state)
{
	struct fixture *fx = *state;

	/* prev	|r, 1|rw  |r, 2| next	they differ in access only */
	map_anon(fx->a, 0x10, 4);
	dirty(fx->a, 0x10);
	assert_int_equal(do_mprotect(fx->a, 0x10, 4, VM_READ), 0);
	map_anon(fx->a, 0x18, 4);
	dirty(fx->a, 0x18);
	assert_int_equal(do_mprotect(fx->a, 0x18, 4, VM_READ), 0);
	map_anon(fx->a, 0x14, 4);
	assert_chain(fx, fx->a, 0x10, "1: 1");
	assert_chain(fx, fx->a, 0x14, "-");
	assert_chain(fx, fx->a, 0x18, "2: 2");
	dirty(fx->a, 0x14);
	assert_chain(fx, fx->a, 0x14, "2: 2");
	assert_counts(fx, 2, 2, 1, 1);
	assert_sound(fx);

	/* Without the next one it is prev's. */
	assert_int_equal(do_munmap(fx->a, 0x14, 8), 0);
	map_anon(fx->a, 0x14, 4);
	dirty(fx->a, 0x14);
	assert_chain(fx, fx->a, 0x14, "1: 1");
	assert_int_equal(nr_anon_vmas(fx), 1);

	/* A gap, or offsets that do not run on: nothing is shared. */
	map_anon(fx->a, 0x19, 1);
	dirty(fx->a, 0x19);
	assert_chain(fx, fx->a, 0x19, "3: 3");
	assert_int_equal(do_mremap(fx->a, 0x10, 4, 4, MOVE, 0x40), 0);
	map_anon(fx->a, 0x44, 1);
	dirty(fx->a, 0x44);
	assert_chain(fx, fx->a, 0x40, "1: 1");
	assert_chain(fx, fx->a, 0x44, "4: 4");
	assert_sound(fx);
	mm_put(fx->a);
	assert_nothing_left(fx);
}

static void test_prepare_leaves_forked_neighbour(void **state)
{
	struct fixture *fx = *state;
	struct mm_struct *b;

	map_anon(fx->a, 0x10, 4);
	dirty(fx->a, 0x10);
	b = fork_mm(fx->a);
	/* Not merged either: the forked one would grow. */
	map_anon(b, 0x14, 4);
	assert_chain(fx, b, 0x14, "-");
	dirty(b, 0x14);
	assert_chain(fx, b, 0x10, "2: 2 1");
	assert_chain(fx, b, 0x14, "3: 3");
	assert_sound(fx);
	/* The parent's has one entry and grows. */
	map_anon(fx->a, 0x14, 4);
	assert_int_equal(vma_pages(vma_lookup(fx->a, 0x10)), 8);
	assert_counts(fx, 1, 1, 2, 2);
	assert_sound(fx);
}

static void test_prepare_undo(void **state)
{
	struct fixture *fx = *state;
	struct rmap *rmap = the_rmap(fx);
	struct vm_area_struct *vma;

	map_anon(fx->a, 0x10, 4);
	vma = vma_lookup(fx->a, 0x10);
	assert_int_equal(rmap->ops->vma_prepare(rmap, vma), 0);
	assert_chain(fx, fx->a, 0x10, "1: 1");
	rmap->ops->vma_prepare_undo(rmap, vma);
	assert_chain(fx, fx->a, 0x10, "-");
	assert_int_equal(nr_anon_vmas(fx), 0);

	/* A prepare that had nothing to do has nothing to take back. */
	dirty(fx->a, 0x10);
	assert_int_equal(rmap->ops->vma_prepare(rmap, vma), 0);
	rmap->ops->vma_prepare_undo(rmap, vma);
	assert_chain(fx, fx->a, 0x10, "2: 2");
	assert_sound(fx);
}

static void test_split_and_merge(void **state)
{
	struct fixture *fx = *state;
	bool turned = fx->world.as_of == KERNEL_7_0;
	struct mm_struct *b;

	map_anon(fx->a, 0x10, 8);
	dirty(fx->a, 0x10);
	dirty(fx->a, 0x17);
	b = fork_mm(fx->a);
	assert_int_equal(split_vma(vma_lookup(b, 0x10), 0x14, false), 0);
	assert_chain(fx, b, 0x10, "2: 2 1");
	assert_chain(fx, b, 0x14, turned ? "2: 1 2" : "2: 2 1");
	assert_counts(fx, 2, 2, 0, 1);
	assert_sound(fx);
	assert_int_equal(walk_anon_vma(fx, mm_folio_at(b, 0x17)).found, 2);

	/* The two are one again, where both were and were not taken in. */
	assert_int_equal(do_mprotect(b, 0x12, 2, VM_READ), 0);
	assert_sound(fx);
	assert_counts(fx, 2, 3, 0, 1);
	assert_int_equal(do_mprotect(b, 0x12, 2, RW), 0);
	assert_sound(fx);
	assert_counts(fx, 2, 1, 0, 1);
	assert_int_equal(vma_pages(vma_lookup(b, 0x10)), 8);
	mm_put(fx->a);
	mm_put(b);
	assert_nothing_left(fx);
}

static void test_merge_into_unfaulted(void **state)
{
	struct fixture *fx = *state;

	/* |--------|  |r, 1|	the unfaulted one grows over the other */
	map_anon(fx->a, 0x10, 4);
	map_anon(fx->a, 0x18, 4);
	dirty(fx->a, 0x18);
	map_anon(fx->a, 0x14, 4);
	assert_int_equal(vma_pages(vma_lookup(fx->a, 0x10)), 12);
	assert_chain(fx, fx->a, 0x10, "1: 1");
	assert_counts(fx, 1, 1, 1, 1);
	assert_int_equal(walk_anon_vma(fx, mm_folio_at(fx->a, 0x18)).found, 1);
	assert_sound(fx);
	mm_put(fx->a);
	assert_nothing_left(fx);
}

static void test_remap(void **state)
{
	struct fixture *fx = *state;
	bool turned = fx->world.as_of == KERNEL_7_0;
	struct mm_struct *b;

	map_anon(fx->a, 0x10, 4);
	dirty(fx->a, 0x11);
	b = fork_mm(fx->a);
	assert_int_equal(do_mremap(b, 0x11, 2, 2, MOVE, 0x80), 0);
	assert_chain(fx, b, 0x80, turned ? "2: 1 2" : "2: 2 1");
	assert_counts(fx, 2, 3, 0, 1);
	assert_int_equal(walk_anon_vma(fx, mm_folio_at(b, 0x80)).found, 2);
	assert_sound(fx);
	/* Back to where it was: one VMA again. */
	assert_int_equal(do_mremap(b, 0x80, 2, 2, MOVE, 0x11), 0);
	assert_counts(fx, 2, 1, 0, 1);
	assert_sound(fx);
	mm_put(fx->a);
	mm_put(b);
	assert_nothing_left(fx);
}

static void test_dontunmap_unlinks_the_source(void **state)
{
	struct fixture *fx = *state;

	map_anon(fx->a, 0x10, 4);
	dirty(fx->a, 0x11);
	assert_int_equal(
		do_mremap(fx->a, 0x10, 4, 4, MOVE | MREMAP_DONTUNMAP, 0x80), 0);
	assert_chain(fx, fx->a, 0x10, "-");
	assert_chain(fx, fx->a, 0x80, "1: 1");
	assert_counts(fx, 1, 1, 1, 1);
	assert_sound(fx);
	dirty(fx->a, 0x11);
	assert_chain(fx, fx->a, 0x10, "2: 2");
	assert_sound(fx);
	mm_put(fx->a);
	assert_nothing_left(fx);
}

static void test_locks_are_counted(void **state)
{
	struct fixture *fx = *state;
	struct rmap_lock_stats *locks = &the_rmap(fx)->locks;
	struct mm_struct *b;

	map_anon(fx->a, 0x10, 4);
	assert_int_equal(locks->write_sections, 0);
	dirty(fx->a, 0x10);
	assert_int_equal(locks->write_sections, 1);
	/* One for the clone, one for the child's own. */
	b = fork_mm(fx->a);
	assert_int_equal(locks->write_sections, 3);
	/* One for the clone, one for the range. */
	assert_int_equal(split_vma(vma_lookup(b, 0x10), 0x12, true), 0);
	assert_int_equal(locks->write_sections, 5);
	assert_int_equal(locks->read_sections, 0);
	walk_anon_vma(fx, mm_folio_at(b, 0x10));
	assert_int_equal(locks->read_sections, 1);
	mm_put(b);
	assert_int_equal(locks->write_sections, 7);
}

/* A tree changed at the wrong time is noted at once. */
static void test_tree_change_needs_the_lock(void **state)
{
	struct fixture *fx = *state;
	struct rmap *rmap = the_rmap(fx);
	struct anon_vma_chain *avc;

	map_anon(fx->a, 0x10, 4);
	dirty(fx->a, 0x10);
	avc = TAILQ_FIRST(&vma_anon(rmap, vma_lookup(fx->a, 0x10))->chain);
	anon_vma_interval_tree_remove(rmap, avc);
	assert_int_equal(rmap->broken.kind, DIVERGENCE_INVARIANT);
	assert_non_null(strstr(rmap->broken.text, "without its root's lock"));
	anon_vma_interval_tree_insert(rmap, avc);
}

/* A freed anon_vma may be looked at until the last reader has left. */
static void test_free_waits_for_readers(void **state)
{
	struct fixture *fx = *state;
	u32 kind = anon_vma_world(the_rmap(fx))->kind_anon_vma;

	map_anon(fx->a, 0x10, 4);
	dirty(fx->a, 0x10);
	rcu_read_lock(&fx->rcu);
	assert_int_equal(do_munmap(fx->a, 0x10, 4), 0);
	synchronize_rcu(&fx->rcu);
	assert_int_equal(fx->ledger.kinds[kind].live, 1);
	assert_sound(fx);
	rcu_read_unlock(&fx->rcu);
	synchronize_rcu(&fx->rcu);
	assert_int_equal(fx->ledger.kinds[kind].live, 0);
	mm_put(fx->a);
	assert_nothing_left(fx);
}

/* When the last one goes, that its root stays is noted at once. */
static void test_root_left_behind_is_found(void **state)
{
	struct fixture *fx = *state;
	struct mm_struct *b, *c;

	fx->bugs.on[BUG_ROOT_PUT_MISSING] = true;
	family_of_three(fx, &b, &c);
	mm_put(fx->a);
	mm_put(b);
	mm_put(c);
	assert_non_null(strstr(the_rmap(fx)->broken.text,
			       "the last VMA goes, but not all 3 anon_vmas"));
	/* And so it is from scratch. */
	the_rmap(fx)->broken.kind = DIVERGENCE_NONE;
	assert_non_null(strstr(find_fault(fx).text, "has no VMA"));
}

#define test_in_both(name)                                      \
	{ #name " (6.18)", name, setup_6_18, teardown, NULL },  \
	{                                                       \
#name " (7.0)", name, setup_7_0, teardown, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_both(test_hierarchy),
		test_in_both(test_walk_reaches_descendants_only),
		test_in_both(test_reuse_moves_the_folio),
		test_in_both(test_shared_folio_belongs_to_root),
		test_in_both(test_migration_keeps_the_owner),
		test_in_both(test_generations_are_bounded),
		test_in_both(test_reuse_order),
		test_in_both(test_no_reuse_when_needed),
		test_in_both(test_prepare_borrows_from_neighbour),
		test_in_both(test_prepare_leaves_forked_neighbour),
		test_in_both(test_prepare_undo),
		test_in_both(test_split_and_merge),
		test_in_both(test_merge_into_unfaulted),
		test_in_both(test_remap),
		test_in_both(test_dontunmap_unlinks_the_source),
		test_in_both(test_locks_are_counted),
		test_in_both(test_tree_change_needs_the_lock),
		test_in_both(test_free_waits_for_readers),
		test_in_both(test_root_left_behind_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
