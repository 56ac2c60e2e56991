/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Address spaces, VMAs, page tables and folios: what reverse maps describe.
 *
 * After mainline's include/linux/mm_types.h.  All addresses are page numbers
 * and all lengths are pages (see base/types.h).
 */
#ifndef RMAPDIFF_MM_MM_H
#define RMAPDIFF_MM_MM_H

#include <bsd/sys/queue.h>
#include "../base/tree.h"
#include "../base/bug.h"
#include "../base/ledger.h"
#include "../base/rcu.h"
#include "../base/sched.h"
#include "../base/types.h"
#include "rmap.h"

/* User space of x86-64 with four levels, TASK_SIZE, in pages; with five (LA57). */
#define TASK_PAGES ((1ULL << 35) - 1)
#define TASK_PAGES_LA57 ((1ULL << 44) - 1)

/* sysctl_max_map_count's default, include/linux/mm.h. */
#define DEFAULT_MAX_MAP_COUNT 65530

/* include/linux/mm.h; the flags that the model's operations can set. */
#define VM_NONE 0x0ULL
#define VM_READ 0x1ULL
#define VM_WRITE 0x2ULL
#define VM_DONTCOPY 0x20000ULL
#define VM_ACCOUNT 0x100000ULL
#define VM_WIPEONFORK 0x2000000ULL
#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE)

/* Private files that can be mapped, numbered from 0. */
#define NR_FILES 4
#define NO_FILE (-1)

/* Whose order of chains and of reuse at fork is followed. */
enum kernel_release {
	KERNEL_6_18, /* up to 6.19 */
	KERNEL_7_0, /* from 7.0 on */
};

enum pte_kind {
	PTE_NONE,
	PTE_ANON, /* an anonymous folio */
	PTE_ZERO, /* the shared zero page */
	PTE_FILE, /* a page of the file, not copied yet */
	PTE_MIGRATION, /* an anonymous folio on its way; only inside an op */
};

struct pte {
	u8 kind; /* enum pte_kind */
	bool write;
	u8 slot; /* which of its leaf */
	u8 visited; /* a bit for each task whose walk, under way, met it */
	/*
	 * Of an entry that maps a folio: which mapping it is, by world->nr_mappings
	 * when it was made.  One that mremap moves is the same.
	 */
	u32 born;
	struct folio *folio;
	LIST_ENTRY(pte) mapped; /* in folio->mappings */
};

#define PTRS_PER_LEAF 64

/* The lowest level of a page table. */
struct pgtable_leaf {
	RB_ENTRY(pgtable_leaf) rb;
	u64 first; /* page number of pte[0] */
	struct mm_struct *mm;
	u64 present; /* a bit for each pte that is not PTE_NONE */
	struct pte pte[PTRS_PER_LEAF];
};

RB_HEAD(pgtable, pgtable_leaf);
LIST_HEAD(pte_list, pte);

/* An anonymous folio of one page. */
struct folio {
	u64 id; /* from 1, in order of birth; what reports call it */
	pgoff_t index; /* linear page index, fixed when first mapped */
	u64 family; /* mm->family of the mms that may map it */
	u32 mapcount; /* entries that map it; migration entries do not */
	u32 refs; /* taken by those who work on it */
	u32 waiters; /* for its lock, until a migration has ended: no references */
	struct task_lock lock; /* folio_lock() */
	bool exclusive; /* PageAnonExclusive */
	u64 content; /* what its last write stored */
	struct pte_list mappings; /* page-table entries, migration entries too */
	RB_ENTRY(folio) rb; /* in world->folios */
	void *rmap_state[RMAP_MAX];
};

RB_HEAD(folio_tree, folio);

/* folio_mapcount(), for the walk of @rwc. */
static inline u32 rmap_walk_mapcount(const struct rmap_walk_control *rwc,
				     const struct folio *folio)
{
	return rwc->mapcount ? rwc->mapcount(folio, rwc->arg) : folio->mapcount;
}

