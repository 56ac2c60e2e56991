// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree with mm/cow_context.c has two reverse maps.  This file knows the second
 * one by its published names: struct cow_context, mm->cow_context, the context of
 * a folio, cow_context_walk(), nr_remaps() and get_remap().
 *
 * Contexts are followed from mm_init_cow_context() to the call that frees them, so
 * what nothing leads to any more is known, too.
 */
#include <linux/hash.h>
#include <linux/maple_tree.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include "../glue/internal.h"

/* mm/internal.h, mm/cow_context.c: not declared for the likes of us. */
void lru_add_drain(void);
void cow_context_walk(struct folio *folio, struct rmap_walk_control *rwc);

/* What remap_mt holds for a range: displacements, address minus page offset. */
typedef union {
	void *entry;
	unsigned long raw;
} remaps_entry_t;

/* An early state of the branch has none: it is taken to have no remaps. */
int nr_remaps(remaps_entry_t remaps) __weak;
long get_remap(remaps_entry_t remaps, int index) __weak;

static int count_remaps(remaps_entry_t remaps)
{
	return remaps.entry && nr_remaps ? nr_remaps(remaps) : 0;
}

#define OBJECTS_MAX 8192
#define HASH_SIZE 1024
#define DESCRIBED_MAX 16 /* contexts, and remaps of each */

/* A context, or an array of displacements; 0 ends a chain and the free list. */
static struct object {
	void *self;
	u32 next;
	u32 folios; /* context: that name it, of those mapped */
	u64 input; /* that it came with */
	bool context;
} objects[OBJECTS_MAX + 1];
static u32 heads[HASH_SIZE];
static u32 unused; /* freed ones; then those from used on */
static u32 used;
static u64 input;

static bool overflow; /* more than OBJECTS_MAX: leaks are not known then */
static char late[TREE_WHY_MAX]; /* seen where nothing could be said */

static u32 *head_of(const void *self)
{
	return &heads[hash_ptr(self, ilog2(HASH_SIZE))];
}

static struct object *find(const void *self)
{
	u32 at;

	for (at = *head_of(self); at; at = objects[at].next)
		if (objects[at].self == self)
			return &objects[at];
	return NULL;
}

static void note(void *self, bool context)
{
	struct object *object;
	u32 at = unused;

	if (!self || find(self))
		return;
	if (at) {
		unused = objects[at].next;
	} else if (used < OBJECTS_MAX) {
		at = ++used;
	} else {
		overflow = true;
		return;
	}
	object = &objects[at];
	object->self = self;
	object->context = context;
	object->folios = 0;
	object->input = input;
	object->next = *head_of(self);
	*head_of(self) = at;
}

static void forget(const void *self)
{
	struct object *object;
	u32 *link, at;

	for (link = head_of(self); *link; link = &objects[*link].next)
		if (objects[*link].self == self)
			break;
	if (!*link)
		return;
	at = *link;
	object = &objects[at];
	if (object->context && !late[0] &&
	    !mtree_empty(&((struct cow_context *)self)->remap_mt))
		snprintf(late, sizeof(late),
			 "leak: a cow_context is freed with remaps in it");
	*link = object->next;
	object->self = NULL;
	object->next = unused;
	unused = at;
}

/* The published one returns nothing; one that returns an error is as good. */
long __real_mm_init_cow_context(struct mm_struct *mm);
long __wrap_mm_init_cow_context(struct mm_struct *mm);

long __wrap_mm_init_cow_context(struct mm_struct *mm)
{
	long ret = __real_mm_init_cow_context(mm);

	note(mm->cow_context, true);
	return ret;
}

/* All ways in which mm/cow_context.c frees, each outside the allocator's files. */
void __real_kfree(const void *object);
void __wrap_kfree(const void *object);
void __real_kvfree_call_rcu(struct rcu_head *head, void *object);
void __wrap_kvfree_call_rcu(struct rcu_head *head, void *object);

void __wrap_kfree(const void *object)
{
	forget(object);
	__real_kfree(object);
}

void __wrap_kvfree_call_rcu(struct rcu_head *head, void *object)
{
	forget(object);
	__real_kvfree_call_rcu(head, object);
}

/* A tree has one of them; the other is never called. */
void *__real_krealloc_noprof(const void *old, size_t size, gfp_t gfp) __weak;
void *__wrap_krealloc_noprof(const void *old, size_t size, gfp_t gfp);
void *__real_krealloc_node_align_noprof(const void *old, size_t size,
					unsigned long align, gfp_t gfp,
					int node) __weak;
void *__wrap_krealloc_node_align_noprof(const void *old, size_t size,
					unsigned long align, gfp_t gfp,
					int node);

void *__wrap_krealloc_noprof(const void *old, size_t size, gfp_t gfp)
{
	void *new = __real_krealloc_noprof(old, size, gfp);

	if (new &&new != old)
		forget(old);
	return new;
}

