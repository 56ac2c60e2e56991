// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the anon_vmas and anon_vma_chains that executors hold.
 *
 * An object is an executor's if an executor allocated it.  Who frees it does not
 * matter: the last to put an mm may be any process that looks into /proc.  An
 * anon_vma_chain may come from a cache that others of its size share, so a new
 * object of it counts once it names an executor's anon_vma.
 */
#include "kernel_types.h"

/* include/uapi/linux/bpf.h */
enum { BPF_MAP_TYPE_HASH = 1 };
enum { BPF_ANY = 0 };

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "slab_counts.h"

char LICENSE[] SEC("license") = "GPL";

struct slab_count counts[NR_SLAB_KINDS];
__u32 controller; /* tgid; 0: not known yet */
__u32 overflow; /* there were more objects than are kept */

enum object_state { OBJECT_NEW, OBJECT_COUNTED, OBJECT_FREED };

struct object {
	__u32 kind; /* enum slab_kind */
	__u32 state; /* enum object_state */
};

/* Executors' objects by address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SLAB_OBJECTS_MAX);
	__type(key, __u64);
	__type(value, struct object);
} objects SEC(".maps");

/* Those of them that have not been looked at. */
__u64 new_objects[SLAB_NEW_MAX];
__u32 nr_new;

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

/* Which of the two kinds comes from @cache; NR_SLAB_KINDS: none. */
static __always_inline int slab_kind_of(const struct kmem_cache *cache)
{
	char name[SLAB_NAME_MAX] = {};

	for (int i = 0; i < NR_SLAB_KINDS; i++) {
		if (cache->size != counts[i].size)
			continue;
		bpf_probe_read_kernel_str(name, sizeof(name), cache->name);
		if (same_name(&counts[i], name))
			return i;
	}
	return NR_SLAB_KINDS;
}

static __always_inline void take_object(__u64 address, __u32 kind)
{
	struct object object = { .kind = kind, .state = OBJECT_NEW };
	__u32 i;

	if (kind == SLAB_ANON_VMA)
		object.state = OBJECT_COUNTED;
	if (bpf_map_update_elem(&objects, &address, &object, BPF_ANY)) {
		overflow = 1;
		return;
	}
	if (object.state == OBJECT_COUNTED) {
		__sync_fetch_and_add(&counts[SLAB_ANON_VMA].ours, 1);
		return;
	}
	i = __sync_fetch_and_add(&nr_new, 1);
	if (i < SLAB_NEW_MAX)
		new_objects[i] = address;
	else
		overflow = 1;
}

SEC("tp_btf/kmem_cache_alloc")
int BPF_PROG(slab_alloc, unsigned long call_site, const void *ptr,
	     struct kmem_cache *cache)
{
	int kind = ptr ? slab_kind_of(cache) : NR_SLAB_KINDS;

	if (kind == SLAB_ANON_VMA || kind == SLAB_ANON_VMA_CHAIN) {
		__sync_fetch_and_add(&counts[kind].events, 1);
		if (is_ours())
			take_object((__u64)ptr, kind);
		else
			__sync_fetch_and_add(&counts[kind].others, 1);
	}
	return 0;
}

SEC("tp_btf/kmem_cache_free")
int BPF_PROG(slab_free, unsigned long call_site, const void *ptr,
	     struct kmem_cache *cache)
{
	int kind = ptr ? slab_kind_of(cache) : NR_SLAB_KINDS;
	__u64 address = (__u64)ptr;
	struct object *object;

	if (kind != SLAB_ANON_VMA && kind != SLAB_ANON_VMA_CHAIN)
		return 0;
	__sync_fetch_and_add(&counts[kind].events, 1);
	object = bpf_map_lookup_elem(&objects, &address);
	if (!object) {
		__sync_fetch_and_add(&counts[kind].others, -1);
		return 0;
	}
	if (__sync_lock_test_and_set(&object->state, OBJECT_FREED) ==
	    OBJECT_COUNTED)
		__sync_fetch_and_add(&counts[kind].ours, -1);
	bpf_map_delete_elem(&objects, &address);
	return 0;
}

static long look_at_new(__u32 i, void *ctx)
{
	__u64 address, anon_vma = 0;
	struct object *object;

	if (i >= SLAB_NEW_MAX)
		return 1;
	address = new_objects[i];
	object = bpf_map_lookup_elem(&objects, &address);
	if (!object)
		return 0;
	bpf_probe_read_kernel(
		&anon_vma, sizeof(anon_vma),
		(void *)(address + bpf_core_field_offset(struct anon_vma_chain,
							 anon_vma)));
	if (bpf_map_lookup_elem(&objects, &anon_vma) &&
	    __sync_val_compare_and_swap(&object->state, OBJECT_NEW,
					OBJECT_COUNTED) == OBJECT_NEW)
		__sync_fetch_and_add(&counts[SLAB_ANON_VMA_CHAIN].ours, 1);
	return 0;
}

/* Counts what has come since the last time, while no executor runs. */
SEC("syscall")
int settle_slabs(void *ctx)
{
	bpf_loop(nr_new, look_at_new, NULL, 0);
	nr_new = 0;
	return 0;
}

/* Run by the controller itself: it is called differently in its namespace. */
SEC("syscall")
int take_controller(void *ctx)
{
	controller = bpf_get_current_pid_tgid() >> 32;
	return 0;
}
