// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs at the same time, from below: the scheduler and its locks, RCU with
 * tasks, the ledger's quarantine.  Fibers: test_fiber.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../model/base/ledger.h"
#include "../model/base/rcu.h"
#include "../model/base/sched.h"

/* The scheduler: tasks write down what they do. */

struct script {
	struct sched sched;
	const char *order; /* whom to take, a digit each; then the lowest */
	u32 chosen;
	char log[64];
	struct task_lock lock, other;
};

struct actor {
	struct script *script;
	char name;
	void (*act)(struct actor *actor);
};

static void note_step(struct actor *actor, char what)
{
	char *log = actor->script->log;
	size_t len = strlen(log);

	assert_true(len + 3 < sizeof(actor->script->log));
	log[len] = actor->name;
	log[len + 1] = what;
}

static void point(struct actor *actor)
{
	sched_point(&actor->script->sched, POINT_PTE_SET);
}

static void run_actor(void *arg)
{
	struct actor *actor = arg;

	actor->act(actor);
}

static u32 choose_as_told(void *arg, struct sched *sched, u32 ready)
{
	struct script *script = arg;
	char digit = script->order[script->chosen];

	assert_ptr_equal(sched, &script->sched);
	assert_true(ready & (ready - 1));
	assert_int_equal(ready, sched_ready(sched));
	if (!digit)
		return (u32)__builtin_ctz(ready);
	script->chosen++;
	if (digit == '!') {
		sched->stopped = true;
		return 0;
	}
	assert_true(ready >> (digit - '0') & 1);
	return (u32)(digit - '0');
}

static int script_setup(void **state)
{
	struct script *script = calloc(1, sizeof(*script));

	if (!script || sched_init(&script->sched))
		return -1;
	script->sched.choose = choose_as_told;
	script->sched.arg = script;
	*state = script;
	return 0;
}

static int script_teardown(void **state)
{
	struct script *script = *state;

	sched_exit(&script->sched);
	free(script);
	return 0;
}

/* Each of @acts a task: A, B ... */
static void play(struct script *script, const char *order, u32 nr,
		 void (*const acts[])(struct actor *actor))
{
	static struct actor actors[SCHED_TASKS_MAX];

	sched_reset(&script->sched);
	memset(&script->lock, 0, sizeof(script->lock));
	memset(&script->other, 0, sizeof(script->other));
	memset(script->log, 0, sizeof(script->log));
	script->order = order;
	script->chosen = 0;
	for (u32 i = 0; i < nr; i++) {
		actors[i] = (struct actor){ script, (char)('A' + i), acts[i] };
		sched_add(&script->sched, run_actor, &actors[i]);
	}
	sched_run(&script->sched);
}

#define PLAY(script, order, ...)                                         \
	do {                                                             \
		void (*const acts_[])(struct actor *) = { __VA_ARGS__ }; \
		play(script, order, ARRAY_SIZE(acts_), acts_);           \
	} while (0)

static void two_steps(struct actor *actor)
{
	note_step(actor, '1');
	point(actor);
	note_step(actor, '2');
}

static void in_the_order_chosen(void **state)
{
	struct script *script = *state;

	PLAY(script, "0101", two_steps, two_steps);
	assert_string_equal(script->log, "A1B1A2B2");
	PLAY(script, "1100", two_steps, two_steps);
	assert_string_equal(script->log, "B1B2A1A2");
	PLAY(script, "2101", two_steps, two_steps, two_steps, two_steps);
	assert_string_equal(script->log, "C1B1A1B2A2C2D1D2");
	assert_int_equal(script->sched.broken.kind, DIVERGENCE_NONE);
}

/* The last to run has nobody to ask for. */
static void alone_is_not_asked(void **state)
{
	struct script *script = *state;

	PLAY(script, "", two_steps);
	assert_string_equal(script->log, "A1A2");
	assert_int_equal(script->chosen, 0);
	/* B ends; that A has two steps left takes no choice. */
	PLAY(script, "11000", two_steps, two_steps);
	assert_int_equal(script->chosen, 2);
	assert_string_equal(script->log, "B1B2A1A2");
}

