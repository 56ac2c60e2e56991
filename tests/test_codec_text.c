// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text form: parser, its errors with their places, printer.
 */
#include "codec_fixture.h"

/* Text that parses, and what it prints as. */
static const struct {
	const char *text;
	const char *canonical;
} good_texts[] = {
	{ "", "" },
	{ "\n\n", "" },
	{ "# nothing\n  \t\n", "" },
	{ "#", "" },
	{ "mmap A 0 4 rw", "mmap A 0x0 4 rw\n" },
	{ "mmap A 0 4 rw\n", "mmap A 0x0 4 rw\n" },
	{ "\tmmap\tA  0x10 0xF  -  # why\xc3\xa9\n", "mmap A 0x10 15 -\n" },
	{ "mmap A 0 0X1f r#x\n", "mmap A 0x0 31 r\n" },
	{ "mmap A 0 4 rw file=1@8", "mmap A 0x0 4 rw file=1@8\n" },
	{ "mmap A 0 4 rw file=0x3@0x100000000 = EINVAL",
	  "mmap A 0x0 4 rw file=3@4294967296 = EINVAL\n" },
	{ "mmap A 0xfffffffff 68719476735 rw",
	  "mmap A 0xfffffffff 68719476735 rw\n" },
	{ "munmap A 007 0 = EINVAL", "munmap A 0x7 0 = EINVAL\n" },
	{ "mprotect A 1 2 r", "mprotect A 0x1 2 r\n" },
	{ "madvise A 1 2 dontneed\nmadvise A 1 2 dontfork\n"
	  "madvise A 1 2 dofork\nmadvise A 1 2 wipeonfork\n"
	  "madvise A 1 2 keeponfork\n",
	  "madvise A 0x1 2 dontneed\nmadvise A 0x1 2 dontfork\n"
	  "madvise A 0x1 2 dofork\nmadvise A 0x1 2 wipeonfork\n"
	  "madvise A 0x1 2 keeponfork\n" },
	{ "mremap A 16 1 1", "mremap A 0x10 1 1\n" },
	{ "mremap A 16 1 2 dontunmap to=64 = ENOMEM",
	  "mremap A 0x10 1 2 to=0x40 dontunmap = ENOMEM\n" },
	{ "mremap A 16 1 2 dontunmap", "mremap A 0x10 1 2 dontunmap\n" },
	{ "mremap A 16 1 2 to=0", "mremap A 0x10 1 2 to=0x0\n" },
	{ "read A 3\nread A 3 1\nread A 3 2\nwrite A 3 1048576",
	  "read A 0x3\nread A 0x3\nread A 0x3 2\nwrite A 0x3 1048576\n" },
	{ "write A 3 = EFAULT\nread A 3 2 = 0\n",
	  "write A 0x3 = EFAULT\nread A 0x3 2 = 0\n" },
	{ "fork A B\nvfork B c_9\nexec B\nexit A\nexit B\nexit c_9\n",
	  "fork A B\nvfork B c_9\nexec B\nexit A\nexit B\nexit c_9\n" },
	{ "fork A B\nexit B\nfork A B\nexit A\nfork B A = EAGAIN\n",
	  "fork A B\nexit B\nfork A B\nexit A\nfork B A = EAGAIN\n" },
	{ "fork A a234567890123456789012345678901",
	  "fork A a234567890123456789012345678901\n" },
	{ "migrate A 7 = ENOENT", "migrate A 0x7 = ENOENT\n" },
	{ "failalloc 0\nfailalloc 1000000",
	  "failalloc 0\nfailalloc 1000000\n" },
	{ "exit A\nfailalloc 2\n", "exit A\nfailalloc 2\n" },
	{ "base 0x7f0000000\nread A 0\n", "read A 0x0\n" },
	{ "\n# c\n base 16 # c\nread A 0\n", "base 0x10\nread A 0x0\n" },
	{ "base 0", "base 0x0\n" },
	{ "base 0xfffffffff", "base 0xfffffffff\n" },
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
		scenario_free(&sc);
	}
}

