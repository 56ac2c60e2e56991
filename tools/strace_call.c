// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arguments and results of calls.  Constants come by name, or with -X raw and
 * -X verbose as numbers.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "../model/scenario/op.h"
#include "../model/mm/mm.h"
#include "strace_call.h"

struct word {
	const char *name;
	u32 value;
};

struct known_call {
	const char *name;
	enum call_kind kind;
};

static const struct known_call known_calls[] = {
#define CALL(name, kind) { name, CALL_##kind },
#define NONE(name) { name, CALL_NONE },
#include "strace_calls.def"
#undef CALL
#undef NONE
};

static const struct word map_words[] = {
	{ "MAP_FILE", 0 },
	{ "MAP_SHARED", 0x1 },
	{ "MAP_PRIVATE", CALL_MAP_PRIVATE },
	{ "MAP_SHARED_VALIDATE", 0x3 },
	{ "MAP_DROPPABLE", CALL_MAP_DROPPABLE },
	{ "MAP_FIXED", CALL_MAP_FIXED },
	{ "MAP_ANONYMOUS", CALL_MAP_ANONYMOUS },
	{ "MAP_ANON", CALL_MAP_ANONYMOUS },
	{ "MAP_GROWSDOWN", CALL_MAP_GROWSDOWN },
	{ "MAP_LOCKED", CALL_MAP_LOCKED },
	{ "MAP_NORESERVE", CALL_MAP_NORESERVE },
	{ "MAP_POPULATE", CALL_MAP_POPULATE },
	{ "MAP_NONBLOCK", CALL_MAP_NONBLOCK },
	{ "MAP_HUGETLB", CALL_MAP_HUGETLB },
	/* Where to, which the result says, or nothing at all. */
	{ "MAP_32BIT", 0x40 },
	{ "MAP_ABOVE4G", 0x80 },
	{ "MAP_DENYWRITE", 0x800 },
	{ "MAP_EXECUTABLE", 0x1000 },
	{ "MAP_STACK", CALL_MAP_STACK },
	{ "MAP_SYNC", 0x80000 },
	{ "MAP_FIXED_NOREPLACE", 0x100000 },
	{ "MAP_UNINITIALIZED", 0x4000000 },
};

#define PROT_R 0x1U
#define PROT_W 0x2U
#define PROT_X 0x4U
#define PROT_GROWS 0x3000000U

static const struct word prot_words[] = {
	{ "PROT_NONE", 0 },
	{ "PROT_READ", PROT_R },
	{ "PROT_WRITE", PROT_W },
	{ "PROT_EXEC", PROT_X },
	{ "PROT_SEM", 0x8 },
	{ "PROT_GROWSDOWN", 0x1000000 },
	{ "PROT_GROWSUP", 0x2000000 },
};

static const struct word clone_words[] = {
	{ "CLONE_VM", CALL_CLONE_VM },
	{ "CLONE_THREAD", CALL_CLONE_THREAD },
};

static const struct word mremap_words[] = {
	{ "MREMAP_MAYMOVE", MREMAP_MAYMOVE },
	{ "MREMAP_FIXED", MREMAP_FIXED },
	{ "MREMAP_DONTUNMAP", MREMAP_DONTUNMAP },
};

/* MADV_DONTNEED_LOCKED differs for locked memory only. */
static const struct word advice_words[] = {
	{ "MADV_DONTNEED", 4 },	       { "MADV_DONTFORK", 10 },
	{ "MADV_DOFORK", 11 },	       { "MADV_WIPEONFORK", 18 },
	{ "MADV_KEEPONFORK", 19 },     { "MADV_POPULATE_READ", 22 },
	{ "MADV_POPULATE_WRITE", 23 }, { "MADV_DONTNEED_LOCKED", 24 },
};

static const struct word mlock_words[] = {
	{ "MLOCK_ONFAULT", CALL_MLOCK_ONFAULT },
};

static const struct word mlockall_words[] = {
	{ "MCL_CURRENT", CALL_MCL_CURRENT },
	{ "MCL_FUTURE", CALL_MCL_FUTURE },
	{ "MCL_ONFAULT", CALL_MCL_ONFAULT },
};

