// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is the same in two divergences that come from the same fault.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../mm/pgtable.h"
#include "../mm/rmap_describe.h"
#include "../mm/vma.h"
#include "signature.h"

/* Words */

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool begins_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/*
 * The length of the process name at @text, 0 if there is none: "B:0x40",
 * "process B lives with ...".
 */
static size_t proc_name_len(const char *text)
{
	size_t len = 0;

	while (is_name_char(text[len]))
		len++;
	if (begins_with(text + len, ":0x") || begins_with(text + len, ":-0x") ||
	    begins_with(text + len, " lives with "))
		return len;
	return 0;
}

/* The length of the number at @text, decimal or hexadecimal. */
static size_t number_len(const char *text)
{
	if (!strncmp(text, "0x", 2))
		return 2 + strspn(text + 2, "0123456789abcdef");
	return strspn(text, "0123456789");
}

static size_t word_len(const char *text)
{
	size_t len = 0;

	while (is_name_char(text[len]))
		len++;
	return len ? len : 1;
}

/* The words of a report so far. */
struct words {
	char *text; /* SIGNATURE_WORDS_MAX */
	size_t len;
};

static void add_word(struct words *words, const char *text, size_t len)
{
	len = min_u64(len, SIGNATURE_WORDS_MAX - 1 - words->len);
	memcpy(words->text + words->len, text, len);
	words->len += len;
	words->text[words->len] = '\0';
}

/*
 * Copies @text with N for each number and P for each process: those differ from
 * try to try.  Of a list of what was left (@first_only) only the first kind
 * counts: a folio that stays keeps its context, and that its remaps.
 */
static void copy_words(char to[SIGNATURE_WORDS_MAX], const char *text,
		       bool first_only)
{
	struct words words = { .text = to };

	while (*text && !(first_only && *text == ',')) {
		size_t name = proc_name_len(text), number = number_len(text);
		size_t len = name ? name : number ? number : word_len(text);

		if (name)
			add_word(&words, "P", 1);
		else if (number)
			add_word(&words, "N", 1);
		else
			add_word(&words, text, len);
		text += len;
	}
}

/* When */

/* Operation @op_nr, or the group that it ends. */
static u32 kinds_of_ops(const struct scenario *sc, u32 op_nr)
{
	u32 kinds = 0;

	if (!op_nr)
		return 1U << OP_EXIT;
	for (u32 i = op_nr; i--;) {
		kinds |= 1U << sc->ops[i].kind;
		if (!(sc->ops[i].flags & OP_PARALLEL))
			break;
	}
	return kinds;
}

static bool is_one_op(u32 kinds)
{
	return !(kinds & (kinds - 1));
}

/* Where */

static struct mm_struct *mm_of_id(struct mm_world *world, u64 id)
{
	struct mm_struct *mm;

	TAILQ_FOREACH(mm, &world->mms, entry)
		if (mm->id == id)
			return mm;
	return NULL;
}

static struct folio *folio_of_id(struct mm_world *world, u64 family, u64 id)
{
	struct folio *folio = folio_first(world, family, 0);

	while (folio && folio->id != id)
		folio = folio_next(folio);
	return folio;
}

/*
 * The operation of the first @nr of @sc that the address space of @proc was born
 * by, from 1; 0: it is the first one.
 */
static u32 born_at(const struct scenario *sc, u32 nr, u32 proc)
{
	for (u32 i = nr; i--;) {
		const struct op *op = &sc->ops[i];

		if (op->kind == OP_FORK && op->child == proc)
			return i + 1;
		if (op->kind == OP_EXEC && op->proc == proc)
			return i + 1;
		if (op->kind == OP_VFORK && op->child == proc)
			proc = op->proc;
	}
	return 0;
}

