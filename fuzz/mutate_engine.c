// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine's side of mutation: libFuzzer, and whoever has its interface, finds
 * these by name.  Others leave them alone.
 *
 * Compiled for each target: FUZZ_PREFIX is how many bytes of its input are not
 * operations but say something else, FUZZ_FAILALLOC whether it does anything for
 * failalloc, FUZZ_PARALLEL whether operations run at the same time, FUZZ_CANDIDATE what it replays on beside anon_vma.
 *
 * RMAPDIFF_FUZZ_MUTATOR=on|off|random in the environment: with `off` all is left
 * to the engine's own mutations, with `random` each input is a new one of
 * scenario_generate(), whatever the corpus has: both to compare with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "mutate.h"

#ifndef FUZZ_PREFIX
#define FUZZ_PREFIX 0
#endif
#ifndef FUZZ_FAILALLOC
#define FUZZ_FAILALLOC true
#endif
#ifndef FUZZ_PARALLEL
#define FUZZ_PARALLEL false
#endif
#ifndef FUZZ_CANDIDATE
#define FUZZ_CANDIDATE cow_context_rmap_ops
#endif
static const size_t prefix = FUZZ_PREFIX;

/* Of 100 mutations, how many are the engine's own. */
#define ENGINE_SHARE 4

/* libFuzzer has it; with other engines it may be missing. */
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max_size)
	__attribute__((weak));
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size,
			       unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const u8 *data1, size_t size1, const u8 *data2,
				 size_t size2, u8 *out, size_t max_out_size,
				 unsigned int seed);

enum mode {
	MODE_ON,
	MODE_OFF,
	MODE_RANDOM,
};

static enum mode mode_from_environment(void)
{
	const char *mode = getenv("RMAPDIFF_FUZZ_MUTATOR");

	if (!mode || !*mode || !strcmp(mode, "on"))
		return MODE_ON;
	if (!strcmp(mode, "off"))
		return MODE_OFF;
	if (!strcmp(mode, "random"))
		return MODE_RANDOM;
	fprintf(stderr,
		"RMAPDIFF_FUZZ_MUTATOR '%s': expected on, off or random\n",
		mode);
	exit(2);
}

/* Neighbouring seeds are common; what comes of them should not be alike. */
static u64 spread(unsigned int seed)
{
	u64 z = (seed + 1ULL) * 0x9e3779b97f4a7c15ULL;

	return (z ^ z >> 32) * 0xd6e8feb86659fd93ULL;
}

static size_t cut(size_t size, size_t max_size)
{
	return size < max_size ? size : max_size;
}

static size_t mutate_by_engine(u8 *data, size_t size, size_t max_size)
{
	if (!LLVMFuzzerMutate || !max_size)
		return size;
	return LLVMFuzzerMutate(data, size, max_size);
}

/* A number, little-endian, as likely small as large; mostly it stays. */
static void change_prefix(u8 *data, u64 random)
{
	u64 number = random >> 40;

	if (random >> 8 & 3)
		return;
	number >>= random % (8 * prefix + 1) + 24 - 8 * prefix;
	for (size_t i = 0; i < prefix; i++)
		data[i] = (u8)(number >> 8 * i);
}

static size_t mutate_ops(const struct mutate *mu, bool random, u8 *data,
			 size_t size, const u8 *other, size_t other_size)
{
	if (random)
		return mutate_generate(mu, data, size);
	if (LLVMFuzzerMutate && mu->room &&
	    (mu->seed >> 16) % 100 < ENGINE_SHARE) {
		size = LLVMFuzzerMutate(data, size, mu->room);
		return mutate_canonical(mu, data, size);
	}
	if (other_size > prefix)
		return mutate_splice(mu, data, size, other + prefix,
				     other_size - prefix);
	return mutate_edit(mu, data, size);
}

/* @size <= @max_size */
static size_t mutate(u8 *data, size_t size, size_t max_size, const u8 *other,
		     size_t other_size, unsigned int seed)
{
	enum mode mode = mode_from_environment();
	struct mutate mu = {
		.seed = spread(seed),
		.failalloc = FUZZ_FAILALLOC,
		.parallel = FUZZ_PARALLEL,
		.candidate = &FUZZ_CANDIDATE,
	};

	if (mode == MODE_OFF || max_size <= prefix)
		return mutate_by_engine(data, size, max_size);
	if (size <= prefix) {
		memset(data + size, 0, prefix - size);
		size = prefix;
	}
	if (prefix)
		change_prefix(data, mu.seed);
	mu.room = max_size - prefix;
	return prefix + mutate_ops(&mu, mode == MODE_RANDOM, data + prefix,
				   size - prefix, other, other_size);
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	return mutate(data, cut(size, max_size), max_size, NULL, 0, seed);
}

/*
 * libFuzzer chooses between mutator and crossover evenly, which is too much of
 * the latter: three in four are edits here, too.
 */
size_t LLVMFuzzerCustomCrossOver(const u8 *data1, size_t size1, const u8 *data2,
				 size_t size2, u8 *out, size_t max_out_size,
				 unsigned int seed)
{
	bool edit = spread(seed) >> 24 & 3;

	size1 = cut(size1, max_out_size);
	if (size1)
		memcpy(out, data1, size1);
	return mutate(out, size1, max_out_size, data2, edit ? 0 : size2, seed);
}
