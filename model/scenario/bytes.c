// SPDX-License-Identifier: GPL-2.0-only
/*
 * The byte code: BYTES_PER_OP bytes an operation, every value valid.
 *
 *	  0     1     2     3     4     5     6     7
 *	+-----+-----+-----+-----+-----+-----+-----+-----+
 *	| op  |proc |page | len |arg0 |arg1 |arg2 |flags|
 *	+-----+-----+-----+-----+-----+-----+-----+-----+
 *
 * What is an index (operation, process, protection, advice, file) is taken
 * modulo how many there are; bytes that an operation has no field for are not
 * looked at, and written as 0.  docs/SCENARIOS.md has the table.
 *
 * Behind the operations of a group, its schedule: as many records as it takes,
 * byte 0 being KIND_SCHEDULE.
 *
 *	+-----+-----+-----+-----+-----+-----+-----+-----+
 *	|  15 |count|     24 digits of two bits         |
 *	+-----+-----+-----+-----+-----+-----+-----+-----+
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../mm/mm.h"
#include "live.h"
#include "scenario.h"

enum record_byte {
	BYTE_OP,
	BYTE_PROC,
	BYTE_PAGE,
	BYTE_LEN,
	BYTE_ARG0,
	BYTE_ARG1,
	BYTE_ARG2,
	BYTE_FLAGS,
};

/* BYTE_FLAGS */
#define FLAG_HAS_OPTION 0x1 /* file= of mmap, to= of mremap */
#define FLAG_DONTUNMAP 0x2
#define FLAG_PARALLEL 0x4 /* at the same time as the record before */

/* BYTE_OP */
#define KIND_SCHEDULE NR_OPS
#define NR_KINDS (NR_OPS + 1)

/* Of a schedule record: how many digits; where they begin. */
#define BYTE_COUNT 1
#define BYTE_DIGITS 2
#define DIGITS_PER_RECORD 24

static void decode_field(struct op *op, enum op_field field, const u8 *record)
{
	switch (field) {
	case FIELD_PAGE:
		op->page = record[BYTE_PAGE];
		break;
	case FIELD_LEN:
	case FIELD_OLD:
	case FIELD_NTH:
		op->len = record[BYTE_LEN];
		break;
	case FIELD_LEN_OPTIONAL:
		op->len = record[BYTE_LEN] + 1U; /* not 0 in the text either */
		break;
	case FIELD_NEW:
		op->new_len = record[BYTE_ARG0];
		break;
	case FIELD_PROT:
		op->prot = record[BYTE_ARG0] % NR_OP_PROTS;
		break;
	case FIELD_ADVICE:
		op->advice = record[BYTE_ARG0] % NR_ADVICE;
		break;
	case FIELD_FILE:
		if (!(record[BYTE_FLAGS] & FLAG_HAS_OPTION))
			break;
		op->flags |= OP_HAS_FILE;
		op->file = record[BYTE_ARG1] % NR_FILES;
		op->off = record[BYTE_ARG2];
		break;
	case FIELD_TO:
		if (!(record[BYTE_FLAGS] & FLAG_HAS_OPTION))
			break;
		op->flags |= OP_HAS_TO;
		op->to = record[BYTE_ARG1];
		break;
	case FIELD_DONTUNMAP:
		if (record[BYTE_FLAGS] & FLAG_DONTUNMAP)
			op->flags |= OP_DONTUNMAP;
		break;
	default: /* processes: need to know who is alive */
		break;
	}
}

struct decoder {
	struct scenario *sc;
	struct live live;
	u32 first; /* operation of the last line */
};

/* Who does it, and the child; false: there is no room for it, or nobody. */
static bool decode_procs(struct decoder *de, struct op *op, const u8 *record)
{
	enum op_kind kind = (enum op_kind)op->kind;
	bool joins = op->flags & OP_PARALLEL;
	bool has_proc = op_takes(kind, FIELD_PROC);
	struct live *live = &de->live;

	if (joins)
		live_rewind(live);
	if (has_proc && live->nr)
		op->proc = live_nth(live, record[BYTE_PROC] % live->nr);
	has_proc = !has_proc || live->nr;
	if (joins)
		live_forward(live);
	if (!op_takes(kind, FIELD_CHILD))
		return has_proc;
	op->child = live_child_slot(live, joins);
	return has_proc && live_nr_taken(live, joins) < BYTES_PROCS_MAX;
}

