// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of operations.  Everything that names, reads or writes operations
 * goes by it; the order is that of the byte code's values: append only.
 */
#include <errno.h>
#include <string.h>
#include "../mm/mm.h"
#include "op.h"

const struct op_info op_infos[NR_OPS] = {
	[OP_MMAP] = { "mmap",
		      { FIELD_PROC, FIELD_PAGE, FIELD_LEN, FIELD_PROT,
			FIELD_FILE },
		      "maps LEN private pages at PAGE, over what is there" },
	[OP_MUNMAP] = { "munmap",
			{ FIELD_PROC, FIELD_PAGE, FIELD_LEN },
			"unmaps LEN pages at PAGE" },
	[OP_MPROTECT] = { "mprotect",
			  { FIELD_PROC, FIELD_PAGE, FIELD_LEN, FIELD_PROT },
			  "changes what may be done with LEN pages at PAGE" },
	[OP_MADVISE] = { "madvise",
			 { FIELD_PROC, FIELD_PAGE, FIELD_LEN, FIELD_ADVICE },
			 "drops LEN pages at PAGE, or says what a fork does "
			 "with them" },
	[OP_MREMAP] = { "mremap",
			{ FIELD_PROC, FIELD_PAGE, FIELD_OLD, FIELD_NEW,
			  FIELD_TO, FIELD_DONTUNMAP },
			"moves or resizes the OLD pages at PAGE" },
	[OP_READ] = { "read",
		      { FIELD_PROC, FIELD_PAGE, FIELD_LEN_OPTIONAL },
		      "reads LEN pages at PAGE, one after the other" },
	[OP_WRITE] = { "write",
		       { FIELD_PROC, FIELD_PAGE, FIELD_LEN_OPTIONAL },
		       "writes LEN pages at PAGE, one after the other" },
	[OP_FORK] = { "fork",
		      { FIELD_PROC, FIELD_CHILD },
		      "makes CHILD, a copy of PROC" },
	[OP_VFORK] = { "vfork",
		       { FIELD_PROC, FIELD_CHILD },
		       "makes CHILD, which shares PROC's address space" },
	[OP_EXEC] = { "exec",
		      { FIELD_PROC },
		      "gives PROC an address space with nothing in it" },
	[OP_EXIT] = { "exit", { FIELD_PROC }, "ends PROC" },
	[OP_MIGRATE] = { "migrate",
			 { FIELD_PROC, FIELD_PAGE },
			 "moves the folio at PAGE to a new one, through each "
			 "walk" },
	[OP_FAILALLOC] = { "failalloc",
			   { FIELD_NTH },
			   "the Nth model allocation from here on fails, "
			   "once; 0: none" },
	[OP_WALK] = { "walk",
		      { FIELD_PROC, FIELD_PAGE },
		      "looks for all that map the folio at PAGE, by each "
		      "walk" },
	[OP_RECLAIM] = { "reclaim",
			 { FIELD_PROC, FIELD_PAGE },
			 "unmaps the folio at PAGE through each walk, and "
			 "drops it" },
};

const char *const op_prot_names[NR_OP_PROTS] = {
	[OP_PROT_RW] = "rw",
	[OP_PROT_R] = "r",
	[OP_PROT_NONE] = "-",
};

const char *const op_advice_names[NR_ADVICE] = {
	[ADVICE_DONTNEED] = "dontneed",	    [ADVICE_DONTFORK] = "dontfork",
	[ADVICE_DOFORK] = "dofork",	    [ADVICE_WIPEONFORK] = "wipeonfork",
	[ADVICE_KEEPONFORK] = "keeponfork",
};

const char *const op_field_words[NR_OP_FIELDS] = {
	[FIELD_END] = "",
	[FIELD_PROC] = "PROC",
	[FIELD_CHILD] = "CHILD",
	[FIELD_PAGE] = "PAGE",
	[FIELD_LEN] = "LEN",
	[FIELD_LEN_OPTIONAL] = "[LEN]",
	[FIELD_OLD] = "OLD",
	[FIELD_NEW] = "NEW",
	[FIELD_PROT] = "PROT",
	[FIELD_ADVICE] = "ADVICE",
	[FIELD_FILE] = "[file=N@OFF]",
	[FIELD_TO] = "[to=PAGE]",
	[FIELD_DONTUNMAP] = "[dontunmap]",
	[FIELD_NTH] = "N",
};

/* Those that a system call here, or on a running kernel, may give. */
static const struct {
	const char *name;
	int err;
} errnos[] = {
	{ "0", 0 },
	{ "EPERM", EPERM },
	{ "ENOENT", ENOENT },
	{ "ESRCH", ESRCH },
	{ "EINTR", EINTR },
	{ "EIO", EIO },
	{ "ENXIO", ENXIO },
	{ "E2BIG", E2BIG },
	{ "ENOEXEC", ENOEXEC },
	{ "EBADF", EBADF },
	{ "ECHILD", ECHILD },
	{ "EAGAIN", EAGAIN },
	{ "ENOMEM", ENOMEM },
	{ "EACCES", EACCES },
	{ "EFAULT", EFAULT },
	{ "EBUSY", EBUSY },
	{ "EEXIST", EEXIST },
	{ "ENODEV", ENODEV },
	{ "EINVAL", EINVAL },
	{ "ENFILE", ENFILE },
	{ "EMFILE", EMFILE },
	{ "EFBIG", EFBIG },
	{ "ENOSPC", ENOSPC },
	{ "ERANGE", ERANGE },
	{ "ENOSYS", ENOSYS },
	{ "EOVERFLOW", EOVERFLOW },
	{ "EOPNOTSUPP", EOPNOTSUPP },
};

bool op_takes(enum op_kind kind, enum op_field field)
{
	const enum op_field *fields = op_infos[kind].fields;

	for (u32 i = 0; i < OP_FIELDS_MAX && fields[i] != FIELD_END; i++)
		if (fields[i] == field)
			return true;
	return false;
}

static bool is_name(const char *name, const char *word, size_t len)
{
	return strlen(name) == len && !memcmp(name, word, len);
}

enum op_kind op_by_name(const char *name, size_t len)
{
	u32 kind = 0;

	while (kind < NR_OPS && !is_name(op_infos[kind].name, name, len))
		kind++;
	return (enum op_kind)kind;
}

int errno_by_name(const char *name, size_t len)
{
	for (u32 i = 0; i < ARRAY_SIZE(errnos); i++)
		if (is_name(errnos[i].name, name, len))
			return errnos[i].err;
	return -1;
}

const char *errno_name(int err)
{
	for (u32 i = 0; i < ARRAY_SIZE(errnos); i++)
		if (errnos[i].err == err)
			return errnos[i].name;
	return NULL;
}
