// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration, a user of the reverse map that cannot do with half an answer.
 * mm/migrate.c, 6.18: try_to_migrate(), move_to_new_folio(),
 * remove_migration_ptes().
 *
 *	folio old:	mapped	  |  migration entries	   |  gone
 *	folio new:		  |			   |  mapped
 *			  try_to_migrate()	 remove_migration_ptes()
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

/* The entry of the old folio at @addr, migration entry or not; or NULL. */
static struct pte *pte_of_old(const struct migration *mig,
			      struct vm_area_struct *vma, u64 addr)
{
	struct pte *pte = pte_lookup(vma->vm_mm, addr);

	return pte && pte->folio == mig->old ? pte : NULL;
}

static int try_to_migrate_one(struct folio *folio, struct vm_area_struct *vma,
			      u64 addr, void *arg)
{
	struct pte *pte = pte_of_old(arg, vma, addr);

	(void)folio;
	if (!pte)
		return 0;
	pte->kind = PTE_MIGRATION;
	return 1;
}

static int find_migration_pte(struct folio *folio, struct vm_area_struct *vma,
			      u64 addr, void *arg)
{
	(void)folio;
	return !!pte_of_old(arg, vma, addr);
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

	if (!pte)
		return 0;
	new_is_as_old(mig, vma);
	if (pte->folio == mig->old)
		pte_restore_folio(pte, folio);
	return pte->folio == folio;
}

/* Nothing came of it: the old folio is mapped as it was. */
static int undo_migration_pte(struct folio *folio, struct vm_area_struct *vma,
			      u64 addr, void *arg)
{
	struct pte *pte = pte_of_old(arg, vma, addr);

	(void)folio;
	if (!pte)
		return 0;
	pte->kind = PTE_ANON;
	return 1;
}

/* By each reverse map; true if none missed any, and none is mapped still. */
static bool try_to_migrate(struct migration *mig)
{
	struct mm_world *world = mig->world;
	bool all = true;

	for (u32 i = 0; i < world->nr_rmaps; i++) {
		struct watched_walk walk = {
			.rmap = &world->rmaps[i],
			.folio = mig->old,
			.of = mig->old,
			.rwc = { .rmap_one = try_to_migrate_one, .arg = mig },
		};

		if (!walk_watched(&walk))
			all = false;
	}
	mark(world, POINT_FOLIO_UNMAPPED);
	return all && !folio_mapped(mig->old);
}

/* One that @rmap does not find would stay a migration entry. */
static void expect_all(struct migration *mig, struct rmap *rmap,
		       struct rmap_walk_control rwc)
{
	u32 mapcount = mig->old->mapcount;
	struct watched_walk walk = {
		.rmap = rmap,
		.folio = mig->new,
		.of = mig->old,
		.rwc = rwc,
	};
	bool all = walk_watched(&walk) && walk.found >= mapcount;

	/* Where others run too, entries come and go: what counts is noted. */
	if (all || mig->world->sched)
		return;
	divergence_set(&rmap->broken, DIVERGENCE_MISS,
		       "finds %llu of %u migration entries of folio %llu",
		       (unsigned long long)walk.found, mapcount,
		       (unsigned long long)mig->new->id);
}

/*
 * The deciding reverse map's walk puts them back.  The others must find them
 * too, and before: none of them may go by what the new folio's mapcount says.
 */
static void remove_migration_ptes(struct migration *mig)
{
	const struct rmap_walk_control find = {
		.rmap_one = find_migration_pte,
		.arg = mig,
		.restoring = true,
	};
	const struct rmap_walk_control remove = {
		.rmap_one = remove_migration_pte,
		.arg = mig,
		.restoring = true,
	};
	struct mm_world *world = mig->world;

	for (u32 i = 1; i < world->nr_rmaps; i++)
		expect_all(mig, &world->rmaps[i], find);
	expect_all(mig, &world->rmaps[0], remove);
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
			.arg = mig,
			.restoring = true,
		},
	};
	struct pte *pte;

	walk_watched(&walk);
	/* What a wrong walk has not found here is not to wait for ever. */
	LIST_FOREACH(pte, &mig->old->mappings, mapped)
		pte->kind = PTE_ANON;
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
	struct pte *pte = LIST_FIRST(&mig->old->mappings);

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
