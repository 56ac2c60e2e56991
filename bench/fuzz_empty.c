// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target that does nothing: what an execution costs without one.
 */
#include "../fuzz/common.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	return 0;
}
