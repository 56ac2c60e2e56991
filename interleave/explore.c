// SPDX-License-Identifier: GPL-2.0-only
/*
 * Depth first over the choices of who goes on.
 *
 *	begin --o-----o-----o-----o---> end	  o: a choice, with a copy of the
 *		|     |     |			     machine and of all stacks
 *		|     |     +--o---> end	  x: seen before with as many
 *		|     +--x			     preemptions left, or more
 *		+--o--o---> end
 *
 * At each choice whoever runs goes on first; the others are left for later, if
 * there are preemptions left for them.  Where stacks cannot be copied, a schedule
 * begins again from the beginning of the group, and no states are remembered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "explore.h"
#include "hash.h"

#define ARENA_SIZE (256UL << 20)

/* With larger machines, copies at each choice would take too much memory. */
#define COPY_MAX (512UL << 10)

/* For a key that is of a state at the end. */
#define NEXT_END 0xff

/* A task's stack as it was; the bytes are in the copy. */
struct stack_copy {
	void *frames;
	size_t size;
};

struct machine_copy {
	u8 *bytes; /* the arena, then the stacks */
	size_t room;
	size_t arena; /* bytes of it */
	struct stack_copy stacks[SCHED_TASKS_MAX];
	struct sched sched;
	struct parallel group;
};

struct choice {
	bool known; /* the state is: */
	struct hash state;
	u8 later; /* bits of tasks that are to go on here yet */
	u8 taken;
	u8 usual; /* who goes on without a digit */
	u8 current; /* who could go on and was left if another does; or none */
	u8 at; /* where that one stands */
	u32 preemptions; /* before */
};

#define NOBODY 0xff

/* Choices that are none, between two looks at a state. */
#define LOOK_EVERY 16

struct explorer {
	struct explore_config config;
	struct replay_config replay;
	struct replay_result result;
	struct arena *arena;
	struct replay *rp;
	const struct scenario *sc;
	struct sched sched;
	struct parallel group;
	struct seen seen;
	bool copies; /* stacks can be copied, and states told apart */

	struct machine_copy begin; /* before the group */
	struct machine_copy copy[SCHEDULE_MAX]; /* by choice */
	struct choice path[SCHEDULE_MAX];
	u32 nr; /* choices on the way to where it is */
	u32 at; /* of them, those that were made again */
	u32 preempt; /* at most, in this round */
	u32 decided; /* choices without alternatives since the last other one */
	bool limited; /* with more preemptions there would be more */
	struct explored *out;
	int err;
};

/* Copies. */

static bool room_for(struct machine_copy *copy, size_t size)
{
	u8 *bytes;

	if (size <= copy->room)
		return true;
	bytes = realloc(copy->bytes, size);
	if (!bytes)
		return false;
	copy->bytes = bytes;
	copy->room = size;
	return true;
}

static size_t stacks_look(struct explorer *ex, struct machine_copy *copy)
{
	size_t all = 0;

	for (u32 i = 0; i < ex->sched.nr; i++) {
		const struct sched_task *task = &ex->sched.tasks[i];
		struct stack_copy *stack = &copy->stacks[i];

		stack->size = 0;
		if (task->state != TASK_DONE)
			stack->frames = (void *)(uintptr_t)fiber_frames(
				&task->fiber, &stack->size);
		all += stack->size;
	}
	return all;
}

static bool copy_machine(struct explorer *ex, struct machine_copy *copy)
{
	copy->arena = arena_used(ex->arena);
	if (!room_for(copy, copy->arena))
		return false;
	arena_save(ex->arena, copy->bytes);
	return true;
}

static bool copy_all(struct explorer *ex, struct machine_copy *copy)
{
	size_t stacks = stacks_look(ex, copy);
	u8 *to;

	if (!room_for(copy, arena_used(ex->arena) + stacks) ||
	    !copy_machine(ex, copy))
		return false;
	to = copy->bytes + copy->arena;
	for (u32 i = 0; i < ex->sched.nr; i++) {
		memcpy(to, copy->stacks[i].frames, copy->stacks[i].size);
		to += copy->stacks[i].size;
	}
	copy->sched = ex->sched;
	copy->group = ex->group;
	return true;
}

static void restore_machine(struct explorer *ex,
			    const struct machine_copy *copy)
{
	arena_restore(ex->arena, copy->bytes, copy->arena);
	replay_restored(ex->rp);
}

static void restore_all(struct explorer *ex, const struct machine_copy *copy)
{
	const u8 *from = copy->bytes + copy->arena;

	arena_restore(ex->arena, copy->bytes, copy->arena);
	ex->sched = copy->sched;
	ex->group = copy->group;
	for (u32 i = 0; i < ex->sched.nr; i++) {
		memcpy(copy->stacks[i].frames, from, copy->stacks[i].size);
		from += copy->stacks[i].size;
	}
}