/* What a reverse map tells of one mapping. */
struct record_search {
	const struct mm_struct *mm;
	const struct vm_area_struct *vma;
	pgoff_t index;
	s64 displacement;
	const void *owner; /* what the folio belongs to */
	const void *of_mm; /* what @mm has */
	const void *last; /* what was told of last */
	bool in_tree; /* @owner has the offset of @vma in its tree */
	bool has_remap; /* what @mm has leads to the address */
	bool oom;
	struct record_link {
		const void *who;
		const void *parent;
	} * links;
	u64 nr;
	u64 cap;
};

static void on_object(void *arg, const struct rmap_object *object)
{
	struct record_search *search = arg;

	if (search->nr == search->cap) {
		u64 cap = search->cap ? 2 * search->cap : 16;
		struct record_link *links =
			realloc(search->links, cap * sizeof(*links));

		if (!links) {
			search->oom = true;
			return;
		}
		search->links = links;
		search->cap = cap;
	}
	search->links[search->nr++] = (struct record_link){
		.who = object->who,
		.parent = object->parent,
	};
	if (object->mm_id == search->mm->id && !object->orphan)
		search->of_mm = object->who;
}

static void on_tree(void *arg, const void *who,
		    const struct vm_area_struct *vma, pgoff_t first,
		    pgoff_t last)
{
	struct record_search *search = arg;

	if (who == search->owner && vma == search->vma &&
	    first <= search->index && search->index <= last)
		search->in_tree = true;
}

static void on_chain(void *arg, const struct vm_area_struct *vma,
		     const void *who, bool own)
{
}

static void on_remap(void *arg, const void *who, pgoff_t first, pgoff_t last,
		     s64 displacement)
{
	struct record_search *search = arg;

	if (who == search->of_mm && first <= search->index &&
	    search->index <= last && displacement == search->displacement)
		search->has_remap = true;
}

/* Is what the mm has the folio's owner, or a descendant of that? */
static bool is_below_owner(const struct record_search *search)
{
	const void *who = search->of_mm;

	for (u64 step = 0; step <= search->nr && who; step++) {
		u64 i = 0;

		if (who == search->owner)
			return true;
		while (i < search->nr && search->links[i].who != who)
			i++;
		who = i < search->nr ? search->links[i].parent : NULL;
	}
	return false;
}

/* Where contexts have no remap for it, a page is where its offset says. */
static enum signature_record judge_record(const struct record_search *search)
{
	if (search->oom)
		return RECORD_UNKNOWN;
	if (search->in_tree)
		return RECORD_THERE;
	if (!search->of_mm)
		return RECORD_NONE;
	if (search->displacement && !search->has_remap)
		return RECORD_NONE;
	return is_below_owner(search) ? RECORD_THERE : RECORD_ELSEWHERE;
}

static enum signature_record record_of(struct rmap *rmap, struct folio *folio,
				       struct mm_struct *mm, u64 addr)
{
	struct record_search search = {
		.mm = mm,
		.vma = vma_lookup(mm, addr),
		.index = folio->index,
		.displacement = (s64)(addr - folio->index),
	};
	const struct rmap_describer describer = {
		.object = on_object,
		.in_tree = on_tree,
		.on_chain = on_chain,
		.remap = on_remap,
		.arg = &search,
	};
	enum signature_record record;

	if (!rmap->ops->describe || !rmap->ops->folio_owner)
		return RECORD_UNKNOWN;
	search.owner = rmap->ops->folio_owner(rmap, folio);
	rmap->ops->describe(rmap, &describer);
	record = judge_record(&search);
	free(search.links);
	return record;
}

static void take_mapping(struct signature_mapping *mapping,
			 const struct scenario *sc,
			 const struct replay_result *result,
			 struct machine *machine, bool describe)
{
	const struct report *report = &result->report;
	struct mm_world *world = &machine->world;
	struct mm_struct *mm = mm_of_id(world, report->mapping.mm);
	u32 nr = result->op_nr ? result->op_nr : sc->nr_ops;
	struct vm_area_struct *vma;
	struct folio *folio;
	struct rmap *rmap;
	s64 proc;

