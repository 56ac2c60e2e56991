// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything gets a name when it is first met, going through the machine in an
 * order that hangs on no name:
 *
 *	mms ──▶ VMAs by address ──▶ chains ─────────┐
 *	 │                                          ▼
 *	 └──▶ page tables ──▶ folios ──▶ owners ──▶ objects ──▶ parents, roots
 *
 * and is written down with the names of what it refers to; the fingerprint is
 * the hash of what was written.  Mms have no such order: they are sorted by what
 * each looks like alone, and where several look alike all orders are tried and
 * the least fingerprint counts.  With FINGERPRINT_ORDERS they have: their birth;
 * and so have objects.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../mm/pgtable.h"
#include "../mm/vma.h"
#include "fingerprint.h"
#include "fingerprint_hash.h"
#include "shown.h"

#define MMS_MAX 32
#define VMAS_MAX 512
#define FOLIOS_MAX 1024
#define NAMES_CAP 4096 /* a power of two, above all that can be named at once */
#define ORDERS_MAX 24

/*
 * Addresses and offsets that came from addresses are above, offsets of files
 * below; the first shift with the window.
 */
#define FILE_OFFSETS (1ULL << 32)

_Static_assert(VMAS_MAX + FOLIOS_MAX + RMAP_MAX * SHOWN_OBJECTS_MAX + MMS_MAX <
		       NAMES_CAP,
	       "names must leave the table some room");

struct space {
	struct mm_struct *mm;
	struct fingerprint alone;
};

struct name {
	const void *who;
	u32 round; /* of another one: the slot is free */
	u32 name;
	u32 at; /* where else it is written down: an index */
};

struct fingerprinter {
	u32 counts; /* FINGERPRINT_* */
	struct machine *machine;
	u64 origin;
	bool too_big;

	struct space spaces[MMS_MAX];
	u32 nr_spaces;
	struct shown shown[RMAP_MAX];

	/* One writing down. */
	u32 round;
	u32 nr_names;
	struct name names[NAMES_CAP];
	struct fingerprint hash;
	struct folio *folios[FOLIOS_MAX]; /* in the order of their names */
	u32 nr_folios;
	u32 named[SHOWN_OBJECTS_MAX]; /* objects in the order of their names */
	u32 nr_named;
};

struct fingerprinter *fingerprinter_create(u32 counts)
{
	struct fingerprinter *fper = calloc(1, sizeof(*fper));

	if (fper)
		fper->counts = counts;
	return fper;
}

void fingerprinter_destroy(struct fingerprinter *fper)
{
	free(fper);
}

/* An address, or an offset of either kind. */
static u64 page_place(const struct fingerprinter *fper, u64 page)
{
	return page < FILE_OFFSETS ? page : page - fper->origin + (1ULL << 62);
}

/* From a file's offset to an address it is far, and shifts. */
static u64 distance(const struct fingerprinter *fper, u64 displacement)
{
	s64 pages = (s64)displacement;

	if (pages < (s64)FILE_OFFSETS && pages > -(s64)FILE_OFFSETS)
		return displacement;
	return displacement - fper->origin + (1ULL << 62);
}

/* Names. */

static struct name *name_slot(struct fingerprinter *fper, const void *who)
{
	u64 i = fold((uintptr_t)who, 0x9e3779b97f4a7c15ULL);

	for (;; i++) {
		struct name *name = &fper->names[i & (NAMES_CAP - 1)];

		if (name->round != fper->round || name->who == who)
			return name;
	}
}

static bool has_name(const struct fingerprinter *fper, const struct name *name)
{
	return name->round == fper->round;
}

static u32 give_name(struct fingerprinter *fper, struct name *name,
		     const void *who, u32 at)
{
	*name = (struct name){
		.who = who,
		.round = fper->round,
		.name = ++fper->nr_names,
		.at = at,
	};
	return name->name;
}

