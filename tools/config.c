// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options that say what a scenario is replayed on.
 */
#include <stdio.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "config.h"
#include "tools.h"

void config_init(struct replay_config *config)
{
	*config = (struct replay_config){
		.machine = {
			.rmaps = { &anon_vma_rmap_ops, &cow_context_rmap_ops },
			.nr_rmaps = 2,
		},
	};
}

bool config_is_option(int c)
{
	return c >= CONFIG_RMAP && c <= CONFIG_CHECK;
}

/*
 * anon_vma decides merges when it is there: it has no way to live with two of
 * its VMAs becoming one.
 */
static void put_decider_first(struct machine_config *config)
{
	for (u32 i = 1; i < config->nr_rmaps; i++) {
		if (config->rmaps[i] != &anon_vma_rmap_ops)
			continue;
		config->rmaps[i] = config->rmaps[0];
		config->rmaps[0] = &anon_vma_rmap_ops;
	}
}

static int add_rmap(const char *command, struct machine_config *config,
		    const char *name)
{
	const struct rmap_ops *ops = rmap_ops_find(name);

	if (!ops)
		return usage_error(command,
				   "--rmap '%s': no reverse map of that name; "
				   "see rmapdiff list",
				   name);
	for (u32 i = 0; i < config->nr_rmaps; i++)
		if (config->rmaps[i] == ops)
			return usage_error(command, "--rmap '%s': named twice",
					   name);
	if (config->nr_rmaps == RMAP_MAX)
		return usage_error(command, "--rmap: expected at most %d names",
				   RMAP_MAX);
	config->rmaps[config->nr_rmaps++] = ops;
	return 0;
}

/* Names, separated by commas, each once. */
static int parse_rmaps(const char *command, struct machine_config *config,
		       const char *arg)
{
	char name[64];
	int err;

	config->nr_rmaps = 0;
	for (const char *p = arg;; p++) {
		size_t len = strcspn(p, ",");

		snprintf(name, sizeof(name), "%.*s", (int)min_u64(len, 63), p);
		err = add_rmap(command, config, name);
		if (err)
			return err;
		p += len;
		if (!*p)
			break;
	}
	put_decider_first(config);
	return 0;
}

static int parse_as_of(const char *command, struct machine_config *config,
		       const char *arg)
{
	if (!strcmp(arg, "6.18"))
		config->as_of = KERNEL_6_18;
	else if (!strcmp(arg, "7.0"))
		config->as_of = KERNEL_7_0;
	else
		return usage_error(command,
				   "--as-of '%s': expected 6.18 or 7.0", arg);
	return 0;
}

static int parse_bug(const char *command, struct bugs *bugs, const char *arg)
{
	enum bug bug = bug_find(arg);

	if (bug == NR_BUGS)
		return usage_error(command,
				   "--bug '%s': no bug of that name; see "
				   "rmapdiff list",
				   arg);
	bugs->on[bug] = true;
	return 0;
}

/* "all" repairs everything; "-" before a name takes a repair away again. */
static int parse_fix(const char *command, struct bugs *bugs, const char *arg)
{
	if (*arg == '-' && fix_find(arg + 1) != NR_FIXES &&
	    !bugs->fixed[fix_find(arg + 1)])
		return usage_error(command,
				   "--fix '%s': it is not repaired; expected "
				   "--fix all before",
				   arg);
	if (!fix_switch(bugs, arg))
		return usage_error(command,
				   "--fix '%s': expected all or a name from "
				   "rmapdiff list, - before it to take it back",
				   arg);
	return 0;
}

static int parse_check(const char *command, struct replay_config *config,
		       const char *arg)
{
	static const char *const names[] = {
		[REPLAY_CHECK_TOUCHED] = "touched",
		[REPLAY_CHECK_ALL] = "all",
		[REPLAY_CHECK_BOTH] = "both",
		[REPLAY_CHECK_NONE] = "none",
		[REPLAY_CHECK_OWN] = "own",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(arg, names[i]))
			continue;
		config->check = (enum replay_check)i;
		return 0;
	}
	return usage_error(
		command,
		"--check '%s': expected touched, all, both, none or own", arg);
}

