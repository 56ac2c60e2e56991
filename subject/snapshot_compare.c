// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holding two snapshots against each other, and showing one.
 *
 * Nothing is explained away here: whatever both sides have is compared, but for
 * pages of files that were only read, which the kernel maps in batches around
 * the one asked for (do_fault_around()) and the model one by one.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "dump_fault.h"
#include "snapshot.h"

struct comparison {
	const struct scenario *sc;
	const struct snapshot *side[2]; /* kernel, model */
	struct snap_difference *diff;
};

static const char *slot_text(const struct scenario *sc, u32 slot)
{
	if (slot >= sc->nr_procs || !sc->names[slot][0])
		return slot ? "?" : "A";
	return sc->names[slot];
}

static const char *vma_owner(const struct scenario *sc,
			     const struct snapshot *snap,
			     const struct snap_vma *vma)
{
	return slot_text(sc, snap->procs.v[vma->proc].slot);
}

/* Text grows up to a limit; what is past it is cut off. */
struct text {
	char *buf;
	size_t len;
	size_t size;
};

static void text_put(struct text *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void text_put(struct text *text, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text->buf + text->len, text->size - text->len, fmt, args);
	va_end(args);
	if (n > 0)
		text->len += (size_t)n;
	if (text->len >= text->size)
		text->len = text->size - 1;
}

static struct text text_in(char *buf, size_t size)
{
	struct text text = { buf, 0, size };

	buf[0] = '\0';
	return text;
}

/* Page numbers of the window as the scenario writes them. */
static void put_snap_page(struct text *text, const struct scenario *sc,
			  u64 page)
{
	if (page >= sc->base)
		text_put(text, "0x%" PRIx64, page - sc->base);
	else
		text_put(text, "-0x%" PRIx64, sc->base - page);
}

/* Offsets of the window are shown like its pages, others as they are. */
static void put_offset(struct text *text, const struct scenario *sc, u64 offset)
{
	if (offset >= sc->base)
		text_put(text, "w+0x%" PRIx64, offset - sc->base);
	else
		text_put(text, "0x%" PRIx64, offset);
}

static void put_snap_vma_name(struct text *text, const struct scenario *sc,
			      const struct snapshot *snap, u32 nr)
{
	const struct snap_vma *vma;

	if (nr == SNAP_NONE) {
		text_put(text, "(a VMA that no process has)");
		return;
	}
	vma = &snap->vmas.v[nr];
	text_put(text, "%s:", vma_owner(sc, snap, vma));
	put_snap_page(text, sc, vma->start);
	text_put(text, "-");
	put_snap_page(text, sc, vma->end);
}

static void put_flags(struct text *text, u64 flags)
{
	text_put(text, "%c%c", flags & VM_READ ? 'r' : '-',
		 flags & VM_WRITE ? 'w' : '-');
	if (flags & VM_ACCOUNT)
		text_put(text, " account");
	if (flags & VM_DONTCOPY)
		text_put(text, " dontcopy");
	if (flags & VM_WIPEONFORK)
		text_put(text, " wipeonfork");
}

/* The VMA's own data, without what hangs on it. */
static void put_snap_vma(struct text *text, const struct scenario *sc,
			 const struct snapshot *snap, u32 nr)
{
	const struct snap_vma *vma = &snap->vmas.v[nr];

	put_snap_vma_name(text, sc, snap, nr);
	text_put(text, " ");
	put_flags(text, vma->flags);
	text_put(text, " pgoff ");
	put_offset(text, sc, vma->pgoff);
	if (vma->file >= 0)
		text_put(text, " file %d", vma->file);
}

static void put_vmas(struct text *text, const struct scenario *sc,
		     const struct snapshot *snap, u32 proc)
{
	const struct snap_proc *p = &snap->procs.v[proc];
	u32 i;

	for (i = 0; i < p->vma_count; i++) {
		text_put(text, i ? "; " : "");
		put_snap_vma(text, sc, snap, p->vma_first + i);
	}
	if (!p->vma_count)
		text_put(text, "none");
}

/* What anon_vma number @nr is called; 0 is none. */
static u32 anon_vma_name(const struct snapshot *snap, u32 nr)
{
	return nr ? snap->anon_vmas.v[nr - 1].name : 0;
}

