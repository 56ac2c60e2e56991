// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minimizing: passes over the numbers and options of operations, one operation
 * at a time, and over the page space that all of them live in.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../mm/mm.h"
#include "minimizer.h"

/* Few operations allocate more. */
#define FAILALLOC_TRIED_MAX 24

/*
 * One operation at a time.  Each variation of it has a number, from 0;
 * @vary leaves @op as it is where one does not apply.
 */
static bool vary_ops(struct minimizer *min, u32 nr_variations,
		     void (*vary)(struct minimizer *min, struct op *op, u32 n))
{
	bool found = false;

	for (u32 i = 0; i < min->best->nr_ops; i++)
		for (u32 n = 0; n < nr_variations && !is_over(min);) {
			if (i >= min->best->nr_ops)
				break;
			vary(min, &candidate_begin(min)[i], n);
			if (candidate_try(min)) {
				found = true;
				n = 0; /* again, from what it is now */
			} else {
				n++;
			}
		}
	return found;
}

/* Options */

enum option_variation {
	VARY_NO_TO,
	VARY_NO_DONTUNMAP,
	VARY_NO_FILE,
	VARY_PROT_RW,
	VARY_PROT_R,
	VARY_FILE_0,
	VARY_OFF_0,
	VARY_NO_EXPECTED,
	VARY_ADVICE_0,
	VARY_ADVICE_1,
	VARY_ADVICE_2,
	VARY_ADVICE_3,
	NR_OPTION_VARIATIONS,
};

static void vary_option(struct minimizer *min, struct op *op, u32 n)
{
	switch ((enum option_variation)n) {
	case VARY_NO_TO:
		op->flags &= (u8)~OP_HAS_TO;
		op->to = 0;
		break;
	case VARY_NO_DONTUNMAP:
		op->flags &= (u8)~OP_DONTUNMAP;
		break;
	case VARY_NO_FILE:
		op->flags &= (u8)~OP_HAS_FILE;
		op->file = 0;
		op->off = 0;
		break;
	case VARY_PROT_RW:
		op->prot = OP_PROT_RW;
		break;
	case VARY_PROT_R:
		if (op->prot > OP_PROT_R)
			op->prot = OP_PROT_R;
		break;
	case VARY_FILE_0:
		op->file = 0;
		break;
	case VARY_OFF_0:
		op->off = 0;
		break;
	case VARY_NO_EXPECTED:
		op->flags &= (u8)~OP_HAS_EXPECTED;
		op->expected = 0;
		break;
	default: /* advice */
		if (op->advice > n - VARY_ADVICE_0)
			op->advice = (u8)(n - VARY_ADVICE_0);
	}
}

bool drop_options(struct minimizer *min)
{
	return vary_ops(min, NR_OPTION_VARIATIONS, vary_option);
}

/* Lengths */

/* Lower numbers than @nr from @min on: half, one less, and the lowest of all. */
static u64 lower_number(u64 nr, u64 min, u32 n)
{
	u64 lower;

	if (n == 0)
		lower = min;
	else if (n == 1)
		lower = nr / 2;
	else if (n == 2)
		lower = nr - (nr > 0);
	else
		lower = min + n - 2;
	return lower >= min && lower < nr ? lower : nr;
}

#define NR_LOWER 18

/* Not 0: that is a mere error. */
static u64 shorter(u64 len, u32 n)
{
	return lower_number(len, 1, n);
}

enum length_variation {
	VARY_LEN, /* the end comes down; mremap: of both lengths */
	VARY_START = VARY_LEN + NR_LOWER, /* the start goes up */
	VARY_LEN_ALONE = VARY_START + NR_LOWER,
	VARY_NEW_ALONE = VARY_LEN_ALONE + NR_LOWER,
	VARY_LEN_AS_NEW = VARY_NEW_ALONE + NR_LOWER,
	VARY_NEW_AS_LEN,
	NR_LENGTH_VARIATIONS,
};

static void shorten_both(struct op *op, u64 len)
{
	u64 less = op->len - len;

	op->len = len;
	if (op->kind == OP_MREMAP && op->new_len > less)
		op->new_len -= less;
}

