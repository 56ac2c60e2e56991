// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting the tree in this process.  One process has one kernel: its state is
 * global, and so is what we keep of it here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <ucontext.h>
#include <unistd.h>
#include "boot.h"
#include "glue.h"

/* arch/um/kernel/um_arch.c */
int linux_main(int argc, char **argv, char **envp);

static struct {
	void (*entered)(void *arg);
	void *arg;
	char line[1024]; /* of the console, so far */
	size_t len;
	char headline[BOOT_HEADLINE_MAX];
	char own_report[BOOT_REPORT_MAX];
	char *report;
	size_t report_len;
} boot = {
	.report = boot.own_report,
};

void (*boot_on_panic)(void);

void boot_fixed_addresses(char **argv)
{
	int persona = personality(0xffffffff);

	if (persona < 0 || persona & ADDR_NO_RANDOMIZE)
		return;
	if (personality((unsigned long)persona | ADDR_NO_RANDOMIZE) < 0)
		return;
	execv("/proc/self/exe", argv);
	fprintf(stderr, "%s: cannot execute itself again: %s\n", argv[0],
		strerror(errno));
	exit(77);
}

void boot_before_fork(void)
{
	unsigned long start, len;

	tree_shadow(&start, &len);
	if (len)
		madvise((void *)start, len, MADV_DOFORK);
}

static void add_to_report(const char *line, size_t len)
{
	if (boot.report_len + len + 2 > BOOT_REPORT_MAX)
		return;
	memcpy(boot.report + boot.report_len, line, len);
	boot.report_len += len;
	boot.report[boot.report_len++] = '\n';
	boot.report[boot.report_len] = '\0';
}

#ifdef __x86_64__
#define FRAMES_MAX 32

/* By frame pointers, which our own side has not: so no further than the stack. */
static void add_where(int sig, siginfo_t *info, void *context)
{
	const greg_t *regs = ((const ucontext_t *)context)->uc_mcontext.gregs;
	u64 sp = (u64)regs[REG_RSP], frame = (u64)regs[REG_RBP];
	u64 size = tree_stack_size(), end = (sp | (size - 1)) + 1;
	u64 place = (u64)regs[REG_RIP] + 1;
	char line[64];

	(void)sig;
	(void)info;
	add_to_report("Call Trace:", 11);
	for (u32 i = 0; place && i < FRAMES_MAX; i++) {
		int len = snprintf(line, sizeof(line), " 0x%016" PRIx64, place);
		const u64 *words = (const u64 *)frame;

		add_to_report(line, (size_t)len);
		if (frame < sp || frame > end - 16 || frame % 8)
			break;
		sp = frame + 16;
		place = words[1];
		frame = words[0];
	}
}

static void listen_for_where(void)
{
	const struct sigaction action = {
		.sa_sigaction = add_where,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};

	sigaction(BOOT_WHERE_SIGNAL, &action, NULL);
}
#else
static void listen_for_where(void)
{
	signal(BOOT_WHERE_SIGNAL, SIG_IGN);
}
#endif

void boot_tree(void (*entered)(void *arg), void *arg)
{
	static const char *const args[] = {
		"linux",    "mem=192M",	       "time-travel=inf-cpu",
		"con=null", "con0=null",       "seccomp=off",
		"quiet",    "ignore_loglevel", "kasan_multi_shot",
		"panic=0",
	};
	static char *argv[sizeof(args) / sizeof(args[0]) + 1];
	int argc = sizeof(args) / sizeof(args[0]);

	for (int i = 0; i < argc; i++)
		argv[i] = strdup(args[i]);
	boot.entered = entered;
	boot.arg = arg;
	listen_for_where();
	fflush(stdout);
	linux_main(argc, argv, environ);
	fprintf(stderr, "the tree did not start\n");
	exit(77);
}

void host_entered(void)
{
	boot_report_clear();
	boot.entered(boot.arg);
	abort();
}

/* What begins a complaint. */
static bool is_headline(const char *line)
{
	static const char *const words[] = {
		"WARNING:", "WARN at ",		"BUG:",
		"BUG at",   "Kernel panic",	"MISMATCH!",
		"INFO: ",   "Unable to handle", "general protection",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static void end_line(void)
{
	boot.line[boot.len] = '\0';
	if (getenv("RMAPDIFF_TREE_CONSOLE"))
		fprintf(stderr, "%s\n", boot.line);
	if (!boot.headline[0] && is_headline(boot.line))
		snprintf(boot.headline, sizeof(boot.headline), "%.*s",
			 BOOT_HEADLINE_MAX - 1, boot.line);
	add_to_report(boot.line, boot.len);
	boot.len = 0;
}

void host_print(const char *text, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++) {
		if (text[i] == '\n')
			end_line();
		else if (boot.len < sizeof(boot.line) - 1)
			boot.line[boot.len++] = text[i];
	}
}

void host_panicked(void)
{
	if (boot_on_panic)
		boot_on_panic();
	abort();
}

const char *boot_headline(void)
{
	return boot.headline[0] ? boot.headline : NULL;
}

const char *boot_report(void)
{
	return boot.report;
}

void boot_report_into(char *report)
{
	boot.report = report;
	boot_report_clear();
}

void boot_report_clear(void)
{
	boot.headline[0] = '\0';
	boot.report_len = 0;
	boot.report[0] = '\0';
}
