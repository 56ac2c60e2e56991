// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff explain: a scenario step by step, drawn.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../model/rmap/rmaps.h"
#include "explain.h"

#define PAGE_STEPS_MAX 500 /* on an HTML page, unless --full */

static int explain_print_help(void)
{
	printf("Usage: rmapdiff explain [OPTION...] FILE\n"
	       "Draws a scenario, text or bytes (- is standard input), step by "
	       "step: VMAs, reverse maps,\n"
	       "folios and what the walks visit; at most 80 columns wide.\n\n"
	       "  --step N             that step only\n"
	       "  --last               the last one only, or where it "
	       "diverges\n"
	       "  --only PART,PART...  of vmas, folios and the reverse maps' "
	       "names\n"
	       "  --terse              without the lines about the file and "
	       "how to read it all\n"
	       "  --full               leave nothing out, however much it is\n"
	       "  --color WHEN         always, never or auto: on a terminal "
	       "unless NO_COLOR is set (default)\n"
	       "  --dot                one step as a graph for Graphviz: the "
	       "last, or --step N\n"
	       "  --html               one page to click through the steps\n"
	       "  -o, --output OUT     to that file, which must not exist "
	       "yet\n"
	       "  --force              overwrite OUT\n");
	input_print_help();
	config_print_help(0);
	printf("\nExit status: 0 fine, 1 a divergence or a result that was not "
	       "as asserted, 2 bad usage or\na bad file.\n");
	return EXIT_OK;
}

static bool is_section(const char *name)
{
	return !strcmp(name, "vmas") || !strcmp(name, "folios") ||
	       rmap_ops_find(name);
}

/* Names, separated by commas; @arg is cut into them. */
static int parse_only(struct explain *ex, char *arg)
{
	char *name, *state = NULL;

	for (name = strtok_r(arg, ",", &state); name;
	     name = strtok_r(NULL, ",", &state)) {
		if (!is_section(name))
			return usage_error(ex->command,
					   "--only '%s': expected vmas, folios "
					   "or a reverse map of rmapdiff list",
					   name);
		if (ex->nr_only == EXPLAIN_ONLY_MAX)
			return usage_error(ex->command,
					   "--only: expected at most %d names",
					   EXPLAIN_ONLY_MAX);
		ex->only[ex->nr_only++] = name;
	}
	if (!ex->nr_only)
		return usage_error(ex->command, "--only: expected a name");
	return 0;
}

/* https://no-color.org: set and not empty. */
static bool colour_by_default(const struct explain *ex)
{
	const char *no_color = getenv("NO_COLOR");

	return !ex->output.path && isatty(STDOUT_FILENO) &&
	       !(no_color && *no_color);
}

enum when {
	WHEN_AUTO,
	WHEN_ALWAYS,
	WHEN_NEVER,
};

static int parse_when(const struct explain *ex, const char *arg,
		      enum when *when)
{
	if (!strcmp(arg, "always"))
		*when = WHEN_ALWAYS;
	else if (!strcmp(arg, "never"))
		*when = WHEN_NEVER;
	else if (!strcmp(arg, "auto"))
		*when = WHEN_AUTO;
	else
		return usage_error(ex->command,
				   "--color '%s': expected always, never or "
				   "auto",
				   arg);
	return 0;
}

static int parse_step(struct explain *ex, const char *arg)
{
	u64 step;

	if (!parse_number(arg, 1, SCENARIO_OPS_MAX, &step))
		return usage_error(ex->command,
				   "--step '%s': expected the number of a "
				   "step, from 1",
				   arg);
	ex->step = (u32)step;
	return 0;
}

static int take_form(struct explain *ex, enum explain_form form)
{
	if (ex->form != EXPLAIN_TEXT && ex->form != form)
		return usage_error(ex->command,
				   "--dot and --html exclude each other");
	ex->form = form;
	return 0;
}

static int explain_take_option(struct explain *ex, int c, enum when *when)
{
	switch (c) {
	case 's':
		return parse_step(ex, optarg);
	case 'l':
		ex->last = true;
		return 0;
	case 'O':
		return parse_only(ex, optarg);
	case 't':
		ex->terse = true;
		return 0;
	case 'F':
		ex->full = true;
		return 0;
	case 'c':
		return parse_when(ex, optarg, when);
	case 'd':
		return take_form(ex, EXPLAIN_DOT);
	case 'H':
		return take_form(ex, EXPLAIN_HTML);
	case INPUT_BYTES:
		ex->bytes = true;
		return 0;
	}
	if (config_is_option(c))
		return config_take_option(ex->command, &ex->config, c);
	return output_take_option(&ex->output, c) ? 0 : EXIT_USAGE;
}

/* What --only names is there to be drawn. */
static int check_sections(const struct explain *ex)
{
	for (u32 i = 0; i < ex->nr_only; i++) {
		const struct rmap_ops *ops = rmap_ops_find(ex->only[i]);
		bool there = !ops;

		for (u32 k = 0; k < ex->config.machine.nr_rmaps; k++)
			there |= ops == ex->config.machine.rmaps[k];
		if (!there)
			return usage_error(
				ex->command,
				"--only '%s': it is not among --rmap",
				ex->only[i]);
	}
	return 0;
}

