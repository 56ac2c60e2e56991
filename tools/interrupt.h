/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ^C and its like ask a command to stop: it ends with what it has done by then.
 */
#ifndef RMAPDIFF_TOOLS_INTERRUPT_H
#define RMAPDIFF_TOOLS_INTERRUPT_H

#include <signal.h>
#include "../model/base/types.h"

/*
 * From now on SIGINT, SIGTERM and SIGHUP ask to stop.  A second one ends the
 * process at once, as if it had not called this.  SIGHUP stays ignored where it
 * was, for nohup(1).  Called again it does nothing.
 */
void interrupt_catch(void);

/* The signal that asked to stop, 0: none yet.  For those who are handed a flag. */
volatile sig_atomic_t *interrupt_flag(void);

/* Did one ask to stop?  Where nothing more can be written, it is as if. */
bool interrupted(void);

/*
 * The exit status of a command that was to end with @status, and would have
 * ended with it whatever was left to do unless it is 0: then 128 + the signal, if
 * one asked to stop.
 */
int interrupt_status(int status);

#endif
