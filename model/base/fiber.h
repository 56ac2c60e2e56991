/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fibers: functions that stop half-way and go on later, on one thread.
 *
 * Whoever resumes a fiber gets control back when it pauses or has ended.  A fiber
 * that is never resumed again is just forgotten: what it holds on its stack is
 * lost, and fiber_start() may use the stack anew.  AddressSanitizer and
 * MemorySanitizer are told of each switch.
 */
#ifndef RMAPDIFF_BASE_FIBER_H
#define RMAPDIFF_BASE_FIBER_H

#include "types.h"

#if defined(__x86_64__) && !defined(FIBER_UCONTEXT)
#define FIBER_ASM
#else
#include <ucontext.h>
#endif

struct fiber {
	u8 *stack; /* mapped, with a page below it that is not */
	size_t size; /* bytes */
	void (*run)(void *arg);
	void *arg;
	bool done;
#ifdef FIBER_ASM
	void *sp; /* where it stands, while it does not run */
	void *resumer_sp;
#else
	ucontext_t context;
	ucontext_t resumer;
#endif
	/* What sanitizers want to know of both sides. */
	void *fake_stack;
	void *resumer_fake_stack;
	const void *resumer_stack;
	size_t resumer_size;
};

/* A fiber with a stack, which fiber_exit() gives back.  0 or -ENOMEM. */
int fiber_init(struct fiber *fiber);
void fiber_exit(struct fiber *fiber);

/* The next fiber_resume() begins run(arg). */
void fiber_start(struct fiber *fiber, void (*run)(void *arg), void *arg);

/* Runs @fiber until it pauses or ends: then fiber->done is set. */
void fiber_resume(struct fiber *fiber);

/* From inside @fiber: back to who resumed it, until that resumes it again. */
void fiber_pause(struct fiber *fiber);

/*
 * All that tells where a fiber that does not run stands, if nothing else of the
 * machine changes: the bytes that it has on its stack.  NULL where that is not
 * to be had: with sanitizers, which keep some elsewhere, and without FIBER_ASM.
 */
const void *fiber_frames(const struct fiber *fiber, size_t *size);

#endif
