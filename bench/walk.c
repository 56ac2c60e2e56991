// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks of an exclusive folio, which one process maps and the others once could
 * have: each has a folio of its own there.  In the first process, whose anon_vma
 * all hang on, and in one that it forked.
 */
#include <stdio.h>
#include "../model/mm/pgtable.h"
#include "bench.h"

#define WALKS 200000
#define STEPS_MAX 20000000 /* walks times processes */
#define ROUNDS 5

static int bench_visit(struct folio *folio, struct vm_area_struct *vma,
		       u64 addr, void *arg)
{
	struct pte *pte = pte_lookup(vma->vm_mm, addr);

	return pte && pte->folio == folio;
}

static void walk_do_op(struct machine *machine, struct scenario *sc,
		       struct op op)
{
	static u32 op_nr;

	if (replay_op(machine, sc, &op, ++op_nr))
		die("operation %u failed", op_nr);
	synchronize_rcu(&machine->rcu);
	touched_reset(&machine->world);
}

/* Process 0 and what it forked, each with a folio of its own at page 0. */
static struct machine *fill_machine(struct scenario *sc, u32 nr_procs)
{
	struct replay_config config = bench_config(REPLAY_CHECK_NONE);
	struct machine *machine = machine_create(&config.machine);

	if (!machine)
		die("out of memory");
	walk_do_op(machine, sc, (struct op){ .kind = OP_MMAP, .len = 4 });
	walk_do_op(machine, sc, (struct op){ .kind = OP_WRITE, .len = 1 });
	for (u32 i = 1; i < nr_procs; i++)
		walk_do_op(machine, sc,
			   (struct op){ .kind = OP_FORK, .child = i });
	for (u32 i = 0; i < nr_procs; i++)
		walk_do_op(
			machine, sc,
			(struct op){ .kind = OP_WRITE, .proc = i, .len = 1 });
	return machine;
}

/* Nanoseconds a walk; and how many VMAs it met. */
static double walk_cost(struct rmap *rmap, struct folio *folio, u32 nr_procs,
			double *vmas)
{
	u32 nr = min_u64(WALKS, STEPS_MAX / nr_procs);
	struct rmap_walk_stats stats = { .walks = 0 };
	struct rmap_walk_control rwc = { .rmap_one = bench_visit,
					 .stats = &stats };
	double rounds[ROUNDS];

	for (u32 r = 0; r < ROUNDS; r++) {
		double began = cpu_seconds();

		for (u32 i = 0; i < nr; i++)
			rmap->ops->walk(rmap, folio, &rwc);
		rounds[r] = (cpu_seconds() - began) * 1e9 / nr;
	}
	if (stats.found != stats.walks)
		die("a walk of %s does not find the folio", rmap->ops->name);
	*vmas = (double)stats.vmas / (double)stats.walks;
	return median(rounds, ROUNDS);
}

static void measure_walks(struct machine *machine, struct scenario *sc,
			  u32 nr_procs, u32 proc, const char *whose)
{
	struct pte *pte = pte_lookup(machine_mm(machine, proc), sc->base);

	if (!pte || !pte->folio->exclusive)
		die("no exclusive folio");
	for (u32 i = 0; i < machine->world.nr_rmaps; i++) {
		struct rmap *rmap = &machine->world.rmaps[i];
		char name[96];
		double vmas;

		snprintf(name, sizeof(name), "%s.%s.%u", rmap->ops->name, whose,
			 nr_procs);
		print_number(name,
			     walk_cost(rmap, pte->folio, nr_procs, &vmas));
		snprintf(name, sizeof(name), "%s.%s.vmas.%u", rmap->ops->name,
			 whose, nr_procs);
		print_number(name, vmas);
	}
}

int bench_walk(void)
{
	static const u32 numbers[] = { 2, 10, 100, 1000 };
	struct scenario sc;

	if (scenario_init(&sc))
		die("out of memory");
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct machine *machine = fill_machine(&sc, numbers[i]);

		measure_walks(machine, &sc, numbers[i], 0, "parent");
		measure_walks(machine, &sc, numbers[i], numbers[i] - 1,
			      "child");
		machine_destroy(machine);
	}
	scenario_free(&sc);
	return 0;
}
