// SPDX-License-Identifier: GPL-2.0-only
/*
 * An executor: a real process that does operations on its own address space.
 *
 * A program of its own, with no C library, linked at a fixed address and
 * embedded in rmapdiff: a process that has little mapped is quick to fork and
 * leaves the window alone.  x86-64 only.
 *
 * No memory is written but the stack, since vfork-like processes share it all;
 * each process runs on the stack that bears the number of its channel.
 */
#include <asm/unistd.h>
#include "channel.h"

#define STACK_SIZE 32768 /* a signal frame with all vector registers fits */

#define EINVAL 22
#define EFAULT 14
#define SIGSEGV 11
#define SIGBUS 7
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_SHARED 1
#define MAP_FIXED 0x10
#define AT_EMPTY_PATH 0x1000
#define SA_SIGINFO 4
#define SA_NODEFER 0x40000000
#define SA_RESTORER 0x4000000

/* Index of RIP among the registers of a signal frame, and where they begin. */
#define UCONTEXT_GREGS 5
#define GREG_RIP 16

/* Of this file, though written in assembly: reached without a GOT. */
#define HERE __attribute__((visibility("hidden")))

static char stacks[CHANNELS_MAX][STACK_SIZE] __attribute__((aligned(4096)));

static inline long syscall6(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 r10 __asm__("r10") = d;
	register u64 r8 __asm__("r8") = e;
	register u64 r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long syscall3(long nr, u64 a, u64 b, u64 c)
{
	return syscall6(nr, a, b, c, 0, 0, 0);
}

/*
 * One access each: 0, or EFAULT when it raised a signal.  The handler sends a
 * process that faulted at one of the two instructions on to touch_failed, where
 * the stack is as it was at entry.
 */
HERE int touch_read(u64 address);
HERE int touch_write(u64 address, u64 value);
HERE extern const char touch_read_insn[], touch_write_insn[], touch_failed[];

__asm__(".text\n"
	"touch_read:\n"
	"touch_read_insn:\n"
	"	movq (%rdi), %rax\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	"touch_write:\n"
	"touch_write_insn:\n"
	"	movq %rsi, (%rdi)\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	"touch_failed:\n"
	"	movl $14, %eax\n"
	"	ret\n"
	"restore:\n"
	"	movl $15, %eax\n" /* rt_sigreturn */
	"	syscall\n");

HERE extern const char restore[];

static void on_signal(int signal, void *info, void *context)
{
	u64 *regs = (u64 *)context + UCONTEXT_GREGS;
	u64 ip = regs[GREG_RIP];

	if (ip != (u64)touch_read_insn && ip != (u64)touch_write_insn)
		syscall3(__NR_exit_group, 128 + signal, 0, 0);
	regs[GREG_RIP] = (u64)touch_failed;
}

static void catch_signal(int signal)
{
	struct {
		void (*handler)(int, void *, void *);
		u64 flags;
		const char *restorer;
		u64 mask;
	} action = { on_signal, SA_SIGINFO | SA_NODEFER | SA_RESTORER, restore,
		     0 };

	syscall6(__NR_rt_sigaction, signal, (u64)&action, 0, 8, 0, 0);
}

static long touch_pages(u64 address, u64 pages, bool write, u64 value)
{
	u64 i;
	int err;

	for (i = 0; i < pages; i++) {
		if (write)
			err = touch_write(address + (i << 12), value + i);
		else
			err = touch_read(address + (i << 12));
		if (err)
			return -err;
	}
	return 0;
}

static void serve_requests(u32 number) __attribute__((noreturn));

/* Where a child begins, on its own stack: never returns. */
__attribute__((noreturn, used)) static void executor_child(u64 number)
{
	serve_requests((u32)number);
}

/*
 * fork and vfork alike: @flags says whether the child shares the memory.  The
 * child takes its number off its stack, which has nothing else on it.
 */
static long clone_child(u64 number, u64 flags)
{
	u64 *top = (u64 *)(stacks[number] + STACK_SIZE) - 2;
	register u64 r10 __asm__("r10") = 0;
	register u64 r8 __asm__("r8") = 0;
	long ret;

	top[0] = number;
	__asm__ volatile("syscall\n"
			 "	testq %%rax, %%rax\n"
			 "	jnz 1f\n"
			 "	popq %%rdi\n"
			 "	andq $-16, %%rsp\n"
			 "	xorl %%ebp, %%ebp\n"
			 "	call executor_child\n"
			 "	ud2\n"
			 "1:\n"
			 : "=a"(ret)
			 : "a"(__NR_clone), "D"(flags), "S"(top), "d"(0),
			   "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

/* A new address space; the new program finds its channel in its arguments. */
static long execute(u32 number)
{
	char digits[3] = { (char)('0' + number / 10), (char)('0' + number % 10),
			   0 };
	char *argv[3] = { digits, digits, 0 };
	char *envp[1] = { 0 };

	return syscall6(__NR_execveat, EXECUTOR_FD_BINARY, (u64) "", (u64)argv,
			(u64)envp, AT_EMPTY_PATH, 0);
}

static long execute_request(const volatile struct channel *channel)
{
	const volatile u64 *a = channel->args;

	switch (channel->request) {
	case REQUEST_SYSCALL:
		return syscall6(channel->nr, a[0], a[1], a[2], a[3], a[4],
				a[5]);
	case REQUEST_READ:
		return touch_pages(a[0], a[1], false, 0);
	case REQUEST_WRITE:
		return touch_pages(a[0], a[1], true, a[2]);
	case REQUEST_FORK:
		return clone_child(a[0] % CHANNELS_MAX, a[1]);
	case REQUEST_EXEC:
		return execute((u32)a[0]);
	case REQUEST_EXIT:
		syscall3(__NR_exit, 0, 0, 0);
	}
	return -EINVAL;
}

static void serve_requests(u32 number)
{
	volatile struct channel *channel =
		(struct channel *)CHANNELS_ADDRESS + number;
	u32 seen = channel->answered;

	for (;;) {
		while (__atomic_load_n(&channel->asked, __ATOMIC_ACQUIRE) ==
		       seen)
			syscall6(__NR_futex, (u64)&channel->asked, FUTEX_WAIT,
				 seen, 0, 0, 0);
		seen = channel->asked;
		channel->result = execute_request(channel);
		__atomic_store_n(&channel->answered, seen, __ATOMIC_RELEASE);
		syscall3(__NR_futex, (u64)&channel->answered, FUTEX_WAKE, 1);
	}
}

/*
 * After exec: the arguments name the channel.  Its request may be the exec that
 * led here, which is answered now.
 */
__attribute__((noreturn, used)) static void executor_main(char **argv)
{
	u32 number = (u32)(argv[0][0] - '0') * 10 + (u32)(argv[0][1] - '0');
	volatile struct channel *channel =
		(struct channel *)CHANNELS_ADDRESS + number;
	long ret;

	ret = syscall6(__NR_mmap, CHANNELS_ADDRESS,
		       sizeof(struct channel) * CHANNELS_MAX,
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		       EXECUTOR_FD_CHANNELS, 0);
	if (ret != (long)CHANNELS_ADDRESS)
		syscall3(__NR_exit_group, 127, 0, 0);
	catch_signal(SIGSEGV);
	catch_signal(SIGBUS);
	channel->result = 0;
	__atomic_store_n(&channel->answered, channel->asked, __ATOMIC_RELEASE);
	syscall3(__NR_futex, (u64)&channel->answered, FUTEX_WAKE, 1);
	serve_requests(number);
}

__asm__(".globl _start\n"
	"_start:\n"
	"	xorl %ebp, %ebp\n"
	"	leaq 8(%rsp), %rdi\n" /* argv */
	"	andq $-16, %rsp\n"
	"	call executor_main\n"
	"	ud2\n");
