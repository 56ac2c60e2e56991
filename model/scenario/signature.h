/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The signature of a divergence: what two scenarios have in common that show
 * the same fault, whatever their addresses, names and other operations are.
 *
 * Beside kind and reverse map it has what a developer would tell the two apart
 * by:
 *
 *	which check	the words of the report, without numbers and names
 *	which way	a count that is too high, or too low
 *	when		the kind of operation, and whether it ran out of memory
 *	where		the mapping that was missed: of a file or anonymous;
 *			displaced or where its offset says; in the process that
 *			wrote the page, or inherited from it by fork
 *	whose part	did the reverse map record that mapping (so its walk is
 *			wrong), or not (so its hooks are)
 */
#ifndef RMAPDIFF_SCENARIO_SIGNATURE_H
#define RMAPDIFF_SCENARIO_SIGNATURE_H

#include "replay.h"

#define SIGNATURE_WORDS_MAX 160

/* What a reverse map has of a mapping that its walk missed. */
enum signature_record {
	RECORD_UNKNOWN, /* the reverse map describes nothing, or was not asked */
	RECORD_THERE, /* it is recorded, below what the folio belongs to */
	RECORD_ELSEWHERE, /* not below what the folio belongs to */
	RECORD_NONE, /* that the folio is mapped there is not recorded */
};

/* The mapping that the report is about; all zero where it is about none. */
struct signature_mapping {
	bool known;
	bool file; /* in a private mapping of a file */
	bool displaced; /* the page number is not the folio's index */
	bool inherited; /* its mm was born by fork after the folio's last write */
	enum signature_record record; /* of a miss */
};

struct signature {
	enum divergence_kind kind;
	char rmap[64]; /* "" if no one's */
	char words[SIGNATURE_WORDS_MAX];
	int sign; /* see struct report */
	u32 ops; /* a bit for each kind of operation; OP_EXIT for the end too */
	bool nomem; /* the operation failed with ENOMEM; never of a group */
	struct signature_mapping mapping;
};

/*
 * The signature of what @result has of @sc.  For config->on_divergence: @machine
 * is the one that diverged, as it then is.  @describe: ask the reverse map what
 * it has recorded, which follows its pointers; one that is broken enough takes
 * the process along.
 */
void signature_take(struct signature *sig, const struct scenario *sc,
		    const struct replay_result *result, struct machine *machine,
		    bool describe);

/*
 * Is @sig the signature of the fault that @wanted is of?  Operations that ran at
 * the same time in @wanted may be fewer in @sig, or run one after the other.
 */
bool signature_matches(const struct signature *sig,
		       const struct signature *wanted);

/* "miss of cow_context after mremap: ..."; one line, no newline. */
void signature_print(const struct signature *sig, FILE *out);

#endif
