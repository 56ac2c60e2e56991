/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executors: real processes that do a scenario's operations.
 *
 * All are children of the calling process, in a pid namespace of their own and
 * on one CPU together with it.  They go when it goes, however it goes.
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

struct executors {
	struct channel *channels; /* shared with every executor */
	struct executor executor[CHANNELS_MAX]; /* by channel; 0: the template */
	u32 alive; /* executors, without the template */
	int files[NR_FILES];
	u64 inodes[NR_FILES];
	int own_ns; /* the caller's pid namespace */
	int nanny_pipe; /* the executors' namespace lives while it is open */
	pid_t nanny;
	/* This scenario's processes, by slot: their channel, 0 if not alive. */
	u8 *channel_of;
	u32 nr_slots;
};

/*
 * Starts what all scenarios share.  0, or a negative errno with one line in
 * @why.  Until executors_stop() the calling process's children are born into a
 * pid namespace of their own.  It stays pinned to the CPU that it is on.
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
