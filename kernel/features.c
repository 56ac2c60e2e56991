// SPDX-License-Identifier: GPL-2.0-only
/*
 * Features of kernels: how each is detected, whether the model has it, and which
 * kernels the model was held against.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "compare.h"
#include "features.h"

enum answer {
	ANSWER_NONE, /* neither what kernels do without it nor with it */
	ANSWER_ABSENT,
	ANSWER_PRESENT,
};

/* What the last operation of a scenario left. */
struct outcome {
	const struct kernel_session *ks;
	const struct scenario *sc;
	const struct kernel_result *result;
};

/* Does the model behave as a kernel with the feature, or as one without? */
enum in_model {
	MODEL_WITHOUT,
	MODEL_WITH,
	MODEL_EITHER, /* --as-of says which */
};

static enum answer nr_vmas(const struct outcome *o, u32 absent, u32 present)
{
	u32 nr = o->ks->kernel.vmas.nr;

	return nr == absent  ? ANSWER_ABSENT :
	       nr == present ? ANSWER_PRESENT :
			       ANSWER_NONE;
}

/* Of these the model has the feature: it says the same, or another result. */
static enum answer same_result(const struct outcome *o)
{
	if (o->result->verdict == KERNEL_AGREES)
		return ANSWER_PRESENT;
	return strcmp(o->result->diff.what, "the result") ? ANSWER_NONE :
							    ANSWER_ABSENT;
}

static enum answer merges(const struct outcome *o)
{
	return nr_vmas(o, 2, 1);
}

static enum answer stays_apart(const struct outcome *o)
{
	return nr_vmas(o, 1, 2);
}

/* C's chain: of its own anon_vma, 3, its parent's, 2, and that one's, 1. */
static enum answer order_of_chain(const struct outcome *o)
{
	const struct snapshot *snap = &o->ks->kernel;
	const struct snap_vma *vma = &snap->vmas.v[snap->vmas.nr - 1];
	const u32 *chain = snap->chains.v + vma->chain_first;

	if (vma->chain_count != 3 || chain[0] != 3)
		return ANSWER_NONE;
	return chain[1] == 2 ? ANSWER_ABSENT : ANSWER_PRESENT;
}

static enum answer offset_of_source(const struct outcome *o)
{
	const struct snap_vma *vma = &o->ks->kernel.vmas.v[0];

	return vma->pgoff == o->sc->base + 0x10 ? ANSWER_ABSENT :
	       vma->pgoff == vma->start		? ANSWER_PRESENT :
						  ANSWER_NONE;
}

/*
 * The table.  A feature that is added here is detected, printed, compared with
 * what was compared before, and warned of if the model lacks it.
 */
static const struct {
	const char *name;
	const char *upstream; /* title of the change, or of its series */
	u32 major,
		minor; /* first mainline release, where it is to be assumed */
	enum in_model model;
	const char *expect; /* where the model differs, if it has not this */
	/* The operation that decides comes last; NULL: asked of BTF. */
	const char *scenario;
	enum answer (*answer)(const struct outcome *o);
} table[NR_KERNEL_FEATURES] = {
	[FEATURE_MERGE_UNFAULTED] = {
		"merge-unfaulted",
		"mm/vma: fix incorrectly disallowed anonymous VMA merges",
		6, 16, MODEL_WITH,
		"merges of a faulted with an unfaulted VMA",
		"mmap A 1 1 rw\nwrite A 1\nmprotect A 1 1 r\n"
		"mmap A 0 1 rw\nmprotect A 1 1 rw\n",
		merges,
	},
	[FEATURE_CHECKS_FIRST] = {
		"checks-first",
		"mm/mremap: refactor mremap() system call implementation",
		6, 17, MODEL_WITH,
		"errors of mremap, and whether its destination is unmapped",
		"mremap A 0 1 1 to=0\n",
		same_result,
	},
	[FEATURE_MOVE_SEVERAL] = {
		"move-several",
		"mm/mremap: permit mremap() move of multiple VMAs",
		6, 17, MODEL_WITH,
		"mremap of several VMAs",
		"mmap A 0 1 rw\nmmap A 2 1 rw\nmremap A 0 3 3 to=0x10\n",
		same_result,
	},
	[FEATURE_ORDER_7_0] = {
		"order-7.0",
		"mm: clean up anon_vma implementation",
		7, 0, MODEL_EITHER,
		"the order of chains",
		"mmap A 0 1 rw\nwrite A 0\nfork A B\nwrite B 0\nfork B C\n",
		order_of_chain,
	},
	[FEATURE_DONTUNMAP_OFFSET] = {
		"dontunmap-offset",
		"reset unfaulted VMA page offset for MREMAP_DONTUNMAP",
		7, 2, MODEL_WITHOUT,
		"mremap with dontunmap of a VMA that was moved before",
		"mmap A 0x10 4 rw\nwrite A 0x10 4\nmremap A 0x10 4 4 to=0x40\n"
		"mremap A 0x40 4 4 to=0x60 dontunmap\n",
		offset_of_source,
	},
	[FEATURE_DONTUNMAP_APART] = {
		"dontunmap-apart",
		"fix locked_vm leak from MREMAP_DONTUNMAP self-merge",
		7, 2, MODEL_WITHOUT,
		"mremap with dontunmap to beside its source",
		"mmap A 0 4 rw\nread A 2\nmremap A 2 1 1 to=4 dontunmap\n",
		stays_apart,
	},
	[FEATURE_ANON_OFFSET] = {
		"anon-offset",
		"mm/vma: introduce VMA virtual page offset field",
		7, 3, MODEL_WITHOUT,
		"private mappings of files",
		NULL,
		NULL,
	},
};

