// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading the BPF program, calibrating it and reading what it found.
 *
 * The kernel exports neither where its direct map begins nor where its array of
 * struct pages does, and both may be anywhere (KASLR).  Both are found from
 * pages of our own: the frame comes from /proc/self/pagemap, and a guess is
 * right when it leads from our top-level page table to that very frame and to
 * the bytes that we wrote there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "../subject/dump_fault.h"
#include "bpf_load.h"
#include "readback.h"
#include "readback.skel.h"

#define PAGE_BYTES 4096
#define MAGIC 0x5eedface00c0ffeeULL

/* Where direct maps begin when KASLR does not move them, arch/x86. */
#define PAGE_OFFSET_4_LEVELS 0xffff888000000000ULL
#define PAGE_OFFSET_5_LEVELS 0xff11000000000000ULL
#define PAGE_OFFSET_STEP (1ULL << 30) /* KASLR's grain */
#define PAGE_OFFSET_GUESSES_MAX 65536 /* as many GiB of memory */

#define PTE_RW 0x2ULL
#define PTE_PFN_MASK 0x000ffffffffff000ULL

/* /proc/PID/pagemap, an entry; /proc/kpageflags. */
#define PM_PRESENT (1ULL << 63)
#define PM_EXCLUSIVE (1ULL << 56)
#define PM_PFN_MASK ((1ULL << 55) - 1)
#define KPF_ANON (1ULL << 12)
#define KPF_ZERO_PAGE (1ULL << 24)
#define KPF_ANON_EXCLUSIVE (1ULL << 34) /* KPF_OWNER_2, KPF_MAPPEDTODISK */

struct readback {
	struct readback_bpf *skel;
	struct dump *dump; /* in the program's memory */
	int dump_fd;
	int probe_fd;
};

static void readback_say(char why[READBACK_WHY_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void readback_say(char why[READBACK_WHY_MAX], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, READBACK_WHY_MAX, fmt, args);
	va_end(args);
}

/* One 64-bit entry of a /proc file that is an array of them. */
static bool read_entry(const char *path, u64 index, u64 *entry)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = pread(fd, entry, sizeof(*entry), (off_t)(index * 8));
	close(fd);
	return got == sizeof(*entry);
}

/* The frame of our own page at @page, 0 if we are not told. */
static u64 own_pfn(const void *page)
{
	u64 entry;

	if (!read_entry("/proc/self/pagemap", (u64)(uintptr_t)page / PAGE_BYTES,
			&entry) ||
	    !(entry & PM_PRESENT))
		return 0;
	return entry & PM_PFN_MASK;
}

static int run(int fd)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(fd, &opts);
}

static u64 probe_pfn(const struct dump_probe *probe)
{
	return (probe->pte & PTE_PFN_MASK) >> 12;
}

/* Is @guess where the direct map begins?  @pfn: of the page that we probe. */
static bool try_page_offset(struct readback *rb, u32 levels, u64 guess, u64 pfn)
{
	const struct dump_probe *probe = &rb->skel->bss->probe;

	rb->dump->levels = levels;
	rb->dump->page_offset = guess;
	return !run(rb->probe_fd) && probe_pfn(probe) == pfn &&
	       probe->content == MAGIC;
}

static bool find_page_offset(struct readback *rb, const void *page)
{
	u64 pfn = own_pfn(page);
	u64 guess;
	u32 i;

	rb->skel->bss->probe.address = (u64)(uintptr_t)page;
	if (try_page_offset(rb, 4, PAGE_OFFSET_4_LEVELS, pfn) ||
	    try_page_offset(rb, 5, PAGE_OFFSET_5_LEVELS, pfn))
		return true;
	/* Our top-level table lies in it, not further in than memory is large. */
	guess = rb->skel->bss->probe.pgd & ~(PAGE_OFFSET_STEP - 1);
	for (i = 0; i < PAGE_OFFSET_GUESSES_MAX; i++) {
		if (try_page_offset(rb, 4, guess, pfn) ||
		    try_page_offset(rb, 5, guess, pfn))
			return true;
		guess -= PAGE_OFFSET_STEP;
	}
	return false;
}

