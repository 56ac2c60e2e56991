// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does what anon_vma keeps agree with itself and with the VMAs?
 *
 * check_vma looks at one VMA's chain and at what that hangs on, and costs what
 * those hold; check_all counts everything from scratch.
 */
#include <stdlib.h>
#include "anon_vma.h"

/* When uthash cannot grow its buckets: said in a report, not by exit(). */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(obj) ((obj)->failed = true)
#include <uthash.h>

typedef unsigned long long ull;

#define VMA_FMT "VMA [%#llx, %#llx) of mm %llu"
#define VMA_ARGS(vma) \
	(ull)(vma)->vm_start, (ull)(vma)->vm_end, (ull)(vma)->vm_mm->id

#define fault(div, ...) divergence_set(div, DIVERGENCE_INVARIANT, __VA_ARGS__)
/* miscount(div, is, expected, fmt, ...) */
#define miscount(div, ...) divergence_set_count(div, __VA_ARGS__)

static bool recount_found_fault(const struct divergence *div)
{
	return div->kind != DIVERGENCE_NONE;
}

static struct anon_vma_chain *avc_of(struct itree_node *node)
{
	return node ? container_of(node, struct anon_vma_chain, node) : NULL;
}

/* All AVCs of a tree. */
static struct anon_vma_chain *avc_first(struct anon_vma *anon_vma)
{
	return avc_of(itree_iter_first(&anon_vma->itree, 0, UINT64_MAX, NULL));
}

static struct anon_vma_chain *avc_next(struct anon_vma_chain *avc)
{
	return avc_of(itree_iter_next(&avc->node, 0, UINT64_MAX, NULL));
}

/* One VMA. */

/* One AVC of @vma, whose own anon_vma is @own. */
static void check_avc(struct anon_vma_chain *avc, struct vm_area_struct *vma,
		      const struct anon_vma *own, struct divergence *div)
{
	struct anon_vma *anon_vma = avc->anon_vma;
	ull id = anon_vma->id;

	if (avc->vma != vma)
		fault(div, VMA_FMT ": its chain to anon_vma %llu is another's",
		      VMA_ARGS(vma), id);
	else if (anon_vma->root != own->root)
		fault(div,
		      VMA_FMT ": anon_vma %llu has root %llu, its own has %llu",
		      VMA_ARGS(vma), id, (ull)anon_vma->root->id,
		      (ull)own->root->id);
	else if (!itree_contains(&anon_vma->itree, &avc->node))
		fault(div, VMA_FMT " is not in the tree of anon_vma %llu",
		      VMA_ARGS(vma), id);
	else if (avc->node.first != vma->vm_pgoff)
		fault(div, VMA_FMT ": anon_vma %llu has it at %#llx, not %#llx",
		      VMA_ARGS(vma), id, (ull)avc->node.first,
		      (ull)vma->vm_pgoff);
	else if (avc->node.last != vma_last_pgoff(vma))
		fault(div,
		      VMA_FMT ": anon_vma %llu has it up to %#llx, not %#llx",
		      VMA_ARGS(vma), id, (ull)avc->node.last,
		      (ull)vma_last_pgoff(vma));
}

/* The list as such; how long it is, 0 with a fault noted if it is broken. */
static u64 check_chain_links(struct rmap *rmap, struct vm_area_struct *vma,
			     struct divergence *div)
{
	u32 kind = anon_vma_world(rmap)->kind_avc;
	u64 nr_max = rmap->world->ledger->kinds[kind].live;
	struct vma_anon *va = vma_anon(rmap, vma);
	struct anon_vma_chain **link = &va->chain.tqh_first;
	u64 nr = 0;

	for (; *link; link = &(*link)->same_vma.tqe_next)
		if ((*link)->same_vma.tqe_prev != link || ++nr > nr_max)
			goto broken;
	if (va->chain.tqh_last == link)
		return nr;
broken:
	fault(div, VMA_FMT ": its list of anon_vma_chains is broken",
	      VMA_ARGS(vma));
	return 0;
}

/*
 * The kernel's counters of @anon_vma against the census.  It is called with
 * anon_vmas that have a VMA: that is one reference.
 */
