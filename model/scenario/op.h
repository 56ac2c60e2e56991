/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations: what they are called, what they take, how they are written.
 *
 * One table (op.c) describes every operation once; the text codec, the byte
 * codec, the generator, the dictionary and the reference page come from it.
 */
#ifndef RMAPDIFF_SCENARIO_OP_H
#define RMAPDIFF_SCENARIO_OP_H

#include "../base/types.h"

enum op_kind {
	OP_MMAP,
	OP_MUNMAP,
	OP_MPROTECT,
	OP_MADVISE,
	OP_MREMAP,
	OP_READ,
	OP_WRITE,
	OP_FORK,
	OP_VFORK,
	OP_EXEC,
	OP_EXIT,
	OP_MIGRATE,
	OP_FAILALLOC,
	OP_WALK,
	OP_RECLAIM,
	NR_OPS,
};

/* Order of the byte code's values too: append only. */
enum op_prot {
	OP_PROT_RW,
	OP_PROT_R,
	OP_PROT_NONE,
	NR_OP_PROTS,
};

/* struct op, flags */
#define OP_HAS_FILE 0x1 /* mmap: file and off mean something */
#define OP_HAS_TO 0x2 /* mremap: to means something */
#define OP_DONTUNMAP 0x4 /* mremap */
#define OP_HAS_EXPECTED 0x8 /* the line asserts its result */
#define OP_PARALLEL 0x10 /* runs at the same time as the operation before it */

/* At most so many operations run at the same time, a group. */
#define PARALLEL_MAX 4

/*
 * Who runs next: at each point where more than one operation of a group could go
 * on, the number of the one that does, from 0 in the order of the line.  One that
 * names an operation that cannot run stands for the next one that can; behind the
 * last digit whoever runs goes on, and when it cannot, the lowest that can.
 */
#define SCHEDULE_MAX 224 /* digits */
struct schedule {
	u64 digits[SCHEDULE_MAX / 32]; /* two bits each */
	u32 nr;
};

/*
 * One operation.  Fields that its kind does not take are zero.  Processes are
 * slots, see struct scenario.
 */
struct op {
	u8 kind; /* enum op_kind */
	u8 flags;
	u8 prot; /* enum op_prot: mmap, mprotect */
	u8 advice; /* enum madvise_advice: madvise */
	u8 file; /* 0 .. NR_FILES - 1 */
	u16 expected; /* asserted result: 0 or a positive errno */
	u32 proc;
	u32 child; /* fork, vfork */
	u32 line; /* where it stood in the text, from 1; 0: nowhere */
	u64 page; /* relative to the window's base */
	u64 len; /* LEN; OLD of mremap; N of failalloc */
	u64 new_len; /* NEW of mremap */
	u64 to; /* relative to the window's base */
	u64 off; /* file offset in pages */
	struct schedule schedule; /* of a group: with its first operation */
};

static inline u32 schedule_digit(const struct schedule *schedule, u32 i)
{
	return schedule->digits[i / 32] >> (i % 32 * 2) & 3;
}

/* One more digit, 0 .. PARALLEL_MAX - 1; false when there is no room. */
static inline bool schedule_add(struct schedule *schedule, u32 digit)
{
	u32 i = schedule->nr;

	if (i == SCHEDULE_MAX)
		return false;
	schedule->digits[i / 32] |= (u64)(digit & 3) << (i % 32 * 2);
	schedule->nr++;
	return true;
}

/* What a field of an operation is, in the order of the text form. */
enum op_field {
	FIELD_END,
	FIELD_PROC,
	FIELD_CHILD,
	FIELD_PAGE,
	FIELD_LEN,
	FIELD_LEN_OPTIONAL, /* 1 if not there */
	FIELD_OLD, /* in op->len */
	FIELD_NEW,
	FIELD_PROT,
	FIELD_ADVICE,
	FIELD_FILE, /* optional: file=N@OFF */
	FIELD_TO, /* optional: to=PAGE */
	FIELD_DONTUNMAP, /* optional: dontunmap */
	FIELD_NTH, /* in op->len */
	NR_OP_FIELDS,
};

#define OP_FIELDS_MAX 7

struct op_info {
	const char *name;
	enum op_field fields[OP_FIELDS_MAX]; /* ends with FIELD_END */
	const char *text; /* one line for the reference */
};

extern const struct op_info op_infos[NR_OPS];

/* The words of prot, advice and file fields, in the order of their enums. */
extern const char *const op_prot_names[NR_OP_PROTS];
extern const char *const op_advice_names[];

/* A field as usage lines and errors name it: "PROC", "[to=PAGE]"; "" for END. */
extern const char *const op_field_words[NR_OP_FIELDS];

/* Is it about the one folio at a page, through the walk of each reverse map? */
static inline bool op_walks(enum op_kind kind)
{
	return kind == OP_MIGRATE || kind == OP_WALK || kind == OP_RECLAIM;
}

/* Does @kind take @field? */
bool op_takes(enum op_kind kind, enum op_field field);

/* The operation of that name, NR_OPS if there is none. */
enum op_kind op_by_name(const char *name, size_t len);

/* An errno by its name ("ENOMEM") and back; "0" is 0.  -1 / NULL: unknown. */
int errno_by_name(const char *name, size_t len);
const char *errno_name(int err);

#endif
