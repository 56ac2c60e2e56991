// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain --dot: a step as a graph for Graphviz.
 *
 *	processes with their VMAs | anon_vmas, contexts | folios
 *
 * A VMA hangs on anon_vmas by its AVCs, the own one bold; a context on its mm;
 * a folio points to what it belongs to (dashed) and to the VMAs that map it,
 * which is red where a walk does not find it.
 */
#include <inttypes.h>
#include <string.h>
#include "explain.h"
#include "explain_draw.h"

struct dot {
	struct explain *ex;
	const struct snap *snap;
	FILE *out;
	bool vmas; /* are shown */
	u32 machine; /* names of nodes must differ between machines */
	bool oom;
};

/* Inside a quoted string. */
static void put_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
	}
}

static void put_vma_node_name(struct dot *dot, u32 vma)
{
	fprintf(dot->out, "m%u_vma%u", dot->machine, vma);
}

static void put_vma_node(struct dot *dot, u32 nr)
{
	const struct snap_vma *vma = &dot->snap->vmas[nr];
	struct text text = { 0 };

	text_add_vma(&text, dot->snap, nr);
	if (vma->file == NO_FILE) {
		text_add(&text, "\\nvm_pgoff ");
		text_add_offset(&text, dot->snap, vma->pgoff);
	} else {
		text_add(&text, "\\nfile %d vm_pgoff %" PRIu64, vma->file,
			 vma->pgoff);
	}
	fputs("    ", dot->out);
	put_vma_node_name(dot, nr);
	fprintf(dot->out, " [shape=box, label=\"%s\"];\n", text_string(&text));
	dot->oom |= text.oom;
	text_free(&text);
}

static void put_mm(struct dot *dot, u32 nr)
{
	const struct snap_mm *mm = &dot->snap->mms[nr];

	fprintf(dot->out,
		"  subgraph cluster_m%u_mm%u {\n    label=\"%s (mm %" PRIu64
		")\"; style=rounded; color=gray50;\n",
		dot->machine, nr, mm->procs, mm->id);
	fprintf(dot->out,
		"    m%u_mm%u [shape=point, style=invis, label=\"\"];\n",
		dot->machine, nr);
	for (u32 i = mm->first_vma; i < mm->first_vma + mm->nr_vmas; i++)
		put_vma_node(dot, i);
	fputs("  }\n", dot->out);
}

static void add_remaps(struct text *text, const struct snap *snap, u32 object)
{
	for (u32 i = 0; i < snap->nr_remaps; i++) {
		const struct snap_remap *remap = &snap->remaps[i];

		if (remap->object != object)
			continue;
		text_add(text, "\\n");
		text_add_offset(text, snap, remap->first);
		text_add(text, "-");
		text_add_offset(text, snap, remap->last);
		text_add(text, ": ");
		text_add_displacement(text, remap->displacement);
	}
}

static void put_object(struct dot *dot, u32 nr)
{
	const struct snap *snap = dot->snap;
	const struct snap_object *o = &snap->objects[nr];
	struct text text = { 0 };

	text_add(&text, "%s %s", snap->rmaps[o->slot], o->name);
	if (o->o.orphan)
		text_add(&text, " (mm gone)");
	for (u32 i = 0; i < o->o.nr_counters; i++)
		text_add(&text, "\\n%s %" PRIu64, o->o.counters[i].name,
			 o->o.counters[i].value);
	add_remaps(&text, snap, nr);
	fprintf(dot->out,
		"  m%u_o%u [shape=%s, style=filled, fillcolor=\"%s\", "
		"label=\"%s\"];\n",
		dot->machine, nr, o->o.id ? "ellipse" : "octagon",
		o->o.id ? "#dbe9f9" : "#e5f4dc", text_string(&text));
	if (o->parent != SNAP_NONE)
		fprintf(dot->out,
			"  m%u_o%u -> m%u_o%u [color=gray40, label=parent];\n",
			dot->machine, nr, dot->machine, o->parent);
	for (u32 i = 0; i < snap->nr_mms && o->o.mm_id && !o->o.orphan; i++)
		if (dot->vmas && snap->mms[i].id == o->o.mm_id)
			fprintf(dot->out,
				"  m%u_mm%u -> m%u_o%u [ltail=cluster_m%u_mm%u, "
				"color=darkgreen];\n",
				dot->machine, i, dot->machine, nr, dot->machine,
				i);
	dot->oom |= text.oom;
	text_free(&text);
}

static bool is_branch_own(const struct snap *snap,
			  const struct snap_branch *branch)
{
	for (u32 i = 0; i < snap->nr_chains; i++)
		if (snap->chains[i].vma == branch->vma &&
		    snap->chains[i].object == branch->object)
			return snap->chains[i].own;
	return false;
}

static void put_branch(struct dot *dot, const struct snap_branch *branch)
{
	if (branch->vma == SNAP_NONE) {
		fprintf(dot->out,
			"  m%u_gone [shape=box, color=red, label=\"a VMA that "
			"is gone\"];\n  m%u_gone -> m%u_o%u [color=red];\n",
			dot->machine, dot->machine, dot->machine,
			branch->object);
		return;
	}
	fputs("  ", dot->out);
	put_vma_node_name(dot, branch->vma);
	fprintf(dot->out, " -> m%u_o%u [label=AVC, color=blue%s];\n",
		dot->machine, branch->object,
		is_branch_own(dot->snap, branch) ? ", penwidth=2" : "");
}