int config_take_option(const char *command, struct replay_config *config, int c)
{
	switch (c) {
	case CONFIG_RMAP:
		return parse_rmaps(command, &config->machine, optarg);
	case CONFIG_PURE:
		config->pure = true;
		return 0;
	case CONFIG_AS_OF:
		return parse_as_of(command, &config->machine, optarg);
	case CONFIG_BUG:
		return parse_bug(command, &config->machine.bugs, optarg);
	case CONFIG_FIX:
		return parse_fix(command, &config->machine.bugs, optarg);
	default:
		return parse_check(command, config, optarg);
	}
}

static bool compares(const struct replay_config *config,
		     const struct rmap_ops *ops)
{
	for (u32 i = 0; i < config->machine.nr_rmaps; i++)
		if (config->machine.rmaps[i] == ops)
			return true;
	return false;
}

static int check_bug(const char *command, const struct replay_config *config,
		     enum bug bug)
{
	for (u32 i = 0; i < config->machine.nr_rmaps; i++)
		if (rmap_has_bug(config->machine.rmaps[i], bug))
			return 0;
	return usage_error(command,
			   "--bug %s: none of --rmap has it; it is of %s",
			   bug_name(bug), bug_owner_name(bug_owner(bug)));
}

int config_check_kernel(const char *command, const struct bugs *bugs)
{
	for (u32 i = 0; i < NR_BUGS; i++)
		if (bugs->on[i] && !rmap_has_bug(&anon_vma_rmap_ops, i))
			return usage_error(command,
					   "--bug %s: it is of %s; a kernel is "
					   "compared with anon_vma alone",
					   bug_name(i),
					   bug_owner_name(bug_owner(i)));
	return 0;
}

static bool any_fixed(const struct bugs *bugs)
{
	for (u32 i = 0; i < NR_FIXES; i++)
		if (bugs->fixed[i])
			return true;
	return false;
}

int config_check(const char *command, const struct replay_config *config)
{
	struct replay_config fresh;

	config_init(&fresh);
	for (u32 i = 0; i < NR_BUGS; i++)
		if (config->machine.bugs.on[i] &&
		    check_bug(command, config, (enum bug)i))
			return EXIT_USAGE;
	if (any_fixed(&config->machine.bugs) &&
	    !compares(config, &cow_poc_rmap_ops))
		return usage_error(
			command, "--fix: it is of cow_poc, which is not among "
				 "--rmap");
	if (config->machine.as_of != fresh.machine.as_of &&
	    !compares(config, &anon_vma_rmap_ops))
		return usage_error(command,
				   "--as-of: it is of anon_vma, which is not "
				   "among --rmap");
	if (config->check == REPLAY_CHECK_OWN &&
	    !compares(config, &cow_poc_rmap_ops))
		return usage_error(
			command, "--check own: it is of cow_poc, which is not "
				 "among --rmap");
	if (config->pure && config->machine.nr_rmaps == 1)
		return usage_error(command,
				   "--pure: expected more than one of --rmap, "
				   "to compare their machines");
	return 0;
}

/* In the order of enum config_option. */
static const char *const helps[] = {
	"  --rmap NAME,NAME...  reverse maps (anon_vma,cow_context); anon_vma, or "
	"else the first, decides merges\n",
	"  --pure               each reverse map on a machine of its own; the "
	"machines are compared\n",
	"  --as-of VERSION      that kernel's order of chains and reuse: 6.18 "
	"(default) or 7.0\n",
	"  --bug NAME           put a known bug back; may be repeated; `rmapdiff "
	"list` names them\n",
	"  --fix NAME           repair a suspect of the published proof of "
	"concept (cow_poc), or all; may be repeated;\n"
	"                       -NAME takes a repair away again\n",
	"  --check WHAT         touched: what each operation touched (default); "
	"all: everything, each time;\n"
	"                       both: the two, which must agree; none: only "
	"asserted results;\n"
	"                       own: only what cow_poc's check beside anon_vma "
	"would print\n",
};

void config_print_help(u32 but)
{
	for (u32 i = 0; i < ARRAY_SIZE(helps); i++)
		if (!(but & 1U << i))
			fputs(helps[i], stdout);
}
