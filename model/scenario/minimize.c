// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minimizing: the order, what was tried, and the rounds of passes.
 *
 * Every step goes down in a total order that has no endless descent, so it
 * ends; and since the order is total, faults that were found in different ways
 * tend to end at the same text.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "minimizer.h"

/* When uthash cannot grow its buckets: told by -ENOMEM, not by exit(). */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(obj) ((obj)->failed = true)
/* The key is a digest: any part of it is as good as a hash. */
#define HASH_FUNCTION(key, len, hash) memcpy(&(hash), key, sizeof(hash))
#include <uthash.h>

/*
 * 128 bits stand for a candidate.  Two candidates with the same digest would
 * cost one try that is not made; at a million tries the odds are 1 in 10^26.
 */
struct digest {
	u64 half[2];
};

struct tried {
	struct digest digest;
	bool failed; /* to be added */
	UT_hash_handle hh;
};

/* The order */

static const u8 kind_weights[NR_OPS] = {
	[OP_MUNMAP] = 0,     [OP_EXIT] = 1,	[OP_MMAP] = 2,
	[OP_WRITE] = 3,	     [OP_FORK] = 4,	[OP_MREMAP] = 5,
	[OP_MPROTECT] = 6,   [OP_READ] = 7,	[OP_MADVISE] = 8,
	[OP_EXEC] = 9,	     [OP_MIGRATE] = 10, [OP_VFORK] = 11,
	[OP_FAILALLOC] = 12,
};

u32 kind_weight(u8 kind)
{
	return kind_weights[kind];
}

static u32 nr_options(const struct op *op)
{
	return !!(op->flags & OP_HAS_FILE) + !!(op->flags & OP_HAS_TO) +
	       !!(op->flags & OP_DONTUNMAP) + !!(op->flags & OP_HAS_EXPECTED) +
	       !!op->prot;
}

static void measure(const struct scenario *sc, struct simplicity *simplicity)
{
	u64 *part = simplicity->part;

	memset(simplicity, 0, sizeof(*simplicity));
	part[SIMPLICITY_OPS] = sc->nr_ops;
	part[SIMPLICITY_OPTIONS] = sc->base != SCENARIO_BASE_DEFAULT;
	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];

		part[SIMPLICITY_BIRTHS] += op->kind == OP_FORK ||
					   op->kind == OP_VFORK;
		part[SIMPLICITY_KINDS] += kind_weight(op->kind);
		part[SIMPLICITY_OPTIONS] += nr_options(op);
		part[SIMPLICITY_LENGTHS] += op->len + op->new_len;
		part[SIMPLICITY_PAGES] +=
			op->page + op->to + op->off + op->file;
		part[SIMPLICITY_SLOTS] += op->proc + op->child;
	}
}

static int compare_u64(u64 a, u64 b)
{
	return (a > b) - (a < b);
}

static int compare_ops(const struct op *a, const struct op *b)
{
	const u64 pairs[][2] = {
		{ kind_weight(a->kind), kind_weight(b->kind) },
		{ a->proc, b->proc },
		{ a->child, b->child },
		{ a->page, b->page },
		{ a->len, b->len },
		{ a->new_len, b->new_len },
		{ a->to, b->to },
		{ a->prot, b->prot },
		{ a->advice, b->advice },
		{ a->file, b->file },
		{ a->off, b->off },
		{ a->flags, b->flags },
		{ a->expected, b->expected },
	};

	for (u32 i = 0; i < ARRAY_SIZE(pairs); i++)
		if (pairs[i][0] != pairs[i][1])
			return compare_u64(pairs[i][0], pairs[i][1]);
	return 0;
}

static int compare_measured(const struct scenario *a,
			    const struct simplicity *of_a,
			    const struct scenario *b,
			    const struct simplicity *of_b)
{
	int order = 0;

	for (u32 i = 0; i < NR_SIMPLICITY && !order; i++)
		order = compare_u64(of_a->part[i], of_b->part[i]);
	for (u32 i = 0; i < a->nr_ops && !order; i++)
		order = compare_ops(&a->ops[i], &b->ops[i]);
	return order ? order : compare_u64(a->base, b->base);
}

