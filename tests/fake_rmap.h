/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A reverse map that knows everything, since it reads folio->mappings, and lies
 * where it is told to: for tests of the checks.
 */
#ifndef RMAPDIFF_TESTS_FAKE_RMAP_H
#define RMAPDIFF_TESTS_FAKE_RMAP_H

#include <errno.h>
#include <stdlib.h>
#include "../model/machine.h"
#include "../model/mm/pgtable.h"
#include "../model/mm/vma.h"

#define FAKE_MAPPINGS_MAX 256

/* How it lies; all zeroes: it does not. */
struct fake {
	u64 skip; /* the folio with this id: its first mapping is not found */
	u64 blind; /* likewise: none of its mappings is found */
	u64 twice; /* likewise: it is found twice */
	u64 wrong_address; /* likewise: the walk adds far to the address */
	u64 wrong_offset; /* likewise: it adds 1 to the address */
	u64 dead_vma; /* likewise: the walk hands over freed memory first */
	u64 extra; /* likewise: it also hands over each place that could be */
	struct vm_area_struct *dead; /* what dead_vma hands over */
	struct divergence vma; /* what the checks of structures say */
	struct divergence mm;
	struct divergence all;
	u32 vmas_checked;
	u32 mms_checked;
	bool leak; /* an object more with each mm */
	bool unfaulted; /* says of each VMA that it is */
};

static inline struct fake *fake_of(struct rmap *rmap)
{
	return rmap->priv;
}

static inline int fake_init(struct rmap *rmap)
{
	rmap->priv = calloc(1, sizeof(struct fake));
	return rmap->priv ? 0 : -ENOMEM;
}

static inline void fake_exit(struct rmap *rmap)
{
	free(rmap->priv);
}

static inline int fake_mm_init(struct rmap *rmap, struct mm_struct *mm,
			       struct mm_struct *oldmm)
{
	struct ledger *ledger = rmap->world->ledger;

	mm->rmap_state[rmap->slot] =
		ledger_alloc(ledger, ledger_kind(ledger, "fake mm", 1), 1);
	return mm->rmap_state[rmap->slot] ? 0 : -ENOMEM;
}

static inline void fake_mm_exit(struct rmap *rmap, struct mm_struct *mm)
{
	struct ledger *ledger = rmap->world->ledger;

	if (fake_of(rmap)->leak) {
		/* One of its own, and the one that it should free. */
		ledger_alloc(ledger, ledger_kind(ledger, "fake leak", 1), 1);
		return;
	}
	ledger_free(ledger, mm->rmap_state[rmap->slot]);
}

static inline void fake_vma_init(struct rmap *rmap, struct vm_area_struct *vma)
{
}

static inline void **fake_faulted(struct rmap *rmap, struct vm_area_struct *vma)
{
	return &vma->rmap_state[rmap->slot].word[0];
}

static inline bool fake_vma_faulted(struct rmap *rmap,
				    struct vm_area_struct *vma)
{
	return *fake_faulted(rmap, vma) && !fake_of(rmap)->unfaulted;
}

static inline int fake_vma_prepare(struct rmap *rmap,
				   struct vm_area_struct *vma)
{
	*fake_faulted(rmap, vma) = rmap;
	return 0;
}

static inline void fake_vma_unlink(struct rmap *rmap,
				   struct vm_area_struct *vma)
{
	*fake_faulted(rmap, vma) = NULL;
}

static inline int fake_vma_clone(struct rmap *rmap, struct vm_area_struct *dst,
				 struct vm_area_struct *src,
				 enum rmap_clone why)
{
	*fake_faulted(rmap, dst) = *fake_faulted(rmap, src);
	return 0;
}

static inline void fake_vma_clone_undo(struct rmap *rmap,
				       struct vm_area_struct *dst,
				       struct vm_area_struct *src,
				       enum rmap_clone why)
{
	*fake_faulted(rmap, dst) = NULL;
}

static inline void fake_vma_range(struct rmap *rmap, struct vma_prepare *vp)
{
}

static inline void fake_vma_absorbed(struct rmap *rmap,
				     struct vm_area_struct *vma,
				     struct vm_area_struct *removed)
{
}

static inline bool fake_may_merge(struct rmap *rmap,
				  const struct vma_merge_struct *vmg,
				  struct vm_area_struct *tgt)
{
	return false;
}

static inline bool fake_may_merge_both(struct rmap *rmap,
				       const struct vma_merge_struct *vmg)
{
	return false;
}

static inline void fake_folio_new(struct rmap *rmap, struct folio *folio,
				  struct vm_area_struct *vma, bool exclusive)
{
}

static inline void fake_folio_move(struct rmap *rmap, struct folio *folio,
				   struct vm_area_struct *vma)
{
}

static inline void fake_folio_migrate(struct rmap *rmap, struct folio *folio,
				      struct folio *old)
{
}