static void check_counters(const struct anon_vma *anon_vma,
			   struct divergence *div)
{
	if (anon_vma->num_children != anon_vma->census.children)
		miscount(div, anon_vma->num_children, anon_vma->census.children,
			 "anon_vma %llu: num_children is %u, but it has %u",
			 (ull)anon_vma->id, anon_vma->num_children,
			 anon_vma->census.children);
	if (anon_vma->refcount != 1 + anon_vma->census.members)
		miscount(div, anon_vma->refcount, 1 + anon_vma->census.members,
			 "anon_vma %llu: refcount is %u, but %u refer to it",
			 (ull)anon_vma->id, anon_vma->refcount,
			 1 + anon_vma->census.members);
	if (!task_lock_is_free(&anon_vma->lock))
		fault(div, "anon_vma %llu: its lock was not given back",
		      (ull)anon_vma->id);
}

/* The same anon_vmas in any order give the same number. */
static u64 chain_digest(struct rmap *rmap, struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;
	u64 digest = 0;

	TAILQ_FOREACH(avc, &vma_anon(rmap, vma)->chain, same_vma) {
		u64 mixed = avc->anon_vma->id * 0x9e3779b97f4a7c15ULL;

		digest += mixed ^ (mixed >> 29);
	}
	return digest;
}

/*
 * VMAs with the same anon_vma merge without a look at their chains.  So they
 * must be of one mm and hang on the same ancestors.
 */
static void check_same_owner(struct rmap *rmap, struct vm_area_struct *vma,
			     struct vm_area_struct *other,
			     struct divergence *div)
{
	ull own = vma_anon(rmap, vma)->anon_vma->id;

	if (other->vm_mm != vma->vm_mm)
		fault(div, VMA_FMT " and " VMA_FMT " both own anon_vma %llu",
		      VMA_ARGS(vma), VMA_ARGS(other), own);
	else if (chain_digest(rmap, other) != chain_digest(rmap, vma))
		fault(div, VMA_FMT " and " VMA_FMT " share anon_vma %llu only",
		      VMA_ARGS(vma), VMA_ARGS(other), own);
}

/*
 * Of more VMAs in one tree than that, the first are looked at, and check_all()
 * counts: each VMA that changes would cost all of them.
 */
#define OWNERS_MAX 32

/* At zero owners an anon_vma is given to a child: their number must be right. */
static void check_owners(struct rmap *rmap, struct vm_area_struct *vma,
			 struct divergence *div)
{
	struct anon_vma *own = vma_anon(rmap, vma)->anon_vma;
	struct touched_log *log = &rmap->world->touched;
	u32 left = log->thorough ? UINT32_MAX : OWNERS_MAX;
	struct anon_vma_chain *avc;
	u32 nr = 0;

	for (avc = avc_first(own); avc; avc = avc_next(avc)) {
		log->looked++;
		if (!left--) {
			log->left_out = true;
			return;
		}
		if (vma_anon(rmap, avc->vma)->anon_vma != own)
			continue;
		nr++;
		check_same_owner(rmap, vma, avc->vma, div);
	}
	if (nr != own->num_active_vmas)
		miscount(div, own->num_active_vmas, nr,
			 "anon_vma %llu: num_active_vmas is %u, not %u",
			 (ull)own->id, own->num_active_vmas, nr);
}

/* All of a VMA but for who else owns its anon_vma. */
static void check_chain(struct rmap *rmap, struct vm_area_struct *vma,
			struct divergence *div)
{
	struct anon_vma *own = vma_anon(rmap, vma)->anon_vma;
	u64 nr = check_chain_links(rmap, vma, div);
	struct anon_vma_chain *avc;
	bool has_own = false;

	if (recount_found_fault(div))
		return;
	if (!own) {
		if (nr)
			fault(div, VMA_FMT " is unfaulted, but is linked",
			      VMA_ARGS(vma));
		return;
	}
	TAILQ_FOREACH(avc, &vma_anon(rmap, vma)->chain, same_vma) {
		check_avc(avc, vma, own, div);
		check_counters(avc->anon_vma, div);
		has_own |= avc->anon_vma == own;
	}
	if (!has_own)
		fault(div, VMA_FMT " is not linked to its own anon_vma %llu",
		      VMA_ARGS(vma), (ull)own->id);
}

void anon_vma_check_vma(struct rmap *rmap, struct vm_area_struct *vma,
			struct divergence *div)
{
	check_chain(rmap, vma, div);
	if (!recount_found_fault(div) && vma_anon(rmap, vma)->anon_vma)
		check_owners(rmap, vma, div);
}

/* Everything. */

/* What was counted for one anon_vma. */
struct tally {
	struct anon_vma *anon_vma; /* the key */
	u64 avcs; /* of VMAs, by their chains */
	u32 active;
	u32 children;
	u32 members;
	struct vm_area_struct *owner; /* the first VMA whose own it is */
	struct vm_area_struct *seen; /* the last VMA whose chain has it */
	bool failed; /* could not be added */
	UT_hash_handle hh;
};

