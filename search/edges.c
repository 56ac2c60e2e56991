// SPDX-License-Identifier: GPL-2.0-only
/*
 * The edges of one state stand together, those of states in the order in which
 * they were expanded.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "edges.h"
#include "reserve.h"

struct edge_list {
	u64 first; /* in all[] */
	u32 nr;
};

_Static_assert(sizeof(struct edge_list) == EDGES_STATE_BYTES,
	       "what a state takes is said in edges.h");

struct edges {
	struct edge_list *lists; /* by state */
	u32 nr_states;
	struct edge *all;
	u64 nr;
	u64 cap;
	bool full;
	pthread_mutex_t lock;
};

struct edges *edges_create(u32 nr_states, u64 bytes)
{
	struct edges *edges = calloc(1, sizeof(*edges));

	if (!edges)
		return NULL;
	edges->nr_states = nr_states;
	edges->cap = bytes / sizeof(*edges->all);
	pthread_mutex_init(&edges->lock, NULL);
	edges->lists = reserve((u64)nr_states * sizeof(*edges->lists));
	edges->all = reserve((edges->cap + 1) * sizeof(*edges->all));
	if (edges->lists && edges->all)
		return edges;
	edges_destroy(edges);
	return NULL;
}

void edges_destroy(struct edges *edges)
{
	if (!edges)
		return;
	unreserve(edges->lists, (u64)edges->nr_states * sizeof(*edges->lists));
	unreserve(edges->all, (edges->cap + 1) * sizeof(*edges->all));
	pthread_mutex_destroy(&edges->lock);
	free(edges);
}

static int u32_cmp(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* How many of @to, in order, are equal to the first. */
static u32 equal_targets(const u32 *to, u32 nr)
{
	u32 times = 1;

	while (times < nr && to[times] == to[0])
		times++;
	return times;
}

static u32 count_runs(const u32 *to, u32 nr)
{
	u32 runs = 0;

	for (u32 i = 0; i < nr; i += equal_targets(to + i, nr - i))
		runs++;
	return runs;
}

/* Room for @nr edges, or NULL. */
static struct edge *take_room(struct edges *edges, u32 from, u32 nr)
{
	struct edge *room = NULL;

	pthread_mutex_lock(&edges->lock);
	if (!edges->full && nr <= edges->cap - edges->nr) {
		room = edges->all + edges->nr;
		edges->lists[from] =
			(struct edge_list){ .first = edges->nr, .nr = nr };
		edges->nr += nr;
	} else {
		edges->full = true;
	}
	pthread_mutex_unlock(&edges->lock);
	return room;
}

void edges_set(struct edges *edges, u32 from, u32 *to, u32 nr)
{
	struct edge *room;

	if (nr)
		qsort(to, nr, sizeof(*to), u32_cmp);
	room = take_room(edges, from, count_runs(to, nr));
	if (!room)
		return;
	for (u32 i = 0; i < nr;) {
		u32 times = equal_targets(to + i, nr - i);

		*room++ = (struct edge){ .to = to[i], .times = times };
		i += times;
	}
}

bool edges_complete(const struct edges *edges)
{
	return !edges->full;
}

u64 edges_bytes(const struct edges *edges, u32 nr_states)
{
	return edges->nr * sizeof(*edges->all) +
	       (u64)nr_states * sizeof(*edges->lists);
}

double edges_step(const struct edges *edges, const double *ways, u32 nr,
		  double *next)
{
	double sum = 0;

	memset(next, 0, nr * sizeof(*next));
	for (u32 s = 0; s < nr; s++) {
		const struct edge_list *list = &edges->lists[s];

		for (u64 i = list->first; ways[s] && i < list->first + list->nr;
		     i++) {
			const struct edge *edge = &edges->all[i];

			sum += ways[s] * edge->times;
			if (edge->to < nr)
				next[edge->to] += ways[s] * edge->times;
		}
	}
	return sum;
}

static bool write_array(FILE *file, const void *mem, size_t size, u64 nr)
{
	return !nr || fwrite(mem, size, nr, file) == nr;
}

static bool read_array(FILE *file, void *mem, size_t size, u64 nr)
{
	return !nr || fread(mem, size, nr, file) == nr;
}

int edges_save(const struct edges *edges, u32 nr_states, FILE *file)
{
	const u64 head[] = { edges->nr, edges->full };

	if (write_array(file, head, sizeof(head), 1) &&
	    write_array(file, edges->lists, sizeof(*edges->lists), nr_states) &&
	    write_array(file, edges->all, sizeof(*edges->all), edges->nr))
		return 0;
	return -EIO;
}

/* A file that is cut or changed must not lead outside. */
static bool lists_hold(const struct edges *edges, u32 nr_states)
{
	for (u32 s = 0; s < nr_states; s++)
		if (edges->lists[s].first > edges->nr ||
		    edges->lists[s].nr > edges->nr - edges->lists[s].first)
			return false;
	return true;
}

int edges_load(struct edges *edges, u32 nr_states, FILE *file)
{
	u64 head[2];

	if (!read_array(file, head, sizeof(head), 1) ||
	    nr_states > edges->nr_states)
		return -EINVAL;
	if (head[0] > edges->cap)
		return -ENOMEM;
	edges->nr = head[0];
	edges->full = head[1];
	if (!read_array(file, edges->lists, sizeof(*edges->lists), nr_states) ||
	    !read_array(file, edges->all, sizeof(*edges->all), edges->nr) ||
	    !lists_hold(edges, nr_states))
		return -EINVAL;
	return 0;
}
