// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parent copies a scenario into memory that both have, and writes a byte into
 * a pipe; the worker answers with another one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "finding.h"
#include "worker.h"

#define OPS_MAX (1U << 18)
#define PROCS_MAX (1U << 12)

/* Hundredths of a second that a worker has to say where it is. */
#define WHERE_SLICES 300

/* How often a worker is looked at, and how much longer one may take that sleeps. */
#define SLICE_MS 100
#define ASLEEP_FACTOR 30

struct worker_shared {
	struct tree_result result;
	u32 op_nr; /* the operation that is being done */
	bool asking; /* for its features */
	u32 asked_for; /* enum kernel_feature */
	bool asked;
	bool walks_only;
	bool answered; /* it knew its features */
	struct kernel_features features;
	struct tree_fail fail;
	char report[BOOT_REPORT_MAX];
	u64 base;
	u32 nr_ops;
	u32 nr_procs;
	char names[PROCS_MAX][SCENARIO_NAME_MAX + 1];
	struct op ops[OPS_MAX];
};

int worker_init(struct worker *worker, const struct worker_config *config)
{
	void *shared = mmap(NULL, sizeof(*worker->shared),
			    PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	memset(worker, 0, sizeof(*worker));
	worker->config = *config;
	worker->to = worker->from = -1;
	if (shared == MAP_FAILED)
		return -ENOMEM;
	worker->shared = shared;
	return 0;
}

static void end_process(struct worker *worker)
{
	if (!worker->pid)
		return;
	kill(worker->pid, SIGKILL);
	waitpid(worker->pid, NULL, 0);
	worker->pid = 0;
	close(worker->to);
	close(worker->from);
	worker->to = worker->from = -1;
}

void worker_free(struct worker *worker)
{
	end_process(worker);
	if (worker->shared)
		munmap(worker->shared, sizeof(*worker->shared));
	worker->shared = NULL;
}

/* What the worker has; its own copy after fork(). */
static struct {
	struct worker_shared *shared;
	struct tree_session session;
	enum worker_with with;
	int in;
	int out;
} self;

/* The parent sees the end of the pipe, and what was told until then. */
static void leave_at_panic(void)
{
	if (boot_headline())
		snprintf(self.shared->result.why, TREE_WHY_MAX, "%s",
			 boot_headline());
	_exit(3);
}

static void before_op(void *arg, u32 op_nr)
{
	(void)arg;
	self.shared->op_nr = op_nr;
}

static bool read_byte(int fd)
{
	char byte;
	ssize_t got;

	do {
		got = read(fd, &byte, 1);
	} while (got < 0 && errno == EINTR);
	return got == 1;
}

static bool write_byte(int fd)
{
	ssize_t put;

	do {
		put = write(fd, "", 1);
	} while (put < 0 && errno == EINTR);
	return put == 1;
}

void worker_settle(struct tree_session *ts,
		   const struct kernel_features *features, bool walks_only)
{
	ts->walks_only = walks_only;
	if (!features)
		return;
	ts->features = features->present;
	ts->config.as_of = kernel_features_order(features);
}

/* Without anon_vmas there is nothing that the model has, too. */
static int ask_features(struct worker_shared *shared)
{
	int err = 0;

	shared->asking = true;
	if (tree_has_anon_vmas())
		err = features_ask(&self.session, &shared->features,
				   &shared->asked_for);
	shared->answered = !err && tree_has_anon_vmas();
	shared->walks_only = !shared->answered;
	shared->asking = false;
	shared->asked = true;
	return err;
}

/* Asked once; a worker that comes after this one is told. */
static int settle_features(void)
{
	struct worker_shared *shared = self.shared;
	int err = 0;

	if (!shared->asked && self.with != WITH_WALKS)
		err = ask_features(shared);
	worker_settle(&self.session, shared->asked ? &shared->features : NULL,
		      shared->walks_only || self.with == WITH_WALKS);
	return err;
}

static void serve(void *arg)
{
	struct worker_shared *shared = self.shared;
	struct tree_result result;
	struct scenario sc = { .ops = shared->ops, .names = shared->names };
	int err = tree_session_open(&self.session);

	(void)arg;
	if (err)
		_exit(4);
	if (settle_features())
		_exit(4);
	while (write_byte(self.out) && read_byte(self.in)) {
		sc.base = shared->base;
		sc.nr_ops = shared->nr_ops;
		sc.nr_procs = shared->nr_procs;
		self.session.fail = shared->fail;
		boot_report_clear();
		err = tree_compare(&self.session, &sc, &result);
		shared->result = result;
		if (err)
			_exit(5);
	}
	_exit(0);
}

static void worker_main(struct worker *worker, int in, int out)
{
	signal(SIGINT, SIG_IGN);
	/* It may stand still: nobody else would end it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	self.shared = worker->shared;
	self.session.config = worker->config.model;
	self.session.known = worker->config.known;
	self.with = worker->config.with;
	self.session.before_op = before_op;
	self.in = in;
	self.out = out;
	boot_on_panic = leave_at_panic;
	boot_report_into(self.shared->report);
	boot_tree(serve, NULL);
}

/* Of processor time; 0 if it cannot be told. */
static u64 milliseconds_of(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return (u64)ts.tv_sec * 1000 + (u64)ts.tv_nsec / 1000000;
}

/*
 * Waits for the worker's byte: 1, 0 if it ended, -ETIMEDOUT, -EINTR.  What counts is the
 * processor time of the worker, so that a busy machine makes no hang; and much
 * more of the clock's, for a worker that sleeps.
 */
static int await(struct worker *worker, u32 seconds)
{
	struct pollfd pfd = { .fd = worker->from, .events = POLLIN };
	u64 limit = milliseconds_of(worker->pid) + (u64)seconds * 1000;
	u64 slices = (u64)seconds * ASLEEP_FACTOR * 1000 / SLICE_MS;
	int ready;

	for (u64 i = 0; i < slices; i++) {
		ready = poll(&pfd, 1, SLICE_MS);
		if (worker->config.stop && *worker->config.stop)
			return -EINTR;
		if (ready > 0)
			return read_byte(worker->from);
		if (milliseconds_of(worker->pid) >= limit)
			break;
	}
	return -ETIMEDOUT;
}

/* Of a process that stands still: its callers come into the report. */
static void ask_where(struct worker *worker)
{
	const struct timespec slice = { .tv_nsec = 10 * 1000000 };
	const char *report = worker->shared->report;
	size_t len = strlen(report);

	if (syscall(SYS_tgkill, worker->pid, worker->pid, BOOT_WHERE_SIGNAL))
		return;
	for (u32 i = 0; i < WHERE_SLICES && strlen(report) == len; i++)
		nanosleep(&slice, NULL);
	/* The first line is there; the others take no time. */
	nanosleep(&slice, NULL);
}

/*
 * What a process ended with that gave @answer instead of its byte, into @why.  It is
 * gone then.
 */
static void say_end(struct worker *worker, int answer, char why[TREE_WHY_MAX])
{
	const char *panic = worker->shared->result.why;
	int status = 0;

	if (answer == -ETIMEDOUT) {
		ask_where(worker);
		snprintf(why, TREE_WHY_MAX,
			 "hang: no answer in %u seconds of processor time",
			 worker->config.hang_seconds);
		end_process(worker);
		return;
	}
	waitpid(worker->pid, &status, 0);
	worker->pid = 0;
	close(worker->to);
	close(worker->from);
	if (panic[0])
		memcpy(why, panic, TREE_WHY_MAX);
	else if (WIFSIGNALED(status))
		snprintf(why, TREE_WHY_MAX,
			 "the process with the tree was ended by signal %d",
			 WTERMSIG(status));
	else
		snprintf(why, TREE_WHY_MAX,
			 "the process with the tree ended with status %d",
			 WEXITSTATUS(status));
}

/* 0, a negative errno, or -ENOTSUP with what it ended with in @why. */
static int start_process(struct worker *worker, char why[TREE_WHY_MAX])
{
	int to[2], from[2], answer;

	if (pipe(to) || pipe(from))
		return -errno;
	worker->shared->report[0] = '\0';
	worker->shared->result.why[0] = '\0';
	fflush(NULL);
	boot_before_fork();
	worker->pid = fork();
	if (!worker->pid) {
		close(to[1]);
		close(from[0]);
		worker_main(worker, to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	worker->to = to[1];
	worker->from = from[0];
	if (worker->pid < 0) {
		worker->pid = 0;
		return -errno;
	}
	worker->starts++;
	answer = await(worker, worker->config.hang_seconds);
	if (answer == 1)
		return 0;
	if (answer == -EINTR) {
		end_process(worker);
		return answer;
	}
	say_end(worker, answer, why);
	return -ENOTSUP;
}

/*
 * A tree that does not survive the question for its features has a finding: it is
 * asked no more, and scenarios show what it is.
 */
static int start_unasked(struct worker *worker)
{
	struct worker_shared *shared = worker->shared;

	shared->asking = false;
	shared->asked = true;
	shared->answered = false;
	shared->walks_only = worker->config.with == WITH_EITHER;
	return start_process(worker, worker->start_why);
}

int worker_start(struct worker *worker)
{
	struct worker_shared *shared = worker->shared;
	char why[TREE_WHY_MAX];
	int err;

	if (worker->pid)
		return 0;
	err = start_process(worker, why);
	if (err != -ENOTSUP)
		return err;
	if (!shared->asking) {
		memcpy(worker->start_why, why, sizeof(why));
		return err;
	}
	snprintf(worker->asked_why, sizeof(worker->asked_why),
		 "asked for %s: %.400s", kernel_feature_name(shared->asked_for),
		 why);
	return start_unasked(worker);
}

static int fill_in(struct worker *worker, const struct scenario *sc)
{
	struct worker_shared *shared = worker->shared;

	if (sc->nr_ops > OPS_MAX || sc->nr_procs > PROCS_MAX)
		return -E2BIG;
	memset(&shared->result, 0, sizeof(shared->result));
	shared->op_nr = 0;
	shared->fail = worker->fail;
	shared->report[0] = '\0';
	shared->base = sc->base;
	shared->nr_ops = sc->nr_ops;
	shared->nr_procs = sc->nr_procs;
	memcpy(shared->ops, sc->ops, sc->nr_ops * sizeof(*sc->ops));
	memcpy(shared->names, sc->names, sc->nr_procs * sizeof(*sc->names));
	return 0;
}

/* The process is gone, or stands still: that is the finding. */
static void conclude(struct worker *worker, int answer,
		     struct tree_result *result)
{
	const u32 op_nr = worker->shared->op_nr;

	*result = (struct tree_result){
		.verdict = TREE_DISAGREES,
		.op_nr = op_nr,
		.ops = op_nr ? op_nr - 1 : 0,
	};
	say_end(worker, answer, result->why);
}

/* Is it known what the process ended with?  Then the scenario ends here. */
static void go_on_after_end(struct worker *worker, const struct scenario *sc,
			    struct tree_result *result)
{
	const struct known_list *known = worker->config.known;
	u32 nr = KNOWN_NONE;

	if (known)
		nr = finding_known(known, worker->shared->features.present, sc,
				   result, result->op_nr,
				   worker->shared->report);
	if (nr == KNOWN_NONE)
		return;
	result->met[nr]++;
	result->verdict = TREE_FINE;
}

int worker_compare(struct worker *worker, const struct scenario *sc,
		   struct tree_result *result)
{
	int err, answer;

	memset(result, 0, sizeof(*result));
	err = worker_start(worker);
	if (err)
		return err;
	if (fill_in(worker, sc)) {
		result->verdict = TREE_UNSUITABLE;
		snprintf(result->why, TREE_WHY_MAX,
			 "more than %u operations or %u processes", OPS_MAX,
			 PROCS_MAX);
		return 0;
	}
	answer = write_byte(worker->to) ?
			 await(worker, worker->config.hang_seconds) :
			 0;
	if (answer == -EINTR) {
		end_process(worker);
		return answer;
	}
	if (answer == 1) {
		*result = worker->shared->result;
	} else {
		conclude(worker, answer, result);
		go_on_after_end(worker, sc, result);
	}
	/* Where only the model thinks otherwise the tree is as it should be. */
	if (result->verdict == TREE_DISAGREES && !result->with_model)
		end_process(worker);
	return 0;
}

const struct kernel_features *worker_features(const struct worker *worker)
{
	return worker->shared->answered ? &worker->shared->features : NULL;
}

bool worker_walks_only(const struct worker *worker)
{
	return worker->shared->walks_only;
}

const char *worker_report(const struct worker *worker)
{
	return worker->shared->report;
}