/* States. */

static struct hash hash_machine(const struct explorer *ex)
{
	struct hash hash = hash_start;

	hash_bytes(&hash, ex->arena, arena_used(ex->arena));
	return hash;
}

/* All that decides what comes, but for who goes on. */
static struct hash hash_state(const struct explorer *ex)
{
	struct hash hash = hash_machine(ex);

	for (u32 i = 0; i < ex->sched.nr; i++) {
		const struct sched_task *task = &ex->sched.tasks[i];
		const void *frames;
		size_t size;

		hash_word(&hash, task->state);
		if (task->state == TASK_DONE)
			continue;
		hash_word(&hash, (uintptr_t)task->lock);
		hash_word(&hash, task->lock_write);
		frames = fiber_frames(&task->fiber, &size);
		hash_bytes(&hash, frames, size);
	}
	return hash;
}

static struct seen_key seen_key_of(struct hash state, u32 next)
{
	struct seen_key key;

	hash_word(&state, next + 1);
	hash_end(&state, key.word);
	return key;
}

/* Choices. */

static u32 choice_cost(const struct choice *choice, u32 next)
{
	return choice->current != NOBODY && next != choice->current;
}

/* Preemptions that are left when @next goes on; less than 0: too many. */
static s64 left_after(const struct explorer *ex, const struct choice *choice,
		      u32 next)
{
	return (s64)ex->preempt - choice->preemptions -
	       choice_cost(choice, next);
}

static bool was_seen(struct explorer *ex, const struct choice *choice, u32 next)
{
	struct seen_key key;

	if (!choice->known)
		return false;
	key = seen_key_of(choice->state, next);
	return seen_has(&ex->seen, &key, (u32)left_after(ex, choice, next));
}

/* @next goes on at the last choice; false: that was seen before. */
static bool take_choice(struct explorer *ex, struct choice *choice, u32 next)
{
	struct seen_key key;

	choice->taken = (u8)next;
	if (!choice->known)
		return true;
	key = seen_key_of(choice->state, next);
	return !seen_add(&ex->seen, &key, (u32)left_after(ex, choice, next));
}

static u32 preemptions_so_far(const struct explorer *ex)
{
	const struct choice *last;

	if (!ex->nr)
		return 0;
	last = &ex->path[ex->nr - 1];
	return last->preemptions + choice_cost(last, last->taken);
}

static u8 others(struct explorer *ex, const struct choice *choice, u32 ready)
{
	u8 later = 0;

	for (u32 i = 0; i < ex->sched.nr; i++) {
		if (!(ready >> i & 1) || i == choice->usual)
			continue;
		if (left_after(ex, choice, i) < 0)
			ex->limited = true;
		else if (!was_seen(ex, choice, i))
			later |= (u8)(1U << i);
	}
	return later;
}

static u32 usual_next(const struct sched *sched, u32 ready)
{
	return ready >> sched->current & 1 ? sched->current :
					     (u32)__builtin_ctz(ready);
}

static bool has_alternatives(const struct explorer *ex,
			     const struct choice *choice, u32 ready)
{
	for (u32 i = 0; i < ex->sched.nr; i++)
		if (ready >> i & 1 && i != choice->usual &&
		    left_after(ex, choice, i) >= 0)
			return true;
	return false;
}

/*
 * Steps cost less than looking at states.  Where all that comes is decided, a
 * state is only good for cutting that short: it is looked at now and then.
 */
static bool look_at_state(struct explorer *ex, const struct choice *choice,
			  u32 ready)
{
	if (!ex->copies)
		return false;
	if (has_alternatives(ex, choice, ready)) {
		ex->decided = 0;
		return true;
	}
	ex->decided++;
	return !(ex->decided % LOOK_EVERY);
}

/* A new choice; false: it is not to go on from here. */
static bool add_choice(struct explorer *ex, u32 ready)
{
	const struct sched *sched = &ex->sched;
	struct choice *choice = &ex->path[ex->nr];
	bool runs = sched->steps && ready >> sched->current & 1;

	choice->preemptions = preemptions_so_far(ex);
	choice->current = runs ? (u8)sched->current : NOBODY;
	choice->usual = (u8)usual_next(sched, ready);
	choice->at = (u8)sched->tasks[sched->current].at;
	choice->known = look_at_state(ex, choice, ready);
	if (choice->known)
		choice->state = hash_state(ex);
	choice->later = others(ex, choice, ready);
	if (choice->later && ex->copies && !copy_all(ex, &ex->copy[ex->nr])) {
		ex->err = -ENOMEM;
		return false;
	}
	ex->at = ++ex->nr;
	if (take_choice(ex, choice, choice->usual))
		return true;
	ex->out->cut++;
	return false;
}

