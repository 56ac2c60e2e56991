// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every operation of the mm against the VMA layout that it must leave.
 *
 * Layouts are written as one word a VMA, in address order:
 *
 *	0-4:rwaf	pages 0 to 3, read and write, accounted, faulted
 *	8-9:r@2		pages 8, read; its first page has offset 2
 *	0-4:rwa#1@8	of file 1, from its page 8
 *
 * flags: r w a(ccounted) f(aulted) c (DONTFORK) z (WIPEONFORK); "@" only where
 * the offset is not the page's own number.  Pages count from BASE.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "../model/machine.h"
#include "../model/mm/pgtable.h"
#include "../model/mm/vma.h"
#include "../model/rmap/rmaps.h"

#define BASE 0x7f0000000ULL
#define RW (VM_READ | VM_WRITE)
#define MOVE (MREMAP_FIXED | MREMAP_MAYMOVE)

static struct machine *machine_of(void **state)
{
	return *state;
}

static struct mm_struct *state_mm(void **state)
{
	return machine_mm(machine_of(state), 0);
}

static int setup(void **state)
{
	struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
		.nr_rmaps = 2,
	};

	*state = machine_create(&config);
	return !*state;
}

static int setup_few_maps(void **state)
{
	struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops },
		.nr_rmaps = 1,
		.max_map_count = 6,
	};

	*state = machine_create(&config);
	return !*state;
}

static int setup_la57(void **state)
{
	struct machine_config config = {
		.rmaps = { &anon_vma_rmap_ops },
		.nr_rmaps = 1,
		.task_pages = TASK_PAGES_LA57,
	};

	*state = machine_create(&config);
	return !*state;
}

static int teardown(void **state)
{
	machine_destroy(*state);
	return 0;
}

static size_t format_vma(struct vm_area_struct *vma, char *buf, size_t size)
{
	u64 natural = vma->vm_file == NO_FILE ? vma->vm_start : ~0ULL;
	size_t n;

	n = snprintf(buf, size, "%llu-%llu:%s%s%s%s%s%s",
		     (unsigned long long)(vma->vm_start - BASE),
		     (unsigned long long)(vma->vm_end - BASE),
		     vma->vm_flags & VM_READ ? "r" : "",
		     vma->vm_flags & VM_WRITE ? "w" : "",
		     vma->vm_flags & VM_ACCOUNT ? "a" : "",
		     rmap_vma_faulted(vma) ? "f" : "",
		     vma->vm_flags & VM_DONTCOPY ? "c" : "",
		     vma->vm_flags & VM_WIPEONFORK ? "z" : "");
	if (vma->vm_file != NO_FILE)
		n += snprintf(buf + n, size - n, "#%d@%llu", vma->vm_file,
			      (unsigned long long)vma->vm_pgoff);
	else if (vma->vm_pgoff != natural)
		n += snprintf(buf + n, size - n, "@%llu",
			      (unsigned long long)(vma->vm_pgoff - BASE));
	return n;
}

static void assert_layout(struct mm_struct *mm, const char *expected)
{
	struct vm_area_struct *vma;
	char found[512] = "";
	size_t n = 0;

	for (vma = find_vma(mm, 0); vma; vma = vma_next(vma)) {
		if (n)
			found[n++] = ' ';
		n += format_vma(vma, found + n, sizeof(found) - n);
	}
	assert_string_equal(found, expected);
}

static int mm_map(struct mm_struct *mm, u64 page, u64 len, u64 flags)
{
	return do_mmap(mm, BASE + page, len, flags, NO_FILE, 0);
}

static int mm_map_file(struct mm_struct *mm, u64 page, u64 len, u64 flags,
		       int file, u64 off)
{
	return do_mmap(mm, BASE + page, len, flags, file, off);
}

static int mm_unmap(struct mm_struct *mm, u64 page, u64 len)
{
	return do_munmap(mm, BASE + page, len);
}

static int mm_protect(struct mm_struct *mm, u64 page, u64 len, u64 prot)
{
	return do_mprotect(mm, BASE + page, len, prot);
}

static int advise(struct mm_struct *mm, u64 page, u64 len,
		  enum madvise_advice advice)
{
	return do_madvise(mm, BASE + page, len, advice);
}

static int mm_move(struct mm_struct *mm, u64 page, u64 len, u64 to)
{
	return do_mremap(mm, BASE + page, len, len, MOVE, BASE + to);
}

