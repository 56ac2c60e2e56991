// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks themselves: a scenario is replayed on a machine that is sound; then
 * one field of one of its structures is spoilt, chosen by the input's first three
 * bytes, and the full check must say so.  A check that lets it pass, or that does
 * not come to an end, is the finding.
 */
#include <string.h>
#include "../model/mm/pgtable.h"
#include "../model/mm/vma.h"
#include "../model/rmap/anon_vma.h"
#include "../model/rmap/cow_context.h"
#include "../model/rmap/rmaps.h"
#include "common.h"

#define OPS_MAX 64

/* What to spoil, and which object of its kind. */
struct spoiler {
	struct machine *machine;
	struct rmap *anon;
	struct rmap *cow;
	u32 pick;
};

/* The picked one among the living, NULL if there is none of that kind. */

static struct mm_struct *pick_mm(const struct spoiler *sp)
{
	struct mm_struct *mm, *found = NULL;
	u32 left = sp->pick;

	TAILQ_FOREACH(mm, &sp->machine->world.mms, entry) {
		found = mm;
		if (!left--)
			break;
	}
	return found;
}

static struct vm_area_struct *pick_vma(const struct spoiler *sp)
{
	struct mm_struct *mm = pick_mm(sp);
	struct vm_area_struct *vma = mm ? find_vma(mm, 0) : NULL;

	for (u32 left = sp->pick % 5; vma && vma_next(vma) && left; left--)
		vma = vma_next(vma);
	return vma;
}

static struct pte *pick_pte(const struct spoiler *sp)
{
	struct mm_struct *mm = pick_mm(sp);

	return mm ? pte_next(mm, 0, TASK_PAGES) : NULL;
}

static struct folio *pick_folio(const struct spoiler *sp)
{
	struct pte *pte = pick_pte(sp);

	return pte ? pte->folio : NULL;
}

static struct anon_vma *pick_anon_vma(const struct spoiler *sp)
{
	struct anon_vma *anon_vma, *found = NULL;
	u32 left = sp->pick;

	LIST_FOREACH(anon_vma, &anon_vma_world(sp->anon)->living, living) {
		found = anon_vma;
		if (!left--)
			break;
	}
	return found;
}

static struct anon_vma_chain *pick_avc(const struct spoiler *sp)
{
	struct vm_area_struct *vma = pick_vma(sp);

	return vma ? TAILQ_FIRST(&vma_anon(sp->anon, vma)->chain) : NULL;
}

static struct cow_context *pick_context(const struct spoiler *sp)
{
	struct cow_context *ctx, *found = NULL;
	u32 left = sp->pick;

	TAILQ_FOREACH(ctx, &cow_contexts_of(sp->cow)->all, entry) {
		found = ctx;
		if (!left--)
			break;
	}
	return found;
}

static struct remap *pick_remap(const struct spoiler *sp)
{
	struct cow_context *ctx = pick_context(sp);

	return ctx ? RB_ROOT(&ctx->remaps.by_displacement) : NULL;
}

/* Each spoils something and says whether there was something to spoil. */

#define SPOIL(name, type, pick, statement)         \
	static bool name(const struct spoiler *sp) \
	{                                          \
		type *it = pick(sp);               \
                                                   \
		if (!it)                           \
			return false;              \
		statement;                         \
		return true;                       \
	}

SPOIL(av_refcount, struct anon_vma, pick_anon_vma, it->refcount++)
SPOIL(av_children, struct anon_vma, pick_anon_vma, it->num_children++)
SPOIL(av_active, struct anon_vma, pick_anon_vma, it->num_active_vmas++)
SPOIL(av_lock, struct anon_vma, pick_anon_vma, it->root->lock.writer = true)
SPOIL(avc_subtree, struct anon_vma_chain, pick_avc, it->node.subtree_last++)
SPOIL(avc_range, struct anon_vma_chain, pick_avc, it->node.last++)
SPOIL(avc_unlisted, struct anon_vma_chain, pick_avc,
      TAILQ_REMOVE(&vma_anon(sp->anon, it->vma)->chain, it, same_vma))
SPOIL(avc_untreed, struct anon_vma_chain, pick_avc,
      itree_remove(&it->anon_vma->itree, &it->node))
SPOIL(ctx_refcount, struct cow_context, pick_context, it->refcount++)
SPOIL(ctx_folios, struct cow_context, pick_context, it->nr_folios++)
SPOIL(ctx_remaps, struct cow_context, pick_context, it->remaps.nr++)
SPOIL(remap_subtree, struct remap, pick_remap, it->offsets.subtree_last++)
SPOIL(remap_displacement, struct remap, pick_remap, it->displacement += 512)
SPOIL(folio_mapcount, struct folio, pick_folio, it->mapcount++)
SPOIL(pte_kind, struct pte, pick_pte,
      it->kind = it->kind == PTE_ZERO ? PTE_FILE : PTE_ZERO)
SPOIL(pte_migration, struct folio, pick_folio,
      LIST_FIRST(&it->mappings)->kind = PTE_MIGRATION)
SPOIL(leaf_present, struct pte, pick_pte,
      pte_leaf(it)->present &= ~(1ULL << it->slot))
SPOIL(leaf_mm, struct pte, pick_pte, pte_leaf(it)->pte[it->slot].slot ^= 1)
SPOIL(mm_count, struct mm_struct, pick_mm, it->map_count++)
SPOIL(vma_empty, struct vm_area_struct, pick_vma, it->vm_end = it->vm_start)

