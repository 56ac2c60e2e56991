// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: what an mm is called.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "explain_names.h"

static u32 mms_of_proc(const struct mm_names *names, u32 proc)
{
	u32 nr = 0;

	for (u32 i = 0; i < names->nr; i++)
		nr += names->all[i].proc == proc;
	return nr;
}

static void name_mm(struct mm_names *names, u64 mm_id, u32 proc)
{
	if (names->nr == names->cap) {
		u32 cap = names->cap ? 2 * names->cap : 16;
		struct mm_name *all =
			realloc(names->all, cap * sizeof(*names->all));

		if (!all) {
			names->oom = true;
			return;
		}
		names->all = all;
		names->cap = cap;
	}
	names->all[names->nr] = (struct mm_name){
		.mm_id = mm_id,
		.proc = proc,
		.nth = mms_of_proc(names, proc) + 1,
	};
	names->nr++;
}

void mm_names_update(struct mm_names *names, struct machine *machine)
{
	struct mm_struct *mm;

	if (machine->world.nr_mms == names->last_id)
		return;
	TAILQ_FOREACH(mm, &machine->world.mms, entry) {
		s64 proc = mm->id > names->last_id ?
				   machine_proc_of(machine, mm) :
				   -1;

		if (proc >= 0)
			name_mm(names, mm->id, (u32)proc);
	}
	names->last_id = machine->world.nr_mms;
}

void mm_names_free(struct mm_names *names)
{
	free(names->all);
	*names = (struct mm_names){ 0 };
}

void mm_name(const struct mm_names *names, const struct scenario *sc, u64 mm_id,
	     char name[MM_NAME_MAX])
{
	for (u32 i = 0; i < names->nr; i++) {
		const struct mm_name *n = &names->all[i];
		const char *proc;

		if (n->mm_id != mm_id)
			continue;
		proc = n->proc < sc->nr_procs ? sc->names[n->proc] : "?";
		if (n->nth == 1)
			snprintf(name, MM_NAME_MAX, "%s", proc);
		else
			snprintf(name, MM_NAME_MAX, "%s.%u", proc, n->nth);
		return;
	}
	snprintf(name, MM_NAME_MAX, "mm %" PRIu64, mm_id);
}
