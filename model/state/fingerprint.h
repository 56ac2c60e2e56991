/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fingerprint of a machine: equal for two machines that differ in nothing
 * but names.
 *
 * Names are: which process is called what, the numbers of mms, folios, contexts
 * and anon_vmas, and where the window lies in the address space.  Contents of
 * pages and statistics do not count.  All else does: VMAs, page tables, folios,
 * whatever the reverse maps show of themselves (rmap_describe.h), live objects
 * by kind, and an allocation that is still to fail.
 *
 * Two machines of equal fingerprints go on in the same way, whatever is done to
 * them; so a search needs to look at one of them only.
 */
#ifndef RMAPDIFF_STATE_FINGERPRINT_H
#define RMAPDIFF_STATE_FINGERPRINT_H

#include "../machine.h"

struct fingerprint {
	u64 lo;
	u64 hi;
};

/* Memory that is used again from one fingerprint to the next. */
struct fingerprinter;

/* NULL when memory is out. */
struct fingerprinter *fingerprinter_create(void);
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
