/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables and the folios that they map.
 */
#ifndef RMAPDIFF_MM_PGTABLE_H
#define RMAPDIFF_MM_PGTABLE_H

#include "mm.h"

static inline struct pgtable_leaf *pte_leaf(const struct pte *pte)
{
	const struct pte *first = pte - pte->slot;

	return container_of(first, struct pgtable_leaf, pte[0]);
}

/* Where an entry is: its page number and its mm. */
static inline u64 pte_addr(const struct pte *pte)
{
	return pte_leaf(pte)->first + pte->slot;
}

static inline struct mm_struct *pte_mm(const struct pte *pte)
{
	return pte_leaf(pte)->mm;
}

/* The entry for page number @addr if it is not PTE_NONE, else NULL. */
struct pte *pte_lookup(struct mm_struct *mm, u64 addr);

/* The first entry that is not PTE_NONE in [addr, end), NULL if none. */
struct pte *pte_next(struct mm_struct *mm, u64 addr, u64 end);

/* The entry for @addr, its table made if need be; NULL when memory is out. */
struct pte *pte_alloc(struct mm_struct *mm, u64 addr);

/* Does @pte, which may be NULL, map @folio?  A migration entry does not. */
static inline bool pte_maps(const struct pte *pte, const struct folio *folio)
{
	return pte && pte->kind == PTE_ANON && pte->folio == folio;
}

/* The same of a migration entry. */
static inline bool pte_migrates(const struct pte *pte,
				const struct folio *folio)
{
	return pte && pte->kind == PTE_MIGRATION && pte->folio == folio;
}

/* Sets an entry that is PTE_NONE.  A folio gains a mapping by the first. */
void pte_set_folio(struct pte *pte, struct folio *folio, bool write);
void pte_set_migration(struct pte *pte, struct folio *folio, bool write);
void pte_set_special(struct pte *pte, enum pte_kind kind);

/*
 * An entry that maps a folio becomes a migration entry of it, which does not count
 * as a mapping, and the other way round, by which the mapping is a new one.  The
 * folio stays.  A migration that fails does both, so that neither counts among the
 * changes of the mm.  try_to_migrate_one(), remove_migration_pte().
 */
void pte_make_migration(struct pte *pte);
void pte_undo_migration(struct pte *pte);

/*
 * Clears an entry.  A folio loses a mapping and, with the last one, goes.  An
 * empty table is freed: @pte must not be used again.
 */
void pte_clear(struct pte *pte);

/*
 * Clears an entry as reclaim does: whoever does it holds the folio, and the table,
 * empty or not, stays.
 */
void pte_unmap(struct pte *pte);

/* Maps @folio, writable, where another folio or a special entry was. */
void pte_replace_folio(struct pte *pte, struct folio *folio);

/*
 * Moves what @from maps to @to, which is PTE_NONE: a part of mremap.  The table
 * that @from is in stays, empty or not: what is moved next may go there.
 */
void pte_move(struct pte *to, struct pte *from);

/* Frees the tables of [start, end) that pte_move() has emptied. */
void free_empty_tables(struct mm_struct *mm, u64 start, u64 end);

/* Replaces a migration entry by one that maps @folio.  remove_migration_pte(). */
void pte_restore_folio(struct pte *pte, struct folio *folio);

/* Clears what is mapped in [start, end): zap_page_range_single(). */
void zap_range(struct mm_struct *mm, u64 start, u64 end);

/* Frees tables that are empty; all others must not be left. */
void pgtable_exit(struct mm_struct *mm);

/*
 * A folio for page number @addr of @vma, exclusive to its mm and known to the
 * reverse maps; mapped by nothing yet.  NULL when memory is out.
 */
struct folio *folio_alloc_anon(struct vm_area_struct *vma, u64 addr);

/* A folio that no reverse map knows yet (for migration). */
struct folio *folio_alloc_bare(struct mm_world *world, u64 family,
			       pgoff_t index);

/* Frees a folio that nothing maps; reverse maps drop it. */
void folio_free(struct mm_world *world, struct folio *folio);

/* Keeps a folio, mapped or not; the last to put one that nothing maps frees it. */
void folio_get(struct folio *folio);
void folio_put(struct mm_world *world, struct folio *folio);

/* The end of waiting for its lock without a reference, folio->waiters. */
void folio_put_waiter(struct mm_world *world, struct folio *folio);

/* The first living folio of @family with index >= @index, and the next. */
struct folio *folio_first(struct mm_world *world, u64 family, pgoff_t index);
struct folio *folio_next(struct folio *folio);

/* The last living folio of @family with index <= @index, and the one before. */
struct folio *folio_last(struct mm_world *world, u64 family, pgoff_t index);
struct folio *folio_prev(struct folio *folio);

/* That very one, if it lives; else NULL. */
struct folio *folio_by_key(struct mm_world *world, u64 family, pgoff_t index,
			   u64 id);

/* The first living folio behind @key by family, index and id; NULL: none. */
struct folio *folio_behind(struct mm_world *world, const struct folio *key);

#endif
