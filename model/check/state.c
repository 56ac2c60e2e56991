// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an operation that fails may change: nothing, or nothing that shows.
 *
 * Most operations refuse before they begin, and then not a VMA nor an entry may
 * have been touched.  One that runs out of memory has begun: the kernel keeps
 * the splits that it has made, and a VMA may have become faulted.  What the
 * process sees must be the same: how its areas are mapped, wherever the VMAs
 * under them are cut, and what its pages hold.
 */
#include <errno.h>
#include <stdlib.h>
#include "check_internal.h"

/* The offset of the page at @addr, in @vma or before it. */
static pgoff_t area_pgoff(const struct vm_area_struct *vma, u64 addr)
{
	return vma_is_anonymous(vma) ? 0 : linear_page_index(vma, addr);
}

static bool area_takes(const struct area *area,
		       const struct vm_area_struct *vma, u64 mask)
{
	if (max_u64(vma->vm_start, area->start) != area->end ||
	    (vma->vm_flags & mask) != area->flags || vma->vm_file != area->file)
		return false;
	return vma_is_anonymous(vma) ||
	       area_pgoff(vma, area->end) ==
		       area->pgoff + (area->end - area->start);
}

bool area_next(struct vm_area_struct **vmap, u64 mask, struct page_range in,
	       struct area *area)
{
	struct vm_area_struct *vma = *vmap;
	u64 start;

	if (!vma || vma->vm_start >= in.end)
		return false;
	start = max_u64(vma->vm_start, in.start);
	*area = (struct area){
		.start = start,
		.end = start,
		.flags = vma->vm_flags & mask,
		.file = vma->vm_file,
		.pgoff = area_pgoff(vma, start),
	};
	while (vma && vma->vm_start < in.end && area_takes(area, vma, mask)) {
		area->end = min_u64(vma->vm_end, in.end);
		vma = vma_next(vma);
	}
	*vmap = vma;
	return true;
}

/* splitmix64's finalizer over what there was and what comes. */
static u64 digest_add(u64 digest, u64 value)
{
	u64 z = digest * 31 + value + 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static u64 digest_areas(u64 digest, struct mm_struct *mm)
{
	const struct page_range everywhere = { 0, ~0ULL };
	struct vm_area_struct *vma = find_vma(mm, 0);
	struct area area;

	while (area_next(&vma, ~0ULL, everywhere, &area)) {
		digest = digest_add(digest, area.start);
		digest = digest_add(digest, area.end);
		digest = digest_add(digest, area.flags);
		digest = digest_add(digest, (u64)(s64)area.file);
		digest = digest_add(digest, area.pgoff);
	}
	return digest;
}

/* The zero page and pages of files show what no page at all shows. */
static u64 digest_pages(u64 digest, struct mm_struct *mm)
{
	const struct pte *pte;
	u64 addr = 0;

	for (; (pte = pte_next(mm, addr, ~0ULL)); addr++) {
		addr = pte_addr(pte);
		if (!pte->folio)
			continue;
		digest = digest_add(digest, addr);
		digest = digest_add(digest, pte->folio->content);
	}
	return digest;
}

static u64 digest_mm(struct mm_struct *mm)
{
	return digest_pages(digest_areas(0, mm), mm);
}

void check_state_save(struct check_state *state, struct mm_struct *mm,
		      bool deep)
{
	*state = (struct check_state){ 0 };
	if (!mm)
		return;
	state->mm_id = mm->id;
	state->changes = mm->changes;
	state->pte_changes = mm->pte_changes;
	state->failed = mm->world->ledger->nr_failed;
	if (deep)
		state->contents = digest_mm(mm);
}

/*
 * Can the operation have done a part of its work?  Only if memory was out, or if
 * there was hardly room for another VMA, which @deep was asked for.
 */
static bool failed_half_way(const struct check_state *state,
			    const struct mm_struct *mm, int err, bool deep)
{
	if (err != ENOMEM && err != EAGAIN)
		return false;
	return deep || mm->world->ledger->nr_failed != state->failed;
}

bool check_state_kept(struct check *chk, const struct check_state *state,
		      struct mm_struct *mm, int err, enum state_keeps keeps,
		      bool deep)
{
	const char *text = NULL;

	if (state->mm_id != (mm ? mm->id : 0))
		text = "has another address space";
	else if (!mm || keeps == STATE_KEEPS_ALL)
		return true;
	else if (mm->pte_changes != state->pte_changes &&
		 keeps == STATE_KEEPS_FLAGS)
		text = "has changed page tables";
	else if (keeps == STATE_KEEPS_FLAGS)
		return true;
	else if (!failed_half_way(state, mm, err, deep)) {
		if (mm->changes != state->changes)
			text = "has changed VMAs or page tables";
	} else if (deep && digest_mm(mm) != state->contents) {
		text = "sees other mappings or contents";
	}
	if (!text)
		return true;
	return report_fault(chk, DIVERGENCE_STATE, "",
			    "the operation failed, but its process %s", text);
}

/* Survivors. */

static bool survivors_add(struct check_survivors *survivors, u32 *cap, u64 id)
{
	u64 *ids;

	if (survivors->nr == *cap) {
		*cap = *cap ? 2 * *cap : 64;
		ids = realloc(survivors->ids, *cap * sizeof(*ids));
		if (!ids) {
			survivors->oom = true;
			return false;
		}
		survivors->ids = ids;
	}
	survivors->ids[survivors->nr++] = id;
	return true;
}

static int id_cmp(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static bool in_ranges(u64 addr, const struct page_range *ranges, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		if (addr >= ranges[i].start && addr < ranges[i].end)
			return true;
	return false;
}

void check_survivors_save(struct check_survivors *survivors,
			  struct mm_struct *mm,
			  const struct page_range *unmapped, u32 nr)
{
	const struct pte *pte;
	u64 addr = 0;
	u32 cap = 0;

	*survivors = (struct check_survivors){ 0 };
	for (; (pte = pte_next(mm, addr, ~0ULL)); addr++) {
		addr = pte_addr(pte);
		if (!pte->folio || in_ranges(addr, unmapped, nr))
			continue;
		if (!survivors_add(survivors, &cap, pte->folio->id))
			return;
	}
	if (survivors->nr)
		qsort(survivors->ids, survivors->nr, sizeof(*survivors->ids),
		      id_cmp);
}

void check_survivors_free(struct check_survivors *survivors)
{
	free(survivors->ids);
	*survivors = (struct check_survivors){ 0 };
}

bool check_survivors_kept(struct check *chk, struct check_survivors *survivors,
			  struct mm_struct *mm)
{
	struct check_survivors now;
	bool ok = true;

	check_survivors_save(&now, mm, NULL, 0);
	if (survivors->oom || now.oom)
		ok = report_oom(chk);
	for (u32 i = 0; i < survivors->nr && ok; i++)
		if (!now.nr || !bsearch(&survivors->ids[i], now.ids, now.nr,
					sizeof(*now.ids), id_cmp))
			ok = report_fault(
				chk, DIVERGENCE_STATE, "",
				"the operation failed, but its process lost folio %llu",
				(ull)survivors->ids[i]);
	check_survivors_free(&now);
	check_survivors_free(survivors);
	return ok;
}
