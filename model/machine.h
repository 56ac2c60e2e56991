/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One simulated computer: processes over a world, its ledger, its RCU and its
 * reverse maps.  Nothing is shared with any other machine.
 */
#ifndef RMAPDIFF_MACHINE_H
#define RMAPDIFF_MACHINE_H

#include "base/bug.h"
#include "base/ledger.h"
#include "base/rcu.h"
#include "mm/mm.h"

struct machine_config {
	const struct rmap_ops *rmaps[RMAP_MAX]; /* the first one decides */
	u32 nr_rmaps;
	enum kernel_release as_of;
	u32 max_map_count; /* 0: the kernel's default */
	u64 task_pages; /* where user space ends; 0: TASK_PAGES */
	bool accounts; /* keep accounts for statistics: costs time */
	struct bugs bugs;
	/*
	 * An empty arena of the caller's, for this machine alone: all of it lives
	 * there, so that arena_save() saves the machine.  NULL: malloc().
	 */
	struct arena *arena;
};

/* A process is a number, given by the caller, from 0; its mm while it lives. */
struct process {
	struct mm_struct *mm; /* NULL: not alive */
};

struct machine {
	struct ledger ledger;
	struct rcu rcu;
	struct bugs bugs;
	struct mm_world world;
	struct process *procs;
	u32 nr_procs; /* room in procs */
};

/* A machine with process 0 alive; NULL when memory is out. */
struct machine *machine_create(const struct machine_config *config);

/*
 * Frees everything at once, living processes and leaks included; an arena is
 * empty after.
 */
void machine_destroy(struct machine *machine);

/* The mm of process @proc, NULL if it is not alive. */
struct mm_struct *machine_mm(struct machine *machine, u32 proc);

/*
 * Processes come and go: 0 or a negative errno.  @child must not be alive;
 * -ESRCH if @proc is not.
 */
int machine_fork(struct machine *machine, u32 proc, u32 child);
int machine_vfork(struct machine *machine, u32 proc, u32 child);
int machine_exec(struct machine *machine, u32 proc);

/* fork of a process whose mm was @mm when it began; -EEXIST, -ENOMEM. */
int machine_fork_mm(struct machine *machine, struct mm_struct *mm, u32 child);
int machine_exit(struct machine *machine, u32 proc);

/* The lowest process that lives in @mm, or -1. */
s64 machine_proc_of(struct machine *machine, const struct mm_struct *mm);

/* The reverse map of that name on @machine, NULL if it has none. */
struct rmap *machine_rmap(struct machine *machine, const char *name);

#endif
