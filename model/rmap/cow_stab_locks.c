// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stabilised by locks: one per context, or the mmap_lock that is there anyway.
 *
 * Who waits for a lock is not in RCU.  A reference keeps the context, by which the
 * way on and up is kept too; the lock keeps the mm and its VMAs.  So of RCU only
 * the list of children is left, and neither mms nor VMAs must stay for longer than
 * they do in the kernel.
 */
#include "cow_stab.h"

static struct sched *sched_of(const struct rmap *rmap)
{
	return rmap->world->sched;
}

static void note_most(u64 *most, u64 now)
{
	*most = max_u64(*most, now);
}

/*
 * cow_rwlock.  Whoever moves a page has the lock, whoever makes pages go whose VMAs
 * are out of the tree already, changes or unlinks a VMA that is faulted, or takes
 * the mm away.  A walk has it while it is in the context; one after the other, so
 * that nothing has to be said of their order.
 *
 *	mmap_lock -> context -> page table	folio lock -> context -> page table
 */

static void rwlock_begin(struct rmap *rmap, struct cow_context *ctx)
{
	if (!task_lock_is_written(sched_of(rmap), &ctx->lock)) {
		task_lock_write(sched_of(rmap), &ctx->lock, "context");
		rmap->costs.write_locks++;
		ctx->lock_since = ctx->mm ? ctx->mm->pte_changes : 0;
	}
	ctx->lock_depth++;
}

static void rwlock_end(struct rmap *rmap, struct cow_context *ctx)
{
	if (--ctx->lock_depth)
		return;
	if (ctx->mm)
		note_most(&rmap->costs.write_held_most,
			  ctx->mm->pte_changes - ctx->lock_since);
	task_unlock_write(sched_of(rmap), &ctx->lock);
}

static void rwlock_move_begin(struct rmap *rmap, struct cow_context *ctx,
			      struct vm_area_struct *new)
{
	rwlock_begin(rmap, ctx);
}

static enum cow_verdict rwlock_enter(struct cow_walk *walk,
				     struct cow_context *ctx)
{
	task_lock_read(sched_of(walk->rmap), &ctx->lock, "context");
	walk->rmap->costs.walk_locks++;
	walk->mm = ctx->mm;
	return COW_GO_ON;
}

static enum cow_verdict rwlock_leave(struct cow_walk *walk,
				     struct cow_context *ctx)
{
	task_unlock_read(sched_of(walk->rmap), &ctx->lock);
	note_most(&walk->rmap->costs.walk_held_most, walk->places);
	return COW_GO_ON;
}

const struct cow_stab cow_stab_rwlock = {
	.sleeps = true,
	.move_begin = rwlock_move_begin,
	.move_end = rwlock_end,
	.change_begin = rwlock_begin,
	.change_end = rwlock_end,
	.enter = rwlock_enter,
	.leave = rwlock_leave,
};

/*
 * cow_mmap_trylock, cow_mmap_lock.  The mm is taken from the context and kept under
 * a spinlock of the context, which mm_exit would take too to clear it.  It is only
 * the struct that is kept: what an mm that is going has mapped must be found.
 */

static enum cow_verdict mmap_locked(struct cow_walk *walk)
{
	walk->rmap->costs.walk_locks++;
	return COW_GO_ON;
}

static enum cow_verdict mmap_lock_enter(struct cow_walk *walk,
					struct cow_context *ctx)
{
	walk->mm = ctx->mm;
	if (!walk->mm)
		return COW_GO_ON;
	mm_grab(walk->mm);
	mmap_read_lock(walk->mm);
	return mmap_locked(walk);
}

/* Who restores has nobody else to leave it to, and waits. */
static enum cow_verdict mmap_trylock_enter(struct cow_walk *walk,
					   struct cow_context *ctx)
{
	if (walk->rwc->restoring)
		return mmap_lock_enter(walk, ctx);
	walk->mm = ctx->mm;
	if (!walk->mm)
		return COW_GO_ON;
	mm_grab(walk->mm);
	if (task_trylock_read(sched_of(walk->rmap), &walk->mm->mmap_lock))
		return mmap_locked(walk);
	mm_drop(walk->mm);
	return COW_GIVE_UP;
}

static enum cow_verdict mmap_leave(struct cow_walk *walk,
				   struct cow_context *ctx)
{
	if (!walk->mm)
		return COW_GO_ON;
	mmap_read_unlock(walk->mm);
	mm_drop(walk->mm);
	note_most(&walk->rmap->costs.walk_held_most, walk->places);
	return COW_GO_ON;
}

const struct cow_stab cow_stab_mmap_trylock = {
	.sleeps = true,
	.enter = mmap_trylock_enter,
	.leave = mmap_leave,
};

const struct cow_stab cow_stab_mmap_lock = {
	.sleeps = true,
	.enter = mmap_lock_enter,
	.leave = mmap_leave,
};
