/* SPDX-License-Identifier: GPL-2.0-only */
/* EXECUTOR_FILE: the executor's program file; from the build. */
	.section .rodata
	.globl exec_binary
	.globl exec_binary_end
exec_binary:
	.incbin EXECUTOR_FILE
exec_binary_end:
	.byte 0
	.section .note.GNU-stack, "", @progbits
