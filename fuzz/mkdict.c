// SPDX-License-Identifier: GPL-2.0-only
/*
 * mkdict text | bytes: libFuzzer's dictionary for the text or the byte targets,
 * from the table of operations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../model/mm/mm.h"
#include "../model/scenario/scenario.h"

#define ERRNO_MAX 255

static void print_entry(const u8 *value, size_t len)
{
	putchar('"');
	for (size_t i = 0; i < len; i++) {
		if (value[i] == '"' || value[i] == '\\')
			printf("\\%c", value[i]);
		else if (value[i] >= ' ' && value[i] < 0x7f)
			putchar(value[i]);
		else
			printf("\\x%02X", value[i]);
	}
	puts("\"");
}

static void print_word(const char *word)
{
	print_entry((const u8 *)word, strlen(word));
}

/* One operation as a line; as a record. */
static bool print_op_line(const struct scenario *sc)
{
	char line[256];

	scenario_print_op(sc, &sc->ops[0], line, sizeof(line) - 1);
	strcat(line, "\n");
	print_word(line);
	return true;
}

static bool print_record(const struct scenario *sc)
{
	struct scenario_error err;
	size_t len;
	u8 *bytes;

	if (scenario_encode(sc, &bytes, &len, &err))
		return false;
	print_entry(bytes, len);
	free(bytes);
	return true;
}

static struct op example(enum op_kind kind)
{
	struct op op;

	memset(&op, 0, sizeof(op));
	op.kind = (u8)kind;
	if (op_takes(kind, FIELD_PAGE))
		op.page = 0x10;
	if (op_takes(kind, FIELD_CHILD))
		op.child = 1;
	op.len = 4;
	op.new_len = 4;
	op.to = 0x40;
	op.file = 1;
	op.off = 0x10;
	return op;
}

static bool print_op(const struct op *op,
		     bool (*print)(const struct scenario *))
{
	struct scenario sc;
	bool ok = !scenario_init(&sc);

	ok = ok && !scenario_name_slots(&sc, 2) && !scenario_add(&sc, op) &&
	     print(&sc);
	scenario_free(&sc);
	return ok;
}

/* Each set of options that @op takes. */
static bool print_options(struct op op, bool (*print)(const struct scenario *))
{
	enum op_kind kind = (enum op_kind)op.kind;
	u8 option = op_takes(kind, FIELD_FILE) ? OP_HAS_FILE : OP_HAS_TO;
	bool has_option = op_takes(kind, FIELD_FILE) ||
			  op_takes(kind, FIELD_TO);
	bool ok = print_op(&op, print);

	if (has_option) {
		op.flags = option;
		ok = ok && print_op(&op, print);
	}
	if (op_takes(kind, FIELD_DONTUNMAP)) {
		op.flags = option | OP_DONTUNMAP;
		ok = ok && print_op(&op, print);
	}
	return ok;
}

/* Each operation, with each word that it can have. */
static bool print_every_op(bool (*print)(const struct scenario *))
{
	bool ok = true;

	for (u32 i = 0; i < NR_OPS; i++) {
		enum op_kind kind = (enum op_kind)i;
		struct op op = example(kind);
		u32 nr_prots = op_takes(kind, FIELD_PROT) ? NR_OP_PROTS : 1;
		u32 nr_advice = op_takes(kind, FIELD_ADVICE) ? NR_ADVICE : 1;

		for (u32 prot = 0; prot < nr_prots; prot++)
			for (u32 advice = 0; advice < nr_advice; advice++) {
				op.prot = (u8)prot;
				op.advice = (u8)advice;
				ok = ok && print_options(op, print);
			}
	}
	return ok;
}

static void print_result_word(const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), " = %s\n", name);
	print_word(text);
}

static void print_words(void)
{
	static const char *const more[] = {
		"base 0x1000\n", "#", "0x",	    " file=", "file=0@0",
		" to=",		 "@", " dontunmap", " || ",   " @",
	};

	for (u32 i = 0; i < NR_OPS; i++)
		print_word(op_infos[i].name);
	for (u32 i = 0; i < NR_OP_PROTS; i++)
		print_word(op_prot_names[i]);
	for (u32 i = 0; i < NR_ADVICE; i++)
		print_word(op_advice_names[i]);
	for (u32 i = 0; i < ARRAY_SIZE(more); i++)
		print_word(more[i]);
	for (int err = 0; err <= ERRNO_MAX; err++)
		if (errno_name(err))
			print_result_word(errno_name(err));
}

int main(int argc, char **argv)
{
	bool text = argc == 2 && !strcmp(argv[1], "text");
	bool ok;

	if (!text && (argc != 2 || strcmp(argv[1], "bytes"))) {
		fprintf(stderr, "Usage: mkdict text|bytes\n"
				"Prints a libFuzzer dictionary.\n");
		return 2;
	}
	puts("# Made by mkdict from the table of operations.");
	if (text)
		print_words();
	ok = print_every_op(text ? print_op_line : print_record);
	if (!ok)
		fprintf(stderr, "mkdict: out of memory\n");
	return !ok || fflush(stdout) ? 1 : 0;
}
