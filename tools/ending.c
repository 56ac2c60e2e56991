// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a replay ends, found out in this process or in one of its own.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ending.h"

/* More than that of what a dying process says is not looked at. */
#define SAID_MAX (1U << 16)
/* A signal may come between the look for it and the wait. */
#define STOP_POLL_MS 100

/* What the process of a replay lets the other one know. */
struct told {
	volatile u32 begun; /* operations */
	volatile bool is_over;
	volatile int err;
	struct ending ending;
};

/* A replay, and what is to come of it. */
struct ending_watch {
	const struct scenario *sc;
	const struct replay_result *result;
	struct ending *ending;
	struct told *told; /* NULL: it has no process of its own */
	bool describe;
};

static void ending_on_divergence(void *arg, u32 op_nr, int result,
				 struct machine *machine)
{
	const struct ending_watch *watch = arg;

	signature_take(&watch->ending->signature, watch->sc, watch->result,
		       machine, watch->describe);
}

static void note_op(void *arg, u32 op_nr, int result, struct machine *machine)
{
	const struct ending_watch *watch = arg;

	watch->told->begun = op_nr + 1;
}

static void from_result(const struct scenario *sc,
			const struct replay_result *result,
			struct ending *ending)
{
	ending->needed = result->op_nr ? result->op_nr : sc->nr_ops;
	if (result->diverged) {
		ending->how = ENDING_DIVERGED;
	} else if (result->unexpected) {
		const struct op *op = &sc->ops[result->op_nr - 1];

		ending->how = ENDING_UNEXPECTED;
		ending->op = op->kind;
		ending->expected = op->expected;
		ending->result = result->result;
	}
}

void ending_make_sound(const struct replay_config *config,
		       struct replay_config *sound)
{
	*sound = *config;
	memset(&sound->machine.bugs, 0, sizeof(sound->machine.bugs));
	memset(sound->machine.bugs.fixed, true,
	       sizeof(sound->machine.bugs.fixed));
}

/* @told: where operations are noted as they begin; may be NULL. */
static int replay_noted(const struct scenario *sc,
			const struct ending_config *config, struct told *told,
			struct ending *ending)
{
	struct replay_config replays = *config->replay;
	struct replay_result result;
	struct ending_watch watch = {
		.sc = sc,
		.result = &result,
		.ending = ending,
		.told = told,
		.describe = config->describe,
	};
	int err;

	memset(ending, 0, sizeof(*ending));
	replays.on_divergence = ending_on_divergence;
	replays.after_op = told ? note_op : NULL;
	replays.arg = &watch;
	err = replay(sc, &replays, &result);
	if (err)
		return err;
	from_result(sc, &result, ending);
	if (ending->how != ENDING_UNEXPECTED)
		return 0;
	err = replay(sc, config->sound, &result);
	if (result.unexpected || result.diverged)
		ending->how = ENDING_WELL;
	return err;
}

int ending_here(const struct scenario *sc, const struct ending_config *config,
		struct ending *ending)
{
	return replay_noted(sc, config, NULL, ending);
}

void ending_limit_time(u32 ms)
{
	const struct itimerval limit = {
		.it_value = { .tv_sec = ms / 1000,
			      .tv_usec = ms % 1000 * 1000 },
	};

	setitimer(ITIMER_PROF, &limit, NULL);
}

