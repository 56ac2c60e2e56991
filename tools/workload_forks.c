// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workloads of many processes.
 *
 * Areas of memory are VMAs of some pages with a page between that nothing is
 * mapped at, so that they stay VMAs of their own, as guard pages do:
 *
 *	|  0  | |  1  | |  2  | ...
 */
#include "workload.h"

#define HEAP 0x1000ULL /* what the first process has */
#define OWN 0x1000000ULL /* what its children map for themselves */
#define PROGRAM 0x2000000ULL /* what exec brings */

struct area {
	u64 base;
	u64 vmas;
	u64 pages; /* of each */
};

static u64 area_page(const struct area *area, u64 nr)
{
	return area->base + nr * (area->pages + 1);
}

/* Mapped and written. */
static void area_make(struct workload_maker *mk, u32 proc,
		      const struct area *area)
{
	for (u64 i = 0; i < area->vmas; i++) {
		make_mmap(mk, proc, area_page(area, i), area->pages,
			  OP_PROT_RW);
		make_write(mk, proc, area_page(area, i), area->pages);
	}
}

static void area_writes(struct workload_maker *mk, u32 proc,
			const struct area *area, u64 percent)
{
	for (u64 i = 0; i < area->vmas; i++)
		make_writes(mk, proc, area_page(area, i), area->pages, percent);
}

/* One page of it moves: compaction, or what reclaim has to find. */
static void area_migrate(struct workload_maker *mk, u32 proc,
			 const struct area *area)
{
	make_migrate(mk, proc,
		     area_page(area, workload_pick(mk, (u32)area->vmas)));
}

/* zygote */

enum {
	ZYGOTE_VMAS,
	ZYGOTE_PAGES,
	ZYGOTE_WRITES,
	ZYGOTE_UNMAPS,
	ZYGOTE_PROTECTS,
	ZYGOTE_OWN,
	ZYGOTE_OWN_PAGES,
	ZYGOTE_RESTARTS,
	ZYGOTE_LIBS,
};

#define ZYGOTE_MIGRATIONS 8

/* The later half of a VMA; of one page, all of it. */
static u64 half(u64 pages)
{
	return (pages + 1) / 2;
}

static u32 start_app(struct workload_maker *mk, const struct area *heap)
{
	const struct area own = { OWN, mk->params[ZYGOTE_OWN],
				  mk->params[ZYGOTE_OWN_PAGES] };
	u32 app = make_fork(mk, 0);
	u64 part = half(heap->pages);

	for (u64 i = 0; i < heap->vmas; i++) {
		u64 page = area_page(heap, i);

		if (workload_chance(mk, mk->params[ZYGOTE_UNMAPS])) {
			make_munmap(mk, app, page + heap->pages - part, part);
			continue;
		}
		make_writes(mk, app, page, heap->pages,
			    mk->params[ZYGOTE_WRITES]);
		if (workload_chance(mk, mk->params[ZYGOTE_PROTECTS]))
			make_mprotect(mk, app, page + heap->pages - part, part,
				      OP_PROT_R);
	}
	area_make(mk, app, &own);
	return app;
}

void make_zygote(struct workload_maker *mk)
{
	const struct area heap = { HEAP, mk->params[ZYGOTE_VMAS],
				   mk->params[ZYGOTE_PAGES] };
	u32 apps[WORKLOAD_SIZE_MAX];

	make_libraries(mk, 0, mk->params[ZYGOTE_LIBS]);
	area_make(mk, 0, &heap);
	for (u32 i = 0; i < mk->size && !mk->err; i++) {
		apps[i] = start_app(mk, &heap);
		/* Few: each walks all of them. */
		if (i % (mk->size / ZYGOTE_MIGRATIONS + 1) == 0)
			area_migrate(mk, 0, &heap);
	}
	for (u32 i = 0; i < mk->size && !mk->err; i++) {
		u32 nr = workload_pick(mk, mk->size);

		if (!workload_chance(mk, mk->params[ZYGOTE_RESTARTS]))
			continue;
		make_exit(mk, apps[nr]);
		apps[nr] = start_app(mk, &heap);
	}
}

/* prefork */

enum {
	PREFORK_VMAS,
	PREFORK_PAGES,
	PREFORK_WRITES,
	PREFORK_OWN,
	PREFORK_OWN_PAGES,
	PREFORK_REQUESTS,
	PREFORK_GENERATIONS,
	PREFORK_LIBS,
};

static u32 start_worker(struct workload_maker *mk)
{
	const struct area own = { OWN, mk->params[PREFORK_OWN],
				  mk->params[PREFORK_OWN_PAGES] };
	u32 worker = make_fork(mk, 0);

	area_make(mk, worker, &own);
	return worker;
}

/* Each request takes a buffer, gives it back, and writes what it shares. */
static void serve_request(struct workload_maker *mk, u32 worker,
			  const struct area *heap)
{
	u64 pages = mk->params[PREFORK_OWN_PAGES];
	u64 buffer = OWN + mk->params[PREFORK_OWN] * (pages + 1);
	u32 nr = workload_pick(mk, (u32)heap->vmas);

	make_mmap(mk, worker, buffer, pages, OP_PROT_RW);
	make_write(mk, worker, buffer, pages);
	make_writes(mk, worker, area_page(heap, nr), heap->pages,
		    mk->params[PREFORK_WRITES]);
	make_munmap(mk, worker, buffer, pages);
}

