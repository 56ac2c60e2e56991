/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of a strace log that an import looks at, as numbers.
 */
#ifndef RMAPDIFF_TOOLS_STRACE_CALL_H
#define RMAPDIFF_TOOLS_STRACE_CALL_H

#include "strace_line.h"

enum call_kind {
	CALL_MMAP,
	CALL_MUNMAP,
	CALL_MREMAP,
	CALL_MPROTECT,
	CALL_MADVISE,
	CALL_BRK,
	CALL_FORK, /* clone and clone3 too */
	CALL_EXEC,
	CALL_EXIT, /* of a thread */
	CALL_EXIT_GROUP,
	CALL_OPEN,
	CALL_MEMORY, /* changes memory in a way that the model has not */
	CALL_OTHER,
};

/* struct call, flags: by the kernel's numbers, which -X raw shows. */
#define CALL_MAP_TYPE 0xfU
#define CALL_MAP_PRIVATE 0x2U
#define CALL_MAP_FIXED 0x10U
#define CALL_MAP_ANONYMOUS 0x20U
#define CALL_MAP_GROWSDOWN 0x100U
#define CALL_MAP_LOCKED 0x2000U
#define CALL_MAP_NORESERVE 0x4000U
#define CALL_MAP_HUGETLB 0x40000U
#define CALL_CLONE_VM 0x100U
#define CALL_CLONE_THREAD 0x10000U

struct call {
	u8 kind; /* enum call_kind */
	u8 prot; /* enum op_prot */
	u8 advice; /* enum madvise_advice, or NR_ADVICE */
	bool has_result; /* not `= ?' */
	bool failed;
	bool odd; /* an argument that is not of this form: how to say it? */
	bool exec_only; /* PROT_EXEC was there */
	int err; /* failed: a positive errno; -1: one without a name here */
	u32 flags;
	int fd; /* mmap, open's result; -1: none */
	u64 addr; /* bytes, all of them */
	u64 len;
	u64 new_len;
	u64 new_addr;
	u64 off;
	u64 result;
	struct span text; /* the path of fd, of open, of execve; the advice */
};

enum call_kind strace_call_kind(struct span name);

/*
 * @body: as strace_split_body() takes it.  False if it is no call, or one that
 * has not the arguments of its name.  @call->text points into @body.
 */
bool strace_call_parse(struct call *call, struct span name, struct span body);

#endif
