// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals that ask to stop.
 */
#include <stdio.h>
#include "interrupt.h"

/* A signal handler has nothing else to reach. */
static volatile sig_atomic_t caught;

static void ask_to_stop(int sig)
{
	caught = sig;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

void interrupt_catch(void)
{
	/* What is being written is written to its end. */
	const struct sigaction action = {
		.sa_handler = ask_to_stop,
		.sa_flags = SA_RESTART,
	};
	static bool is_caught;
	struct sigaction old;

	if (is_caught)
		return;
	is_caught = true;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!sigaction(SIGHUP, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
}

volatile sig_atomic_t *interrupt_flag(void)
{
	return &caught;
}

bool interrupted(void)
{
	return caught || ferror(stdout);
}

int interrupt_status(int status)
{
	return !status && caught ? 128 + caught : status;
}
