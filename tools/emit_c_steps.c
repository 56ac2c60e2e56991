// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scenario itself as C: what is expected, as tables, and main().
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include "emit_c.h"

/* A, B1: a capital letter and digits, which no header defines. */
static bool is_plain_name(const char *name)
{
	return isupper((unsigned char)name[0]) &&
	       strspn(name + 1, "0123456789") == strlen(name + 1);
}

/* All names as they are, or all with a prefix that keeps them apart from C's. */
const char *emit_name(const struct emit *em, u32 slot, char name[EMIT_NAME_MAX])
{
	const char *prefix = "";

	for (u32 i = 0; i < em->sc->nr_procs; i++)
		if (!is_plain_name(em->sc->names[i]))
			prefix = "proc_";
	snprintf(name, EMIT_NAME_MAX, "%s%s", prefix, em->sc->names[slot]);
	return name;
}

static void print_value(FILE *out, u64 value)
{
	u64 first = value & ~((1ULL << REPLAY_WRITE_SHIFT) - 1);
	u32 op_nr = (u32)(value >> REPLAY_WRITE_SHIFT);

	if (!op_nr || value == first) {
		fprintf(out, "0x%" PRIx64, value);
		return;
	}
	fprintf(out, "WRITTEN(%u)", op_nr);
	if (value > replay_write_value(op_nr))
		fprintf(out, " + %" PRIu64, value - replay_write_value(op_nr));
}

/* In the words that the emitted program has for what it reads from smaps. */
static void print_vma_row(FILE *out, const struct fact_vma *vma)
{
	fprintf(out, "{ 0x%" PRIx64 ", 0x%" PRIx64 ", \"%c%c%s%s%s", vma->start,
		vma->end, vma->flags & VM_READ ? 'r' : '-',
		vma->flags & VM_WRITE ? 'w' : '-',
		vma->flags & VM_ACCOUNT ? " account" : "",
		vma->flags & VM_DONTCOPY ? " dontfork" : "",
		vma->flags & VM_WIPEONFORK ? " wipeonfork" : "");
	if (vma->file != NO_FILE)
		fprintf(out, " file=%d@%" PRIu64, vma->file, vma->pgoff);
	fprintf(out, "\" },");
}

static void print_run_row(FILE *out, const struct fact_run *run)
{
	fprintf(out, "{ 0x%" PRIx64 ", %" PRIu64 ", %" PRIu64 ", ", run->page,
		run->nr, run->folio);
	print_value(out, run->value);
	fprintf(out, " },");
}

static void print_mm_facts(const struct emit *em, const struct fact_mm *mm,
			   u32 op_nr)
{
	const struct facts *facts = em->facts;
	char name[EMIT_NAME_MAX];
	FILE *out = em->out;

	fprintf(out, "\t{ %u, %s,\n\t  VMAS(", op_nr,
		emit_name(em, mm->slot, name));
	for (u32 i = 0; i < mm->vma_nr; i++) {
		if (i)
			fprintf(out, "\n\t       ");
		print_vma_row(out, &facts->vmas.v[mm->vma_first + i]);
	}
	fprintf(out, ")");
	if (em->need[EMIT_PAGES]) {
		fprintf(out, ",\n\t  PAGES(");
		for (u32 i = 0; i < mm->run_nr; i++) {
			if (i)
				fprintf(out, "\n\t\t");
			print_run_row(out, &facts->runs.v[mm->run_first + i]);
		}
		fprintf(out, ")");
	}
	fprintf(out, " },\n");
}

void emit_tables(const struct emit *em)
{
	FILE *out = em->out;
	char text[256];

	fprintf(out, "\n/*\n"
		     " * What each step changes, as main() shows it.  A row of "
		     "pages: the first, how many,\n"
		     " * the first folio, what it holds.\n"
		     " */\n"
		     "#define VMAS(...)\t((const struct vma[]){ "
		     "__VA_ARGS__ { 0, 0, NULL } })\n");
	if (em->need[EMIT_PAGES])
		fprintf(out, "#define PAGES(...)\t((const struct run[]){ "
			     "__VA_ARGS__ { 0, 0, 0, 0 } })\n");
	fprintf(out, "\nstatic const struct expected table[] = {\n");
	for (u32 i = 0; i < em->facts->states.nr; i++) {
		const struct fact_state *state = &em->facts->states.v[i];
		bool titled = false;

		for (u32 m = 0; m < state->mm_nr; m++) {
			const struct fact_mm *mm =
				&em->facts->mms.v[state->mm_first + m];

			if (!mm->changed)
				continue;
			scenario_print_op(em->sc, &em->sc->ops[i], text,
					  sizeof(text));
			if (!titled)
				fprintf(out, "\t/* %u: %s */\n", i + 1, text);
			titled = true;
			print_mm_facts(em, mm, i + 1);
		}
	}
	fprintf(out, "\t{ 0, 0, NULL%s }\n};\n",
		em->need[EMIT_PAGES] ? ", NULL" : "");
}

