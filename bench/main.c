// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapbench: one measurement a call; scripts/bench calls it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "../model/rmap/rmaps.h"
#include "bench.h"

#define ROUNDS 5
#define ROUND_SECONDS 0.6

static const char usage[] =
	"Usage: rmapbench replay MIX CHECK    operations a second of the replay;\n"
	"                                     CHECK: touched, all or none\n"
	"       rmapbench kernel MIX          the same on the running kernel\n"
	"       rmapbench vmas                what an operation costs, by VMAs\n"
	"       rmapbench near                the same, each next to the last\n"
	"       rmapbench processes           the same, by processes\n"
	"       rmapbench walk                walks of an exclusive folio\n"
	"       rmapbench inputs MIX DIR      the scenarios as fuzz inputs\n"
	"       rmapbench mix MIX             what the scenarios are made of\n"
	"MIX: fork or random.\n";

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("rmapbench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

void print_number(const char *name, double number)
{
	printf("%s\t%.6g\n", name, number);
	fflush(stdout);
}

double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds_of(int who)
{
	struct rusage spent;

	getrusage(who, &spent);
	return (double)(spent.ru_utime.tv_sec + spent.ru_stime.tv_sec) +
	       (double)(spent.ru_utime.tv_usec + spent.ru_stime.tv_usec) * 1e-6;
}

double cpu_seconds_with_children(void)
{
	return seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
}

static int double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double median(double *numbers, u32 nr)
{
	qsort(numbers, nr, sizeof(*numbers), double_cmp);
	return numbers[nr / 2];
}

struct replay_config bench_config(enum replay_check check)
{
	return (struct replay_config){
		.machine = {
			.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
			.nr_rmaps = 2,
		},
		.check = check,
	};
}

/* Replay. */

static u64 replay_each(const struct scenario *scenarios, u32 nr,
		       const struct replay_config *config)
{
	struct replay_result result;
	u64 ops = 0;

	for (u32 i = 0; i < nr; i++) {
		if (replay(&scenarios[i], config, &result))
			die("out of memory");
		if (result.diverged)
			die("scenario %u diverges: %s", i + 1,
			    result.report.text);
		ops += result.ops;
	}
	return ops;
}

static double ops_a_second(const struct scenario *scenarios, u32 nr,
			   const struct replay_config *config)
{
	double began = cpu_seconds(), now;
	u64 ops = 0;

	do {
		ops += replay_each(scenarios, nr, config);
		now = cpu_seconds();
	} while (now - began < ROUND_SECONDS);
	return (double)ops / (now - began);
}

static int bench_replay(const struct mix *mix, enum replay_check check)
{
	struct scenario *scenarios = mix_scenarios(mix, BENCH_SCENARIOS);
	struct replay_config config = bench_config(check);
	double rounds[ROUNDS];

	config.machine.arena = arena_for_speed();
	replay_each(scenarios, BENCH_SCENARIOS, &config);
	for (u32 i = 0; i < ROUNDS; i++)
		rounds[i] = ops_a_second(scenarios, BENCH_SCENARIOS, &config);
	print_number("ops_s", median(rounds, ROUNDS));
	arena_destroy(config.machine.arena);
	mix_free(scenarios, BENCH_SCENARIOS);
	return 0;
}

static enum replay_check check_by_name(const char *name)
{
	if (!strcmp(name, "touched"))
		return REPLAY_CHECK_TOUCHED;
	if (!strcmp(name, "all"))
		return REPLAY_CHECK_ALL;
	if (!strcmp(name, "none"))
		return REPLAY_CHECK_NONE;
	die("'%s': expected touched, all or none", name);
}

/* Mixes. */

static int write_inputs(const struct mix *mix, const char *dir)
{
	struct scenario *scenarios = mix_scenarios(mix, BENCH_SCENARIOS);

	for (u32 i = 0; i < BENCH_SCENARIOS; i++) {
		struct scenario_error err;
		char path[4096];
		u8 *bytes;
		size_t len;
		FILE *file;

		if (scenario_encode(&scenarios[i], &bytes, &len, &err))
			die("scenario %u has no bytes: %s", i + 1, err.text);
		snprintf(path, sizeof(path), "%s/%03u", dir, i + 1);
		file = fopen(path, "wb");
		if (!file || fwrite(bytes, 1, len, file) != len || fclose(file))
			die("%s: cannot write it: %s", path, strerror(errno));
		free(bytes);
	}
	mix_free(scenarios, BENCH_SCENARIOS);
	return 0;
}

struct shares {
	u64 kind[NR_OPS];
	u64 refused;
};

static void count_op(void *arg, u32 op_nr, int result, struct machine *machine)
{
	struct shares *shares = arg;

	shares->refused += !!result;
}

static int print_mix(const struct mix *mix)
{
	struct scenario *scenarios = mix_scenarios(mix, BENCH_SCENARIOS);
	struct replay_config config = bench_config(REPLAY_CHECK_NONE);
	struct shares shares = { .refused = 0 };
	u64 ops;

	config.after_op = count_op;
	config.arg = &shares;
	ops = replay_each(scenarios, BENCH_SCENARIOS, &config);
	for (u32 i = 0; i < BENCH_SCENARIOS; i++)
		for (u32 k = 0; k < scenarios[i].nr_ops; k++)
			shares.kind[scenarios[i].ops[k].kind]++;
	for (u32 kind = 0; kind < NR_OPS; kind++)
		print_number(op_infos[kind].name,
			     100.0 * (double)shares.kind[kind] / (double)ops);
	print_number("refused", 100.0 * (double)shares.refused / (double)ops);
	mix_free(scenarios, BENCH_SCENARIOS);
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	const struct mix *mix = argc > 2 ? mix_find(argv[2]) : NULL;

	if (argc == 2 && !strcmp(command, "vmas"))
		return bench_vmas(false);
	if (argc == 2 && !strcmp(command, "near"))
		return bench_vmas(true);
	if (argc == 2 && !strcmp(command, "processes"))
		return bench_processes();
	if (argc == 2 && !strcmp(command, "walk"))
		return bench_walk();
	if (mix && argc == 4 && !strcmp(command, "replay"))
		return bench_replay(mix, check_by_name(argv[3]));
	if (mix && argc == 4 && !strcmp(command, "inputs"))
		return write_inputs(mix, argv[3]);
	if (mix && argc == 3 && !strcmp(command, "kernel"))
		return bench_kernel(mix);
	if (mix && argc == 3 && !strcmp(command, "mix"))
		return print_mix(mix);
	fputs(usage, stderr);
	return 2;
}