#define OPS_LIST                                                              \
	"mmap, munmap, mprotect, madvise, mremap, read, write, fork, vfork, " \
	"exec, exit, migrate, failalloc, walk, reclaim"
#define NAME_RULE "(a letter, then letters, digits or _, at most 31 in all)"
#define NUMBER_RULE "(a number, decimal or 0x hex)"
#define END_FOUND "found the end of the line"

/* Text that does not parse: where and why, word by word. */
static const struct {
	const char *text;
	u32 line;
	u32 column;
	const char *error;
} bad_texts[] = {
	/* operations */
	{ "mapp A 0 4 rw", 1, 1,
	  "expected an operation (" OPS_LIST "), found 'mapp'" },
	{ "read A 0\n\n  MMAP A 0 4 rw", 3, 3,
	  "expected an operation (" OPS_LIST "), found 'MMAP'" },
	{ "map", 1, 1, "expected an operation (" OPS_LIST "), found 'map'" },
	{ "= 0", 1, 1, "expected an operation (" OPS_LIST "), found '='" },
	{ "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij", 1, 1,
	  "expected an operation (" OPS_LIST
	  "), found 'abcdefghijabcdefghijabcdefghija...'" },
	{ "\xff\xfe", 1, 1,
	  "expected an operation (" OPS_LIST "), found '\\xff\\xfe'" },
	/* processes */
	{ "exit Q", 1, 6, "process 'Q' is not alive here; alive is A" },
	{ "fork A B\nexit  A\nfork B C\n\tread A 0", 4, 7,
	  "process 'A' is not alive here; alive are B, C" },
	{ "exit A\nread A 0", 2, 6, "process 'A' is not alive here; none is" },
	{ "fork A B\nvfork A B", 2, 9,
	  "expected CHILD, a name that nobody has; process 'B' is alive here" },
	{ "fork A A", 1, 8,
	  "expected CHILD, a name that nobody has; process 'A' is alive here" },
	{ "fork A 1", 1, 8, "expected CHILD " NAME_RULE ", found '1'" },
	{ "fork A _x", 1, 8, "expected CHILD " NAME_RULE ", found '_x'" },
	{ "fork A B-C", 1, 8, "expected CHILD " NAME_RULE ", found 'B-C'" },
	{ "fork A B\nexit", 2, 5, "expected PROC " NAME_RULE ", " END_FOUND },
	{ "fork A ", 1, 8, "expected CHILD " NAME_RULE ", " END_FOUND },
	{ "fork A a2345678901234567890123456789012", 1, 8,
	  "expected CHILD " NAME_RULE
	  ", found 'a234567890123456789012345678901...'" },
	{ "read @ 0", 1, 6, "expected PROC " NAME_RULE ", found '@'" },
	/* numbers */
	{ "munmap A", 1, 9, "expected PAGE " NUMBER_RULE ", " END_FOUND },
	{ "munmap A # 3 4", 1, 10,
	  "expected PAGE " NUMBER_RULE ", " END_FOUND },
	{ "munmap A 0", 1, 11, "expected LEN " NUMBER_RULE ", " END_FOUND },
	{ "munmap A -1 4", 1, 10, "expected PAGE " NUMBER_RULE ", found '-1'" },
	{ "munmap A +1 4", 1, 10, "expected PAGE " NUMBER_RULE ", found '+1'" },
	{ "munmap A 0x 4", 1, 10, "expected PAGE " NUMBER_RULE ", found '0x'" },
	{ "munmap A 1f 4", 1, 10, "expected PAGE " NUMBER_RULE ", found '1f'" },
	{ "munmap A 0x1g 4", 1, 10,
	  "expected PAGE " NUMBER_RULE ", found '0x1g'" },
	{ "munmap A 99999999999999999999x 4", 1, 10,
	  "expected PAGE " NUMBER_RULE ", found '99999999999999999999x'" },
	{ "munmap A 0x1000000000 4", 1, 10,
	  "expected PAGE from 0 to 68719476735, found '0x1000000000'" },
	{ "munmap A 0 68719476736", 1, 12,
	  "expected LEN from 0 to 68719476735, found '68719476736'" },
	{ "munmap A 18446744073709551616 4", 1, 10,
	  "expected PAGE from 0 to 68719476735, found '18446744073709551616'" },
	{ "munmap A 0x100000000000000000000001 4", 1, 10,
	  "expected PAGE from 0 to 68719476735, found "
	  "'0x100000000000000000000001'" },
	{ "mremap A 0 4", 1, 13, "expected NEW " NUMBER_RULE ", " END_FOUND },
	{ "mremap A 0 x 4", 1, 12, "expected OLD " NUMBER_RULE ", found 'x'" },
	{ "mremap A 0 4 68719476736", 1, 14,
	  "expected NEW from 0 to 68719476735, found '68719476736'" },
	{ "read A 0 0", 1, 10, "expected LEN from 1 to 1048576, found '0'" },
	{ "write A 0 1048577", 1, 11,
	  "expected LEN from 1 to 1048576, found '1048577'" },
	{ "read A 0 x", 1, 10, "expected LEN " NUMBER_RULE ", found 'x'" },
	{ "failalloc -1", 1, 11, "expected N " NUMBER_RULE ", found '-1'" },
	{ "failalloc 1000001", 1, 11,
	  "expected N from 0 to 1000000, found '1000001'" },
	{ "failalloc", 1, 10, "expected N " NUMBER_RULE ", " END_FOUND },
	/* choices */
	{ "mmap A 0 4", 1, 11, "expected PROT (rw, r or -), " END_FOUND },
	{ "mmap A 0 4 rwx", 1, 12, "expected PROT (rw, r or -), found 'rwx'" },
	{ "mprotect A 0 4 R", 1, 16, "expected PROT (rw, r or -), found 'R'" },
	{ "madvise A 0 4 need", 1, 15,
	  "expected ADVICE (dontneed, dontfork, dofork, wipeonfork or "
	  "keeponfork), found 'need'" },
	/* options and the end */
	{ "mmap A 0 4 rw x", 1, 15,
	  "expected file=N@OFF, = RESULT, ||, the end of the line, found 'x'" },
	{ "mmap A 0 4 rw file=1@0 x", 1, 24,
	  "expected = RESULT, ||, the end of the line, found 'x'" },
	{ "mmap A 0 4 rw file=1@0 file=1@0", 1, 24,
	  "expected each option at most once, found 'file=1@0'" },
	{ "mmap A 0 4 rw file=1", 1, 15,
	  "expected file=N@OFF, found 'file=1'" },
	{ "mmap A 0 4 rw file=", 1, 15, "expected file=N@OFF, found 'file='" },
	{ "mmap A 0 4 rw file=4@0", 1, 15,
	  "expected N of file=N@OFF from 0 to 3, found 'file=4@0'" },
	{ "mmap A 0 4 rw file=@0", 1, 15,
	  "expected N of file=N@OFF " NUMBER_RULE ", found 'file=@0'" },
	{ "mmap A 0 4 rw file=1@", 1, 15,
	  "expected OFF of file=N@OFF " NUMBER_RULE ", found 'file=1@'" },
	{ "mmap A 0 4 rw file=1@4294967297", 1, 15,
	  "expected OFF of file=N@OFF from 0 to 4294967296, found "
	  "'file=1@4294967297'" },
	{ "mmap A 0 4 rw to=4", 1, 15,
	  "expected file=N@OFF, = RESULT, ||, the end of the line, found 'to=4'" },
	{ "mremap A 0 4 4 x", 1, 16,
	  "expected to=PAGE, dontunmap, = RESULT, ||, the end of the line, found "
	  "'x'" },
	{ "mremap A 0 4 4 dontunmap file=1@0", 1, 26,
	  "expected to=PAGE, = RESULT, ||, the end of the line, found "
	  "'file=1@0'" },
	{ "mremap A 0 4 4 to=1 dontunmap to=1", 1, 31,
	  "expected each option at most once, found 'to=1'" },
	{ "mremap A 0 4 4 dontunmap dontunmap", 1, 26,
	  "expected each option at most once, found 'dontunmap'" },
	{ "mremap A 0 4 4 to=", 1, 16,
	  "expected PAGE of to=PAGE " NUMBER_RULE ", found 'to='" },
	{ "mremap A 0 4 4 to=0x1000000000", 1, 16,
	  "expected PAGE of to=PAGE from 0 to 68719476735, found "
	  "'to=0x1000000000'" },
	{ "exit A A", 1, 8,
	  "expected = RESULT, ||, the end of the line, found 'A'" },
	{ "exit A =0", 1, 8,
	  "expected = RESULT, ||, the end of the line, found '=0'" },
	{ "read A 0 1 2", 1, 12,
	  "expected = RESULT, ||, the end of the line, found '2'" },
	/* results */
	{ "exit A =", 1, 9,
	  "expected RESULT (0, or an errno such as ENOMEM), " END_FOUND },
	{ "exit A = 12", 1, 10,
	  "expected RESULT (0, or an errno such as ENOMEM), found '12'" },
	{ "exit A = ENOME", 1, 10,
	  "expected RESULT (0, or an errno such as ENOMEM), found 'ENOME'" },
	{ "exit A = 0 0", 1, 12,
	  "expected ||, the end of the line, found '0'" },
	{ "mremap A 0 4 4 = 0 to=1", 1, 20,
	  "expected ||, the end of the line, found 'to=1'" },
	{ "failalloc 1 = 0", 1, 13, "expected the end of the line, found '='" },
	/* base */
	{ "read A 0\nbase 4", 2, 1,
	  "expected 'base' once, before all operations" },
	{ "base 4\nbase 4", 2, 1,
	  "expected 'base' once, before all operations" },
	{ "base", 1, 5,
	  "expected the base, a page number, " NUMBER_RULE ", " END_FOUND },
	{ "base 0x1000000000", 1, 6,
	  "expected the base, a page number, from 0 to 68719476735, found "
	  "'0x1000000000'" },
	{ "base 4 4", 1, 8, "expected the end of the line, found '4'" },
	/* lines */
	{ "exit A\r\n", 1, 7, "expected text, found control character 0x0d" },
	{ "exit A\n# x\r\n", 2, 4,
	  "expected text, found control character 0x0d" },
	{ "exit \x7f", 1, 6, "expected text, found control character 0x7f" },
	{ "\x1b", 1, 1, "expected text, found control character 0x1b" },
};

