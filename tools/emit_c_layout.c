// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layout and the sharing after a step, as text for a comment.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "emit_c.h"

/* A text of more lines shows what changed only. */
#define LINES_MAX 12
#define COLUMNS_MAX 78

/* A folio at a page of a process. */
struct place {
	u64 folio;
	u32 slot;
	u64 page;
};

static int by_folio(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->folio != y->folio)
		return x->folio > y->folio ? 1 : -1;
	if (x->slot != y->slot)
		return x->slot > y->slot ? 1 : -1;
	return (x->page > y->page) - (x->page < y->page);
}

static void print_vma_layout(const struct emit *em, const struct fact_vma *vma,
			     FILE *out)
{
	fprintf(out, " 0x%" PRIx64 "-0x%" PRIx64 " %c%c", vma->start, vma->end,
		vma->flags & VM_READ ? 'r' : '-',
		vma->flags & VM_WRITE ? 'w' : '-');
	if (vma->flags & VM_DONTCOPY)
		fprintf(out, " dontfork");
	if (vma->flags & VM_WIPEONFORK)
		fprintf(out, " wipeonfork");
	if (vma->file != NO_FILE)
		fprintf(out, " file=%d@0x%" PRIx64, vma->file, vma->pgoff);
	else if (vma->pgoff != em->sc->base + vma->start)
		fprintf(out, " (offset of 0x%" PRIx64 ")",
			vma->pgoff - em->sc->base);
}

static void print_mm_layout(const struct emit *em, const struct fact_mm *mm,
			    FILE *out)
{
	fprintf(out, "%s:", em->sc->names[mm->slot]);
	if (!mm->vma_nr)
		fprintf(out, " nothing");
	for (u32 i = 0; i < mm->vma_nr; i++) {
		if (i)
			fputc(',', out);
		print_vma_layout(em, &em->facts->vmas.v[mm->vma_first + i],
				 out);
	}
	fputc('\n', out);
}

/* Is [b, b + nr) the places of the next folio, one page on from [a, a + nr)? */
static bool runs_on(const struct place *a, const struct place *b, u64 nr)
{
	if (b->folio != a->folio + 1)
		return false;
	for (u64 i = 0; i < nr; i++)
		if (b[i].folio != b->folio || b[i].slot != a[i].slot ||
		    b[i].page != a[i].page + 1)
			return false;
	return true;
}

static void print_places(const struct emit *em, const struct place *places,
			 u64 nr, u64 pages, FILE *out)
{
	for (u64 i = 0; i < nr; i++) {
		fprintf(out, " %s:0x%" PRIx64, em->sc->names[places[i].slot],
			places[i].page);
		if (pages > 1)
			fprintf(out, "-0x%" PRIx64, places[i].page + pages - 1);
	}
	fputc('\n', out);
}

/* How many places from @from on have the folio of the first. */
static u64 count_places(const struct place *from, const struct place *end)
{
	u64 nr = 0;

	while (from + nr < end && from[nr].folio == from->folio)
		nr++;
	return nr;
}

static void print_folios(const struct emit *em, const struct place *places,
			 u64 nr, FILE *out)
{
	const struct place *end = places + nr;
	const struct place *p = places;

	while (p < end) {
		u64 sharers = count_places(p, end);
		const struct place *last = p;
		u64 folios = 1;

		while (last + 2 * sharers <= end &&
		       count_places(last + sharers, end) == sharers &&
		       runs_on(last, last + sharers, sharers)) {
			last += sharers;
			folios++;
		}
		if (folios == 1)
			fprintf(out, "folio %" PRIu64 ":", p->folio);
		else
			fprintf(out, "folios %" PRIu64 "-%" PRIu64 ":",
				p->folio, p->folio + folios - 1);
		print_places(em, p, sharers, folios, out);
		p = last + sharers;
	}
}

static void print_zero_pages(const struct emit *em,
			     const struct fact_state *state, FILE *out)
{
	for (u32 m = 0; m < state->mm_nr; m++) {
		const struct fact_mm *mm =
			&em->facts->mms.v[state->mm_first + m];

		for (u32 i = 0; i < mm->run_nr; i++) {
			const struct fact_run *run =
				&em->facts->runs.v[mm->run_first + i];
			struct place place = { 0, mm->slot, run->page };

			if (run->folio)
				continue;
			fprintf(out, "zero page:");
			print_places(em, &place, 1, run->nr, out);
		}
	}
}

