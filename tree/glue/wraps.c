// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the link puts in place of the tree's own functions (--wrap), each with its
 * reason, and what is counted with their help.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <linux/vmstat.h>
#include <asm/sections.h>
#include "slab.h" /* mm/slab.h */
#include "internal.h"

/*
 * arch/um starts a host process for each address space, in which the code of a
 * process runs.  Here no code of a process ever runs.
 */
int __wrap_init_new_context(struct task_struct *task, struct mm_struct *mm);
void __wrap_destroy_context(struct mm_struct *mm);

int __wrap_init_new_context(struct task_struct *task, struct mm_struct *mm)
{
	return 0;
}

void __wrap_destroy_context(struct mm_struct *mm)
{
}

/*
 * What it notes is for that host process.  And 6.12's goes through all VMAs,
 * which after a dup_mmap() that failed meets an entry that is none
 * (XA_ZERO_ENTRY): a fault of arch/um's, of no other architecture.
 */
void __wrap_flush_tlb_mm(struct mm_struct *mm);

void __wrap_flush_tlb_mm(struct mm_struct *mm)
{
}

/*
 * arch/um ends its host processes by a signal to its process group, which are
 * ours, and those of whoever started us.  So does a tick of its timer, to the host
 * process of an address space: here that is 0, the whole group, and SIGALRM ends
 * those who do not expect it.
 */
void __wrap_os_dump_core(void);
void __wrap_os_alarm_process(int pid);

void __wrap_os_alarm_process(int pid)
{
}

void __wrap_os_dump_core(void)
{
	host_panicked();
}

/*
 * KASAN notes where each object was allocated and freed.  arch/um's way to find
 * that out looks at every word of the stack, ours and libFuzzer's included, and
 * took a third of all time.  Frame pointers lead from caller to caller, as far as
 * the tree's own code goes.
 */
unsigned int __wrap_stack_trace_save(unsigned long *store, unsigned int size,
				     unsigned int skip);

unsigned int __wrap_stack_trace_save(unsigned long *store, unsigned int size,
				     unsigned int skip)
{
	unsigned long *frame = __builtin_frame_address(0);
	unsigned long *end = task_stack_page(current) + THREAD_SIZE;
	unsigned int nr = 0;

	while (nr < size && frame + 1 < end) {
		unsigned long *next = (unsigned long *)frame[0];

		if (frame[1] < (unsigned long)_stext ||
		    frame[1] >= (unsigned long)_etext)
			break;
		store[nr++] = frame[1];
		if (next <= frame || !IS_ALIGNED((unsigned long)next, 8))
			break;
		frame = next;
	}
	return nr;
}

/*
 * Which allocation fails is ours to say.  The tree's own failslab leaves out
 * GFP_KERNEL unless told otherwise, and counts what no operation asks for.
 *
 * Nor is counted what SLUB takes to have an object, and KASAN to note a stack: that
 * depends on what came before, and the Nth would be another one each time.
 */
static struct {
	bool inside; /* an operation */
	bool own; /* the allocator's or KASAN's */
	const struct kmem_cache *cache; /* whose object is on its way */
	unsigned long nr;
	unsigned long fail_at; /* 0: none */
} allocations;

void glue_allocations_begin(void)
{
	allocations.inside = true;
	allocations.own = false;
	allocations.cache = NULL;
}

void glue_allocations_end(void)
{
	allocations.inside = false;
}

void tree_fail_nth(unsigned long nth)
{
	allocations.nr = 0;
	allocations.fail_at = nth;
}

unsigned long tree_allocations(void)
{
	return allocations.nr;
}

static bool fails(gfp_t gfp)
{
	if (!allocations.inside || allocations.own || allocations.cache ||
	    gfp & __GFP_NOFAIL)
		return false;
	return ++allocations.nr == allocations.fail_at;
}

int __wrap_should_failslab(struct kmem_cache *cache, gfp_t gfp);
bool __wrap_should_fail_alloc_page(gfp_t gfp, unsigned int order);

int __wrap_should_failslab(struct kmem_cache *cache, gfp_t gfp)
{
	if (fails(gfp))
		return -ENOMEM;
	/* Until KASAN is told of the object. */
	if (IS_ENABLED(CONFIG_KASAN) && !allocations.cache)
		allocations.cache = cache;
	return 0;
}