static void chooser_may_stop(void **state)
{
	struct script *script = *state;

	PLAY(script, "01!", two_steps, two_steps);
	assert_string_equal(script->log, "A1B1");
	assert_true(script->sched.stopped);
	assert_int_equal(script->sched.broken.kind, DIVERGENCE_NONE);
	/* Forgotten, and begun anew. */
	PLAY(script, "01", two_steps, two_steps);
	assert_false(script->sched.stopped);
	assert_string_equal(script->log, "A1B1A2B2");
}

static void reads(struct actor *actor)
{
	struct script *script = actor->script;

	task_lock_read(&script->sched, &script->lock, "the lock");
	note_step(actor, '(');
	point(actor);
	note_step(actor, ')');
	task_unlock_read(&script->sched, &script->lock);
}

static void writes(struct actor *actor)
{
	struct script *script = actor->script;

	task_lock_write(&script->sched, &script->lock, "the lock");
	assert_true(task_lock_is_written(&script->sched, &script->lock));
	note_step(actor, '[');
	point(actor);
	note_step(actor, ']');
	task_unlock_write(&script->sched, &script->lock);
	assert_false(task_lock_is_mine(&script->sched, &script->lock));
}

static void readers_together(void **state)
{
	struct script *script = *state;

	PLAY(script, "010101", reads, reads);
	assert_string_equal(script->log, "A(B(A)B)");
	assert_true(task_lock_is_free(&script->lock));
}

static void writer_alone(void **state)
{
	struct script *script = *state;

	/* Whoever is let go to its lock waits until the other has it no more. */
	PLAY(script, "0101", writes, writes);
	assert_string_equal(script->log, "A[A]B[B]");
	PLAY(script, "0101", writes, reads);
	assert_string_equal(script->log, "A[A]B(B)");
	PLAY(script, "0101", reads, writes);
	assert_string_equal(script->log, "A(A)B[B]");
	assert_true(task_lock_is_free(&script->lock));
	assert_int_equal(script->lock.waiting, 0);
}

/* A reads, B waits to write, C comes to read: it is behind B. */
static void writers_are_preferred(void **state)
{
	struct script *script = *state;

	PLAY(script, "0011221", reads, writes, reads);
	assert_string_equal(script->log, "A(A)B[B]C(C)");
	/* Woken together, the reader may be first. */
	PLAY(script, "00112222", reads, writes, reads);
	assert_string_equal(script->log, "A(A)C(C)B[B]");
}

/* A and D read, B waits to write, C waits behind: one of two readers goes. */
static void reader_stays_behind_the_writer(void **state)
{
	struct script *script = *state;

	PLAY(script, "00331122011", reads, writes, reads, reads);
	assert_string_equal(script->log, "A(D(A)D)B[B]C(C)");
}

static void tries(struct actor *actor)
{
	struct script *script = actor->script;

	if (task_trylock_write(&script->sched, &script->lock)) {
		note_step(actor, 'w');
		task_unlock_write(&script->sched, &script->lock);
	} else if (task_trylock_read(&script->sched, &script->lock)) {
		note_step(actor, 'r');
		task_unlock_read(&script->sched, &script->lock);
	} else {
		note_step(actor, '-');
	}
}

static void trying_does_not_wait(void **state)
{
	struct script *script = *state;

	PLAY(script, "1111", writes, tries);
	assert_string_equal(script->log, "BwA[A]");
	PLAY(script, "00111", writes, tries);
	assert_string_equal(script->log, "A[B-A]");
	PLAY(script, "00111", reads, tries);
	assert_string_equal(script->log, "A(BrA)");
	/* Nor does it pass a writer that waits. */
	PLAY(script, "0011222", reads, writes, tries);
	assert_string_equal(script->log, "A(C-A)B[B]");
}

