// SPDX-License-Identifier: GPL-2.0-only
/*
 * traced PROGRAM [ARGUMENT...]: small programs for test_import_whole.sh, which
 * runs them under strace.
 *
 * Each process ends with its VMAs on standard output, in pages, as `rmapdiff
 * explain` has them; then all wait, so that their last lines are in the log.
 * PROGRAM's first process says so with munmap(NULL, 0).
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE 4096UL
/* Nothing else is there: not with randomized addresses, nor without. */
#define AT(page) ((char *)0x200000000UL + (page)*PAGE)

/* A child that is done writes a byte to its parent's held[1]. */
static int held[2];

/* Then it reads from freed[0], which ends when all others are done. */
static int freed[2];

static void trace_check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "traced: %s: %s\n", what, strerror(errno));
	_exit(3);
}

/* What execve mapped: the program, and its interpreter. */
struct extent {
	unsigned long start, end;
};

static struct extent elf_extent(const Elf64_Phdr *phdr, unsigned long nr,
				unsigned long base)
{
	struct extent extent = { ~0UL, 0 };

	for (; nr; nr--, phdr++) {
		unsigned long start = base + phdr->p_vaddr;
		unsigned long end = start + phdr->p_memsz;

		if (phdr->p_type != PT_LOAD)
			continue;
		if (start < extent.start)
			extent.start = start & ~(PAGE - 1);
		if (end > extent.end)
			extent.end = (end + PAGE - 1) & ~(PAGE - 1);
	}
	return extent;
}

static struct extent program_extent(void)
{
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)getauxval(AT_PHDR);
	unsigned long nr = getauxval(AT_PHNUM), base = 0;

	for (unsigned long i = 0; i < nr; i++)
		if (phdr[i].p_type == PT_PHDR)
			base = (unsigned long)phdr - phdr[i].p_vaddr;
	return elf_extent(phdr, nr, base);
}

static struct extent interpreter_extent(void)
{
	unsigned long base = getauxval(AT_BASE);
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)base;

	if (!base)
		return (struct extent){ 0 };
	return elf_extent((const Elf64_Phdr *)(base + ehdr->e_phoff),
			  ehdr->e_phnum, base);
}

struct vma {
	unsigned long start, end, off;
	bool read, write, exec;
	char path[64];
};

/* All static: to say what is mapped must not map anything. */
static char maps[1 << 20];
static char text[1 << 20];
static struct vma pending;
static size_t text_len;

static void say_pending(void)
{
	struct vma *vma = &pending;
	const char *prot = vma->write		  ? "rw" :
			   vma->read || vma->exec ? "r-" :
						    "--";
	char off[32] = "-";

	/* /dev/zero that moved unfaulted has its address: as anonymous memory. */
	if (*vma->path && vma->off != vma->start)
		sprintf(off, "%lu", vma->off / PAGE);
	if (vma->end)
		text_len += (size_t)sprintf(text + text_len,
					    "0x%lx 0x%lx %s %s\n",
					    vma->start / PAGE, vma->end / PAGE,
					    prot, off);
	vma->end = 0;
}

/* PROT_EXEC counts as PROT_READ in a scenario: parts that differ in it only. */
static bool joins(const struct vma *vma)
{
	return pending.end == vma->start && pending.exec != vma->exec &&
	       pending.write == vma->write && *vma->path &&
	       (pending.read || pending.exec) && (vma->read || vma->exec) &&
	       !strcmp(pending.path, vma->path) &&
	       pending.off + pending.end - pending.start == vma->off;
}

static void say_vma(struct vma vma, const struct extent * not, int nr)
{
	for (int i = 0; i < nr; i++) {
		if (vma.start >= not [i].end || vma.end <= not [i].start)
			continue;
		if (vma.start < not [i].start) {
			struct vma before = vma;

			before.end = not [i].start;
			say_vma(before, not +i + 1, nr - i - 1);
		}
		if (vma.end <= not [i].end)
			return;
		vma.off += not [i].end - vma.start;
		vma.start = not [i].end;
	}
	if (joins(&vma)) {
		pending.end = vma.end;
		pending.exec = vma.exec;
		return;
	}
	say_pending();
	pending = vma;
}

