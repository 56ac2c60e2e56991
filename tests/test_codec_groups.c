// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that run at the same time, in text and in bytes: who may be named on
 * a line, schedules, and what damaged input decodes to.
 */
#include "codec_fixture.h"
#include "../model/scenario/live.h"

#define DIGITS_10 "0101010101"
#define DIGITS_50 DIGITS_10 DIGITS_10 DIGITS_10 DIGITS_10 DIGITS_10
#define DIGITS_224 \
	DIGITS_50 DIGITS_50 DIGITS_50 DIGITS_50 DIGITS_10 DIGITS_10 "0101"

/* Text that parses, and what it prints as. */
static const struct {
	const char *text;
	const char *canonical;
} good_texts[] = {
	{ "walk A 0\nreclaim A 0x10 = EFAULT",
	  "walk A 0x0\nreclaim A 0x10 = EFAULT\n" },
	{ "read A 0 || write A 1", "read A 0x0 || write A 0x1\n" },
	{ "\tread A 0\t||\twrite A 1 4  @10 # x",
	  "read A 0x0 || write A 0x1 4 @10\n" },
	{ "read A 0 2 = 0 || write A 1 = EFAULT || exit A = 0 || walk A 1 @3210",
	  "read A 0x0 2 = 0 || write A 0x1 = EFAULT || exit A = 0 || "
	  "walk A 0x1 @3210\n" },
	{ "mmap A 0 1 rw file=1@2 || mremap A 0 1 1 dontunmap to=4 @0",
	  "mmap A 0x0 1 rw file=1@2 || mremap A 0x0 1 1 to=0x4 dontunmap @0\n" },
	/* trailing digits are kept */
	{ "fork A B\nexit A || exec B || walk A 0 || fork A C @0000\nexit C\n"
	  "fork B A\n",
	  "fork A B\nexit A || exec B || walk A 0x0 || fork A C @0000\nexit C\n"
	  "fork B A\n" },
	{ "fork A B || vfork A C @1\nexit A || exit B || exit C\nfailalloc 1\n",
	  "fork A B || vfork A C @1\nexit A || exit B || exit C\nfailalloc 1\n" },
	{ "walk A 0 || walk A 1 @" DIGITS_224,
	  "walk A 0x0 || walk A 0x1 @" DIGITS_224 "\n" },
};

static void test_good_texts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good_texts); i++) {
		struct scenario sc;
		char *text;

		must_parse(&sc, good_texts[i].text);
		text = print_text(&sc);
		assert_string_equal(text, good_texts[i].canonical);
		free(text);
		assert_text_round_trip(&sc);
		assert_int_equal(scenario_strip(&sc), 0);
		assert_text_round_trip(&sc);
		assert_bytes_round_trip(&sc);
		scenario_free(&sc);
	}
}

#define OPS_LIST                                                              \
	"mmap, munmap, mprotect, madvise, mremap, read, write, fork, vfork, " \
	"exec, exit, migrate, failalloc, walk, reclaim"
#define FIVE "walk A 0 || walk A 0 || walk A 0 || walk A 0 "

