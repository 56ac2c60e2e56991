// SPDX-License-Identifier: GPL-2.0-only
/*
 * The world of one machine, and the logs of what an operation touched.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "mm.h"

static void exit_rmaps(struct mm_world *world, u32 nr)
{
	while (nr-- > 0)
		world->rmaps[nr].ops->exit(&world->rmaps[nr]);
}

static int init_rmaps(struct mm_world *world, const struct rmap_ops *const *ops,
		      u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		struct rmap *rmap = &world->rmaps[i];

		rmap->ops = ops[i];
		rmap->world = world;
		rmap->slot = i;
		world->walks_mms |= ops[i]->walks_mms;
		world->detach_last |= ops[i]->detach_last;
		if (rmap->ops->init(rmap)) {
			exit_rmaps(world, i);
			return -ENOMEM;
		}
	}
	world->nr_rmaps = nr;
	return 0;
}

int mm_world_init(struct mm_world *world, struct ledger *ledger,
		  struct rcu *rcu, const struct bugs *bugs,
		  const struct rmap_ops *const *ops, u32 nr)
{
	memset(world, 0, sizeof(*world));
	world->ledger = ledger;
	world->rcu = rcu;
	world->bugs = bugs;
	world->max_map_count = DEFAULT_MAX_MAP_COUNT;
	world->task_pages = TASK_PAGES;
	TAILQ_INIT(&world->mms);
	RB_INIT(&world->folios);
	/* Sizes on 6.18 x86-64; a page table has a page. */
	world->kind_mm = ledger_kind(ledger, "mm_struct", 1408);
	world->kind_vma = ledger_kind(ledger, "vm_area_struct", 192);
	world->kind_pgtable = ledger_kind(ledger, "page table", 4096);
	world->kind_folio = ledger_kind(ledger, "folio", 64);
	return init_rmaps(world, ops, nr);
}

void mm_world_exit(struct mm_world *world)
{
	exit_rmaps(world, world->nr_rmaps);
	ledger_tool_free(world->ledger, world->touched.ranges,
			 world->touched.cap * sizeof(*world->touched.ranges));
	ledger_tool_free(world->ledger, world->touched.vmas,
			 world->touched.cap_vmas *
				 sizeof(*world->touched.vmas));
	ledger_tool_free(world->ledger, world->touched.folios,
			 world->touched.cap_folios *
				 sizeof(*world->touched.folios));
	memset(&world->touched, 0, sizeof(world->touched));
	ledger_tool_free(world->ledger, world->changed.changes,
			 world->changed.cap * sizeof(*world->changed.changes));
	memset(&world->changed, 0, sizeof(world->changed));
}

void race_if_freed(const struct mm_world *world, const void *obj,
		   const char *what)
{
	if (!ledger_is_live(obj))
		sched_break(world->sched, DIVERGENCE_RACE,
			    "a %s is looked at that was freed", what);
}

void touched_reset(struct mm_world *world)
{
	world->touched.nr = 0;
	world->touched.nr_vmas = 0;
	world->touched.nr_folios = 0;
	world->touched.overflow = false;
	world->touched.left_out = false;
	world->touched.looked = 0;
}

static bool touched_grow(struct mm_world *world)
{
	struct touched_log *log = &world->touched;
	u32 cap = log->cap ? 2 * log->cap : 64;
	struct touched *ranges;

	ranges = ledger_tool_grow(world->ledger, log->ranges,
				  log->cap * sizeof(*ranges),
				  cap * sizeof(*ranges));
	if (!ranges)
		return false;
	log->ranges = ranges;
	log->cap = cap;
	return true;
}

/* Page after page of one access comes in order: most ranges just grow. */
static bool extends(struct touched *range, const struct touched *more)
{
	if (range->family != more->family || more->first > range->last + 1 ||
	    more->last + 1 < range->first)
		return false;
	range->first = min_u64(range->first, more->first);
	range->last = max_u64(range->last, more->last);
	return true;
}

static void touch_range(struct mm_world *world, const struct touched *range)
{
	struct touched_log *log = &world->touched;

	if (log->nr && extends(&log->ranges[log->nr - 1], range))
		return;
	if (log->nr == log->cap && !touched_grow(world)) {
		log->overflow = true;
		return;
	}
	log->ranges[log->nr++] = *range;
}

void touch_offsets(struct mm_struct *mm, pgoff_t first, pgoff_t last)
{
	const struct touched range = {
		.family = mm->family,
		.first = first,
		.last = last,
	};

	touch_range(mm->world, &range);
}

