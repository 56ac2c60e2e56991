/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the mm asks of a reverse map.
 *
 * A reverse map finds, for an anonymous folio, every page-table entry that maps
 * it.  It learns what it needs from the hooks below, keeps its own state in a
 * slot of each mm, VMA and folio, and never looks into another reverse map.
 * The mm calls every reverse map of its machine at each hook, in order, and asks
 * only the first, the deciding one, what it wants to know itself (whether a VMA
 * is faulted, whether two may merge).
 *
 * Hooks that return int may fail with -ENOMEM; then the reverse map has changed
 * nothing, and the mm undoes the hook in the reverse maps that it had called
 * before.  All other hooks cannot fail.
 */
#ifndef RMAPDIFF_MM_RMAP_H
#define RMAPDIFF_MM_RMAP_H

#include "../base/bug.h"
#include "../base/divergence.h"
#include "../base/types.h"

struct folio;
struct mm_struct;
struct mm_world;
struct rmap;
struct rmap_describer;
struct vm_area_struct;
struct vma_merge_struct;
struct vma_prepare;

/* At most so many reverse maps on one machine. */
#define RMAP_MAX 4

/* A reverse map's room in a VMA: what anon_vma and anon_vma_chain take there. */
struct rmap_vma {
	void *word[3];
};

/* Why a VMA gets what another one has; mainline's enum vma_operation (7.0). */
enum rmap_clone {
	RMAP_CLONE_SPLIT, /* @dst is a part of @src, not yet in the mm's tree */
	RMAP_CLONE_MERGE, /* @dst, unfaulted, takes in @src or a part of it */
	RMAP_CLONE_REMAP, /* @dst is where mremap moves (part of) @src */
	RMAP_CLONE_FORK, /* @dst is @src in a child; @dst is not yet in its tree */
};

/* What a walk did, added up by the walk itself. */
struct rmap_walk_stats {
	u64 walks;
	u64 vmas; /* VMAs handed to the visitor */
	u64 found; /* of them, those that map the folio */
	u64 contexts; /* contexts looked into */
	u64 remaps; /* displacements looked at */
	u64 nodes; /* interval-tree nodes looked at */
};

/* What a reverse map did with its locks. */
struct rmap_lock_stats {
	u64 write_sections;
	u64 read_sections;
};

/*
 * What keeping walks right beside other operations costs, where a reverse map is one
 * of several ways to do that: nothing of it where it does nothing of the kind.
 */
struct rmap_costs {
	u64 context_retries; /* a context was looked at again */
	u64 walk_retries; /* a whole walk was begun again */
	u64 gave_up; /* walks */
	u64 walk_locks; /* locks that walks took */
	u64 write_locks; /* that others took, for walks not to come between */
	u64 published; /* counters and stamps written instead, for walks to see */
	u64 walk_held_most; /* places that one walk looked at under one lock */
	u64 write_held_most; /* entries that changed under one lock */
};

/* The locks that a reverse map has. */
enum rmap_lock {
	RMAP_LOCK_ROOT, /* anon_vma: of a hierarchy */
	RMAP_LOCK_CHILDREN, /* a context's list of children */
	RMAP_LOCK_REMAPS, /* a context's remaps */
	NR_RMAP_LOCKS,
};

/* One time that a lock was held for writing. */
struct rmap_section {
	enum rmap_lock lock;
	u64 mms; /* address spaces that share it */
	u64 vmas; /* VMAs that changed, or what hangs on them, while it was held */
	u64 links; /* members of trees and lists put in and taken out meanwhile */
};

/* Who looks on; for statistics.  @mms as in struct rmap_section. */
struct rmap_watch {
	void (*wrote)(void *arg, const struct rmap *rmap,
		      const struct rmap_section *section);
	void (*read)(void *arg, const struct rmap *rmap, u64 mms);
	void *arg;
};

/* What a reverse map has in memory, at the kernel's sizes (base/sizes.def). */
#define RMAP_KINDS_MAX 4
struct rmap_memory {
	u32 nr;
	struct rmap_memory_kind {
		const char *name; /* static */
		u64 objects; /* where there are bounds, the upper one */
		u64 bytes; /* likewise */
		u64 bytes_low; /* the lower one */
		u64 slab_bytes; /* whole slabs, as dense as can be, of the lower */
	} kinds[RMAP_KINDS_MAX];
	u64 embedded_bytes; /* in objects that are there anyway: VMA, mm */
};