struct vm_area_struct {
	struct mm_struct *vm_mm;
	u64 vm_start; /* page number */
	u64 vm_end; /* page number after the last */
	u64 vm_flags;
	pgoff_t vm_pgoff;
	int vm_file; /* 0 .. NR_FILES - 1, or NO_FILE */
	RB_ENTRY(vm_area_struct) rb;
	TAILQ_ENTRY(vm_area_struct) detached; /* while an unmap gathers */
	struct rcu_head rcu;
	struct rmap_vma rmap_state[RMAP_MAX];
};

RB_HEAD(vma_tree, vm_area_struct);
TAILQ_HEAD(vma_list, vm_area_struct);

struct mm_struct {
	struct mm_world *world;
	u64 id; /* from 1, in order of birth */
	u32 users; /* mm_users: processes that share it, operations under way */
	u32 count; /* mm_count: all users together are one, and mmgrab()s */
	struct task_lock mmap_lock;
	struct task_lock prepare_lock; /* see rmap_vma_prepare() */
	struct rcu_head rcu;
	/* All mms that descend by fork from one that exec made share this. */
	u64 family;
	struct vma_tree vmas;
	u32 map_count;
	struct pgtable pgtable;
	u64 changes; /* raised by each change to a VMA or a page-table entry */
	u64 pte_changes; /* the same, of entries and pages alone */
	TAILQ_ENTRY(mm_struct) entry; /* in world->mms */
	void *rmap_state[RMAP_MAX];
};

TAILQ_HEAD(mm_list, mm_struct);

/* Offsets of one family that an operation touched. */
struct touched {
	u64 family;
	pgoff_t first;
	pgoff_t last;
};

/* A folio whose mappings changed; it may be gone since. */
struct touched_folio {
	u64 family;
	pgoff_t index;
	u64 id;
};

/* A VMA that was touched, where it was then. */
struct touched_vma {
	struct mm_struct *mm; /* NULL: gone since */
	u64 start; /* page number */
	u64 end;
	pgoff_t first;
	pgoff_t last;
};

/* What an operation touched: for checks that cost what the operation did. */
struct touched_log {
	struct touched *ranges;
	u32 nr;
	u32 cap;
	struct touched_vma *vmas;
	u32 nr_vmas;
	u32 cap_vmas;
	struct touched_folio *folios;
	u32 nr_folios;
	u32 cap_folios;
	bool overflow; /* memory ran out: everything counts as touched */
	/* For checks: leave nothing out, however much it is; something was. */
	bool thorough;
	bool left_out;
	u64 looked; /* by checks, beside folios and VMAs */
};

/* Page numbers of one mm where a process may see what it did not see before. */
struct change {
	u64 mm; /* its id */
	u64 start;
	u64 end;
	bool pages; /* page-table entries or contents; false: VMAs */
};

/* For those who compare two machines; kept only if asked for. */
struct change_log {
	bool kept;
	bool overflow; /* memory ran out: everything may have changed */
	struct change *changes;
	u32 nr;
	u32 cap;
};

/* A mapping that a walk should have visited, and did not. */
struct walk_missed {
	const struct rmap *rmap; /* whose walk; NULL: none was missed */
	u64 folio; /* its id */
	u64 mm; /* its id */
	u64 addr; /* page number */
	u32 task;
	bool left; /* it was not put back by a migration that has finished */
};

/* What all address spaces of one machine share. */
struct mm_world {
	struct ledger *ledger;
	struct rcu *rcu;
	struct sched *sched; /* while operations run at the same time */
	const struct bugs *bugs;
	enum kernel_release as_of;
	u32 max_map_count;
	u64 task_pages; /* where user space ends: TASK_PAGES if nobody says else */
	bool accounts; /* reverse maps keep accounts for statistics */

	/* The first is the deciding one. */
	struct rmap rmaps[RMAP_MAX];
	u32 nr_rmaps;

	struct mm_list mms; /* the living, in order of birth */
	u64 nr_mms; /* ever made */
	u64 nr_folios; /* ever made */
	u32 nr_mappings; /* ever made; see struct pte */
	/* The first one, while operations run at the same time. */
	struct walk_missed missed;
	/* mms and VMAs are freed after a grace period: walks look at them in one. */
	bool walks_mms;
	bool detach_last; /* munmap: the pages first, then the VMAs */
	struct folio_tree folios; /* the living, by family, index, id */
	struct touched_log touched;
	struct change_log changed;

