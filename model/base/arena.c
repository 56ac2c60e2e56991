// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free lists by size: up to 1 KiB one for each multiple of 16, up to 4 KiB one
 * for each multiple of 128, above one for each power of two.
 */
#include <string.h>
#include <sys/mman.h>
#include "arena.h"
#include "asan.h"

#define ARENA_ALIGN 16
#define SMALL_MAX 1024
#define NR_SMALL (SMALL_MAX / ARENA_ALIGN)
#define MEDIUM_STEP 128
#define MEDIUM_MAX 4096
#define NR_MEDIUM ((MEDIUM_MAX - SMALL_MAX) / MEDIUM_STEP)
#define LARGE_SHIFT 13 /* powers of two from 8 KiB on */
#define NR_LARGE 46

struct hole {
	struct hole *next;
};

struct arena {
	size_t size;
	size_t used;
	struct hole *holes[NR_SMALL + NR_MEDIUM + NR_LARGE];
};

static size_t header_size(void)
{
	return (sizeof(struct arena) + ARENA_ALIGN - 1) &
	       ~(size_t)(ARENA_ALIGN - 1);
}

/* The list that objects of @size are on, and how large they really are. */
static u32 size_class(size_t size, size_t *rounded)
{
	u32 shift = LARGE_SHIFT;

	if (size <= SMALL_MAX) {
		u32 units = (u32)((size + ARENA_ALIGN - 1) / ARENA_ALIGN);

		units += !units;
		*rounded = (size_t)units * ARENA_ALIGN;
		return units - 1;
	}
	if (size <= MEDIUM_MAX) {
		u32 steps = (u32)((size - SMALL_MAX + MEDIUM_STEP - 1) /
				  MEDIUM_STEP);

		*rounded = SMALL_MAX + (size_t)steps * MEDIUM_STEP;
		return NR_SMALL + steps - 1;
	}
	while (shift < LARGE_SHIFT + NR_LARGE - 1 && (size_t)1 << shift < size)
		shift++;
	*rounded = (size_t)1 << shift;
	return NR_SMALL + NR_MEDIUM + shift - LARGE_SHIFT;
}

struct arena *arena_create(size_t size)
{
	struct arena *arena;

	if (size < header_size())
		return NULL;
	arena = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		return NULL;
	arena->size = size;
	arena_reset(arena);
	return arena;
}

struct arena *arena_for_speed(void)
{
#if defined(HAVE_ASAN) || UINTPTR_MAX < UINT64_MAX
	return NULL;
#else
	/* More than there is memory, so that it is memory that runs out. */
	return arena_create((size_t)1 << 38);
#endif
}

void arena_destroy(struct arena *arena)
{
	if (!arena)
		return;
	ASAN_UNPOISON_MEMORY_REGION(arena, arena->size);
	munmap(arena, arena->size);
}

void arena_reset(struct arena *arena)
{
	arena->used = header_size();
	memset(arena->holes, 0, sizeof(arena->holes));
	ASAN_POISON_MEMORY_REGION((u8 *)arena + arena->used,
				  arena->size - arena->used);
}

static void *take_hole(struct arena *arena, u32 class, size_t size)
{
	struct hole *hole = arena->holes[class];

	if (!hole)
		return NULL;
	ASAN_UNPOISON_MEMORY_REGION(hole, size);
	arena->holes[class] = hole->next;
	return hole;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded;
	u32 class = size_class(size, &rounded);
	void *obj = take_hole(arena, class, rounded);

	if (obj)
		return obj;
	if (rounded < size || rounded > arena->size - arena->used)
		return NULL;
	obj = (u8 *)arena + arena->used;
	arena->used += rounded;
	ASAN_UNPOISON_MEMORY_REGION(obj, rounded);
	return obj;
}

void arena_free(struct arena *arena, void *obj, size_t size)
{
	size_t rounded;
	u32 class = size_class(size, &rounded);
	struct hole *hole = obj;

	if (!obj)
		return;
	hole->next = arena->holes[class];
	arena->holes[class] = hole;
	ASAN_POISON_MEMORY_REGION(obj, rounded);
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}

/* What is saved may be poisoned: holes are part of it. */
void arena_save(const struct arena *arena, void *copy)
{
	ASAN_UNPOISON_MEMORY_REGION(arena, arena->used);
	memcpy(copy, arena, arena->used);
}

void arena_restore(struct arena *arena, const void *copy, size_t size)
{
	size_t used = arena->used;

	ASAN_UNPOISON_MEMORY_REGION(arena, max_u64(used, size));
	memcpy(arena, copy, size);
	if (used > size)
		ASAN_POISON_MEMORY_REGION((u8 *)arena + size, used - size);
}
