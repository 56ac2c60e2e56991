// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is replayed.  Scenarios of 64 operations, from seeds:
 *
 * fork	a quarter forks, and what makes a reverse map work between them: writes
 *	that copy, areas that move, exits.  A process has two areas of four
 *	pages; nearly everything succeeds, so the running kernel works, too.
 * random	scenario_generate(), as the fuzzers' generator: all operations, one
 *	in six of which is refused.
 */
#include <stdlib.h>
#include <string.h>
#include "bench.h"

#define AREAS 2
#define AREA_PAGES 4
#define PLACES (BYTES_WINDOW / AREA_PAGES)
#define PROCS_MAX 8 /* alive at once */

/* Percent; what is left over reads. */
#define FORKS 34
#define WRITES 26
#define REMAPS 14
#define EXITS 14
#define PROTECTS 4
#define UNMAPS 4

struct proc {
	bool alive;
	u8 place[AREAS]; /* where its areas are */
};

struct forker {
	struct scenario *sc;
	u64 random;
	u32 nr_alive;
	struct proc procs[PROCS_MAX];
};

/* splitmix64: 0 .. @nr - 1 */
static u32 forker_pick(struct forker *f, u32 nr)
{
	u64 z = f->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (u32)(((z ^ (z >> 31)) >> 32) * nr >> 32);
}

static u32 pick_proc(struct forker *f)
{
	u32 proc = forker_pick(f, PROCS_MAX);

	while (!f->procs[proc].alive)
		proc = (proc + 1) % PROCS_MAX;
	return proc;
}

static u32 free_proc(const struct forker *f)
{
	u32 proc = 0;

	while (f->procs[proc].alive)
		proc++;
	return proc;
}

/* A place of @proc where it has no area. */
static u32 forker_free_place(struct forker *f, const struct proc *proc)
{
	u32 place = forker_pick(f, PLACES);

	for (u32 i = 0; i < AREAS; i++) {
		if (proc->place[i] != place)
			continue;
		place = (place + 1) % PLACES;
		i = ~0U; /* from the first one again */
	}
	return place;
}

static struct op op_fork(struct forker *f, u32 parent)
{
	u32 child = free_proc(f);

	f->procs[child] = f->procs[parent];
	f->nr_alive++;
	return (struct op){ .kind = OP_FORK, .proc = parent, .child = child };
}

static struct op op_exit(struct forker *f, u32 proc)
{
	f->procs[proc].alive = false;
	f->nr_alive--;
	return (struct op){ .kind = OP_EXIT, .proc = proc };
}

/* Some pages of an area. */
static struct op op_on_area(struct forker *f, enum op_kind kind, u32 proc)
{
	u32 first = forker_pick(f, AREA_PAGES);
	u32 area = forker_pick(f, AREAS);

	return (struct op){
		.kind = kind,
		.proc = proc,
		.page = f->procs[proc].place[area] * AREA_PAGES + first,
		.len = 1 + forker_pick(f, min_u64(AREA_PAGES - first, 4)),
	};
}

static struct op op_remap(struct forker *f, u32 nr)
{
	struct proc *proc = &f->procs[nr];
	u32 area = forker_pick(f, AREAS);
	struct op op = {
		.kind = OP_MREMAP,
		.flags = OP_HAS_TO,
		.proc = nr,
		.page = proc->place[area] * AREA_PAGES,
		.len = AREA_PAGES,
		.new_len = AREA_PAGES,
	};

	proc->place[area] = forker_free_place(f, proc);
	op.to = proc->place[area] * AREA_PAGES;
	return op;
}

static struct op forker_next_op(struct forker *f)
{
	u32 proc = pick_proc(f);
	u32 what = forker_pick(f, 100);

	if (what < FORKS)
		return f->nr_alive < PROCS_MAX ? op_fork(f, proc) :
						 op_exit(f, proc);
	what -= FORKS;
	if (what < WRITES)
		return op_on_area(f, OP_WRITE, proc);
	what -= WRITES;
	if (what < REMAPS)
		return op_remap(f, proc);
	what -= REMAPS;
	if (what < EXITS && f->nr_alive > 1)
		return op_exit(f, proc);
	what -= min_u64(what, EXITS);
	if (what < PROTECTS) {
		struct op op = op_on_area(f, OP_MPROTECT, proc);

		op.prot = forker_pick(f, 2) ? OP_PROT_RW : OP_PROT_R;
		return op;
	}
	if (what < PROTECTS + UNMAPS)
		return op_on_area(f, OP_MUNMAP, proc);
	return op_on_area(f, OP_READ, proc);
}

static int add_area(struct forker *f, u32 area)
{
	u8 *place = &f->procs[0].place[area];
	struct op op = { .kind = OP_MMAP, .len = AREA_PAGES };
	int err;

	*place = area * 2;
	op.page = *place * AREA_PAGES;
	err = scenario_add(f->sc, &op);
	op.kind = OP_WRITE;
	return err ? err : scenario_add(f->sc, &op);
}

static int make_fork_mix(struct scenario *sc, u64 seed)
{
	struct forker f = { .sc = sc, .random = seed, .nr_alive = 1 };
	int err = scenario_name_slots(sc, PROCS_MAX);

	f.procs[0].alive = true;
	for (u32 i = 0; i < AREAS && !err; i++)
		err = add_area(&f, i);
	while (sc->nr_ops < BENCH_OPS && !err) {
		struct op op = forker_next_op(&f);

		err = scenario_add(sc, &op);
	}
	return err;
}

static int make_random(struct scenario *sc, u64 seed)
{
	const struct scenario_gen gen = {
		.seed = seed,
		.ops = BENCH_OPS,
		.procs = 8,
		.pages = 64,
	};

	return scenario_generate(sc, &gen);
}

const struct mix mixes[] = {
	{ "fork", "a quarter forks", make_fork_mix },
	{ "random", "all operations", make_random },
};

const u32 nr_mixes = ARRAY_SIZE(mixes);

const struct mix *mix_find(const char *name)
{
	for (u32 i = 0; i < nr_mixes; i++)
		if (!strcmp(mixes[i].name, name))
			return &mixes[i];
	return NULL;
}

struct scenario *mix_scenarios(const struct mix *mix, u32 nr)
{
	struct scenario *scenarios = calloc(nr, sizeof(*scenarios));

	for (u32 i = 0; i < nr; i++)
		if (!scenarios || scenario_init(&scenarios[i]) ||
		    mix->make(&scenarios[i], i + 1))
			die("out of memory");
	return scenarios;
}

void mix_free(struct scenario *scenarios, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		scenario_free(&scenarios[i]);
	free(scenarios);
}
