/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One operation of a scenario, done on a machine.
 */
#ifndef RMAPDIFF_SCENARIO_PERFORM_H
#define RMAPDIFF_SCENARIO_PERFORM_H

#include "../machine.h"
#include "scenario.h"

/*
 * Does one operation on @machine: 0 or a positive errno; ESRCH when its process
 * was never born, because its fork failed.  @op_nr makes what a write stores.
 */
int replay_op(struct machine *machine, const struct scenario *sc,
	      const struct op *op, u32 op_nr);

/*
 * The same of a process whose mm was @mm when it began; PAGE 0 is page number
 * @base.  0 or a negative errno.
 */
int replay_op_as(struct machine *machine, struct mm_struct *mm, u64 base,
		 const struct op *op, u32 op_nr);

/* The flags of VM_ACCESS_FLAGS that @prot, enum op_prot, stands for. */
u64 replay_prot_flags(u8 prot);

/* What an operation that op_walks() does with the folio. */
enum folio_work replay_folio_work(enum op_kind kind);

/*
 * What operation @op_nr, a write, stores in its first page; in each further one
 * it stores one more.  No other write stores any of these.
 */
#define REPLAY_WRITE_SHIFT 24
_Static_assert(SCENARIO_TOUCH_MAX < 1ULL << REPLAY_WRITE_SHIFT,
	       "each page of a write needs a value of its own");

static inline u64 replay_write_value(u32 op_nr)
{
	return ((u64)op_nr << REPLAY_WRITE_SHIFT) + 1;
}

#endif
