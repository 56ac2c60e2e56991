// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scenarios as real system calls of real processes.
 *
 * What is counted is CPU time of all processes that take part, on one CPU: fork,
 * exit and wait, page faults, system calls.  Not read back, nothing compared.
 * The processes are told what to do through shared memory and futexes; what that
 * costs is measured with a system call that does nothing, and taken off for each
 * operation.  So the number errs in the kernel's favour: what it does with a
 * scenario's operations and no more.  The kernel's own threads, which free page
 * tables after a grace period, are not in it either.
 */
#include <errno.h>
#include <stdio.h>
#include "../kernel/exec.h"
#include "bench.h"

#define ROUNDS 5
#define SCENARIOS 200
#define TELLS 20000

/* Does the scenarios; operations that their process was told to do, in @told. */
static u64 execute_each(struct executors *ex, const struct scenario *scenarios,
			u32 nr, u64 *told)
{
	u64 ops = 0;

	for (u32 i = 0; i < nr; i++) {
		const struct scenario *sc = &scenarios[i];
		int result;

		if (executors_begin(ex, sc))
			die("cannot begin a scenario");
		++*told;
		for (u32 k = 0; k < sc->nr_ops; k++) {
			if (sc->ops[k].kind == OP_MIGRATE)
				continue;
			if (executors_do(ex, sc, &sc->ops[k], k + 1, &result))
				die("an executor failed");
			*told += result != ESRCH && sc->ops[k].kind != OP_EXIT;
			ops++;
		}
		if (executors_end(ex))
			die("cannot end a scenario");
	}
	return ops;
}

/* Seconds that it takes to tell a process to do something: madvise of nothing. */
static double seconds_to_tell(struct executors *ex)
{
	const struct op op = { .kind = OP_MADVISE };
	double began = cpu_seconds_with_children();
	struct scenario sc;
	int result;

	if (scenario_init(&sc) || executors_begin(ex, &sc))
		die("cannot begin a scenario");
	for (u32 i = 0; i < TELLS; i++)
		if (executors_do(ex, &sc, &op, 1, &result))
			die("an executor failed");
	if (executors_end(ex))
		die("cannot end a scenario");
	scenario_free(&sc);
	return (cpu_seconds_with_children() - began) / TELLS;
}

int bench_kernel(const struct mix *mix)
{
	struct scenario *scenarios = mix_scenarios(mix, SCENARIOS);
	double net[ROUNDS], gross[ROUNDS], tell[ROUNDS];
	struct executors ex;
	char why[EXEC_WHY_MAX];

	if (executors_start(&ex, why)) {
		fprintf(stderr, "rmapbench: %s\n", why);
		return 77;
	}
	for (u32 i = 0; i < ROUNDS; i++) {
		double began = cpu_seconds_with_children(), seconds;
		u64 told = 0, ops;

		ops = execute_each(&ex, scenarios, SCENARIOS, &told);
		seconds = cpu_seconds_with_children() - began;
		tell[i] = seconds_to_tell(&ex);
		gross[i] = (double)ops / seconds;
		net[i] = (double)ops / (seconds - (double)told * tell[i]);
	}
	executors_stop(&ex);
	print_number("ops_s", median(net, ROUNDS));
	print_number("ops_s_with_telling", median(gross, ROUNDS));
	print_number("telling_us", 1e6 * median(tell, ROUNDS));
	mix_free(scenarios, SCENARIOS);
	return 0;
}
