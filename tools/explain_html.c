// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain --html: one page to click through the steps.
 *
 * Everything is in it, and its policy lets it load nothing.  Without a script
 * all steps stand one under the other.
 */
#include <inttypes.h>
#include <string.h>
#include "explain.h"
#include "explain_page.h"

static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			/* A file name can hold anything. */
			fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
		}
}

/* "3", or "end" after the last operation. */
static void put_nr(FILE *out, u32 op_nr)
{
	if (op_nr)
		fprintf(out, "%u", op_nr);
	else
		fputs("end", out);
}

static const char *line_class(const struct line *line)
{
	switch (line->mark) {
	case '+':
		return "add";
	case '-':
		return "gone";
	case '~':
		return "chg";
	}
	switch (line->style) {
	case LINE_HEAD:
		return "head";
	case LINE_POINT:
		return "point";
	case LINE_NOTE:
		return "dim";
	default:
		return "same";
	}
}

static void put_html_line(FILE *out, const struct line *line)
{
	char piece[TEXT_COLUMNS + 1];
	size_t from = 0;

	do {
		if (!line_next_piece(line, &from, piece))
			break;
		fprintf(out, "<span class=\"l %s\">%c ", line_class(line),
			line->mark);
		put_escaped(out, piece);
		fputs("</span>", out);
	} while (line->text && line->text[from]);
}

/* Lines [i, end) of one section. */
static u32 put_section(FILE *out, const struct lines *lines, u32 i)
{
	const char *section = lines->all[i].section;

	fprintf(out, "<div class=\"sec\" data-section=\"%s\"><pre>", section);
	for (; i < lines->nr && lines->all[i].section == section; i++)
		put_html_line(out, &lines->all[i]);
	fputs("</pre></div>\n", out);
	return i;
}

/* What belongs to no section: titles, notes, the report. */
static u32 put_loose(FILE *out, const struct lines *lines, u32 i)
{
	const struct line *line = &lines->all[i];
	const char *text = line->text ? line->text : "";

	switch (line->style) {
	case LINE_HEAD:
		fputs("<h3>", out);
		put_escaped(out, text + strspn(text, "- "));
		fputs("</h3>\n", out);
		return i + 1;
	case LINE_REPORT:
		fputs("<div class=\"report\"><pre>", out);
		for (; i < lines->nr && lines->all[i].style == LINE_REPORT; i++)
			put_html_line(out, &lines->all[i]);
		fputs("</pre></div>\n", out);
		return i;
	case LINE_NOTE:
	case LINE_POINT:
		fprintf(out, "<p class=\"%s\">",
			line->style == LINE_NOTE ? "note" : "point");
		put_escaped(out, text + strspn(text, " "));
		fputs("</p>\n", out);
		return i + 1;
	default:
		return i + 1;
	}
}

static void put_title(struct explain *ex, const struct step *step)
{
	char op[EXPLAIN_OP_MAX], result[32], nr[EXPLAIN_NR_MAX];

	explain_op(ex, step, op, result);
	explain_step_nr(ex, step->op_nr, nr);
	fputs("<h2>", ex->out);
	if (step->op_nr)
		fprintf(ex->out, "<small>%s of %u</small> ", nr, ex->sc.nr_ops);
	put_escaped(ex->out, op);
	if (*result) {
		fprintf(ex->out, "<small>%s ", step->left_out ? "" : " =");
		put_escaped(ex->out, result);
		fputs("</small>", ex->out);
	}
	fputs("</h2>\n", ex->out);
}

void explain_show_html(struct explain *ex, const struct step *step)
{
	struct lines lines = { 0 };
	u32 i = 0;

	explain_draw_step(ex, step, &lines);
	fputs("<section class=\"step\" data-nr=\"", ex->out);
	put_nr(ex->out, step->op_nr);
	fprintf(ex->out, "\"%s>\n", step->diverged ? " data-diverged" : "");
	put_title(ex, step);
	while (i < lines.nr)
		if (*lines.all[i].section)
			i = put_section(ex->out, &lines, i);
		else
			i = put_loose(ex->out, &lines, i);
	fputs("</section>\n", ex->out);
	if (lines.oom)
		usage_error(ex->in.name, "out of memory: step %u is not whole",
			    step->op_nr);
	lines_free(&lines);
}

static bool is_where_it_ends(const struct explain *ex, u32 op_nr)
{
	return (ex->result.diverged || ex->result.unexpected) &&
	       ex->result.op_nr == op_nr;
}