struct rmap_walk_control {
	/*
	 * Looks at the page table of @vma->vm_mm at page number @address and
	 * says how many entries there map @folio: 0 or 1.  It may unmap the entry,
	 * by which folio->mapcount falls.
	 */
	int (*rmap_one)(struct folio *folio, struct vm_area_struct *vma,
			u64 address, void *arg);
	void *arg;
	/*
	 * The walk puts back migration entries (remove_migration_ptes()).  Nothing
	 * counts these, and folio->mapcount, of the new folio, rises with each that
	 * is back: it must not end early by that count.
	 */
	bool restoring;
	/*
	 * Out: the walk gave up on something that others had locked, and says so:
	 * its caller must do without.  Not while restoring.
	 */
	bool contended;
	/*
	 * folio_mapcount() as this walk must see it; NULL: folio->mapcount.  Of the
	 * reverse maps of a machine one alone can unmap what it visits.  For the
	 * walks of the others, this says what the count would be if they did.
	 */
	u32 (*mapcount)(const struct folio *folio, const void *arg);
	struct rmap_walk_stats *stats; /* never NULL */
};

struct rmap_ops {
	const char *name;
	const char *text; /* one line for `rmapdiff list` */
	enum bug_owner bugs; /* it has those, beside the mm's, which all have */

	/* The reverse map's own state, rmap->priv: made and given back. */
	int (*init)(struct rmap *rmap);
	void (*exit)(struct rmap *rmap);

	/*
	 * An mm is made, by exec or for the first process (@oldmm NULL) or by
	 * fork (before any VMA of @oldmm is copied); and is gone, after all its
	 * VMAs were unlinked and its page tables are empty.  mm_exit follows
	 * every mm_init that succeeded.
	 */
	int (*mm_init)(struct rmap *rmap, struct mm_struct *mm,
		       struct mm_struct *oldmm);
	void (*mm_exit)(struct rmap *rmap, struct mm_struct *mm);

	/* @vma was allocated: makes its rmap_state[slot], all zeroes, ready. */
	void (*vma_init)(struct rmap *rmap, struct vm_area_struct *vma);

	/* Has @vma been made ready for anonymous folios?  (vma->anon_vma) */
	bool (*vma_faulted)(struct rmap *rmap, struct vm_area_struct *vma);

	/*
	 * An anonymous folio is about to be mapped into @vma: vmf_anon_prepare().
	 * Not called for a VMA that the deciding reverse map knows as faulted.
	 */
	int (*vma_prepare)(struct rmap *rmap, struct vm_area_struct *vma);
	void (*vma_prepare_undo)(struct rmap *rmap, struct vm_area_struct *vma);

	/*
	 * @dst gets what @src has: anon_vma_clone(), anon_vma_fork().  Called
	 * with @src unfaulted too (then there is nothing to do), except for
	 * RMAP_CLONE_MERGE, which is called only when @src is faulted and @dst
	 * is not.  @dst has its range and offset already, but for
	 * RMAP_CLONE_MERGE, where it has its range from before the merge;
	 * vma_complete follows.
	 * Undone by clone_undo if a later step fails before @dst is in the tree
	 * or, for RMAP_CLONE_MERGE, before vma_prepare.
	 */
	int (*vma_clone)(struct rmap *rmap, struct vm_area_struct *dst,
			 struct vm_area_struct *src, enum rmap_clone why);
	void (*vma_clone_undo)(struct rmap *rmap, struct vm_area_struct *dst,
			       struct vm_area_struct *src, enum rmap_clone why);

	/*
	 * @vp->vma and @vp->adj_next are about to change range or offset, and
	 * have changed: mm/vma.c, vma_prepare() and vma_complete().  In between
	 * nothing walks.  @vp->insert, a split's other half, has its range
	 * before and is in the mm's tree after.
	 */
	void (*vma_range_change)(struct rmap *rmap, struct vma_prepare *vp);
	void (*vma_range_changed)(struct rmap *rmap, struct vma_prepare *vp);

	/*
	 * @removed was merged into @vma, which covers it now: anon_vma_merge().
	 * @removed is freed next.
	 */
	void (*vma_absorbed)(struct rmap *rmap, struct vm_area_struct *vma,
			     struct vm_area_struct *removed);

	/*
	 * Nothing of @vma is mapped any more, and it goes, or stays unfaulted
	 * (MREMAP_DONTUNMAP of all of it): unlink_anon_vmas().
	 */
	void (*vma_unlink)(struct rmap *rmap, struct vm_area_struct *vma);