static void say_line(const char *line, const struct extent * not, int nr)
{
	struct vma vma = { 0 };
	char flags[5];

	trace_check(sscanf(line, "%lx-%lx %4s %lx %*s %*s %63s", &vma.start,
			   &vma.end, flags, &vma.off, vma.path) >= 4,
		    "/proc/self/maps");
	/* The stack, the vdso; and what is shared, which a scenario has not. */
	if (*vma.path == '[' && strcmp(vma.path, "[heap]"))
		return;
	if (flags[3] == 's')
		return;
	if (*vma.path == '[')
		*vma.path = 0;
	vma.read = flags[0] == 'r';
	vma.write = flags[1] == 'w';
	vma.exec = flags[2] == 'x';
	say_vma(vma, not, nr);
}

static void dump(void)
{
	struct extent not [] = { program_extent(), interpreter_extent() };
	int fd = open("/proc/self/maps", O_RDONLY);
	ssize_t len = 0, got;

	while ((got = read(fd, maps + len, sizeof(maps) - 1 - (size_t)len)) > 0)
		len += got;
	close(fd);
	maps[len] = 0;
	text_len = (size_t)sprintf(text, "pid %d\n", getpid());
	for (char *line = maps, *end; (end = strchr(line, '\n'));
	     line = end + 1) {
		*end = 0;
		say_line(line, not, 2);
	}
	say_pending();
	trace_check(write(1, text, text_len) == (ssize_t)text_len, "write");
}

/* A child is done; it ends when all the others can. */
static void hold(void)
{
	char c = 0;

	dump();
	trace_check(write(held[1], &c, 1) == 1, "pipe");
	close(freed[1]);
	_exit(read(freed[0], &c, 1) != 0);
}

static void wait_held(void)
{
	char c;

	trace_check(read(held[0], &c, 1) == 1, "pipe");
}

static void trace_fork(void (*run)(void))
{
	int mine[2] = { held[0], held[1] };
	pid_t pid;

	trace_check(!pipe(held), "pipe");
	pid = fork();
	trace_check(pid >= 0, "fork");
	if (!pid) {
		run();
		hold();
	}
	wait_held();
	close(held[0]);
	close(held[1]);
	memcpy(held, mine, sizeof(held));
}

static char *trace_map(char *at, unsigned long pages, int prot, int flags,
		       int fd, unsigned long off)
{
	char *p = mmap(at, pages * PAGE, prot,
		       MAP_PRIVATE | flags | (at ? MAP_FIXED : 0), fd,
		       (off_t)(off * PAGE));

	trace_check(p != MAP_FAILED, "mmap");
	return p;
}

#define RW (PROT_READ | PROT_WRITE)
#define R PROT_READ

/* Anonymous, with its first page written to: what --touch first does. */
static char *anon(int page, unsigned long pages)
{
	char *p = trace_map(AT(page), pages, RW, MAP_ANONYMOUS, -1, 0);

	*p = 1;
	return p;
}

static void trace_move(int from, unsigned long len, unsigned long new_len,
		       int to, int flags)
{
	trace_check(mremap(AT(from), len * PAGE, new_len * PAGE,
			   MREMAP_MAYMOVE | MREMAP_FIXED | flags,
			   AT(to)) == (void *)AT(to),
		    "mremap");
}

static void trace_protect(int page, unsigned long pages, int prot)
{
	trace_check(!mprotect(AT(page), pages * PAGE, prot), "mprotect");
}

static void trace_unmap(int page, unsigned long pages)
{
	trace_check(!munmap(AT(page), pages * PAGE), "munmap");
}

static void trace_madvise(int page, unsigned long pages, int advice)
{
	trace_check(!madvise(AT(page), pages * PAGE, advice), "madvise");
}

static void run_nothing(void)
{
}

static void run_malloc(void)
{
	char *p[64], *big = NULL;

	for (size_t i = 0; i < 64; i++) {
		p[i] = malloc(1000 << i % 12);
		trace_check(p[i], "malloc");
		memset(p[i], 1, 1000 << i % 12);
	}
	for (size_t size = 1000; size < 20000000; size *= 2) {
		big = realloc(big, size);
		trace_check(big, "realloc");
		memset(big, 2, size);
	}
	for (size_t i = 0; i < 64; i += 3)
		free(p[i]);
	big = realloc(big, 300000);
	trace_check(big, "realloc");
}

