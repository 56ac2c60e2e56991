/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the scenario language share: parse, print, compare.
 */
#ifndef RMAPDIFF_TESTS_CODEC_FIXTURE_H
#define RMAPDIFF_TESTS_CODEC_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../model/mm/mm.h"
#include "../model/scenario/scenario.h"

/* Random numbers: xorshift64star. */
static inline u64 random_next(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static inline u32 random_below(u64 *state, u32 nr)
{
	return (u32)((random_next(state) >> 33) % nr);
}

static inline void random_fill(u64 *state, u8 *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (u8)(random_next(state) >> 40);
}

static inline int parse_scenario(struct scenario *sc, const char *text,
				 size_t len, struct scenario_error *err)
{
	/* Exactly as long as it says: a read past the end is seen by ASan. */
	char *copy = malloc(len ? len : 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, text, len);
	memset(err, 0, sizeof(*err));
	assert_int_equal(scenario_init(sc), 0);
	ret = scenario_parse(sc, copy, len, err);
	free(copy);
	return ret;
}

static inline void must_parse(struct scenario *sc, const char *text)
{
	struct scenario_error err;

	if (parse_scenario(sc, text, strlen(text), &err))
		fail_msg("%u:%u: %s\n%s", err.line, err.column, err.text, text);
}

static inline char *print_text(const struct scenario *sc)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	scenario_print(sc, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* The same as bytes, padding included, but for where they stood. */
static inline bool ops_equal(const struct op *a, const struct op *b)
{
	struct op x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	x.line = y.line = 0;
	return !memcmp(&x, &y, sizeof(x));
}

static inline void assert_same_scenario(const struct scenario *a,
					const struct scenario *b)
{
	assert_int_equal(a->base, b->base);
	assert_int_equal(a->nr_ops, b->nr_ops);
	for (u32 i = 0; i < a->nr_ops; i++)
		if (!ops_equal(&a->ops[i], &b->ops[i]))
			fail_msg("operation %u differs", i + 1);
	assert_int_equal(a->nr_procs, b->nr_procs);
	for (u32 i = 0; i < a->nr_procs; i++)
		assert_string_equal(a->names[i], b->names[i]);
}

/* What is printed parses to the same, and prints the same. */
static inline void assert_text_round_trip(const struct scenario *sc)
{
	struct scenario again;
	char *text = print_text(sc);
	char *text_again;

	must_parse(&again, text);
	assert_same_scenario(sc, &again);
	text_again = print_text(&again);
	assert_string_equal(text, text_again);
	free(text);
	free(text_again);
	scenario_free(&again);
}

/* Each operation, and the digits of each group 24 at a time. */
static inline size_t nr_records(const struct scenario *sc)
{
	size_t nr = sc->nr_ops;

	for (u32 i = 0; i < sc->nr_ops; i++)
		nr += (sc->ops[i].schedule.nr + 23) / 24;
	return nr;
}

/* @sc through bytes is @sc. */
static inline void assert_bytes_round_trip(const struct scenario *sc)
{
	struct scenario_error err = { 0 };
	struct scenario again;
	u8 *bytes, *bytes_again;
	size_t len, len_again;

	if (scenario_encode(sc, &bytes, &len, &err))
		fail_msg("%u: %s", err.line, err.text);
	assert_int_equal(len, nr_records(sc) * BYTES_PER_OP);
	assert_true(!len || !scenario_is_text(bytes, len));
	assert_int_equal(scenario_init(&again), 0);
	assert_int_equal(scenario_decode(&again, bytes, len), 0);
	assert_same_scenario(sc, &again);
	assert_int_equal(
		scenario_encode(&again, &bytes_again, &len_again, &err), 0);
	assert_int_equal(len, len_again);
	assert_memory_equal(bytes, bytes_again, len);
	free(bytes);
	free(bytes_again);
	scenario_free(&again);
}

/* What text can say and bytes cannot, into a random scenario. */
static inline void widen(struct scenario *sc, u64 *seed)
{
	static const int results[] = { 0, ENOMEM, EINVAL, EFAULT, ESRCH };

	sc->base = random_next(seed) & SCENARIO_PAGE_MAX;
	for (u32 slot = 1; slot < sc->nr_procs; slot++)
		snprintf(sc->names[slot], sizeof(*sc->names), "p_%u", slot * 7);
	for (u32 i = 0; i < sc->nr_ops; i++) {
		struct op *op = &sc->ops[i];
		enum op_kind kind = (enum op_kind)op->kind;

		if (op_takes(kind, FIELD_PAGE) && random_below(seed, 2))
			op->page = random_next(seed) & SCENARIO_PAGE_MAX;
		if (op_takes(kind, FIELD_LEN_OPTIONAL))
			op->len = 1 + random_below(seed, SCENARIO_TOUCH_MAX);
		if (op_takes(kind, FIELD_LEN) && random_below(seed, 2))
			op->len = random_next(seed) & SCENARIO_PAGE_MAX;
		if (op->flags & OP_HAS_TO)
			op->to = random_next(seed) & SCENARIO_PAGE_MAX;
		if (op->flags & OP_HAS_FILE)
			op->off = random_next(seed) >> 32;
		if (kind != OP_FAILALLOC && random_below(seed, 2)) {
			op->flags |= OP_HAS_EXPECTED;
			op->expected = (u16)
				results[random_below(seed, ARRAY_SIZE(results))];
		}
	}
}

#endif
