// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an operation that succeeds was asked for: its range is mapped as it says,
 * or not mapped, and the pages beside its range are mapped as they were.  Costs
 * what the VMAs of the range cost.
 */
#include "check_internal.h"

static struct page_view view_of(struct mm_struct *mm, u64 addr)
{
	const struct vm_area_struct *vma = vma_lookup(mm, addr);

	if (!vma)
		return (struct page_view){ .mapped = false };
	return (struct page_view){
		.mapped = true,
		.flags = vma->vm_flags,
		.file = vma->vm_file,
		.pgoff = vma_is_anonymous(vma) ? 0 :
						 linear_page_index(vma, addr),
	};
}

static bool view_equal(const struct page_view *a, const struct page_view *b)
{
	return a->mapped == b->mapped && a->flags == b->flags &&
	       a->file == b->file && a->pgoff == b->pgoff;
}

static u64 page_beside(const struct check_asked *asked, u32 i)
{
	return i ? asked->range.end : asked->range.start - 1;
}

void check_asked_save(struct check_asked *asked, struct mm_struct *mm,
		      struct page_range range)
{
	*asked = (struct check_asked){ .range = range };
	if (!mm || range.start >= range.end || !range.start ||
	    range.end >= mm->world->task_pages)
		return;
	asked->saved = true;
	for (u32 i = 0; i < 2; i++)
		asked->beside[i] = view_of(mm, page_beside(asked, i));
}

static bool check_beside(struct check *chk, const struct check_asked *asked,
			 struct mm_struct *mm)
{
	for (u32 i = 0; i < 2; i++) {
		struct page_view now = view_of(mm, page_beside(asked, i));

		if (!view_equal(&now, &asked->beside[i]))
			return report_fault(
				chk, DIVERGENCE_STATE, "",
				"the operation changed how %s is mapped, which is not in its range",
				place_name(chk, mm, page_beside(asked, i)).text);
	}
	return true;
}

/* The first page of @range that is not mapped with @prot, or range.end. */
static u64 first_without(struct mm_struct *mm, struct page_range range,
			 u64 prot)
{
	const struct vm_area_struct *vma;
	u64 addr = range.start;

	while (addr < range.end) {
		vma = vma_lookup(mm, addr);
		if (!vma || (vma->vm_flags & VM_ACCESS_FLAGS) != prot)
			return addr;
		addr = vma->vm_end;
	}
	return range.end;
}

bool check_asked_mapped(struct check *chk, const struct check_asked *asked,
			struct mm_struct *mm, u64 prot)
{
	u64 addr;

	if (!asked->saved)
		return true;
	addr = first_without(mm, asked->range, prot);
	if (addr < asked->range.end)
		return report_fault(
			chk, DIVERGENCE_STATE, "",
			"the operation succeeded, but %s is not mapped as it says",
			place_name(chk, mm, addr).text);
	return check_beside(chk, asked, mm);
}

bool check_asked_unmapped(struct check *chk, const struct check_asked *asked,
			  struct mm_struct *mm)
{
	const struct vm_area_struct *vma;

	if (!asked->saved)
		return true;
	vma = find_vma_intersection(mm, asked->range.start, asked->range.end);
	if (vma)
		return report_fault(
			chk, DIVERGENCE_STATE, "",
			"the operation succeeded, but %s is still mapped",
			place_name(chk, mm,
				   max_u64(vma->vm_start, asked->range.start))
				.text);
	return check_beside(chk, asked, mm);
}