int scenario_compare(const struct scenario *a, const struct scenario *b)
{
	struct simplicity of_a, of_b;

	measure(a, &of_a);
	measure(b, &of_b);
	return compare_measured(a, &of_a, b, &of_b);
}

/* What was tried */

static void digest_word(struct digest *digest, u64 word)
{
	u64 a = (digest->half[0] ^ word) * 0x9e3779b97f4a7c15ULL;
	u64 b = (digest->half[1] + word) * 0xc2b2ae3d27d4eb4fULL;

	digest->half[0] = a ^ (a >> 29) ^ (b << 7);
	digest->half[1] = b ^ (b >> 31) ^ (a >> 17);
}

static struct digest digest_of(const struct scenario *sc)
{
	struct digest digest = { { sc->nr_ops, sc->base } };

	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];

		digest_word(&digest, (u64)op->kind | (u64)op->flags << 8 |
					     (u64)op->prot << 16 |
					     (u64)op->advice << 24 |
					     (u64)op->file << 32 |
					     (u64)op->expected << 40);
		digest_word(&digest, (u64)op->proc << 32 | op->child);
		digest_word(&digest, op->page);
		digest_word(&digest, op->len);
		digest_word(&digest, op->new_len);
		digest_word(&digest, op->to);
		digest_word(&digest, op->off);
	}
	return digest;
}

/* Notes the candidate as tried.  False: it was, or memory is out. */
static bool is_new(struct minimizer *min)
{
	struct digest digest = digest_of(&min->cand);
	struct tried *tried;

	HASH_FIND(hh, min->tried, &digest, sizeof(digest), tried);
	if (tried) {
		min->stats->repeats++;
		return false;
	}
	tried = calloc(1, sizeof(*tried));
	if (!tried) {
		min->err = -ENOMEM;
		return false;
	}
	tried->digest = digest;
	HASH_ADD(hh, min->tried, digest, sizeof(digest), tried);
	if (tried->failed) {
		free(tried);
		min->err = -ENOMEM;
		return false;
	}
	return true;
}

static void forget_tried(struct minimizer *min)
{
	struct tried *tried, *next;

	HASH_ITER(hh, min->tried, tried, next)
	{
		HASH_DEL(min->tried, tried);
		free(tried);
	}
}

/* Candidates */

struct op *candidate_begin(struct minimizer *min)
{
	const struct scenario *best = min->best;

	min->cand.base = best->base;
	min->cand.nr_ops = best->nr_ops;
	memcpy(min->cand.ops, best->ops, best->nr_ops * sizeof(*best->ops));
	return min->cand.ops;
}

void candidate_drop(struct minimizer *min, u32 i)
{
	struct scenario *cand = &min->cand;

	cand->nr_ops--;
	memmove(&cand->ops[i], &cand->ops[i + 1],
		(cand->nr_ops - i) * sizeof(*cand->ops));
}

void op_become(struct op *op, enum op_kind kind)
{
	struct op old = *op;

	memset(op, 0, sizeof(*op));
	op->kind = (u8)kind;
	if (op_takes(kind, FIELD_PROC))
		op->proc = old.proc;
	if (op_takes(kind, FIELD_CHILD))
		op->child = old.child;
	if (op_takes(kind, FIELD_PAGE))
		op->page = old.page;
	if (op_has_len(op))
		op->len = max_u64(old.len, 1);
	if (op_takes(kind, FIELD_PROT))
		op->prot = old.prot;
}

#define NO_SLOT UINT32_MAX

/* The slot of a child that was in @slot so far. */
static u32 child_slot(struct minimizer *min, u32 slot, u32 *nr_given)
{
	if (min->lowest_slots)
		return live_lowest_free(&min->new_live);
	if (min->new_slots[slot] == NO_SLOT)
		return (*nr_given)++;
	return min->new_slots[slot];
}

/*
 * The slots of @op as they are in the candidate so far; either way they are
 * those that the candidate's text would be given.
 */