static int mm_write_value(struct mm_struct *mm, u64 page, u64 value)
{
	return mm_write(mm, BASE + page, value);
}

static u64 get(struct mm_struct *mm, u64 page)
{
	u64 value = ~0ULL;

	assert_true(mm_peek(mm, BASE + page, &value));
	return value;
}

static bool present(struct mm_struct *mm, u64 page)
{
	return pte_lookup(mm, BASE + page);
}

static void mmap_merges_new_ranges(void **state)
{
	struct mm_struct *mm = state_mm(state);

	assert_int_equal(mm_map(mm, 0, 2, RW), 0);
	assert_int_equal(mm_map(mm, 4, 2, RW), 0);
	assert_layout(mm, "0-2:rwa 4-6:rwa");
	assert_int_equal(mm_map(mm, 2, 1, RW), 0); /* left */
	assert_layout(mm, "0-3:rwa 4-6:rwa");
	assert_int_equal(mm_map(mm, 3, 1, RW), 0); /* both */
	assert_layout(mm, "0-6:rwa");
	assert_int_equal(mm_map(mm, 6, 1, VM_READ), 0);
	assert_int_equal(mm_map(mm, 7, 1, VM_NONE), 0);
	assert_layout(mm, "0-6:rwa 6-7:r 7-8:");
}

static void mmap_over_what_is_there(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 8, RW);
	mm_write_value(mm, 3, 7);
	assert_int_equal(mm_map(mm, 2, 3, VM_READ), 0);
	assert_layout(mm, "0-2:rwaf 2-5:r 5-8:rwaf");
	assert_false(present(mm, 3));
	assert_int_equal(mm_map(mm, 2, 3, RW), 0);
	/* both neighbours share one anon_vma: all is one again */
	assert_layout(mm, "0-8:rwaf");
	assert_int_equal(get(mm, 3), 0);
}

static void mmap_of_files_merges_by_offset(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map_file(mm, 0, 2, RW, 1, 8);
	mm_map_file(mm, 2, 2, RW, 1, 10);
	assert_layout(mm, "0-4:rwa#1@8");
	mm_map_file(mm, 4, 1, RW, 2, 12); /* another file */
	mm_map_file(mm, 5, 1, RW, 1, 14); /* another offset */
	assert_layout(mm, "0-4:rwa#1@8 4-5:rwa#2@12 5-6:rwa#1@14");
}

static void mmap_refuses(void **state)
{
	struct mm_struct *mm = state_mm(state);

	assert_int_equal(mm_map(mm, 0, 0, RW), -EINVAL);
	assert_int_equal(do_mmap(mm, TASK_PAGES - 1, 2, RW, NO_FILE, 0),
			 -ENOMEM);
	assert_int_equal(do_mmap(mm, TASK_PAGES - 1, 1, RW, NO_FILE, 0), 0);
}

/* Five levels: what ends above 47 bits is there, what ends above 56 is refused. */
static void la57_reaches_further(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 4, RW);
	assert_int_equal(do_mmap(mm, TASK_PAGES - 1, 2, RW, NO_FILE, 0), 0);
	assert_int_equal(do_mremap(mm, BASE, 4, 4, MOVE, TASK_PAGES + 9), 0);
	assert_int_equal(do_munmap(mm, TASK_PAGES + 9, 4), 0);
	assert_int_equal(do_mmap(mm, TASK_PAGES_LA57 - 1, 2, RW, NO_FILE, 0),
			 -ENOMEM);
	assert_int_equal(do_mremap(mm, TASK_PAGES - 1, 2, 2, MOVE,
				   TASK_PAGES_LA57 - 1),
			 -EINVAL);
	assert_int_equal(do_munmap(mm, TASK_PAGES_LA57, 1), -EINVAL);
}

static void faulted_and_unfaulted_merge_unless_forked(void **state)
{
	struct mm_struct *mm = state_mm(state);
	struct mm_struct *child;

	mm_map(mm, 0, 2, RW);
	mm_write_value(mm, 0, 1);
	mm_map(mm, 2, 2, RW);
	assert_layout(mm, "0-4:rwaf");
	assert_int_equal(machine_fork(machine_of(state), 0, 1), 0);
	child = machine_mm(machine_of(state), 1);
	assert_layout(child, "0-4:rwaf");
	mm_map(mm, 4, 1, RW); /* the parent's chain is single still */
	assert_layout(mm, "0-5:rwaf");
	mm_map(child, 4, 1, RW); /* a fork child's is not */
	assert_layout(child, "0-4:rwaf 4-5:rwa");
}

