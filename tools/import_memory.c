// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls on memory to operations.
 *
 * The scenario has the private memory that the log has seen being mapped.  What
 * execve maps by itself (the program, its stack, the vdso) and shared memory it
 * has not: calls on those are cut to what it has, or left out.
 */
#include <errno.h>
#include "../model/mm/vma.h"
#include "../model/scenario/replay.h"
#include "import_scenario.h"

#define PAGE_SHIFT 12
#define PAGE_BYTES (1ULL << PAGE_SHIFT)
#define OFFSET_MAX (1ULL << 32) /* of file=N@OFF */

/* A number of the machine's that no process of a scenario has. */
#define SCRATCH SCENARIO_PROCS_MAX

/* In larger address spaces it is not tried out whether a call would fail. */
#define TRY_VMAS_MAX 4096

/* One call while it is looked at: in pages. */
struct memory {
	struct import *im;
	struct proc *proc;
	const struct call *call;
	struct mm_struct *mm; /* NULL: not there */
	u64 page;
	u64 len;
};

static void note(const struct memory *mem, const char *text)
{
	notes_add(mem->im->notes, mem->im->line, "%s", text);
}

static u64 pages_up(u64 bytes)
{
	return (bytes >> PAGE_SHIFT) + !!(bytes & (PAGE_BYTES - 1));
}

/* In user space, and on a page's boundary? */
static bool range_ok(const struct memory *mem, u64 addr, u64 bytes)
{
	u64 len = pages_up(bytes);

	if (!(addr & (PAGE_BYTES - 1)) && len <= TASK_PAGES &&
	    addr >> PAGE_SHIFT <= TASK_PAGES - len)
		return true;
	note(mem, "range that no user process has on x86-64: left out");
	return false;
}

static struct op make_op(const struct memory *mem, enum op_kind kind, u64 page,
			 u64 len)
{
	struct op op = { 0 };

	op.kind = (u8)kind;
	op.proc = mem->proc->slot;
	op.page = page;
	op.len = len;
	return op;
}

static struct vm_area_struct *first_in(const struct memory *mem, u64 page,
				       u64 len)
{
	return mem->mm ? find_vma_intersection(mem->mm, page, page + len) :
			 NULL;
}

/* Writes to [@page, @page + @len), which has become writable. */
static void touch_new(const struct memory *mem, u64 page, u64 len)
{
	struct op op = make_op(mem, OP_WRITE, page, 1);

	if (mem->im->touch == IMPORT_TOUCH_NONE || !len)
		return;
	if (mem->im->touch == IMPORT_TOUCH_ALL)
		op.len = min_u64(len, SCENARIO_TOUCH_MAX);
	if (op.len > 1 && op.len < len)
		note(mem, "memory touched in its first 1048576 pages only");
	import_add(mem->im, &op, -1);
}

/* Is anything left behind?  Then it goes, and takes no result from the log. */
static void unmap_quietly(const struct memory *mem, u64 page, u64 len)
{
	struct op op = make_op(mem, OP_MUNMAP, page, len);

	if (len && first_in(mem, page, len))
		import_add(mem->im, &op, 0);
}

static bool any_vma_has(struct mm_struct *mm, u64 flag)
{
	struct vm_area_struct *vma;

	for (vma = find_vma(mm, 0); vma; vma = vma_next(vma))
		if (vma->vm_flags & flag)
			return true;
	return false;
}

/* What would come of @op: tried on a child.  -1: cannot be said. */
static int try_op(const struct memory *mem, const struct op *op)
{
	struct machine *machine = mem->im->machine;
	struct op on_child = *op;
	int result = -1;

	if (!mem->mm || mem->mm->map_count > TRY_VMAS_MAX ||
	    any_vma_has(mem->mm, VM_DONTCOPY))
		return -1;
	on_child.proc = SCRATCH;
	if (!machine_fork(machine, op->proc, SCRATCH)) {
		result = replay_op(machine, &mem->im->sc, &on_child, 1);
		machine_exit(machine, SCRATCH);
	}
	touched_reset(&machine->world);
	synchronize_rcu(&machine->rcu);
	if (machine->ledger.nr_failed)
		mem->im->err = -ENOMEM;
	return result;
}