static void renumber_op(struct minimizer *min, struct op *op, u32 *nr_given)
{
	enum op_kind kind = (enum op_kind)op->kind;

	if (op_takes(kind, FIELD_PROC))
		op->proc = min->new_slots[op->proc];
	if (op_takes(kind, FIELD_CHILD)) {
		u32 slot = child_slot(min, op->child, nr_given);

		min->new_slots[op->child] = slot;
		op->child = slot;
	}
	live_apply(&min->new_live, op);
}

/*
 * The one that had the name was to exit before and does not any more: it lives
 * on, and the name is the child's.
 */
static bool takes_name_over(struct minimizer *min, const struct op *op)
{
	return min->lowest_slots &&
	       op_takes((enum op_kind)op->kind, FIELD_CHILD) &&
	       live_has(&min->live, op->proc) && op->proc != op->child &&
	       min->new_live.nr < min->nr_slots;
}

/* live_init() where no slot from min->nr_slots on was ever set. */
static void live_reset(const struct minimizer *min, struct live *live)
{
	memset(live->bits, 0,
	       min_u64((min->nr_slots / 64 + 1) * sizeof(*live->bits),
		       sizeof(live->bits)));
	live->nr = 0;
	live->lowest_free = 0;
	live_add(live, 0);
}

/*
 * Takes out what processes do that do not live in the candidate, and births of
 * those that do: then it is a scenario.
 */
static void drop_the_dead(struct minimizer *min)
{
	struct scenario *cand = &min->cand;
	u32 kept = 0, nr_given = 1;

	live_reset(min, &min->live);
	live_reset(min, &min->new_live);
	memset(min->new_slots, 0xff, min->nr_slots * sizeof(*min->new_slots));
	min->new_slots[0] = 0;
	for (u32 i = 0; i < cand->nr_ops; i++) {
		struct op *op = &cand->ops[kept];

		if (kept != i)
			*op = cand->ops[i];
		if (!live_apply(&min->live, op) && !takes_name_over(min, op))
			continue;
		renumber_op(min, op, &nr_given);
		kept++;
	}
	cand->nr_ops = kept;
}

static bool may_try(struct minimizer *min)
{
	const struct minimize_config *config = min->config;
	u64 tries_max = config->tries_max ? config->tries_max :
					    MINIMIZE_TRIES_MAX;

	if (min->stats->tries >= tries_max ||
	    (config->stop && config->stop(config->arg)))
		min->stopped = true;
	return !is_over(min);
}

/* Asks the caller about the candidate. */
static bool shows(struct minimizer *min, u32 *needed)
{
	int shown;

	*needed = min->cand.nr_ops;
	min->stats->tries++;
	shown = min->config->shows(min->config->arg, &min->cand, needed);
	if (shown < 0)
		min->err = shown;
	return shown > 0;
}

/* The first @needed operations of the candidate are the best so far. */
static void adopt(struct minimizer *min, u32 needed)
{
	const struct minimize_config *config = min->config;
	struct scenario *best = min->best;

	min->cand.nr_ops = (u32)min_u64(min->cand.nr_ops, needed);
	best->base = min->cand.base;
	best->nr_ops = min->cand.nr_ops;
	memcpy(best->ops, min->cand.ops, best->nr_ops * sizeof(*best->ops));
	measure(best, &min->best_simplicity);
	min->stats->successes++;
	if (config->improved)
		config->improved(config->arg, best, min->stats);
}

bool candidate_try(struct minimizer *min)
{
	struct simplicity simplicity;
	u32 needed;

	if (!may_try(min))
		return false;
	drop_the_dead(min);
	measure(&min->cand, &simplicity);
	if (compare_measured(&min->cand, &simplicity, min->best,
			     &min->best_simplicity) >= 0)
		return false;
	if (!is_new(min) || !shows(min, &needed))
		return false;
	adopt(min, needed);
	return true;
}

/* Rounds */

/* What no operation hangs on, all at once. */
static void drop_trimmings(struct minimizer *min)
{
	struct op *ops = candidate_begin(min);

	for (u32 i = 0; i < min->cand.nr_ops; i++) {
		ops[i].flags &= (u8)~OP_HAS_EXPECTED;
		ops[i].expected = 0;
	}
	candidate_try(min);
	candidate_begin(min);
	min->cand.base = SCENARIO_BASE_DEFAULT;
	candidate_try(min);
}

