// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cause of a divergence, found by replaying without it.
 *
 * Most scenarios that a minimizer tries show nothing, or something else.  Only
 * those that look right so far are asked for their cause, so this costs little.
 */
#include <errno.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "cause.h"

/* Bugs first, then fixes. */
#define NR_SWITCHES (NR_BUGS + NR_FIXES)

static bool has_fixes(const struct machine_config *config)
{
	for (u32 i = 0; i < config->nr_rmaps; i++)
		if (config->rmaps[i] == &cow_poc_rmap_ops)
			return true;
	return false;
}

/* Turns switch @i of @config so that a fault less is in; false: it is so. */
static bool take_fault_out(struct machine_config *config, u32 i)
{
	bool *flag = i < NR_BUGS ? &config->bugs.on[i] :
				   &config->bugs.fixed[i - NR_BUGS];
	bool sound = i >= NR_BUGS;

	if (*flag == sound || (i >= NR_BUGS && !has_fixes(config)))
		return false;
	*flag = sound;
	return true;
}

static bool is_cured_by(const struct cause *cause, u32 i)
{
	return i < NR_BUGS ? cause->cured_by.on[i] :
			     cause->cured_by.fixed[i - NR_BUGS];
}

/* Is @ending gone with switch @i turned?  1, 0 or a negative errno. */
static int cures(const struct scenario *sc, const struct cause_config *config,
		 const struct ending *ending, u32 i, u64 *replays)
{
	struct replay_config replay = *config->replays->replay;
	struct ending_config turned = *config->replays;
	struct ending now;
	int err;

	if (!take_fault_out(&replay.machine, i))
		return 0;
	if (config->stop && config->stop())
		return -EINTR;
	turned.replay = &replay;
	++*replays;
	if (config->apart) {
		err = ending_apart(sc, &turned, &now);
	} else {
		ending_limit_time(turned.limit_ms);
		err = ending_here(sc, &turned, &now);
	}
	return err ? err : !ending_same(&now, ending, ENDING_KEEP_FAULT);
}

int cause_find(const struct scenario *sc, const struct cause_config *config,
	       const struct ending *ending, struct cause *cause)
{
	memset(cause, 0, sizeof(*cause));
	for (u32 i = 0; i < NR_SWITCHES && ending->how == ENDING_DIVERGED;
	     i++) {
		int cured = cures(sc, config, ending, i, &cause->replays);

		if (cured < 0)
			return cured;
		if (i < NR_BUGS)
			cause->cured_by.on[i] = cured;
		else
			cause->cured_by.fixed[i - NR_BUGS] = cured;
	}
	return 0;
}

int cause_is(const struct scenario *sc, const struct cause_config *config,
	     const struct ending *ending, const struct cause *cause,
	     u64 *replays)
{
	/* What cures @cause first: it is few, and tells most. */
	for (u32 pass = 0; pass < 2; pass++)
		for (u32 i = 0; i < NR_SWITCHES; i++) {
			bool wanted = is_cured_by(cause, i);
			int cured;

			if (ending->how != ENDING_DIVERGED)
				return 1;
			if (wanted != !pass)
				continue;
			cured = cures(sc, config, ending, i, replays);
			if (cured < 0 || cured != wanted)
				return cured < 0 ? cured : 0;
		}
	return 1;
}

void cause_print(const struct cause *cause, FILE *out)
{
	const char *between = ", gone ";

	for (u32 i = 0; i < NR_BUGS; i++) {
		if (!cause->cured_by.on[i])
			continue;
		fprintf(out, "%swithout --bug %s", between,
			bug_name((enum bug)i));
		between = " or ";
	}
	for (u32 i = 0; i < NR_FIXES; i++) {
		if (!cause->cured_by.fixed[i])
			continue;
		fprintf(out, "%swith --fix %s", between, fix_name((enum fix)i));
		between = " or ";
	}
}
