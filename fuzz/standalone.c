// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzz target without an engine: gives it each file named, and each file in
 * a directory named, once.  So a corpus is a regression test with any compiler.
 */
#define _GNU_SOURCE /* asprintf */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "common.h"

#define FILE_SIZE_MAX (64L << 20)

static int complain(const char *path, const char *what)
{
	fprintf(stderr, "%s: %s\n", path, what);
	return 2;
}

static int run_input(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	/* malloc of the very size: a read past the end is seen by ASan. */
	u8 *data = malloc(size ? size : 1);
	int err = 0;

	if (!file)
		err = complain(path, strerror(errno));
	else if (!data || fread(data, 1, size, file) != size)
		err = complain(path, "cannot read it");
	else
		LLVMFuzzerTestOneInput(data, size);
	free(data);
	if (file)
		fclose(file);
	return err;
}

/* A file, or the files of a directory; directories in it are left out. */
static int run_path(const char *path, bool descend);

static int run_directory(const char *path)
{
	struct dirent **entries;
	int nr = scandir(path, &entries, NULL, alphasort);
	int err = 0;

	if (nr < 0)
		return complain(path, strerror(errno));
	for (int i = 0; i < nr; i++) {
		char *name = NULL;

		if (!err &&
		    asprintf(&name, "%s/%s", path, entries[i]->d_name) < 0)
			err = complain(path, "out of memory");
		if (!err)
			err = run_path(name, false);
		free(name);
		free(entries[i]);
	}
	free(entries);
	return err;
}

static int run_path(const char *path, bool descend)
{
	struct stat st;

	if (stat(path, &st))
		return complain(path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return descend ? run_directory(path) : 0;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_SIZE_MAX)
		return complain(path, "expected a file of at most 64 MiB");
	return run_input(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	int err = 0;

	if (argc < 2 || argv[1][0] == '-') {
		fprintf(stderr, "Usage: %s FILE|DIRECTORY...\n", argv[0]);
		return 2;
	}
	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc && !err; i++)
		err = run_path(argv[i], true);
	return err;
}
