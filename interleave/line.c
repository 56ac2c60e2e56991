// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include "../model/scenario/parallel.h"
#include "line.h"

int line_make(struct scenario *line, const struct scenario *sc, u32 first,
	      u32 nr, const struct schedule *schedule)
{
	int err = scenario_init(line);

	if (!err)
		err = scenario_name_slots(line, sc->nr_procs);
	if (err)
		return err;
	line->base = sc->base;
	memcpy(line->names, sc->names, sc->nr_procs * sizeof(*sc->names));
	for (u32 i = 0; i < first + nr && !err; i++) {
		struct op op = sc->ops[i];

		op.flags &= (u8)~OP_HAS_EXPECTED;
		op.expected = 0;
		if (i == first)
			op.schedule = *schedule;
		err = scenario_add(line, &op);
	}
	return err;
}

/* The picture. */

struct picture {
	struct schedule_reader reader;
	const struct scenario *sc;
	const struct sched *sched; /* while the group runs */
	FILE *out;
	u32 nr; /* tasks */
	u32 last; /* who went on at the last choice */
	u32 shown[SCHED_TASKS_MAX]; /* where() each was when it was shown */
	bool begun;
	bool overtakes;
};

static u32 where(const struct sched_task *task)
{
	return task->state == TASK_READY ? task->at :
					   NR_SCHED_POINTS + task->state;
}

static void print_lanes(const struct picture *pic, u32 who)
{
	fprintf(pic->out, "  ");
	for (u32 i = 0; i < pic->nr; i++) {
		const struct sched_task *task = &pic->sched->tasks[i];
		bool done = task->state == TASK_DONE;
		char c = done ? ' ' : task->at == POINT_BEGIN ? '.' : '|';

		if (i == who)
			c = done ? 'x' : task->state == TASK_WAITS ? 'w' : 'o';
		fprintf(pic->out, "%c ", c);
	}
}

/* What @who has come to since it went on. */
static void print_step(struct picture *pic, u32 who)
{
	const struct sched_task *task = &pic->sched->tasks[who];

	print_lanes(pic, who);
	fprintf(pic->out, " %u ", who);
	pic->shown[who] = where(task);
	if (task->state == TASK_DONE)
		fprintf(pic->out, "has ended");
	else if (task->state == TASK_WAITS)
		fprintf(pic->out, "waits to %s %s",
			task->lock_write ? "write" : "read", task->lock_name);
	else
		fprintf(pic->out, "%s", sched_point_text(task->at));
	fprintf(pic->out, "%s\n",
		pic->overtakes ? "   <- went on, the other was left" : "");
	pic->overtakes = false;
}

static u32 line_choose(void *arg, struct sched *sched, u32 ready)
{
	struct picture *pic = arg;
	u32 next;

	pic->sched = sched;
	if (pic->begun)
		print_step(pic, pic->last);
	next = schedule_choose(&pic->reader, sched, ready);
	pic->overtakes = pic->begun && next != sched->current &&
			 ready >> sched->current & 1;
	pic->begun = true;
	pic->last = next;
	return next;
}

/* What came after the last choice: there each ran as far as it could. */
static void print_rest(struct picture *pic)
{
	u32 last = pic->sched->current;

	for (u32 i = 0; i < pic->nr; i++)
		if (i != last && pic->shown[i] != where(&pic->sched->tasks[i]))
			print_step(pic, i);
	print_step(pic, last);
}

static void on_end(void *arg, u32 op_nr, int result, struct machine *machine)
{
	struct picture *pic = arg;

	if (op_nr == pic->sc->nr_ops && pic->sched)
		print_rest(pic);
}

static void print_picture_head(const struct picture *pic, u32 first)
{
	char text[256];

	fprintf(pic->out, "  ");
	for (u32 i = 0; i < pic->nr; i++)
		fprintf(pic->out, "%u ", i);
	for (u32 i = 0; i < pic->nr; i++) {
		scenario_print_op(pic->sc, &pic->sc->ops[first + i], text,
				  sizeof(text));
		fprintf(pic->out, "%s %u: %s", i ? ";" : "", i, text);
	}
	fputc('\n', pic->out);
}

int line_picture(const struct scenario *line,
		 const struct machine_config *machine, FILE *out)
{
	struct picture pic = { .sc = line,
			       .out = out }; /* all at POINT_BEGIN */
	struct replay_config config = {
		.machine = *machine,
		.after_op = on_end,
		.on_divergence = on_end,
		.arg = &pic,
	};
	struct replay_result result;
	struct replay *rp = replay_start(line, &config, &result);
	u32 op_nr = 1;
	bool ok = true;

	if (!rp)
		return -ENOMEM;
	while (ok && replay_next(rp, op_nr) <= line->nr_ops) {
		u32 next = replay_next(rp, op_nr);

		ok = replay_step(rp, op_nr);
		op_nr = next;
	}
	pic.nr = line->nr_ops - op_nr + 1;
	pic.reader.schedule = &line->ops[op_nr - 1].schedule;
	config.choose = line_choose;
	config.choose_arg = &pic;
	print_picture_head(&pic, op_nr - 1);
	if (ok)
		replay_step(rp, op_nr);
	replay_stop(rp);
	return 0;
}
