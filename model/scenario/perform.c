// SPDX-License-Identifier: GPL-2.0-only
/*
 * One operation of a scenario, done on a machine.
 */
#include <errno.h>
#include "perform.h"

u64 replay_prot_flags(u8 prot)
{
	switch (prot) {
	case OP_PROT_RW:
		return VM_READ | VM_WRITE;
	case OP_PROT_R:
		return VM_READ;
	default:
		return VM_NONE;
	}
}

static u32 mremap_flags(const struct op *op)
{
	u32 flags = 0;

	if (op->flags & OP_HAS_TO)
		flags |= MREMAP_FIXED | MREMAP_MAYMOVE;
	if (op->flags & OP_DONTUNMAP)
		flags |= MREMAP_DONTUNMAP;
	return flags;
}

static int op_mmap(struct mm_struct *mm, u64 addr, const struct op *op)
{
	int file = op->flags & OP_HAS_FILE ? op->file : NO_FILE;

	return vm_mmap(mm, addr, op->len, replay_prot_flags(op->prot), file,
		       op->off);
}

static int op_read(struct mm_struct *mm, u64 addr, u64 len)
{
	int err = 0;

	for (u64 i = 0; i < len && !err; i++)
		err = mm_read(mm, addr + i);
	return err;
}

static int op_write(struct mm_struct *mm, u64 addr, u64 len, u32 op_nr)
{
	u64 value = replay_write_value(op_nr);
	int err = 0;

	for (u64 i = 0; i < len && !err; i++)
		err = mm_write(mm, addr + i, value + i);
	return err;
}

enum folio_work replay_folio_work(enum op_kind kind)
{
	switch (kind) {
	case OP_WALK:
		return FOLIO_WALK;
	case OP_RECLAIM:
		return FOLIO_RECLAIM;
	default:
		return FOLIO_MIGRATE;
	}
}

int replay_op_as(struct machine *machine, struct mm_struct *mm, u64 base,
		 const struct op *op, u32 op_nr)
{
	u64 addr = base + op->page;

	switch ((enum op_kind)op->kind) {
	case OP_MMAP:
		return op_mmap(mm, addr, op);
	case OP_MUNMAP:
		return vm_munmap(mm, addr, op->len);
	case OP_MPROTECT:
		return vm_mprotect(mm, addr, op->len,
				   replay_prot_flags(op->prot));
	case OP_MADVISE:
		return do_madvise(mm, addr, op->len,
				  (enum madvise_advice)op->advice);
	case OP_MREMAP:
		return vm_mremap(mm, addr, op->len, op->new_len,
				 mremap_flags(op), base + op->to);
	case OP_READ:
		return op_read(mm, addr, op->len);
	case OP_WRITE:
		return op_write(mm, addr, op->len, op_nr);
	case OP_FORK:
		return machine_fork_mm(machine, mm, op->child);
	case OP_VFORK:
		return machine_vfork(machine, op->proc, op->child);
	case OP_EXEC:
		return machine_exec(machine, op->proc);
	case OP_EXIT:
		return machine_exit(machine, op->proc);
	case OP_MIGRATE:
	case OP_WALK:
	case OP_RECLAIM:
		return mm_work(mm, addr,
			       replay_folio_work((enum op_kind)op->kind));
	case OP_FAILALLOC:
	case NR_OPS:
		break;
	}
	return -EINVAL;
}

int replay_op(struct machine *machine, const struct scenario *sc,
	      const struct op *op, u32 op_nr)
{
	struct mm_struct *mm;

	if (op->kind == OP_FAILALLOC) {
		ledger_fail_nth(&machine->ledger, op->len);
		return 0;
	}
	mm = machine_mm(machine, op->proc);
	if (!mm)
		return ESRCH;
	return -replay_op_as(machine, mm, sc->base, op, op_nr);
}