static u32 explore_choose(void *arg, struct sched *sched, u32 ready)
{
	struct explorer *ex = arg;

	if (ex->at < ex->nr)
		return ex->path[ex->at++].taken;
	if (ex->nr == SCHEDULE_MAX) {
		ex->out->too_long = true;
		return usual_next(sched, ready);
	}
	if (add_choice(ex, ready))
		return ex->path[ex->nr - 1].taken;
	sched->stopped = true;
	return 0;
}

/* Schedules. */

static void begin_again(struct explorer *ex)
{
	restore_machine(ex, &ex->begin);
	ex->sched.choose = explore_choose;
	ex->sched.arg = ex;
	parallel_begin(&ex->group, &ex->sched);
	ex->at = 0;
}

/* What the last schedule left for later; false: nothing. */
static bool next_schedule(struct explorer *ex)
{
	while (ex->nr) {
		struct choice *choice = &ex->path[ex->nr - 1];
		u32 next = (u32)__builtin_ctz(choice->later | 0x100U);

		if (!choice->later) {
			ex->nr--;
			continue;
		}
		choice->later &= (u8) ~(1U << next);
		if (!take_choice(ex, choice, next))
			continue;
		ex->decided = 0;
		if (ex->copies) {
			restore_all(ex, &ex->copy[ex->nr - 1]);
			ex->at = ex->nr - 1;
		} else {
			begin_again(ex);
		}
		return true;
	}
	return false;
}

/* Where tasks were left that could have gone on. */
static void note_points(struct explorer *ex)
{
	struct explored *out = ex->out;

	out->nr_left = 0;
	for (u32 i = 0; i < ex->nr; i++) {
		const struct choice *choice = &ex->path[i];

		if (!choice_cost(choice, choice->taken) ||
		    out->nr_left == EXPLORE_LEFT_MAX)
			continue;
		out->left[out->nr_left++] = (struct explored_left){
			.task = choice->current,
			.at = choice->at,
		};
	}
}

static void note_failure(struct explorer *ex, const struct report *report)
{
	struct explored *out = ex->out;
	u32 nr = ex->nr;

	out->failed = true;
	out->report = *report;
	out->preemptions = preemptions_so_far(ex);
	note_points(ex);
	while (nr && ex->path[nr - 1].taken == ex->path[nr - 1].usual)
		nr--;
	memset(&out->schedule, 0, sizeof(out->schedule));
	for (u32 i = 0; i < nr; i++)
		schedule_add(&out->schedule, ex->path[i].taken);
}

/* Is it the same as after another schedule, which was checked? */
static bool end_was_checked(struct explorer *ex)
{
	struct seen_key key;

	if (!ex->copies)
		return false;
	key = seen_key_of(hash_machine(ex), NEXT_END);
	return seen_add(&ex->seen, &key, 0);
}

static void check_schedule_end(struct explorer *ex)
{
	struct machine *machine = replay_machine(ex->rp, 0);

	synchronize_rcu(&machine->rcu);
	if (end_was_checked(ex))
		return;
	ex->out->ends++;
	replay_restored(ex->rp);
	ex->replay.check = REPLAY_CHECK_ALL;
	if (!replay_finish(ex->rp))
		note_failure(ex, &ex->result.report);
	ex->replay.check = REPLAY_CHECK_NONE;
}

static const char *explore_proc_name(void *arg, u32 proc)
{
	const struct scenario *sc = arg;

	return proc < sc->nr_procs ? sc->names[proc] : "?";
}

static void note_results(struct explorer *ex)
{
	ex->out->whole++;
	for (u32 i = 0; i < ex->group.nr; i++) {
		struct explored_op *op = &ex->out->ops[i];
		int result = ex->group.tasks[i].result;

		if (result && !op->failed++)
			op->result = result;
	}
}

/* From where it stands to the end, or to where it is cut. */
static void run_schedule(struct explorer *ex)
{
	const struct check_names names = {
		.proc_name = explore_proc_name,
		.arg = (void *)(uintptr_t)ex->sc,
		.base = ex->sc->base,
	};
	struct report report;

	sched_run(&ex->sched);
	ex->out->schedules++;
	/* One that was cut is not taken down: another one is put in its place. */
	if (ex->err || (ex->sched.stopped && !ex->sched.broken.kind))
		return;
	parallel_end(&ex->group, &ex->sched);
	if (parallel_broken(&ex->group, &ex->sched, &names, &report)) {
		note_failure(ex, &report);
		return;
	}
	note_results(ex);
	check_schedule_end(ex);
}

