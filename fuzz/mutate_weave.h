/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A weaver makes a scenario operation by operation, copied or new, and knows who
 * is alive.  While it plays, it also does each operation on a machine, without
 * any check, so that new ones can be about the VMAs that are there.
 */
#ifndef RMAPDIFF_FUZZ_MUTATE_WEAVE_H
#define RMAPDIFF_FUZZ_MUTATE_WEAVE_H

#include "../model/machine.h"
#include "../model/scenario/live.h"

/* Longer than any scenario worth its time; what comes later is not played. */
#define PLAY_OPS_MAX 256
/* VMAs of a process that are looked at. */
#define AREAS_MAX 48
/* What new operations are mostly about: the nearer, the more they meet. */
#define WINDOW_USUAL 64

struct weaver {
	u64 random;
	bool failalloc; /* may be made */
	bool parallel; /* groups may be made */
	/* Whose allocations may fail too, beside anon_vma's; NULL: no one's. */
	const struct rmap_ops *candidate;
	bool nomem; /* memory ran out: what is made is worth nothing */
	u32 ops_max;
	struct scenario sc;
	struct live live;
	/* Where the processes of copied operations are, by slot. */
	u8 slot_of[BYTES_PROCS_MAX];
	struct machine *machine; /* NULL: not playing */
	/* Of the last operation, failalloc aside: 0 or errno; 0 if not played. */
	int result;
};

/* [first, first + len) pages, relative to the base. */
struct range {
	u32 first;
	u32 len;
};

/* A VMA, which may end behind the window. */
struct area {
	struct range range;
	s64 origin; /* the page that its offset 0 would be at */
	u64 flags;
	int file;
	u32 off; /* of its first page in the file; 0 if anonymous */
};

struct areas {
	u32 nr;
	struct area area[AREAS_MAX];
};

/* Starts with an empty scenario; to be ended with weaver_exit() in any case. */
void weaver_init(struct weaver *w, u64 seed, u32 ops_max);
void weaver_exit(struct weaver *w);

/* Random numbers: 0 .. @nr - 1, @nr > 0; and whether, in @percent of cases. */
u32 weave_pick(struct weaver *w, u32 nr);
bool weave_chance(struct weaver *w, u32 percent);

/* From the start on or not at all; ends when told or with the weaver. */
void weaver_play(struct weaver *w);
void weaver_stop(struct weaver *w);

/*
 * Appends @op, whose process must be alive; its child gets the slot that it has
 * in bytes.  False, with nothing done, if there is no room.  The last process
 * does not exit: nothing could follow.
 */
bool weave(struct weaver *w, const struct op *op);

/*
 * Copies operations [first, end) of @from.  A process that is not alive here is
 * another one.
 */
void weave_copy(struct weaver *w, const struct scenario *from, u32 first,
		u32 end);

/* As one op, with the process translated: to be changed, then woven. */
struct op weaver_translate(const struct weaver *w, const struct op *op);

/* A living process: there is always one. */
u32 weave_random_proc(struct weaver *w);

/* What @proc has mapped in the window, by address; nothing if not playing. */
void areas_of(const struct weaver *w, u32 proc, struct areas *areas);

/* mutate_guided.c: operations about what is there */

struct range weave_part_of(struct weaver *w, struct range range);
/* Some range to do something with, in the window. */
struct range guided_range(struct weaver *w, const struct areas *areas);
/* A place for @len pages that @areas leave free, if there is one. */
u32 weave_free_place(struct weaver *w, const struct areas *areas, u32 len);
/*
 * Where offsets go on as in another VMA, so that the two merge if they touch, or
 * as they did when @range was first mapped; outside the window: nowhere.
 */
s64 in_line(struct weaver *w, const struct areas *areas, struct range range);
/* A destination for @range: one of these, or beside or over others. */
u32 destination(struct weaver *w, const struct areas *areas,
		struct range range);
/*
 * mmap behind or before @area, its protection and offsets going on: the two merge
 * unless something forbids it.  False: there is no room.
 */
bool op_map_beside(struct weaver *w, struct op *op, const struct area *area);
/*
 * mprotect of a VMA, or the near end of it, as the one that it touches is
 * protected: the two merge, or share what they have in another way.  False: there
 * are no two such.
 */
bool op_protect_alike(struct weaver *w, struct op *op,
		      const struct areas *areas);
/* Pages and lengths of @op go to edges of VMAs. */
void snap(struct weaver *w, struct op *op);

/* Appends an operation, or few that belong together, of any kind. */
void weave_guided(struct weaver *w);

/* mutate_faults.c: appends @op, with one of its allocations failing, or each. */
bool weave_failing(struct weaver *w, const struct op *op);

/* An operation about @range, the fields of its kind set as far as that goes. */
struct op op_about(enum op_kind kind, u32 proc, struct range range);

/*
 * mutate_groups.c: changes what of @sc runs at the same time, and its schedules; to
 * be woven then.
 */
void edit_groups(struct weaver *w, struct scenario *sc);
/* Schedules as they are decoded: digits in range, and none but a group's. */
void weave_fit_schedules(struct scenario *sc);

/* mutate_motifs.c: appends a sequence of a kind that programs have. */
void weave_motif(struct weaver *w);

#endif
