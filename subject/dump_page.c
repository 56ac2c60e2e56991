// SPDX-License-Identifier: GPL-2.0-only
#include "dump_page.h"

/* include/linux/page-flags.h: the low bits of page->mapping. */
#define MAPPING_ANON 1ULL
#define MAPPING_FLAGS 3ULL

bool dump_page_anon(const struct dump_page *page)
{
	return page->pfn && (page->mapping & MAPPING_FLAGS) == MAPPING_ANON;
}

bool dump_page_exclusive(const struct dump *dump, const struct dump_page *page)
{
	return page->flags >> dump->anon_exclusive & 1;
}

bool dump_page_zero(const struct dump *dump, const struct dump_page *page)
{
	return page->pfn == dump->zero_pfn;
}

bool dump_page_writable(const struct dump *dump, const struct dump_page *page)
{
	return page->pte & dump->pte_write;
}

u64 dump_page_anon_vma(const struct dump_page *page)
{
	return page->mapping & ~MAPPING_FLAGS;
}