static void put_link(struct explain *ex, const struct step *step)
{
	char op[EXPLAIN_OP_MAX], result[32];

	explain_op(ex, step, op, result);
	fputs("<li><a href=\"#step=", ex->out);
	put_nr(ex->out, step->op_nr);
	fprintf(ex->out, "\"%s><span class=\"nr\">",
		is_where_it_ends(ex, step->op_nr) ? " class=\"bad\"" : "");
	put_nr(ex->out, step->op_nr);
	fputs("</span><span>", ex->out);
	put_escaped(ex->out, op);
	fputs("</span></a></li>\n", ex->out);
}

/* The links to those steps that are going to be shown. */
static void put_links(struct explain *ex)
{
	const struct replay_result *result = &ex->result;
	bool stops = result->diverged || result->unexpected;
	u32 last = stops && result->op_nr ? result->op_nr : ex->sc.nr_ops;
	struct step step = { 0 };

	fputs("<nav aria-label=\"Steps\"><ol>\n", ex->out);
	for (step.op_nr = 1; step.op_nr <= last; step.op_nr++)
		if (explain_last_of(ex, step.op_nr) == step.op_nr &&
		    explain_wants_step(ex, step.op_nr))
			put_link(ex, &step);
	step.op_nr = 0;
	if (result->diverged && !result->op_nr && explain_wants_step(ex, 0))
		put_link(ex, &step);
	fputs("</ol></nav>\n", ex->out);
}

static void put_box(struct explain *ex, const char *section)
{
	if (explain_wants_section(ex, section))
		fprintf(ex->out,
			"<label><input type=\"checkbox\" checked "
			"data-section=\"%s\">%s</label>\n",
			section, section);
}

static void put_bar(struct explain *ex)
{
	const struct machine_config *config = &ex->config.machine;

	fputs("<div class=\"bar\"><span>"
	      "<button id=\"first\" title=\"Home\">&#8676; first</button> "
	      "<button id=\"prev\" title=\"Left arrow\">&#8592; back</button> "
	      "<button id=\"next\" title=\"Right arrow\">next &#8594;</button> "
	      "<button id=\"last\" title=\"End\">last &#8677;</button></span>\n"
	      "<span id=\"where\" role=\"status\"></span>\n",
	      ex->out);
	put_box(ex, "vmas");
	for (u32 i = 0; i < config->nr_rmaps; i++)
		put_box(ex, config->rmaps[i]->name);
	put_box(ex, "folios");
	fputs("<label><input type=\"checkbox\" id=\"changes\">only what "
	      "changed</label></div>\n",
	      ex->out);
}

/* The first line, comments as one paragraph, then how to read it all. */
static void put_opening(FILE *out, const struct lines *head)
{
	bool in_comment = false, in_help = false;

	for (u32 i = 0; i < head->nr; i++) {
		const char *text = head->all[i].text ? head->all[i].text : "";

		text += strspn(text, " ");
		if (!i) {
			fputs("<h1>", out);
		} else if (*text == '#') {
			fputs(in_comment ? " " : "<p>", out);
			in_comment = true;
			text += strspn(text, "# ");
		} else {
			fputs(in_comment && !in_help ? "</p>\n" : "", out);
			fputs(in_help ? "<p>" :
					"<details><summary>How to read "
					"it</summary>\n<p>",
			      out);
			in_help = true;
		}
		put_escaped(out, text);
		fputs(!i ? "</h1>\n" : in_help ? "</p>\n" : "", out);
	}
	fputs(in_help ? "</details>\n" : "", out);
}

void explain_begin_html(struct explain *ex)
{
	struct lines head = { .section = "" };
	FILE *out = ex->out;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'; "
	      "script-src 'unsafe-inline'; img-src data:\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n<title>",
	      out);
	put_escaped(out, explain_name(ex));
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n", explain_css);
	/* One comes to see where it diverges, else to begin at the beginning. */
	fprintf(out, "<body%s>\n<header>\n",
		ex->result.diverged || ex->result.unexpected ?
			" data-start=\"1000000000\"" :
			"");
	explain_opening(ex, &head);
	put_opening(out, &head);
	if (ex->first_step > 1)
		fprintf(out,
			"<p>Steps 1 to %u are left out; --full shows them.</p>\n",
			ex->first_step - 1);
	fputs("</header>\n<div class=\"page\">\n", out);
	put_links(ex);
	fputs("<main>\n", out);
	put_bar(ex);
	lines_free(&head);
}

void explain_end_html(struct explain *ex)
{
	fprintf(ex->out, "</main>\n</div>\n<script>\n%s</script>\n",
		explain_js);
	fputs("</body>\n</html>\n", ex->out);
}
