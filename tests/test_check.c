// SPDX-License-Identifier: GPL-2.0-only
/*
 * model/check: walks and the truth that they are held against.  A fault of each
 * kind is planted, and reported by its name.
 */
#include "check_fixture.h"

/* All is well. */

static void test_nothing_to_report(void **state)
{
	struct fixture *f = *state;

	assert_true(check_touched(&f->chk));
	assert_int_equal(f->chk.stats.folios, 3);
	assert_int_equal(f->chk.stats.walks, 6);
	assert_int_equal(f->chk.stats.walk[0].found, 6);
	assert_int_equal(f->chk.stats.walk[1].walks, 3);
	assert_true(check_all(&f->chk));
	assert_int_equal(f->chk.stats.folios, 6);
	assert_int_equal(f->chk.report.kind, DIVERGENCE_NONE);
}

/* What is visited for nothing is counted, and no fault. */
static void test_extra_visits_are_no_fault(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mm_write(fixture_mm(f, 1), BASE + 0x10, 5), 0);
	assert_int_equal(folio_by_id(f, 1)->mapcount, 1);
	f->liar->extra = 1;
	assert_true(check_touched(&f->chk));
	assert_true(check_all(&f->chk));
	assert_int_equal(f->chk.stats.walk[0].vmas, f->chk.stats.walk[0].found);
	assert_true(f->chk.stats.walk[1].vmas > f->chk.stats.walk[1].found);
}

static void test_touched_is_what_the_op_touched(void **state)
{
	struct fixture *f = *state;
	u64 folios;

	assert_true(check_touched(&f->chk));
	folios = f->chk.stats.folios;
	f->liar->skip = 3;
	assert_true(check_touched(&f->chk));
	assert_int_equal(f->chk.stats.folios, folios);
	/* Overlapping ranges: each folio once. */
	touch_offsets(fixture_mm(f, 0), BASE + 0x10, BASE + 0x11);
	touch_offsets(fixture_mm(f, 0), BASE + 0x30, BASE + 0x40);
	touch_offsets(fixture_mm(f, 0), BASE, BASE + 0x10);
	touch_offsets(fixture_mm(f, 1), BASE + 0x11, BASE + 0x11);
	assert_true(check_touched(&f->chk));
	assert_int_equal(f->chk.stats.folios, folios + 2);
	/* Each VMA and mm once, too. */
	assert_int_equal(f->liar->vmas_checked, 4);
	assert_int_equal(f->liar->mms_checked, 4);
	assert_int_equal(f->machine->world.touched.nr, 0);

	touch_offsets(fixture_mm(f, 0), BASE + 0x12, BASE + 0x12);
	assert_false(check_touched(&f->chk));
	expect_divergence(f, DIVERGENCE_MISS,
			  "liar does not find folio 3 at B:0x12");
}

/* What exec made has offsets of its own, though they be the same. */
static void test_touched_families(void **state)
{
	struct fixture *f = *state;
	u64 folios;

	assert_int_equal(machine_exec(f->machine, 1), 0);
	assert_int_equal(do_mmap(fixture_mm(f, 1), BASE + 0x10, 1,
				 VM_READ | VM_WRITE, NO_FILE, 0),
			 0);
	assert_int_equal(mm_write(fixture_mm(f, 1), BASE + 0x10, 1), 0);
	assert_true(check_all(&f->chk));
	folios = f->chk.stats.folios;
	touch_offsets(fixture_mm(f, 1), BASE, BASE + 0x20);
	assert_true(check_touched(&f->chk));
	assert_int_equal(f->chk.stats.folios, folios + 1);
	touch_offsets(fixture_mm(f, 1), BASE, BASE + 0x20);
	touch_offsets(fixture_mm(f, 0), BASE, BASE + 0x20);
	touch_offsets(fixture_mm(f, 1), BASE, BASE + 0x20);
	assert_true(check_touched(&f->chk));
	assert_int_equal(f->chk.stats.folios, folios + 1 + 4);
}

static void test_touched_overflow_checks_all(void **state)
{
	struct fixture *f = *state;

	touched_reset(&f->machine->world);
	f->liar->skip = 3;
	f->machine->world.touched.overflow = true;
	assert_false(check_touched(&f->chk));
	expect_divergence(f, DIVERGENCE_MISS,
			  "liar does not find folio 3 at B:0x12");
	assert_false(f->machine->world.touched.overflow);
}

