// SPDX-License-Identifier: GPL-2.0-only
/*
 * New operations about the VMAs that are there.
 */
#include <string.h>
#include "mutate_weave.h"

#define MAP_LEN_MAX 8

static struct op new_op(enum op_kind kind, u32 proc)
{
	struct op op;

	memset(&op, 0, sizeof(op));
	op.kind = (u8)kind;
	op.proc = proc;
	return op;
}

/* Ranges */

/* Cut to the window and to what bytes can say; never empty. */
static struct range fit(u32 first, u32 len)
{
	first = min_u32(first, BYTES_WINDOW - 1);
	len = min_u32(len, min_u32(BYTES_WINDOW - first, UINT8_MAX));
	return (struct range){ first, len ? len : 1 };
}

static struct range weave_any_range(struct weaver *w)
{
	u32 window = weave_chance(w, 70) ? WINDOW_USUAL : BYTES_WINDOW;

	return fit(weave_pick(w, window), 1 + weave_pick(w, MAP_LEN_MAX));
}

/* Mostly at one of its ends: what is left is one piece then. */
struct range weave_part_of(struct weaver *w, struct range range)
{
	u32 len = 1 + weave_pick(w, range.len);
	u32 skip = range.len - len;

	switch (weave_pick(w, 3)) {
	case 0:
		return (struct range){ range.first, len };
	case 1:
		return (struct range){ range.first + skip, len };
	default:
		return (struct range){ range.first + weave_pick(w, skip + 1),
				       len };
	}
}

static const struct area *any_area(struct weaver *w, const struct areas *areas)
{
	return &areas->area[weave_pick(w, areas->nr)];
}

/* Where a VMA begins or ends. */
static u32 any_edge(struct weaver *w, const struct areas *areas)
{
	const struct area *area = any_area(w, areas);

	return area->range.first + (weave_chance(w, 50) ? area->range.len : 0);
}

static struct range between_edges(struct weaver *w, const struct areas *areas)
{
	u32 a = any_edge(w, areas), b = any_edge(w, areas);

	if (a == b)
		return any_area(w, areas)->range;
	return a < b ? (struct range){ a, b - a } : (struct range){ b, a - b };
}

static struct range any_guided_range(struct weaver *w,
				     const struct areas *areas)
{
	u32 kind = weave_pick(w, 100);

	if (!areas->nr || kind >= 97)
		return weave_any_range(w);
	if (kind < 40)
		return any_area(w, areas)->range;
	if (kind < 85)
		return weave_part_of(w, any_area(w, areas)->range);
	return between_edges(w, areas);
}

struct range guided_range(struct weaver *w, const struct areas *areas)
{
	struct range range = any_guided_range(w, areas);

	return fit(range.first, range.len);
}

static bool is_range_free(const struct areas *areas, u32 first, u32 len)
{
	for (u32 i = 0; i < areas->nr; i++) {
		const struct range *r = &areas->area[i].range;

		if (first < r->first + r->len && r->first < first + len)
			return false;
	}
	return first + len <= BYTES_WINDOW;
}

u32 weave_free_place(struct weaver *w, const struct areas *areas, u32 len)
{
	u32 page = 0;

	/* The window may be full; then it goes over something. */
	for (u32 tries = 0; tries < 8; tries++) {
		page = weave_any_range(w).first;
		if (is_range_free(areas, page, len))
			break;
	}
	return page;
}

/* Right behind or right before a VMA. */
static s64 place_beside_vma(struct weaver *w, const struct areas *areas,
			    u32 len)
{
	u32 edge = any_edge(w, areas);

	return weave_chance(w, 60) ? (s64)edge : (s64)edge - len;
}

s64 in_line(struct weaver *w, const struct areas *areas, struct range range)
{
	s64 origin = -(s64)SCENARIO_BASE_DEFAULT;
	s64 own = origin;

	for (u32 i = 0; i < areas->nr; i++) {
		const struct area *area = &areas->area[i];

		if (range.first - area->range.first < area->range.len)
			own = area->origin;
	}
	if (weave_chance(w, 50))
		origin = any_area(w, areas)->origin;
	return (s64)range.first - own + origin;
}

