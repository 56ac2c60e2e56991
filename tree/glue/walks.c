// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree's own walks against its page tables: every entry that maps a folio is
 * visited once, and nothing else is.  Each tree has rmap_walk(); one with
 * mm/cow_context.c has its walk by contexts, too.
 */
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include "internal.h"

/* By entry of the dump: visits in its folio's walk. */
static u8 visited[DUMP_PAGES_MAX];
static u8 visited_by_contexts[DUMP_PAGES_MAX];

/* The second one finds what the first one found, or is to blame. */
static const struct walk {
	const char *name;
	const char *kind; /* behind what is wrong */
	void (*walk)(struct folio *folio, struct rmap_walk_control *rwc);
	u8 *visited;
	const char *but; /* that the first one found it */
} walks[] = {
	{ "rmap_walk()", "", rmap_walk, visited, "" },
	{ "cow_context_walk()", " by contexts", contexts_walk,
	  visited_by_contexts, ", which rmap_walk() visits" },
};

struct check {
	const struct dump *dump;
	char *why;
	bool failed;
	/* Of this walk. */
	const struct walk *walk;
	u64 pfn;
	u32 visits;
};

static void say(struct check *check, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct check *check, const char *fmt, ...)
{
	va_list args;

	if (check->failed)
		return;
	check->failed = true;
	va_start(args, fmt);
	vsnprintf(check->why, TREE_WHY_MAX, fmt, args);
	va_end(args);
}

/* The entry of the dump at page number @address of @mm; NULL: none. */
static const struct dump_page *
find_page(const struct dump *dump, const struct mm_struct *mm, u64 address)
{
	u32 p, v, low, high;

	for (p = 0; p < dump->proc_count; p++)
		if (dump->procs[p].mm == (unsigned long)mm)
			break;
	if (p == dump->proc_count)
		return NULL;
	for (v = 0; v < dump->procs[p].vma_count; v++) {
		const struct dump_vma *vma =
			&dump->vmas[dump->procs[p].vma_first + v];

		if (address < vma->start || address >= vma->end)
			continue;
		low = vma->page_first;
		high = low + vma->page_count;
		while (low < high) {
			u32 mid = low + (high - low) / 2;

			if (dump->pages[mid].address < address)
				low = mid + 1;
			else
				high = mid;
		}
		if (low < vma->page_first + vma->page_count &&
		    dump->pages[low].address == address)
			return &dump->pages[low];
		return NULL;
	}
	return NULL;
}

/* Which process has @mm, for people: its slot. */
static u32 slot_of(const struct dump *dump, const struct mm_struct *mm)
{
	u32 p;

	for (p = 0; p < dump->proc_count; p++)
		if (dump->procs[p].mm == (unsigned long)mm)
			return dump->procs[p].pid;
	return ~0U;
}

static void visit_entry(struct check *check, const struct mm_struct *mm,
			unsigned long address)
{
	const struct dump_page *page =
		find_page(check->dump, mm, address >> PAGE_SHIFT);

	check->visits++;
	if (!page || page->pfn != check->pfn) {
		say(check,
		    "stray%s: %s of the folio of frame 0x%llx visits process %u at page 0x%lx, which does not map it",
		    check->walk->kind, check->walk->name, check->pfn,
		    slot_of(check->dump, mm), address >> PAGE_SHIFT);
		return;
	}
	if (check->walk->visited[page - check->dump->pages]++)
		say(check,
		    "duplicate%s: %s visits process %u at page 0x%lx twice",
		    check->walk->kind, check->walk->name,
		    slot_of(check->dump, mm), address >> PAGE_SHIFT);
}

static bool visit(struct folio *folio, struct vm_area_struct *vma,
		  unsigned long address, void *arg)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, address, 0);
	struct check *check = arg;

	while (page_vma_mapped_walk(&pvmw))
		visit_entry(check, vma->vm_mm, pvmw.address);
	return true;
}

/* Entries that map the frame, counted from the page tables. */
static u32 count_entries(const struct dump *dump, u64 pfn)
{
	u32 i, count = 0;

	for (i = 0; i < dump->page_count; i++)
		if (dump->pages[i].pfn == pfn)
			count++;
	return count;
}

