// SPDX-License-Identifier: GPL-2.0-only
/*
 * What no kernel should have, in a dump that is made here: a difference that says
 * which structure and why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../model/rmap/rmaps.h"
#include "../../subject/dump_fault.h"
#include "../../subject/snapshot.h"

#define PAGE_FLAG_ANON 1

struct fixture {
	struct scenario sc;
	struct dump *dump;
	struct machine *machine;
	struct snapshot kernel;
	struct snapshot model;
};

/* One process with a VMA of four pages, of which one is mapped, on both sides. */
static int setup(void **state)
{
	static const struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops },
		.nr_rmaps = 1,
	};
	struct fixture *fix = calloc(1, sizeof(*fix));
	struct dump *dump = calloc(1, sizeof(*dump));

	assert_int_equal(scenario_init(&fix->sc), 0);
	fix->machine = machine_create(&config);
	fix->dump = dump;
	snapshot_init(&fix->kernel);
	snapshot_init(&fix->model);
	dump->proc_count = 1;
	dump->vma_count = 1;
	dump->procs[0].vma_count = 1;
	dump->vmas[0] = (struct dump_vma){
		.self = 0x1000,
		.start = fix->sc.base + 0x10,
		.end = fix->sc.base + 0x14,
		.anon_vma = 0x2000,
		.page_count = 1,
	};
	dump->anon_vma_count = 1;
	dump->anon_vmas[0].self = 0x2000;
	dump->anon_vmas[0].root = 0x2000;
	dump->anon_vmas[0].parent = 0x2000;
	dump->page_count = 1;
	dump->pages[0] = (struct dump_page){
		.address = fix->sc.base + 0x12,
		.pfn = 7,
		.self = 0x7000,
		.mapping = 0x2000 | PAGE_FLAG_ANON,
	};
	dump->fault.vma = DUMP_NO_VMA;
	*state = fix;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fix = *state;

	snapshot_free(&fix->kernel);
	snapshot_free(&fix->model);
	machine_destroy(fix->machine);
	scenario_free(&fix->sc);
	free(fix->dump);
	free(fix);
	return 0;
}

static void compare_with_fault(struct fixture *fix,
			       struct snap_difference *diff)
{
	static const u64 inodes[NR_FILES];
	static const u32 slots[1];

	assert_int_equal(
		snapshot_kernel(&fix->kernel, fix->dump, slots, inodes), 0);
	assert_int_equal(snapshot_model(&fix->model, fix->machine), 0);
	assert_false(snapshot_equal(&fix->sc, &fix->kernel, &fix->model, diff));
}

static void test_sound(void **state)
{
	struct fixture *fix = *state;
	struct snap_difference diff;

	compare_with_fault(fix, &diff);
	assert_string_equal(diff.what, "the VMAs of A");
	assert_int_equal(fix->kernel.fault.kind, DUMP_NO_FAULT);
}

static void test_mapping_leads_nowhere(void **state)
{
	struct fixture *fix = *state;
	struct snap_difference diff;

	fix->dump->pages[0].mapping = 0x2008 | PAGE_FLAG_ANON;
	compare_with_fault(fix, &diff);
	assert_string_equal(diff.what, "a struct page, reached from "
				       "A:0x10-0x14 at page 0x12");
	assert_string_equal(diff.kernel,
			    "at 0x7000: the folio's mapping names an anon_vma "
			    "at 0x2008, to which no VMA's anon_vma_chain "
			    "leads");
	/* The same snapshot is sound again with the next dump. */
	fix->dump->pages[0].mapping = 0x2000 | PAGE_FLAG_ANON;
	compare_with_fault(fix, &diff);
	assert_string_equal(diff.what, "the VMAs of A");
}

static void test_fault_of_dump(void **state)
{
	struct fixture *fix = *state;
	struct snap_difference diff;

	fix->dump->fault = (struct dump_fault){
		.kind = DUMP_SUBTREE_LAST,
		.structure = DUMP_AVC_TREE,
		.vma = 0,
		.self = 0x3000,
		.found = 5,
		.expected = 9,
	};
	compare_with_fault(fix, &diff);
	assert_string_equal(diff.what, "an anon_vma_chain in an anon_vma's "
				       "interval tree, reached from "
				       "A:0x10-0x14");
	assert_string_equal(diff.kernel,
			    "at 0x3000: rb_subtree_last is 0x5, and the "
			    "largest last offset below is 0x9");
}

/* No kind and no structure without words. */
static void test_words(void **state)
{
	struct dump_fault fault = { .self = 1 };
	char text[SNAP_TEXT_MAX];
	u32 i;

	for (i = 0; i < NR_DUMP_STRUCTURES; i++)
		assert_non_null(dump_structure_name(i));
	for (i = DUMP_NO_FAULT + 1; i < NR_DUMP_FAULT_KINDS; i++) {
		fault.kind = i;
		dump_fault_text(&fault, text, sizeof(text));
		assert_null(strstr(text, "(null)"));
		assert_true(strlen(text) > strlen("at 0x1: "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mapping_leads_nowhere,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_fault_of_dump, setup,
						teardown),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
