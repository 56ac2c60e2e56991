/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How words become a fingerprint: two lanes of multiplying and folding, of which
 * the second takes in the first.
 */
#ifndef RMAPDIFF_STATE_FINGERPRINT_HASH_H
#define RMAPDIFF_STATE_FINGERPRINT_HASH_H

#include "fingerprint.h"

static inline u64 fold(u64 value, u64 odd)
{
	value *= odd;
	value ^= value >> 29;
	value *= 0xbf58476d1ce4e5b9ULL;
	return value ^ value >> 32;
}

static inline void word(struct fingerprint *hash, u64 value)
{
	hash->lo = fold(hash->lo ^ value, 0x9e3779b97f4a7c15ULL) + 1;
	hash->hi = fold(hash->hi + value, 0xd6e8feb86659fd93ULL) ^ hash->lo;
}

static const struct fingerprint hash_start = {
	.lo = 0x243f6a8885a308d3ULL,
	.hi = 0x13198a2e03707344ULL,
};

static inline int hash_cmp(const struct fingerprint *a,
			   const struct fingerprint *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

#endif