static const struct {
	const char *text;
	u32 line;
	u32 column;
	const char *error;
} bad_texts[] = {
	{ "walk A", 1, 7,
	  "expected PAGE (a number, decimal or 0x hex), found the end of the "
	  "line" },
	{ "reclaim A 0 1", 1, 13,
	  "expected = RESULT, ||, the end of the line, found '1'" },
	/* joining */
	{ "read A 0 ||", 1, 12,
	  "expected an operation (" OPS_LIST "), found the end of the line" },
	{ "|| read A 0", 1, 1,
	  "expected an operation (" OPS_LIST "), found '||'" },
	{ "read A 0 || || read A 0", 1, 13,
	  "expected an operation (" OPS_LIST "), found '||'" },
	{ "read A 0 || @0", 1, 13,
	  "expected an operation (" OPS_LIST "), found '@0'" },
	{ "walk A 0|| walk A 0", 1, 8,
	  "expected PAGE (a number, decimal or 0x hex), found '0||'" },
	{ "walk A 0 ||walk A 0", 1, 10,
	  "expected = RESULT, ||, the end of the line, found '||walk'" },
	{ "walk A 0 | walk A 0", 1, 10,
	  "expected = RESULT, ||, the end of the line, found '|'" },
	{ "walk A 0 || walk A 0 x", 1, 22,
	  "expected = RESULT, ||, @DIGITS, the end of the line, found 'x'" },
	{ "walk A 0 || walk A 0 = 0 x", 1, 26,
	  "expected ||, @DIGITS, the end of the line, found 'x'" },
	{ FIVE "x", 1, 46,
	  "expected = RESULT, @DIGITS, the end of the line, found 'x'" },
	{ FIVE "|| walk A 0", 1, 46,
	  "expected at most 4 operations on a line, found another '||'" },
	{ FIVE "= 0 || walk A 0", 1, 50,
	  "expected at most 4 operations on a line, found another '||'" },
	{ FIVE "= 0 x", 1, 50,
	  "expected @DIGITS, the end of the line, found 'x'" },
	{ "read A 0\nbase 1 || read A 0", 2, 1,
	  "expected 'base' once, before all operations" },
	{ "base 1 || read A 0", 1, 8,
	  "expected the end of the line, found '||'" },
	{ "read A 0 || base 1", 1, 13,
	  "expected an operation (" OPS_LIST "), found 'base'" },
	/* failalloc */
	{ "failalloc 1 || read A 0", 1, 13,
	  "expected the end of the line, as failalloc runs at the same time as "
	  "nothing, found '||'" },
	{ "failalloc 1 @0", 1, 13,
	  "expected the end of the line, as failalloc runs at the same time as "
	  "nothing, found '@0'" },
	{ "read A 0 || failalloc 1", 1, 13,
	  "expected failalloc on a line of its own" },
	/* processes */
	{ "fork A B || read B 0", 1, 18,
	  "process 'B' is not alive here; alive is A" },
	{ "fork A B\nexit A || fork A C || read Q 0", 2, 28,
	  "process 'Q' is not alive here; alive are A, B" },
	{ "fork A B\nexit A || read A 0\nread A 0", 3, 6,
	  "process 'A' is not alive here; alive is B" },
	{ "exit A || fork A A", 1, 18,
	  "expected CHILD, a name that nobody has; process 'A' is alive here" },
	{ "fork A B\nexit B || fork A B", 2, 18,
	  "expected CHILD, a name that nobody has; process 'B' is alive here" },
	{ "fork A B || vfork A B", 1, 21,
	  "expected CHILD, a name that nobody has; process 'B' is born on this "
	  "line already" },
	{ "exit A || exit A", 1, 11,
	  "process 'A' exits or execs on this line already" },
	{ "exit A || exec A", 1, 11,
	  "process 'A' exits or execs on this line already" },
	{ "exec A || exit A", 1, 11,
	  "process 'A' exits or execs on this line already" },
	{ "fork A B\nexec B || read A 0 || exec B", 2, 23,
	  "process 'B' exits or execs on this line already" },
	{ "exit A || exit A = 0", 1, 11,
	  "process 'A' exits or execs on this line already" },
	/* schedules */
	{ "read A 0 @0", 1, 10,
	  "expected @DIGITS on lines with || only, found '@0'" },
	{ "read A 0 = 0 @0", 1, 14,
	  "expected @DIGITS on lines with || only, found '@0'" },
	{ "exit A @0", 1, 8,
	  "expected @DIGITS on lines with || only, found '@0'" },
	{ "walk A 0 @0 || walk A 0", 1, 10,
	  "expected @DIGITS on lines with || only, found '@0'" },
	{ "walk A 0 || walk A 0 @0 || walk A 0", 1, 25,
	  "expected the end of the line, found '||'" },
	{ "walk A 0 || walk A 0 @0 = 0", 1, 25,
	  "expected the end of the line, found '='" },
	{ "walk A 0 || walk A 0 @0 @1", 1, 25,
	  "expected the end of the line, found '@1'" },
	{ "walk A 0 || walk A 0 @", 1, 22,
	  "expected @DIGITS, 1 to 224 of them, found 0" },
	{ "walk A 0 || walk A 0 @ 0", 1, 22,
	  "expected @DIGITS, 1 to 224 of them, found 0" },
	{ "walk A 0 || walk A 0 @" DIGITS_224 "0", 1, 22,
	  "expected @DIGITS, 1 to 224 of them, found 225" },
	{ "walk A 0 || walk A 0 @012", 1, 25,
	  "expected digits from 0 to 1, the operations of the line, found "
	  "'@012'" },
	{ "walk A 0 || walk A 0 || walk A 0 || walk A 0 @04", 1, 48,
	  "expected digits from 0 to 3, the operations of the line, found "
	  "'@04'" },
	{ "walk A 0 || walk A 0 @x", 1, 23,
	  "expected digits from 0 to 1, the operations of the line, found "
	  "'@x'" },
	{ "walk A 0 || walk A 0 @0\xff", 1, 24,
	  "expected digits from 0 to 1, the operations of the line, found "
	  "'@0\\xff'" },
};

