/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kinds of divergence, and where a check puts the one it finds.
 */
#ifndef RMAPDIFF_BASE_DIVERGENCE_H
#define RMAPDIFF_BASE_DIVERGENCE_H

#include "types.h"

enum divergence_kind {
	DIVERGENCE_NONE,
	DIVERGENCE_MISS, /* a walk did not reach a mapping */
	DIVERGENCE_DUPLICATE, /* it reached one twice */
	DIVERGENCE_STRAY, /* it handed over what no live mm has */
	DIVERGENCE_REFCOUNT, /* a count differs from one made from scratch */
	DIVERGENCE_INVARIANT, /* a structure contradicts itself or the VMAs */
	DIVERGENCE_STATE, /* a failed operation changed something */
	DIVERGENCE_LEAK, /* objects left when the last process is gone */
	DIVERGENCE_CONTENT, /* a page reads differently on another machine */
	DIVERGENCE_RACE, /* what is being looked at was freed or changed */
	DIVERGENCE_DEADLOCK, /* operations wait for each other, or for ever */
	NR_DIVERGENCE_KINDS,
};

/* The kind's name, as it stands in reports; static. */
const char *divergence_kind_name(enum divergence_kind kind);

#define DIVERGENCE_TEXT_MAX 192

/* What one reverse map says of itself: the first fault found is kept. */
struct divergence {
	enum divergence_kind kind;
	int sign; /* of a count: 1 too high, -1 too low; 0: not of a count */
	char text[DIVERGENCE_TEXT_MAX]; /* one line, no newline */
};

/* Notes a fault unless one is noted already. */
void divergence_set(struct divergence *div, enum divergence_kind kind,
		    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same for a reference count that is @is and should be @expected. */
void divergence_set_count(struct divergence *div, u64 is, u64 expected,
			  const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