static void downgrades(struct actor *actor)
{
	struct script *script = actor->script;

	task_lock_write(&script->sched, &script->lock, "the lock");
	note_step(actor, '[');
	point(actor);
	task_lock_downgrade(&script->sched, &script->lock);
	assert_false(task_lock_is_written(&script->sched, &script->lock));
	assert_true(task_lock_is_mine(&script->sched, &script->lock));
	note_step(actor, '(');
	point(actor);
	note_step(actor, ')');
	task_unlock_read(&script->sched, &script->lock);
}

static void downgrade_lets_readers_in(void **state)
{
	struct script *script = *state;

	PLAY(script, "001111", downgrades, reads);
	assert_string_equal(script->log, "A[A(B(B)A)");
	PLAY(script, "00111", downgrades, writes);
	assert_string_equal(script->log, "A[A(A)B[B]");
}

static void other_way_round(struct actor *actor, struct task_lock *first,
			    struct task_lock *second)
{
	struct sched *sched = &actor->script->sched;

	task_lock_write(sched, first,
			first == &actor->script->lock ? "one" : "two");
	task_lock_read(sched, second,
		       second == &actor->script->lock ? "one" : "two");
	task_unlock_read(sched, second);
	task_unlock_write(sched, first);
	note_step(actor, '.');
}

static void one_two(struct actor *actor)
{
	other_way_round(actor, &actor->script->lock, &actor->script->other);
}

static void two_one(struct actor *actor)
{
	other_way_round(actor, &actor->script->other, &actor->script->lock);
}

static void deadlock_is_told(void **state)
{
	struct script *script = *state;

	PLAY(script, "0000", one_two, two_one);
	assert_string_equal(script->log, "A.B.");
	assert_int_equal(script->sched.broken.kind, DIVERGENCE_NONE);
	PLAY(script, "001100", one_two, two_one);
	assert_string_equal(script->log, "");
	assert_int_equal(script->sched.broken.kind, DIVERGENCE_DEADLOCK);
	assert_string_equal(script->sched.broken.text,
			    "0 waits to read two, held by 1; "
			    "1 waits to read one, held by 0");
}

static void waits_for_itself(struct actor *actor)
{
	struct script *script = actor->script;

	task_lock_read(&script->sched, &script->lock, "the lock");
	task_lock_write(&script->sched, &script->lock, "the lock");
	note_step(actor, '!');
}

static void deadlock_of_one(void **state)
{
	struct script *script = *state;

	PLAY(script, "", waits_for_itself);
	assert_string_equal(script->log, "");
	assert_int_equal(script->sched.broken.kind, DIVERGENCE_DEADLOCK);
	assert_string_equal(script->sched.broken.text,
			    "0 waits to write the lock, held by 0");
	PLAY(script, "00011", waits_for_itself, reads);
	assert_string_equal(script->sched.broken.text,
			    "0 waits to write the lock, held by 0; "
			    "1 waits to read the lock, held by 0");
}

static void for_ever(struct actor *actor)
{
	for (;;)
		point(actor);
}

static void endless_is_bounded(void **state)
{
	struct script *script = *state;

	PLAY(script, "", for_ever, for_ever);
	assert_true(script->sched.stopped);
	assert_int_equal(script->sched.broken.kind, DIVERGENCE_DEADLOCK);
	assert_non_null(strstr(script->sched.broken.text, "still run after"));
	/* Also when nobody else is left who could run. */
	PLAY(script, "11", for_ever, two_steps);
	assert_string_equal(script->log, "B1B2");
	assert_true(script->sched.stopped);
	assert_int_equal(script->sched.broken.kind, DIVERGENCE_DEADLOCK);
}

static void breaks(struct actor *actor)
{
	note_step(actor, 'x');
	sched_break(&actor->script->sched, DIVERGENCE_RACE, "%c broke", 'B');
	note_step(actor, 'y');
}

