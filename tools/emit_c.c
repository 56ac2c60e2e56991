// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmapdiff emit-c: a scenario as one C program of real processes and system
 * calls, which checks itself against what the model expects.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "emit_c.h"
#include "output.h"
#include "tools.h"

/* Each process has a descriptor of its own in each; 1024 is what one may have. */
#define PROCS_MAX 256

struct emit_c {
	const char *command;
	struct output out;
	bool drop_failalloc;
	bool bytes; /* --bytes */
	struct replay_config config; /* its --as-of alone */
};

static int emit_c_print_help(void)
{
	printf("Usage: rmapdiff emit-c [OPTION...] FILE\n"
	       "Writes a scenario, text or bytes (- is standard input), as one "
	       "C file that needs nothing but\n"
	       "libc: real processes do its operations by real system calls, "
	       "and after each one VMAs, pages and,\n"
	       "as root, sharing and mapcounts are compared with the model's. "
	       "Its output is TAP.\n\n"
	       "  -o, --output OUT    to that file, which must not exist yet, "
	       "not to standard output\n"
	       "  --force             overwrite OUT\n"
	       "  --drop-failalloc    leave failalloc out instead of refusing "
	       "a scenario that has it\n"
	       "  --as-of VERSION     what is expected of that kernel: 6.18 "
	       "(default) or 7.0\n");
	input_print_help();
	printf("\n"
	       "cc -Wall -o OUT OUT.c && ./OUT\n\n"
	       "Exit status: 0 fine, 2 bad usage or a bad file.\n");
	return EXIT_OK;
}

static int refuse_scenario(const struct input *in, u32 line, const char *text)
{
	if (line)
		return usage_error(in->name, "line %u: %s", line, text);
	return usage_error(in->name, "%s", text);
}

static const struct op *find_failalloc(const struct scenario *sc)
{
	for (u32 i = 0; i < sc->nr_ops; i++)
		if (sc->ops[i].kind == OP_FAILALLOC)
			return &sc->ops[i];
	return NULL;
}

/* The last part of the path, as far as it is fit for a C comment. */
static void make_title(char title[64], const char *path)
{
	size_t i;

	snprintf(title, 64, "%s", base_name(path));
	for (i = 0; title[i]; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_. ",
			    title[i]))
			title[i] = '_';
}

static void find_needs(struct emit *em)
{
	static const enum emit_need of_op[NR_OPS] = {
		[OP_MMAP] = EMIT_MMAP,	       [OP_MUNMAP] = EMIT_MUNMAP,
		[OP_MPROTECT] = EMIT_MPROTECT, [OP_MADVISE] = EMIT_MADVISE,
		[OP_MREMAP] = EMIT_MREMAP,     [OP_READ] = EMIT_READ,
		[OP_WRITE] = EMIT_WRITE,       [OP_FORK] = EMIT_FORK,
		[OP_VFORK] = EMIT_VFORK,       [OP_EXEC] = EMIT_EXEC,
		[OP_EXIT] = EMIT_EXIT,	       [OP_MIGRATE] = EMIT_MIGRATE,
	};
	bool *need = em->need;

	need[EMIT_ALWAYS] = true;
	for (u32 i = 0; i < em->sc->nr_ops; i++) {
		const struct op *op = &em->sc->ops[i];

		if (op->kind == OP_MMAP && op->flags & OP_HAS_FILE)
			need[EMIT_MMAP_FILE] = true;
		else
			need[of_op[op->kind]] = true;
	}
	for (u32 i = EMIT_MMAP; i <= EMIT_EXEC; i++)
		need[EMIT_ASK] = need[EMIT_ASK] || need[i];
	need[EMIT_TOUCH] = need[EMIT_READ] || need[EMIT_WRITE];
	need[EMIT_FILES] = need[EMIT_MMAP_FILE];
	need[EMIT_PAGES] = em->facts->mappings_max > 0;
	need[EMIT_NOPAGES] = !need[EMIT_PAGES];
	need[EMIT_NOMIGRATE] = !need[EMIT_MIGRATE];
	need[EMIT_MIGRATE_OR_WALK] = need[EMIT_MIGRATE] || need[EMIT_PAGES];
}

