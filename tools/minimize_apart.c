// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minimizing in a process of its own.
 *
 *	  this process               the worker             a try's own
 *	+--------------+   fork    +--------------+  fork  +-----------+
 *	| waits, shows |---------->| tries, notes |------->| replays   |
 *	| how it goes  |           | what is best |        +-----------+
 *	+------^-------+           +------|-------+       if it must be
 *	       |      shared memory       |
 *	       +-------- the best <-------+
 *
 * A replay that diverges leaves its process alive, so the worker replays by
 * itself, which takes some ten microseconds.  Should one of its candidates take
 * it along nevertheless, another worker goes on from the best so far and gives
 * each try a process of its own; so it does from the start where the scenario
 * is known to end that way.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "interrupt.h"
#include "minimize.h"

#define PROGRESS_MS 200
/* A process for each takes its time. */
#define FAR_TRIES_APART 1000

/* A scenario as the worker leaves it; it is never longer than the first. */
struct snapshot {
	u64 base;
	u32 nr_ops;
	struct op *ops;
	struct minimize_stats stats;
};

/* What both see. */
struct shared {
	struct snapshot snapshots[2];
	volatile u32 nr; /* snapshots taken; the last is [nr % 2] */
	volatile u64 tries;
	volatile u64 cause_replays;
	volatile int err;
	volatile bool is_over;
};

struct worker {
	const struct minimize_job *job;
	struct shared *shared;
	bool apart; /* each try has a process of its own */
};

/* The worker's */

/* Of @sc so far as @ending needs it: what follows may show the like. */
static int has_same_cause(const struct worker *worker,
			  const struct scenario *sc,
			  const struct ending *ending)
{
	const struct cause_config config = {
		.replays = &worker->job->replays,
		.apart = worker->apart,
	};
	struct scenario part = *sc;
	u64 replays = 0;
	int same;

	part.nr_ops = ending->needed;
	same = cause_is(&part, &config, ending, &worker->job->cause, &replays);
	worker->shared->cause_replays += replays;
	return same;
}

static int apart_shows(void *arg, const struct scenario *sc, u32 *needed)
{
	struct worker *worker = arg;
	const struct minimize_job *job = worker->job;
	struct ending ending;
	int err;

	worker->shared->tries++;
	if (worker->apart) {
		err = ending_apart(sc, &job->replays, &ending);
	} else {
		ending_limit_time(job->replays.limit_ms);
		err = ending_here(sc, &job->replays, &ending);
	}
	if (err)
		return err;
	*needed = ending.needed;
	if (!ending_same(&ending, &job->wanted, job->keep))
		return 0;
	if (job->keep != ENDING_KEEP_FAULT)
		return 1;
	return has_same_cause(worker, sc, &ending);
}

/* The one that is not the last: the worker may go at any time. */
static void publish(void *arg, const struct scenario *best,
		    const struct minimize_stats *stats)
{
	struct shared *shared = ((struct worker *)arg)->shared;
	struct snapshot *snap = &shared->snapshots[(shared->nr + 1) % 2];

	snap->base = best->base;
	snap->nr_ops = best->nr_ops;
	snap->stats = *stats;
	memcpy(snap->ops, best->ops, best->nr_ops * sizeof(*best->ops));
	__atomic_store_n(&shared->nr, shared->nr + 1, __ATOMIC_RELEASE);
}

static void __attribute__((noreturn)) try_candidates(struct worker *worker)
{
	const struct minimize_job *job = worker->job;
	struct shared *shared = worker->shared;
	struct scenario *sc = job->sc;
	const struct minimize_config config = {
		.shows = apart_shows,
		.improved = publish,
		.arg = worker,
		.tries_max = job->tries_max,
		.far_tries_max = worker->apart ? FAR_TRIES_APART :
						 MINIMIZE_FAR_TRIES,
	};
	struct minimize_stats stats;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* If it dies there is nothing that the user would want to read. */
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	shared->err = scenario_minimize(sc, &config, &stats);
	ending_limit_time(0);
	publish(worker, sc, &stats);
	shared->is_over = true;
	_exit(0);
}

/* This process's */