void *__wrap_krealloc_node_align_noprof(const void *old, size_t size,
					unsigned long align, gfp_t gfp,
					int node)
{
	void *new =
		__real_krealloc_node_align_noprof(old, size, align, gfp, node);

	if (new &&new != old)
		forget(old);
	return new;
}

static struct cow_context *context_of(struct folio *folio)
{
#ifdef TREE_HAS_FOLIO_COW_CONTEXT
	return folio_cow_context(folio);
#else
	return folio->cow_context;
#endif
}

static bool is_context(const struct cow_context *context)
{
	struct object *object = context ? find(context) : NULL;

	return object && object->context;
}

/* Whose it is, for people. */
static const char *owner(const struct cow_context *context, char text[32])
{
	unsigned int slot;

	for (slot = 0; slot < tree_slots; slot++)
		if (tree_mms[slot] && tree_mms[slot] == context->mm)
			break;
	if (slot < tree_slots)
		snprintf(text, 32, "process %u", slot);
	else
		snprintf(text, 32,
			 context->mm ? "no process" : "a process that exited");
	return text;
}

void contexts_begin(void)
{
	input++;
	late[0] = '\0';
	overflow = false;
}

void contexts_start_look(void)
{
	u32 at;

	for (at = 1; at <= used; at++)
		objects[at].folios = 0;
}

bool contexts_note_folio(struct folio *folio, char why[TREE_WHY_MAX])
{
	struct cow_context *context = context_of(folio);

	if (is_context(context)) {
		find(context)->folios++;
		return true;
	}
	if (overflow && context)
		return true;
	snprintf(why, TREE_WHY_MAX,
		 "context: the folio of frame 0x%lx, index 0x%lx, names %s",
		 folio_pfn(folio), folio->index,
		 context ? "a cow_context that was freed" : "no cow_context");
	return false;
}

void contexts_walk(struct folio *folio, struct rmap_walk_control *rwc)
{
	cow_context_walk(folio, rwc);
}

static bool has_remap(struct cow_context *context, pgoff_t index, long offset)
{
	MA_STATE(mas, &context->remap_mt, index, index);
	remaps_entry_t remaps;
	bool has = false;
	int i;

	rcu_read_lock();
	remaps.entry = mas_walk(&mas);
	for (i = 0; i < count_remaps(remaps) && !has; i++)
		has = get_remap(remaps, i) == offset;
	rcu_read_unlock();
	return has;
}

void contexts_reason(struct folio *folio, const struct mm_struct *mm,
		     unsigned long page, char *text, size_t size)
{
	struct cow_context *context = mm->cow_context, *up = context;
	long offset = (long)page - (long)folio->index;

	while (is_context(up) && up != context_of(folio))
		up = up->parent;
	if (!is_context(up))
		snprintf(text, size,
			 "; the process is not below the folio's cow_context");
	else if (!offset)
		snprintf(text, size, "; its displacement is 0");
	else
		snprintf(text, size, "; its displacement of %+ld pages is %s",
			 offset,
			 has_remap(context, folio->index, offset) ?
				 "in the remaps" :
				 "not in the remaps");
}

/* Arrays of displacements, so that one that is lost is known. */
static void note_arrays(struct cow_context *context)
{
	MA_STATE(mas, &context->remap_mt, 0, 0);
	remaps_entry_t remaps;

	/* An entry may be anything then. */
	if (!nr_remaps)
		return;
	rcu_read_lock();
	mas_for_each(&mas, remaps.entry, ULONG_MAX) if (!(remaps.raw & 1))
		note((void *)(remaps.raw & ~3UL), false);
	rcu_read_unlock();
}

/* Everything on the list of children is alive, and says who its parent is. */
static bool count_children(struct cow_context *context, u32 *children,
			   char why[TREE_WHY_MAX])
{
	struct list_head *at;
	char name[32];

	*children = 0;
	for (at = context->children.next; at != &context->children;
	     at = at->next) {
		struct cow_context *child =
			list_entry(at, struct cow_context, siblings);

		if (is_context(child) && child->parent == context &&
		    ++*children <= OBJECTS_MAX)
			continue;
		if (overflow)
			return true;
		snprintf(why, TREE_WHY_MAX,
			 "hierarchy: a child of the cow_context of %s %s",
			 owner(context, name),
			 is_context(child) ? "has another parent" :
					     "was freed");
		return false;
	}
	return true;
}

static bool on_list(struct cow_context *context)
{
	struct list_head *at;

	list_for_each(
		at,
		&context->parent->children) if (at ==
						&context->siblings) return true;
	return false;
}

static bool check_parent(struct cow_context *context, char why[TREE_WHY_MAX])
{
	char name[32];

	if (!context->parent || overflow)
		return true;
	if (is_context(context->parent) && on_list(context))
		return true;
	snprintf(why, TREE_WHY_MAX,
		 "hierarchy: the parent of the cow_context of %s %s",
		 owner(context, name),
		 is_context(context->parent) ? "does not list it" :
					       "was freed");
	return false;
}