/* A call that failed stays if it fails here with the same errno. */
static void add_failed(const struct memory *mem, struct op *op)
{
	int err = mem->call->err;

	if (!(mem->call->addr & (PAGE_BYTES - 1)) && err > 0 &&
	    op->page <= TASK_PAGES && op->len <= TASK_PAGES &&
	    op->new_len <= TASK_PAGES && op->to <= TASK_PAGES &&
	    try_op(mem, op) == err)
		import_add(mem->im, op, err);
	else
		notes_add(mem->im->notes, mem->im->line,
			  "%s that failed, and not for what the model has: "
			  "left out",
			  op_infos[op->kind].name);
}

/* An old strace has mmap2's offset in pages; its others are whole pages. */
static u64 file_offset(const struct memory *mem)
{
	u64 off = mem->call->off;

	if (off & (PAGE_BYTES - 1))
		note(mem, "offset that is no whole page: taken as pages");
	else
		off >>= PAGE_SHIFT;
	if (off <= OFFSET_MAX)
		return off;
	note(mem, "offset that a scenario cannot have: taken as 0");
	return 0;
}

static void note_prot(const struct memory *mem)
{
	if (mem->call->exec_only)
		note(mem, "PROT_EXEC: taken as PROT_READ");
	if (mem->call->odd)
		note(mem, "PROT_GROWSDOWN or PROT_GROWSUP: taken as without");
}

static void note_map_flags(const struct memory *mem)
{
	u32 flags = mem->call->flags;

	note_prot(mem);
	if (flags & CALL_MAP_GROWSDOWN)
		note(mem, "MAP_GROWSDOWN: taken as without");
	if (flags & CALL_MAP_NORESERVE)
		note(mem, "MAP_NORESERVE: taken as without");
	if (flags & CALL_MAP_LOCKED)
		note(mem, "MAP_LOCKED: taken as without");
}

static void import_mmap(struct memory *mem)
{
	const struct call *call = mem->call;
	struct op op;

	if (call->failed) {
		note(mem, "mmap that failed: left out");
		return;
	}
	if (!range_ok(mem, call->result, call->len))
		return;
	op = make_op(mem, OP_MMAP, call->result >> PAGE_SHIFT, mem->len);
	if ((call->flags & CALL_MAP_TYPE) != CALL_MAP_PRIVATE ||
	    call->flags & CALL_MAP_HUGETLB) {
		note(mem, call->flags & CALL_MAP_HUGETLB ?
				  "MAP_HUGETLB: what was there is unmapped" :
				  "shared mmap: what was there is unmapped");
		unmap_quietly(mem, op.page, op.len);
		return;
	}
	note_map_flags(mem);
	op.prot = call->prot;
	if (!(call->flags & CALL_MAP_ANONYMOUS)) {
		op.flags |= OP_HAS_FILE;
		op.file = import_file_number(mem->im, mem->proc, call);
		op.off = file_offset(mem);
	}
	if (import_add(mem->im, &op, 0) && op.prot == OP_PROT_RW)
		touch_new(mem, op.page, op.len);
}

static void import_munmap(struct memory *mem)
{
	struct op op = make_op(mem, OP_MUNMAP, mem->page, mem->len);

	if (mem->call->failed) {
		add_failed(mem, &op);
		return;
	}
	if (!range_ok(mem, mem->call->addr, mem->call->len))
		return;
	if (!first_in(mem, mem->page, mem->len))
		note(mem, "munmap of what is not in the scenario: left out");
	else
		import_add(mem->im, &op, 0);
}

/* The first page of [@page, @page + @len) that cannot be written; its end. */
static u64 first_unwritable(const struct memory *mem, u64 page, u64 len)
{
	struct vm_area_struct *vma = first_in(mem, page, len);

	for (; vma && vma->vm_start < page + len; vma = vma_next(vma))
		if (!(vma->vm_flags & VM_WRITE))
			return max_u64(vma->vm_start, page);
	return page + len;
}

