// SPDX-License-Identifier: GPL-2.0-only
/*
 * What pages may read after an operation, on dumps made here: what a sound kernel
 * does passes, and each way to lose or leak a page's content does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../tree/content.h"

#define REMAP_MOVE 3 /* MREMAP_MAYMOVE | MREMAP_FIXED */
#define DONTNEED 4
#define DONTCOPY 0x00020000
#define WIPEONFORK 0x02000000

struct fixture {
	struct dump *before;
	struct dump *after;
	/* By page of the dump; a test that says nothing of them has zeros. */
	unsigned long long tails_before[8];
	unsigned long long tails_after[8];
	bool tails;
	struct tree_op op;
	int result;
	bool half_done;
	char why[TREE_WHY_MAX];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->before = calloc(1, sizeof(*f->before));
	f->after = calloc(1, sizeof(*f->after));
	*state = f;
	return !f->before || !f->after;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->before);
	free(f->after);
	free(f);
	return 0;
}

static void add_proc(struct dump *dump, u32 slot, u64 mm)
{
	u32 nr = dump->proc_count++;

	dump->procs[nr].pid = slot;
	dump->procs[nr].mm = mm;
	dump->procs[nr].vma_first = dump->vma_count;
	dump->procs[nr].same_as = nr;
	for (u32 i = 0; i < nr; i++)
		if (dump->procs[i].mm == mm && dump->procs[nr].same_as == nr)
			dump->procs[nr].same_as = i;
}

/* To the last process. */
static void add_vma(struct dump *dump, u64 start, u64 len, u64 flags)
{
	struct dump_vma *vma = &dump->vmas[dump->vma_count++];

	vma->start = start;
	vma->end = start + len;
	vma->flags = flags;
	vma->page_first = dump->page_count;
	dump->procs[dump->proc_count - 1].vma_count++;
}

/* To the last VMA. */
static void add_page(struct dump *dump, u64 address, u64 pfn, u64 content)
{
	struct dump_page *page = &dump->pages[dump->page_count++];

	page->address = address;
	page->pfn = pfn;
	page->content = content;
	page->mapping = 1; /* FOLIO_MAPPING_ANON */
	dump->vmas[dump->vma_count - 1].page_count++;
}

/* Process 0 has pages 0x10 to 0x13, of which two were written. */
static void begin(struct fixture *f)
{
	add_proc(f->before, 0, 100);
	add_vma(f->before, 0x10, 4, 0);
	add_page(f->before, 0x10, 1, 0xa);
	add_page(f->before, 0x12, 2, 0xb);
}

static void operation(struct fixture *f, int kind, u64 page, u64 len)
{
	f->op.kind = kind;
	f->op.address = page << 12;
	f->op.len = len << 12;
}

static bool check(struct fixture *f)
{
	const struct content_step step = {
		.before = f->before,
		.after = f->after,
		.op = &f->op,
		.tails_before = f->tails ? f->tails_before : NULL,
		.tails_after = f->tails ? f->tails_after : NULL,
		.result = f->result,
		.half_done = f->half_done,
	};

	f->why[0] = '\0';
	return content_check(&step, f->why);
}

static void test_unchanged(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_MPROTECT, 0x10, 4);
	*f->after = *f->before;
	assert_true(check(f));
	f->after->pages[1].content = 0xc;
	assert_false(check(f));
	assert_string_equal(f->why,
			    "content: page 0x12 of process 0 reads 0xc, "
			    "expected 0xb; before the operation it read 0xb");
}

static void test_lost(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_READ, 0x10, 1);
	*f->after = *f->before;
	f->after->page_count = 1;
	f->after->vmas[0].page_count = 1;
	assert_false(check(f));
	assert_non_null(strstr(f->why, "page 0x12 of process 0 reads 0x0"));
}

static void test_left_entry(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_MIGRATE, 0x10, 1);
	*f->after = *f->before;
	f->after->pages[0].pfn = 0;
	assert_false(check(f));
	assert_non_null(strstr(f->why, "entry: page 0x10"));
}