static bool snapshot_map(struct snapshot *snap, const struct scenario *sc)
{
	/* Only what is written takes memory. */
	void *ops = mmap(NULL, ((size_t)sc->nr_ops + 1) * sizeof(*sc->ops),
			 PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	snap->ops = ops;
	return ops != MAP_FAILED;
}

static struct shared *shared_map(const struct scenario *sc)
{
	struct shared *shared = mmap(NULL, sizeof(*shared),
				     PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return NULL;
	if (snapshot_map(&shared->snapshots[0], sc) &&
	    snapshot_map(&shared->snapshots[1], sc))
		return shared;
	munmap(shared, sizeof(*shared));
	return NULL;
}

/* The last snapshot becomes the job's scenario.  0 or -ENOMEM. */
static int take_best(const struct shared *shared, struct minimize_job *job)
{
	u32 nr = __atomic_load_n(&shared->nr, __ATOMIC_ACQUIRE);
	const struct snapshot *snap = &shared->snapshots[nr % 2];
	struct scenario *sc = job->sc;
	u32 nr_procs = 1;

	if (!nr)
		return 0;
	job->stats = snap->stats;
	sc->base = snap->base;
	sc->nr_ops = snap->nr_ops;
	memcpy(sc->ops, snap->ops, sc->nr_ops * sizeof(*sc->ops));
	for (u32 i = 0; i < sc->nr_ops; i++)
		nr_procs = (u32)max_u64(nr_procs, sc->ops[i].child + 1);
	sc->nr_procs = 0;
	return scenario_name_slots(sc, nr_procs);
}

static void show_shared_progress(const struct minimize_job *job,
				 const struct shared *shared)
{
	u32 nr = shared->nr;

	if (job->progress)
		job->progress(job,
			      nr ? shared->snapshots[nr % 2].nr_ops :
				   job->sc->nr_ops,
			      shared->tries);
}

/* Until the worker is gone, which closes its end of @fd; or a signal asks. */
static void wait_for_worker(const struct minimize_job *job,
			    const struct shared *shared, pid_t pid, int fd)
{
	struct pollfd gone = { .fd = fd, .events = POLLIN };
	int ready;

	for (;;) {
		ready = interrupted() ? -1 : poll(&gone, 1, PROGRESS_MS);
		if (interrupted())
			kill(pid, SIGKILL);
		if (ready > 0 || interrupted())
			break;
		show_shared_progress(job, shared);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int run_worker(struct worker *worker)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return -errno;
	worker->shared->is_over = false;
	pid = fork();
	if (!pid) {
		close(fds[0]);
		fcntl(fds[1], F_SETFD, FD_CLOEXEC);
		try_candidates(worker);
	}
	close(fds[1]);
	if (pid > 0)
		wait_for_worker(worker->job, worker->shared, pid, fds[0]);
	close(fds[0]);
	return pid < 0 ? -EAGAIN : 0;
}

static int run_minimize_workers(struct minimize_job *job, struct shared *shared)
{
	struct worker worker = {
		.job = job,
		.shared = shared,
		.apart = ending_is_deadly(&job->wanted),
	};
	int err = run_worker(&worker);

	if (!err)
		err = take_best(shared, job);
	if (!err && !shared->is_over && !interrupted() && !worker.apart) {
		worker.apart = true;
		err = run_worker(&worker);
		if (!err)
			err = take_best(shared, job);
	}
	job->stats.tries = shared->tries;
	job->cause_replays = job->cause.replays + shared->cause_replays;
	job->interrupted = interrupted();
	if (!err && !shared->is_over && !job->interrupted)
		return -ECHILD;
	return err ? err : shared->err;
}

/* Whatever comes to be tried must have the cause that the scenario has. */
static int find_cause(struct minimize_job *job)
{
	struct ending_config replays = job->replays;
	const struct cause_config config = {
		.replays = &replays,
		.apart = true,
		.stop = interrupted,
	};

	replays.stop = interrupt_flag();
	if (job->keep != ENDING_KEEP_FAULT)
		return 0;
	return cause_find(job->sc, &config, &job->wanted, &job->cause);
}

static int find_cause_and_run(struct minimize_job *job, struct shared *shared)
{
	int err = find_cause(job);

	if (err == -EINTR) {
		job->interrupted = true;
		return 0;
	}
	if (err)
		return err;
	if (job->begins)
		job->begins(job);
	return run_minimize_workers(job, shared);
}

int minimize_apart(struct minimize_job *job)
{
	/* Room is for as many as there are now. */
	struct shared *shared = shared_map(job->sc);

	if (!shared)
		return -ENOMEM;
	interrupt_catch();
	return find_cause_and_run(job, shared);
}
