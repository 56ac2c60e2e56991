/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the controller talks to the executors: one channel a process, in a page
 * range that all of them share.
 *
 * Only fixed-size fields: an executor is built without any C library, and this
 * is all that it knows of the rest.
 */
#ifndef RMAPDIFF_KERNEL_CHANNEL_H
#define RMAPDIFF_KERNEL_CHANNEL_H

#include "../model/base/types.h"

/* Processes alive at once, the template included. */
#define CHANNELS_MAX 64

/* Open in every executor, before and after exec. */
#define EXECUTOR_FD_CHANNELS 3
#define EXECUTOR_FD_BINARY 4
#define EXECUTOR_FD_FILES 5 /* and the NR_FILES - 1 after it */

/* Where an executor has the channels; far from any window that is likely. */
#define CHANNELS_ADDRESS 0x5ff000000000UL

enum request {
	REQUEST_SYSCALL, /* nr and args; result as the kernel gives it */
	REQUEST_READ, /* args: address, pages */
	REQUEST_WRITE, /* args: address, pages, value of the first; + 1 each */
	REQUEST_FORK, /* args: channel of the child, clone flags */
	REQUEST_EXEC, /* args: channel */
	REQUEST_EXIT, /* no answer but its death */
};

/*
 * The controller fills in the request and raises asked; the executor does it,
 * fills in result and sets answered to asked.  Both are futexes.
 */
struct channel {
	u32 asked;
	u32 answered;
	u32 request; /* enum request */
	u32 nr; /* of the system call */
	u64 args[6];
	s64 result; /* >= 0, or a negative errno */
	u64 pad[7];
};

#endif
