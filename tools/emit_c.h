/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenarios as C programs: what the files emit_c*.c share.
 *
 *   scenario ──replay──▶ facts ──▶ tables and main(), emit_c_steps.c
 *                          └────▶ which pieces of the runtime, emit_c_*.c
 */
#ifndef RMAPDIFF_TOOLS_EMIT_C_H
#define RMAPDIFF_TOOLS_EMIT_C_H

#include <stdio.h>
#include "../model/scenario/replay.h"

/* What a scenario needs of the runtime. */
enum emit_need {
	EMIT_ALWAYS,
	EMIT_MMAP, /* anonymous */
	EMIT_MMAP_FILE,
	EMIT_MUNMAP,
	EMIT_MPROTECT,
	EMIT_MADVISE,
	EMIT_MREMAP,
	EMIT_READ,
	EMIT_WRITE,
	EMIT_TOUCH, /* read or write */
	EMIT_ASK, /* anything that a process does and answers */
	EMIT_FORK,
	EMIT_VFORK,
	EMIT_EXEC,
	EMIT_EXIT,
	EMIT_MIGRATE,
	EMIT_NOMIGRATE,
	EMIT_FILES,
	EMIT_PAGES, /* anonymous folios or the zero page are mapped at times */
	EMIT_NOPAGES,
	EMIT_MIGRATE_OR_WALK,
	EMIT_END, /* of a table of pieces */
};

/* A piece of the runtime and what it is there for. */
struct emit_piece {
	enum emit_need need;
	const char *text;
};

extern const struct emit_piece emit_processes[];
extern const struct emit_piece emit_checks[];
extern const struct emit_piece emit_walks[];

/* A VMA; page numbers, start and end from the base. */
struct fact_vma {
	u64 start;
	u64 end;
	u64 flags;
	pgoff_t pgoff;
	int file;
};

/*
 * @nr pages from @page on (from the base) with the folios from @folio on, which
 * hold @value and one more each; folio 0: the zero page.
 */
struct fact_run {
	u64 page;
	u64 nr;
	u64 folio;
	u64 value;
};

/* An address space, called by the lowest slot of those that share it. */
struct fact_mm {
	u32 slot;
	bool changed; /* since the operation before */
	u32 vma_first, vma_nr;
	u32 run_first, run_nr;
};

/* After one operation. */
struct fact_state {
	int result; /* 0 or a positive errno */
	u32 mm_first, mm_nr;
	u32 sharer_first, sharer_nr; /* slots that live in another's mm */
};

struct fact_sharer {
	u32 slot;
	u32 owner;
};

#define FACT_ARRAY(type) \
	struct {         \
		type *v; \
		u32 nr;  \
		u32 cap; \
	}

struct facts {
	const struct scenario *sc;
	FACT_ARRAY(struct fact_state) states; /* one an operation */
	FACT_ARRAY(struct fact_mm) mms;
	FACT_ARRAY(struct fact_sharer) sharers;
	FACT_ARRAY(struct fact_vma) vmas;
	FACT_ARRAY(struct fact_run) runs;
	u64 folios_max; /* highest number of a folio */
	u64 mappings_max; /* page-table entries at one time */
	bool nomem;
};

/*
 * Replays @sc on the model.  0, -ENOMEM, or -EINVAL when a result is not the
 * asserted one: then @result says which.  @facts is the caller's to free.
 */
int facts_collect(struct facts *facts, const struct scenario *sc,
		  enum kernel_release as_of, struct replay_result *result);
void facts_free(struct facts *facts);

/* A range of pages from the base, [start, end). */
struct fact_window {
	u64 start;
	u64 end;
};

/*
 * The pages that @sc may map, as ranges in order, with their number in @nr; the
 * caller frees them.  NULL with one line in @why: they are where the emitted
 * program lives, or out of memory.
 */
struct fact_window *facts_windows(const struct scenario *sc, u32 *nr,
				  char why[160]);

struct emit {
	const struct scenario *sc;
	const struct facts *facts;
	const struct fact_window *windows;
	u32 nr_windows;
	const char *title; /* fit for a comment */
	u32 dropped; /* failalloc lines left out */
	u32 walks; /* left out */
	u32 reclaims; /* likewise */
	char *groups; /* lines that are done one operation after the other */
	u32 nr_groups;
	bool need[EMIT_END];
	FILE *out;
};

/* How process @slot is called in C; at most EMIT_NAME_MAX bytes with NUL. */
#define EMIT_NAME_MAX 40
const char *emit_name(const struct emit *em, u32 slot,
		      char name[EMIT_NAME_MAX]);

/*
 * emit_c_groups.c: makes @sc what a program can do; what that leaves out is noted.
 * em->groups is the caller's to free.  False: out of memory.
 */
bool emit_sequential(struct emit *em, struct scenario *sc);
/* In the opening comment, and in the program's output. */
void emit_left_out(const struct emit *em);
void emit_say_left_out(const struct emit *em);

/* The tables of what is expected, and main(). */
void emit_tables(const struct emit *em);
void emit_main(const struct emit *em);

/* The layout after operation @op_nr as the inside of a comment. */
void emit_layout(const struct emit *em, u32 op_nr);

#endif