static void test_first_divergence_is_kept(void **state)
{
	struct fixture *f = *state;

	f->liar->skip = 3;
	assert_false(check_all(&f->chk));
	f->liar->skip = 0;
	f->liar->twice = 1;
	assert_false(check_all(&f->chk));
	assert_false(check_touched(&f->chk));
	assert_false(check_leaks(&f->chk));
	assert_false(check_contents(&f->chk, f->machine, f->machine));
	expect_divergence(f, DIVERGENCE_MISS,
			  "liar does not find folio 3 at B:0x12");
}

/* miss, duplicate, stray */

static void test_miss(void **state)
{
	struct fixture *f = *state;

	f->liar->skip = 1;
	expect_both(f, DIVERGENCE_MISS, "liar does not find folio 1 at B:0x10");
	assert_string_equal(f->chk.report.rmap, "liar");
	print_report(&f->chk.report, 3, "fork A B",
		     "DIVERGENCE miss: liar does not find folio 1 at B:0x10 "
		     "(op 3: fork A B)\n"
		     "  page tables: A:0x10 B:0x10\n"
		     "  honest:      A:0x10 B:0x10\n"
		     "  liar:        A:0x10\n");
}

static void test_miss_of_the_only_mapping(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(machine_exit(f->machine, 0), 0);
	f->liar->skip = 1;
	expect_both(f, DIVERGENCE_MISS, "liar does not find folio 1 at B:0x10");
	print_report(&f->chk.report, 0, NULL,
		     "DIVERGENCE miss: liar does not find folio 1 at B:0x10 "
		     "(after the last op)\n"
		     "  page tables: B:0x10\n"
		     "  honest:      B:0x10\n"
		     "  liar:        -\n");
}

/* The first process comes first, whatever the order of the list. */
static void test_miss_of_all_mappings(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(do_mremap(fixture_mm(f, 0), BASE + 0x12, 1, 1,
				   MREMAP_FIXED | MREMAP_MAYMOVE, BASE + 0x40),
			 0);
	f->liar->blind = 3;
	expect_both(f, DIVERGENCE_MISS, "liar does not find folio 3 at A:0x40");
	assert_string_equal(f->chk.report.sets[2].found, "-");
}

static void test_duplicate(void **state)
{
	struct fixture *f = *state;

	f->liar->twice = 2;
	expect_both(f, DIVERGENCE_DUPLICATE,
		    "liar finds folio 2 at B:0x11 twice");
	print_report(&f->chk.report, 7, NULL,
		     "DIVERGENCE duplicate: liar finds folio 2 at B:0x11 twice "
		     "(op 7)\n"
		     "  page tables: A:0x11 B:0x11\n"
		     "  honest:      A:0x11 B:0x11\n"
		     "  liar:        A:0x11 B:0x11 B:0x11\n");
}

static void test_stray_address_outside_the_vma(void **state)
{
	struct fixture *f = *state;

	f->liar->wrong_address = 2;
	expect_both(f, DIVERGENCE_STRAY,
		    "liar hands over B:0x20 for folio 2, outside the VMA");
	assert_int_equal(f->chk.report.nr_sets, 3);
}

static void test_stray_wrong_address(void **state)
{
	struct fixture *f = *state;

	f->liar->wrong_offset = 2;
	expect_both(f, DIVERGENCE_STRAY,
		    "liar hands over B:0x12, of offset 0x1012, "
		    "for folio 2, of offset 0x1011");
}

/* Its memory is not touched: ASan would tell. */
static void test_stray_vma_that_is_gone(void **state)
{
	struct fixture *f = *state;
	u64 addr = BASE + 0x40;

	assert_int_equal(
		do_mmap(fixture_mm(f, 0), addr, 1, VM_READ, NO_FILE, 0), 0);
	f->liar->dead = vma_lookup(fixture_mm(f, 0), addr);
	f->liar->dead_vma = 1;
	/* Wrong already, and known to be alive. */
	assert_false(check_all(&f->chk));
	expect_divergence(
		f, DIVERGENCE_STRAY,
		"liar hands over A:0x10 for folio 1, outside the VMA");
	memset(&f->chk.report, 0, sizeof(f->chk.report));

	assert_int_equal(do_munmap(fixture_mm(f, 0), addr, 1), 0);
	touch_offsets(fixture_mm(f, 0), BASE, BASE + 0x20);
	expect_both(f, DIVERGENCE_STRAY,
		    "liar hands over a VMA that no mm has for folio 1");
	print_report(&f->chk.report, 1, "x",
		     "DIVERGENCE stray: liar hands over a VMA that no mm has "
		     "for folio 1 (op 1: x)\n"
		     "  page tables: A:0x10 B:0x10\n"
		     "  honest:      A:0x10 B:0x10\n"
		     "  liar:        A:0x10 B:0x10\n");
}

