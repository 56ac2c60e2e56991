// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text form's printer: pages in hex, lengths in decimal, options in the
 * order of the table.  What it prints, scenario_parse() takes and makes the
 * same of.
 */
#include <stdarg.h>
#include <stdio.h>
#include "scenario.h"

struct printer {
	const struct scenario *sc;
	char *buf;
	size_t size;
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void put(struct printer *pr,
						      const char *fmt, ...)
{
	va_list args;
	int len;

	if (pr->used >= pr->size)
		return;
	va_start(args, fmt);
	len = vsnprintf(pr->buf + pr->used, pr->size - pr->used, fmt, args);
	va_end(args);
	pr->used += (size_t)len; /* past the end: cut */
}

static void put_proc(struct printer *pr, u32 slot)
{
	char name[SCENARIO_NAME_MAX + 1];

	if (slot < pr->sc->nr_procs) {
		put(pr, " %s", pr->sc->names[slot]);
	} else {
		scenario_canonical_name(slot, name);
		put(pr, " %s", name);
	}
}

static void put_page(struct printer *pr, const char *before, u64 page)
{
	put(pr, " %s0x%llx", before, (unsigned long long)page);
}

static void put_len(struct printer *pr, u64 len)
{
	put(pr, " %llu", (unsigned long long)len);
}

static void put_field(struct printer *pr, const struct op *op,
		      enum op_field field)
{
	switch (field) {
	case FIELD_PROC:
		put_proc(pr, op->proc);
		break;
	case FIELD_CHILD:
		put_proc(pr, op->child);
		break;
	case FIELD_PAGE:
		put_page(pr, "", op->page);
		break;
	case FIELD_LEN_OPTIONAL:
		if (op->len != 1)
			put_len(pr, op->len);
		break;
	case FIELD_LEN:
	case FIELD_OLD:
	case FIELD_NTH:
		put_len(pr, op->len);
		break;
	case FIELD_NEW:
		put_len(pr, op->new_len);
		break;
	case FIELD_PROT:
		put(pr, " %s", op_prot_names[op->prot]);
		break;
	case FIELD_ADVICE:
		put(pr, " %s", op_advice_names[op->advice]);
		break;
	case FIELD_FILE:
		if (op->flags & OP_HAS_FILE)
			put(pr, " file=%u@%llu", op->file,
			    (unsigned long long)op->off);
		break;
	case FIELD_TO:
		if (op->flags & OP_HAS_TO)
			put_page(pr, "to=", op->to);
		break;
	case FIELD_DONTUNMAP:
		if (op->flags & OP_DONTUNMAP)
			put(pr, " dontunmap");
		break;
	case FIELD_END:
	case NR_OP_FIELDS:
		break;
	}
}

void scenario_print_op(const struct scenario *sc, const struct op *op,
		       char *buf, size_t size)
{
	const struct op_info *info = &op_infos[op->kind];
	struct printer pr = { .sc = sc, .buf = buf, .size = size };

	put(&pr, "%s", info->name);
	for (u32 i = 0; i < OP_FIELDS_MAX; i++)
		put_field(&pr, op, info->fields[i]);
	if (op->flags & OP_HAS_EXPECTED) {
		const char *name = errno_name(op->expected);

		put(&pr, " = %s", name ? name : "?");
	}
}

void scenario_print_schedule(const struct schedule *schedule,
			     char buf[SCHEDULE_TEXT_MAX])
{
	u32 nr = schedule->nr <= SCHEDULE_MAX ? schedule->nr : SCHEDULE_MAX;

	*buf++ = '@';
	for (u32 i = 0; i < nr; i++)
		*buf++ = (char)('0' + schedule_digit(schedule, i));
	*buf = '\0';
}

/* The operations of the line that operation @first begins. */
static void print_scenario_line(const struct scenario *sc, u32 first, FILE *out)
{
	u32 nr = scenario_group(sc, first);
	char op[256]; /* two names, four numbers, words: fits */
	char schedule[SCHEDULE_TEXT_MAX];

	for (u32 i = 0; i < nr; i++) {
		scenario_print_op(sc, &sc->ops[first + i], op, sizeof(op));
		fprintf(out, "%s%s", i ? " || " : "", op);
	}
	if (nr > 1 && sc->ops[first].schedule.nr) {
		scenario_print_schedule(&sc->ops[first].schedule, schedule);
		fprintf(out, " %s", schedule);
	}
	putc('\n', out);
}

void scenario_print(const struct scenario *sc, FILE *out)
{
	if (sc->base != SCENARIO_BASE_DEFAULT)
		fprintf(out, "base 0x%llx\n", (unsigned long long)sc->base);
	for (u32 i = 0; i < sc->nr_ops; i += scenario_group(sc, i))
		print_scenario_line(sc, i, out);
}
