// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks, watched: a mapping that exists all the while must be visited; and the
 * two users of walks that are no migration.  mm/rmap.c, mm/vmscan.c, 6.18.
 */
#include <errno.h>
#include "vma.h"
#include "walks.h"

/* Whoever finds a folio on its way could wait for it; move_pages(2) does not. */
static int find_locked(struct mm_struct *mm, u64 addr, struct folio **folio)
{
	struct pte *pte = pte_lookup(mm, addr);

	if (!vma_lookup(mm, addr))
		return -EFAULT;
	if (!pte || pte->kind == PTE_MIGRATION)
		return -ENOENT;
	if (pte->kind == PTE_ZERO)
		return -EFAULT;
	if (pte->kind == PTE_FILE)
		return 0;
	*folio = pte->folio;
	folio_get(*folio);
	return 0;
}

int folio_find(struct mm_struct *mm, u64 addr, struct folio **folio)
{
	int err;

	*folio = NULL;
	mmap_read_lock(mm);
	err = find_locked(mm, addr, folio);
	mmap_read_unlock(mm);
	if (*folio)
		mark(mm->world, POINT_FOLIO_FOUND);
	return err;
}

void folio_lock(struct mm_world *world, struct folio *folio)
{
	task_lock_write(world->sched, &folio->lock, "folio lock");
}

bool folio_trylock(struct mm_world *world, struct folio *folio)
{
	return task_trylock_write(world->sched, &folio->lock);
}

void folio_unlock(struct mm_world *world, struct folio *folio)
{
	task_unlock_write(world->sched, &folio->lock);
}

/* The walk looks for this entry. */
static bool is_entry_wanted(const struct watched_walk *walk,
			    const struct pte *pte)
{
	return walk->rwc.restoring ? pte_migrates(pte, walk->of) :
				     pte_maps(pte, walk->of);
}

static void watch_begin(struct watched_walk *walk)
{
	struct mm_world *world = walk->rmap->world;
	struct pte *pte;

	walk->bit = (u8)(1U << (world->sched ? world->sched->current : 0));
	walk->since = world->nr_mappings;
	walk->wanted = 0;
	LIST_FOREACH(pte, &walk->of->mappings, mapped) {
		pte->visited &= (u8)~walk->bit;
		walk->wanted += is_entry_wanted(walk, pte);
	}
}

/*
 * A visitor that only shows what another one will do meets an entry once: after
 * that it would be changed.
 */
static int watched_one(struct folio *folio, struct vm_area_struct *vma,
		       u64 address, void *arg)
{
	struct watched_walk *walk = arg;
	struct pte *pte = pte_lookup(vma->vm_mm, address);
	bool again = false;

	if (is_entry_wanted(walk, pte)) {
		again = pte->visited & walk->bit;
		pte->visited |= walk->bit;
	}
	if (walk->shows && again)
		return 0;
	return walk->rwc.rmap_one(folio, vma, address, walk->rwc.arg);
}

/* What folio_mapcount() would be if the visitor changed what it has met. */
static u32 shown_mapcount(const struct folio *folio, const void *arg)
{
	const struct watched_walk *walk = arg;
	const struct pte *pte;
	u32 met = 0;

	LIST_FOREACH(pte, &walk->of->mappings, mapped)
		met += is_entry_wanted(walk, pte) && pte->visited & walk->bit;
	return walk->rwc.restoring ? folio->mapcount + met :
				     folio->mapcount - met;
}

/* Nobody else runs, so nothing came or went meanwhile. */
static void report_missed(struct watched_walk *walk)
{
	divergence_set(&walk->rmap->broken, DIVERGENCE_MISS,
		       "finds %llu of %u %s of folio %llu",
		       (unsigned long long)walk->found, walk->wanted,
		       walk->rwc.restoring ? "migration entries" : "mappings",
		       (unsigned long long)walk->folio->id);
}

static void note_missed(struct watched_walk *walk, struct pte *pte)
{
	struct mm_world *world = walk->rmap->world;

	if (!world->sched)
		report_missed(walk);
	if (!world->sched || world->missed.rmap)
		return;
	world->missed = (struct walk_missed){
		.rmap = walk->rmap,
		.folio = walk->of->id,
		.mm = pte_mm(pte)->id,
		.addr = pte_addr(pte),
		.task = world->sched->current,
	};
}

