/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A schedule of a group as a scenario, and as a picture.
 */
#ifndef RMAPDIFF_INTERLEAVE_LINE_H
#define RMAPDIFF_INTERLEAVE_LINE_H

#include <stdio.h>
#include "../model/scenario/replay.h"

/*
 * @sc up to its group of @nr operations at ops[first], under @schedule, without
 * asserted results, into @line, which is empty: scenario_free() is the caller's,
 * also after a failure.  0 or -ENOMEM.
 */
int line_make(struct scenario *line, const struct scenario *sc, u32 first,
	      u32 nr, const struct schedule *schedule);

/*
 * Replays such a scenario, and prints on @out, indented, who of its last group
 * went on when, to where.  0 or -ENOMEM.
 *
 *	0 1
 *	o .  0 a VMA is in the reverse map, not yet in its mm
 *	| o  1 a walk begins				<- overtakes 0
 *	| x  1 has ended
 *	x    0 has ended
 */
int line_picture(const struct scenario *line,
		 const struct machine_config *machine, FILE *out);

#endif
