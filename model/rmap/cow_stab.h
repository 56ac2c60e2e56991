/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What would keep a walk of contexts right while others fork, move, unmap and
 * migrate: candidates, each a few hooks around what cow_context does anyway.  Each
 * is a reverse map of its own (rmaps.h) that shares all else.
 *
 *	mremap		move_begin | an entry moves | move_end
 *	munmap, ...	change_begin | pages and VMAs come and go | change_end
 *	a walk		enter | the places of one context | leave, and finish
 */
#ifndef RMAPDIFF_RMAP_COW_STAB_H
#define RMAPDIFF_RMAP_COW_STAB_H

#include "cow_context.h"

/* What becomes of a walk that was asked. */
enum cow_verdict {
	COW_GO_ON,
	COW_AGAIN, /* the context, or the walk, once more */
	COW_GIVE_UP, /* rwc->contended; never while rwc->restoring */
};

/* One walk. */
struct cow_walk {
	struct rmap *rmap;
	struct folio *folio;
	struct rmap_walk_control *rwc;
	const struct cow_stab *stab; /* NULL: RCU alone */
	/* As they were at the start: the visitor may change entries. */
	pgoff_t index;
	u64 mapped;
	bool on_its_way; /* somebody else has the folio locked */
	u64 found;
	bool gave_up;
	u32 again; /* how often finish said so */
	/* The context that it is in: */
	struct mm_struct *mm; /* NULL: gone */
	u64 seq; /* for the hooks */
	u32 retries;
	u64 places; /* looked at since it came in */
};

struct cow_stab {
	/*
	 * The walk may have to wait in a context, so that RCU does not keep what
	 * it stands on: a reference does, and RCU only from context to context.
	 */
	bool sleeps;
	/* The places of a context are looked at in the order of remap->stamp. */
	bool ordered;

	/* All optional.  Those of writers can be nested but for the first two. */
	void (*move_begin)(struct rmap *rmap, struct cow_context *ctx,
			   struct vm_area_struct *new);
	void (*move_end)(struct rmap *rmap, struct cow_context *ctx);
	void (*change_begin)(struct rmap *rmap, struct cow_context *ctx);
	void (*change_end)(struct rmap *rmap, struct cow_context *ctx);

	/*
	 * enter decides about walk->mm, which is ctx->mm before.  leave comes when
	 * enter has said COW_GO_ON.
	 */
	enum cow_verdict (*enter)(struct cow_walk *walk,
				  struct cow_context *ctx);
	enum cow_verdict (*leave)(struct cow_walk *walk,
				  struct cow_context *ctx);
	/* All contexts were looked at that had to be. */
	enum cow_verdict (*finish)(struct cow_walk *walk);
};

/* NULL for cow_context itself. */
static inline const struct cow_stab *cow_stab_of(const struct rmap *rmap)
{
	return rmap->ops->variant;
}

extern const struct cow_stab cow_stab_seqcount;
extern const struct cow_stab cow_stab_rwlock;
extern const struct cow_stab cow_stab_mmap_trylock;
extern const struct cow_stab cow_stab_mmap_lock;
extern const struct cow_stab cow_stab_ordered;
extern const struct cow_stab cow_stab_tolerant;

/* struct rmap_ops, walk. */
void cow_context_walk(struct rmap *rmap, struct folio *folio,
		      struct rmap_walk_control *rwc);

/* A reference on @ctx, which has one; and one less: points in between, if wanted. */
void cow_context_get(struct cow_context *ctx);
void cow_context_put(struct rmap *rmap, struct cow_context *ctx,
		     bool may_pause);

/* Around what walks must not see half of; nothing where nobody cares. */
static inline void cow_change_begin(struct rmap *rmap, struct cow_context *ctx)
{
	const struct cow_stab *stab = cow_stab_of(rmap);

	if (stab && stab->change_begin)
		stab->change_begin(rmap, ctx);
}

static inline void cow_change_end(struct rmap *rmap, struct cow_context *ctx)
{
	const struct cow_stab *stab = cow_stab_of(rmap);

	if (stab && stab->change_end)
		stab->change_end(rmap, ctx);
}

#endif
