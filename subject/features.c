// SPDX-License-Identifier: GPL-2.0-only
/*
 * Features of kernels: how each is detected, whether the model has it, and which
 * kernels the model was held against.
 */
#include <string.h>
#include "features.h"

/* Does the model behave as a kernel with the feature, or as one without? */
enum in_model {
	MODEL_WITHOUT,
	MODEL_WITH,
	MODEL_EITHER, /* --as-of says which */
};

static enum feature_answer nr_vmas(const struct feature_outcome *o, u32 absent,
				   u32 present)
{
	u32 nr = o->subject->vmas.nr;

	return nr == absent  ? FEATURE_ABSENT :
	       nr == present ? FEATURE_PRESENT :
			       FEATURE_UNKNOWN;
}

/* Of these the model has the feature: it says the same, or another result. */
static enum feature_answer same_result(const struct feature_outcome *o)
{
	if (o->agrees)
		return FEATURE_PRESENT;
	return strcmp(o->diff->what, "the result") ? FEATURE_UNKNOWN :
						     FEATURE_ABSENT;
}

static enum feature_answer merges(const struct feature_outcome *o)
{
	return nr_vmas(o, 2, 1);
}

static enum feature_answer stays_apart(const struct feature_outcome *o)
{
	return nr_vmas(o, 1, 2);
}

/* C's chain: of its own anon_vma, 3, its parent's, 2, and that one's, 1. */
static enum feature_answer order_of_chain(const struct feature_outcome *o)
{
	const struct snapshot *snap = o->subject;
	const struct snap_vma *vma = &snap->vmas.v[snap->vmas.nr - 1];
	const u32 *chain = snap->chains.v + vma->chain_first;

	if (vma->chain_count != 3 || chain[0] != 3)
		return FEATURE_UNKNOWN;
	return chain[1] == 2 ? FEATURE_ABSENT : FEATURE_PRESENT;
}

static enum feature_answer offset_of_source(const struct feature_outcome *o)
{
	const struct snap_vma *vma = &o->subject->vmas.v[0];

	return vma->pgoff == o->sc->base + 0x10 ? FEATURE_ABSENT :
	       vma->pgoff == vma->start		? FEATURE_PRESENT :
						  FEATURE_UNKNOWN;
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
	/* The operation that decides comes last; NULL: a field of a VMA. */
	const char *scenario;
	enum feature_answer (*answer)(const struct feature_outcome *o);
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

const char *kernel_feature_name(enum kernel_feature feature)
{
	return table[feature].name;
}

enum kernel_feature kernel_feature_find(const char *name)
{
	u32 i;

	for (i = 0; i < NR_KERNEL_FEATURES; i++)
		if (!strcmp(table[i].name, name))
			break;
	return (enum kernel_feature)i;
}

const char *kernel_feature_scenario(enum kernel_feature feature)
{
	return table[feature].scenario;
}

enum feature_answer kernel_feature_answer(enum kernel_feature feature,
					  const struct feature_outcome *outcome)
{
	return table[feature].answer(outcome);
}

void kernel_features_init(struct kernel_features *features, const char *release)
{
	memset(features, 0, sizeof(*features));
	snprintf(features->release, sizeof(features->release), "%s", release);
}

void kernel_features_note(struct kernel_features *features,
			  enum kernel_feature feature,
			  enum feature_answer answer)
{
	if (answer == FEATURE_UNKNOWN)
		features->assumed |= 1U << feature;
	if (answer == FEATURE_PRESENT ||
	    (answer == FEATURE_UNKNOWN && assume(feature, features->release)))
		features->present |= 1U << feature;
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

u32 kernel_features_not_followed(const struct kernel_features *features,
				 enum kernel_release as_of)
{
	u32 set = 0;

	for (u32 i = 0; i < NR_KERNEL_FEATURES; i++) {
		bool kernel = features->present & 1U << i;
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
	u32 differ = kernel_features_not_followed(features, as_of);

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
