// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table with linear probing.  It begins small, since most groups have few
 * states, and what was grown is kept for the next one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "seen.h"

#define FIRST_SIZE 4096

int seen_init(struct seen *seen, u32 max)
{
	*seen = (struct seen){
		.cap = FIRST_SIZE,
		.size = FIRST_SIZE,
		.max = max,
		.generation = 1,
	};
	seen->entries = calloc(seen->cap, sizeof(*seen->entries));
	return seen->entries ? 0 : -ENOMEM;
}

void seen_exit(struct seen *seen)
{
	free(seen->entries);
	memset(seen, 0, sizeof(*seen));
}

/* Generations do not come again before all that is old is wiped. */
static void next_generation(struct seen *seen)
{
	if (++seen->generation)
		return;
	memset(seen->entries, 0, seen->cap * sizeof(*seen->entries));
	seen->generation = 1;
}

void seen_clear(struct seen *seen)
{
	next_generation(seen);
	seen->size = FIRST_SIZE;
	seen->nr = 0;
	seen->full = false;
}

/* The entry of @key, or the free one where it belongs. */
static struct seen_entry *seen_find(const struct seen *seen,
				    const struct seen_key *key)
{
	u32 mask = seen->size - 1;
	u32 i = (u32)key->word[0] & mask;

	for (;; i = (i + 1) & mask) {
		struct seen_entry *entry = &seen->entries[i];

		if (entry->generation != seen->generation ||
		    (entry->key.word[0] == key->word[0] &&
		     entry->key.word[1] == key->word[1]))
			return entry;
	}
}

bool seen_has(const struct seen *seen, const struct seen_key *key, u32 left)
{
	const struct seen_entry *entry = seen_find(seen, key);

	return entry->generation == seen->generation && entry->left >= left;
}

static struct seen_entry *copy_of_all(const struct seen *seen)
{
	struct seen_entry *copy = malloc(seen->nr * sizeof(*copy));
	u32 nr = 0;

	for (u32 i = 0; copy && i < seen->size; i++)
		if (seen->entries[i].generation == seen->generation)
			copy[nr++] = seen->entries[i];
	return copy;
}

static bool seen_allocate(struct seen *seen, u32 size)
{
	struct seen_entry *entries;

	if (size <= seen->cap)
		return true;
	entries = calloc(size, sizeof(*entries));
	if (!entries)
		return false;
	free(seen->entries);
	seen->entries = entries;
	seen->cap = size;
	return true;
}

/* Twice the size; false when there is no memory, and it is as it was. */
static bool seen_grow(struct seen *seen)
{
	struct seen_entry *copy = copy_of_all(seen);
	bool grown = copy && seen_allocate(seen, 2 * seen->size);

	if (grown) {
		next_generation(seen);
		seen->size *= 2;
	}
	for (u32 i = 0; grown && i < seen->nr; i++) {
		struct seen_entry *entry = seen_find(seen, &copy[i].key);

		*entry = copy[i];
		entry->generation = seen->generation;
	}
	free(copy);
	return grown;
}

/* At most half of the entries are in use, so that probing ends soon. */
static bool has_room(struct seen *seen)
{
	if (seen->nr < seen->max &&
	    (2 * seen->nr < seen->size || seen_grow(seen)))
		return true;
	seen->full = true;
	return false;
}

bool seen_add(struct seen *seen, const struct seen_key *key, u32 left)
{
	struct seen_entry *entry = seen_find(seen, key);

	if (entry->generation == seen->generation) {
		if (entry->left >= left)
			return true;
		entry->left = left;
		return false;
	}
	if (!has_room(seen))
		return false;
	entry = seen_find(seen, key);
	*entry = (struct seen_entry){
		.key = *key,
		.generation = seen->generation,
		.left = left,
	};
	seen->nr++;
	return false;
}