bool __wrap_should_fail_alloc_page(gfp_t gfp, unsigned int order)
{
	return fails(gfp);
}

/*
 * What a maple tree takes for a store of several nodes, from 7.0 on.  SLUB asks
 * failslab for single objects only.
 */
struct slab_sheaf;

struct slab_sheaf *__wrap_kmem_cache_prefill_sheaf(struct kmem_cache *cache,
						   gfp_t gfp,
						   unsigned int size);
struct slab_sheaf *__real_kmem_cache_prefill_sheaf(struct kmem_cache *cache,
						   gfp_t gfp,
						   unsigned int size);
int __wrap_kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp,
				   struct slab_sheaf **sheaf,
				   unsigned int size);
int __real_kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp,
				   struct slab_sheaf **sheaf,
				   unsigned int size);

struct slab_sheaf *__weak __real_kmem_cache_prefill_sheaf(
	struct kmem_cache *cache, gfp_t gfp, unsigned int size)
{
	return NULL;
}

int __weak __real_kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp,
					  struct slab_sheaf **sheaf,
					  unsigned int size)
{
	return -ENOMEM;
}

struct slab_sheaf *__wrap_kmem_cache_prefill_sheaf(struct kmem_cache *cache,
						   gfp_t gfp, unsigned int size)
{
	struct slab_sheaf *sheaf;
	bool own = allocations.own;

	if (fails(gfp))
		return NULL;
	allocations.own = true;
	sheaf = __real_kmem_cache_prefill_sheaf(cache, gfp, size);
	allocations.own = own;
	return sheaf;
}

int __wrap_kmem_cache_refill_sheaf(struct kmem_cache *cache, gfp_t gfp,
				   struct slab_sheaf **sheaf, unsigned int size)
{
	bool own = allocations.own;
	int err;

	if (fails(gfp))
		return -ENOMEM;
	allocations.own = true;
	err = __real_kmem_cache_refill_sheaf(cache, gfp, sheaf, size);
	allocations.own = own;
	return err;
}

/*
 * What is in use: objects by slab cache, and pages.  KASAN is told of each object
 * and page as it is handed out and given back, so its functions are where they are
 * counted, whichever way the allocator was called.  What SLUB itself could tell
 * takes a flush of all that KASAN keeps back.
 *
 * Their arguments differ from release to release; all are passed on as they came.
 */
#ifdef CONFIG_KASAN
#define CACHES_MAX 512 /* a power of two */

static struct cache_count {
	struct kmem_cache *cache; /* NULL: free */
	long live;
	long before;
} caches[CACHES_MAX];

static struct {
	long live;
	long before;
	bool in_depot; /* of stacks */
} pages;

static struct cache_count *count_of(struct kmem_cache *cache)
{
	u32 at = hash_ptr(cache, ilog2(CACHES_MAX));

	while (caches[at].cache && caches[at].cache != cache)
		at = (at + 1) & (CACHES_MAX - 1);
	caches[at].cache = cache;
	return &caches[at];
}

void *object_given(struct kmem_cache *cache, void *object, unsigned long a,
		   unsigned long b) __asm__("__wrap___kasan_slab_alloc");
void *object_given_on(struct kmem_cache *cache, void *object, unsigned long a,
		      unsigned long b) __asm__("__real___kasan_slab_alloc");
unsigned long object_back(struct kmem_cache *cache, void *object,
			  unsigned long a, unsigned long b,
			  unsigned long c) __asm__("__wrap___kasan_slab_free");
unsigned long
object_back_on(struct kmem_cache *cache, void *object, unsigned long a,
	       unsigned long b,
	       unsigned long c) __asm__("__real___kasan_slab_free");
unsigned long
pages_given(struct page *page, unsigned long order,
	    unsigned long init) __asm__("__wrap___kasan_unpoison_pages");
unsigned long
pages_given_on(struct page *page, unsigned long order,
	       unsigned long init) __asm__("__real___kasan_unpoison_pages");
void pages_back(struct page *page, unsigned long order,
		unsigned long init) __asm__("__wrap___kasan_poison_pages");
void pages_back_on(struct page *page, unsigned long order,
		   unsigned long init) __asm__("__real___kasan_poison_pages");

void *object_given(struct kmem_cache *cache, void *object, unsigned long a,
		   unsigned long b)
{
	if (cache == allocations.cache)
		allocations.cache = NULL;
	if (object)
		count_of(cache)->live++;
	return object_given_on(cache, object, a, b);
}

