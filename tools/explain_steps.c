// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: a scenario's steps, one after the other.
 *
 * It is replayed twice: once to know where it ends and what is found there, and
 * once to look at the machines between operations.  Only the state before and
 * after one operation is kept.
 */
#include <string.h>
#include "explain.h"

/* One machine on its way. */
struct tracked {
	struct mm_names names;
	struct snap before;
	struct snap now;
	bool fresh; /* now is of the step that is pending */
};

struct steps {
	struct explain *ex;
	void (*show)(struct explain *ex, const struct step *step);
	struct tracked machines[RMAP_MAX];
	u32 nr;
	u32 first_needed; /* the first operation whose outcome is looked at */
	u32 done; /* the last operation that was shown, or passed over */
	struct step pending;
	bool is_pending;
	bool at_end; /* after the last operation */
	bool oom;
};

static u32 last_step(const struct explain *ex)
{
	if (ex->result.diverged || ex->result.unexpected)
		return ex->result.op_nr;
	return ex->sc.nr_ops;
}

bool explain_wants_step(const struct explain *ex, u32 op_nr)
{
	if (op_nr && op_nr < ex->first_step)
		return false;
	if (ex->last)
		return op_nr == last_step(ex);
	return !ex->step || op_nr == ex->step;
}

static struct tracked *tracked_of(struct steps *steps,
				  const struct machine *machine)
{
	const struct replay_config *config = &steps->ex->config;

	for (u32 i = 0; config->pure && i < config->machine.nr_rmaps; i++)
		if (machine->world.rmaps[0].ops == config->machine.rmaps[i])
			return &steps->machines[i];
	return &steps->machines[0];
}

static void show(struct steps *steps, struct step *step)
{
	if (explain_wants_step(steps->ex, step->op_nr) && !steps->oom) {
		steps->show(steps->ex, step);
		steps->ex->nr_shown++;
	}
}

/* Operations that were not done on any machine. */
static void show_left_out(struct steps *steps, u32 up_to)
{
	while (steps->done < up_to) {
		u32 op_nr = explain_last_of(steps->ex, steps->done + 1);
		struct step step = { .op_nr = op_nr, .left_out = true };

		for (u32 i = 0; i < steps->nr; i++)
			step.machines[step.nr++] = (struct step_machine){
				.before = &steps->machines[i].before,
				.now = &steps->machines[i].before,
			};
		show(steps, &step);
		steps->done = op_nr;
	}
}

static const struct report *report_of(const struct steps *steps,
				      const struct step *step, u32 i)
{
	const struct replay_result *result = &steps->ex->result;
	const struct replay_config *config = &steps->ex->config;

	if (!result->diverged || result->op_nr != step->op_nr)
		return NULL;
	/* Where it is nobody's fault, the machine that came last is meant. */
	if (!config->pure || !*result->report.rmap)
		return &result->report;
	return strcmp(result->report.rmap, config->machine.rmaps[i]->name) ?
		       NULL :
		       &result->report;
}

static void show_pending(struct steps *steps)
{
	struct step *step = &steps->pending;

	if (!steps->is_pending)
		return;
	steps->is_pending = false;
	step->nr = 0;
	for (u32 i = 0; i < steps->nr; i++) {
		struct tracked *t = &steps->machines[i];

		if (t->fresh)
			step->machines[step->nr++] = (struct step_machine){
				.before = &t->before,
				.now = &t->now,
				.report = report_of(steps, step, i),
			};
	}
	show(steps, step);
	if (step->op_nr)
		steps->done = step->op_nr;
	for (u32 i = 0; i < steps->nr; i++) {
		struct tracked *t = &steps->machines[i];

		if (!t->fresh)
			continue;
		snap_free(&t->before);
		t->before = t->now;
		t->now = (struct snap){ 0 };
		t->fresh = false;
	}
}

static void look_at_step(struct steps *steps, u32 op_nr, int result,
			 struct machine *machine, bool diverged)
{
	struct tracked *t = tracked_of(steps, machine);
	bool at_end = !op_nr;

	mm_names_update(&t->names, machine);
	if (!at_end && op_nr < steps->first_needed)
		return;
	if (steps->is_pending && steps->pending.op_nr != op_nr)
		show_pending(steps);
	if (!steps->is_pending) {
		if (!at_end && steps->done < op_nr &&
		    op_nr > steps->first_needed)
			show_left_out(steps,
				      explain_first_of(steps->ex, op_nr) - 1);
		steps->pending = (struct step){
			.op_nr = op_nr,
			.result = result,
		};
		steps->is_pending = true;
	}
	steps->pending.diverged |= diverged;
	if (t->fresh)
		return;
	t->fresh = true;
	if (snap_take(&t->now, machine, &steps->ex->sc, &t->names) ||
	    t->names.oom)
		steps->oom = true;
}

static void steps_after_op(void *arg, u32 op_nr, int result,
			   struct machine *machine)
{
	const struct steps *steps = arg;

	/* Between operations of a group nothing is drawn. */
	if (explain_last_of(steps->ex, op_nr) == op_nr)
		look_at_step(arg, op_nr, result, machine, false);
}

static void steps_on_divergence(void *arg, u32 op_nr, int result,
				struct machine *machine)
{
	look_at_step(arg, op_nr, result, machine, true);
}

/* What a machine is before the first operation. */
static void look_at_start(struct steps *steps, u32 i)
{
	struct machine_config config = steps->ex->config.machine;
	struct tracked *t = &steps->machines[i];
	struct machine *machine;

	if (steps->ex->config.pure) {
		config.rmaps[0] = config.rmaps[i];
		config.nr_rmaps = 1;
	}
	machine = machine_create(&config);
	if (!machine) {
		steps->oom = true;
		return;
	}
	mm_names_update(&t->names, machine);
	if (snap_take(&t->before, machine, &steps->ex->sc, &t->names))
		steps->oom = true;
	machine_destroy(machine);
}

/* The operation from whose outcome on machines are looked at. */
static u32 first_needed(const struct explain *ex)
{
	u32 first = ex->last ? last_step(ex) : ex->step;

	if (first)
		first = explain_first_of(ex, first);

	/* Operations may be left out, and then it is one before those. */
	if (ex->config.pure || !first)
		return ex->last && !ex->config.pure && ex->sc.nr_ops ?
			       ex->sc.nr_ops :
			       1;
	return first > 1 ? first - 1 : 1;
}

static void replay_and_show(struct steps *steps)
{
	struct replay_config config = steps->ex->config;
	struct replay_result result;

	config.after_op = steps_after_op;
	config.on_divergence = steps_on_divergence;
	config.arg = steps;
	for (u32 i = 0; i < steps->nr; i++)
		look_at_start(steps, i);
	if (replay(&steps->ex->sc, &config, &result))
		steps->oom = true;
	show_pending(steps);
	if (!result.diverged && !result.unexpected)
		show_left_out(steps, steps->ex->sc.nr_ops);
}

int explain_steps(struct explain *ex,
		  void (*show_step)(struct explain *ex,
				    const struct step *step))
{
	struct steps steps = {
		.ex = ex,
		.show = show_step,
		.nr = ex->config.pure ? ex->config.machine.nr_rmaps : 1,
		.first_needed = first_needed(ex),
	};

	replay_and_show(&steps);
	for (u32 i = 0; i < steps.nr; i++) {
		snap_free(&steps.machines[i].before);
		snap_free(&steps.machines[i].now);
		mm_names_free(&steps.machines[i].names);
	}
	return steps.oom ? usage_error(ex->in.name, "out of memory") : 0;
}