u32 destination(struct weaver *w, const struct areas *areas, struct range range)
{
	u32 kind = weave_pick(w, 100);
	s64 to = -1;

	if (areas->nr && kind < 35)
		to = in_line(w, areas, range);
	else if (areas->nr && kind < 60)
		to = place_beside_vma(w, areas, range.len);
	else if (areas->nr && kind < 70)
		to = any_edge(w, areas);
	if (to < 0 || to >= BYTES_WINDOW || to == range.first)
		to = weave_free_place(w, areas, range.len);
	return (u32)to;
}

/* Operations with their arguments */

struct op op_about(enum op_kind kind, u32 proc, struct range range)
{
	struct op op = new_op(kind, proc);

	range = fit(range.first, range.len);
	if (op_takes(kind, FIELD_PAGE))
		op.page = range.first;
	if (op_takes(kind, FIELD_LEN) || op_takes(kind, FIELD_OLD) ||
	    op_takes(kind, FIELD_LEN_OPTIONAL))
		op.len = range.len;
	if (kind == OP_MREMAP)
		op.new_len = range.len;
	return op;
}

/* Mostly the usual one, or soon nothing could be written. */
static u8 weave_random_prot(struct weaver *w)
{
	u32 kind = weave_pick(w, 100);

	return kind < 80 ? OP_PROT_RW : kind < 93 ? OP_PROT_R : OP_PROT_NONE;
}

static u8 prot_of(const struct area *area)
{
	if (area->flags & VM_WRITE)
		return OP_PROT_RW;
	return area->flags & VM_READ ? OP_PROT_R : OP_PROT_NONE;
}

bool op_map_beside(struct weaver *w, struct op *op, const struct area *area)
{
	u32 end = area->range.first + area->range.len;
	bool behind = weave_chance(w, 60) || area->range.first < op->len;
	u64 off;

	if (behind && end >= BYTES_WINDOW)
		return false;
	op->page = behind ? end : area->range.first - op->len;
	op->len = fit((u32)op->page, (u32)op->len).len;
	op->prot = prot_of(area);
	op->flags &= (u8)~OP_HAS_FILE;
	op->file = 0;
	op->off = 0;
	off = behind ? (u64)area->off + area->range.len : area->off - op->len;
	if (area->file != NO_FILE && off <= UINT8_MAX) {
		op->flags |= OP_HAS_FILE;
		op->file = (u8)area->file;
		op->off = off;
	}
	return true;
}

static void guided_mmap(struct weaver *w, struct op *op,
			const struct areas *areas)
{
	u32 len = 1 + weave_pick(w, MAP_LEN_MAX);
	u32 kind = weave_pick(w, 100);

	op->page = kind < 80 || !areas->nr ? weave_free_place(w, areas, len) :
					     guided_range(w, areas).first;
	op->len = fit((u32)op->page, len).len;
	op->prot = weave_random_prot(w);
	if (weave_chance(w, 22)) {
		op->flags |= OP_HAS_FILE;
		op->file = (u8)weave_pick(w, NR_FILES);
		op->off = weave_pick(w, 16);
	}
	if (areas->nr && kind < 40)
		op_map_beside(w, op, any_area(w, areas));
}

/* Does @b begin where @a ends, with another protection? */
static bool differ_in_protection(const struct area *a, const struct area *b)
{
	return a->range.first + a->range.len == b->range.first &&
	       prot_of(a) != prot_of(b);
}

bool op_protect_alike(struct weaver *w, struct op *op,
		      const struct areas *areas)
{
	u32 skip = areas->nr ? weave_pick(w, areas->nr) : 0;

	for (u32 i = 0; i + 1 < areas->nr; i++) {
		u32 at = (i + skip) % (areas->nr - 1);
		const struct area *a = &areas->area[at], *b = a + 1;
		bool upwards = weave_chance(w, 50);
		const struct range *range = upwards ? &b->range : &a->range;
		u32 len = weave_chance(w, 40) ? range->len :
						1 + weave_pick(w, range->len);

		if (!differ_in_protection(a, b))
			continue;
		op->page = upwards ? range->first :
				     range->first + range->len - len;
		op->len = fit((u32)op->page, len).len;
		op->prot = prot_of(upwards ? a : b);
		return op->page < BYTES_WINDOW;
	}
	return false;
}