/* @op on a range that is mapped all over. */
static void add_piece(const struct memory *mem, struct op *op)
{
	u64 end = op->page + op->len, unwritable = end;

	if (op->kind == OP_MPROTECT && op->prot == OP_PROT_RW)
		unwritable = first_unwritable(mem, op->page, op->len);
	if (import_add(mem->im, op, 0))
		touch_new(mem, unwritable, end - unwritable);
}

/*
 * @op, which succeeded, on as much of its range as the scenario has:
 *
 *	|-- vma --|-- vma --|        |--- vma ---|
 *	      |<-- piece -->|        |<-piece->|
 *	      page			      end
 */
static void add_pieces(const struct memory *mem, struct op *op)
{
	u64 page = op->page, end = page + op->len;
	bool cut = false, any = false;

	if (!op->len)
		return;
	while (page < end && !mem->im->err) {
		struct vm_area_struct *vma = first_in(mem, page, end - page);
		u64 piece_end;

		if (!vma)
			break;
		cut |= vma->vm_start > page;
		op->page = max_u64(vma->vm_start, page);
		for (piece_end = vma->vm_end; piece_end < end;
		     piece_end = vma->vm_end) {
			vma = vma_next(vma);
			if (!vma || vma->vm_start > piece_end)
				break;
		}
		page = min_u64(piece_end, end);
		op->len = page - op->page;
		add_piece(mem, op);
		any = true;
	}
	if (!any || cut || page < end)
		notes_add(mem->im->notes, mem->im->line,
			  "%s of what is not in the scenario: %s",
			  op_infos[op->kind].name, any ? "cut" : "left out");
}

static void import_mprotect(struct memory *mem)
{
	struct op op = make_op(mem, OP_MPROTECT, mem->page, mem->len);

	op.prot = mem->call->prot;
	if (mem->call->failed) {
		add_failed(mem, &op);
		return;
	}
	note_prot(mem);
	if (range_ok(mem, mem->call->addr, mem->call->len))
		add_pieces(mem, &op);
}

static void import_madvise(struct memory *mem)
{
	struct op op = make_op(mem, OP_MADVISE, mem->page, mem->len);
	struct span advice = mem->call->text;

	op.advice = mem->call->advice;
	if (op.advice == NR_ADVICE)
		notes_add(mem->im->notes, mem->im->line,
			  "madvise left out: %.*s",
			  (int)min_u64(advice.len, 40), advice.p);
	else if (mem->call->failed)
		add_failed(mem, &op);
	else if (range_ok(mem, mem->call->addr, mem->call->len))
		add_pieces(mem, &op);
}

/* Will the model do @op, which succeeded?  Its VMAs may end elsewhere. */
static bool mremap_fits(const struct memory *mem, const struct op *op,
			struct vm_area_struct *vma)
{
	u64 one = min_u64(op->len, op->new_len);
	u64 end = op->page + op->len;

	if (op->flags & OP_HAS_TO)
		return op->len == op->new_len || vma->vm_end - op->page >= one;
	return op->new_len <= op->len ||
	       (vma->vm_end == end &&
		!first_in(mem, end, op->new_len - op->len));
}

/* What is mapped afterwards, by other means. */
static void mremap_otherwise(const struct memory *mem, const struct op *op,
			     u64 vm_flags)
{
	bool moves = op->flags & OP_HAS_TO;
	struct op map = make_op(mem, OP_MMAP, op->page + op->len,
				op->new_len - op->len);

	note(mem, "mremap that the model would refuse: munmap and mmap");
	if (moves) {
		map.page = op->to;
		map.len = op->new_len;
		if (!(op->flags & OP_DONTUNMAP))
			unmap_quietly(mem, op->page, op->len);
	}
	if (vm_flags & VM_WRITE)
		map.prot = OP_PROT_RW;
	else
		map.prot = vm_flags & VM_READ ? OP_PROT_R : OP_PROT_NONE;
	if (import_add(mem->im, &map, 0) && map.prot == OP_PROT_RW)
		touch_new(mem, map.page, map.len);
}

