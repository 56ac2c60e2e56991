/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of `rmapdiff interleave` share.
 */
#ifndef RMAPDIFF_TOOLS_INTERLEAVE_H
#define RMAPDIFF_TOOLS_INTERLEAVE_H

#include "../interleave/each.h"
#include "../interleave/line.h"

/* A failure, and where it was. */
struct interleave_failure {
	enum divergence_kind kind;
	char text[DIVERGENCE_TEXT_MAX + 64];
	enum op_kind ops[2]; /* of --each */
	u32 preemptions;
	struct explored_left left[EXPLORE_LEFT_MAX];
	u32 nr_left;
	u64 times; /* pairs that fail so */
	char file[256]; /* its first one, cut if need be */
	struct scenario line; /* the shortest */
};

#define INTERLEAVE_FAILURES_MAX 1024

/* Those of one reverse map. */
struct interleave_failures {
	struct interleave_failure *all;
	u32 nr;
	u32 cap;
	bool more; /* than fit */
};

/*
 * Notes that sc->ops[first] and the next fail; the shortest of each sort stays.
 * 0 or -ENOMEM.
 */
int failures_add(struct interleave_failures *failures,
		 const struct scenario *sc, u32 first,
		 const struct explored *explored, const char *file);
void failures_free(struct interleave_failures *failures);

/* By kind, operations, and how often. */
void failures_sort(struct interleave_failures *failures);

/* "move: pages, walk: begins"; where tasks were left. */
void failure_print_points(const struct explored_left *left, u32 nr, FILE *out);

#endif