static void break_from_inside(void **state)
{
	struct script *script = *state;

	PLAY(script, "01", two_steps, breaks);
	assert_string_equal(script->log, "A1Bx");
	assert_true(script->sched.stopped);
	assert_int_equal(script->sched.broken.kind, DIVERGENCE_RACE);
	assert_string_equal(script->sched.broken.text, "B broke");
	PLAY(script, "", breaks);
	assert_string_equal(script->log, "Ax");
	assert_string_equal(script->sched.broken.text, "B broke");
	/* What came before counts no more. */
	PLAY(script, "0101", two_steps, two_steps);
	assert_string_equal(script->log, "A1B1A2B2");
	assert_int_equal(script->sched.broken.kind, DIVERGENCE_NONE);
}

static void points_have_texts(void **state)
{
	for (u32 i = 0; i < NR_SCHED_POINTS; i++)
		assert_true(strlen(sched_point_text(i)) > 0);
	assert_string_equal(sched_point_text(POINT_BEGIN), "has not begun");
}

/* RCU and the quarantine: tasks are just numbers here. */

struct thing {
	u32 value;
	struct rcu_head rcu;
};

struct grace {
	struct ledger ledger;
	struct rcu rcu;
	struct sched sched; /* only sched.current is looked at */
	u32 kind;
};

static int grace_setup(void **state)
{
	struct grace *grace = calloc(1, sizeof(*grace));

	if (!grace)
		return -1;
	ledger_init(&grace->ledger, NULL);
	grace->kind = ledger_kind(&grace->ledger, "thing", 8);
	rcu_init(&grace->rcu, &grace->ledger);
	*state = grace;
	return 0;
}

static int grace_teardown(void **state)
{
	struct grace *grace = *state;

	ledger_destroy(&grace->ledger);
	free(grace);
	return 0;
}

static struct thing *new_thing(struct grace *grace)
{
	struct thing *thing =
		ledger_alloc(&grace->ledger, grace->kind, sizeof(*thing));

	assert_non_null(thing);
	return thing;
}

static void grace_enter(struct grace *grace, u32 task)
{
	grace->sched.current = task;
	rcu_read_lock(&grace->rcu);
}

static void grace_leave(struct grace *grace, u32 task)
{
	grace->sched.current = task;
	rcu_read_unlock(&grace->rcu);
}

static void grace_let_go(struct grace *grace, struct thing *thing)
{
	kfree_rcu(&grace->rcu, thing, &thing->rcu);
}

static void waits_for_those_who_began_before(void **state)
{
	struct grace *grace = *state;
	struct thing *a = new_thing(grace), *b = new_thing(grace);

	rcu_tasks_begin(&grace->rcu, &grace->sched);
	ledger_quarantine(&grace->ledger);
	grace_enter(grace, 0);
	grace_let_go(grace, a);
	assert_true(ledger_is_live(a));
	grace_enter(grace, 1);
	grace_let_go(grace, b);
	/* Task 1 came after a was freed: a goes as soon as 0 leaves. */
	grace_leave(grace, 0);
	assert_false(ledger_is_live(a));
	assert_true(ledger_is_live(b));
	grace_enter(grace, 0);
	grace_leave(grace, 0);
	assert_true(ledger_is_live(b));
	grace_leave(grace, 1);
	assert_false(ledger_is_live(b));
	assert_int_equal(grace->ledger.nr_live, 0);
	assert_int_equal(grace->rcu.nr_waiting, 0);
	rcu_tasks_end(&grace->rcu);
	ledger_release(&grace->ledger);
}

static void sections_nest(void **state)
{
	struct grace *grace = *state;
	struct thing *a = new_thing(grace);

	rcu_tasks_begin(&grace->rcu, &grace->sched);
	ledger_quarantine(&grace->ledger);
	grace_enter(grace, 2);
	grace_let_go(grace, a);
	grace_enter(grace, 2);
	/* It is since the first that task 2 may hold something. */
	grace_enter(grace, 3);
	grace_leave(grace, 3);
	assert_true(ledger_is_live(a));
	grace_leave(grace, 2);
	assert_true(ledger_is_live(a));
	grace_leave(grace, 2);
	assert_false(ledger_is_live(a));
	assert_false(rcu_read_lock_held(&grace->rcu));
	rcu_tasks_end(&grace->rcu);
}