static void test_bad_texts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_texts); i++) {
		const char *text = bad_texts[i].text;
		struct scenario_error err;
		struct scenario sc;

		if (parse_scenario(&sc, text, strlen(text), &err) != -EINVAL)
			fail_msg("parsed: %s", text);
		if (err.line != bad_texts[i].line ||
		    err.column != bad_texts[i].column)
			fail_msg("%u:%u: %s: %s", err.line, err.column, text,
				 err.text);
		assert_string_equal(err.text, bad_texts[i].error);
		scenario_free(&sc);
	}
}

static void test_fields(void **state)
{
	struct scenario sc;

	must_parse(&sc,
		   "\nread A 0 || walk A 1 = EFAULT || exec A @20\nexit A");
	assert_int_equal(sc.nr_ops, 4);
	assert_int_equal(sc.ops[0].flags, 0);
	assert_int_equal(sc.ops[1].flags, OP_PARALLEL | OP_HAS_EXPECTED);
	assert_int_equal(sc.ops[1].expected, EFAULT);
	assert_int_equal(sc.ops[2].flags, OP_PARALLEL);
	assert_int_equal(sc.ops[3].flags, 0);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(sc.ops[i].line, 2);
	assert_int_equal(sc.ops[3].line, 3);
	assert_int_equal(sc.ops[0].schedule.nr, 2);
	assert_int_equal(schedule_digit(&sc.ops[0].schedule, 0), 2);
	assert_int_equal(schedule_digit(&sc.ops[0].schedule, 1), 0);
	assert_int_equal(sc.ops[1].schedule.nr, 0);
	assert_int_equal(scenario_group(&sc, 0), 3);
	assert_int_equal(scenario_group(&sc, 3), 1);
	scenario_sequential(&sc);
	assert_int_equal(scenario_group(&sc, 0), 1);
	assert_int_equal(sc.ops[0].schedule.nr, 0);
	/* What was asserted of one order need not come in another. */
	assert_int_equal(sc.ops[1].flags, 0);
	assert_int_equal(sc.ops[1].expected, 0);
	assert_text_round_trip(&sc);
	scenario_free(&sc);
}

/* Exits go last, and results only from the first group on. */
static void test_sequential(void **state)
{
	struct scenario sc;
	char *text;

	must_parse(&sc, "read A 0 = EFAULT\nfork A B\n"
			"exit A || walk A 0 = 0 || exit B || fork B C @012\n"
			"read C 0 = 0\nread C 1 || read C 2\n");
	scenario_sequential(&sc);
	text = print_text(&sc);
	assert_string_equal(text, "read A 0x0 = EFAULT\nfork A B\n"
				  "walk A 0x0\nfork B C\nexit A\nexit B\n"
				  "read C 0x0\nread C 0x1\nread C 0x2\n");
	free(text);
	assert_text_round_trip(&sc);
	scenario_free(&sc);
}

#define WALK "\x0d\0\1\0\0\0\0\0"
#define WALK_TOO "\x0d\0\1\0\0\0\0\4"
#define EXIT_TOO "\x0a\0\0\0\0\0\0\4"

