/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz targets share: replaying a scenario, counting, and stopping.
 */
#ifndef RMAPDIFF_FUZZ_COMMON_H
#define RMAPDIFF_FUZZ_COMMON_H

#include "../model/scenario/replay.h"

/* What an engine, or standalone.c, calls. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/*
 * Called once, from LLVMFuzzerInitialize(): anon_vma is replayed beside
 * @candidate.  At the end, one line on standard output says what was done in the
 * name of @target:
 *
 *	fuzz_rmap: 12 inputs, 345 operations, 678 walks compared, 0 divergences
 *
 * From the environment:
 *
 *	RMAPDIFF_FUZZ_CHECK=both	the full check runs beside the incremental
 *					one, and they must agree
 *	RMAPDIFF_FUZZ_AS_OF=7.0		the order of chains and reuse of that kernel
 *	RMAPDIFF_FUZZ_BUG=NAME,...	puts bugs back (`rmapdiff list`)
 *	RMAPDIFF_FUZZ_FIX=NAME,...	repairs cow_poc; all, and -NAME after it
 *					takes one away again
 *	RMAPDIFF_FUZZ_DUE_TO=NAME,...	a divergence stops it only if there is none
 *					with any one of these repaired
 *	RMAPDIFF_FUZZ_ONLY="KIND [RMAP]" no other divergence stops it, which keeps
 *					an engine's own minimizer to one fault
 *	RMAPDIFF_FUZZ_COUNTS=FILE	what was done is added up there (counts.h),
 *					and nothing is printed at the end
 */
void fuzz_start(const char *target, const struct rmap_ops *candidate);

/*
 * The same for a target whose operations run at the same time: each reverse map
 * of RMAPDIFF_FUZZ_RMAPS=NAME,... (anon_vma) is replayed alone, since they have
 * different points.
 */
void fuzz_start_alone(const char *target);

/* Counts an input. */
void fuzz_input(void);

/*
 * Replays @sc with both reverse maps, beside each other or @pure.  A divergence
 * is printed with the scenario, and aborts.  Results that are not as asserted
 * are not looked at: an input asserts what it likes.
 */
void fuzz_replay(const struct scenario *sc, bool pure);

/* An input of operations as bytes: counts, decodes and replays it; 0. */
int fuzz_bytes(const u8 *data, size_t size, bool pure);

/* The same after fuzz_start_alone(), with the input's groups and schedules; 0. */
int fuzz_bytes_alone(const u8 *data, size_t size);

/*
 * fuzz_replay() beside each other, with both checks, where memory may run out: that a
 * check says so is no divergence.
 */
void fuzz_replay_short_of_memory(const struct scenario *sc);

/* Prints what was broken and the scenario (NULL: none), and aborts. */
void fuzz_fail(const struct scenario *sc, const char *what)
	__attribute__((noreturn));

#endif
