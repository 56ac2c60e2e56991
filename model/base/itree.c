// SPDX-License-Identifier: GPL-2.0-only
/*
 * A red-black tree, augmented with the largest last below each node.
 *
 * bsd/sys/tree.h recomputes the nodes that it rotates, from children that may
 * be stale themselves, and does not go on to the root.  But what it leaves
 * stale lies on one path: from the lowest node whose subtree lost or gained
 * something, up to the root.  A node that a rotation takes off this path has
 * only children off the path, which are right, when it is recomputed; one that
 * a rotation brings onto it is met on the way.  So recomputing that path, after
 * the tree has found its shape, makes all right again.
 */
#include "itree.h"

static int itree_cmp(const struct itree_node *a, const struct itree_node *b)
{
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return 0;
}

static u64 subtree_last(const struct itree_node *node)
{
	u64 last = node->last;

	if (RB_LEFT(node, rb))
		last = max_u64(last, RB_LEFT(node, rb)->subtree_last);
	if (RB_RIGHT(node, rb))
		last = max_u64(last, RB_RIGHT(node, rb)->subtree_last);
	return last;
}

#undef RB_AUGMENT
#define RB_AUGMENT(node) ((node)->subtree_last = subtree_last(node))

RB_GENERATE_FILE(itree_rb, itree_node, rb, itree_cmp)

static void recompute_to_root(struct itree_node *node)
{
	for (; node; node = RB_PARENT(node, rb))
		node->subtree_last = subtree_last(node);
}

void itree_init(struct itree *tree)
{
	RB_INIT(&tree->rb);
	tree->next_seq = 0;
}

bool itree_empty(const struct itree *tree)
{
	return RB_EMPTY(&tree->rb);
}

static void insert_by(struct itree *tree, struct itree_node *node, u64 first,
		      u64 last, u64 seq)
{
	node->first = first;
	node->last = last;
	node->subtree_last = last;
	node->seq = seq;
	RB_INSERT(itree_rb, &tree->rb, node);
	recompute_to_root(node);
}

void itree_insert(struct itree *tree, struct itree_node *node, u64 first,
		  u64 last)
{
	insert_by(tree, node, first, last, tree->next_seq++);
}

void itree_insert_before(struct itree *tree, struct itree_node *node, u64 first,
			 u64 last)
{
	insert_by(tree, node, first, last, ~tree->next_seq++);
}

/*
 * Where the tree will have changed lowest once @node is out: a node with two
 * children is replaced by its successor.
 *
 *	    node                 next
 *	   /    \               /    \
 *	  .      b     ->      .      b	  b's subtree lost next
 *	        / \                  / \
 *	      next .                .   .
 */
static struct itree_node *lowest_changed(struct itree_node *node)
{
	struct itree_node *next;

	if (!RB_LEFT(node, rb) || !RB_RIGHT(node, rb))
		return RB_PARENT(node, rb);
	next = RB_RIGHT(node, rb);
	while (RB_LEFT(next, rb))
		next = RB_LEFT(next, rb);
	return RB_PARENT(next, rb) == node ? next : RB_PARENT(next, rb);
}

void itree_remove(struct itree *tree, struct itree_node *node)
{
	struct itree_node *lowest = lowest_changed(node);

	RB_REMOVE(itree_rb, &tree->rb, node);
	recompute_to_root(lowest);
}

bool itree_contains(struct itree *tree, const struct itree_node *node)
{
	/* RB_FIND() takes no const, but leaves its key alone. */
	return RB_FIND(itree_rb, &tree->rb, (struct itree_node *)node) == node;
}

static void count_visit(u64 *visited)
{
	if (visited)
		++*visited;
}

/*
 * The first node in tree order, at or below @node, that overlaps [first,
 * last]; @node->subtree_last >= first, so one reaches @first, if it does not
 * start after @last.  One path down: where the left subtree reaches @first,
 * either the answer is in it, or its node that reaches @first starts after
 * @last, and so does all that follows it.  Where neither it nor the node itself
 * reaches @first, the right subtree does.
 */
