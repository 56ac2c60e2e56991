/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every reverse map there is.  Adding one is adding its file and a line here
 * and in rmaps.c.
 */
#ifndef RMAPDIFF_RMAP_RMAPS_H
#define RMAPDIFF_RMAP_RMAPS_H

#include "../base/bug.h"
#include "../mm/rmap.h"

extern const struct rmap_ops anon_vma_rmap_ops;
extern const struct rmap_ops cow_context_rmap_ops;
extern const struct rmap_ops cow_poc_rmap_ops;

/* cow_context, stabilised in several ways (cow_stab.h). */
extern const struct rmap_ops cow_seqcount_rmap_ops;
extern const struct rmap_ops cow_rwlock_rmap_ops;
extern const struct rmap_ops cow_mmap_trylock_rmap_ops;
extern const struct rmap_ops cow_mmap_lock_rmap_ops;
extern const struct rmap_ops cow_ordered_rmap_ops;
extern const struct rmap_ops cow_tolerant_rmap_ops;

/* All of them, ending with NULL; and the one of that name, NULL if none. */
extern const struct rmap_ops *const all_rmaps[];
const struct rmap_ops *rmap_ops_find(const char *name);

/* Does a machine with @ops have the code that @bug is put into? */
bool rmap_has_bug(const struct rmap_ops *ops, enum bug bug);

#endif
