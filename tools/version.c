// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which rmapdiff this is: the only file that is compiled again for a new commit.
 */
#include "tools.h"
#include "version.h"

const char *rmapdiff_version(void)
{
	return RMAPDIFF_VERSION;
}
