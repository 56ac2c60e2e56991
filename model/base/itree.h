/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interval tree: closed ranges [first, last] of page offsets, found by overlap.
 *
 * As include/linux/interval_tree_generic.h: ordered by first, ranges with the
 * same first in the order of insertion, each node knowing the largest last
 * below it.
 */
#ifndef RMAPDIFF_BASE_ITREE_H
#define RMAPDIFF_BASE_ITREE_H

#include "tree.h"
#include "types.h"

struct itree_node {
	RB_ENTRY(itree_node) rb;
	u64 first;
	u64 last;
	u64 subtree_last; /* largest last in the subtree below, itself included */
	u64 seq; /* tells equal firsts apart */
};

RB_HEAD(itree_rb, itree_node);

struct itree {
	struct itree_rb rb;
	u64 next_seq;
};

void itree_init(struct itree *tree);
bool itree_empty(const struct itree *tree);

/* Puts @node, the caller's, in as [first, last]; first <= last. */
void itree_insert(struct itree *tree, struct itree_node *node, u64 first,
		  u64 last);

/* The same, but before all that begin at @first: a tree has one or the other. */
void itree_insert_before(struct itree *tree, struct itree_node *node, u64 first,
			 u64 last);
void itree_remove(struct itree *tree, struct itree_node *node);

/* Is @node in @tree?  Linear in the tree's depth; for checks. */
bool itree_contains(struct itree *tree, const struct itree_node *node);

/*
 * The first node, in tree order, that overlaps [first, last], then the next
 * one; NULL when there is none.  @visited, where given, is raised by the nodes
 * that the search looked at.
 */
struct itree_node *itree_iter_first(struct itree *tree, u64 first, u64 last,
				    u64 *visited);
struct itree_node *itree_iter_next(struct itree_node *node, u64 first, u64 last,
				   u64 *visited);

/* NULL if @tree is in order, else what is wrong with it; for checks. */
const char *itree_verify(struct itree *tree);

#endif
