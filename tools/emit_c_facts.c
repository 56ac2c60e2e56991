// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the model says should be there after each operation.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "../model/mm/pgtable.h"
#include "../model/mm/vma.h"
#include "../model/rmap/rmaps.h"
#include "emit_c.h"

/*
 * Where the emitted program is, with no address randomized, page numbers: a
 * position-independent program's text, data and heap; and from its C library up.
 */
#define PROGRAM_FIRST 0x555555554ULL
#define PROGRAM_LAST (PROGRAM_FIRST + 0xffff)
#define LIBRARIES_FIRST 0x7ffff0000ULL

/* Appends a zeroed element; NULL with facts->nomem set. */
#define ADD(facts, array)                                                \
	((typeof((facts)->array.v))add_to(                               \
		(facts), (void **)&(facts)->array.v, &(facts)->array.nr, \
		&(facts)->array.cap, sizeof(*(facts)->array.v)))

static void *add_to(struct facts *facts, void **v, u32 *nr, u32 *cap,
		    size_t size)
{
	void *grown;
	char *new;

	if (*nr == *cap) {
		u32 more = *cap ? *cap * 2 : 64;

		grown = more > *cap ? realloc(*v, more * size) : NULL;
		if (!grown) {
			facts->nomem = true;
			return NULL;
		}
		*v = grown;
		*cap = more;
	}
	new = (char *)*v + (*nr)++ *size;
	memset(new, 0, size);
	return new;
}

static void fact_add_vma(struct facts *facts, const struct vm_area_struct *vma)
{
	struct fact_vma *out = ADD(facts, vmas);

	if (!out)
		return;
	out->start = vma->vm_start - facts->sc->base;
	out->end = vma->vm_end - facts->sc->base;
	out->flags = vma->vm_flags;
	out->pgoff = vma->vm_pgoff;
	out->file = vma->vm_file;
}

/* Continues the last run of @mm if it can. */
static void fact_add_page(struct facts *facts, const struct fact_mm *mm,
			  const struct pte *pte)
{
	u64 page = pte_addr(pte) - facts->sc->base;
	u64 folio = pte->folio ? pte->folio->id : 0;
	u64 value = pte->folio ? pte->folio->content : 0;
	struct fact_run *run;

	if (facts->runs.nr > mm->run_first) {
		run = &facts->runs.v[facts->runs.nr - 1];
		if (page == run->page + run->nr &&
		    (folio ? run->folio && folio == run->folio + run->nr &&
				     value == run->value + run->nr :
			     !run->folio)) {
			run->nr++;
			return;
		}
	}
	run = ADD(facts, runs);
	if (run)
		*run = (struct fact_run){ page, 1, folio, value };
}

static u64 fact_add_pages_of(struct facts *facts, const struct fact_mm *mm,
			     struct vm_area_struct *vma)
{
	u64 address = vma->vm_start;
	u64 nr = 0;
	struct pte *pte;

	while (address < vma->vm_end) {
		pte = pte_next(vma->vm_mm, address, vma->vm_end);
		if (!pte)
			break;
		address = pte_addr(pte) + 1;
		/* The kernel maps pages of files around a fault, too. */
		if (pte->kind != PTE_ANON && pte->kind != PTE_ZERO)
			continue;
		if (pte->folio)
			facts->folios_max =
				max_u64(facts->folios_max, pte->folio->id);
		fact_add_page(facts, mm, pte);
		nr++;
	}
	return nr;
}

static bool same_bytes(const void *a, const void *b, size_t size)
{
	return !size || !memcmp(a, b, size);
}

/* Does the state before, from @first on, have @mm just as it is? */
static bool as_before(const struct facts *facts, const struct fact_mm *mm,
		      u32 first, u32 nr)
{
	for (u32 i = first; i < first + nr; i++) {
		const struct fact_mm *old = &facts->mms.v[i];

		if (old->slot != mm->slot)
			continue;
		return old->vma_nr == mm->vma_nr && old->run_nr == mm->run_nr &&
		       /* Where there are none there may be no array. */
		       (!mm->vma_nr ||
			same_bytes(facts->vmas.v + old->vma_first,
				   facts->vmas.v + mm->vma_first,
				   mm->vma_nr * sizeof(*facts->vmas.v))) &&
		       (!mm->run_nr ||
			same_bytes(facts->runs.v + old->run_first,
				   facts->runs.v + mm->run_first,
				   mm->run_nr * sizeof(*facts->runs.v)));
	}
	return false;
}

/* The entries that were mapped in it. */
static u64 add_mm(struct facts *facts, struct mm_struct *mm, u32 slot)
{
	u32 states = facts->states.nr;
	struct fact_mm fact = {
		.slot = slot,
		.vma_first = facts->vmas.nr,
		.run_first = facts->runs.nr,
	};
	struct vm_area_struct *vma;
	struct fact_mm *out;
	u64 nr = 0;

	for (vma = find_vma(mm, 0); vma; vma = vma_next(vma)) {
		fact_add_vma(facts, vma);
		nr += fact_add_pages_of(facts, &fact, vma);
	}
	fact.vma_nr = facts->vmas.nr - fact.vma_first;
	fact.run_nr = facts->runs.nr - fact.run_first;
	fact.changed = true;
	if (states > 1 && !facts->nomem) {
		const struct fact_state *before = &facts->states.v[states - 2];

		fact.changed = !as_before(facts, &fact, before->mm_first,
					  before->mm_nr);
	}
	out = ADD(facts, mms);
	if (out)
		*out = fact;
	return nr;
}