struct recount {
	struct rmap *rmap;
	struct divergence *div;
	struct tally *tallies;
	u64 nr_avcs;
};

static struct tally *recount_tally(struct recount *rc,
				   const struct anon_vma *anon_vma)
{
	struct tally *tally;

	HASH_FIND_PTR(rc->tallies, &anon_vma, tally);
	return tally;
}

static struct tally *tally_get(struct recount *rc, struct anon_vma *anon_vma)
{
	struct tally *tally = recount_tally(rc, anon_vma);

	if (tally)
		return tally;
	tally = calloc(1, sizeof(*tally));
	if (tally) {
		tally->anon_vma = anon_vma;
		HASH_ADD_PTR(rc->tallies, anon_vma, tally);
	}
	if (tally && !tally->failed)
		return tally;
	free(tally);
	fault(rc->div, "not checked: the check itself is out of memory");
	return NULL;
}

static void tallies_free(struct recount *rc)
{
	struct tally *tally = rc->tallies;

	HASH_CLEAR(hh, rc->tallies);
	while (tally) {
		struct tally *next = tally->hh.next;

		free(tally);
		tally = next;
	}
}

static void count_owner(struct recount *rc, struct tally *tally,
			struct vm_area_struct *vma)
{
	tally->active++;
	if (!tally->owner)
		tally->owner = vma;
	check_same_owner(rc->rmap, tally->owner, vma, rc->div);
}

static void recount_chain(struct recount *rc, struct vm_area_struct *vma)
{
	struct vma_anon *va = vma_anon(rc->rmap, vma);
	struct anon_vma_chain *avc;

	TAILQ_FOREACH(avc, &va->chain, same_vma) {
		struct tally *tally = tally_get(rc, avc->anon_vma);

		if (!tally)
			return;
		if (tally->seen == vma)
			fault(rc->div, VMA_FMT " is twice in anon_vma %llu",
			      VMA_ARGS(vma), (ull)avc->anon_vma->id);
		tally->seen = vma;
		tally->avcs++;
		rc->nr_avcs++;
		if (va->anon_vma == avc->anon_vma)
			count_owner(rc, tally, vma);
	}
}

/* A folio may belong to any ancestor: the chain must reach all of them. */
static void check_chain_ancestors(struct recount *rc,
				  struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;

	TAILQ_FOREACH(avc, &vma_anon(rc->rmap, vma)->chain, same_vma) {
		struct tally *parent = recount_tally(rc, avc->anon_vma->parent);

		if (!parent || parent->seen != vma)
			fault(rc->div,
			      VMA_FMT " has anon_vma %llu, not its parent",
			      VMA_ARGS(vma), (ull)avc->anon_vma->id);
	}
}

static void recount_vma(struct recount *rc, struct vm_area_struct *vma)
{
	check_chain(rc->rmap, vma, rc->div);
	if (recount_found_fault(rc->div))
		return;
	recount_chain(rc, vma);
	if (!recount_found_fault(rc->div))
		check_chain_ancestors(rc, vma);
}

static void recount_vmas(struct recount *rc)
{
	struct mm_struct *mm;

	TAILQ_FOREACH(mm, &rc->rmap->world->mms, entry) {
		struct vm_area_struct *vma = find_vma(mm, 0);

		for (; vma && !recount_found_fault(rc->div);
		     vma = vma_next(vma))
			recount_vma(rc, vma);
	}
}

/*
 * check_chain_ancestors() has seen that what can be reached has its ancestors
 * among what can be reached.
 */
static void count_hierarchy(struct recount *rc)
{
	struct tally *tally;

	for (tally = rc->tallies; tally; tally = tally->hh.next) {
		struct anon_vma *anon_vma = tally->anon_vma;

		recount_tally(rc, anon_vma->parent)->children++;
		if (anon_vma->root != anon_vma)
			recount_tally(rc, anon_vma->root)->members++;
		if ((anon_vma->root == anon_vma) !=
			    (anon_vma->parent == anon_vma) ||
		    anon_vma->root != anon_vma->parent->root)
			fault(rc->div,
			      "anon_vma %llu: parent %llu and root %llu differ",
			      (ull)anon_vma->id, (ull)anon_vma->parent->id,
			      (ull)anon_vma->root->id);
	}
}

