// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff import: a strace log of a real program as a scenario.
 */
#include <errno.h>
#include <inttypes.h>
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

/* All calls that become operations or notes, and more, but few others. */
#define STRACE_OPTIONS                                                         \
	"-f -y -e signal=none -e trace=memory,process,ioctl,prctl,arch_prctl," \
	"ptrace,userfaultfd,process_madvise,process_vm_writev,vmsplice,"       \
	"io_uring_register,set_mempolicy_home_node,?mseal,?map_shadow_stack"

static int import_print_help(void)
{
	printf("Usage: rmapdiff import [OPTION...] TRACE\n"
	       "Makes a scenario, as text, of a log of strace's (- is standard "
	       "input). What it needs has\n\n"
	       "  strace $(rmapdiff import --strace) -o TRACE PROGRAM...\n\n"
	       "strace's other options may be there too; -f follows children, "
	       "-y names files.\n\n"
	       "  --touch none|first|all  what of memory that becomes writable "
	       "is written to: nothing, its first\n"
	       "                          page (default), every page\n"
	       "  -o, --output OUT        to that file, which must not exist "
	       "yet, not to standard output\n"
	       "  --force                 overwrite OUT\n"
	       "  --strace                print the options for strace, and end\n"
	       "  --calls                 print the system calls that are known, "
	       "and what becomes of each, and end\n\n"
	       "What became of the log's lines is counted by kind on standard "
	       "error, and at the top of the scenario.\n");
	return EXIT_OK;
}

static int print_calls(void)
{
	for (size_t i = 0; i < strace_nr_calls(); i++) {
		const char *what;
		const char *name = strace_call_name(i, &what);

		printf("%-24s %s\n", name, what);
	}
	return EXIT_OK;
}

/* What became of the lines, counted once all is done. */
struct outcome {
	u64 nr[NR_LINE_CLASSES];
	u32 first_unknown; /* from 1; 0: none */
	struct notes idle; /* LINE_IDLE, by what it is */
};

#define EXAMPLE_MAX 60 /* bytes of a line that is not understood */

static int count_log_lines(struct outcome *outcome,
			   const struct log_lines *lines)
{
	for (u32 line = 1; line <= lines->nr; line++) {
		const struct log_line *first = log_lines_look(lines, line);

		outcome->nr[first->class]++;
		if (first->class == LINE_IDLE)
			notes_add(&outcome->idle, line, "%.*s",
				  (int)min_u64(first->what.len, 40),
				  first->what.p);
		if (first->class == LINE_UNKNOWN && !outcome->first_unknown)
			outcome->first_unknown = line;
	}
	return outcome->idle.nomem ? -ENOMEM : 0;
}

static void print_unknown(const struct outcome *outcome,
			  const struct log_lines *lines, FILE *out,
			  const char *before)
{
	char text[EXAMPLE_MAX + 1];
	struct span line;

	if (!outcome->first_unknown)
		return;
	line = lines->all[outcome->first_unknown - 1].what;
	snprintf(text, sizeof(text), "%.*s",
		 (int)min_u64(line.len, EXAMPLE_MAX), line.p);
	make_printable(text);
	fprintf(out, "%s%6" PRIu64 "  not understood (first: line %u: %s)\n",
		before, outcome->nr[LINE_UNKNOWN], outcome->first_unknown,
		text);
}

/* Each line after @before: "# " or "". */
static void print_outcome(const struct outcome *outcome,
			  const struct import *im,
			  const struct log_lines *lines, FILE *out,
			  const char *before)
{
	fprintf(out,
		"%slines: %" PRIu64 " became operations + %" PRIu64
		" left out + %" PRIu64 " without effect + %" PRIu64
		" not understood = %u\n",
		before, outcome->nr[LINE_OPERATIONS], outcome->nr[LINE_NOTED],
		outcome->nr[LINE_IDLE], outcome->nr[LINE_UNKNOWN], lines->nr);
	if (im->notes->all || outcome->first_unknown)
		fprintf(out, "%sleft out, or not as it was:\n", before);
	notes_print(im->notes, out, before);
	print_unknown(outcome, lines, out, before);
	if (outcome->idle.all)
		fprintf(out, "%swithout effect on what a scenario has:\n",
			before);
	notes_print(&outcome->idle, out, before);
}

static void print_import_head(const struct import_command *ic,
			      const struct import *im,
			      const struct trace *trace,
			      const struct outcome *outcome, FILE *out)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", base_name(ic->in_path));
	make_printable(name);
	fprintf(out,
		"# rmapdiff import --touch %s %s\n"
		"# %u lines, %u calls: %u operations, %u processes, %u files\n",
		touch_names[ic->touch], name, trace->lines.nr, trace->nr_calls,
		im->sc.nr_ops, im->nr_slots, im->nr_files + im->has_zero);
	if (im->nr_files > import_nr_file_numbers(im))
		fprintf(out,
			"# More files than numbers: the Nth, from 0, has N modulo %u.\n",
			import_nr_file_numbers(im));
	print_outcome(outcome, im, &trace->lines, out, "# ");
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

static int write_imported(struct import_command *ic, const struct import *im,
			  const struct trace *trace,
			  const struct outcome *outcome)
{
	int status;

	if (output_open(&ic->out))
		return EXIT_USAGE;
	print_import_head(ic, im, trace, outcome, ic->out.file);
	print_scenario(im, ic->out.file);
	status = output_close(&ic->out, EXIT_OK);
	if (status)
		return status;
	fprintf(stderr, "%s: %u lines, %u calls: %u operations, %u processes\n",
		ic->in_path, trace->lines.nr, trace->nr_calls, im->sc.nr_ops,
		im->nr_slots);
	print_outcome(outcome, im, &trace->lines, stderr, "");
	return EXIT_OK;
}

static int import_events(struct import_command *ic, struct import *im,
			 const struct trace *trace, const char *name)
{
	struct outcome outcome = { 0 };
	int status;

	if (!trace->nr_calls)
		return usage_error(name,
				   "no strace log: none of its %u lines is a "
				   "call with its result",
				   trace->lines.nr);
	if (import_run(im, trace))
		return usage_error(name, "out of memory");
	if (!im->sc.nr_ops)
		return usage_error(name,
				   "none of its %u calls changes memory or "
				   "processes: nothing to write",
				   trace->nr_calls);
	if (count_log_lines(&outcome, &trace->lines))
		status = usage_error(name, "out of memory");
	else
		status = write_imported(ic, im, trace, &outcome);
	notes_free(&outcome.idle);
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
		{ "strace", no_argument, NULL, 's' },
		{ "calls", no_argument, NULL, 'c' },
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
		case 's':
			puts(STRACE_OPTIONS);
			return EXIT_OK;
		case 'c':
			return print_calls();
		case 'h':
			return import_print_help();
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