static void munmap_splits(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 8, RW);
	mm_write_value(mm, 0, 5);
	mm_write_value(mm, 7, 6);
	assert_int_equal(mm_unmap(mm, 2, 3), 0);
	assert_layout(mm, "0-2:rwaf 5-8:rwaf");
	assert_int_equal(mm_unmap(mm, 1, 5), 0);
	assert_layout(mm, "0-1:rwaf 6-8:rwaf");
	assert_int_equal(get(mm, 0), 5);
	assert_int_equal(get(mm, 7), 6);
	assert_int_equal(mm_unmap(mm, 2, 2), 0); /* nothing there */
	assert_int_equal(mm_unmap(mm, 0, 0), -EINVAL);
	assert_int_equal(do_munmap(mm, TASK_PAGES, 1), -EINVAL);
	assert_int_equal(mm_unmap(mm, 0, 8), 0);
	assert_layout(mm, "");
}

static void mprotect_splits_and_merges_back(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 6, RW);
	mm_write_value(mm, 2, 1);
	assert_int_equal(mm_protect(mm, 2, 2, VM_READ), 0);
	assert_layout(mm, "0-2:rwaf 2-4:raf 4-6:rwaf");
	assert_int_equal(mm_protect(mm, 1, 2, VM_READ), 0); /* prev shrinks */
	assert_layout(mm, "0-1:rwaf 1-4:raf 4-6:rwaf");
	assert_int_equal(mm_protect(mm, 3, 1, RW), 0); /* next grows */
	assert_layout(mm, "0-1:rwaf 1-3:raf 3-6:rwaf");
	assert_int_equal(mm_protect(mm, 1, 1, RW), 0); /* prev grows */
	assert_layout(mm, "0-2:rwaf 2-3:raf 3-6:rwaf");
	assert_int_equal(mm_protect(mm, 2, 1, RW), 0); /* both */
	assert_layout(mm, "0-6:rwaf");
	assert_int_equal(mm_protect(mm, 0, 0, VM_READ), 0);
	assert_int_equal(mm_protect(mm, 6, 1, VM_READ), -ENOMEM);
}

static void mprotect_keeps_what_it_did_before_a_hole(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 2, RW);
	mm_map(mm, 3, 2, RW);
	assert_int_equal(mm_protect(mm, 1, 4, VM_READ), -ENOMEM);
	assert_layout(mm, "0-1:rwa 1-2:r 3-5:rwa");
	assert_int_equal(mm_protect(mm, 2, 2, VM_READ), -ENOMEM);
	assert_layout(mm, "0-1:rwa 1-2:r 3-5:rwa");
	assert_int_equal(mm_protect(mm, 4, 3, VM_READ), -ENOMEM);
	assert_layout(mm, "0-1:rwa 1-2:r 3-4:rwa 4-5:r");
}

static void mprotect_accounts(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 1, VM_READ);
	mm_map(mm, 2, 1, RW);
	mm_map(mm, 4, 1, RW);
	mm_write_value(mm, 4, 1);
	mm_map_file(mm, 6, 1, RW, 0, 0);
	assert_int_equal(mm_protect(mm, 0, 1, RW), 0);
	assert_int_equal(mm_protect(mm, 2, 1, VM_READ), 0);
	assert_int_equal(mm_protect(mm, 4, 1, VM_READ), 0);
	assert_int_equal(mm_protect(mm, 6, 1, VM_READ), 0);
	assert_layout(mm, "0-1:rwa 2-3:r 4-5:raf 6-7:ra#0@0");
}

static void madvise_sets_flags(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 4, RW);
	assert_int_equal(advise(mm, 1, 2, ADVICE_DONTFORK), 0);
	assert_layout(mm, "0-1:rwa 1-3:rwac 3-4:rwa");
	assert_int_equal(advise(mm, 0, 4, ADVICE_DOFORK), 0);
	assert_layout(mm, "0-4:rwa");
	assert_int_equal(advise(mm, 0, 1, ADVICE_WIPEONFORK), 0);
	assert_layout(mm, "0-1:rwaz 1-4:rwa");
	assert_int_equal(advise(mm, 0, 4, ADVICE_KEEPONFORK), 0);
	assert_layout(mm, "0-4:rwa");
	mm_map_file(mm, 4, 1, RW, 0, 0);
	assert_int_equal(advise(mm, 4, 1, ADVICE_WIPEONFORK), -EINVAL);
	assert_int_equal(advise(mm, 0, 0, ADVICE_DONTFORK), 0);
}