/* Names of VMAs, the break itself, and KSM for all that is mapped. */
static const struct word prctl_words[] = {
	{ "PR_SET_VMA", 0x53564d41 },
	{ "PR_SET_MM", 35 },
	{ "PR_SET_MEMORY_MERGE", 67 },
};

/* Map or unmap memory of their own: shadow stacks, the vdso. */
static const struct word arch_prctl_words[] = {
	{ "ARCH_MAP_VDSO_X32", 0x2001 },  { "ARCH_MAP_VDSO_32", 0x2002 },
	{ "ARCH_MAP_VDSO_64", 0x2003 },	  { "ARCH_SHSTK_ENABLE", 0x5001 },
	{ "ARCH_SHSTK_DISABLE", 0x5002 },
};

/* Break copy-on-write in another process, even where it may only read. */
static const struct word ptrace_words[] = {
	{ "PTRACE_POKETEXT", 4 },
	{ "PTRACE_POKEDATA", 5 },
};

static int name_cmp(const void *key, const void *element)
{
	const struct span *name = key;
	const char *known = ((const struct known_call *)element)->name;
	int diff = strncmp(name->p, known, name->len);

	return diff ? diff : known[name->len] ? -1 : 0;
}

enum call_kind strace_call_kind(struct span name)
{
	const struct known_call *known =
		bsearch(&name, known_calls, ARRAY_SIZE(known_calls),
			sizeof(*known_calls), name_cmp);

	return known ? known->kind : CALL_OTHER;
}

size_t strace_nr_calls(void)
{
	return ARRAY_SIZE(known_calls);
}

const char *strace_call_name(size_t nr, const char **what)
{
	static const char *const whats[] = {
		[CALL_MMAP... CALL_MUNLOCKALL] = "operations",
		[CALL_FORK... CALL_EXIT_GROUP] = "operations",
		[CALL_OPEN] = "names a file",
		[CALL_ARCH_PRCTL] = "a note if it maps memory",
		[CALL_IOCTL] = "a note if of userfaultfd",
		[CALL_MOVE_PAGES] = "a note if it moves pages",
		[CALL_PRCTL] = "a note if about VMAs",
		[CALL_PTRACE] = "a note if it writes to memory",
		[CALL_MEMORY] = "a note",
		[CALL_NONE] = "without effect",
	};

	*what = whats[known_calls[nr].kind];
	return known_calls[nr].name;
}

static int strace_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* A number at the start: 0x is hexadecimal, 0 octal.  Its length; 0: none. */
static size_t strace_number_len(struct span span, u64 *number)
{
	bool hex = span_starts(span, "0x");
	int base = hex ? 16 : span_starts(span, "0") ? 8 : 10;
	size_t first = hex ? 2 : 0, i = first;

	*number = 0;
	for (; i < span.len && strace_digit(span.p[i]) < base; i++)
		if (__builtin_mul_overflow(*number, (u64)base, number) ||
		    __builtin_add_overflow(
			    *number, (u64)strace_digit(span.p[i]), number))
			return 0;
	return i > first ? i : 0;
}

/*
 * Nothing may follow a number but a comment: 0x3 -- PROT_READ|...  A negative
 * one is what the kernel takes it for: very large.
 */
static bool parse_u64(struct span span, u64 *number)
{
	bool negative = span_starts(span, "-");
	size_t len;

	if (span_is(span, "NULL")) {
		*number = 0;
		return true;
	}
	span = span_skip(span, negative);
	len = strace_number_len(span, number);
	if (negative)
		*number = -*number;
	span = span_trim(span_skip(span, len));
	return len && (!span.len || span_starts(span, "/*"));
}

static bool arg_u64(struct span args, u32 nr, u64 *number)
{
	struct span arg;

	return strace_arg(args, nr, &arg) && parse_u64(arg, number);
}

/* The next of names and numbers between bars; comments do not count. */
static struct span next_flag(struct span *flags)
{
	struct span word = *flags;
	size_t i = 0, end = SIZE_MAX;

