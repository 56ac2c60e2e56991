// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scenario language beside its text: byte code, conversion, generator, and
 * that the reference page has all of it.
 */
#include "codec_fixture.h"

static void test_canonical_names(void **state)
{
	static const struct {
		u32 slot;
		const char *name;
	} names[] = { { 0, "A" },   { 25, "Z" },  { 26, "A1" },
		      { 51, "Z1" }, { 52, "A2" }, { 26 * 12 + 3, "D12" } };
	char name[SCENARIO_NAME_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		scenario_canonical_name(names[i].slot, name);
		assert_string_equal(name, names[i].name);
	}
}

/* Bytes and what they decode to. */
static const struct {
	const char *bytes;
	size_t len;
	const char *text;
} good_bytes[] = {
	{ "", 0, "" },
	{ "\0\0\0\0\0\0\0", 7, "" },
	{ "\0\0\x10\4\0\0\0\0", 8, "mmap A 0x10 4 rw\n" },
	{ "\0\7\x10\4\4\6\x11\xff", 8, "mmap A 0x10 4 r file=2@17\n" },
	{ "\0\7\x10\4\5\6\x11\xfe", 8, "mmap A 0x10 4 -\n" },
	{ "\1\0\xff\xff\7\7\7\7\1\0\0", 11, "munmap A 0xff 255\n" },
	{ "\2\0\1\0\1\7\7\7", 8, "mprotect A 0x1 0 r\n" },
	{ "\3\0\1\2\x9\7\7\7", 8, "madvise A 0x1 2 keeponfork\n" },
	{ "\4\0\1\2\3\4\7\0", 8, "mremap A 0x1 2 3\n" },
	{ "\4\0\1\2\3\4\7\1", 8, "mremap A 0x1 2 3 to=0x4\n" },
	{ "\4\0\1\2\3\4\7\3", 8, "mremap A 0x1 2 3 to=0x4 dontunmap\n" },
	{ "\4\0\1\2\3\4\7\xfe", 8, "mremap A 0x1 2 3 dontunmap\n" },
	{ "\5\0\1\0\7\7\7\7\6\0\1\xff\7\7\7\3", 16,
	  "read A 0x1\nwrite A 0x1 256\n" },
	{ "\x0c\0\0\0\0\0\0\0\x0c\0\0\xff\0\0\0\0", 16,
	  "failalloc 0\nfailalloc 255\n" },
	{ "\x10\0\0\0\0\0\0\0\xf8\0\5\0\0\0\0\0", 16,
	  "mmap A 0x0 0 rw\nvfork A B\n" },
	/* B goes, and comes back before D; the second of A, C is C */
	{ "\7\0\0\0\0\0\0\0\7\1\0\0\0\0\0\0\x0a\1\0\0\0\0\0\0"
	  "\x9\1\0\0\0\0\0\0\7\1\0\0\0\0\0\0\x8\4\0\0\0\0\0\0",
	  48, "fork A B\nfork B C\nexit B\nexec C\nfork C B\nvfork B D\n" },
	/* nobody is left: only failalloc stands for something */
	{ "\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\x0c\0\0\1\0\0\0\0",
	  32, "exit A\nfailalloc 1\n" },
	{ "\x0b\0\xfe\0\0\0\0\0", 8, "migrate A 0xfe\n" },
};

static void test_good_bytes(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good_bytes); i++) {
		struct scenario sc;
		char *text;

		assert_int_equal(scenario_init(&sc), 0);
		assert_int_equal(
			scenario_decode(&sc, (const u8 *)good_bytes[i].bytes,
					good_bytes[i].len),
			0);
		text = print_text(&sc);
		assert_string_equal(text, good_bytes[i].text);
		free(text);
		assert_text_round_trip(&sc);
		assert_bytes_round_trip(&sc);
		scenario_free(&sc);
	}
}

/* 32 live at most: one fork more stands for nothing. */
static void test_bytes_procs_max(void **state)
{
	u8 bytes[40 * BYTES_PER_OP] = { 0 };
	struct scenario_error err = { 0 };
	struct scenario sc;
	u8 *encoded;
	size_t len;

	for (u32 i = 0; i < 40; i++)
		bytes[i * BYTES_PER_OP] = OP_FORK;
	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_decode(&sc, bytes, sizeof(bytes)), 0);
	assert_int_equal(sc.nr_ops, BYTES_PROCS_MAX - 1);
	assert_int_equal(sc.nr_procs, BYTES_PROCS_MAX);
	assert_string_equal(sc.names[31], "F1");
	assert_text_round_trip(&sc);
	assert_bytes_round_trip(&sc);
	assert_int_equal(scenario_name_slots(&sc, 33), 0);
	assert_int_equal(
		scenario_add(&sc, &(struct op){ .kind = OP_FORK, .child = 32 }),
		0);
	assert_int_equal(scenario_encode(&sc, &encoded, &len, &err), -EINVAL);
	assert_int_equal(err.line, 0);
	assert_string_equal(err.text, "operation 32: bytes hold at most 32 "
				      "living processes");
	scenario_free(&sc);
}

