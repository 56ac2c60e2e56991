/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The slab caches of anon_vma and anon_vma_chain in the running kernel: how many
 * objects processes hold, and what /proc/slabinfo says.
 */
#ifndef RMAPDIFF_KERNEL_SLABS_H
#define RMAPDIFF_KERNEL_SLABS_H

#include <linux/types.h>
#include "compare.h"
#include "slab_counts.h"

#define SLABS_WHY_MAX 256

/* A line of /proc/slabinfo. */
struct slabinfo {
	char name[SLAB_NAME_MAX]; /* of the cache, as it stands there */
	u64 active; /* objects in use */
	u32 size;
	u32 per_slab;
	u32 pages; /* of a slab */
};

/*
 * The cache that objects of @name come from, which may be another's that was
 * merged with it.  0, -ENOENT, or -EACCES without the right to look.
 */
int slabinfo_read(const char *name, struct slabinfo *info);

/* The size of a struct by the kernel's BTF, bytes; 0: it is not known. */
u64 btf_struct_size(const char *name);

struct slabs;

/*
 * Watches both caches from now on.  NULL, with a line in @why, where that cannot
 * be done: not root, no BTF, no tracepoints for BPF, no /proc/slabinfo.
 */
struct slabs *slabs_open(char why[SLABS_WHY_MAX]);
void slabs_close(struct slabs *slabs);

/* Objects that executors hold more than at the last reset. */
void slabs_reset(struct slabs *slabs);
s64 slabs_ours(const struct slabs *slabs, enum slab_kind kind);

/*
 * Counts the objects that are new; no executor may run.  0, -E2BIG if there have
 * been more than are kept, or another negative errno.
 */
int slabs_settle(struct slabs *slabs);

/*
 * What /proc/slabinfo has of active objects, after the cache was shrunk, with
 * which no CPU keeps a slab for itself that counts as full; less what others
 * than executors hold more since the reset.  @unsure: by how many
 * it may be wrong, for what others did while it was read; 0, at best.  0 or a
 * negative errno.
 */
int slabs_active(struct slabs *slabs, enum slab_kind kind, s64 *active,
		 u64 *unsure);

struct slab_result {
	bool unsuitable; /* the scenario, for @why */
	bool differs;
	u32 tries; /* until the counts were equal, or it was given up */
	char why[KERNEL_WHY_MAX];
	u32 ops;
	u32 op_nr; /* where it differs, from 1 */
	/* Objects: of the model, of the kernel; there, or else at the peak. */
	struct {
		s64 model;
		s64 kernel;
		u32 peak_op;
		s64 slabinfo; /* growth by /proc/slabinfo at peak_op, if read */
		u64 unsure;
	} kind[NR_SLAB_KINDS];
};

/*
 * Does @sc on the kernel and on the model, and compares the number of objects
 * after every operation.  What other programs do to a process, such as to keep its
 * mm while they read of it in /proc, passes: it differs if it does so three
 * times.  @slabinfo: reads /proc/slabinfo at the peaks, too.  0, or a negative
 * errno if the harness failed.
 */
int slabs_compare(struct kernel_session *ks, struct slabs *slabs,
		  const struct scenario *sc, bool slabinfo,
		  struct slab_result *result);

#endif
