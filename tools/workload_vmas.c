// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workloads of many VMAs.  A page that nothing is mapped at lies between those
 * that are to stay apart.
 */
#include <errno.h>
#include "../model/mm/mm.h"
#include "workload.h"

/* browser */

#define ARENA 0x1000ULL
#define SMALL 0x1000000ULL
#define CODE 0x2000000ULL
#define SPAN 4 /* pages */

enum { BROWSER_FLIPS, BROWSER_FORKS, BROWSER_WRITES, BROWSER_LIBS };

/*
 * An allocator's arena: reserved at once, committed span by span, which leaves
 * the pages between as guards.
 *
 *	|----| rw |-| rw |-| rw |------------------|
 */
static void make_arena(struct workload_maker *mk, u32 spans)
{
	u64 len = (u64)spans * (SPAN + 1) + 1;

	make_mmap(mk, 0, ARENA, len, OP_PROT_NONE);
	for (u32 i = 0; i < spans; i++) {
		u64 page = ARENA + 1 + (u64)i * (SPAN + 1);

		make_mprotect(mk, 0, page, SPAN, OP_PROT_RW);
		make_writes(mk, 0, page, SPAN, 75);
	}
}

static u64 small_page(u32 nr)
{
	return SMALL + (u64)nr * (SPAN + 1);
}

static void make_small(struct workload_maker *mk, u32 nr)
{
	make_mmap(mk, 0, small_page(nr), SPAN, OP_PROT_RW);
	make_writes(mk, 0, small_page(nr), SPAN, 50);
}

/* Code is written while it is writable, and sealed; neighbours alternate. */
static void make_code(struct workload_maker *mk, u32 pages)
{
	if (!pages)
		return;
	make_mmap(mk, 0, CODE, pages, OP_PROT_RW);
	make_write(mk, 0, CODE, pages);
	for (u32 i = 0; i < pages; i += 2)
		make_mprotect(mk, 0, CODE + i, 1, OP_PROT_R);
}

static void flip(struct workload_maker *mk, u32 smalls, u32 codes)
{
	u64 page = CODE + (workload_pick(mk, codes) & ~1U);
	u32 small = workload_pick(mk, smalls);

	make_mprotect(mk, 0, page, 1, OP_PROT_RW);
	make_write(mk, 0, page, 1);
	make_mprotect(mk, 0, page, 1, OP_PROT_R);
	if (!workload_chance(mk, 25))
		return;
	make_munmap(mk, 0, small_page(small), SPAN);
	make_small(mk, small);
}

static void start_helper(struct workload_maker *mk, u32 spans)
{
	u32 child = make_fork(mk, 0);

	for (u32 i = 0; i < spans; i++)
		make_writes(mk, child, ARENA + 1 + (u64)i * (SPAN + 1), SPAN,
			    mk->params[BROWSER_WRITES]);
}

/* Half of the VMAs are the arena's, spans and guards; the rest is halved. */
void make_browser(struct workload_maker *mk)
{
	u32 spans = mk->size / 4 + 1;
	u32 smalls = mk->size / 4 + 1;
	u32 codes = mk->size / 4 + 1;
	u64 flips = mk->size * mk->params[BROWSER_FLIPS] / 4;
	u64 forks = mk->params[BROWSER_FORKS];

	make_libraries(mk, 0, mk->params[BROWSER_LIBS]);
	make_arena(mk, spans);
	for (u32 i = 0; i < smalls && !mk->err; i++)
		make_small(mk, i);
	make_code(mk, codes);
	for (u64 i = 0; i < forks && !mk->err; i++)
		start_helper(mk, spans);
	for (u64 i = 0; i < flips && !mk->err; i++)
		flip(mk, smalls, codes);
}

/* gc */

#define FROM 0x1000ULL
#define TO 0x1000000ULL /* the first; others follow */
#define TO_STRIDE 0x200000ULL
#define GC_VMAS_MAX \
	55000 /* fewer than a process can have, with its libraries */

