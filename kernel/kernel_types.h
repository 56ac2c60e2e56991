/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel types for the BPF programs, in place of a vmlinux.h: only the fields
 * that the programs read.
 *
 * Where a field lies says the BTF of the kernel that the program is loaded into
 * (CO-RE); order and offsets here mean nothing.  So the build asks no kernel,
 * and gives the same binary everywhere.  A field in an unnamed struct or union
 * of the kernel's is listed directly in the struct around it.
 *
 * KERNEL_TYPE leaves a mark in the program's own BTF.  btf_needs.c finds there
 * what a program needs, and says what of it a kernel lacks: each field of such
 * a type must exist.  What only some kernels have goes into a flavour
 * (struct name___flavour), marked KERNEL_FLAVOUR, and is asked for by
 * bpf_core_field_exists().
 */
#ifndef RMAPDIFF_KERNEL_KERNEL_TYPES_H
#define RMAPDIFF_KERNEL_KERNEL_TYPES_H

#define KERNEL_FLAVOUR __attribute__((preserve_access_index))
#define KERNEL_TYPE \
	__attribute__((preserve_access_index, btf_decl_tag("kernel type")))

typedef unsigned char __u8;
typedef signed short __s16;
typedef unsigned short __u16;
typedef signed int __s32;
typedef unsigned int __u32;
typedef signed long long __s64;
typedef unsigned long long __u64;
/* The helpers' declarations name these; nothing here uses them. */
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

typedef __u32 u32;
typedef __u64 u64;
typedef int pid_t;

typedef _Bool bool;
enum { false, true };

typedef struct {
	int counter;
} atomic_t;

struct list_head {
	struct list_head *next;
	struct list_head *prev;
};

/* The iterator of bpf_iter_num_new(): the programs do not look into it. */
struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
} KERNEL_TYPE;

struct rb_root_cached {
	struct rb_node *rb_leftmost;
} KERNEL_TYPE;

enum maple_type {
	maple_range_64 = 2,
	maple_arange_64 = 3,
};

struct maple_metadata {
	unsigned char end;
} KERNEL_TYPE;

struct maple_range_64 {
	unsigned long pivot[15];
	void *slot[16];
	struct maple_metadata meta;
} KERNEL_TYPE;

struct maple_arange_64 {
	unsigned long pivot[9];
	void *slot[10];
	struct maple_metadata meta;
} KERNEL_TYPE;

struct maple_tree {
	void *ma_root;
} KERNEL_TYPE;

struct xarray {
	void *xa_head;
} KERNEL_TYPE;

struct address_space {
	struct xarray i_pages;
} KERNEL_TYPE;

struct inode {
	unsigned long i_ino;
} KERNEL_TYPE;

struct file {
	struct inode *f_inode;
	struct address_space *f_mapping;
} KERNEL_TYPE;

enum pageflags {
	PG_anon_exclusive = 1,
};

struct page {
	struct address_space *mapping;
	atomic_t _mapcount;
	atomic_t _refcount;
} KERNEL_TYPE;

struct folio {
	unsigned long index;
} KERNEL_TYPE;

struct anon_vma {
	struct anon_vma *root;
	struct anon_vma *parent;
	unsigned long num_children;
	unsigned long num_active_vmas;
	atomic_t refcount;
	struct rb_root_cached rb_root;
} KERNEL_TYPE;

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	struct list_head same_vma;
	struct rb_node rb;
	unsigned long rb_subtree_last;
} KERNEL_TYPE;

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct list_head anon_vma_chain;
	struct anon_vma *anon_vma;
	struct file *vm_file;
} KERNEL_TYPE;

/*
 * Linux 7.3 has an anonymous page offset of its own, in two halves: the key of
 * interval trees of anon_vmas, which vm_pgoff was before.
 */
struct vm_area_struct___anon_pgoff {
	unsigned int __vm_anon_pgoff_lo;
	unsigned int __vm_anon_pgoff_hi;
} KERNEL_FLAVOUR;

typedef struct {
	unsigned long pgd;
} pgd_t;

struct mm_struct {
	struct maple_tree mm_mt;
	pgd_t *pgd;
} KERNEL_TYPE;

struct upid {
	int nr;
} KERNEL_TYPE;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} KERNEL_TYPE;

struct task_struct {
	struct mm_struct *mm;
	pid_t tgid;
	struct task_struct *real_parent;
	struct list_head children;
	struct list_head sibling;
	struct pid *thread_pid;
} KERNEL_TYPE;

struct kmem_cache {
	unsigned int size;
	const char *name;
} KERNEL_TYPE;

#endif
