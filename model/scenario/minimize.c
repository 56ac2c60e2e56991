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
	[OP_FAILALLOC] = 12, [OP_WALK] = 13,	[OP_RECLAIM] = 14,
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

static u64 digit_sum(const struct schedule *schedule)
{
	u64 sum = 0;

	for (u32 i = 0; i < schedule->nr; i++)
		sum += schedule_digit(schedule, i);
	return sum;
}

static void measure_simplicity(const struct scenario *sc,
			       struct simplicity *simplicity)
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
		part[SIMPLICITY_PARALLEL] += !!(op->flags & OP_PARALLEL);
		part[SIMPLICITY_DIGITS] += op->schedule.nr;
		part[SIMPLICITY_DIGIT_SUM] += digit_sum(&op->schedule);
	}
}

static int compare_u64(u64 a, u64 b)
{
	return (a > b) - (a < b);
}

static int compare_schedules(const struct schedule *a, const struct schedule *b)
{
	int order = compare_u64(a->nr, b->nr);

	for (u32 i = 0; i < a->nr && !order; i++)
		order = compare_u64(schedule_digit(a, i), schedule_digit(b, i));
	return order;
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
	return compare_schedules(&a->schedule, &b->schedule);
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

	measure_simplicity(a, &of_a);
	measure_simplicity(b, &of_b);
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

/* Most have none. */
static void digest_schedule(struct digest *digest,
			    const struct schedule *schedule)
{
	if (!schedule->nr)
		return;
	digest_word(digest, schedule->nr);
	for (u32 i = 0; i < ARRAY_SIZE(schedule->digits); i++)
		digest_word(digest, schedule->digits[i]);
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
		digest_schedule(&digest, &op->schedule);
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
	candidate_tag(min);
	return min->cand.ops;
}

void candidate_drop(struct minimizer *min, u32 i)
{
	struct scenario *cand = &min->cand;

	cand->nr_ops--;
	memmove(&cand->ops[i], &cand->ops[i + 1],
		(cand->nr_ops - i) * sizeof(*cand->ops));
}

void candidate_put(struct minimizer *min, u32 i, const struct op *op)
{
	struct op *place = &min->cand.ops[i];
	struct schedule schedule = place->schedule;
	u32 tag = place->line;

	memcpy(place, op, sizeof(*place));
	place->schedule = schedule;
	place->line = tag;
}

void op_become(struct op *op, enum op_kind kind)
{
	struct op old = *op;

	memset(op, 0, sizeof(*op));
	op->kind = (u8)kind;
	op->line = old.line;
	op->schedule = old.schedule;
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
static bool candidate_shows(struct minimizer *min, u32 *needed)
{
	int shown;

	*needed = min->cand.nr_ops;
	min->stats->tries++;
	shown = min->config->shows(min->config->arg, &min->cand, needed);
	if (shown < 0)
		min->err = shown;
	return shown > 0;
}

/* The first @needed operations, and what runs at the same time as the last. */
static u32 whole_lines(const struct scenario *sc, u32 needed)
{
	u32 nr = 0;

	while (nr < needed && nr < sc->nr_ops)
		nr += scenario_group(sc, nr);
	return nr;
}

/* The first @needed operations of the candidate are the best so far. */
static void adopt(struct minimizer *min, u32 needed)
{
	const struct minimize_config *config = min->config;
	struct scenario *best = min->best;

	min->cand.nr_ops = whole_lines(&min->cand, needed);
	best->base = min->cand.base;
	best->nr_ops = min->cand.nr_ops;
	memcpy(best->ops, min->cand.ops, best->nr_ops * sizeof(*best->ops));
	measure_simplicity(best, &min->best_simplicity);
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
	candidate_settle(min);
	measure_simplicity(&min->cand, &simplicity);
	if (compare_measured(&min->cand, &simplicity, min->best,
			     &min->best_simplicity) >= 0)
		return false;
	if (!is_new(min) || !candidate_shows(min, &needed))
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
	candidate_settle(min);
	if (!scenario_compare(&min->cand, min->best))
		return;
	/* Wanted even where lower slots do not come of it. */
	min->lowest_slots = may_try(min) && is_new(min) &&
			    candidate_shows(min, &needed);
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
		drop_ops,	   part_groups,	     drop_processes,
		join_ops,	   lower_failallocs, drop_subsets,
		shorten_schedules, drop_options,     simplify_kinds,
		drop_page_space,   shorten_lengths,  lower_pages,
		lower_files,	   lower_processes,  swap_page_space,
		reorder_ops,	   exchange_ops,
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
	measure_simplicity(best, &min->best_simplicity);
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
