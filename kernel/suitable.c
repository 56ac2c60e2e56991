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

static bool range_overlaps(const struct range *range, u64 first, u64 last)
{
	return range->first <= last && range->first + range->len > first;
}

/* "line 3", or "op 3" in a scenario of bytes. */
static const char *op_place(const struct scenario *sc, const struct op *op,
			    char text[PLACE_MAX])
{
	bool has_line = op->line;

	snprintf(text, PLACE_MAX, "%s %u", has_line ? "line" : "op",
		 has_line ? op->line : (u32)(op - sc->ops) + 1);
	return text;
}

struct question {
	const struct scenario *sc;
	u64 task_pages;
	struct kernel_window *window;
	char *why; /* KERNEL_WHY_MAX bytes */
};

/*
 * Does @op say what comes of @range, and is that so only where user space ends at
 * 47 bits?
 */
static bool asserts_its_end(const struct question *q, const struct op *op,
			    const struct range *range)
{
	u64 end = range->first + range->len;
	char at[PLACE_MAX];

	if (!(op->flags & OP_HAS_EXPECTED) || end <= TASK_PAGES ||
	    end > q->task_pages)
		return false;
	snprintf(q->why, KERNEL_WHY_MAX,
		 "%s: the result that it asserts is that of four levels of "
		 "page tables; this kernel has five (LA57), and user space "
		 "up to 56 bits",
		 op_place(q->sc, op, at));
	return true;
}

static bool range_suitable(const struct question *q, const struct op *op,
			   u64 page, u64 len)
{
	struct range range = { q->sc->base + page, len ? len : 1 };
	char at[PLACE_MAX];

	/* These two go through the VMAs, and do not ask where user space ends. */
	if (op->kind == OP_MADVISE || op->kind == OP_MPROTECT) {
		if (range.first + range.len > q->task_pages &&
		    range.first < q->task_pages)
			range.len = q->task_pages - range.first;
	} else if (asserts_its_end(q, op, &range)) {
		return false;
	}
	if (range.first + range.len > q->task_pages)
		return true;
	if (range_overlaps(&range, EXECUTOR_FIRST_PAGE, EXECUTOR_LAST_PAGE) ||
	    range_overlaps(&range, STACK_FIRST_PAGE, TASK_PAGES - 1)) {
		snprintf(q->why, KERNEL_WHY_MAX,
			 "%s: pages 0x%" PRIx64 "+0x%" PRIx64
			 " are where the process itself lives",
			 op_place(q->sc, op, at), range.first, range.len);
		return false;
	}
	if (range.first < q->window->first)
		q->window->first = range.first;
	if (range.first + range.len - 1 > q->window->last)
		q->window->last = range.first + range.len - 1;
	return true;
}

static bool is_op_suitable(const struct question *q, const struct op *op)
{
	char at[PLACE_MAX];

	if (op->kind == OP_FAILALLOC) {
		snprintf(q->why, KERNEL_WHY_MAX,
			 "%s: a kernel's allocations cannot be made to "
			 "fail (failalloc)",
			 op_place(q->sc, op, at));
		return false;
	}
	if (op->kind == OP_RECLAIM) {
		snprintf(q->why, KERNEL_WHY_MAX,
			 "%s: a kernel drops a page only when it has swap "
			 "for it (reclaim)",
			 op_place(q->sc, op, at));
		return false;
	}
	if (op->flags & OP_PARALLEL) {
		snprintf(q->why, KERNEL_WHY_MAX,
			 "%s: a kernel cannot be made to follow a "
			 "schedule (||)",
			 op_place(q->sc, op, at));
		return false;
	}
	if (!op_takes(op->kind, FIELD_PAGE))
		return true;
	if (!range_suitable(q, op, op->page, op->len))
		return false;
	if (op->kind != OP_MREMAP)
		return true;
	return range_suitable(q, op, op->page, op->new_len) &&
	       (!(op->flags & OP_HAS_TO) ||
		range_suitable(q, op, op->to, op->new_len));
}

bool kernel_suitable(const struct scenario *sc, u64 task_pages,
		     struct kernel_window *window, char why[KERNEL_WHY_MAX])
{
	const struct question q = {
		.sc = sc,
		.task_pages = task_pages,
		.window = window,
		.why = why,
	};
	u32 i;

	window->first = sc->base;
	window->last = sc->base;
	for (i = 0; i < sc->nr_ops; i++)
		if (!is_op_suitable(&q, &sc->ops[i]))
			return false;
	return true;
}