static void emit_pieces(const struct emit *em, const struct emit_piece *piece)
{
	for (; piece->need != EMIT_END; piece++)
		if (em->need[piece->need])
			fputs(piece->text, em->out);
}

static void emit_opening(const struct emit *em)
{
	FILE *out = em->out;
	char text[256];

	fprintf(out,
		"// SPDX-License-Identifier: GPL-2.0-only\n/*\n"
		" * %s, written by rmapdiff emit-c:\n *\n",
		em->title);
	for (u32 i = 0; i < em->sc->nr_ops; i++) {
		scenario_print_op(em->sc, &em->sc->ops[i], text, sizeof(text));
		fprintf(out, " *\t%s\n", text);
	}
	if (em->dropped)
		fprintf(out,
			" *\n * Left out: %u failalloc; allocations of a "
			"kernel do not fail when one would like.\n",
			em->dropped);
	emit_left_out(em);
	fprintf(out,
		" *\n * Real processes do this, one step after the other; "
		"main() at the end shows the steps\n"
		" * and what should be there after each one.  As root, "
		"which pages are the same folio is\n"
		" * checked too, and the kernel is made to walk their "
		"reverse maps%s.\n"
		" *\n * Pages and lengths are counted in pages of 4096 "
		"bytes, pages from BASE.\n */\n",
		em->need[EMIT_PAGES] ? " (see walk() for how)" : "");
}

