// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations: the tree's own system calls, faults, fork and migration.
 */
#include <linux/migrate.h>
#include <linux/mm_inline.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/swap.h>
#include <linux/syscalls.h>
#include <linux/vmstat.h>
#include <uapi/linux/wait.h>
#include "internal.h"

/* mm/internal.h, kernel/exit.c: not declared for the likes of us. */
bool folio_isolate_lru(struct folio *folio);
unsigned long vm_mmap_pgoff(struct file *file, unsigned long address,
			    unsigned long len, unsigned long prot,
			    unsigned long flags, unsigned long pgoff);
struct mm_struct *mm_alloc(void);
long kernel_wait4(pid_t pid, int __user *status, int options,
		  struct rusage *rusage);

struct mm_struct *tree_mms[TREE_SLOTS_MAX];
unsigned int tree_slots;
struct file *tree_files[TREE_FILES];
bool tree_files_used;

/* kthread_use_mm() is for kernel threads, what comes between for processes. */
void glue_use_mm(struct mm_struct *mm)
{
	current->flags |= PF_KTHREAD;
	kthread_use_mm(mm);
	current->flags &= ~PF_KTHREAD;
}

void glue_unuse_mm(struct mm_struct *mm)
{
	current->flags |= PF_KTHREAD;
	kthread_unuse_mm(mm);
	current->flags &= ~PF_KTHREAD;
}

struct mm_struct *glue_new_mm(void)
{
	struct mm_struct *mm = mm_alloc();

	if (!mm)
		return NULL;
	mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	return mm;
}

pte_t *glue_find_pte(struct mm_struct *mm, unsigned long address,
		     spinlock_t **ptl)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (pgd_none(*pgd) || unlikely(pgd_bad(*pgd)))
		return NULL;
	p4d = p4d_offset(pgd, address);
	if (p4d_none(*p4d) || unlikely(p4d_bad(*p4d)))
		return NULL;
	pud = pud_offset(p4d, address);
	if (pud_none(*pud) || unlikely(pud_bad(*pud)))
		return NULL;
	pmd = pmd_offset(pud, address);
	if (pmd_none(*pmd) || unlikely(pmd_bad(*pmd)))
		return NULL;
	return pte_offset_map_lock(mm, pmd, address, ptl);
}

int tree_alive(unsigned int slot)
{
	return slot < tree_slots && tree_mms[slot];
}

static void settle(unsigned int slot, struct mm_struct *mm)
{
	tree_mms[slot] = mm;
	if (slot >= tree_slots)
		tree_slots = slot + 1;
}

static long do_mmap_op(const struct tree_op *op)
{
	unsigned long flags = MAP_PRIVATE | MAP_FIXED;

	if (op->file < 0)
		return ksys_mmap_pgoff(op->address, op->len, op->flags,
				       flags | MAP_ANONYMOUS, -1, 0);
	tree_files_used = true;
	if (!op->len || !PAGE_ALIGN(op->len))
		return op->len ? -ENOMEM : -EINVAL;
	return vm_mmap_pgoff(tree_files[op->file], op->address, op->len,
			     op->flags, flags, op->offset >> PAGE_SHIFT);
}

/* The page that was just written; nothing of the tree is asked for this. */
static void write_tail(struct mm_struct *mm, unsigned long at, u64 value)
{
	spinlock_t *ptl;
	pte_t *ptep = glue_find_pte(mm, at, &ptl);
	u64 *tail;

	if (!ptep)
		return;
	if (pte_present(ptep_get(ptep)) && pte_write(ptep_get(ptep))) {
		tail = page_address(pte_page(ptep_get(ptep))) + PAGE_SIZE -
		       sizeof(*tail);
		*tail = *tail * TREE_TAIL_FACTOR + value;
	}
	pte_unmap_unlock(ptep, ptl);
}

/* Byte by byte would fault no more: one word of each page is enough. */
static long touch(struct mm_struct *mm, const struct tree_op *op)
{
	unsigned int gup = op->kind == TREE_WRITE ? FOLL_WRITE : 0;
	u64 value = op->value;
	unsigned long at;

	for (at = 0; at < op->len; at += PAGE_SIZE, value++) {
		u64 word = value;

		if (access_remote_vm(mm, op->address + at, &word, sizeof(word),
				     gup) != sizeof(word))
			return -EFAULT;
		if (op->kind == TREE_WRITE)
			write_tail(mm, op->address + at, value);
		cond_resched();
	}
	return 0;
}

struct birth {
	struct mm_struct *mm;
};

/* The child hands its memory over, and ends. */
static int child_main(void *arg)
{
	struct birth *birth = arg;

	mmget(current->mm);
	birth->mm = current->mm;
	glue_allocations_end();
	do_exit(0);
}

static long do_fork(unsigned int child)
{
	struct birth birth = {};
	struct kernel_clone_args args = {
		.flags = CLONE_UNTRACED,
		.fn = child_main,
		.fn_arg = &birth,
	};
	pid_t pid = kernel_clone(&args);

	if (pid < 0)
		return pid;
	glue_allocations_end();
	kernel_wait4(pid, NULL, __WALL, NULL);
	if (!birth.mm)
		return -ECHILD;
	settle(child, birth.mm);
	return 0;
}

static long do_exec(unsigned int slot)
{
	struct mm_struct *mm = glue_new_mm();

	if (!mm)
		return -ENOMEM;
	mmput(tree_mms[slot]);
	settle(slot, mm);
	return 0;
}

/*
 * The anonymous folio at @address, with a reference, in @folio: as move_pages(2)
 * looks for one, that is 0 and no folio for a page of a file.
 */