static void expect_error(const char *text, size_t len, u32 line, u32 column,
			 const char *error)
{
	struct scenario_error err;
	struct scenario sc;

	if (parse_scenario(&sc, text, len, &err) != -EINVAL)
		fail_msg("parsed: %s", text);
	if (err.line != line || err.column != column)
		fail_msg("%u:%u: expected %u:%u: %s: %s", err.line, err.column,
			 line, column, text, err.text);
	assert_string_equal(err.text, error);
	scenario_free(&sc);
}

static void test_bad_texts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_texts); i++)
		expect_error(bad_texts[i].text, strlen(bad_texts[i].text),
			     bad_texts[i].line, bad_texts[i].column,
			     bad_texts[i].error);
}

static void test_nul_bytes(void **state)
{
	expect_error("exit A\0", 7, 1, 7,
		     "expected text, found control character 0x00");
	expect_error("\0", 1, 1, 1,
		     "expected text, found control character 0x00");
	expect_error("exit A\n#\0\n", 10, 2, 2,
		     "expected text, found control character 0x00");
}

static void test_length_of_lines(void **state)
{
	struct scenario_error err;
	struct scenario sc;
	char line[4200];

	memset(line, 'x', sizeof(line));
	memcpy(line, "exit A #", 8);
	line[4096] = '\n';
	assert_int_equal(parse_scenario(&sc, line, 4097, &err), 0);
	assert_int_equal(sc.nr_ops, 1);
	scenario_free(&sc);
	line[4096] = 'x';
	expect_error(line, 4097, 1, 4097,
		     "expected at most 4096 bytes in a line, found 4097");
	expect_error(line, sizeof(line), 1, 4097,
		     "expected at most 4096 bytes in a line, found 4200");
}

