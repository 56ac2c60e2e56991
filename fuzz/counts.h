/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What many processes of one run did, added up.  libFuzzer's fork mode and AFL++
 * have each input executed by some process that may be killed at any moment and
 * prints nothing that anybody reads.  So each adds to one file that all map, and
 * what was counted stays whatever becomes of who counted.
 */
#ifndef RMAPDIFF_FUZZ_COUNTS_H
#define RMAPDIFF_FUZZ_COUNTS_H

#include "../model/base/types.h"

/* In the order in which they stand in the file, eight bytes each. */
enum fuzz_count {
	COUNT_INPUTS,
	COUNT_OPS,
	COUNT_WALKS,
	COUNT_DIVERGENCES,
	NR_FUZZ_COUNTS,
};

/*
 * Maps the file that RMAPDIFF_FUZZ_COUNTS names, and makes it if there is none.
 * Whether the variable is set; a file that cannot be had ends the process, since
 * what it did would go unseen.
 */
bool fuzz_counts_share(void);

/* Adds to the file, if there is one; safe in any number of processes. */
void fuzz_counts_add(enum fuzz_count count, u64 nr);

#endif