static void test_write(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_WRITE, 0x12, 2);
	f->op.value = 0x50;
	add_proc(f->after, 0, 100);
	add_vma(f->after, 0x10, 4, 0);
	add_page(f->after, 0x10, 1, 0xa);
	add_page(f->after, 0x12, 2, 0x50);
	add_page(f->after, 0x13, 3, 0x51);
	assert_true(check(f));
	/* It says that it wrote, and did not. */
	f->after->page_count--;
	f->after->vmas[0].page_count--;
	assert_false(check(f));
	/* It failed at the second page. */
	f->result = 14;
	assert_true(check(f));
	f->after->pages[1].content = 0x51;
	assert_false(check(f));
}

/* The first word is the new one: it is in the last one that a copy shows. */
static void test_copied_without_contents(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_WRITE, 0x12, 1);
	f->op.value = 0x50;
	f->tails = true;
	f->tails_before[0] = 0xa;
	f->tails_before[1] = 0xb;
	*f->after = *f->before;
	f->after->pages[1].content = 0x50;
	f->tails_after[0] = 0xa;
	f->tails_after[1] = 0xb * TREE_TAIL_FACTOR + 0x50;
	assert_true(check(f));
	f->tails_after[1] = 0x50;
	assert_false(check(f));
	assert_non_null(strstr(f->why, "page 0x12 of process 0 reads 0x50 at "
				       "its end"));
}

static void test_dontneed(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_MADVISE, 0x12, 2);
	f->op.flags = DONTNEED;
	*f->after = *f->before;
	assert_false(check(f));
	f->after->page_count--;
	f->after->vmas[0].page_count--;
	assert_true(check(f));
}

static void test_unmap_fails(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_MUNMAP, 0x12, 2);
	f->result = 12;
	*f->after = *f->before;
	assert_true(check(f));
	f->after->page_count--;
	f->after->vmas[0].page_count--;
	assert_false(check(f));
	f->half_done = true;
	assert_true(check(f));
}

static void test_move(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_MREMAP, 0x10, 4);
	f->op.flags = REMAP_MOVE;
	f->op.new_len = 4 << 12;
	f->op.to = 0x40 << 12;
	add_proc(f->after, 0, 100);
	add_vma(f->after, 0x40, 4, 0);
	add_page(f->after, 0x40, 1, 0xa);
	add_page(f->after, 0x42, 2, 0xb);
	assert_true(check(f));
	/* It arrived a page too far. */
	f->after->pages[1].address = 0x43;
	assert_false(check(f));
	/* It did not arrive. */
	f->after->page_count--;
	f->after->vmas[0].page_count--;
	assert_false(check(f));
}

static void test_move_fails(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_MREMAP, 0x10, 4);
	f->op.flags = REMAP_MOVE;
	f->op.new_len = 4 << 12;
	f->op.to = 0x40 << 12;
	f->result = 12;
	*f->after = *f->before;
	assert_true(check(f));
	/* Neither here nor there. */
	f->after->page_count--;
	f->after->vmas[0].page_count--;
	assert_false(check(f));
	/* The second page moved already. */
	add_vma(f->after, 0x42, 1, 0);
	add_page(f->after, 0x42, 2, 0xb);
	assert_true(check(f));
}

/* Pages of what is moved on both sides of a gap, over something else. */
static void test_move_several(void **state)
{
	struct fixture *f = *state;

	add_proc(f->before, 0, 100);
	add_vma(f->before, 0x10, 1, 0);
	add_page(f->before, 0x10, 1, 0xa);
	add_vma(f->before, 0x12, 1, 0);
	add_page(f->before, 0x12, 2, 0xb);
	add_vma(f->before, 0x40, 4, 0);
	add_page(f->before, 0x41, 3, 0xc);
	operation(f, TREE_MREMAP, 0x10, 3);
	f->op.flags = REMAP_MOVE;
	f->op.new_len = 3 << 12;
	f->op.to = 0x40 << 12;
	add_proc(f->after, 0, 100);
	add_vma(f->after, 0x40, 4, 0);
	add_page(f->after, 0x40, 1, 0xa);
	add_page(f->after, 0x41, 3, 0xc);
	add_page(f->after, 0x42, 2, 0xb);
	assert_true(check(f));
	f->after->pages[1].content = 0xb;
	assert_false(check(f));
}

static void test_shrink(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_MREMAP, 0x10, 4);
	f->op.new_len = 2 << 12;
	*f->after = *f->before;
	assert_false(check(f));
	f->after->page_count--;
	f->after->vmas[0].page_count--;
	f->after->vmas[0].end = 0x12;
	assert_true(check(f));
}

