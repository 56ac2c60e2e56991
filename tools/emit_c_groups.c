// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of a scenario no program can make happen: operations at the same time in
 * a given order, and what only the reverse map sees or does.
 */
#include <stdlib.h>
#include <string.h>
#include "emit_c.h"

/* The lines of several operations, as they stand in the scenario, into @out. */
static u32 print_groups(const struct scenario *sc, FILE *out)
{
	struct scenario line = *sc;
	u32 found = 0, nr;

	/* Printed as a scenario of its own, of which the base is known. */
	line.base = SCENARIO_BASE_DEFAULT;
	for (u32 i = 0; i < sc->nr_ops; i += nr) {
		nr = scenario_group(sc, i);
		if (nr < 2)
			continue;
		line.ops = &sc->ops[i];
		line.nr_ops = nr;
		scenario_print(&line, out);
		found++;
	}
	return found;
}

/* What was asserted behind a reclaim need not come where it was not done. */
static void drop_results_of_reclaim(struct scenario *sc)
{
	bool reclaimed = false;

	for (u32 i = 0; i < sc->nr_ops; i++) {
		reclaimed |= sc->ops[i].kind == OP_RECLAIM;
		if (reclaimed)
			sc->ops[i].flags &= (u8)~OP_HAS_EXPECTED;
	}
}

static u32 drop_kind(struct scenario *sc, enum op_kind kind)
{
	u32 nr = sc->nr_ops, kept = 0;

	for (u32 i = 0; i < nr; i++)
		if (sc->ops[i].kind != kind)
			sc->ops[kept++] = sc->ops[i];
	sc->nr_ops = kept;
	return nr - kept;
}

bool emit_sequential(struct emit *em, struct scenario *sc)
{
	size_t len;
	FILE *out = open_memstream(&em->groups, &len);

	if (!out)
		return false;
	em->nr_groups = print_groups(sc, out);
	if (fclose(out))
		return false;
	drop_results_of_reclaim(sc);
	scenario_sequential(sc);
	em->walks = drop_kind(sc, OP_WALK);
	em->reclaims = drop_kind(sc, OP_RECLAIM);
	return true;
}

/* Each line of @text between @before and @behind. */
static void print_framed_lines(FILE *out, const char *text, const char *before,
			       const char *behind)
{
	while (*text) {
		int len = (int)strcspn(text, "\n");

		fprintf(out, "%s%.*s%s\n", before, len, text, behind);
		text += len + (text[len] == '\n');
	}
}

void emit_left_out(const struct emit *em)
{
	FILE *out = em->out;

	if (em->walks)
		fprintf(out,
			" *\n * Left out: %u walk; that the kernel walks and "
			"changes nothing shows nowhere.\n",
			em->walks);
	if (em->reclaims)
		fprintf(out,
			" *\n * Left out: %u reclaim; a kernel drops a page "
			"only when it has swap for it.\n",
			em->reclaims);
	if (!em->nr_groups)
		return;
	fprintf(out, " *\n * In the scenario these run at the same time:\n"
		     " *\n");
	print_framed_lines(out, em->groups, " *\t", "");
	fprintf(out, " *\n * Here they are done one after the other, exits "
		     "last: a program cannot make the kernel\n"
		     " * follow a schedule.\n");
}

void emit_say_left_out(const struct emit *em)
{
	FILE *out = em->out;

	if (em->walks || em->reclaims)
		fprintf(out,
			"\tprintf(\"# left out: %u walk, %u reclaim\\n\");\n",
			em->walks, em->reclaims);
	if (!em->nr_groups)
		return;
	fprintf(out, "\tprintf(\"# at the same time in the scenario, one after "
		     "the other here:\\n\");\n");
	/* Text has no character that a string literal would mind. */
	print_framed_lines(out, em->groups, "\tprintf(\"#   ", "\\n\");");
}