static void madvise_skips_holes(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 1, 1, RW);
	mm_map(mm, 3, 1, RW);
	assert_int_equal(advise(mm, 0, 4, ADVICE_DONTFORK), -ENOMEM);
	assert_layout(mm, "1-2:rwac 3-4:rwac");
	assert_int_equal(advise(mm, 3, 2, ADVICE_DOFORK), -ENOMEM);
	assert_layout(mm, "1-2:rwac 3-4:rwa");
	assert_int_equal(advise(mm, 8, 1, ADVICE_DOFORK), -ENOMEM);
}

static void dontneed_drops_pages(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 4, RW);
	for (u64 page = 0; page < 4; page++)
		mm_write_value(mm, page, page + 1);
	assert_int_equal(advise(mm, 1, 2, ADVICE_DONTNEED), 0);
	assert_int_equal(get(mm, 0), 1);
	assert_int_equal(get(mm, 1), 0);
	assert_int_equal(get(mm, 2), 0);
	assert_int_equal(get(mm, 3), 4);
	assert_layout(mm, "0-4:rwaf");
}

static void mremap_shrinks_and_grows(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 4, RW);
	mm_map(mm, 6, 2, RW);
	mm_write_value(mm, 0, 1);
	assert_int_equal(do_mremap(mm, BASE, 4, 2, 0, 0), 0);
	assert_layout(mm, "0-2:rwaf 6-8:rwa");
	assert_int_equal(do_mremap(mm, BASE, 2, 6, 0, 0), 0);
	assert_layout(mm, "0-8:rwaf"); /* into next, which it touches now */
	assert_int_equal(do_mremap(mm, BASE, 8, 8, 0, 0), 0);
	assert_int_equal(do_mremap(mm, BASE, 4, 5, 0, 0), -ENOMEM);
	mm_map(mm, 9, 1, VM_READ);
	assert_int_equal(do_mremap(mm, BASE, 8, 10, 0, 0), -ENOMEM);
	assert_layout(mm, "0-8:rwaf 9-10:r");
}

static void mremap_refuses(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 4, RW);
	mm_map(mm, 8, 1, RW);
	assert_int_equal(do_mremap(mm, BASE, 4, 0, 0, 0), -EINVAL);
	assert_int_equal(do_mremap(mm, BASE, 0, 1, 0, 0), -EINVAL);
	assert_int_equal(do_mremap(mm, BASE, 1, TASK_PAGES + 1, 0, 0), -EINVAL);
	assert_int_equal(do_mremap(mm, BASE, 4, 4, MREMAP_FIXED, BASE + 9),
			 -EINVAL);
	assert_int_equal(do_mremap(mm, BASE, 4, 4, MOVE, TASK_PAGES), -EINVAL);
	assert_int_equal(mm_move(mm, 0, 4, 2), -EINVAL); /* overlap */
	assert_int_equal(do_mremap(mm, BASE, 2, 4, MOVE | MREMAP_DONTUNMAP,
				   BASE + 10),
			 -EINVAL);
	assert_int_equal(do_mremap(mm, BASE, 2, 2, MREMAP_DONTUNMAP, 0),
			 -EINVAL);
	assert_int_equal(do_mremap(mm, BASE + 6, 1, 2, 0, 0), -EFAULT);
	assert_int_equal(do_mremap(mm, BASE + 2, 4, 8, MOVE, BASE + 20),
			 -EFAULT); /* over the end of its VMA */
	assert_int_equal(mm_move(mm, 5, 4, 20), -EFAULT); /* gap at the start */
	assert_int_equal(mm_move(mm, 40, 4, 20), -EFAULT);
	assert_layout(mm, "0-4:rwa 8-9:rwa");
}

