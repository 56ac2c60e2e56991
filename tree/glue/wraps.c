// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the link puts in place of the tree's own functions (--wrap), each with its
 * reason, and what is counted with their help.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
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
 */
static struct {
	bool inside; /* an operation */
	unsigned long nr;
	unsigned long fail_at; /* 0: none */
} allocations;

void glue_allocations_begin(void)
{
	allocations.inside = true;
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
	if (!allocations.inside || gfp & __GFP_NOFAIL)
		return false;
	return ++allocations.nr == allocations.fail_at;
}

int __wrap_should_failslab(struct kmem_cache *cache, gfp_t gfp);
bool __wrap_should_fail_alloc_page(gfp_t gfp, unsigned int order);

int __wrap_should_failslab(struct kmem_cache *cache, gfp_t gfp)
{
	return fails(gfp) ? -ENOMEM : 0;
}

bool __wrap_should_fail_alloc_page(gfp_t gfp, unsigned int order)
{
	return fails(gfp);
}

/*
 * Objects of these caches are counted as they come and go, in every file of the
 * tree but the allocator's own: what SLUB itself could tell takes a flush of all
 * that KASAN keeps back.
 */
static struct {
	const char *name;
	const struct kmem_cache *cache; /* NULL: not met yet */
	long live;
	long before;
} objects[] = {
	{ .name = "anon_vma" },
	{ .name = "anon_vma_chain" },
	{ .name = "vm_area_struct" },
	{ .name = "mm_struct" },
};

/* Caches that are none of these, so that their names are looked at once. */
static const struct kmem_cache *others[64];

static bool is_other(const struct kmem_cache *cache)
{
	return others[hash_ptr(cache, ilog2(ARRAY_SIZE(others)))] == cache;
}

static void count_object(const struct kmem_cache *cache, long nr)
{
	int i;

	if (is_other(cache))
		return;
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		if (!objects[i].cache && !strcmp(cache->name, objects[i].name))
			objects[i].cache = cache;
		if (objects[i].cache != cache)
			continue;
		objects[i].live += nr;
		return;
	}
	others[hash_ptr(cache, ilog2(ARRAY_SIZE(others)))] = cache;
}

void *__real_kmem_cache_alloc_noprof(struct kmem_cache *cache, gfp_t gfp);
void *__wrap_kmem_cache_alloc_noprof(struct kmem_cache *cache, gfp_t gfp);
void __real_kmem_cache_free(struct kmem_cache *cache, void *object);
void __wrap_kmem_cache_free(struct kmem_cache *cache, void *object);

void *__wrap_kmem_cache_alloc_noprof(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = __real_kmem_cache_alloc_noprof(cache, gfp);

	if (object)
		count_object(cache, 1);
	return object;
}

void __wrap_kmem_cache_free(struct kmem_cache *cache, void *object)
{
	if (object)
		count_object(cache, -1);
	__real_kmem_cache_free(cache, object);
}

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
	for (i = 0; i < ARRAY_SIZE(objects); i++)
		objects[i].before = objects[i].live;
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
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		if (objects[i].live == objects[i].before)
			continue;
		snprintf(
			why, TREE_WHY_MAX,
			"leak: %s: %ld objects more after the last process than before the first operation",
			objects[i].name, objects[i].live - objects[i].before);
		return false;
	}
	return true;
}