static void run_brk(void)
{
	char *start = sbrk(0);

	trace_check(sbrk(10 * PAGE) == start, "sbrk");
	*start = 1;
	sbrk(100);
	sbrk(-(intptr_t)(3 * PAGE));
	sbrk(20 * PAGE + 77);
	sbrk(-(intptr_t)PAGE);
	syscall(SYS_brk, -1L);
	syscall(SYS_brk, 1L);
	trace_fork(run_nothing);
	sbrk(5 * PAGE);
}

static void run_mremap(void)
{
	anon(0, 8);
	/* In place, smaller, and larger where there is room. */
	trace_check(mremap(AT(0), 8 * PAGE, 4 * PAGE, 0) == AT(0), "shrink");
	trace_check(mremap(AT(0), 4 * PAGE, 6 * PAGE, 0) == AT(0), "grow");
	/* Larger, elsewhere: where is the kernel's to say. */
	anon(100, 4);
	anon(104, 1);
	trace_protect(104, 1, R);
	trace_check(mremap(AT(100), 4 * PAGE, 32 * PAGE, MREMAP_MAYMOVE) !=
			    MAP_FAILED,
		    "grow and move");
	/* The middle, and back again; over what is there; unfaulted. */
	anon(200, 9);
	trace_move(203, 3, 3, 300, 0);
	trace_move(300, 3, 3, 203, 0);
	anon(400, 4);
	trace_move(200, 2, 2, 401, 0);
	trace_map(AT(500), 4, R, MAP_ANONYMOUS, -1, 0);
	trace_move(500, 2, 3, 600, 0);
	trace_move(502, 2, 2, 603, 0);
	/* The source stays. */
	anon(700, 4);
	trace_move(700, 4, 4, 800, MREMAP_DONTUNMAP);
	anon(900, 4);
	trace_move(901, 2, 2, 1000, MREMAP_DONTUNMAP);
	/* Smaller and elsewhere. */
	anon(1100, 6);
	trace_move(1100, 6, 2, 1200, 0);
}

static void run_mprotect(void)
{
	anon(0, 16);
	trace_protect(4, 4, R);
	trace_protect(5, 1, PROT_NONE);
	trace_protect(5, 1, R);
	trace_protect(8, 2, PROT_NONE);
	trace_protect(4, 2, RW);
	/* Reserved, then used piece by piece, as allocators do. */
	trace_map(AT(100), 64, PROT_NONE, MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 32; i += 4) {
		trace_protect(100 + i, 4, RW);
		*AT(100 + i) = 1;
	}
	trace_protect(108, 8, R);
	trace_protect(108, 8, RW);
	/* What can be done is done before it fails. */
	anon(200, 4);
	trace_unmap(203, 1);
	trace_check(mprotect(AT(200), 8 * PAGE, R) < 0, "mprotect over a hole");
	trace_check(!mprotect(AT(0), 0, R), "mprotect of nothing");
}

static void grandchild(void)
{
	*AT(1) = 3;
	trace_unmap(2, 1);
	anon(300, 2);
}

static void child(void)
{
	*AT(0) = 2;
	trace_move(3, 2, 2, 200, 0);
	trace_fork(grandchild);
	trace_protect(200, 1, R);
	trace_unmap(5, 2);
}

static void run_fork(void)
{
	pid_t gone;

	anon(0, 8);
	memset(AT(0), 1, 8 * PAGE);
	anon(100, 4);
	trace_madvise(101, 1, MADV_DONTFORK);
	trace_madvise(102, 1, MADV_WIPEONFORK);
	trace_fork(child);
	*AT(1) = 4;
	anon(8, 4);
	gone = fork();
	if (!gone) {
		trace_unmap(0, 4);
		_exit(0);
	}
	trace_check(waitpid(gone, NULL, 0) == gone, "waitpid");
	trace_unmap(6, 3);
}

static pthread_barrier_t all_done;

static void *thread(void *arg)
{
	int base = 1000 + (int)(intptr_t)arg * 100;

	for (int i = 0; i < 10; i++) {
		anon(base, 8);
		trace_unmap(base + 2, 3);
		trace_protect(base + 5, 2, R);
	}
	pthread_barrier_wait(&all_done);
	pause();
	return NULL;
}

static void *short_thread(void *arg)
{
	return arg;
}

static void run_threads(void)
{
	pthread_t threads[4];

	trace_check(!pthread_create(threads, NULL, short_thread, NULL),
		    "thread");
	pthread_join(threads[0], NULL);
	pthread_barrier_init(&all_done, NULL, 5);
	for (intptr_t i = 0; i < 4; i++)
		trace_check(!pthread_create(&threads[i], NULL, thread,
					    (void *)i),
			    "thread");
	pthread_barrier_wait(&all_done);
}

