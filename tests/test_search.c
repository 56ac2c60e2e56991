// SPDX-License-Identifier: GPL-2.0-only
/*
 * search/: the exhaustive search against the plainest one, which forgets nothing
 * and skips nothing.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../model/rmap/rmaps.h"
#include "../search/exhaust.h"
#include "../search/states.h"

#define ALL_KINDS ((1U << OP_WALK) - 1)

static struct exhaust_config search_config(u32 ops, u32 procs, u32 pages)
{
	return (struct exhaust_config){
		.bounds = {
			.ops = ops,
			.procs = procs,
			.pages = pages,
			.files = 1,
			.failalloc = 2,
			.kinds = ALL_KINDS,
		},
		.replay.machine = {
			.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
			.nr_rmaps = 2,
		},
		.memory = 64 << 20,
		.threads = 2,
	};
}

/* The plainest search: each scenario from its first operation on. */
struct plain {
	const struct exhaust_config *config;
	struct scenario sc;
	u64 scenarios[SEARCH_OPS_MAX + 1];
	struct states *states;
	struct fingerprinter *fper;
	struct op_list ops;
	u32 depth;
	u32 shortest; /* scenario that diverges; 0: none */
};

static void plain_state(void *arg, u32 op_nr, int result,
			struct machine *machine)
{
	struct plain *plain = arg;
	struct state state = { .parent = STATE_NONE };
	u32 id;

	if (op_nr != plain->depth)
		return;
	assert_int_equal(machine_fingerprint(plain->fper, machine, &state.fp),
			 0);
	states_add(plain->states, &state, &id);
	assert_int_equal(search_ops(&plain->config->bounds, machine,
				    plain->sc.base, &plain->ops),
			 0);
}

/* Goes on from the scenario that plain->sc is. */
static void plain_search(struct plain *plain, u32 depth)
{
	struct replay_config config = plain->config->replay;
	struct replay_result result;
	struct op_list ops;

	plain->scenarios[depth]++;
	if (depth == plain->config->bounds.ops)
		plain->ops.nr = 0;
	plain->depth = depth;
	plain->sc.nr_ops = depth;
	config.after_op = plain_state;
	config.arg = plain;
	assert_int_equal(replay(&plain->sc, &config, &result), 0);
	if (result.diverged) {
		if (!plain->shortest || depth < plain->shortest)
			plain->shortest = depth;
		return;
	}
	if (depth == plain->config->bounds.ops)
		return;
	ops = plain->ops;
	plain->ops = (struct op_list){ 0 };
	for (u32 i = 0; i < ops.nr; i++) {
		plain->sc.ops[depth] = ops.ops[i];
		plain_search(plain, depth + 1);
	}
	op_list_free(&ops);
}

/* What can follow nothing at all: replay() has no state to show there. */
static void plain_start(struct plain *plain)
{
	struct machine *machine =
		machine_create(&plain->config->replay.machine);
	struct state state = { .parent = STATE_NONE };
	struct op_list ops = { 0 };
	u32 id;

	assert_non_null(machine);
	assert_int_equal(machine_fingerprint(plain->fper, machine, &state.fp),
			 0);
	states_add(plain->states, &state, &id);
	assert_int_equal(search_ops(&plain->config->bounds, machine,
				    plain->sc.base, &ops),
			 0);
	plain->scenarios[0] = 1;
	for (u32 i = 0; i < ops.nr; i++) {
		plain->sc.ops[0] = ops.ops[i];
		plain_search(plain, 1);
	}
	op_list_free(&ops);
	machine_destroy(machine);
}

static u32 counts_of(const struct exhaust_config *config)
{
	u32 counts = config->bounds.two_tables ? FINGERPRINT_PLACES : 0;

	return config->orders ? counts | FINGERPRINT_ORDERS : counts;
}

static void plain_init(struct plain *plain, const struct exhaust_config *config)
{
	*plain = (struct plain){ .config = config };
	plain->states = states_create(1 << 18);
	plain->fper = fingerprinter_create(counts_of(config));
	assert_non_null(plain->states);
	assert_non_null(plain->fper);
	assert_int_equal(exhaust_scenario(&config->bounds, &plain->sc), 0);
	plain_start(plain);
}

static void plain_exit(struct plain *plain)
{
	states_destroy(plain->states);
	fingerprinter_destroy(plain->fper);
	op_list_free(&plain->ops);
	scenario_free(&plain->sc);
}