static void put_chain(struct text *text, const struct snapshot *snap, u32 nr)
{
	const struct snap_vma *vma = &snap->vmas.v[nr];
	u32 i;

	if (!vma->anon_vma && !vma->chain_count) {
		text_put(text, "unfaulted");
		return;
	}
	text_put(text, "anon_vma %u, chain",
		 anon_vma_name(snap, vma->anon_vma));
	for (i = 0; i < vma->chain_count; i++)
		text_put(text, " %u",
			 anon_vma_name(snap,
				       snap->chains.v[vma->chain_first + i]));
}

static void put_snap_anon_vma(struct text *text, const struct snapshot *snap,
			      u32 nr)
{
	const struct snap_anon_vma *av = &snap->anon_vmas.v[nr - 1];

	text_put(text,
		 "parent %u, root %u, %" PRIu64 " children, %" PRIu64
		 " active VMAs, %" PRIu64 " references",
		 anon_vma_name(snap, av->parent), anon_vma_name(snap, av->root),
		 av->num_children, av->num_active_vmas, av->refcount);
}

static void put_tree(struct text *text, const struct scenario *sc,
		     const struct snapshot *snap, u32 nr)
{
	const struct snap_anon_vma *av = &snap->anon_vmas.v[nr - 1];
	u32 i;

	for (i = 0; i < av->node_count; i++) {
		const struct snap_node *node =
			&snap->nodes.v[av->node_first + i];

		text_put(text, i ? ", " : "");
		put_snap_vma_name(text, sc, snap, node->vma);
		text_put(text, " [");
		put_offset(text, sc, node->first);
		text_put(text, ",");
		put_offset(text, sc, node->last);
		text_put(text, "]");
	}
	if (!av->node_count)
		text_put(text, "empty");
}

static void put_folio(struct text *text, const struct scenario *sc,
		      const struct snapshot *snap, u32 nr)
{
	const struct snap_folio *folio = &snap->folios.v[nr - 1];

	text_put(text, "folio %u: anon_vma %u, index ", folio->name,
		 anon_vma_name(snap, folio->anon_vma));
	put_offset(text, sc, folio->index);
	text_put(text, ", mapcount %u, %s, content 0x%" PRIx64, folio->mapcount,
		 folio->exclusive ? "exclusive" : "shared", folio->content);
}

static void put_entry(struct text *text, const struct scenario *sc,
		      const struct snapshot *snap, const struct snap_page *page)
{
	static const char *const kinds[NR_SNAP_KINDS] = {
		[SNAP_ANON] = "anonymous",
		[SNAP_ZERO] = "the zero page",
		[SNAP_FILE] = "the file's page",
		[SNAP_OTHER] = "a swap or migration entry",
	};

	if (!page) {
		text_put(text, "nothing");
		return;
	}
	text_put(text, "%s%s", kinds[page->kind],
		 page->write ? ", writable" : "");
	if (page->folio) {
		text_put(text, ", ");
		put_folio(text, sc, snap, page->folio);
	}
}

/* The VMAs that a walk for folio @nr visits, in the order of the tree. */
static void put_walk(struct text *text, const struct scenario *sc,
		     const struct snapshot *snap, u32 nr)
{
	const struct snap_folio *folio = &snap->folios.v[nr - 1];
	const struct snap_anon_vma *av;
	u32 i;

	if (!folio->anon_vma)
		return;
	av = &snap->anon_vmas.v[folio->anon_vma - 1];
	for (i = 0; i < av->node_count; i++) {
		const struct snap_node *node =
			&snap->nodes.v[av->node_first + i];

		if (folio->index < node->first || folio->index > node->last)
			continue;
		text_put(text, " ");
		put_snap_vma_name(text, sc, snap, node->vma);
	}
}

