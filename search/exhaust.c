// SPDX-License-Identifier: GPL-2.0-only
/*
 * A level at a time, its states shared out among threads.  A thread comes to a
 * state by doing again what led there, keeps a copy of the machine, and comes
 * back to it for each operation:
 *
 *	root ─▶ ... ─▶ state ═══ copy
 *	                 │ ▲
 *	       operation ▼ │ restore
 *	               checks ─▶ fingerprint ─▶ new? ─▶ all exit, leaks? ─▶ next level
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "exhaust_internal.h"

#define ARENA_SIZE (4UL << 20)

/* What one thread works with. */
struct worker {
	struct exhaust *ex;
	struct arena *arena;
	struct scenario sc;
	struct replay_config config;
	struct replay_result result;
	struct replay *rp;
	struct fingerprinter *fper;
	u8 *root; /* copies of the arena */
	size_t root_size;
	u8 *here;
	size_t here_size;
	struct op_list ops;
	u32 *to; /* by operation: the state that it led to */
	u32 cap_to;
	int err;
};

/* Divergences. */

static bool is_same_found(const struct exhaust_found *found,
			  const struct report *report)
{
	return found->kind == report->kind &&
	       !strcmp(found->rmap, report->rmap);
}

/* The same scenario, with one more repair.  Without memory nothing is known. */
static bool diverges_repaired(struct worker *worker, enum fix fix)
{
	struct replay_config config = worker->ex->config.replay;
	struct replay_result result;
	int err;

	config.machine.bugs.fixed[fix] = true;
	err = replay(&worker->sc, &config, &result);
	if (err)
		worker->err = err;
	return err || result.diverged;
}

static bool worker_is_due_to_all(struct worker *worker)
{
	for (u32 fix = 0; fix < NR_FIXES; fix++)
		if (worker->ex->config.due_to[fix] &&
		    diverges_repaired(worker, (enum fix)fix))
			return false;
	return true;
}

static void note_found(struct worker *worker, u32 nr_ops)
{
	struct exhaust *ex = worker->ex;
	const struct report *report = &worker->result.report;
	struct exhaust_found *found;
	u32 i = 0;

	if (!worker_is_due_to_all(worker))
		return;
	pthread_mutex_lock(&ex->lock);
	while (i < ex->nr_found && !is_same_found(&ex->found[i], report))
		i++;
	found = &ex->found[i];
	if (i == ex->nr_found && i < EXHAUST_FOUND_MAX) {
		*found = (struct exhaust_found){
			.kind = report->kind,
			.rmap = report->rmap,
			.report = *report,
			.nr_ops = nr_ops,
		};
		memcpy(found->ops, worker->sc.ops, nr_ops * sizeof(struct op));
		ex->nr_found++;
	}
	if (i < EXHAUST_FOUND_MAX)
		found->times++;
	if (ex->config.first_only)
		atomic_store(&ex->stop, true);
	pthread_mutex_unlock(&ex->lock);
}

/* From state to state. */

static void restore(struct worker *worker, const u8 *copy, size_t size)
{
	arena_restore(worker->arena, copy, size);
	replay_restored(worker->rp);
}

/* Does what led to state @id again, which diverges nowhere; how many ops. */
static u32 go_to(struct worker *worker, u32 id)
{
	struct machine *machine = replay_machine(worker->rp, 0);
	u32 nr = exhaust_path(worker->ex, id, worker->sc.ops);

	restore(worker, worker->root, worker->root_size);
	for (u32 i = 0; i < nr; i++) {
		replay_op(machine, &worker->sc, &worker->sc.ops[i], i + 1);
		synchronize_rcu(&machine->rcu);
		touched_reset(&machine->world);
	}
	return nr;
}

static bool keep_copy(struct worker *worker, u8 **copy, size_t *size)
{
	size_t used = arena_used(worker->arena);

	if (used > *size || !*copy) {
		u8 *bigger = realloc(*copy, used);

		if (!bigger)
			return false;
		*copy = bigger;
	}
	*size = used;
	arena_save(worker->arena, *copy);
	return true;
}

