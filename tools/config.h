/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options that say what a scenario is replayed on: the same for each
 * subcommand that replays.
 */
#ifndef RMAPDIFF_TOOLS_CONFIG_H
#define RMAPDIFF_TOOLS_CONFIG_H

#include <getopt.h>
#include "../model/scenario/replay.h"

/* What getopt_long() returns for them; above every letter. */
enum config_option {
	CONFIG_RMAP = 0x100,
	CONFIG_PURE,
	CONFIG_AS_OF,
	CONFIG_BUG,
	CONFIG_FIX,
	CONFIG_CHECK,
};

/* Rows for a table of struct option. */
#define CONFIG_OPTIONS                                              \
	{ "rmap", required_argument, NULL, CONFIG_RMAP },           \
		{ "pure", no_argument, NULL, CONFIG_PURE },         \
		{ "as-of", required_argument, NULL, CONFIG_AS_OF }, \
		{ "bug", required_argument, NULL, CONFIG_BUG },     \
		{ "fix", required_argument, NULL, CONFIG_FIX },     \
	{                                                           \
		"check", required_argument, NULL, CONFIG_CHECK      \
	}

/* anon_vma and cow_context, incremental check, nothing broken or repaired. */
void config_init(struct replay_config *config);

/* Is @c one of the above? */
bool config_is_option(int c);

/*
 * Takes option @c with its argument in optarg.  0, or EXIT_USAGE after one line
 * on standard error that begins with @command.
 */
int config_take_option(const char *command, struct replay_config *config,
		       int c);

/*
 * After all options: is there one that changes nothing, since the reverse map
 * that it is about is not among those compared?  0, or EXIT_USAGE after a line.
 */
int config_check(const char *command, const struct replay_config *config);

/* The same for a comparison with a kernel, where the model has anon_vma alone. */
int config_check_kernel(const char *command, const struct bugs *bugs);

/* The lines about these options, for --help, but those of CONFIG_BIT() in @but. */
#define CONFIG_BIT(option) (1U << ((option)-CONFIG_RMAP))
void config_print_help(u32 but);

#endif
