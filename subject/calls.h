/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arguments of an operation as a kernel's system calls take them: every subject
 * that is a kernel needs the same.
 */
#ifndef RMAPDIFF_SUBJECT_CALLS_H
#define RMAPDIFF_SUBJECT_CALLS_H

#include "../model/scenario/op.h"

/* PROT_* of op->prot, for mmap(2) and mprotect(2). */
u64 prot_bits(u8 prot);

/* MADV_* of op->advice, for madvise(2). */
u64 advice_number(u8 advice);

/* MREMAP_* of an mremap, for mremap(2). */
u64 mremap_bits(const struct op *op);

#endif
