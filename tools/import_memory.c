// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls on memory to operations.  See import_access.c for the pages that they
 * access by themselves.
 *
 * The scenario has the private memory that the log has seen being mapped.  What
 * execve maps by itself (the program, its stack, the vdso) and shared memory it
 * has not: calls on those are cut to what it has, or left out.
 */
#include <errno.h>
#include "../model/mm/vma.h"
#include "../model/scenario/replay.h"
#include "import_scenario.h"

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

static void note_line(const struct memory *mem, const char *text)
{
	notes_add(mem->im->notes, mem->im->line, "%s", text);
}

static void note_memory_failed(const struct memory *mem)
{
	notes_add(mem->im->notes, mem->im->line, "%.*s that failed: left out",
		  (int)min_u64(mem->call->name.len, 40), mem->call->name.p);
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
	note_line(mem, "range that no user process has on x86-64: left out");
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
		note_line(mem,
			  "memory touched in its first 1048576 pages only");
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
static int try_on_child(const struct memory *mem, const struct op *op)
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

	if (!mem->call->no_args && !(mem->call->addr & (PAGE_BYTES - 1)) &&
	    err > 0 && op->page <= TASK_PAGES && op->len <= TASK_PAGES &&
	    op->new_len <= TASK_PAGES && op->to <= TASK_PAGES &&
	    try_on_child(mem, op) == err)
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
		note_line(mem, "offset that is no whole page: taken as pages");
	else
		off >>= PAGE_SHIFT;
	if (off <= OFFSET_MAX)
		return off;
	note_line(mem, "offset that a scenario cannot have: taken as 0");
	return 0;
}

static void note_odd(const struct memory *mem)
{
	struct span odd = mem->call->odd;

	if (odd.len)
		notes_add(
			mem->im->notes, mem->im->line,
			"%.*s with %.*s, which is not known: taken as without",
			(int)min_u64(mem->call->name.len, 20),
			mem->call->name.p, (int)min_u64(odd.len, 24), odd.p);
}

static void note_prot(const struct memory *mem)
{
	if (mem->call->exec_only)
		note_line(mem, "PROT_EXEC: taken as PROT_READ");
	if (mem->call->grows)
		note_line(mem,
			  "PROT_GROWSDOWN or PROT_GROWSUP: taken as without");
	if (mem->call->keyed)
		note_line(mem, "pkey_mprotect with a key: taken as without");
	note_odd(mem);
}

static void note_map_flags(const struct memory *mem)
{
	u32 flags = mem->call->flags;

	note_prot(mem);
	if (flags & CALL_MAP_GROWSDOWN)
		note_line(mem, "MAP_GROWSDOWN: taken as without");
	/* calc_vm_flag_bits(), since 6.7. */
	if (flags & CALL_MAP_STACK)
		note_line(mem, "MAP_STACK: taken as without VM_NOHUGEPAGE");
	if (flags & CALL_MAP_NORESERVE)
		note_line(mem, "MAP_NORESERVE: taken as without");
	if (flags & CALL_MAP_LOCKED)
		note_line(
			mem,
			"MAP_LOCKED: VM_LOCKED is not in the model, the pages "
			"are accessed");
}

/* Does the kernel access all pages of what @mem maps, or makes grow? */
static bool populates(const struct memory *mem)
{
	u32 flags = mem->call->kind == CALL_MMAP ? mem->call->flags : 0;
	u32 populate = flags & (CALL_MAP_POPULATE | CALL_MAP_NONBLOCK);

	if (mem->proc->heap->lock_future == LOCK_ONFAULT)
		return false;
	return mem->proc->heap->lock_future == LOCK_POPULATES ||
	       flags & CALL_MAP_LOCKED || populate == CALL_MAP_POPULATE;
}