/* Bytes and what they decode to. */
static const struct {
	const char *bytes;
	size_t records;
	const char *text;
} good_bytes[] = {
	{ "\x0e\0\2\0\0\0\0\0" WALK, 2, "reclaim A 0x2\nwalk A 0x1\n" },
	/* nothing is there to join */
	{ WALK_TOO, 1, "walk A 0x1\n" },
	{ WALK WALK_TOO, 2, "walk A 0x1 || walk A 0x1\n" },
	{ WALK "\x0d\0\1\0\0\0\0\xfc", 2, "walk A 0x1 || walk A 0x1\n" },
	{ WALK_TOO WALK_TOO WALK_TOO WALK_TOO WALK_TOO WALK_TOO, 6,
	  "walk A 0x1 || walk A 0x1 || walk A 0x1 || walk A 0x1\n"
	  "walk A 0x1 || walk A 0x1\n" },
	/* failalloc, and behind it */
	{ WALK "\x0c\0\0\1\0\0\0\4" WALK_TOO WALK_TOO, 4,
	  "walk A 0x1\nfailalloc 1\nwalk A 0x1 || walk A 0x1\n" },
	/* a second exit is of another, if there is one; else of nobody */
	{ WALK EXIT_TOO EXIT_TOO WALK_TOO, 4,
	  "walk A 0x1 || exit A || walk A 0x1\n" },
	{ "\7\0\0\0\0\0\0\0" WALK EXIT_TOO EXIT_TOO WALK_TOO, 5,
	  "fork A B\nwalk A 0x1 || exit A\nexit B || walk B 0x1\n" },
	{ "\7\0\0\0\0\0\0\0" WALK "\x9\0\0\0\0\0\0\4" EXIT_TOO WALK_TOO, 5,
	  "fork A B\nwalk A 0x1 || exec A\nexit A || walk A 0x1\n" },
	{ "\7\0\0\0\0\0\0\0\x0a\0\0\0\0\0\0\0\x0d\1\1\0\0\0\0\4"
	  "\x0d\2\1\0\0\0\0\4\x0d\1\1\0\0\0\0\0",
	  5, "fork A B\nexit A || walk B 0x1 || walk A 0x1\nwalk B 0x1\n" },
	/* children: the slot of one who exits on the line is not free */
	{ "\7\0\0\0\0\0\0\0\x0a\1\0\0\0\0\0\0\7\1\0\0\0\0\0\4\x8\1\0\0\0\0\0\4"
	  "\7\0\0\0\0\0\0\0",
	  5, "fork A B\nexit B || fork B C || vfork B D\nfork A B\n" },
	/* the child cannot act on its line: there are only A and B */
	{ "\7\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\x0d\2\1\0\0\0\0\4"
	  "\x0d\2\1\0\0\0\0\0",
	  4, "fork A B\nfork A C || walk A 0x1\nwalk C 0x1\n" },
	/* schedules */
	{ WALK WALK_TOO "\x0f\4\xe4\xff\xff\xff\xff\xff", 3,
	  "walk A 0x1 || walk A 0x1 @0101\n" },
	{ WALK WALK_TOO WALK_TOO "\x0f\4\xe4\0\0\0\0\0", 4,
	  "walk A 0x1 || walk A 0x1 || walk A 0x1 @0120\n" },
	{ WALK WALK_TOO WALK_TOO WALK_TOO "\xff\x1d\xe4\0\0\0\0\0", 5,
	  "walk A 0x1 || walk A 0x1 || walk A 0x1 || walk A 0x1 @0123\n" },
	{ WALK WALK_TOO "\x0f\x18\0\0\0\0\0\x40"
			"\x0f\1\1\0\0\0\0\0",
	  4, "walk A 0x1 || walk A 0x1 @0000000000000000000000011\n" },
	{ WALK WALK_TOO "\x0f\x19\xff\xff\xff\xff\xff\xff"
			"\x0f\1\1\0\0\0\0\0",
	  4, "walk A 0x1 || walk A 0x1 @1\n" },
	/* one behind a schedule begins a line, also when that is empty */
	{ WALK WALK_TOO "\x0f\0\0\0\0\0\0\0" WALK_TOO, 4,
	  "walk A 0x1 || walk A 0x1\nwalk A 0x1\n" },
	/* for nobody: as if it were not there */
	{ "\x0f\1\0\0\0\0\0\0" WALK "\x0f\1\0\0\0\0\0\0" WALK_TOO, 4,
	  "walk A 0x1 || walk A 0x1\n" },
};