static void mremap_done(const struct memory *mem, struct op *op)
{
	struct vm_area_struct *vma = mem->mm ? vma_lookup(mem->mm, op->page) :
					       NULL;
	u64 to = op->flags & OP_HAS_TO ? op->to : op->page;
	u64 vm_flags;

	if (!vma || !op->len) {
		note(mem, "mremap of what is not in the scenario: what is at "
			  "its destination is unmapped");
		unmap_quietly(mem, to, op->new_len);
		return;
	}
	vm_flags = vma->vm_flags;
	if (!mremap_fits(mem, op, vma)) {
		mremap_otherwise(mem, op, vm_flags);
		return;
	}
	if (import_add(mem->im, op, 0) && vm_flags & VM_WRITE &&
	    op->new_len > op->len)
		touch_new(mem, to + op->len, op->new_len - op->len);
}

static void import_mremap(struct memory *mem)
{
	const struct call *call = mem->call;
	struct op op = make_op(mem, OP_MREMAP, mem->page, mem->len);

	op.new_len = pages_up(call->new_len);
	if (call->flags & MREMAP_DONTUNMAP)
		op.flags |= OP_DONTUNMAP;
	if (call->failed) {
		if (call->flags & MREMAP_FIXED) {
			op.flags |= OP_HAS_TO;
			op.to = call->new_addr >> PAGE_SHIFT;
		}
		add_failed(mem, &op);
		return;
	}
	if (!range_ok(mem, call->addr, call->len) ||
	    !range_ok(mem, call->result, call->new_len))
		return;
	if (call->result != call->addr) {
		op.flags |= OP_HAS_TO;
		op.to = call->result >> PAGE_SHIFT;
	}
	mremap_done(mem, &op);
}

/*
 * Growth is what sys_brk() and do_brk_flags() (6.18) make of it, and what a
 * private anonymous writable mmap makes too: VM_READ, VM_WRITE, VM_ACCOUNT, the
 * page number as offset, merged with what ends where it begins.  (That brk does
 * not merge to the right makes no difference: it refuses to come that near to
 * the next VMA.)  Less is a munmap.
 */
static void import_brk(struct memory *mem)
{
	struct heap *heap = mem->proc->heap;
	const struct call *call = mem->call;
	u64 before = heap->brk;
	struct op op;

	if (call->failed || !range_ok(mem, 0, call->result))
		return;
	heap->brk = call->result;
	if (!heap->known) {
		if (call->addr)
			note(mem, "brk before the break is known: it is from "
				  "here on");
		heap->known = true;
		return;
	}
	if (call->addr && call->addr != call->result)
		note(mem, "brk that failed: left out");
	op = make_op(mem, OP_MMAP, pages_up(before), 0);
	if (pages_up(heap->brk) > op.page) {
		op.len = pages_up(heap->brk) - op.page;
		if (import_add(mem->im, &op, 0))
			touch_new(mem, op.page, op.len);
	} else {
		unmap_quietly(mem, pages_up(heap->brk),
			      op.page - pages_up(heap->brk));
	}
}

void import_memory_call(struct import *im, struct proc *proc,
			const struct call *call)
{
	struct memory mem = {
		.im = im,
		.proc = proc,
		.call = call,
		.mm = machine_mm(im->machine, proc->slot),
		.page = call->addr >> PAGE_SHIFT,
		.len = pages_up(call->len),
	};

	if (!call->has_result) {
		note(&mem, "call whose result is not there: left out");
		return;
	}
	switch ((enum call_kind)call->kind) {
	case CALL_MMAP:
		import_mmap(&mem);
		break;
	case CALL_MUNMAP:
		import_munmap(&mem);
		break;
	case CALL_MREMAP:
		import_mremap(&mem);
		break;
	case CALL_MPROTECT:
		import_mprotect(&mem);
		break;
	case CALL_MADVISE:
		import_madvise(&mem);
		break;
	case CALL_BRK:
		import_brk(&mem);
		break;
	default:
		notes_add(im->notes, im->line,
			  "call that changes memory as the model cannot: %.*s",
			  (int)min_u64(call->text.len, 40), call->text.p);
	}
}
