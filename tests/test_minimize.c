// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minimizing, with predicates that are plain enough to know what must come out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "codec_fixture.h"
#include "../model/scenario/live.h"
#include "../model/scenario/minimize.h"

#define CANDIDATES_MAX 200000

/* A predicate, and what it was asked. */
struct judge {
	bool (*holds)(const struct scenario *sc);
	bool cuts; /* says how many operations were needed */
	int error; /* to return at try @error_at */
	u64 error_at;
	u64 stop_at; /* 0: never */
	u64 asked;
	u64 improved;
	char **texts; /* of candidates, if kept */
	u32 nr_texts;
	struct scenario best;
};

static char *scenario_text(const struct scenario *sc)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	scenario_print(sc, out);
	fclose(out);
	return text;
}

static void copy_ops(struct scenario *to, const struct scenario *from)
{
	assert_int_equal(scenario_init(to), 0);
	assert_int_equal(scenario_name_slots(to, from->nr_procs), 0);
	to->base = from->base;
	for (u32 i = 0; i < from->nr_ops; i++)
		assert_int_equal(scenario_add(to, &from->ops[i]), 0);
}

/* A candidate is a scenario: its text is taken, and gives the same again. */
static void check_is_scenario(const struct scenario *sc, const char *text)
{
	struct scenario parsed;
	struct scenario_error err;

	assert_int_equal(scenario_init(&parsed), 0);
	if (scenario_parse(&parsed, text, strlen(text), &err))
		fail_msg("%u:%u: %s in\n%s", err.line, err.column, err.text,
			 text);
	assert_int_equal(scenario_compare(&parsed, sc), 0);
	scenario_free(&parsed);
}

static int ask_judge(void *arg, const struct scenario *sc, u32 *needed)
{
	struct judge *judge = arg;
	struct scenario part = *sc;

	judge->asked++;
	if (judge->texts) {
		assert_true(judge->nr_texts < CANDIDATES_MAX);
		judge->texts[judge->nr_texts] = scenario_text(sc);
		check_is_scenario(sc, judge->texts[judge->nr_texts++]);
	}
	if (judge->error && judge->asked == judge->error_at)
		return judge->error;
	if (!judge->holds(sc))
		return 0;
	for (part.nr_ops = 0; judge->cuts && !judge->holds(&part);
	     part.nr_ops++)
		;
	if (judge->cuts)
		*needed = part.nr_ops;
	return 1;
}

static bool stop_when_told(void *arg)
{
	struct judge *judge = arg;

	return judge->stop_at && judge->asked == judge->stop_at;
}

/* Each best is simpler than the one before, but for slots made lower. */
static void note_improved(void *arg, const struct scenario *best,
			  const struct minimize_stats *stats)
{
	struct judge *judge = arg;
	char *text = scenario_text(best);

	judge->improved++;
	check_is_scenario(best, text);
	free(text);
	assert_int_equal(stats->successes, judge->improved);
	assert_true(judge->holds(best));
	assert_true(scenario_compare(best, &judge->best) < 0);
	scenario_free(&judge->best);
	copy_ops(&judge->best, best);
}

static int run_minimize(struct judge *judge, struct scenario *sc,
			struct minimize_stats *stats)
{
	const struct minimize_config config = {
		.shows = ask_judge,
		.stop = stop_when_told,
		.improved = note_improved,
		.arg = judge,
		.far_tries_max = MINIMIZE_FAR_TRIES,
	};
	int err;

	copy_ops(&judge->best, sc);
	err = scenario_minimize(sc, &config, stats);
	scenario_free(&judge->best);
	return err;
}

