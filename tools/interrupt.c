// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals that ask to stop.
 */
#include <stddef.h>
#include "interrupt.h"

/* A signal handler has nothing else to reach. */
volatile sig_atomic_t interrupted;

static void ask_to_stop(int sig)
{
	interrupted = sig;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

void interrupt_catch(void)
{
	const struct sigaction action = { .sa_handler = ask_to_stop };
	struct sigaction old;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!sigaction(SIGHUP, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
}

int interrupt_status(int status)
{
	return !status && interrupted ? 128 + interrupted : status;
}
