// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_tree: no scenario makes a kernel tree's rmap_walk() disagree with its page
 * tables, its state with the model's, or makes it complain or leak.
 *
 * The tree is in this process, with libFuzzer.  In the environment:
 * RMAPDIFF_TREE_COMPARE=walks leaves the model out, =model has it although the
 * tree has features that it has not; RMAPDIFF_TREE_HANG is the seconds of
 * processor time that an input may take; RMAPDIFF_TREE_KNOWN is a list of known
 * findings, or several with a colon between them, fuzz_tree.known beside the
 * program if it is not set; RMAPDIFF_FUZZ_INPUTS is a
 * directory where each process keeps the input that it is at.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "../fuzz/counts.h"
#include "../model/rmap/rmaps.h"
#include "boot.h"
#include "compare.h"
#include "finding.h"
#include "worker.h"

#define HANG_SECONDS 20
#define ASLEEP_FACTOR 30
#define ARGS_MAX 256

/* libFuzzer's: its loop, with main() ours. */
int LLVMFuzzerRunDriver(int *argc, char ***argv,
			int (*one_input)(const u8 *data, size_t size));

/* One process, one tree: engines give a target no other place for state. */
static struct {
	int argc;
	char **argv;
	struct tree_session session;
	struct known_list known;
	bool shares_counts;
	u64 inputs;
	u64 ops;
	u64 walks;
	u64 model_ops;
	u64 findings;
	u64 met[KNOWN_MAX];
	u64 *shared_met; /* NULL: not shared */
	int input; /* file of the input that is at work; -1: none */
	/* For the watchdog. */
	volatile u64 begun;
	volatile bool inside;
	u32 hang_seconds;
	pid_t tid;
} fuzz;

static void print_summary(void)
{
	/* The tree's start has short-lived processes of its own. */
	if (fuzz.shares_counts || getpid() != fuzz.tid)
		return;
	known_print(&fuzz.known, fuzz.met, stdout);
	printf("fuzz_tree: %" PRIu64 " inputs, %" PRIu64 " operations, %" PRIu64
	       " of them compared with the model, %" PRIu64
	       " walks compared, %" PRIu64 " findings\n",
	       fuzz.inputs, fuzz.ops, fuzz.model_ops, fuzz.walks,
	       fuzz.findings);
	fflush(stdout);
}

/* libFuzzer keeps the input of a process that aborts. */
static void __attribute__((noreturn)) stop(void)
{
	fuzz.inside = false;
	fuzz.findings++;
	fuzz_counts_add(COUNT_DIVERGENCES, 1);
	finding_print_report(boot_report(), stderr);
	print_summary();
	abort();
}

static void stop_at_panic(void)
{
	fputs("FINDING ", stderr);
	finding_print_named(boot_headline() ? boot_headline() : "panic",
			    stderr);
	fputc('\n', stderr);
	stop();
}

static void print_stopped_at(const struct scenario *sc,
			     const struct tree_result *result)
{
	char text[256] = "after the last process";

	scenario_print(sc, stderr);
	if (result->op_nr)
		scenario_print_op(sc, &sc->ops[result->op_nr - 1], text,
				  sizeof(text));
	if (result->with_model) {
		fprintf(stderr,
			"DISAGREEMENT %s (op %u: %s)\n  tree:  %s\n"
			"  model: %s\n",
			result->diff.what, result->op_nr, text,
			result->diff.kernel, result->diff.model);
	} else {
		fputs("FINDING ", stderr);
		finding_print_named(result->why, stderr);
		fprintf(stderr, " (op %u: %s)\n", result->op_nr, text);
	}
}

/*
 * How often known findings were met, by all processes of scripts/fuzz together:
 * numbers in one file, names in another that each of them writes alike.
 */
static void share_known(void)
{
	const char *counts = getenv("RMAPDIFF_FUZZ_COUNTS");
	const size_t size = KNOWN_MAX * sizeof(u64);
	char path[4096];
	void *met;
	FILE *out;
	int fd;

	snprintf(path, sizeof(path), "%s.known", counts);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || ftruncate(fd, (off_t)size))
		return;
	met = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (met == MAP_FAILED)
		return;
	fuzz.shared_met = met;
	snprintf(path, sizeof(path), "%s.names", counts);
	out = fopen(path, "we");
	for (u32 i = 0; out && i < fuzz.known.nr; i++)
		fprintf(out, "%s\n", fuzz.known.entries[i].name);
	if (out)
		fclose(out);
}