/* refcount, and whatever else a reverse map says of itself */

static void test_refcount_of_a_vma(void **state)
{
	struct fixture *f = *state;

	divergence_set(&f->liar->vma, DIVERGENCE_REFCOUNT,
		       "refcount of x: 2, counted 1");
	assert_false(check_touched(&f->chk));
	expect_divergence(f, DIVERGENCE_REFCOUNT,
			  "liar: refcount of x: 2, counted 1");
	assert_string_equal(f->chk.report.rmap, "liar");
	assert_int_equal(f->chk.report.nr_sets, 0);
}

static void test_refcount_of_an_mm(void **state)
{
	struct fixture *f = *state;

	divergence_set(&f->liar->mm, DIVERGENCE_REFCOUNT, "too many");
	assert_false(check_touched(&f->chk));
	expect_divergence(f, DIVERGENCE_REFCOUNT, "liar: too many");
}

static void test_refcount_of_anything(void **state)
{
	struct fixture *f = *state;

	divergence_set(&f->liar->all, DIVERGENCE_REFCOUNT, "too few");
	expect_divergence_all(f, DIVERGENCE_REFCOUNT, "liar: too few");
}

static void test_rule_broken_between_checks(void **state)
{
	struct fixture *f = *state;

	divergence_set(&f->machine->world.rmaps[1].broken, DIVERGENCE_INVARIANT,
		       "a tree changed without its lock");
	expect_both(f, DIVERGENCE_INVARIANT,
		    "liar: a tree changed without its lock");
	memset(&f->chk.report, 0, sizeof(f->chk.report));
	assert_false(check_leaks(&f->chk));
	expect_divergence(f, DIVERGENCE_INVARIANT,
			  "liar: a tree changed without its lock");
}

/* invariant: of the truth itself */

static void test_invariant_mapcount(void **state)
{
	struct fixture *f = *state;

	folio_by_id(f, 2)->mapcount++;
	assert_false(check_touched(&f->chk));
	expect_divergence(f, DIVERGENCE_INVARIANT,
			  "folio 2: mapcount is 3, fewer map it");
	memset(&f->chk.report, 0, sizeof(f->chk.report));
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "folio 2: mapcount is 3, 2 are listed, 2 map it");
	memset(&f->chk.report, 0, sizeof(f->chk.report));
	folio_by_id(f, 2)->mapcount = 1;
	touch_offsets(fixture_mm(f, 0), BASE, BASE + 0x20);
	assert_false(check_touched(&f->chk));
	expect_divergence(f, DIVERGENCE_INVARIANT,
			  "folio 2: mapcount is 1, more map it");
}

static void test_invariant_folio_mapped_nowhere(void **state)
{
	struct fixture *f = *state;

	folio_alloc_bare(&f->machine->world, 1, BASE + 0x11);
	expect_both(f, DIVERGENCE_INVARIANT, "folio 4 is mapped nowhere");
}

static void test_invariant_exclusive(void **state)
{
	struct fixture *f = *state;

	folio_by_id(f, 1)->exclusive = true;
	expect_both(f, DIVERGENCE_INVARIANT,
		    "folio 1 is exclusive, mapcount is 2");
}

static void test_invariant_shared_and_writable(void **state)
{
	struct fixture *f = *state;

	pte_lookup(fixture_mm(f, 1), BASE + 0x10)->write = true;
	expect_both(f, DIVERGENCE_INVARIANT,
		    "B:0x10 can write to folio 1, which is shared");
}

static void test_invariant_migration_entry(void **state)
{
	struct fixture *f = *state;

	pte_lookup(fixture_mm(f, 0), BASE + 0x12)->kind = PTE_MIGRATION;
	expect_both(f, DIVERGENCE_INVARIANT,
		    "a migration entry of folio 3 is at A:0x12");
}

