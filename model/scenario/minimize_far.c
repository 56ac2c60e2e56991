// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minimizing: beyond single simplifications.
 *
 * What is small by now may be stuck: nothing can go or shrink alone, and yet
 * something shorter shows the same.  A file mapping, say, is displaced from the
 * start and needs no mremap, but no one step leads from the one to the other.
 * So two operations go and a new one comes, of all that there is room for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../mm/mm.h"
#include "minimizer.h"

/* 2^12 subsets */
#define SUBSET_OPS_MAX 12
/* Two out, one in, anywhere; above: in the place of one of the two. */
#define ANYWHERE_OPS_MAX 6
#define EXCHANGE_OPS_MAX 9
#define NEW_PAGES_MAX 5
#define NEW_PROCS_MAX 3
/* Candidates of two for two; above it is left out. */
#define TWO_FOR_TWO_MAX 500000

static bool far_try(struct minimizer *min)
{
	u64 before = min->stats->tries;
	bool found = candidate_try(min);

	min->far_tries -= min_u64(min->far_tries, min->stats->tries - before);
	return found;
}

static bool is_far_over(const struct minimizer *min)
{
	return is_over(min) || !min->far_tries;
}

/* Subsets */

static bool try_subset(struct minimizer *min, u32 subset)
{
	struct op *ops = candidate_begin(min);
	u32 nr = min->cand.nr_ops, kept = 0;

	for (u32 i = 0; i < nr; i++)
		if (subset >> i & 1)
			ops[kept++] = ops[i];
	min->cand.nr_ops = kept;
	return far_try(min);
}

/* All subsets of the operations, the smallest first. */
bool drop_subsets(struct minimizer *min)
{
	u32 nr = min->best->nr_ops;

	if (nr > SUBSET_OPS_MAX)
		return false;
	for (u32 size = 1; size < nr; size++)
		for (u32 subset = 0; subset < 1U << nr; subset++) {
			if (is_far_over(min))
				return false;
			if ((u32)__builtin_popcount(subset) == size &&
			    try_subset(min, subset))
				return true;
		}
	return false;
}

/* Vocabulary: the operations that may come in place of others */

struct words {
	struct op *ops;
	u32 nr, cap;
	u32 procs; /* slots below */
	u32 pages; /* pages below */
	u32 kinds; /* walk and reclaim: only where they are, bit by bit */
};

/* Where there is no room: counted only. */
static void add_pages_word(struct words *words, const struct op *op)
{
	if (words->nr < words->cap)
		memcpy(&words->ops[words->nr], op, sizeof(*op));
	words->nr++;
}

/* To each place, with and without dontunmap; and resized where it is. */
static void add_mremaps(struct words *words, struct op op)
{
	u64 room = words->pages - op.page;

	for (op.new_len = 1; op.new_len <= room; op.new_len++)
		if (op.new_len != op.len)
			add_pages_word(words, &op);
	op.new_len = op.len;
	for (op.to = 0; op.to + op.len <= words->pages; op.to++) {
		op.flags = OP_HAS_TO;
		add_pages_word(words, &op);
		op.flags = OP_HAS_TO | OP_DONTUNMAP;
		add_pages_word(words, &op);
	}
}

static void add_mmaps(struct words *words, struct op op)
{
	for (op.prot = 0; op.prot < NR_OP_PROTS; op.prot++)
		add_pages_word(words, &op);
	op.prot = OP_PROT_RW;
	op.flags = OP_HAS_FILE;
	for (op.off = 0; op.off < 2; op.off++)
		add_pages_word(words, &op);
}

/* Kind, process and range of @op are given: all that can be with them. */
static void add_with_range(struct words *words, struct op op)
{
	if (op.kind == OP_MMAP)
		add_mmaps(words, op);
	else if (op.kind == OP_MREMAP)
		add_mremaps(words, op);
	else if (op.kind == OP_MPROTECT)
		for (; op.prot < NR_OP_PROTS; op.prot++)
			add_pages_word(words, &op);
	else if (op.kind == OP_MADVISE)
		for (; op.advice < NR_ADVICE; op.advice++)
			add_pages_word(words, &op);
	else
		add_pages_word(words, &op);
}

static void add_ranges(struct words *words, struct op op)
{
	bool has_len = op_has_len(&op);

	for (op.page = 0; op.page < words->pages; op.page++) {
		u64 len_max = has_len ? words->pages - op.page : 1;

		for (u64 len = 1; len <= len_max; len++) {
			op.len = has_len ? len : 0;
			add_with_range(words, op);
		}
	}
}

