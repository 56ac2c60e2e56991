/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Large arrays of zeros, of which the system gives memory as they are used.
 */
#ifndef RMAPDIFF_SEARCH_RESERVE_H
#define RMAPDIFF_SEARCH_RESERVE_H

#include <sys/mman.h>
#include "../model/base/types.h"

/* NULL: no room for it. */
static inline void *reserve(u64 bytes)
{
	void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

/* @mem of reserve(@bytes), or NULL. */
static inline void unreserve(void *mem, u64 bytes)
{
	if (mem)
		munmap(mem, bytes);
}

#endif
