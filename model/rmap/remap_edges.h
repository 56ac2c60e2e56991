/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Edges: what the remaps of one address space would be as a maple tree from
 * offset to displacements, kept up to date without a look at the whole.
 *
 *	remap +100	  |-------------------|
 *	remap -5		|-------|
 *	edges		  1	1	1     1		(places where any begins or ends)
 *	maple tree   NULL |+100 |{-5,..}| +100| NULL	(slots: edges + 1)
 *
 * Each remap has an edge at either end.  All are in one tree, by place; each
 * knows how many remaps cover what follows it.  Where several do, a slot holds
 * an array.  Nothing here allocates.  For statistics alone: a machine that keeps
 * no such accounts has no edges.
 */
#ifndef RMAPDIFF_RMAP_REMAP_EDGES_H
#define RMAPDIFF_RMAP_REMAP_EDGES_H

#include "../base/tree.h"
#include "../base/types.h"
#include "../mm/rmap.h"

/* Of all address spaces of one reverse map together. */
struct remap_totals {
	u64 nodes_min; /* of maple trees, see base/sizes.h */
	u64 nodes_max;
	u64 arrays;
	u64 array_bytes; /* as kmalloc() gives them */
	u64 changes; /* remaps that came, went or changed their range, ever */
};

struct remap_edge {
	RB_ENTRY(remap_edge) rb;
	u64 at; /* the first offset behind it */
	u64 seq; /* tells those at one place apart */
	s64 covering; /* remaps that cover what follows, up to the next edge */
	s8 delta; /* 1: one begins; -1: it ends */
	bool is_place; /* the last at its place: counted as one */
	u64 array; /* displacements in the array that is counted for it; 0: none */
};

RB_HEAD(remap_edge_tree, remap_edge);

struct remap_edges {
	struct remap_totals *totals; /* NULL: no accounts are kept */
	struct remap_edge_tree tree;
	u64 next_seq;
	u64 places;
};

/* The two edges of a remap. */
struct remap_ends {
	struct remap_edge begin;
	struct remap_edge end;
};

/* @totals is the caller's and must outlive it. */
void remap_edges_init(struct remap_edges *edges, struct remap_totals *totals);

/* A remap of [first, last] comes; changes its range; goes. */
void remap_edges_add(struct remap_edges *edges, struct remap_ends *ends,
		     u64 first, u64 last);
void remap_edges_move(struct remap_edges *edges, struct remap_ends *ends,
		      u64 first, u64 last);
void remap_edges_del(struct remap_edges *edges, struct remap_ends *ends);

/* Slots of the maple tree, gaps among them. */
u64 remap_edges_slots(struct remap_edges *edges);

/* The lines of maple nodes and of arrays. */
void remap_totals_add(const struct remap_totals *totals,
		      struct rmap_memory *memory);

/* NULL, or what is wrong; for checks. */
const char *remap_edges_verify(struct remap_edges *edges);

#endif
