// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include "../subject/features.h"
#include "known.h"

/* The words that begin a line, beside known, upstream and feature. */
static const char *const field_words[NR_KNOWN_FIELDS] = {
	[KNOWN_KIND] = "kind",	       [KNOWN_OP] = "op",
	[KNOWN_WHAT] = "what",	       [KNOWN_TREE] = "tree",
	[KNOWN_MODEL] = "model",       [KNOWN_RESULT] = "result",
	[KNOWN_FUNCTION] = "function",
};

static const char *const vmas_words[NR_KNOWN_VMAS] = {
	[KNOWN_VMAS_ANY] = "any",
	[KNOWN_VMAS_SAME] = "same",
	[KNOWN_VMAS_MORE] = "more",
	[KNOWN_VMAS_FEWER] = "fewer",
};

struct reader {
	struct known_list *list;
	const char *name;
	u32 first; /* of this file's entries */
	u32 line;
	char *why;
};

static bool wrong(struct reader *reader, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool wrong(struct reader *reader, const char *fmt, ...)
{
	va_list args;
	int len = snprintf(reader->why, KNOWN_WHY_MAX,
			   "%.200s:%u: ", reader->name, reader->line);

	va_start(args, fmt);
	vsnprintf(reader->why + len, KNOWN_WHY_MAX - (size_t)len, fmt, args);
	va_end(args);
	/* Of a file that is something else. */
	for (char *c = reader->why + len; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	return false;
}

static bool has_pattern(const struct known_list *list, u32 entry,
			enum known_field field)
{
	for (u32 i = 0; i < list->nr_patterns; i++)
		if (list->patterns[i].entry == entry &&
		    list->patterns[i].field == field)
			return true;
	return false;
}

/* An entry that says of no finding that it is not meant would hide them all. */
static bool end_entry(struct reader *reader)
{
	const struct known_list *list = reader->list;

	if (list->nr == reader->first)
		return true;
	if (!has_pattern(list, list->nr - 1, KNOWN_KIND))
		return wrong(reader, "'%s' ends without its kind",
			     list->entries[list->nr - 1].name);
	if (!list->entries[list->nr - 1].upstream[0])
		return wrong(reader, "'%s' ends without its upstream",
			     list->entries[list->nr - 1].name);
	return true;
}

static bool begin_entry(struct reader *reader, const char *name)
{
	struct known_list *list = reader->list;

	if (!end_entry(reader))
		return false;
	if (list->nr == KNOWN_MAX)
		return wrong(reader, "more than %u entries", KNOWN_MAX);
	memset(&list->entries[list->nr], 0, sizeof(list->entries[0]));
	snprintf(list->entries[list->nr++].name, KNOWN_TEXT_MAX, "%s", name);
	return true;
}

static bool add_features(struct reader *reader, char *names)
{
	struct known_entry *entry =
		&reader->list->entries[reader->list->nr - 1];
	char *rest = names, *name;

	while ((name = strsep(&rest, " \t"))) {
		bool absent = name[0] == '!';
		enum kernel_feature feature =
			kernel_feature_find(name + absent);

		if (!name[0])
			continue;
		if (feature == NR_KERNEL_FEATURES)
			return wrong(
				reader,
				"feature '%.64s': expected a name that "
				"the first line of a run has, or ! and one",
				name);
		if (absent)
			entry->absent |= 1U << feature;
		else
			entry->present |= 1U << feature;
	}
	return true;
}

static bool set_vmas(struct reader *reader, const char *text)
{
	struct known_entry *entry =
		&reader->list->entries[reader->list->nr - 1];

	for (u32 i = 0; i < NR_KNOWN_VMAS; i++)
		if (!strcmp(vmas_words[i], text)) {
			entry->vmas = (enum known_vmas)i;
			return true;
		}
	return wrong(reader, "vmas '%.64s': expected any, same, more or fewer",
		     text);
}

static bool add_pattern(struct reader *reader, const char *word,
			const char *text)
{
	struct known_list *list = reader->list;
	struct known_pattern *pattern = &list->patterns[list->nr_patterns];
	u32 field;

	for (field = 0; field < NR_KNOWN_FIELDS; field++)
		if (!strcmp(field_words[field], word))
			break;
	if (field == NR_KNOWN_FIELDS)
		return wrong(reader,
			     "'%.64s': expected known, upstream, feature, "
			     "vmas, kind, op, what, tree, model, result or "
			     "function",
			     word);
	if (list->nr_patterns == KNOWN_PATTERNS_MAX)
		return wrong(reader, "more than %u patterns",
			     KNOWN_PATTERNS_MAX);
	pattern->entry = list->nr - 1;
	pattern->field = (enum known_field)field;
	snprintf(pattern->text, KNOWN_TEXT_MAX, "%s", text);
	list->nr_patterns++;
	return true;
}

static bool read_line(struct reader *reader, char *line)
{
	char *text, *word = line + strspn(line, " \t");
	struct known_list *list = reader->list;

	line[strcspn(line, "\n")] = '\0';
	if (!word[0] || word[0] == '#')
		return true;
	text = word + strcspn(word, " \t");
	if (*text)
		*text++ = '\0';
	text += strspn(text, " \t");
	if (!text[0])
		return wrong(reader, "'%.64s': expected something behind it",
			     word);
	if (strlen(text) >= KNOWN_TEXT_MAX)
		return wrong(reader, "more than %u characters",
			     KNOWN_TEXT_MAX - 1);
	if (!strcmp(word, "known"))
		return begin_entry(reader, text);
	if (list->nr == reader->first)
		return wrong(reader, "'%.64s': expected known and a name first",
			     word);
	if (!strcmp(word, "upstream")) {
		snprintf(list->entries[list->nr - 1].upstream, KNOWN_TEXT_MAX,
			 "%s", text);
		return true;
	}
	if (!strcmp(word, "feature"))
		return add_features(reader, text);
	if (!strcmp(word, "vmas"))
		return set_vmas(reader, text);
	return add_pattern(reader, word, text);
}

bool known_read(struct known_list *list, FILE *in, const char *name,
		char why[KNOWN_WHY_MAX])
{
	struct reader reader = {
		.list = list,
		.name = name,
		.first = list->nr,
		.why = why,
	};
	char line[KNOWN_TEXT_MAX + 64];

	while (fgets(line, sizeof(line), in)) {
		reader.line++;
		if (!read_line(&reader, line))
			return false;
	}
	if (ferror(in)) {
		snprintf(why, KNOWN_WHY_MAX, "%.200s: %s", name,
			 strerror(errno));
		return false;
	}
	if (list->nr == reader.first) {
		snprintf(why, KNOWN_WHY_MAX,
			 "%.200s: no finding in it: expected known and a name",
			 name);
		return false;
	}
	return end_entry(&reader);
}

bool known_load(struct known_list *list, const char *path,
		char why[KNOWN_WHY_MAX])
{
	FILE *in;
	bool fine;

	if (!strcmp(path, "none")) {
		memset(list, 0, sizeof(*list));
		return true;
	}
	in = fopen(path, "re");
	if (!in) {
		snprintf(why, KNOWN_WHY_MAX, "%.200s: %s", path,
			 strerror(errno));
		return false;
	}
	fine = known_read(list, in, path, why);
	fclose(in);
	return fine;
}

static bool matches(const struct known_pattern *pattern,
		    const struct known_finding *finding)
{
	const char *text = finding->texts[pattern->field];

	if (pattern->field == KNOWN_FUNCTION)
		return finding->names(finding->report, pattern->text);
	return text && !fnmatch(pattern->text, text, 0);
}

/* In a text that has a VMA after each semicolon. */
static u32 vmas_listed_in(const char *text)
{
	u32 nr = strcmp(text, "none") != 0;

	for (; *text; text++)
		nr += *text == ';';
	return nr;
}

static bool vmas_match(const struct known_entry *entry,
		       const struct known_finding *finding)
{
	u32 tree, model;

	if (entry->vmas == KNOWN_VMAS_ANY)
		return true;
	if (!finding->texts[KNOWN_TREE] || !finding->texts[KNOWN_MODEL])
		return false;
	tree = vmas_listed_in(finding->texts[KNOWN_TREE]);
	model = vmas_listed_in(finding->texts[KNOWN_MODEL]);
	return entry->vmas == (tree == model ? KNOWN_VMAS_SAME :
			       tree > model  ? KNOWN_VMAS_MORE :
					       KNOWN_VMAS_FEWER);
}

/* Of each field that the entry has patterns for, one matches. */
static bool is_entry(const struct known_list *list, u32 entry,
		     const struct known_finding *finding)
{
	bool wanted[NR_KNOWN_FIELDS] = {}, got[NR_KNOWN_FIELDS] = {};
	u32 i;

	if ((list->entries[entry].present & ~finding->features) ||
	    (list->entries[entry].absent & finding->features) ||
	    !vmas_match(&list->entries[entry], finding))
		return false;
	for (i = 0; i < list->nr_patterns; i++) {
		const struct known_pattern *pattern = &list->patterns[i];

		if (pattern->entry != entry)
			continue;
		wanted[pattern->field] = true;
		got[pattern->field] |= matches(pattern, finding);
	}
	return !memcmp(wanted, got, sizeof(wanted));
}

u32 known_find(const struct known_list *list,
	       const struct known_finding *finding)
{
	u32 i;

	for (i = 0; i < list->nr; i++)
		if (is_entry(list, i, finding))
			return i;
	return KNOWN_NONE;
}

void known_print(const struct known_list *list, const u64 met[KNOWN_MAX],
		 FILE *out)
{
	u32 i;

	for (i = 0; i < list->nr; i++)
		if (met[i])
			fprintf(out, "known: %s: met %" PRIu64 " times (%s)\n",
				list->entries[i].name, met[i],
				list->entries[i].upstream);
}
