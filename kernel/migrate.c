// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration on request: to another NUMA node where there is one, else by
 * compaction.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "compare.h"

/* How many nodes there are, up to two of them in @nodes: 0, 1 or 2. */
static int find_nodes(int nodes[2])
{
	FILE *file = fopen("/sys/devices/system/node/has_memory", "re");
	char mark = 0;
	int got;

	if (!file)
		return 0;
	/* "0", "0-1", "0,2", "0-1,3": the first two numbers are enough. */
	got = fscanf(file, "%d%c%d", &nodes[0], &mark, &nodes[1]);
	fclose(file);
	if (got < 1)
		return 0;
	return got == 3 && (mark == '-' || mark == ',') ? 2 : 1;
}

/* What came of it in @status: a node, or a negative errno. */
static int move_page(pid_t pid, u64 address, const int *node, int *status)
{
	void *page = (void *)(uintptr_t)address;

	if (syscall(SYS_move_pages, pid, 1UL, &page, node, status,
		    node ? MPOL_MF_MOVE_ALL : 0) < 0)
		return -errno;
	return 0;
}

/*
 * Where there is one node only it is asked where the page is: what could not be
 * moved is refused all the same.  (A move to the node where it is would be, too,
 * but drains the LRU batches of all CPUs first, which takes milliseconds.)
 */
int kernel_migrate(pid_t pid, u64 address, int *result)
{
	int nodes[2], status, err;
	int count = find_nodes(nodes);

	if (!count)
		return -ENODEV;
	err = move_page(pid, address, NULL, &status);
	if (!err && status >= 0 && count == 2)
		err = move_page(pid, address, &nodes[status == nodes[0]],
				&status);
	if (err)
		return err;
	*result = status < 0 ? -status : 0;
	return status >= 0 && count == 1 ? -ENODEV : 0;
}

int kernel_compact(void)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);
	ssize_t done;

	if (fd < 0)
		return -ENODEV;
	done = write(fd, "1", 1);
	close(fd);
	return done == 1 ? 0 : -ENODEV;
}