/*
 * From here on children get the lowest slots that are free, unless that alone
 * makes a difference (the order of the last exits is that of slots): then they
 * keep one for each name, in the order of appearance.
 */
static void lower_slots(struct minimizer *min)
{
	u32 needed;

	min->lowest_slots = true;
	candidate_begin(min);
	drop_the_dead(min);
	if (!scenario_compare(&min->cand, min->best))
		return;
	/* Wanted even where lower slots do not come of it. */
	min->lowest_slots = may_try(min) && is_new(min) && shows(min, &needed);
	if (min->lowest_slots)
		adopt(min, needed);
}

static bool drop_ops(struct minimizer *min)
{
	bool found = false;

	for (u32 count = min->best->nr_ops / 2; count && !is_over(min);
	     count /= 2)
		found |= drop_pieces(min, count);
	return found;
}

/*
 * The cheap and effective first: as long as operations go, nothing else is
 * looked at.
 */
static bool round_of_passes(struct minimizer *min)
{
	static bool (*const passes[])(struct minimizer *) = {
		drop_ops,	  drop_processes,  join_ops,
		lower_failallocs, drop_subsets,	   drop_options,
		simplify_kinds,	  drop_page_space, shorten_lengths,
		lower_pages,	  lower_files,	   lower_processes,
		swap_page_space,  reorder_ops,	   exchange_ops,
	};
	u32 nr_ops = min->best->nr_ops;
	bool found = false;

	for (u32 i = 0; i < ARRAY_SIZE(passes) && !is_over(min); i++) {
		found |= passes[i](min);
		if (i && min->best->nr_ops < nr_ops)
			break;
	}
	return found;
}

/* As many slots as all births need, should nobody exit. */
static int make_slots(struct minimizer *min)
{
	struct scenario *best = min->best;
	u64 nr = 1 + min->best_simplicity.part[SIMPLICITY_BIRTHS];

	nr = max_u64(min_u64(nr, SCENARIO_PROCS_MAX), best->nr_procs);
	/* One more, so that NULL is out of memory and nothing else. */
	min->new_slots = calloc(nr + 1, sizeof(*min->new_slots));
	min->nr_slots = (u32)nr;
	return min->new_slots ? scenario_name_slots(best, (u32)nr) : -ENOMEM;
}

static int prepare(struct minimizer *min)
{
	struct scenario *best = min->best;

	min->cand.ops = calloc((size_t)best->nr_ops + 1, sizeof(*best->ops));
	if (!min->cand.ops)
		return -ENOMEM;
	for (u32 i = 0; i < best->nr_ops; i++)
		best->ops[i].line = 0;
	measure(best, &min->best_simplicity);
	return make_slots(min);
}

/* The names that slots have in bytes; at the end none is left that is not used. */
static void name_processes(struct minimizer *min, bool at_end)
{
	struct scenario *best = min->best;
	u32 nr = 1;

	for (u32 i = 0; i < best->nr_procs; i++)
		scenario_canonical_name(i, best->names[i]);
	for (u32 i = 0; i < best->nr_ops && at_end; i++)
		nr = (u32)max_u64(nr, best->ops[i].child + 1);
	if (at_end)
		best->nr_procs = nr;
}

int scenario_minimize(struct scenario *sc, const struct minimize_config *config,
		      struct minimize_stats *stats)
{
	struct minimizer min = {
		.config = config,
		.stats = stats,
		.best = sc,
		.far_tries = config->far_tries_max,
	};

	memset(stats, 0, sizeof(*stats));
	min.err = prepare(&min);
	if (!min.err) {
		name_processes(&min, false);
		min.cand.names = sc->names;
		min.cand.nr_procs = sc->nr_procs;
		drop_trimmings(&min);
		lower_slots(&min);
	}
	while (!is_over(&min) && round_of_passes(&min))
		;
	stats->fixpoint = !is_over(&min);
	name_processes(&min, true);
	forget_tried(&min);
	free(min.cand.ops);
	free(min.new_slots);
	return min.err;
}
