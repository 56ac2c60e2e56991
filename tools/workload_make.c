// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the workloads are made of: operations, processes, chance.
 */
#include <errno.h>
#include <string.h>
#include "../model/mm/mm.h"
#include "workload.h"

/* splitmix64 */
static u64 workload_random(struct workload_maker *mk)
{
	u64 z = mk->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

u32 workload_pick(struct workload_maker *mk, u32 nr)
{
	return (u32)((workload_random(mk) >> 32) * nr >> 32);
}

bool workload_chance(struct workload_maker *mk, u64 percent)
{
	return workload_pick(mk, 100) < percent;
}

static void emit_op(struct workload_maker *mk, struct op op)
{
	if (mk->err)
		return;
	if (op.kind != OP_EXIT && op.kind != OP_MIGRATE)
		op.flags |= OP_HAS_EXPECTED;
	if (op_takes(op.kind, FIELD_CHILD))
		mk->err = scenario_name_slots(mk->sc, op.child + 1);
	/* A maker that names a process that is not alive is wrong. */
	if (!mk->err && !live_apply(&mk->live, &op))
		mk->err = -EINVAL;
	if (!mk->err)
		mk->err = scenario_add(mk->sc, &op);
}

void make_mmap(struct workload_maker *mk, u32 proc, u64 page, u64 len,
	       enum op_prot prot)
{
	emit_op(mk, (struct op){ .kind = OP_MMAP,
				 .proc = proc,
				 .page = page,
				 .len = len,
				 .prot = (u8)prot });
}

void make_mmap_file(struct workload_maker *mk, u32 proc, u64 page, u64 len,
		    enum op_prot prot, u32 file, u64 off)
{
	emit_op(mk, (struct op){ .kind = OP_MMAP,
				 .flags = OP_HAS_FILE,
				 .proc = proc,
				 .page = page,
				 .len = len,
				 .prot = (u8)prot,
				 .file = (u8)file,
				 .off = off });
}

void make_munmap(struct workload_maker *mk, u32 proc, u64 page, u64 len)
{
	emit_op(mk, (struct op){ .kind = OP_MUNMAP,
				 .proc = proc,
				 .page = page,
				 .len = len });
}

void make_mprotect(struct workload_maker *mk, u32 proc, u64 page, u64 len,
		   enum op_prot prot)
{
	emit_op(mk, (struct op){ .kind = OP_MPROTECT,
				 .proc = proc,
				 .page = page,
				 .len = len,
				 .prot = (u8)prot });
}

void make_move(struct workload_maker *mk, u32 proc, u64 page, u64 len, u64 to,
	       u8 flags)
{
	emit_op(mk, (struct op){ .kind = OP_MREMAP,
				 .flags = flags | OP_HAS_TO,
				 .proc = proc,
				 .page = page,
				 .len = len,
				 .new_len = len,
				 .to = to });
}

void make_read(struct workload_maker *mk, u32 proc, u64 page, u64 len)
{
	emit_op(mk, (struct op){ .kind = OP_READ,
				 .proc = proc,
				 .page = page,
				 .len = len });
}

void make_write(struct workload_maker *mk, u32 proc, u64 page, u64 len)
{
	emit_op(mk, (struct op){ .kind = OP_WRITE,
				 .proc = proc,
				 .page = page,
				 .len = len });
}

/* One write for pages side by side. */
void make_writes(struct workload_maker *mk, u32 proc, u64 page, u64 len,
		 u64 percent)
{
	u64 run = 0;

	for (u64 i = 0; i < len; i++) {
		if (workload_chance(mk, percent)) {
			run++;
			continue;
		}
		if (run)
			make_write(mk, proc, page + i - run, run);
		run = 0;
	}
	if (run)
		make_write(mk, proc, page + len - run, run);
}

static u32 add_child(struct workload_maker *mk, enum op_kind kind, u32 proc)
{
	u32 child = live_lowest_free(&mk->live);

	if (child == SCENARIO_PROCS_MAX && !mk->err)
		mk->err = -EINVAL;
	emit_op(mk,
		(struct op){ .kind = (u8)kind, .proc = proc, .child = child });
	return child;
}

u32 make_fork(struct workload_maker *mk, u32 proc)
{
	return add_child(mk, OP_FORK, proc);
}

u32 make_vfork(struct workload_maker *mk, u32 proc)
{
	return add_child(mk, OP_VFORK, proc);
}

void make_exec(struct workload_maker *mk, u32 proc)
{
	emit_op(mk, (struct op){ .kind = OP_EXEC, .proc = proc });
}

void make_exit(struct workload_maker *mk, u32 proc)
{
	emit_op(mk, (struct op){ .kind = OP_EXIT, .proc = proc });
}

void make_migrate(struct workload_maker *mk, u32 proc, u64 page)
{
	emit_op(mk,
		(struct op){ .kind = OP_MIGRATE, .proc = proc, .page = page });
}

void make_library(struct workload_maker *mk, u32 proc, u64 page, u32 file,
		  u64 off)
{
	u64 data = page + LIBRARY_TEXT + 1;

	make_mmap_file(mk, proc, page, LIBRARY_TEXT, OP_PROT_R, file, 0);
	make_read(mk, proc, page, 1);
	make_mmap_file(mk, proc, data, LIBRARY_DATA, OP_PROT_RW, file, off);
	make_write(mk, proc, data, LIBRARY_DATA);
	make_mprotect(mk, proc, data, LIBRARY_DATA / 2, OP_PROT_R);
}

u64 library_data(u64 page)
{
	return page + LIBRARY_TEXT + 1 + LIBRARY_DATA / 2;
}

#define LIBRARIES 0x6000000ULL

/* Libraries are of all sizes, but most are small: few offsets for all data. */
void make_libraries(struct workload_maker *mk, u32 proc, u64 nr)
{
	for (u64 i = 0; i < nr && !mk->err; i++)
		make_library(mk, proc, LIBRARIES + i * LIBRARY_STRIDE,
			     (u32)(i % NR_FILES),
			     LIBRARY_TEXT + workload_pick(mk, 64));
}

int workload_make(const struct workload *workload, struct scenario *sc,
		  u64 seed, u32 size, const u64 params[WORKLOAD_PARAMS_MAX])
{
	struct workload_maker mk = { .sc = sc, .random = seed, .size = size };

	memcpy(mk.params, params, sizeof(mk.params));
	live_init(&mk.live);
	workload->make(&mk);
	return mk.err;
}