	/*
	 * mremap has copied [start, end) of @vma, which stays mapped where it is:
	 * by MREMAP_DONTUNMAP (vma_unlink follows, if it was all); or because
	 * memory ran out (@failed) for moving the pages, when the copy is
	 * unmapped next, or for unmapping what they were moved from.  Optional.
	 */
	void (*vma_stays)(struct rmap *rmap, struct vm_area_struct *vma,
			  u64 start, u64 end, bool failed);

	/*
	 * May the range that @vmg describes become part of @tgt, its prev or
	 * next?  is_mergeable_anon_vma().  And may @vmg->prev and @vmg->next
	 * become one with it?  The end of can_vma_merge_right().
	 */
	bool (*may_merge)(struct rmap *rmap, const struct vma_merge_struct *vmg,
			  struct vm_area_struct *tgt);
	bool (*may_merge_both)(struct rmap *rmap,
			       const struct vma_merge_struct *vmg);

	/*
	 * Brackets around what walks must not see half of.  All optional.
	 * move_begin and move_end: some entries move from @vma to @new; @ordered
	 * if a walk in the order of offsets, and of age where those are equal,
	 * comes to @vma first (need_rmap_locks is the opposite).
	 * pages_begin and pages_end: entries come to (fork) or go from (munmap,
	 * exit) @mm, whose VMAs may be out of its tree already.
	 * mm_forked: all of @oldmm is in @mm now, the end of dup_mmap().
	 */
	void (*move_begin)(struct rmap *rmap, struct vm_area_struct *vma,
			   struct vm_area_struct *new, bool ordered);
	void (*move_end)(struct rmap *rmap, struct vm_area_struct *vma,
			 struct vm_area_struct *new, bool ordered);
	void (*pages_begin)(struct rmap *rmap, struct mm_struct *mm);
	void (*pages_end)(struct rmap *rmap, struct mm_struct *mm);
	void (*mm_forked)(struct rmap *rmap, struct mm_struct *mm,
			  struct mm_struct *oldmm);

	/*
	 * What a migration needs of @folio's owner after all entries are gone:
	 * keeps it, and gives it back.  folio_get_anon_vma().  Optional, both.
	 */
	void *(*owner_get)(struct rmap *rmap, struct folio *folio);
	void (*owner_put)(struct rmap *rmap, void *owner);

	/*
	 * @folio is new in @vma (__folio_set_anon(); @exclusive: only this
	 * process can have it); becomes the sole property of @vma's process
	 * (folio_move_anon_rmap()); takes the place of @old in a migration, of
	 * which it inherits the owner; is about to be freed.
	 */
	void (*folio_new)(struct rmap *rmap, struct folio *folio,
			  struct vm_area_struct *vma, bool exclusive);
	void (*folio_move)(struct rmap *rmap, struct folio *folio,
			   struct vm_area_struct *vma);
	void (*folio_migrate)(struct rmap *rmap, struct folio *folio,
			      struct folio *old);
	void (*folio_free)(struct rmap *rmap, struct folio *folio);

	/* Hands each place where @folio may be mapped to @rwc: rmap_walk(). */
	void (*walk)(struct rmap *rmap, struct folio *folio,
		     struct rmap_walk_control *rwc);

	/*
	 * The check that the reverse map would do beside another one's walk:
	 * does it know of @folio's being mapped in @vma?  Optional.
	 */
	bool (*would_reach)(struct rmap *rmap, struct folio *folio,
			    struct vm_area_struct *vma);

	/*
	 * Checks structures and counts from scratch and notes the first fault
	 * in @div, if @div is empty: check_vma what @vma (linked in its mm)
	 * hangs on, check_mm what @mm has as a whole, check_offsets (NULL: there
	 * is nothing of that kind) what @mm has for offsets [first, last],
	 * check_all everything.  Each but the last costs what it looks at.
	 */
	void (*check_vma)(struct rmap *rmap, struct vm_area_struct *vma,
			  struct divergence *div);
	void (*check_mm)(struct rmap *rmap, struct mm_struct *mm,
			 struct divergence *div);
	void (*check_offsets)(struct rmap *rmap, struct mm_struct *mm,
			      pgoff_t first, pgoff_t last,
			      struct divergence *div);
	void (*check_all)(struct rmap *rmap, struct divergence *div);