/* @text becomes @expected. */
static void check_becomes(bool (*holds)(const struct scenario *sc),
			  const char *text, const char *expected)
{
	for (u32 cuts = 0; cuts < 2; cuts++) {
		struct judge judge = { .holds = holds, .cuts = cuts };
		struct minimize_stats stats;
		struct scenario sc;
		char *is;

		must_parse(&sc, text);
		assert_true(holds(&sc));
		assert_int_equal(run_minimize(&judge, &sc, &stats), 0);
		assert_true(stats.fixpoint);
		assert_int_equal(stats.tries, judge.asked);
		assert_int_equal(stats.successes, judge.improved);
		is = scenario_text(&sc);
		assert_string_equal(is, expected);
		free(is);
		scenario_free(&sc);
	}
}

/* Predicates */

static bool always(const struct scenario *sc)
{
	return true;
}

static bool is_fork_or_new(const struct op *op)
{
	return op->kind == OP_FORK || op->kind == OP_VFORK;
}

/* A child of a child writes. */
static bool grandchild_writes(const struct scenario *sc)
{
	u32 depth[64] = { 0 };

	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];

		if (is_fork_or_new(op))
			depth[op->child] = depth[op->proc] + 1;
		if (op->kind == OP_WRITE && depth[op->proc] >= 2)
			return true;
	}
	return false;
}

/* A page of a mapping of four pages or more is moved. */
static bool moves_part(const struct scenario *sc)
{
	u64 start = 0, end = 0;

	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];

		if (op->kind == OP_MMAP) {
			start = op->page;
			end = op->page + op->len;
		}
		if (op->kind == OP_MREMAP && (op->flags & OP_HAS_TO) &&
		    end >= start + 4 && op->page > start &&
		    op->page + op->len < end && op->new_len &&
		    (op->to >= end || op->to + op->new_len <= start))
			return true;
	}
	return false;
}

/* Two kinds of operations that only go together. */
static bool reads_as_it_unmaps(const struct scenario *sc)
{
	u32 reads = 0, unmaps = 0, writes = 0;

	for (u32 i = 0; i < sc->nr_ops; i++) {
		reads += sc->ops[i].kind == OP_READ;
		unmaps += sc->ops[i].kind == OP_MUNMAP;
		writes += sc->ops[i].kind == OP_WRITE;
	}
	return writes && reads == unmaps;
}

/* The third process that was ever born migrates a page from 0x10 to 0x13. */
static bool third_migrates(const struct scenario *sc)
{
	u32 born = 0, third = UINT32_MAX;

	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];

		if (is_fork_or_new(op) && ++born == 3)
			third = op->child;
		if (op->kind == OP_MIGRATE && op->proc == third &&
		    op->page >= 0x10 && op->page <= 0x13)
			return true;
	}
	return false;
}

/* The place on its line of an operation of @kind; @nr if there is none. */
static u32 place_on_line(const struct scenario *sc, u32 first, u32 nr, u8 kind)
{
	u32 i = 0;

	while (i < nr && sc->ops[first + i].kind != kind)
		i++;
	return i;
}

/* While something is unmapped, a walk gets on before it does. */
static bool walk_overtakes(const struct scenario *sc)
{
	u32 nr;

	for (u32 first = 0; first < sc->nr_ops; first += nr) {
		const struct schedule *schedule = &sc->ops[first].schedule;
		u32 walk, unmap;
		bool walked = false;

		nr = scenario_group(sc, first);
		walk = place_on_line(sc, first, nr, OP_WALK);
		unmap = place_on_line(sc, first, nr, OP_MUNMAP);
		for (u32 i = 0; i < schedule->nr && walk < nr && unmap < nr;
		     i++) {
			u32 digit = schedule_digit(schedule, i);

			if (walked && digit == unmap)
				return true;
			walked |= digit == walk;
		}
	}
	return false;
}

/* Two exit at the same time. */
static bool two_exit(const struct scenario *sc)
{
	u32 nr;

	for (u32 first = 0; first < sc->nr_ops; first += nr) {
		u32 exits = 0;

		nr = scenario_group(sc, first);
		for (u32 i = 0; i < nr; i++)
			exits += sc->ops[first + i].kind == OP_EXIT;
		if (exits >= 2)
			return true;
	}
	return false;
}

