// SPDX-License-Identifier: GPL-2.0-only
/*
 * The graph of anon_vmas against itself.  mm/rmap.c:
 *
 * - each anon_vma_chain of a VMA is in the interval tree of its anon_vma, and a
 *   tree has no others: as many nodes as AVCs name it, each with a VMA that is;
 * - num_active_vmas is the number of VMAs whose ->anon_vma it is, and those are
 *   of one mm: fork reuses an anon_vma only when none is active;
 * - a VMA's own anon_vma is on its chain.
 *
 * num_children and the reference count take in anon_vmas that no VMA leads to any
 * more, so they can only be held to a lower limit.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "graph.h"

struct graph {
	const struct dump *dump;
	char *why;
	/* By number of the anon_vma in the dump. */
	struct {
		u32 avcs;
		u32 active;
		u32 children;
		u32 members; /* whose root it is, itself left out */
		u64 mm; /* of an active VMA; 0: none yet */
	} seen[DUMP_ANON_VMAS_MAX];
};

static bool broken(struct graph *graph, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool broken(struct graph *graph, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(graph->why, GRAPH_WHY_MAX, fmt, args);
	va_end(args);
	return false;
}

/* The number of the anon_vma at @self; anon_vma_count if it is not there. */
static u32 anon_vma_number(const struct graph *graph, u64 self)
{
	u32 i;

	for (i = 0; i < graph->dump->anon_vma_count; i++)
		if (graph->dump->anon_vmas[i].self == self)
			break;
	return i;
}

static bool count_chain(struct graph *graph, const struct dump_vma *vma,
			bool *has_own)
{
	const struct dump *dump = graph->dump;
	u32 i, nr;

	*has_own = !vma->anon_vma;
	for (i = 0; i < vma->chain_count; i++) {
		const struct dump_chain *avc =
			&dump->chains[vma->chain_first + i];

		nr = anon_vma_number(graph, avc->anon_vma);
		if (avc->vma != vma->self || nr == dump->anon_vma_count)
			return broken(graph,
				      "chain: an anon_vma_chain on the list of "
				      "the VMA at page 0x%" PRIx64
				      " names another VMA",
				      (u64)vma->start);
		graph->seen[nr].avcs++;
		if (avc->anon_vma == vma->anon_vma)
			*has_own = true;
	}
	return true;
}

static bool count_vma(struct graph *graph, const struct dump_vma *vma, u64 mm)
{
	bool has_own;
	u32 nr;

	if (!count_chain(graph, vma, &has_own))
		return false;
	if (!has_own)
		return broken(graph,
			      "chain: the anon_vma of the VMA at page "
			      "0x%" PRIx64 " is not on its chain",
			      (u64)vma->start);
	if (!vma->anon_vma)
		return true;
	nr = anon_vma_number(graph, vma->anon_vma);
	graph->seen[nr].active++;
	if (graph->seen[nr].mm && graph->seen[nr].mm != mm)
		return broken(graph,
			      "reuse: VMAs of two processes have the same "
			      "anon_vma; one is at page 0x%" PRIx64,
			      (u64)vma->start);
	graph->seen[nr].mm = mm;
	return true;
}

static bool count_vmas(struct graph *graph)
{
	const struct dump *dump = graph->dump;
	u32 p, v;

	for (p = 0; p < dump->proc_count; p++) {
		const struct dump_proc *proc = &dump->procs[p];

		for (v = 0; v < proc->vma_count; v++)
			if (!count_vma(graph, &dump->vmas[proc->vma_first + v],
				       proc->mm))
				return false;
	}
	return true;
}

static void count_family(struct graph *graph)
{
	const struct dump *dump = graph->dump;
	u32 i, nr;

	for (i = 0; i < dump->anon_vma_count; i++) {
		nr = anon_vma_number(graph, dump->anon_vmas[i].parent);
		if (nr < dump->anon_vma_count)
			graph->seen[nr].children++;
		nr = anon_vma_number(graph, dump->anon_vmas[i].root);
		if (nr < dump->anon_vma_count && nr != i)
			graph->seen[nr].members++;
	}
}

static bool check_counts(struct graph *graph, u32 i)
{
	const struct dump_anon_vma *anon_vma = &graph->dump->anon_vmas[i];

	if (anon_vma->node_count != graph->seen[i].avcs)
		return broken(graph,
			      "tree: %u nodes in the interval tree of an "
			      "anon_vma that is on the chains of %u VMAs",
			      anon_vma->node_count, graph->seen[i].avcs);
	if (anon_vma->num_active_vmas != graph->seen[i].active)
		return broken(graph,
			      "count: num_active_vmas is %" PRIu64
			      ", and %u VMAs have that anon_vma",
			      (u64)anon_vma->num_active_vmas,
			      graph->seen[i].active);
	if (anon_vma->num_children < graph->seen[i].children)
		return broken(graph,
			      "count: num_children is %" PRIu64
			      ", and %u anon_vmas have that parent",
			      (u64)anon_vma->num_children,
			      graph->seen[i].children);
	if (anon_vma->refcount < 1 + graph->seen[i].members)
		return broken(graph,
			      "count: refcount is %u, and %u anon_vmas have "
			      "that root",
			      anon_vma->refcount, graph->seen[i].members);
	return true;
}

bool graph_check(const struct dump *dump, char why[GRAPH_WHY_MAX])
{
	static struct graph graph; /* too large for the tree's stack */
	u32 i;

	graph.dump = dump;
	graph.why = why;
	why[0] = '\0';
	memset(graph.seen, 0, dump->anon_vma_count * sizeof(graph.seen[0]));
	if (!count_vmas(&graph))
		return false;
	count_family(&graph);
	for (i = 0; i < dump->anon_vma_count; i++)
		if (!check_counts(&graph, i))
			return false;
	return true;
}

/* Where @mm's VMAs are in @dump; NULL: nowhere. */
static const struct dump_proc *proc_of(const struct dump *dump, u64 mm)
{
	for (u32 i = 0; i < dump->proc_count; i++)
		if (dump->procs[i].mm == mm)
			return &dump->procs[i];
	return NULL;
}

static bool kept_unfaulted(const struct dump *before, const struct dump *after,
			   const struct dump_proc *was,
			   const struct dump_proc *is, char *why)
{
	const struct dump_vma *old = &before->vmas[was->vma_first];
	const struct dump_vma *new = &after->vmas[is->vma_first];
	const struct dump_vma *old_end = old + was->vma_count;
	const struct dump_vma *new_end = new + is->vma_count;

	/* Both by address. */
	while (old < old_end && new < new_end) {
		if (old->start == new->start && old->end == new->end &&
		    !old->anon_vma &&new->anon_vma) {
			snprintf(why, GRAPH_WHY_MAX,
				 "clone: the VMA at page 0x%" PRIx64
				 " kept its range and got an anon_vma",
				 (u64) new->start);
			return false;
		}
		if (old->start < new->start)
			old++;
		else
			new ++;
	}
	return true;
}

bool graph_check_kept(const struct dump *before, const struct dump *after,
		      char why[GRAPH_WHY_MAX])
{
	why[0] = '\0';
	for (u32 i = 0; i < before->proc_count; i++) {
		const struct dump_proc *was = &before->procs[i];
		const struct dump_proc *is = proc_of(after, was->mm);

		if (is && !kept_unfaulted(before, after, was, is, why))
			return false;
	}
	return true;
}
