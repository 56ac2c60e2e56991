// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the subcommands read: one file, whatever it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "input.h"
#include "tools.h"

void print_scenario_error(const char *name, const struct scenario_error *err)
{
	if (err->line)
		fprintf(stderr, "%s:%u:%u: %s\n", name, err->line, err->column,
			err->text);
	else
		fprintf(stderr, "%s: %s\n", name, err->text);
}

void input_print_help(void)
{
	printf("  --bytes              FILE is operations of %d bytes each, as "
	       "fuzzers have them,\n"
	       "                       whatever it looks like\n",
	       BYTES_PER_OP);
}

/* All of @file, in a buffer that grows: a pipe has no size beforehand. */
static int read_whole_file(struct input *in, FILE *file, const char *expected)
{
	size_t cap = 1U << 16;

	for (;;) {
		u8 *bytes = realloc(in->bytes, cap);

		if (!bytes)
			return usage_error(in->name, "out of memory");
		in->bytes = bytes;
		in->len += fread(bytes + in->len, 1, cap - in->len, file);
		if (in->len < cap)
			break;
		if (cap > INPUT_SIZE_MAX)
			return usage_error(in->name,
					   "too large: expected at most "
					   "%u MiB",
					   INPUT_SIZE_MAX >> 20);
		/* One byte more than allowed tells that there is more. */
		cap = min_u64(cap * 2, INPUT_SIZE_MAX + 1);
	}
	if (ferror(file))
		return usage_error(in->name, "%s", strerror(errno));
	if (!in->len)
		return usage_error(in->name, "empty: expected %s", expected);
	in->is_text = scenario_is_text(in->bytes, in->len);
	return 0;
}

static bool is_directory(FILE *file)
{
	struct stat st;

	return !fstat(fileno(file), &st) && S_ISDIR(st.st_mode);
}

int input_load(struct input *in, const char *path, const char *expected)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *file = is_stdin ? stdin : fopen(path, "rb");
	int err;

	*in = (struct input){ .name = is_stdin ? "standard input" : path };
	if (!file)
		return usage_error(path, "%s", strerror(errno));
	if (is_directory(file))
		err = usage_error(in->name, "is a directory: expected a file");
	else
		err = read_whole_file(in, file, expected);
	if (!is_stdin)
		fclose(file);
	if (err)
		input_free(in);
	return err;
}

void input_free(struct input *in)
{
	free(in->bytes);
	in->bytes = NULL;
	in->len = 0;
}

/* As input_load_scenario() has it; @in stays the caller's. */
static int parse_input(const struct input *in, struct scenario *sc)
{
	struct scenario_error error = { 0 };
	int err;

	if (!in->is_text && in->len < BYTES_PER_OP)
		return usage_error(in->name,
				   "%zu bytes: expected text, or operations of "
				   "%d bytes each",
				   in->len, BYTES_PER_OP);
	if (scenario_init(sc))
		return usage_error(in->name, "out of memory");
	if (in->is_text)
		err = scenario_parse(sc, (const char *)in->bytes, in->len,
				     &error);
	else
		err = scenario_decode(sc, in->bytes, in->len);
	/* Bytes may be nothing but schedules, in a fuzzer's corpus. */
	if (!err && in->is_text && !sc->nr_ops)
		err = usage_error(in->name,
				  "no operation: expected a scenario");
	if (!err)
		return 0;
	scenario_free(sc);
	if (err == EXIT_USAGE)
		return err;
	if (err == -EINVAL) {
		print_scenario_error(in->name, &error);
		return EXIT_USAGE;
	}
	return usage_error(in->name, "out of memory");
}

int input_load_scenario(struct input *in, struct scenario *sc, const char *path,
			bool bytes)
{
	int err = input_load(in, path, "a scenario");

	if (err)
		return err;
	if (bytes)
		in->is_text = false;
	else
		err = input_check_form(in);
	if (!err)
		err = parse_input(in, sc);
	if (err)
		input_free(in);
	return err;
}