/* The reverse maps that do not find @folio there, into @who. */
static void find_missing(const struct snap *snap,
			 const struct snap_folio *folio,
			 const struct snap_place *place, struct text *who)
{
	for (u32 i = 0; i < snap->nr_rmaps; i++)
		if (place_fault(snap, folio, i, place) == PLACE_MISSED)
			text_add(who, "%s%s", who->len ? ", " : "",
				 snap->rmaps[i]);
}

static void put_place(struct dot *dot, const struct snap_folio *folio, u64 nr,
		      const struct snap_place *place)
{
	struct text label = { 0 }, who = { 0 };

	if (place->vma == SNAP_NONE || !dot->vmas)
		return;
	text_add_pages(&label, dot->snap, place->addr, nr);
	find_missing(dot->snap, folio, place, &who);
	if (who.len)
		text_add(&label, "\\n%s: not found", text_string(&who));
	fprintf(dot->out, "  m%u_f%" PRIu64 " -> ", dot->machine, folio->id);
	put_vma_node_name(dot, place->vma);
	fprintf(dot->out, " [label=\"%s\"%s];\n", text_string(&label),
		who.len ? ", color=red, fontcolor=red, penwidth=2" : "");
	dot->oom |= label.oom | who.oom;
	text_free(&label);
	text_free(&who);
}

static bool wants_object(const struct dot *dot, u32 object)
{
	const struct snap *snap = dot->snap;

	return object != SNAP_NONE &&
	       explain_wants_section(dot->ex,
				     snap->rmaps[snap->objects[object].slot]);
}

static void put_folios(struct dot *dot, const struct snap_folio *folio,
		       u64 last)
{
	u64 nr = last - folio->id + 1;
	struct text text = { 0 };

	text_add(&text, "folio%s ", last > folio->id ? "s" : "");
	text_add_ids(&text, folio->id, last);
	text_add(&text, "\\nindex ");
	text_add_offset(&text, dot->snap, folio->index);
	if (nr > 1) {
		text_add(&text, "-");
		text_add_offset(&text, dot->snap, folio->index + nr - 1);
	}
	text_add(&text, "\\n%s", folio->exclusive ? "exclusive" : "");
	text_add(&text, "%smapcount %u", folio->exclusive ? ", " : "",
		 folio->mapcount);
	fprintf(dot->out,
		"  m%u_f%" PRIu64 " [shape=note, style=filled, "
		"fillcolor=\"#fdf3cf\", label=\"%s\"];\n",
		dot->machine, folio->id, text_string(&text));
	for (u32 i = 0; i < folio->nr_places; i++)
		put_place(dot, folio, nr,
			  &dot->snap->places[folio->first_place + i]);
	for (u32 i = 0; i < dot->snap->nr_rmaps; i++)
		if (wants_object(dot, folio->walks[i].owner))
			fprintf(dot->out,
				"  m%u_f%" PRIu64
				" -> m%u_o%u [style=dashed];\n",
				dot->machine, folio->id, dot->machine,
				folio->walks[i].owner);
	dot->oom |= text.oom;
	text_free(&text);
}

static void put_all_folios(struct dot *dot)
{
	const struct snap *snap = dot->snap;

	for (u32 i = 0; i < snap->nr_folios; i++) {
		const struct snap_folio *folio = &snap->folios[i];
		u64 last = folio_group_end(snap, snap, folio->id);

		put_folios(dot, folio, last);
		i += (u32)(last - folio->id);
	}
}

static void put_machine(struct dot *dot)
{
	const struct snap *snap = dot->snap;

	for (u32 i = 0; i < snap->nr_mms && dot->vmas; i++)
		put_mm(dot, i);
	for (u32 i = 0; i < snap->nr_objects; i++)
		if (wants_object(dot, i))
			put_object(dot, i);
	for (u32 i = 0; i < snap->nr_branches && dot->vmas; i++)
		if (wants_object(dot, snap->branches[i].object))
			put_branch(dot, &snap->branches[i]);
	if (explain_wants_section(dot->ex, "folios"))
		put_all_folios(dot);
}

void explain_show_dot(struct explain *ex, const struct step *step)
{
	struct dot dot = {
		.ex = ex,
		.out = ex->out,
		.vmas = explain_wants_section(ex, "vmas"),
	};
	char op[EXPLAIN_OP_MAX], result[32], nr[EXPLAIN_NR_MAX];

	explain_op(ex, step, op, result);
	explain_step_nr(ex, step->op_nr, nr);
	fputs("digraph rmapdiff {\n  rankdir=LR; compound=true; "
	      "fontname=\"sans-serif\"; labelloc=t; label=\"",
	      dot.out);
	put_quoted(dot.out, explain_name(ex));
	if (step->op_nr)
		fprintf(dot.out, "\\n%s: ", nr);
	else
		fputs("\\n", dot.out);
	put_quoted(dot.out, op);
	if (step->op_nr)
		fprintf(dot.out, " = %s", result);
	if (step->diverged) {
		fputs("\\n", dot.out);
		put_quoted(dot.out, ex->result.report.text);
	}
	fputs("\";\n  node [fontname=\"sans-serif\", fontsize=11];\n"
	      "  edge [fontname=\"sans-serif\", fontsize=9];\n",
	      dot.out);
	for (u32 i = 0; i < step->nr; i++) {
		dot.machine = i;
		dot.snap = step->machines[i].now;
		put_machine(&dot);
	}
	fputs("}\n", dot.out);
	if (dot.oom)
		usage_error(ex->in.name,
			    "out of memory: the graph is not whole");
}