/*
 * A file of one page has its page cache's only folio in place of a tree, so the
 * page that our mapping of it shows and that folio are the same.
 */
static bool find_vmemmap(struct readback *rb)
{
	struct dump_probe *probe = &rb->skel->bss->probe;
	int fd = memfd_create("rmapdiff-probe", MFD_CLOEXEC);
	u64 *page = MAP_FAILED;
	bool found = false;

	if (fd >= 0 && !ftruncate(fd, PAGE_BYTES))
		page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
	if (page != MAP_FAILED) {
		*page = MAGIC;
		probe->address = (u64)(uintptr_t)page;
		found = !run(rb->probe_fd) && probe->content == MAGIC &&
			probe->cache_head && !(probe->cache_head & 3);
		rb->dump->vmemmap =
			probe->cache_head - probe_pfn(probe) * probe->page_size;
		munmap(page, PAGE_BYTES);
	}
	if (fd >= 0)
		close(fd);
	return found;
}

static bool calibrate(struct readback *rb, char why[READBACK_WHY_MAX])
{
	u64 *page = mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const volatile u64 *unwritten = page + PAGE_BYTES / 8;
	bool ok = false;

	if (page == MAP_FAILED) {
		readback_say(why, "no memory to calibrate with");
		return false;
	}
	*page = MAGIC;
	(void)*unwritten;
	rb->dump->zero_pfn = own_pfn((const void *)unwritten);
	if (!own_pfn(page) || !rb->dump->zero_pfn)
		readback_say(
			why,
			"/proc/self/pagemap shows no page frames: run as root");
	else if (!find_page_offset(rb, page))
		readback_say(why, "cannot find the kernel's direct map");
	else if (!find_vmemmap(rb))
		readback_say(why, "cannot find the kernel's struct pages");
	else
		ok = true;
	rb->dump->anon_exclusive = rb->skel->bss->probe.anon_exclusive;
	rb->dump->pte_write = PTE_RW;
	munmap(page, 2 * PAGE_BYTES);
	return ok;
}

/* Quiet, but for the last thing that went wrong. */
static int no_print(enum libbpf_print_level level, const char *fmt,
		    va_list args)
{
	if (level == LIBBPF_WARN && getenv("RMAPDIFF_LIBBPF"))
		return vfprintf(stderr, fmt, args);
	return 0;
}

static bool load_bpf(struct readback *rb, char why[READBACK_WHY_MAX])
{
	const void *elf;
	size_t size;
	int err;

	libbpf_set_print(no_print);
	rb->skel = readback_bpf__open();
	err = rb->skel ? readback_bpf__load(rb->skel) : -errno;
	if (err) {
		elf = readback_bpf__elf_bytes(&size);
		bpf_load_why(elf, size, err, why, READBACK_WHY_MAX);
		return false;
	}
	rb->dump = &rb->skel->bss->dump;
	rb->dump_fd = bpf_program__fd(rb->skel->progs.dump_all);
	rb->probe_fd = bpf_program__fd(rb->skel->progs.probe_self);
	return true;
}

/*
 * RMAPDIFF_SPOIL=WORD lets the program find a structure broken, to see what comes
 * of it.  Calibration is over when this is done.
 */
static bool spoil(struct readback *rb, char why[READBACK_WHY_MAX])
{
	const char *word = getenv("RMAPDIFF_SPOIL");
	size_t len;
	u32 i;

	if (!word)
		return true;
	for (i = 0; dump_spoil_word(i); i++) {
		if (strcmp(dump_spoil_word(i), word))
			continue;
		rb->dump->spoil_kind = dump_spoil_nr(i).kind;
		rb->dump->spoil_structure = dump_spoil_nr(i).structure;
		return true;
	}
	readback_say(why, "RMAPDIFF_SPOIL=%.32s: expected one of", word);
	for (i = 0; dump_spoil_word(i); i++) {
		len = strlen(why);
		snprintf(why + len, READBACK_WHY_MAX - len, " %s",
			 dump_spoil_word(i));
	}
	return false;
}