static bool ctx_mm(const struct spoiler *sp)
{
	struct cow_context *ctx = pick_context(sp);

	if (!ctx || !ctx->mm)
		return false;
	ctx->mm = NULL;
	return true;
}

static bool ctx_orphan(const struct spoiler *sp)
{
	struct cow_context *ctx = pick_context(sp);

	if (!ctx || !ctx->parent)
		return false;
	TAILQ_REMOVE(&ctx->parent->children, ctx, sibling);
	return true;
}

static bool ctx_parent(const struct spoiler *sp)
{
	struct cow_context *ctx = pick_context(sp);

	if (!ctx || !ctx->parent || !ctx->parent->parent)
		return false;
	ctx->parent = ctx->parent->parent;
	return true;
}

static bool vma_unmarked(const struct spoiler *sp)
{
	struct vm_area_struct *vma = pick_vma(sp);

	if (!vma || !vma_is_marked(sp->cow, vma))
		return false;
	vma->rmap_state[sp->cow->slot].word[0] = NULL;
	return true;
}

static bool folio_exclusive(const struct spoiler *sp)
{
	struct folio *folio = pick_folio(sp);

	if (!folio || folio->mapcount < 2)
		return false;
	folio->exclusive = true;
	return true;
}

static bool pte_writable(const struct spoiler *sp)
{
	struct folio *folio = pick_folio(sp);

	if (!folio || folio->exclusive)
		return false;
	LIST_FIRST(&folio->mappings)->write = true;
	return true;
}

static bool vma_offset(const struct spoiler *sp)
{
	struct vm_area_struct *vma = pick_vma(sp);

	if (!vma || !rmap_vma_faulted(vma))
		return false;
	vma->vm_pgoff++;
	return true;
}

static bool vma_overlaps(const struct spoiler *sp)
{
	struct vm_area_struct *vma = pick_vma(sp);
	struct vm_area_struct *next = vma ? vma_next(vma) : NULL;

	if (!next)
		return false;
	vma->vm_end = next->vm_start + 1;
	return true;
}

static const struct {
	const char *name;
	bool (*spoil)(const struct spoiler *sp);
} spoilers[] = {
#define NAMED(function)             \
	{                           \
#function, function \
	}
	NAMED(av_refcount),
	NAMED(av_children),
	NAMED(av_active),
	NAMED(av_lock),
	NAMED(avc_subtree),
	NAMED(avc_range),
	NAMED(avc_unlisted),
	NAMED(avc_untreed),
	NAMED(ctx_refcount),
	NAMED(ctx_folios),
	NAMED(ctx_remaps),
	NAMED(remap_subtree),
	NAMED(remap_displacement),
	NAMED(folio_mapcount),
	NAMED(pte_kind),
	NAMED(pte_migration),
	NAMED(leaf_present),
	NAMED(leaf_mm),
	NAMED(mm_count),
	NAMED(vma_empty),
	NAMED(ctx_mm),
	NAMED(ctx_orphan),
	NAMED(ctx_parent),
	NAMED(vma_unmarked),
	NAMED(folio_exclusive),
	NAMED(pte_writable),
	NAMED(vma_offset),
	NAMED(vma_overlaps),
#undef NAMED
};

static const char *spoiler_proc_name(void *arg, u32 proc)
{
	const struct scenario *sc = arg;

	return proc < sc->nr_procs ? sc->names[proc] : "?";
}

static bool check_everything(struct machine *machine, const struct scenario *sc)
{
	struct check_names names = {
		.proc_name = spoiler_proc_name,
		.arg = (void *)sc,
		.base = sc->base,
	};
	struct check chk;
	bool ok;

	check_init(&chk, machine, &names);
	ok = check_all(&chk);
	check_exit(&chk);
	return ok;
}

static void spoil_and_check(struct machine *machine, const struct scenario *sc,
			    u32 which, u32 pick)
{
	struct spoiler sp = {
		.machine = machine,
		.anon = machine_rmap(machine, "anon_vma"),
		.cow = machine_rmap(machine, "cow_context"),
		.pick = pick,
	};
	char what[96];

	if (!check_everything(machine, sc))
		fuzz_fail(sc, "the full check fails before anything is spoilt");
	if (!spoilers[which].spoil(&sp))
		return;
	if (!check_everything(machine, sc))
		return;
	snprintf(what, sizeof(what), "%s of number %u: the full check passes",
		 spoilers[which].name, pick);
	fuzz_fail(sc, what);
}

static void replay_to_spoil(struct machine *machine, const struct scenario *sc)
{
	for (u32 i = 0; i < sc->nr_ops && i < OPS_MAX; i++) {
		replay_op(machine, sc, &sc->ops[i], i + 1);
		synchronize_rcu(&machine->rcu);
	}
	ledger_fail_nth(&machine->ledger, 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_start("fuzz_check", &cow_context_rmap_ops);
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
		.nr_rmaps = 2,
	};
	struct machine *machine;
	struct scenario sc;

	if (size < 2)
		return 0;
	fuzz_input();
	if (scenario_init(&sc))
		return 0;
	machine = machine_create(&config);
	if (machine && !scenario_decode(&sc, data + 2, size - 2)) {
		scenario_sequential(&sc);
		replay_to_spoil(machine, &sc);
		spoil_and_check(machine, &sc, data[0] % ARRAY_SIZE(spoilers),
				data[1]);
	}
	machine_destroy(machine);
	scenario_free(&sc);
	return 0;
}
