// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a divergence looks like on paper.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "check_internal.h"

bool report_fault(struct check *chk, enum divergence_kind kind,
		  const char *rmap, const char *fmt, ...)
{
	struct report *report = &chk->report;
	va_list args;

	if (found_fault(chk))
		return false;
	report->kind = kind;
	report->rmap = rmap;
	va_start(args, fmt);
	vsnprintf(report->text, sizeof(report->text), fmt, args);
	va_end(args);
	return false;
}

bool report_oom(struct check *chk)
{
	return report_fault(chk, DIVERGENCE_INVARIANT, "",
			    "not checked: the check itself is out of memory");
}

struct place_name place_name(const struct check *chk,
			     const struct mm_struct *mm, u64 addr)
{
	const struct check_names *names = &chk->names;
	s64 proc = machine_proc_of(chk->machine, mm);
	const char *sign = addr < names->base ? "-" : "";
	ull page = addr < names->base ? names->base - addr : addr - names->base;
	struct place_name name;

	if (proc < 0)
		snprintf(name.text, sizeof(name.text), "mm%llu:%s0x%llx",
			 (ull)mm->id, sign, page);
	else
		snprintf(name.text, sizeof(name.text), "%s:%s0x%llx",
			 names->proc_name(names->arg, (u32)proc), sign, page);
	return name;
}

/* Where a walk found a folio, for one line of a report. */
struct place {
	const struct mm_struct *mm;
	u64 addr;
};

struct places {
	struct check *chk;
	struct place *all;
	u32 nr;
	u32 cap;
	bool incomplete; /* memory ran out */
};

static void places_add(struct places *places, const struct mm_struct *mm,
		       u64 addr)
{
	if (places->nr == places->cap) {
		u32 cap = places->cap ? 2 * places->cap : 64;
		struct place *all;

		all = realloc(places->all, cap * sizeof(*all));
		if (!all) {
			places->incomplete = true;
			return;
		}
		places->all = all;
		places->cap = cap;
	}
	places->all[places->nr++] = (struct place){ .mm = mm, .addr = addr };
}

static int place_cmp(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->mm->id != y->mm->id)
		return x->mm->id < y->mm->id ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

#define CUT_MARK " ..."

/* Appends @word; false when there is no room for it and a cut mark. */
static bool append_word(char *text, size_t size, const char *word)
{
	size_t len = strlen(text);
	size_t need = strlen(word) + !!len;

	if (len + need + sizeof(CUT_MARK) > size)
		return false;
	snprintf(text + len, size - len, "%s%s", len ? " " : "", word);
	return true;
}

/* Another line of the report. */
static void add_set(struct check *chk, const char *who, struct places *places)
{
	struct report *report = &chk->report;
	bool cut = places->incomplete;
	char *text;

	report->sets[report->nr_sets].who = who;
	text = report->sets[report->nr_sets].found;
	text[0] = '\0';
	report->nr_sets++;

	if (places->nr)
		qsort(places->all, places->nr, sizeof(*places->all), place_cmp);
	for (u32 i = 0; i < places->nr && !cut; i++) {
		struct place *place = &places->all[i];
		struct place_name name =
			place_name(chk, place->mm, place->addr);

		cut = !append_word(text, REPORT_SET_TEXT_MAX, name.text);
	}
	if (cut)
		strcat(text, CUT_MARK);
	else if (!places->nr)
		strcpy(text, "-");
}

static int collect_place(struct folio *folio, struct vm_area_struct *vma,
			 u64 addr, void *arg)
{
	struct places *places = arg;

	if (!vma_is_alive(places->chk, vma, addr) ||
	    !pte_of_folio(vma->vm_mm, addr, folio))
		return 0;
	places_add(places, vma->vm_mm, addr);
	return 1;
}

static void add_walk(struct check *chk, struct rmap *rmap, struct folio *folio,
		     struct places *places)
{
	struct rmap_walk_stats stats = { 0 };
	struct rmap_walk_control rwc = {
		.rmap_one = collect_place,
		.arg = places,
		.stats = &stats,
	};

	places->nr = 0;
	rmap->ops->walk(rmap, folio, &rwc);
	add_set(chk, rmap->ops->name, places);
}

/* Beside what it walks, the check that the reverse map at fault would do. */
static void add_own_check(struct check *chk, struct rmap *rmap,
			  struct folio *folio)
{
	struct report *report = &chk->report;
	struct own_count count;

	if (!rmap->ops->would_reach || strcmp(rmap->ops->name, report->rmap))
		return;
	count = own_count(chk, rmap, folio);
	snprintf(report->own_check, sizeof(report->own_check),
		 "reaches %llu of %llu, %s", (ull)count.reached,
		 (ull)count.mapped,
		 count.reached == count.mapped ? "silent" :
						 "would print a mismatch");
}

void report_add_walks(struct check *chk, struct folio *folio)
{
	struct mm_world *world = &chk->machine->world;
	struct places places = { .chk = chk };
	const struct pte *pte;

	chk->report.nr_sets = 0;
	LIST_FOREACH(pte, &folio->mappings, mapped)
		places_add(&places, pte_mm(pte), pte_addr(pte));
	add_set(chk, "page tables", &places);
	for (u32 i = 0; i < world->nr_rmaps; i++) {
		add_walk(chk, &world->rmaps[i], folio, &places);
		add_own_check(chk, &world->rmaps[i], folio);
	}
	free(places.all);
}

static int who_width(const struct report *report)
{
	size_t width = 0;

	for (u32 i = 0; i < report->nr_sets; i++)
		width = max_u64(width, strlen(report->sets[i].who));
	return (int)width;
}

void report_print(const struct report *report, FILE *out, u32 op_nr,
		  const char *op_text)
{
	int width = who_width(report);

	fprintf(out, "DIVERGENCE %s: %s", divergence_kind_name(report->kind),
		report->text);
	if (op_nr && op_text)
		fprintf(out, " (op %u: %s)", op_nr, op_text);
	else if (op_nr)
		fprintf(out, " (op %u)", op_nr);
	else
		fprintf(out, " (after the last op)");
	fputc('\n', out);
	for (u32 i = 0; i < report->nr_sets; i++) {
		const char *who = report->sets[i].who;

		fprintf(out, "  %s:%*s %s\n", who, width - (int)strlen(who), "",
			report->sets[i].found);
	}
	if (report->own_check[0])
		fprintf(out, "  its own check: %s\n", report->own_check);
}
