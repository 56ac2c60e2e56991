// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page contents over one operation.  A page without an anonymous folio reads as
 * zero here: files are sparse, and nobody writes to them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include "../subject/dump_page.h"
#include "content.h"

/* include/linux/mm.h, include/uapi/linux/mman.h */
#define FLAG_DONTCOPY 0x00020000ULL
#define FLAG_WIPEONFORK 0x02000000ULL
#define REMAP_FIXED 2UL

#define PAGE_BITS 12

/* All entries of a process, by address. */
struct entries {
	const struct dump *dump;
	const unsigned long long *tails; /* NULL: first words are looked at */
	const struct dump_proc *proc; /* NULL: it has none */
	const struct dump_page *pages;
	u32 nr;
};

/* One process's memory over the step. */
struct memory {
	const struct content_step *step;
	struct entries before; /* a new child's: those of its parent */
	struct entries after;
	bool subject; /* the operation's own address space */
	bool copied; /* it is a child that was just forked */
	/* Frame of the folio that was to be migrated or reclaimed; 0: none. */
	u64 frame;
};

/* What a page may read as. */
struct allowed {
	u64 values[3];
	u32 nr;
};

struct range {
	u64 first;
	u64 count;
};

static bool in_range(struct range range, u64 page)
{
	return page - range.first < range.count;
}

/* VMAs are in order of address, and so are the entries of each. */
static struct entries entries_of(const struct dump *dump,
				 const struct dump_proc *proc)
{
	struct entries entries = { .dump = dump, .proc = proc };
	const struct dump_vma *first, *last;

	if (!proc || !proc->vma_count)
		return entries;
	first = &dump->vmas[proc->vma_first];
	last = first + proc->vma_count - 1;
	entries.pages = &dump->pages[first->page_first];
	entries.nr = last->page_first + last->page_count - first->page_first;
	return entries;
}

