// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff kernel --help, which a build without the command prints too.
 */
#include <linux/types.h>
#include <stdio.h>
#include "../kernel/channel.h"
#include "../subject/dump.h"
#include "kernel.h"
#include "tools.h"

int kernel_print_help(void)
{
	printf("Usage: rmapdiff kernel [OPTION...] FILE...\n"
	       "       rmapdiff kernel [OPTION...] --random N\n"
	       "Does each scenario with real processes on the running kernel, "
	       "and on the model, and compares\n"
	       "results, VMAs, page tables, folios and the anon_vma graph after "
	       "every operation. Needs root,\n"
	       "x86-64 and BTF.\n" INPUT_FILES_HELP "\n"
	       "  --random N           N random scenarios instead of files\n"
	       "  --seed S             the first one's seed (1); the next one "
	       "has S + 1\n"
	       "  --ops K              operations of each (30)\n"
	       "  --procs P            processes alive at once, at most (6)\n"
	       "  --pages W            pages of the window (64)\n"
	       "  --out DIR            where minimized scenarios of random "
	       "disagreements go (.)\n"
	       "  --show               what the kernel has after each "
	       "operation\n"
	       "  --drop-failalloc     leave failalloc out instead of skipping "
	       "a scenario that has it (fuzz inputs)\n"
	       "  --check-proc         hold what was read against "
	       "/proc/PID/pagemap, kpagecount, kpageflags; slow\n"
	       "  --compact            migrate by compacting all memory "
	       "where there is one NUMA node only; slow,\n"
	       "                       and moves other processes' pages too\n"
	       "  --as-of VERSION      the model's order of chains and reuse, "
	       "6.18 or 7.0 (the running one's)\n"
	       "  --bug NAME           put a known bug into the model; may be "
	       "repeated\n"
	       "  -q, --quiet          nothing for files that agree\n");
	input_print_help();
	printf("\nOf all processes together there may be at once %d "
	       "processes, %d VMAs, %d present pages,\n"
	       "%d anon_vmas and %d anon_vma_chains. A scenario that needs "
	       "more, or what a kernel cannot be\n"
	       "made to do (failalloc, reclaim), is skipped, and counted "
	       "in the last line:\n",
	       CHANNELS_MAX - 1, DUMP_VMAS_MAX, DUMP_PAGES_MAX,
	       DUMP_ANON_VMAS_MAX, DUMP_CHAINS_MAX);
	printf("`N files, N ops, N disagreements`, and `, N skipped` where "
	       "something was. ^C "
	       "(SIGINT), SIGTERM and SIGHUP end it with\n"
	       "what was done. Exit status: 0 fine, 1 a disagreement, 2 bad "
	       "usage or a bad file, 77 this machine\n"
	       "cannot do it, or every file was skipped (and why), 128 and the signal's number if it was "
	       "stopped and nothing disagreed.\n");
	return EXIT_OK;
}