struct readback *readback_open(char why[READBACK_WHY_MAX])
{
	struct readback *rb = calloc(1, sizeof(*rb));

	if (!rb) {
		readback_say(why, "out of memory");
		return NULL;
	}
	if (!load_bpf(rb, why) || !calibrate(rb, why) || !spoil(rb, why)) {
		readback_close(rb);
		return NULL;
	}
	return rb;
}

void readback_close(struct readback *rb)
{
	if (!rb)
		return;
	readback_bpf__destroy(rb->skel);
	free(rb);
}

u32 readback_levels(const struct readback *rb)
{
	return rb->dump->levels;
}

bool readback_has_anon_offset(const struct readback *rb)
{
	return rb->skel->bss->probe.anon_offset;
}

void readback_leave_out(struct readback *rb, u32 nr, u64 first, u64 last)
{
	rb->dump->own[nr].first = first;
	rb->dump->own[nr].last = last;
}

int readback_run(struct readback *rb, const u32 *pids, u32 nr, u64 first,
		 u64 last, const struct dump **dump)
{
	u32 i;
	int err;

	if (nr > DUMP_PROCS_MAX)
		return -E2BIG;
	for (i = 0; i < nr; i++)
		rb->dump->procs[i].pid = pids[i];
	rb->dump->proc_count = nr;
	rb->dump->window_first = first;
	rb->dump->window_last = last;
	err = run(rb->dump_fd);
	if (err)
		return err;
	*dump = rb->dump;
	if (rb->dump->status == DUMP_LOST)
		return -ESRCH;
	/* Where something is broken the rest may seem to have no end. */
	if (rb->dump->status == DUMP_FULL && !rb->dump->fault.kind)
		return -E2BIG;
	return 0;
}

/* One page against /proc: what differs, NULL if nothing does. */
static const char *proc_differs(const struct readback *rb,
				const struct dump_page *page,
				const char *pagemap)
{
	u64 entry, count, flags;

	if (!page->pfn)
		return NULL;
	if (!read_entry(pagemap, page->address, &entry) ||
	    !read_entry("/proc/kpagecount", page->pfn, &count) ||
	    !read_entry("/proc/kpageflags", page->pfn, &flags))
		return "cannot be read";
	if (!(entry & PM_PRESENT) || (entry & PM_PFN_MASK) != page->pfn)
		return "pagemap: frame";
	if (!!(flags & KPF_ZERO_PAGE) != dump_page_zero(rb->dump, page))
		return "kpageflags: zero page";
	if (dump_page_zero(rb->dump, page))
		return NULL;
	if (count != (u64)page->mapcount)
		return "kpagecount";
	if (!!(entry & PM_EXCLUSIVE) != (page->mapcount == 1))
		return "pagemap: exclusively mapped";
	if (!!(flags & KPF_ANON) != dump_page_anon(page))
		return "kpageflags: anonymous";
	if (dump_page_anon(page) && !!(flags & KPF_ANON_EXCLUSIVE) !=
					    dump_page_exclusive(rb->dump, page))
		return "kpageflags: anon-exclusive";
	return NULL;
}

int readback_check_proc(const struct readback *rb, const struct dump *dump,
			u32 nr, char why[READBACK_WHY_MAX])
{
	const struct dump_proc *proc = &dump->procs[nr];
	char pagemap[64];
	int agree = 0;
	u32 i, k;

	snprintf(pagemap, sizeof(pagemap), "/proc/%u/pagemap", proc->outer_pid);
	for (i = 0; i < proc->vma_count; i++) {
		const struct dump_vma *vma = &dump->vmas[proc->vma_first + i];

		for (k = 0; k < vma->page_count; k++) {
			const struct dump_page *page =
				&dump->pages[vma->page_first + k];
			const char *what = proc_differs(rb, page, pagemap);

			if (what) {
				readback_say(
					why,
					"/proc says otherwise of page number "
					"0x%" PRIx64 ": %s",
					(u64)page->address, what);
				return -EIO;
			}
			agree++;
		}
	}
	return agree;
}