static void run_vfork(void)
{
	char fds[2][16];
	pid_t pid;

	anon(0, 4);
	sprintf(fds[0], "%d", held[1]);
	sprintf(fds[1], "%d", freed[0]);
	pid = vfork();
	if (!pid) {
		/* The parent's memory. */
		trace_unmap(1, 1);
		close(freed[1]);
		execl("/proc/self/exe", "traced", "exec", fds[0], fds[1], NULL);
		_exit(3);
	}
	trace_check(pid > 0, "vfork");
	wait_held();
	anon(10, 2);
}

static void run_populate(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	/*
	 * With --touch none: nothing here is written to but by the kernel.  Two
	 * that were are two VMAs for ever, two that were not are one when they
	 * meet.
	 */
	trace_map(AT(0), 4, RW, MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	trace_map(AT(100), 4, RW, MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	trace_move(100, 4, 4, 4, 0);
	trace_map(AT(200), 4, RW, MAP_ANONYMOUS, -1, 0);
	trace_map(AT(300), 4, RW, MAP_ANONYMOUS, -1, 0);
	trace_madvise(200, 4, MADV_POPULATE_WRITE);
	trace_madvise(301, 2, MADV_POPULATE_WRITE);
	trace_move(300, 4, 4, 204, 0);
	/* Read only: the zero page, and no anon_vma. */
	trace_map(AT(400), 4, RW, MAP_ANONYMOUS, -1, 0);
	trace_map(AT(500), 4, RW, MAP_ANONYMOUS, -1, 0);
	trace_madvise(400, 4, MADV_POPULATE_READ);
	trace_madvise(500, 4, MADV_POPULATE_READ);
	trace_move(500, 4, 4, 404, 0);
	trace_map(AT(600), 4, R, MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	trace_map(AT(700), 4, R, MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	trace_move(700, 4, 4, 604, 0);
	/* MAP_NONBLOCK: nothing. */
	trace_map(AT(800), 4, RW, MAP_ANONYMOUS | MAP_POPULATE | MAP_NONBLOCK,
		  -1, 0);
	trace_map(AT(900), 4, RW, MAP_ANONYMOUS | MAP_POPULATE | MAP_NONBLOCK,
		  -1, 0);
	trace_move(900, 4, 4, 804, 0);
	/* Writable private pages of a file are copied. */
	trace_map(AT(1000), 1, RW, MAP_POPULATE, fd, 0);
	trace_map(AT(1001), 1, R, MAP_POPULATE, fd, 1);
	trace_protect(1000, 1, R);
	trace_check(madvise(AT(0), 16 * PAGE, MADV_POPULATE_WRITE) < 0, "hole");
}

static void run_mlock(void)
{
	trace_map(AT(0), 4, RW, MAP_ANONYMOUS, -1, 0);
	trace_map(AT(100), 4, RW, MAP_ANONYMOUS, -1, 0);
	trace_check(!mlock(AT(0), 4 * PAGE), "mlock");
	trace_check(!mlock(AT(100) + 5, 4 * PAGE - 9), "mlock");
	trace_check(!munlock(AT(0), 4 * PAGE), "munlock");
	trace_check(!munlock(AT(100), 4 * PAGE), "munlock");
	trace_move(100, 4, 4, 4, 0);
	trace_map(AT(200), 4, RW, MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	trace_map(AT(300), 4, RW, MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	trace_move(300, 4, 4, 204, 0);
	trace_check(!munlock(AT(200), 8 * PAGE), "munlock");
}

static void run_madvise(void)
{
	anon(0, 16);
	memset(AT(0), 1, 16 * PAGE);
	trace_madvise(4, 4, MADV_DONTNEED);
	trace_madvise(0, 2, MADV_DONTFORK);
	trace_madvise(6, 4, MADV_WIPEONFORK);
	trace_madvise(1, 1, MADV_DOFORK);
	trace_madvise(7, 1, MADV_KEEPONFORK);
	trace_madvise(12, 2, MADV_WILLNEED);
	trace_madvise(12, 2, MADV_FREE);
	trace_fork(run_nothing);
}

/* A flag that the model has not: the VMAs differ, and import says why. */
static void run_dump(void)
{
	anon(0, 16);
	trace_madvise(4, 4, MADV_DONTDUMP);
}

static void trace_run_file(void)
{
	char name[] = "traced.XXXXXX";
	int fd = mkstemp(name);

	trace_check(fd >= 0 && !ftruncate(fd, 64 * (off_t)PAGE), "file");
	unlink(name);
	trace_map(AT(0), 4, RW, 0, fd, 8);
	trace_map(AT(4), 4, RW, 0, fd, 12);
	trace_map(AT(8), 4, RW, 0, fd, 0);
	*AT(0) = *AT(4) = *AT(8) = 1;
	trace_map(AT(16), 8, R, 0, fd, 16);
	trace_unmap(18, 2);
	trace_map(AT(18), 2, R, 0, fd, 18);
	trace_map(AT(32), 8, R | PROT_EXEC, 0, fd, 0);
	trace_protect(34, 2, RW);
	*AT(34) = 1;
	trace_move(0, 4, 4, 100, 0);
	trace_move(16, 8, 8, 200, 0);
	trace_move(100, 2, 4, 300, 0);
	trace_fork(run_nothing);
	close(fd);
}

static void run_zero(void)
{
	int fd = open("/dev/zero", O_RDWR);

	trace_check(fd >= 0, "/dev/zero");
	/* Two that go on in the file are one; anonymous memory is another. */
	trace_map(AT(0), 4, RW, 0, fd, 7);
	trace_map(AT(4), 4, RW, 0, fd, 11);
	trace_map(AT(8), 4, RW, MAP_ANONYMOUS, -1, 0);
	trace_map(AT(16), 4, RW, MAP_POPULATE, fd, 0);
	trace_move(16, 4, 4, 100, 0);
	trace_protect(101, 1, R);
	/* Unfaulted ones have the offset of their address once they move. */
	trace_move(0, 8, 8, 200, 0);
	trace_move(202, 2, 2, 300, 0);
	trace_move(300, 2, 2, 202, 0);
	/* Split where both sides go on, but only in the file. */
	trace_map(AT(400), 4, R, 0, fd, 400);
	trace_map(AT(404), 4, R, MAP_ANONYMOUS, -1, 0);
}

static void run_fail(void)
{
	char *bad = (char *)-PAGE;

	anon(0, 8);
	anon(100, 4);
	mmap(NULL, (size_t)-1, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(NULL, 0, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0);
	mmap(NULL, PAGE, RW, MAP_PRIVATE, 1234, 0);
	mmap(NULL, PAGE, 0x10, MAP_ANONYMOUS | MAP_PRIVATE, -2, -(off_t)PAGE);
	mmap(AT(0), PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | 0x100000, -1, 0);
	munmap((void *)-1, (size_t)-1);
	munmap(AT(0), 0);
	munmap(AT(0) + 1, PAGE);
	mprotect(AT(0), (size_t)-1, R);
	mprotect(AT(0), PAGE, 0x100);
	syscall(SYS_mremap, AT(0), 1, 1, MREMAP_FIXED, AT(0));
	syscall(SYS_mremap, AT(0), PAGE, PAGE, 3, AT(0));
	syscall(SYS_mremap, AT(0), PAGE, PAGE, 0x83, AT(20));
	syscall(SYS_mremap, AT(0), 2 * PAGE, 4 * PAGE, 0);
	syscall(SYS_mremap, -1, -1, -1, -1, -1);
	madvise(AT(0), PAGE, 0x77);
	madvise(AT(0), PAGE, -1);
	madvise(bad, PAGE, MADV_DONTNEED);
	madvise(AT(4), 8 * PAGE, MADV_DONTNEED);
	syscall(SYS_brk, -1);
	syscall(SYS_clone, 0xffffffffUL, 0, 0, 0, 0);
	syscall(SYS_clone3, -1L, 8);
	syscall(SYS_clone3, AT(0), 64);
	syscall(SYS_execve, -1L, -1L, -1L);
	syscall(SYS_execve, "/", NULL, NULL);
	syscall(SYS_execveat, -1, "", NULL, NULL, 0x1000);
	syscall(SYS_mlock, bad, PAGE);
	syscall(SYS_mlockall, 0x80);
	syscall(SYS_userfaultfd, -1);
	syscall(SYS_shmat, -1, AT(0), 0);
	syscall(SYS_ioctl, -1, 0xc018aa3f, 0);
}

static void run_shared(void)
{
	char *shared =
		mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	trace_check(shared != MAP_FAILED, "mmap");
	*shared = 1;
	anon(0, 8);
	trace_check(mmap(AT(2), 2 * PAGE, RW,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0) == AT(2),
		    "mmap");
	trace_check(!mprotect(AT(1), 2 * PAGE, R), "mprotect");
	anon(20, 4);
	trace_move(2, 2, 2, 21, 0);
	trace_fork(run_nothing);
}

static void run_uffd(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage zero = { 0 };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1);

	anon(0, 8);
	reg.range.start = (unsigned long)AT(2);
	reg.range.len = 2 * PAGE;
	zero.range = reg.range;
	trace_check(fd >= 0, "userfaultfd");
	trace_check(!ioctl(fd, UFFDIO_API, &api), "UFFDIO_API");
	trace_check(!ioctl(fd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER");
	trace_check(!ioctl(fd, UFFDIO_ZEROPAGE, &zero), "UFFDIO_ZEROPAGE");
}

static int deeper(int levels)
{
	volatile char page[PAGE];

	page[0] = (char)levels;
	return levels ? deeper(levels - 1) + page[0] : page[0];
}

static void run_stack(void)
{
	anon(0, 4);
	deeper(1000);
	trace_unmap(1, 1);
}

/* Each call that import has a word for, refused: is it in the log at all? */
static void run_calls(void)
{
	static const struct {
		long nr;
		long first;
	} calls[] = {
		{ SYS_mmap, -1 },
		{ SYS_munmap, 1 },
		{ SYS_mremap, 1 },
		{ SYS_mprotect, 1 },
		{ SYS_pkey_mprotect, 1 },
		{ SYS_madvise, 1 },
		{ SYS_brk, -1 },
		{ SYS_mlock, -4096 },
		{ SYS_mlock2, -4096 },
		{ SYS_mlockall, 0x80 },
		{ SYS_munlock, -4096 },
		{ SYS_munlockall, 0 },
		{ SYS_clone, -1 },
		{ SYS_clone3, -1 },
		{ SYS_execve, -1 },
		{ SYS_execveat, -1 },
		{ SYS_shmat, -1 },
		{ SYS_shmdt, 1 },
		{ SYS_remap_file_pages, 1 },
		{ SYS_process_madvise, -1 },
		{ SYS_mbind, 1 },
		{ SYS_migrate_pages, -1 },
		{ SYS_move_pages, -1 },
		{ 450, 1 } /* home node */,
		{ 453, -1 } /* map_shadow_stack */,
		{ 462, 1 } /* mseal */,
		{ SYS_io_setup, 0 },
		{ SYS_userfaultfd, -1 },
		{ SYS_process_vm_writev, -1 },
		{ SYS_io_uring_register, -1 },
		{ SYS_vmsplice, -1 },
		{ SYS_ioctl, -1 },
		{ SYS_prctl, -1 },
		{ SYS_arch_prctl, -1 },
		{ SYS_ptrace, -1 },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		syscall(calls[i].nr, calls[i].first, -1L, -1L, -1L, -1L, -1L);
	if (!fork())
		_exit(0);
	if (!vfork())
		_exit(0);
	if (!fork())
		syscall(SYS_exit, 0);
}

static const struct {
	const char *name;
	void (*run)(void);
} programs[] = {
	{ "nothing", run_nothing },   { "malloc", run_malloc },
	{ "brk", run_brk },	      { "mremap", run_mremap },
	{ "mprotect", run_mprotect }, { "fork", run_fork },
	{ "threads", run_threads },   { "vfork", run_vfork },
	{ "populate", run_populate }, { "mlock", run_mlock },
	{ "madvise", run_madvise },   { "dump", run_dump },
	{ "file", trace_run_file },   { "zero", run_zero },
	{ "fail", run_fail },	      { "shared", run_shared },
	{ "uffd", run_uffd },	      { "stack", run_stack },
	{ "calls", run_calls },
};

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "exec")) {
		/* What run_vfork() begins. */
		held[1] = atoi(argv[2]);
		freed[0] = atoi(argv[3]);
		freed[1] = -1;
		hold();
	}
	trace_check(!pipe(held) && !pipe(freed), "pipe");
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		if (argc != 2 || strcmp(argv[1], programs[i].name))
			continue;
		programs[i].run();
		dump();
		munmap(NULL, 0);
		_exit(0);
	}
	fprintf(stderr, "traced: no program of that name\n");
	return 2;
}
