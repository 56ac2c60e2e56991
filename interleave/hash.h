/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash of many bytes, fast: four lanes, each of which multiplies 16 bytes at a
 * time and folds the 128 bits of the product.  Two words come of it.
 */
#ifndef RMAPDIFF_INTERLEAVE_HASH_H
#define RMAPDIFF_INTERLEAVE_HASH_H

#include <string.h>
#include "../model/base/types.h"

#define HASH_LANES 4
#define HASH_BLOCK (16 * HASH_LANES)

struct hash {
	u64 lane[HASH_LANES];
};

static const struct hash hash_start = {
	.lane = { 0x243f6a8885a308d3ULL, 0x13198a2e03707344ULL,
		  0xa4093822299f31d0ULL, 0x082efa98ec4e6c89ULL },
};

static inline u64 hash_mul(u64 a, u64 b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 product = (unsigned __int128)a * b;

	return (u64)product ^ (u64)(product >> 64);
#else
	u64 low = (u64)(u32)a * (u32)b, high = (a >> 32) * (b >> 32);
	u64 cross = (a >> 32) * (u32)b + (low >> 32);
	u64 other = (u64)(u32)a * (b >> 32) + (u32)cross;

	return (a * b) ^ (high + (cross >> 32) + (other >> 32));
#endif
}

/*
 * A word that is by chance what it is taken with would make a lane forget; there
 * are 2^64 others.
 */
static inline void hash_block(struct hash *hash, const u8 *block)
{
	static const u64 with[HASH_LANES] = {
		0x9e3779b97f4a7c15ULL,
		0xe7037ed1a0b428dbULL,
		0x8ebc6af09c88c6e3ULL,
		0x589965cc75374cc3ULL,
	};

	for (u32 i = 0; i < HASH_LANES; i++) {
		u64 words[2];

		memcpy(words, block + 16 * i, sizeof(words));
		hash->lane[i] =
			hash_mul(words[0] ^ with[i], words[1] ^ hash->lane[i]);
	}
}

static inline void hash_word(struct hash *hash, u64 word)
{
	hash->lane[0] = hash_mul(hash->lane[0] ^ word, 0xd6e8feb86659fd93ULL) +
			hash->lane[1];
	hash->lane[1] = hash_mul(hash->lane[1] + word, 0xbf58476d1ce4e5b9ULL) ^
			word;
}

static inline void hash_bytes(struct hash *hash, const void *bytes, size_t size)
{
	const u8 *at = bytes;
	u8 rest[HASH_BLOCK] = { 0 };

	hash_word(hash, size);
	for (; size >= HASH_BLOCK; size -= HASH_BLOCK, at += HASH_BLOCK)
		hash_block(hash, at);
	if (!size)
		return;
	memcpy(rest, at, size);
	hash_block(hash, rest);
}

static inline void hash_end(const struct hash *hash, u64 words[2])
{
	const u64 *lane = hash->lane;

	words[0] = hash_mul(lane[0] ^ lane[2], lane[1] + lane[3]) ^ lane[0];
	words[1] = hash_mul(lane[1] ^ 0x94d049bb133111ebULL,
			    lane[2] + (lane[3] << 17 | lane[3] >> 47)) +
		   hash_mul(lane[3] ^ words[0], 0x2545f4914f6cdd1dULL);
}

#endif
