// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables and the anonymous folios that they map.
 */
#include "pgtable.h"

static int leaf_cmp(struct pgtable_leaf *a, struct pgtable_leaf *b)
{
	return a->first < b->first ? -1 : a->first > b->first;
}

RB_GENERATE_FILE(pgtable, pgtable_leaf, rb, leaf_cmp)

/* By family, then index; those of equal index in order of birth. */
static int folio_cmp(struct folio *a, struct folio *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

RB_GENERATE_FILE(folio_tree, folio, rb, folio_cmp)

static u64 leaf_first(u64 addr)
{
	return addr - addr % PTRS_PER_LEAF;
}

/*
 * The first leaf that begins at page number @first or behind it.  By hand, since
 * RB_NFIND() wants a key, and a leaf is too large to be made for each look.
 */
static struct pgtable_leaf *leaf_from(struct mm_struct *mm, u64 first)
{
	struct pgtable_leaf *leaf = RB_ROOT(&mm->pgtable), *found = NULL;

	while (leaf) {
		if (leaf->first < first) {
			leaf = RB_RIGHT(leaf, rb);
		} else {
			found = leaf;
			leaf = RB_LEFT(leaf, rb);
		}
	}
	return found;
}

static struct pgtable_leaf *find_leaf(struct mm_struct *mm, u64 addr)
{
	struct pgtable_leaf *leaf = leaf_from(mm, leaf_first(addr));

	return leaf && leaf->first <= addr ? leaf : NULL;
}

struct pte *pte_lookup(struct mm_struct *mm, u64 addr)
{
	struct pgtable_leaf *leaf = find_leaf(mm, addr);
	struct pte *pte;

	if (!leaf)
		return NULL;
	pte = &leaf->pte[addr % PTRS_PER_LEAF];
	return pte->kind == PTE_NONE ? NULL : pte;
}

struct pte *pte_next(struct mm_struct *mm, u64 addr, u64 end)
{
	struct pgtable_leaf *leaf = leaf_from(mm, leaf_first(addr));

	for (; leaf && leaf->first < end;
	     leaf = RB_NEXT(pgtable, &mm->pgtable, leaf)) {
		u64 present = leaf->present;
		struct pte *pte;

		if (leaf->first < addr)
			present &= ~0ULL << (addr - leaf->first);
		if (!present)
			continue;
		pte = &leaf->pte[__builtin_ctzll(present)];
		return leaf->first + pte->slot < end ? pte : NULL;
	}
	return NULL;
}

static struct pgtable_leaf *leaf_alloc(struct mm_struct *mm, u64 addr)
{
	struct mm_world *world = mm->world;
	struct pgtable_leaf *leaf;

	leaf = ledger_alloc(world->ledger, world->kind_pgtable, sizeof(*leaf));
	if (!leaf)
		return NULL;
	leaf->first = leaf_first(addr);
	leaf->mm = mm;
	for (u32 i = 0; i < PTRS_PER_LEAF; i++)
		leaf->pte[i].slot = i;
	RB_INSERT(pgtable, &mm->pgtable, leaf);
	return leaf;
}

struct pte *pte_alloc(struct mm_struct *mm, u64 addr)
{
	struct pgtable_leaf *leaf = find_leaf(mm, addr);

	if (!leaf)
		leaf = leaf_alloc(mm, addr);
	return leaf ? &leaf->pte[addr % PTRS_PER_LEAF] : NULL;
}

static void leaf_free(struct pgtable_leaf *leaf)
{
	struct mm_struct *mm = leaf->mm;

	RB_REMOVE(pgtable, &mm->pgtable, leaf);
	ledger_free(mm->world->ledger, leaf);
}

static void pte_set_kind(struct pte *pte, enum pte_kind kind)
{
	struct pgtable_leaf *leaf = pte_leaf(pte);
	u64 bit = 1ULL << pte->slot;

	pte->kind = kind;
	if (kind == PTE_NONE)
		leaf->present &= ~bit;
	else
		leaf->present |= bit;
	leaf->mm->changes++;
	leaf->mm->pte_changes++;
	note_change(leaf->mm, pte_addr(pte), pte_addr(pte) + 1, true);
}

/* @pte becomes an entry of @folio, present or a migration entry: @kind. */
static void folio_add_entry(struct folio *folio, struct pte *pte,
			    enum pte_kind kind)
{
	pte->folio = folio;
	pte->born = ++pte_mm(pte)->world->nr_mappings;
	pte->visited = 0;
	LIST_INSERT_HEAD(&folio->mappings, pte, mapped);
	folio->mapcount += kind == PTE_ANON;
	touch_folio(pte_mm(pte)->world, folio);
	pte_set_kind(pte, kind);
}

/* The folio stays, even when it lost its last entry. */
static void folio_del_entry(struct folio *folio, struct pte *pte)
{
	touch_folio(pte_mm(pte)->world, folio);
	LIST_REMOVE(pte, mapped);
	pte->folio = NULL;
	folio->mapcount -= pte->kind == PTE_ANON;
}

/*
 * A migration entry keeps the model's folio.  In the kernel it has no reference,
 * and needs none as long as the migration has one; one that is left behind leads
 * to whatever the frame is used for next.
 */
static bool folio_is_unused(const struct folio *folio)
{
	return LIST_EMPTY(&folio->mappings) && !folio->refs && !folio->waiters;
}

static void folio_put_entry(struct folio *folio, struct pte *pte)
{
	struct mm_world *world = pte_mm(pte)->world;

	folio_del_entry(folio, pte);
	if (folio_is_unused(folio) && !bug_on(world->bugs, BUG_FOLIO_NOT_FREED))
		folio_free(world, folio);
}

void folio_get(struct folio *folio)
{
	folio->refs++;
}

void folio_put(struct mm_world *world, struct folio *folio)
{
	folio->refs--;
	if (folio_is_unused(folio))
		folio_free(world, folio);
}

void folio_put_waiter(struct mm_world *world, struct folio *folio)
{
	folio->waiters--;
	if (folio_is_unused(folio))
		folio_free(world, folio);
}

void pte_set_folio(struct pte *pte, struct folio *folio, bool write)
{
	folio_add_entry(folio, pte, PTE_ANON);
	pte->write = write;
}

void pte_set_migration(struct pte *pte, struct folio *folio, bool write)
{
	folio_add_entry(folio, pte, PTE_MIGRATION);
	pte->write = write;
}

void pte_make_migration(struct pte *pte)
{
	pte->folio->mapcount--;
	pte->kind = PTE_MIGRATION;
}

void pte_undo_migration(struct pte *pte)
{
	touch_offsets(pte_mm(pte), pte->folio->index, pte->folio->index);
	pte->folio->mapcount++;
	pte->born = ++pte_mm(pte)->world->nr_mappings;
	pte->visited = 0;
	pte->kind = PTE_ANON;
}

void pte_set_special(struct pte *pte, enum pte_kind kind)
{
	pte->write = false;
	pte_set_kind(pte, kind);
}

void pte_replace_folio(struct pte *pte, struct folio *folio)
{
	if (pte->folio)
		folio_put_entry(pte->folio, pte);
	pte_set_folio(pte, folio, true);
}

void pte_restore_folio(struct pte *pte, struct folio *folio)
{
	folio_del_entry(pte->folio, pte);
	pte_set_folio(pte, folio, pte->write);
}

static void pte_set_none(struct pte *pte)
{
	pte->write = false;
	pte_set_kind(pte, PTE_NONE);
	if (!pte_leaf(pte)->present)
		leaf_free(pte_leaf(pte));
}

void pte_clear(struct pte *pte)
{
	if (pte->folio)
		folio_put_entry(pte->folio, pte);
	pte_set_none(pte);
}

void pte_unmap(struct pte *pte)
{
	folio_del_entry(pte->folio, pte);
	pte->write = false;
	pte_set_kind(pte, PTE_NONE);
}

/* Only for a bug: an index is fixed when the folio is first mapped. */
static void folio_set_index(struct mm_world *world, struct folio *folio,
			    pgoff_t index)
{
	RB_REMOVE(folio_tree, &world->folios, folio);
	folio->index = index;
	RB_INSERT(folio_tree, &world->folios, folio);
}

void pte_move(struct pte *to, struct pte *from)
{
	struct folio *folio = from->folio;
	u32 born = from->born;

	if (folio) {
		folio_del_entry(folio, from);
		if (bug_on(pte_mm(to)->world->bugs, BUG_MOVE_CHANGES_INDEX))
			folio_set_index(pte_mm(to)->world, folio, pte_addr(to));
		folio_add_entry(folio, to, from->kind);
		to->write = from->write;
		/* The same mapping as before, whether it is on its way or not. */
		to->born = born;
		to->visited = from->visited;
	} else {
		pte_set_special(to, from->kind);
	}
	from->write = false;
	pte_set_kind(from, PTE_NONE);
}

void free_empty_tables(struct mm_struct *mm, u64 start, u64 end)
{
	struct pgtable_leaf *leaf = leaf_from(mm, leaf_first(start)), *next;

	for (; leaf && leaf->first < end; leaf = next) {
		next = RB_NEXT(pgtable, &mm->pgtable, leaf);
		if (!leaf->present)
			leaf_free(leaf);
	}
}

void zap_range(struct mm_struct *mm, u64 start, u64 end)
{
	struct pte *pte;

	for (; (pte = pte_next(mm, start, end)); start++) {
		start = pte_addr(pte);
		pte_clear(pte);
		mark(mm->world, POINT_PTE_ZAPPED);
	}
}

void pgtable_exit(struct mm_struct *mm)
{
	struct pgtable_leaf *leaf;

	while ((leaf = RB_ROOT(&mm->pgtable)))
		leaf_free(leaf);
}

struct folio *folio_alloc_bare(struct mm_world *world, u64 family,
			       pgoff_t index)
{
	struct folio *folio;

	folio = ledger_alloc(world->ledger, world->kind_folio, sizeof(*folio));
	if (!folio)
		return NULL;
	folio->id = ++world->nr_folios;
	folio->family = family;
	folio->index = index;
	LIST_INIT(&folio->mappings);
	RB_INSERT(folio_tree, &world->folios, folio);
	return folio;
}

struct folio *folio_alloc_anon(struct vm_area_struct *vma, u64 addr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct folio *folio;

	folio = folio_alloc_bare(mm->world, mm->family,
				 vma->vm_pgoff + (addr - vma->vm_start));
	if (!folio)
		return NULL;
	folio->exclusive = true;
	rmap_folio_new(folio, vma, true);
	return folio;
}

void folio_free(struct mm_world *world, struct folio *folio)
{
	rmap_folio_free(world, folio);
	RB_REMOVE(folio_tree, &world->folios, folio);
	ledger_free(world->ledger, folio);
}

struct folio *folio_first(struct mm_world *world, u64 family, pgoff_t index)
{
	struct folio key = { .family = family, .index = index };
	struct folio *folio = RB_NFIND(folio_tree, &world->folios, &key);

	return folio && folio->family == family ? folio : NULL;
}

struct folio *folio_next(struct folio *folio)
{
	struct folio *next = RB_NEXT(folio_tree, NULL, folio);

	return next && next->family == folio->family ? next : NULL;
}

struct folio *folio_last(struct mm_world *world, u64 family, pgoff_t index)
{
	struct folio key = { .family = family, .index = index, .id = ~0ULL };
	struct folio *next = RB_NFIND(folio_tree, &world->folios, &key);
	struct folio *folio = next ? RB_PREV(folio_tree, &world->folios, next) :
				     RB_MAX(folio_tree, &world->folios);

	return folio && folio->family == family ? folio : NULL;
}

struct folio *folio_prev(struct folio *folio)
{
	struct folio *prev = RB_PREV(folio_tree, NULL, folio);

	return prev && prev->family == folio->family ? prev : NULL;
}

struct folio *folio_by_key(struct mm_world *world, u64 family, pgoff_t index,
			   u64 id)
{
	struct folio key = { .family = family, .index = index, .id = id };

	return RB_FIND(folio_tree, &world->folios, &key);
}

struct folio *folio_behind(struct mm_world *world, const struct folio *key)
{
	struct folio next = {
		.family = key->family,
		.index = key->index,
		.id = key->id + 1,
	};

	return RB_NFIND(folio_tree, &world->folios, &next);
}
