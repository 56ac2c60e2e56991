// SPDX-License-Identifier: GPL-2.0-only
/*
 * All operations in a state, by going through every field of each kind.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../model/mm/mm.h"
#include "../model/state/fingerprint.h"
#include "bounds.h"

struct lister {
	const struct search_bounds *bounds;
	struct machine *machine;
	struct op_list *list;
	u64 lowest; /* pages in use, [lowest, highest), relative to the window */
	u64 highest;
	u64 first; /* pages that an operation may name, [first, end) */
	u64 end;
	int err;
};

/* Page tables begin at multiples of PTRS_PER_LEAF. */
_Static_assert(SCENARIO_BASE_DEFAULT % PTRS_PER_LEAF == 0,
	       "the window begins with a table");
#define TABLE_END (2 * PTRS_PER_LEAF)
#define PACKED_PAGES 256

static u64 first_page(const struct search_bounds *bounds)
{
	if (bounds->two_tables)
		return TABLE_END - bounds->pages / 2;
	return TABLE_END - PTRS_PER_LEAF / 2 - bounds->pages / 2;
}

bool search_bounds_fit(const struct search_bounds *bounds)
{
	u64 way = (u64)(bounds->pages - 1) * (bounds->ops - 1);
	u64 room = bounds->two_tables ? PACKED_PAGES - TABLE_END :
					PTRS_PER_LEAF / 2;

	return way + (bounds->pages + 1) / 2 <= room;
}

static void append_candidate(struct lister *lister, const struct op *op)
{
	struct op_list *list = lister->list;
	u32 cap = list->cap ? 2 * list->cap : 1024;
	struct op *ops;

	if (lister->err)
		return;
	if (list->nr == list->cap) {
		ops = realloc(list->ops, cap * sizeof(*ops));
		if (!ops) {
			lister->err = -ENOMEM;
			return;
		}
		list->ops = ops;
		list->cap = cap;
	}
	list->ops[list->nr++] = *op;
}

static bool may_do(const struct lister *lister, enum op_kind kind)
{
	return lister->bounds->kinds & 1U << kind;
}

static void find_used(struct lister *lister, u64 base)
{
	u64 lowest, highest;

	if (!machine_used_pages(lister->machine, &lowest, &highest)) {
		lister->first = first_page(lister->bounds);
		lister->end = lister->first + lister->bounds->pages;
		lister->lowest = UINT64_MAX;
		return;
	}
	lister->lowest = lowest - base;
	lister->highest = highest - base;
	lister->first = lister->highest - lister->bounds->pages;
	lister->end = lister->lowest + lister->bounds->pages;
}

/* Would [page, page + len), in use too, leave the whole within bounds? */
static bool fits(const struct lister *lister, u64 page, u64 len)
{
	u64 lowest = min_u64(lister->lowest, page);
	u64 highest = max_u64(lister->highest, page + len);

	return highest - lowest <= lister->bounds->pages;
}

/* Both ranges at once, as mremap would have it. */
static bool fit_both(const struct lister *lister, u64 page, u64 len, u64 to,
		     u64 new_len)
{
	u64 lowest = min_u64(lister->lowest, min_u64(page, to));
	u64 highest =
		max_u64(lister->highest, max_u64(page + len, to + new_len));

	return highest - lowest <= lister->bounds->pages;
}

#define for_each_range(op, lister)                                          \
	for ((op).page = (lister)->first; (op).page < (lister)->end;        \
	     (op).page++)                                                   \
		for ((op).len = 1; (op).page + (op).len <= (lister)->end && \
				   fits((lister), (op).page, (op).len);     \
		     (op).len++)

static void list_mmaps(struct lister *lister, u32 proc)
{
	struct op op = { .kind = OP_MMAP, .proc = proc };

	for_each_range(op, lister) for (op.prot = 0; op.prot < NR_OP_PROTS;
					op.prot++)
	{
		op.flags = 0;
		op.file = 0;
		op.off = 0;
		append_candidate(lister, &op);
		op.flags = OP_HAS_FILE;
		for (; op.file < lister->bounds->files; op.file++)
			for (op.off = 0; op.off < lister->bounds->pages;
			     op.off++)
				append_candidate(lister, &op);
	}
}

static void list_ranges(struct lister *lister, enum op_kind kind, u32 proc)
{
	struct op op = { .kind = kind, .proc = proc };
	u32 nr = kind == OP_MPROTECT ? NR_OP_PROTS :
		 kind == OP_MADVISE  ? NR_ADVICE :
				       1;

	for_each_range(op, lister) for (u32 i = 0; i < nr; i++)
	{
		op.prot = kind == OP_MPROTECT ? i : 0;
		op.advice = kind == OP_MADVISE ? i : 0;
		append_candidate(lister, &op);
	}
}

static void list_moves(struct lister *lister, struct op *op)
{
	op->flags = OP_HAS_TO;
	for (op->to = lister->first; op->to < lister->end; op->to++) {
		if (!fit_both(lister, op->page, op->len, op->to, op->new_len))
			continue;
		op->flags = OP_HAS_TO;
		append_candidate(lister, op);
		if (op->len != op->new_len)
			continue; /* refused before anything is looked at */
		op->flags = OP_HAS_TO | OP_DONTUNMAP;
		append_candidate(lister, op);
	}
}

