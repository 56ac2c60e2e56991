// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arguments and results of calls.  Constants come by name, or with -X raw and
 * -X verbose as numbers.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <string.h>
#include "../model/scenario/op.h"
#include "../model/mm/mm.h"
#include "strace_call.h"

struct word {
	const char *name;
	u32 value;
};

static const struct word kinds[] = {
	{ "mmap", CALL_MMAP },
	{ "mmap2", CALL_MMAP },
	{ "old_mmap", CALL_MMAP },
	{ "munmap", CALL_MUNMAP },
	{ "mremap", CALL_MREMAP },
	{ "mprotect", CALL_MPROTECT },
	{ "pkey_mprotect", CALL_MPROTECT },
	{ "madvise", CALL_MADVISE },
	{ "brk", CALL_BRK },
	{ "fork", CALL_FORK },
	{ "vfork", CALL_FORK },
	{ "clone", CALL_FORK },
	{ "clone3", CALL_FORK },
	{ "execve", CALL_EXEC },
	{ "execveat", CALL_EXEC },
	{ "exit", CALL_EXIT },
	{ "_exit", CALL_EXIT },
	{ "exit_group", CALL_EXIT_GROUP },
	{ "open", CALL_OPEN },
	{ "openat", CALL_OPEN },
	{ "openat2", CALL_OPEN },
	{ "shmat", CALL_MEMORY },
	{ "shmdt", CALL_MEMORY },
	{ "remap_file_pages", CALL_MEMORY },
	{ "process_madvise", CALL_MEMORY },
	{ "mlock", CALL_MEMORY },
	{ "mlock2", CALL_MEMORY },
	{ "mlockall", CALL_MEMORY },
	{ "munlock", CALL_MEMORY },
	{ "munlockall", CALL_MEMORY },
	{ "mbind", CALL_MEMORY },
	{ "mseal", CALL_MEMORY },
	{ "map_shadow_stack", CALL_MEMORY },
	{ "io_setup", CALL_MEMORY },
	{ "userfaultfd", CALL_MEMORY },
};

static const struct word map_words[] = {
	{ "MAP_SHARED", 0x1 },
	{ "MAP_PRIVATE", CALL_MAP_PRIVATE },
	{ "MAP_SHARED_VALIDATE", 0x3 },
	{ "MAP_FIXED", CALL_MAP_FIXED },
	{ "MAP_ANONYMOUS", CALL_MAP_ANONYMOUS },
	{ "MAP_ANON", CALL_MAP_ANONYMOUS },
	{ "MAP_GROWSDOWN", CALL_MAP_GROWSDOWN },
	{ "MAP_LOCKED", CALL_MAP_LOCKED },
	{ "MAP_NORESERVE", CALL_MAP_NORESERVE },
	{ "MAP_HUGETLB", CALL_MAP_HUGETLB },
};

#define PROT_R 0x1U
#define PROT_W 0x2U
#define PROT_X 0x4U
#define PROT_GROWS 0x3000000U

static const struct word prot_words[] = {
	{ "PROT_READ", PROT_R },       { "PROT_WRITE", PROT_W },
	{ "PROT_EXEC", PROT_X },       { "PROT_GROWSDOWN", 0x1000000 },
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
	{ "MADV_DONTNEED", 4 },	   { "MADV_DONTFORK", 10 },
	{ "MADV_DOFORK", 11 },	   { "MADV_WIPEONFORK", 18 },
	{ "MADV_KEEPONFORK", 19 }, { "MADV_DONTNEED_LOCKED", 24 },
};

enum call_kind strace_call_kind(struct span name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (span_is(name, kinds[i].name))
			return (enum call_kind)kinds[i].value;
	return CALL_OTHER;
}