static inline void fake_folio_free(struct rmap *rmap, struct folio *folio)
{
}

static inline void fake_visit(struct folio *folio, struct vm_area_struct *vma,
			      u64 addr, struct rmap_walk_control *rwc)
{
	rwc->stats->vmas++;
	rwc->stats->found += rwc->rmap_one(folio, vma, addr, rwc->arg);
}

/* Every place in the world with the folio's offset. */
static inline void fake_visit_all(struct rmap *rmap, struct folio *folio,
				  struct rmap_walk_control *rwc)
{
	struct mm_struct *mm;

	TAILQ_FOREACH(mm, &rmap->world->mms, entry) {
		struct vm_area_struct *vma = find_vma(mm, 0);

		for (; vma; vma = vma_next(vma))
			if (folio->index >= vma->vm_pgoff &&
			    folio->index <= vma_last_pgoff(vma))
				fake_visit(folio, vma,
					   folio->index - vma->vm_pgoff +
						   vma->vm_start,
					   rwc);
	}
}

/* One mapping, honestly or not; @first: the lies are about it. */
static inline void fake_walk_one(struct fake *fake, struct folio *folio,
				 struct mm_struct *mm, u64 addr, bool first,
				 struct rmap_walk_control *rwc)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	u64 id = first ? folio->id : 0;

	if (id && id == fake->dead_vma)
		fake_visit(folio, fake->dead, addr, rwc);
	if (id && id == fake->wrong_address)
		fake_visit(folio, vma, vma->vm_end, rwc);
	else if (id && id == fake->wrong_offset)
		fake_visit(folio, vma, addr + 1, rwc);
	else if (!id || id != fake->skip)
		fake_visit(folio, vma, addr, rwc);
	if (id && id == fake->twice)
		fake_visit(folio, vma, addr, rwc);
}

static inline void fake_walk(struct rmap *rmap, struct folio *folio,
			     struct rmap_walk_control *rwc)
{
	struct fake *fake = fake_of(rmap);
	struct mm_struct *mm[FAKE_MAPPINGS_MAX];
	u64 addr[FAKE_MAPPINGS_MAX];
	struct pte *pte;
	u32 nr = 0;

	rwc->stats->walks++;
	if (folio->id == fake->blind)
		return;
	if (folio->id == fake->extra) {
		fake_visit_all(rmap, folio, rwc);
		return;
	}
	/* The visitor may change the list. */
	LIST_FOREACH(pte, &folio->mappings, mapped) {
		if (nr == FAKE_MAPPINGS_MAX)
			abort();
		mm[nr] = pte_mm(pte);
		addr[nr++] = pte_addr(pte);
	}
	for (u32 i = 0; i < nr; i++)
		fake_walk_one(fake, folio, mm[i], addr[i], !i, rwc);
}

static inline void fake_say(struct divergence *div,
			    const struct divergence *what)
{
	if (what->kind)
		divergence_set(div, what->kind, "%s", what->text);
}

static inline void fake_check_vma(struct rmap *rmap, struct vm_area_struct *vma,
				  struct divergence *div)
{
	fake_of(rmap)->vmas_checked++;
	fake_say(div, &fake_of(rmap)->vma);
}

static inline void fake_check_mm(struct rmap *rmap, struct mm_struct *mm,
				 struct divergence *div)
{
	fake_of(rmap)->mms_checked++;
	fake_say(div, &fake_of(rmap)->mm);
}

static inline void fake_check_all(struct rmap *rmap, struct divergence *div)
{
	fake_say(div, &fake_of(rmap)->all);
}

#define FAKE_RMAP_OPS(name_)                                                \
	{                                                                   \
		.name = name_, .text = "for tests", .init = fake_init,      \
		.exit = fake_exit, .mm_init = fake_mm_init,                 \
		.mm_exit = fake_mm_exit, .vma_init = fake_vma_init,         \
		.vma_faulted = fake_vma_faulted,                            \
		.vma_prepare = fake_vma_prepare,                            \
		.vma_prepare_undo = fake_vma_unlink,                        \
		.vma_clone = fake_vma_clone,                                \
		.vma_clone_undo = fake_vma_clone_undo,                      \
		.vma_range_change = fake_vma_range,                         \
		.vma_range_changed = fake_vma_range,                        \
		.vma_absorbed = fake_vma_absorbed,                          \
		.vma_unlink = fake_vma_unlink, .may_merge = fake_may_merge, \
		.may_merge_both = fake_may_merge_both,                      \
		.folio_new = fake_folio_new, .folio_move = fake_folio_move, \
		.folio_migrate = fake_folio_migrate,                        \
		.folio_free = fake_folio_free, .walk = fake_walk,           \
		.check_vma = fake_check_vma, .check_mm = fake_check_mm,     \
		.check_all = fake_check_all,                                \
	}

#endif
