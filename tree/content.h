/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What processes read, before and after an operation: no model asked.
 *
 * Each page holds what was written to it last, whoever shares it by now and
 * wherever it was moved.  So an operation's own pages must read as the system call
 * promises, and all others as before.
 */
#ifndef RMAPDIFF_TREE_CONTENT_H
#define RMAPDIFF_TREE_CONTENT_H

#include <linux/types.h>
#include "../model/base/types.h"
#include "../subject/dump.h"
#include "glue.h"

struct content_step {
	const struct dump *before;
	const struct dump *after;
	/* The last word of each page of a dump, as tree_look() has it. */
	const unsigned long long *tails_before;
	const unsigned long long *tails_after;
	const struct tree_op *op; /* what was done in between */
	int result; /* 0 or a positive errno */
	/*
	 * An allocation may have failed: an operation that failed may have been
	 * half done.
	 */
	bool half_done;
};

/* Return the entry of the process in @slot at page number @address, or NULL. */
const struct dump_page *content_find(const struct dump *dump, u32 slot,
				     u64 address);

/* False with the first page that reads otherwise in @why. */
bool content_check(const struct content_step *step, char why[TREE_WHY_MAX]);

#endif