static const char *prot_text(u8 prot)
{
	switch (prot) {
	case OP_PROT_RW:
		return "RW";
	case OP_PROT_R:
		return "PROT_READ";
	}
	return "PROT_NONE";
}

static const char *advice_text(u8 advice)
{
	switch (advice) {
	case ADVICE_DONTNEED:
		return "MADV_DONTNEED";
	case ADVICE_DONTFORK:
		return "MADV_DONTFORK";
	case ADVICE_DOFORK:
		return "MADV_DOFORK";
	case ADVICE_WIPEONFORK:
		return "MADV_WIPEONFORK";
	}
	return "MADV_KEEPONFORK";
}

static void print_mremap(FILE *out, const struct op *op)
{
	bool to = op->flags & OP_HAS_TO;
	bool dontunmap = op->flags & OP_DONTUNMAP;

	fprintf(out, ", %" PRIu64 ", %" PRIu64 ", %s%s%s%s, 0x%" PRIx64,
		op->len, op->new_len, to ? "MREMAP_MAYMOVE | MREMAP_FIXED" : "",
		to && dontunmap ? " | " : "",
		dontunmap ? "MREMAP_DONTUNMAP" : "",
		!to && !dontunmap ? "0" : "", op->to);
}

/* The call that does @op. */
static void print_call(const struct emit *em, const struct op *op, u32 op_nr)
{
	bool file = op->kind == OP_MMAP && op->flags & OP_HAS_FILE;
	char name[EMIT_NAME_MAX];
	FILE *out = em->out;

	fprintf(out, "do_%s%s(%s", op_infos[op->kind].name, file ? "_file" : "",
		emit_name(em, op->proc, name));
	if (op_takes((enum op_kind)op->kind, FIELD_PAGE))
		fprintf(out, ", 0x%" PRIx64, op->page);
	switch ((enum op_kind)op->kind) {
	case OP_MMAP:
	case OP_MPROTECT:
		fprintf(out, ", %" PRIu64 ", %s", op->len, prot_text(op->prot));
		if (file)
			fprintf(out, ", %u, %" PRIu64, op->file, op->off);
		break;
	case OP_MADVISE:
		fprintf(out, ", %" PRIu64 ", %s", op->len,
			advice_text(op->advice));
		break;
	case OP_MREMAP:
		print_mremap(out, op);
		break;
	case OP_MUNMAP:
	case OP_READ:
		fprintf(out, ", %" PRIu64, op->len);
		break;
	case OP_WRITE:
		fprintf(out, ", %" PRIu64 ", WRITTEN(%u)", op->len, op_nr);
		break;
	case OP_FORK:
	case OP_VFORK:
		fprintf(out, ", %s", emit_name(em, op->child, name));
		break;
	default:
		break;
	}
	fputc(')', out);
}

static void print_want(FILE *out, int result)
{
	const char *name = errno_name(result);

	if (!result)
		fprintf(out, "0");
	else if (name)
		fprintf(out, "-%s", name);
	else
		fprintf(out, "-%d", result);
}

void emit_main(const struct emit *em)
{
	FILE *out = em->out;
	char text[256];

	fprintf(out, "\nint main(int argc, char **argv)\n{\n"
		     "\tstart(argc, argv, table);\n");
	emit_say_left_out(em);
	for (u32 i = 0; i < em->sc->nr_ops; i++) {
		const struct op *op = &em->sc->ops[i];

		scenario_print_op(em->sc, op, text, sizeof(text));
		fprintf(out, "\n\t/* %s */\n\tstep(", text);
		print_want(out, em->facts->states.v[i].result);
		fprintf(out, ", ");
		print_call(em, op, i + 1);
		fprintf(out, ");\n");
		emit_layout(em, i + 1);
	}
	fprintf(out, "\n\treturn finish();\n}\n");
}
