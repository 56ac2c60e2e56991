// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mutator: whatever it is given, what comes out fits, decodes and is as
 * rmapdiff writes it; the same seed gives the same; and what is snapped goes where
 * VMAs begin and end.
 *
 * malloc() and its like are wrapped by the linker, to run out of memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#define FAILING_MALLOC_WRAPPED
#include "../fuzz/failing_malloc.h"
#include "../fuzz/mutate.h"
#include "../fuzz/mutate_weave.h"
#include "../model/mm/vma.h"
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"

#define SEEDS 3000
#define ROOM 2048

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size,
			       unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const u8 *data1, size_t size1, const u8 *data2,
				 size_t size2, u8 *out, size_t max_out_size,
				 unsigned int seed);

/* Bytes without any sense, of many sizes. */
static size_t fill_bytes(u8 *data, size_t room, u32 seed)
{
	struct weaver w;
	size_t size;

	weaver_init(&w, seed, 0);
	size = weave_pick(&w, (u32)room + 1);
	for (size_t i = 0; i < size; i++)
		data[i] = (u8)weave_pick(&w, 256);
	weaver_exit(&w);
	return size;
}

/* An operation each, and the digits of a group 24 at a time. */
static size_t records_needed(const struct scenario *sc)
{
	size_t nr = sc->nr_ops;

	for (u32 i = 0; i < sc->nr_ops; i++)
		nr += (sc->ops[i].schedule.nr + 23) / 24;
	return nr;
}

static void assert_canonical(const u8 *data, size_t size)
{
	struct scenario_error err;
	struct scenario sc;
	size_t len;
	u8 *bytes;

	assert_int_equal(size % BYTES_PER_OP, 0);
	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_decode(&sc, data, size), 0);
	assert_int_equal(records_needed(&sc), size / BYTES_PER_OP);
	assert_int_equal(scenario_encode(&sc, &bytes, &len, &err), 0);
	assert_int_equal(len, size);
	assert_memory_equal(bytes, data, size);
	free(bytes);
	scenario_free(&sc);
}

enum how {
	HOW_EDIT,
	HOW_SPLICE,
	HOW_GENERATE,
	HOW_CANONICAL,
	NR_HOW,
};

static size_t apply(enum how how, const struct mutate *mu, u8 *data,
		    size_t size, const u8 *other, size_t other_size)
{
	switch (how) {
	case HOW_EDIT:
		return mutate_edit(mu, data, size);
	case HOW_SPLICE:
		return mutate_splice(mu, data, size, other, other_size);
	case HOW_GENERATE:
		return mutate_generate(mu, data, size);
	default:
		return mutate_canonical(mu, data, size);
	}
}

/*
 * Applies @how twice, to buffers of just @room bytes, so that ASan sees what is
 * written behind; returns the size, with the result in @data.
 */
static size_t apply_twice(enum how how, u32 seed, size_t room, u8 *data,
			  size_t size, const u8 *other, size_t other_size)
{
	const struct mutate mu = {
		.seed = seed * 0x9e3779b97f4a7c15ULL,
		.room = room,
		.failalloc = seed % 4,
		.parallel = seed % 5 < 2,
	};
	u8 *buf[2];
	size_t len[2];

	size = min_u64(size, room);
	for (u32 i = 0; i < 2; i++) {
		buf[i] = malloc(room ? room : 1);
		assert_non_null(buf[i]);
		memcpy(buf[i], data, size);
		len[i] = apply(how, &mu, buf[i], size, other, other_size);
		assert_true(len[i] <= room);
	}
	assert_int_equal(len[0], len[1]);
	assert_memory_equal(buf[0], buf[1], len[0]);
	memcpy(data, buf[0], len[0]);
	free(buf[0]);
	free(buf[1]);
	return len[0];
}

static void test_random_bytes(void **state)
{
	u8 data[ROOM], other[ROOM];

	for (u32 seed = 0; seed < SEEDS; seed++) {
		size_t other_size = fill_bytes(other, 512, seed + SEEDS);
		size_t size = fill_bytes(data, 512, seed);

		size = apply_twice(seed % NR_HOW, seed, ROOM, data, size, other,
				   other_size);
		assert_canonical(data, size);
	}
}