static int explain_check_options(struct explain *ex, enum when when)
{
	if (config_check(ex->command, &ex->config) || check_sections(ex))
		return EXIT_USAGE;
	if (ex->form != EXPLAIN_TEXT && ex->terse)
		return usage_error(ex->command, "--terse is for text only");
	if (ex->form != EXPLAIN_TEXT && when != WHEN_AUTO)
		return usage_error(ex->command, "--color is for text only");
	if (ex->form == EXPLAIN_DOT && ex->full)
		return usage_error(ex->command,
				   "--full: a graph has everything");
	if (ex->step && ex->last)
		return usage_error(ex->command,
				   "--step and --last exclude each other");
	if (ex->form == EXPLAIN_DOT && !ex->step)
		ex->last = true;
	return 0;
}

/* 0 to go on, else the exit status + 1 (--help's is 0). */
static int explain_parse_options(struct explain *ex, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		CONFIG_OPTIONS,
		{ "step", required_argument, NULL, 's' },
		{ "last", no_argument, NULL, 'l' },
		{ "only", required_argument, NULL, 'O' },
		{ "terse", no_argument, NULL, 't' },
		{ "full", no_argument, NULL, 'F' },
		{ "color", required_argument, NULL, 'c' },
		{ "dot", no_argument, NULL, 'd' },
		{ "html", no_argument, NULL, 'H' },
		OUTPUT_OPTIONS,
		INPUT_OPTIONS,
		{ 0 },
	};
	enum when when = WHEN_AUTO;
	int c, err = 0;

	while (!err &&
	       (c = getopt_long(argc, argv, "ho:", options, NULL)) != -1)
		if (c == 'h')
			return explain_print_help() + 1;
		else
			err = explain_take_option(ex, c, &when);
	if (!err)
		err = explain_check_options(ex, when);
	ex->colour = when == WHEN_AUTO ? colour_by_default(ex) :
					 when == WHEN_ALWAYS;
	return err ? err + 1 : 0;
}

static int draw_scenario(struct explain *ex)
{
	int err;

	switch (ex->form) {
	case EXPLAIN_DOT:
		return explain_steps(ex, explain_show_dot);
	case EXPLAIN_HTML:
		explain_begin_html(ex);
		err = explain_steps(ex, explain_show_html);
		explain_end_html(ex);
		return err;
	case EXPLAIN_TEXT:
		break;
	}
	explain_begin_text(ex);
	err = explain_steps(ex, explain_show_text);
	explain_end_text(ex);
	return err;
}

/* A page of thousands of steps is of no use: its last ones are. */
static void leave_out_first_steps(struct explain *ex)
{
	u32 last = ex->result.op_nr ? ex->result.op_nr : ex->sc.nr_ops;

	/* Of a group that begins before, the whole is shown. */
	if (last > PAGE_STEPS_MAX && !ex->step)
		ex->first_step = last - PAGE_STEPS_MAX + 1;
}

/* Which of a group it was is told where its step is drawn. */
static void end_with_line(struct explain *ex)
{
	if (!ex->result.unexpected)
		return;
	ex->unexpected = ex->result.op_nr;
	ex->result.op_nr = explain_last_of(ex, ex->result.op_nr);
}

static int explain_scenario(struct explain *ex)
{
	if (ex->step > ex->sc.nr_ops)
		return usage_error(ex->in.name,
				   "--step %u: there are %u operations",
				   ex->step, ex->sc.nr_ops);
	/* Any of those that run at the same time stands for them all. */
	if (ex->step)
		ex->step = explain_last_of(ex, ex->step);
	if (replay(&ex->sc, &ex->config, &ex->result))
		return usage_error(ex->in.name, "out of memory");
	end_with_line(ex);
	if (ex->step && (ex->result.diverged || ex->result.unexpected) &&
	    ex->result.op_nr && ex->step > ex->result.op_nr)
		return usage_error(ex->in.name,
				   "--step %u: it ends at operation %u",
				   ex->step, ex->result.op_nr);
	if (ex->form == EXPLAIN_HTML && !ex->full)
		leave_out_first_steps(ex);
	if (output_open(&ex->output))
		return EXIT_USAGE;
	ex->out = ex->output.file;
	if (output_close(&ex->output, draw_scenario(ex)))
		return EXIT_USAGE;
	return ex->result.diverged || ex->result.unexpected ? EXIT_DIVERGED :
							      EXIT_OK;
}

int cmd_explain(int argc, char **argv)
{
	struct explain ex = { .command = argv[0] };
	int stop, status;

	config_init(&ex.config);
	stop = explain_parse_options(&ex, argc, argv);
	if (stop)
		return stop - 1;
	if (argc - optind != 1)
		return usage_error(ex.command, "expected one FILE; see --help");
	if (input_load_scenario(&ex.in, &ex.sc, argv[optind], ex.bytes))
		return EXIT_USAGE;
	status = explain_scenario(&ex);
	scenario_free(&ex.sc);
	input_free(&ex.in);
	return status;
}
