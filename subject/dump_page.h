/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading what a dump has of pages and anon_vmas.
 */
#ifndef RMAPDIFF_SUBJECT_DUMP_PAGE_H
#define RMAPDIFF_SUBJECT_DUMP_PAGE_H

#include <linux/types.h>
#include "../model/base/types.h"
#include "dump.h"

/* Does the entry map an anonymous folio, the zero page, and may it be written? */
bool dump_page_anon(const struct dump_page *page);
bool dump_page_zero(const struct dump *dump, const struct dump_page *page);
bool dump_page_writable(const struct dump *dump, const struct dump_page *page);

/* Is the page PageAnonExclusive? */
bool dump_page_exclusive(const struct dump *dump, const struct dump_page *page);

/* The anon_vma that the folio's mapping names, as the kernel's address of it. */
u64 dump_page_anon_vma(const struct dump_page *page);

#endif
