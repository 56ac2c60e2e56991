// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OUT of -o: written beside and put in its place when it is whole.
 *
 *	convert -o OUT	->  OUT.x7Qb2e  ->  link(): fails if OUT has come meanwhile
 *	... --force	->  OUT.x7Qb2e  ->  rename(): OUT is the old or the new one
 *
 * A link or a device that may be overwritten is written to as it is: taking its
 * place would not be what was asked for.
 */
#define _GNU_SOURCE /* renameat2() */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "output.h"
#include "tools.h"

bool output_take_option(struct output *out, int c)
{
	switch (c) {
	case OUTPUT_PATH:
		out->path = optarg;
		return true;
	case OUTPUT_FORCE:
		out->force = true;
		return true;
	}
	return false;
}

static int output_error(const struct output *out, int err)
{
	return usage_error(out->path, "%s", strerror(err));
}

/* What is at OUT. */
static int check_old(const struct output *out, const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return usage_error(out->path,
				   "is a directory: expected a file");
	if (!out->force)
		return usage_error(out->path, "%s; --force overwrites it",
				   strerror(EEXIST));
	/* It could be replaced all the same, but then it was made so. */
	if (access(out->path, W_OK) && errno != ENOENT)
		return output_error(out, errno);
	return 0;
}

int output_check(const struct output *out)
{
	char path[OUTPUT_PATH_MAX];
	struct stat st;

	if (!out->path && out->force)
		return usage_error("--force", "expected -o OUT, too: there is "
					      "nothing else to overwrite");
	if (!out->path)
		return 0;
	if (!*out->path)
		return usage_error("''", "%s", strerror(ENOENT));
	if (strlen(out->path) + sizeof(".XXXXXX") > sizeof(path))
		return output_error(out, ENAMETOOLONG);
	if (!lstat(out->path, &st)) {
		if (check_old(out, &st))
			return EXIT_USAGE;
		if (!S_ISREG(st.st_mode))
			return 0;
	}
	strcpy(path, out->path);
	if (access(dirname(path), W_OK))
		return output_error(out, errno);
	return 0;
}

/* Who may read it: as with the old one, else as with any new file. */
static mode_t mode_of(const struct stat *old)
{
	mode_t mask;

	if (old)
		return old->st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static FILE *open_beside(struct output *out, const struct stat *old)
{
	FILE *file = NULL;
	int fd, err;

	snprintf(out->beside, sizeof(out->beside), "%s.XXXXXX", out->path);
	fd = mkstemp(out->beside);
	if (fd < 0)
		return NULL;
	if (!fchmod(fd, mode_of(old)))
		file = fdopen(fd, "w");
	if (!file) {
		err = errno;
		close(fd);
		unlink(out->beside);
		errno = err;
	}
	return file;
}

int output_open(struct output *out)
{
	struct stat st;
	bool is_old;

	*out->beside = '\0';
	out->file = stdout;
	if (output_check(out))
		return EXIT_USAGE;
	if (!out->path) {
		print_document();
		return 0;
	}
	is_old = !lstat(out->path, &st);
	if (is_old && !S_ISREG(st.st_mode))
		out->file = fopen(out->path, "we");
	else
		out->file = open_beside(out, is_old ? &st : NULL);
	return out->file ? 0 : output_error(out, errno);
}

/* 0, or -errno; what stood beside is gone then. */
static int put_in_place(const struct output *out)
{
	int err = 0;

	if (out->force) {
		if (!rename(out->beside, out->path))
			return 0;
		err = -errno;
	} else if (link(out->beside, out->path)) {
		/* Some file systems have no links. */
		if (errno == EPERM &&
		    !renameat2(AT_FDCWD, out->beside, AT_FDCWD, out->path,
			       RENAME_NOREPLACE))
			return 0;
		err = -errno;
	}
	unlink(out->beside);
	return err;
}

/* Before anything more is said on standard error. */
static int close_stdout(int status)
{
	if (!fflush(stdout))
		return status;
	usage_error("standard output", "cannot write: %s", strerror(errno));
	clearerr(stdout); /* told here */
	return EXIT_USAGE;
}

/* All written, and closed: 0, or -errno. */
static int flush_and_close(FILE *file)
{
	int err = 0;

	errno = 0;
	if (fflush(file) || ferror(file))
		err = errno ? -errno : -EIO;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

static int cannot_write(const char *path, int err)
{
	return usage_error(path, "cannot write: %s", strerror(-err));
}

int close_output(const char *path, FILE *file)
{
	int err = flush_and_close(file);

	return err ? cannot_write(path, err) : 0;
}

int output_close(struct output *out, int status)
{
	FILE *file = out->file;
	int err;

	out->file = NULL;
	if (file == stdout)
		return close_stdout(status);
	err = flush_and_close(file);
	if (*out->beside) {
		if (!err && !status)
			err = put_in_place(out);
		else
			unlink(out->beside);
	}
	if (status || !err)
		return status;
	return cannot_write(out->path, err);
}

int output_dir(const char *path)
{
	struct stat st;

	if (mkdir(path, 0777) && errno != EEXIST)
		return usage_error(path, "%s", strerror(errno));
	if (!stat(path, &st) && !S_ISDIR(st.st_mode))
		return usage_error(path, "is a file: expected a directory");
	if (access(path, W_OK | X_OK))
		return usage_error(path, "%s", strerror(errno));
	return 0;
}
