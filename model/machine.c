// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes over address spaces.  kernel/fork.c, fs/exec.c, kernel/exit.c, as
 * far as they concern an mm.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "machine.h"

/* Far more processes than a scenario can name; keeps the arithmetic safe. */
#define MACHINE_PROCS_MAX (1U << 20)

/* Room for process @proc; what is new is not alive. */
static int procs_reserve(struct machine *machine, u32 proc)
{
	u32 nr = machine->nr_procs ? machine->nr_procs : 16;
	struct process *procs;

	if (proc < machine->nr_procs)
		return 0;
	if (proc >= MACHINE_PROCS_MAX)
		return -ENOMEM;
	while (nr <= proc)
		nr *= 2;
	procs = ledger_tool_grow(&machine->ledger, machine->procs,
				 machine->nr_procs * sizeof(*procs),
				 nr * sizeof(*procs));
	if (!procs)
		return -ENOMEM;
	machine->procs = procs;
	machine->nr_procs = nr;
	return 0;
}

static int start_first_process(struct machine *machine)
{
	if (procs_reserve(machine, 0))
		return -ENOMEM;
	machine->procs[0].mm = mm_alloc(&machine->world);
	return machine->procs[0].mm ? 0 : -ENOMEM;
}

/* 0, or -ENOMEM with the world gone again. */
static int start_world(struct machine *machine,
		       const struct machine_config *config)
{
	struct mm_world *world = &machine->world;
	int err;

	err = mm_world_init(world, &machine->ledger, &machine->rcu,
			    &machine->bugs, config->rmaps, config->nr_rmaps);
	if (err)
		return err;
	world->as_of = config->as_of;
	world->accounts = config->accounts;
	if (config->max_map_count)
		world->max_map_count = config->max_map_count;
	if (config->task_pages)
		world->task_pages = config->task_pages;
	err = start_first_process(machine);
	if (err)
		mm_world_exit(world);
	return err;
}

static void machine_free(struct machine *machine)
{
	struct arena *arena = machine->ledger.arena;

	ledger_tool_free(&machine->ledger, machine->procs,
			 machine->nr_procs * sizeof(*machine->procs));
	ledger_destroy(&machine->ledger);
	if (arena)
		arena_reset(arena);
	else
		free(machine);
}

struct machine *machine_create(const struct machine_config *config)
{
	struct arena *arena = config->arena;
	struct machine *machine;

	machine = arena ? arena_alloc(arena, sizeof(*machine)) :
			  malloc(sizeof(*machine));
	if (!machine)
		return NULL;
	memset(machine, 0, sizeof(*machine));
	ledger_init(&machine->ledger, arena);
	rcu_init(&machine->rcu, &machine->ledger);
	machine->bugs = config->bugs;
	if (!start_world(machine, config))
		return machine;
	machine_free(machine);
	return NULL;
}

void machine_destroy(struct machine *machine)
{
	if (!machine)
		return;
	mm_world_exit(&machine->world);
	machine_free(machine);
}

struct mm_struct *machine_mm(struct machine *machine, u32 proc)
{
	return proc < machine->nr_procs ? machine->procs[proc].mm : NULL;
}

/* Checks that @proc may make @child, and makes room for it. */
static int child_prepare(struct machine *machine, u32 proc, u32 child)
{
	if (!machine_mm(machine, proc))
		return -ESRCH;
	if (machine_mm(machine, child))
		return -EEXIST;
	return procs_reserve(machine, child);
}

int machine_fork_mm(struct machine *machine, struct mm_struct *mm, u32 child)
{
	struct mm_struct *new;
	int err;

	if (machine_mm(machine, child))
		return -EEXIST;
	err = procs_reserve(machine, child);
	if (!err)
		err = mm_dup(mm, &new);
	if (err)
		return err;
	machine->procs[child].mm = new;
	return 0;
}

int machine_fork(struct machine *machine, u32 proc, u32 child)
{
	struct mm_struct *mm = machine_mm(machine, proc);

	return mm ? machine_fork_mm(machine, mm, child) : -ESRCH;
}

int machine_vfork(struct machine *machine, u32 proc, u32 child)
{
	int err = child_prepare(machine, proc, child);

	if (err)
		return err;
	mm_get(machine->procs[proc].mm);
	machine->procs[child].mm = machine->procs[proc].mm;
	return 0;
}

int machine_exec(struct machine *machine, u32 proc)
{
	struct mm_struct *oldmm = machine_mm(machine, proc);
	struct mm_struct *mm;

	if (!oldmm)
		return -ESRCH;
	/* bprm_mm_init() comes first: a failing exec leaves the old mm. */
	mm = mm_alloc(&machine->world);
	if (!mm)
		return -ENOMEM;
	machine->procs[proc].mm = mm;
	mm_put(oldmm);
	return 0;
}

int machine_exit(struct machine *machine, u32 proc)
{
	struct mm_struct *mm = machine_mm(machine, proc);

	if (!mm)
		return -ESRCH;
	machine->procs[proc].mm = NULL;
	mm_put(mm);
	return 0;
}

s64 machine_proc_of(struct machine *machine, const struct mm_struct *mm)
{
	for (u32 proc = 0; proc < machine->nr_procs; proc++)
		if (machine->procs[proc].mm == mm)
			return proc;
	return -1;
}

struct rmap *machine_rmap(struct machine *machine, const char *name)
{
	for (u32 i = 0; i < machine->world.nr_rmaps; i++)
		if (!strcmp(machine->world.rmaps[i].ops->name, name))
			return &machine->world.rmaps[i];
	return NULL;
}
