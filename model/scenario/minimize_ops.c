// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minimizing: passes over operations as wholes, and over who does them.
 */
#include <string.h>
#include "minimizer.h"

/* Above that a pass over all orders costs more than it is worth. */
#define REORDER_OPS_MAX 40

/* Pieces of @count operations, from the end: what stands there hangs on the
 * rest, not the rest on it. */
bool drop_pieces(struct minimizer *min, u32 count)
{
	bool found = false;
	u32 end = min->best->nr_ops;

	while (end && !is_over(min)) {
		u32 first = end > count ? end - count : 0;
		struct op *ops = candidate_begin(min);
		u32 after = min->cand.nr_ops - end;

		memmove(&ops[first], &ops[end], after * sizeof(*ops));
		min->cand.nr_ops = first + after;
		if (candidate_try(min)) {
			found = true;
			first = (u32)min_u64(first, min->best->nr_ops);
		}
		end = first;
	}
	return found;
}

static bool is_birth(const struct op *op)
{
	return op->kind == OP_FORK || op->kind == OP_VFORK;
}

/* Does process @proc do @op? */
static bool is_of(const struct op *op, u32 proc)
{
	return op_takes((enum op_kind)op->kind, FIELD_PROC) && op->proc == proc;
}

/*
 * The child of birth @i is not born, and its parent does what it did, up to its
 * exit.
 */
static void let_parent_do_it(struct minimizer *min, u32 i)
{
	struct op *ops = min->cand.ops;
	u32 parent = ops[i].proc, child = ops[i].child;

	candidate_drop(min, i);
	while (i < min->cand.nr_ops) {
		struct op *op = &ops[i];

		if (!is_of(op, child)) {
			i++;
		} else if (op->kind == OP_EXIT) {
			candidate_drop(min, i);
			return;
		} else {
			op->proc = parent;
			i++;
		}
	}
}

/*
 * The child of birth @i is not born, and its parent goes on as it, doing nothing
 * of its own.
 */
static void let_child_take_over(struct minimizer *min, u32 i)
{
	struct op *ops = min->cand.ops;
	u32 parent = ops[i].proc, child = ops[i].child;

	candidate_drop(min, i);
	while (i < min->cand.nr_ops) {
		struct op *op = &ops[i];

		if (!is_of(op, parent) && !is_of(op, child)) {
			i++;
		} else if (op->proc == parent) {
			candidate_drop(min, i);
		} else {
			op->proc = parent;
			if (op->kind == OP_EXIT)
				return;
			i++;
		}
	}
}

/* All that the child of birth @i does goes; it may still exit, and be born. */
static void let_child_idle(struct minimizer *min, u32 i)
{
	struct op *ops = min->cand.ops;
	u32 child = ops[i].child;

	for (i++; i < min->cand.nr_ops;) {
		struct op *op = &ops[i];

		if (is_of(op, child) && op->kind == OP_EXIT)
			return;
		if (is_of(op, child))
			candidate_drop(min, i);
		else
			i++;
	}
}

bool drop_processes(struct minimizer *min)
{
	static void (*const ways[])(struct minimizer *, u32) = {
		let_parent_do_it,
		let_child_take_over,
		let_child_idle,
	};
	bool found = false;

	for (u32 way = 0; way < ARRAY_SIZE(ways); way++)
		for (u32 i = min->best->nr_ops; i-- && !is_over(min);) {
			if (i >= min->best->nr_ops ||
			    !is_birth(&min->best->ops[i]))
				continue;
			candidate_begin(min);
			ways[way](min, i);
			found |= candidate_try(min);
		}
	return found;
}

/* Same kind, process and arguments: do they differ in their ranges only? */
static bool differ_in_range_only(const struct op *a, const struct op *b)
{
	return a->kind == b->kind && a->proc == b->proc &&
	       !((a->flags ^ b->flags) & (u8)~OP_PARALLEL) &&
	       a->prot == b->prot && a->advice == b->advice &&
	       a->file == b->file &&
	       (!(a->flags & OP_HAS_FILE) ||
		a->off - a->page == b->off - b->page);
}

/*
 * What @a and @b do, done by one:
 *
 *	|  a  |          mremap a: ---- to ----> b: ---- to ---->
 *	    |  b  |
 *	|  joined |      mremap joined: ------------ to -------->
 */