static void compare_with_replay(const struct exhaust_config *config)
{
	struct exhaust *ex = exhaust_create(config);
	const struct exhaust_level *levels;
	struct plain plain;
	u32 shortest = 0;

	plain_init(&plain, config);
	assert_non_null(ex);
	assert_int_equal(exhaust_run(ex), EXHAUST_COMPLETE);
	levels = exhaust_levels(ex);
	for (u32 i = 0; i < exhaust_nr_found(ex); i++) {
		u32 nr = exhaust_found(ex, i)->nr_ops;

		if (!shortest || nr < shortest)
			shortest = nr;
	}
	assert_int_equal(shortest, plain.shortest);
	/* Where something diverges, no one goes on, and states are few. */
	if (!shortest) {
		assert_int_equal(exhaust_nr_states(ex),
				 states_nr(plain.states));
		for (u32 i = 0; i <= config->bounds.ops; i++)
			assert_int_equal((u64)levels[i].sequences,
					 plain.scenarios[i]);
	}
	exhaust_destroy(ex);
	plain_exit(&plain);
}

static void test_against_the_plainest(void **state)
{
	struct exhaust_config config = search_config(3, 2, 1);

	compare_with_replay(&config);
	config = search_config(2, 2, 2);
	compare_with_replay(&config);
	config = search_config(4, 2, 2);
	config.bounds.kinds = 1U << OP_MMAP | 1U << OP_WRITE | 1U << OP_FORK;
	config.bounds.files = 0;
	compare_with_replay(&config);
	config = search_config(2, 2, 2);
	config.bounds.two_tables = true;
	compare_with_replay(&config);
	config.orders = true;
	compare_with_replay(&config);
}

/*
 * However many states are taken for one: the scenarios are as many.  Were two
 * taken for one that go on differently, they would hardly be.
 */
static void test_counts_hang_on_no_names(void **state)
{
	struct exhaust_config config = search_config(4, 3, 2);
	double sequences[3];
	u32 states[3];

	config.bounds.kinds &= ~(1U << OP_MADVISE | 1U << OP_MPROTECT |
				 1U << OP_VFORK | 1U << OP_READ);
	config.bounds.files = 0;
	config.memory = 256 << 20;
	for (u32 i = 0; i < 3; i++) {
		struct exhaust *ex;

		config.orders = i > 0;
		config.bounds.two_tables = i > 1;
		ex = exhaust_create(&config);
		assert_non_null(ex);
		assert_int_equal(exhaust_run(ex), EXHAUST_COMPLETE);
		states[i] = exhaust_nr_states(ex);
		sequences[i] = exhaust_levels(ex)[4].sequences;
		exhaust_destroy(ex);
	}
	assert_true(states[0] < states[1] && states[1] < states[2]);
	assert_true(sequences[0] > 1e6);
	assert_true(sequences[0] == sequences[1] &&
		    sequences[1] == sequences[2]);
}

/* With a bug who was born first can matter, and counts: the last is skipped. */
static void test_orders_count_with_a_bug(void **state)
{
	struct exhaust_config config = search_config(3, 3, 1);
	u32 states[2];

	for (u32 i = 0; i < 2; i++) {
		struct exhaust *ex;

		/* One that shows in no scenario of these. */
		config.replay.machine.bugs.on[BUG_REMAP_NOT_SPLIT] = i;
		config.bounds.kinds = 1U << OP_MMAP | 1U << OP_WRITE |
				      1U << OP_FORK | 1U << OP_MUNMAP;
		config.bounds.ops = 5;
		ex = exhaust_create(&config);
		assert_non_null(ex);
		assert_int_equal(exhaust_run(ex), EXHAUST_COMPLETE);
		assert_int_equal(exhaust_nr_found(ex), 0);
		states[i] = exhaust_nr_states(ex);
		exhaust_destroy(ex);
	}
	assert_true(states[0] < states[1]);
}

static void test_finds_the_shortest(void **state)
{
	struct exhaust_config config = search_config(4, 2, 2);

	config.bounds.files = 0;
	config.bounds.kinds = 1U << OP_MMAP | 1U << OP_WRITE | 1U << OP_FORK |
			      1U << OP_MUNMAP;
	config.replay.machine.bugs.on[BUG_FORK_KEEPS_WRITE] = true;
	compare_with_replay(&config);
}