#define UP_TO_6_18                                          \
	(FEATURE(MERGE_UNFAULTED) | FEATURE(CHECKS_FIRST) | \
	 FEATURE(MOVE_SEVERAL))
#define UP_TO_7_0 (UP_TO_6_18 | FEATURE(ORDER_7_0))
#define UP_TO_7_2 \
	(UP_TO_7_0 | FEATURE(DONTUNMAP_OFFSET) | FEATURE(DONTUNMAP_APART))
#define UP_TO_7_3 (UP_TO_7_2 | FEATURE(ANON_OFFSET))
#define STABLE_6_12 (FEATURE(DONTUNMAP_OFFSET) | FEATURE(DONTUNMAP_APART))

/* Kernels that the model was held against: corpus and random scenarios. */
static const struct compared {
	const char *release; /* as far as it is a version number */
	u32 features;
	bool agrees;
} compared[] = {
	{ "6.12.118", STABLE_6_12, false },
	{ "6.16.12", FEATURE(MERGE_UNFAULTED), false },
	{ "6.17.13", UP_TO_6_18, false }, /* and bugs of its own */
	{ "6.18.15", UP_TO_6_18, true },
	{ "6.18.44", UP_TO_6_18, true },
	{ "6.19.14", UP_TO_6_18, true },
	{ "7.0.4", UP_TO_7_0, true },
	{ "7.0.13", UP_TO_7_0, true },
	{ "7.1.13", UP_TO_7_0, true },
	{ "7.2.13", UP_TO_7_2, false },
	{ "7.3.4", UP_TO_7_3, false },
};

#define NR_COMPARED (sizeof(compared) / sizeof(compared[0]))

/* What the release makes one think. */
static bool assume(enum kernel_feature feature, const char *release)
{
	unsigned int major = 0, minor = 0;

	sscanf(release, "%u.%u", &major, &minor);
	return major > table[feature].major ||
	       (major == table[feature].major && minor >= table[feature].minor);
}

/*
 * Other programs can disturb a scenario: one that reads of a process in /proc
 * keeps its mm, for example.  Then it is done again.
 */
#define ASK_TRIES 5

/* 0 with the answer, or a negative errno if the harness failed. */
static int ask_once(struct kernel_session *ks, enum kernel_feature feature,
		    const struct scenario *sc, enum answer *answer, char *why,
		    size_t size)
{
	struct kernel_result result;
	struct outcome outcome = { .ks = ks, .sc = sc, .result = &result };
	int err = kernel_compare_once(ks, sc, &result);

	if (err)
		snprintf(why, size, "asking for %s: %s", table[feature].name,
			 result.why);
	/* What comes before the last operation is the same everywhere. */
	else if (result.verdict == KERNEL_AGREES ||
		 (result.verdict == KERNEL_DISAGREES &&
		  result.op_nr == sc->nr_ops && !ks->kernel.fault.kind))
		*answer = table[feature].answer(&outcome);
	return err;
}

static int ask_scenario(struct kernel_session *ks, enum kernel_feature feature,
			enum answer *answer, char *why, size_t size)
{
	const char *text = table[feature].scenario;
	struct scenario_error parse_error;
	struct scenario sc;
	int err = scenario_init(&sc);