/* Text that bytes cannot express, and what strip makes of it. */
static const struct {
	const char *text;
	u32 line;
	const char *error;
	const char *stripped; /* NULL: bytes refuse that too */
} not_for_bytes[] = {
	{ "read A 0\nread A 0x100", 2, "bytes hold PAGE from 0 to 255, not 256",
	  NULL },
	{ "munmap A 0 256", 1, "bytes hold LEN from 0 to 255, not 256", NULL },
	{ "read A 0 257", 1, "bytes hold LEN from 1 to 256, not 257", NULL },
	{ "mremap A 0 256 1", 1, "bytes hold OLD from 0 to 255, not 256",
	  NULL },
	{ "mremap A 0 1 256", 1, "bytes hold NEW from 0 to 255, not 256",
	  NULL },
	{ "mremap A 0 1 1 to=256", 1,
	  "bytes hold to=PAGE from 0 to 255, not 256", NULL },
	{ "mmap A 0 1 rw file=0@256", 1,
	  "bytes hold OFF from 0 to 255, not 256", NULL },
	{ "failalloc 256", 1, "bytes hold N from 0 to 255, not 256", NULL },
	{ "\nexit A = 0", 2, "bytes hold no asserted result", "exit A\n" },
	{ "base 5\nread A 0", 0,
	  "bytes hold no base (0x5): expected the default, 0x7f0000000",
	  "read A 0x0\n" },
	{ "fork A child\nexit child", 1,
	  "process 'child' would be called 'B' by bytes",
	  "fork A B\nexit B\n" },
	{ "fork A B\nexit A\nfork B C\nread C 0\n", 3,
	  "process 'C' would be called 'A' by bytes",
	  "fork A B\nexit A\nfork B A\nread A 0x0\n" },
	{ "fork A B\nexit B\nfork A C\nfork C B\nread B 0\nread C 1\n", 3,
	  "process 'C' would be called 'B' by bytes",
	  "fork A B\nexit B\nfork A B\nfork B C\nread C 0x0\nread B 0x1\n" },
};

static void expect_refused(const struct scenario *sc, u32 line,
			   const char *error)
{
	struct scenario_error err = { 0 };
	u8 *bytes;
	size_t len;

	assert_int_equal(scenario_encode(sc, &bytes, &len, &err), -EINVAL);
	assert_string_equal(err.text, error);
	assert_int_equal(err.line, line);
	/* It has no text: scenario_error_column() knows better. */
	assert_int_equal(err.column, line ? 1 : 0);
}

static void test_not_for_bytes(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_for_bytes); i++) {
		struct scenario sc;
		char *text;

		must_parse(&sc, not_for_bytes[i].text);
		expect_refused(&sc, not_for_bytes[i].line,
			       not_for_bytes[i].error);
		assert_int_equal(scenario_strip(&sc), 0);
		if (not_for_bytes[i].stripped) {
			text = print_text(&sc);
			assert_string_equal(text, not_for_bytes[i].stripped);
			free(text);
			assert_bytes_round_trip(&sc);
		} else {
			expect_refused(&sc, not_for_bytes[i].line,
				       not_for_bytes[i].error);
		}
		assert_text_round_trip(&sc);
		scenario_free(&sc);
	}
}

/* Put together by hand, an operation may name who is not alive. */
static void test_dead_by_hand(void **state)
{
	struct op read = { .kind = OP_READ, .proc = 3, .len = 1 };
	struct op fork = { .kind = OP_FORK };
	struct scenario sc;

	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_add(&sc, &read), 0);
	expect_refused(&sc, 0, "operation 1: process '?' is not alive here");
	assert_int_equal(scenario_strip(&sc), 0);
	assert_int_equal(sc.ops[0].proc, 3);
	sc.ops[0].proc = UINT32_MAX;
	assert_int_equal(scenario_strip(&sc), 0);
	expect_refused(&sc, 0, "operation 1: process '?' is not alive here");
	memcpy(&sc.ops[0], &fork, sizeof(fork));
	assert_int_equal(scenario_strip(&sc), 0);
	expect_refused(&sc, 0,
		       "operation 1: process 'A' is alive here already");
	sc.ops[0].child = UINT32_MAX;
	assert_int_equal(scenario_strip(&sc), 0);
	expect_refused(&sc, 0,
		       "operation 1: process '?' would be called 'B' by bytes");
	memcpy(sc.names[0], "Z", 2);
	expect_refused(&sc, 0, "process 'Z' would be called 'A' by bytes");
	scenario_free(&sc);
}