static bool watch_end(struct watched_walk *walk)
{
	struct pte *pte;

	LIST_FOREACH(pte, &walk->of->mappings, mapped) {
		if (pte->born > walk->since || pte->visited & walk->bit ||
		    !is_entry_wanted(walk, pte))
			continue;
		note_missed(walk, pte);
		return false;
	}
	return true;
}

bool walk_watched(struct watched_walk *walk)
{
	struct rmap *rmap = walk->rmap;
	struct rmap_walk_control rwc = {
		.rmap_one = watched_one,
		.arg = walk,
		.restoring = walk->rwc.restoring,
		.mapcount = walk->shows ? shown_mapcount : NULL,
		.stats = &rmap->migrate_walks,
	};
	u64 found = rmap->migrate_walks.found;

	mark(rmap->world, POINT_WALK_BEGINS);
	watch_begin(walk);
	rmap->ops->walk(rmap, walk->folio, &rwc);
	walk->found = rmap->migrate_walks.found - found;
	return !rwc.contended && watch_end(walk);
}

static int find_one(struct folio *folio, struct vm_area_struct *vma,
		    u64 address, void *arg)
{
	return pte_maps(pte_lookup(vma->vm_mm, address), folio);
}

bool find_by_others(struct mm_world *world, struct folio *folio)
{
	bool all = true;

	for (u32 i = 1; i < world->nr_rmaps; i++) {
		struct watched_walk walk = {
			.rmap = &world->rmaps[i],
			.folio = folio,
			.of = folio,
			.rwc = { .rmap_one = find_one },
			.shows = true,
		};

		if (!walk_watched(&walk))
			all = false;
	}
	return all;
}

static int unmap_one(struct folio *folio, struct vm_area_struct *vma,
		     u64 address, void *arg)
{
	struct pte *pte = pte_lookup(vma->vm_mm, address);

	if (!pte_maps(pte, folio))
		return 0;
	pte_unmap(pte);
	return 1;
}

/*
 * The deciding reverse map's walk unmaps, when the others have shown that they
 * would.  try_to_unmap().
 */
static int reclaim_locked(struct mm_world *world, struct folio *folio)
{
	struct watched_walk walk = {
		.rmap = &world->rmaps[0],
		.folio = folio,
		.of = folio,
		.rwc = { .rmap_one = unmap_one },
	};
	bool all = find_by_others(world, folio);

	if (!walk_watched(&walk))
		all = false;
	mark(world, POINT_FOLIO_UNMAPPED);
	return all && !folio->mapcount ? 0 : -EAGAIN;
}

/* Reclaim does not wait for a folio.  shrink_folio_list(). */
static int reclaim_folio(struct mm_world *world, struct folio *folio)
{
	int err;

	if (!folio_trylock(world, folio))
		return -EAGAIN;
	err = reclaim_locked(world, folio);
	folio_unlock(world, folio);
	return err;
}

/* The folio's lock is not taken for this.  folio_referenced(). */
static int walk_folio(struct mm_world *world, struct folio *folio)
{
	for (u32 i = 0; i < world->nr_rmaps; i++) {
		struct watched_walk walk = {
			.rmap = &world->rmaps[i],
			.folio = folio,
			.of = folio,
			.rwc = { .rmap_one = find_one },
		};

		walk_watched(&walk);
	}
	return 0;
}

int folio_work(struct mm_world *world, struct folio *folio,
	       enum folio_work work)
{
	static int (*const works[])(struct mm_world *, struct folio *) = {
		[FOLIO_MIGRATE] = migrate_folio,
		[FOLIO_WALK] = walk_folio,
		[FOLIO_RECLAIM] = reclaim_folio,
	};
	int err = works[work](world, folio);

	folio_put(world, folio);
	return err;
}

int mm_work(struct mm_struct *mm, u64 addr, enum folio_work work)
{
	struct folio *folio;
	int err = folio_find(mm, addr, &folio);

	return folio ? folio_work(mm->world, folio, work) : err;
}
