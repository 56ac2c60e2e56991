// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include "divergence.h"

static const char *const kind_names[NR_DIVERGENCE_KINDS] = {
	[DIVERGENCE_NONE] = "none",
	[DIVERGENCE_MISS] = "miss",
	[DIVERGENCE_DUPLICATE] = "duplicate",
	[DIVERGENCE_STRAY] = "stray",
	[DIVERGENCE_REFCOUNT] = "refcount",
	[DIVERGENCE_INVARIANT] = "invariant",
	[DIVERGENCE_STATE] = "state",
	[DIVERGENCE_LEAK] = "leak",
	[DIVERGENCE_CONTENT] = "content",
	[DIVERGENCE_RACE] = "race",
	[DIVERGENCE_DEADLOCK] = "deadlock",
};

const char *divergence_kind_name(enum divergence_kind kind)
{
	return kind_names[kind];
}

static void set(struct divergence *div, enum divergence_kind kind, int sign,
		const char *fmt, va_list args)
{
	if (div->kind != DIVERGENCE_NONE)
		return;
	div->kind = kind;
	div->sign = sign;
	vsnprintf(div->text, sizeof(div->text), fmt, args);
}

void divergence_set(struct divergence *div, enum divergence_kind kind,
		    const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(div, kind, 0, fmt, args);
	va_end(args);
}

void divergence_set_count(struct divergence *div, u64 is, u64 expected,
			  const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(div, DIVERGENCE_REFCOUNT, (is > expected) - (is < expected), fmt,
	    args);
	va_end(args);
}
