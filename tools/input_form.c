// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the subcommands read: is it a scenario, or a file of another kind?  Every
 * sequence of bytes is operations, so a wrong file would pass in silence.
 */
#define _GNU_SOURCE /* memmem() */
#include <stdio.h>
#include <string.h>
#include "input.h"
#include "tools.h"

/*
 * How files of other kinds begin.  Three bytes at least: inputs of fuzzers are
 * many, and begin with anything.
 */
static const struct magic {
	u32 at; /* byte */
	u32 len;
	const char *bytes;
	const char *name;
} magics[] = {
	{ 0, 4,
	  "\x7f"
	  "ELF",
	  "an ELF file" },
	{ 0, 4, "\x89PNG", "a PNG image" },
	{ 0, 3, "\xff\xd8\xff", "a JPEG image" },
	{ 0, 5, "GIF87", "a GIF image" },
	{ 0, 5, "GIF89", "a GIF image" },
	{ 0, 3, "\x1f\x8b\x08", "a gzip file" },
	{ 0, 6,
	  "\xfd"
	  "7zXZ\0",
	  "an xz file" },
	{ 0, 4, "\x28\xb5\x2f\xfd", "a zstd file" },
	{ 0, 3, "BZh", "a bzip2 file" },
	{ 0, 4, "\x04\x22\x4d\x18", "an lz4 file" },
	{ 0, 4, "PK\x03\x04", "a zip file" },
	{ 0, 6, "7z\xbc\xaf\x27\x1c", "a 7z file" },
	{ 257, 5, "ustar", "a tar file" },
	{ 0, 8, "!<arch>\n", "an ar archive" },
	{ 0, 6, "070701", "a cpio archive" },
	{ 0, 4, "\xed\xab\xee\xdb", "an RPM package" },
	{ 0, 4, "DIRC", "a Git index" },
	{ 0, 4, "PACK", "a Git pack" },
	{ 0, 4, "\xfftOc", "an index of a Git pack" },
	{ 0, 4, "RIFF", "a RIFF file" },
	{ 0, 4, "OggS", "an Ogg file" },
	{ 0, 4, "\xca\xfe\xba\xbe", "a Java class or Mach-O file" },
	{ 0, 4, "\xcf\xfa\xed\xfe", "a Mach-O file" },
	{ 0, 5, "%PDF-", "a PDF" },
	{ 0, 4, "\0asm", "a WebAssembly file" },
	{ 0, 4, "BC\xc0\xde", "LLVM bitcode" },
	{ 0, 8, "PERFILE2", "a perf.data file" },
	{ 0, 4, "\x9f\xeb\x01\x00", "BTF" },
	{ 0, 15, "SQLite format 3", "an SQLite database" },
	{ 0, 5, "<?xml", "XML" },
	{ 0, 5, "<html", "HTML" },
	{ 0, 9, "<!DOCTYPE", "HTML" },
	{ 0, 3, "\xef\xbb\xbf", "a text with a UTF-8 byte order mark" },
};

static const char *find_magic(const struct input *in)
{
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		const struct magic *magic = &magics[i];

		if (in->len >= (u64)magic->at + magic->len &&
		    !memcmp(in->bytes + magic->at, magic->bytes, magic->len))
			return magic->name;
	}
	return NULL;
}

static bool is_plain_char(u8 c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

/* ASCII in 16 bits each, with a byte order mark or without. */
static bool is_utf16(const struct input *in)
{
	size_t at = 0, nr[2] = { 0 };

	if (in->len >= 2 && (!memcmp(in->bytes, "\xff\xfe", 2) ||
			     !memcmp(in->bytes, "\xfe\xff", 2)))
		at = 2;
	for (size_t i = at; i + 1 < in->len; i += 2) {
		nr[0] += is_plain_char(in->bytes[i]) && !in->bytes[i + 1];
		nr[1] += !in->bytes[i] && is_plain_char(in->bytes[i + 1]);
	}
	/* A comment may have other letters. */
	return in->len >= 8 && max_u64(nr[0], nr[1]) > in->len / 2 / 4 * 3;
}

/* A script says who runs it; a scenario may, too: "#!/usr/bin/rmapdiff run". */
static bool is_script(const struct input *in)
{
	const u8 *end = memchr(in->bytes, '\n', in->len);
	size_t len = end ? (size_t)(end - in->bytes) : in->len;

	return len > 2 && !memcmp(in->bytes, "#!", 2) &&
	       !memmem(in->bytes, len, "rmapdiff", 8);
}

/* What @in is instead of a scenario; NULL: one, for all that can be told. */
static const char *other_kind(const struct input *in)
{
	const char *name = find_magic(in);

	if (!name && is_utf16(in))
		name = "a text in UTF-16";
	if (!name && is_script(in))
		name = "a script (#!)";
	return name;
}

/*
 * A text but for less than an eighth of it.  Of bytes that rmapdiff writes an
 * eighth at least is not plain: the operation or the flags of each record.
 */
static bool is_nearly_text(const struct input *in)
{
	size_t nr_plain = 0;

	for (size_t i = 0; i < in->len; i++)
		nr_plain += is_plain_char(in->bytes[i]);
	return nr_plain > in->len - (in->len + 7) / 8;
}

/* Where the text @in has what no text has. */
static int refuse_character(const struct input *in)
{
	u32 line = 1, column = 1;
	size_t i;

	for (i = 0; i < in->len &&
		    (is_plain_char(in->bytes[i]) || in->bytes[i] >= 0x80);
	     i++, column++)
		if (in->bytes[i] == '\n') {
			line++;
			column = 0;
		}
	fprintf(stderr,
		"%s:%u:%u: control character 0x%02x in a text: expected none; "
		"--bytes takes it as operations of %d bytes\n",
		in->name, line, column, in->bytes[i], BYTES_PER_OP);
	return EXIT_USAGE;
}

int input_check_form(const struct input *in)
{
	const char *name = other_kind(in);

	if (name)
		return usage_error(in->name,
				   "%s: expected a scenario: text, or "
				   "operations of %d bytes; --bytes takes any "
				   "file",
				   name, BYTES_PER_OP);
	if (!in->is_text && is_nearly_text(in))
		return refuse_character(in);
	return 0;
}