static void check_tree(const struct tally *tally, struct divergence *div)
{
	struct anon_vma *anon_vma = tally->anon_vma;
	const char *wrong = itree_verify(&anon_vma->itree);
	struct anon_vma_chain *avc;
	u64 nr = 0;

	if (wrong) {
		fault(div, "anon_vma %llu: its tree: %s", (ull)anon_vma->id,
		      wrong);
		return;
	}
	for (avc = avc_first(anon_vma); avc; avc = avc_next(avc))
		nr++;
	if (nr != tally->avcs)
		fault(div, "anon_vma %llu: its tree holds %llu VMAs, not %llu",
		      (ull)anon_vma->id, (ull)nr, (ull)tally->avcs);
}

static void check_tally(const struct tally *tally, struct divergence *div)
{
	const struct anon_vma *anon_vma = tally->anon_vma;
	ull id = anon_vma->id;

	check_tree(tally, div);
	if (anon_vma->num_active_vmas != tally->active)
		miscount(div, anon_vma->num_active_vmas, tally->active,
			 "anon_vma %llu: num_active_vmas is %u, counted %u", id,
			 anon_vma->num_active_vmas, tally->active);
	if (anon_vma->num_children != tally->children)
		miscount(div, anon_vma->num_children, tally->children,
			 "anon_vma %llu: num_children is %u, counted %u", id,
			 anon_vma->num_children, tally->children);
	if (anon_vma->refcount != 1 + tally->members)
		miscount(div, anon_vma->refcount, 1 + tally->members,
			 "anon_vma %llu: refcount is %u, counted %u", id,
			 anon_vma->refcount, 1 + tally->members);
}

static void recount_check_tallies(struct recount *rc)
{
	struct tally *tally = rc->tallies;

	for (; tally && !recount_found_fault(rc->div); tally = tally->hh.next)
		check_tally(tally, rc->div);
}

/* All that was allocated and not freed must be reachable from a VMA. */
static void check_unreachable(struct recount *rc)
{
	struct anon_vma_world *aw = anon_vma_world(rc->rmap);
	struct ledger_kind *kinds = rc->rmap->world->ledger->kinds;
	struct anon_vma *anon_vma;
	u64 nr = 0;

	LIST_FOREACH(anon_vma, &aw->living, living) {
		nr++;
		if (!recount_tally(rc, anon_vma))
			miscount(rc->div, anon_vma->refcount, 0,
				 "anon_vma %llu has no VMA, but refcount %u",
				 (ull)anon_vma->id, anon_vma->refcount);
	}
	if (kinds[aw->kind_avc].live != rc->nr_avcs)
		miscount(rc->div, kinds[aw->kind_avc].live, rc->nr_avcs,
			 "%llu anon_vma_chains live, but VMAs have only %llu",
			 (ull)kinds[aw->kind_avc].live, (ull)rc->nr_avcs);
	/* Those freed may wait for the end of their grace period. */
	if (nr != aw->nr_living || HASH_COUNT(rc->tallies) != nr ||
	    kinds[aw->kind_anon_vma].live < nr ||
	    kinds[aw->kind_anon_vma].live >
		    nr + rc->rmap->world->rcu->nr_waiting)
		miscount(rc->div, kinds[aw->kind_anon_vma].live,
			 HASH_COUNT(rc->tallies),
			 "%llu anon_vmas live, %llu are known, %llu have VMAs",
			 (ull)kinds[aw->kind_anon_vma].live, (ull)nr,
			 (ull)HASH_COUNT(rc->tallies));
}

/* A folio has no reference: only the VMAs that map it keep its owner alive. */
static void check_folio_owner(struct recount *rc, const struct folio *folio)
{
	struct anon_vma *owner = folio->rmap_state[rc->rmap->slot];

	if (!recount_tally(rc, owner))
		fault(rc->div,
		      "folio %llu at offset %#llx belongs to no living anon_vma",
		      (ull)folio->id, (ull)folio->index);
}

/* As deep as a red-black tree is. */
static void check_folio_owners(struct recount *rc, struct folio *top)
{
	if (!top || recount_found_fault(rc->div))
		return;
	check_folio_owners(rc, RB_LEFT(top, rb));
	check_folio_owner(rc, top);
	check_folio_owners(rc, RB_RIGHT(top, rb));
}

void anon_vma_check_all(struct rmap *rmap, struct divergence *div)
{
	struct recount rc = { .rmap = rmap, .div = div };

	recount_vmas(&rc);
	if (!recount_found_fault(div))
		count_hierarchy(&rc);
	if (!recount_found_fault(div))
		recount_check_tallies(&rc);
	if (!recount_found_fault(div))
		check_unreachable(&rc);
	check_folio_owners(&rc, RB_ROOT(&rmap->world->folios));
	tallies_free(&rc);
}