static void what(const struct comparison *cmp, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void what(const struct comparison *cmp, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(cmp->diff->what, SNAP_TEXT_MAX, fmt, args);
	va_end(args);
}

static struct text side_text(const struct comparison *cmp, u32 side)
{
	return text_in(side ? cmp->diff->model : cmp->diff->kernel,
		       SNAP_TEXT_MAX);
}

/* A fault is a difference to a model, which has none. */
static bool has_no_fault(const struct comparison *cmp)
{
	const struct snapshot *snap = cmp->side[0];
	const struct dump_fault *fault = &snap->fault;
	char from[SNAP_TEXT_MAX / 4];
	struct text text = text_in(from, sizeof(from));

	if (!fault->kind)
		return true;
	if (fault->vma < snap->vmas.nr)
		put_snap_vma_name(&text, cmp->sc, snap, fault->vma);
	else if (fault->proc < snap->procs.nr)
		text_put(&text, "%s",
			 slot_text(cmp->sc, snap->procs.v[fault->proc].slot));
	if (fault->page) {
		text_put(&text, " at page ");
		put_snap_page(&text, cmp->sc, fault->page);
	}
	what(cmp, "%s, reached from %s", dump_structure_name(fault->structure),
	     from);
	dump_fault_text(fault, cmp->diff->kernel, SNAP_TEXT_MAX);
	snprintf(cmp->diff->model, SNAP_TEXT_MAX,
		 "all structures can be read and lead where they should");
	return false;
}

static bool procs_equal(const struct comparison *cmp)
{
	const struct snapshot *a = cmp->side[0], *b = cmp->side[1];
	bool equal = a->procs.nr == b->procs.nr;
	struct text text;
	u32 side, i;

	for (i = 0; equal && i < a->procs.nr; i++)
		equal = a->procs.v[i].slot == b->procs.v[i].slot &&
			a->procs.v[i].same_as == b->procs.v[i].same_as;
	if (equal)
		return true;
	what(cmp, "the living processes and who shares memory");
	for (side = 0; side < 2; side++) {
		const struct snapshot *snap = cmp->side[side];

		text = side_text(cmp, side);
		for (i = 0; i < snap->procs.nr; i++)
			text_put(&text, "%s%s (mm of %s)", i ? ", " : "",
				 slot_text(cmp->sc, snap->procs.v[i].slot),
				 slot_text(cmp->sc, snap->procs.v[i].same_as));
	}
	return false;
}

static bool vma_equal(const struct snap_vma *a, const struct snap_vma *b)
{
	return a->start == b->start && a->end == b->end &&
	       a->flags == b->flags && a->pgoff == b->pgoff &&
	       a->file == b->file;
}

static bool vmas_equal(const struct comparison *cmp, u32 proc)
{
	const struct snapshot *a = cmp->side[0], *b = cmp->side[1];
	const struct snap_proc *p = &a->procs.v[proc], *q = &b->procs.v[proc];
	bool equal = p->vma_count == q->vma_count;
	struct text text;
	u32 side, i;

	for (i = 0; equal && i < p->vma_count; i++)
		equal = vma_equal(&a->vmas.v[p->vma_first + i],
				  &b->vmas.v[q->vma_first + i]);
	if (equal)
		return true;
	what(cmp, "the VMAs of %s", slot_text(cmp->sc, p->slot));
	for (side = 0; side < 2; side++) {
		text = side_text(cmp, side);
		put_vmas(&text, cmp->sc, cmp->side[side], proc);
	}
	return false;
}

static bool chain_equal(const struct comparison *cmp, u32 nr)
{
	const struct snapshot *a = cmp->side[0], *b = cmp->side[1];
	const struct snap_vma *va = &a->vmas.v[nr], *vb = &b->vmas.v[nr];
	char name[SNAP_TEXT_MAX / 4];
	struct text text;
	u32 side;

	if (va->anon_vma == vb->anon_vma &&
	    va->chain_count == vb->chain_count &&
	    (!va->chain_count ||
	     !memcmp(a->chains.v + va->chain_first,
		     b->chains.v + vb->chain_first,
		     va->chain_count * sizeof(*a->chains.v))))
		return true;
	text = text_in(name, sizeof(name));
	put_snap_vma_name(&text, cmp->sc, a, nr);
	what(cmp, "the anon_vma_chain of %s, newest first", name);
	for (side = 0; side < 2; side++) {
		text = side_text(cmp, side);
		put_chain(&text, cmp->side[side], nr);
	}
	return false;
}

/* A node's VMA as the two sides have it: the same place in both arrays. */
static int node_order(const void *x, const void *y)
{
	const struct snap_node *a = x, *b = y;

	if (a->vma != b->vma)
		return a->vma < b->vma ? -1 : 1;
	return 0;
}

/*
 * Which VMAs the tree holds, and by which range.  Those that begin at the same
 * offset stand in the order in which they came, which says nothing.
 */
static bool tree_equal(const struct snapshot *a, const struct snapshot *b,
		       u32 nr)
{
	const struct snap_anon_vma *x = &a->anon_vmas.v[nr];
	const struct snap_anon_vma *y = &b->anon_vmas.v[nr];
	struct snap_node *p, *q;
	u32 i;

	if (x->node_count != y->node_count)
		return false;
	if (!x->node_count)
		return true;
	p = &a->nodes.v[x->node_first];
	q = &b->nodes.v[y->node_first];
	/* Each side's own order was by offset; only equal ones change places. */
	qsort(p, x->node_count, sizeof(*p), node_order);
	qsort(q, y->node_count, sizeof(*q), node_order);
	for (i = 0; i < x->node_count; i++)
		if (p[i].vma != q[i].vma || p[i].first != q[i].first ||
		    p[i].last != q[i].last || p[i].vma == SNAP_NONE)
			return false;
	return true;
}

static bool anon_vma_equal(const struct comparison *cmp, u32 nr)
{
	const struct snapshot *a = cmp->side[0], *b = cmp->side[1];
	const struct snap_anon_vma *x = &a->anon_vmas.v[nr];
	const struct snap_anon_vma *y = &b->anon_vmas.v[nr];
	bool tree = tree_equal(a, b, nr);
	struct text text;
	u32 side;

	if (tree && x->parent == y->parent && x->root == y->root &&
	    x->num_children == y->num_children &&
	    x->num_active_vmas == y->num_active_vmas &&
	    x->refcount == y->refcount)
		return true;
	what(cmp, "%sanon_vma %u", tree ? "" : "the interval tree of ",
	     anon_vma_name(a, nr + 1));
	for (side = 0; side < 2; side++) {
		text = side_text(cmp, side);
		if (tree)
			put_snap_anon_vma(&text, cmp->side[side], nr + 1);
		else
			put_tree(&text, cmp->sc, cmp->side[side], nr + 1);
	}
	return false;
}

static bool folio_equal(const struct snap_folio *a, const struct snap_folio *b)
{
	return a->anon_vma == b->anon_vma && a->exclusive == b->exclusive &&
	       a->mapcount == b->mapcount && a->index == b->index &&
	       a->content == b->content;
}

static bool page_equal(const struct comparison *cmp, const struct snap_page *a,
		       const struct snap_page *b)
{
	if (!a || !b)
		return (a ? a : b)->kind == SNAP_FILE;
	if (a->kind != b->kind || a->folio != b->folio || a->write != b->write)
		return false;
	return !a->folio || folio_equal(&cmp->side[0]->folios.v[a->folio - 1],
					&cmp->side[1]->folios.v[b->folio - 1]);
}

static bool entry_differs(const struct comparison *cmp, u32 vma, u64 address,
			  const struct snap_page *a, const struct snap_page *b)
{
	const struct snapshot *snap = cmp->side[0];
	char name[64];
	struct text text = text_in(name, sizeof(name));

	put_snap_page(&text, cmp->sc, address);
	what(cmp, "the page-table entry at %s:%s",
	     vma_owner(cmp->sc, snap, &snap->vmas.v[vma]), name);
	text = side_text(cmp, 0);
	put_entry(&text, cmp->sc, cmp->side[0], a);
	text = side_text(cmp, 1);
	put_entry(&text, cmp->sc, cmp->side[1], b);
	return false;
}

/* The @i-th entry of @vma, NULL past the last. */
static const struct snap_page *vma_page(const struct snapshot *snap,
					const struct snap_vma *vma, u32 i)
{
	return i < vma->page_count ? &snap->pages.v[vma->page_first + i] : NULL;
}

/* The entries of one VMA, both sides by address. */
static bool pages_equal(const struct comparison *cmp, u32 nr)
{
	const struct snap_vma *va = &cmp->side[0]->vmas.v[nr];
	const struct snap_vma *vb = &cmp->side[1]->vmas.v[nr];
	u32 i = 0, k = 0;

	while (i < va->page_count || k < vb->page_count) {
		const struct snap_page *p = vma_page(cmp->side[0], va, i);
		const struct snap_page *q = vma_page(cmp->side[1], vb, k);

		if (p && q && p->address < q->address)
			q = NULL;
		else if (p && q && q->address < p->address)
			p = NULL;
		if (!page_equal(cmp, p, q))
			return entry_differs(cmp, nr, (p ? p : q)->address, p,
					     q);
		i += !!p;
		k += !!q;
	}
	return true;
}

bool snapshot_equal(const struct scenario *sc, const struct snapshot *kernel,
		    const struct snapshot *model, struct snap_difference *diff)
{
	const struct comparison cmp = {
		.sc = sc,
		.side = { kernel, model },
		.diff = diff,
	};
	u32 i;

	diff->what[0] = diff->kernel[0] = diff->model[0] = '\0';
	if (!has_no_fault(&cmp) || !procs_equal(&cmp))
		return false;
	for (i = 0; i < kernel->procs.nr; i++)
		if (!vmas_equal(&cmp, i))
			return false;
	for (i = 0; i < kernel->vmas.nr; i++)
		if (!chain_equal(&cmp, i))
			return false;
	/* From here on both have the same VMAs with the same chains. */
	for (i = 0; i < kernel->vmas.nr; i++)
		if (!pages_equal(&cmp, i))
			return false;
	for (i = 0; i < kernel->anon_vmas.nr && i < model->anon_vmas.nr; i++)
		if (!anon_vma_equal(&cmp, i))
			return false;
	if (kernel->anon_vmas.nr == model->anon_vmas.nr)
		return true;
	what(&cmp, "how many anon_vmas are reached");
	snprintf(diff->kernel, SNAP_TEXT_MAX, "%u", kernel->anon_vmas.nr);
	snprintf(diff->model, SNAP_TEXT_MAX, "%u", model->anon_vmas.nr);
	return false;
}

static void print_snap_vma(const struct scenario *sc,
			   const struct snapshot *snap, u32 nr, FILE *out)
{
	const struct snap_vma *vma = &snap->vmas.v[nr];
	char buf[4 * SNAP_TEXT_MAX];
	struct text text = text_in(buf, sizeof(buf));
	u32 i;

	put_snap_vma(&text, sc, snap, nr);
	text_put(&text, ", ");
	put_chain(&text, snap, nr);
	fprintf(out, "  %s\n", buf);
	for (i = 0; i < vma->page_count; i++) {
		const struct snap_page *page =
			&snap->pages.v[vma->page_first + i];

		text = text_in(buf, sizeof(buf));
		put_snap_page(&text, sc, page->address);
		text_put(&text, ": ");
		put_entry(&text, sc, snap, page);
		fprintf(out, "    %s\n", buf);
	}
}

void snapshot_print(const struct scenario *sc, const struct snapshot *snap,
		    FILE *out)
{
	char buf[4 * SNAP_TEXT_MAX];
	struct text text;
	u32 i;

	for (i = 0; i < snap->procs.nr; i++)
		if (snap->procs.v[i].same_as != snap->procs.v[i].slot)
			fprintf(out, "  %s shares the memory of %s\n",
				slot_text(sc, snap->procs.v[i].slot),
				slot_text(sc, snap->procs.v[i].same_as));
	for (i = 0; i < snap->vmas.nr; i++)
		print_snap_vma(sc, snap, i, out);
	for (i = 1; i <= snap->anon_vmas.nr; i++) {
		text = text_in(buf, sizeof(buf));
		put_snap_anon_vma(&text, snap, i);
		text_put(&text, "; tree: ");
		put_tree(&text, sc, snap, i);
		fprintf(out, "  anon_vma %u: %s\n", anon_vma_name(snap, i),
			buf);
	}
	for (i = 1; i <= snap->folios.nr; i++) {
		text = text_in(buf, sizeof(buf));
		put_walk(&text, sc, snap, i);
		fprintf(out, "  walk of folio %u visits:%s\n",
			snap->folios.v[i - 1].name, buf);
	}
}
