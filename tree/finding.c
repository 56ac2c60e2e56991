// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "finding.h"

#define SYMBOL_MAX 256
#define ADDRESSES_MAX 128
#define OP_TEXT_MAX 256

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

u32 finding_known(const struct known_list *known, u32 features,
		  const struct scenario *sc, const struct tree_result *result,
		  u32 op_nr, const char *report)
{
	char kind[FINDING_KIND_MAX], op[OP_TEXT_MAX] = "";
	struct known_finding finding = {
		.features = features,
		.report = report,
		.names = finding_names,
	};

	finding_kind(result, kind);
	if (op_nr)
		scenario_print_op(sc, &sc->ops[op_nr - 1], op, sizeof(op));
	finding.texts[KNOWN_KIND] = kind;
	finding.texts[KNOWN_OP] = op;
	finding.texts[KNOWN_WHAT] = text_of(result);
	finding.texts[KNOWN_RESULT] = errno_name(result->op_result);
	if (result->with_model) {
		finding.texts[KNOWN_TREE] = result->diff.kernel;
		finding.texts[KNOWN_MODEL] = result->diff.model;
	}
	return known_find(known, &finding);
}

/* Addresses of the tree's code in a report, and the names that they have. */
struct names {
	u32 nr;
	unsigned long addresses[ADDRESSES_MAX];
	char names[ADDRESSES_MAX][SYMBOL_MAX];
};

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

static u32 name_at(const struct names *names, unsigned long address)
{
	u32 i;

	for (i = 0; i < names->nr; i++)
		if (names->addresses[i] == address)
			break;
	return i;
}

static void collect(struct names *names, const char *report)
{
	unsigned long address;

	for (const char *p = report; *p; p++)
		if (code_address(p, &address) && names->nr < ADDRESSES_MAX &&
		    name_at(names, address) == names->nr)
			names->addresses[names->nr++] = address;
}

/* Does @report have an address in [@start, @end)? */
static bool mentions(const char *report, unsigned long start, unsigned long end)
{
	unsigned long address;

	for (const char *p = report; *p; p++)
		if (code_address(p, &address) && address >= start &&
		    address <= end)
			return true;
	return false;
}

/* The functions of that name in one symbol table of the file at @elf. */
static bool mentions_one_of(const char *report, const char *function,
			    const char *elf, const Elf64_Shdr *section)
{
	const Elf64_Ehdr *header = (const void *)elf;
	const Elf64_Shdr *sections = (const void *)(elf + header->e_shoff);
	const Elf64_Sym *symbols = (const void *)(elf + section->sh_offset);
	const char *strings = elf + sections[section->sh_link].sh_offset;

	for (size_t i = 0; i < section->sh_size / sizeof(*symbols); i++)
		if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC &&
		    !strcmp(strings + symbols[i].st_name, function) &&
		    mentions(report, symbols[i].st_value,
			     symbols[i].st_value + symbols[i].st_size))
			return true;
	return false;
}

static bool search_file(const char *report, const char *function,
			const char *elf)
{
	const Elf64_Ehdr *header = (const void *)elf;
	const Elf64_Shdr *sections = (const void *)(elf + header->e_shoff);

	for (u32 i = 0; i < header->e_shnum; i++)
		if (sections[i].sh_type == SHT_SYMTAB &&
		    mentions_one_of(report, function, elf, &sections[i]))
			return true;
	return false;
}

bool finding_names(const char *report, const char *function)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool found = false;
	struct stat st;
	void *elf;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st)) {
		elf = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd,
			   0);
		if (elf != MAP_FAILED) {
			found = search_file(report, function, elf);
			munmap(elf, (size_t)st.st_size);
		}
	}
	close(fd);
	return found;
}

/* "function mm/rmap.c:123" into @name, from the symbolizer's two lines. */
static bool read_name(FILE *pipe, char name[SYMBOL_MAX])
{
	char function[PATH_MAX], where[PATH_MAX], blank[PATH_MAX];
	char *column;

	if (!fgets(function, sizeof(function), pipe) ||
	    !fgets(where, sizeof(where), pipe) ||
	    !fgets(blank, sizeof(blank), pipe))
		return false;
	function[strcspn(function, "\n")] = '\0';
	where[strcspn(where, "\n")] = '\0';
	column = strrchr(where, ':');
	if (column)
		*column = '\0';
	if (function[0] != '?')
		snprintf(name, SYMBOL_MAX, "%.120s%s%.120s", function,
			 where[0] == '?' ? "" : " ",
			 where[0] == '?' ? "" : where);
	return true;
}

/* Asks llvm-symbolizer, once; without it no address has a name. */
static void find_names(struct names *names)
{
	char command[PATH_MAX + 128 + ADDRESSES_MAX * 20];
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *pipe;
	int at;

	if (len <= 0 || !names->nr)
		return;
	self[len] = '\0';
	at = snprintf(command, sizeof(command),
		      "llvm-symbolizer-19 --no-inlines --relativenames "
		      "--obj='%s' 2>/dev/null",
		      self);
	/* The call, not where it returns to. */
	for (u32 i = 0; i < names->nr; i++)
		at += snprintf(command + at, sizeof(command) - (size_t)at,
			       " 0x%lx", names->addresses[i] - 1);
	pipe = popen(command, "re");
	if (!pipe)
		return;
	for (u32 i = 0; i < names->nr; i++)
		if (!read_name(pipe, names->names[i]))
			break;
	pclose(pipe);
}

/*
 * Words of the stack, and addresses that were found there by chance: arch/um has
 * both before and among the callers.
 */
static bool says_nothing(const char *line, size_t len, bool *in_stack)
{
	const char *mark;

	if (len >= 6 && !memcmp(line, "Stack:", 6))
		*in_stack = true;
	if (len >= 11 && !memcmp(line, "Call Trace:", 11))
		*in_stack = false;
	if (*in_stack)
		return true;
	mark = memmem(line, len, ">] ? ", 5);
	return mark != NULL;
}

static void print_named(const struct names *names, const char *line, size_t len,
			FILE *out)
{
	unsigned long address;
	u32 nr;

	for (size_t i = 0; i < len; i++) {
		if (!code_address(line + i, &address)) {
			fputc(line[i], out);
			continue;
		}
		nr = name_at(names, address);
		if (nr < names->nr && names->names[nr][0])
			fputs(names->names[nr], out);
		else
			fprintf(out, "0x%lx", address);
		i += 17;
	}
}

void finding_print_named(const char *text, FILE *out)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names) {
		fputs(text, out);
		return;
	}
	collect(names, text);
	find_names(names);
	print_named(names, text, strlen(text), out);
	free(names);
}

void finding_comment(const struct tree_result *result, FILE *out)
{
	if (result->with_model) {
		fprintf(out,
			"# Tree and model disagree: %s\n# tree:  %s\n"
			"# model: %s\n",
			result->diff.what, result->diff.kernel,
			result->diff.model);
		return;
	}
	fputs("# ", out);
	finding_print_named(result->why, out);
	fputc('\n', out);
}

void finding_print_report(const char *report, FILE *out)
{
	struct names *names = calloc(1, sizeof(*names));
	bool in_stack = false;

	if (!names)
		return;
	collect(names, report);
	find_names(names);
	while (*report) {
		size_t len = strcspn(report, "\n");

		if (!says_nothing(report, len, &in_stack)) {
			fputs("  | ", out);
			print_named(names, report, len, out);
			fputc('\n', out);
		}
		report += len;
		report += *report == '\n';
	}
	free(names);
}
