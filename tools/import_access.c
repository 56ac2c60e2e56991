// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that system calls access by themselves: MAP_POPULATE, MAP_LOCKED,
 * MADV_POPULATE_READ and _WRITE, mlock().
 *
 * populate_vma_page_range() (6.18) writes to writable private memory, so that
 * its pages are copied now, and reads all other.
 */
#include "../model/mm/vma.h"
#include "import_scenario.h"

static bool can_access(const struct vm_area_struct *vma, enum op_kind kind)
{
	/* What can be written can be read on x86-64, and in the model. */
	return vma->vm_flags & (kind == OP_WRITE ? VM_WRITE : VM_ACCESS_FLAGS);
}

static void populate_vma(struct import *im, struct proc *proc,
			 const struct vm_area_struct *vma, u64 page, u64 end,
			 enum op_kind kind)
{
	struct op op = { 0 };

	if (kind == OP_WRITE && !can_access(vma, OP_WRITE))
		kind = OP_READ;
	if (!can_access(vma, kind)) {
		notes_add(im->notes, im->line,
			  "PROT_NONE memory populated: left out");
		return;
	}
	op.kind = (u8)kind;
	op.proc = proc->slot;
	op.page = page;
	op.len = min_u64(end - page, SCENARIO_TOUCH_MAX);
	if (op.len < end - page)
		notes_add(im->notes, im->line,
			  "memory populated in its first %llu pages only",
			  SCENARIO_TOUCH_MAX);
	import_add(im, &op, 0);
}

void import_populate(struct import *im, struct proc *proc, u64 page, u64 len,
		     enum op_kind kind)
{
	struct mm_struct *mm = machine_mm(im->machine, proc->slot);
	u64 end = page + len;

	while (mm && page < end && !im->err) {
		struct vm_area_struct *vma =
			find_vma_intersection(mm, page, end);
		u64 vma_end;

		if (!vma)
			break;
		page = max_u64(page, vma->vm_start);
		vma_end = min_u64(end, vma->vm_end);
		populate_vma(im, proc, vma, page, vma_end, kind);
		page = vma_end;
	}
}

static void lock_all(struct import *im, struct proc *proc, u32 flags)
{
	bool onfault = flags & CALL_MCL_ONFAULT;

	if (!(flags & CALL_MCL_FUTURE))
		proc->heap->lock_future = LOCK_NOTHING;
	else
		proc->heap->lock_future = onfault ? LOCK_ONFAULT :
						    LOCK_POPULATES;
	if (flags & CALL_MCL_CURRENT && !onfault)
		import_populate(im, proc, 0, TASK_PAGES, OP_WRITE);
}

void import_lock(struct import *im, struct proc *proc, const struct call *call)
{
	u64 page = call->addr >> PAGE_SHIFT;
	u64 end = (call->addr + call->len + PAGE_BYTES - 1) >> PAGE_SHIFT;

	notes_add(im->notes, im->line,
		  "%.*s: VM_LOCKED is not in the model, the pages are accessed",
		  (int)min_u64(call->name.len, 40), call->name.p);
	if (call->kind == CALL_MUNLOCKALL)
		proc->heap->lock_future = LOCK_NOTHING;
	else if (call->kind == CALL_MLOCKALL)
		lock_all(im, proc, call->flags);
	else if (!(call->flags & CALL_MLOCK_ONFAULT) && end > page &&
		 end <= TASK_PAGES)
		import_populate(im, proc, page, end - page, OP_WRITE);
}