/* One after the other, as an engine does; it neither dries out nor runs over. */
static void test_chains(void **state)
{
	u8 data[ROOM], other[ROOM];
	size_t size = 0, other_size = 0;
	u64 ops = 0;
	u32 same = 0;

	for (u32 seed = 0; seed < SEEDS; seed++) {
		u8 before[ROOM];
		size_t before_size = size;

		memcpy(before, data, size);
		size = apply_twice(seed % 3 ? HOW_EDIT : HOW_SPLICE, seed, ROOM,
				   data, size, other, other_size);
		assert_canonical(data, size);
		ops += size / BYTES_PER_OP;
		same += size == before_size && !memcmp(before, data, size);
		if (seed % 16 == 0) {
			memcpy(other, data, size);
			other_size = size;
		}
	}
	assert_true(ops / SEEDS > 8);
	assert_true(ops / SEEDS < 128);
	assert_true(same < SEEDS / 5);
}

/* Groups come, grow digits and stay, if asked for; else there is none. */
static void test_groups(void **state)
{
	u64 groups[2] = { 0 }, walkers[2] = { 0 }, digits[2] = { 0 };
	u8 data[ROOM], grouped[ROOM];
	size_t size = 0, grouped_size = 0;

	/* At last again and again on what has groups, which must go. */
	for (u32 parallel = 2; parallel--;) {
		for (u32 seed = 0; seed < SEEDS; seed++) {
			const struct mutate mu = {
				.seed = seed * 0x9e3779b97f4a7c15ULL,
				.room = ROOM,
				.parallel = parallel,
			};
			struct scenario sc;

			if (!parallel) {
				size = grouped_size;
				memcpy(data, grouped, size);
			}
			size = mutate_edit(&mu, data, size);
			assert_canonical(data, size);
			assert_int_equal(scenario_init(&sc), 0);
			assert_int_equal(scenario_decode(&sc, data, size), 0);
			for (u32 i = 0; i < sc.nr_ops;
			     i += scenario_group(&sc, i)) {
				u32 nr = scenario_group(&sc, i);

				groups[parallel] += nr > 1;
				digits[parallel] += sc.ops[i].schedule.nr;
				walkers[parallel] +=
					nr > 1 && op_walks(sc.ops[i + 1].kind);
			}
			scenario_free(&sc);
		}
		grouped_size = size;
		memcpy(grouped, data, size);
	}
	assert_int_equal(groups[0] + digits[0] + walkers[0], 0);
	assert_true(groups[1] > 2 * SEEDS);
	assert_true(walkers[1] > SEEDS);
	assert_true(digits[1] > 10 * SEEDS);
}

static void test_small_rooms(void **state)
{
	static const size_t rooms[] = { 0, 1, 7, 8, 9, 15, 16, 40 };
	u8 data[ROOM], other[ROOM];

	for (u32 seed = 0; seed < SEEDS; seed++) {
		size_t room = rooms[seed % ARRAY_SIZE(rooms)];
		size_t other_size = fill_bytes(other, 256, seed + SEEDS);
		size_t size = fill_bytes(data, room, seed);

		size = apply_twice(seed / 8 % NR_HOW, seed, room, data, size,
				   other, other_size);
		assert_canonical(data, size);
	}
}

static void test_engine_interface(void **state)
{
	static const char *const modes[] = { "on", "off", "random", "" };
	static const size_t rooms[] = { 0, 1, 7, 8, 64, ROOM };
	u8 data[ROOM], other[ROOM];

	for (u32 seed = 0; seed < SEEDS; seed++) {
		size_t room = rooms[seed % ARRAY_SIZE(rooms)];
		size_t size = fill_bytes(data, room, seed), other_size;
		u8 *out = malloc(room ? room : 1);

		assert_non_null(out);
		setenv("RMAPDIFF_FUZZ_MUTATOR", modes[seed % 4], 1);
		other_size = fill_bytes(other, ROOM, seed + SEEDS);
		assert_true(LLVMFuzzerCustomCrossOver(data, size, other,
						      other_size, out, room,
						      seed) <= room);
		memcpy(out, data, size);
		assert_true(LLVMFuzzerCustomMutator(out, size, room, seed) <=
			    room);
		free(out);
	}
	unsetenv("RMAPDIFF_FUZZ_MUTATOR");
}

