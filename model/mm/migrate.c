// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration, a user of the reverse map that cannot do with half an answer.
 * mm/migrate.c, 6.18: try_to_migrate(), move_to_new_folio(),
 * remove_migration_ptes().
 */
#include <errno.h>
#include "pgtable.h"
#include "vma.h"

/* One migration, from start to end. */
struct migration {
	struct mm_world *world;
	struct folio *old;
	struct folio *new;
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

static int remove_migration_pte(struct folio *folio, struct vm_area_struct *vma,
				u64 addr, void *arg)
{
	struct pte *pte = pte_lookup(vma->vm_mm, addr);
	struct migration *mig = arg;

	if (!pte)
		return 0;
	/* As if it were new in the VMA that has the first entry back. */
	if (!folio->mapcount &&
	    bug_on(mig->world->bugs, BUG_MIGRATE_TAKES_YOUNGEST))
		rmap_folio_move(folio, vma);
	if (pte->folio == mig->old)
		pte_restore_folio(pte, folio);
	return pte->folio == folio;
}

/* How many entries @rmap's walk of @folio finds. */
static u64 walk_one(struct migration *mig, struct rmap *rmap,
		    struct folio *folio, struct rmap_walk_control *rwc)
{
	u64 found = rmap->migrate_walks.found;

	rwc->arg = mig;
	rwc->stats = &rmap->migrate_walks;
	rmap->ops->walk(rmap, folio, rwc);
	return rmap->migrate_walks.found - found;
}

/* By each reverse map; true if each found all entries. */
static bool try_to_migrate(struct migration *mig)
{
	struct rmap_walk_control rwc = { .rmap_one = try_to_migrate_one };
	struct mm_world *world = mig->world;
	bool all = true;

	for (u32 i = 0; i < world->nr_rmaps; i++)
		if (walk_one(mig, &world->rmaps[i], mig->old, &rwc) <
		    mig->old->mapcount)
			all = false;
	return all;
}

/* One that @rmap does not find would stay a migration entry. */
static void expect_all(struct migration *mig, struct rmap *rmap,
		       struct rmap_walk_control *rwc, u32 mapcount)
{
	u64 found = walk_one(mig, rmap, mig->new, rwc);

	if (found < mapcount)
		divergence_set(
			&rmap->broken, DIVERGENCE_MISS,
			"finds %llu of %u migration entries of folio %llu",
			(unsigned long long)found, mapcount,
			(unsigned long long)mig->new->id);
}

/*
 * The deciding reverse map's walk puts them back.  The others must find them
 * too, and before: none of them may go by what the new folio's mapcount says.
 */
static void remove_migration_ptes(struct migration *mig)
{
	struct rmap_walk_control find = {
		.rmap_one = find_migration_pte,
		.restoring = true,
	};
	struct rmap_walk_control remove = {
		.rmap_one = remove_migration_pte,
		.restoring = true,
	};
	struct mm_world *world = mig->world;
	u32 mapcount = mig->old->mapcount;

	for (u32 i = 1; i < world->nr_rmaps; i++)
		expect_all(mig, &world->rmaps[i], &find, mapcount);
	expect_all(mig, &world->rmaps[0], &remove, mapcount);
}

/* A folio that is still mapped somewhere is not moved. */
static void putback(struct migration *mig)
{
	struct pte *pte;

	LIST_FOREACH(pte, &mig->old->mappings, mapped)
		pte->kind = PTE_ANON;
}

static int migrate_folio(struct migration *mig)
{
	struct folio *old = mig->old;

	mig->new = folio_alloc_bare(mig->world, old->family, old->index);
	if (!mig->new)
		return -ENOMEM;
	if (!try_to_migrate(mig)) {
		putback(mig);
		folio_free(mig->world, mig->new);
		return -EAGAIN;
	}
	mig->new->content = old->content;
	mig->new->exclusive = old->exclusive;
	rmap_folio_migrate(mig->world, mig->new, old);
	remove_migration_ptes(mig);
	if (!old->mapcount)
		folio_free(mig->world, old);
	return 0;
}

int mm_migrate(struct mm_struct *mm, u64 addr)
{
	struct migration mig = { .world = mm->world };
	struct pte *pte = pte_lookup(mm, addr);

	if (!vma_lookup(mm, addr))
		return -EFAULT;
	if (!pte)
		return -ENOENT;
	if (pte->kind == PTE_ZERO)
		return -EFAULT;
	/* A page of the file moves without the anonymous reverse map. */
	if (pte->kind == PTE_FILE)
		return 0;
	mig.old = pte->folio;
	return migrate_folio(&mig);
}
