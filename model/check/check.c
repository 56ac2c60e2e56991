// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is checked when: after an operation what it touched, or everything, and
 * at the end that nothing is left.
 */
#include <stdlib.h>
#include <string.h>
#include "check_internal.h"

void check_init(struct check *chk, struct machine *machine,
		const struct check_names *names)
{
	memset(chk, 0, sizeof(*chk));
	chk->machine = machine;
	chk->names = *names;
	chk->report.rmap = "";
}

void check_exit(struct check *chk)
{
	struct check_scratch *scratch = chk->scratch;

	if (!scratch)
		return;
	ptr_set_free(&scratch->vmas);
	ptr_set_free(&scratch->mms);
	ptr_set_free(&scratch->live);
	ptr_set_free(&scratch->found);
	ptr_set_free(&scratch->folios);
	ptr_set_free(&scratch->ptes);
	free(scratch->seen);
	free(scratch);
	chk->scratch = NULL;
}

void check_forget(struct check *chk)
{
	struct check_scratch *scratch = chk->scratch;

	memset(&chk->report, 0, sizeof(chk->report));
	chk->report.rmap = "";
	chk->left_out = false;
	chk->work = 0;
	if (!scratch)
		return;
	memset(&scratch->live_at, 0, sizeof(scratch->live_at));
	if (scratch->nr_seen)
		memset(scratch->seen, 0,
		       scratch->nr_seen * sizeof(*scratch->seen));
}

struct check_scratch *check_scratch(struct check *chk)
{
	if (!chk->scratch)
		chk->scratch = calloc(1, sizeof(*chk->scratch));
	if (!chk->scratch)
		report_oom(chk);
	return chk->scratch;
}

/* Makes ready for a check of its own; false if there is nothing to do. */
static bool check_begin(struct check *chk)
{
	if (found_fault(chk) || !check_scratch(chk))
		return false;
	ptr_set_clear(&chk->scratch->vmas);
	ptr_set_clear(&chk->scratch->mms);
	chk->scratch->mms_searched = 0;
	return true;
}

/* What a reverse map says of itself becomes the report. */
static bool report_rmap(struct check *chk, const struct rmap *rmap,
			const struct divergence *div)
{
	if (div->kind == DIVERGENCE_NONE)
		return true;
	if (!found_fault(chk))
		chk->report.sign = div->sign;
	return report_fault(chk, div->kind, rmap->ops->name, "%s: %s",
			    rmap->ops->name, div->text);
}

/* Rules that were broken since the last check. */
static bool check_broken(struct check *chk)
{
	struct mm_world *world = &chk->machine->world;

	for (u32 i = 0; i < world->nr_rmaps; i++)
		if (!report_rmap(chk, &world->rmaps[i],
				 &world->rmaps[i].broken))
			return false;
	return true;
}

/* Touched. */

