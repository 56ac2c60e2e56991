// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random scenarios that make sense: each process has a picture of what it has
 * mapped, so that most operations hit something.
 *
 * The picture is rough.  It does not know what the kernel would refuse, nor
 * what merges; a page remembers which mmap it comes from, which is nearly what
 * VMAs are.  All that is made fits into bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../mm/mm.h"
#include "live.h"
#include "scenario.h"

#define MAP_LEN_MAX 16 /* of a mmap */
#define LEN_MAX UINT8_MAX /* that bytes can express */
#define FAIL_NTH_MAX 24 /* most operations allocate less */
#define SCHEDULE_DIGITS_MAX 40 /* of what is made */

/* What is thought to be at a page. */
struct page_idea {
	u32 area; /* the mmap that it comes from; 0: nothing is there */
	u8 prot;
	u8 file; /* + 1; 0: anonymous */
	u8 off; /* in the file */
};

/* An address space; vfork shares it. */
struct mm_idea {
	u32 users; /* 0: not in use */
	u32 nr_mapped;
	struct page_idea pages[BYTES_WINDOW];
};

/* Where a failalloc that was made stands. */
enum failing {
	FAILING_NOT,
	FAILING_NEXT, /* the next operation is the one meant */
	FAILING_CHILD_GOES, /* it was a fork */
	FAILING_ENDS, /* to be taken back */
};

struct gen {
	struct scenario *sc;
	const struct scenario_gen *config;
	u64 random;
	u32 last_area;
	u32 window; /* pages */
	u32 procs_max;
	enum failing failing;
	u32 failing_child;
	struct live live;
	u8 mm_of[BYTES_PROCS_MAX]; /* which of mms, by slot */
	struct mm_idea mms[BYTES_PROCS_MAX];
};

/* [first, first + len) of the window. */
struct range {
	u32 first;
	u32 len;
};

