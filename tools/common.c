// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the subcommands share: input files, numbers, messages.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "tools.h"

int usage_error(const char *command, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", command);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

bool parse_number(const char *arg, u64 min, u64 max, u64 *number)
{
	bool hex = arg[0] == '0' && (arg[1] == 'x' || arg[1] == 'X');
	const char *digits = hex ? arg + 2 : arg;
	char *end;

	/* strtoull() would take blanks, a sign and octal. */
	if (!*digits || digits[strspn(digits, hex ? "0123456789abcdefABCDEF" :
						    "0123456789")])
		return false;
	errno = 0;
	*number = strtoull(digits, &end, hex ? 16 : 10);
	return !errno && *number >= min && *number <= max;
}

int take_number(const char *command, const char *option, u64 min, u64 max,
		u64 *number)
{
	u64 value;

	if (!parse_number(optarg, min, max, &value))
		return usage_error(command,
				   "--%s '%s': expected a number from %" PRIu64
				   " to %" PRIu64,
				   option, optarg, min, max);
	*number = value;
	return 0;
}

int take_u32(const char *command, const char *option, u32 min, u32 max,
	     u32 *number)
{
	u64 value = *number;
	int err = take_number(command, option, min, max, &value);

	if (!err)
		*number = (u32)value;
	return err;
}

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

u32 drop_failalloc(struct scenario *sc)
{
	u32 kept = 0, dropped = 0;

	for (u32 i = 0; i < sc->nr_ops; i++) {
		struct op op = sc->ops[i];

		if (op.kind == OP_FAILALLOC) {
			dropped++;
			continue;
		}
		if (dropped)
			op.flags &= (u8)~OP_HAS_EXPECTED;
		sc->ops[kept++] = op;
	}
	sc->nr_ops = kept;
	return dropped;
}

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int finish_output(const char *command, int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	return usage_error(command, "cannot write to standard output: %s",
			   strerror(errno));
}

void print_scenario_error(const char *name, const struct scenario_error *err)
{
	if (err->line)
		fprintf(stderr, "%s:%u:%u: %s\n", name, err->line, err->column,
			err->text);
	else
		fprintf(stderr, "%s: %s\n", name, err->text);
}

/* All of @file, in a buffer that grows: a pipe has no size beforehand. */
static int read_all(struct input *in, FILE *file, const char *expected)
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
		err = read_all(in, file, expected);
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

int input_parse(const struct input *in, struct scenario *sc)
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
	if (!err)
		return 0;
	scenario_free(sc);
	if (err == -EINVAL) {
		print_scenario_error(in->name, &error);
		return EXIT_USAGE;
	}
	return usage_error(in->name, "out of memory");
}

int input_load_scenario(struct input *in, struct scenario *sc, const char *path)
{
	int err = input_load(in, path, "a scenario");

	if (err)
		return err;
	err = input_parse(in, sc);
	if (err)
		input_free(in);
	return err;
}
