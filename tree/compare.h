/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scenario on the tree, and on the model: what is held against what after each
 * operation.
 */
#ifndef RMAPDIFF_TREE_COMPARE_H
#define RMAPDIFF_TREE_COMPARE_H

#include "../model/machine.h"
#include "../model/scenario/scenario.h"
#include "../subject/snapshot.h"
#include "glue.h"
#include "known.h"

enum tree_verdict {
	TREE_FINE,
	TREE_DISAGREES, /* with its page tables, itself or the model */
	TREE_UNSUITABLE, /* cannot be done on this tree */
};

struct tree_result {
	enum tree_verdict verdict;
	u32 ops; /* done */
	u32 model_ops; /* of them, compared with the model */
	u64 walks; /* of folios, compared */
	u32 op_nr; /* of the disagreement, from 1; 0: after the last */
	int op_result; /* of the last operation, on the tree: 0 or an errno */
	bool with_model; /* it is one with the model: diff says */
	struct snap_difference diff;
	char why[TREE_WHY_MAX]; /* else: what is wrong, or unsuitable */
	u32 met[KNOWN_MAX]; /* known findings that were gone on past */
	/* Of the operation that tree_session.fail has: asked for in it. */
	u32 allocations;
};

/* An allocation that fails: the @nth of operation @op_nr, both from 1. */
struct tree_fail {
	u32 op_nr; /* 0: none */
	u32 nth;
};

struct tree_session {
	struct dump *dump; /* after the last operation */
	struct dump *before; /* it */
	unsigned long long *tails; /* of the pages of each: tree_look() */
	unsigned long long *tails_before;
	struct snapshot tree;
	struct snapshot model;
	struct machine_config config; /* of the model */
	bool walks_only; /* no model */
	u32 features; /* of the tree: enum kernel_feature */
	const struct known_list *known; /* NULL: none */
	struct tree_fail fail;
	u64 reach; /* of page tables, in pages */
	/* Called before each operation; may be NULL. */
	void (*before_op)(void *arg, u32 op_nr);
	void *arg;
};

/* On the tree's first task, once: 0, or a negative errno. */
int tree_session_open(struct tree_session *ts);

/* Where the window of @sc is on this tree. */
u64 tree_base(const struct tree_session *ts, const struct scenario *sc);

/* 0 with @result, or a negative errno if memory is out. */
int tree_compare(struct tree_session *ts, const struct scenario *sc,
		 struct tree_result *result);

#endif
