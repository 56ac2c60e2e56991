// SPDX-License-Identifier: GPL-2.0-only
/*
 * What checks look at grows as the operations do, not as their square, where one
 * mapping grows or is cut page by page.  Counted, since time depends on the
 * machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "../model/mm/pgtable.h"
#include "../model/mm/vma.h"
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"

#define PAGES 1000

static const struct op map_one = { .kind = OP_MMAP, .len = 1 };
static const struct op write_one = { .kind = OP_WRITE, .len = 1 };

static void append_op(struct scenario *sc, struct op op, u64 page)
{
	op.page = page;
	assert_int_equal(scenario_add(sc, &op), 0);
}

static void map_all(struct scenario *sc, u64 nr)
{
	append_op(sc, (struct op){ .kind = OP_MMAP, .len = nr }, 0);
	append_op(sc, (struct op){ .kind = OP_WRITE, .len = nr }, 0);
}

static void grow_up(struct scenario *sc, u64 nr)
{
	for (u64 i = 0; i < nr; i++) {
		append_op(sc, map_one, i);
		append_op(sc, write_one, i);
	}
}

static void grow_down(struct scenario *sc, u64 nr)
{
	for (u64 i = nr; i-- > 0;) {
		append_op(sc, map_one, i);
		append_op(sc, write_one, i);
	}
}

static void unmap_from_below(struct scenario *sc, u64 nr)
{
	map_all(sc, nr);
	for (u64 i = 0; i < nr; i++)
		append_op(sc, (struct op){ .kind = OP_MUNMAP, .len = 1 }, i);
}

static void unmap_every_other(struct scenario *sc, u64 nr)
{
	map_all(sc, nr);
	for (u64 i = 0; i < nr; i += 2)
		append_op(sc, (struct op){ .kind = OP_MUNMAP, .len = 1 }, i);
}

static void protect_every_other(struct scenario *sc, u64 nr)
{
	map_all(sc, nr);
	for (u64 i = 0; i < nr; i += 2)
		append_op(sc,
			  (struct op){ .kind = OP_MPROTECT,
				       .len = 1,
				       .prot = OP_PROT_R },
			  i);
}

static void move_one_by_one(struct scenario *sc, u64 nr)
{
	map_all(sc, nr);
	for (u64 i = 0; i < nr; i++)
		append_op(sc,
			  (struct op){ .kind = OP_MREMAP,
				       .len = 1,
				       .new_len = 1,
				       .to = 2 * nr + i,
				       .flags = OP_HAS_TO },
			  i);
}

/* Ever more pages of the same offset, each elsewhere. */
static void move_and_fill_again(struct scenario *sc, u64 nr)
{
	append_op(sc, map_one, 0);
	for (u64 i = 1; i <= nr; i++) {
		append_op(sc, write_one, 0);
		append_op(sc,
			  (struct op){ .kind = OP_MREMAP,
				       .len = 1,
				       .new_len = 1,
				       .to = 2 * i,
				       .flags = OP_HAS_TO },
			  0);
		append_op(sc, map_one, 0);
	}
}

/* The contexts of those that have exited stay as long as their folios do. */
static void fork_and_exit(struct scenario *sc, u64 nr)
{
	assert_int_equal(scenario_name_slots(sc, (u32)nr + 1), 0);
	append_op(sc, (struct op){ .kind = OP_MMAP, .len = 8 }, 0);
	append_op(sc, (struct op){ .kind = OP_WRITE, .len = 8 }, 0);
	for (u32 i = 0; i < nr; i++) {
		append_op(sc,
			  (struct op){
				  .kind = OP_FORK, .proc = i, .child = i + 1 },
			  0);
		append_op(sc, (struct op){ .kind = OP_EXIT, .proc = i }, 0);
	}
}

static void (*const shapes[])(struct scenario *sc, u64 nr) = {
	grow_up,	   grow_down,		unmap_from_below,
	unmap_every_other, protect_every_other, move_one_by_one,
	fork_and_exit,
};

static struct replay_config growth_config(bool pure)
{
	return (struct replay_config){
		.machine = {
			.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
			.nr_rmaps = 2,
		},
		.pure = pure,
	};
}

/* All that checks look at when @shape of @nr pages is replayed. */
static u64 looked_at(void (*shape)(struct scenario *sc, u64 nr), u64 nr,
		     const struct replay_config *config)
{
	struct replay_result result;
	struct scenario sc;

	assert_int_equal(scenario_init(&sc), 0);
	shape(&sc, nr);
	assert_int_equal(replay(&sc, config, &result), 0);
	assert_false(result.diverged);
	assert_int_equal(result.ops, sc.nr_ops);
	scenario_free(&sc);
	return result.looked;
}

/* Twice the pages: at most two and a half times as much. */
static void expect_linear(void (*shape)(struct scenario *sc, u64 nr),
			  const struct replay_config *config)
{
	u64 once = looked_at(shape, PAGES, config);
	u64 twice = looked_at(shape, 2 * PAGES, config);

	if (2 * twice > 5 * once)
		fail_msg("%llu for %u pages, %llu for %u",
			 (unsigned long long)once, PAGES,
			 (unsigned long long)twice, 2 * PAGES);
}

static void expect_all_linear(bool pure)
{
	struct replay_config config = growth_config(pure);

	for (u32 i = 0; i < ARRAY_SIZE(shapes); i++)
		expect_linear(shapes[i], &config);
}

static void looks_grow_with_operations(void **state)
{
	expect_all_linear(false);
}

/* With anon_vma: a walk of contexts looks at each place of the offset. */
static void others_at_an_offset_are_not_all_looked_at(void **state)
{
	struct replay_config config = growth_config(false);

	config.machine.nr_rmaps = 1;
	expect_linear(move_and_fill_again, &config);
}

static void comparing_grows_with_operations(void **state)
{
	expect_all_linear(true);
}

/*
 * A fault in the middle of a large VMA is found later, since only the ends are
 * looked at, and then said of the operation that made it.
 */

/* Loses the VMA's page 50 once it has 100. */
static void walk_loses(struct rmap *rmap, struct folio *folio,
		       struct rmap_walk_control *rwc)
{
	const struct pte *pte = LIST_FIRST(&folio->mappings);
	const struct vm_area_struct *vma;

	vma = pte ? find_vma(pte_mm(pte), pte_addr(pte)) : NULL;
	if (folio->id == 50 && vma && vma_pages(vma) >= 100)
		return;
	anon_vma_rmap_ops.walk(rmap, folio, rwc);
}

static void late_fault_is_named_early(void **state)
{
	struct rmap_ops forgetful = anon_vma_rmap_ops;
	struct replay_config config = growth_config(false);
	struct replay_result result;
	struct scenario sc;

	forgetful.name = "forgetful";
	forgetful.walk = walk_loses;
	config.machine.rmaps[0] = &forgetful;
	assert_int_equal(scenario_init(&sc), 0);
	grow_up(&sc, PAGES);
	assert_int_equal(replay(&sc, &config, &result), 0);
	assert_true(result.diverged);
	assert_int_equal(result.report.kind, DIVERGENCE_MISS);
	assert_string_equal(result.report.rmap, "forgetful");
	/* mmap of page 99, the 100th */
	assert_int_equal(result.op_nr, 199);
	scenario_free(&sc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_grow_with_operations),
		cmocka_unit_test(others_at_an_offset_are_not_all_looked_at),
		cmocka_unit_test(comparing_grows_with_operations),
		cmocka_unit_test(late_fault_is_named_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
