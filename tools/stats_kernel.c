// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff stats --kernel-sizes and --slabs: the accounts against the running
 * kernel.
 */
#include <inttypes.h>
#include <stdlib.h>
#include "../kernel/slabs.h"
#include "stats.h"
#include "tools.h"

/* Sizes. */

struct sizes_check {
	u32 nr_checked;
	u32 nr_different;
};

static void compare_size(struct sizes_check *check, const char *what, u64 table,
			 u64 kernel, const char *source)
{
	check->nr_checked++;
	check->nr_different += table != kernel;
	printf("  %-36s %8" PRIu64 " %8" PRIu64 "  %s%s\n", what, table, kernel,
	       source, table == kernel ? "" : "  DIFFERS");
}

static void compare_slab(struct sizes_check *check, enum kernel_size_id id)
{
	const struct kernel_size *size = &kernel_sizes[id];
	struct slabinfo info;
	char what[64];

	if (slabinfo_read(size->name, &info))
		return;
	compare_size(check, size->name, size->bytes, info.size,
		     "/proc/slabinfo");
	snprintf(what, sizeof(what), "%s, objects in a slab", size->name);
	compare_size(check, what, size->per_slab, info.per_slab,
		     "/proc/slabinfo");
	snprintf(what, sizeof(what), "%s, bytes of a slab", size->name);
	compare_size(check, what, size->slab_bytes, info.pages * 4096ULL,
		     "/proc/slabinfo");
}

/* Of SLAB_TYPESAFE_BY_RCU objects the slab has a free pointer behind each. */
static void compare_struct(struct sizes_check *check, enum kernel_size_id id,
			   u64 beside)
{
	u64 bytes = btf_struct_size(kernel_sizes[id].name);
	char what[64];

	if (!bytes)
		return;
	snprintf(what, sizeof(what), "struct %s, rounded to 8",
		 kernel_sizes[id].name);
	compare_size(check, what, kernel_sizes[id].bytes - beside,
		     (bytes + 7) / 8 * 8, "BTF");
}

int stats_kernel_sizes(const char *command)
{
	struct sizes_check check = { 0 };

	printf("  %-36s %8s %8s\n", "bytes, or objects", "table", "kernel");
	compare_slab(&check, SIZE_ANON_VMA);
	compare_struct(&check, SIZE_ANON_VMA, 8);
	compare_slab(&check, SIZE_ANON_VMA_CHAIN);
	compare_struct(&check, SIZE_ANON_VMA_CHAIN, 0);
	compare_slab(&check, SIZE_MAPLE_NODE);
	compare_struct(&check, SIZE_MAPLE_NODE, 0);
	if (!check.nr_checked) {
		fprintf(stderr,
			"%s: cannot run here: neither /proc/slabinfo nor BTF "
			"can be read\n",
			command);
		return EXIT_CANNOT;
	}
	printf("%u figures, %u different\n", check.nr_checked,
	       check.nr_different);
	return check.nr_different ? EXIT_DIVERGED : EXIT_OK;
}

/* Slabs. */

struct slab_command {
	const char *command;
	struct kernel_session session;
	struct slabs *slabs;
	bool bytes; /* --bytes */
	bool slabinfo; /* --slabinfo */
	u32 nr_files;
	u32 nr_different;
	u32 nr_bad;
};

static const char *const kind_names[NR_SLAB_KINDS] = {
	[SLAB_ANON_VMA] = "anon_vma",
	[SLAB_ANON_VMA_CHAIN] = "anon_vma_chain",
};

static bool slabinfo_agrees(const struct slab_result *result, u32 kind)
{
	u64 off = (u64)llabs(result->kind[kind].slabinfo -
			     result->kind[kind].model);

	return off <= result->kind[kind].unsure;
}

static void print_slab_result(struct slab_command *slc, const char *name,
			      const struct slab_result *result)
{
	bool differs = result->differs;

	if (result->differs) {
		printf("%s: differs after op %u\n", name, result->op_nr);
	} else {
		printf("%s: %u ops, each with as many objects as the model\n",
		       name, result->ops);
	}
	for (u32 k = 0; k < NR_SLAB_KINDS; k++) {
		printf("  %-14s model %" PRId64 ", kernel %" PRId64,
		       kind_names[k], result->kind[k].model,
		       result->kind[k].kernel);
		if (!result->differs)
			printf(" at op %u", result->kind[k].peak_op);
		if (!result->differs && slc->slabinfo) {
			bool agrees = slabinfo_agrees(result, k);

			printf("; slabinfo grew by %" PRId64
			       ", give or take %" PRIu64 "%s",
			       result->kind[k].slabinfo, result->kind[k].unsure,
			       agrees ? "" : ": DIFFERS");
			differs |= !agrees;
		}
		putchar('\n');
	}
	slc->nr_different += differs;
}

static void slab_scenario(struct slab_command *slc, const struct input *in,
			  const struct scenario *scenario)
{
	struct slab_result result;

	if (slabs_compare(&slc->session, slc->slabs, scenario, slc->slabinfo,
			  &result)) {
		usage_error(in->name, "%s", result.why);
		slc->nr_bad++;
		return;
	}
	if (result.unsuitable) {
		usage_error(in->name, "not for a kernel: %s", result.why);
		slc->nr_bad++;
		return;
	}
	slc->nr_files++;
	print_slab_result(slc, in->name, &result);
}

static void slab_file(struct slab_command *slc, const char *path)
{
	struct scenario scenario;
	struct input in;

	if (input_load_scenario(&in, &scenario, path, slc->bytes)) {
		slc->nr_bad++;
		return;
	}
	slab_scenario(slc, &in, &scenario);
	scenario_free(&scenario);
	input_free(&in);
}

int stats_slabs(const char *command, const struct stats_config *config,
		const struct input_files *files, bool bytes, bool slabinfo)
{
	struct slab_command slc = {
		.command = command,
		.bytes = bytes,
		.slabinfo = slabinfo,
	};
	char why[KERNEL_WHY_MAX];

	if (kernel_session_open(&slc.session, why)) {
		fprintf(stderr, "%s: cannot run here: %s\n", command, why);
		return EXIT_CANNOT;
	}
	slc.slabs = slabs_open(why);
	if (!slc.slabs) {
		kernel_session_close(&slc.session);
		fprintf(stderr, "%s: cannot run here: %s\n", command, why);
		return EXIT_CANNOT;
	}
	slc.session.config.bugs = config->replay.machine.bugs;
	for (u32 i = 0; i < files->nr; i++)
		slab_file(&slc, files->paths[i]);
	slabs_close(slc.slabs);
	kernel_session_close(&slc.session);
	if (!slc.nr_files)
		return EXIT_USAGE;
	printf("%u files, %u different\n", slc.nr_files, slc.nr_different);
	if (slc.nr_different)
		return EXIT_DIVERGED;
	return slc.nr_bad || files->nr_bad ? EXIT_USAGE : EXIT_OK;
}
