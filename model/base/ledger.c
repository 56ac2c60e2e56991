// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every object has a header in front of it:
 *
 *	malloc()                 what the caller gets, aligned to 16
 *	|                        |
 *	v                        v
 *	+------------------------+------------------------+
 *	| list links, kind, size | the object, zeroed     |
 *	+------------------------+------------------------+
 *
 * malloc() and free() are underneath, so that ASan sees each use after free,
 * unless the machine is to be saved and restored: then it lives in an arena.
 */
#include <stdlib.h>
#include <string.h>
#include "asan.h"
#include "ledger.h"

struct ledger_obj {
	LIST_ENTRY(ledger_obj) entry; /* in ledger->objs, or kept */
	u16 kind;
	bool freed; /* it is kept */
	size_t size; /* with this header */
} __attribute__((aligned(16)));

static void *obj_to_user(struct ledger_obj *obj)
{
	return obj + 1;
}

static struct ledger_obj *obj_of_user(void *user)
{
	return (struct ledger_obj *)user - 1;
}

static void *ledger_take(struct ledger *ledger, size_t size)
{
	return ledger->arena ? arena_alloc(ledger->arena, size) : malloc(size);
}

static void give_back(struct ledger *ledger, void *mem, size_t size)
{
	if (ledger->arena)
		arena_free(ledger->arena, mem, size);
	else
		free(mem);
}

void ledger_init(struct ledger *ledger, struct arena *arena)
{
	memset(ledger, 0, sizeof(*ledger));
	ledger->arena = arena;
	LIST_INIT(&ledger->objs);
	LIST_INIT(&ledger->kept);
}

void ledger_destroy(struct ledger *ledger)
{
	struct ledger_obj *obj, *next;

	if (!ledger->arena)
		ledger_release(ledger);
	for (obj = ledger->arena ? NULL : LIST_FIRST(&ledger->objs); obj;
	     obj = next) {
		next = LIST_NEXT(obj, entry);
		free(obj);
	}
	ledger_init(ledger, ledger->arena);
}

void *ledger_tool_alloc(struct ledger *ledger, size_t size)
{
	void *mem = ledger_take(ledger, size);

	return mem ? memset(mem, 0, size) : NULL;
}

void *ledger_tool_grow(struct ledger *ledger, void *mem, size_t size,
		       size_t new_size)
{
	void *new = ledger_tool_alloc(ledger, new_size);

	if (!new)
		return NULL;
	if (mem)
		memcpy(new, mem, size);
	ledger_tool_free(ledger, mem, size);
	return new;
}

void ledger_tool_free(struct ledger *ledger, void *mem, size_t size)
{
	if (mem)
		give_back(ledger, mem, size);
}

u32 ledger_kind(struct ledger *ledger, const char *name, u32 size)
{
	u32 kind;

	for (kind = 0; kind < ledger->nr_kinds; kind++)
		if (!strcmp(ledger->kinds[kind].name, name))
			return kind;
	if (ledger->nr_kinds == LEDGER_KIND_MAX)
		abort();
	ledger->kinds[kind].name = name;
	ledger->kinds[kind].size = size;
	ledger->nr_kinds++;
	return kind;
}

bool ledger_may_alloc(struct ledger *ledger)
{
	ledger->nr_allocs++;
	if (!ledger->fail_in || --ledger->fail_in)
		return true;
	ledger->nr_injected++;
	ledger->nr_failed++;
	return false;
}

static void kind_count_new(struct ledger_kind *kind)
{
	kind->total++;
	kind->live++;
	kind->peak = max_u64(kind->peak, kind->live);
}

void *ledger_alloc(struct ledger *ledger, u32 kind, size_t size)
{
	struct ledger_obj *obj;

	if (kind >= ledger->nr_kinds)
		abort();
	if (!ledger_may_alloc(ledger))
		return NULL;
	obj = NULL;
	if (size <= SIZE_MAX - sizeof(*obj))
		obj = ledger_take(ledger, sizeof(*obj) + size);
	if (!obj) {
		ledger->nr_failed++;
		return NULL;
	}
	obj->kind = (u16)kind;
	obj->freed = false;
	obj->size = sizeof(*obj) + size;
	LIST_INSERT_HEAD(&ledger->objs, obj, entry);
	ledger->nr_live++;
	kind_count_new(&ledger->kinds[kind]);
	return memset(obj_to_user(obj), 0, size);
}

static void ledger_keep(struct ledger *ledger, struct ledger_obj *obj)
{
	obj->freed = true;
	LIST_INSERT_HEAD(&ledger->kept, obj, entry);
	ASAN_POISON_MEMORY_REGION(obj_to_user(obj), obj->size - sizeof(*obj));
}

void ledger_free(struct ledger *ledger, void *user)
{
	struct ledger_obj *obj;

	if (!user)
		return;
	obj = obj_of_user(user);
	LIST_REMOVE(obj, entry);
	ledger->nr_live--;
	ledger->kinds[obj->kind].live--;
	if (ledger->quarantine)
		ledger_keep(ledger, obj);
	else
		give_back(ledger, obj, obj->size);
}

void ledger_quarantine(struct ledger *ledger)
{
	ledger->quarantine = true;
}

void ledger_release(struct ledger *ledger)
{
	struct ledger_obj *obj;

	ledger->quarantine = false;
	while ((obj = LIST_FIRST(&ledger->kept))) {
		LIST_REMOVE(obj, entry);
		ASAN_UNPOISON_MEMORY_REGION(obj, obj->size);
		give_back(ledger, obj, obj->size);
	}
}

bool ledger_is_live(const void *obj)
{
	const struct ledger_obj *header = (const struct ledger_obj *)obj - 1;

	return !header->freed;
}

void ledger_fail_nth(struct ledger *ledger, u64 nth)
{
	ledger->fail_in = nth;
}
