// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: a step as lines of text.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"
#include "explain_draw.h"

#define THINGS_MAX 24 /* in a section, unless --full */
#define COMMENT_LINES_MAX 12

bool explain_wants_section(const struct explain *ex, const char *name)
{
	for (u32 i = 0; i < ex->nr_only; i++)
		if (!strcmp(ex->only[i], name))
			return true;
	return !ex->nr_only;
}

/* Those that run at the same time as @op_nr, as they stand on the line. */
static void print_group_text(const struct explain *ex, u32 op_nr,
			     char text[EXPLAIN_OP_MAX])
{
	u32 last = explain_last_of(ex, op_nr);
	size_t used = 0;

	for (u32 nr = explain_first_of(ex, op_nr); nr <= last; nr++) {
		struct op op = ex->sc.ops[nr - 1];
		char one[256];

		op.flags &= (u8)~OP_HAS_EXPECTED;
		scenario_print_op(&ex->sc, &op, one, sizeof(one));
		used += (size_t)snprintf(text + used, EXPLAIN_OP_MAX - used,
					 "%s%s", used ? " || " : "", one);
	}
}

void explain_op(const struct explain *ex, const struct step *step,
		char text[EXPLAIN_OP_MAX], char result[32])
{
	const char *name = errno_name(step->result);

	snprintf(text, EXPLAIN_OP_MAX, "after the last operation");
	snprintf(result, 32, "%s", name ? name : "an errno without a name");
	if (!step->op_nr) {
		result[0] = '\0';
		return;
	}
	print_group_text(ex, step->op_nr, text);
	if (step->left_out)
		snprintf(result, 32, "(left out)");
}

static void copy_printable(char *to, const char *from, size_t len, size_t size)
{
	size_t i;

	for (i = 0; i < len && i + 1 < size; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : ' ';
	to[i] = '\0';
}

/* Line @nr of the text, from 1; NULL if there is none. */
static const char *text_line(const struct explain *ex, u32 nr, size_t *len)
{
	const char *at = (const char *)ex->in.bytes;
	const char *end = at + ex->in.len;

	if (!ex->in.is_text || !nr)
		return NULL;
	for (; at < end; nr--) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));

		*len = (size_t)((eol ? eol : end) - at);
		if (nr == 1)
			return at;
		at += *len + 1;
	}
	return NULL;
}

void explain_comment(const struct explain *ex, u32 line, char text[256])
{
	size_t len;
	const char *at = text_line(ex, line, &len);
	const char *hash = at ? memchr(at, '#', len) : NULL;

	text[0] = '\0';
	if (hash)
		copy_printable(text, hash, len - (size_t)(hash - at), 256);
}

/* The comment that the file begins with says what it is about. */
static void add_opening_comment(const struct explain *ex, struct lines *lines)
{
	const char *at;
	size_t len;
	u32 nr = 1;

	for (; (at = text_line(ex, nr, &len)) && len && *at == '#'; nr++) {
		char text[256];

		if (nr > COMMENT_LINES_MAX) {
			lines_add(lines, LINE_NOTE, "  # ...");
			return;
		}
		copy_printable(text, at, len, sizeof(text));
		if (!strstr(text, "SPDX"))
			lines_add(lines, LINE_NOTE, "  %s", text);
	}
}

static void add_rmaps(const struct explain *ex, struct text *text)
{
	const struct machine_config *config = &ex->config.machine;

	for (u32 i = 0; i < config->nr_rmaps; i++)
		text_add(text, "%s%s",
			 !i		 ? "" :
			 ex->config.pure ? " against " :
					   " beside ",
			 config->rmaps[i]->name);
	if (!ex->config.pure && config->nr_rmaps > 1)
		text_add(text, " (%s decides merges)", config->rmaps[0]->name);
	text_add(text, ", as of %s",
		 config->as_of == KERNEL_7_0 ? "7.0" : "6.18");
}

