// SPDX-License-Identifier: GPL-2.0-only
/*
 * Switching is pushing what a function must preserve, and taking another stack
 * pointer; where that is not written for the processor, swapcontext(), which also
 * asks the kernel for the signal mask, twice a switch.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "asan.h"
#include "fiber.h"

#ifdef HAVE_ASAN
#include <sanitizer/common_interface_defs.h>
#define switch_begins(save, stack, size) \
	__sanitizer_start_switch_fiber(save, stack, size)
#define switch_ends(fake, stack, size) \
	__sanitizer_finish_switch_fiber(fake, stack, size)
#elif defined(HAVE_MSAN)
#include <sanitizer/msan_interface.h>
#define switch_begins(save, stack, size) __msan_start_switch_fiber(stack, size)
#define switch_ends(fake, stack, size) \
	__msan_finish_switch_fiber((const void **)(stack), size)
#else
#define switch_begins(save, stack, size) \
	((void)(save), (void)(stack), (void)(size))
#define switch_ends(fake, stack, size) \
	((void)(fake), (void)(stack), (void)(size))
#endif

#define FIBER_PAGE 4096
#define FIBER_STACK (64 * FIBER_PAGE)

/*
 * This much at the top of a stack is zeroed before it is used anew, so that what
 * is left there of another run does not make two equal states look different.
 */
#define FIBER_CLEAN 4096

int fiber_init(struct fiber *fiber)
{
	u8 *mem;

	memset(fiber, 0, sizeof(*fiber));
	mem = mmap(NULL, FIBER_PAGE + FIBER_STACK, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		return -ENOMEM;
	if (mprotect(mem, FIBER_PAGE, PROT_NONE)) {
		munmap(mem, FIBER_PAGE + FIBER_STACK);
		return -ENOMEM;
	}
	fiber->stack = mem + FIBER_PAGE;
	fiber->size = FIBER_STACK;
	fiber->done = true;
	return 0;
}

static void stack_clean(struct fiber *fiber)
{
	/* Of one that was forgotten; its frames are no frames any more. */
	ASAN_UNPOISON_MEMORY_REGION(fiber->stack, fiber->size);
	memset(fiber->stack + fiber->size - FIBER_CLEAN, 0, FIBER_CLEAN);
}

void fiber_exit(struct fiber *fiber)
{
	if (!fiber->stack)
		return;
	stack_clean(fiber);
	munmap(fiber->stack - FIBER_PAGE, FIBER_PAGE + fiber->size);
	fiber->stack = NULL;
}

static void switch_to_resumer(struct fiber *fiber);

static void fiber_main(struct fiber *fiber)
{
	switch_ends(NULL, &fiber->resumer_stack, &fiber->resumer_size);
	fiber->run(fiber->arg);
	fiber->done = true;
	/* NULL: what sanitizers keep for this fiber is not needed again. */
	switch_begins(NULL, fiber->resumer_stack, fiber->resumer_size);
	switch_to_resumer(fiber);
	__builtin_unreachable();
}

#ifdef FIBER_ASM

/* void fiber_switch(void **save, void *load), System V: what it must preserve. */
__asm__(".text\n"
	".p2align 4\n"
	".local rmapdiff_fiber_switch\n"
	".type rmapdiff_fiber_switch, @function\n"
	"rmapdiff_fiber_switch:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size rmapdiff_fiber_switch, . - rmapdiff_fiber_switch\n"
	".local rmapdiff_fiber_first\n"
	".type rmapdiff_fiber_first, @function\n"
	"rmapdiff_fiber_first:\n"
	"	movq %r12, %rdi\n"
	"	callq *%r13\n"
	"	ud2\n"
	".size rmapdiff_fiber_first, . - rmapdiff_fiber_first\n");

void fiber_switch(void **save, void *load) __asm__("rmapdiff_fiber_switch");
void fiber_first(void) __asm__("rmapdiff_fiber_first");

/*
 * As if it had been switched away from just before its first instruction; 0 and 0
 * for whoever looks for callers, and for a stack that is aligned there:
 *
 *	sp				       end of the stack
 *	| r15 | r14 | r13 | r12 | rbx | rbp | return | 0 | 0 |
 *	            run it, with this           to fiber_first
 */
#define FIRST_WORDS 9

static void frame_first(struct fiber *fiber)
{
	void **sp = (void **)(void *)(fiber->stack + fiber->size) - FIRST_WORDS;

	memset(sp, 0, FIRST_WORDS * sizeof(*sp));
	sp[2] = (void *)(uintptr_t)fiber_main;
	sp[3] = fiber;
	sp[6] = (void *)(uintptr_t)fiber_first;
	fiber->sp = sp;
}

static void switch_to_resumer(struct fiber *fiber)
{
	fiber_switch(&fiber->sp, fiber->resumer_sp);
}

static void switch_to_fiber(struct fiber *fiber)
{
#ifdef HAVE_MSAN
	/* What fiber_first() passes on was not passed by compiled code. */
	__msan_unpoison_param(1);
#endif
	fiber_switch(&fiber->resumer_sp, fiber->sp);
}

#else

/* makecontext() passes integers only. */
static void context_main(u32 high, u32 low)
{
	fiber_main((struct fiber *)(uintptr_t)((u64)high << 32 | low));
}

static void frame_first(struct fiber *fiber)
{
	u64 self = (uintptr_t)fiber;

	getcontext(&fiber->context);
	fiber->context.uc_stack.ss_sp = fiber->stack;
	fiber->context.uc_stack.ss_size = fiber->size;
	fiber->context.uc_link = NULL;
	makecontext(&fiber->context, (void (*)(void))(uintptr_t)context_main, 2,
		    (u32)(self >> 32), (u32)self);
}

static void switch_to_resumer(struct fiber *fiber)
{
	swapcontext(&fiber->context, &fiber->resumer);
}

static void switch_to_fiber(struct fiber *fiber)
{
	swapcontext(&fiber->resumer, &fiber->context);
}

#endif

void fiber_start(struct fiber *fiber, void (*run)(void *arg), void *arg)
{
	stack_clean(fiber);
	fiber->run = run;
	fiber->arg = arg;
	fiber->done = false;
	fiber->fake_stack = NULL;
	frame_first(fiber);
}

void fiber_resume(struct fiber *fiber)
{
	switch_begins(&fiber->resumer_fake_stack, fiber->stack, fiber->size);
	switch_to_fiber(fiber);
	switch_ends(fiber->resumer_fake_stack, NULL, NULL);
}

void fiber_pause(struct fiber *fiber)
{
	switch_begins(&fiber->fake_stack, fiber->resumer_stack,
		      fiber->resumer_size);
	switch_to_resumer(fiber);
	switch_ends(fiber->fake_stack, &fiber->resumer_stack,
		    &fiber->resumer_size);
}

const void *fiber_frames(const struct fiber *fiber, size_t *size)
{
#if defined(FIBER_ASM) && !defined(HAVE_ASAN) && !defined(HAVE_MSAN)
	*size = (size_t)(fiber->stack + fiber->size - (u8 *)fiber->sp);
	return fiber->sp;
#else
	*size = 0;
	return NULL;
#endif
}
