/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Findings, for people: what kind one is, and what the tree printed with it.
 */
#ifndef RMAPDIFF_TREE_FINDING_H
#define RMAPDIFF_TREE_FINDING_H

#include <stdio.h>
#include "compare.h"

#define FINDING_KIND_MAX 128

/*
 * What two findings have in common that are taken for the same: the first words
 * of what is wrong, with every number as #.
 */
void finding_kind(const struct tree_result *result,
		  char kind[FINDING_KIND_MAX]);

/*
 * Return which of @known the finding in @result is, of operation @op_nr of @sc, or
 * KNOWN_NONE.  @report is what the tree printed, @features what it has.
 */
u32 finding_known(const struct known_list *known, u32 features,
		  const struct scenario *sc, const struct tree_result *result,
		  u32 op_nr, const char *report);

/*
 * Does @report name code of @function, as this program's symbols have it?  A
 * function that was compiled into its caller has no code of its own.
 */
bool finding_names(const char *report, const char *function);

/* What is wrong, as a scenario's comment. */
void finding_comment(const struct tree_result *result, FILE *out);

/* @text, with addresses of the tree's code named as below. */
void finding_print_named(const char *text, FILE *out);

/*
 * What the tree printed, indented, with addresses of its code named, by
 * llvm-symbolizer where that is there: function, file and line.
 */
void finding_print_report(const char *report, FILE *out);

#endif