	if (!report->mapping.folio || !mm)
		return;
	folio = folio_of_id(world, mm->family, report->mapping.folio);
	vma = vma_lookup(mm, report->mapping.addr);
	proc = machine_proc_of(machine, mm);
	if (!folio || !vma || proc < 0)
		return;
	mapping->known = true;
	mapping->file = !vma_is_anonymous(vma);
	mapping->displaced = report->mapping.addr != folio->index;
	mapping->inherited = born_at(sc, nr, (u32)proc) > folio->content >>
			     REPLAY_WRITE_SHIFT;
	rmap = machine_rmap(machine, report->rmap);
	if (describe && rmap && report->kind == DIVERGENCE_MISS)
		mapping->record =
			record_of(rmap, folio, mm, report->mapping.addr);
}

void signature_take(struct signature *sig, const struct scenario *sc,
		    const struct replay_result *result, struct machine *machine,
		    bool describe)
{
	const struct report *report = &result->report;

	memset(sig, 0, sizeof(*sig));
	sig->kind = report->kind;
	snprintf(sig->rmap, sizeof(sig->rmap), "%s", report->rmap);
	copy_words(sig->words, report->text, report->kind == DIVERGENCE_LEAK);
	sig->sign = report->sign;
	sig->ops = kinds_of_ops(sc, result->op_nr);
	sig->nomem = result->op_nr && is_one_op(sig->ops) &&
		     result->result == ENOMEM;
	take_mapping(&sig->mapping, sc, result, machine, describe);
}

bool signature_matches(const struct signature *sig,
		       const struct signature *wanted)
{
	const struct signature_mapping *a = &sig->mapping;
	const struct signature_mapping *b = &wanted->mapping;

	return sig->kind == wanted->kind && sig->sign == wanted->sign &&
	       !strcmp(sig->rmap, wanted->rmap) &&
	       !strcmp(sig->words, wanted->words) &&
	       !(sig->ops & ~wanted->ops) && sig->nomem == wanted->nomem &&
	       a->known == b->known && a->file == b->file &&
	       a->displaced == b->displaced && a->inherited == b->inherited &&
	       a->record == b->record;
}

static void print_op_kinds(u32 kinds, FILE *out)
{
	const char *between = " after ";

	for (u32 kind = 0; kind < NR_OPS; kind++) {
		if (!(kinds >> kind & 1))
			continue;
		fprintf(out, "%s%s", between, op_infos[kind].name);
		between = " || ";
	}
}

/* Without the name of the reverse map, which is told already. */
static const char *words_alone(const struct signature *sig)
{
	size_t len = strlen(sig->rmap);

	if (len && begins_with(sig->words, sig->rmap) &&
	    begins_with(sig->words + len, ": "))
		return sig->words + len + 2;
	return sig->words;
}

static const char *record_text(enum signature_record record)
{
	switch (record) {
	case RECORD_THERE:
		return ", recorded, not walked to";
	case RECORD_ELSEWHERE:
		return ", recorded, not below the folio's owner";
	case RECORD_NONE:
		return ", not recorded";
	case RECORD_UNKNOWN:
		break;
	}
	return "";
}

void signature_print(const struct signature *sig, FILE *out)
{
	const struct signature_mapping *mapping = &sig->mapping;

	fprintf(out, "%s", divergence_kind_name(sig->kind));
	if (*sig->rmap)
		fprintf(out, " of %s", sig->rmap);
	print_op_kinds(sig->ops, out);
	if (sig->nomem)
		fprintf(out, ", which failed with ENOMEM");
	if (sig->sign)
		fprintf(out, ", a count too %s",
			sig->sign > 0 ? "high" : "low");
	if (mapping->known)
		fprintf(out, ": %s page, %s, %s%s",
			mapping->file ? "a private file's" : "an anonymous",
			mapping->displaced ? "displaced" : "not displaced",
			mapping->inherited ? "inherited by fork" :
					     "in the process that wrote it",
			record_text(mapping->record));
	else
		fprintf(out, ": %s", words_alone(sig));
}
