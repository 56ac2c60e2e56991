// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration on request: to another NUMA node, where there is one.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "compare.h"

/* The first and the last node that is there: two, or the same one. */
static bool two_nodes(int nodes[2])
{
	FILE *file = fopen("/sys/devices/system/node/has_memory", "re");
	int got, first, last;
	char mark = 0;

	if (!file)
		return false;
	/* "0", "0-1", "0,2", "0-1,3": the first two numbers are enough. */
	got = fscanf(file, "%d%c%d", &first, &mark, &last);
	fclose(file);
	if (got < 3 || (mark != '-' && mark != ','))
		return false;
	nodes[0] = first;
	nodes[1] = last;
	return true;
}

static long move_page(pid_t pid, u64 address, const int *node, int *status)
{
	void *page = (void *)(uintptr_t)address;

	return syscall(SYS_move_pages, pid, 1UL, &page, node, status,
		       node ? MPOL_MF_MOVE_ALL : 0);
}

int kernel_migrate(pid_t pid, u64 address, int *result)
{
	int nodes[2], status, now;

	if (!two_nodes(nodes))
		return -ENODEV;
	if (move_page(pid, address, NULL, &now))
		return -errno;
	if (now >= 0) {
		status = now;
		if (move_page(pid, address,
			      now == nodes[0] ? &nodes[1] : &nodes[0],
			      &status) < 0)
			return -errno;
		now = status;
	}
	*result = now < 0 ? -now : 0;
	return 0;
}
