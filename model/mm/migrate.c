// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration, a user of the reverse map that cannot do with half an answer.
 * mm/migrate.c, 6.18: try_to_migrate(), move_to_new_folio(),
 * remove_migration_ptes().
 *
 *	folio old:	mapped	  |  migration entries	   |  gone
 *	folio new:		  |			   |  mapped
 *			  try_to_migrate()	 remove_migration_ptes()
 *	mapcount:	old 3, 2, 1, 0			  new 0, 1, 2, 3
 */
#include <errno.h>
#include "vma.h"
#include "walks.h"

/* One migration, from start to end. */
struct migration {
	struct mm_world *world;
	struct folio *old;
	struct folio *new;
	void *owners[RMAP_MAX]; /* kept, see owner_get() */
};

/* The mapcount falls with each: folio_remove_rmap_pte(). */
static int try_to_migrate_one(struct folio *folio, struct vm_area_struct *vma,
			      u64 addr, void *arg)
{
	struct pte *pte = pte_lookup(vma->vm_mm, addr);

	if (!pte_maps(pte, folio))
		return 0;
	pte_make_migration(pte);
	return 1;
}

static int find_migration_pte(struct folio *folio, struct vm_area_struct *vma,
			      u64 addr, void *arg)
{
	const struct migration *mig = arg;

	return pte_migrates(pte_lookup(vma->vm_mm, addr), mig->old);
}

/* What the entry said of the folio is true of the new one. */
static void new_is_as_old(struct migration *mig, struct vm_area_struct *vma)
{
	if (mig->new->mapcount)
		return;
	mig->new->exclusive = mig->old->exclusive;
	/* As if it were new in the VMA that has the first entry back. */
	if (bug_on(mig->world->bugs, BUG_MIGRATE_TAKES_YOUNGEST))
		rmap_folio_move(mig->new, vma);
}

static int remove_migration_pte(struct folio *folio, struct vm_area_struct *vma,
				u64 addr, void *arg)
{
	struct pte *pte = pte_lookup(vma->vm_mm, addr);
	struct migration *mig = arg;

	if (!pte_migrates(pte, mig->old))
		return 0;
	new_is_as_old(mig, vma);
	pte_restore_folio(pte, folio);
	return 1;
}

/* Nothing came of it: the old folio is mapped as it was. */
static int undo_migration_pte(struct folio *folio, struct vm_area_struct *vma,
			      u64 addr, void *arg)
{
	struct pte *pte = pte_lookup(vma->vm_mm, addr);

	if (!pte_migrates(pte, folio))
		return 0;
	pte_undo_migration(pte);
	return 1;
}

/*
 * The deciding reverse map's walk unmaps, when the others have shown that they
 * would.  True if none missed any, and none is mapped still.
 */
static bool try_to_migrate(struct migration *mig)
{
	struct mm_world *world = mig->world;
	struct watched_walk walk = {
		.rmap = &world->rmaps[0],
		.folio = mig->old,
		.of = mig->old,
		.rwc = { .rmap_one = try_to_migrate_one },
	};
	bool all = find_by_others(world, mig->old);

	if (!walk_watched(&walk))
		all = false;
	mark(world, POINT_FOLIO_UNMAPPED);
	return all && !mig->old->mapcount;
}

/*
 * The deciding reverse map's walk puts them back, the mapcount of the new folio
 * rising from 0.  The others must find them too, and before.
 */
static void remove_migration_ptes(struct migration *mig)
{
	struct mm_world *world = mig->world;

	for (u32 i = world->nr_rmaps; i--;) {
		struct watched_walk walk = {
			.rmap = &world->rmaps[i],
			.folio = mig->new,
			.of = mig->old,
			.rwc = {
				.rmap_one = i ? find_migration_pte :
						remove_migration_pte,
				.arg = mig,
				.restoring = true,
			},
			.shows = i,
		};

		walk_watched(&walk);
	}
}

/* NULL if there is none. */
static struct pte *first_migration_entry(const struct folio *folio)
{
	struct pte *pte;

	LIST_FOREACH(pte, &folio->mappings, mapped)
		if (pte->kind == PTE_MIGRATION)
			return pte;
	return NULL;
}

/* A folio that is still mapped somewhere is not moved. */
static void putback(struct migration *mig)
{
	struct watched_walk walk = {
		.rmap = &mig->world->rmaps[0],
		.folio = mig->old,
		.of = mig->old,
		.rwc = {
			.rmap_one = undo_migration_pte,
			.restoring = true,
		},
	};
	struct pte *pte;

	walk_watched(&walk);
	/* What a wrong walk has not found here is not to wait for ever. */
	while ((pte = first_migration_entry(mig->old)))
		pte_undo_migration(pte);
}

static void owners_get(struct migration *mig)
{
	struct mm_world *world = mig->world;

	if (bug_on(world->bugs, BUG_MIGRATE_DROPS_OWNER))
		return;
	for (u32 i = 0; i < world->nr_rmaps; i++) {
		struct rmap *rmap = &world->rmaps[i];

		if (rmap->ops->owner_get)
			mig->owners[i] = rmap->ops->owner_get(rmap, mig->old);
	}
}

static void owners_put(struct migration *mig)
{
	struct mm_world *world = mig->world;

	for (u32 i = 0; i < world->nr_rmaps; i++)
		if (mig->owners[i])
			world->rmaps[i].ops->owner_put(&world->rmaps[i],
						       mig->owners[i]);
}

/* Entries of the old folio that are left wait for ever. */
static void note_left(struct migration *mig)
{
	struct mm_world *world = mig->world;
	struct pte *pte = first_migration_entry(mig->old);

	if (!pte || !world->sched || world->missed.rmap)
		return;
	world->missed = (struct walk_missed){
		.rmap = &world->rmaps[0],
		.folio = mig->old->id,
		.mm = pte_mm(pte)->id,
		.addr = pte_addr(pte),
		.task = world->sched->current,
		.left = true,
	};
}

/* Whoever else works on the folio would go on with the old one.  folio_migrate_mapping(). */
static bool others_hold(const struct folio *folio)
{
	return folio->refs > 1;
}

static int migrate_locked(struct migration *mig)
{
	struct folio *old = mig->old;

	if (!try_to_migrate(mig) || others_hold(old)) {
		putback(mig);
		return -EAGAIN;
	}
	mig->new->content = old->content;
	mig->new->exclusive = old->exclusive;
	rmap_folio_migrate(mig->world, mig->new, old);
	folio_lock(mig->world, mig->new);
	remove_migration_ptes(mig);
	note_left(mig);
	folio_unlock(mig->world, mig->new);
	return 0;
}

/* Nobody knows of it yet, but who migrates. */
static struct folio *alloc_dst(struct folio *old, struct mm_world *world)
{
	struct folio *new = folio_alloc_bare(world, old->family, old->index);

	if (new)
		folio_get(new);
	return new;
}

int migrate_folio(struct mm_world *world, struct folio *folio)
{
	struct migration mig = { .world = world, .old = folio };
	int err = 0;

	mig.new = alloc_dst(folio, world);
	if (!mig.new)
		return -ENOMEM;
	folio_lock(world, folio);
	owners_get(&mig);
	/* It was freed but for those who hold it: there is nothing to move. */
	if (folio->mapcount)
		err = migrate_locked(&mig);
	folio_unlock(world, folio);
	owners_put(&mig);
	folio_put(world, mig.new);
	return err;
}
