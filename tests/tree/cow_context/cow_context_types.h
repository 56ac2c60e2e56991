/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct cow_context, for include/linux/mm_types.h of a copy of a tree.  Names of
 * the fields are those of the published branch.
 */
#ifndef _LINUX_COW_CONTEXT_TYPES_H
#define _LINUX_COW_CONTEXT_TYPES_H

#include <linux/list.h>
#include <linux/maple_tree.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct mm_struct;

/*
 * One for each mm.  A reference each: the mm, every child context, every folio
 * that names it.
 */
struct cow_context {
	refcount_t refcnt;
	struct mm_struct *mm; /* NULL once the mm is freed */
	struct cow_context *parent; /* NULL: made by exec */
	struct list_head children;
	struct list_head siblings; /* on the parent's children */
	spinlock_t list_write_lock; /* children */
	struct maple_tree remap_mt; /* by page offset: remaps_entry_t */
	struct mutex remap_lock; /* one writer of remap_mt */
	struct rcu_head rcu;
};

#endif