/* All places with a folio; their number in @nr.  NULL if memory is out. */
static struct place *find_folio_places(const struct emit *em,
				       const struct fact_state *state, u64 *nr)
{
	struct place *places =
		malloc((em->facts->mappings_max + 1) * sizeof(*places));

	*nr = 0;
	if (!places)
		return NULL;
	for (u32 m = 0; m < state->mm_nr; m++) {
		const struct fact_mm *mm =
			&em->facts->mms.v[state->mm_first + m];

		for (u32 i = 0; i < mm->run_nr; i++) {
			const struct fact_run *run =
				&em->facts->runs.v[mm->run_first + i];

			for (u64 k = 0; k < run->nr && run->folio; k++)
				places[(*nr)++] = (struct place){
					run->folio + k, mm->slot, run->page + k
				};
		}
	}
	qsort(places, *nr, sizeof(*places), by_folio);
	return places;
}

/* Lines, with one empty line before them; NULL if memory is out. */
static char *layout_text(const struct emit *em, u32 op_nr)
{
	const struct fact_state *state = &em->facts->states.v[op_nr - 1];
	char *text = NULL;
	size_t size = 0;
	struct place *places;
	FILE *out;
	u64 nr;

	places = find_folio_places(em, state, &nr);
	out = places ? open_memstream(&text, &size) : NULL;
	if (out) {
		fputc('\n', out);
		for (u32 i = 0; i < state->mm_nr; i++)
			print_mm_layout(em,
					&em->facts->mms.v[state->mm_first + i],
					out);
		for (u32 i = 0; i < state->sharer_nr; i++) {
			const struct fact_sharer *sharer =
				&em->facts->sharers.v[state->sharer_first + i];

			fprintf(out, "%s: shares the memory of %s\n",
				em->sc->names[sharer->slot],
				em->sc->names[sharer->owner]);
		}
		print_folios(em, places, nr, out);
		print_zero_pages(em, state, out);
		if (fclose(out)) {
			free(text);
			text = NULL;
		}
	}
	free(places);
	return text;
}

/* Does @text have @line, which is @len bytes with a newline at either end? */
static bool has_line(const char *text, const char *line, size_t len)
{
	for (; text; text = strchr(text + 1, '\n'))
		if (!strncmp(text, line, len))
			return true;
	return false;
}

/* One line of the comment, in as many as it takes. */
static void print_comment_line(FILE *out, const char *line, size_t len)
{
	size_t column = fprintf(out, "\t *");

	column += 7; /* the tab */
	while (len) {
		size_t word = 1; /* with the blank before it */

		while (word < len && line[word] != ' ')
			word++;
		if (column + word > COLUMNS_MAX) {
			fprintf(out, "\n\t *   ");
			column = 13;
		}
		fprintf(out, "%.*s", (int)word, line);
		column += word;
		line += word;
		len -= word;
	}
	fputc('\n', out);
}

static u32 lines_in(const char *text)
{
	u32 nr = 0;

	while ((text = strchr(text + 1, '\n')))
		nr++;
	return nr;
}

void emit_layout(const struct emit *em, u32 op_nr)
{
	char *text = layout_text(em, op_nr);
	char *old = op_nr > 1 ? layout_text(em, op_nr - 1) : NULL;
	bool brief = text && old && lines_in(text) > LINES_MAX;
	u32 left_out = 0;
	char *line, *end;

	fprintf(em->out, "\t/*\n");
	for (line = text; line && (end = strchr(line + 1, '\n')); line = end) {
		size_t len = (size_t)(end - line);

		if (brief && has_line(old, line, len + 1)) {
			left_out++;
			continue;
		}
		*line = ' ';
		print_comment_line(em->out, line, len);
		*line = '\n';
	}
	if (left_out)
		fprintf(em->out, "\t * (%u more lines as before)\n", left_out);
	fprintf(em->out, "\t */\n");
	free(text);
	free(old);
}