/* The name of what is named already; 0 for what is not. */
static u32 name_given(struct fingerprinter *fper, const void *who)
{
	struct name *name = name_slot(fper, who);

	return has_name(fper, name) ? name->name : 0;
}

/* What reverse maps show is taken down once, before any name is given. */
static void take_shown(struct fingerprinter *fper, u32 slot)
{
	if (!shown_take(&fper->shown[slot], &fper->machine->world.rmaps[slot]))
		fper->too_big = true;
}

/* Mms, each as it looks alone. */

static void write_vma(struct fingerprinter *fper, struct fingerprint *hash,
		      struct vm_area_struct *vma)
{
	struct mm_world *world = &fper->machine->world;
	u64 marks = 0;

	for (u32 i = 0; i < world->nr_rmaps; i++) {
		struct rmap *rmap = &world->rmaps[i];

		marks = 2 * marks + rmap->ops->vma_faulted(rmap, vma);
	}
	word(hash, page_place(fper, vma->vm_start));
	word(hash, vma_pages(vma));
	word(hash, vma->vm_flags);
	word(hash, page_place(fper, vma->vm_pgoff));
	word(hash, (u64)(vma->vm_file + 1) << 8 | marks);
}

static void write_folio(struct fingerprinter *fper, struct fingerprint *hash,
			const struct folio *folio)
{
	word(hash, page_place(fper, folio->index));
	word(hash, (u64)folio->mapcount << 1 | folio->exclusive);
}

static void write_pte(struct fingerprinter *fper, struct fingerprint *hash,
		      const struct pte *pte)
{
	word(hash, page_place(fper, pte_addr(pte)));
	word(hash, (u64)pte->kind << 1 | pte->write);
}

/* One may be empty: then the next entry there needs no table. */
static u64 write_leaves(struct fingerprinter *fper, struct fingerprint *hash,
			const struct pgtable_leaf *leaf)
{
	u64 nr;

	if (!leaf)
		return 0;
	nr = write_leaves(fper, hash, RB_LEFT(leaf, rb));
	if (fper->counts & FINGERPRINT_PLACES)
		word(hash, page_place(fper, leaf->first));
	return nr + 1 + write_leaves(fper, hash, RB_RIGHT(leaf, rb));
}

static void look_alone(struct fingerprinter *fper, struct space *space)
{
	struct fingerprint *hash = &space->alone;
	struct mm_struct *mm = space->mm;
	struct vm_area_struct *vma;
	struct pte *pte;

	*hash = hash_start;
	word(hash, mm->users);
	for (vma = find_vma(mm, 0); vma; vma = vma_next(vma))
		write_vma(fper, hash, vma);
	for (pte = pte_next(mm, 0, mm->world->task_pages); pte;
	     pte = pte_next(mm, pte_addr(pte) + 1, mm->world->task_pages)) {
		write_pte(fper, hash, pte);
		if (pte->folio)
			write_folio(fper, hash, pte->folio);
	}
	word(hash, write_leaves(fper, hash, RB_ROOT(&mm->pgtable)));
}

/* How many chain links its VMAs have tells a child from its parent. */
static void count_links(struct fingerprinter *fper, struct space *space)
{
	struct vm_area_struct *vma;
	u64 nr = 0;

	for (u32 slot = 0; slot < fper->machine->world.nr_rmaps; slot++) {
		const struct shown *shown = &fper->shown[slot];

		vma = find_vma(space->mm, 0);
		for (; vma; vma = vma_next(vma))
			for (u32 i = 0; i < shown->nr_chain; i++)
				nr += shown->chain[i].vma == vma;
		for (u32 i = 0; i < shown->nr_objects; i++)
			if (shown->objects[i].o.mm_id == space->mm->id)
				nr += 1000 + !!shown->objects[i].o.parent;
	}
	word(&space->alone, nr);
}

static int space_cmp(const void *a, const void *b)
{
	return hash_cmp(&((const struct space *)a)->alone,
			&((const struct space *)b)->alone);
}