static void test_good_bytes(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good_bytes); i++) {
		struct scenario sc;
		char *text;

		assert_int_equal(scenario_init(&sc), 0);
		assert_int_equal(
			scenario_decode(&sc, (const u8 *)good_bytes[i].bytes,
					good_bytes[i].records * BYTES_PER_OP),
			0);
		text = print_text(&sc);
		assert_string_equal(text, good_bytes[i].text);
		free(text);
		assert_text_round_trip(&sc);
		assert_bytes_round_trip(&sc);
		scenario_free(&sc);
	}
}

/* What is written, byte by byte. */
static void test_written_bytes(void **state)
{
	static const u8 expected[] =
		"\7\0\0\0\0\0\0\0"
		"\x0a\0\0\0\0\0\0\0\x0d\1\x10\0\0\0\0\4\4\0\2\3\4\5\0\7"
		"\x0f\x18\x24\x49\x92\x24\x49\x92"
		"\x0f\2\x4\0\0\0\0\0";
	struct scenario_error err;
	struct scenario sc;
	u8 *bytes;
	size_t len;

	must_parse(&sc, "fork A B\nexit A || walk B 0x10 || "
			"mremap A 2 3 4 to=5 dontunmap "
			"@01201201201201201201201201");
	assert_int_equal(scenario_encode(&sc, &bytes, &len, &err), 0);
	assert_int_equal(len, sizeof(expected) - 1);
	assert_memory_equal(bytes, expected, len);
	free(bytes);
	scenario_free(&sc);
}

/* More digits than there is room for are dropped. */
static void test_too_many_digits(void **state)
{
	u8 bytes[14 * BYTES_PER_OP] = { OP_WALK };
	struct scenario sc;

	bytes[8] = OP_RECLAIM;
	bytes[8 + 7] = 4;
	for (u32 i = 2; i < 14; i++) {
		memset(&bytes[i * 8], 0x55, 8);
		bytes[i * 8] = NR_OPS;
		bytes[i * 8 + 1] = 24;
	}
	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_decode(&sc, bytes, sizeof(bytes)), 0);
	assert_int_equal(sc.nr_ops, 2);
	assert_int_equal(sc.ops[0].schedule.nr, SCHEDULE_MAX);
	assert_text_round_trip(&sc);
	assert_bytes_round_trip(&sc);
	scenario_free(&sc);
}

/* 32 live at most; those who exit on the line count until it ends. */
static void test_procs_max(void **state)
{
	u8 bytes[40 * BYTES_PER_OP] = { 0 };
	struct scenario sc;

	for (u32 i = 0; i < 40; i++) {
		bytes[i * BYTES_PER_OP] = OP_FORK;
		bytes[i * BYTES_PER_OP + 7] = i % 4 ? 4 : 0;
	}
	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_decode(&sc, bytes, sizeof(bytes)), 0);
	assert_int_equal(sc.nr_ops, BYTES_PROCS_MAX - 1);
	assert_text_round_trip(&sc);
	assert_bytes_round_trip(&sc);
	scenario_free(&sc);

	/* 32 live; exit A || fork, fork: the first has no room, the second has. */
	memset(bytes, 0, sizeof(bytes));
	for (u32 i = 0; i < 34; i++)
		bytes[i * BYTES_PER_OP] = OP_FORK;
	bytes[31 * BYTES_PER_OP] = OP_EXIT;
	bytes[32 * BYTES_PER_OP + 7] = 4;
	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_decode(&sc, bytes, 34 * (size_t)BYTES_PER_OP),
			 0);
	assert_int_equal(sc.nr_ops, 33);
	assert_int_equal(sc.ops[31].kind, OP_EXIT);
	assert_int_equal(sc.ops[32].flags, 0);
	assert_int_equal(sc.ops[32].child, 0);
	assert_text_round_trip(&sc);
	assert_bytes_round_trip(&sc);
	scenario_free(&sc);
}

