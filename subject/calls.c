// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arguments of an operation as a kernel's system calls take them.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include "../model/mm/mm.h"
#include "calls.h"

u64 prot_bits(u8 prot)
{
	switch (prot) {
	case OP_PROT_RW:
		return PROT_READ | PROT_WRITE;
	case OP_PROT_R:
		return PROT_READ;
	}
	return PROT_NONE;
}

u64 advice_number(u8 advice)
{
	switch (advice) {
	case ADVICE_DONTNEED:
		return MADV_DONTNEED;
	case ADVICE_DONTFORK:
		return MADV_DONTFORK;
	case ADVICE_DOFORK:
		return MADV_DOFORK;
	case ADVICE_WIPEONFORK:
		return MADV_WIPEONFORK;
	}
	return MADV_KEEPONFORK;
}

u64 mremap_bits(const struct op *op)
{
	u64 flags = 0;

	if (op->flags & OP_HAS_TO)
		flags |= MREMAP_FIXED | MREMAP_MAYMOVE;
	if (op->flags & OP_DONTUNMAP)
		flags |= MREMAP_DONTUNMAP;
	return flags;
}