static void take_spaces(struct fingerprinter *fper)
{
	struct mm_struct *mm;

	fper->nr_spaces = 0;
	TAILQ_FOREACH(mm, &fper->machine->world.mms, entry) {
		if (fper->nr_spaces == MMS_MAX) {
			fper->too_big = true;
			return;
		}
		fper->spaces[fper->nr_spaces++].mm = mm;
	}
	for (u32 i = 0; i < fper->nr_spaces; i++) {
		look_alone(fper, &fper->spaces[i]);
		count_links(fper, &fper->spaces[i]);
	}
	if (!(fper->counts & FINGERPRINT_ORDERS))
		qsort(fper->spaces, fper->nr_spaces, sizeof(*fper->spaces),
		      space_cmp);
}

/* Writing everything down, mms in the order of spaces[]. */

static void write_spaces(struct fingerprinter *fper)
{
	struct fingerprint *hash = &fper->hash;

	for (u32 i = 0; i < fper->nr_spaces; i++) {
		struct mm_struct *mm = fper->spaces[i].mm;
		struct vm_area_struct *vma;
		u32 nr = 0;

		give_name(fper, name_slot(fper, mm), mm, i);
		word(hash, fper->spaces[i].alone.lo);
		word(hash, fper->spaces[i].alone.hi);
		word(hash, mm->map_count);
		for (vma = find_vma(mm, 0); vma; vma = vma_next(vma), nr++)
			give_name(fper, name_slot(fper, vma), vma, nr);
		if (fper->nr_names > MMS_MAX + VMAS_MAX)
			fper->too_big = true;
		if (fper->too_big)
			return;
	}
}

/* Families are told apart by the first mm of each. */
static u32 family_name(const struct fingerprinter *fper, u64 family)
{
	for (u32 i = 0; i < fper->nr_spaces; i++)
		if (fper->spaces[i].mm->family == family)
			return i + 1;
	return 0;
}

static void write_mappings(struct fingerprinter *fper, struct mm_struct *mm)
{
	struct pte *pte = pte_next(mm, 0, mm->world->task_pages);

	word(&fper->hash, family_name(fper, mm->family));
	for (; pte;
	     pte = pte_next(mm, pte_addr(pte) + 1, mm->world->task_pages)) {
		struct name *name;

		if (!pte->folio)
			continue;
		name = name_slot(fper, pte->folio);
		if (!has_name(fper, name)) {
			if (fper->nr_folios == FOLIOS_MAX) {
				fper->too_big = true;
				return;
			}
			fper->folios[fper->nr_folios] = pte->folio;
			give_name(fper, name, pte->folio, fper->nr_folios++);
		}
		word(&fper->hash, name->name);
	}
}

static u32 object_index(const struct shown *shown, const void *who)
{
	u32 i = 0;

	while (i < shown->nr_objects && shown->objects[i].o.who != who)
		i++;
	return i;
}

/* The name of @who, which gets one if it is an object that @shown has. */
static u32 object_name(struct fingerprinter *fper, const struct shown *shown,
		       const void *who)
{
	struct name *name;
	u32 i;

	if (!who)
		return 0;
	name = name_slot(fper, who);
	if (has_name(fper, name))
		return name->name;
	i = object_index(shown, who);
	if (i == shown->nr_objects)
		return UINT32_MAX; /* it points to what is gone */
	fper->named[fper->nr_named++] = i;
	return give_name(fper, name, who, i);
}

static void name_by_birth(struct fingerprinter *fper, const struct shown *shown)
{
	for (u32 i = 0; i < shown->nr_objects; i++)
		object_name(fper, shown, shown->objects[i].o.who);
}

static void write_chain(struct fingerprinter *fper, const struct shown *shown,
			const struct vm_area_struct *vma)
{
	u64 nr = 0;

	for (u32 i = 0; i < shown->nr_chain; i++) {
		const struct shown_link *link = &shown->chain[i];

		if (link->vma != vma)
			continue;
		word(&fper->hash,
		     (u64)object_name(fper, shown, link->who) << 1 | link->own);
		nr++;
	}
	word(&fper->hash, nr);
}