	while (i < flags->len && flags->p[i] != '|') {
		struct span rest = span_skip(*flags, i);
		const char *close;

		if (!span_starts(rest, "/*")) {
			i++;
			continue;
		}
		end = min_u64(end, i);
		close = memmem(rest.p, rest.len, "*/", 2);
		i = close ? (size_t)(close + 2 - flags->p) : flags->len;
	}
	word.len = min_u64(end, i);
	*flags = span_skip(*flags, i + 1);
	return span_trim(word);
}

/* The value of one; false if a part of it is not in the table. */
static bool word_value(struct span word, const struct word *words, size_t nr,
		       u32 *value)
{
	u64 number = 0, known = 0;
	size_t len = strace_number_len(word, &number);

	for (size_t i = 0; i < nr; i++) {
		if (span_is(word, words[i].name)) {
			*value |= words[i].value;
			return true;
		}
		known |= words[i].value;
	}
	/* 21<<MAP_HUGE_SHIFT: which huge pages, where there are any. */
	if (len && span_starts(span_skip(word, len), "<<"))
		return true;
	if (len == word.len)
		*value |= (u32)number;
	return len == word.len && !(number & ~known);
}

/*
 * The sum of what @span has between bars.  In @odd, unless NULL, the first that
 * is not in the table: a name counts 0, a number what it is.
 */
static u32 flags_value(struct span span, const struct word *words, size_t nr,
		       struct span *odd)
{
	u32 value = 0;

	while (span.len) {
		struct span word = next_flag(&span);

		if (!word_value(word, words, nr, &value) && odd && !odd->len)
			*odd = word;
	}
	return value;
}

#define FLAGS_VALUE(span, words, odd) \
	flags_value(span, words, ARRAY_SIZE(words), odd)

static bool arg_prot(struct call *call, struct span args, u32 nr)
{
	struct span arg;
	u32 prot;

	if (!strace_arg(args, nr, &arg))
		return false;
	prot = FLAGS_VALUE(arg, prot_words, &call->odd);
	call->exec_only = prot & PROT_X;
	call->grows = prot & PROT_GROWS;
	if (prot & PROT_W)
		call->prot = OP_PROT_RW;
	else
		call->prot = prot & (PROT_R | PROT_X) ? OP_PROT_R :
							OP_PROT_NONE;
	return true;
}

/* "3", "3</lib/x.so>", "-1"; raw: 0xffffffff. */
static bool parse_fd(struct call *call, struct span arg)
{
	u64 fd = 0;
	size_t len;

	call->fd = -1;
	/* Any is none: -1, or what nobody looks at with MAP_ANONYMOUS. */
	if (span_starts(arg, "-"))
		return true;
	len = strace_number_len(arg, &fd);
	if (fd <= INT32_MAX)
		call->fd = (int)fd;
	arg = span_skip(arg, len);
	if (arg.len > 9 && !memcmp(arg.p + arg.len - 9, "(deleted)", 9))
		arg.len -= 9;
	if (arg.len > 2 && *arg.p == '<')
		call->text = (struct span){ arg.p + 1, arg.len - 2 };
	return len;
}

static bool parse_mmap(struct call *call, struct span args)
{
	struct span flags, fd;

	if (!arg_u64(args, 0, &call->addr) || !arg_u64(args, 1, &call->len) ||
	    !arg_prot(call, args, 2) || !strace_arg(args, 3, &flags) ||
	    !strace_arg(args, 4, &fd) || !arg_u64(args, 5, &call->off))
		return false;
	call->flags = FLAGS_VALUE(flags, map_words, &call->odd);
	return parse_fd(call, fd);
}

static bool parse_mremap(struct call *call, struct span args)
{
	struct span flags;

	if (!arg_u64(args, 0, &call->addr) || !arg_u64(args, 1, &call->len) ||
	    !arg_u64(args, 2, &call->new_len) || !strace_arg(args, 3, &flags))
		return false;
	call->flags = FLAGS_VALUE(flags, mremap_words, &call->odd);
	/* Where it went the result says; strace leaves it out of refused ones. */
	call->no_new_addr = call->flags & MREMAP_FIXED &&
			    !arg_u64(args, 4, &call->new_addr);
	return true;
}

/* pkey_mprotect's -1 is none, and 0 the one that all memory has. */
static bool parse_mprotect(struct call *call, struct span args)
{
	u64 key;

	if (!arg_u64(args, 0, &call->addr) || !arg_u64(args, 1, &call->len) ||
	    !arg_prot(call, args, 2))
		return false;
	call->keyed = arg_u64(args, 3, &key) && key && (u32)key != UINT32_MAX;
	return true;
}