const char *explain_name(const struct explain *ex)
{
	const char *slash = strrchr(ex->in.name, '/');

	return slash && slash[1] ? slash + 1 : ex->in.name;
}

void explain_opening(const struct explain *ex, struct lines *lines)
{
	struct text rmaps = { 0 };

	add_rmaps(ex, &rmaps);
	lines_add(lines, LINE_HEAD, "%s%s: %u operations on %s",
		  explain_name(ex), input_form(&ex->in), ex->sc.nr_ops,
		  text_string(&rmaps));
	text_free(&rmaps);
	add_opening_comment(ex, lines);
	lines_add_text(
		lines, LINE_NOTE,
		"  In the margin: + new in this step, ~ changed, - gone.\n"
		"  Page numbers and offsets count from the base. In a box stands, "
		"page by page, the folio mapped there (. nothing, z zero page, "
		"f page of the file).\n"
		"  a1, a2: anon_vmas in order of birth; * is a VMA's own. A "
		"context is called as its process; C:0x40/+0x30 was looked at "
		"for a remap of +0x30.");
}

void explain_begin_text(struct explain *ex)
{
	struct lines lines = { .section = "" };

	if (!ex->terse)
		explain_opening(ex, &lines);
	lines_print(&lines, ex->out, ex->colour);
	lines_free(&lines);
}

static void add_unexpected(const struct explain *ex, struct lines *lines)
{
	const struct op *op = &ex->sc.ops[ex->unexpected - 1];
	const char *expected = errno_name(op->expected);
	const char *got = errno_name(ex->result.result);
	struct op plain = *op;
	char text[256];

	if (!expected)
		expected = "another result";
	if (explain_first_of(ex, ex->unexpected) == ex->result.op_nr) {
		lines_add(lines, LINE_POINT, "   ^ <== expected %s", expected);
		return;
	}
	plain.flags &= (u8)~OP_HAS_EXPECTED;
	scenario_print_op(&ex->sc, &plain, text, sizeof(text));
	lines_add(lines, LINE_POINT, "   ^ <== %s: expected %s, got %s", text,
		  expected, got ? got : "an errno without a name");
}

static void add_title(const struct explain *ex, const struct step *step,
		      struct lines *lines)
{
	char op[EXPLAIN_OP_MAX], result[32], comment[256];
	char nr[EXPLAIN_NR_MAX];
	const struct op *o = step->op_nr ? &ex->sc.ops[step->op_nr - 1] : NULL;
	struct text title = { 0 };

	explain_op(ex, step, op, result);
	explain_step_nr(ex, step->op_nr, nr);
	lines->section = "";
	lines_add(lines, LINE_PLAIN, "%s", "");
	if (step->op_nr)
		text_add(&title, "== %s of %u: %s%s%s ", nr, ex->sc.nr_ops, op,
			 step->left_out ? " " : " = ", result);
	else
		text_add(&title, "== %s ", op);
	while (title.len < TEXT_COLUMNS && !title.oom)
		text_add(&title, "=");
	lines_add(lines, LINE_TITLE, "%s", text_string(&title));
	lines->oom |= title.oom;
	text_free(&title);
	explain_comment(ex, o ? o->line : 0, comment);
	if (*comment)
		lines_add(lines, LINE_NOTE, "   %s", comment);
	explain_schedule(ex, step->op_nr, lines);
	if (ex->result.unexpected && ex->result.op_nr == step->op_nr)
		add_unexpected(ex, lines);
	if (step->left_out)
		lines_add(lines, LINE_NOTE,
			  "   left out: the machines would rightly part here");
}

static void draw_sections(const struct explain *ex, struct drawing *d)
{
	if (explain_wants_section(ex, "vmas"))
		draw_vmas(d);
	for (u32 i = 0; i < d->snap->nr_rmaps; i++)
		if (explain_wants_section(ex, d->snap->rmaps[i]))
			draw_objects(d, i);
	if (explain_wants_section(ex, "folios"))
		draw_folios(d);
}

