// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for the published mm/cow_context.c, to test rmapdiff's adapter with:
 * the same names, and what the design says, done plainly.
 *
 * Remaps of a context are what its faulted VMAs are at any time: for each that is
 * not where its page offset says, its range of offsets and its displacement, which
 * is address minus offset in pages.  What remap_mt holds for a range is never
 * changed, but replaced.
 *
 * One task at a time: a walk holds contexts by reference, and nothing else.
 */
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#define GFP_REMAP (GFP_KERNEL | __GFP_NOFAIL)

/* Displacements of one range; two or more. */
struct remaps {
	struct rcu_head rcu;
	int nr;
	long offsets[];
};

/* None; one, shifted, with the lowest bit set; or several. */
typedef union {
	void *entry;
	unsigned long raw;
	struct remaps *several;
} remaps_entry_t;

int nr_remaps(remaps_entry_t remaps);
long get_remap(remaps_entry_t remaps, int index);

int nr_remaps(remaps_entry_t remaps)
{
	if (!remaps.raw)
		return 0;
	return remaps.raw & 1 ? 1 : remaps.several->nr;
}

long get_remap(remaps_entry_t remaps, int index)
{
	if (remaps.raw & 1)
		return (long)remaps.raw >> 1;
	return remaps.several->offsets[index];
}

static remaps_entry_t one_remap(long offset)
{
	return (remaps_entry_t){ .raw = (unsigned long)offset << 1 | 1 };
}

static bool has_remap(remaps_entry_t remaps, long offset)
{
	int i;

	for (i = 0; i < nr_remaps(remaps); i++)
		if (get_remap(remaps, i) == offset)
			return true;
	return false;
}

static void free_remaps(remaps_entry_t remaps)
{
	if (nr_remaps(remaps) > 1)
		kfree_rcu(remaps.several, rcu);
}

/* A new entry: those of @remaps but @without, and @with; 0 is no displacement. */
static remaps_entry_t make_remaps(remaps_entry_t remaps, long without,
				  long with)
{
	int i, nr = nr_remaps(remaps);
	struct remaps *new =
		kmalloc(struct_size(new, offsets, nr + 1), GFP_REMAP);

	new->nr = 0;
	for (i = 0; i < nr; i++)
		if (get_remap(remaps, i) != without)
			new->offsets[new->nr++] = get_remap(remaps, i);
	if (with)
		new->offsets[new->nr++] = with;
	if (new->nr > 1)
		return (remaps_entry_t){ .several = new };
	remaps.raw = new->nr ? one_remap(new->offsets[0]).raw : 0;
	kfree(new);
	return remaps;
}

static void store_remaps(struct cow_context *context, pgoff_t first,
			 pgoff_t last, remaps_entry_t remaps)
{
	MA_STATE(mas, &context->remap_mt, first, last);

	mas_lock(&mas);
	mas_store_gfp(&mas, remaps.entry, GFP_REMAP);
	mas_unlock(&mas);
}

/* What lies at @index, and from where to where. */
static remaps_entry_t find_remaps(struct cow_context *context, pgoff_t index,
				  pgoff_t *first, pgoff_t *last)
{
	MA_STATE(mas, &context->remap_mt, index, index);
	remaps_entry_t remaps;

	rcu_read_lock();
	remaps.entry = mas_walk(&mas);
	rcu_read_unlock();
	*first = mas.index;
	*last = mas.last;
	return remaps;
}

/* No entry reaches over @index afterwards. */
static void split_remaps(struct cow_context *context, pgoff_t index)
{
	pgoff_t first, last;
	remaps_entry_t remaps = find_remaps(context, index, &first, &last);

	if (remaps.entry && first < index)
		store_remaps(context, first, index - 1,
			     make_remaps(remaps, 0, 0));
}

static void change_remaps(struct cow_context *context, pgoff_t first,
			  pgoff_t last, long offset, bool add)
{
	pgoff_t at = first, from, to;

	mutex_lock(&context->remap_lock);
	split_remaps(context, first);
	split_remaps(context, last + 1);
	for (; at <= last; at = to + 1) {
		remaps_entry_t old = find_remaps(context, at, &from, &to);

		to = min(to, last);
		if (has_remap(old, offset) == add)
			continue;
		store_remaps(context, at, to,
			     make_remaps(old, add ? 0 : offset,
					 add ? offset : 0));
		free_remaps(old);
	}
	mutex_unlock(&context->remap_lock);
}

