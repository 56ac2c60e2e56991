/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * malloc() and its like that fail on demand, for one file of a program:
 *
 *	FAILING_MALLOC_WRAPPED	defined before: stands in for them in the whole
 *				program, linked with --wrap=malloc, calloc, realloc
 *	else			failing_malloc() and so on, to be called by name
 */
#ifndef RMAPDIFF_FUZZ_FAILING_MALLOC_H
#define RMAPDIFF_FUZZ_FAILING_MALLOC_H

#include <stdbool.h>
#include <stdlib.h>

static unsigned long fail_in; /* the nth call from here on fails; 0: none */
static unsigned long malloc_calls;

static inline bool fails_now(void)
{
	malloc_calls++;
	return fail_in && !--fail_in;
}

#ifdef FAILING_MALLOC_WRAPPED

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t nr, size_t size)
{
	return fails_now() ? NULL : __real_calloc(nr, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
}

#else

static inline void *failing_malloc(size_t size)
{
	return fails_now() ? NULL : malloc(size);
}

static inline void *failing_calloc(size_t nr, size_t size)
{
	return fails_now() ? NULL : calloc(nr, size);
}

static inline void *failing_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : realloc(old, size);
}

#endif
#endif
