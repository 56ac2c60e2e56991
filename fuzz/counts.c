// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "counts.h"

/* On 32 bits a u64 is aligned to 4 only, which is too little for one atomic step. */
typedef u64 __attribute__((aligned(8))) shared_u64;

/* Engines leave a target no other place for state. */
static shared_u64 *shared;

static void __attribute__((noreturn)) counts_give_up(const char *path)
{
	fprintf(stderr, "RMAPDIFF_FUZZ_COUNTS '%s': %s\n", path,
		strerror(errno));
	exit(2);
}

bool fuzz_counts_share(void)
{
	const size_t size = NR_FUZZ_COUNTS * sizeof(u64);
	const char *path = getenv("RMAPDIFF_FUZZ_COUNTS");
	int fd;

	if (!path || !*path)
		return false;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	/* To the same size by all: who comes second changes nothing. */
	if (fd < 0 || ftruncate(fd, (off_t)size))
		counts_give_up(path);
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		counts_give_up(path);
	close(fd);
	return true;
}

void fuzz_counts_add(enum fuzz_count count, u64 nr)
{
	if (shared)
		__atomic_fetch_add(&shared[count], nr, __ATOMIC_RELAXED);
}
