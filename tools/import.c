// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff import: a strace log of a real program as a scenario.
 */
#include <stdio.h>
#include <string.h>
#include "import_scenario.h"
#include "output.h"
#include "tools.h"

struct import_command {
	const char *command; /* argv[0], for messages */
	const char *in_path;
	struct output out;
	enum import_touch touch;
};

static const char *const touch_names[] = {
	[IMPORT_TOUCH_FIRST] = "first",
	[IMPORT_TOUCH_NONE] = "none",
	[IMPORT_TOUCH_ALL] = "all",
};

static int print_help(void)
{
	printf("Usage: rmapdiff import [OPTION...] TRACE\n"
	       "Makes a scenario, as text, of a log that `strace -f -o TRACE` "
	       "wrote (- is standard input).\n"
	       "strace's -y (names of files), -t, -tt, -ttt, -r and -T may be "
	       "there too; what a scenario needs is\n"
	       "-e trace=memory,process,openat.\n\n"
	       "  --touch none|first|all  what of memory that becomes writable "
	       "is written to: nothing, its first\n"
	       "                          page (default), every page\n"
	       "  -o, --output OUT        to that file, which must not exist "
	       "yet, not to standard output\n"
	       "  --force                 overwrite OUT\n\n"
	       "What was left out or changed is counted by kind on standard "
	       "error, and at the top of the scenario.\n");
	return EXIT_OK;
}

static void print_head(const struct import_command *ic, const struct import *im,
		       const struct trace *trace, FILE *out)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", base_name(ic->in_path));
	make_printable(name);
	fprintf(out,
		"# rmapdiff import --touch %s %s\n"
		"# %u lines, %u calls: %u operations, %u processes, %u files\n",
		touch_names[ic->touch], name, trace->nr_lines, trace->nr_calls,
		im->sc.nr_ops, im->nr_slots, im->nr_files);
	if (im->nr_files > NR_FILES)
		fprintf(out,
			"# More files than numbers: the Nth, from 0, has N modulo %d.\n",
			NR_FILES);
	if (im->notes->all) {
		fprintf(out, "# Left out, or not as it was:\n");
		notes_print(im->notes, out, "# ");
	}
}

static void print_scenario(const struct import *im, FILE *out)
{
	const struct scenario *sc = &im->sc;
	u32 next = 0;
	char text[256];

	fprintf(out, "base 0x%llx\n", (unsigned long long)sc->base);
	for (u32 i = 0; i < sc->nr_ops; i++) {
		for (; next < im->nr_comments && im->comments[next].op_nr == i;
		     next++)
			fprintf(out, "# %s\n", im->comments[next].text);
		scenario_print_op(sc, &sc->ops[i], text, sizeof(text));
		fprintf(out, "%s\n", text);
	}
}

static int write_scenario(struct import_command *ic, const struct import *im,
			  const struct trace *trace)
{
	if (output_open(&ic->out))
		return EXIT_USAGE;
	print_head(ic, im, trace, ic->out.file);
	print_scenario(im, ic->out.file);
	return output_close(&ic->out, EXIT_OK);
}

static void say_what_came(const struct import_command *ic,
			  const struct import *im, const struct trace *trace)
{
	fprintf(stderr, "%s: %u lines, %u calls: %u operations, %u processes\n",
		ic->in_path, trace->nr_lines, trace->nr_calls, im->sc.nr_ops,
		im->nr_slots);
	if (!im->notes->all)
		return;
	fprintf(stderr, "left out, or not as it was:\n");
	notes_print(im->notes, stderr, "");
}

static int import_events(struct import_command *ic, struct import *im,
			 const struct trace *trace, const char *name)
{
	int status;

	if (!trace->nr_calls)
		return usage_error(name,
				   "no strace log: none of its %u lines is a "
				   "call with its result",
				   trace->nr_lines);
	if (import_run(im, trace))
		return usage_error(name, "out of memory");
	if (!im->sc.nr_ops)
		return usage_error(name,
				   "none of its %u calls changes memory or "
				   "processes: nothing to write",
				   trace->nr_calls);
	status = write_scenario(ic, im, trace);
	if (!status)
		say_what_came(ic, im, trace);
	return status;
}

static int import_text(struct import_command *ic, const struct input *in)
{
	struct span text = { (const char *)in->bytes, in->len };
	struct notes notes = { 0 };
	struct import im = { .touch = ic->touch, .notes = &notes };
	struct trace trace;
	int status;

	if (trace_read(&trace, &notes, text)) {
		status = usage_error(in->name, "out of memory");
	} else {
		status = import_events(ic, &im, &trace, in->name);
		import_free(&im);
	}
	trace_free(&trace);
	notes_free(&notes);
	return status;
}

static int import_file(struct import_command *ic)
{
	struct input in;
	int status;

	if (input_load(&in, ic->in_path, "a strace log"))
		return EXIT_USAGE;
	status = import_text(ic, &in);
	input_free(&in);
	return status;
}

static int parse_touch(struct import_command *ic, const char *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(touch_names); i++) {
		if (strcmp(arg, touch_names[i]))
			continue;
		ic->touch = (enum import_touch)i;
		return 0;
	}
	return usage_error(ic->command,
			   "--touch '%s': expected none, first or all", arg);
}

int cmd_import(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "touch", required_argument, NULL, 't' },
		OUTPUT_OPTIONS,
		{ 0 },
	};
	struct import_command ic = { .command = argv[0] };
	int c;

	while ((c = getopt_long(argc, argv, "ho:", options, NULL)) != -1)
		switch (c) {
		case 't':
			if (parse_touch(&ic, optarg))
				return EXIT_USAGE;
			break;
		case 'h':
			return print_help();
		default:
			if (!output_take_option(&ic.out, c))
				return EXIT_USAGE;
		}
	if (argc - optind != 1)
		return usage_error(ic.command,
				   "expected one TRACE; see --help");
	ic.in_path = argv[optind];
	return import_file(&ic);
}