static void mremap_moves_pages_and_keeps_offsets(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 4, RW);
	mm_write_value(mm, 1, 11);
	assert_int_equal(mm_move(mm, 0, 4, 16), 0);
	assert_layout(mm, "16-20:rwaf@0");
	assert_int_equal(get(mm, 17), 11);
	assert_int_equal(mm_move(mm, 17, 1, 40), 0); /* out of the middle */
	assert_layout(mm, "16-17:rwaf@0 18-20:rwaf@2 40-41:rwaf@1");
	assert_int_equal(get(mm, 40), 11);
	assert_int_equal(mm_move(mm, 40, 1, 17), 0); /* back between */
	assert_layout(mm, "16-20:rwaf@0");
	assert_int_equal(mm_move(mm, 16, 4, 0), 0); /* and home */
	assert_layout(mm, "0-4:rwaf");
	assert_int_equal(get(mm, 1), 11);
}

static void mremap_of_unfaulted_takes_new_offset(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 2, RW);
	mm_map(mm, 8, 2, RW);
	mm_write_value(mm, 8, 1);
	assert_int_equal(mm_move(mm, 0, 2, 10), 0);
	assert_layout(mm, "8-12:rwaf"); /* faulted, unfaulted */
	mm_map(mm, 20, 4, RW);
	assert_int_equal(mm_move(mm, 20, 2, 24), 0); /* beside its own rest */
	assert_layout(mm, "8-12:rwaf 22-26:rwa");
}

static void mremap_resizes_while_moving(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 4, RW);
	mm_write_value(mm, 0, 1);
	mm_write_value(mm, 3, 4);
	assert_int_equal(do_mremap(mm, BASE, 4, 6, MOVE, BASE + 8), 0);
	assert_layout(mm, "8-14:rwaf@0");
	assert_int_equal(get(mm, 11), 4);
	assert_int_equal(get(mm, 12), 0);
	assert_int_equal(do_mremap(mm, BASE + 8, 6, 1, MOVE, BASE + 20), 0);
	assert_layout(mm, "20-21:rwaf@0");
	assert_int_equal(get(mm, 20), 1);
}

static void mremap_moves_over_several_vmas(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 2, RW);
	mm_map(mm, 4, 2, VM_READ);
	mm_map_file(mm, 7, 2, RW, 1, 3);
	mm_write_value(mm, 1, 1);
	mm_write_value(mm, 7, 2);
	assert_int_equal(mm_move(mm, 1, 7, 33), 0);
	assert_layout(mm, "0-1:rwaf 8-9:rwaf#1@4 "
			  "33-34:rwaf@1 36-38:r 39-40:rwaf#1@3");
	assert_int_equal(get(mm, 33), 1);
	assert_int_equal(get(mm, 39), 2);
}

static void mremap_dontunmap_keeps_the_source(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 2, RW);
	mm_write_value(mm, 0, 9);
	assert_int_equal(do_mremap(mm, BASE, 2, 2, MOVE | MREMAP_DONTUNMAP,
				   BASE + 8),
			 0);
	assert_layout(mm, "0-2:rwa 8-10:rwaf@0");
	assert_false(present(mm, 0));
	assert_int_equal(get(mm, 8), 9);
	/* a part: the source stays faulted */
	assert_int_equal(do_mremap(mm, BASE + 8, 1, 1, MOVE | MREMAP_DONTUNMAP,
				   BASE + 20),
			 0);
	assert_layout(mm, "0-2:rwa 8-10:rwaf@0 20-21:rwaf@0");
	/* displaced: the source keeps its offset, unfaulted */
	assert_int_equal(do_mremap(mm, BASE + 20, 1, 1, MOVE | MREMAP_DONTUNMAP,
				   BASE + 30),
			 0);
	assert_layout(mm, "0-2:rwa 8-10:rwaf@0 20-21:rwa@0 30-31:rwaf@0");
}

static void mremap_unmaps_where_it_goes(void **state)
{
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 16, RW);
	mm_write_value(mm, 0, 1);
	mm_write_value(mm, 9, 2);
	assert_int_equal(mm_move(mm, 0, 2, 8), 0); /* within one VMA */
	assert_layout(mm, "2-8:rwaf 8-10:rwaf@0 10-16:rwaf");
	assert_int_equal(get(mm, 8), 1);
	assert_int_equal(get(mm, 9), 0);
}