static bool parse_madvise(struct call *call, struct span args)
{
	if (!arg_u64(args, 0, &call->addr) || !arg_u64(args, 1, &call->len) ||
	    !strace_arg(args, 2, &call->text))
		return false;
	switch (FLAGS_VALUE(call->text, advice_words, NULL)) {
	case 4:
	case 24:
		call->advice = ADVICE_DONTNEED;
		break;
	case 10:
		call->advice = ADVICE_DONTFORK;
		break;
	case 11:
		call->advice = ADVICE_DOFORK;
		break;
	case 18:
		call->advice = ADVICE_WIPEONFORK;
		break;
	case 19:
		call->advice = ADVICE_KEEPONFORK;
		break;
	case 22:
		call->populate = CALL_POPULATE_READ;
		break;
	case 23:
		call->populate = CALL_POPULATE_WRITE;
		break;
	default:
		call->advice = NR_ADVICE;
	}
	return true;
}

/* clone names its arguments, clone3 has a structure; raw: the first is it. */
static bool parse_fork(struct call *call, struct span name, struct span args)
{
	static const char key[] = "flags=";
	const char *at;
	struct span flags;
	size_t len = 0;

	if (span_is(name, "fork"))
		return true;
	if (span_is(name, "vfork")) {
		call->flags = CALL_CLONE_VM;
		return true;
	}
	at = memmem(args.p, args.len, key, sizeof(key) - 1);
	if (at)
		flags = span_skip(args,
				  (size_t)(at - args.p) + sizeof(key) - 1);
	else if (!span_is(name, "clone") || !strace_arg(args, 0, &flags))
		return false;
	while (len < flags.len && !strchr(",})", flags.p[len]))
		len++;
	flags.len = len;
	call->flags = FLAGS_VALUE(flags, clone_words, NULL);
	return true;
}

static bool parse_mlock(struct call *call, struct span args)
{
	struct span flags;

	if (!arg_u64(args, 0, &call->addr) || !arg_u64(args, 1, &call->len))
		return false;
	if (strace_arg(args, 2, &flags))
		call->flags = FLAGS_VALUE(flags, mlock_words, &call->odd);
	return true;
}

static bool parse_mlockall(struct call *call, struct span args)
{
	struct span flags;

	if (!strace_arg(args, 0, &flags))
		return false;
	call->flags = FLAGS_VALUE(flags, mlockall_words, &call->odd);
	return true;
}

/* What it is asked for is in argument @nr: a note for those in the table. */
static bool parse_request(struct call *call, struct span args, u32 nr,
			  const struct word *words, size_t nr_words)
{
	struct span request, word;
	u64 number;

	call->kind = CALL_NONE;
	if (!strace_arg(args, nr, &request))
		return true;
	call->text = request;
	word = next_flag(&request);
	for (size_t i = 0; i < nr_words; i++)
		if (span_is(word, words[i].name) ||
		    (strace_number_len(word, &number) == word.len &&
		     number == words[i].value))
			call->kind = CALL_MEMORY;
	return true;
}

#define PARSE_REQUEST(call, args, nr, words) \
	parse_request(call, args, nr, words, ARRAY_SIZE(words))

/* _IOC_TYPE() of linux/userfaultfd.h's requests, of which all but few matter. */
#define UFFDIO_TYPE 0xaa

static bool parse_ioctl(struct call *call, struct span args)
{
	static const char ioc_type[] = ", 0xaa, ";
	struct span request;
	u64 number;

	call->kind = CALL_NONE;
	if (!strace_arg(args, 1, &request))
		return true;
	call->text = request;
	if (span_starts(request, "_IOC(")) {
		if (memmem(request.p, request.len, ioc_type,
			   sizeof(ioc_type) - 1))
			call->kind = CALL_MEMORY;
	} else if (strace_number_len(request, &number)) {
		if ((number >> 8 & 0xff) == UFFDIO_TYPE)
			call->kind = CALL_MEMORY;
	} else if (span_starts(request, "UFFDIO_")) {
		call->kind = CALL_MEMORY;
	}
	return true;
}