static const struct dump_vma *vma_of(const struct dump *dump, u32 page)
{
	u32 v;

	for (v = 0; v < dump->vma_count; v++)
		if (page >= dump->vmas[v].page_first &&
		    page < dump->vmas[v].page_first + dump->vmas[v].page_count)
			return &dump->vmas[v];
	return NULL;
}

static const struct dump_proc *proc_of_vma(const struct dump *dump,
					   const struct dump_vma *vma)
{
	u32 p, nr = vma - dump->vmas;

	for (p = 0; p < dump->proc_count; p++)
		if (nr >= dump->procs[p].vma_first &&
		    nr - dump->procs[p].vma_first < dump->procs[p].vma_count)
			return &dump->procs[p];
	return NULL;
}

static u32 slot_of_vma(const struct dump *dump, const struct dump_vma *vma)
{
	return proc_of_vma(dump, vma)->pid;
}

/* rmap_walk() does, where there are no anon_vmas. */
static bool goes_by_contexts(const struct walk *walk)
{
	return walk->walk == contexts_walk || !tree_has_anon_vmas();
}

static void say_miss(struct check *check, u32 i)
{
	const struct dump *dump = check->dump;
	const struct dump_page *page = &dump->pages[i];
	const struct dump_proc *proc = proc_of_vma(dump, vma_of(dump, i));
	char reason[128] = "";

	if (goes_by_contexts(check->walk))
		contexts_reason(pfn_folio(page->pfn), tree_mms[proc->pid],
				page->address, reason, sizeof(reason));
	say(check,
	    "miss%s: %s does not find the folio at page 0x%llx of process %u%s; it visits %u of %u entries%s",
	    check->walk->kind, check->walk->name, page->address, proc->pid,
	    check->walk->but, check->visits, count_entries(dump, page->pfn),
	    reason);
}

/* Every entry of the frame was visited: else say which one was not. */
static void expect_all(struct check *check)
{
	const struct dump *dump = check->dump;
	u32 i;

	for (i = 0; i < dump->page_count; i++)
		if (dump->pages[i].pfn == check->pfn &&
		    !check->walk->visited[i])
			say_miss(check, i);
}

static void check_walk(struct check *check, const struct walk *walk,
		       struct folio *folio, u32 entries)
{
	struct rmap_walk_control rwc = { .rmap_one = visit, .arg = check };

	check->walk = walk;
	check->visits = 0;
	folio_lock(folio);
	walk->walk(folio, &rwc);
	folio_unlock(folio);
	if (check->visits != entries)
		expect_all(check);
}

static void check_folio(struct check *check, u32 first)
{
	const struct dump *dump = check->dump;
	const struct dump_page *page = &dump->pages[first];
	struct folio *folio = pfn_folio(page->pfn);
	u32 entries = count_entries(dump, page->pfn);

	if (!contexts_note_folio(folio, check->why)) {
		check->failed = true;
		return;
	}
	check->pfn = page->pfn;
	check_walk(check, &walks[0], folio, entries);
	if (HAS_CONTEXTS && !check->failed)
		check_walk(check, &walks[1], folio, entries);
	if (folio_mapcount(folio) != entries)
		say(check,
		    "mapcount: %d of the folio at page 0x%llx of process %u, which %u entries map",
		    folio_mapcount(folio), page->address,
		    slot_of_vma(dump, vma_of(dump, first)), entries);
}

static bool is_anon(const struct dump *dump, const struct dump_page *page)
{
	return page->pfn && page->pfn != dump->zero_pfn && page->mapping & 1;
}

int tree_check_walks(const struct dump *dump, char why[TREE_WHY_MAX])
{
	struct check check = { .dump = dump, .why = why };
	int folios = 0;
	u32 i;

	memset(visited, 0, dump->page_count);
	memset(visited_by_contexts, 0, dump->page_count);
	contexts_start_look();
	for (i = 0; i < dump->page_count && !check.failed; i++) {
		/* One that was visited belongs to a folio that was walked. */
		if (!is_anon(dump, &dump->pages[i]) || visited[i])
			continue;
		check_folio(&check, i);
		folios++;
	}
	if (!check.failed && contexts_check(why))
		return folios;
	contexts_describe();
	return -1;
}
