// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts objects of two slab caches as they are allocated and freed: those of
 * the executors and those of all others.
 */
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "slab_counts.h"

char LICENSE[] SEC("license") = "GPL";

struct slab_count counts[NR_SLAB_KINDS];
__u32 controller; /* tgid; 0: not known yet */

static __always_inline bool same_name(const struct slab_count *count,
				      const char *name)
{
	for (int i = 0; i < SLAB_NAME_MAX; i++) {
		if (count->name[i] != name[i])
			return false;
		if (!name[i])
			return true;
	}
	return true;
}

static __always_inline bool is_ours(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	/* Executors are children of the nanny, a child of the controller. */
	return task->real_parent->real_parent->tgid == (pid_t)controller;
}

static __always_inline void count(const struct kmem_cache *cache, __s64 change)
{
	char name[SLAB_NAME_MAX] = {};

	for (int i = 0; i < NR_SLAB_KINDS; i++) {
		struct slab_count *at = &counts[i];

		if (cache->size != at->size)
			continue;
		bpf_probe_read_kernel_str(name, sizeof(name), cache->name);
		if (!same_name(at, name))
			continue;
		__sync_fetch_and_add(&at->events, 1);
		__sync_fetch_and_add(is_ours() ? &at->ours : &at->others,
				     change);
	}
}

SEC("tp_btf/kmem_cache_alloc")
int BPF_PROG(slab_alloc, unsigned long call_site, const void *ptr,
	     struct kmem_cache *cache)
{
	if (ptr)
		count(cache, 1);
	return 0;
}

SEC("tp_btf/kmem_cache_free")
int BPF_PROG(slab_free, unsigned long call_site, const void *ptr,
	     struct kmem_cache *cache)
{
	if (ptr)
		count(cache, -1);
	return 0;
}

/* Run by the controller itself: it is called differently in its namespace. */
SEC("syscall")
int take_controller(void *ctx)
{
	controller = bpf_get_current_pid_tgid() >> 32;
	return 0;
}
