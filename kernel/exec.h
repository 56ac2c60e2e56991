/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executors: real processes that do a scenario's operations.
 *
 * All are children of a nanny, process 1 of a pid namespace of their own, which
 * is a child of the calling process.  They share one CPU with it.  The kernel
 * kills the nanny when the caller dies, however it dies; the namespace goes with
 * the nanny, which waits for each of its processes: none is left for whatever
 * is process 1 of the machine.
 */
#ifndef RMAPDIFF_KERNEL_EXEC_H
#define RMAPDIFF_KERNEL_EXEC_H

#include <sys/types.h>
#include "../model/mm/mm.h"
#include "../model/scenario/scenario.h"
#include "channel.h"

#define EXEC_WHY_MAX 256

/*
 * Where an executor has VMAs of its own: its program and the channels; its stack
 * and what the kernel maps above, with no address randomized.  Page numbers.
 */
#define EXECUTOR_FIRST_PAGE (0x5fe000000000ULL >> 12)
#define EXECUTOR_LAST_PAGE ((CHANNELS_ADDRESS >> 12) + 0xff)
#define STACK_FIRST_PAGE 0x7ffff0000ULL

struct executor {
	pid_t pid; /* in the executors' namespace; 0: not alive */
};

/* What the nanny tells of the executors that it waited for; a futex. */
struct deaths {
	u32 nr;
	u32 nr_odd; /* of them: by a signal, or with another status than 0 */
};

struct executors {
	struct channel *channels; /* shared with every executor */
	struct executor executor[CHANNELS_MAX]; /* by channel; 0: the template */
	u32 alive; /* executors, without the template */
	int files[NR_FILES];
	u64 inodes[NR_FILES];
	pid_t nanny; /* as the caller calls it */
	struct deaths *deaths; /* shared with the nanny */
	u32 nr_deaths; /* of executors that were asked to exit */
	/* This scenario's processes, by slot: their channel, 0 if not alive. */
	u8 *channel_of;
	u32 nr_slots;
};

/*
 * Starts what all scenarios share.  0, or a negative errno with one line in
 * @why.  The calling process stays pinned to the CPU that it is on.
 */
int executors_start(struct executors *ex, char why[EXEC_WHY_MAX]);
void executors_stop(struct executors *ex);

/*
 * Begins @sc, process A alive, and ends it, none alive.  0 or a negative errno
 * (of the harness): -E2BIG if more processes live at once than there are
 * channels.
 */
int executors_begin(struct executors *ex, const struct scenario *sc);
int executors_end(struct executors *ex);

/*
 * Does one operation: its result, 0 or a positive errno, in @result.  0, or a
 * negative errno if the harness failed.
 */
int executors_do(struct executors *ex, const struct scenario *sc,
		 const struct op *op, u32 op_nr, int *result);

/* The pid, in the executors' namespace, of process @slot; 0: not alive. */
u32 executors_pid(const struct executors *ex, u32 slot);

#endif