/* Stopped anywhere and gone on with, it comes to the same. */
static void test_stop_and_go_on(void **state)
{
	struct exhaust_config config = search_config(3, 2, 2);
	static volatile sig_atomic_t stop;
	struct exhaust *whole = exhaust_create(&config);
	struct exhaust *part;
	u32 runs = 0;
	FILE *file;

	assert_int_equal(exhaust_run(whole), EXHAUST_COMPLETE);
	file = tmpfile();
	assert_non_null(file);
	for (enum exhaust_end end = EXHAUST_STOPPED; end == EXHAUST_STOPPED;) {
		config.memory = 64 << 20;
		config.stop = &stop;
		stop = runs < 3; /* at once, after having loaded */
		part = exhaust_create(&config);
		assert_non_null(part);
		rewind(file);
		if (runs)
			assert_int_equal(exhaust_load(part, file), 0);
		end = exhaust_run(part);
		rewind(file);
		assert_int_equal(exhaust_save(part, file), 0);
		fflush(file);
		if (end == EXHAUST_COMPLETE)
			break;
		exhaust_destroy(part);
		runs++;
	}
	assert_int_equal(runs, 3);
	assert_int_equal(exhaust_nr_states(part), exhaust_nr_states(whole));
	for (u32 i = 0; i <= config.bounds.ops; i++) {
		assert_int_equal(exhaust_levels(part)[i].states,
				 exhaust_levels(whole)[i].states);
		assert_int_equal(exhaust_levels(part)[i].expanded,
				 exhaust_levels(whole)[i].expanded);
		assert_int_equal(exhaust_levels(part)[i].transitions,
				 exhaust_levels(whole)[i].transitions);
		assert_true(exhaust_levels(part)[i].sequences ==
			    exhaust_levels(whole)[i].sequences);
	}
	exhaust_destroy(part);

	/* Of another search it is refused. */
	config.bounds.pages = 1;
	part = exhaust_create(&config);
	rewind(file);
	assert_int_equal(exhaust_load(part, file), -EINVAL);
	exhaust_destroy(part);
	fclose(file);
	exhaust_destroy(whole);
}

static void note_bytes(void *arg, const struct exhaust_level *levels, u32 level,
		       u64 bytes)
{
	u64 *most = arg;

	*most = max_u64(*most, bytes);
}

/* And with more memory it goes on. */
static void test_memory_is_kept(void **state)
{
	struct exhaust_config config = search_config(3, 2, 2);
	struct exhaust *small, *large, *whole;
	FILE *file = tmpfile();
	u64 most = 0;

	assert_non_null(file);
	config.memory = 256 << 10;
	config.progress = note_bytes;
	config.arg = &most;
	small = exhaust_create(&config);
	assert_non_null(small);
	assert_int_equal(exhaust_run(small), EXHAUST_NO_MEMORY);
	assert_true(exhaust_nr_states(small) * sizeof(struct state) <=
		    config.memory);
	assert_true(most <= config.memory);
	assert_int_equal(exhaust_save(small, file), 0);

	/* What it takes, not what it would like. */
	rewind(file);
	config.memory = 64 << 10;
	large = exhaust_create(&config);
	assert_non_null(large);
	assert_int_equal(exhaust_load(large, file), -ENOMEM);
	exhaust_destroy(large);

	rewind(file);
	config.memory = 64 << 20;
	large = exhaust_create(&config);
	whole = exhaust_create(&config);
	assert_non_null(large);
	assert_non_null(whole);
	assert_int_equal(exhaust_load(large, file), 0);
	assert_int_equal(exhaust_run(large), EXHAUST_COMPLETE);
	assert_int_equal(exhaust_run(whole), EXHAUST_COMPLETE);
	assert_int_equal(exhaust_nr_states(large), exhaust_nr_states(whole));
	exhaust_destroy(small);
	exhaust_destroy(large);
	exhaust_destroy(whole);
	fclose(file);
}

/* A search that was completed goes on to more operations. */
static void test_more_operations(void **state)
{
	struct exhaust_config config = search_config(2, 2, 2);
	struct exhaust *ex = exhaust_create(&config);
	FILE *file = tmpfile();
	double sequences;
	u32 states;

	assert_non_null(file);
	assert_int_equal(exhaust_run(ex), EXHAUST_COMPLETE);
	assert_int_equal(exhaust_save(ex, file), 0);
	exhaust_destroy(ex);
	config.bounds.ops = 3;
	ex = exhaust_create(&config);
	assert_int_equal(exhaust_run(ex), EXHAUST_COMPLETE);
	states = exhaust_nr_states(ex);
	sequences = exhaust_levels(ex)[3].sequences;
	exhaust_destroy(ex);
	rewind(file);
	ex = exhaust_create(&config);
	assert_int_equal(exhaust_load(ex, file), 0);
	assert_int_equal(exhaust_run(ex), EXHAUST_COMPLETE);
	assert_int_equal(exhaust_nr_states(ex), states);
	assert_true(exhaust_levels(ex)[3].sequences == sequences);
	exhaust_destroy(ex);

	/* But of another check it is another search. */
	rewind(file);
	config.replay.check = REPLAY_CHECK_ALL;
	ex = exhaust_create(&config);
	assert_int_equal(exhaust_load(ex, file), -EINVAL);
	exhaust_destroy(ex);
	fclose(file);
}