/* A reclaim comes, and no munmap before it. */
static bool both_kinds(const struct scenario *sc)
{
	return place_on_line(sc, 0, sc->nr_ops, OP_RECLAIM) <
	       place_on_line(sc, 0, sc->nr_ops, OP_MUNMAP);
}

/* First a munmap, then a reclaim, at the same time or not. */
static bool one_then_other(const struct scenario *sc)
{
	u32 unmap = place_on_line(sc, 0, sc->nr_ops, OP_MUNMAP);
	u32 reclaim = place_on_line(sc, 0, sc->nr_ops, OP_RECLAIM);

	return unmap < reclaim && reclaim < sc->nr_ops;
}

/* Tests */

static void test_results(void **state)
{
	check_becomes(always, "mmap A 0 4 rw\nfork A B\nexit B\n", "");
	check_becomes(grandchild_writes,
		      "base 0x1000\nmmap A 0x20 8 r = 0\nfork A x\nfork x y\n"
		      "read y 0x20\nwrite y 0x23 4\nexit y\nfork A y\n"
		      "write y 0x20\n",
		      "fork A B\nfork B C\nwrite C 0x0\n");
	check_becomes(grandchild_writes,
		      "vfork A x\nfork A z\nexit A\nvfork x y\nexit x\n"
		      "write y 0x123456789 1000\n",
		      "fork A B\nfork B C\nwrite C 0x0\n");
	check_becomes(moves_part,
		      "mmap A 0x100 64 r file=2@17\nwrite A 0x100\n"
		      "mremap A 0x110 8 8 to=0x20 dontunmap\nexec A\n",
		      "mmap A 0x1 4 rw\nmremap A 0x2 1 1 to=0x0\n");
	check_becomes(reads_as_it_unmaps,
		      "write A 0x1 3\nread A 0\nread A 1\nmunmap A 0 4\n"
		      "munmap A 2 4\n",
		      "write A 0x0\n");
	check_becomes(third_migrates,
		      "fork A p\nfork p q\nexit p\nfork q r\nwrite r 1\n"
		      "migrate r 0x12\nexit r\n",
		      "fork A B\nfork A C\nfork A D\nmigrate D 0x10\n");
}

static void test_groups(void **state)
{
	/* Out of the middle, renamed, moved, in the order of the language. */
	check_becomes(walk_overtakes,
		      "mmap A 8 8 rw\nfork A x\nwrite x 8 4\n"
		      "read x 9 || walk x 8 || exit A || munmap x 8 4 = 0 "
		      "@000210120301233\nexit x\n",
		      "munmap A 0x0 1 || walk A 0x0 @10\n");
	check_becomes(walk_overtakes, "munmap A 0 1 || walk A 0 @10\n",
		      "munmap A 0x0 1 || walk A 0x0 @10\n");
	check_becomes(two_exit,
		      "fork A x\nfork x y\nexit A\n"
		      "walk x 3 || exit y || fork x A || exit x @2222\n"
		      "exit A\n",
		      "fork A B\nexit A || exit B\n");
	/* What need not be at the same time becomes two lines. */
	check_becomes(both_kinds,
		      "mmap A 0 4 rw || reclaim A 0 || munmap A 0 1 @012\n",
		      "reclaim A 0x0\n");
	check_becomes(one_then_other,
		      "mmap A 0 4 rw || munmap A 0 1 || reclaim A 0 @012\n",
		      "munmap A 0x0 1\nreclaim A 0x0\n");
}

/* A line's schedule follows it: the digits of what goes go too. */
static bool three_in_a_row(const struct scenario *sc)
{
	const struct schedule *schedule = &sc->ops[0].schedule;
	u32 nr = sc->nr_ops ? scenario_group(sc, 0) : 0;
	u32 walk = place_on_line(sc, 0, nr, OP_WALK), run = 0;

	for (u32 i = 0; i < schedule->nr && nr > 1 && walk < nr; i++) {
		run = schedule_digit(schedule, i) == walk ? run + 1 : 0;
		if (run == 3)
			return true;
	}
	return false;
}