/* Goes to the next one; false: there is none, or enough was seen. */
static bool go_to_next_schedule(struct explorer *ex)
{
	struct explored *out = ex->out;

	if (ex->err || out->failed || !next_schedule(ex))
		return false;
	out->most_hit = ex->config.most && out->schedules >= ex->config.most;
	out->stopped = ex->config.stop && *ex->config.stop;
	return !out->most_hit && !out->stopped;
}

/* All schedules with at most ex->preempt preemptions. */
static void explore(struct explorer *ex)
{
	struct explored *out = ex->out;

	out->schedules = out->cut = out->ends = out->whole = 0;
	memset(out->ops, 0, sizeof(out->ops));
	out->most_hit = false;
	ex->limited = false;
	ex->nr = 0;
	seen_clear(&ex->seen);
	begin_again(ex);
	do
		run_schedule(ex);
	while (go_to_next_schedule(ex));
	out->states = ex->seen.nr - min_u64(out->ends, ex->seen.nr);
	out->done += out->schedules;
	out->states_full |= ex->seen.full;
	if (!out->most_hit && !out->failed && !out->stopped)
		out->preempt = ex->preempt;
}

static bool can_copy(struct explorer *ex)
{
	size_t size;

	return arena_used(ex->arena) <= COPY_MAX &&
	       fiber_frames(&ex->sched.tasks[0].fiber, &size);
}

int explorer_group(struct explorer *ex, u32 first, u32 nr,
		   struct explored *explored)
{
	memset(explored, 0, sizeof(*explored));
	ex->out = explored;
	ex->err = 0;
	memset(&ex->group, 0, sizeof(ex->group));
	ex->group.machine = replay_machine(ex->rp, 0);
	ex->group.sc = ex->sc;
	ex->group.first = first;
	ex->group.nr = nr;
	/* Then nothing is noted of what is touched, in whatever order. */
	ex->group.machine->world.touched.overflow = true;
	if (!copy_machine(ex, &ex->begin))
		return -ENOMEM;
	/* A stack has frames once a task is to run on it. */
	begin_again(ex);
	ex->copies = can_copy(ex);
	for (ex->preempt = 0;; ex->preempt++) {
		explore(ex);
		if (ex->err || explored->failed || explored->most_hit ||
		    explored->stopped || !ex->limited ||
		    ex->preempt == ex->config.preempt)
			break;
	}
	explored->complete = !ex->limited && !explored->failed &&
			     !explored->most_hit && !explored->too_long &&
			     !explored->stopped;
	restore_machine(ex, &ex->begin);
	touched_reset(&ex->group.machine->world);
	return ex->err;
}

/* Scenarios. */

struct explorer *explorer_create(const struct explore_config *config)
{
	struct explorer *ex = calloc(1, sizeof(*ex));

	if (!ex)
		return NULL;
	ex->config = *config;
	ex->arena = arena_create(ARENA_SIZE);
	if (ex->arena && !sched_init(&ex->sched) &&
	    !seen_init(&ex->seen, EXPLORE_STATES_MAX)) {
		ex->replay.machine = config->machine;
		ex->replay.machine.arena = ex->arena;
		ex->replay.check = REPLAY_CHECK_NONE;
		ex->replay.on_failure = config->on_failure;
		ex->replay.arg = config->arg;
		return ex;
	}
	explorer_destroy(ex);
	return NULL;
}

void explorer_destroy(struct explorer *ex)
{
	if (!ex)
		return;
	explorer_end(ex);
	sched_exit(&ex->sched);
	arena_destroy(ex->arena);
	seen_exit(&ex->seen);
	free(ex->begin.bytes);
	for (u32 i = 0; i < SCHEDULE_MAX; i++)
		free(ex->copy[i].bytes);
	free(ex);
}

int explorer_begin(struct explorer *ex, const struct scenario *sc)
{
	explorer_end(ex);
	ex->sc = sc;
	ex->rp = replay_start(sc, &ex->replay, &ex->result);
	return ex->rp ? 0 : -ENOMEM;
}

void explorer_end(struct explorer *ex)
{
	replay_stop(ex->rp);
	ex->rp = NULL;
}

bool explorer_step(struct explorer *ex, u32 op_nr)
{
	bool ok;

	ex->replay.check = REPLAY_CHECK_TOUCHED;
	ok = replay_step(ex->rp, op_nr);
	ex->replay.check = REPLAY_CHECK_NONE;
	return ok;
}

const struct replay_result *explorer_result(const struct explorer *ex)
{
	return &ex->result;
}

struct machine *explorer_machine(const struct explorer *ex)
{
	return replay_machine(ex->rp, 0);
}