static void lines_append(struct lines *to, struct lines *from)
{
	for (u32 i = 0; i < from->nr; i++) {
		lines_add(to, LINE_PLAIN, "%s", "");
		if (to->oom)
			break;
		free(to->all[to->nr - 1].text);
		to->all[to->nr - 1] = from->all[i];
		from->all[i] = (struct line){ 0 };
	}
	to->oom |= from->oom;
	lines_free(from);
}

/* Then a step can leave out what stands in the one before. */
static bool shows_all_steps(const struct explain *ex)
{
	return !ex->full && !ex->step && !ex->last && ex->form == EXPLAIN_TEXT;
}

static void draw_machine(const struct explain *ex, const struct step_machine *m,
			 struct lines *lines)
{
	struct lines before = { 0 }, now = { 0 };
	struct drawing d = {
		.snap = m->before,
		.other = m->now,
		.lines = &before,
		.full = ex->full,
	};

	draw_sections(ex, &d);
	d = (struct drawing){
		.snap = m->now,
		.other = m->before,
		.lines = &now,
		.full = ex->full,
		.report = m->report,
	};
	draw_sections(ex, &d);
	lines_mark(&now, &before);
	if (shows_all_steps(ex))
		lines_fold_unchanged(&now);
	if (!ex->full)
		lines_cut(&now, THINGS_MAX);
	now.oom |= before.oom;
	lines_free(&before);
	lines_append(lines, &now);
}

static bool points(const struct lines *lines)
{
	for (u32 i = 0; i < lines->nr; i++)
		if (lines->all[i].style == LINE_POINT)
			return true;
	return false;
}

static void add_report(const struct explain *ex, const struct step *step,
		       struct lines *lines)
{
	char op[EXPLAIN_OP_MAX], result[32], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		lines->oom = true;
		return;
	}
	explain_op(ex, step, op, result);
	report_print(&ex->result.report, out, step->op_nr, op);
	if (fclose(out))
		lines->oom = true;
	lines->section = "";
	lines_add(lines, LINE_PLAIN, "%s", "");
	if (!points(lines))
		lines_add(
			lines, LINE_POINT,
			"  ^ <== it is this step that is wrong; what it changed is marked");
	if (text)
		lines_add_text(lines, LINE_REPORT, text);
	free(text);
}

void explain_draw_step(const struct explain *ex, const struct step *step,
		       struct lines *lines)
{
	add_title(ex, step, lines);
	for (u32 i = 0; i < step->nr; i++) {
		lines->section = "";
		if (ex->config.pure)
			lines_add(lines, LINE_HEAD, "-- the machine of %s",
				  step->machines[i].now->rmaps[0]);
		draw_machine(ex, &step->machines[i], lines);
	}
	if (step->diverged)
		add_report(ex, step, lines);
}

void explain_show_text(struct explain *ex, const struct step *step)
{
	struct lines lines = { 0 };

	explain_draw_step(ex, step, &lines);
	lines_print(&lines, ex->out, ex->colour);
	if (lines.oom)
		usage_error(ex->in.name, "out of memory: step %u is not whole",
			    step->op_nr);
	lines_free(&lines);
}

void explain_end_text(struct explain *ex)
{
	struct lines lines = { .section = "" };

	lines_add(&lines, LINE_PLAIN, "%s", "");
	lines_add(&lines, LINE_PLAIN, "%u of %u operations done, %s%s",
		  ex->result.ops, ex->sc.nr_ops,
		  ex->result.diverged	? "1 divergence" :
		  ex->result.unexpected ? "a result that was not as asserted" :
					  "no divergence",
		  ex->nr_shown ? "" : "; no step shown");
	lines_print(&lines, ex->out, ex->colour);
	lines_free(&lines);
}