static void test_invariant_offset(void **state)
{
	struct fixture *f = *state;

	vma_lookup(fixture_mm(f, 0), BASE + 0x10)->vm_pgoff += 3;
	expect_both(f, DIVERGENCE_INVARIANT,
		    "A:0x10, of offset 0x1013, maps folio 1, of offset 0x1010");
}

static void test_invariant_family(void **state)
{
	struct fixture *f = *state;

	fixture_mm(f, 1)->family = 77;
	expect_both(f, DIVERGENCE_INVARIANT,
		    "B:0x10 maps folio 1 of another family");
}

static void test_invariant_unfaulted(void **state)
{
	struct fixture *f = *state;
	struct fake *honest = f->machine->world.rmaps[0].priv;

	/* The deciding one is asked; the other one may say what it will. */
	f->liar->unfaulted = true;
	assert_true(check_touched(&f->chk));
	assert_true(check_all(&f->chk));
	honest->unfaulted = true;
	touch_offsets(fixture_mm(f, 0), BASE, BASE + 0x20);
	expect_both(f, DIVERGENCE_INVARIANT,
		    "B:0x10 maps folio 1 in a VMA that is unfaulted");
}

static void test_invariant_outside_any_vma(void **state)
{
	struct fixture *f = *state;
	struct vm_area_struct *vma = vma_lookup(fixture_mm(f, 0), BASE + 0x10);

	vma->vm_end = BASE + 0x12;
	expect_both(f, DIVERGENCE_INVARIANT,
		    "A:0x12 maps folio 3 outside any VMA");
}

static void test_invariant_vmas(void **state)
{
	struct fixture *f = *state;
	struct mm_struct *mm = fixture_mm(f, 0);
	struct vm_area_struct *vma;

	assert_int_equal(do_mmap(mm, BASE + 0x40, 4, VM_READ, NO_FILE, 0), 0);
	assert_true(check_all(&f->chk));
	vma = vma_lookup(mm, BASE + 0x40);

	mm->map_count++;
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "mm 1: map_count is 3, counted 2");
	mm->map_count--;

	memset(&f->chk.report, 0, sizeof(f->chk.report));
	vma->vm_start = BASE + 0x1f;
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "the VMA at A:0x1f overlaps the one before");
	vma->vm_start = vma->vm_end;
	memset(&f->chk.report, 0, sizeof(f->chk.report));
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "the VMA at A:0x44 has no valid range");
	vma->vm_start = BASE + 0x40;

	/* Tampering below the window's base is named, too. */
	memset(&f->chk.report, 0, sizeof(f->chk.report));
	vma_lookup(mm, BASE + 0x10)->vm_start = BASE - 2;
	vma_lookup(mm, BASE + 0x10)->vm_mm = fixture_mm(f, 1);
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "the VMA at A:-0x2 is another mm's");
	vma_lookup(mm, BASE + 0x10)->vm_start = BASE + 0x10;
	vma_lookup(mm, BASE + 0x10)->vm_mm = mm;

	memset(&f->chk.report, 0, sizeof(f->chk.report));
	ledger_alloc(&f->machine->ledger, f->machine->world.kind_vma, 8);
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "4 VMAs are allocated, mms have 3");
}

static void test_invariant_page_tables(void **state)
{
	struct fixture *f = *state;
	struct mm_struct *mm = fixture_mm(f, 0);
	struct pte *pte = pte_lookup(mm, BASE + 0x11);
	struct pte *zero;

	assert_int_equal(mm_read(mm, BASE + 0x18), 0);
	zero = pte_lookup(mm, BASE + 0x18);
	assert_true(check_all(&f->chk));

	pte_leaf(pte)->present ^= 1ULL << 17;
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "mm 1: its page table at 0x1000 is wrong");
	pte_leaf(pte)->present ^= 1ULL << 17;

	memset(&f->chk.report, 0, sizeof(f->chk.report));
	pte_leaf(pte)->mm = fixture_mm(f, 1);
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "mm 1 has a page table of another mm");
	pte_leaf(pte)->mm = mm;

	memset(&f->chk.report, 0, sizeof(f->chk.report));
	zero->write = true;
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "A:0x18 is special and maps a folio");
	zero->write = false;

	memset(&f->chk.report, 0, sizeof(f->chk.report));
	zero->kind = PTE_FILE;
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "A:0x18 maps what its VMA is not of");
	zero->kind = PTE_ZERO;

	memset(&f->chk.report, 0, sizeof(f->chk.report));
	vma_lookup(mm, BASE + 0x10)->vm_end = BASE + 0x18;
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "A:0x18 is mapped outside any VMA");
}