/* Without nodes it asks where pages are. */
static bool parse_move_pages(struct call *call, struct span args)
{
	struct span nodes;
	u64 number;

	call->kind = CALL_MEMORY;
	if (strace_arg(args, 3, &nodes) && parse_u64(nodes, &number) && !number)
		call->kind = CALL_NONE;
	return true;
}

/* The first argument that is a string: a path, quotes taken off. */
static bool parse_path(struct call *call, struct span args)
{
	for (u32 i = 0; i < 2; i++) {
		struct span arg;

		if (!strace_arg(args, i, &arg))
			return false;
		if (*arg.p != '"')
			continue;
		call->text = span_skip(arg, 1);
		if (call->text.len)
			call->text.len--;
		return true;
	}
	return true;
}

static bool parse_args(struct call *call, struct span name, struct span args)
{
	switch ((enum call_kind)call->kind) {
	case CALL_MMAP:
		return parse_mmap(call, args);
	case CALL_MUNMAP:
		return arg_u64(args, 0, &call->addr) &&
		       arg_u64(args, 1, &call->len);
	case CALL_MREMAP:
		return parse_mremap(call, args);
	case CALL_MPROTECT:
		return parse_mprotect(call, args);
	case CALL_MADVISE:
		return parse_madvise(call, args);
	case CALL_BRK:
		return arg_u64(args, 0, &call->addr);
	case CALL_FORK:
		return parse_fork(call, name, args);
	case CALL_EXEC:
	case CALL_OPEN:
		return parse_path(call, args);
	case CALL_MLOCK:
		return parse_mlock(call, args);
	case CALL_MLOCKALL:
		return parse_mlockall(call, args);
	case CALL_ARCH_PRCTL:
		return PARSE_REQUEST(call, args, 0, arch_prctl_words);
	case CALL_IOCTL:
		return parse_ioctl(call, args);
	case CALL_MOVE_PAGES:
		return parse_move_pages(call, args);
	case CALL_PRCTL:
		return PARSE_REQUEST(call, args, 0, prctl_words);
	case CALL_PTRACE:
		return PARSE_REQUEST(call, args, 0, ptrace_words);
	case CALL_MUNLOCKALL:
	case CALL_EXIT:
	case CALL_EXIT_GROUP:
	case CALL_MEMORY:
	case CALL_NONE:
	case CALL_OTHER:
		break;
	}
	return true;
}

/*
 * "0x7f...", "-1 ENOMEM (...)", "?" of a call that never returned, and
 * "? ERESTARTSYS (...)" of one that a signal ended: it did nothing, and if it is
 * begun again it is there again.
 */
static bool parse_call_result(struct call *call, struct span result)
{
	size_t len = 0;

	if (*result.p == '?') {
		call->failed = span_starts(span_trim(span_skip(result, 1)),
					   "ERESTART");
		call->has_result = call->failed;
		call->err = -1;
		return true;
	}
	call->has_result = true;
	if (*result.p != '-')
		return strace_number_len(result, &call->result);
	call->failed = true;
	result = span_skip(result, 1);
	while (result.len && isdigit((unsigned char)*result.p))
		result = span_skip(result, 1);
	result = span_trim(result);
	while (len < result.len && isalnum((unsigned char)result.p[len]))
		len++;
	call->err = errno_by_name(result.p, len);
	return true;
}

static bool needs_result(enum call_kind kind)
{
	return kind != CALL_NONE && kind != CALL_OTHER && kind != CALL_MEMORY;
}

bool strace_call_parse(struct call *call, struct span name, struct span body)
{
	enum call_kind kind = strace_call_kind(name);
	struct span args, result;

	*call = (struct call){ .kind = (u8)kind, .fd = -1, .name = name };
	if (!strace_split_body(body, &args, &result))
		return false;
	if (!parse_call_result(call, result) && needs_result(kind))
		return false;
	if (!parse_args(call, name, args)) {
		if (call->has_result && !call->failed)
			return false;
		call->no_args = true;
	}
	if (call->kind == CALL_OPEN)
		call->fd = call->result <= INT32_MAX ? (int)call->result : -1;
	return true;
}