	*answer = ANSWER_NONE;
	if (!err)
		err = scenario_parse(&sc, text, strlen(text), &parse_error);
	if (err)
		snprintf(why, size, "out of memory");
	for (u32 i = 0; i < ASK_TRIES && !err && !*answer; i++)
		err = ask_once(ks, feature, &sc, answer, why, size);
	scenario_free(&sc);
	return err;
}

int kernel_features_ask(struct kernel_session *ks,
			struct kernel_features *features, char *why,
			size_t size)
{
	struct utsname uts = { .release = "" };
	enum answer answer;
	u32 i;
	int err;

	memset(features, 0, sizeof(*features));
	uname(&uts);
	snprintf(features->release, sizeof(features->release), "%s",
		 uts.release);
	for (i = 0; i < NR_KERNEL_FEATURES; i++) {
		if (table[i].scenario) {
			err = ask_scenario(ks, i, &answer, why, size);
			if (err)
				return err;
		} else {
			answer = readback_has_anon_offset(ks->readback) ?
					 ANSWER_PRESENT :
					 ANSWER_ABSENT;
		}
		if (answer == ANSWER_NONE)
			features->assumed |= 1U << i;
		if (answer == ANSWER_PRESENT ||
		    (answer == ANSWER_NONE && assume(i, features->release)))
			features->present |= 1U << i;
	}
	return 0;
}

enum kernel_release
kernel_features_order(const struct kernel_features *features)
{
	return features->present & FEATURE(ORDER_7_0) ? KERNEL_7_0 :
							KERNEL_6_18;
}

static void print_names(const char *before, u32 set, FILE *out)
{
	if (set)
		fputs(before, out);
	for (u32 i = 0; i < NR_KERNEL_FEATURES; i++)
		if (set & 1U << i)
			fprintf(out, " %s", table[i].name);
}

/* Is @release of that version, whoever built it? */
static bool is_release(const char *release, const char *version)
{
	size_t len = strlen(version);

	return !strncmp(release, version, len) &&
	       !strchr("0123456789.", release[len] ? release[len] : '-');
}

/*
 * A kernel of a version that was compared may have a backport: only with equal
 * features it stands for what was compared.
 */
static void print_compared(const struct kernel_features *features, FILE *out)
{
	u32 i, nr = 0;

	for (i = 0; i < NR_COMPARED; i++)
		if (compared[i].features == features->present &&
		    is_release(features->release, compared[i].release)) {
			fprintf(out, "; compared before, %s",
				compared[i].agrees ? "without a disagreement" :
						     "with disagreements");
			return;
		}
	for (i = 0; i < NR_COMPARED; i++) {
		if (compared[i].features != features->present)
			continue;
		fprintf(out, "%s %s%s",
			nr++ ? "," : "; compared before:", compared[i].release,
			compared[i].agrees ? "" : " (with disagreements)");
	}
	if (!nr)
		fputs("; this combination was never compared before", out);
}

/* The features that the model does not follow as this kernel has them. */
static u32 not_followed(u32 present, enum kernel_release as_of)
{
	u32 set = 0;

	for (u32 i = 0; i < NR_KERNEL_FEATURES; i++) {
		bool kernel = present & 1U << i;
		bool model = table[i].model == MODEL_EITHER ?
				     as_of == KERNEL_7_0 :
				     table[i].model == MODEL_WITH;

		if (kernel != model)
			set |= 1U << i;
	}
	return set;
}

void kernel_features_print(const struct kernel_features *features,
			   enum kernel_release as_of, bool asked, FILE *out)
{
	u32 differ = not_followed(features->present, as_of);

	fprintf(out, "Linux %s:", features->release);
	print_names(" has", features->present, out);
	if (!features->present)
		fputs(" has none of the features that are asked for", out);
	print_names("; has not", ALL_FEATURES & ~features->present, out);
	if (features->assumed)
		print_names("; assumed by its number, not detected:",
			    features->assumed, out);
	else
		fputs("; all detected", out);
	fprintf(out, "; model as of %s%s", as_of == KERNEL_7_0 ? "7.0" : "6.18",
		asked ? ", as asked" : "");
	if (as_of == kernel_features_order(features))
		print_compared(features, out);
	fputc('\n', out);
	for (u32 i = 0; i < NR_KERNEL_FEATURES; i++)
		if (differ & 1U << i)
			fprintf(out,
				"warning: the model %s %s (\"%s\"): expect "
				"disagreements in %s\n",
				features->present & 1U << i ? "has not" : "has",
				table[i].name, table[i].upstream,
				table[i].expect);
}
