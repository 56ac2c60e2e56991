/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of this room share.
 *
 * Functions that return bool say whether all is well; if not, the report is in
 * the check.  Only the first divergence is kept.
 */
#ifndef RMAPDIFF_CHECK_CHECK_INTERNAL_H
#define RMAPDIFF_CHECK_CHECK_INTERNAL_H

#include "../mm/pgtable.h"
#include "../mm/vma.h"
#include "check.h"

typedef unsigned long long ull;

/* Pointers, each once, with a count, in the order of insertion. */
struct ptr_item {
	const void *ptr;
	u64 count;
};

/* Where an item is; in use if it is of the set's generation. */
struct ptr_bucket {
	const void *ptr;
	u32 item;
	u32 generation;
};

struct ptr_set {
	struct ptr_item *items;
	u32 nr;
	u32 cap;
	struct ptr_bucket *buckets; /* used by sets that are not small */
	u32 nr_buckets; /* a power of two, at least 2 * cap */
	u32 generation; /* raised by each clear; 0 is no set's */
};

/* Empties @set; a set of zeroes is an empty one. */
void ptr_set_clear(struct ptr_set *set);
void ptr_set_free(struct ptr_set *set);

/* The item of @ptr; NULL if it has none. */
struct ptr_item *ptr_set_find(const struct ptr_set *set, const void *ptr);

/*
 * The item of @ptr, with count 0 if it is new; NULL when memory is out.  Items
 * move when another one is added.
 */
struct ptr_item *ptr_set_add(struct ptr_set *set, const void *ptr);

/* Which objects had been allocated: nothing came or went while it is equal. */
struct liveness {
	u64 vmas_total;
	u64 vmas_live;
	u64 mms_total;
	u64 mms_live;
};

/* What was last found equal for one process on two machines. */
struct content_seen {
	u64 mm_id[2];
	u64 changes[2];
};

struct check_scratch {
	/* VMAs and mms that this check met; their pointers are good. */
	struct ptr_set vmas;
	struct ptr_set mms;
	/* All VMAs of all mms, as of live_at; made when a walk needs it. */
	struct ptr_set live;
	struct liveness live_at;
	u64 mms_searched; /* for VMAs, by this check */
	/* Entries that one walk found. */
	struct ptr_set found;
	/* From scratch: folios with the entries counted, and the entries. */
	struct ptr_set folios;
	struct ptr_set ptes;
	/* By process. */
	struct content_seen *seen;
	u32 nr_seen;
};

/* The scratch memory; NULL with that reported when memory is out. */
struct check_scratch *check_scratch(struct check *chk);

/* report.c */

/* Notes a divergence unless one is noted; false, for the caller to return. */
bool report_fault(struct check *chk, enum divergence_kind kind,
		  const char *rmap, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool report_oom(struct check *chk);

static inline bool found_fault(const struct check *chk)
{
	return chk->report.kind != DIVERGENCE_NONE;
}

#define PLACE_NAME_MAX 80

struct place_name {
	char text[PLACE_NAME_MAX];
};

/* "A:0x40" */
struct place_name place_name(const struct check *chk,
			     const struct mm_struct *mm, u64 addr);

/* Adds the truth about @folio and what each reverse map finds. */
void report_add_walks(struct check *chk, struct folio *folio);

/* walks.c */

/*
 * Is there a VMA at that pointer?  It may point to nothing.  @addr is a page
 * number where it ought to be.
 */
bool vma_is_alive(struct check *chk, const struct vm_area_struct *vma,
		  u64 addr);

/* The entry of @mm at @addr if it maps @folio, else NULL. */
struct pte *pte_of_folio(struct mm_struct *mm, u64 addr,
			 const struct folio *folio);

/* Walks @folio by each reverse map and compares with its mappings. */
bool check_walks(struct check *chk, struct folio *folio);

/* What @rmap's own check would count; it must have one. */
struct own_count {
	u64 mapped; /* VMAs that map the folio, as the deciding walk finds them */
	u64 reached; /* of them, those that @rmap knows of */
};

struct own_count own_count(struct check *chk, struct rmap *rmap,
			   struct folio *folio);

/* Does the own check of each reverse map that has one reach all? */
bool check_own_counts(struct check *chk, struct folio *folio);

/* truth.c */

/*
 * @folio->mappings against the VMAs that they lie in, which are added to
 * scratch->vmas.
 */
bool check_mappings(struct check *chk, struct folio *folio);

/*
 * All mms, their VMAs and page tables; the folios found are in scratch->folios,
 * all VMAs in scratch->vmas.
 */
bool check_spaces(struct check *chk);

/* Every folio's list and count against what check_spaces() met. */
bool check_folio_lists(struct check *chk);

/* state.c */

/* A part of an mm that looks the same all over; may be several VMAs. */
struct area {
	u64 start;
	u64 end;
	u64 flags;
	int file;
	pgoff_t pgoff; /* of a file mapping, else 0 */
};

/*
 * The area that begins with *@vmap, which moves on to the first VMA after it;
 * false at the end.  Only the flags in @mask count, and only what lies in @in,
 * where *@vmap must end behind in.start.
 */
bool area_next(struct vm_area_struct **vmap, u64 mask, struct page_range in,
	       struct area *area);

#endif
