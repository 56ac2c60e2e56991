// SPDX-License-Identifier: GPL-2.0-only
/*
 * Controlling the executors; see exec.h, and executor.c for the other side.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../model/scenario/replay.h"
#include "../subject/calls.h"
#include "exec.h"
#include "exec_binary.h"

/* An executor that says nothing for so long has gone astray. */
#define ANSWER_SECONDS_MAX 30

#define FILE_BYTES (1LL << 52) /* sparse; any offset of a scenario is inside */

static int exec_say(char why[EXEC_WHY_MAX], const char *what)
{
	int err = errno;

	snprintf(why, EXEC_WHY_MAX, "%s: %s", what, strerror(err));
	return err ? -err : -EIO;
}

static long futex(u32 *word, int op, u32 value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

/* Is the nanny alive, and has no executor died that was not asked to? */
static bool all_is_well(const struct executors *ex)
{
	u32 nr = __atomic_load_n(&ex->deaths->nr, __ATOMIC_ACQUIRE);

	return nr == ex->nr_deaths &&
	       (ex->nanny <= 0 || !waitpid(ex->nanny, NULL, WNOHANG));
}

/*
 * Wait until *@word is @wanted; 0, -ECHILD if a process died meanwhile, or
 * -ETIMEDOUT.  The time is of the monotonic clock: a machine that was suspended
 * does not count.
 */
static int await_word(const struct executors *ex, u32 *word, u32 wanted)
{
	const struct timespec second = { .tv_sec = 1 };
	u32 seconds = 0, now;

	for (;;) {
		now = __atomic_load_n(word, __ATOMIC_ACQUIRE);
		if (now == wanted)
			return 0;
		if (seconds == ANSWER_SECONDS_MAX)
			return -ETIMEDOUT;
		if (!futex(word, FUTEX_WAIT, now, &second) ||
		    errno != ETIMEDOUT)
			continue;
		seconds++;
		if (!all_is_well(ex) &&
		    __atomic_load_n(word, __ATOMIC_ACQUIRE) != wanted)
			return -ECHILD;
	}
}

/* Waits until @channel has answered: 0 or a harness error. */
static int await_answer(const struct executors *ex, struct channel *channel)
{
	return await_word(ex, &channel->answered, channel->asked);
}

static void send_request(struct channel *channel, enum request request)
{
	channel->request = request;
	__atomic_store_n(&channel->asked, channel->asked + 1, __ATOMIC_RELEASE);
	futex(&channel->asked, FUTEX_WAKE, 1, NULL);
}

/* Has @channel do @request, its arguments set: 0 and the result, or an error. */
static int ask_wait(const struct executors *ex, struct channel *channel,
		    enum request request, s64 *result)
{
	int err;

	send_request(channel, request);
	err = await_answer(ex, channel);
	*result = channel->result;
	return err;
}

/* One executor has been told to go: waits for it, and that it went in peace. */
static int await_death(struct executors *ex)
{
	int err;

	/* Counted when it has come: until then it is one too many, or a few. */
	err = await_word(ex, &ex->deaths->nr, ex->nr_deaths + 1);
	ex->nr_deaths++;
	if (!err && ex->deaths->nr_odd)
		err = -ECHILD;
	return err;
}

static int pin_to_one_cpu(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static int open_channels(struct executors *ex, int *fd)
{
	size_t size = sizeof(struct channel) * CHANNELS_MAX;

	*fd = memfd_create("rmapdiff-channels", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, (off_t)size))
		return -1;
	ex->channels =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	ex->deaths = mmap(NULL, sizeof(*ex->deaths), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return ex->channels == MAP_FAILED || ex->deaths == MAP_FAILED ? -1 : 0;
}

static int open_executor_files(struct executors *ex)
{
	char name[32];
	struct stat st;
	u32 i;

	for (i = 0; i < NR_FILES; i++) {
		snprintf(name, sizeof(name), "rmapdiff-file-%u", i);
		ex->files[i] = memfd_create(name, MFD_CLOEXEC);
		if (ex->files[i] < 0 || ftruncate(ex->files[i], FILE_BYTES) ||
		    fstat(ex->files[i], &st))
			return -1;
		ex->inodes[i] = st.st_ino;
	}
	return 0;
}

static int open_binary(void)
{
	size_t size = (size_t)(exec_binary_end - exec_binary);
	int fd = memfd_create("rmapdiff-executor", MFD_CLOEXEC);

	if (fd < 0 || write(fd, exec_binary, size) != (ssize_t)size)
		return -1;
	return fd;
}

/* In the child: becomes the executor with the descriptors where it expects them. */
static void template_main(const struct executors *ex, int channels_fd,
			  int binary_fd)
{
	int fds[EXECUTOR_FD_FILES + NR_FILES];
	char *argv[] = { (char *)"00", NULL };
	char *envp[] = { NULL };
	u32 i, nr = EXECUTOR_FD_FILES + NR_FILES;

	fds[EXECUTOR_FD_CHANNELS] = channels_fd;
	fds[EXECUTOR_FD_BINARY] = binary_fd;
	for (i = 0; i < NR_FILES; i++)
		fds[EXECUTOR_FD_FILES + i] = ex->files[i];
	/* By way of high numbers: a target may be one of the sources. */
	for (i = EXECUTOR_FD_CHANNELS; i < nr; i++)
		fds[i] = fcntl(fds[i], F_DUPFD, 64);
	for (i = EXECUTOR_FD_CHANNELS; i < nr; i++)
		if (fds[i] < 0 || dup2(fds[i], (int)i) < 0)
			_exit(126);
	syscall(SYS_close_range, nr, ~0U, 0);
	personality(ADDR_NO_RANDOMIZE);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	fexecve(EXECUTOR_FD_BINARY, argv, envp);
	_exit(126);
}

/* Process 1 of the namespace, once it has forked the template. */
static void __attribute__((noreturn)) await_deaths(struct deaths *deaths)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			_exit(1);
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			deaths->nr_odd++;
		__atomic_add_fetch(&deaths->nr, 1, __ATOMIC_RELEASE);
		futex(&deaths->nr, FUTEX_WAKE, 1, NULL);
	}
}