static void test_no_memory(void **state)
{
	u8 data[ROOM], other[ROOM];

	for (u32 seed = 0; seed < 40; seed++) {
		size_t other_size = fill_bytes(other, 128, seed + SEEDS);
		size_t size = fill_bytes(data, 128, seed);
		const struct mutate mu = {
			.seed = seed,
			.room = 256,
			.failalloc = true,
		};

		for (u32 nth = 1; nth < 80; nth++) {
			u8 buf[256];
			size_t len;

			memcpy(buf, data, size);
			fail_in = nth;
			len = apply(seed % NR_HOW, &mu, buf, size, other,
				    other_size);
			fail_in = 0;
			assert_true(len <= mu.room);
		}
	}
}

/* Whether @page is where a VMA of @mm begins or ends. */
static bool is_edge(struct mm_struct *mm, u64 page)
{
	struct vm_area_struct *vma = find_vma(mm, 0);

	for (; vma; vma = vma_next(vma))
		if (vma->vm_start == page || vma->vm_end == page)
			return true;
	return false;
}

/* What the weaver should know of, made without it. */
static struct machine *replayed(const struct scenario *sc)
{
	const struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops },
		.nr_rmaps = 1,
	};
	struct machine *machine = machine_create(&config);

	assert_non_null(machine);
	for (u32 i = 0; i < sc->nr_ops; i++) {
		replay_op(machine, sc, &sc->ops[i], i + 1);
		synchronize_rcu(&machine->rcu);
	}
	return machine;
}

static void assert_snapped(const struct weaver *w, const struct op *op)
{
	struct machine *machine = replayed(&w->sc);
	struct mm_struct *mm = machine_mm(machine, op->proc);
	u64 base = w->sc.base;

	assert_non_null(mm);
	assert_true(is_edge(mm, base + op->page));
	if (op->kind != OP_MIGRATE)
		assert_true(is_edge(mm, base + op->page + op->len));
	if (op->flags & OP_HAS_TO)
		assert_true(is_edge(mm, base + op->to));
	machine_destroy(machine);
}

/* Room enough for the edges: in the window's first half, say. */
static bool all_areas_are_inside(const struct areas *areas)
{
	for (u32 i = 0; i < areas->nr; i++)
		if (areas->area[i].range.first + areas->area[i].range.len >
		    BYTES_WINDOW - 1)
			return false;
	return areas->nr > 0;
}

static void test_snapped_to_edges(void **state)
{
	static const enum op_kind kinds[] = { OP_MUNMAP, OP_MREMAP, OP_WRITE,
					      OP_MIGRATE, OP_MPROTECT };
	u32 snapped = 0;

	for (u32 seed = 0; seed < 300; seed++) {
		struct areas areas;
		struct weaver w;
		struct op op;

		weaver_init(&w, seed, 256);
		weaver_play(&w);
		weave_motif(&w);
		weave_guided(&w);
		op = op_about(kinds[seed % ARRAY_SIZE(kinds)],
			      weave_random_proc(&w), (struct range){ 250, 3 });
		if (op.kind == OP_MREMAP)
			op.flags = OP_HAS_TO;
		areas_of(&w, op.proc, &areas);
		if (all_areas_are_inside(&areas)) {
			snap(&w, &op);
			assert_snapped(&w, &op);
			snapped++;
		}
		weaver_exit(&w);
	}
	assert_true(snapped > 100);
}

/* What is made by knowing what is there mostly does something. */
static void test_guided_succeeds(void **state)
{
	u32 ops = 0, failed = 0;

	for (u32 seed = 0; seed < 300; seed++) {
		struct machine *machine;
		struct weaver w;

		weaver_init(&w, seed, 256);
		weaver_play(&w);
		for (u32 i = 0; i < 20; i++)
			weave_guided(&w);
		machine = machine_create(&(struct machine_config){
			.rmaps = { &anon_vma_rmap_ops },
			.nr_rmaps = 1,
		});
		assert_non_null(machine);
		for (u32 i = 0; i < w.sc.nr_ops; i++)
			failed += replay_op(machine, &w.sc, &w.sc.ops[i],
					    i + 1) != 0;
		ops += w.sc.nr_ops;
		machine_destroy(machine);
		weaver_exit(&w);
	}
	assert_true(ops > 5000);
	assert_true(failed < ops / 3);
}

static void weave_all(struct weaver *w, const struct op *ops, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		assert_true(weave(w, &ops[i]));
}

