// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "finding.h"

#define SYMBOL_MAX 256

static const char *text_of(const struct tree_result *result)
{
	return result->with_model ? result->diff.what : result->why;
}

/* A number: decimal, or hexadecimal behind 0x. */
static const char *skip_number(const char *p)
{
	if (p[0] == '0' && p[1] == 'x') {
		p += 2;
		while (isxdigit((unsigned char)*p))
			p++;
		return p;
	}
	while (isdigit((unsigned char)*p))
		p++;
	return p;
}

void finding_kind(const struct tree_result *result, char kind[FINDING_KIND_MAX])
{
	const char *p = text_of(result);
	size_t len = 0;

	/* A walk's own words end at the colon: miss, duplicate, stray, leak. */
	if (result->with_model) {
		snprintf(kind, FINDING_KIND_MAX, "model");
		return;
	}
	while (*p && len < FINDING_KIND_MAX - 1) {
		if (isdigit((unsigned char)*p)) {
			kind[len++] = '#';
			p = skip_number(p);
		} else if (*p == ':' && islower((unsigned char)kind[0])) {
			break;
		} else {
			kind[len++] = *p++;
		}
	}
	kind[len] = '\0';
}

void finding_comment(const struct tree_result *result, FILE *out)
{
	if (result->with_model)
		fprintf(out,
			"# Tree and model disagree: %s\n# tree:  %s\n"
			"# model: %s\n",
			result->diff.what, result->diff.kernel,
			result->diff.model);
	else
		fprintf(out, "# %s\n", result->why);
}

/*
 * The name of the code at @address into @name, "" if it is not known: asked of
 * llvm-symbolizer, as "function mm/rmap.c:123".
 */
static void name_address(unsigned long address, char name[SYMBOL_MAX])
{
	char command[PATH_MAX + 128], self[PATH_MAX], where[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *pipe;

	name[0] = '\0';
	if (len <= 0)
		return;
	self[len] = '\0';
	/* The call, not where it returns to. */
	snprintf(command, sizeof(command),
		 "llvm-symbolizer-19 --no-inlines --relativenames --basenames "
		 "--obj='%s' 0x%lx 2>/dev/null",
		 self, address - 1);
	pipe = popen(command, "re");
	if (!pipe)
		return;
	if (fgets(name, SYMBOL_MAX, pipe) && fgets(where, PATH_MAX, pipe)) {
		name[strcspn(name, "\n")] = '\0';
		where[strcspn(where, "\n")] = '\0';
		len = (ssize_t)strlen(name);
		if (where[0] != '?')
			snprintf(name + len, SYMBOL_MAX - (size_t)len, " %s",
				 where);
	}
	if (name[0] == '?')
		name[0] = '\0';
	pclose(pipe);
}

/* Is there an address of code at @p: "0x" and sixteen digits, as %pS has it? */
static bool code_address(const char *p, unsigned long *address)
{
	if (strncmp(p, "0x00000000", 10))
		return false;
	for (int i = 10; i < 18; i++)
		if (!isxdigit((unsigned char)p[i]))
			return false;
	*address = strtoul(p, NULL, 16);
	return *address >= 0x60000000UL;
}

static const char *print_line(const char *p, FILE *out)
{
	char name[SYMBOL_MAX];
	unsigned long address;

	fputs("  | ", out);
	while (*p && *p != '\n') {
		if (!code_address(p, &address)) {
			fputc(*p++, out);
			continue;
		}
		name_address(address, name);
		fprintf(out, "%.18s%s%s%s", p, name[0] ? " (" : "", name,
			name[0] ? ")" : "");
		p += 18;
	}
	fputc('\n', out);
	return *p ? p + 1 : p;
}

void finding_print_report(const char *report, FILE *out)
{
	while (*report)
		report = print_line(report, out);
}