static void name_by_chains(struct fingerprinter *fper,
			   const struct shown *shown)
{
	for (u32 i = 0; i < fper->nr_spaces; i++) {
		struct vm_area_struct *vma = find_vma(fper->spaces[i].mm, 0);

		for (; vma; vma = vma_next(vma))
			write_chain(fper, shown, vma);
	}
}

static void name_by_mms(struct fingerprinter *fper, const struct shown *shown)
{
	for (u32 i = 0; i < fper->nr_spaces; i++)
		for (u32 k = 0; k < shown->nr_objects; k++)
			if (shown->objects[k].o.mm_id == fper->spaces[i].mm->id)
				word(&fper->hash,
				     object_name(fper, shown,
						 shown->objects[k].o.who));
}

static void name_by_folios(struct fingerprinter *fper, u32 slot)
{
	struct rmap *rmap = &fper->machine->world.rmaps[slot];

	if (!rmap->ops->folio_owner)
		return;
	for (u32 i = 0; i < fper->nr_folios; i++)
		word(&fper->hash, object_name(fper, &fper->shown[slot],
					      rmap->ops->folio_owner(
						      rmap, fper->folios[i])));
}

static int named_range_cmp(const void *a, const void *b)
{
	const struct shown_range *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->last != y->last)
		return x->last < y->last ? -1 : 1;
	return x->what < y->what ? -1 : x->what > y->what;
}

/* Two ranges that are equal but for their places in a tree count as equal. */
static void write_ranges(struct fingerprinter *fper, struct shown *shown,
			 const struct shown_object *object)
{
	struct shown_range *ranges = &shown->ranges[object->first_range];

	for (u32 i = 0; i < object->nr_ranges; i++)
		if (ranges[i].vma)
			ranges[i].what = name_given(fper, ranges[i].vma);
	if (object->nr_ranges > 1 && !(fper->counts & FINGERPRINT_ORDERS))
		qsort(ranges, object->nr_ranges, sizeof(*ranges),
		      named_range_cmp);
	for (u32 i = 0; i < object->nr_ranges; i++) {
		const struct shown_range *range = &ranges[i];

		word(&fper->hash, page_place(fper, range->first));
		word(&fper->hash, range->last - range->first);
		word(&fper->hash,
		     range->vma ? range->what : distance(fper, range->what));
	}
}

static void write_object(struct fingerprinter *fper, struct shown *shown,
			 const struct shown_object *object)
{
	struct fingerprint *hash = &fper->hash;

	word(hash, object_name(fper, shown, object->o.parent));
	word(hash, object_name(fper, shown, object->o.root));
	word(hash, object->o.orphan);
	word(hash, object->hidden.lo);
	word(hash, object->o.nr_counters);
	for (u32 i = 0; i < object->o.nr_counters; i++)
		word(hash, object->o.counters[i].value);
	word(hash, object->nr_ranges);
	write_ranges(fper, shown, object);
}

/* Naming parents makes the list longer while it is gone through. */
static void write_shown(struct fingerprinter *fper, u32 slot)
{
	struct shown *shown = &fper->shown[slot];

	fper->nr_named = 0;
	if (fper->counts & FINGERPRINT_ORDERS)
		name_by_birth(fper, shown);
	name_by_chains(fper, shown);
	name_by_mms(fper, shown);
	name_by_folios(fper, slot);
	for (u32 i = 0; i < shown->nr_objects; i++) {
		if (i == fper->nr_named)
			object_name(fper, shown, shown->objects[i].o.who);
		if (i < fper->nr_named)
			write_object(fper, shown,
				     &shown->objects[fper->named[i]]);
	}
	word(&fper->hash, shown->nr_objects);
}

static void write_machine(struct fingerprinter *fper)
{
	const struct ledger *ledger = &fper->machine->ledger;

	word(&fper->hash, fper->machine->rcu.readers);
	for (u32 i = 0; i < ledger->nr_kinds; i++)
		word(&fper->hash, ledger->kinds[i].live);
	word(&fper->hash, ledger->fail_in);
}

