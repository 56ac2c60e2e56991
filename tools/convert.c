// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff convert: a scenario from one form to another.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "output.h"
#include "tools.h"

enum form {
	FORM_OTHER, /* than the input's */
	FORM_TEXT,
	FORM_BYTES,
};

struct convert {
	const char *command; /* argv[0], for messages */
	struct output out;
	enum form to;
	bool strip;
	bool bytes; /* --bytes */
};

static int convert_print_help(void)
{
	printf("Usage: rmapdiff convert [OPTION...] FILE\n"
	       "Writes a scenario (- is standard input) in the other form: text "
	       "as bytes, bytes as text.\n\n"
	       "  --to text|bytes     in that form, whichever FILE has\n"
	       "  -o, --output OUT    to that file, which must not exist yet, "
	       "not to standard output\n"
	       "  --force             overwrite OUT\n"
	       "  --strip             drop what bytes cannot express: asserted "
	       "results, names, the base\n");
	input_print_help();
	return EXIT_OK;
}

/* Writes either @sc as text, or @bytes. */
static int write_converted(struct convert *cv, const struct scenario *sc,
			   const u8 *bytes, size_t len)
{
	if (output_open(&cv->out))
		return EXIT_USAGE;
	if (bytes)
		fwrite(bytes, 1, len, cv->out.file);
	else
		scenario_print(sc, cv->out.file);
	return output_close(&cv->out, EXIT_OK);
}

static int convert_to_bytes(struct convert *cv, const struct input *in,
			    const struct scenario *sc)
{
	struct scenario_error error = { 0 };
	u8 *bytes = NULL;
	size_t len = 0;
	int err;

	if (!cv->out.path && isatty(STDOUT_FILENO))
		return usage_error(cv->command,
				   "will not write bytes to a terminal: -o OUT "
				   "or --to text");
	err = scenario_encode(sc, &bytes, &len, &error);
	if (err == -EINVAL) {
		if (in->is_text)
			error.column = scenario_error_column(
				(const char *)in->bytes, in->len, &error);
		print_scenario_error(in->name, &error);
		return EXIT_USAGE;
	}
	if (err)
		return usage_error(in->name, "out of memory");
	if (!len)
		err = usage_error(in->name, "no operations: nothing to write");
	else
		err = write_converted(cv, sc, bytes, len);
	free(bytes);
	return err;
}

static int convert_scenario(struct convert *cv, const struct input *in,
			    struct scenario *sc)
{
	enum form to = cv->to;

	if (to == FORM_OTHER)
		to = in->is_text ? FORM_BYTES : FORM_TEXT;
	if (cv->strip && scenario_strip(sc))
		return usage_error(in->name, "out of memory");
	if (to == FORM_BYTES)
		return convert_to_bytes(cv, in, sc);
	return write_converted(cv, sc, NULL, 0);
}

static int convert_file(struct convert *cv, const char *path)
{
	struct input in;
	struct scenario sc;
	int status;

	if (input_load_scenario(&in, &sc, path, cv->bytes))
		return EXIT_USAGE;
	status = convert_scenario(cv, &in, &sc);
	scenario_free(&sc);
	input_free(&in);
	return status;
}

static int parse_form(struct convert *cv, const char *arg)
{
	if (!strcmp(arg, "text"))
		cv->to = FORM_TEXT;
	else if (!strcmp(arg, "bytes"))
		cv->to = FORM_BYTES;
	else
		return usage_error(cv->command,
				   "--to '%s': expected text or bytes", arg);
	return 0;
}

int cmd_convert(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "to", required_argument, NULL, 't' },
		OUTPUT_OPTIONS,
		INPUT_OPTIONS,
		{ "strip", no_argument, NULL, 's' },
		{ 0 },
	};
	struct convert cv = { .command = argv[0] };
	int c;

	while ((c = getopt_long(argc, argv, "ho:", options, NULL)) != -1)
		switch (c) {
		case 't':
			if (parse_form(&cv, optarg))
				return EXIT_USAGE;
			break;
		case 's':
			cv.strip = true;
			break;
		case INPUT_BYTES:
			cv.bytes = true;
			break;
		case 'h':
			return convert_print_help();
		default:
			if (!output_take_option(&cv.out, c))
				return EXIT_USAGE;
		}
	if (argc - optind != 1)
		return usage_error(cv.command, "expected one FILE; see --help");
	return convert_file(&cv, argv[optind]);
}
