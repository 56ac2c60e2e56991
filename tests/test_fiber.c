// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fibers: functions that stop half-way and go on later.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../model/base/fiber.h"

struct counter {
	struct fiber fiber;
	u32 to;
	u32 at;
};

static void count_to_three(void *arg)
{
	struct counter *counter = arg;

	for (counter->at = 1; counter->at < counter->to; counter->at++)
		fiber_pause(&counter->fiber);
}

static void fiber_goes_on_where_it_was(void **state)
{
	struct counter a = { .to = 3 }, b = { .to = 2 };

	assert_int_equal(fiber_init(&a.fiber), 0);
	assert_int_equal(fiber_init(&b.fiber), 0);
	assert_true(a.fiber.done);
	fiber_start(&a.fiber, count_to_three, &a);
	fiber_start(&b.fiber, count_to_three, &b);
	assert_false(a.fiber.done);
	assert_int_equal(a.at, 0);
	fiber_resume(&a.fiber);
	assert_int_equal(a.at, 1);
	fiber_resume(&b.fiber);
	fiber_resume(&a.fiber);
	assert_int_equal(a.at, 2);
	assert_int_equal(b.at, 1);
	assert_false(b.fiber.done);
	fiber_resume(&b.fiber);
	assert_true(b.fiber.done);
	assert_false(a.fiber.done);
	fiber_resume(&a.fiber);
	assert_true(a.fiber.done);
	fiber_exit(&a.fiber);
	fiber_exit(&b.fiber);
	/* Again, and of one that was never made. */
	fiber_exit(&b.fiber);
}

static void fiber_forgotten_starts_anew(void **state)
{
	struct counter counter = { .to = 100 };

	assert_int_equal(fiber_init(&counter.fiber), 0);
	for (u32 i = 0; i < 50; i++) {
		fiber_start(&counter.fiber, count_to_three, &counter);
		for (u32 n = 1; n <= i + 1; n++) {
			fiber_resume(&counter.fiber);
			assert_int_equal(counter.at, n);
		}
		assert_false(counter.fiber.done);
	}
	fiber_exit(&counter.fiber);
}

struct digger {
	struct fiber fiber;
	u32 depth;
	u32 pauses;
	u64 sum;
};

/* Half of the stack, a KB a frame, and more with sanitizers. */
static u64 __attribute__((noinline)) dig(struct digger *digger, u32 depth)
{
	volatile u8 here[1024];
	u64 below;

	memset((u8 *)here, (int)(depth & 0xff), sizeof(here));
	if (depth == digger->depth) {
		fiber_pause(&digger->fiber);
		return here[17];
	}
	below = dig(digger, depth + 1);
	if (depth % 16 == 0) {
		digger->pauses++;
		fiber_pause(&digger->fiber);
	}
	return below + here[1023];
}

static void run_digger(void *arg)
{
	struct digger *digger = arg;

	digger->sum = dig(digger, 0);
}

/* Two, in turns: neither writes into the other's stack. */
static void fiber_stacks_are_deep(void **state)
{
	struct digger diggers[2] = { { .depth = 64 }, { .depth = 100 } };

	for (u32 i = 0; i < 2; i++) {
		assert_int_equal(fiber_init(&diggers[i].fiber), 0);
		fiber_start(&diggers[i].fiber, run_digger, &diggers[i]);
	}
	while (!diggers[0].fiber.done || !diggers[1].fiber.done)
		for (u32 i = 0; i < 2; i++)
			if (!diggers[i].fiber.done)
				fiber_resume(&diggers[i].fiber);
	assert_int_equal(diggers[0].sum, 64 * 65 / 2);
	assert_int_equal(diggers[1].sum, 100 * 101 / 2);
	assert_int_equal(diggers[0].pauses, 64 / 16);
	for (u32 i = 0; i < 2; i++)
		fiber_exit(&diggers[i].fiber);
}

struct keeper {
	struct fiber fiber;
	double start;
	double result;
	uintptr_t frame;
};