static void write_all(struct fingerprinter *fper)
{
	fper->round++;
	fper->nr_names = 0;
	fper->nr_folios = 0;
	fper->hash = hash_start;
	write_spaces(fper);
	for (u32 i = 0; i < fper->nr_spaces && !fper->too_big; i++)
		write_mappings(fper, fper->spaces[i].mm);
	for (u32 i = 0; i < fper->machine->world.nr_rmaps && !fper->too_big;
	     i++)
		write_shown(fper, i);
	write_machine(fper);
}

/* Orders of mms that look alike. */

static void swap_spaces(struct space *a, struct space *b)
{
	struct space tmp = *a;

	*a = *b;
	*b = tmp;
}

/* How many from @first on look alike. */
static u32 alike(const struct fingerprinter *fper, u32 first)
{
	u32 i = first + 1;

	while (i < fper->nr_spaces &&
	       !space_cmp(&fper->spaces[first], &fper->spaces[i]))
		i++;
	return i - first;
}

static void write_order(struct fingerprinter *fper, struct fingerprint *least)
{
	write_all(fper);
	if (hash_cmp(&fper->hash, least) < 0)
		*least = fper->hash;
}

/*
 * Tries the orders of spaces[first .. first + nr) and of all after; *@left
 * bounds their number.  Where it ends early, two equal machines may get
 * different fingerprints: a search then looks at both.
 */
static void try_orders(struct fingerprinter *fper, u32 first, u32 nr,
		       struct fingerprint *least, u32 *left)
{
	while (nr <= 1 && first < fper->nr_spaces) {
		first += nr;
		nr = first < fper->nr_spaces ? alike(fper, first) : 0;
		if (!nr)
			break;
	}
	if (first >= fper->nr_spaces) {
		write_order(fper, least);
		*left -= !!*left;
		return;
	}
	for (u32 i = 0; i < nr && *left; i++) {
		swap_spaces(&fper->spaces[first], &fper->spaces[first + i]);
		try_orders(fper, first + 1, nr - 1, least, left);
		swap_spaces(&fper->spaces[first], &fper->spaces[first + i]);
	}
}

bool machine_used_pages(struct machine *machine, u64 *lowest, u64 *highest)
{
	struct vm_area_struct *vma;
	struct mm_struct *mm;

	*lowest = UINT64_MAX;
	*highest = 0;
	TAILQ_FOREACH(mm, &machine->world.mms, entry)
		for (vma = find_vma(mm, 0); vma; vma = vma_next(vma)) {
			*lowest = min_u64(*lowest, vma->vm_start);
			*highest = max_u64(*highest, vma->vm_end);
			if (!vma_is_anonymous(vma))
				continue;
			*lowest = min_u64(*lowest, vma->vm_pgoff);
			*highest = max_u64(*highest, vma_last_pgoff(vma) + 1);
		}
	return *highest;
}

int machine_fingerprint(struct fingerprinter *fper, struct machine *machine,
			struct fingerprint *fp)
{
	struct fingerprint least = { UINT64_MAX, UINT64_MAX };
	u32 left = ORDERS_MAX;
	u64 highest;

	fper->machine = machine;
	fper->too_big = false;
	if (fper->counts & FINGERPRINT_PLACES ||
	    !machine_used_pages(machine, &fper->origin, &highest))
		fper->origin = 0;
	for (u32 i = 0; i < machine->world.nr_rmaps; i++)
		take_shown(fper, i);
	if (!fper->too_big)
		take_spaces(fper);
	if (!fper->too_big && fper->counts & FINGERPRINT_ORDERS)
		write_order(fper, &least);
	else if (!fper->too_big)
		try_orders(fper, 0, fper->nr_spaces ? alike(fper, 0) : 0,
			   &least, &left);
	*fp = least;
	return fper->too_big ? -E2BIG : 0;
}