	u32 kind_mm, kind_vma, kind_pgtable, kind_folio;
};

/*
 * One world with the reverse maps @ops[0 .. nr - 1], 1 <= nr <= RMAP_MAX.
 * @ledger, @rcu and @bugs stay the caller's and must outlive it.  0 or -ENOMEM.
 */
int mm_world_init(struct mm_world *world, struct ledger *ledger,
		  struct rcu *rcu, const struct bugs *bugs,
		  const struct rmap_ops *const *ops, u32 nr);

/* All mms must be gone. */
void mm_world_exit(struct mm_world *world);

/*
 * Forgets what was touched, or that it was in @mm; notes a folio of @world whose
 * mappings change, with its offset; notes offsets [first, last]
 * of @mm's family; notes @vma as it is, with its offsets.
 */
void touched_reset(struct mm_world *world);
void touched_forget_mm(struct mm_struct *mm);
void touch_folio(struct mm_world *world, const struct folio *folio);
void touch_offsets(struct mm_struct *mm, pgoff_t first, pgoff_t last);
void touch_vma(struct vm_area_struct *vma);

/* Notes that [start, end) of @mm changed: its pages or its VMAs; forgets all. */
void note_change_in(struct mm_struct *mm, u64 start, u64 end, bool pages);
void changes_reset(struct mm_world *world);

static inline void note_change(struct mm_struct *mm, u64 start, u64 end,
			       bool pages)
{
	if (__builtin_expect(mm->world->changed.kept, 0))
		note_change_in(mm, start, end, pages);
}

/* Here others may go on.  Costs nothing to speak of when there are none. */
static inline void mark(const struct mm_world *world, enum sched_point point)
{
	if (__builtin_expect(!!world->sched, 0))
		sched_point(world->sched, point);
}

/*
 * After a mark: @obj, a ledger object that was found before it, is going to be
 * looked at.  If it was freed meanwhile, the task ends here and the race is
 * reported; @what, static, is what the report calls it.
 */
void race_if_freed(const struct mm_world *world, const void *obj,
		   const char *what);

static inline void expect_live(const struct mm_world *world, const void *obj,
			       const char *what)
{
	if (__builtin_expect(!!world->sched, 0))
		race_if_freed(world, obj, what);
}

/* mmap_lock, with its point before.  mm/mmap_lock.h. */
static inline void mmap_write_lock(struct mm_struct *mm)
{
	task_lock_write(mm->world->sched, &mm->mmap_lock, "mmap_lock");
}

static inline void mmap_write_unlock(struct mm_struct *mm)
{
	task_unlock_write(mm->world->sched, &mm->mmap_lock);
}

static inline void mmap_read_lock(struct mm_struct *mm)
{
	task_lock_read(mm->world->sched, &mm->mmap_lock, "mmap_lock");
}

static inline void mmap_read_unlock(struct mm_struct *mm)
{
	task_unlock_read(mm->world->sched, &mm->mmap_lock);
}

/*
 * Memory management calls; each returns 0 or a negative errno.  Those named do_
 * want mmap_lock held for writing by the caller; the others take what they need.
 */
int vm_mmap(struct mm_struct *mm, u64 addr, u64 len, u64 flags, int file,
	    pgoff_t pgoff);
int vm_munmap(struct mm_struct *mm, u64 addr, u64 len);
int vm_mprotect(struct mm_struct *mm, u64 addr, u64 len, u64 prot);
int vm_mremap(struct mm_struct *mm, u64 addr, u64 old_len, u64 new_len,
	      u32 flags, u64 new_addr);

/*
 * mmap(MAP_PRIVATE | MAP_FIXED) of @len pages at page number @addr; @flags of
 * VM_READ and VM_WRITE, @file a number or NO_FILE, @pgoff its offset in pages.
 * do_mmap(), __mmap_region(), 6.18.
 */
int do_mmap(struct mm_struct *mm, u64 addr, u64 len, u64 flags, int file,
	    pgoff_t pgoff);