static void test_fork(void **state)
{
	struct fixture *f = *state;

	add_proc(f->before, 0, 100);
	add_vma(f->before, 0x10, 1, 0);
	add_page(f->before, 0x10, 1, 0xa);
	add_vma(f->before, 0x11, 1, WIPEONFORK);
	add_page(f->before, 0x11, 2, 0xb);
	add_vma(f->before, 0x12, 1, DONTCOPY);
	add_page(f->before, 0x12, 3, 0xc);
	operation(f, TREE_FORK, 0, 0);
	f->op.child = 1;
	*f->after = *f->before;
	add_proc(f->after, 1, 200);
	add_vma(f->after, 0x10, 1, 0);
	add_page(f->after, 0x10, 1, 0xa);
	add_vma(f->after, 0x11, 1, WIPEONFORK);
	assert_true(check(f));
	/* What was to be wiped leaks into the child. */
	add_page(f->after, 0x11, 2, 0xb);
	assert_false(check(f));
	f->after->page_count -= 2;
	f->after->vmas[3].page_count--;
	f->after->vmas[4].page_count--;
	f->after->vmas[4].page_first--;
	assert_false(check(f));
	assert_non_null(strstr(f->why, "its parent's read 0xa"));
}

/* A child that shares memory may come before its parent, whose name is older. */
static void test_vfork(void **state)
{
	struct fixture *f = *state;

	add_proc(f->before, 1, 100);
	add_vma(f->before, 0x10, 1, 0);
	add_page(f->before, 0x10, 1, 0xa);
	operation(f, TREE_VFORK, 0, 0);
	f->op.proc = 1;
	f->op.child = 0;
	add_proc(f->after, 0, 100);
	add_vma(f->after, 0x10, 1, 0);
	add_page(f->after, 0x10, 1, 0xa);
	add_proc(f->after, 1, 100);
	assert_true(check(f));
}

/* One write must not be seen by who shared the page. */
static void test_others(void **state)
{
	struct fixture *f = *state;

	begin(f);
	add_proc(f->before, 1, 200);
	add_vma(f->before, 0x10, 4, 0);
	add_page(f->before, 0x10, 1, 0xa);
	operation(f, TREE_WRITE, 0x10, 1);
	f->op.value = 0x50;
	*f->after = *f->before;
	f->after->pages[0].content = 0x50;
	assert_true(check(f));
	f->after->pages[2].content = 0x50;
	assert_false(check(f));
	assert_non_null(strstr(f->why, "process 1"));
}

static void test_reclaim(void **state)
{
	struct fixture *f = *state;

	begin(f);
	add_proc(f->before, 1, 200);
	add_vma(f->before, 0x30, 1, 0);
	add_page(f->before, 0x30, 1, 0xa);
	operation(f, TREE_RECLAIM, 0x10, 1);
	*f->after = *f->before;
	assert_false(check(f));
	assert_non_null(strstr(f->why, "still mapped to the folio"));
	/* From both, and from nobody else. */
	f->after->pages[0].pfn = f->after->pages[2].pfn = f->after->zero_pfn =
		7;
	f->after->pages[0].content = f->after->pages[2].content = 0;
	assert_true(check(f));
	f->after->pages[1].content = 0;
	assert_false(check(f));
}

static void test_migrate(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_MIGRATE, 0x10, 1);
	*f->after = *f->before;
	assert_false(check(f));
	assert_non_null(strstr(f->why, "that was migrated"));
	f->after->pages[0].pfn = 7;
	assert_true(check(f));
	f->after->pages[0].content = 0;
	assert_false(check(f));
	f->result = 11;
	*f->after = *f->before;
	assert_true(check(f));
}

static void test_exec(void **state)
{
	struct fixture *f = *state;

	begin(f);
	operation(f, TREE_EXEC, 0, 0);
	add_proc(f->after, 0, 200);
	assert_true(check(f));
	add_vma(f->after, 0x10, 4, 0);
	add_page(f->after, 0x10, 1, 0xa);
	assert_false(check(f));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(unchanged),
		TEST(lost),
		TEST(left_entry),
		TEST(write),
		TEST(copied_without_contents),
		TEST(dontneed),
		TEST(unmap_fails),
		TEST(move),
		TEST(move_fails),
		TEST(move_several),
		TEST(shrink),
		TEST(fork),
		TEST(vfork),
		TEST(others),
		TEST(reclaim),
		TEST(migrate),
		TEST(exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