/* Random numbers: splitmix64. */
static u64 gen_next_random(struct gen *gen)
{
	u64 z = gen->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* 0 .. @nr - 1 */
static u32 gen_pick(struct gen *gen, u32 nr)
{
	return (u32)((gen_next_random(gen) >> 32) * nr >> 32);
}

static bool gen_chance(struct gen *gen, u32 percent)
{
	return gen_pick(gen, 100) < percent;
}

static struct mm_idea *gen_mm(struct gen *gen, u32 proc)
{
	return &gen->mms[gen->mm_of[proc]];
}

/* Pictures */

static void set_page(struct mm_idea *mm, u32 page, struct page_idea idea)
{
	mm->nr_mapped -= !!mm->pages[page].area;
	mm->nr_mapped += !!idea.area;
	mm->pages[page] = idea;
}

static void clear_range(struct mm_idea *mm, struct range range)
{
	for (u32 i = 0; i < range.len; i++)
		set_page(mm, range.first + i, (struct page_idea){ 0 });
}

/* Free of others, for a child or an exec: there is one for each process. */
static u8 free_mm(const struct gen *gen)
{
	u8 i = 0;

	while (i < BYTES_PROCS_MAX - 1 && gen->mms[i].users)
		i++;
	return i;
}

/* Ranges */

static struct range gen_any_range(struct gen *gen, u32 len_max)
{
	struct range range;

	range.first = gen_pick(gen, gen->window);
	range.len =
		1 + gen_pick(gen, min_u32(len_max, gen->window - range.first));
	return range;
}

/* A mapped page; any page when nothing is mapped. */
static u32 mapped_page(struct gen *gen, const struct mm_idea *mm)
{
	u32 page = gen_pick(gen, gen->window);

	if (!mm->nr_mapped)
		return page;
	while (!mm->pages[page].area)
		page = page + 1 == gen->window ? 0 : page + 1;
	return page;
}

static bool is_same_area(const struct page_idea *a, const struct page_idea *b)
{
	return a->area == b->area && a->prot == b->prot && a->file == b->file;
}

/* The area around @page: roughly its VMA. */
static struct range area_around(const struct gen *gen, const struct mm_idea *mm,
				u32 page)
{
	const struct page_idea *pages = mm->pages;
	u32 first = page, last = page;

	while (first && is_same_area(&pages[first - 1], &pages[page]))
		first--;
	while (last + 1 < gen->window &&
	       is_same_area(&pages[last + 1], &pages[page]))
		last++;
	return (struct range){ first, last - first + 1 };
}

static struct range gen_part_of(struct gen *gen, struct range range)
{
	u32 skip = gen_pick(gen, range.len);

	return (struct range){ range.first + skip,
			       1 + gen_pick(gen, range.len - skip) };
}

/* From inside an area to somewhere behind it. */
static struct range across(struct gen *gen, struct range range)
{
	u32 first = range.first + gen_pick(gen, range.len);
	u32 len_max = min_u32(range.len + MAP_LEN_MAX, gen->window - first);

	return (struct range){ first, 1 + gen_pick(gen, len_max) };
}

/* What an operation on @mm may be about. */
static struct range mapped_range(struct gen *gen, const struct mm_idea *mm)
{
	struct range area = area_around(gen, mm, mapped_page(gen, mm));
	u32 kind = gen_pick(gen, 100);

	if (kind < 35)
		return area;
	if (kind < 80)
		return gen_part_of(gen, area);
	if (kind < 95)
		return across(gen, area);
	return gen_any_range(gen, MAP_LEN_MAX);
}

static void set_range(struct op *op, struct range range)
{
	op->page = range.first;
	op->len = min_u32(range.len, LEN_MAX);
}

/* Operations, each with what it does to the picture */

/*
 * Puts @op beside what is mapped already, so that it can merge:
 *
 *	|  area  |  op  |    same protection, file and offsets going on
 */
static void map_adjacent(struct gen *gen, struct op *op)
{
	const struct mm_idea *mm = gen_mm(gen, op->proc);
	struct range area = area_around(gen, mm, mapped_page(gen, mm));
	u32 end = area.first + area.len;
	const struct page_idea *last = &mm->pages[end - 1];
	u32 off = last->off + 1U;

	if (!last->area || end == gen->window)
		return;
	op->page = end;
	op->len = min_u64(op->len, gen->window - end);
	op->prot = last->prot;
	op->flags &= (u8)~OP_HAS_FILE;
	op->file = 0;
	op->off = 0;
	if (last->file && off <= UINT8_MAX) {
		op->flags |= OP_HAS_FILE;
		op->file = last->file - 1;
		op->off = off;
	}
}

/* Mostly the usual one, or soon nothing could be written. */
static u8 gen_random_prot(struct gen *gen)
{
	u32 kind = gen_pick(gen, 100);

	return kind < 80 ? OP_PROT_RW : kind < 92 ? OP_PROT_R : OP_PROT_NONE;
}

static void gen_mmap(struct gen *gen, struct op *op)
{
	struct mm_idea *mm = gen_mm(gen, op->proc);
	struct page_idea idea = { 0 };

	set_range(op, gen_any_range(gen, MAP_LEN_MAX));
	op->prot = gen_random_prot(gen);
	if (gen_chance(gen, 25)) {
		op->flags |= OP_HAS_FILE;
		op->file = (u8)gen_pick(gen, NR_FILES);
		/* Few offsets, so that mappings share pages of the file. */
		op->off = gen_chance(gen, 20) ? op->page : gen_pick(gen, 16);
	}
	if (gen_chance(gen, 30))
		map_adjacent(gen, op);
	idea.area = ++gen->last_area;
	idea.prot = op->prot;
	idea.file = op->flags & OP_HAS_FILE ? op->file + 1 : 0;
	for (u32 i = 0; i < op->len; i++) {
		idea.off = (u8)(op->off + i);
		set_page(mm, (u32)op->page + i, idea);
	}
}

static void gen_munmap(struct gen *gen, struct op *op)
{
	struct mm_idea *mm = gen_mm(gen, op->proc);
	struct range range = mapped_range(gen, mm);

	set_range(op, range);
	clear_range(mm, range);
}

static void gen_mprotect(struct gen *gen, struct op *op)
{
	struct mm_idea *mm = gen_mm(gen, op->proc);
	struct range range = mapped_range(gen, mm);

	set_range(op, range);
	op->prot = gen_random_prot(gen);
	for (u32 i = 0; i < range.len; i++)
		if (mm->pages[range.first + i].area)
			mm->pages[range.first + i].prot = op->prot;
}

static void gen_madvise(struct gen *gen, struct op *op)
{
	set_range(op, mapped_range(gen, gen_mm(gen, op->proc)));
	op->advice = gen_chance(gen, 40) ? ADVICE_DONTNEED :
					   (u8)gen_pick(gen, NR_ADVICE);
}

static void gen_touch(struct gen *gen, struct op *op)
{
	set_range(op, mapped_range(gen, gen_mm(gen, op->proc)));
}

static void move_ideas(struct mm_idea *mm, const struct op *op)
{
	struct page_idea moved[BYTES_WINDOW];
	u32 nr = (u32)min_u64(op->len, op->new_len);

	memcpy(moved, &mm->pages[op->page], nr * sizeof(*moved));
	if (!(op->flags & OP_DONTUNMAP))
		clear_range(mm, (struct range){ (u32)op->page, (u32)op->len });
	for (u32 i = 0; i < op->new_len; i++)
		/* Growing continues the last page. */
		set_page(mm, (u32)op->to + i, moved[i < nr ? i : nr - 1]);
}

static void gen_move(struct gen *gen, struct op *op)
{
	struct mm_idea *mm = gen_mm(gen, op->proc);
	u32 kind = gen_pick(gen, 100);

	op->new_len = op->len;
	if (kind < 15)
		op->new_len = 1 + gen_pick(gen, (u32)op->len);
	else if (kind < 25)
		op->new_len = min_u32((u32)op->len + 1 + gen_pick(gen, 4),
				      min_u32(gen->window, LEN_MAX));
	else if (kind < 40)
		op->flags |= OP_DONTUNMAP;
	op->flags |= OP_HAS_TO;
	op->to = gen_pick(gen, gen->window - (u32)op->new_len + 1);
	/* Ranges that overlap are refused. */
	if (op->to + op->new_len <= op->page || op->page + op->len <= op->to)
		move_ideas(mm, op);
}

static void gen_resize(struct gen *gen, struct op *op)
{
	struct mm_idea *mm = gen_mm(gen, op->proc);
	u32 end = (u32)(op->page + op->len);
	u32 grow_max = min_u32(4, gen->window - end);

	if (op->len > 1 && (!grow_max || gen_chance(gen, 50))) {
		op->new_len = 1 + gen_pick(gen, (u32)op->len - 1);
		clear_range(mm, (struct range){ (u32)(op->page + op->new_len),
						(u32)(op->len - op->new_len) });
		return;
	}
	op->new_len =
		min_u32((u32)op->len + gen_pick(gen, grow_max + 1), LEN_MAX);
	for (u32 i = end; i < op->page + op->new_len; i++) {
		if (mm->pages[i].area)
			break;
		set_page(mm, i, mm->pages[end - 1]);
	}
}

static void gen_mremap(struct gen *gen, struct op *op)
{
	const struct mm_idea *mm = gen_mm(gen, op->proc);
	struct range area = area_around(gen, mm, mapped_page(gen, mm));
	u32 kind = gen_pick(gen, 100);

	if (kind < 40)
		set_range(op, area);
	else if (kind < 80)
		set_range(op, gen_part_of(gen, area));
	else
		set_range(op, mapped_range(gen, mm)); /* several VMAs too */
	if (gen_chance(gen, 70))
		gen_move(gen, op);
	else
		gen_resize(gen, op);
}

static void gen_fork(struct gen *gen, struct op *op)
{
	const struct mm_idea *mm = gen_mm(gen, op->proc);
	u8 child = free_mm(gen);

	op->child = live_lowest_free(&gen->live);
	gen->mm_of[op->child] = child;
	gen->mms[child] = *mm;
	gen->mms[child].users = 1;
}

static void gen_vfork(struct gen *gen, struct op *op)
{
	op->child = live_lowest_free(&gen->live);
	gen->mm_of[op->child] = gen->mm_of[op->proc];
	gen_mm(gen, op->proc)->users++;
}

static void gen_exit(struct gen *gen, struct op *op)
{
	gen_mm(gen, op->proc)->users--;
}

static void gen_exec(struct gen *gen, struct op *op)
{
	u8 fresh;

	gen_mm(gen, op->proc)->users--;
	fresh = free_mm(gen);
	gen->mm_of[op->proc] = fresh;
	memset(&gen->mms[fresh], 0, sizeof(gen->mms[fresh]));
	gen->mms[fresh].users = 1;
}

static void gen_migrate(struct gen *gen, struct op *op)
{
	op->page = mapped_page(gen, gen_mm(gen, op->proc));
}

static void gen_failalloc(struct gen *gen, struct op *op)
{
	op->len = 1 + gen_pick(gen, FAIL_NTH_MAX);
	gen->failing = FAILING_NEXT;
}

static const struct {
	u32 weight; /* of 1000, in all */
	void (*make)(struct gen *gen, struct op *op);
} makers[NR_OPS] = {
	[OP_MMAP] = { 140, gen_mmap },
	[OP_MUNMAP] = { 60, gen_munmap },
	[OP_MPROTECT] = { 60, gen_mprotect },
	[OP_MADVISE] = { 60, gen_madvise },
	[OP_MREMAP] = { 140, gen_mremap },
	[OP_READ] = { 70, gen_touch },
	[OP_WRITE] = { 210, gen_touch },
	[OP_FORK] = { 90, gen_fork },
	[OP_VFORK] = { 10, gen_vfork },
	[OP_EXEC] = { 15, gen_exec },
	[OP_EXIT] = { 75, gen_exit },
	[OP_MIGRATE] = { 40, gen_migrate },
	[OP_FAILALLOC] = { 30, gen_failalloc },
	/* Beside others only: gen_group(). */
	[OP_WALK] = { 0, gen_migrate },
	[OP_RECLAIM] = { 0, gen_migrate },
};

static enum op_kind gen_random_kind(struct gen *gen)
{
	u32 turn = gen_pick(gen, 1000);
	u32 kind = 0;

	while (kind < NR_OPS - 1 && turn >= makers[kind].weight)
		turn -= makers[kind++].weight;
	return (enum op_kind)kind;
}

static u32 gen_random_proc(struct gen *gen)
{
	return live_nth(&gen->live, gen_pick(gen, gen->live.nr));
}

/* A kind that can be made now; the population stays between 1 and its limit. */
static enum op_kind possible_kind(struct gen *gen, u32 proc)
{
	enum op_kind kind = gen_random_kind(gen);
	u32 alive = gen->live.nr;

	if (!gen_mm(gen, proc)->nr_mapped && gen_chance(gen, 60))
		return OP_MMAP;
	if (kind == OP_FAILALLOC && !gen->config->failalloc)
		return OP_WRITE;
	if (op_takes(kind, FIELD_CHILD) && alive == gen->procs_max)
		return alive > 1 ? OP_EXIT : OP_WRITE;
	if (kind == OP_EXIT && alive == 1)
		return alive < gen->procs_max ? OP_FORK : OP_WRITE;
	return kind;
}

static int add_op(struct gen *gen, const struct op *op)
{
	if (op_takes(op->kind, FIELD_CHILD)) {
		int err = scenario_name_slots(gen->sc, op->child + 1);

		if (err)
			return err;
	}
	live_apply(&gen->live, op);
	return scenario_add(gen->sc, op);
}

/*
 * The operation after a failalloc is the one meant; then allocations succeed
 * again.  A child whose fork may have failed goes at once: what was never born
 * would fork others that are not, until nobody real was left.
 *
 *	failalloc 3, fork A B, exit B, failalloc 0
 */
static bool gen_after_failing(struct gen *gen, struct op *op)
{
	memset(op, 0, sizeof(*op));
	switch (gen->failing) {
	case FAILING_CHILD_GOES:
		op->kind = OP_EXIT;
		op->proc = gen->failing_child;
		makers[OP_EXIT].make(gen, op);
		gen->failing = FAILING_ENDS;
		return true;
	case FAILING_ENDS:
		op->kind = OP_FAILALLOC;
		gen->failing = FAILING_NOT;
		return true;
	default:
		return false;
	}
}

static void gen_any(struct gen *gen, struct op *op)
{
	u32 proc = gen_random_proc(gen);
	enum op_kind kind = possible_kind(gen, proc);
	bool meant = gen->failing == FAILING_NEXT;

	op->kind = (u8)kind;
	if (op_takes(kind, FIELD_PROC))
		op->proc = proc;
	makers[kind].make(gen, op);
	if (!meant || kind == OP_FAILALLOC)
		return;
	gen->failing = FAILING_ENDS;
	if (op_takes(kind, FIELD_CHILD)) {
		gen->failing = FAILING_CHILD_GOES;
		gen->failing_child = op->child;
	}
}

static int gen_op(struct gen *gen)
{
	struct op op;

	if (!gen_after_failing(gen, &op))
		gen_any(gen, &op);
	return add_op(gen, &op);
}

/* Groups */

/* A page that @op is about, as far as it is known; else any that is mapped. */
static u32 gen_page_of(struct gen *gen, const struct op *op)
{
	u32 len = min_u32((u32)op->len, gen->window - (u32)op->page);

	if (!op_takes((enum op_kind)op->kind, FIELD_PAGE))
		return mapped_page(gen, gen_mm(gen, op->proc));
	return (u32)op->page + (len ? gen_pick(gen, len) : 0);
}

/* What goes through the reverse map, where @beside is at work. */
static void gen_walker(struct gen *gen, const struct op *beside, struct op *op)
{
	static const u8 walkers[] = { OP_WALK, OP_RECLAIM, OP_MIGRATE };

	memset(op, 0, sizeof(*op));
	op->kind = walkers[gen_pick(gen, ARRAY_SIZE(walkers))];
	op->proc = beside->proc;
	op->page = gen_page_of(gen, beside);
}

/* What may run beside others, and be done by @proc. */
static enum op_kind kind_beside(struct gen *gen, u32 proc)
{
	enum op_kind kind = possible_kind(gen, proc);

	/* The population is counted op by op, and failalloc stands alone. */
	return op_takes(kind, FIELD_CHILD) || kind == OP_EXIT ||
			       kind == OP_EXEC || kind == OP_FAILALLOC ?
		       OP_WRITE :
		       kind;
}

static void gen_beside(struct gen *gen, const struct op *first, struct op *op)
{
	if (gen_chance(gen, 60)) {
		gen_walker(gen, first, op);
		return;
	}
	memset(op, 0, sizeof(*op));
	op->flags = OP_PARALLEL;
	op->proc = gen_random_proc(gen);
	/* Not who is born on the line. */
	if (gen_chance(gen, 50) || live_clash(&gen->live, op) != LIVE_FITS)
		op->proc = first->proc;
	op->kind = (u8)kind_beside(gen, op->proc);
	makers[op->kind].make(gen, op);
}

static void gen_schedule(struct gen *gen, struct schedule *schedule, u32 nr_ops)
{
	u32 nr = gen_chance(gen, 20) ? 0 :
				       1 + gen_pick(gen, SCHEDULE_DIGITS_MAX);

	for (u32 i = 0; i < nr; i++)
		schedule_add(schedule, gen_pick(gen, nr_ops));
}

/* Two operations that run at the same time, sometimes three. */
static int gen_group(struct gen *gen)
{
	u32 nr = gen_chance(gen, 20) ? 3 : 2;
	u32 first = gen->sc->nr_ops;
	struct op op;
	int err;

	memset(&op, 0, sizeof(op));
	op.proc = gen_random_proc(gen);
	op.kind = (u8)possible_kind(gen, op.proc);
	if (op.kind == OP_FAILALLOC)
		op.kind = OP_WRITE;
	makers[op.kind].make(gen, &op);
	err = add_op(gen, &op);
	for (u32 i = 1; i < nr && !err; i++) {
		gen_beside(gen, &gen->sc->ops[first], &op);
		op.flags |= OP_PARALLEL;
		err = add_op(gen, &op);
	}
	if (!err)
		gen_schedule(gen, &gen->sc->ops[first].schedule, nr);
	return err;
}

/* Operations left to make: one at least. */
static int gen_line(struct gen *gen, u32 left)
{
	/* In which order those who would share a failing allocation run, nobody
	 * knows: none of them is meant. */
	if (gen->config->parallel && left >= 3 && gen->failing == FAILING_NOT &&
	    gen_chance(gen, 35))
		return gen_group(gen);
	return gen_op(gen);
}

static u32 clamp(u32 value, u32 max)
{
	return value < 1 ? 1 : value > max ? max : value;
}

int scenario_generate(struct scenario *sc, const struct scenario_gen *config)
{
	struct gen *gen = calloc(1, sizeof(*gen));
	int err = 0;

	if (!gen)
		return -ENOMEM;
	gen->sc = sc;
	gen->config = config;
	gen->random = config->seed;
	gen->window = clamp(config->pages, BYTES_WINDOW);
	gen->procs_max = clamp(config->procs, BYTES_PROCS_MAX);
	gen->mms[0].users = 1;
	live_init(&gen->live);
	while (sc->nr_ops < config->ops && !err)
		err = gen_line(gen, config->ops - sc->nr_ops);
	free(gen);
	return err;
}