static void test_number_of_ops(void **state)
{
	struct scenario_error err;
	struct scenario sc;

	assert_int_equal(scenario_init(&sc), 0);
	sc.nr_ops = SCENARIO_OPS_MAX;
	assert_int_equal(scenario_add(&sc, &(struct op){ .kind = OP_EXIT }),
			 -ENOMEM);
	assert_int_equal(scenario_parse(&sc, "exit A", 6, &err), -EINVAL);
	assert_string_equal(err.text, "one operation too many: expected at "
				      "most 16777216");
	assert_int_equal(err.line, 1);
	assert_int_equal(err.column, 1);
	sc.nr_ops = 0;
	scenario_free(&sc);
}

/* "fork A P1", "fork A P2" ... */
static char *many_forks(u32 nr, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	assert_non_null(out);
	for (u32 i = 1; i <= nr; i++)
		fprintf(out, "fork A P%u\n", i);
	fclose(out);
	return text;
}

static void test_number_of_names(void **state)
{
	struct scenario_error err;
	struct scenario sc;
	size_t len;
	char *text = many_forks(SCENARIO_PROCS_MAX - 1, &len);

	assert_int_equal(parse_scenario(&sc, text, len, &err), 0);
	assert_int_equal(sc.nr_procs, SCENARIO_PROCS_MAX);
	assert_string_equal(sc.names[65535], "P65535");
	assert_int_equal(sc.ops[65534].child, 65535);
	assert_int_equal(scenario_name_slots(&sc, SCENARIO_PROCS_MAX + 1),
			 -ENOMEM);
	/* And all of them can be renamed. */
	assert_int_equal(scenario_strip(&sc), 0);
	assert_int_equal(sc.nr_procs, SCENARIO_PROCS_MAX);
	assert_string_equal(sc.names[65535], "P2520");
	assert_text_round_trip(&sc);
	scenario_free(&sc);
	free(text);

	text = many_forks(SCENARIO_PROCS_MAX, &len);
	expect_error(text, len, SCENARIO_PROCS_MAX, 8,
		     "'P65536' is one name too many: expected at most 65536");
	free(text);
}