enum { GC_PAGES, GC_CYCLES, GC_SPACES, GC_FORKS, GC_LIBS };

/*
 * A collection: each region's pages go to a to-space, the region fills again.
 * Since what comes new to a page gets the page's own offset, each of the
 * to-spaces that are kept has the same offsets at another displacement:
 *
 *	from	|  r  |		offset r, new
 *	to 0	|  r  |		offset r
 *	to 1	|  r  |		offset r, ...
 */
static void collect_garbage(struct workload_maker *mk, u32 proc, u64 cycle)
{
	u64 pages = mk->params[GC_PAGES];
	u64 to = TO + cycle % mk->params[GC_SPACES] * TO_STRIDE;

	for (u32 i = 0; i < mk->size && !mk->err; i++) {
		u64 at = i * (pages + 1);

		make_move(mk, proc, FROM + at, pages, to + at, OP_DONTUNMAP);
		make_write(mk, proc, FROM + at, pages);
		/* Some that live are copied into what was freed. */
		if (workload_chance(mk, 25))
			make_write(mk, proc, to + at, (pages + 1) / 2);
	}
}

/* The mutators fork in the middle; their children collect too, once. */
void make_gc(struct workload_maker *mk)
{
	u64 pages = mk->params[GC_PAGES], cycles = mk->params[GC_CYCLES];

	if (mk->size * (mk->params[GC_SPACES] + 1) > GC_VMAS_MAX)
		mk->err = -E2BIG;
	make_libraries(mk, 0, mk->params[GC_LIBS]);
	for (u32 i = 0; i < mk->size && !mk->err; i++) {
		u64 at = FROM + i * (pages + 1);

		make_mmap(mk, 0, at, pages, OP_PROT_RW);
		make_write(mk, 0, at, pages);
	}
	for (u64 cycle = 0; cycle < cycles && !mk->err; cycle++) {
		collect_garbage(mk, 0, cycle);
		if (cycle != cycles / 2)
			continue;
		for (u64 i = 0; i < mk->params[GC_FORKS] && !mk->err; i++)
			collect_garbage(mk, make_fork(mk, 0), cycle + 1 + i);
	}
}

/* files */

#define FIRST 0x1000ULL
#define MOVED 0x4000000ULL
#define PART (LIBRARY_DATA / 2) /* of a library, that stays writable */

enum { FILES_SPREAD, FILES_MOVES, FILES_FORKS, FILES_WRITES };

static u64 library_page(u32 nr)
{
	return FIRST + (u64)nr * LIBRARY_STRIDE;
}

static void load_library(struct workload_maker *mk, u32 nr)
{
	u32 spread = (u32)mk->params[FILES_SPREAD];

	make_library(mk, 0, library_page(nr), nr % NR_FILES,
		     LIBRARY_TEXT + workload_pick(mk, spread));
}

static void use_libraries(struct workload_maker *mk, u32 proc, u32 nr)
{
	for (u32 i = 0; i < nr && !mk->err; i++)
		make_writes(mk, proc, library_data(library_page(i)), PART,
			    mk->params[FILES_WRITES]);
}

/* The writable part goes elsewhere, and what is there then is read. */
static void move_data(struct workload_maker *mk, u32 proc, u32 library)
{
	u64 to = MOVED + (u64)library * (PART + 1);

	make_move(mk, proc, library_data(library_page(library)), PART, to, 0);
	make_read(mk, proc, to, PART);
}

/* Three VMAs a library.  Children first, so that they still share it all. */
void make_files(struct workload_maker *mk)
{
	u32 libraries = mk->size / 3 + 1;

	for (u32 i = 0; i < libraries && !mk->err; i++)
		load_library(mk, i);
	for (u64 i = 0; i < mk->params[FILES_FORKS] && !mk->err; i++)
		use_libraries(mk, make_fork(mk, 0), libraries);
	for (u32 i = 0; i < libraries && !mk->err; i++)
		if (workload_chance(mk, mk->params[FILES_MOVES]))
			move_data(mk, 0, i);
}
