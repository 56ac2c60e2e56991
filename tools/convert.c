// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff convert: a scenario from one form to another.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools.h"

enum form {
	FORM_OTHER, /* than the input's */
	FORM_TEXT,
	FORM_BYTES,
};

struct convert {
	const char *command; /* argv[0], for messages */
	const char *in_path;
	const char *out_path; /* NULL: standard output */
	enum form to;
	bool strip;
	bool force;
};

static int print_help(void)
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
	return EXIT_OK;
}

static FILE *open_output(const struct convert *cv)
{
	FILE *out;

	if (!cv->out_path)
		return stdout;
	/* x: a file that is there already is somebody's. */
	out = fopen(cv->out_path, cv->force ? "wb" : "wbx");
	if (!out)
		usage_error(cv->out_path, "%s%s", strerror(errno),
			    errno == EEXIST ? "; --force overwrites it" : "");
	return out;
}

/* Writes either @sc as text, or @bytes. */
static int write_output(const struct convert *cv, const struct scenario *sc,
			const u8 *bytes, size_t len)
{
	FILE *out = open_output(cv);
	bool failed;

	if (!out)
		return EXIT_USAGE;
	if (bytes)
		fwrite(bytes, 1, len, out);
	else
		scenario_print(sc, out);
	if (out == stdout)
		return EXIT_OK; /* main() looks whether it was written */
	failed = ferror(out);
	if (fclose(out) || failed)
		return usage_error(cv->out_path, "cannot write: %s",
				   strerror(errno));
	return EXIT_OK;
}

static int convert_to_bytes(const struct convert *cv, const struct input *in,
			    const struct scenario *sc)
{
	struct scenario_error error = { 0 };
	u8 *bytes = NULL;
	size_t len = 0;
	int err;

	if (!cv->out_path && isatty(STDOUT_FILENO))
		return usage_error(cv->command,
				   "will not write bytes to a terminal: -o OUT "
				   "or --to text");
	err = scenario_encode(sc, &bytes, &len, &error);
	if (err == -EINVAL) {
		print_scenario_error(in->name, &error);
		return EXIT_USAGE;
	}
	if (err)
		return usage_error(in->name, "out of memory");
	if (!len)
		err = usage_error(in->name, "no operations: nothing to write");
	else
		err = write_output(cv, sc, bytes, len);
	free(bytes);
	return err;
}

static int convert_scenario(const struct convert *cv, const struct input *in,
			    struct scenario *sc)
{
	enum form to = cv->to;

	if (to == FORM_OTHER)
		to = in->is_text ? FORM_BYTES : FORM_TEXT;
	if (cv->strip && scenario_strip(sc))
		return usage_error(in->name, "out of memory");
	if (to == FORM_BYTES)
		return convert_to_bytes(cv, in, sc);
	return write_output(cv, sc, NULL, 0);
}

static int convert_file(const struct convert *cv)
{
	struct input in;
	struct scenario sc;
	int status;

	if (input_load(&in, cv->in_path))
		return EXIT_USAGE;
	status = input_parse(&in, &sc);
	if (!status) {
		status = convert_scenario(cv, &in, &sc);
		scenario_free(&sc);
	}
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
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
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
		case 'o':
			cv.out_path = optarg;
			break;
		case 'f':
			cv.force = true;
			break;
		case 's':
			cv.strip = true;
			break;
		case 'h':
			return print_help();
		default:
			return EXIT_USAGE;
		}
	if (argc - optind != 1)
		return usage_error(cv.command, "expected one FILE; see --help");
	cv.in_path = argv[optind];
	return convert_file(&cv);
}
