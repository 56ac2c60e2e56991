// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the subcommands read: FILE..., with directories among them.
 */
#define _GNU_SOURCE /* asprintf() */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "input.h"
#include "tools.h"

#define DIRECTORY_DEPTH_MAX 64

/* One directory of the command line. */
struct directory {
	struct input_files *files;
	const char *name;
	bool bytes;
	u32 depth;
	u64 nr_taken;
	u64 nr_passed_over;
};

/* Appends @path, which is freed with the others; -ENOMEM: it is freed now. */
static int add_path(struct input_files *files, char *path)
{
	u32 cap = files->cap ? files->cap * 2 : 64;
	char **paths;

	if (files->nr == files->cap) {
		paths = realloc(files->paths, cap * sizeof(*paths));
		if (!paths) {
			free(path);
			return -ENOMEM;
		}
		files->paths = paths;
		files->cap = cap;
	}
	files->paths[files->nr++] = path;
	return 0;
}

static bool is_rmap(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && !strcmp(name + len - 5, ".rmap");
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int find_below(struct directory *dir, const char *path);

/* Takes over @path: a file, or a directory with all that is below it. */
static int take_entry(struct directory *dir, char *path)
{
	struct stat st = { 0 };
	int err = 0;

	if (!lstat(path, &st) && S_ISDIR(st.st_mode)) {
		err = find_below(dir, path);
	} else if ((dir->bytes || is_rmap(path)) && !stat(path, &st) &&
		   S_ISREG(st.st_mode)) {
		dir->nr_taken++;
		return add_path(dir->files, path);
	} else {
		dir->nr_passed_over++;
	}
	free(path);
	return err;
}

/* 0, -ENOMEM, or EXIT_USAGE after a line. */
static int find_below(struct directory *dir, const char *path)
{
	struct dirent **entries;
	int nr, err = 0;

	if (dir->depth == DIRECTORY_DEPTH_MAX)
		return usage_error(path, "more than %d directories deep",
				   DIRECTORY_DEPTH_MAX);
	nr = scandir(path, &entries, is_visible, alphasort);
	if (nr < 0)
		return errno == ENOMEM ?
			       -ENOMEM :
			       usage_error(path, "%s", strerror(errno));
	dir->depth++;
	for (int i = 0; i < nr; i++) {
		char *below;

		if (!err && asprintf(&below, "%s%s%s", path,
				     path[strlen(path) - 1] == '/' ? "" : "/",
				     entries[i]->d_name) < 0)
			err = -ENOMEM;
		if (!err)
			err = take_entry(dir, below);
		free(entries[i]);
	}
	dir->depth--;
	free(entries);
	return err;
}

/* What a directory did not give is told: nobody shall think it was tried. */
static int tell_passed_over(const struct directory *dir)
{
	const char *s = dir->nr_passed_over == 1 ? "" : "s";

	if (!dir->nr_taken && dir->bytes)
		return usage_error(dir->name, "no file below this directory");
	if (!dir->nr_taken && !dir->nr_passed_over)
		return usage_error(dir->name, "no *.rmap below this directory");
	if (!dir->nr_taken)
		return usage_error(dir->name,
				   "no *.rmap below this directory; --bytes "
				   "takes its %llu other file%s",
				   (unsigned long long)dir->nr_passed_over, s);
	if (dir->nr_passed_over)
		fprintf(stderr, "%s: %llu file%s passed over: not *.rmap\n",
			dir->name, (unsigned long long)dir->nr_passed_over, s);
	return 0;
}

static int find_in_directory(struct input_files *files, const char *name,
			     bool bytes)
{
	struct directory dir = {
		.files = files,
		.name = name,
		.bytes = bytes,
	};
	int err = find_below(&dir, name);

	if (err == -ENOMEM)
		return err;
	if (err || tell_passed_over(&dir))
		files->nr_bad++;
	return 0;
}

static int find_arg(struct input_files *files, const char *arg, bool bytes)
{
	struct stat st;
	char *path;

	if (strcmp(arg, "-") && !stat(arg, &st) && S_ISDIR(st.st_mode))
		return find_in_directory(files, arg, bytes);
	path = strdup(arg);
	return path ? add_path(files, path) : -ENOMEM;
}

int input_files_find(struct input_files *files, char **args, int nr, bool bytes)
{
	*files = (struct input_files){ 0 };
	for (int i = 0; i < nr; i++)
		if (find_arg(files, args[i], bytes)) {
			input_files_free(files);
			return usage_error(args[i], "out of memory");
		}
	return 0;
}

void input_files_free(struct input_files *files)
{
	for (u32 i = 0; i < files->nr; i++)
		free(files->paths[i]);
	free(files->paths);
	*files = (struct input_files){ 0 };
}