static int touched_cmp(const void *a, const void *b)
{
	const struct touched *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/*
 * Of more than twice as many folios at the offsets that were touched, so many with
 * the lowest and so many with the highest offsets are looked at, beside those
 * whose mappings changed; and of the VMAs and mms that were met on the way the
 * first, beside those that were touched.
 *
 * A VMA that grows by a page has all its other pages where they were.  Looking
 * at each of them again for each page costs the square of the pages.  A walk
 * finds a VMA by a range: one that is found from both ends is found from between
 * them, and each VMA's place in trees, chain and remaps is looked at anyway.
 * Where that is not enough, check_caught_up() looks at everything before the
 * operations have cost as much as everything.
 */
#define RANGE_END_FOLIOS 32
#define MET_MAX 32

/* Sorts what was touched and joins what overlaps, so that each is met once. */
static void touched_join(struct touched_log *log)
{
	u32 nr = 0;

	if (log->nr)
		qsort(log->ranges, log->nr, sizeof(*log->ranges), touched_cmp);
	for (u32 i = 0; i < log->nr; i++) {
		struct touched *prev = nr ? &log->ranges[nr - 1] : NULL;
		struct touched *this = &log->ranges[i];

		if (prev && prev->family == this->family &&
		    this->first <= prev->last)
			prev->last = max_u64(prev->last, this->last);
		else
			log->ranges[nr++] = *this;
	}
	log->nr = nr;
}

static bool check_mappings_and_walks(struct check *chk, struct folio *folio)
{
	chk->work++;
	chk->stats.looked++;
	return check_mappings(chk, folio) && check_walks(chk, folio);
}

typedef bool (*folio_check)(struct check *chk, struct folio *folio);

static bool folio_in_range(const struct folio *folio,
			   const struct touched *range)
{
	return folio && folio->index >= range->first &&
	       folio->index <= range->last;
}

/* Is there no more in @range than is looked at anyway? */
static bool is_range_small(struct mm_world *world, const struct touched *range)
{
	struct folio *folio = folio_first(world, range->family, range->first);
	u32 nr = 0;

	for (; folio_in_range(folio, range); folio = folio_next(folio))
		if (nr++ == 2 * RANGE_END_FOLIOS)
			return false;
	return true;
}

static bool check_whole(struct check *chk, const struct touched *range,
			folio_check check)
{
	struct mm_world *world = &chk->machine->world;
	struct folio *folio = folio_first(world, range->family, range->first);

	for (; folio_in_range(folio, range); folio = folio_next(folio))
		if (!check(chk, folio))
			return false;
	return true;
}

/* Unless this check had it already. */
static bool check_once(struct check *chk, struct folio *folio,
		       folio_check check)
{
	struct ptr_set *had = &chk->scratch->folios;

	if (ptr_set_find(had, folio))
		return true;
	if (!ptr_set_add(had, folio))
		return report_oom(chk);
	return check(chk, folio);
}

/* @range has more folios than that. */
static bool check_ends(struct check *chk, const struct touched *range,
		       folio_check check)
{
	struct mm_world *world = &chk->machine->world;
	struct folio *low = folio_first(world, range->family, range->first);
	struct folio *high = folio_last(world, range->family, range->last);

	for (u32 i = 0; i < RANGE_END_FOLIOS; i++) {
		if (!check_once(chk, low, check) ||
		    !check_once(chk, high, check))
			return false;
		low = folio_next(low);
		high = folio_prev(high);
	}
	return true;
}

static int touched_folio_cmp(const void *a, const void *b)
{
	const struct touched_folio *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* The first of the log's folios, which are sorted, that is not before @range. */
static u32 first_changed(const struct touched_log *log,
			 const struct touched *range)
{
	const struct touched_folio key = {
		.family = range->family,
		.index = range->first,
	};
	u32 low = 0, high = log->nr_folios;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (touched_folio_cmp(&log->folios[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Those of @range whose mappings changed. */
static bool check_changed(struct check *chk, const struct touched *range,
			  folio_check check)
{
	struct mm_world *world = &chk->machine->world;
	const struct touched_log *log = &world->touched;
	u32 i = first_changed(log, range);

	for (; i < log->nr_folios; i++) {
		const struct touched_folio *key = &log->folios[i];
		struct folio *folio;

		if (key->family != range->family || key->index > range->last)
			break;
		folio = folio_by_key(world, key->family, key->index, key->id);
		if (folio && !check_once(chk, folio, check))
			return false;
	}
	return true;
}

static bool check_range(struct check *chk, const struct touched *range,
			folio_check check)
{
	struct mm_world *world = &chk->machine->world;

	if (world->touched.thorough || is_range_small(world, range))
		return check_whole(chk, range, check);
	world->touched.left_out = true;
	return check_ends(chk, range, check) &&
	       check_changed(chk, range, check);
}

static bool check_ranges(struct check *chk, folio_check check)
{
	struct touched_log *log = &chk->machine->world.touched;

	ptr_set_clear(&chk->scratch->folios);
	if (log->nr_folios)
		qsort(log->folios, log->nr_folios, sizeof(*log->folios),
		      touched_folio_cmp);
	touched_join(log);
	for (u32 i = 0; i < log->nr; i++)
		if (!check_range(chk, &log->ranges[i], check))
			return false;
	return true;
}

/* The mms of the VMAs that were met with folios. */
static bool meet_mms(struct check *chk)
{
	struct check_scratch *scratch = chk->scratch;
	const struct mm_struct *last = NULL;

	for (u32 i = 0; i < scratch->vmas.nr; i++) {
		const struct vm_area_struct *vma = scratch->vmas.items[i].ptr;

		if (vma->vm_mm == last)
			continue;
		last = vma->vm_mm;
		if (!ptr_set_add(&scratch->mms, last))
			return report_oom(chk);
	}
	return true;
}

/* Adds @ptr, to be looked at in any case; false: memory is out. */
static bool must_meet(struct ptr_set *set, const void *ptr)
{
	struct ptr_item *item = ptr_set_add(set, ptr);

	if (item)
		item->count = 1;
	return item;
}

/* VMAs that are where touched ones were, whether folios are mapped there or not. */
static bool meet_vmas(struct check *chk)
{
	const struct touched_log *log = &chk->machine->world.touched;
	struct check_scratch *scratch = chk->scratch;

	for (u32 i = 0; i < log->nr_vmas; i++) {
		const struct touched_vma *touched = &log->vmas[i];
		struct vm_area_struct *vma;

		if (!touched->mm)
			continue;
		if (!must_meet(&scratch->mms, touched->mm))
			return report_oom(chk);
		vma = find_vma(touched->mm, touched->start);
		for (; vma && vma->vm_start < touched->end; vma = vma_next(vma))
			if (!must_meet(&scratch->vmas, vma))
				return report_oom(chk);
	}
	return true;
}

static void check_offsets(struct rmap *rmap, const struct touched_log *log,
			  struct divergence *div)
{
	if (!rmap->ops->check_offsets)
		return;
	for (u32 i = 0; i < log->nr_vmas && !div->kind; i++)
		if (log->vmas[i].mm)
			rmap->ops->check_offsets(rmap, log->vmas[i].mm,
						 log->vmas[i].first,
						 log->vmas[i].last, div);
}

/* Is the @i-th of @set looked at?  See MET_MAX. */
static bool is_met(struct check *chk, const struct ptr_set *set, u32 i)
{
	struct touched_log *log = &chk->machine->world.touched;

	if (i < MET_MAX || set->items[i].count || log->thorough) {
		chk->work++;
		chk->stats.looked++;
		return true;
	}
	log->left_out = true;
	return false;
}

/* What @rmap has of the VMAs and mms that were touched or met. */
static bool check_met(struct check *chk, struct rmap *rmap)
{
	const struct ptr_set *vmas = &chk->scratch->vmas;
	const struct ptr_set *mms = &chk->scratch->mms;
	struct divergence div = { .kind = DIVERGENCE_NONE };

	/* The sets' pointers are to const as no set changes what is in it. */
	for (u32 i = 0; i < vmas->nr && !div.kind; i++)
		if (is_met(chk, vmas, i))
			rmap->ops->check_vma(rmap, (void *)vmas->items[i].ptr,
					     &div);
	for (u32 i = 0; i < mms->nr && !div.kind; i++)
		if (is_met(chk, mms, i))
			rmap->ops->check_mm(rmap, (void *)mms->items[i].ptr,
					    &div);
	check_offsets(rmap, &chk->machine->world.touched, &div);
	return report_rmap(chk, rmap, &div);
}

static bool check_rmaps_met(struct check *chk)
{
	struct mm_world *world = &chk->machine->world;

	for (u32 i = 0; i < world->nr_rmaps; i++)
		if (!check_met(chk, &world->rmaps[i]))
			return false;
	return true;
}

/*
 * Looks at everything if something was left out of late, and as much was looked at
 * since all was looked at last as there are objects.
 */
static bool check_caught_up(struct check *chk)
{
	return !chk->left_out || chk->work < chk->machine->ledger.nr_live ||
	       check_all(chk);
}

bool check_touched(struct check *chk)
{
	struct mm_world *world = &chk->machine->world;
	bool ok;

	if (world->touched.overflow)
		return check_all(chk);
	world->touched.thorough = chk->thorough;
	ok = check_begin(chk) && check_broken(chk) &&
	     check_ranges(chk, check_mappings_and_walks) && meet_mms(chk) &&
	     meet_vmas(chk) && check_rmaps_met(chk);
	chk->left_out |= world->touched.left_out;
	chk->stats.looked += world->touched.looked;
	touched_reset(world);
	return ok && check_caught_up(chk);
}

static bool check_own_everywhere(struct check *chk)
{
	struct mm_world *world = &chk->machine->world;
	struct mm_struct *mm;

	TAILQ_FOREACH(mm, &world->mms, entry) {
		struct touched all = { .family = mm->family,
				       .last = UINT64_MAX };

		if (!check_whole(chk, &all, check_own_counts))
			return false;
	}
	return true;
}

bool check_own(struct check *chk)
{
	struct mm_world *world = &chk->machine->world;
	bool ok = check_begin(chk);

	/* Nothing would catch up with it. */
	world->touched.thorough = true;
	if (ok && world->touched.overflow)
		ok = check_own_everywhere(chk);
	else if (ok)
		ok = check_ranges(chk, check_own_counts);
	touched_reset(world);
	return ok;
}

/* Everything. */

static bool check_folios_all(struct check *chk)
{
	const struct ptr_set *folios = &chk->scratch->folios;

	for (u32 i = 0; i < folios->nr; i++)
		if (!check_mappings_and_walks(chk,
					      (void *)folios->items[i].ptr))
			return false;
	return true;
}

static bool check_rmaps_all(struct check *chk)
{
	struct mm_world *world = &chk->machine->world;

	for (u32 i = 0; i < world->nr_rmaps; i++) {
		struct divergence div = { .kind = DIVERGENCE_NONE };
		struct rmap *rmap = &world->rmaps[i];

		rmap->ops->check_all(rmap, &div);
		if (!report_rmap(chk, rmap, &div))
			return false;
	}
	return true;
}

bool check_all(struct check *chk)
{
	bool ok;

	ok = check_begin(chk) && check_broken(chk) && check_spaces(chk) &&
	     check_folio_lists(chk) && check_folios_all(chk) &&
	     check_rmaps_all(chk);
	touched_reset(&chk->machine->world);
	if (ok) {
		chk->left_out = false;
		chk->work = 0;
	}
	return ok;
}

/* Leaks. */

/* "2 anon_vma_chain, 1 anon_vma", into @text; cut at its end if need be. */
static void list_live(const struct ledger *ledger, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (u32 i = 0; i < ledger->nr_kinds && len < size; i++) {
		const struct ledger_kind *kind = &ledger->kinds[i];

		if (kind->live)
			len += snprintf(text + len, size - len, "%s%llu %s",
					len ? ", " : "", (ull)kind->live,
					kind->name);
	}
}

/*
 * All kinds count: what a reverse map has for the machine as a whole
 * (rmap->priv) stands for the kernel's static data and slab caches, and is not
 * the ledger's.
 */
bool check_leaks(struct check *chk)
{
	struct machine *machine = chk->machine;
	char live[DIVERGENCE_TEXT_MAX];

	if (found_fault(chk) || !check_broken(chk))
		return false;
	if (rcu_read_lock_held(&machine->rcu))
		return report_fault(chk, DIVERGENCE_LEAK, "",
				    "%u RCU read-side sections left open",
				    machine->rcu.readers);
	if (!machine->ledger.nr_live)
		return true;
	list_live(&machine->ledger, live, sizeof(live));
	return report_fault(chk, DIVERGENCE_LEAK, "", "%s left", live);
}