static struct itree_node *search_subtree(struct itree_node *node, u64 first,
					 u64 last, u64 *visited)
{
	while (node) {
		struct itree_node *left = RB_LEFT(node, rb);

		count_visit(visited);
		if (left && left->subtree_last >= first) {
			node = left;
			continue;
		}
		if (node->first > last)
			return NULL;
		if (node->last >= first)
			return node;
		node = RB_RIGHT(node, rb);
	}
	return NULL;
}

struct itree_node *itree_iter_first(struct itree *tree, u64 first, u64 last,
				    u64 *visited)
{
	struct itree_node *root = RB_ROOT(&tree->rb);

	if (!root)
		return NULL;
	if (root->subtree_last < first) {
		count_visit(visited);
		return NULL;
	}
	return search_subtree(root, first, last, visited);
}

/* The first node after all of @node's subtree, NULL at the end. */
static struct itree_node *after_subtree(struct itree_node *node)
{
	struct itree_node *parent = RB_PARENT(node, rb);

	while (parent && RB_RIGHT(parent, rb) == node) {
		node = parent;
		parent = RB_PARENT(node, rb);
	}
	return parent;
}

struct itree_node *itree_iter_next(struct itree_node *node, u64 first, u64 last,
				   u64 *visited)
{
	for (;;) {
		struct itree_node *right = RB_RIGHT(node, rb);

		/* As the whole of right is after node, it decides if it can. */
		if (right && right->subtree_last >= first)
			return search_subtree(right, first, last, visited);
		node = after_subtree(node);
		if (!node)
			return NULL;
		count_visit(visited);
		if (node->first > last)
			return NULL;
		if (node->last >= first)
			return node;
	}
}

/* Deeper than any tree that fits into memory: a loop. */
#define DEPTH_MAX 128

/* A pass in tree order that trusts no link but the way down. */
struct verify {
	const struct itree_node *prev;
	u32 depth;
	u32 black; /* black nodes on the way down to here */
	u32 black_at_end; /* on the way to the first empty child */
	bool seen_end;
	const char *wrong;
};

static bool is_red(const struct itree_node *node)
{
	return node && RB_COLOR(node, rb) == RB_RED;
}

static const char *verify_node(const struct itree_node *node,
			       const struct itree_node *prev)
{
	const struct itree_node *left = RB_LEFT(node, rb);
	const struct itree_node *right = RB_RIGHT(node, rb);

	if (node->first > node->last)
		return "a range ends before it starts";
	if (prev && itree_cmp(prev, node) >= 0)
		return "nodes are out of order";
	if (is_red(node) && (is_red(left) || is_red(right)))
		return "a red node has a red child";
	if (node->subtree_last != subtree_last(node))
		return "subtree_last is wrong";
	return NULL;
}

/* Where the tree ends, all paths have met as many black nodes. */
static void verify_end(struct verify *verify)
{
	if (!verify->seen_end)
		verify->black_at_end = verify->black;
	else if (verify->black != verify->black_at_end)
		verify->wrong = "paths have different numbers of black nodes";
	verify->seen_end = true;
}

static void verify_below(struct verify *verify, const struct itree_node *node,
			 const struct itree_node *parent)
{
	if (verify->wrong)
		return;
	if (!node) {
		verify_end(verify);
		return;
	}
	if (RB_PARENT(node, rb) != parent)
		verify->wrong = "a node has a wrong parent";
	else if (verify->depth == DEPTH_MAX)
		verify->wrong = "the tree is too deep";
	if (verify->wrong)
		return;
	verify->depth++;
	verify->black += !is_red(node);
	verify_below(verify, RB_LEFT(node, rb), node);
	if (!verify->wrong)
		verify->wrong = verify_node(node, verify->prev);
	verify->prev = node;
	verify_below(verify, RB_RIGHT(node, rb), node);
	verify->black -= !is_red(node);
	verify->depth--;
}

const char *itree_verify(struct itree *tree)
{
	struct verify verify = { .wrong = NULL };

	verify_below(&verify, RB_ROOT(&tree->rb), NULL);
	return verify.wrong;
}