/* Folios that name it, mapped or not: from all of memory. */
static u32 count_folios(const struct cow_context *context)
{
	struct pglist_data *node = NODE_DATA(0);
	unsigned long pfn = node->node_start_pfn;
	unsigned long end = pfn + node->node_spanned_pages;
	u32 count = 0;

	for (; pfn < end; pfn++) {
		struct page *page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;

		if (!page || PageTail(page) || PageSlab(page) ||
		    !page_ref_count(page) || !PageAnon(page))
			continue;
		count += context_of(page_folio(page)) == context;
	}
	return count;
}

static bool check_references(struct object *object, char why[TREE_WHY_MAX])
{
	struct cow_context *context = object->self;
	u32 mm = !!context->mm, children, refs;
	char name[32];

	if (!count_children(context, &children, why))
		return false;
	refs = refcount_read(&context->refcnt);
	if (refs == mm + children + object->folios)
		return true;
	/* One that is on its way to the LRU, or was unmapped and is held. */
	lru_add_drain();
	if (!is_context(context))
		return true;
	refs = refcount_read(&context->refcnt);
	if (refs == mm + children + object->folios)
		return true;
	object->folios = count_folios(context);
	if (refs == mm + children + object->folios)
		return true;
	snprintf(
		why, TREE_WHY_MAX,
		"references: %u of the cow_context of %s, which %u mm, %u cow_contexts and %u folios hold",
		refs, owner(context, name), mm, children, object->folios);
	return false;
}

static bool check_processes(char why[TREE_WHY_MAX])
{
	unsigned int slot;

	for (slot = 0; slot < tree_slots && !overflow; slot++) {
		struct mm_struct *mm = tree_mms[slot];

		if (!mm ||
		    (is_context(mm->cow_context) && mm->cow_context->mm == mm))
			continue;
		snprintf(why, TREE_WHY_MAX,
			 "context: the mm of process %u names %s", slot,
			 is_context(mm->cow_context) ?
				 "a cow_context of another mm" :
				 "none, or one that was freed");
		return false;
	}
	return true;
}

static bool say_late(char why[TREE_WHY_MAX])
{
	if (!late[0])
		return false;
	strscpy(why, late, TREE_WHY_MAX);
	late[0] = '\0';
	return true;
}

bool contexts_check(char why[TREE_WHY_MAX])
{
	u32 at;

	if (say_late(why) || !check_processes(why))
		return false;
	for (at = 1; at <= used; at++) {
		struct object *object = &objects[at];

		if (!object->self || !object->context || object->input != input)
			continue;
		if (!check_parent(object->self, why) ||
		    !check_references(object, why))
			return false;
		if (object->self)
			note_arrays(object->self);
	}
	return true;
}

bool contexts_end(char why[TREE_WHY_MAX])
{
	u32 at, contexts = 0, arrays = 0;

	if (say_late(why))
		return false;
	for (at = 1; at <= used; at++) {
		if (!objects[at].self || objects[at].input != input)
			continue;
		if (objects[at].context)
			contexts++;
		else
			arrays++;
	}
	if (!contexts && !arrays)
		return true;
	snprintf(
		why, TREE_WHY_MAX,
		contexts ?
			"leak: cow_context: %u objects more after the last process than before the first operation" :
			"leak: remaps: %u arrays more after the last process than before the first operation",
		contexts ? contexts : arrays);
	return false;
}

static void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void print(const char *fmt, ...)
{
	char text[128];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	host_print(text, len);
}

static void describe_remaps(struct cow_context *context)
{
	MA_STATE(mas, &context->remap_mt, 0, 0);
	remaps_entry_t remaps;
	int i, printed = 0;

	rcu_read_lock();
	mas_for_each(&mas, remaps.entry,
		     ULONG_MAX) for (i = 0; i < count_remaps(remaps); i++)
	{
		if (printed++ == DESCRIBED_MAX) {
			print(" ...");
			goto out;
		}
		print("%s 0x%lx-0x%lx %+ld", printed == 1 ? ", remaps" : ",",
		      mas.index, mas.last, get_remap(remaps, i));
	}
out:
	rcu_read_unlock();
}

void contexts_describe(void)
{
	u32 at, printed = 0;
	char name[32];

	for (at = 1; at <= used && printed < DESCRIBED_MAX; at++) {
		struct cow_context *context = objects[at].self;

		if (!context || !objects[at].context ||
		    objects[at].input != input)
			continue;
		printed++;
		print("cow_context of %s: %u references, ",
		      owner(context, name), refcount_read(&context->refcnt));
		if (is_context(context->parent))
			print("child of that of %s",
			      owner(context->parent, name));
		else
			print("no parent");
		describe_remaps(context);
		print("\n");
	}
}