static long find_folio(struct mm_struct *mm, unsigned long address,
		       struct folio **folio)
{
	long err = -ENOENT;
	struct page *page;
	spinlock_t *ptl;
	pte_t *ptep, pte;

	*folio = NULL;
	if (!vma_lookup(mm, address))
		return -EFAULT;
	ptep = glue_find_pte(mm, address, &ptl);
	if (!ptep)
		return -ENOENT;
	pte = ptep_get(ptep);
	if (pte_present(pte)) {
		page = pte_page(pte);
		err = is_zero_pfn(pte_pfn(pte)) ? -EFAULT : 0;
		if (!err && PageAnon(page)) {
			*folio = page_folio(page);
			folio_get(*folio);
		}
	}
	pte_unmap_unlock(ptep, ptl);
	return err;
}

static struct folio *new_folio(struct folio *old, unsigned long private)
{
	return folio_alloc(GFP_HIGHUSER_MOVABLE, 0);
}

static long do_migrate(struct mm_struct *mm, unsigned long address)
{
	struct folio *folio;
	LIST_HEAD(list);
	long err;

	mmap_read_lock(mm);
	err = find_folio(mm, address, &folio);
	mmap_read_unlock(mm);
	if (!folio)
		return err;
	lru_add_drain();
	if (!folio_isolate_lru(folio)) {
		folio_put(folio);
		return -EBUSY;
	}
	node_stat_mod_folio(folio, NR_ISOLATED_ANON + folio_is_file_lru(folio),
			    folio_nr_pages(folio));
	list_add_tail(&folio->lru, &list);
	folio_put(folio);
	err = migrate_pages(&list, new_folio, NULL, 0, MIGRATE_SYNC, MR_SYSCALL,
			    NULL);
	if (err)
		putback_movable_pages(&list);
	return err > 0 ? -EAGAIN : err;
}

/* Makes the entries clean, as MADV_FREE leaves them, for try_to_unmap(). */
static void clean_entries(struct folio *folio)
{
	unsigned int slot;

	for (slot = 0; slot < tree_slots; slot++) {
		struct mm_struct *mm = tree_mms[slot];
		struct vm_area_struct *vma;

		if (!mm)
			continue;
		VMA_ITERATOR(vmi, mm, 0);
		for_each_vma(vmi, vma)
		{
			unsigned long at = vma->vm_start;

			for (; at < vma->vm_end; at += PAGE_SIZE) {
				spinlock_t *ptl;
				pte_t *ptep = glue_find_pte(mm, at, &ptl);

				if (!ptep) {
					at = ALIGN_DOWN(at, PMD_SIZE) +
					     PMD_SIZE - PAGE_SIZE;
					continue;
				}
				if (pte_present(ptep_get(ptep)) &&
				    pte_pfn(ptep_get(ptep)) == folio_pfn(folio))
					set_pte_at(mm, at, ptep,
						   pte_mkclean(ptep_get(ptep)));
				pte_unmap_unlock(ptep, ptl);
			}
		}
	}
}

/*
 * Reclaim without swap: the folio is made what MADV_FREE makes it, and
 * try_to_unmap() then drops it.
 */
static long do_reclaim(struct mm_struct *mm, unsigned long address)
{
	struct folio *folio;
	long err;

	mmap_read_lock(mm);
	err = find_folio(mm, address, &folio);
	mmap_read_unlock(mm);
	if (!folio)
		return err;
	lru_add_drain();
	folio_lock(folio);
	clean_entries(folio);
	folio_clear_dirty(folio);
	folio_clear_swapbacked(folio);
	try_to_unmap(folio, TTU_SYNC | TTU_IGNORE_MLOCK);
	err = folio_mapped(folio) ? -EAGAIN : 0;
	folio_set_swapbacked(folio);
	folio_unlock(folio);
	folio_put(folio);
	return err;
}

static long do_op(struct mm_struct *mm, const struct tree_op *op)
{
	switch ((enum tree_op_kind)op->kind) {
	case TREE_MMAP:
		return do_mmap_op(op);
	case TREE_MUNMAP:
		return sys_munmap(op->address, op->len);
	case TREE_MPROTECT:
		return sys_mprotect(op->address, op->len, op->flags);
	case TREE_MADVISE:
		return sys_madvise(op->address, op->len, op->flags);
	case TREE_MREMAP:
		return sys_mremap(op->address, op->len, op->new_len, op->flags,
				  op->to);
	case TREE_READ:
	case TREE_WRITE:
		return touch(mm, op);
	case TREE_FORK:
		return do_fork(op->child);
	case TREE_VFORK:
		mmget(mm);
		settle(op->child, mm);
		return 0;
	case TREE_MIGRATE:
		return do_migrate(mm, op->address);
	case TREE_RECLAIM:
		return do_reclaim(mm, op->address);
	case TREE_EXEC:
	case TREE_EXIT:
		break;
	}
	return -EINVAL;
}

int tree_do(const struct tree_op *op)
{
	struct mm_struct *mm;
	long ret;

	if (!tree_alive(op->proc))
		return ESRCH;
	if ((op->kind == TREE_FORK || op->kind == TREE_VFORK) &&
	    tree_alive(op->child))
		return EEXIST;
	mm = tree_mms[op->proc];
	if (op->kind == TREE_EXIT) {
		tree_mms[op->proc] = NULL;
		mmput(mm);
		return 0;
	}
	glue_allocations_begin();
	if (op->kind == TREE_EXEC) {
		ret = do_exec(op->proc);
	} else {
		glue_use_mm(mm);
		ret = do_op(mm, op);
		glue_unuse_mm(mm);
	}
	glue_allocations_end();
	return IS_ERR_VALUE(ret) ? (int)-ret : 0;
}
