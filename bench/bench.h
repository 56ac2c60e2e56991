/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measuring: what the files of bench/ share.
 *
 * Each measurement is printed as one line, "NAME<tab>NUMBER"; scripts/bench makes
 * tables, JSON and pictures of them.  All times are CPU time, in seconds.
 */
#ifndef RMAPDIFF_BENCH_BENCH_H
#define RMAPDIFF_BENCH_BENCH_H

#include "../model/scenario/replay.h"

#define BENCH_OPS 64 /* of each scenario of a mix */
#define BENCH_SCENARIOS 400

struct mix {
	const char *name;
	const char *text; /* what is in it */
	/* The same @seed, the same scenario.  0 or -ENOMEM. */
	int (*make)(struct scenario *sc, u64 seed);
};

/* NULL: there is none of that name. */
const struct mix *mix_find(const char *name);
extern const struct mix mixes[];
extern const u32 nr_mixes;

/* Scenarios with the seeds 1 to @nr; ends the program when memory is out. */
struct scenario *mix_scenarios(const struct mix *mix, u32 nr);
void mix_free(struct scenario *scenarios, u32 nr);

/* CPU time of this process, and of it and all its children that have ended. */
double cpu_seconds(void);
double cpu_seconds_with_children(void);

/* Both reverse maps beside each other. */
struct replay_config bench_config(enum replay_check check);

/* The middle one of @nr numbers, which are put in order. */
double median(double *numbers, u32 nr);

void print_number(const char *name, double number);
void die(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* The subcommands: exit statuses. */
int bench_kernel(const struct mix *mix);
int bench_vmas(bool near); /* each place near the one before */
int bench_processes(void);
int bench_walk(void);

#endif
