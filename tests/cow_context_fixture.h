/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cow_context alone: the mm drives it, the page tables are the truth.  Pages
 * count from 0, processes are letters, as in the mails.
 */
#ifndef RMAPDIFF_TESTS_COW_CONTEXT_FIXTURE_H
#define RMAPDIFF_TESTS_COW_CONTEXT_FIXTURE_H

#include "remaps_fixture.h"
#include "../model/mm/pgtable.h"
#include "../model/rmap/cow_context.h"
#include "../model/rmap/rmaps.h"

#define RW (VM_READ | VM_WRITE)
#define MOVE (MREMAP_FIXED | MREMAP_MAYMOVE)
#define NR_PROCS 8

/* A world with cow_context alone. */

struct fixture {
	struct ledger ledger;
	struct rcu rcu;
	struct bugs bugs;
	struct mm_world world;
	struct rmap *rmap;
	struct mm_struct *procs[NR_PROCS];
	struct rmap_walk_stats stats; /* of the last walk */
};

static inline struct mm_struct **proc(struct fixture *f, char name)
{
	assert_in_range(name, 'A', 'A' + NR_PROCS - 1);
	return &f->procs[name - 'A'];
}

static inline int setup_with(void **state, const struct rmap_ops *const *ops,
			     u32 nr)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	ledger_init(&f->ledger, NULL);
	rcu_init(&f->rcu, &f->ledger);
	if (mm_world_init(&f->world, &f->ledger, &f->rcu, &f->bugs, ops, nr))
		return -1;
	f->rmap = &f->world.rmaps[nr - 1];
	*proc(f, 'A') = mm_alloc(&f->world);
	*state = f;
	return *proc(f, 'A') ? 0 : -1;
}

static inline int setup(void **state)
{
	static const struct rmap_ops *const alone[] = { &cow_context_rmap_ops };

	return setup_with(state, alone, 1);
}

/* Beside anon_vma, which decides. */
static inline int setup_beside(void **state)
{
	static const struct rmap_ops *const both[] = { &anon_vma_rmap_ops,
						       &cow_context_rmap_ops };

	return setup_with(state, both, 2);
}

static inline void quit(struct fixture *f, char name)
{
	mm_put(*proc(f, name));
	*proc(f, name) = NULL;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	mm_world_exit(&f->world);
	ledger_destroy(&f->ledger);
	free(f);
	return 0;
}

static inline int map(struct fixture *f, char name, u64 page, u64 len)
{
	return do_mmap(*proc(f, name), page, len, RW, NO_FILE, 0);
}

static inline int unmap(struct fixture *f, char name, u64 page, u64 len)
{
	return do_munmap(*proc(f, name), page, len);
}

static inline int move(struct fixture *f, char name, u64 from, u64 len, u64 to)
{
	return do_mremap(*proc(f, name), from, len, len, MOVE, to);
}

static inline int fork_to(struct fixture *f, char name, char child)
{
	return mm_dup(*proc(f, name), proc(f, child));
}

static inline int write_pages(struct fixture *f, char name, u64 page, u64 len)
{
	int err = 0;

	for (u64 i = 0; i < len && !err; i++)
		err = mm_write(*proc(f, name), page + i, 1);
	return err;
}

#define ok(call) assert_int_equal(call, 0)

static inline struct folio *folio_at(struct fixture *f, char name, u64 page)
{
	struct pte *pte = pte_lookup(*proc(f, name), page);

	assert_non_null(pte);
	assert_non_null(pte->folio);
	return pte->folio;
}

static inline struct cow_context *context(struct fixture *f, char name)
{
	return mm_context(f->rmap, *proc(f, name));
}

/* What a walk visited. */

#define PLACES_MAX 1024

struct places {
	u32 nr;
	struct place {
		struct mm_struct *mm;
		u64 addr;
		bool maps;
	} at[PLACES_MAX];
	enum divergence_kind fault; /* the first thing wrong with them */
};

