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
	CALL_MLOCK, /* mlock2 too */
	CALL_MLOCKALL,
	CALL_MUNLOCKALL,
	CALL_FORK, /* clone and clone3 too */
	CALL_EXEC,
	CALL_EXIT, /* of a thread */
	CALL_EXIT_GROUP,
	CALL_OPEN,
	/* Each is CALL_MEMORY or CALL_NONE, by its arguments, once parsed. */
	CALL_ARCH_PRCTL,
	CALL_IOCTL,
	CALL_MOVE_PAGES,
	CALL_PRCTL,
	CALL_PTRACE,
	CALL_MEMORY, /* changes memory in a way that the model has not */
	CALL_NONE, /* changes no VMA and no process */
	CALL_OTHER, /* a name that is not in the table */
};

/* struct call, flags: by the kernel's numbers, which -X raw shows. */
#define CALL_MAP_TYPE 0xfU
#define CALL_MAP_DROPPABLE 0x8U
#define CALL_MAP_PRIVATE 0x2U
#define CALL_MAP_FIXED 0x10U
#define CALL_MAP_ANONYMOUS 0x20U
#define CALL_MAP_GROWSDOWN 0x100U
#define CALL_MAP_LOCKED 0x2000U
#define CALL_MAP_NORESERVE 0x4000U
#define CALL_MAP_POPULATE 0x8000U
#define CALL_MAP_NONBLOCK 0x10000U
#define CALL_MAP_STACK 0x20000U
#define CALL_MAP_HUGETLB 0x40000U
#define CALL_CLONE_VM 0x100U
#define CALL_CLONE_THREAD 0x10000U
#define CALL_MLOCK_ONFAULT 0x1U
#define CALL_MCL_CURRENT 0x1U
#define CALL_MCL_FUTURE 0x2U
#define CALL_MCL_ONFAULT 0x4U

/* What madvise() does besides enum madvise_advice; struct call, populate. */
enum call_populate {
	CALL_POPULATE_NONE,
	CALL_POPULATE_READ,
	CALL_POPULATE_WRITE,
};

struct call {
	u8 kind; /* enum call_kind */
	u8 prot; /* enum op_prot */
	u8 advice; /* enum madvise_advice, or NR_ADVICE */
	u8 populate; /* enum call_populate, of madvise */
	bool has_result; /* not `= ?' */
	bool failed;
	bool no_args; /* failed or without a result: its arguments mean nothing */
	bool grows; /* PROT_GROWSDOWN or PROT_GROWSUP was there */
	bool exec_only; /* PROT_EXEC was there */
	bool keyed; /* pkey_mprotect: with a key */
	bool no_new_addr; /* mremap, MREMAP_FIXED: it is not shown where to */
	int err; /* failed: a positive errno; -1: one without a name here */
	u32 flags;
	int fd; /* mmap, open's result; -1: none */
	u64 addr; /* bytes, all of them */
	u64 len;
	u64 new_len;
	u64 new_addr;
	u64 off;
	u64 result;
	struct span name;
	struct span text; /* the path of fd, of open, of execve; the advice */
	struct span odd; /* a flag whose meaning is not known; len 0: none */
};

enum call_kind strace_call_kind(struct span name);

/*
 * The table of calls: how many there are, and the Nth one's name, from 0, with
 * what becomes of it in @what; in the order of strcmp().
 */
size_t strace_nr_calls(void);
const char *strace_call_name(size_t nr, const char **what);

/*
 * @body: as strace_split_body() takes it.  False if it is no call, or one that
 * succeeded and has not the arguments of its name.  What is in @call points
 * into @name and @body.
 */
bool strace_call_parse(struct call *call, struct span name, struct span body);

#endif
