/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scenario: the operations that everything here is fed with and comes out as.
 *
 * Processes are slots.  A scenario starts with slot 0 alive, called A.  In the
 * text, processes have names; each name gets a slot when it first appears.  In
 * the bytes they have none, and slot N is called A ... Z, A1, B1 ... Z1, A2 ...
 */
#ifndef RMAPDIFF_SCENARIO_SCENARIO_H
#define RMAPDIFF_SCENARIO_SCENARIO_H

#include <stdio.h>
#include "op.h"

#define SCENARIO_BASE_DEFAULT 0x7f0000000ULL /* page number */
#define SCENARIO_PAGE_MAX ((1ULL << 36) - 1) /* of PAGE and LEN, in text */
#define SCENARIO_TOUCH_MAX (1ULL << 20) /* of LEN of read and write */
#define SCENARIO_OPS_MAX (1U << 24)
#define SCENARIO_PROCS_MAX (1U << 16)
#define SCENARIO_NAME_MAX 31 /* letters of a process name */

/* What bytes can express. */
#define BYTES_PER_OP 8
#define BYTES_WINDOW 256 /* pages */
#define BYTES_PROCS_MAX 32 /* alive at once */

struct scenario {
	u64 base; /* page number of PAGE 0 */
	struct op *ops;
	u32 nr_ops;
	u32 cap_ops;
	char (*names)[SCENARIO_NAME_MAX + 1]; /* by slot */
	u32 nr_procs; /* slots used */
	u32 cap_procs;
};

/* Where bad input was, what was found, what was expected. */
struct scenario_error {
	u32 line; /* from 1; 0: the file as a whole */
	u32 column; /* from 1 */
	/* Of scenario_encode(), which has no text: what of the line it was. */
	u32 in_line; /* operation of the line, from 0 */
	enum op_field field; /* FIELD_END: the operation itself */
	char text[224]; /* one line, printable; room for all operations */
};

/* In place of a field: the asserted result. */
#define SCENARIO_ERROR_RESULT NR_OP_FIELDS

/* An empty scenario, process A alive. 0 or -ENOMEM. */
int scenario_init(struct scenario *sc);
void scenario_free(struct scenario *sc);

/* Appends a copy of @op.  0 or -ENOMEM (also past SCENARIO_OPS_MAX). */
int scenario_add(struct scenario *sc, const struct op *op);

/*
 * Makes slots [0, nr) exist; new ones get the names they have in bytes.  0 or
 * -ENOMEM (also past SCENARIO_PROCS_MAX).
 */
int scenario_name_slots(struct scenario *sc, u32 nr);

/* The name that slot @slot has in bytes, into @name. */
void scenario_canonical_name(u32 slot, char name[SCENARIO_NAME_MAX + 1]);

/*
 * scenario_parse(), scenario_decode() and scenario_generate() fill a scenario
 * that scenario_init() made and nothing was added to.  After a failure it holds
 * some part of the whole and is still the caller's to free.
 */

/*
 * Text -> scenario.  @text need not end with NUL and may hold anything.  0,
 * -EINVAL with @err filled in, or -ENOMEM.
 */
int scenario_parse(struct scenario *sc, const char *text, size_t len,
		   struct scenario_error *err);

/*
 * Drops what makes operations run at the same time, and schedules: they run one
 * after the other then, as a group also may; the exits among them last, so that
 * those who are named still live.  Results that were asserted in a group, or
 * behind one, need not come then: they go too.
 */
void scenario_sequential(struct scenario *sc);

/* How many operations are in the group that sc->ops[i] begins: 1 if no other. */
u32 scenario_group(const struct scenario *sc, u32 i);

/* The operation that begins the group that sc->ops[i] is in. */
u32 scenario_group_first(const struct scenario *sc, u32 i);

/* One operation as text, without || and newline; at most @size bytes with NUL. */
void scenario_print_op(const struct scenario *sc, const struct op *op,
		       char *buf, size_t size);

/* A schedule as text: "@0110". */
#define SCHEDULE_TEXT_MAX (SCHEDULE_MAX + 2)
void scenario_print_schedule(const struct schedule *schedule,
			     char buf[SCHEDULE_TEXT_MAX]);

/* The whole as text, that scenario_parse() takes. */
void scenario_print(const struct scenario *sc, FILE *out);

/* Bytes -> scenario: never refuses; a short tail is ignored.  0 or -ENOMEM. */
int scenario_decode(struct scenario *sc, const u8 *bytes, size_t len);

/*
 * Scenario -> bytes, BYTES_PER_OP an op, into a buffer that the caller frees.
 * -EINVAL with @err for what bytes cannot express, 0, or -ENOMEM.
 */
int scenario_encode(const struct scenario *sc, u8 **bytes, size_t *len,
		    struct scenario_error *err);

/*
 * The column, from 1, at which @text, which the scenario was parsed from, has
 * what scenario_encode() refused with @err; err->column if it has not.
 */
u32 scenario_error_column(const char *text, size_t len,
			  const struct scenario_error *err);

/*
 * Makes @sc what bytes can express as far as that loses nothing but names and
 * asserted results: drops results, renames processes, moves the base.
 */
int scenario_strip(struct scenario *sc);

/* Are these bytes text?  No control character but white space: yes. */
bool scenario_is_text(const u8 *bytes, size_t len);

struct scenario_gen {
	u64 seed;
	u32 ops; /* how many */
	u32 procs; /* alive at once, at most; 1 .. BYTES_PROCS_MAX */
	u32 pages; /* window, 1 .. BYTES_WINDOW */
	bool failalloc; /* with failing allocations among them */
	bool parallel; /* with operations at the same time, and walkers */
};

/* A random scenario: the same @gen, the same scenario.  0 or -ENOMEM. */
int scenario_generate(struct scenario *sc, const struct scenario_gen *gen);

#endif
