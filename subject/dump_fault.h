/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first thing in a dump that no kernel should have, in words.
 */
#ifndef RMAPDIFF_SUBJECT_DUMP_FAULT_H
#define RMAPDIFF_SUBJECT_DUMP_FAULT_H

#include <stddef.h>
#include "dump_page.h"

/* What the structure is called, "an anon_vma" for example. */
const char *dump_structure_name(enum dump_structure structure);

/* Write into @text, of @size bytes, where the structure lies and what is wrong. */
void dump_fault_text(const struct dump_fault *fault, char *text, size_t size);

/*
 * What to spoil in a dump, to see that the fault is reported.  dump_spoil_word()
 * has what can be asked for, by number, NULL past the last.
 */
struct dump_spoil {
	enum dump_fault_kind kind;
	enum dump_structure structure;
};

const char *dump_spoil_word(u32 nr);
struct dump_spoil dump_spoil_nr(u32 nr);

#endif
