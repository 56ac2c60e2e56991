/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few types and macros that every room uses.
 *
 * The model counts in pages: an address here is a page number (the byte
 * address >> PAGE_SHIFT), a length is a number of pages.  Page numbers of user
 * space need 35 bits, so they are u64 also where a long has 32.
 */
#ifndef RMAPDIFF_BASE_TYPES_H
#define RMAPDIFF_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int64_t s64;

/* A page number within an object: a file, or the linear space of a VMA. */
typedef u64 pgoff_t;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))

#define min_u64(a, b) ((u64)(a) < (u64)(b) ? (u64)(a) : (u64)(b))
#define max_u64(a, b) ((u64)(a) > (u64)(b) ? (u64)(a) : (u64)(b))

/* Unlike min_u64(), it evaluates each argument once. */
static inline u32 min_u32(u32 a, u32 b)
{
	return a < b ? a : b;
}

#endif
