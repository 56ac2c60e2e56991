// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff list: reverse maps, operations, bugs, fixes.
 */
#include <stdio.h>
#include "../model/base/bug.h"
#include "../model/rmap/rmaps.h"
#include "tools.h"

static void list_op(const struct op_info *info)
{
	char usage[128];
	int len = snprintf(usage, sizeof(usage), "%s", info->name);

	for (u32 i = 0; i < OP_FIELDS_MAX && info->fields[i] != FIELD_END; i++)
		len += snprintf(usage + len, sizeof(usage) - (size_t)len, " %s",
				op_field_words[info->fields[i]]);
	printf("  %-48s %s\n", usage, info->text);
}

static int list_print_help(void)
{
	printf("Usage: rmapdiff list\n"
	       "Lists the reverse maps (run --rmap), the operations of a "
	       "scenario, the bugs (run --bug), and what of the proof of "
	       "concept can be repaired (run --fix).\n");
	return EXIT_OK;
}

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		return c == 'h' ? list_print_help() : EXIT_USAGE;
	if (optind < argc)
		return usage_error(argv[0], "unexpected argument '%s'",
				   argv[optind]);

	puts("reverse maps");
	for (size_t i = 0; all_rmaps[i]; i++)
		printf("  %-48s %s\n", all_rmaps[i]->name, all_rmaps[i]->text);
	puts("operations");
	for (size_t i = 0; i < NR_OPS; i++)
		list_op(&op_infos[i]);
	puts("bugs");
	for (size_t i = 0; i < NR_BUGS; i++)
		printf("  %-48s %s: %s\n", bug_name((enum bug)i),
		       bug_owner_name(bug_owner((enum bug)i)),
		       bug_text((enum bug)i));
	puts("fixes");
	for (size_t i = 0; i < NR_FIXES; i++)
		printf("  %-48s %s\n", fix_name((enum fix)i),
		       fix_text((enum fix)i));
	return EXIT_OK;
}