static void faults_follow_protection(void **state)
{
	struct mm_struct *mm = state_mm(state);

	assert_int_equal(mm_write_value(mm, 0, 1), -EFAULT);
	assert_int_equal(mm_read(mm, BASE), -EFAULT);
	mm_map(mm, 0, 1, VM_READ);
	assert_int_equal(mm_read(mm, BASE), 0);
	assert_int_equal(mm_read(mm, BASE), 0);
	assert_int_equal(mm_write_value(mm, 0, 1), -EFAULT);
	assert_int_equal(pte_lookup(mm, BASE)->kind, PTE_ZERO);
	assert_layout(mm, "0-1:r");
	mm_protect(mm, 0, 1, RW);
	assert_int_equal(mm_write_value(mm, 0, 1), 0); /* zero page replaced */
	assert_int_equal(pte_lookup(mm, BASE)->kind, PTE_ANON);
	assert_layout(mm, "0-1:rwaf");
	mm_protect(mm, 0, 1, VM_NONE);
	assert_int_equal(mm_read(mm, BASE), -EFAULT);
}

static void file_pages_are_copied_on_write(void **state)
{
	struct mm_struct *mm = state_mm(state);
	struct pte *pte;

	mm_map_file(mm, 0, 2, RW, 2, 5);
	assert_int_equal(mm_read(mm, BASE), 0);
	pte = pte_lookup(mm, BASE);
	assert_int_equal(pte->kind, PTE_FILE);
	assert_layout(mm, "0-2:rwa#2@5");
	assert_int_not_equal(get(mm, 0), get(mm, 1));
	assert_int_equal(mm_write_value(mm, 1, 3), 0);
	assert_layout(mm, "0-2:rwaf#2@5");
	pte = pte_lookup(mm, BASE + 1);
	assert_int_equal(pte->kind, PTE_ANON);
	assert_int_equal(pte->folio->index, 6); /* the file's offset */
}

static void fork_shares_and_writes_copy(void **state)
{
	struct machine *machine = machine_of(state);
	struct mm_struct *mm = state_mm(state);
	struct mm_struct *child;
	struct folio *folio;

	mm_map(mm, 0, 2, RW);
	mm_write_value(mm, 0, 1);
	folio = pte_lookup(mm, BASE)->folio;
	assert_true(folio->exclusive);
	assert_int_equal(machine_fork(machine, 0, 1), 0);
	child = machine_mm(machine, 1);
	assert_int_equal(folio->mapcount, 2);
	assert_false(folio->exclusive);
	assert_int_equal(mm_write_value(child, 0, 2), 0); /* copy */
	assert_int_equal(get(mm, 0), 1);
	assert_int_equal(get(child, 0), 2);
	assert_int_equal(folio->mapcount, 1);
	assert_false(folio->exclusive);
	assert_int_equal(mm_write_value(mm, 0, 3), 0); /* reuse */
	assert_ptr_equal(pte_lookup(mm, BASE)->folio, folio);
	assert_true(folio->exclusive);
}

static void fork_obeys_advice(void **state)
{
	struct machine *machine = machine_of(state);
	struct mm_struct *mm = state_mm(state);
	struct mm_struct *child;

	mm_map(mm, 0, 3, RW);
	for (u64 page = 0; page < 3; page++)
		mm_write_value(mm, page, 1);
	advise(mm, 0, 1, ADVICE_DONTFORK);
	advise(mm, 2, 1, ADVICE_WIPEONFORK);
	mm_map(mm, 4, 1, RW); /* unfaulted */
	assert_int_equal(mm_read(mm, BASE + 4), 0);
	assert_int_equal(machine_fork(machine, 0, 1), 0);
	child = machine_mm(machine, 1);
	assert_layout(mm, "0-1:rwafc 1-2:rwaf 2-3:rwafz 4-5:rwa");
	assert_layout(child, "1-2:rwaf 2-3:rwaz 4-5:rwa");
	assert_int_equal(get(child, 1), 1);
	assert_int_equal(get(child, 2), 0);
	/* what is not faulted is not copied, its zero pages neither */
	assert_false(present(child, 4));
}

static void vfork_shares_exec_parts(void **state)
{
	struct machine *machine = machine_of(state);
	struct mm_struct *mm = state_mm(state);

	mm_map(mm, 0, 1, RW);
	assert_int_equal(machine_vfork(machine, 0, 1), 0);
	assert_ptr_equal(machine_mm(machine, 1), mm);
	mm_write_value(machine_mm(machine, 1), 0, 4);
	assert_int_equal(get(mm, 0), 4);
	assert_int_equal(machine_exec(machine, 1), 0);
	assert_ptr_not_equal(machine_mm(machine, 1), mm);
	assert_layout(machine_mm(machine, 1), "");
	assert_layout(mm, "0-1:rwaf");
	assert_int_equal(machine_exit(machine, 1), 0);
	assert_null(machine_mm(machine, 1));
	assert_int_equal(machine_exit(machine, 1), -ESRCH);
	assert_int_equal(machine_fork(machine, 1, 2), -ESRCH);
}

