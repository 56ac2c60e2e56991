// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minimizing: passes over what runs at the same time, and in which order.
 */
#include <string.h>
#include "minimizer.h"

/* How a line of several operations may be made two lines. */
enum parting {
	PART_BEFORE, /* one of them goes before the others */
	PART_BEHIND,
	PART_THERE, /* it, and those that follow */
	NR_PARTINGS,
};

/* Operation @first + @i, of the @nr on its line, is taken out of it. */
static bool try_parting(struct minimizer *min, u32 first, u32 nr, u32 i,
			enum parting parting)
{
	struct op *ops = &candidate_begin(min)[first];
	struct op op = ops[i];

	if (parting == PART_THERE) {
		for (; i < nr; i++)
			ops[i].line |= TAG_PART;
		return candidate_try(min);
	}
	op.line = 0;
	if (parting == PART_BEFORE) {
		memmove(&ops[1], &ops[0], i * sizeof(*ops));
		ops[0] = op;
	} else {
		memmove(&ops[i], &ops[i + 1], (nr - 1 - i) * sizeof(*ops));
		ops[nr - 1] = op;
	}
	return candidate_try(min);
}

static bool part_group(struct minimizer *min, u32 first)
{
	u32 nr = scenario_group(min->best, first);

	for (u32 parting = 0; nr > 1 && parting < NR_PARTINGS; parting++)
		for (u32 i = 0; i < nr && !is_over(min); i++)
			if (try_parting(min, first, nr, i,
					(enum parting)parting))
				return true;
	return false;
}

/* What need not run at the same time as others. */
bool part_groups(struct minimizer *min)
{
	bool found = false;
	u32 first = 0;

	/* Each time one is parted there is less that runs at the same time. */
	while (first < min->best->nr_ops && !is_over(min)) {
		if (part_group(min, first))
			found = true;
		else
			first += scenario_group(min->best, first);
	}
	return found;
}

/* @schedule without digits @from to @from + @nr - 1. */
static struct schedule without(const struct schedule *schedule, u32 from,
			       u32 nr)
{
	struct schedule less = { .nr = 0 };

	for (u32 i = 0; i < schedule->nr; i++)
		if (i < from || i >= from + nr)
			schedule_add(&less, schedule_digit(schedule, i));
	return less;
}

static struct schedule with_digit(const struct schedule *schedule, u32 at,
				  u32 digit)
{
	struct schedule other = { .nr = 0 };

	for (u32 i = 0; i < schedule->nr; i++)
		schedule_add(&other,
			     i == at ? digit : schedule_digit(schedule, i));
	return other;
}

static bool try_schedule(struct minimizer *min, u32 first,
			 const struct schedule *schedule)
{
	candidate_begin(min)[first].schedule = *schedule;
	return candidate_try(min);
}

/* @nr digits at a time, from the end: what stands there hangs on the rest. */
static bool drop_digits(struct minimizer *min, u32 first, u32 nr)
{
	bool found = false;
	u32 end = min->best->ops[first].schedule.nr;

	while (end && !is_over(min) && first < min->best->nr_ops) {
		const struct schedule *now = &min->best->ops[first].schedule;
		u32 from = end > nr ? end - nr : 0;
		struct schedule less = without(now, from, end - from);

		found |= try_schedule(min, first, &less);
		end = from;
	}
	return found;
}

static bool lower_digits(struct minimizer *min, u32 first)
{
	bool found = false;

	for (u32 i = 0;
	     first < min->best->nr_ops && i < min->best->ops[first].schedule.nr;
	     i++) {
		const struct schedule *now = &min->best->ops[first].schedule;
		u32 digit = schedule_digit(now, i);

		for (u32 lower = 0; lower < digit && !is_over(min); lower++) {
			struct schedule other = with_digit(now, i, lower);

			if (!try_schedule(min, first, &other))
				continue;
			found = true;
			break;
		}
	}
	return found;
}

/* Two neighbours change places, the lower one first: switches go nearer to the end. */
static bool swap_digits(struct minimizer *min, u32 first)
{
	bool found = false;

	for (u32 i = 1; first < min->best->nr_ops &&
			i < min->best->ops[first].schedule.nr && !is_over(min);
	     i++) {
		const struct schedule *now = &min->best->ops[first].schedule;
		u32 a = schedule_digit(now, i - 1);
		u32 b = schedule_digit(now, i);
		struct schedule other = with_digit(now, i - 1, b);

		if (a <= b)
			continue;
		other = with_digit(&other, i, a);
		found |= try_schedule(min, first, &other);
	}
	return found;
}

bool shorten_schedules(struct minimizer *min)
{
	bool found = false;

	for (u32 first = 0; first < min->best->nr_ops && !is_over(min);
	     first += scenario_group(min->best, first)) {
		u32 nr = min->best->ops[first].schedule.nr;

		if (!nr)
			continue;
		for (; nr && first < min->best->nr_ops; nr /= 2)
			found |= drop_digits(min, first, nr);
		found |= lower_digits(min, first);
		found |= swap_digits(min, first);
	}
	return found;
}