static void emit_includes(FILE *out)
{
	static const char *const names[] = {
		"errno.h",	     "fcntl.h",	      "linux/mempolicy.h",
		"sched.h",	     "setjmp.h",      "signal.h",
		"stdarg.h",	     "stdint.h",      "stdio.h",
		"stdlib.h",	     "string.h",      "sys/mman.h",
		"sys/personality.h", "sys/prctl.h",   "sys/socket.h",
		"sys/stat.h",	     "sys/syscall.h", "sys/wait.h",
		"unistd.h",
	};

	fprintf(out, "#define _GNU_SOURCE\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		fprintf(out, "#include <%s>\n", names[i]);
}

static void emit_constants(const struct emit *em)
{
	char name[EMIT_NAME_MAX];
	FILE *out = em->out;

	fprintf(out, "\n#define BASE\t\t0x%" PRIx64 "UL\n", em->sc->base);
	fprintf(out, "#define ADDR(page)\t((BASE + (page)) << 12)\n"
		     "#define RW\t\t(PROT_READ | PROT_WRITE)\n"
		     "/* What step @nr stores in the first page that it "
		     "writes. */\n"
		     "#define WRITTEN(nr)\t(((nr) * 1UL << 24) + 1)\n\n"
		     "#ifndef MREMAP_DONTUNMAP\n"
		     "#define MREMAP_DONTUNMAP\t4\n"
		     "#endif\n\n");
	fprintf(out, "#define NR_STEPS\t%u\n#define TESTS_A_STEP\t%u\n",
		em->sc->nr_ops, em->need[EMIT_PAGES] ? 4 : 2);
	if (em->need[EMIT_FILES])
		fprintf(out, "#define NR_FILES\t%d\n", NR_FILES);
	if (em->need[EMIT_PAGES])
		fprintf(out,
			"#define NR_FOLIOS\t%" PRIu64 "\n"
			"#define NR_MAPPINGS\t%" PRIu64 "\n",
			em->facts->folios_max, em->facts->mappings_max);
	fprintf(out, "\nenum {");
	for (u32 i = 0; i < em->sc->nr_procs; i++)
		fprintf(out, "%s%s,", i % 8 ? " " : "\n\t",
			emit_name(em, i, name));
	fprintf(out, "\n\tNR_PROCS\n};\n\n"
		     "static const char *const names[NR_PROCS] = {");
	for (u32 i = 0; i < em->sc->nr_procs; i++)
		fprintf(out, "%s\"%s\",", i % 8 ? " " : "\n\t",
			em->sc->names[i]);
	fprintf(out, "\n};\n\n/* Where the scenario has its pages. */\n"
		     "static const struct {\n\tunsigned long start, end;\n"
		     "} windows[] = {\n");
	for (u32 i = 0; i < em->nr_windows; i++)
		fprintf(out, "\t{ 0x%" PRIx64 ", 0x%" PRIx64 " },\n",
			em->windows[i].start, em->windows[i].end);
	fprintf(out, "};\n\n");
}

static void emit_all(const struct emit *em)
{
	emit_opening(em);
	emit_includes(em->out);
	emit_constants(em);
	emit_pieces(em, emit_processes);
	emit_pieces(em, emit_checks);
	emit_pieces(em, emit_walks);
	emit_tables(em);
	emit_main(em);
}

static int write_program(struct emit_c *ec, struct emit *em)
{
	if (output_open(&ec->out))
		return EXIT_USAGE;
	em->out = ec->out.file;
	emit_all(em);
	return output_close(&ec->out, EXIT_OK);
}

static int unexpected(const struct input *in, const struct scenario *sc,
		      const struct replay_result *result)
{
	const struct op *op = &sc->ops[result->op_nr - 1];
	const char *got = errno_name(result->result);

	return usage_error(in->name,
			   "line %u: the model's result is %s, not the "
			   "asserted one",
			   op->line, got ? got : "another");
}

static int emit_scenario(struct emit_c *ec, const struct input *in,
			 struct emit *em)
{
	struct replay_result result;
	struct facts facts;
	int err = facts_collect(&facts, em->sc, ec->config.machine.as_of,
				&result);

	em->facts = &facts;
	if (err == -EINVAL && result.unexpected) {
		err = unexpected(in, em->sc, &result);
	} else if (err) {
		err = usage_error(in->name, "out of memory");
	} else {
		find_needs(em);
		err = write_program(ec, em);
	}
	facts_free(&facts);
	return err;
}

static int check_and_emit(struct emit_c *ec, const struct input *in,
			  struct scenario *sc, struct emit *em)
{
	struct fact_window *windows;
	char title[64], why[160];
	const struct op *fail;
	int err;

	if (ec->drop_failalloc)
		em->dropped = drop_failalloc(sc);
	fail = find_failalloc(sc);
	if (fail)
		return refuse_scenario(
			in, fail->line,
			"a kernel's allocations cannot be made to fail; "
			"--drop-failalloc leaves failalloc out");
	if (!emit_sequential(em, sc))
		return refuse_scenario(in, 0, "out of memory");
	if (!sc->nr_ops)
		return refuse_scenario(in, 0,
				       "no operations: nothing to do in C");
	if (sc->nr_procs > PROCS_MAX)
		return refuse_scenario(in, 0,
				       "more process names than one program "
				       "has room for (256)");
	make_title(title, in->name);
	em->title = title;
	windows = facts_windows(sc, &em->nr_windows, why);
	if (!windows)
		return refuse_scenario(in, 0, why);
	em->windows = windows;
	err = emit_scenario(ec, in, em);
	free(windows);
	if (!err && em->dropped)
		fprintf(stderr, "%s: %u failalloc left out\n", in->name,
			em->dropped);
	return err;
}

static int emit_file(struct emit_c *ec, const char *path)
{
	struct scenario sc;
	struct emit em = { .sc = &sc };
	struct input in;
	int status;

	if (input_load_scenario(&in, &sc, path, ec->bytes))
		return EXIT_USAGE;
	status = check_and_emit(ec, &in, &sc, &em);
	free(em.groups);
	scenario_free(&sc);
	input_free(&in);
	return status;
}

int cmd_emit_c(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		OUTPUT_OPTIONS,
		INPUT_OPTIONS,
		{ "drop-failalloc", no_argument, NULL, 'd' },
		{ "as-of", required_argument, NULL, CONFIG_AS_OF },
		{ 0 },
	};
	struct emit_c ec = { .command = argv[0] };
	int c;

	while ((c = getopt_long(argc, argv, "ho:", options, NULL)) != -1)
		switch (c) {
		case 'd':
			ec.drop_failalloc = true;
			break;
		case CONFIG_AS_OF:
			if (config_take_option(ec.command, &ec.config, c))
				return EXIT_USAGE;
			break;
		case INPUT_BYTES:
			ec.bytes = true;
			break;
		case 'h':
			return emit_c_print_help();
		default:
			if (!output_take_option(&ec.out, c))
				return EXIT_USAGE;
		}
	if (argc - optind != 1)
		return usage_error(ec.command, "expected one FILE; see --help");
	return emit_file(&ec, argv[optind]);
}