static void add_sharer(struct facts *facts, u32 slot, u32 owner)
{
	struct fact_sharer *sharer = ADD(facts, sharers);

	if (sharer)
		*sharer = (struct fact_sharer){ slot, owner };
}

static void facts_after_op(void *arg, u32 op_nr, int result,
			   struct machine *machine)
{
	struct facts *facts = arg;
	struct fact_state *state;
	u64 mappings = 0;

	if (facts->nomem || !ADD(facts, states))
		return;
	state = &facts->states.v[facts->states.nr - 1];
	state->result = result;
	state->mm_first = facts->mms.nr;
	state->sharer_first = facts->sharers.nr;
	for (u32 slot = 0; slot < machine->nr_procs; slot++) {
		struct mm_struct *mm = machine_mm(machine, slot);
		s64 owner = mm ? machine_proc_of(machine, mm) : -1;

		if (owner == (s64)slot)
			mappings += add_mm(facts, mm, slot);
		else if (mm)
			add_sharer(facts, slot, (u32)owner);
	}
	state->mm_nr = facts->mms.nr - state->mm_first;
	state->sharer_nr = facts->sharers.nr - state->sharer_first;
	facts->mappings_max = max_u64(facts->mappings_max, mappings);
}

int facts_collect(struct facts *facts, const struct scenario *sc,
		  enum kernel_release as_of, struct replay_result *result)
{
	const struct replay_config config = {
		.machine = {
			.rmaps = { &anon_vma_rmap_ops },
			.nr_rmaps = 1,
			.as_of = as_of,
		},
		.check = REPLAY_CHECK_NONE,
		.after_op = facts_after_op,
		.arg = facts,
	};

	memset(facts, 0, sizeof(*facts));
	facts->sc = sc;
	if (replay(sc, &config, result) || facts->nomem)
		return -ENOMEM;
	return result->unexpected || result->diverged ? -EINVAL : 0;
}

void facts_free(struct facts *facts)
{
	free(facts->states.v);
	free(facts->mms.v);
	free(facts->sharers.v);
	free(facts->vmas.v);
	free(facts->runs.v);
}

/*
 * What @op names from @page on, cut off at the end of user space where a call
 * goes that far; no page where it is refused as a whole for reaching past it.
 */
static struct fact_window range_of(const struct scenario *sc,
				   const struct op *op, u64 page, u64 len)
{
	u64 first = sc->base + page;
	u64 end = first + (len ? len : 1);

	if ((op->kind == OP_MADVISE || op->kind == OP_MPROTECT) &&
	    end > TASK_PAGES && first < TASK_PAGES)
		end = TASK_PAGES;
	if (end > TASK_PAGES)
		return (struct fact_window){ 0, 0 };
	return (struct fact_window){ page, end - sc->base };
}

static bool is_window_free(const struct scenario *sc, const struct op *op,
			   const struct fact_window *range, char why[160])
{
	u64 start = sc->base + range->start, end = sc->base + range->end;

	if (range->start == range->end)
		return true;
	if ((start > PROGRAM_LAST || end <= PROGRAM_FIRST) &&
	    end <= LIBRARIES_FIRST)
		return true;
	snprintf(why, 160,
		 "line %u: pages 0x%" PRIx64 " to 0x%" PRIx64
		 " are where the program itself would be",
		 op->line, start, end - 1);
	return false;
}

static int by_start(const void *a, const void *b)
{
	const struct fact_window *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Sorts them, and makes one of those that touch; their number. */
static u32 join_windows(struct fact_window *windows, u32 nr)
{
	u32 kept = 0;

	qsort(windows, nr, sizeof(*windows), by_start);
	for (u32 i = 0; i < nr; i++) {
		if (windows[i].start == windows[i].end)
			continue;
		if (kept && windows[i].start <= windows[kept - 1].end)
			windows[kept - 1].end =
				max_u64(windows[kept - 1].end, windows[i].end);
		else
			windows[kept++] = windows[i];
	}
	return kept;
}

struct fact_window *facts_windows(const struct scenario *sc, u32 *nr,
				  char why[160])
{
	struct fact_window *windows =
		malloc((3 * (size_t)sc->nr_ops + 1) * sizeof(*windows));
	u32 used = 1;

	*nr = 0;
	if (!windows) {
		snprintf(why, 160, "out of memory");
		return NULL;
	}
	windows[0] = (struct fact_window){ 0, 1 }; /* C has no empty array */
	for (u32 i = 0; i < sc->nr_ops; i++) {
		const struct op *op = &sc->ops[i];
		u32 first = used;

		if (!op_takes((enum op_kind)op->kind, FIELD_PAGE))
			continue;
		windows[used++] = range_of(sc, op, op->page, op->len);
		if (op->kind == OP_MREMAP) {
			windows[used++] =
				range_of(sc, op, op->page, op->new_len);
			windows[used++] = range_of(
				sc, op,
				op->flags & OP_HAS_TO ? op->to : op->page,
				op->new_len);
		}
		for (u32 k = first; k < used; k++)
			if (!is_window_free(sc, op, &windows[k], why)) {
				free(windows);
				return NULL;
			}
	}
	*nr = join_windows(windows, used);
	return windows;
}
