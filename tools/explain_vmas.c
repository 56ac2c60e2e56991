// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: processes and VMAs, a line each, under their boxes.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "explain_draw.h"

/* What the pages of a VMA are. */
struct census {
	u64 exclusive; /* folios that only this process can have */
	u64 once; /* mapped here alone, not exclusive */
	u64 shared;
	u64 zero;
	u64 file;
	u64 nothing;
};

static void count_page(struct census *census, const struct snap *snap,
		       const struct snap_page *page)
{
	const struct snap_folio *folio = snap_folio(snap, page->folio);

	if (page->kind == PTE_ZERO)
		census->zero++;
	else if (page->kind == PTE_FILE)
		census->file++;
	else if (!folio || folio->mapcount > 1)
		census->shared++;
	else if (folio->exclusive)
		census->exclusive++;
	else
		census->once++;
}

/* The mms that map a folio of @vma too, each once, into @with. */
static void find_sharers(const struct snap *snap, const struct snap_vma *vma,
			 bool *with)
{
	for (u32 i = 0; i < vma->nr_pages; i++) {
		const struct snap_page *page =
			&snap->pages[vma->first_page + i];
		const struct snap_folio *folio = snap_folio(snap, page->folio);

		for (u32 j = 0; folio && j < folio->nr_places; j++) {
			u32 mm = snap->places[folio->first_place + j].mm;

			if (mm != SNAP_NONE && mm != vma->mm)
				with[mm] = true;
		}
	}
}

static void add_sharers(struct text *text, const struct snap *snap,
			const struct snap_vma *vma)
{
	bool *with = calloc(snap->nr_mms, sizeof(*with));

	if (!with) {
		text->oom = true;
		return;
	}
	find_sharers(snap, vma, with);
	text_add(text, " with");
	for (u32 mm = 0; mm < snap->nr_mms; mm++)
		if (with[mm])
			text_add(text, " %s", snap->mms[mm].name);
	free(with);
}

static void add_count(struct text *text, u64 nr, const char *what)
{
	if (!nr)
		return;
	if (text->len)
		text_add(text, ", ");
	text_add(text, "%" PRIu64 " %s", nr, what);
}

/* "2 exclusive, 2 shared with B C, 1 zero page" */
static void text_add_page_kinds(struct text *text, const struct snap *snap,
				const struct snap_vma *vma)
{
	struct census census = { 0 };
	struct text pages = { 0 };

	for (u32 i = 0; i < vma->nr_pages; i++)
		count_page(&census, snap, &snap->pages[vma->first_page + i]);
	census.nothing = vma->end - vma->start - vma->nr_pages;

	add_count(&pages, census.exclusive, "exclusive");
	add_count(&pages, census.once, "only here");
	add_count(&pages, census.shared, "shared");
	if (census.shared)
		add_sharers(&pages, snap, vma);
	add_count(&pages, census.zero, "zero");
	add_count(&pages, census.file, "of the file");
	add_count(&pages, census.nothing, "not there");
	text_add(text, "%s", text_string(&pages));
	text->oom |= pages.oom;
	text_free(&pages);
}

static const char *prot_name(u64 flags)
{
	if (flags & VM_WRITE)
		return "rw";
	return flags & VM_READ ? "r-" : "--";
}

/* Do the reverse maps agree that it is faulted?  Then in one word. */
static void add_faulted(struct text *text, const struct snap *snap,
			const struct snap_vma *vma)
{
	u32 nr = 0;

	for (u32 i = 0; i < snap->nr_rmaps; i++)
		nr += vma->faulted[i];
	if (!nr)
		text_add(text, " unfaulted");
	for (u32 i = 0; i < snap->nr_rmaps && nr; i++)
		if (nr < snap->nr_rmaps && vma->faulted[i])
			text_add(text, " faulted-for-%s", snap->rmaps[i]);
}

static void text_add_where(struct text *text, const struct snap *snap,
			   const struct snap_vma *vma)
{
	s64 displacement = (s64)(vma->start - vma->pgoff);

	if (vma->file != NO_FILE) {
		text_add(text, "file %d vm_pgoff ", vma->file);
		text_add(text, "%" PRIu64, vma->pgoff);
		return;
	}
	text_add(text, "anon vm_pgoff ");
	text_add_offset(text, snap, vma->pgoff);
	if (!displacement)
		return;
	text_add(text, " (moved ");
	text_add_displacement(text, displacement);
	text_add(text, ")");
}

static void draw_vma(struct drawing *d, u32 nr)
{
	const struct snap *snap = d->snap;
	const struct snap_vma *vma = &snap->vmas[nr];
	struct text text = { 0 };
	char key[64], word[96];

	text_add(&text, "    ");
	text_add_vma(&text, snap, nr);
	while (text.len < 20 && !text.oom)
		text_add(&text, " ");
	text_add(&text, " %s ", prot_name(vma->flags));
	text_add_where(&text, snap, vma);
	add_faulted(&text, snap, vma);
	if (vma->flags & VM_DONTCOPY)
		text_add(&text, " dontfork");
	if (vma->flags & VM_WIPEONFORK)
		text_add(&text, " wipeonfork");
	text_add(&text, ": ");
	text_add_page_kinds(&text, snap, vma);

	snprintf(key, sizeof(key), "vma %" PRIu64 " %" PRIx64,
		 snap->mms[vma->mm].id, vma->start);
	lines_add_keyed(d->lines, key, "%s", text_string(&text));
	lines_starts_thing(d->lines);
	lines_hang(d->lines, 20);
	snprintf(word, sizeof(word),
		 "[%#" PRIx64 ", %#" PRIx64 ") of mm %" PRIu64, vma->start,
		 vma->end, snap->mms[vma->mm].id);
	point_if_named(d, word);
	snprintf(word, sizeof(word),
		 "0x%" PRIx64 "-0x%" PRIx64 " of mm %" PRIu64, vma->start,
		 vma->end, snap->mms[vma->mm].id);
	point_if_named(d, word);
	d->lines->oom |= text.oom;
	text_free(&text);
}

/* "A (mm 1)  B,C (mm 2)": the mms, by the processes that live in them. */
static void draw_processes(struct drawing *d)
{
	struct text text = { 0 };

	text_add(&text, "   ");
	for (u32 i = 0; i < d->snap->nr_mms; i++) {
		const struct snap_mm *mm = &d->snap->mms[i];

		text_add(&text, "%s%s (mm %" PRIu64 "%s)", i ? "  " : " ",
			 mm->procs, mm->id, mm->nr_vmas ? "" : ", no VMA");
	}
	if (!d->snap->nr_mms)
		text_add(&text, " no process is alive");
	lines_add_keyed(d->lines, "processes", "%s", text_string(&text));
	d->lines->oom |= text.oom;
	text_free(&text);
}

void draw_vmas(struct drawing *d)
{
	d->lines->section = "vmas";
	lines_add_head(d->lines, "  processes and VMAs");
	draw_processes(d);
	if (d->snap->nr_vmas)
		draw_boxes(d);
	/* What has gone below stays below. */
	lines_add_keyed(d->lines, "table", "%s", "");
	for (u32 i = 0; i < d->snap->nr_vmas; i++)
		draw_vma(d, i);
}