static void count_met(const u32 met[KNOWN_MAX])
{
	for (u32 i = 0; i < fuzz.known.nr; i++) {
		fuzz.met[i] += met[i];
		if (fuzz.shared_met && met[i])
			__atomic_fetch_add(&fuzz.shared_met[i], met[i],
					   __ATOMIC_RELAXED);
	}
}

static void replay_one(const struct scenario *sc)
{
	struct tree_result result;

	if (tree_compare(&fuzz.session, sc, &result))
		return; /* no memory for it: says nothing of the tree */
	fuzz.ops += result.ops;
	fuzz.walks += result.walks;
	fuzz.model_ops += result.model_ops;
	count_met(result.met);
	fuzz_counts_add(COUNT_OPS, result.ops);
	fuzz_counts_add(COUNT_WALKS, result.walks);
	if (result.verdict != TREE_DISAGREES)
		return;
	print_stopped_at(sc, &result);
	stop();
}

/*
 * A process may end in ways that leave libFuzzer no time to keep the input.  What
 * is in the file then is: scripts/fuzz looks for it.
 */
static void open_input(void)
{
	const char *dir = getenv("RMAPDIFF_FUZZ_INPUTS");
	char path[4096];

	fuzz.input = -1;
	if (!dir || !*dir)
		return;
	snprintf(path, sizeof(path), "%s/%d", dir, getpid());
	fuzz.input = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fuzz.input < 0) {
		perror(path);
		exit(2);
	}
}

static void begin_input(const u8 *data, size_t size)
{
	fuzz.begun++;
	fuzz.inside = true;
	if (fuzz.input >= 0 &&
	    pwrite(fuzz.input, data, size, 0) != (ssize_t)size) {
		perror("RMAPDIFF_FUZZ_INPUTS");
		exit(2);
	}
}

static void end_input(void)
{
	fuzz.inside = false;
	if (fuzz.input >= 0 && ftruncate(fuzz.input, 0)) {
		perror("RMAPDIFF_FUZZ_INPUTS");
		exit(2);
	}
}

static int one_input(const u8 *data, size_t size)
{
	struct scenario sc;

	fuzz.inputs++;
	fuzz_counts_add(COUNT_INPUTS, 1);
	if (scenario_init(&sc))
		return 0;
	begin_input(data, size);
	if (!scenario_decode(&sc, data, size)) {
		scenario_sequential(&sc);
		replay_one(&sc);
	}
	end_input();
	scenario_free(&sc);
	return 0;
}

/* Of processor time, of this process. */
static u64 seconds_used(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (u64)ts.tv_sec;
}

/*
 * SIGALRM is the tree's, so libFuzzer's -timeout cannot be had.  The input is
 * kept as that of an abort is.  One that sleeps uses no processor time, and has
 * ASLEEP_FACTOR as many seconds of the clock's.
 */
static void *watch(void *arg)
{
	u64 seen = 0, used = 0;
	u32 seconds = 0;

	(void)arg;
	for (;;) {
		sleep(1);
		if (!fuzz.inside || fuzz.begun != seen) {
			seen = fuzz.begun;
			used = seconds_used();
			seconds = 0;
			continue;
		}
		if (seconds_used() - used < fuzz.hang_seconds &&
		    ++seconds < fuzz.hang_seconds * ASLEEP_FACTOR)
			continue;
		fprintf(stderr,
			"FINDING hang: %s in %u seconds of processor time\n",
			fuzz.begun ? "no end" : "the tree does not start",
			fuzz.hang_seconds);
		syscall(SYS_tgkill, getpid(), fuzz.tid, BOOT_WHERE_SIGNAL);
		sleep(1);
		finding_print_report(boot_report(), stderr);
		syscall(SYS_tgkill, getpid(), fuzz.tid, SIGABRT);
		sleep(5);
		_exit(70);
	}
	return NULL;
}

/* All signals are for the tree's thread. */
static void start_watchdog(void)
{
	sigset_t all, before;
	pthread_t thread;

	fuzz.tid = (pid_t)syscall(SYS_gettid);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, watch, NULL)) {
		fprintf(stderr, "fuzz_tree: no thread for the watchdog\n");
		exit(77);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Who starts fuzz targets in CI sets no environment for one of them. */
static const char *list_beside_program(void)
{
	static char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 16);

	if (len < 0)
		return "";
	strcpy(path + len, ".known");
	return access(path, R_OK) ? "" : path;
}

