// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "parallel.h"
#include "perform.h"

/* The process may go as soon as the folio is found. */
static int work_on_folio(struct parallel_task *task)
{
	enum folio_work work = replay_folio_work((enum op_kind)task->op->kind);
	struct mm_world *world = &task->group->machine->world;
	struct folio *folio;
	int err;

	err = folio_find(task->mm, task->group->sc->base + task->op->page,
			 &folio);
	mm_put(task->mm);
	return folio ? folio_work(world, folio, work) : err;
}

static int work_as_process(struct parallel_task *task)
{
	int err = replay_op_as(task->group->machine, task->mm,
			       task->group->sc->base, task->op, task->op_nr);

	mm_put(task->mm);
	return err;
}

static void run_task(void *arg)
{
	struct parallel_task *task = arg;

	if (!task->mm)
		task->result = ESRCH;
	else if (op_walks((enum op_kind)task->op->kind))
		task->result = -work_on_folio(task);
	else
		task->result = -work_as_process(task);
}

/* The child's number is taken when it is born; two cannot be born as one. */
static void add_task(struct parallel *group, struct sched *sched, u32 i)
{
	struct parallel_task *task = &group->tasks[i];

	task->group = group;
	task->op = &group->sc->ops[group->first + i];
	task->op_nr = group->first + i + 1;
	task->result = 0;
	task->mm = machine_mm(group->machine, task->op->proc);
	if (task->mm)
		mm_get(task->mm);
	sched_add(sched, run_task, task);
}

void parallel_begin(struct parallel *group, struct sched *sched)
{
	struct machine *machine = group->machine;

	sched_reset(sched);
	machine->world.sched = sched;
	machine->world.missed.rmap = NULL;
	rcu_tasks_begin(&machine->rcu, sched);
	ledger_quarantine(&machine->ledger);
	for (u32 i = 0; i < group->nr; i++)
		add_task(group, sched, i);
}

void parallel_end(struct parallel *group, struct sched *sched)
{
	struct machine *machine = group->machine;

	machine->world.sched = NULL;
	rcu_tasks_end(&machine->rcu);
	/* What tasks that were left half-way still hold may be looked at. */
	if (sched->broken.kind == DIVERGENCE_NONE)
		ledger_release(&machine->ledger);
}

u32 schedule_choose(void *arg, struct sched *sched, u32 ready)
{
	struct schedule_reader *reader = arg;
	u32 next;

	if (reader->at == reader->schedule->nr) {
		if (ready >> sched->current & 1)
			return sched->current;
		return (u32)__builtin_ctz(ready);
	}
	next = schedule_digit(reader->schedule, reader->at++);
	while (!(ready >> next & 1))
		next = (next + 1) % PARALLEL_MAX;
	return next;
}

/* Who has the mm of that id; "?" when nobody has any more. */
static const char *name_of_mm(const struct parallel *group, u64 id,
			      const struct check_names *names)
{
	const struct machine *machine = group->machine;

	for (u32 i = 0; i < machine->nr_procs; i++)
		if (machine->procs[i].mm && machine->procs[i].mm->id == id)
			return names->proc_name(names->arg, i);
	return "gone";
}

static void report_group_missed(const struct parallel *group,
				const struct check_names *names,
				struct report *report)
{
	const struct walk_missed *missed = &group->machine->world.missed;

	report->kind = DIVERGENCE_MISS;
	report->rmap = missed->rmap->ops->name;
	report->mapping = (struct report_mapping){
		.folio = missed->folio,
		.mm = missed->mm,
		.addr = missed->addr,
	};
	snprintf(
		report->text, sizeof(report->text),
		missed->left ?
			"%s leaves an entry of folio %llu at %s:0x%llx (op %u, which has ended)" :
			"%s does not find folio %llu at %s:0x%llx, mapped throughout the walk of op %u",
		missed->rmap->ops->name, (unsigned long long)missed->folio,
		name_of_mm(group, missed->mm, names),
		(unsigned long long)(missed->addr - names->base),
		group->first + missed->task + 1);
}

bool parallel_broken(const struct parallel *group, const struct sched *sched,
		     const struct check_names *names, struct report *report)
{
	memset(report, 0, sizeof(*report));
	report->rmap = "";
	if (group->machine->world.missed.rmap) {
		report_group_missed(group, names, report);
		return true;
	}
	if (sched->broken.kind == DIVERGENCE_NONE)
		return false;
	report->kind = sched->broken.kind;
	snprintf(report->text, sizeof(report->text), "%s", sched->broken.text);
	return true;
}
