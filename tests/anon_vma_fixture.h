/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of anon_vma share: a world with anon_vma alone, and how to look
 * at it.
 */
#ifndef RMAPDIFF_TESTS_ANON_VMA_FIXTURE_H
#define RMAPDIFF_TESTS_ANON_VMA_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../model/mm/pgtable.h"
#include "../model/mm/vma.h"
#include "../model/rmap/anon_vma.h"
#include "../model/rmap/rmaps.h"

#define RW (VM_READ | VM_WRITE)
#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)

/* One machine without processes: the tests hold the mms. */
struct fixture {
	struct ledger ledger;
	struct rcu rcu;
	struct bugs bugs;
	struct mm_world world;
	struct mm_struct *a; /* the first process */
};

static const struct rmap_ops *const only_anon_vma[] = { &anon_vma_rmap_ops };

static inline struct rmap *the_rmap(struct fixture *fx)
{
	return &fx->world.rmaps[0];
}

static inline struct fixture *fixture_new(enum kernel_release as_of)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	ledger_init(&fx->ledger, NULL);
	rcu_init(&fx->rcu, &fx->ledger);
	assert_int_equal(mm_world_init(&fx->world, &fx->ledger, &fx->rcu,
				       &fx->bugs, only_anon_vma, 1),
			 0);
	fx->world.as_of = as_of;
	fx->a = mm_alloc(&fx->world);
	assert_non_null(fx->a);
	return fx;
}

/* Whatever a test leaves is thrown away, faults and all. */
static inline int teardown(void **state)
{
	struct fixture *fx = *state;

	mm_world_exit(&fx->world);
	ledger_destroy(&fx->ledger);
	free(fx);
	return 0;
}

/* The first fault that any check finds. */
static inline struct divergence find_fault(struct fixture *fx)
{
	struct rmap *rmap = the_rmap(fx);
	struct divergence div = rmap->broken;
	struct mm_struct *mm;

	/* After that, a VMA may hang in a tree that is freed. */
	if (div.kind != DIVERGENCE_NONE)
		return div;
	TAILQ_FOREACH(mm, &fx->world.mms, entry) {
		struct vm_area_struct *vma = find_vma(mm, 0);

		for (; vma; vma = vma_next(vma))
			rmap->ops->check_vma(rmap, vma, &div);
	}
	rmap->ops->check_all(rmap, &div);
	return div;
}

static inline void assert_sound(struct fixture *fx)
{
	struct divergence div = find_fault(fx);

	if (div.kind != DIVERGENCE_NONE)
		fail_msg("%s", div.text);
}

static inline void assert_nothing_left(struct fixture *fx)
{
	synchronize_rcu(&fx->rcu);
	assert_sound(fx);
	assert_int_equal(fx->ledger.nr_live, 0);
}

static inline u64 nr_anon_vmas(struct fixture *fx)
{
	return anon_vma_world(the_rmap(fx))->nr_living;
}

static inline u64 nr_avcs(struct fixture *fx)
{
	return fx->ledger.kinds[anon_vma_world(the_rmap(fx))->kind_avc].live;
}

static inline struct mm_struct *fork_mm(struct mm_struct *mm)
{
	struct mm_struct *child = NULL;

	assert_int_equal(mm_dup(mm, &child), 0);
	return child;
}

static inline void map_anon(struct mm_struct *mm, u64 addr, u64 len)
{
	assert_int_equal(do_mmap(mm, addr, len, RW, NO_FILE, 0), 0);
}

static inline void dirty(struct mm_struct *mm, u64 addr)
{
	assert_int_equal(mm_write(mm, addr, addr), 0);
}

static inline int maps_folio(struct folio *folio, struct vm_area_struct *vma,
			     u64 address, void *arg)
{
	struct pte *pte = pte_lookup(vma->vm_mm, address);

	return pte && pte->folio == folio;
}

static inline struct rmap_walk_stats walk_anon_vma(struct fixture *fx,
						   struct folio *folio)
{
	struct rmap_walk_stats stats = { 0 };
	struct rmap_walk_control rwc = {
		.rmap_one = maps_folio,
		.stats = &stats,
	};
	struct rmap *rmap = the_rmap(fx);

	rmap->ops->walk(rmap, folio, &rwc);
	assert_false(rcu_read_lock_held(&fx->rcu));
	return stats;
}

/* A, B and C: a page each has seen, and one that B wrote. */
static inline void family_of_three(struct fixture *fx, struct mm_struct **b,
				   struct mm_struct **c)
{
	map_anon(fx->a, 0x10, 4);
	dirty(fx->a, 0x10);
	dirty(fx->a, 0x11);
	*b = fork_mm(fx->a);
	dirty(*b, 0x11);
	*c = fork_mm(*b);
}

#endif