/* do_vmi_munmap(), 6.18. */
int do_munmap(struct mm_struct *mm, u64 addr, u64 len);

/* do_mprotect_pkey(), 6.18; @prot of VM_READ and VM_WRITE. */
int do_mprotect(struct mm_struct *mm, u64 addr, u64 len, u64 prot);

enum madvise_advice {
	ADVICE_DONTNEED,
	ADVICE_DONTFORK,
	ADVICE_DOFORK,
	ADVICE_WIPEONFORK,
	ADVICE_KEEPONFORK,
	NR_ADVICE,
};

/* do_madvise(), 6.18: takes mmap_lock itself, for reading where that does. */
int do_madvise(struct mm_struct *mm, u64 addr, u64 len,
	       enum madvise_advice advice);

/* linux/mman.h */
#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED 2
#define MREMAP_DONTUNMAP 4

/* do_mremap(), 6.18; @new_addr is looked at with MREMAP_FIXED only. */
int do_mremap(struct mm_struct *mm, u64 addr, u64 old_len, u64 new_len,
	      u32 flags, u64 new_addr);

/*
 * One access at page number @addr.  A write stores @value as the page's
 * content.  -EFAULT stands for SIGSEGV.  handle_mm_fault(), 6.18.
 */
int mm_read(struct mm_struct *mm, u64 addr);
int mm_write(struct mm_struct *mm, u64 addr, u64 value);

/*
 * What a read at @addr would see, without faulting anything in; false when it
 * would raise SIGSEGV.
 */
bool mm_peek(struct mm_struct *mm, u64 addr, u64 *value);

/* A first or exec'ed address space with one user; NULL when memory is out. */
struct mm_struct *mm_alloc(struct mm_world *world);

/*
 * fork: dup_mm(), dup_mmap(), 6.18.  0 with the child's mm, one user, in
 * @mmp; or -ENOMEM, with what the kernel leaves.
 */
int mm_dup(struct mm_struct *oldmm, struct mm_struct **mmp);

/* vfork shares the mm; an operation keeps the one it works on.  mmget(). */
void mm_get(struct mm_struct *mm);

/* For those who cannot know whether anybody uses it still: mmget_not_zero(). */
bool mm_get_not_zero(struct mm_struct *mm);

/* mmput(): the last user's takes everything down. */
void mm_put(struct mm_struct *mm);

/* mmgrab(), mmdrop(): keeps the struct itself, not what is mapped in it. */
void mm_grab(struct mm_struct *mm);
void mm_drop(struct mm_struct *mm);

/*
 * The anonymous folio at page number @addr, held, into @folio: 0.  Where there is
 * none, NULL there, with -EFAULT (no VMA, or the zero page), -ENOENT (nothing, or
 * a folio on its way), or 0 (a page of the file).  Takes mmap_lock.
 */
int folio_find(struct mm_struct *mm, u64 addr, struct folio **folio);

/*
 * What walks are for; below.  With a folio that folio_find() has given, and that is given
 * back here; 0, -ENOMEM, or -EAGAIN.  No mm need be kept: these start from the
 * folio, as compaction and reclaim do.
 */
enum folio_work {
	FOLIO_MIGRATE,
	FOLIO_WALK,
	FOLIO_RECLAIM,
};

int folio_work(struct mm_world *world, struct folio *folio,
	       enum folio_work work);

/*
 * FOLIO_MIGRATE: moves it to a new one, through the walk of each reverse map;
 * -EAGAIN when a walk left an entry behind, and the folio stays.
 * migrate_pages(), 6.18.
 * FOLIO_WALK: looks for all that map it, likewise; what folio_referenced() does.
 * FOLIO_RECLAIM: unmaps it from all, likewise, and drops it with what it holds, as
 * shrink_folio_list() does with one that is lazily freed (MADV_FREE); -EAGAIN if
 * one is left, or somebody else has locked the folio.
 * mm_work() finds the folio and does @work; errors of both.
 */
int mm_work(struct mm_struct *mm, u64 addr, enum folio_work work);

#endif