static const struct dump_page *find_entry(const struct entries *entries,
					  u64 address)
{
	u32 low = 0, high = entries->nr;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (entries->pages[mid].address < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low < entries->nr && entries->pages[low].address == address ?
		       &entries->pages[low] :
		       NULL;
}

static u64 value_of(const struct entries *entries, const struct dump_page *page)
{
	if (!page)
		return 0;
	return entries->tails ? entries->tails[page - entries->dump->pages] :
				page->content;
}

static u64 value_at(const struct entries *entries, u64 address)
{
	return value_of(entries, find_entry(entries, address));
}

static const struct dump_vma *vma_at(const struct entries *entries, u64 address)
{
	u32 i;

	if (!entries->proc)
		return NULL;
	for (i = 0; i < entries->proc->vma_count; i++) {
		const struct dump_vma *vma =
			&entries->dump->vmas[entries->proc->vma_first + i];

		if (address >= vma->start && address < vma->end)
			return vma;
	}
	return NULL;
}

/* The process in @slot, by the one that its memory is noted with. */
static const struct dump_proc *proc_in(const struct dump *dump, u32 slot)
{
	u32 p;

	for (p = 0; p < dump->proc_count; p++)
		if (dump->procs[p].pid == slot)
			return &dump->procs[dump->procs[p].same_as];
	return NULL;
}

static struct range op_range(const struct tree_op *op)
{
	return (struct range){ op->address >> PAGE_BITS, op->len >> PAGE_BITS };
}

static void allow(struct allowed *allowed, u64 value)
{
	allowed->values[allowed->nr++] = value;
}

/* It reads as @value; after a failure perhaps still as before. */
static void allow_done(const struct memory *memory, struct allowed *allowed,
		       u64 value, u64 before)
{
	allow(allowed, value);
	if (memory->step->result)
		allow(allowed, before);
}

/* An operation that does all or nothing, unless memory runs out half-way. */
static void allow_zapped(const struct memory *memory, struct allowed *allowed,
			 u64 before)
{
	if (memory->step->result && !memory->step->half_done)
		allow(allowed, before);
	else
		allow_done(memory, allowed, 0, before);
}

static void expect_copied(const struct memory *memory, u64 address,
			  struct allowed *allowed)
{
	const struct dump_vma *vma = vma_at(&memory->before, address);

	if (!vma || vma->flags & (FLAG_DONTCOPY | FLAG_WIPEONFORK))
		allow(allowed, 0);
	else
		allow(allowed, value_at(&memory->before, address));
}

/* In place: what is past the new end is unmapped. */
static void expect_resized(const struct memory *memory, u64 address,
			   struct allowed *allowed)
{
	const struct tree_op *op = memory->step->op;
	u64 before = value_at(&memory->before, address);

	if (in_range(op_range(op), address) &&
	    address - op_range(op).first >= op->new_len >> PAGE_BITS)
		allow_zapped(memory, allowed, before);
	else
		allow(allowed, before);
}

/*
 * A move that failed may have moved some VMAs, each whole, and have unmapped the
 * destination.
 */
static void expect_moved(const struct memory *memory, u64 address,
			 struct allowed *allowed)
{
	const struct tree_op *op = memory->step->op;
	struct range from = op_range(op);
	struct range to = { op->to >> PAGE_BITS, op->new_len >> PAGE_BITS };
	u64 before = value_at(&memory->before, address);
	bool failed = memory->step->result;
	u64 offset;

	if (in_range(to, address)) {
		offset = address - to.first;
		/* Gaps between the VMAs that are moved stay gaps. */
		if (offset < from.count &&
		    vma_at(&memory->before, from.first + offset)) {
			allow(allowed,
			      value_at(&memory->before, from.first + offset));
		} else if (offset < from.count) {
			allow(allowed, before);
		}
		if (failed || offset >= from.count) {
			allow_done(memory, allowed, 0, before);
		}
		return;
	}
	if (!in_range(from, address)) {
		allow(allowed, before);
		return;
	}
	offset = address - from.first;
	if (failed)
		allow(allowed, before);
	if (!failed || offset >= to.count ||
	    value_at(&memory->after, to.first + offset) == before)
		allow(allowed, 0);
}

static void expect_subject(const struct memory *memory, u64 address,
			   struct allowed *allowed)
{
	const struct tree_op *op = memory->step->op;
	u64 before = value_at(&memory->before, address);
	bool inside = in_range(op_range(op), address);
	u64 value;

	switch ((enum tree_op_kind)op->kind) {
	case TREE_MREMAP:
		if (op->flags & REMAP_FIXED)
			expect_moved(memory, address, allowed);
		else
			expect_resized(memory, address, allowed);
		return;
	case TREE_WRITE:
		if (!inside)
			break;
		value = op->value + (address - op_range(op).first);
		if (memory->before.tails)
			value += before * TREE_TAIL_FACTOR;
		allow_done(memory, allowed, value, before);
		return;
	case TREE_MMAP:
	case TREE_MUNMAP:
		if (!inside)
			break;
		allow_zapped(memory, allowed, before);
		return;
	case TREE_MADVISE:
		if (!inside || op->flags != MADV_DONTNEED)
			break;
		/* What is mapped is emptied, although a gap is an error. */
		allow_done(memory, allowed, 0, before);
		return;
	default:
		break;
	}
	allow(allowed, before);
}

static void expect(const struct memory *memory, u64 address,
		   struct allowed *allowed)
{
	const struct dump_page *page = find_entry(&memory->before, address);

	allowed->nr = 0;
	if (memory->copied)
		expect_copied(memory, address, allowed);
	else if (memory->step->op->kind == TREE_RECLAIM && page &&
		 page->pfn == memory->frame)
		allow_done(memory, allowed, 0, value_of(&memory->before, page));
	else if (memory->subject)
		expect_subject(memory, address, allowed);
	else
		allow(allowed, value_of(&memory->before, page));
}

static bool say_page(const struct memory *memory, u64 address, u64 value,
		     const struct allowed *allowed, char *why)
{
	snprintf(why, TREE_WHY_MAX,
		 "content: page 0x%" PRIx64 " of process %u reads 0x%" PRIx64
		 "%s, expected 0x%" PRIx64
		 "; before the operation %s0x%" PRIx64,
		 address, memory->after.proc->pid, value,
		 memory->after.tails ? " at its end" : "", allowed->values[0],
		 memory->copied ? "its parent's read " : "it read ",
		 value_at(&memory->before, address));
	return false;
}

static bool check_page(const struct memory *memory, u64 address,
		       const struct dump_page *page, char *why)
{
	u64 value = value_of(&memory->after, page);
	struct allowed allowed;

	if (page && !page->pfn) {
		snprintf(why, TREE_WHY_MAX,
			 "entry: page 0x%" PRIx64
			 " of process %u is left with a swap or migration "
			 "entry",
			 address, memory->after.proc->pid);
		return false;
	}
	if (page && page->pfn == memory->frame && !memory->step->result) {
		snprintf(why, TREE_WHY_MAX,
			 "frame: page 0x%" PRIx64
			 " of process %u is still mapped to the folio that "
			 "was %s",
			 address, memory->after.proc->pid,
			 memory->step->op->kind == TREE_MIGRATE ? "migrated" :
								  "reclaimed");
		return false;
	}
	expect(memory, address, &allowed);
	for (u32 i = 0; i < allowed.nr; i++)
		if (value == allowed.values[i])
			return true;
	return say_page(memory, address, value, &allowed, why);
}

/* Each address that has an entry before or after. */
static bool check_memory(const struct memory *memory, char *why)
{
	const struct entries *before = &memory->before, *after = &memory->after;
	u32 i = 0, k = 0;

	while (i < before->nr || k < after->nr) {
		const struct dump_page *was =
			i < before->nr ? &before->pages[i] : NULL;
		const struct dump_page *is = k < after->nr ? &after->pages[k] :
							     NULL;

		if (was && is && was->address < is->address)
			is = NULL;
		else if (was && is && is->address < was->address)
			was = NULL;
		i += !!was;
		k += !!is;
		if (!check_page(memory, (is ? is : was)->address, is, why))
			return false;
	}
	return true;
}

/*
 * What was written and moved must be there even where nothing is mapped before
 * and after: a write's pages, and a destination that stayed empty.
 */
static bool check_written(const struct memory *memory, char *why)
{
	const struct content_step *step = memory->step;
	struct range range = op_range(step->op);
	u64 i;

	if (step->op->kind != TREE_WRITE || step->result)
		return true;
	for (i = 0; i < range.count; i++)
		if (!check_page(memory, range.first + i,
				find_entry(&memory->after, range.first + i),
				why))
			return false;
	return true;
}

/* Where a move succeeded each entry of the source has one in the destination. */
static bool check_arrived(const struct memory *memory, char *why)
{
	const struct tree_op *op = memory->step->op;
	struct range from = op_range(op);
	u64 first = op->to >> PAGE_BITS, count = op->new_len >> PAGE_BITS;
	u32 i;

	if (op->kind != TREE_MREMAP || !(op->flags & REMAP_FIXED))
		return true;
	for (i = 0; i < memory->before.nr; i++) {
		u64 address = memory->before.pages[i].address;

		if (!in_range(from, address) || address - from.first >= count)
			continue;
		address = first + (address - from.first);
		if (!check_page(memory, address,
				find_entry(&memory->after, address), why))
			return false;
	}
	return true;
}

static bool check_values(const struct memory *memory, char *why)
{
	if (!check_memory(memory, why))
		return false;
	return !memory->subject ||
	       (check_written(memory, why) && check_arrived(memory, why));
}

static bool check_proc(const struct content_step *step,
		       const struct dump_proc *proc, u64 frame, char *why)
{
	const struct tree_op *op = step->op;
	const struct dump_proc *was = proc_in(step->before, proc->pid);
	const struct dump_proc *actor = proc_in(step->before, op->proc);
	struct memory memory = {
		.step = step,
		.after = entries_of(step->after, proc),
		.frame = frame,
	};

	if (!was && op->kind == TREE_FORK) {
		memory.copied = true;
		was = actor;
	} else if (!was && op->kind == TREE_VFORK) {
		was = actor;
	} else if (op->kind == TREE_EXEC && !step->result &&
		   proc->pid == op->proc) {
		was = NULL;
	} else {
		memory.subject = was && was == actor;
	}
	memory.before = entries_of(step->before, was);
	if (!check_values(&memory, why))
		return false;
	memory.before.tails = step->tails_before;
	memory.after.tails = step->tails_after;
	return !step->tails_after || check_values(&memory, why);
}

const struct dump_page *content_find(const struct dump *dump, u32 slot,
				     u64 address)
{
	const struct entries entries = entries_of(dump, proc_in(dump, slot));

	return find_entry(&entries, address);
}

/* Of the anonymous folio at the operation's page, if a walk is to unmap it. */
static u64 frame_to_leave(const struct content_step *step)
{
	const struct dump_page *page;

	if (step->op->kind != TREE_RECLAIM && step->op->kind != TREE_MIGRATE)
		return 0;
	page = content_find(step->before, step->op->proc,
			    step->op->address >> PAGE_BITS);
	return page && dump_page_anon(page) ? page->pfn : 0;
}

bool content_check(const struct content_step *step, char why[TREE_WHY_MAX])
{
	u64 frame = frame_to_leave(step);
	u32 p;

	for (p = 0; p < step->after->proc_count; p++)
		if (step->after->procs[p].same_as == p &&
		    !check_proc(step, &step->after->procs[p], frame, why))
			return false;
	return true;
}
