// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a scenario needs, by the model, before a kernel does any of it.
 */
#include <errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include "../model/scenario/replay.h"
#include "../subject/dump.h"
#include "channel.h"
#include "limits.h"

static const struct {
	const char *name;
	u32 max;
} limits[NR_KERNEL_LIMITS] = {
	/* Channel 0 is the template's. */
	[LIMIT_PROCS] = { "processes", CHANNELS_MAX - 1 },
	[LIMIT_VMAS] = { "VMAs", DUMP_VMAS_MAX },
	[LIMIT_PAGES] = { "present pages", DUMP_PAGES_MAX },
	[LIMIT_ANON_VMAS] = { "anon_vmas", DUMP_ANON_VMAS_MAX },
	/* Each is on its VMA's list and in the tree of its anon_vma. */
	[LIMIT_CHAINS] = { "anon_vma_chains", DUMP_CHAINS_MAX },
};

_Static_assert(CHANNELS_MAX - 1 <= DUMP_PROCS_MAX &&
		       DUMP_NODES_MAX >= DUMP_CHAINS_MAX,
	       "limits[] has the smaller of two");

const char *kernel_limit_name(enum kernel_limit limit)
{
	return limits[limit].name;
}

u32 kernel_limit_max(enum kernel_limit limit)
{
	return limits[limit].max;
}

static u64 count_procs(struct machine *machine)
{
	u64 alive = 0;

	for (u32 slot = 0; slot < machine->nr_procs; slot++)
		alive += machine_mm(machine, slot) != NULL;
	return alive;
}

static u64 machine_vmas(const struct machine *machine)
{
	const struct mm_struct *mm;
	u64 vmas = 0;

	TAILQ_FOREACH(mm, &machine->world.mms, entry)
		vmas += mm->map_count;
	return vmas;
}

static u64 count_leaf_pages(const struct pgtable_leaf *leaf)
{
	if (!leaf)
		return 0;
	return (u64)__builtin_popcountll(leaf->present) +
	       count_leaf_pages(RB_LEFT(leaf, rb)) +
	       count_leaf_pages(RB_RIGHT(leaf, rb));
}

static u64 count_pages(const struct machine *machine)
{
	const struct mm_struct *mm;
	u64 pages = 0;

	TAILQ_FOREACH(mm, &machine->world.mms, entry)
		pages += count_leaf_pages(RB_ROOT(&mm->pgtable));
	return pages;
}

static void note_need(struct kernel_needs *needs, enum kernel_limit limit,
		      u64 amount, u32 op_nr)
{
	if (amount <= needs->most[limit])
		return;
	needs->most[limit] = (u32)min_u64(amount, UINT32_MAX);
	if (amount > limits[limit].max && !needs->passed_at[limit])
		needs->passed_at[limit] = op_nr;
}

/* Which operations can make more of something. */
static bool adds_pages(enum op_kind kind)
{
	return kind == OP_READ || kind == OP_WRITE || kind == OP_FORK;
}

static bool adds_procs(enum op_kind kind)
{
	return kind == OP_FORK || kind == OP_VFORK;
}

int kernel_needs(const struct machine_config *config, const struct scenario *sc,
		 struct kernel_needs *needs)
{
	struct machine_config sound = *config;
	struct machine *machine;
	u32 anon_vmas, chains;

	memset(needs, 0, sizeof(*needs));
	memset(&sound.bugs, 0, sizeof(sound.bugs));
	machine = machine_create(&sound);
	if (!machine)
		return -ENOMEM;
	anon_vmas = ledger_kind(&machine->ledger, "anon_vma", 0);
	chains = ledger_kind(&machine->ledger, "anon_vma_chain", 0);
	for (u32 op_nr = 1; op_nr <= sc->nr_ops; op_nr++) {
		enum op_kind kind = (enum op_kind)sc->ops[op_nr - 1].kind;

		/* Walks, and migrations, change none of the amounts. */
		if (op_walks(kind))
			continue;
		replay_op(machine, sc, &sc->ops[op_nr - 1], op_nr);
		synchronize_rcu(&machine->rcu);
		touched_reset(&machine->world);
		if (adds_procs(kind) || op_nr == 1)
			note_need(needs, LIMIT_PROCS, count_procs(machine),
				  op_nr);
		if (adds_pages(kind))
			note_need(needs, LIMIT_PAGES, count_pages(machine),
				  op_nr);
		note_need(needs, LIMIT_VMAS, machine_vmas(machine), op_nr);
		note_need(needs, LIMIT_ANON_VMAS,
			  machine->ledger.kinds[anon_vmas].live, op_nr);
		note_need(needs, LIMIT_CHAINS,
			  machine->ledger.kinds[chains].live, op_nr);
	}
	machine_destroy(machine);
	return 0;
}

bool kernel_needs_fit(const struct kernel_needs *needs, char *why, size_t size)
{
	size_t len = 0;

	for (u32 i = 0; i < NR_KERNEL_LIMITS && len < size; i++) {
		if (!needs->passed_at[i])
			continue;
		len += (size_t)snprintf(why + len, size - len,
					"%s%u %s (limit %u, passed by op %u)",
					len ? ", " : "needs at once ",
					needs->most[i], limits[i].name,
					limits[i].max, needs->passed_at[i]);
	}
	return !len;
}