	/*
	 * For drawings: all objects it has, by rmap_describe.h; and which of
	 * them @folio belongs to.  NULL, both, if it does not show itself.
	 */
	void (*describe)(struct rmap *rmap, const struct rmap_describer *to);
	const void *(*folio_owner)(struct rmap *rmap, struct folio *folio);

	/*
	 * What it has in memory now, and which locks it takes: a bit for each.
	 * Costs nothing to speak of; on a world that keeps accounts only.
	 * NULL: it does not know.
	 */
	void (*memory)(struct rmap *rmap, struct rmap_memory *memory);
	u32 locks;
	bool walks_block; /* a walk holds the root lock, else only RCU */
	/*
	 * A walk looks at mms and VMAs that it has no lock on: they must stay for a
	 * grace period.  In the kernel only VMAs do, in a way (their slab is
	 * SLAB_TYPESAFE_BY_RCU since 6.15); struct mm_struct would have to.
	 */
	bool walks_mms;
	/* munmap takes VMAs out of the tree only when their pages are gone. */
	bool detach_last;
	const void *
		variant; /* the reverse map's own: which one of several it is */
};

/* One reverse map of one machine. */
struct rmap {
	const struct rmap_ops *ops;
	struct mm_world *world;
	u32 slot; /* which rmap_state[] of mm, VMA and folio is its own */
	void *priv;
	/* A rule broken between two checks: a tree changed without its lock. */
	struct divergence broken;
	struct rmap_lock_stats locks;
	struct rmap_costs costs;
	struct rmap_walk_stats migrate_walks; /* those of mm_migrate() */
	const struct rmap_watch *watch; /* NULL: nobody; the caller's */
};

static inline void rmap_wrote(const struct rmap *rmap,
			      const struct rmap_section *section)
{
	if (rmap->watch)
		rmap->watch->wrote(rmap->watch->arg, rmap, section);
}

/* One more of the kinds in @memory; @objects and @bytes, exactly. */
static inline void rmap_memory_add(struct rmap_memory *memory, const char *name,
				   u64 objects, u64 bytes, u64 slab_bytes)
{
	memory->kinds[memory->nr++] = (struct rmap_memory_kind){
		.name = name,
		.objects = objects,
		.bytes = bytes,
		.bytes_low = bytes,
		.slab_bytes = slab_bytes,
	};
}

/*
 * The hooks, over all reverse maps of a world.  Those that can fail return 0
 * or -ENOMEM, with nothing changed then.
 */
int rmap_mm_init(struct mm_struct *mm, struct mm_struct *oldmm);
void rmap_mm_exit(struct mm_struct *mm);
void rmap_vma_init(struct vm_area_struct *vma);
bool rmap_vma_faulted(struct vm_area_struct *vma);
int rmap_vma_prepare(struct vm_area_struct *vma);
int rmap_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src,
		   enum rmap_clone why);
void rmap_vma_clone_undo(struct vm_area_struct *dst, struct vm_area_struct *src,
			 enum rmap_clone why);
void rmap_vma_range_change(struct vma_prepare *vp);
void rmap_vma_range_changed(struct vma_prepare *vp);
void rmap_vma_absorbed(struct vm_area_struct *vma,
		       struct vm_area_struct *removed);
void rmap_vma_unlink(struct vm_area_struct *vma);
void rmap_vma_stays(struct vm_area_struct *vma, u64 start, u64 end,
		    bool failed);
bool rmap_may_merge(const struct vma_merge_struct *vmg,
		    struct vm_area_struct *tgt);
bool rmap_may_merge_both(struct mm_world *world,
			 const struct vma_merge_struct *vmg);
void rmap_move_begin(struct vm_area_struct *vma, struct vm_area_struct *new,
		     bool ordered);
void rmap_move_end(struct vm_area_struct *vma, struct vm_area_struct *new,
		   bool ordered);
void rmap_pages_begin(struct mm_struct *mm);
void rmap_pages_end(struct mm_struct *mm);
void rmap_mm_forked(struct mm_struct *mm, struct mm_struct *oldmm);
void rmap_folio_new(struct folio *folio, struct vm_area_struct *vma,
		    bool exclusive);
void rmap_folio_move(struct folio *folio, struct vm_area_struct *vma);
void rmap_folio_migrate(struct mm_world *world, struct folio *folio,
			struct folio *old);
void rmap_folio_free(struct mm_world *world, struct folio *folio);

#endif