static bool merge_ops(const struct op *a, const struct op *b, struct op *joined)
{
	*joined = *a;
	if (a->kind == OP_MREMAP) {
		if (b->kind != OP_MREMAP || a->proc != b->proc ||
		    a->to != b->page || !(a->flags & b->flags & OP_HAS_TO))
			return false;
		joined->new_len = b->new_len;
		joined->to = b->to;
		return true;
	}
	if (!op_has_len(a) || !differ_in_range_only(a, b) ||
	    a->page > b->page + b->len || b->page > a->page + a->len)
		return false;
	joined->page = min_u64(a->page, b->page);
	joined->off = min_u64(a->off, b->off);
	joined->len =
		max_u64(a->page + a->len, b->page + b->len) - joined->page;
	return true;
}

bool join_ops(struct minimizer *min)
{
	bool found = false;
	struct op joined;

	for (u32 i = 0; i < min->best->nr_ops; i++)
		for (u32 j = i + 1; j < min->best->nr_ops && !is_over(min);
		     j++) {
			struct op *ops = min->best->ops;
			bool done;

			if (!merge_ops(&ops[i], &ops[j], &joined))
				continue;
			candidate_begin(min);
			candidate_put(min, i, &joined);
			candidate_drop(min, j);
			done = candidate_try(min);
			if (!done) {
				candidate_begin(min);
				candidate_put(min, j, &joined);
				candidate_drop(min, i);
				done = candidate_try(min);
			}
			found |= done;
		}
	return found;
}

/* May @op become one of @kind, which is simpler, with what it has? */
static bool may_become(const struct op *op, enum op_kind kind)
{
	enum op_kind old = (enum op_kind)op->kind;

	return kind_weight((u8)kind) < kind_weight(op->kind) &&
	       op_takes(old, FIELD_PROC) &&
	       op_takes(old, FIELD_PAGE) >= op_takes(kind, FIELD_PAGE) &&
	       op_takes(old, FIELD_CHILD) >= op_takes(kind, FIELD_CHILD);
}

bool simplify_kinds(struct minimizer *min)
{
	bool found = false;

	for (u32 i = 0; i < min->best->nr_ops; i++)
		for (u32 kind = 0; kind < NR_OPS && !is_over(min); kind++) {
			struct op *op = &candidate_begin(min)[i];

			if (!may_become(op, (enum op_kind)kind))
				continue;
			op_become(op, (enum op_kind)kind);
			if (!candidate_try(min))
				continue;
			found = true;
			if (i >= min->best->nr_ops)
				return true;
		}
	return found;
}

/* From @first on, the processes of slots @a and @b change roles. */
static void swap_processes(struct minimizer *min, u32 first, u32 a, u32 b)
{
	for (u32 i = first; i < min->cand.nr_ops; i++) {
		struct op *op = &min->cand.ops[i];
		enum op_kind kind = (enum op_kind)op->kind;

		if (!op_takes(kind, FIELD_PROC))
			continue;
		if (op->proc == a || op->proc == b)
			op->proc = op->proc == a ? b : a;
		if (op_takes(kind, FIELD_CHILD) &&
		    (op->child == a || op->child == b))
			op->child = op->child == a ? b : a;
	}
}

/* Another process with a lower slot does operation @i; or the two change roles. */
static bool lower_process(struct minimizer *min, u32 i, u32 slot)
{
	u32 proc = min->best->ops[i].proc;

	candidate_begin(min)[i].proc = slot;
	if (candidate_try(min))
		return true;
	candidate_begin(min);
	swap_processes(min, i, slot, proc);
	return candidate_try(min);
}

bool lower_processes(struct minimizer *min)
{
	bool found = false;

	for (u32 i = 0; i < min->best->nr_ops; i++)
		for (u32 slot = 0; !is_over(min); slot++) {
			if (i >= min->best->nr_ops ||
			    slot >= min->best->ops[i].proc)
				break;
			found |= lower_process(min, i, slot);
		}
	return found;
}

/*
 * Operation @i to place @to, before it, for process @proc to do; those between
 * move on by one.
 */
static bool move_op(struct minimizer *min, u32 i, u32 to, u32 proc)
{
	struct op *ops = candidate_begin(min);
	struct op op = ops[i];

	op.proc = proc;
	memmove(&ops[to + 1], &ops[to], (i - to) * sizeof(*ops));
	ops[to] = op;
	return candidate_try(min);
}

bool reorder_ops(struct minimizer *min)
{
	bool found = false;

	if (min->best->nr_ops > REORDER_OPS_MAX)
		return false;
	for (u32 i = 1; i < min->best->nr_ops; i++)
		for (u32 to = 0; to < i && !is_over(min); to++) {
			u32 proc = min->best->ops[i].proc;

			/* Before the birth of its process the parent does it. */
			for (u32 slot = 0; slot <= proc; slot++)
				if (move_op(min, i, to, slot)) {
					found = true;
					break;
				}
			if (i >= min->best->nr_ops)
				return found;
		}
	return found;
}