/* [@page, @page + @len) is new, and @mem's call says who accesses it. */
static void access_new(const struct memory *mem, u64 page, u64 len,
		       bool writable)
{
	if (populates(mem))
		import_populate(mem->im, mem->proc, page, len, OP_WRITE);
	else if (writable)
		touch_new(mem, page, len);
}

/* What this mmap maps is not private memory: why it is left out. */
static const char *not_private(const struct call *call)
{
	u32 type = call->flags & CALL_MAP_TYPE;

	if (call->flags & CALL_MAP_HUGETLB)
		return "MAP_HUGETLB: what was there is unmapped";
	if (type == CALL_MAP_DROPPABLE)
		return "MAP_DROPPABLE: what was there is unmapped";
	return type == CALL_MAP_PRIVATE ?
		       NULL :
		       "shared mmap: what was there is unmapped";
}

static void import_mmap(struct memory *mem)
{
	const struct call *call = mem->call;
	const char *why_not;
	struct op op;

	if (call->failed) {
		note_line(mem, "mmap that failed: left out");
		return;
	}
	if (!range_ok(mem, call->result, call->len))
		return;
	op = make_op(mem, OP_MMAP, call->result >> PAGE_SHIFT, mem->len);
	why_not = not_private(call);
	if (why_not) {
		note_line(mem, why_not);
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
	if (import_add(mem->im, &op, 0))
		access_new(mem, op.page, op.len, op.prot == OP_PROT_RW);
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
		note_line(mem,
			  "munmap of what is not in the scenario: left out");
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

/* Of the range of @mem's call, parts were not there, or all of it. */
static void note_cut(const struct memory *mem, bool any, bool cut)
{
	if (cut)
		notes_add(mem->im->notes, mem->im->line,
			  "%.*s of what is not in the scenario: %s",
			  (int)min_u64(mem->call->name.len, 40),
			  mem->call->name.p, any ? "cut" : "left out");
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
	note_cut(mem, any, !any || cut || page < end);
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

/* Are [@page, @page + @len) all there? */
static bool all_there(const struct memory *mem, u64 page, u64 len)
{
	struct vm_area_struct *vma = first_in(mem, page, len);
	u64 end = page + len;

	while (vma && vma->vm_start <= page && page < end) {
		page = vma->vm_end;
		vma = vma_next(vma);
	}
	return page >= end;
}

/* What one that failed has populated before is not known. */
static void import_madvise_populate(struct memory *mem)
{
	bool writes = mem->call->populate == CALL_POPULATE_WRITE;

	if (mem->call->failed) {
		note_line(mem,
			  writes ? "MADV_POPULATE_WRITE that failed: left out" :
				   "MADV_POPULATE_READ that failed: left out");
		return;
	}
	if (!range_ok(mem, mem->call->addr, mem->call->len) || !mem->len)
		return;
	note_cut(mem, first_in(mem, mem->page, mem->len),
		 !all_there(mem, mem->page, mem->len));
	import_populate(mem->im, mem->proc, mem->page, mem->len,
			writes ? OP_WRITE : OP_READ);
}

static void import_madvise(struct memory *mem)
{
	struct op op = make_op(mem, OP_MADVISE, mem->page, mem->len);
	struct span advice = mem->call->text;

	op.advice = mem->call->advice;
	if (mem->call->populate)
		import_madvise_populate(mem);
	else if (mem->call->no_args)
		note_line(mem, "madvise that failed: left out");
	else if (op.advice == NR_ADVICE)
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

/* What is mapped afterwards, by other means; @from of it is not new. */
static void mremap_otherwise(const struct memory *mem, const struct op *op,
			     u64 vm_flags, u64 from)
{
	bool moves = op->flags & OP_HAS_TO;
	struct op map = make_op(mem, OP_MMAP, op->page + op->len,
				op->new_len - op->len);

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
	if (import_add(mem->im, &map, 0) && from < map.len)
		access_new(mem, map.page + from, map.len - from,
			   map.prot == OP_PROT_RW);
}

/*
 * Up to 7.2 the VMA of private /dev/zero has a file and is anonymous
 * (vma_set_anonymous() by mmap_zero()): copy_vma() gives it the offset of its
 * new address if it is unfaulted.  No file of a scenario has offsets that high,
 * so it is anonymous from here on.
 */
static bool loses_zero(const struct memory *mem, const struct op *op,
		       struct vm_area_struct *vma)
{
	return op->flags & OP_HAS_TO && mem->im->has_zero &&
	       vma->vm_file == ZERO_FILE && !rmap_vma_faulted(vma) &&
	       op->page + op->len <= vma->vm_end;
}

static void mremap_done(const struct memory *mem, struct op *op)
{
	struct vm_area_struct *vma = mem->mm ? vma_lookup(mem->mm, op->page) :
					       NULL;
	u64 to = op->flags & OP_HAS_TO ? op->to : op->page;
	u64 vm_flags;

	if (!vma || !op->len) {
		note_line(mem,
			  "mremap of what is not in the scenario: what is at "
			  "its destination is unmapped");
		unmap_quietly(mem, to, op->new_len);
		return;
	}
	vm_flags = vma->vm_flags;
	if (loses_zero(mem, op, vma)) {
		note_line(mem,
			  "mremap of unfaulted private /dev/zero: anonymous "
			  "from then on");
		mremap_otherwise(mem, op, vm_flags, op->len);
		return;
	}
	if (!mremap_fits(mem, op, vma)) {
		note_line(
			mem,
			"mremap that the model would refuse: munmap and mmap");
		mremap_otherwise(mem, op, vm_flags, 0);
		return;
	}
	if (import_add(mem->im, op, 0) && op->new_len > op->len)
		access_new(mem, to + op->len, op->new_len - op->len,
			   vm_flags & VM_WRITE);
}

static void import_mremap(struct memory *mem)
{
	const struct call *call = mem->call;
	struct op op = make_op(mem, OP_MREMAP, mem->page, mem->len);

	op.new_len = pages_up(call->new_len);
	if (call->flags & MREMAP_DONTUNMAP)
		op.flags |= OP_DONTUNMAP;
	if (call->failed) {
		if (call->flags & MREMAP_FIXED && !call->no_new_addr) {
			op.flags |= OP_HAS_TO;
			op.to = call->new_addr >> PAGE_SHIFT;
		}
		if (call->no_new_addr)
			note_memory_failed(mem);
		else
			add_failed(mem, &op);
		return;
	}
	note_odd(mem);
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

	if (call->failed)
		note_line(mem, "brk that failed: left out");
	if (call->failed || !range_ok(mem, 0, call->result))
		return;
	heap->brk = call->result;
	if (!heap->known) {
		if (call->addr)
			note_line(mem,
				  "brk before the break is known: it is from "
				  "here on");
		heap->known = true;
		return;
	}
	if (call->addr && call->addr != call->result)
		note_line(mem, "brk that failed: left out");
	op = make_op(mem, OP_MMAP, pages_up(before), 0);
	if (pages_up(heap->brk) > op.page) {
		op.len = pages_up(heap->brk) - op.page;
		if (import_add(mem->im, &op, 0))
			access_new(mem, op.page, op.len, true);
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
		note_line(&mem, NOTE_NO_RESULT);
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
	case CALL_MLOCK:
	case CALL_MLOCKALL:
	case CALL_MUNLOCKALL:
		if (call->failed)
			note_memory_failed(&mem);
		else
			import_lock(im, proc, call);
		break;
	default:
		if (call->failed)
			note_memory_failed(&mem);
		else
			notes_add(
				im->notes, im->line,
				"call that changes memory as the model cannot: "
				"%.*s%s%.*s",
				(int)min_u64(call->name.len, 24), call->name.p,
				call->text.len ? " " : "",
				(int)min_u64(call->text.len, 24), call->text.p);
	}
}