unsigned long object_back(struct kmem_cache *cache, void *object,
			  unsigned long a, unsigned long b, unsigned long c)
{
	count_of(cache)->live--;
	return object_back_on(cache, object, a, b, c);
}

unsigned long pages_given(struct page *page, unsigned long order,
			  unsigned long init)
{
	if (!pages.in_depot)
		pages.live += 1L << (unsigned int)order;
	return pages_given_on(page, order, init);
}

void pages_back(struct page *page, unsigned long order, unsigned long init)
{
	pages.live -= 1L << (unsigned int)order;
	pages_back_on(page, order, init);
}

/* KASAN keeps each stack that it has met, for ever: those pages are no leak. */
unsigned long
depot_save(unsigned long *entries, unsigned long nr, unsigned long gfp,
	   unsigned long flags) __asm__("__wrap_stack_depot_save_flags");
unsigned long
depot_save_on(unsigned long *entries, unsigned long nr, unsigned long gfp,
	      unsigned long flags) __asm__("__real_stack_depot_save_flags");

unsigned long depot_save(unsigned long *entries, unsigned long nr,
			 unsigned long gfp, unsigned long flags)
{
	bool own = allocations.own;
	unsigned long handle;

	pages.in_depot = allocations.own = true;
	handle = depot_save_on(entries, nr, gfp, flags);
	pages.in_depot = false;
	allocations.own = own;
	return handle;
}

static void objects_save(void)
{
	u32 i;

	for (i = 0; i < CACHES_MAX; i++)
		caches[i].before = caches[i].live;
}

static bool objects_same(char why[TREE_WHY_MAX])
{
	u32 i;

	for (i = 0; i < CACHES_MAX; i++) {
		if (caches[i].live == caches[i].before)
			continue;
		snprintf(
			why, TREE_WHY_MAX,
			"leak: %s: %ld objects more after the last process than before the first operation",
			caches[i].cache->name,
			caches[i].live - caches[i].before);
		return false;
	}
	return true;
}

/*
 * Slabs come and go as SLUB likes, and so do the pages of per-CPU chunks: what is
 * in them is counted elsewhere.
 */
static long pages_in_use(void)
{
	return pages.live -
	       (long)global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) -
	       (long)global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B) -
	       (long)pcpu_nr_pages();
}

static void pages_save(void)
{
	pages.before = pages_in_use();
}

static bool pages_same(char why[TREE_WHY_MAX])
{
	long now = pages_in_use();

	if (now == pages.before)
		return true;
	snprintf(
		why, TREE_WHY_MAX,
		"leak: pages: %ld more in use after the last process than before the first operation",
		now - pages.before);
	return false;
}
#else
static void objects_save(void)
{
}

static bool objects_same(char why[TREE_WHY_MAX])
{
	return true;
}

static void pages_save(void)
{
}

static bool pages_same(char why[TREE_WHY_MAX])
{
	return true;
}
#endif

/*
 * Pages that must be what they were when all processes are gone.  Statistics of
 * one CPU are exact.
 */
static const struct {
	enum node_stat_item item;
	const char *name;
} counted[] = {
	{ NR_ANON_MAPPED, "mapped anonymous pages" },
	{ NR_ACTIVE_ANON, "active anonymous pages" },
	{ NR_INACTIVE_ANON, "inactive anonymous pages" },
	{ NR_ISOLATED_ANON, "isolated anonymous pages" },
	{ NR_FILE_MAPPED, "mapped file pages" },
	{ NR_PAGETABLE, "page tables" },
};

static unsigned long before[ARRAY_SIZE(counted)];

void glue_counts_save(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(counted); i++)
		before[i] = global_node_page_state(counted[i].item);
	objects_save();
	pages_save();
}

bool glue_counts_same(char why[TREE_WHY_MAX])
{
	int i;

	for (i = 0; i < ARRAY_SIZE(counted); i++) {
		unsigned long now = global_node_page_state(counted[i].item);

		if (now == before[i])
			continue;
		snprintf(
			why, TREE_WHY_MAX,
			"leak: %s: %lu before the first operation, %lu after the last process",
			counted[i].name, before[i], now);
		return false;
	}
	return objects_same(why) && pages_same(why);
}