static int digit_value(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* A number at the start: 0x is hexadecimal, 0 octal.  Its length; 0: none. */
static size_t number_len(struct span span, u64 *number)
{
	bool hex = span_starts(span, "0x");
	int base = hex ? 16 : span_starts(span, "0") ? 8 : 10;
	size_t first = hex ? 2 : 0, i = first;

	*number = 0;
	for (; i < span.len && digit_value(span.p[i]) < base; i++) {
		if (*number > UINT64_MAX / 16)
			return 0;
		*number = *number * (u64)base + (u64)digit_value(span.p[i]);
	}
	return i > first ? i : 0;
}

/* Nothing may follow a number but a comment: 0x3 -- PROT_READ|... */
static bool parse_u64(struct span span, u64 *number)
{
	size_t len;

	if (span_is(span, "NULL")) {
		*number = 0;
		return true;
	}
	len = number_len(span, number);
	span = span_trim(span_skip(span, len));
	return len && (!span.len || span_starts(span, "/*"));
}

static bool arg_u64(struct span args, u32 nr, u64 *number)
{
	struct span arg;

	return strace_arg(args, nr, &arg) && parse_u64(arg, number);
}

/* Names and numbers between bars; names that are not in the table count 0. */
static u32 flags_value(struct span span, const struct word *words, size_t nr)
{
	u32 value = 0;

	while (span.len) {
		const char *bar = memchr(span.p, '|', span.len);
		size_t len = bar ? (size_t)(bar - span.p) : span.len;
		struct span word = span_trim((struct span){ span.p, len });
		u64 number;

		if (number_len(word, &number) && !memchr(word.p, '<', word.len))
			value |= (u32)number;
		for (size_t i = 0; i < nr; i++)
			if (span_is(word, words[i].name))
				value |= words[i].value;
		/* What is behind a number is its explanation. */
		if (memmem(word.p, word.len, "/*", 2))
			break;
		span = span_skip(span, len + 1);
	}
	return value;
}

static bool arg_prot(struct call *call, struct span args, u32 nr)
{
	struct span arg;
	u32 prot;

	if (!strace_arg(args, nr, &arg))
		return false;
	prot = flags_value(arg, prot_words, ARRAY_SIZE(prot_words));
	call->exec_only = prot & PROT_X;
	call->odd = prot & PROT_GROWS;
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
	if (span_starts(arg, "-1"))
		return true;
	len = number_len(arg, &fd);
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
	call->flags = flags_value(flags, map_words, ARRAY_SIZE(map_words));
	return parse_fd(call, fd);
}

static bool parse_mremap(struct call *call, struct span args)
{
	struct span flags;

	if (!arg_u64(args, 0, &call->addr) || !arg_u64(args, 1, &call->len) ||
	    !arg_u64(args, 2, &call->new_len) || !strace_arg(args, 3, &flags))
		return false;
	call->flags =
		flags_value(flags, mremap_words, ARRAY_SIZE(mremap_words));
	if (call->flags & MREMAP_FIXED)
		return arg_u64(args, 4, &call->new_addr);
	return true;
}

static bool parse_madvise(struct call *call, struct span args)
{
	if (!arg_u64(args, 0, &call->addr) || !arg_u64(args, 1, &call->len) ||
	    !strace_arg(args, 2, &call->text))
		return false;
	switch (flags_value(call->text, advice_words,
			    ARRAY_SIZE(advice_words))) {
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
	call->flags = flags_value(flags, clone_words, ARRAY_SIZE(clone_words));
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
		return arg_u64(args, 0, &call->addr) &&
		       arg_u64(args, 1, &call->len) && arg_prot(call, args, 2);
	case CALL_MADVISE:
		return parse_madvise(call, args);
	case CALL_BRK:
		return arg_u64(args, 0, &call->addr);
	case CALL_FORK:
		return parse_fork(call, name, args);
	case CALL_EXEC:
	case CALL_OPEN:
		return parse_path(call, args);
	case CALL_EXIT:
	case CALL_EXIT_GROUP:
	case CALL_MEMORY:
	case CALL_OTHER:
		break;
	}
	return true;
}

static bool parse_result(struct call *call, struct span result)
{
	size_t len = 0;

	if (*result.p == '?')
		return true;
	call->has_result = true;
	if (!span_starts(result, "-1"))
		return number_len(result, &call->result);
	call->failed = true;
	result = span_trim(span_skip(result, 2));
	while (len < result.len && isalnum((unsigned char)result.p[len]))
		len++;
	call->err = errno_by_name(result.p, len);
	return true;
}

bool strace_call_parse(struct call *call, struct span name, struct span body)
{
	struct span args, result;

	*call = (struct call){ .kind = (u8)strace_call_kind(name), .fd = -1 };
	if (!strace_split_body(body, &args, &result) ||
	    !parse_args(call, name, args) || !parse_result(call, result))
		return false;
	if (call->kind == CALL_MEMORY)
		call->text = name;
	if (call->kind == CALL_OPEN)
		call->fd = call->result <= INT32_MAX ? (int)call->result : -1;
	return true;
}
