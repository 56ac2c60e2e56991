// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include "dump_fault.h"

static const char *const structure_names[NR_DUMP_STRUCTURES] = {
	[DUMP_MM] = "the mm_struct",
	[DUMP_MAPLE_NODE] = "a maple tree node",
	[DUMP_VMA] = "a vm_area_struct",
	[DUMP_FILE] = "the struct file",
	[DUMP_AVC_LIST] = "an anon_vma_chain on the VMA's list",
	[DUMP_ANON_VMA] = "an anon_vma",
	[DUMP_AVC_TREE] = "an anon_vma_chain in an anon_vma's interval tree",
	[DUMP_TREE_VMA] = "the VMA of an anon_vma_chain in an interval tree",
	[DUMP_PAGE_TABLE] = "a page table",
	[DUMP_PAGE] = "a struct page",
};

/* What is wrong; with two values: what was found, what was expected. */
static const struct {
	const char *before;
	const char *between;
	const char *after;
	int values;
} kinds[NR_DUMP_FAULT_KINDS] = {
	[DUMP_UNREADABLE] = { "this address cannot be read", "", "", 0 },
	[DUMP_LIST_PREV] = { "list_head.prev is ", ", the list came from ", "",
			     2 },
	[DUMP_TREE_PARENT] = { "the parent in rb is ", ", the tree came from ",
			       "", 2 },
	[DUMP_TREE_DEEP] = { "the tree has no end after 64 levels", "", "", 0 },
	[DUMP_TREE_ORDER] = { "the first offset is ",
			      ", and that of the node before it ", "", 2 },
	[DUMP_TREE_OWNER] = { "it names the anon_vma at ",
			      ", and stands in the tree of that at ", "", 2 },
	[DUMP_SUBTREE_LAST] = { "rb_subtree_last is ",
				", and the largest last offset below is ", "",
				2 },
	[DUMP_HUGE_ENTRY] = { "the entry ", "", " maps a huge page", 1 },
	[DUMP_UNKNOWN_ANON_VMA] = { "the folio's mapping names an anon_vma at ",
				    "",
				    ", to which no VMA's anon_vma_chain leads",
				    1 },
};

const char *dump_structure_name(enum dump_structure structure)
{
	return structure_names[structure];
}

void dump_fault_text(const struct dump_fault *fault, char *text, size_t size)
{
	char found[32] = "", expected[32] = "";

	if (kinds[fault->kind].values > 0)
		snprintf(found, sizeof(found), "0x%" PRIx64, (u64)fault->found);
	if (kinds[fault->kind].values > 1)
		snprintf(expected, sizeof(expected), "0x%" PRIx64,
			 (u64)fault->expected);
	snprintf(text, size, "at 0x%" PRIx64 ": %s%s%s%s%s", (u64)fault->self,
		 kinds[fault->kind].before, found, kinds[fault->kind].between,
		 expected, kinds[fault->kind].after);
}

static const struct {
	const char *word;
	struct dump_spoil spoil;
} spoils[] = {
	{ "mm", { DUMP_UNREADABLE, DUMP_MM } },
	{ "maple-node", { DUMP_UNREADABLE, DUMP_MAPLE_NODE } },
	{ "vma", { DUMP_UNREADABLE, DUMP_VMA } },
	{ "file", { DUMP_UNREADABLE, DUMP_FILE } },
	{ "list-avc", { DUMP_UNREADABLE, DUMP_AVC_LIST } },
	{ "anon-vma", { DUMP_UNREADABLE, DUMP_ANON_VMA } },
	{ "tree-avc", { DUMP_UNREADABLE, DUMP_AVC_TREE } },
	{ "tree-vma", { DUMP_UNREADABLE, DUMP_TREE_VMA } },
	{ "page-table", { DUMP_UNREADABLE, DUMP_PAGE_TABLE } },
	{ "page", { DUMP_UNREADABLE, DUMP_PAGE } },
	{ "list-head", { DUMP_LIST_PREV, DUMP_VMA } },
	{ "list-prev", { DUMP_LIST_PREV, DUMP_AVC_LIST } },
	{ "tree-parent", { DUMP_TREE_PARENT, DUMP_AVC_TREE } },
	{ "tree-deep", { DUMP_TREE_DEEP, DUMP_AVC_TREE } },
	{ "tree-order", { DUMP_TREE_ORDER, DUMP_AVC_TREE } },
	{ "tree-owner", { DUMP_TREE_OWNER, DUMP_AVC_TREE } },
	{ "subtree-last", { DUMP_SUBTREE_LAST, DUMP_AVC_TREE } },
	{ "huge-entry", { DUMP_HUGE_ENTRY, DUMP_PAGE_TABLE } },
	{ "mapping", { DUMP_UNKNOWN_ANON_VMA, DUMP_PAGE } },
};

#define NR_SPOILS (sizeof(spoils) / sizeof(spoils[0]))

const char *dump_spoil_word(u32 nr)
{
	return nr < NR_SPOILS ? spoils[nr].word : NULL;
}

struct dump_spoil dump_spoil_nr(u32 nr)
{
	return spoils[nr].spoil;
}