/* All who are alive do not fit into the error: it is cut, and says so. */
static void test_many_are_alive(void **state)
{
	struct scenario_error err;
	struct scenario sc;
	char text[4096];

	/* Names of each length, so that the cut comes at each place. */
	for (int width = 1; width < SCENARIO_NAME_MAX - 3; width++) {
		int len = 0;

		for (int i = 0; i < 100; i++)
			len += snprintf(text + len, sizeof(text) - (size_t)len,
					"fork A P%0*d\n", i ? 2 : width, i);
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"exit Q\n");
		assert_int_equal(parse_scenario(&sc, text, (size_t)len, &err),
				 -EINVAL);
		scenario_free(&sc);
		assert_int_equal(err.line, 101);
		assert_int_equal(strncmp(err.text,
					 "process 'Q' is not alive here; "
					 "alive are A, P0",
					 46),
				 0);
		assert_string_equal(err.text + strlen(err.text) - 5, ", ...");
		assert_true(strlen(strstr(err.text, "are ") + 4) < 144);
	}
}

/* Each byte that is not plain takes four columns. */
static void test_found_is_cut(void **state)
{
	char text[64];

	memset(text, 0x80, sizeof(text));
	for (size_t plain = 0; plain < 4; plain++) {
		struct scenario_error err;
		struct scenario sc;

		memset(text, 'x', plain);
		assert_int_equal(parse_scenario(&sc, text, sizeof(text), &err),
				 -EINVAL);
		scenario_free(&sc);
		assert_string_equal(err.text + strlen(err.text) - 8,
				    "\\x80...'");
		assert_true(strlen(strstr(err.text, "found ")) <= 6 + 32 + 4);
	}
}