static void raise_start(struct op *op, u64 len)
{
	u64 less = op->len - len;

	if (!op_has_len(op))
		return;
	op->page += less;
	if (op->flags & OP_HAS_FILE)
		op->off += less;
	if (op->flags & OP_HAS_TO)
		op->to += less;
	shorten_both(op, len);
}

static void vary_length(struct minimizer *min, struct op *op, u32 n)
{
	if (n < VARY_START)
		shorten_both(op, shorter(op->len, n - VARY_LEN));
	else if (n < VARY_LEN_ALONE)
		raise_start(op, shorter(op->len, n - VARY_START));
	else if (n < VARY_NEW_ALONE)
		op->len = shorter(op->len, n - VARY_LEN_ALONE);
	else if (n < VARY_LEN_AS_NEW)
		op->new_len = shorter(op->new_len, n - VARY_NEW_ALONE);
	else if (op->kind == OP_MREMAP && n == VARY_LEN_AS_NEW)
		op->len = op->new_len;
	else if (op->kind == OP_MREMAP)
		op->new_len = op->len;
}

bool shorten_lengths(struct minimizer *min)
{
	return vary_ops(min, NR_LENGTH_VARIATIONS, vary_length);
}

/* Page numbers that matter */

/* A range of pages that an operation is about. */
struct range {
	u64 start;
	u64 end;
};

/* The ranges of @op into @ranges: source and destination; how many. */
static u32 op_ranges(const struct op *op, struct range ranges[2])
{
	u64 len = op_walks((enum op_kind)op->kind) ? 1 : op->len;

	if (!op_takes((enum op_kind)op->kind, FIELD_PAGE))
		return 0;
	if (op->kind == OP_MREMAP && !(op->flags & OP_HAS_TO))
		len = max_u64(len, op->new_len);
	ranges[0] = (struct range){ op->page, op->page + len };
	if (!(op->flags & OP_HAS_TO))
		return 1;
	ranges[1] = (struct range){ op->to, op->to + op->new_len };
	return 2;
}

/* Where ranges begin and end, and 0: sorted, each once. */
struct marks {
	u64 *at;
	u32 nr;
};

