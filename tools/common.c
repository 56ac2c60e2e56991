// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the subcommands share: numbers, messages.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

void print_document(void)
{
	setvbuf(stdout, NULL, _IOFBF, 0);
}

int finish_output(const char *command, int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	return usage_error(command, "cannot write to standard output: %s",
			   strerror(errno));
}

/* Those that are asserted to fail are no surprise. */
void print_errno(int err)
{
	const char *name = errno_name(err);

	if (name)
		printf("%s", name);
	else
		printf("errno %d", err);
}

void print_failed_ops(u32 failed, u32 as_asserted)
{
	if (!failed)
		return;
	printf(" (%u failed", failed);
	if (as_asserted == failed)
		printf(" as asserted");
	else if (as_asserted)
		printf(", %u of them as asserted", as_asserted);
	putchar(')');
}