/* Address minus page offset, in pages. */
static long vma_offset(const struct vm_area_struct *vma)
{
	return (long)(vma->vm_start >> PAGE_SHIFT) - (long)vma->vm_pgoff;
}

/* Pages [@start, @end) of @vma, as they are or are about to be. */
static void change_vma(struct vm_area_struct *vma, unsigned long start,
		       unsigned long end, bool add)
{
	long offset = vma_offset(vma);
	pgoff_t first = (start >> PAGE_SHIFT) - offset;
	pgoff_t last = first + ((end - start) >> PAGE_SHIFT) - 1;

	if (!vma->anon_vma || !offset)
		return;
	change_remaps(vma->vm_mm->cow_context, first, last, offset, add);
}

void cow_context_do_map_private_cow(struct vm_area_struct *vma)
{
	change_vma(vma, vma->vm_start, vma->vm_end, true);
}

void cow_context_do_fork(struct vm_area_struct *vma,
			 struct vm_area_struct *pvma)
{
	change_vma(vma, vma->vm_start, vma->vm_end, true);
}

void cow_context_do_remap(struct vm_area_struct *vma, unsigned long orig_addr)
{
	change_vma(vma, vma->vm_start, vma->vm_end, true);
}

void cow_context_vma_adjust(struct vm_area_struct *vma, unsigned long start,
			    unsigned long end)
{
	change_vma(vma, start, end, true);
}

void cow_context_vma_unmap(struct vm_area_struct *vma)
{
	change_vma(vma, vma->vm_start, vma->vm_end, false);
}

int mm_init_cow_context(struct mm_struct *mm)
{
	struct cow_context *context = kzalloc(sizeof(*context), GFP_KERNEL);

	mm->cow_context = context;
	if (!context)
		return -ENOMEM;
	refcount_set(&context->refcnt, 1);
	context->mm = mm;
	INIT_LIST_HEAD(&context->children);
	INIT_LIST_HEAD(&context->siblings);
	spin_lock_init(&context->list_write_lock);
	mt_init_flags(&context->remap_mt, MT_FLAGS_USE_RCU);
	mutex_init(&context->remap_lock);
	return 0;
}

void dup_cow_context(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct cow_context *parent = oldmm->cow_context;
	struct cow_context *context = mm->cow_context;

	context->parent = parent;
	get_cow_context(parent);
	spin_lock(&parent->list_write_lock);
	list_add_tail(&context->siblings, &parent->children);
	spin_unlock(&parent->list_write_lock);
}

static void delete_remaps(struct cow_context *context)
{
	MA_STATE(mas, &context->remap_mt, 0, 0);
	remaps_entry_t remaps;

	rcu_read_lock();
	mas_for_each(&mas, remaps.entry, ULONG_MAX) free_remaps(remaps);
	rcu_read_unlock();
	mtree_destroy(&context->remap_mt);
}

static void unlink_context(struct cow_context *context)
{
	struct cow_context *parent = context->parent;

	spin_lock(&parent->list_write_lock);
	list_del(&context->siblings);
	spin_unlock(&parent->list_write_lock);
}

/* The last reference is dropped; its parent's may be the last one, too. */
void __put_cow_context(struct cow_context *context)
{
	struct cow_context *parent;

	do {
		parent = context->parent;
		if (parent)
			unlink_context(context);
		delete_remaps(context);
		kfree_rcu(context, rcu);
		context = parent;
	} while (parent && refcount_dec_and_test(&parent->refcnt));
}

void drop_cow_context(struct mm_struct *mm)
{
	struct cow_context *context = mm->cow_context;

	context->mm = NULL;
	put_cow_context(context);
}

void cow_context_set_folio(struct folio *folio, struct vm_area_struct *vma)
{
	struct cow_context *context = vma->vm_mm->cow_context;

	get_cow_context(context);
	folio->cow_context = context;
}

void cow_context_move_folio(struct folio *folio, struct vm_area_struct *vma)
{
	struct cow_context *old = folio->cow_context;

	if (old == vma->vm_mm->cow_context)
		return;
	cow_context_set_folio(folio, vma);
	put_cow_context(old);
}

/* Migration: @to is to be found where @from was. */
void cow_context_copy_folio(struct folio *to, struct folio *from)
{
	if (!folio_test_anon(from))
		return;
	get_cow_context(from->cow_context);
	to->cow_context = from->cow_context;
}

void cow_context_free_folio(struct folio *folio)
{
	struct cow_context *context = folio->cow_context;

	if (!folio_test_anon(folio) || !context)
		return;
	folio->cow_context = NULL;
	put_cow_context(context);
}

