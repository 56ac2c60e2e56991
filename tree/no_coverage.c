// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tree's instrumented objects call where no fuzzer is linked in.
 */
#include "../model/base/types.h"

#define NOTHING(name, ...)      \
	void name(__VA_ARGS__); \
	void name(__VA_ARGS__)  \
	{                       \
	}

#define NO_COMPARISON(size, type)                                           \
	NOTHING(__sanitizer_cov_trace_cmp##size, type a __unused_arg,       \
		type b __unused_arg)                                        \
	NOTHING(__sanitizer_cov_trace_const_cmp##size, type a __unused_arg, \
		type b __unused_arg)
#define __unused_arg __attribute__((unused))

NOTHING(__sanitizer_cov_8bit_counters_init, char *start __unused_arg,
	char *end __unused_arg)
NOTHING(__sanitizer_cov_pcs_init, const u64 *start __unused_arg,
	const u64 *end __unused_arg)
NOTHING(__sanitizer_cov_trace_switch, u64 value __unused_arg,
	u64 *cases __unused_arg)
NO_COMPARISON(1, u8)
NO_COMPARISON(2, u16)
NO_COMPARISON(4, u32)
NO_COMPARISON(8, u64)