static void add_kind(struct words *words, enum op_kind kind)
{
	struct op op;

	memset(&op, 0, sizeof(op));
	op.kind = (u8)kind;
	for (op.proc = 0; op.proc < words->procs; op.proc++) {
		if (op_takes(kind, FIELD_PAGE))
			add_ranges(words, op);
		else if (!op_takes(kind, FIELD_CHILD))
			add_pages_word(words, &op);
		else
			for (op.child = 0; op.child < words->procs; op.child++)
				add_pages_word(words, &op);
	}
}

static void add_all(struct words *words)
{
	words->nr = 0;
	for (u32 kind = 0; kind < NR_OPS; kind++)
		if (kind < OP_FAILALLOC || words->kinds >> kind & 1)
			add_kind(words, (enum op_kind)kind);
}

/* What @sc has to do with. */
static void measure_words(struct words *words, const struct scenario *sc)
{
	u64 procs = 1, pages = 1;

	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];

		procs = max_u64(procs, op->child + 1);
		if (op->kind > OP_FAILALLOC)
			words->kinds |= 1U << op->kind;
		if (!op_takes((enum op_kind)op->kind, FIELD_PAGE))
			continue;
		pages = max_u64(pages, op->page + max_u64(op->len, 1));
		if (op->flags & OP_HAS_TO)
			pages = max_u64(pages, op->to + op->new_len);
	}
	words->procs = (u32)min_u64(procs, NEW_PROCS_MAX);
	words->pages = (u32)min_u64(pages, NEW_PAGES_MAX);
}

/* Freed with free(words->ops).  False: memory is out, which is noted. */
static bool words_make(struct minimizer *min, struct words *words)
{
	memset(words, 0, sizeof(*words));
	measure_words(words, min->best);
	add_all(words); /* counts them */
	words->cap = words->nr;
	words->ops = calloc(words->cap, sizeof(*words->ops));
	if (!words->ops) {
		min->err = -ENOMEM;
		return false;
	}
	add_all(words);
	return true;
}

/* Exchanges */

/* Two go, and one of the words comes to place @in of those left. */
static bool two_for_one(struct minimizer *min, const struct words *words,
			const u32 out[2], u32 in)
{
	for (u32 w = 0; w < words->nr && !is_far_over(min); w++) {
		struct op *ops = candidate_begin(min);

		candidate_drop(min, out[1]);
		candidate_drop(min, out[0]);
		memmove(&ops[in + 1], &ops[in],
			(min->cand.nr_ops - in) * sizeof(*ops));
		ops[in] = words->ops[w];
		min->cand.nr_ops++;
		if (far_try(min))
			return true;
	}
	return false;
}

static bool all_two_for_one(struct minimizer *min, const struct words *words)
{
	u32 nr = min->best->nr_ops;
	bool anywhere = nr <= ANYWHERE_OPS_MAX;
	u32 out[2];

	for (out[1] = 1; out[1] < nr; out[1]++)
		for (out[0] = 0; out[0] < out[1]; out[0]++)
			for (u32 in = 0; in <= nr - 2; in++)
				if ((anywhere || in == out[0] ||
				     in == out[1] - 1) &&
				    two_for_one(min, words, out, in))
					return true;
	return false;
}

/* One that is simpler comes in the place of one. */
static bool all_one_for_one(struct minimizer *min, const struct words *words)
{
	for (u32 i = 0; i < min->best->nr_ops; i++)
		for (u32 w = 0; w < words->nr && !is_far_over(min); w++) {
			candidate_begin(min);
			candidate_put(min, i, &words->ops[w]);
			if (far_try(min))
				return true;
		}
	return false;
}

/* Two that are simpler together come in the places of operations @i and @j. */
static bool two_for_two(struct minimizer *min, const struct words *words, u32 i,
			u32 j)
{
	for (u32 v = 0; v < words->nr; v++)
		for (u32 w = 0; w < words->nr && !is_far_over(min); w++) {
			candidate_begin(min);
			candidate_put(min, i, &words->ops[v]);
			candidate_put(min, j, &words->ops[w]);
			if (far_try(min))
				return true;
		}
	return false;
}

static bool all_two_for_two(struct minimizer *min, const struct words *words)
{
	u32 nr = min->best->nr_ops;
	u64 pairs = (u64)nr * (nr - 1) / 2;

	/* All or none: the result is not to hang on where it was given up. */
	if (pairs * words->nr * words->nr > TWO_FOR_TWO_MAX)
		return false;
	for (u32 j = 1; j < nr; j++)
		for (u32 i = 0; i < j; i++)
			if (two_for_two(min, words, i, j))
				return true;
	return false;
}

bool exchange_ops(struct minimizer *min)
{
	struct words words;
	bool found;

	if (min->best->nr_ops > EXCHANGE_OPS_MAX || is_far_over(min) ||
	    !words_make(min, &words))
		return false;
	found = all_two_for_one(min, &words) || all_one_for_one(min, &words) ||
		all_two_for_two(min, &words);
	free(words.ops);
	return found;
}