static void test_random_bytes(void **state)
{
	u64 seed = 1;
	u8 bytes[1024];

	for (u32 i = 0; i < 3000; i++) {
		size_t len = random_below(&seed, sizeof(bytes) + 1);
		struct scenario sc;

		random_fill(&seed, bytes, len);
		/* Rarely an exit, or hardly anyone would ever live. */
		for (size_t at = 0; at < len; at += BYTES_PER_OP)
			if (bytes[at] % (NR_OPS + 1) == OP_EXIT && i % 2)
				bytes[at] = OP_FORK;
		assert_int_equal(scenario_init(&sc), 0);
		assert_int_equal(scenario_decode(&sc, bytes, len), 0);
		assert_true(sc.nr_ops <= len / BYTES_PER_OP);
		assert_text_round_trip(&sc);
		assert_bytes_round_trip(&sc);
		scenario_free(&sc);
	}
}

static void test_random_wide(void **state)
{
	u64 seed = 2;

	for (u32 i = 0; i < 300; i++) {
		struct scenario_gen gen = { .seed = i,
					    .ops = 200,
					    .procs = 32,
					    .pages = 256,
					    .failalloc = true };
		struct scenario sc;

		assert_int_equal(scenario_init(&sc), 0);
		assert_int_equal(scenario_generate(&sc, &gen), 0);
		widen(&sc, &seed);
		assert_text_round_trip(&sc);
		assert_int_equal(scenario_strip(&sc), 0);
		assert_int_equal(sc.base, SCENARIO_BASE_DEFAULT);
		assert_text_round_trip(&sc);
		scenario_free(&sc);
	}
}

static void test_is_text(void **state)
{
	assert_true(scenario_is_text((const u8 *)"", 0));
	assert_true(scenario_is_text((const u8 *)"a ~\t\r\n\x80\xff", 8));
	for (u32 c = 0; c < 256; c++) {
		u8 bytes[3] = { 'a', (u8)c, 'b' };
		bool control =
			(c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
			c == 0x7f;

		assert_int_equal(scenario_is_text(bytes, 3), !control);
	}
}

/* Alive at most, and whether somebody was at all times. */
static u32 most_alive(const struct scenario *sc)
{
	u32 alive = 1, most = 1;

	for (u32 i = 0; i < sc->nr_ops; i++) {
		alive += op_takes((enum op_kind)sc->ops[i].kind, FIELD_CHILD);
		alive -= sc->ops[i].kind == OP_EXIT;
		most = alive > most ? alive : most;
		assert_int_not_equal(alive, 0);
	}
	return most;
}

static void assert_window(const struct scenario *sc, u32 pages)
{
	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];

		assert_true(op->page < pages);
		assert_true(op->page + op->len <= pages ||
			    op->kind == OP_FAILALLOC);
		assert_true(!(op->flags & OP_HAS_TO) ||
			    op->to + op->new_len <= pages);
	}
}

static void test_generate(void **state)
{
	static const u32 windows[] = { 1, 2, 17, 64, 256 };
	static const u32 procs[] = { 1, 2, 5, 32 };
	struct scenario sc, again;

	for (u32 i = 0; i < 400; i++) {
		struct scenario_gen gen = {
			.seed = i,
			.ops = 700,
			.procs = procs[i % ARRAY_SIZE(procs)],
			.pages = windows[i % ARRAY_SIZE(windows)],
			.failalloc = i % 2,
		};
		bool failalloc = false;

		assert_int_equal(scenario_init(&sc), 0);
		assert_int_equal(scenario_generate(&sc, &gen), 0);
		assert_int_equal(sc.nr_ops, gen.ops);
		assert_window(&sc, gen.pages);
		assert_true(most_alive(&sc) <= gen.procs);
		assert_true(gen.procs > 5 || most_alive(&sc) == gen.procs);
		for (u32 j = 0; j < sc.nr_ops; j++)
			failalloc |= sc.ops[j].kind == OP_FAILALLOC;
		assert_int_equal(failalloc, gen.failalloc);
		assert_text_round_trip(&sc);
		assert_bytes_round_trip(&sc);
		/* The same seed, the same scenario; another, another. */
		assert_int_equal(scenario_init(&again), 0);
		assert_int_equal(scenario_generate(&again, &gen), 0);
		assert_same_scenario(&sc, &again);
		scenario_free(&again);
		gen.seed += 1000;
		assert_int_equal(scenario_init(&again), 0);
		assert_int_equal(scenario_generate(&again, &gen), 0);
		assert_memory_not_equal(sc.ops, again.ops,
					sc.nr_ops * sizeof(*sc.ops));
		scenario_free(&again);
		scenario_free(&sc);
	}
}