static int decode_op(struct decoder *de, enum op_kind kind, bool joins,
		     const u8 *record)
{
	struct op op;
	int err;

	memset(&op, 0, sizeof(op));
	op.kind = (u8)kind;
	op.flags = joins ? OP_PARALLEL : 0;
	if (!decode_procs(de, &op, record))
		return 0;
	/* What cannot join the line begins one. */
	if (joins && live_clash(&de->live, &op) != LIVE_FITS)
		return decode_op(de, kind, false, record);
	if (op_takes(kind, FIELD_CHILD)) {
		err = scenario_name_slots(de->sc, op.child + 1);
		if (err)
			return err;
	}
	for (u32 i = 0; i < OP_FIELDS_MAX; i++)
		decode_field(&op, op_infos[kind].fields[i], record);
	if (!joins)
		de->first = de->sc->nr_ops;
	live_apply(&de->live, &op);
	return scenario_add(de->sc, &op);
}

/* Digits for the group just before; where there is none, it stands for nothing. */
static void decode_schedule(struct decoder *de, const u8 *record)
{
	struct scenario *sc = de->sc;
	u32 nr = sc->nr_ops - de->first;
	u32 nr_digits = record[BYTE_COUNT] % (DIGITS_PER_RECORD + 1);

	if (nr < 2)
		return;
	/* What would join the group now would change what the digits mean. */
	live_end_line(&de->live);
	for (u32 i = 0; i < nr_digits; i++) {
		u32 digit = record[BYTE_DIGITS + i / 4] >> (i % 4 * 2) & 3;

		schedule_add(&sc->ops[de->first].schedule, digit % nr);
	}
}

static int decode_record(struct decoder *de, const u8 *record)
{
	u32 kind = record[BYTE_OP] % NR_KINDS;

	if (kind == KIND_SCHEDULE) {
		decode_schedule(de, record);
		return 0;
	}
	return decode_op(de, (enum op_kind)kind,
			 record[BYTE_FLAGS] & FLAG_PARALLEL && de->live.nr_line,
			 record);
}

int scenario_decode(struct scenario *sc, const u8 *bytes, size_t len)
{
	struct decoder de = { .sc = sc };

	live_init(&de.live);
	for (; len >= BYTES_PER_OP;
	     bytes += BYTES_PER_OP, len -= BYTES_PER_OP) {
		int err = decode_record(&de, bytes);

		if (err)
			return err;
	}
	return 0;
}

struct encoder {
	const struct scenario *sc;
	const struct op *op;
	enum op_field field; /* that is being encoded; FIELD_END: none */
	struct live live;
	struct scenario_error *err;
};

__attribute__((format(printf, 2, 3))) static int
reject(const struct encoder *en, const char *fmt, ...)
{
	struct scenario_error *err = en->err;
	size_t used = 0;
	va_list args;

	err->line = en->op ? en->op->line : 0;
	err->column = err->line ? 1 : 0;
	err->field = en->field;
	if (en->op) {
		u32 i = (u32)(en->op - en->sc->ops);

		err->in_line = i - scenario_group_first(en->sc, i);
	}
	/* Operations that were not read from a text have no line. */
	if (en->op && !err->line)
		used = (size_t)snprintf(
			err->text, sizeof(err->text),
			"operation %zu: ", (size_t)(en->op - en->sc->ops) + 1);
	va_start(args, fmt);
	vsnprintf(err->text + used, sizeof(err->text) - used, fmt, args);
	va_end(args);
	return -EINVAL;
}

static const char *encoder_name(const struct encoder *en, u32 slot)
{
	return slot < en->sc->nr_procs ? en->sc->names[slot] : "?";
}

static int encode_number(const struct encoder *en, const char *what, u64 number,
			 u64 min, u8 *byte)
{
	if (number < min || number - min > UINT8_MAX)
		return reject(en, "bytes hold %s from %llu to %llu, not %llu",
			      what, (unsigned long long)min,
			      (unsigned long long)min + UINT8_MAX,
			      (unsigned long long)number);
	*byte = (u8)(number - min);
	return 0;
}

static int encode_file(const struct encoder *en, u8 *record)
{
	const struct op *op = en->op;

	if (!(op->flags & OP_HAS_FILE))
		return 0;
	record[BYTE_FLAGS] |= FLAG_HAS_OPTION;
	record[BYTE_ARG1] = op->file;
	return encode_number(en, "OFF", op->off, 0, &record[BYTE_ARG2]);
}

static int encode_to(const struct encoder *en, u8 *record)
{
	if (!(en->op->flags & OP_HAS_TO))
		return 0;
	record[BYTE_FLAGS] |= FLAG_HAS_OPTION;
	return encode_number(en, "to=PAGE", en->op->to, 0, &record[BYTE_ARG1]);
}

/*
 * The process is written as its rank among those who were alive when the line
 * began.
 */