static u32 count_digits(const struct scenario *sc, u32 digit)
{
	u32 nr = 0;

	for (u32 i = 0; i < sc->nr_ops; i++)
		for (u32 k = 0; k < sc->ops[i].schedule.nr; k++)
			nr += schedule_digit(&sc->ops[i].schedule, k) == digit;
	return nr;
}

static bool three_digits(const struct scenario *sc)
{
	return count_digits(sc, 0) + count_digits(sc, 1) >= 3;
}

static bool two_take_turns(const struct scenario *sc)
{
	return count_digits(sc, 0) && count_digits(sc, 1) &&
	       place_on_line(sc, 0, sc->nr_ops, OP_MUNMAP) < sc->nr_ops &&
	       place_on_line(sc, 0, sc->nr_ops, OP_WALK) < sc->nr_ops;
}

/* Few digits, low ones, the lower ones first. */
static void test_schedules(void **state)
{
	check_becomes(three_digits, "exit A || read A 0 @10111011\n",
		      "munmap A 0x0 1 || munmap A 0x0 1 @000\n");
	check_becomes(two_take_turns, "munmap A 0 1 || walk A 0 @1111000\n",
		      "munmap A 0x0 1 || walk A 0x0 @01\n");
}

static void test_schedule_follows(void **state)
{
	check_becomes(three_in_a_row,
		      "walk A 1 || read A 0 || exec A || write A 1 @3232000\n",
		      "walk A 0x0 || munmap A 0x0 1 @000\n");
	check_becomes(three_in_a_row,
		      "exit A || read A 0 || write A 1 || walk A 2 "
		      "@0033312103230312\n",
		      "walk A 0x0 || munmap A 0x0 1 @000\n");
	check_becomes(three_in_a_row,
		      "read A 0 || exec A || walk A 1 @1202221\n",
		      "walk A 0x0 || munmap A 0x0 1 @000\n");
}

static bool in_groups; /* random scenarios */

/* A scenario at random that @holds is true of. */
static void random_scenario(struct scenario *sc, u64 seed,
			    bool (*holds)(const struct scenario *sc))
{
	struct scenario_gen gen = {
		.seed = seed,
		.ops = 150,
		.procs = 6,
		.pages = 64,
		.failalloc = true,
		.parallel = in_groups,
	};

	for (;; gen.seed += 1000) {
		assert_int_equal(scenario_init(sc), 0);
		assert_int_equal(scenario_generate(sc, &gen), 0);
		if (holds(sc))
			return;
		scenario_free(sc);
	}
}