/* With no reader, at once; after the tasks, only when somebody asks. */
static void ends_at_the_earliest_moment(void **state)
{
	struct grace *grace = *state;
	struct thing *a = new_thing(grace), *b = new_thing(grace);

	rcu_tasks_begin(&grace->rcu, &grace->sched);
	ledger_quarantine(&grace->ledger);
	grace_let_go(grace, a);
	assert_false(ledger_is_live(a));
	grace_enter(grace, 3);
	grace_leave(grace, 3);
	rcu_tasks_end(&grace->rcu);
	ledger_release(&grace->ledger);
	grace_let_go(grace, b);
	assert_int_equal(grace->ledger.nr_live, 1);
	synchronize_rcu(&grace->rcu);
	assert_int_equal(grace->ledger.nr_live, 0);
}

static void quarantine_keeps_and_counts(void **state)
{
	struct grace *grace = *state;
	struct ledger *ledger = &grace->ledger;
	struct thing *before = new_thing(grace), *a, *b;
	struct ledger_kind *kind = &ledger->kinds[grace->kind];

	ledger_quarantine(ledger);
	a = new_thing(grace);
	b = new_thing(grace);
	ledger_free(ledger, a);
	ledger_free(ledger, before);
	assert_false(ledger_is_live(a));
	assert_false(ledger_is_live(before));
	assert_true(ledger_is_live(b));
	assert_int_equal(ledger->nr_live, 1);
	assert_int_equal(kind->live, 1);
	assert_int_equal(kind->peak, 3);
	assert_int_equal(kind->total, 3);
	/* It is not handed out again while somebody may have it. */
	for (u32 i = 0; i < 100; i++)
		assert_ptr_not_equal(new_thing(grace), a);
	assert_false(ledger_is_live(a));
	ledger_release(ledger);
	assert_true(LIST_EMPTY(&ledger->kept));
	assert_true(ledger_is_live(b));
	assert_int_equal(ledger->nr_live, 101);
	/* Freed in earnest again. */
	ledger_free(ledger, b);
	assert_true(LIST_EMPTY(&ledger->kept));
	assert_int_equal(ledger->nr_live, 100);
}

/* What is kept goes with the ledger: LeakSanitizer would tell. */
static void quarantine_goes_with_the_ledger(void **state)
{
	struct grace *grace = *state;
	struct thing *a = new_thing(grace);

	ledger_quarantine(&grace->ledger);
	new_thing(grace);
	ledger_free(&grace->ledger, a);
	ledger_destroy(&grace->ledger);
	assert_int_equal(grace->ledger.nr_live, 0);
	assert_false(grace->ledger.quarantine);
}

#define script_test(f) \
	cmocka_unit_test_setup_teardown(f, script_setup, script_teardown)
#define grace_test(f) \
	cmocka_unit_test_setup_teardown(f, grace_setup, grace_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_have_texts),
		script_test(in_the_order_chosen),
		script_test(alone_is_not_asked),
		script_test(chooser_may_stop),
		script_test(readers_together),
		script_test(writer_alone),
		script_test(writers_are_preferred),
		script_test(reader_stays_behind_the_writer),
		script_test(trying_does_not_wait),
		script_test(downgrade_lets_readers_in),
		script_test(deadlock_is_told),
		script_test(deadlock_of_one),
		script_test(endless_is_bounded),
		script_test(break_from_inside),
		grace_test(waits_for_those_who_began_before),
		grace_test(sections_nest),
		grace_test(ends_at_the_earliest_moment),
		grace_test(quarantine_keeps_and_counts),
		grace_test(quarantine_goes_with_the_ledger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