static void list_mremaps(struct lister *lister, u32 proc)
{
	struct op op = { .kind = OP_MREMAP, .proc = proc };

	for_each_range(op, lister) for (op.new_len = 1;
					op.new_len <= lister->bounds->pages;
					op.new_len++)
	{
		op.flags = 0;
		op.to = 0;
		if (fits(lister, op.page, op.new_len))
			append_candidate(lister, &op);
		list_moves(lister, &op);
	}
}

static void list_pages(struct lister *lister, enum op_kind kind, u32 proc)
{
	struct op op = { .kind = kind, .proc = proc };

	for (op.page = lister->first; op.page < lister->end; op.page++)
		append_candidate(lister, &op);
}

/* The lowest free slot for the child. */
static void list_births(struct lister *lister, enum op_kind kind, u32 proc)
{
	struct op op = { .kind = kind, .proc = proc };
	u32 child = 0;

	while (child < lister->bounds->procs &&
	       machine_mm(lister->machine, child))
		child++;
	op.child = child;
	if (child < lister->bounds->procs)
		append_candidate(lister, &op);
}

static void list_kind(struct lister *lister, enum op_kind kind, u32 proc)
{
	const struct op op = { .kind = kind, .proc = proc };

	switch (kind) {
	case OP_MMAP:
		list_mmaps(lister, proc);
		break;
	case OP_MREMAP:
		list_mremaps(lister, proc);
		break;
	case OP_FORK:
	case OP_VFORK:
		list_births(lister, kind, proc);
		break;
	case OP_EXEC:
	case OP_EXIT:
		append_candidate(lister, &op);
		break;
	case OP_MIGRATE:
	case OP_WALK:
	case OP_RECLAIM:
		list_pages(lister, kind, proc);
		break;
	case OP_FAILALLOC:
		break; /* no process does it */
	default:
		list_ranges(lister, kind, proc);
	}
}

static void list_failallocs(struct lister *lister)
{
	struct op op = { .kind = OP_FAILALLOC };

	/* A second one would take the place of the first. */
	if (lister->machine->ledger.fail_in)
		return;
	for (op.len = 1; op.len <= lister->bounds->failalloc; op.len++)
		append_candidate(lister, &op);
}

/* Of those that share @mm, is @proc the lowest? */
static bool is_lowest(struct machine *machine, u32 proc, struct mm_struct *mm)
{
	return machine_proc_of(machine, mm) == proc;
}

int search_ops(const struct search_bounds *bounds, struct machine *machine,
	       u64 base, struct op_list *list)
{
	struct lister lister = {
		.bounds = bounds,
		.machine = machine,
		.list = list,
	};

	list->nr = 0;
	find_used(&lister, base);
	for (u32 proc = 0; proc < bounds->procs; proc++) {
		struct mm_struct *mm = machine_mm(machine, proc);

		if (!mm || !is_lowest(machine, proc, mm))
			continue;
		for (u32 kind = 0; kind < NR_OPS; kind++)
			if (may_do(&lister, kind))
				list_kind(&lister, kind, proc);
	}
	if (may_do(&lister, OP_FAILALLOC))
		list_failallocs(&lister);
	return lister.err;
}

void op_list_free(struct op_list *list)
{
	free(list->ops);
	memset(list, 0, sizeof(*list));
}

bool search_op_is_good(const struct search_bounds *bounds, const struct op *op)
{
	return op->kind < NR_OPS && op->prot < NR_OP_PROTS &&
	       op->advice < NR_ADVICE && op->file < NR_FILES &&
	       op->proc < bounds->procs && op->child < bounds->procs;
}

/* Fields from the lowest bit on. */
static const struct {
	u32 bits;
} packing[] = { { 5 }, { 4 }, { 2 }, { 3 }, { 2 }, { 3 },
		{ 3 }, { 8 }, { 5 }, { 5 }, { 8 }, { 5 } };

u64 op_pack(const struct op *op)
{
	const u64 fields[] = { op->kind, op->flags,   op->prot,	 op->advice,
			       op->file, op->proc,    op->child, op->page,
			       op->len,	 op->new_len, op->to,	 op->off };
	u64 packed = 0;
	u32 shift = 0;

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		packed |= fields[i] << shift;
		shift += packing[i].bits;
	}
	return packed;
}

struct op op_unpack(u64 packed)
{
	u64 f[ARRAY_SIZE(packing)];

	for (u32 i = 0; i < ARRAY_SIZE(packing); i++) {
		f[i] = packed & ((1ULL << packing[i].bits) - 1);
		packed >>= packing[i].bits;
	}
	return (struct op){
		.kind = f[0],
		.flags = f[1],
		.prot = f[2],
		.advice = f[3],
		.file = f[4],
		.proc = f[5],
		.child = f[6],
		.page = f[7],
		.len = f[8],
		.new_len = f[9],
		.to = f[10],
		.off = f[11],
	};
}
