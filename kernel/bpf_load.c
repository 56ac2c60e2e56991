// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reasons for which a kernel refuses a BPF program: no BTF, no rights, or
 * something missing that the program reads or calls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <linux/capability.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "bpf_load.h"

#define KERNEL_TYPE_TAG "kernel type" /* kernel_types.h */
#define LACKS_MAX 160
/* Unnamed structs and unions in each other: the kernel has three or so. */
#define UNNAMED_DEPTH_MAX 8

/* A list with commas in @text, which ends with "..." if it is cut. */
struct lack_list {
	char *text;
	size_t size;
	size_t len;
};

static void lack(struct lack_list *list, const char *name, const char *field)
{
	size_t room = list->size - list->len;
	int len = snprintf(list->text + list->len, room, "%s%s%s",
			   list->len ? ", " : "", name, field);

	if (len >= 0 && (size_t)len < room) {
		list->len += (size_t)len;
		return;
	}
	if (list->size > 3)
		strcpy(list->text + list->size - 4, "...");
	list->len = list->size - 1;
}

/* Follow typedefs and qualifiers to the type itself. */
static const struct btf_type *plain_type(const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type)))
		type = btf__type_by_id(btf, type->type);
	return type;
}

/*
 * Does @type have the field @name, itself or in an unnamed struct or union in
 * it?
 */
static bool has_field(const struct btf *btf, const struct btf_type *type,
		      const char *name, int depth)
{
	const struct btf_member *member = btf_members(type);

	for (__u16 i = 0; i < btf_vlen(type); i++, member++) {
		const char *own = btf__name_by_offset(btf, member->name_off);
		const struct btf_type *inner;

		if (!strcmp(own, name))
			return true;
		inner = *own ? NULL : plain_type(btf, member->type);
		if (inner && btf_is_composite(inner) &&
		    depth < UNNAMED_DEPTH_MAX &&
		    has_field(btf, inner, name, depth + 1))
			return true;
	}
	return false;
}

/* The struct @name after type @id in @btf, 0: no further one. */
static __u32 next_struct(const struct btf *btf, const char *name, __u32 id)
{
	const struct btf_type *type;

	while (++id < btf__type_cnt(btf)) {
		type = btf__type_by_id(btf, id);
		if (btf_is_struct(type) &&
		    !strcmp(btf__name_by_offset(btf, type->name_off), name))
			return id;
	}
	return 0;
}

/* Different parts of a kernel may have structs of one name. */
static bool any_has_field(const struct btf *btf, const char *name,
			  const char *field)
{
	__u32 id = 0;

	while ((id = next_struct(btf, name, id)))
		if (has_field(btf, btf__type_by_id(btf, id), field, 0))
			return true;
	return false;
}

static void lacks_of_struct(const struct btf *kernel, const struct btf *program,
			    const struct btf_type *type, struct lack_list *list)
{
	const char *name = btf__name_by_offset(program, type->name_off);
	const struct btf_member *member = btf_members(type);
	char field[64];

	if (!next_struct(kernel, name, 0)) {
		lack(list, "struct ", name);
		return;
	}
	for (__u16 i = 0; i < btf_vlen(type); i++, member++) {
		snprintf(field, sizeof(field), ".%s",
			 btf__name_by_offset(program, member->name_off));
		if (!any_has_field(kernel, name, field + 1))
			lack(list, name, field);
	}
}

bool btf_lacks(const struct btf *kernel, const struct btf *program, char *lacks,
	       size_t size)
{
	struct lack_list list = { .text = lacks, .size = size };

	*lacks = '\0';
	for (__u32 id = 1; id < btf__type_cnt(program); id++) {
		const struct btf_type *type = btf__type_by_id(program, id);
		const char *name = btf__name_by_offset(program, type->name_off);

		if (btf_is_decl_tag(type) && !strcmp(name, KERNEL_TYPE_TAG))
			lacks_of_struct(kernel, program,
					btf__type_by_id(program, type->type),
					&list);
		else if (btf_is_func(type) &&
			 btf_vlen(type) == BTF_FUNC_EXTERN &&
			 btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC) <
				 0)
			lack(&list, name, "()");
	}
	return *lacks;
}

/* Our effective capabilities; all of them, if that cannot be asked. */
static uint64_t capabilities(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	uint64_t caps = UINT64_MAX;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %" SCNx64, &caps) == 1)
			break;
	if (file)
		fclose(file);
	return caps;
}

static bool capable(int cap)
{
	return capabilities() & (1ULL << CAP_SYS_ADMIN | 1ULL << cap);
}

/* Does the lockdown LSM keep BPF programs from kernel memory? */
static bool locked_down(void)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";
	bool locked;

	locked = file && fgets(line, sizeof(line), file) &&
		 strstr(line, "[confidentiality]");
	if (file)
		fclose(file);
	return locked;
}

/*
 * The BTF of the object file @elf as the compiler wrote it: libbpf changes what
 * it has in memory.  NULL if it cannot be had.
 */
static struct btf *btf_of_elf(const void *elf, size_t size)
{
	int fd = memfd_create("rmapdiff-bpf", MFD_CLOEXEC);
	struct btf *btf = NULL;
	char path[64];

	if (fd < 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, elf, size) == (ssize_t)size)
		btf = btf__parse_elf(path, NULL);
	close(fd);
	return btf;
}

static bool lacks_something(const struct btf *kernel, const void *elf,
			    size_t elf_size, char *why, size_t size)
{
	struct btf *program = btf_of_elf(elf, elf_size);
	struct utsname uts = { .release = "?" };
	char lacks[LACKS_MAX];
	bool some;

	some = program && btf_lacks(kernel, program, lacks, sizeof(lacks));
	btf__free(program);
	if (!some)
		return false;
	uname(&uts);
	snprintf(why, size, "this kernel, %.64s, has no %s: needs Linux 6.4",
		 uts.release, lacks);
	return true;
}

void bpf_load_why(const void *elf, size_t elf_size, int err, char *why,
		  size_t size)
{
	struct btf *kernel = btf__load_vmlinux_btf();

	if (!kernel)
		snprintf(why, size,
			 "no BTF of this kernel, /sys/kernel/btf/vmlinux: it "
			 "needs CONFIG_DEBUG_INFO_BTF");
	else if (!capable(CAP_BPF) || !capable(CAP_PERFMON))
		snprintf(why, size,
			 "no right to load BPF programs: run as root, with "
			 "CAP_BPF and CAP_PERFMON");
	else if (lacks_something(kernel, elf, elf_size, why, size))
		;
	else if (locked_down())
		snprintf(why, size,
			 "kernel lockdown, mode confidentiality, keeps BPF "
			 "programs from kernel memory");
	else if (err == -ENOSYS)
		snprintf(why, size,
			 "this kernel has no bpf(): it needs "
			 "CONFIG_BPF_SYSCALL");
	else
		snprintf(why, size,
			 "the kernel refuses the BPF program: %s; "
			 "RMAPDIFF_LIBBPF=1 shows what libbpf says",
			 strerror(-err));
	btf__free(kernel);
}
