// SPDX-License-Identifier: GPL-2.0-only
/*
 * How what an operation costs, with its checks, grows with what is there that it
 * does not touch: VMAs, and processes.
 *
 * A machine is filled, then each kind of operation is done again and again, each
 * time somewhere else, and undone by the next one, so that the machine stays as
 * large as it is.  Somewhere else: far away, so that no cache of the processor has
 * what is there once there is more than fits; or in the next VMA, as most of what
 * programs do.
 */
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"

#define STRIDE 16 /* pages from one VMA to the next */
#define PAGES 4 /* of a VMA */
#define TIMES 20000 /* that each kind is done in a round, by processes */
#define ROUNDS 5

struct ground {
	struct scenario sc;
	struct replay_config config;
	struct replay_result result;
	struct replay *rp;
	u32 nr_vmas; /* in each process */
	u32 nr_procs;
	u32 done;
	bool near; /* the next place is in the next VMA */
};

/* Does @op, and counts on it. */
static void do_counted(struct ground *g, const struct op *op)
{
	/* One operation that changes: the replay need not remember the rest. */
	g->sc.ops[0] = *op;
	g->result.unexpected = false;
	if (!replay_step(g->rp, 1))
		die("operation %u: %s", g->done, g->result.report.text);
	g->done++;
}

static void fill_ground(struct ground *g, u32 nr_vmas, u32 nr_procs)
{
	*g = (struct ground){ .nr_vmas = nr_vmas, .nr_procs = nr_procs };
	g->config = bench_config(REPLAY_CHECK_TOUCHED);
	if (scenario_init(&g->sc) || scenario_name_slots(&g->sc, nr_procs) ||
	    scenario_add(&g->sc, &(struct op){ .kind = OP_MMAP }))
		die("out of memory");
	g->rp = replay_start(&g->sc, &g->config, &g->result);
	if (!g->rp)
		die("out of memory");
	for (u32 i = 0; i < nr_vmas; i++) {
		u64 page = (u64)i * STRIDE;

		do_counted(g, &(struct op){ .kind = OP_MMAP,
					    .page = page,
					    .len = PAGES });
		do_counted(g, &(struct op){ .kind = OP_WRITE,
					    .page = page,
					    .len = PAGES });
	}
	for (u32 i = 1; i < nr_procs; i++)
		do_counted(g, &(struct op){ .kind = OP_FORK, .child = i });
}

static void empty(struct ground *g)
{
	replay_stop(g->rp);
	scenario_free(&g->sc);
}

static u64 ground_page(const struct ground *g, u32 i)
{
	if (g->near)
		return (u64)(i % g->nr_vmas) * STRIDE;
	return (u64)i * 7919 % g->nr_vmas * STRIDE;
}

static u32 proc_at(const struct ground *g, u32 i)
{
	return (u32)((u64)i * 7919 % g->nr_procs);
}

/* Kinds of operations: each does some at its @i-th place. */

static void write_page(struct ground *g, u32 i)
{
	struct op op = { .kind = OP_WRITE,
			 .page = ground_page(g, i),
			 .len = 1 };

	op.proc = proc_at(g, i);
	do_counted(g, &op);
}

/* Between two VMAs. */
static void map_unmap(struct ground *g, u32 i)
{
	struct op op = { .kind = OP_MMAP, .len = PAGES };

	op.proc = proc_at(g, i);
	op.page = ground_page(g, i) + 2 * PAGES;
	do_counted(g, &op);
	op.kind = OP_MUNMAP;
	do_counted(g, &op);
}

/* A split in three, and a merge. */
static void protect_middle(struct ground *g, u32 i)
{
	struct op op = { .kind = OP_MPROTECT, .prot = OP_PROT_R, .len = 1 };

	op.proc = proc_at(g, i);
	op.page = ground_page(g, i) + 1;
	do_counted(g, &op);
	op.prot = OP_PROT_RW;
	do_counted(g, &op);
}

static void discard_write(struct ground *g, u32 i)
{
	struct op op = { .kind = OP_MADVISE, .advice = ADVICE_DONTNEED };

	op.proc = proc_at(g, i);
	op.page = ground_page(g, i) + 2;
	op.len = 1;
	do_counted(g, &op);
	op.kind = OP_WRITE;
	do_counted(g, &op);
}

/* There and back. */
static void remap(struct ground *g, u32 i)
{
	struct op op = { .kind = OP_MREMAP, .flags = OP_HAS_TO };

	op.proc = proc_at(g, i);
	op.len = op.new_len = PAGES;
	op.page = ground_page(g, i);
	op.to = op.page + 2 * PAGES;
	do_counted(g, &op);
	op.to = op.page;
	op.page += 2 * PAGES;
	do_counted(g, &op);
}

static void migrate(struct ground *g, u32 i)
{
	struct op op = { .kind = OP_MIGRATE };

	op.proc = proc_at(g, i);
	op.page = ground_page(g, i) + 3;
	do_counted(g, &op);
}

/* A child of the first process, that goes again. */
static void fork_exit(struct ground *g, u32 i)
{
	struct op op = { .kind = OP_FORK, .child = g->nr_procs };

	op.proc = proc_at(g, i);
	do_counted(g, &op);
	do_counted(g, &(struct op){ .kind = OP_EXIT, .proc = g->nr_procs });
}

struct kind {
	const char *name;
	void (*run)(struct ground *g, u32 i);
	bool small; /* touches a part that does not grow with VMAs */
};

static const struct kind kinds[] = {
	{ "write", write_page, true },
	{ "mmap-munmap", map_unmap, true },
	{ "mprotect", protect_middle, true },
	{ "dontneed-write", discard_write, true },
	{ "mremap", remap, true },
	{ "migrate", migrate, true },
	{ "fork-exit", fork_exit, false },
};

/* Microseconds of CPU time an operation. */
static double op_cost(struct ground *g, const struct kind *kind, u32 times)
{
	double rounds[ROUNDS];

	for (u32 i = 0; i < times; i++)
		kind->run(g, i);
	for (u32 r = 0; r < ROUNDS; r++) {
		u32 done = g->done;
		double began = cpu_seconds();

		for (u32 i = 0; i < times; i++)
			kind->run(g, i);
		rounds[r] = (cpu_seconds() - began) * 1e6 / (g->done - done);
	}
	return median(rounds, ROUNDS);
}

static void measure_growth(struct ground *g, u32 nr, const struct kind *kind,
			   u32 times)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%u", kind->name, nr);
	print_number(name, op_cost(g, kind, times));
}

int bench_vmas(bool near)
{
	static const u32 numbers[] = { 10, 100, 1000, 10000 };

	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct ground g;

		fill_ground(&g, numbers[i], 1);
		g.near = near;
		for (u32 k = 0; k < ARRAY_SIZE(kinds); k++)
			if (kinds[k].small)
				measure_growth(&g, numbers[i], &kinds[k],
					       10000);
		empty(&g);
	}
	return 0;
}

int bench_processes(void)
{
	static const u32 numbers[] = { 2, 10, 100, 1000 };

	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct ground g;

		fill_ground(&g, 4, numbers[i]);
		for (u32 k = 0; k < ARRAY_SIZE(kinds); k++)
			measure_growth(&g, numbers[i], &kinds[k],
				       TIMES / numbers[i] + 20);
		empty(&g);
	}
	return 0;
}