/* Every value of a byte in the middle of a group, with and without digits. */
static void test_every_value(void **state)
{
	static const u8 base[] = "\7\0\0\0\0\0\0\0" WALK EXIT_TOO
				 "\x8\1\0\0\0\0\0\4" WALK_TOO
				 "\x0f\3\x1b\0\0\0\0\0" WALK_TOO;
	u8 bytes[sizeof(base) - 1];

	for (size_t at = 0; at < sizeof(bytes); at++)
		for (u32 value = 0; value < 256; value++) {
			struct scenario sc;

			memcpy(bytes, base, sizeof(bytes));
			bytes[at] = (u8)value;
			assert_int_equal(scenario_init(&sc), 0);
			assert_int_equal(
				scenario_decode(&sc, bytes, sizeof(bytes)), 0);
			assert_text_round_trip(&sc);
			assert_bytes_round_trip(&sc);
			scenario_free(&sc);
		}
}

/* Mostly groups: every other record joins, and schedules are frequent. */
static void test_random_bytes(void **state)
{
	u64 seed = 11;
	u8 bytes[1024];
	u64 groups = 0, digits = 0;

	for (u32 i = 0; i < 3000; i++) {
		size_t len = random_below(&seed, sizeof(bytes) + 1);
		struct scenario sc;

		random_fill(&seed, bytes, len);
		for (size_t at = 0; at + 8 <= len; at += 8) {
			if (bytes[at] % 16 == OP_EXIT && random_below(&seed, 2))
				bytes[at] = OP_FORK;
			if (!random_below(&seed, 5))
				bytes[at] = NR_OPS;
		}
		assert_int_equal(scenario_init(&sc), 0);
		assert_int_equal(scenario_decode(&sc, bytes, len), 0);
		for (u32 k = 0; k < sc.nr_ops; k++) {
			groups += scenario_group(&sc, k) > 1;
			digits += sc.ops[k].schedule.nr;
		}
		assert_text_round_trip(&sc);
		assert_bytes_round_trip(&sc);
		/* Other names, and through strip back. */
		widen(&sc, &seed);
		assert_text_round_trip(&sc);
		assert_int_equal(scenario_strip(&sc), 0);
		assert_text_round_trip(&sc);
		scenario_free(&sc);
	}
	assert_true(groups > 10000);
	assert_true(digits > 10000);
}

/* strip renames, where names come and go on one line. */
static void test_strip(void **state)
{
	struct scenario sc;
	char *text;

	must_parse(&sc, "fork A x\nexit A || fork x y || fork A z = 0 @21\n"
			"fork y A || exit x\nfork z x || write A 1\n");
	assert_int_equal(scenario_strip(&sc), 0);
	text = print_text(&sc);
	assert_string_equal(text,
			    "fork A B\nexit A || fork B C || fork A D @21\n"
			    "fork C A || exit B\nfork D B || write A 0x1\n");
	free(text);
	assert_bytes_round_trip(&sc);
	scenario_free(&sc);
}

static void expect_group_refused(const struct scenario *sc, const char *error)
{
	struct scenario_error err = { 0 };
	u8 *bytes;
	size_t len;

	assert_int_equal(scenario_encode(sc, &bytes, &len, &err), -EINVAL);
	assert_string_equal(err.text, error);
}

/* Put together by hand, groups may be what no text says. */
static void test_by_hand(void **state)
{
	struct scenario sc;

	must_parse(&sc, "exit A || walk A 0\n");
	sc.ops[0].flags = OP_PARALLEL;
	sc.ops[0].line = sc.ops[1].line = 0;
	expect_group_refused(&sc,
			     "operation 1: it cannot run at the same time as "
			     "what is before it");
	sc.ops[0].flags = 0;
	sc.ops[1].kind = OP_EXEC;
	expect_group_refused(&sc,
			     "operation 2: process 'A' exits or execs at the "
			     "same time already");
	sc.ops[1].kind = OP_FAILALLOC;
	expect_group_refused(&sc,
			     "operation 2: it cannot run at the same time as "
			     "what is before it");
	sc.ops[1].kind = OP_WALK;
	sc.ops[1].proc = 3;
	expect_group_refused(&sc, "operation 2: process '?' is not alive here");
	assert_int_equal(scenario_strip(&sc), 0);
	assert_int_equal(sc.ops[1].proc, 3);
	scenario_free(&sc);

	must_parse(&sc, FIVE);
	sc.ops[3].line = 0;
	assert_int_equal(scenario_add(&sc, &sc.ops[3]), 0);
	expect_group_refused(&sc,
			     "operation 5: at most 4 run at the same time");
	scenario_free(&sc);
}