/* All kinds come, options too; and a million operations are quickly made. */
static void test_generate_many(void **state)
{
	struct scenario_gen gen = { .seed = 7,
				    .ops = 1000000,
				    .procs = 32,
				    .pages = 256,
				    .failalloc = true };
	u32 kinds[NR_OPS] = { 0 }, options[8] = { 0 };
	struct scenario sc;

	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_generate(&sc, &gen), 0);
	assert_int_equal(sc.nr_ops, gen.ops);
	for (u32 i = 0; i < sc.nr_ops; i++) {
		kinds[sc.ops[i].kind]++;
		options[sc.ops[i].flags & 7]++;
	}
	/* Those that go through a reverse map only come beside others. */
	for (u32 i = 0; i < OP_WALK; i++)
		assert_true(kinds[i] > 5000);
	assert_int_equal(kinds[OP_WALK] + kinds[OP_RECLAIM], 0);
	assert_true(options[OP_HAS_FILE] > 5000);
	assert_true(options[OP_HAS_TO] > 5000);
	assert_true(options[OP_HAS_TO | OP_DONTUNMAP] > 5000);
	scenario_free(&sc);
}

static void test_generate_clamps(void **state)
{
	struct scenario_gen gen = { .ops = 50 };
	struct scenario sc;

	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_generate(&sc, &gen), 0);
	assert_window(&sc, 1);
	assert_int_equal(most_alive(&sc), 1);
	scenario_free(&sc);
	gen.ops = 5000;
	gen.procs = gen.pages = UINT32_MAX;
	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_generate(&sc, &gen), 0);
	assert_window(&sc, BYTES_WINDOW);
	assert_int_equal(most_alive(&sc), BYTES_PROCS_MAX);
	scenario_free(&sc);
}

static char *read_docs(void)
{
	FILE *in = fopen(DOCS_DIR "/SCENARIOS.md", "r");
	char *text = calloc(1, 1U << 16);
	size_t len;

	assert_non_null(in);
	assert_non_null(text);
	len = fread(text, 1, (1U << 16) - 1, in);
	assert_true(len && len < (1U << 16) - 1);
	fclose(in);
	return text;
}

static void assert_documented(const char *docs, const char *what)
{
	if (!strstr(docs, what))
		fail_msg("not in docs/SCENARIOS.md: %s", what);
}

/* Every operation with its fields, in the order of the byte code. */
static void assert_ops_documented(const char *docs)
{
	const char *before = docs;

	for (u32 i = 0; i < NR_OPS; i++) {
		const enum op_field *fields = op_infos[i].fields;
		char usage[160] = "| `";
		const char *at;

		strcat(usage, op_infos[i].name);
		for (u32 j = 0; fields[j] != FIELD_END; j++) {
			strcat(usage, " ");
			strcat(usage, op_field_words[fields[j]]);
		}
		strcat(usage, "` | ");
		assert_documented(docs, usage);
		at = strstr(docs, usage);
		assert_true(at > before);
		before = at;
	}
}

static void test_docs(void **state)
{
	char *docs = read_docs();
	char text[64];

	assert_ops_documented(docs);
	for (u32 i = 0; i < NR_OP_PROTS; i++) {
		snprintf(text, sizeof(text), "`%s`", op_prot_names[i]);
		assert_documented(docs, text);
	}
	for (u32 i = 0; i < NR_ADVICE; i++) {
		snprintf(text, sizeof(text), "`%s`", op_advice_names[i]);
		assert_documented(docs, text);
	}
	for (u32 i = 0; i < NR_OP_FIELDS; i++)
		assert_documented(docs, op_field_words[i]);
	for (int err = 0; err < 256; err++)
		if (errno_name(err))
			assert_documented(docs, errno_name(err));
	snprintf(text, sizeof(text), "modulo %d: the operation", NR_OPS + 1);
	assert_documented(docs, text);
	snprintf(text, sizeof(text), "PROT modulo %d, ADVICE modulo %d",
		 NR_OP_PROTS, NR_ADVICE);
	assert_documented(docs, text);
	free(docs);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical_names),
		cmocka_unit_test(test_good_bytes),
		cmocka_unit_test(test_bytes_procs_max),
		cmocka_unit_test(test_not_for_bytes),
		cmocka_unit_test(test_dead_by_hand),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_random_wide),
		cmocka_unit_test(test_is_text),
		cmocka_unit_test(test_generate),
		cmocka_unit_test(test_generate_many),
		cmocka_unit_test(test_generate_clamps),
		cmocka_unit_test(test_docs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
