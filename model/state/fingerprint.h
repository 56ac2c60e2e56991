/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fingerprint of a machine: equal for two machines that differ in nothing
 * but names.
 *
 * Names are: which process is called what, the numbers of mms, folios, contexts
 * and anon_vmas, who was born first, and where the window lies in the address
 * space.  Contents of pages and statistics do not count.  All else does: VMAs,
 * page tables, folios, whatever the reverse maps show of themselves
 * (rmap_describe.h), live objects by kind, RCU sections left open, and an
 * allocation that is still to fail.
 *
 * Two machines of equal fingerprints go on in the same way, whatever is done to
 * them; so a search needs to look at one of them only.  That takes two things,
 * which the caller has to see to or else to let count:
 *
 * - No window reaches over the end of a page table of the model
 *   (PTRS_PER_LEAF): how many tables an operation needs, and so which allocation
 *   is the Nth, hangs on where that is.  FINGERPRINT_PLACES.
 * - Reverse maps do the same in whatever order they meet VMAs and contexts.
 *   Those that are right do: all that is mapped is found, and a walk that ends
 *   early ends when it is.  FINGERPRINT_ORDERS is for others.
 */
#ifndef RMAPDIFF_STATE_FINGERPRINT_H
#define RMAPDIFF_STATE_FINGERPRINT_H

#include "../machine.h"

struct fingerprint {
	u64 lo;
	u64 hi;
};

/* What counts, too. */
#define FINGERPRINT_PLACES 0x1 /* where the window lies */
#define FINGERPRINT_ORDERS 0x2 /* order of birth, and of lists and trees */

/* Memory that is used again from one fingerprint to the next. */
struct fingerprinter;

/* @counts of FINGERPRINT_*.  NULL when memory is out. */
struct fingerprinter *fingerprinter_create(u32 counts);
void fingerprinter_destroy(struct fingerprinter *fper);

/*
 * Between two operations, with no grace period waiting.  0, -ENOMEM, or -E2BIG
 * for a machine of more mms, VMAs, folios or objects than a small search has.
 */
int machine_fingerprint(struct fingerprinter *fper, struct machine *machine,
			struct fingerprint *fp);

/*
 * The page numbers that are in use, [*lowest, *highest): where VMAs lie, and the
 * offsets that anonymous ones have from where they once lay.  What a search
 * bounds is how far these are apart, for windows may shift.  False: there is no
 * VMA.
 */
bool machine_used_pages(struct machine *machine, u64 *lowest, u64 *highest);

#endif