/* Whoever was alive when the line began may act on it, and nobody else. */
static void test_live(void **state)
{
	static struct live live;
	struct op fork = { .kind = OP_FORK, .child = 1 };
	struct op exit_a = { .kind = OP_EXIT, .flags = OP_PARALLEL };
	struct op read_a = { .kind = OP_READ, .flags = OP_PARALLEL };
	struct op read_b = { .kind = OP_READ, .flags = OP_PARALLEL, .proc = 1 };

	live_init(&live);
	assert_int_equal(live_clash(&live, &read_a), LIVE_ALONE);
	assert_true(live_apply(&live, &fork));
	fork.flags = OP_PARALLEL;
	assert_int_equal(live_clash(&live, &fork), LIVE_CHILD_BORN);
	fork.child = 0;
	assert_int_equal(live_clash(&live, &fork), LIVE_CHILD_ALIVE);
	assert_int_equal(live_clash(&live, &read_b), LIVE_DEAD);
	assert_true(live_apply(&live, &exit_a));
	assert_int_equal(live.nr, 1);
	assert_false(live_has(&live, 0));
	assert_int_equal(live_lowest_free(&live), 0);
	assert_int_equal(live_child_slot(&live, false), 0);
	assert_int_equal(live_child_slot(&live, true), 2);
	assert_int_equal(live_nr_taken(&live, true), 2);
	assert_int_equal(live_nr_taken(&live, false), 1);
	assert_true(live_apply(&live, &read_a));
	assert_int_equal(live_clash(&live, &exit_a), LIVE_ENDED);
	live_rewind(&live);
	assert_true(live_has(&live, 0) && !live_has(&live, 1));
	assert_int_equal(live.nr, 1);
	live_forward(&live);
	assert_true(!live_has(&live, 0) && live_has(&live, 1));
	assert_true(live_apply(&live, &read_a));
	assert_int_equal(live_clash(&live, &read_a), LIVE_LINE_FULL);
	read_b.flags = 0;
	assert_true(live_apply(&live, &read_b));
	assert_int_equal(live_clash(&live, &read_a), LIVE_DEAD);
	live_end_line(&live);
	assert_int_equal(live_clash(&live, &read_a), LIVE_ALONE);
}

/* Random scenarios with groups: sound, and about something. */
static void test_generate(void **state)
{
	u32 groups[PARALLEL_MAX + 1] = { 0 }, kinds[NR_OPS] = { 0 };
	u64 digits = 0;

	for (u32 i = 0; i < 300; i++) {
		static const u32 procs[] = { 1, 2, 5, 32 };
		struct scenario_gen gen = { .seed = i,
					    .ops = 300,
					    .procs = procs[i % 4],
					    .pages = 1 + i % 3 * 30,
					    .failalloc = i % 2,
					    .parallel = true };
		struct scenario sc;

		assert_int_equal(scenario_init(&sc), 0);
		assert_int_equal(scenario_generate(&sc, &gen), 0);
		assert_int_equal(sc.nr_ops, gen.ops);
		for (u32 k = 0; k < sc.nr_ops; k += scenario_group(&sc, k)) {
			groups[scenario_group(&sc, k)]++;
			kinds[sc.ops[k].kind]++;
			digits += sc.ops[k].schedule.nr;
		}
		assert_text_round_trip(&sc);
		assert_bytes_round_trip(&sc);
		scenario_free(&sc);
	}
	assert_true(groups[2] > 10000 && groups[3] > 2000);
	assert_true(digits > 100000);
	for (u32 i = 0; i < OP_WALK; i++)
		assert_true(kinds[i] > 100);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_texts),
		cmocka_unit_test(test_bad_texts),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_sequential),
		cmocka_unit_test(test_good_bytes),
		cmocka_unit_test(test_written_bytes),
		cmocka_unit_test(test_too_many_digits),
		cmocka_unit_test(test_procs_max),
		cmocka_unit_test(test_every_value),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_generate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
