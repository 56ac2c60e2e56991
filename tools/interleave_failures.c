// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff interleave --each: which failures are of one sort.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "interleave.h"

static bool same_sort(const struct interleave_failure *failure,
		      const struct interleave_failure *other)
{
	return failure->kind == other->kind &&
	       failure->ops[0] == other->ops[0] &&
	       failure->ops[1] == other->ops[1] &&
	       failure->nr_left == other->nr_left &&
	       !memcmp(failure->left, other->left,
		       other->nr_left * sizeof(*other->left));
}

static struct interleave_failure *room(struct interleave_failures *failures)
{
	u32 cap = failures->cap ? 2 * failures->cap : 16;
	struct interleave_failure *all;

	if (failures->nr == failures->cap) {
		all = realloc(failures->all, cap * sizeof(*all));
		if (!all)
			return NULL;
		failures->all = all;
		failures->cap = cap;
	}
	return &failures->all[failures->nr++];
}

static void put_name(char name[256], const char *file)
{
	size_t len = strlen(file);
	size_t skip = len > 255 ? len - 255 : 0;

	memcpy(name, file + skip, len - skip + 1);
}

/* The shorter example stays. */
static int keep_line(struct interleave_failure *failure,
		     const struct scenario *sc, u32 first,
		     const struct explored *explored, const char *file)
{
	if (failure->line.ops && failure->line.nr_ops <= first + 2)
		return 0;
	put_name(failure->file, file);
	memcpy(failure->text, explored->report.text, sizeof(failure->text));
	failure->preemptions = explored->preemptions;
	scenario_free(&failure->line);
	return line_make(&failure->line, sc, first, 2, &explored->schedule);
}

int failures_add(struct interleave_failures *failures,
		 const struct scenario *sc, u32 first,
		 const struct explored *explored, const char *file)
{
	struct interleave_failure new = {
		.kind = explored->report.kind,
		.ops = { sc->ops[first].kind, sc->ops[first + 1].kind },
		.nr_left = explored->nr_left,
	};
	struct interleave_failure *failure;
	u32 i = 0;

	memcpy(new.left, explored->left, sizeof(new.left));
	while (i < failures->nr && !same_sort(&failures->all[i], &new))
		i++;
	if (i == failures->nr && i == INTERLEAVE_FAILURES_MAX) {
		failures->more = true;
		return 0;
	}
	if (i == failures->nr) {
		failure = room(failures);
		if (!failure)
			return -ENOMEM;
		*failure = new;
	}
	failure = &failures->all[i];
	failure->times++;
	return keep_line(failure, sc, first, explored, file);
}

void failures_free(struct interleave_failures *failures)
{
	for (u32 i = 0; i < failures->nr; i++)
		scenario_free(&failures->all[i].line);
	free(failures->all);
	memset(failures, 0, sizeof(*failures));
}

static int sort_cmp(const void *a, const void *b)
{
	const struct interleave_failure *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->ops[1] != y->ops[1])
		return x->ops[1] < y->ops[1] ? -1 : 1;
	if (x->ops[0] != y->ops[0])
		return x->ops[0] < y->ops[0] ? -1 : 1;
	if (x->nr_left != y->nr_left)
		return x->nr_left < y->nr_left ? -1 : 1;
	return memcmp(x->left, y->left, sizeof(x->left));
}

void failures_sort(struct interleave_failures *failures)
{
	if (failures->nr)
		qsort(failures->all, failures->nr, sizeof(*failures->all),
		      sort_cmp);
}

void failure_print_points(const struct explored_left *left, u32 nr, FILE *out)
{
	for (u32 i = 0; i < nr; i++)
		fprintf(out, "%s%u: %s", i ? "; " : "", left[i].task,
			sched_point_text(left[i].at));
}
