/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A list of known findings, that a run goes on past.
 *
 * It is a text file; docs/TREE.md has its format.  An entry says what a finding is
 * like: its kind, the operation, what differs, a function in the tree's report,
 * and which features the tree has.  All that it says must be so.
 */
#ifndef RMAPDIFF_TREE_KNOWN_H
#define RMAPDIFF_TREE_KNOWN_H

#include <linux/types.h>
#include <stdio.h>
#include "../model/base/types.h"

#define KNOWN_MAX 64
#define KNOWN_NONE KNOWN_MAX
#define KNOWN_TEXT_MAX 256
#define KNOWN_PATTERNS_MAX 128
#define KNOWN_WHY_MAX 512

/* What one line of an entry holds a finding's text against. */
enum known_field {
	KNOWN_KIND,
	KNOWN_OP,
	KNOWN_WHAT,
	KNOWN_TREE,
	KNOWN_MODEL,
	KNOWN_RESULT,
	KNOWN_FUNCTION,
	NR_KNOWN_FIELDS,
};

/* A shell pattern (fnmatch(3)), or the name of a function. */
struct known_pattern {
	u32 entry; /* whose */
	enum known_field field;
	char text[KNOWN_TEXT_MAX];
};

/* How many VMAs the tree has, and the model: where those of a process differ. */
enum known_vmas {
	KNOWN_VMAS_ANY,
	KNOWN_VMAS_SAME,
	KNOWN_VMAS_MORE, /* the tree has more */
	KNOWN_VMAS_FEWER,
	NR_KNOWN_VMAS,
};

struct known_entry {
	char name[KNOWN_TEXT_MAX];
	char upstream[KNOWN_TEXT_MAX];
	enum known_vmas vmas;
	u32 present; /* features that the tree has, and has not */
	u32 absent;
};

struct known_list {
	struct known_entry entries[KNOWN_MAX];
	u32 nr;
	struct known_pattern patterns[KNOWN_PATTERNS_MAX];
	u32 nr_patterns;
};

/* What is asked of a finding. */
struct known_finding {
	u32 features; /* of the tree */
	const char *texts[NR_KNOWN_FIELDS]; /* by field; KNOWN_FUNCTION: unused */
	const char *report; /* that the tree printed */
	/* Does @report name that function? */
	bool (*names)(const char *report, const char *function);
};

/*
 * Read entries from @in, behind those that @list has; @name is for messages.
 * False, with the line that is wrong in @why.
 */
bool known_read(struct known_list *list, FILE *in, const char *name,
		char why[KNOWN_WHY_MAX]);

/* The same from the file at @path; "none" empties the list. */
bool known_load(struct known_list *list, const char *path,
		char why[KNOWN_WHY_MAX]);

/* Return the first entry that @finding is, or KNOWN_NONE. */
u32 known_find(const struct known_list *list,
	       const struct known_finding *finding);

/* Print a line for each entry that was met, @met by entry. */
void known_print(const struct known_list *list, const u64 met[KNOWN_MAX],
		 FILE *out);

#endif
