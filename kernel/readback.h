/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking into the running kernel: everything that processes have in a window,
 * by one run of a BPF program.
 */
#ifndef RMAPDIFF_KERNEL_READBACK_H
#define RMAPDIFF_KERNEL_READBACK_H

#include <linux/types.h>
#include "../model/base/types.h"
#include "../subject/dump.h"

#define READBACK_WHY_MAX 256

struct readback;

/*
 * Loads the program and finds out where the kernel has its memory.  NULL, with
 * one line in @why, where that cannot be done: not root, no BTF, BPF refused, no
 * pagemap, another architecture.
 */
struct readback *readback_open(char why[READBACK_WHY_MAX]);
void readback_close(struct readback *rb);

/* VMAs that begin in page numbers [first, last] are not looked at; @nr: 0 or 1. */
void readback_leave_out(struct readback *rb, u32 nr, u64 first, u64 last);

/*
 * Looks at the page numbers [first, last] of the processes @pids, named as in
 * their pid namespace, whose process 1 is a child of the caller and their
 * parent.  0 and the dump, good until the next call, in @dump; or -E2BIG if
 * there is more than fits, -ESRCH if a process is gone.  What no kernel should
 * have is in @dump->fault, and no error.
 */
int readback_run(struct readback *rb, const u32 *pids, u32 nr, u64 first,
		 u64 last, const struct dump **dump);

/* Of page tables: 4, or 5 (LA57). */
u32 readback_levels(const struct readback *rb);

/* Do VMAs have an anonymous page offset of its own (Linux 7.3), by BTF? */
bool readback_has_anon_offset(const struct readback *rb);

/*
 * Holds what @dump says of process @nr's pages against /proc/PID/pagemap,
 * /proc/kpagecount and /proc/kpageflags: how many agree.  -EIO with the first
 * difference in @why.
 */
int readback_check_proc(const struct readback *rb, const struct dump *dump,
			u32 nr, char why[READBACK_WHY_MAX]);

#endif
