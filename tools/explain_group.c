// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: operations that run at the same time.  They are one step,
 * from the picture before their line to the one behind it.
 */
#include "explain.h"

u32 explain_first_of(const struct explain *ex, u32 op_nr)
{
	if (!op_nr || ex->config.pure)
		return op_nr;
	return scenario_group_first(&ex->sc, op_nr - 1) + 1;
}

u32 explain_last_of(const struct explain *ex, u32 op_nr)
{
	u32 first = explain_first_of(ex, op_nr);

	if (!op_nr || ex->config.pure)
		return op_nr;
	return first - 1 + scenario_group(&ex->sc, first - 1);
}

void explain_step_nr(const struct explain *ex, u32 op_nr,
		     char text[EXPLAIN_NR_MAX])
{
	u32 first = explain_first_of(ex, op_nr);
	u32 last = explain_last_of(ex, op_nr);

	if (first == last)
		snprintf(text, EXPLAIN_NR_MAX, "step %u", op_nr);
	else
		snprintf(text, EXPLAIN_NR_MAX, "steps %u-%u", first, last);
}

/* How many digits from @from on are the same. */
static u32 equal_digits(const struct schedule *schedule, u32 from)
{
	u32 end = from;

	while (end < schedule->nr &&
	       schedule_digit(schedule, end) == schedule_digit(schedule, from))
		end++;
	return end - from;
}

/* "0 mremap, 1 walk" */
static void add_who(const struct op *ops, u32 nr, struct text *text)
{
	for (u32 i = 0; i < nr; i++)
		text_add(text, "%s%u" NO_BREAK "%s", i ? ", " : "", i,
			 op_infos[ops[i].kind].name);
}

void explain_schedule(const struct explain *ex, u32 op_nr, struct lines *lines)
{
	u32 first = explain_first_of(ex, op_nr);
	u32 nr = explain_last_of(ex, op_nr) - first + 1;
	const struct op *ops;
	struct text text = { 0 };

	if (nr < 2)
		return;
	ops = &ex->sc.ops[first - 1];
	add_who(ops, nr, &text);
	lines_add(lines, LINE_NOTE, "   at the same time: %s",
		  text_string(&text));
	lines->oom |= text.oom;
	text_clear(&text);
	for (u32 i = 0; i < ops->schedule.nr;) {
		u32 run = equal_digits(&ops->schedule, i);

		text_add(&text, "%s%u", i ? ", " : "",
			 schedule_digit(&ops->schedule, i));
		if (run > 1)
			text_add(&text, NO_BREAK "x" NO_BREAK "%u", run);
		i += run;
	}
	if (ops->schedule.nr)
		lines_add(lines, LINE_NOTE,
			  "   who gets on, from point to point: %s; then who "
			  "runs goes on",
			  text_string(&text));
	else
		lines_add(lines, LINE_NOTE,
			  "   no schedule: one after the other, as far as "
			  "nobody waits");
	lines->oom |= text.oom;
	text_free(&text);
}