/* Whatever it starts from, it ends at the same. */
static void test_same_end(void **state)
{
	static const struct {
		bool (*holds)(const struct scenario *sc);
		const char *end;
	} cases[] = {
		{ grandchild_writes, "fork A B\nfork B C\nwrite C 0x0\n" },
		{ third_migrates,
		  "fork A B\nfork A C\nfork A D\nmigrate D 0x10\n" },
		{ moves_part, "mmap A 0x1 4 rw\nmremap A 0x2 1 1 to=0x0\n" },
		{ walk_overtakes, "munmap A 0x0 1 || walk A 0x0 @10\n" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++)
		for (u64 seed = 1; seed <= 10; seed++) {
			struct scenario sc;
			char *text;

			in_groups = cases[i].holds == walk_overtakes ||
				    seed % 2;
			random_scenario(&sc, seed, cases[i].holds);
			text = scenario_text(&sc);
			check_becomes(cases[i].holds, text, cases[i].end);
			free(text);
			scenario_free(&sc);
		}
}

/* Who lives decides alone what is left when operation @i goes. */
static void drop_op(struct scenario *sc, u32 i)
{
	struct live live;
	u32 kept = 0;

	scenario_sequential(sc);
	memmove(&sc->ops[i], &sc->ops[i + 1],
		(sc->nr_ops - i - 1) * sizeof(*sc->ops));
	sc->nr_ops--;
	live_init(&live);
	for (u32 k = 0; k < sc->nr_ops; k++)
		if (live_apply(&live, &sc->ops[k]))
			sc->ops[kept++] = sc->ops[k];
	sc->nr_ops = kept;
}

static void check_field(bool (*holds)(const struct scenario *sc),
			struct scenario *sc, u64 *field, u64 min)
{
	u64 was = *field;

	for (u64 lower = min; lower < was; lower++) {
		/* Of high ones not all are tried. */
		if (lower > 16 && lower != was / 2 && lower != was - 1)
			continue;
		*field = lower;
		assert_false(holds(sc));
	}
	*field = was;
}

/* No operation can go, no number be lower: looked for by other means. */
static void check_fixpoint(bool (*holds)(const struct scenario *sc),
			   struct scenario *sc)
{
	for (u32 i = 0; i < sc->nr_ops; i++) {
		struct scenario less;
		struct op *op = &sc->ops[i];

		copy_ops(&less, sc);
		drop_op(&less, i);
		assert_false(holds(&less));
		scenario_free(&less);
		check_field(holds, sc, &op->page, 0);
		check_field(holds, sc, &op->len, 1);
		check_field(holds, sc, &op->to, 0);
		check_field(holds, sc, &op->off, 0);
	}
}

/* At random: a scenario of which anything may matter. */
static u64 odd_seed;

static bool odd(const struct scenario *sc)
{
	u64 sum = odd_seed;

	/* Of every kind at most one in three, in a way that hangs together. */
	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];

		sum += op->kind * 7 + op->page % 5 + op->len % 3 + op->proc;
		sum += (op->flags & OP_PARALLEL) + op->schedule.nr % 3;
		if (op->schedule.nr)
			sum += 5 * schedule_digit(&op->schedule, 0);
		if (op->kind == OP_MREMAP && sum % 11 == 3)
			return true;
	}
	return false;
}

