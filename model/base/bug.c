// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "bug.h"

struct bug_info {
	const char *name;
	const char *text;
};

static const struct bug_info bug_infos[NR_BUGS] = {
#define BUG(id, name_, text_) [BUG_##id] = { .name = name_, .text = text_ },
#include "bugs.def"
#undef BUG
};

const char *bug_name(enum bug bug)
{
	return bug_infos[bug].name;
}

const char *bug_text(enum bug bug)
{
	return bug_infos[bug].text;
}

enum bug bug_find(const char *name)
{
	u32 bug;

	for (bug = 0; bug < NR_BUGS; bug++)
		if (!strcmp(bug_infos[bug].name, name))
			return bug;
	return NR_BUGS;
}
