/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a kernel does not take a BPF program.
 */
#ifndef RMAPDIFF_KERNEL_BPF_LOAD_H
#define RMAPDIFF_KERNEL_BPF_LOAD_H

#include <stdbool.h>
#include <stddef.h>

struct btf;

/*
 * Write into @why, one line of at most @size bytes, why this kernel refused to
 * load the object file @elf, of @elf_size bytes, with the negative errno @err.
 */
void bpf_load_why(const void *elf, size_t elf_size, int err, char *why,
		  size_t size);

/*
 * Write into @lacks, separated by commas, what of kernel_types.h and which kernel
 * functions the program with the BTF @program needs and a kernel with the BTF
 * @kernel has not.  Returns false if there is nothing of that kind.
 */
bool btf_lacks(const struct btf *kernel, const struct btf *program, char *lacks,
	       size_t size);

#endif