/* All processes exit; once for each state is enough. */
static void check_exits(struct worker *worker, u32 nr_ops)
{
	if (!replay_finish(worker->rp))
		note_found(worker, nr_ops);
}

/* sc.ops[depth] from the state that was copied; the number of the next one. */
static u32 try_next_op(struct worker *worker, u32 id, u32 depth)
{
	struct exhaust *ex = worker->ex;
	struct state state = {
		.parent = id,
		.op = op_pack(&worker->sc.ops[depth]),
	};
	enum states_add added;
	u32 to;

	restore(worker, worker->here, worker->here_size);
	worker->sc.nr_ops = depth + 1;
	if (!replay_step(worker->rp, depth + 1)) {
		note_found(worker, depth + 1);
		return STATE_NONE;
	}
	worker->err = machine_fingerprint(
		worker->fper, replay_machine(worker->rp, 0), &state.fp);
	if (worker->err)
		return STATE_NONE;
	added = states_add(ex->states, &state, &to);
	if (added == STATES_NEW)
		check_exits(worker, depth + 1);
	if (added == STATES_FULL)
		atomic_store(&ex->full, true);
	return to;
}

static bool room_for_ops(struct worker *worker, u32 nr)
{
	u32 *to;

	if (nr <= worker->cap_to)
		return true;
	to = realloc(worker->to, nr * sizeof(*to));
	if (!to)
		return false;
	worker->to = to;
	worker->cap_to = nr;
	return true;
}

static bool should_end(struct exhaust *ex)
{
	return atomic_load(&ex->stop) || atomic_load(&ex->full) ||
	       (ex->config.stop && *ex->config.stop);
}

/* All operations in state @id; false: ended before the last. */
static bool expand(struct worker *worker, u32 id)
{
	struct exhaust *ex = worker->ex;
	u32 depth = go_to(worker, id);
	u32 nr;

	if (!keep_copy(worker, &worker->here, &worker->here_size))
		worker->err = -ENOMEM;
	if (!worker->err)
		worker->err = search_ops(&ex->config.bounds,
					 replay_machine(worker->rp, 0),
					 worker->sc.base, &worker->ops);
	nr = worker->ops.nr;
	if (!worker->err && !room_for_ops(worker, nr))
		worker->err = -ENOMEM;
	for (u32 i = 0; i < nr && !worker->err; i++) {
		if (should_end(ex))
			return false;
		worker->sc.ops[depth] = worker->ops.ops[i];
		worker->to[i] = try_next_op(worker, id, depth);
	}
	if (worker->err || atomic_load(&ex->full))
		return false;
	state_at(ex->states, id)->expanded = true;
	edges_set(ex->edges, id, worker->to, nr);
	atomic_fetch_add(&ex->expanded, 1);
	atomic_fetch_add(&ex->transitions, nr);
	return true;
}

/* Threads. */

static void worker_exit(struct worker *worker)
{
	replay_stop(worker->rp);
	arena_destroy(worker->arena);
	scenario_free(&worker->sc);
	fingerprinter_destroy(worker->fper);
	op_list_free(&worker->ops);
	free(worker->root);
	free(worker->here);
	free(worker->to);
}

static int search_worker_init(struct worker *worker, struct exhaust *ex)
{
	*worker = (struct worker){ .ex = ex, .config = ex->config.replay };
	worker->arena = arena_create(ARENA_SIZE);
	worker->fper = fingerprinter_create(ex->counts);
	if (!worker->arena || !worker->fper ||
	    exhaust_scenario(&ex->config.bounds, &worker->sc))
		return -ENOMEM;
	worker->config.machine.arena = worker->arena;
	worker->rp =
		replay_start(&worker->sc, &worker->config, &worker->result);
	if (!worker->rp ||
	    !keep_copy(worker, &worker->root, &worker->root_size))
		return -ENOMEM;
	return 0;
}

