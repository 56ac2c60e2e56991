// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of a scenario a kernel cannot do, or a process cannot do to itself.
 */
#include <inttypes.h>
#include <stdio.h>
#include "compare.h"

#define PLACE_MAX 32

/*
 * A range that an operation names.  One that ends above user space is refused,
 * by the calls that could do harm in it, before anything is done.
 */
struct range {
	u64 first;
	u64 len;
};

static bool overlaps(const struct range *range, u64 first, u64 last)
{
	return range->first <= last && range->first + range->len > first;
}

/* "line 3", or "op 3" in a scenario of bytes. */
static const char *place(const struct scenario *sc, const struct op *op,
			 char text[PLACE_MAX])
{
	bool has_line = op->line;

	snprintf(text, PLACE_MAX, "%s %u", has_line ? "line" : "op",
		 has_line ? op->line : (u32)(op - sc->ops) + 1);
	return text;
}

static bool range_suitable(const struct scenario *sc, const struct op *op,
			   u64 page, u64 len, struct kernel_window *window,
			   char why[KERNEL_WHY_MAX])
{
	struct range range = { sc->base + page, len ? len : 1 };
	char at[PLACE_MAX];

	if (op->kind == OP_MADVISE || op->kind == OP_MPROTECT) {
		if (range.first + range.len > TASK_PAGES &&
		    range.first < TASK_PAGES)
			range.len = TASK_PAGES - range.first;
	}
	if (range.first + range.len > TASK_PAGES)
		return true;
	if (overlaps(&range, EXECUTOR_FIRST_PAGE, EXECUTOR_LAST_PAGE) ||
	    overlaps(&range, STACK_FIRST_PAGE, TASK_PAGES)) {
		snprintf(why, KERNEL_WHY_MAX,
			 "%s: pages 0x%" PRIx64 "+0x%" PRIx64
			 " are where the process itself lives",
			 place(sc, op, at), range.first, range.len);
		return false;
	}
	if (range.first < window->first)
		window->first = range.first;
	if (range.first + range.len - 1 > window->last)
		window->last = range.first + range.len - 1;
	return true;
}

static bool op_suitable(const struct scenario *sc, const struct op *op,
			struct kernel_window *window, char why[KERNEL_WHY_MAX])
{
	char at[PLACE_MAX];

	if (op->kind == OP_FAILALLOC) {
		snprintf(why, KERNEL_WHY_MAX,
			 "%s: a kernel's allocations cannot be made to "
			 "fail (failalloc)",
			 place(sc, op, at));
		return false;
	}
	if (op->kind == OP_RECLAIM) {
		snprintf(why, KERNEL_WHY_MAX,
			 "%s: a kernel drops a page only when it has swap "
			 "for it (reclaim)",
			 place(sc, op, at));
		return false;
	}
	if (op->flags & OP_PARALLEL) {
		snprintf(why, KERNEL_WHY_MAX,
			 "%s: a kernel cannot be made to follow a "
			 "schedule (||)",
			 place(sc, op, at));
		return false;
	}
	if (!op_takes(op->kind, FIELD_PAGE))
		return true;
	if (!range_suitable(sc, op, op->page, op->len, window, why))
		return false;
	if (op->kind != OP_MREMAP)
		return true;
	return range_suitable(sc, op, op->page, op->new_len, window, why) &&
	       (!(op->flags & OP_HAS_TO) ||
		range_suitable(sc, op, op->to, op->new_len, window, why));
}

bool kernel_suitable(const struct scenario *sc, struct kernel_window *window,
		     char why[KERNEL_WHY_MAX])
{
	u32 i;

	window->first = sc->base;
	window->last = sc->base;
	for (i = 0; i < sc->nr_ops; i++)
		if (!op_suitable(sc, &sc->ops[i], window, why))
			return false;
	return true;
}