static inline int fixture_visit(struct folio *folio, struct vm_area_struct *vma,
				u64 addr, void *arg)
{
	struct pte *pte = pte_lookup(vma->vm_mm, addr);
	struct places *places = arg;
	bool maps = pte && pte->folio == folio;

	assert_true(places->nr < PLACES_MAX);
	if (vma_lookup(vma->vm_mm, addr) != vma ||
	    linear_page_index(vma, addr) != folio->index)
		places->fault = DIVERGENCE_STRAY;
	for (u32 i = 0; i < places->nr; i++)
		if (places->at[i].mm == vma->vm_mm &&
		    places->at[i].addr == addr)
			places->fault = DIVERGENCE_DUPLICATE;
	places->at[places->nr++] = (struct place){ vma->vm_mm, addr, maps };
	return maps;
}

static inline void walk(struct fixture *f, struct folio *folio,
			struct places *places)
{
	struct rmap_walk_control rwc = {
		.rmap_one = fixture_visit,
		.arg = places,
		.stats = &f->stats,
	};
	u32 maps = 0;

	memset(&f->stats, 0, sizeof(f->stats));
	places->nr = 0;
	places->fault = DIVERGENCE_NONE;
	f->rmap->ops->walk(f->rmap, folio, &rwc);
	for (u32 i = 0; i < places->nr; i++)
		maps += places->at[i].maps;
	if (!places->fault && maps != folio->mapcount)
		places->fault = DIVERGENCE_MISS;
	assert_int_equal(f->stats.vmas, places->nr);
	assert_int_equal(f->stats.found, maps);
	assert_false(rcu_read_lock_held(&f->rcu));
}

static inline enum divergence_kind fault_of_walks(struct fixture *f)
{
	enum divergence_kind fault = DIVERGENCE_NONE;
	static struct places places;

	for (u32 i = 0; i < NR_PROCS && !fault; i++) {
		struct mm_struct *mm = f->procs[i];
		struct folio *folio;

		if (!mm)
			continue;
		folio = folio_first(&f->world, mm->family, 0);
		for (; folio && !fault; folio = folio_next(folio)) {
			walk(f, folio, &places);
			fault = places.fault;
		}
	}
	return fault;
}

static inline void check_one(struct rmap *rmap, struct mm_struct *mm,
			     struct divergence *div)
{
	struct vm_area_struct *vma;

	rmap->ops->check_mm(rmap, mm, div);
	if (rmap->ops->check_offsets)
		rmap->ops->check_offsets(rmap, mm, 0, UINT64_MAX, div);
	for (vma = find_vma(mm, 0); vma; vma = vma_next(vma))
		rmap->ops->check_vma(rmap, vma, div);
}

/* By the checks of each mm (@all: by check_all). */
static inline struct divergence own_fault(struct fixture *f, bool all)
{
	struct divergence div = f->rmap->broken;

	for (u32 i = 0; i < NR_PROCS && !all; i++)
		if (f->procs[i])
			check_one(f->rmap, f->procs[i], &div);
	if (all)
		f->rmap->ops->check_all(f->rmap, &div);
	return div;
}

static inline void assert_all_well(struct fixture *f)
{
	struct divergence div = own_fault(f, true);

	assert_string_equal(div.text, "");
	div = own_fault(f, false);
	assert_string_equal(div.text, "");
	assert_int_equal(fault_of_walks(f), DIVERGENCE_NONE);
}

/* All is well, and the walk of @folio visits "A:10 B:10", "!" where it is not. */
static inline void assert_visits(struct fixture *f, struct folio *folio,
				 const char *expected)
{
	static struct places places;
	char visited[512] = "";
	size_t n = 0;

	assert_all_well(f);
	walk(f, folio, &places);
	for (u32 i = 0; i < places.nr; i++) {
		char name = '?';

		for (u32 p = 0; p < NR_PROCS; p++)
			if (f->procs[p] == places.at[i].mm)
				name = 'A' + p;
		n += snprintf(visited + n, sizeof(visited) - n, "%s%s%c:%d",
			      n ? " " : "", places.at[i].maps ? "" : "!", name,
			      (int)places.at[i].addr);
	}
	assert_string_equal(visited, expected);
}

static inline void assert_all_gone(struct fixture *f)
{
	for (u32 i = 0; i < NR_PROCS; i++)
		if (f->procs[i])
			quit(f, 'A' + i);
	assert_all_well(f);
	synchronize_rcu(&f->rcu);
	assert_int_equal(f->ledger.nr_live, 0);
}

#endif
