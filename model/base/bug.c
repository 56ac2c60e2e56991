// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "bug.h"

struct switch_info {
	const char *name;
	const char *text;
};

static const struct switch_info bug_infos[NR_BUGS] = {
#define BUG(id, owner, name_, text_) \
	[BUG_##id] = { .name = name_, .text = text_ },
#include "bugs.def"
#undef BUG
};

static const enum bug_owner bug_owners[NR_BUGS] = {
#define BUG(id, owner, name, text) [BUG_##id] = BUG_OF_##owner,
#include "bugs.def"
#undef BUG
};

static const struct switch_info fix_infos[NR_FIXES] = {
#define FIX(id, name_, text_) [FIX_##id] = { .name = name_, .text = text_ },
#include "fixes.def"
#undef FIX
};

const char *bug_name(enum bug bug)
{
	return bug_infos[bug].name;
}

const char *bug_text(enum bug bug)
{
	return bug_infos[bug].text;
}

enum bug_owner bug_owner(enum bug bug)
{
	return bug_owners[bug];
}

const char *bug_owner_name(enum bug_owner owner)
{
	static const char *const names[NR_BUG_OWNERS] = {
		[BUG_OF_MM] = "mm",
		[BUG_OF_ANON_VMA] = "anon_vma",
		[BUG_OF_COW_CONTEXT] = "cow_context",
	};

	return names[owner];
}

const char *fix_name(enum fix fix)
{
	return fix_infos[fix].name;
}

const char *fix_text(enum fix fix)
{
	return fix_infos[fix].text;
}

enum bug bug_find(const char *name)
{
	u32 bug;

	for (bug = 0; bug < NR_BUGS; bug++)
		if (!strcmp(bug_infos[bug].name, name))
			return bug;
	return NR_BUGS;
}

enum fix fix_find(const char *name)
{
	u32 fix;

	for (fix = 0; fix < NR_FIXES; fix++)
		if (!strcmp(fix_infos[fix].name, name))
			return fix;
	return NR_FIXES;
}

bool fix_switch(struct bugs *bugs, const char *name)
{
	bool on = *name != '-';
	enum fix fix;

	if (!on)
		name++;
	fix = fix_find(name);
	if (!strcmp(name, "all"))
		memset(bugs->fixed, on, sizeof(bugs->fixed));
	else if (fix != NR_FIXES)
		bugs->fixed[fix] = on;
	else
		return false;
	return true;
}