/*
 * The session of its own keeps what the terminal sends, for ^C, away from the
 * executors: the controller decides when they end.
 */
static void __attribute__((noreturn))
nanny_main(const struct executors *ex, int alive_fd, int channels_fd,
	   int binary_fd)
{
	struct pollfd alive = { .fd = alive_fd };
	pid_t pid;

	setsid();
	/* The other end closes with the controller, which may be gone by now. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || poll(&alive, 1, 0))
		_exit(1);
	pid = fork();
	if (!pid)
		template_main(ex, channels_fd, binary_fd);
	if (pid < 0)
		_exit(1);
	await_deaths(ex->deaths);
}

/* A child that is process 1 of a namespace; the caller's is as it was. */
static pid_t fork_into_namespace(void)
{
	int own_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	pid_t pid;
	int err;

	if (own_ns < 0)
		return -1;
	pid = unshare(CLONE_NEWPID) ? -1 : fork();
	err = errno;
	if (pid && setns(own_ns, CLONE_NEWPID) && pid > 0)
		perror("rmapdiff: back to the own pid namespace");
	close(own_ns);
	errno = err;
	return pid;
}

/* The nanny and the template. */
static int start_processes(struct executors *ex, int channels_fd, int binary_fd)
{
	struct channel *channel = &ex->channels[0];
	int fds[2], err;
	pid_t pid;

	channel->asked = 1; /* answered once it runs */
	if (pipe2(fds, O_CLOEXEC))
		return -1;
	pid = fork_into_namespace();
	if (!pid) {
		close(fds[1]);
		nanny_main(ex, fds[0], channels_fd, binary_fd);
	}
	err = errno;
	close(fds[0]);
	if (pid > 0) {
		ex->nanny = pid;
		err = -await_answer(ex, channel);
	}
	close(fds[1]);
	errno = err;
	return err ? -1 : 0;
}

static void forget_all(struct executors *ex)
{
	u32 i;

	memset(ex, 0, sizeof(*ex));
	for (i = 0; i < NR_FILES; i++)
		ex->files[i] = -1;
}

int executors_start(struct executors *ex, char why[EXEC_WHY_MAX])
{
	int channels_fd = -1, binary_fd = -1, ret = 0;

	forget_all(ex);
	if (pin_to_one_cpu())
		ret = exec_say(why, "cannot pin to one CPU");
	else if (open_channels(ex, &channels_fd) || open_executor_files(ex))
		ret = exec_say(why, "cannot make files in memory");
	else if ((binary_fd = open_binary()) < 0)
		ret = exec_say(why, "cannot write the executor");
	else if (start_processes(ex, channels_fd, binary_fd))
		ret = exec_say(why,
			       "cannot start an executor in a pid namespace "
			       "(needs root)");
	if (channels_fd >= 0)
		close(channels_fd);
	if (binary_fd >= 0)
		close(binary_fd);
	if (ret)
		executors_stop(ex);
	return ret;
}

void executors_stop(struct executors *ex)
{
	u32 i;

	/* Its end is that of all executors: they are gone when it is. */
	if (ex->nanny > 0) {
		kill(ex->nanny, SIGKILL);
		while (waitpid(ex->nanny, NULL, 0) < 0 && errno == EINTR)
			;
	}
	for (i = 0; i < NR_FILES; i++)
		if (ex->files[i] >= 0)
			close(ex->files[i]);
	if (ex->channels && ex->channels != MAP_FAILED)
		munmap(ex->channels, sizeof(struct channel) * CHANNELS_MAX);
	if (ex->deaths && ex->deaths != MAP_FAILED)
		munmap(ex->deaths, sizeof(*ex->deaths));
	free(ex->channel_of);
	forget_all(ex);
}

/* A channel that no process has: its number, 0 if there is none. */
static u32 free_channel(const struct executors *ex)
{
	u32 i;

	for (i = 1; i < CHANNELS_MAX; i++)
		if (!ex->executor[i].pid)
			return i;
	return 0;
}

/* Process @parent, a channel, has a child for @slot.  0 or a harness error. */
static int spawn(struct executors *ex, u32 parent, u32 slot, u64 flags,
		 int *result)
{
	u32 child = free_channel(ex);
	struct channel *channel = &ex->channels[parent];
	s64 pid;
	int err;

	if (!child)
		return -E2BIG;
	memset(&ex->channels[child], 0, sizeof(*channel));
	channel->args[0] = child;
	/* The nanny's children all: it waits for them. */
	channel->args[1] = flags | CLONE_PARENT | SIGCHLD;
	err = ask_wait(ex, channel, REQUEST_FORK, &pid);
	if (err)
		return err;
	*result = pid < 0 ? (int)-pid : 0;
	if (pid < 0)
		return 0;
	ex->executor[child].pid = (pid_t)pid;
	ex->channel_of[slot] = (u8)child;
	ex->alive++;
	return 0;
}

static int end_executor(struct executors *ex, u32 slot)
{
	u32 nr = ex->channel_of[slot];

	send_request(&ex->channels[nr], REQUEST_EXIT);
	ex->executor[nr].pid = 0;
	ex->channel_of[slot] = 0;
	ex->alive--;
	return await_death(ex);
}

/*
 * Takes all pages of the files out of the page cache.  The kernel maps what it
 * has there around a page that is read, do_fault_around(), and what earlier
 * scenarios read is not to be seen in this one.
 */
static int empty_files(struct executors *ex)
{
	for (u32 i = 0; i < NR_FILES; i++)
		if (fallocate(ex->files[i],
			      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			      FILE_BYTES))
			return -errno;
	return 0;
}

int executors_begin(struct executors *ex, const struct scenario *sc)
{
	int result = 0, err = empty_files(ex);
	u8 *slots;

	if (err)
		return err;
	slots = calloc(sc->nr_procs ? sc->nr_procs : 1, 1);
	if (!slots)
		return -ENOMEM;
	free(ex->channel_of);
	ex->channel_of = slots;
	ex->nr_slots = sc->nr_procs ? sc->nr_procs : 1;
	err = spawn(ex, 0, 0, 0, &result);
	return err ? err : -result;
}

int executors_end(struct executors *ex)
{
	u32 slot;
	int err;

	for (slot = 0; slot < ex->nr_slots; slot++) {
		if (!ex->channel_of[slot])
			continue;
		err = end_executor(ex, slot);
		if (err)
			return err;
	}
	return 0;
}

u32 executors_pid(const struct executors *ex, u32 slot)
{
	if (slot >= ex->nr_slots || !ex->channel_of[slot])
		return 0;
	return (u32)ex->executor[ex->channel_of[slot]].pid;
}

static void set_syscall(struct channel *channel, u32 nr, u64 a, u64 b, u64 c,
			u64 d, u64 e, u64 f)
{
	const u64 args[6] = { a, b, c, d, e, f };

	channel->nr = nr;
	memcpy(channel->args, args, sizeof(args));
}

static void set_mmap(struct channel *channel, const struct op *op, u64 address)
{
	bool file = op->flags & OP_HAS_FILE;

	set_syscall(channel, SYS_mmap, address, op->len << 12,
		    prot_bits(op->prot),
		    MAP_PRIVATE | MAP_FIXED | (file ? 0 : MAP_ANONYMOUS),
		    file ? (u64)(EXECUTOR_FD_FILES + op->file) : ~0ULL,
		    file ? op->off << 12 : 0);
}

static void set_mremap(struct channel *channel, const struct op *op, u64 base)
{
	u64 to = op->flags & OP_HAS_TO ? (base + op->to) << 12 : 0;

	set_syscall(channel, SYS_mremap, (base + op->page) << 12, op->len << 12,
		    op->new_len << 12, mremap_bits(op), to, 0);
}

/* An operation that a process does on its own memory, and survives. */
static int do_memory_op(const struct executors *ex, struct channel *channel,
			const struct scenario *sc, const struct op *op,
			u64 value, int *result)
{
	u64 address = (sc->base + op->page) << 12;
	enum request request = REQUEST_SYSCALL;
	s64 ret;
	int err;

	switch (op->kind) {
	case OP_MMAP:
		set_mmap(channel, op, address);
		break;
	case OP_MUNMAP:
		set_syscall(channel, SYS_munmap, address, op->len << 12, 0, 0,
			    0, 0);
		break;
	case OP_MPROTECT:
		set_syscall(channel, SYS_mprotect, address, op->len << 12,
			    prot_bits(op->prot), 0, 0, 0);
		break;
	case OP_MADVISE:
		set_syscall(channel, SYS_madvise, address, op->len << 12,
			    advice_number(op->advice), 0, 0, 0);
		break;
	case OP_MREMAP:
		set_mremap(channel, op, sc->base);
		break;
	case OP_READ:
	case OP_WRITE:
		request = op->kind == OP_READ ? REQUEST_READ : REQUEST_WRITE;
		set_syscall(channel, 0, address, op->len, value, 0, 0, 0);
		break;
	default:
		return -EINVAL;
	}
	err = ask_wait(ex, channel, request, &ret);
	*result = ret < 0 && ret > -4096 ? (int)-ret : 0;
	return err;
}

int executors_do(struct executors *ex, const struct scenario *sc,
		 const struct op *op, u32 op_nr, int *result)
{
	u32 nr = op->proc < ex->nr_slots ? ex->channel_of[op->proc] : 0;
	struct channel *channel = &ex->channels[nr];
	s64 ret;
	int err;

	*result = ESRCH;
	if (!nr)
		return 0;
	*result = EEXIST;
	if ((op->kind == OP_FORK || op->kind == OP_VFORK) &&
	    ex->channel_of[op->child])
		return 0;
	switch (op->kind) {
	case OP_FORK:
		return spawn(ex, nr, op->child, 0, result);
	case OP_VFORK:
		return spawn(ex, nr, op->child, CLONE_VM, result);
	case OP_EXEC:
		channel->args[0] = nr;
		err = ask_wait(ex, channel, REQUEST_EXEC, &ret);
		*result = ret < 0 ? (int)-ret : 0;
		return err;
	case OP_EXIT:
		*result = 0;
		return end_executor(ex, op->proc);
	}
	return do_memory_op(ex, channel, sc, op, replay_write_value(op_nr),
			    result);
}