/* The process of a replay. */
static void __attribute__((noreturn))
replay_apart(const struct scenario *sc, const struct ending_config *config,
	     struct told *told, int said)
{
	/* Nobody wants to know any more when the other one is gone. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);
	signal(SIGPROF, SIG_DFL);
	dup2(said, STDERR_FILENO);
	told->begun = 1;
	ending_limit_time(config->limit_ms);
	told->err = replay_noted(sc, config, told, &told->ending);
	told->is_over = true;
	if (config->leaks)
		exit(0);
	_exit(0);
}

static bool is_to_stop(const struct ending_config *config)
{
	return config->stop && *config->stop;
}

/* Waits for something to read at @fd, or its end; not for ever for a signal. */
static void wait_for_words(int fd, const struct ending_config *config)
{
	struct pollfd words = { .fd = fd, .events = POLLIN };

	while (!is_to_stop(config) && poll(&words, 1, STOP_POLL_MS) <= 0)
		;
}

/* All that comes, as far as there is room; the rest is read and dropped. */
static size_t listen_to(int fd, const struct ending_config *config, char *said,
			size_t size)
{
	char rest[4096];
	size_t len = 0;
	ssize_t n;

	do {
		wait_for_words(fd, config);
		if (is_to_stop(config))
			break;
		if (len < size - 1)
			n = read(fd, said + len, size - 1 - len);
		else
			n = read(fd, rest, sizeof(rest));
		if (n > 0 && len < size - 1)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	said[len] = '\0';
	return len;
}

/* Copies the line; numbers become an N: they differ from try to try. */
static void copy_line(char out[ENDING_TEXT_MAX], const char *text)
{
	size_t len = 0;

	while (*text && *text != '\n' && len < ENDING_TEXT_MAX - 1) {
		if (isdigit((unsigned char)*text)) {
			out[len++] = 'N';
			text += strspn(text, "0123456789abcdefx");
		} else {
			out[len++] = *text++;
		}
	}
	out[len] = '\0';
}

/* Copies the word at @text. */
static void copy_word(char out[ENDING_TEXT_MAX], const char *text, size_t len)
{
	snprintf(out, ENDING_TEXT_MAX, "%.*s",
		 (int)min_u64(len, ENDING_TEXT_MAX - 1), text);
}

/*
 * The uppermost frame of the model's in a sanitizer's stack:
 *
 *	    #2 0x55d1c0 in anon_vma_free .../model/rmap/anon_vma.c:120:2
 */
static void find_frame(const char *said, char where[ENDING_TEXT_MAX])
{
	for (const char *line = said; line; line = strchr(line, '\n')) {
		const char *end, *in, *file;

		line += *line == '\n';
		end = line + strcspn(line, "\n");
		in = strstr(line, " in ");
		file = strstr(line, "/model/");
		if (line[strspn(line, " ")] != '#' || !in || in > end ||
		    !file || file > end)
			continue;
		copy_word(where, in + 4, strcspn(in + 4, " \n"));
		return;
	}
}

/* rmapdiff: .../merge.c:12: vma_merge: Assertion `vma' failed. */
static bool is_assertion(const char *said, struct ending *ending)
{
	const char *text = strstr(said, ": Assertion `");
	const char *name = text;

	if (!text)
		return false;
	while (name > said && name[-1] != ' ' && name[-1] != '\n')
		name--;
	snprintf(ending->what, sizeof(ending->what), "%.*s",
		 (int)strcspn(text + 2, "\n"), text + 2);
	copy_word(ending->where, name, (size_t)(text - name));
	return true;
}

/* .../itree.c:30:17: runtime error: member access within null pointer */
static bool is_undefined(const char *said, struct ending *ending)
{
	const char *text = strstr(said, ": runtime error: ");
	const char *file = text;

	if (!text)
		return false;
	while (file > said && file[-1] != '/' && file[-1] != '\n')
		file--;
	copy_line(ending->what, text + 2);
	copy_word(ending->where, file, (size_t)(text - file));
	return true;
}

/* ==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x60 ... */
static bool is_sanitizer(const char *said, struct ending *ending)
{
	const char *text = strstr(said, "ERROR: ");
	size_t len = text ? strcspn(text + 7, ":\n") : 0;

	if (!text || text[7 + len] != ':' || len > 40 || len < 9 ||
	    strncmp(text + 7 + len - 9, "Sanitizer", 9) != 0)
		return false;
	len += 2 + strcspn(text + 7 + len + 2, " \n");
	copy_word(ending->what, text + 7, len);
	find_frame(text, ending->where);
	return true;
}

/* From what a process said and how it went. */
static void from_death(const struct told *told, const char *said, int status,
		       struct ending *ending)
{
	memset(ending, 0, sizeof(*ending));
	ending->needed = told->begun;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF) {
		ending->how = ENDING_NEVER;
	} else if (is_sanitizer(said, ending) || is_undefined(said, ending) ||
		   is_assertion(said, ending)) {
		ending->how = ENDING_REPORT;
	} else if (WIFSIGNALED(status)) {
		ending->how = ENDING_SIGNAL;
		ending->signal = WTERMSIG(status);
	} else {
		ending->how = ENDING_REPORT;
		snprintf(ending->what, sizeof(ending->what), "exit status %d",
			 WEXITSTATUS(status));
	}
}

static int watch_apart(const struct scenario *sc,
		       const struct ending_config *config, struct told *told,
		       pid_t pid, int fd, struct ending *ending)
{
	char *said = malloc(SAID_MAX);
	int status;

	if (said)
		listen_to(fd, config, said, SAID_MAX);
	close(fd);
	if (is_to_stop(config))
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) {
			free(said);
			return -errno;
		}
	if (!said)
		return -ENOMEM;
	if (is_to_stop(config)) {
		free(said);
		return -EINTR;
	}
	if (told->is_over && WIFEXITED(status) && !WEXITSTATUS(status))
		*ending = told->ending;
	else
		from_death(told, said, status, ending);
	ending->needed = (u32)min_u64(ending->needed, sc->nr_ops);
	free(said);
	return told->is_over ? told->err : 0;
}