void make_prefork(struct workload_maker *mk)
{
	const struct area heap = { HEAP, mk->params[PREFORK_VMAS],
				   mk->params[PREFORK_PAGES] };
	u32 workers[WORKLOAD_SIZE_MAX];

	make_libraries(mk, 0, mk->params[PREFORK_LIBS]);
	area_make(mk, 0, &heap);
	for (u32 i = 0; i < mk->size && !mk->err; i++)
		workers[i] = start_worker(mk);
	for (u64 gen = 0; gen < mk->params[PREFORK_GENERATIONS]; gen++) {
		u64 requests = mk->params[PREFORK_REQUESTS] * mk->size;

		for (u64 i = 0; i < requests && !mk->err; i++)
			serve_request(mk, workers[workload_pick(mk, mk->size)],
				      &heap);
		/* One after the other, as in a reload without a gap. */
		area_writes(mk, 0, &heap, mk->params[PREFORK_WRITES]);
		for (u32 i = 0; i < mk->size && !mk->err; i++) {
			make_exit(mk, workers[i]);
			workers[i] = start_worker(mk);
		}
	}
}

/* snapshot */

enum { SNAPSHOT_PAGES, SNAPSHOT_WRITES, SNAPSHOT_ROUNDS, SNAPSHOT_LIBS };

void make_snapshot(struct workload_maker *mk)
{
	const struct area data = { HEAP, mk->size, mk->params[SNAPSHOT_PAGES] };
	u64 writes = mk->params[SNAPSHOT_WRITES];

	make_libraries(mk, 0, mk->params[SNAPSHOT_LIBS]);
	area_make(mk, 0, &data);
	for (u64 i = 0; i < mk->params[SNAPSHOT_ROUNDS] && !mk->err; i++) {
		const struct area buffer = { OWN, 1, data.pages };
		u32 child = make_fork(mk, 0);

		area_make(mk, child, &buffer);
		area_writes(mk, 0, &data, writes);
		area_migrate(mk, child, &data);
		make_exit(mk, child);
		/* What was shared with it is its parent's alone again. */
		area_writes(mk, 0, &data, writes);
	}
}

/* build */

enum { BUILD_JOBS, BUILD_VMAS, BUILD_PAGES, BUILD_VFORKS, BUILD_LIBS };

/* What a program has after exec, from the linker and the allocator. */
static void load_program(struct workload_maker *mk, u32 proc)
{
	const struct area heap = { PROGRAM, mk->params[BUILD_VMAS],
				   mk->params[BUILD_PAGES] };

	make_libraries(mk, proc, mk->params[BUILD_LIBS]);
	area_make(mk, proc, &heap);
}

struct job {
	bool runs;
	u32 shell;
	u32 program;
};

static void start_job(struct workload_maker *mk, struct job *job)
{
	job->runs = true;
	job->shell = make_vfork(mk, 0);
	make_exec(mk, job->shell);
	load_program(mk, job->shell);
	if (workload_chance(mk, mk->params[BUILD_VFORKS])) {
		job->program = make_vfork(mk, job->shell);
	} else {
		job->program = make_fork(mk, job->shell);
		/* Until it execs it is the shell. */
		make_write(mk, job->program, PROGRAM, 1);
	}
	make_exec(mk, job->program);
	load_program(mk, job->program);
}

static void end_job(struct workload_maker *mk, struct job *job)
{
	if (!job->runs)
		return;
	make_exit(mk, job->program);
	make_exit(mk, job->shell);
	job->runs = false;
}

void make_build(struct workload_maker *mk)
{
	const struct area heap = { HEAP, mk->params[BUILD_VMAS],
				   mk->params[BUILD_PAGES] };
	u32 nr_jobs = (u32)mk->params[BUILD_JOBS];
	struct job jobs[WORKLOAD_SIZE_MAX] = { 0 };

	make_libraries(mk, 0, mk->params[BUILD_LIBS]);
	area_make(mk, 0, &heap);
	for (u32 i = 0; i < mk->size && !mk->err; i++) {
		struct job *job = &jobs[workload_pick(mk, nr_jobs)];

		end_job(mk, job);
		start_job(mk, job);
	}
	for (u32 i = 0; i < nr_jobs; i++)
		end_job(mk, &jobs[i]);
}

/* chain */

enum { CHAIN_VMAS, CHAIN_PAGES, CHAIN_WRITES, CHAIN_EXITS, CHAIN_LIBS };

void make_chain(struct workload_maker *mk)
{
	const struct area heap = { HEAP, mk->params[CHAIN_VMAS],
				   mk->params[CHAIN_PAGES] };
	u32 proc = 0;

	make_libraries(mk, 0, mk->params[CHAIN_LIBS]);
	area_make(mk, 0, &heap);
	for (u32 i = 1; i < mk->size && !mk->err; i++) {
		u32 child = make_fork(mk, proc);

		area_writes(mk, child, &heap, mk->params[CHAIN_WRITES]);
		area_migrate(mk, child, &heap);
		if (workload_chance(mk, mk->params[CHAIN_EXITS]))
			make_exit(mk, proc);
		proc = child;
	}
}
