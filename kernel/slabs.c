// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slab caches: by a BPF program on the tracepoints of their allocator, and by
 * /proc/slabinfo.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "bpf_load.h"
#include "slabs.h"
#include "slabs.skel.h"

#define SYSFS_SLAB "/sys/kernel/slab"
#define QUIET_TRIES_MAX 50

static const char *const slab_names[NR_SLAB_KINDS] = {
	[SLAB_ANON_VMA] = "anon_vma",
	[SLAB_ANON_VMA_CHAIN] = "anon_vma_chain",
};

struct slabs {
	struct slabs_bpf *skel;
	struct slab_count base[NR_SLAB_KINDS]; /* at the last reset */
};

/* Do both names stand for one cache?  Merged ones link to the same directory. */
static bool same_cache(const char *a, const char *b)
{
	char path[PATH_MAX], real_a[PATH_MAX], real_b[PATH_MAX];

	if (!strcmp(a, b))
		return true;
	snprintf(path, sizeof(path), SYSFS_SLAB "/%s", a);
	if (!realpath(path, real_a))
		return false;
	snprintf(path, sizeof(path), SYSFS_SLAB "/%s", b);
	return realpath(path, real_b) && !strcmp(real_a, real_b);
}

static bool parse_slabinfo_line(const char *line, struct slabinfo *info)
{
	unsigned long long active;

	if (sscanf(line, "%31s %llu %*u %u %u %u", info->name, &active,
		   &info->size, &info->per_slab, &info->pages) != 5)
		return false;
	info->active = active;
	return true;
}

int slabinfo_read(const char *name, struct slabinfo *info)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	int err = -ENOENT;
	char line[512];

	if (!file)
		return -errno;
	while (err && fgets(line, sizeof(line), file))
		if (parse_slabinfo_line(line, info) &&
		    same_cache(info->name, name))
			err = 0;
	fclose(file);
	return err;
}

u64 btf_struct_size(const char *name)
{
	struct btf *btf = btf__load_vmlinux_btf();
	s64 size = 0;
	int id;

	if (!btf)
		return 0;
	id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	if (id > 0)
		size = btf__resolve_size(btf, (u32)id);
	btf__free(btf);
	return size > 0 ? (u64)size : 0;
}

static bool name_caches(struct slabs *slabs, char why[SLABS_WHY_MAX])
{
	struct slabinfo info;

	for (u32 i = 0; i < NR_SLAB_KINDS; i++) {
		struct slab_count *count = &slabs->skel->bss->counts[i];
		int err = slabinfo_read(slab_names[i], &info);

		if (err) {
			snprintf(why, SLABS_WHY_MAX,
				 "/proc/slabinfo does not tell of %s: %s",
				 slab_names[i], strerror(-err));
			return false;
		}
		count->size = info.size;
		memcpy(count->name, info.name, sizeof(count->name));
	}
	return true;
}

static bool start_slabs(struct slabs *slabs, char why[SLABS_WHY_MAX])
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	const void *elf;
	size_t size;
	int fd, err;

	libbpf_set_print(NULL);
	slabs->skel = slabs_bpf__open();
	err = slabs->skel ? slabs_bpf__load(slabs->skel) : -errno;
	if (err) {
		elf = slabs_bpf__elf_bytes(&size);
		bpf_load_why(elf, size, err, why, SLABS_WHY_MAX);
		return false;
	}
	if (!name_caches(slabs, why))
		return false;
	fd = bpf_program__fd(slabs->skel->progs.take_controller);
	err = bpf_prog_test_run_opts(fd, &opts);
	if (!err)
		err = slabs_bpf__attach(slabs->skel);
	if (!err)
		return true;
	snprintf(why, SLABS_WHY_MAX,
		 "BPF cannot be put on the allocator's tracepoints: %s",
		 strerror(-err));
	return false;
}

struct slabs *slabs_open(char why[SLABS_WHY_MAX])
{
	struct slabs *slabs = calloc(1, sizeof(*slabs));

	if (!slabs) {
		snprintf(why, SLABS_WHY_MAX, "out of memory");
		return NULL;
	}
	if (start_slabs(slabs, why)) {
		slabs_reset(slabs);
		return slabs;
	}
	slabs_close(slabs);
	return NULL;
}

void slabs_close(struct slabs *slabs)
{
	if (!slabs)
		return;
	slabs_bpf__destroy(slabs->skel);
	free(slabs);
}

static const struct slab_count *now(const struct slabs *slabs,
				    enum slab_kind kind)
{
	return &slabs->skel->bss->counts[kind];
}

void slabs_reset(struct slabs *slabs)
{
	memcpy(slabs->base, slabs->skel->bss->counts, sizeof(slabs->base));
}

s64 slabs_ours(const struct slabs *slabs, enum slab_kind kind)
{
	return __atomic_load_n(&now(slabs, kind)->ours, __ATOMIC_SEQ_CST) -
	       slabs->base[kind].ours;
}

int slabs_settle(struct slabs *slabs)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int fd = bpf_program__fd(slabs->skel->progs.settle_slabs);
	int err = bpf_prog_test_run_opts(fd, &opts);

	return !err && slabs->skel->bss->overflow ? -E2BIG : err;
}

/*
 * A slab that a CPU allocates from counts as full in /proc/slabinfo, whatever
 * of it is free; shrinking the cache takes it away from the CPU.
 */
static void shrink_cache(const char *name)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), SYSFS_SLAB "/%s/shrink", name);
	file = fopen(path, "we");
	if (!file)
		return;
	fputs("1", file);
	fclose(file);
}

static u64 events(const struct slabs *slabs, enum slab_kind kind)
{
	return __atomic_load_n(&now(slabs, kind)->events, __ATOMIC_SEQ_CST);
}

int slabs_active(struct slabs *slabs, enum slab_kind kind, s64 *active,
		 u64 *unsure)
{
	struct slabinfo info = { .per_slab = 0 };
	s64 others;
	u64 before;
	int err;

	*unsure = UINT64_MAX;
	/* Others go on; the best of some tries, and how good it was. */
	for (u32 i = 0; i < QUIET_TRIES_MAX && *unsure; i++) {
		before = events(slabs, kind);
		others = __atomic_load_n(&now(slabs, kind)->others,
					 __ATOMIC_SEQ_CST);
		shrink_cache(slab_names[kind]);
		err = slabinfo_read(slab_names[kind], &info);
		if (err)
			return err;
		if (events(slabs, kind) - before >= *unsure)
			continue;
		*unsure = events(slabs, kind) - before;
		*active =
			(s64)info.active - (others - slabs->base[kind].others);
	}
	/* Each may have left a slab with a CPU, which counts as full then. */
	*unsure *= info.per_slab;
	return 0;
}
