// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the tree's first task comes to us, and what begins and ends an input.
 */
#include <linux/console.h>
#include <linux/init.h>
#include <linux/kasan.h>
#include <linux/mman.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>
#include <linux/utsname.h>
#include "internal.h"

/* A type of its own from 7.1 on. */
#ifdef mk_vma_flags
#define NO_RESERVE mk_vma_flags(VMA_NORESERVE_BIT)
#else
#define NO_RESERVE VM_NORESERVE
#endif

#define FILE_BYTES (1LL << 52) /* sparse; any offset of a scenario is inside */

static void console_to_host(struct console *console, const char *text,
			    unsigned int len)
{
	host_print(text, len);
}

static struct console host_console = {
	.name = "rmapdiff",
	.write = console_to_host,
	.flags = CON_ENABLED,
	.index = -1,
};

static int panicked(struct notifier_block *block, unsigned long event,
		    void *text)
{
	/* panic() itself does so with DEBUG_BUGVERBOSE only, which arch/um has not. */
	dump_stack();
	host_panicked();
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = {
	.notifier_call = panicked,
	.priority = INT_MAX,
};

/*
 * An mm to come back to: the last one that was used would be kept by the task
 * that used it.
 */
static struct mm_struct *home;

static int open_files(void)
{
	int i;

	for (i = 0; i < TREE_FILES; i++) {
		tree_files[i] = shmem_kernel_file_setup("rmapdiff", FILE_BYTES,
							NO_RESERVE);
		if (IS_ERR(tree_files[i]))
			return PTR_ERR(tree_files[i]);
	}
	return 0;
}

/* Whatever still waits to be freed is freed. */
static void settle_down(void)
{
	glue_use_mm(home);
	glue_unuse_mm(home);
	rcu_barrier();
	kvfree_rcu_barrier();
	lru_add_drain();
}

void tree_shadow(unsigned long *start, unsigned long *len)
{
#ifdef CONFIG_KASAN
	*start = KASAN_SHADOW_START;
	*len = KASAN_SHADOW_SIZE;
#else
	*start = *len = 0;
#endif
}

unsigned long tree_stack_size(void)
{
	return THREAD_SIZE;
}

unsigned long tree_reach(void)
{
	unsigned long tables = PTRS_PER_PGD * (PGDIR_SIZE >> PAGE_SHIFT);

	return min(tables, TASK_SIZE >> PAGE_SHIFT);
}

int tree_has_anon_offset(void)
{
#ifdef TREE_HAS_ANON_PGOFF
	return 1;
#else
	return 0;
#endif
}

const char *tree_release(void)
{
	return init_utsname()->release;
}

int tree_start(void)
{
	sysctl_overcommit_memory = OVERCOMMIT_ALWAYS;
	home = glue_new_mm();
	if (!home)
		return -ENOMEM;
	return open_files();
}

int tree_begin(void)
{
	tree_slots = 1;
	tree_fail_nth(0);
	tree_files_used = false;
	settle_down();
	glue_counts_save();
	contexts_begin();
	tree_mms[0] = glue_new_mm();
	return tree_mms[0] ? 0 : -ENOMEM;
}

int tree_end(char why[TREE_WHY_MAX])
{
	unsigned int slot;
	int i;

	tree_fail_nth(0);
	for (slot = 0; slot < tree_slots; slot++) {
		if (tree_mms[slot])
			mmput(tree_mms[slot]);
		tree_mms[slot] = NULL;
	}
	if (tree_files_used)
		for (i = 0; i < TREE_FILES; i++)
			shmem_truncate_range(file_inode(tree_files[i]), 0, -1);
	settle_down();
	if (contexts_end(why))
		return glue_counts_same(why) ? 0 : -1;
	contexts_describe();
	return -1;
}

/* Early: a tree may not live to call enter(). */
static int __init listen(void)
{
	register_console(&host_console);
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return 0;
}
console_initcall(listen);

static int __init enter(void)
{
	host_entered();
	return 0;
}
late_initcall_sync(enter);