static void guided_mprotect(struct weaver *w, struct op *op,
			    const struct areas *areas)
{
	struct range range = guided_range(w, areas);

	if (weave_chance(w, 35) && op_protect_alike(w, op, areas))
		return;
	op->page = range.first;
	op->len = range.len;
	op->prot = weave_random_prot(w);
}

static void guided_ranged(struct weaver *w, struct op *op,
			  const struct areas *areas)
{
	struct range range = guided_range(w, areas);

	op->page = range.first;
	if (!op_walks((enum op_kind)op->kind))
		op->len = range.len;
	if (op->kind == OP_MADVISE)
		op->advice = weave_chance(w, 40) ? ADVICE_DONTNEED :
						   (u8)weave_pick(w, NR_ADVICE);
}

static void guided_mremap(struct weaver *w, struct op *op,
			  const struct areas *areas)
{
	struct range range = guided_range(w, areas);
	u32 kind = weave_pick(w, 100);

	op->page = range.first;
	op->len = range.len;
	op->new_len = range.len;
	if (kind < 80) {
		op->flags |= OP_HAS_TO;
		op->to = destination(w, areas, range);
		if (kind < 18)
			op->flags |= OP_DONTUNMAP;
	}
	if (kind >= 68)
		op->new_len =
			1 + weave_pick(w, min_u32(range.len + 4, UINT8_MAX));
}

static const struct {
	u32 weight; /* of 1000, in all */
	void (*make)(struct weaver *w, struct op *op,
		     const struct areas *areas);
} makers[NR_OPS] = {
	[OP_MMAP] = { 120, guided_mmap },
	[OP_MUNMAP] = { 70, guided_ranged },
	[OP_MPROTECT] = { 70, guided_mprotect },
	[OP_MADVISE] = { 40, guided_ranged },
	[OP_MREMAP] = { 190, guided_mremap },
	[OP_READ] = { 40, guided_ranged },
	[OP_WRITE] = { 190, guided_ranged },
	[OP_FORK] = { 110, NULL },
	[OP_VFORK] = { 8, NULL },
	[OP_EXEC] = { 12, NULL },
	[OP_EXIT] = { 80, NULL },
	[OP_MIGRATE] = { 50, guided_ranged },
	[OP_FAILALLOC] = { 20, NULL },
};

static enum op_kind weave_random_kind(struct weaver *w)
{
	u32 turn = weave_pick(w, 1000);
	u32 kind = 0;

	while (kind < NR_OPS - 1 && turn >= makers[kind].weight)
		turn -= makers[kind++].weight;
	return (enum op_kind)kind;
}

static enum op_kind fitting_kind(struct weaver *w, const struct areas *areas)
{
	enum op_kind kind = weave_random_kind(w);

	if (!areas->nr && weave_chance(w, 70))
		return OP_MMAP;
	/* A failing allocation comes with its operation, see weave_failing(). */
	return kind == OP_FAILALLOC ? OP_MREMAP : kind;
}

void weave_guided(struct weaver *w)
{
	u32 proc = weave_random_proc(w);
	struct areas areas;
	struct op op;

	areas_of(w, proc, &areas);
	op = new_op(fitting_kind(w, &areas), proc);
	if (makers[op.kind].make)
		makers[op.kind].make(w, &op, &areas);
	if (weave_chance(w, 5))
		weave_failing(w, &op);
	else
		weave(w, &op);
}

void snap(struct weaver *w, struct op *op)
{
	enum op_kind kind = (enum op_kind)op->kind;
	struct areas areas;
	struct range range;

	if (!op_takes(kind, FIELD_PAGE))
		return;
	areas_of(w, op->proc, &areas);
	if (!areas.nr)
		return;
	range = weave_chance(w, 50) ? any_area(w, &areas)->range :
				      between_edges(w, &areas);
	range = fit(range.first, range.len);
	op->page = range.first;
	if (op_walks(kind))
		return;
	if (op->new_len == op->len && kind == OP_MREMAP)
		op->new_len = range.len;
	op->len = range.len;
	if (op->flags & OP_HAS_TO)
		op->to = min_u32(any_edge(w, &areas), BYTES_WINDOW - 1);
}