/* Copies of a file's pages: cow_context has something to record, too. */
static const struct op copied_file[] = {
	{ .kind = OP_MMAP, .page = 4, .len = 3, .flags = OP_HAS_FILE },
	{ .kind = OP_WRITE, .page = 4, .len = 3 },
};
static const struct op cut = { .kind = OP_MUNMAP, .page = 5, .len = 1 };

/* How many allocations are made by @op after copied_file[]. */
static u32 allocations(const struct rmap_ops *candidate, const struct op *op)
{
	const struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops, candidate },
		.nr_rmaps = candidate ? 2 : 1,
	};
	struct machine *machine = machine_create(&config);
	struct scenario sc = { .base = SCENARIO_BASE_DEFAULT };
	u64 before;

	assert_non_null(machine);
	for (u32 i = 0; i < ARRAY_SIZE(copied_file); i++)
		assert_int_equal(
			replay_op(machine, &sc, &copied_file[i], i + 1), 0);
	before = machine->ledger.nr_allocs;
	assert_int_equal(replay_op(machine, &sc, op, 3), 0);
	before = machine->ledger.nr_allocs - before;
	machine_destroy(machine);
	return (u32)before;
}

/* Each failalloc of @w that means an allocation goes into @times; how many. */
static u32 count_faults(const struct weaver *w, u32 *times, u32 nr)
{
	u32 faults = 0;

	for (u32 i = 0; i < w->sc.nr_ops; i++) {
		const struct op *op = &w->sc.ops[i];

		if (op->kind != OP_FAILALLOC || !op->len)
			continue;
		assert_true(op->len <= nr);
		times[op->len - 1]++;
		faults++;
	}
	return faults;
}

/* Every allocation of an operation is made to fail, none that it has not. */
static void assert_all_fail(const struct rmap_ops *candidate)
{
	u32 nr = allocations(candidate, &cut);
	u32 times[64] = { 0 };
	u32 one = 0, each = 0;

	assert_in_range(nr, 2, 12);
	for (u32 seed = 0; seed < 400; seed++) {
		struct weaver w;
		u32 faults;

		weaver_init(&w, seed, 256);
		w.failalloc = true;
		w.candidate = candidate;
		weave_all(&w, copied_file, ARRAY_SIZE(copied_file));
		assert_true(weave_failing(&w, &cut));
		faults = count_faults(&w, times, nr);
		one += faults == 1;
		each += faults == nr;
		weaver_exit(&w);
	}
	assert_int_equal(one + each, 400);
	assert_true(one && each);
	for (u32 i = 0; i < nr; i++)
		assert_true(times[i] > each);
}

static void test_each_allocation_fails(void **state)
{
	assert_all_fail(NULL);
	assert_all_fail(&cow_context_rmap_ops);
	assert_true(allocations(&cow_context_rmap_ops, &cut) >
		    allocations(NULL, &cut));
}

static void test_protected_alike(void **state)
{
	static const struct op two[] = {
		{ .kind = OP_MMAP, .page = 4, .len = 6 },
		{ .kind = OP_MPROTECT, .page = 4, .len = 2, .prot = OP_PROT_R },
	};

	for (u32 seed = 0; seed < 100; seed++) {
		struct areas areas;
		struct weaver w;
		struct op op;

		weaver_init(&w, seed, 256);
		weaver_play(&w);
		weave_all(&w, two, 1);
		areas_of(&w, 0, &areas);
		op = op_about(OP_MPROTECT, 0, (struct range){ 0, 1 });
		assert_false(op_protect_alike(&w, &op, &areas));
		weave_all(&w, two + 1, 1);
		areas_of(&w, 0, &areas);
		assert_true(op_protect_alike(&w, &op, &areas));
		if (op.prot == OP_PROT_R)
			assert_int_equal(op.page, 6);
		else
			assert_int_equal(op.page + op.len, 6);
		assert_in_range(op.page, 4, 6);
		assert_in_range(op.page + op.len, 6, 10);
		weaver_exit(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_small_rooms),
		cmocka_unit_test(test_engine_interface),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_snapped_to_edges),
		cmocka_unit_test(test_guided_succeeds),
		cmocka_unit_test(test_each_allocation_fails),
		cmocka_unit_test(test_protected_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