static int encode_proc(struct encoder *en, u8 *record)
{
	const struct op *op = en->op;
	bool joins = op->flags & OP_PARALLEL;

	if (live_clash(&en->live, op) == LIVE_DEAD)
		return reject(en, "process '%s' is not alive here",
			      encoder_name(en, op->proc));
	if (joins)
		live_rewind(&en->live);
	record[BYTE_PROC] = (u8)live_rank(&en->live, op->proc);
	if (joins)
		live_forward(&en->live);
	return 0;
}

/* The child is not written: it is the first free slot, by its own name. */
static int check_child(struct encoder *en)
{
	const struct op *op = en->op;
	bool joins = op->flags & OP_PARALLEL;
	char expected[SCENARIO_NAME_MAX + 1];

	if (live_has(&en->live, op->child))
		return reject(en, "process '%s' is alive here already",
			      encoder_name(en, op->child));
	if (live_nr_taken(&en->live, joins) >= BYTES_PROCS_MAX)
		return reject(en, "bytes hold at most %d living processes",
			      BYTES_PROCS_MAX);
	scenario_canonical_name(live_child_slot(&en->live, joins), expected);
	if (strcmp(expected, encoder_name(en, op->child)))
		return reject(en, "process '%s' would be called '%s' by bytes",
			      encoder_name(en, op->child), expected);
	return 0;
}

static int encode_field(struct encoder *en, enum op_field field, u8 *record)
{
	const struct op *op = en->op;

	switch (field) {
	case FIELD_PROC:
		return encode_proc(en, record);
	case FIELD_CHILD:
		return check_child(en);
	case FIELD_PAGE:
		return encode_number(en, "PAGE", op->page, 0,
				     &record[BYTE_PAGE]);
	case FIELD_LEN:
		return encode_number(en, "LEN", op->len, 0, &record[BYTE_LEN]);
	case FIELD_OLD:
		return encode_number(en, "OLD", op->len, 0, &record[BYTE_LEN]);
	case FIELD_LEN_OPTIONAL:
		return encode_number(en, "LEN", op->len, 1, &record[BYTE_LEN]);
	case FIELD_NTH:
		return encode_number(en, "N", op->len, 0, &record[BYTE_LEN]);
	case FIELD_NEW:
		return encode_number(en, "NEW", op->new_len, 0,
				     &record[BYTE_ARG0]);
	case FIELD_PROT:
		record[BYTE_ARG0] = op->prot;
		return 0;
	case FIELD_ADVICE:
		record[BYTE_ARG0] = op->advice;
		return 0;
	case FIELD_FILE:
		return encode_file(en, record);
	case FIELD_TO:
		return encode_to(en, record);
	case FIELD_DONTUNMAP:
		if (op->flags & OP_DONTUNMAP)
			record[BYTE_FLAGS] |= FLAG_DONTUNMAP;
		return 0;
	default:
		return 0;
	}
}

/* What a text cannot say either: put together by hand. */
static int check_together(const struct encoder *en)
{
	switch (live_clash(&en->live, en->op)) {
	case LIVE_ENDED:
		return reject(en,
			      "process '%s' exits or execs at the same "
			      "time already",
			      encoder_name(en, en->op->proc));
	case LIVE_ALONE:
		return reject(en, "it cannot run at the same time as what is "
				  "before it");
	case LIVE_LINE_FULL:
		return reject(en, "at most %d run at the same time",
			      PARALLEL_MAX);
	default: /* processes: where they are encoded */
		return 0;
	}
}

static int encode_op(struct encoder *en, u8 *record)
{
	const struct op_info *info = &op_infos[en->op->kind];
	int err;

	en->field = FIELD_END;
	err = check_together(en);
	if (err)
		return err;
	en->field = SCENARIO_ERROR_RESULT;
	if (en->op->flags & OP_HAS_EXPECTED)
		return reject(en, "bytes hold no asserted result");
	record[BYTE_OP] = en->op->kind;
	if (en->op->flags & OP_PARALLEL)
		record[BYTE_FLAGS] |= FLAG_PARALLEL;
	for (u32 i = 0; i < OP_FIELDS_MAX; i++) {
		en->field = info->fields[i];
		err = encode_field(en, en->field, record);
		if (err)
			return err;
	}
	live_apply(&en->live, en->op);
	return 0;
}

static u32 nr_schedule_records(const struct schedule *schedule)
{
	return (schedule->nr + DIGITS_PER_RECORD - 1) / DIGITS_PER_RECORD;
}

/* @record: nr_schedule_records() of them, zero. */
static void encode_schedule(const struct schedule *schedule, u8 *record)
{
	for (u32 i = 0; i < schedule->nr; i++) {
		u32 at = i % DIGITS_PER_RECORD;

		if (i && !at)
			record += BYTES_PER_OP;
		record[BYTE_OP] = KIND_SCHEDULE;
		record[BYTE_COUNT] = (u8)(at + 1);
		record[BYTE_DIGITS + at / 4] |=
			(u8)(schedule_digit(schedule, i) << (at % 4 * 2));
	}
}

