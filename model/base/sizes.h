/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What objects cost in the kernel (sizes.def), and how many nodes a maple tree
 * takes.  All in bytes.
 */
#ifndef RMAPDIFF_BASE_SIZES_H
#define RMAPDIFF_BASE_SIZES_H

#include "types.h"

enum kernel_size_id {
#define SIZE(id, name, bytes, per_slab, slab_bytes, source) SIZE_##id,
#include "sizes.def"
#undef SIZE
	NR_SIZES,
};

/* The bytes of one, as constants: KERNEL_ANON_VMA, ... */
enum {
#define SIZE(id, name, bytes, per_slab, slab_bytes, source) KERNEL_##id = bytes,
#include "sizes.def"
#undef SIZE
};

struct kernel_size {
	const char *name;
	u32 bytes; /* of one in its slab; 0: depends */
	u32 per_slab; /* 0: no slab of its own */
	u32 slab_bytes;
	const char *source;
};

extern const struct kernel_size kernel_sizes[NR_SIZES];

/* Whole slabs for @objects of that size, packed as densely as can be. */
u64 slab_bytes_for(enum kernel_size_id id, u64 objects);

/* The same for @bytes of arrays, of whatever lengths. */
u64 slab_bytes_for_arrays(u64 bytes);

/* What kmalloc() takes for @bytes, at most two pages; above: whole pages. */
u64 kmalloc_bytes(u64 bytes);

/* An array of @nr displacements, KERNEL_REMAP_ARRAY's rule. */
u64 remap_array_bytes(u64 nr);

/*
 * How few and how many nodes a maple tree with @slots ranges, gaps among them,
 * can have.  One range is the tree's root itself and takes no node.
 *
 * lib/maple_tree.c, 6.18: a leaf has 16 slots, and so has a node above leaves
 * where gaps need not be searched for; other than the root, a node of either
 * kind that has less than mt_min_slots[], 6, is rebalanced with a neighbour.  At
 * worst every one has just 6; at best all are full.
 */
u64 maple_nodes_min(u64 slots);
u64 maple_nodes_max(u64 slots);

#endif
