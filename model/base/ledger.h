/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: every object that a machine allocates, by kind.
 *
 * A machine's memory belongs to it alone: whatever mm and the reverse maps
 * allocate comes from the machine's ledger, which counts it, can make an
 * allocation fail, and knows at the end what was never freed.
 */
#ifndef RMAPDIFF_BASE_LEDGER_H
#define RMAPDIFF_BASE_LEDGER_H

#include <bsd/sys/queue.h>
#include "arena.h"
#include "types.h"

#define LEDGER_KIND_MAX 32

/* One kind of object; @size is what the kernel pays for one, in bytes. */
struct ledger_kind {
	const char *name;
	u32 size;
	u64 live;
	u64 peak;
	u64 total;
};

struct ledger_obj;
LIST_HEAD(ledger_objs, ledger_obj);

struct ledger {
	struct arena *arena; /* where everything comes from; NULL: malloc() */
	struct ledger_kind kinds[LEDGER_KIND_MAX];
	u32 nr_kinds;
	struct ledger_objs objs; /* all that is live */
	bool quarantine; /* what is freed is kept, see ledger_quarantine() */
	struct ledger_objs kept;
	u64 nr_live;
	u64 nr_allocs; /* asked for, failed ones included */
	u64 fail_in; /* this many allocations from now fails, 0: none */
	u64 nr_injected; /* allocations that were made to fail */
	u64 nr_failed; /* those, and where memory was out in earnest */
};

/* An empty ledger; @arena stays the caller's and may be NULL. */
void ledger_init(struct ledger *ledger, struct arena *arena);

/*
 * Frees every live object without a word; the ledger is empty after.  With an
 * arena it only forgets them: resetting the arena is up to its owner.
 */
void ledger_destroy(struct ledger *ledger);

/*
 * Registers a kind and returns its number; the same @name again returns the
 * same number.  @name must outlive the ledger; @size is the kernel's, in bytes.
 * At most LEDGER_KIND_MAX kinds: one more is a programming error and aborts.
 */
u32 ledger_kind(struct ledger *ledger, const char *name, u32 size);

/*
 * A zeroed object of @size bytes, owned by the caller; NULL when memory is out
 * or when this allocation was chosen to fail.
 */
void *ledger_alloc(struct ledger *ledger, u32 kind, size_t size);

/* Gives @obj back; NULL is allowed. */
void ledger_free(struct ledger *ledger, void *obj);

/*
 * From now on, what is freed counts as freed but is kept, so that whoever still
 * has it can be told; ledger_release() frees it in earnest.  Under
 * AddressSanitizer it must not be touched meanwhile.
 */
void ledger_quarantine(struct ledger *ledger);
void ledger_release(struct ledger *ledger);

/* Was @obj not freed since ledger_quarantine()? */
bool ledger_is_live(const void *obj);

/*
 * Memory that a machine needs and no kernel would have: not counted, not made to
 * fail, and where the machine's objects are.  Zeroed; NULL when memory is out.
 * Sizes are those that were asked for; growing keeps what was there.
 */
void *ledger_tool_alloc(struct ledger *ledger, size_t size);
void *ledger_tool_grow(struct ledger *ledger, void *mem, size_t size,
		       size_t new_size);
void ledger_tool_free(struct ledger *ledger, void *mem, size_t size);

/* Makes the @nth allocation from here on fail, once; 0 takes that back. */
void ledger_fail_nth(struct ledger *ledger, u64 nth);

/*
 * Asks whether an allocation that is freed again before anyone could look,
 * such as the maple tree's preallocation, would succeed.
 */
bool ledger_may_alloc(struct ledger *ledger);

#endif