/* A literal's padding is anything: fields one by one. */
static void assert_fields(const struct op *op, struct op expected)
{
	assert_int_equal(op->kind, expected.kind);
	assert_int_equal(op->flags, expected.flags);
	assert_int_equal(op->prot, expected.prot);
	assert_int_equal(op->advice, expected.advice);
	assert_int_equal(op->file, expected.file);
	assert_int_equal(op->expected, expected.expected);
	assert_int_equal(op->proc, expected.proc);
	assert_int_equal(op->child, expected.child);
	assert_int_equal(op->line, expected.line);
	assert_int_equal(op->page, expected.page);
	assert_int_equal(op->len, expected.len);
	assert_int_equal(op->new_len, expected.new_len);
	assert_int_equal(op->to, expected.to);
	assert_int_equal(op->off, expected.off);
}

static void test_fields_of_ops(void **state)
{
	static const struct op expected[] = {
		{ .kind = OP_MMAP,
		  .flags = OP_HAS_FILE | OP_HAS_EXPECTED,
		  .prot = OP_PROT_R,
		  .line = 2,
		  .page = 1,
		  .len = 2,
		  .file = 3,
		  .off = 4,
		  .expected = EINVAL },
		{ .kind = OP_FORK, .line = 3, .child = 1 },
		{ .kind = OP_MREMAP,
		  .flags = OP_HAS_TO | OP_DONTUNMAP,
		  .line = 5,
		  .proc = 1,
		  .page = 5,
		  .len = 6,
		  .new_len = 7,
		  .to = 8 },
		{ .kind = OP_MADVISE,
		  .advice = ADVICE_KEEPONFORK,
		  .line = 6,
		  .page = 9,
		  .len = 10 },
		{ .kind = OP_READ, .line = 7, .page = 11, .len = 1 },
		{ .kind = OP_FAILALLOC, .line = 8, .len = 12 },
	};
	struct scenario sc;

	must_parse(&sc, "# c\nmmap A 1 2 r file=3@4 = EINVAL\n"
			"fork A B\n\nmremap B 5 6 7 to=8 dontunmap\n"
			"madvise A 9 10 keeponfork\nread A 11\n"
			"failalloc 12\n");
	assert_int_equal(sc.nr_ops, ARRAY_SIZE(expected));
	for (u32 i = 0; i < sc.nr_ops; i++)
		assert_fields(&sc.ops[i], expected[i]);
	assert_int_equal(sc.base, SCENARIO_BASE_DEFAULT);
	scenario_free(&sc);
}

static void test_names_keep_their_slots(void **state)
{
	struct scenario sc;

	must_parse(&sc, "fork A B\nfork A x\nexit B\nfork x B\nfork B y\n");
	assert_int_equal(sc.nr_procs, 4);
	assert_string_equal(sc.names[1], "B");
	assert_string_equal(sc.names[2], "x");
	assert_string_equal(sc.names[3], "y");
	assert_int_equal(sc.ops[3].proc, 2);
	assert_int_equal(sc.ops[3].child, 1);
	assert_int_equal(sc.ops[4].proc, 1);
	assert_int_equal(sc.ops[4].child, 3);
	scenario_free(&sc);
}

