/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF program that watches the slabs counts.  Shared by it and the
 * program that reads it: fixed-size fields only.
 */
#ifndef RMAPDIFF_KERNEL_SLAB_COUNTS_H
#define RMAPDIFF_KERNEL_SLAB_COUNTS_H

#define SLAB_NAME_MAX 32

/* What executors hold at once, and allocate between two looks, at most. */
#define SLAB_OBJECTS_MAX 262144
#define SLAB_NEW_MAX 65536

enum slab_kind {
	SLAB_ANON_VMA,
	SLAB_ANON_VMA_CHAIN,
	NR_SLAB_KINDS,
};

/* One slab cache; objects since it was reset. */
struct slab_count {
	char name[SLAB_NAME_MAX]; /* in: what the kernel calls the cache */
	__u32 size; /* in: of an object in it, bytes */
	__u32 pad;
	__s64 ours; /* executors' objects, whoever frees them */
	__s64 others; /* allocated less freed by everybody else */
	__u64 events; /* allocations and frees, of all */
};

#endif
