// SPDX-License-Identifier: GPL-2.0-only
/*
 * Edges of remaps, in one tree by place.
 *
 * An edge that moves changes what is covered between its old and its new place,
 * and nothing else.  A remap that comes begins as an empty one and has its end
 * moved; one that goes has its end moved back first.  An empty one has its end
 * before its begin, so that the sum behind both is what it was.
 */
#include "../base/sizes.h"
#include "remap_edges.h"

static int edge_cmp(const struct remap_edge *a, const struct remap_edge *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	/* Ends first. */
	if (a->delta != b->delta)
		return a->delta < b->delta ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return 0;
}

RB_GENERATE_FILE(remap_edge_tree, remap_edge, rb, edge_cmp)

static struct remap_edge *edge_next(struct remap_edge *edge)
{
	return RB_NEXT(remap_edge_tree, NULL, edge);
}

static struct remap_edge *edge_prev(struct remap_edge *edge)
{
	return RB_PREV(remap_edge_tree, NULL, edge);
}

void remap_edges_init(struct remap_edges *edges, struct remap_totals *totals)
{
	edges->totals = totals;
	RB_INIT(&edges->tree);
	edges->next_seq = 0;
	edges->places = 0;
}

u64 remap_edges_slots(struct remap_edges *edges)
{
	struct remap_edge *first = RB_MIN(remap_edge_tree, &edges->tree);

	/* Before the first edge there is a gap, unless there are no offsets. */
	return edges->places + !(first && !first->at);
}

static void count_array(struct remap_totals *totals, struct remap_edge *edge,
			u64 nr)
{
	if (edge->array) {
		totals->arrays--;
		totals->array_bytes -= remap_array_bytes(edge->array);
	}
	if (nr) {
		totals->arrays++;
		totals->array_bytes += remap_array_bytes(nr);
	}
	edge->array = nr;
}

/* What stands for the slot behind @edge: @is_place, @nr displacements. */
static void edge_stands_for(struct remap_edges *edges, struct remap_edge *edge,
			    bool is_place, s64 nr)
{
	u64 array = is_place && nr > 1 ? (u64)nr : 0;

	edges->places += is_place;
	edges->places -= edge->is_place;
	edge->is_place = is_place;
	if (array != edge->array)
		count_array(edges->totals, edge, array);
}

static void edge_refresh(struct remap_edges *edges, struct remap_edge *edge)
{
	struct remap_edge *next;

	if (!edge)
		return;
	next = edge_next(edge);
	edge_stands_for(edges, edge, !next || next->at != edge->at,
			edge->covering);
}

static void edge_insert(struct remap_edges *edges, struct remap_edge *edge,
			u64 at)
{
	struct remap_edge *prev;

	edge->at = at;
	edge->seq = edges->next_seq++;
	RB_INSERT(remap_edge_tree, &edges->tree, edge);
	prev = edge_prev(edge);
	edge->covering = (prev ? prev->covering : 0) + edge->delta;
	edge_refresh(edges, edge);
	edge_refresh(edges, prev);
}

static void edge_remove(struct remap_edges *edges, struct remap_edge *edge)
{
	struct remap_edge *prev = edge_prev(edge);

	edge_stands_for(edges, edge, false, 0);
	RB_REMOVE(remap_edge_tree, &edges->tree, edge);
	edge_refresh(edges, prev);
}

static void edge_move(struct remap_edges *edges, struct remap_edge *edge,
		      u64 at)
{
	struct remap_edge *next = edge_next(edge);
	struct remap_edge *prev = edge_prev(edge);
	u64 from = edge->at;

	if (at == from)
		return;
	edge_remove(edges, edge);
	edge_insert(edges, edge, at);
	/* Those that it passed, if any. */
	if (at > from && next != edge_next(edge))
		for (; next != edge; next = edge_next(next)) {
			next->covering -= edge->delta;
			edge_refresh(edges, next);
		}
	if (at < from && prev != edge_prev(edge))
		for (; prev != edge; prev = edge_prev(prev)) {
			prev->covering += edge->delta;
			edge_refresh(edges, prev);
		}
	prev = edge_prev(edge);
	edge->covering = (prev ? prev->covering : 0) + edge->delta;
	edge_refresh(edges, edge);
}