/* Aligned as the ABI has it: else what compilers make of doubles traps. */
static void keep_doubles(void *arg)
{
	struct keeper *keeper = arg;
	_Alignas(16) volatile double x[4] = { keeper->start, 1, 2, 3 };
	double sum = keeper->start;

	keeper->frame = (uintptr_t)x % 16 |
			(uintptr_t)__builtin_frame_address(0) % 16;
	for (u32 i = 0; i < 10; i++) {
		double before = sum * 1.5 + x[i % 4];

		fiber_pause(&keeper->fiber);
		sum = before;
	}
	keeper->result = sum;
}

static double doubles(double start)
{
	double x[4] = { start, 1, 2, 3 };
	double sum = start;

	for (u32 i = 0; i < 10; i++)
		sum = sum * 1.5 + x[i % 4];
	return sum;
}

static void fiber_keeps_floating_point(void **state)
{
	struct keeper keepers[2] = { { .start = 0.25 }, { .start = 8.5 } };
	double mine = 1.0;

	for (u32 i = 0; i < 2; i++) {
		assert_int_equal(fiber_init(&keepers[i].fiber), 0);
		fiber_start(&keepers[i].fiber, keep_doubles, &keepers[i]);
	}
	for (u32 n = 0; n < 11; n++)
		for (u32 i = 0; i < 2; i++) {
			mine = mine * 1.25 + n;
			fiber_resume(&keepers[i].fiber);
		}
	for (u32 i = 0; i < 2; i++) {
		assert_true(keepers[i].fiber.done);
		assert_true(keepers[i].result == doubles(keepers[i].start));
		assert_int_equal(keepers[i].frame, 0);
		fiber_exit(&keepers[i].fiber);
	}
	assert_true(mine > 100);
}

/* Where it has frames to show, equal runs show equal ones. */
static void fiber_frames_are_the_stack(void **state)
{
	struct counter counter = { .to = 5 };
	const void *frames;
	size_t size, again;
	u8 *copy;

	assert_int_equal(fiber_init(&counter.fiber), 0);
	fiber_start(&counter.fiber, count_to_three, &counter);
	fiber_resume(&counter.fiber);
	frames = fiber_frames(&counter.fiber, &size);
	if (!frames) {
		assert_int_equal(size, 0);
		fiber_exit(&counter.fiber);
		return;
	}
	assert_in_range(size, 1, 4096);
	copy = malloc(size);
	assert_non_null(copy);
	memcpy(copy, frames, size);
	fiber_resume(&counter.fiber);
	fiber_start(&counter.fiber, count_to_three, &counter);
	fiber_resume(&counter.fiber);
	assert_ptr_equal(fiber_frames(&counter.fiber, &again), frames);
	assert_int_equal(again, size);
	assert_memory_equal(copy, frames, size);
	free(copy);
	fiber_exit(&counter.fiber);
}

static void __attribute__((noinline)) litter(void *arg)
{
	volatile u8 here[2048];

	memset((u8 *)here, 0xaa, sizeof(here));
	assert_int_equal(here[100], 0xaa);
}

/* What one run leaves on the stack, the next does not find. */
static void fiber_starts_on_a_clean_stack(void **state)
{
	struct fiber fiber;
	size_t size;
	const u8 *sp;

	assert_int_equal(fiber_init(&fiber), 0);
	fiber_start(&fiber, litter, NULL);
	fiber_resume(&fiber);
	assert_true(fiber.done);
	fiber_start(&fiber, litter, NULL);
	sp = fiber_frames(&fiber, &size);
	for (u32 i = 1; sp && i <= 2048; i++)
		assert_int_equal(sp[-(int)i], 0);
	fiber_exit(&fiber);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fiber_goes_on_where_it_was),
		cmocka_unit_test(fiber_forgotten_starts_anew),
		cmocka_unit_test(fiber_stacks_are_deep),
		cmocka_unit_test(fiber_keeps_floating_point),
		cmocka_unit_test(fiber_frames_are_the_stack),
		cmocka_unit_test(fiber_starts_on_a_clean_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
