/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workloads: scenarios that resemble what real programs do to their address
 * spaces, of any size.  The same size, seed and parameters make the same one.
 */
#ifndef RMAPDIFF_TOOLS_WORKLOAD_H
#define RMAPDIFF_TOOLS_WORKLOAD_H

#include "../model/scenario/live.h"

#define WORKLOAD_SIZE_MAX 10000
#define WORKLOAD_PARAMS_MAX 9

struct workload_param {
	const char *name; /* the option, without dashes; NULL ends the list */
	const char *text;
	u64 min, max;
	u64 value; /* unless the option says otherwise */
};

struct workload_maker;

struct workload {
	const char *name;
	const char *size_text; /* what --size counts */
	u64 size; /* unless --size says otherwise; 1 .. WORKLOAD_SIZE_MAX */
	const char *resembles; /* lines, each ending with '\n' */
	const char *sources; /* likewise: titles of what says so */
	struct workload_param params[WORKLOAD_PARAMS_MAX + 1];
	void (*make)(struct workload_maker *maker);
};

/* By name; the last one has none. */
extern const struct workload workloads[];

/* What a workload is made with. */
struct workload_maker {
	struct scenario *sc;
	u64 random;
	u32 size;
	u64 params[WORKLOAD_PARAMS_MAX]; /* in the order of the workload's */
	int err; /* the first failure; nothing is added after it */
	struct live live;
};

/*
 * Makes the scenario of @workload in @sc, which scenario_init() made.  0 or
 * -ENOMEM.
 */
int workload_make(const struct workload *workload, struct scenario *sc,
		  u64 seed, u32 size, const u64 params[WORKLOAD_PARAMS_MAX]);

/* Chance: 0 .. @nr - 1; and true @percent times of 100. */
u32 workload_pick(struct workload_maker *mk, u32 nr);
bool workload_chance(struct workload_maker *mk, u64 percent);

/* Operations.  All but exit and migrate assert that they succeed. */
void make_mmap(struct workload_maker *mk, u32 proc, u64 page, u64 len,
	       enum op_prot prot);
void make_mmap_file(struct workload_maker *mk, u32 proc, u64 page, u64 len,
		    enum op_prot prot, u32 file, u64 off);
void make_munmap(struct workload_maker *mk, u32 proc, u64 page, u64 len);
void make_mprotect(struct workload_maker *mk, u32 proc, u64 page, u64 len,
		   enum op_prot prot);
/* MREMAP_FIXED to @to; @flags: OP_DONTUNMAP or 0. */
void make_move(struct workload_maker *mk, u32 proc, u64 page, u64 len, u64 to,
	       u8 flags);
void make_read(struct workload_maker *mk, u32 proc, u64 page, u64 len);
void make_write(struct workload_maker *mk, u32 proc, u64 page, u64 len);
/* Each of @len pages with a chance of @percent. */
void make_writes(struct workload_maker *mk, u32 proc, u64 page, u64 len,
		 u64 percent);
u32 make_fork(struct workload_maker *mk, u32 proc); /* the child */
u32 make_vfork(struct workload_maker *mk, u32 proc);
void make_exec(struct workload_maker *mk, u32 proc);
void make_exit(struct workload_maker *mk, u32 proc);
void make_migrate(struct workload_maker *mk, u32 proc, u64 page);

/*
 * A library, LIBRARY_STRIDE pages from @page on.  Its data, that of @file from
 * @off on, is written by the linker, which seals the first half of it:
 *
 *	| text  r | | r | data rw |
 */
#define LIBRARY_TEXT 8
#define LIBRARY_DATA 4
#define LIBRARY_STRIDE (LIBRARY_TEXT + LIBRARY_DATA + 2)
void make_library(struct workload_maker *mk, u32 proc, u64 page, u32 file,
		  u64 off);

/* Where the part of a library begins that stays writable. */
u64 library_data(u64 page);

/* @nr of them, as every process has some, where no workload has anything. */
void make_libraries(struct workload_maker *mk, u32 proc, u64 nr);

/* workload_forks.c: many processes */
void make_zygote(struct workload_maker *mk);
void make_prefork(struct workload_maker *mk);
void make_snapshot(struct workload_maker *mk);
void make_build(struct workload_maker *mk);
void make_chain(struct workload_maker *mk);

/* workload_vmas.c: many VMAs */
void make_browser(struct workload_maker *mk);
void make_gc(struct workload_maker *mk);
void make_files(struct workload_maker *mk);

#endif
