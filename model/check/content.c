// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two machines did the same: their processes must see the same.
 *
 * Where VMAs end may differ, since reverse maps allow different merges; which
 * pages have a table entry may differ too.  Areas and contents may not.
 */
#include <stdlib.h>
#include <string.h>
#include "check_internal.h"

/* VM_ACCOUNT hangs on merges (mprotect drops it from unfaulted VMAs only). */
#define VISIBLE_FLAGS (VM_ACCESS_FLAGS | VM_DONTCOPY | VM_WIPEONFORK)

struct pair {
	struct check *chk;
	struct machine *machine[2];
	u32 proc;
	struct mm_struct *mm[2];
};

static const char *machine_name(const struct pair *pair, u32 i)
{
	return pair->machine[i]->world.rmaps[0].ops->name;
}

/* Names, from names.base, a page of the process on either machine. */
static struct place_name page_name(const struct pair *pair, u64 addr)
{
	const struct check_names *names = &pair->chk->names;
	bool below = addr < names->base;
	struct place_name name;

	snprintf(name.text, sizeof(name.text), "%s:%s0x%llx",
		 names->proc_name(names->arg, pair->proc), below ? "-" : "",
		 below ? (ull)(names->base - addr) : (ull)(addr - names->base));
	return name;
}

static bool one_alive(const struct pair *pair)
{
	const struct check_names *names = &pair->chk->names;

	return report_fault(pair->chk, DIVERGENCE_CONTENT, "",
			    "process %s lives with %s, not with %s",
			    names->proc_name(names->arg, pair->proc),
			    machine_name(pair, !pair->mm[0]),
			    machine_name(pair, !!pair->mm[0]));
}

static bool area_equal(const struct area *a, const struct area *b)
{
	return a->start == b->start && a->end == b->end &&
	       a->flags == b->flags && a->file == b->file &&
	       a->pgoff == b->pgoff;
}

/* The first page that the two, of which either may be missing, differ in. */
static u64 area_differs_at(const struct area *a, const struct area *b)
{
	if (a->start != b->start)
		return min_u64(a->start, b->start);
	if (a->flags != b->flags || a->file != b->file || a->pgoff != b->pgoff)
		return a->start;
	return min_u64(a->end, b->end);
}

static bool compare_areas(const struct pair *pair, struct page_range in)
{
	struct vm_area_struct *vma[2] = { find_vma(pair->mm[0], in.start),
					  find_vma(pair->mm[1], in.start) };

	for (;;) {
		struct area area[2] = { { .start = ~0ULL },
					{ .start = ~0ULL } };
		bool more[2];

		for (u32 i = 0; i < 2; i++)
			more[i] =
				area_next(&vma[i], VISIBLE_FLAGS, in, &area[i]);
		pair->chk->stats.looked++;
		if (!more[0] && !more[1])
			return true;
		if (area_equal(&area[0], &area[1]))
			continue;
		return report_fault(
			pair->chk, DIVERGENCE_CONTENT, "",
			"%s is mapped differently with %s and with %s",
			page_name(pair, area_differs_at(&area[0], &area[1]))
				.text,
			machine_name(pair, 0), machine_name(pair, 1));
	}
}

/* The first entry in [addr, end) that maps a folio, NULL if none. */
static const struct pte *next_folio_pte(struct mm_struct *mm, u64 addr, u64 end)
{
	const struct pte *pte = pte_next(mm, addr, end);

	while (pte && !pte->folio)
		pte = pte_next(mm, pte_addr(pte) + 1, end);
	return pte;
}

/* A page, or that it cannot be read, in words. */
struct page_text {
	char text[32];
};

static struct page_text page_text(bool readable, u64 value)
{
	struct page_text page = { "SIGSEGV" };

	if (readable)
		snprintf(page.text, sizeof(page.text), "0x%llx", (ull)value);
	return page;
}

/* What a read at @addr would see. */
static bool compare_reads(const struct pair *pair, u64 addr)
{
	u64 value[2] = { 0, 0 };
	bool readable[2];

	for (u32 i = 0; i < 2; i++)
		readable[i] = mm_peek(pair->mm[i], addr, &value[i]);
	if (readable[0] == readable[1] &&
	    (!readable[0] || value[0] == value[1]))
		return true;
	return report_fault(
		pair->chk, DIVERGENCE_CONTENT, "",
		"%s reads %s with %s, %s with %s", page_name(pair, addr).text,
		page_text(readable[0], value[0]).text, machine_name(pair, 0),
		page_text(readable[1], value[1]).text, machine_name(pair, 1));
}