static void test_print_is_cut(void **state)
{
	struct scenario sc;
	char buf[8] = "zzzzzzz";
	struct op op = { .kind = OP_EXIT, .proc = 27 };

	assert_int_equal(scenario_init(&sc), 0);
	scenario_print_op(&sc, &op, buf, 0);
	assert_int_equal(buf[0], 'z');
	scenario_print_op(&sc, &op, buf, 1);
	assert_string_equal(buf, "");
	/* A slot that nobody named has the name of its number. */
	scenario_print_op(&sc, &op, buf, sizeof(buf));
	assert_string_equal(buf, "exit B1");
	scenario_print_op(&sc, &op, buf, 7);
	assert_string_equal(buf, "exit B");
	op.kind = OP_MMAP;
	scenario_print_op(&sc, &op, buf, sizeof(buf));
	assert_string_equal(buf, "mmap B1");
	scenario_free(&sc);
}

/* A refusal has a place in the text and a line of printable reason. */
static void assert_error_is_sound(const struct scenario_error *err)
{
	assert_true(err->line >= 1);
	assert_true(err->column >= 1 && err->column <= 4097);
	assert_true(strlen(err->text) > 0);
	assert_true(strlen(err->text) < sizeof(err->text));
	for (const char *c = err->text; *c; c++)
		assert_true(*c >= ' ' && *c < 0x7f);
}

static void parse_anything(const char *text, size_t len)
{
	struct scenario_error err;
	struct scenario sc;
	int ret = parse_scenario(&sc, text, len, &err);

	if (ret)
		assert_error_is_sound(&err);
	else
		assert_text_round_trip(&sc);
	assert_true(!ret || ret == -EINVAL);
	scenario_free(&sc);
}

static void test_random_texts(void **state)
{
	u64 seed = 3;
	u8 bytes[256];

	for (u32 i = 0; i < 20000; i++) {
		size_t len = random_below(&seed, sizeof(bytes) + 1);

		random_fill(&seed, bytes, len);
		parse_anything((const char *)bytes, len);
	}
}

/* A good text with a few bytes changed, and each of its beginnings. */
static void test_damaged_texts(void **state)
{
	static const char some[] = " \t\n#=@-_0x19AZrw\r\x80";
	struct scenario_gen gen = {
		.seed = 4, .ops = 40, .procs = 4, .pages = 64, .failalloc = true
	};
	u64 seed = 4;
	struct scenario sc;
	size_t len;
	char *text;

	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_generate(&sc, &gen), 0);
	widen(&sc, &seed);
	text = print_text(&sc);
	len = strlen(text);
	for (size_t cut = 0; cut <= len; cut++)
		parse_anything(text, cut);
	for (u32 i = 0; i < 20000; i++) {
		size_t at = random_below(&seed, (u32)len);
		char was = text[at];

		text[at] = some[random_below(&seed, sizeof(some) - 1)];
		parse_anything(text, len);
		text[at] = was;
	}
	free(text);
	scenario_free(&sc);
}

static void test_errno_names(void **state)
{
	u32 nr = 0;

	for (int err = 0; err < 256; err++) {
		const char *name = errno_name(err);

		if (!name)
			continue;
		nr++;
		assert_int_equal(errno_by_name(name, strlen(name)), err);
	}
	assert_int_equal(nr, 27);
	assert_int_equal(errno_by_name("ENOMEM", 6), ENOMEM);
	assert_int_equal(errno_by_name("ENOMEM", 5), -1);
	assert_int_equal(errno_by_name("", 0), -1);
	assert_null(errno_name(255));
	assert_null(errno_name(-1));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_texts),
		cmocka_unit_test(test_bad_texts),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_length_of_lines),
		cmocka_unit_test(test_number_of_ops),
		cmocka_unit_test(test_number_of_names),
		cmocka_unit_test(test_many_are_alive),
		cmocka_unit_test(test_found_is_cut),
		cmocka_unit_test(test_fields_of_ops),
		cmocka_unit_test(test_names_keep_their_slots),
		cmocka_unit_test(test_print_is_cut),
		cmocka_unit_test(test_random_texts),
		cmocka_unit_test(test_damaged_texts),
		cmocka_unit_test(test_errno_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