static bool visit_vma(struct folio *folio, struct vm_area_struct *vma,
		      unsigned long address, struct rmap_walk_control *rwc)
{
	if (rwc->invalid_vma && rwc->invalid_vma(vma, rwc->arg))
		return true;
	if (!rwc->rmap_one(folio, vma, address, rwc->arg))
		return false;
	return !rwc->done || !rwc->done(folio);
}

/* The VMAs where the folio is, if it is at @offset. */
static bool walk_offset(struct mm_struct *mm, struct folio *folio, long offset,
			struct rmap_walk_control *rwc)
{
	unsigned long start = (folio_pgoff(folio) + offset) << PAGE_SHIFT;
	unsigned long end = start + folio_size(folio);
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, start);

	for_each_vma_range(vmi, vma, end)
	{
		if (vma_offset(vma) != offset)
			continue;
		if (!visit_vma(folio, vma, max(start, vma->vm_start), rwc))
			return false;
	}
	return true;
}

/* An entry before the one at @before has @offset, too. */
static bool had_remap(struct cow_context *context, struct folio *folio,
		      pgoff_t before, long offset)
{
	MA_STATE(mas, &context->remap_mt, folio_pgoff(folio), before - 1);
	remaps_entry_t remaps;

	if (before <= folio_pgoff(folio))
		return false;
	mas_for_each(&mas, remaps.entry,
		     before - 1) if (has_remap(remaps, offset)) return true;
	return false;
}

static bool walk_remaps(struct cow_context *context, struct mm_struct *mm,
			struct folio *folio, struct rmap_walk_control *rwc)
{
	pgoff_t first = folio_pgoff(folio);
	pgoff_t last = first + folio_nr_pages(folio) - 1;
	pgoff_t at = first, from, to;
	int i;

	for (; at <= last; at = to + 1) {
		remaps_entry_t remaps = find_remaps(context, at, &from, &to);

		to = min(to, last);
		for (i = 0; i < nr_remaps(remaps); i++) {
			long offset = get_remap(remaps, i);

			if (had_remap(context, folio, at, offset))
				continue;
			if (!walk_offset(mm, folio, offset, rwc))
				return false;
		}
	}
	return true;
}

static bool walk_context(struct cow_context *context, struct folio *folio,
			 struct rmap_walk_control *rwc)
{
	struct mm_struct *mm = context->mm;
	bool ret;

	if (!mm || !mmget_not_zero(mm))
		return true;
	ret = walk_offset(mm, folio, 0, rwc) &&
	      walk_remaps(context, mm, folio, rwc);
	mmput(mm);
	return ret;
}

/* Behind @context, in depth first order below @root; NULL at the end. */
static struct cow_context *next_context(struct cow_context *root,
					struct cow_context *context)
{
	if (!list_empty(&context->children))
		return list_first_entry(&context->children, struct cow_context,
					siblings);
	while (context != root) {
		struct cow_context *parent = context->parent;

		if (!list_is_last(&context->siblings, &parent->children))
			return list_next_entry(context, siblings);
		context = parent;
	}
	return NULL;
}

void cow_context_walk(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct cow_context *root = folio->cow_context;
	struct cow_context *context;

	get_cow_context(root);
	for (context = root; context; context = next_context(root, context))
		if (!walk_context(context, folio, rwc))
			break;
	put_cow_context(root);
}

bool cow_context_verify_vma(struct folio *folio, struct vm_area_struct *vma)
{
	struct cow_context *context = vma->vm_mm->cow_context;
	long offset = vma_offset(vma);
	struct cow_context *up;
	pgoff_t first, last;

	for (up = context; up != folio->cow_context; up = up->parent)
		if (!up)
			return false;
	return !offset || has_remap(find_remaps(context, folio_pgoff(folio),
						&first, &last),
				    offset);
}

void cow_context_check_vma(struct cow_context_check *check, struct folio *folio,
			   struct vm_area_struct *vma, unsigned long address)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, address, 0);

	if (!page_vma_mapped_walk(&pvmw))
		return;
	page_vma_mapped_walk_done(&pvmw);
	check->anon++;
	check->cow += cow_context_verify_vma(folio, vma);
}

void cow_context_check_end(const struct cow_context_check *check,
			   const struct folio *folio)
{
	if (check->anon != check->cow)
		pr_err("MISMATCH! cow=%d != anon=%d, pgoff=%lx\n", check->cow,
		       check->anon, folio->index);
}