static void load_known(void)
{
	const char *lists = getenv("RMAPDIFF_TREE_KNOWN");
	char *rest = strdup(lists ? lists : list_beside_program()), *path;
	char why[KNOWN_WHY_MAX];

	while ((path = strsep(&rest, ":"))) {
		if (!path[0] || known_load(&fuzz.known, path, why))
			continue;
		fprintf(stderr, "fuzz_tree: RMAPDIFF_TREE_KNOWN: %s\n", why);
		exit(2);
	}
	fuzz.session.known = &fuzz.known;
}

static void configure(void)
{
	const char *seconds = getenv("RMAPDIFF_TREE_HANG");

	fuzz.hang_seconds = seconds ? (u32)atoi(seconds) : HANG_SECONDS;
	boot_on_panic = stop_at_panic;
	load_known();
	fuzz.shares_counts = fuzz_counts_share();
	if (fuzz.shares_counts)
		share_known();
}

/*
 * Before the tree is in this process: another one asks it for its features, so
 * that nothing is lost with a tree that does not survive that.
 */
static void choose_comparison(void)
{
	const char *compare = getenv("RMAPDIFF_TREE_COMPARE");
	struct worker_config config = { .hang_seconds = fuzz.hang_seconds };
	const struct kernel_features *features;
	struct worker worker;

	fuzz.session.walks_only = compare && !strcmp(compare, "walks");
	if (fuzz.session.walks_only)
		return;
	config.with = compare && !strcmp(compare, "model") ? WITH_MODEL :
							     WITH_EITHER;
	if (worker_init(&worker, &config) || worker_start(&worker)) {
		fputs("fuzz_tree: the tree does not start: ", stderr);
		finding_print_named(worker.start_why, stderr);
		fputc('\n', stderr);
		finding_print_report(worker_report(&worker), stderr);
		exit(77);
	}
	features = worker_features(&worker);
	worker_settle(&fuzz.session, features, worker_walks_only(&worker));
	if (features)
		kernel_features_print(features, kernel_features_order(features),
				      false, stderr);
	if (fuzz.session.walks_only) {
		fputs("fuzz_tree: walks only: the tree does not say which "
		      "features it has: ",
		      stderr);
		finding_print_named(worker.asked_why, stderr);
		fputc('\n', stderr);
	}
	worker_free(&worker);
}

static void entered(void *arg)
{
	(void)arg;
	if (tree_session_open(&fuzz.session)) {
		fprintf(stderr, "fuzz_tree: out of memory\n");
		exit(77);
	}
	fuzz.inside = false;
	open_input();
	exit(LLVMFuzzerRunDriver(&fuzz.argc, &fuzz.argv, one_input));
}

/* Those that only start others and run nothing themselves. */
static bool only_starts_others(int argc, char **argv)
{
	static const char *const options[] = { "-fork=", "-jobs=", "-merge=1",
					       "-minimize_crash=1" };

	for (int i = 1; i < argc; i++)
		for (size_t k = 0; k < sizeof(options) / sizeof(options[0]);
		     k++)
			if (!strncmp(argv[i], options[k], strlen(options[k])))
				return true;
	return false;
}

/* Signals that the tree handles itself, and a thread that would get some. */
static void add_options(void)
{
	static const char *const options[] = {
		"-handle_segv=0",  "-handle_bus=0",   "-handle_ill=0",
		"-handle_fpe=0",   "-rss_limit_mb=0", "-timeout=0",
		"-detect_leaks=0",
	};
	const int nr = sizeof(options) / sizeof(options[0]);
	static char *argv[ARGS_MAX];
	int argc = 0;

	if (fuzz.argc + nr >= ARGS_MAX) {
		fprintf(stderr, "fuzz_tree: more than %d arguments\n",
			ARGS_MAX - nr);
		exit(2);
	}
	argv[argc++] = fuzz.argv[0];
	for (int i = 0; i < nr; i++)
		argv[argc++] = strdup(options[i]);
	for (int i = 1; i < fuzz.argc; i++)
		if (strncmp(fuzz.argv[i], "-timeout=", 9) &&
		    strncmp(fuzz.argv[i], "-rss_limit_mb=", 14))
			argv[argc++] = fuzz.argv[i];
	fuzz.argc = argc;
	fuzz.argv = argv;
}

int main(int argc, char **argv)
{
	boot_fixed_addresses(argv);
	fuzz.argc = argc;
	fuzz.argv = argv;
	configure();
	add_options();
	if (only_starts_others(argc, argv))
		return LLVMFuzzerRunDriver(&fuzz.argc, &fuzz.argv, one_input);
	choose_comparison();
	/* The start of the tree is watched, too. */
	fuzz.inside = true;
	start_watchdog();
	atexit(print_summary);
	boot_tree(entered, NULL);
}