static bool touched_folios_grow(struct mm_world *world)
{
	struct touched_log *log = &world->touched;
	u32 cap = log->cap_folios ? 2 * log->cap_folios : 64;
	struct touched_folio *folios;

	folios = ledger_tool_grow(world->ledger, log->folios,
				  log->cap_folios * sizeof(*folios),
				  cap * sizeof(*folios));
	if (!folios)
		return false;
	log->folios = folios;
	log->cap_folios = cap;
	return true;
}

/* A mapping that goes and one that comes are often the same folio's. */
void touch_folio(struct mm_world *world, const struct folio *folio)
{
	const struct touched range = {
		.family = folio->family,
		.first = folio->index,
		.last = folio->index,
	};
	struct touched_log *log = &world->touched;

	touch_range(world, &range);
	if (log->nr_folios && log->folios[log->nr_folios - 1].id == folio->id)
		return;
	if (log->nr_folios == log->cap_folios && !touched_folios_grow(world)) {
		log->overflow = true;
		return;
	}
	log->folios[log->nr_folios++] = (struct touched_folio){
		.family = folio->family,
		.index = folio->index,
		.id = folio->id,
	};
}

static bool touched_vmas_grow(struct mm_world *world)
{
	struct touched_log *log = &world->touched;
	u32 cap = log->cap_vmas ? 2 * log->cap_vmas : 32;
	struct touched_vma *vmas;

	vmas = ledger_tool_grow(world->ledger, log->vmas,
				log->cap_vmas * sizeof(*vmas),
				cap * sizeof(*vmas));
	if (!vmas)
		return false;
	log->vmas = vmas;
	log->cap_vmas = cap;
	return true;
}

/* Some operations say the same of a VMA twice in a row. */
static bool repeats(const struct touched_log *log,
		    const struct touched_vma *touched)
{
	return log->nr_vmas &&
	       !memcmp(&log->vmas[log->nr_vmas - 1], touched, sizeof(*touched));
}

void touch_vma(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct touched_log *log = &mm->world->touched;
	const struct touched_vma touched = {
		.mm = mm,
		.start = vma->vm_start,
		.end = vma->vm_end,
		.first = vma->vm_pgoff,
		.last = vma->vm_pgoff + (vma->vm_end - vma->vm_start) - 1,
	};

	touch_offsets(mm, touched.first, touched.last);
	if (repeats(log, &touched))
		return;
	if (log->nr_vmas == log->cap_vmas && !touched_vmas_grow(mm->world)) {
		log->overflow = true;
		return;
	}
	log->vmas[log->nr_vmas++] = touched;
}

void touched_forget_mm(struct mm_struct *mm)
{
	struct touched_log *log = &mm->world->touched;

	for (u32 i = 0; i < log->nr_vmas; i++)
		if (log->vmas[i].mm == mm)
			log->vmas[i].mm = NULL;
}

static bool changes_grow(struct mm_world *world)
{
	struct change_log *log = &world->changed;
	u32 cap = log->cap ? 2 * log->cap : 32;
	struct change *changes;

	changes = ledger_tool_grow(world->ledger, log->changes,
				   log->cap * sizeof(*changes),
				   cap * sizeof(*changes));
	if (!changes)
		return false;
	log->changes = changes;
	log->cap = cap;
	return true;
}

/* The last two: mremap changes a page here and one there, in turns. */
static bool joins_last(struct change_log *log, const struct change *more)
{
	for (u32 i = 1; i <= 2 && i <= log->nr; i++) {
		struct change *last = &log->changes[log->nr - i];

		if (last->mm != more->mm || last->pages != more->pages ||
		    more->start > last->end || more->end < last->start)
			continue;
		last->start = min_u64(last->start, more->start);
		last->end = max_u64(last->end, more->end);
		return true;
	}
	return false;
}

void note_change_in(struct mm_struct *mm, u64 start, u64 end, bool pages)
{
	struct change_log *log = &mm->world->changed;
	const struct change change = {
		.mm = mm->id,
		.start = start,
		.end = end,
		.pages = pages,
	};

	if (start >= end || joins_last(log, &change))
		return;
	if (log->nr == log->cap && !changes_grow(mm->world)) {
		log->overflow = true;
		return;
	}
	log->changes[log->nr++] = change;
}

void changes_reset(struct mm_world *world)
{
	world->changed.nr = 0;
	world->changed.overflow = false;
}
