// SPDX-License-Identifier: GPL-2.0-only
#include "sizes.h"

#define PAGE_BYTES 4096
#define MAPLE_SLOTS 16
#define MAPLE_MIN_SLOTS 6
#define ARRAY_HEADER 8 /* nr, cap */

const struct kernel_size kernel_sizes[NR_SIZES] = {
#define SIZE(id, name, bytes, per_slab, slab_bytes, source) \
	[SIZE_##id] = { name, bytes, per_slab, slab_bytes, source },
#include "sizes.def"
#undef SIZE
};

static u64 div_up(u64 n, u64 by)
{
	return n / by + !!(n % by);
}

u64 slab_bytes_for(enum kernel_size_id id, u64 objects)
{
	const struct kernel_size *size = &kernel_sizes[id];

	if (!size->per_slab)
		return 0;
	return div_up(objects, size->per_slab) * size->slab_bytes;
}

u64 slab_bytes_for_arrays(u64 bytes)
{
	return div_up(bytes, PAGE_BYTES) * PAGE_BYTES;
}

u64 kmalloc_bytes(u64 bytes)
{
	u64 bucket = 8;

	if (bytes > 64 && bytes <= 96)
		return 96;
	if (bytes > 128 && bytes <= 192)
		return 192;
	if (bytes > 2 * PAGE_BYTES)
		return div_up(bytes, PAGE_BYTES) * PAGE_BYTES;
	while (bucket < bytes)
		bucket *= 2;
	return bucket;
}

u64 remap_array_bytes(u64 nr)
{
	return kmalloc_bytes(ARRAY_HEADER + nr * sizeof(u64));
}

u64 maple_nodes_min(u64 slots)
{
	u64 level = slots, nodes = 0;

	while (level > 1) {
		level = div_up(level, MAPLE_SLOTS);
		nodes += level;
	}
	return nodes;
}

/*
 * The most nodes that can share what is below them, each with its least; one
 * that is alone on its level is the root and may have less.
 */
u64 maple_nodes_max(u64 slots)
{
	u64 level = slots, nodes = 0;

	while (level > 1) {
		level = level <= MAPLE_SLOTS && level < 2 * MAPLE_MIN_SLOTS ?
				1 :
				level / MAPLE_MIN_SLOTS;
		nodes += level;
	}
	return nodes;
}
