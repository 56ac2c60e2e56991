// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: a machine's processes, VMAs, pages, folios and walks as
 * plain data.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../model/mm/vma.h"
#include "explain_snap.h"

void *snap_add(struct snap *snap, void *array, u32 *nr, size_t size)
{
	void *items; /* @array points to a pointer to them, of any type */

	memcpy(&items, array, sizeof(items));
	/* Room is doubled whenever the number is a power of two. */
	if (*nr < 16 ? !*nr : !(*nr & (*nr - 1))) {
		size_t cap = *nr ? 2 * (size_t)*nr : 16;
		void *more = realloc(items, cap * size);

		if (!more) {
			snap->oom = true;
			return NULL;
		}
		items = more;
		memcpy(array, &items, sizeof(items));
	}
	return memset((char *)items + (*nr)++ * size, 0, size);
}

#define add_item(snap, name) \
	snap_add(snap, &(snap)->name, &(snap)->nr_##name, sizeof(*(snap)->name))

u32 snap_find_vma(const struct snap *snap, const void *who)
{
	for (u32 i = 0; i < snap->nr_vmas; i++)
		if (snap->vmas[i].who == who)
			return i;
	return SNAP_NONE;
}

static u32 find_mm(const struct snap *snap, u64 id)
{
	for (u32 i = 0; i < snap->nr_mms; i++)
		if (snap->mms[i].id == id)
			return i;
	return SNAP_NONE;
}

u32 snap_vma_at(const struct snap *snap, u32 mm, u64 addr)
{
	const struct snap_mm *m = &snap->mms[mm];

	for (u32 i = m->first_vma; i < m->first_vma + m->nr_vmas; i++)
		if (snap->vmas[i].start <= addr && addr < snap->vmas[i].end)
			return i;
	return SNAP_NONE;
}

static int cmp_folio(const void *a, const void *b)
{
	const struct snap_folio *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

const struct snap_folio *snap_folio(const struct snap *snap, u64 id)
{
	struct snap_folio key = { .id = id };

	if (!snap->nr_folios)
		return NULL;
	return bsearch(&key, snap->folios, snap->nr_folios, sizeof(key),
		       cmp_folio);
}

u32 snap_times_found(const struct snap *snap, const struct snap_folio *folio,
		     u32 slot, const struct snap_place *place)
{
	const struct snap_walk *walk = &folio->walks[slot];
	u32 times = 0;

	for (u32 i = 0; i < walk->nr_visits; i++) {
		const struct snap_place *visit =
			&snap->visits[walk->first_visit + i];

		times += visit->found && visit->mm == place->mm &&
			 visit->addr == place->addr;
	}
	return times;
}

/* Processes, VMAs and pages. */

static void take_pages(struct snap *snap, struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct pte *pte = pte_next(mm, vma->vm_start, vma->vm_end);

	while (pte) {
		struct snap_page *page = add_item(snap, pages);
		u64 addr = pte_addr(pte);

		if (!page)
			return;
		page->addr = addr;
		page->kind = pte->kind;
		page->write = pte->write;
		page->folio = pte->folio ? pte->folio->id : 0;
		pte = pte_next(mm, addr + 1, vma->vm_end);
	}
}

static void take_vma(struct snap *snap, u32 mm, struct vm_area_struct *vma)
{
	struct mm_world *world = vma->vm_mm->world;
	struct snap_vma *v = add_item(snap, vmas);

	if (!v)
		return;
	v->who = vma;
	v->mm = mm;
	v->start = vma->vm_start;
	v->end = vma->vm_end;
	v->flags = vma->vm_flags;
	v->pgoff = vma->vm_pgoff;
	v->file = vma->vm_file;
	for (u32 i = 0; i < world->nr_rmaps; i++) {
		struct rmap *rmap = &world->rmaps[i];

		v->faulted[i] = rmap->ops->vma_faulted(rmap, vma);
	}
	v->first_page = snap->nr_pages;
	take_pages(snap, vma);
	v->nr_pages = snap->nr_pages - v->first_page;
}

static void name_procs(struct snap_mm *m, struct machine *machine,
		       const struct mm_struct *mm, const struct scenario *sc)
{
	size_t len = 0;

	for (u32 proc = 0; proc < machine->nr_procs; proc++) {
		const char *name = proc < sc->nr_procs ? sc->names[proc] : "?";

		if (machine_mm(machine, proc) != mm)
			continue;
		if (!len)
			snprintf(m->name, sizeof(m->name), "%s", name);
		if (len + strlen(name) + 6 > sizeof(m->procs)) {
			snprintf(m->procs + len, sizeof(m->procs) - len,
				 ",...");
			return;
		}
		len += (size_t)snprintf(m->procs + len, sizeof(m->procs) - len,
					"%s%s", len ? "," : "", name);
	}
	if (!len)
		snprintf(m->name, sizeof(m->name), "mm%llu",
			 (unsigned long long)mm->id);
}

static void take_mm(struct snap *snap, struct machine *machine,
		    struct mm_struct *mm, const struct scenario *sc)
{
	struct snap_mm *m = add_item(snap, mms);
	struct vm_area_struct *vma = find_vma(mm, 0);
	u32 nr = snap->nr_mms - 1;

	if (!m)
		return;
	m->id = mm->id;
	m->first_vma = snap->nr_vmas;
	name_procs(m, machine, mm, sc);
	for (; vma; vma = vma_next(vma))
		take_vma(snap, nr, vma);
	m->nr_vmas = snap->nr_vmas - m->first_vma;
}

/* Folios and walks. */

static int cmp_place(const void *a, const void *b)
{
	const struct snap_place *x = a, *y = b;

	if (x->mm != y->mm)
		return x->mm < y->mm ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void take_places(struct snap *snap, const struct folio *folio,
			struct snap_folio *f)
{
	const struct pte *pte;

	f->first_place = snap->nr_places;
	LIST_FOREACH(pte, &folio->mappings, mapped) {
		struct snap_place *place = add_item(snap, places);

		if (!place)
			return;
		place->mm = find_mm(snap, pte_mm(pte)->id);
		place->addr = pte_addr(pte);
		place->vma = place->mm == SNAP_NONE ?
				     SNAP_NONE :
				     snap_vma_at(snap, place->mm, place->addr);
	}
	f->nr_places = snap->nr_places - f->first_place;
	if (f->nr_places)
		qsort(snap->places + f->first_place, f->nr_places,
		      sizeof(*snap->places), cmp_place);
}

/* The VMA may be gone: its pointer is followed only if an mm has it. */
static int snap_visit(struct folio *folio, struct vm_area_struct *vma, u64 addr,
		      void *arg)
{
	struct snap *snap = arg;
	struct snap_place *place = add_item(snap, visits);
	u32 nr = snap_find_vma(snap, vma);
	const struct pte *pte;

	if (!place)
		return 0;
	place->addr = addr;
	place->vma = nr;
	place->mm = SNAP_NONE;
	if (nr == SNAP_NONE)
		return 0;
	place->mm = snap->vmas[nr].mm;
	if (addr < vma->vm_start || addr >= vma->vm_end) {
		place->vma = SNAP_NONE;
		return 0;
	}
	pte = pte_lookup(vma->vm_mm, addr);
	place->found = pte && pte->kind == PTE_ANON && pte->folio == folio;
	return place->found;
}

/* A look must not change what it looks at, not even by a bug of the walk. */
static void take_walk(struct snap *snap, struct rmap *rmap, struct folio *folio,
		      struct snap_walk *walk)
{
	struct rmap_lock_stats locks = rmap->locks;
	struct divergence broken = rmap->broken;
	u32 readers = rmap->world->rcu->readers;
	struct rmap_walk_control rwc = {
		.rmap_one = snap_visit,
		.arg = snap,
		.stats = &walk->stats,
	};

	walk->first_visit = snap->nr_visits;
	rmap->ops->walk(rmap, folio, &rwc);
	walk->nr_visits = snap->nr_visits - walk->first_visit;
	rmap->locks = locks;
	rmap->broken = broken;
	rmap->world->rcu->readers = readers;
}

/*
 * What @folio belongs to.  A machine that diverged can have pointers to what was
 * freed, and the walk follows those: then the reason why it is not made.
 */
static const char *find_owner(const struct snap *snap, struct rmap *rmap,
			      struct folio *folio, u32 *owner)
{
	const void *who;

	if (!rmap->ops->folio_owner || !rmap->ops->describe)
		return NULL;
	who = rmap->ops->folio_owner(rmap, folio);
	if (!who)
		return NULL;
	*owner = snap_find_object(snap, rmap->slot, who);
	if (*owner == SNAP_NONE)
		return "it belongs to what was freed";
	for (u32 i = 0; i < snap->nr_branches; i++)
		if (snap->branches[i].object == *owner &&
		    snap->branches[i].vma == SNAP_NONE)
			return "a VMA in the tree was freed";
	return NULL;
}

static void take_folio(struct snap *snap, struct mm_world *world,
		       struct folio *folio)
{
	struct snap_folio *f = add_item(snap, folios);

	if (!f)
		return;
	f->id = folio->id;
	f->index = folio->index;
	f->mapcount = folio->mapcount;
	f->exclusive = folio->exclusive;
	take_places(snap, folio, f);
	for (u32 i = 0; i < world->nr_rmaps; i++) {
		struct rmap *rmap = &world->rmaps[i];

		f->walks[i].owner = SNAP_NONE;
		f->walks[i].why_not =
			find_owner(snap, rmap, folio, &f->walks[i].owner);
		if (!f->walks[i].why_not)
			take_walk(snap, rmap, folio, &f->walks[i]);
	}
}

/* As deep as a red-black tree is. */
static void take_folios(struct snap *snap, struct mm_world *world,
			struct folio *folio)
{
	if (!folio)
		return;
	take_folios(snap, world, RB_LEFT(folio, rb));
	take_folio(snap, world, folio);
	take_folios(snap, world, RB_RIGHT(folio, rb));
}

int snap_take(struct snap *snap, struct machine *machine,
	      const struct scenario *sc, const struct mm_names *names)
{
	struct mm_world *world = &machine->world;
	struct mm_struct *mm;

	*snap = (struct snap){ .base = sc->base, .nr_rmaps = world->nr_rmaps };
	for (u32 i = 0; i < world->nr_rmaps; i++)
		snap->rmaps[i] = world->rmaps[i].ops->name;
	TAILQ_FOREACH(mm, &world->mms, entry)
		take_mm(snap, machine, mm, sc);
	snap_objects(snap, machine, sc, names);
	take_folios(snap, world, RB_ROOT(&world->folios));
	if (snap->nr_folios)
		qsort(snap->folios, snap->nr_folios, sizeof(*snap->folios),
		      cmp_folio);
	return snap->oom ? -ENOMEM : 0;
}

void snap_free(struct snap *snap)
{
	free(snap->mms);
	free(snap->vmas);
	free(snap->pages);
	free(snap->places);
	free(snap->visits);
	free(snap->folios);
	free(snap->objects);
	free(snap->branches);
	free(snap->chains);
	free(snap->remaps);
	*snap = (struct snap){ 0 };
}