/* Of an empty remap: what begins at its place and stands between its edges. */
static void cover_between(struct remap_edges *edges, struct remap_ends *ends,
			  s64 change)
{
	struct remap_edge *edge = edge_next(&ends->end);

	for (; edge != &ends->begin; edge = edge_next(edge)) {
		edge->covering += change;
		edge_refresh(edges, edge);
	}
}

/* The tree's nodes by what it had and what it has. */
static void count_nodes(struct remap_edges *edges, u64 slots_before)
{
	struct remap_totals *totals = edges->totals;
	u64 slots = remap_edges_slots(edges);

	totals->nodes_min -= maple_nodes_min(slots_before);
	totals->nodes_max -= maple_nodes_max(slots_before);
	totals->nodes_min += maple_nodes_min(slots);
	totals->nodes_max += maple_nodes_max(slots);
}

static u64 place_after(u64 last)
{
	return last != UINT64_MAX ? last + 1 : last;
}

void remap_edges_add(struct remap_edges *edges, struct remap_ends *ends,
		     u64 first, u64 last)
{
	u64 slots;

	if (!edges->totals)
		return;
	edges->totals->changes++;
	slots = remap_edges_slots(edges);
	ends->begin = (struct remap_edge){ .delta = 1 };
	ends->end = (struct remap_edge){ .delta = -1 };
	edge_insert(edges, &ends->end, first);
	edge_insert(edges, &ends->begin, first);
	cover_between(edges, ends, -1);
	ends->begin.covering = edge_prev(&ends->begin)->covering + 1;
	edge_refresh(edges, &ends->begin);
	edge_move(edges, &ends->end, place_after(last));
	count_nodes(edges, slots);
}

void remap_edges_move(struct remap_edges *edges, struct remap_ends *ends,
		      u64 first, u64 last)
{
	u64 slots;

	if (!edges->totals)
		return;
	edges->totals->changes++;
	slots = remap_edges_slots(edges);
	edge_move(edges, &ends->begin, first);
	edge_move(edges, &ends->end, place_after(last));
	count_nodes(edges, slots);
}

void remap_edges_del(struct remap_edges *edges, struct remap_ends *ends)
{
	u64 slots;

	if (!edges->totals)
		return;
	edges->totals->changes++;
	slots = remap_edges_slots(edges);
	edge_move(edges, &ends->end, ends->begin.at);
	cover_between(edges, ends, 1);
	edge_remove(edges, &ends->begin);
	edge_remove(edges, &ends->end);
	count_nodes(edges, slots);
}

const char *remap_edges_verify(struct remap_edges *edges)
{
	struct remap_edge *edge, *next;
	s64 covering = 0;
	u64 places = 0;

	RB_FOREACH(edge, remap_edge_tree, &edges->tree) {
		bool is_place;

		next = edge_next(edge);
		is_place = !next || next->at != edge->at;
		covering += edge->delta;
		if (edge->covering != covering)
			return "an edge miscounts the remaps that cover it";
		if (edge->is_place != is_place)
			return "a place is counted wrongly";
		if (edge->array !=
		    (is_place && covering > 1 ? (u64)covering : 0))
			return "an array is counted wrongly";
		places += is_place;
	}
	if (covering)
		return "a remap begins and does not end";
	return places == edges->places ? NULL : "places are miscounted";
}

void remap_totals_add(const struct remap_totals *totals,
		      struct rmap_memory *memory)
{
	rmap_memory_add(memory, kernel_sizes[SIZE_MAPLE_NODE].name,
			totals->nodes_max,
			totals->nodes_max * KERNEL_MAPLE_NODE,
			slab_bytes_for(SIZE_MAPLE_NODE, totals->nodes_min));
	memory->kinds[memory->nr - 1].bytes_low =
		totals->nodes_min * KERNEL_MAPLE_NODE;
	rmap_memory_add(memory, kernel_sizes[SIZE_REMAP_ARRAY].name,
			totals->arrays, totals->array_bytes,
			slab_bytes_for_arrays(totals->array_bytes));
}