/* Areas are equal by now: equal folios at one address read the same. */
static bool compare_pages(const struct pair *pair, struct page_range in)
{
	const struct pte *pte[2] = {
		next_folio_pte(pair->mm[0], in.start, in.end),
		next_folio_pte(pair->mm[1], in.start, in.end),
	};

	while (pte[0] || pte[1]) {
		u64 at[2], addr;

		pair->chk->stats.looked++;
		for (u32 i = 0; i < 2; i++)
			at[i] = pte[i] ? pte_addr(pte[i]) : ~0ULL;
		addr = min_u64(at[0], at[1]);
		if ((at[0] != at[1] ||
		     pte[0]->folio->content != pte[1]->folio->content) &&
		    !compare_reads(pair, addr))
			return false;
		for (u32 i = 0; i < 2; i++)
			if (at[i] == addr)
				pte[i] = next_folio_pte(pair->mm[i], addr + 1,
							in.end);
	}
	return true;
}

/* What operations on @machine changed in @pair->mm[i]. */
static bool compare_changes(const struct pair *pair, u32 i)
{
	const struct change_log *log = &pair->machine[i]->world.changed;

	for (u32 c = 0; c < log->nr; c++) {
		const struct change *change = &log->changes[c];
		struct page_range in = { change->start, change->end };

		if (change->mm != pair->mm[i]->id)
			continue;
		if (!compare_areas(pair, in) ||
		    (change->pages && !compare_pages(pair, in)))
			return false;
	}
	return true;
}

static bool compare_everything(const struct pair *pair)
{
	const struct page_range everywhere = { 0, ~0ULL };

	return compare_areas(pair, everywhere) &&
	       compare_pages(pair, everywhere);
}

/* Were the two equal the last time, and is all noted that changed since? */
static bool changes_are_known(const struct pair *pair,
			      const struct content_seen *seen)
{
	for (u32 i = 0; i < 2; i++) {
		const struct change_log *log = &pair->machine[i]->world.changed;

		if (pair->mm[i]->id != seen->mm_id[i] || !log->kept ||
		    log->overflow)
			return false;
	}
	return true;
}

static struct content_seen seen_now(const struct pair *pair)
{
	return (struct content_seen){
		.mm_id = { pair->mm[0]->id, pair->mm[1]->id },
		.changes = { pair->mm[0]->changes, pair->mm[1]->changes },
	};
}

static bool seen_equal(const struct content_seen *a,
		       const struct content_seen *b)
{
	return a->mm_id[0] == b->mm_id[0] && a->mm_id[1] == b->mm_id[1] &&
	       a->changes[0] == b->changes[0] && a->changes[1] == b->changes[1];
}

static bool compare_process(const struct pair *pair)
{
	struct content_seen *seen = &pair->chk->scratch->seen[pair->proc];
	struct content_seen now;
	bool equal;

	if (!pair->mm[0] && !pair->mm[1])
		return true;
	if (!pair->mm[0] || !pair->mm[1])
		return one_alive(pair);
	now = seen_now(pair);
	if (seen_equal(&now, seen))
		return true;
	if (changes_are_known(pair, seen))
		equal = compare_changes(pair, 0) && compare_changes(pair, 1);
	else
		equal = compare_everything(pair);
	if (equal)
		*seen = now;
	return equal;
}

/* Room to remember @nr processes; mm ids start at 1, so zeroes match none. */
static bool seen_reserve(struct check *chk, u32 nr)
{
	struct check_scratch *scratch = check_scratch(chk);
	struct content_seen *seen;

	if (!scratch)
		return false;
	if (nr <= scratch->nr_seen)
		return true;
	seen = realloc(scratch->seen, nr * sizeof(*seen));
	if (!seen)
		return report_oom(chk);
	memset(seen + scratch->nr_seen, 0,
	       (nr - scratch->nr_seen) * sizeof(*seen));
	scratch->seen = seen;
	scratch->nr_seen = nr;
	return true;
}

bool check_contents_again(struct check *chk, struct machine *a,
			  struct machine *b)
{
	struct check_scratch *scratch = chk->scratch;

	/* No mm has the id 0. */
	for (u32 i = 0; scratch && i < scratch->nr_seen; i++)
		scratch->seen[i] = (struct content_seen){ .mm_id = { 0, 0 } };
	return check_contents(chk, a, b);
}

bool check_contents(struct check *chk, struct machine *a, struct machine *b)
{
	u32 nr = max_u64(a->nr_procs, b->nr_procs);
	struct pair pair = { .chk = chk, .machine = { a, b } };

	if (found_fault(chk) || !seen_reserve(chk, nr))
		return false;
	for (pair.proc = 0; pair.proc < nr; pair.proc++) {
		pair.mm[0] = machine_mm(a, pair.proc);
		pair.mm[1] = machine_mm(b, pair.proc);
		if (!compare_process(&pair))
			return false;
	}
	return true;
}
