// SPDX-License-Identifier: GPL-2.0-only
/*
 * model/base/arena.c, and a machine that lives in one: saved, changed, put back.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../model/base/arena.h"
#include "../model/check/check.h"
#include "../model/rmap/rmaps.h"

#define ARENA_SIZE (16UL << 20)

static void test_objects_are_aligned_and_apart(void **state)
{
	struct arena *arena = arena_create(ARENA_SIZE);
	u8 *objs[200];

	assert_non_null(arena);
	for (u32 i = 0; i < 200; i++) {
		objs[i] = arena_alloc(arena, i * 17);
		assert_non_null(objs[i]);
		assert_int_equal((uintptr_t)objs[i] % 16, 0);
		memset(objs[i], (int)i, i * 17);
	}
	for (u32 i = 0; i < 200; i++)
		for (u32 j = 0; j < i * 17; j++)
			assert_int_equal(objs[i][j], i);
	arena_destroy(arena);
}

static void test_freed_is_used_again(void **state)
{
	struct arena *arena = arena_create(ARENA_SIZE);
	size_t used;
	void *obj;

	assert_non_null(arena);
	for (size_t size = 1; size < 100000; size *= 3) {
		obj = arena_alloc(arena, size);
		arena_free(arena, obj, size);
		used = arena_used(arena);
		assert_ptr_equal(arena_alloc(arena, size), obj);
		assert_int_equal(arena_used(arena), used);
	}
	arena_free(arena, NULL, 8);
	arena_destroy(arena);
	arena_destroy(NULL);
}

static void test_full_and_reset(void **state)
{
	struct arena *arena = arena_create(64 << 10);
	size_t empty;

	assert_non_null(arena);
	empty = arena_used(arena);
	while (arena_alloc(arena, 1000))
		assert_true(arena_used(arena) <= 64 << 10);
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX / 2));
	arena_reset(arena);
	assert_int_equal(arena_used(arena), empty);
	assert_non_null(arena_alloc(arena, 1000));
	arena_destroy(arena);
	assert_null(arena_create(16));
}

static const char *no_name(void *arg, u32 proc)
{
	return "P";
}

static void assert_clean(struct machine *machine)
{
	const struct check_names names = { .proc_name = no_name };
	struct check chk;

	check_init(&chk, machine, &names);
	assert_true(check_all(&chk));
	check_exit(&chk);
}

static struct machine *machine_in(struct arena *arena)
{
	const struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
		.nr_rmaps = 2,
		.arena = arena,
	};

	return machine_create(&config);
}

/* What is done after the machine was saved, and once more. */
static void do_more(struct machine *machine)
{
	assert_int_equal(machine_fork(machine, 1, 2), 0);
	assert_int_equal(do_mremap(machine_mm(machine, 2), 0x10, 2, 2,
				   MREMAP_MAYMOVE | MREMAP_FIXED, 0x40),
			 0);
	assert_int_equal(mm_write(machine_mm(machine, 2), 0x40, 3), 0);
	assert_int_equal(do_munmap(machine_mm(machine, 0), 0x10, 4), 0);
	assert_int_equal(machine_exit(machine, 1), 0);
	assert_clean(machine);
}

static void assert_as_saved(struct machine *machine)
{
	u64 value = 0;

	assert_clean(machine);
	assert_null(machine_mm(machine, 2));
	assert_non_null(machine_mm(machine, 1));
	assert_true(mm_peek(machine_mm(machine, 0), 0x11, &value));
	assert_int_equal(value, 2);
}

static void test_machine_saved_and_restored(void **state)
{
	struct arena *arena = arena_create(ARENA_SIZE);
	struct machine *machine = machine_in(arena);
	size_t used;
	void *copy, *after;

	assert_non_null(machine);
	assert_int_equal(do_mmap(machine_mm(machine, 0), 0x10, 4,
				 VM_READ | VM_WRITE, NO_FILE, 0),
			 0);
	assert_int_equal(mm_write(machine_mm(machine, 0), 0x10, 1), 0);
	assert_int_equal(mm_write(machine_mm(machine, 0), 0x11, 2), 0);
	assert_int_equal(machine_fork(machine, 0, 1), 0);

	used = arena_used(arena);
	copy = malloc(used);
	assert_non_null(copy);
	arena_save(arena, copy);
	assert_as_saved(machine);
	do_more(machine);

	/* The same operations on the same machine end in the same bytes. */
	after = malloc(arena_used(arena));
	assert_non_null(after);
	arena_save(arena, after);
	for (u32 i = 0; i < 3; i++) {
		arena_restore(arena, copy, used);
		assert_as_saved(machine);
		do_more(machine);
		assert_memory_equal(arena, after, arena_used(arena));
	}
	free(after);
	free(copy);
	machine_destroy(machine);
	assert_non_null(machine_in(arena));
	arena_destroy(arena);
}

/* A machine that does not fit is no machine. */
static void test_machine_without_room(void **state)
{
	u32 made = 0;

	for (size_t size = 4096; size <= 64 << 10; size += 4096) {
		struct arena *arena = arena_create(size);
		struct machine *machine = machine_in(arena);

		made += !!machine;
		machine_destroy(machine);
		arena_destroy(arena);
	}
	assert_true(made > 0 && made < 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_are_aligned_and_apart),
		cmocka_unit_test(test_freed_is_used_again),
		cmocka_unit_test(test_full_and_reset),
		cmocka_unit_test(test_machine_saved_and_restored),
		cmocka_unit_test(test_machine_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