static void test_fixpoint(void **state)
{
	in_groups = false;
	for (odd_seed = 1; odd_seed <= 20; odd_seed++) {
		struct judge judge = { .holds = odd, .cuts = odd_seed & 1 };
		struct minimize_stats stats;
		struct scenario sc;

		random_scenario(&sc, odd_seed, odd);
		assert_int_equal(run_minimize(&judge, &sc, &stats), 0);
		assert_true(stats.fixpoint);
		assert_true(odd(&sc));
		check_fixpoint(odd, &sc);
		scenario_free(&sc);
	}
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void test_nothing_twice(void **state)
{
	struct judge judge = { .holds = odd };
	struct minimize_stats stats;
	struct scenario sc;

	odd_seed = 5;
	in_groups = true;
	judge.texts = calloc(CANDIDATES_MAX, sizeof(*judge.texts));
	assert_non_null(judge.texts);
	random_scenario(&sc, 3, odd);
	assert_int_equal(run_minimize(&judge, &sc, &stats), 0);
	assert_true(judge.nr_texts > 100);
	assert_true(stats.repeats > 0);
	qsort(judge.texts, judge.nr_texts, sizeof(*judge.texts), compare_texts);
	for (u32 i = 1; i < judge.nr_texts; i++)
		assert_string_not_equal(judge.texts[i - 1], judge.texts[i]);
	for (u32 i = 0; i < judge.nr_texts; i++)
		free(judge.texts[i]);
	free(judge.texts);
	scenario_free(&sc);
}

/* In the order of simplicity. */
static void test_order(void **state)
{
	static const char *const texts[] = {
		"",
		"munmap A 0 1\n",
		"munmap A 0 2\n",
		"munmap A 1 2\n",
		"mmap A 0 1 rw\n",
		"mmap A 0 1 rw file=0@0\n",
		"mmap A 0 1 r\n",
		"mmap A 0 1 -\n",
		"mmap A 0 1 rw file=1@0\n",
		"base 1\nmmap A 0 2 rw\n",
		"mmap A 0 2 rw = 0\n",
		"write A 0\n",
		"mremap A 0 1 1\n",
		"mremap A 0 1 1 to=1\n",
		"mremap A 0 1 1 to=1 dontunmap\n",
		"read A 0\n",
		"fork A B\n",
		"vfork A B\n",
		"mmap A 0 1 rw\nwrite A 0\n",
		"write A 0\nmmap A 0 1 rw\n",
		"fork A B\nmunmap A 0 1\n",
		"fork A B\nmunmap B 0 1\n",
		"munmap A 0 1 || exit A\n",
		"exit A || munmap A 0 1\n",
		"munmap A 0 1 || exit A @0\n",
		"munmap A 0 1 || exit A @1\n",
		"munmap A 0 1 || exit A @01\n",
		"munmap A 0 1 || exit A @10\n",
		"munmap A 0 1 || exit A @11\n",
		"munmap A 0 1 || walk A 0\n",
		"munmap A 0 1 || reclaim A 0\n",
	};
	struct scenario a, b;

	for (u32 i = 0; i < ARRAY_SIZE(texts); i++)
		for (u32 k = 0; k < ARRAY_SIZE(texts); k++) {
			int order;

			must_parse(&a, texts[i]);
			must_parse(&b, texts[k]);
			order = scenario_compare(&a, &b);
			if ((order > 0) - (order < 0) != (i > k) - (i < k))
				fail_msg("%d:\n%s--\n%s", order, texts[i],
					 texts[k]);
			scenario_free(&a);
			scenario_free(&b);
		}
}

/* What ends it early leaves the best so far. */
static void test_ends_early(void **state)
{
	for (u64 at = 1; at < 200; at += 7) {
		struct judge stops = { .holds = grandchild_writes,
				       .stop_at = at };
		struct judge fails = { .holds = grandchild_writes,
				       .error = -EIO,
				       .error_at = at };
		struct minimize_stats stats;
		struct scenario sc;
		int err;

		random_scenario(&sc, 1, grandchild_writes);
		assert_int_equal(run_minimize(&stops, &sc, &stats), 0);
		assert_true(grandchild_writes(&sc));
		assert_int_equal(stats.fixpoint, stops.asked < at);
		scenario_free(&sc);

		random_scenario(&sc, 1, grandchild_writes);
		err = run_minimize(&fails, &sc, &stats);
		assert_int_equal(err, fails.asked < at ? 0 : -EIO);
		assert_true(grandchild_writes(&sc));
		assert_int_equal(stats.fixpoint, fails.asked < at);
		scenario_free(&sc);
	}
}

static void test_limit(void **state)
{
	struct judge judge = { .holds = grandchild_writes };
	const struct minimize_config config = {
		.shows = ask_judge,
		.arg = &judge,
		.tries_max = 10,
	};
	struct minimize_stats stats;
	struct scenario sc;

	random_scenario(&sc, 1, grandchild_writes);
	assert_int_equal(scenario_minimize(&sc, &config, &stats), 0);
	assert_int_equal(judge.asked, 10);
	assert_int_equal(stats.tries, 10);
	assert_false(stats.fixpoint);
	assert_true(grandchild_writes(&sc));
	scenario_free(&sc);
}

/* Where lower slots make a difference, each name keeps one of its own. */
static bool slot_two_exits(const struct scenario *sc)
{
	for (u32 i = 0; i < sc->nr_ops; i++)
		if (sc->ops[i].kind == OP_EXIT && sc->ops[i].proc == 2)
			return true;
	return false;
}

static void test_slots(void **state)
{
	check_becomes(slot_two_exits,
		      "fork A x\nexit x\nfork A y\nwrite y 3\nexit y\n",
		      "fork A B\nfork A C\nexit C\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_same_end),
		cmocka_unit_test(test_fixpoint),
		cmocka_unit_test(test_nothing_twice),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_ends_early),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_schedules),
		cmocka_unit_test(test_schedule_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