static int start_apart(const struct scenario *sc,
		       const struct ending_config *config, struct told *told,
		       struct ending *ending)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return -errno;
	pid = fork();
	if (!pid) {
		close(fds[0]);
		replay_apart(sc, config, told, fds[1]);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return -EAGAIN;
	}
	return watch_apart(sc, config, told, pid, fds[0], ending);
}

int ending_apart(const struct scenario *sc, const struct ending_config *config,
		 struct ending *ending)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int err;

	if (told == MAP_FAILED)
		return -ENOMEM;
	err = start_apart(sc, config, told, ending);
	munmap(told, sizeof(*told));
	return err;
}

bool ending_is_deadly(const struct ending *ending)
{
	return ending->how == ENDING_REPORT || ending->how == ENDING_SIGNAL ||
	       ending->how == ENDING_NEVER;
}

static bool same_fault(const struct ending *ending, const struct ending *wanted)
{
	switch (ending->how) {
	case ENDING_DIVERGED:
		return signature_matches(&ending->signature,
					 &wanted->signature);
	case ENDING_UNEXPECTED:
		return ending->op == wanted->op &&
		       ending->expected == wanted->expected &&
		       ending->result == wanted->result;
	default:
		return true;
	}
}

static bool same_kind(const struct ending *ending, const struct ending *wanted)
{
	return ending->signature.kind == wanted->signature.kind &&
	       !strcmp(ending->signature.rmap, wanted->signature.rmap) &&
	       ending->signal == wanted->signal &&
	       !strcmp(ending->what, wanted->what) &&
	       !strcmp(ending->where, wanted->where);
}

bool ending_same(const struct ending *ending, const struct ending *wanted,
		 enum ending_keep keep)
{
	if (keep == ENDING_KEEP_NOTHING)
		return ending->how != ENDING_WELL;
	return ending->how == wanted->how && same_kind(ending, wanted) &&
	       (keep == ENDING_KEEP_KIND || same_fault(ending, wanted));
}

void ending_print(const struct ending *ending, FILE *out)
{
	switch (ending->how) {
	case ENDING_WELL:
		fprintf(out, "no divergence");
		break;
	case ENDING_DIVERGED:
		signature_print(&ending->signature, out);
		break;
	case ENDING_UNEXPECTED:
		fprintf(out, "a result that is not as asserted");
		break;
	case ENDING_REPORT:
		fprintf(out, "%s", ending->what);
		if (*ending->where)
			fprintf(out, " in %s", ending->where);
		break;
	case ENDING_SIGNAL:
		fprintf(out, "signal %d (%s)", ending->signal,
			strsignal(ending->signal));
		break;
	case ENDING_NEVER:
		fprintf(out, "no end");
		break;
	}
}