/* Cut, or with any word of it changed, a file leads nowhere it should not. */
static void test_bad_files(void **state)
{
	struct exhaust_config config = search_config(2, 2, 1);
	struct exhaust *ex = exhaust_create(&config);
	static u8 good[1 << 20];
	size_t size;
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(exhaust_run(ex), EXHAUST_COMPLETE);
	assert_int_equal(exhaust_save(ex, file), 0);
	exhaust_destroy(ex);
	rewind(file);
	size = fread(good, 1, sizeof(good), file);
	assert_true(size && size < sizeof(good));
	fclose(file);
	config.bounds.ops = 3;
	for (size_t at = 0; at < size; at += 997) {
		for (u32 cut = 0; cut < 2; cut++) {
			u8 was = good[at];

			good[at] ^= cut ? 0 : 0x81;
			file = fmemopen(good, cut ? at + 1 : size, "rb");
			assert_non_null(file);
			ex = exhaust_create(&config);
			if (!exhaust_load(ex, file) && at % 4 == 0)
				exhaust_run(ex);
			exhaust_destroy(ex);
			fclose(file);
			good[at] = was;
		}
	}
}

/* Nothing comes near the end of a page table unless it is asked for. */
static void test_one_table(void **state)
{
	struct search_bounds bounds = { .ops = 5, .procs = 1 };
	u32 fits = 0;

	for (bounds.ops = 1; bounds.ops <= SEARCH_OPS_MAX; bounds.ops++)
		for (bounds.pages = 1; bounds.pages <= SEARCH_PAGES_MAX;
		     bounds.pages++) {
			struct op_list ops = { 0 };
			struct exhaust_config config = search_config(1, 1, 1);
			struct machine *machine;
			u64 way = (bounds.pages - 1) * (bounds.ops - 1);

			if (!search_bounds_fit(&bounds))
				continue;
			fits++;
			machine = machine_create(&config.replay.machine);
			bounds.kinds = 1U << OP_MIGRATE;
			assert_int_equal(search_ops(&bounds, machine,
						    SCENARIO_BASE_DEFAULT,
						    &ops),
					 0);
			assert_true(ops.nr == bounds.pages);
			assert_int_equal((ops.ops[0].page - way) /
						 PTRS_PER_LEAF,
					 (ops.ops[ops.nr - 1].page + way) /
						 PTRS_PER_LEAF);
			op_list_free(&ops);
			machine_destroy(machine);
		}
	assert_true(fits > 60);
}

static void test_pack(void **state)
{
	struct exhaust_config config = search_config(3, 8, 8);
	struct machine *machine = machine_create(&config.replay.machine);
	struct op_list ops = { 0 };

	assert_non_null(machine);
	config.bounds.failalloc = SEARCH_FAILALLOC_MAX;
	config.bounds.files = SEARCH_FILES_MAX;
	assert_int_equal(search_ops(&config.bounds, machine,
				    SCENARIO_BASE_DEFAULT, &ops),
			 0);
	assert_true(ops.nr > 1000);
	for (u32 i = 0; i < ops.nr; i++) {
		const struct op *a = &ops.ops[i];
		const struct op b = op_unpack(op_pack(a));

		/* Field by field: what lies between them is anything. */
		assert_true(a->kind == b.kind && a->flags == b.flags &&
			    a->prot == b.prot && a->advice == b.advice &&
			    a->file == b.file && a->expected == b.expected &&
			    a->proc == b.proc && a->child == b.child &&
			    a->line == b.line && a->page == b.page &&
			    a->len == b.len && a->new_len == b.new_len &&
			    a->to == b.to && a->off == b.off);
	}
	op_list_free(&ops);
	machine_destroy(machine);
}

static void test_states(void **state)
{
	struct states *states = states_create(20000);
	u32 id, nr = 0;

	assert_non_null(states);
	for (u64 i = 0; i < 100000; i++) {
		const struct state s = { .fp = { i * 7, i * 3 } };
		enum states_add added = states_add(states, &s, &id);

		if (added == STATES_FULL)
			break;
		assert_int_equal(added, STATES_NEW);
		assert_int_equal(id, nr++);
		assert_int_equal(states_add(states, &s, &id), STATES_KNOWN);
		assert_int_equal(id, nr - 1);
	}
	assert_int_equal(nr, 20000);
	assert_int_equal(states_nr(states), nr);
	states_destroy(states);
	states_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_the_plainest),
		cmocka_unit_test(test_counts_hang_on_no_names),
		cmocka_unit_test(test_orders_count_with_a_bug),
		cmocka_unit_test(test_finds_the_shortest),
		cmocka_unit_test(test_stop_and_go_on),
		cmocka_unit_test(test_memory_is_kept),
		cmocka_unit_test(test_more_operations),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_one_table),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