static void test_invariant_folio_that_does_not_exist(void **state)
{
	struct fixture *f = *state;
	struct pte *pte = pte_lookup(fixture_mm(f, 0), BASE + 0x11);
	struct folio *folio = pte->folio;

	/* Nothing is there to be read. */
	pte->folio = (struct folio *)16;
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "A:0x11 maps a folio that does not exist");
	pte->folio = folio;
	memset(&f->chk.report, 0, sizeof(f->chk.report));
	ledger_alloc(&f->machine->ledger, f->machine->world.kind_folio, 8);
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "4 folios are allocated, 3 known");
}

static void test_invariant_folio_list(void **state)
{
	struct fixture *f = *state;
	struct folio *one = folio_by_id(f, 1), *two = folio_by_id(f, 2);
	struct pte *pte = pte_lookup(fixture_mm(f, 0), BASE + 0x11);

	/* Folio 2's mapping stands in folio 1's list. */
	LIST_REMOVE(pte, mapped);
	two->mapcount--;
	LIST_INSERT_HEAD(&one->mappings, pte, mapped);
	one->mapcount++;
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "folio 1: its list has what does not map it");
	LIST_REMOVE(pte, mapped);
	one->mapcount--;
	memset(&f->chk.report, 0, sizeof(f->chk.report));
	expect_divergence_all(f, DIVERGENCE_INVARIANT,
			      "folio 2: mapcount is 1, 1 are listed, 2 map it");
}

/* Reports. */

static void test_long_sets_are_cut_at_a_word(void **state)
{
	struct fixture *f = *state;
	const char *found;
	char *cut;

	for (u32 child = 2; child < 100; child++)
		assert_int_equal(machine_fork(f->machine, 0, child), 0);
	f->liar->skip = 1;
	assert_false(check_touched(&f->chk));
	assert_int_equal(f->chk.report.nr_sets, 3);
	found = f->chk.report.sets[0].found;
	assert_true(!strncmp(found, "A:0x10 B:0x10 C:0x10 ", 21));
	cut = strstr(found, " ...");
	assert_non_null(cut);
	assert_string_equal(cut, " ...");
	assert_string_equal(cut - 4, "0x10 ...");
	/* No room was left for another one. */
	assert_in_range(strlen(found), REPORT_SET_TEXT_MAX - 9,
			REPORT_SET_TEXT_MAX - 1);
}

/* An mm that no process has, as between two steps, has a name still. */
static void test_mm_without_process(void **state)
{
	struct fixture *f = *state;
	struct mm_struct *mm;

	assert_int_equal(mm_dup(fixture_mm(f, 0), &mm), 0);
	f->liar->skip = 1;
	assert_false(check_all(&f->chk));
	expect_divergence(f, DIVERGENCE_MISS,
			  "liar does not find folio 1 at mm3:0x10");
	mm_put(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_to_report),
		TEST(test_extra_visits_are_no_fault),
		TEST(test_touched_is_what_the_op_touched),
		TEST(test_touched_families),
		TEST(test_touched_overflow_checks_all),
		TEST(test_first_divergence_is_kept),
		TEST(test_miss),
		TEST(test_miss_of_the_only_mapping),
		TEST(test_miss_of_all_mappings),
		TEST(test_duplicate),
		TEST(test_stray_address_outside_the_vma),
		TEST(test_stray_wrong_address),
		TEST(test_stray_vma_that_is_gone),
		TEST(test_refcount_of_a_vma),
		TEST(test_refcount_of_an_mm),
		TEST(test_refcount_of_anything),
		TEST(test_rule_broken_between_checks),
		TEST(test_invariant_mapcount),
		TEST(test_invariant_folio_mapped_nowhere),
		TEST(test_invariant_exclusive),
		TEST(test_invariant_shared_and_writable),
		TEST(test_invariant_migration_entry),
		TEST(test_invariant_offset),
		TEST(test_invariant_family),
		TEST(test_invariant_unfaulted),
		TEST(test_invariant_outside_any_vma),
		TEST(test_invariant_vmas),
		TEST(test_invariant_page_tables),
		TEST(test_invariant_folio_that_does_not_exist),
		TEST(test_invariant_folio_list),
		TEST(test_long_sets_are_cut_at_a_word),
		TEST(test_mm_without_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