/*
 * Takes one state after the other.  One that was begun and not ended is to be
 * expanded again when the search goes on.
 */
static void *expand_states(void *arg)
{
	struct worker *worker = arg;
	struct exhaust *ex = worker->ex;

	while (!worker->err && !should_end(ex)) {
		u32 id = atomic_fetch_add(&ex->next, 1);

		if (id >= ex->level_end)
			break;
		if (state_at(ex->states, id)->expanded)
			continue; /* done before the search was stopped */
		if (!expand(worker, id))
			break;
	}
	pthread_mutex_lock(&ex->lock);
	if (worker->err)
		ex->err = worker->err;
	ex->working--;
	pthread_cond_signal(&ex->done);
	pthread_mutex_unlock(&ex->lock);
	return NULL;
}

static void wait_for_workers(struct exhaust *ex)
{
	struct timespec when;

	pthread_mutex_lock(&ex->lock);
	while (ex->working) {
		clock_gettime(CLOCK_REALTIME, &when);
		when.tv_sec++;
		if (pthread_cond_timedwait(&ex->done, &ex->lock, &when) !=
		    ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&ex->lock);
		exhaust_take_stock(ex);
		if (ex->config.progress)
			ex->config.progress(ex->config.arg, ex->levels,
					    ex->level, exhaust_bytes(ex));
		pthread_mutex_lock(&ex->lock);
	}
	pthread_mutex_unlock(&ex->lock);
}

static void run_search_workers(struct exhaust *ex, struct worker *workers,
			       u32 nr)
{
	pthread_t threads[EXHAUST_THREADS_MAX];
	u32 started;

	ex->working = nr;
	for (started = 0; started < nr; started++)
		if (pthread_create(&threads[started], NULL, expand_states,
				   &workers[started]))
			break;
	pthread_mutex_lock(&ex->lock);
	ex->working -= nr - started;
	if (!started)
		ex->err = -ENOMEM;
	pthread_mutex_unlock(&ex->lock);
	wait_for_workers(ex);
	for (u32 i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

/* The states of ex->level; true if all were expanded. */
static bool run_level(struct exhaust *ex)
{
	u32 nr = ex->config.threads;
	struct worker *workers = calloc(nr, sizeof(*workers));
	u32 ready = 0;

	while (workers && ready < nr &&
	       !search_worker_init(&workers[ready], ex))
		ready++;
	if (workers && ready == nr)
		run_search_workers(ex, workers, nr);
	else
		ex->err = -ENOMEM;
	for (u32 i = 0; workers && i < nr; i++)
		if (workers[i].ex)
			worker_exit(&workers[i]);
	free(workers);
	exhaust_take_stock(ex);
	return !ex->err && !should_end(ex);
}

static enum exhaust_end why_ended(const struct exhaust *ex)
{
	if (ex->err || atomic_load(&ex->full))
		return EXHAUST_NO_MEMORY;
	return EXHAUST_STOPPED;
}

/* The state without any operation. */
static int add_root(struct exhaust *ex)
{
	struct state state = { .parent = STATE_NONE };
	struct worker worker;
	u32 id;
	int err = search_worker_init(&worker, ex);

	if (!err)
		err = machine_fingerprint(
			worker.fper, replay_machine(worker.rp, 0), &state.fp);
	if (!err && states_add(ex->states, &state, &id) == STATES_FULL)
		err = -ENOMEM;
	worker_exit(&worker);
	ex->level_end = 1;
	return err;
}

enum exhaust_end exhaust_run(struct exhaust *ex)
{
	if (!states_nr(ex->states))
		ex->err = add_root(ex);
	while (!ex->err && ex->level < ex->config.bounds.ops) {
		atomic_store(&ex->next, ex->level_start);
		if (!run_level(ex))
			return why_ended(ex);
		exhaust_next_level(ex);
	}
	return ex->err ? EXHAUST_NO_MEMORY : EXHAUST_COMPLETE;
}