static void migrate_replaces_every_entry(void **state)
{
	struct machine *machine = machine_of(state);
	struct mm_struct *mm = state_mm(state);
	struct mm_struct *child;
	struct folio *old, *new;

	mm_map(mm, 0, 2, RW);
	mm_write_value(mm, 0, 6);
	machine_fork(machine, 0, 1);
	child = machine_mm(machine, 1);
	mm_move(child, 0, 1, 20);
	old = pte_lookup(mm, BASE)->folio;
	assert_int_equal(mm_work(child, BASE + 20, FOLIO_MIGRATE), 0);
	new = pte_lookup(mm, BASE)->folio;
	assert_ptr_not_equal(new, old);
	assert_ptr_equal(pte_lookup(child, BASE + 20)->folio, new);
	assert_int_equal(new->mapcount, 2);
	assert_int_equal(get(child, 20), 6);
	assert_int_equal(mm_work(mm, BASE + 1, FOLIO_MIGRATE), -ENOENT);
	assert_int_equal(mm_work(mm, BASE + 9, FOLIO_MIGRATE), -EFAULT);
	mm_read(mm, BASE + 1);
	assert_int_equal(mm_work(mm, BASE + 1, FOLIO_MIGRATE), -EFAULT);
	mm_map_file(mm, 4, 1, RW, 0, 0);
	mm_read(mm, BASE + 4);
	assert_int_equal(mm_work(mm, BASE + 4, FOLIO_MIGRATE), 0);
}

static void map_count_is_limited(void **state)
{
	struct mm_struct *mm = state_mm(state);

	for (u64 i = 0; i < 5; i++)
		assert_int_equal(mm_map(mm, 4 * i, 3, RW), 0);
	/* would need one more than 6 for a moment and after */
	assert_int_equal(mm_map(mm, 20, 3, RW), 0);
	assert_int_equal(mm_unmap(mm, 1, 1), -ENOMEM);
	assert_int_equal(mm_protect(mm, 1, 1, VM_READ), -ENOMEM);
	assert_int_equal(mm_move(mm, 0, 3, 40), -ENOMEM);
	assert_int_equal(mm_map(mm, 24, 1, RW), 0);
	assert_int_equal(mm_map(mm, 28, 1, RW), -ENOMEM);
	assert_int_equal(mm_unmap(mm, 0, 32), 0);
	mm_map(mm, 0, 3, RW);
	mm_map(mm, 4, 3, RW);
	mm_write_value(mm, 0, 1);
	assert_int_equal(mm_move(mm, 0, 3, 40), -ENOMEM);
	mm_unmap(mm, 4, 3);
	assert_layout(mm, "0-3:rwaf");
}

#define mm_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		mm_test(mmap_merges_new_ranges),
		mm_test(mmap_over_what_is_there),
		mm_test(mmap_of_files_merges_by_offset),
		mm_test(mmap_refuses),
		mm_test(faulted_and_unfaulted_merge_unless_forked),
		mm_test(munmap_splits),
		mm_test(mprotect_splits_and_merges_back),
		mm_test(mprotect_keeps_what_it_did_before_a_hole),
		mm_test(mprotect_accounts),
		mm_test(madvise_sets_flags),
		mm_test(madvise_skips_holes),
		mm_test(dontneed_drops_pages),
		mm_test(mremap_shrinks_and_grows),
		mm_test(mremap_refuses),
		mm_test(mremap_moves_pages_and_keeps_offsets),
		mm_test(mremap_of_unfaulted_takes_new_offset),
		mm_test(mremap_resizes_while_moving),
		mm_test(mremap_moves_over_several_vmas),
		mm_test(mremap_dontunmap_keeps_the_source),
		mm_test(mremap_unmaps_where_it_goes),
		mm_test(faults_follow_protection),
		mm_test(file_pages_are_copied_on_write),
		mm_test(fork_shares_and_writes_copy),
		mm_test(fork_obeys_advice),
		mm_test(vfork_shares_exec_parts),
		mm_test(migrate_replaces_every_entry),
		cmocka_unit_test_setup_teardown(la57_reaches_further,
						setup_la57, teardown),
		cmocka_unit_test_setup_teardown(map_count_is_limited,
						setup_few_maps, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