/* Operations @first on, @nr of them, which are one line; @bytes moves on. */
static int encode_line(struct encoder *en, u32 first, u32 nr, u8 **bytes)
{
	const struct schedule *schedule = &en->sc->ops[first].schedule;

	for (u32 i = 0; i < nr; i++, *bytes += BYTES_PER_OP) {
		int err;

		en->op = &en->sc->ops[first + i];
		err = encode_op(en, *bytes);
		if (err)
			return err;
	}
	if (nr < 2)
		return 0;
	encode_schedule(schedule, *bytes);
	*bytes += nr_schedule_records(schedule) * BYTES_PER_OP;
	return 0;
}

static int encode_ops(struct encoder *en, u8 *bytes)
{
	const struct scenario *sc = en->sc;
	u32 nr;

	if (sc->base != SCENARIO_BASE_DEFAULT)
		return reject(
			en,
			"bytes hold no base (0x%llx): expected the default, 0x%llx",
			(unsigned long long)sc->base, SCENARIO_BASE_DEFAULT);
	if (sc->nr_procs && strcmp(sc->names[0], "A"))
		return reject(en, "process '%s' would be called 'A' by bytes",
			      sc->names[0]);
	for (u32 i = 0; i < sc->nr_ops; i += nr) {
		int err;

		nr = scenario_group(sc, i);
		err = encode_line(en, i, nr, &bytes);
		if (err)
			return err;
	}
	return 0;
}

/* A schedule that is no group's, put there by hand, is not written. */
static size_t records_of(const struct scenario *sc)
{
	size_t nr = sc->nr_ops;

	for (u32 i = 0; i < sc->nr_ops; i += scenario_group(sc, i))
		if (scenario_group(sc, i) > 1)
			nr += nr_schedule_records(&sc->ops[i].schedule);
	return nr;
}

int scenario_encode(const struct scenario *sc, u8 **bytes, size_t *len,
		    struct scenario_error *err)
{
	struct encoder en = { .sc = sc, .err = err };
	/* One byte at least, so that NULL is out of memory and nothing else. */
	size_t nr = records_of(sc);
	u8 *buf = calloc(nr + 1, BYTES_PER_OP);
	int ret;

	if (!buf)
		return -ENOMEM;
	live_init(&en.live);
	ret = encode_ops(&en, buf);
	if (ret) {
		free(buf);
		return ret;
	}
	*bytes = buf;
	*len = nr * BYTES_PER_OP;
	return 0;
}

/*
 * Does each operation find its process alive?  One that was put together by
 * hand may not; it has no text either.
 */
static bool procs_are_alive(const struct scenario *sc)
{
	struct live live;

	live_init(&live);
	for (u32 i = 0; i < sc->nr_ops; i++)
		if (!live_apply(&live, &sc->ops[i]))
			return false;
	return true;
}

/* Each child into the lowest slot that is free there; returns the slots used. */
static u32 renumber(struct scenario *sc, u32 *new_slots)
{
	struct live live;
	u32 nr = 1;

	live_init(&live);
	for (u32 i = 0; i < sc->nr_ops; i++) {
		struct op *op = &sc->ops[i];

		if (op_takes((enum op_kind)op->kind, FIELD_PROC))
			op->proc = new_slots[op->proc];
		if (op_takes((enum op_kind)op->kind, FIELD_CHILD)) {
			u32 slot =
				live_child_slot(&live, op->flags & OP_PARALLEL);

			new_slots[op->child] = slot;
			op->child = slot;
			nr = slot < nr ? nr : slot + 1;
		}
		live_apply(&live, op);
	}
	return nr;
}

static int rename_procs(struct scenario *sc)
{
	u32 *new_slots;
	u32 nr;

	if (!procs_are_alive(sc))
		return 0;
	/* What lives is below SCENARIO_PROCS_MAX. */
	new_slots = calloc(SCENARIO_PROCS_MAX, sizeof(*new_slots));
	if (!new_slots)
		return -ENOMEM;
	nr = renumber(sc, new_slots);
	free(new_slots);
	sc->nr_procs = 0;
	return scenario_name_slots(sc, nr);
}

int scenario_strip(struct scenario *sc)
{
	for (u32 i = 0; i < sc->nr_ops; i++) {
		sc->ops[i].flags &= (u8)~OP_HAS_EXPECTED;
		sc->ops[i].expected = 0;
	}
	sc->base = SCENARIO_BASE_DEFAULT;
	return rename_procs(sc);
}