static int compare_marks(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/* False: memory is out, which is noted. */
static bool marks_make(struct minimizer *min, struct marks *marks)
{
	const struct scenario *best = min->best;
	struct range ranges[2];
	u32 kept = 0;

	marks->nr = 1;
	/* Two ends of two ranges, and the end of the old length. */
	marks->at = calloc((size_t)best->nr_ops * 5 + 1, sizeof(*marks->at));
	if (!marks->at) {
		min->err = -ENOMEM;
		return false;
	}
	for (u32 i = 0; i < best->nr_ops; i++) {
		u32 nr = op_ranges(&best->ops[i], ranges);

		for (u32 k = 0; k < nr; k++) {
			marks->at[marks->nr++] = ranges[k].start;
			marks->at[marks->nr++] = ranges[k].end;
		}
		if (nr)
			marks->at[marks->nr++] =
				ranges[0].start + best->ops[i].len;
	}
	qsort(marks->at, marks->nr, sizeof(*marks->at), compare_marks);
	for (u32 i = 0; i < marks->nr; i++)
		if (!kept || marks->at[kept - 1] != marks->at[i])
			marks->at[kept++] = marks->at[i];
	marks->nr = kept;
	return true;
}

/* Lowering pages */

/* Where a range of @len pages that starts at @page may go down to, the @nth. */
static u64 lower_place(const struct marks *marks, u64 page, u64 len, u32 n)
{
	u64 mark;

	if (n < NR_LOWER)
		return lower_number(page, 0, n);
	n -= NR_LOWER;
	mark = marks->at[n / 2];
	if ((n & 1) && mark >= len) /* it ends there */
		mark -= len;
	return min_u64(mark, page);
}

/* Moves all that is about pages in @range by @by pages down. */
static void shift_range(struct minimizer *min, struct range range, u64 by)
{
	struct range ranges[2];

	for (u32 i = 0; i < min->cand.nr_ops; i++) {
		struct op *op = &min->cand.ops[i];
		u32 nr = op_ranges(op, ranges);

		if (nr && ranges[0].start >= range.start &&
		    ranges[0].end <= range.end)
			op->page -= by;
		if (nr > 1 && ranges[1].start >= range.start &&
		    ranges[1].end <= range.end)
			op->to -= by;
	}
}

enum page_variation {
	LOWER_PAGE,
	LOWER_TO,
	LOWER_ALL_IN_SOURCE,
	LOWER_ALL_IN_DESTINATION,
	LOWER_OFF,
	NR_PAGE_VARIATIONS,
};

/* Lowers something of operation @i to its @nth place. */
static void lower_op(struct minimizer *min, const struct marks *marks, u32 i,
		     enum page_variation what, u32 n)
{
	struct op *op = &candidate_begin(min)[i];
	struct range ranges[2] = { { 0, 0 }, { 0, 0 } };
	u32 nr = op_ranges(op, ranges);
	u32 of = what == LOWER_TO || what == LOWER_ALL_IN_DESTINATION;
	u64 start = ranges[of].start;
	u64 place = lower_place(marks, start, ranges[of].end - start, n);

	if (what == LOWER_OFF) {
		op->off = lower_place(marks, op->off, op->len, n);
		return;
	}
	if (of >= nr)
		return;
	if (what == LOWER_PAGE)
		op->page = place;
	else if (what == LOWER_TO)
		op->to = place;
	else
		shift_range(min, ranges[of], start - place);
}

static bool lower_pages_of(struct minimizer *min, struct marks *marks, u32 i)
{
	bool found = false;

	for (u32 what = 0; what < NR_PAGE_VARIATIONS; what++) {
		u32 n = 0;

		while (n < NR_LOWER + 2 * marks->nr && !is_over(min)) {
			if (i >= min->best->nr_ops)
				return found;
			lower_op(min, marks, i, (enum page_variation)what, n);
			n++;
			if (!candidate_try(min))
				continue;
			found = true;
			n = 0;
			free(marks->at);
			if (!marks_make(min, marks))
				return found;
		}
	}
	return found;
}

bool lower_pages(struct minimizer *min)
{
	struct marks marks;
	bool found = false;

	if (!marks_make(min, &marks))
		return false;
	for (u32 i = 0; i < min->best->nr_ops && !is_over(min); i++)
		found |= lower_pages_of(min, &marks, i);
	free(marks.at);
	return found;
}

/* Files */

/* All that maps file @from maps @to, at offsets lower by @by. */
static bool try_file(struct minimizer *min, u8 from, u8 to, u64 by)
{
	struct op *ops = candidate_begin(min);

	for (u32 i = 0; i < min->cand.nr_ops; i++)
		if ((ops[i].flags & OP_HAS_FILE) && ops[i].file == from) {
			ops[i].file = to;
			ops[i].off -= min_u64(ops[i].off, by);
		}
	return candidate_try(min);
}

/* The lowest offset that file @file is mapped at; 0 if it is not. */
static u64 lowest_off(const struct scenario *sc, u8 file)
{
	u64 off = UINT64_MAX;

	for (u32 i = 0; i < sc->nr_ops; i++)
		if ((sc->ops[i].flags & OP_HAS_FILE) && sc->ops[i].file == file)
			off = min_u64(off, sc->ops[i].off);
	return off == UINT64_MAX ? 0 : off;
}

bool lower_files(struct minimizer *min)
{
	bool found = false;
	u64 off;

	for (u8 file = 0; file < NR_FILES; file++) {
		for (u8 to = 0; to < file && !is_over(min); to++)
			found |= try_file(min, file, to, 0);
		while ((off = lowest_off(min->best, file)) && !is_over(min)) {
			if (!try_file(min, file, file, off) &&
			    !try_file(min, file, file, off / 2) &&
			    !try_file(min, file, file, 1))
				break;
			found = true;
		}
	}
	return found;
}

/* Failing allocations */

/* failalloc @i moves to before operation @to, after it, and says @nth. */
static bool try_failalloc(struct minimizer *min, u32 i, u32 to, u64 nth)
{
	struct op *ops = candidate_begin(min);
	struct op op = ops[i];

	op.len = nth;
	memmove(&ops[i], &ops[i + 1], (to - i) * sizeof(*ops));
	ops[to] = op;
	return candidate_try(min);
}

/* Nearer to the operation that it is meant for, where a lower number does. */
static bool lower_failalloc(struct minimizer *min, u32 i)
{
	for (u32 to = i; to < min->best->nr_ops; to++)
		for (u64 nth = 1;
		     nth < min->best->ops[i].len && nth <= FAILALLOC_TRIED_MAX;
		     nth++) {
			if (is_over(min))
				return false;
			if (try_failalloc(min, i, to, nth))
				return true;
		}
	return false;
}

bool lower_failallocs(struct minimizer *min)
{
	bool found = false;

	for (u32 i = 0; i < min->best->nr_ops && !is_over(min); i++)
		while (i < min->best->nr_ops &&
		       min->best->ops[i].kind == OP_FAILALLOC &&
		       lower_failalloc(min, i))
			found = true;
	return found;
}

/* Taking pages out of the page space */

#define HOLES_MAX 32

/* What is taken out: ranges, sorted, apart from each other. */
struct holes {
	struct range at[HOLES_MAX];
	u32 nr;
};

/* False: there is no room, or all of @range is taken out already. */
static bool holes_add(struct holes *holes, struct range range)
{
	u32 i = 0, end;

	while (i < holes->nr && holes->at[i].end < range.start)
		i++;
	if (i < holes->nr && holes->at[i].start <= range.start &&
	    holes->at[i].end >= range.end)
		return false;
	for (end = i; end < holes->nr && holes->at[end].start <= range.end;
	     end++) {
		range.start = min_u64(range.start, holes->at[end].start);
		range.end = max_u64(range.end, holes->at[end].end);
	}
	if (holes->nr - (end - i) == HOLES_MAX)
		return false;
	memmove(&holes->at[i + 1], &holes->at[end],
		(holes->nr - end) * sizeof(*holes->at));
	holes->nr = holes->nr - (end - i) + 1;
	holes->at[i] = range;
	return true;
}

/* Where page @page is once they are gone. */
static u64 page_without(const struct holes *holes, u64 page)
{
	u64 less = 0;

	for (u32 i = 0; i < holes->nr && holes->at[i].start < page; i++)
		less += min_u64(holes->at[i].end, page) - holes->at[i].start;
	return page - less;
}

static bool is_hole(const struct holes *holes, u64 page)
{
	return page_without(holes, page + 1) == page_without(holes, page);
}

/* What of @hole is in [@from, + @len), as it is when moved to @to. */
static bool hole_moved(struct holes *holes, struct range hole, u64 from, u64 to,
		       u64 len)
{
	u64 start = max_u64(hole.start, from);
	u64 end = min_u64(hole.end, from + len);

	if (start >= end)
		return false;
	return holes_add(holes,
			 (struct range){ start - from + to, end - from + to });
}

/* What is taken out goes from where it is moved to and came from, too. */
static void holes_follow_moves(struct minimizer *min, struct holes *holes)
{
	bool again = true;

	for (u32 round = 0; again && round < HOLES_MAX; round++) {
		again = false;
		for (u32 i = 0; i < min->best->nr_ops; i++) {
			const struct op *op = &min->best->ops[i];
			u64 len = min_u64(op->len, op->new_len);

			if (!(op->flags & OP_HAS_TO))
				continue;
			for (u32 k = 0; k < holes->nr; k++) {
				again |= hole_moved(holes, holes->at[k],
						    op->page, op->to, len);
				again |= hole_moved(holes, holes->at[k], op->to,
						    op->page, len);
			}
		}
	}
}

/* False: nothing is left of the operation. */
static bool op_without(const struct holes *holes, struct op *op, bool off_too)
{
	u64 page = page_without(holes, op->page);
	u64 len = page_without(holes, op->page + op->len) - page;
	u64 new_len = page_without(holes, op->page + op->new_len) - page;

	if (op_walks((enum op_kind)op->kind) && is_hole(holes, op->page))
		return false;
	if (op->flags & OP_HAS_TO) {
		new_len = page_without(holes, op->to + op->new_len) -
			  page_without(holes, op->to);
		op->to = page_without(holes, op->to);
	}
	if ((op->len && !len) || (op->new_len && !new_len))
		return false;
	if (off_too && (op->flags & OP_HAS_FILE))
		op->off -= min_u64(op->off, op->page - page);
	op->page = page;
	op->len = len;
	op->new_len = new_len;
	return true;
}

/* @off_too: offsets in files go down with pages. */
static bool try_without(struct minimizer *min, const struct holes *holes,
			bool off_too)
{
	struct op *ops = candidate_begin(min);

	for (u32 i = min->cand.nr_ops; i--;)
		if (op_takes((enum op_kind)ops[i].kind, FIELD_PAGE) &&
		    !op_without(holes, &ops[i], off_too))
			candidate_drop(min, i);
	return candidate_try(min);
}

/* @len pages from @start on. */
static bool drop_range(struct minimizer *min, u64 start, u64 len)
{
	struct holes holes = { .nr = 0 };

	if (!len)
		return false;
	holes_add(&holes, (struct range){ start, start + len });
	if (try_without(min, &holes, false) || try_without(min, &holes, true))
		return true;
	if (is_over(min))
		return false;
	holes_follow_moves(min, &holes);
	return try_without(min, &holes, false) ||
	       try_without(min, &holes, true);
}

/* All between two marks, all but one, half, one. */
static bool drop_between(struct minimizer *min, u64 start, u64 end)
{
	u64 len = end - start;

	return drop_range(min, start, len) || drop_range(min, start, len - 1) ||
	       drop_range(min, start, len / 2) || drop_range(min, start, 1);
}

bool drop_page_space(struct minimizer *min)
{
	struct marks marks;
	bool found = false;
	u32 i = 0;

	if (!marks_make(min, &marks))
		return false;
	while (i + 1 < marks.nr && !is_over(min)) {
		if (!drop_between(min, marks.at[i], marks.at[i + 1])) {
			i++;
			continue;
		}
		found = true;
		free(marks.at);
		if (!marks_make(min, &marks))
			return found;
	}
	free(marks.at);
	return found;
}

/* Turning the page space round */

#define SWAP_MARKS_MAX 16

/* [a, b) and [b, c) change places. */
struct swap {
	u64 a, b, c;
};

/* False: @range would fall apart. */
static bool swap_range(const struct swap *swap, struct range range, u64 *page)
{
	if (range.end <= swap->a || range.start >= swap->c)
		return true;
	if (range.start <= swap->a && range.end >= swap->c)
		return true;
	if (range.start >= swap->a && range.end <= swap->b)
		*page += swap->c - swap->b;
	else if (range.start >= swap->b && range.end <= swap->c)
		*page -= swap->b - swap->a;
	else
		return false;
	return true;
}

static bool try_swap(struct minimizer *min, const struct swap *swap)
{
	struct op *ops = candidate_begin(min);
	struct range ranges[2];

	for (u32 i = 0; i < min->cand.nr_ops; i++) {
		u32 nr = op_ranges(&ops[i], ranges);

		if (nr && !swap_range(swap, ranges[0], &ops[i].page))
			return false;
		if (nr > 1 && !swap_range(swap, ranges[1], &ops[i].to))
			return false;
	}
	return candidate_try(min);
}

static bool try_swaps(struct minimizer *min, const struct marks *marks)
{
	for (u32 a = 0; a < marks->nr; a++)
		for (u32 b = a + 1; b < marks->nr; b++)
			for (u32 c = b + 1; c < marks->nr; c++) {
				struct swap swap = { marks->at[a], marks->at[b],
						     marks->at[c] };

				if (is_over(min))
					return false;
				if (try_swap(min, &swap))
					return true;
			}
	return false;
}

bool swap_page_space(struct minimizer *min)
{
	struct marks marks;
	bool found = false, again = true;

	while (again && !is_over(min) && marks_make(min, &marks)) {
		again = marks.nr <= SWAP_MARKS_MAX && try_swaps(min, &marks);
		found |= again;
		free(marks.at);
	}
	return found;
}
