// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "boot.h"
#include "features.h"
#include "glue.h"

struct probe {
	const char *name;
	const char *scenario;
};

/* Each agrees with the model on a tree that has not the feature. */
static const struct probe probes[] = {
	{ "one VMA only in a move (before 6.17)", "mmap A 0 2 rw\n"
						  "mmap A 2 2 r\n"
						  "mremap A 0 4 4 to=0x20\n" },
	{ "no merge with an unfaulted VMA behind (before 6.16)",
	  "mmap A 0 4 rw\n"
	  "write A 0 4\n"
	  "mmap A 8 4 rw\n"
	  "mmap A 0xc 1 -\n"
	  "mremap A 0 4 8\n" },
	{ "mremap unmaps before it looks at the source (before 6.17)",
	  "mmap A 0 4 rw\n"
	  "mmap A 0x40 4 rw\n"
	  "mremap A 0 6 7 to=0x40\n" },
	{ "MREMAP_DONTUNMAP resets the source's offset (7.2)",
	  "mmap A 0x10 4 rw\n"
	  "write A 0x10 4\n"
	  "mremap A 0x10 4 4 to=0x40\n"
	  "mremap A 0x40 4 4 to=0x60 dontunmap\n" },
	{ "MREMAP_DONTUNMAP does not merge with its source (7.2)",
	  "mmap A 0 4 rw\n"
	  "read A 2\n"
	  "mremap A 2 1 1 to=4 dontunmap\n" },
	{ "an anonymous page offset of its own (7.3)",
	  "mmap A 0 4 rw file=0@2\n"
	  "write A 0\n" },
};

/* A clone of two AVCs: in their order up to 6.19, the other way round from 7.0. */
static const char order_scenario[] = "mmap A 0 2 rw\n"
				     "write A 0 2\n"
				     "fork A B\n"
				     "write B 0 2\n"
				     "mprotect B 1 1 r\n";

/* 1: agrees with the model; 0; or a negative errno. */
static int agrees(struct tree_session *ts, const char *text)
{
	struct scenario_error error;
	struct tree_result result;
	struct scenario sc;
	int err = scenario_init(&sc);

	if (!err)
		err = scenario_parse(&sc, text, strlen(text), &error);
	if (!err)
		err = tree_compare(ts, &sc, &result);
	scenario_free(&sc);
	return err ? err : result.verdict == TREE_FINE;
}

static void add_name(char text[FEATURES_TEXT_MAX], const char *name)
{
	size_t len = strlen(text);

	snprintf(text + len, FEATURES_TEXT_MAX - len, "%s%s", len ? "; " : "",
		 name);
}

int features_ask(struct tree_session *ts, char text[FEATURES_TEXT_MAX])
{
	bool walks_only = ts->walks_only;
	int ret = 1;

	text[0] = '\0';
	if (!tree_has_anon_vmas()) {
		add_name(text, "contexts instead of anon_vmas "
			       "(CONFIG_COW_CONTEXT_ANON_RMAP)");
		return 0;
	}
	ts->walks_only = false;
	if (!agrees(ts, order_scenario))
		ts->config.as_of = ts->config.as_of == KERNEL_6_18 ?
					   KERNEL_7_0 :
					   KERNEL_6_18;
	if (!agrees(ts, order_scenario))
		add_name(text, "chains in an order of its own");
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		ret = agrees(ts, probes[i].scenario);
		if (ret < 0)
			break;
		if (!ret)
			add_name(text, probes[i].name);
	}
	ts->walks_only = walks_only;
	boot_report_clear();
	return ret < 0 ? ret : 0;
}
