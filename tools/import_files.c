// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which file is mapped: by the name that -y shows or that it was opened by.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(elt) ((elt)->lost = true)
#include "import_scenario.h"

struct file_name {
	struct file_name *is; /* of a descriptor: what was opened; or NULL */
	bool mapped;
	bool lost;
	u32 nr; /* if mapped: the how many-th file, from 0 */
	UT_hash_handle hh;
	char key[];
};

/* The entry of that key, made if it is not there; NULL when memory is out. */
static struct file_name *file_name(struct import *im, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static struct file_name *file_name(struct import *im, const char *fmt, ...)
{
	struct file_name *name, *found;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	name = len < 0 ? NULL : calloc(1, sizeof(*name) + (size_t)len + 1);
	if (!name) {
		im->err = -ENOMEM;
		return NULL;
	}
	va_start(args, fmt);
	vsnprintf(name->key, (size_t)len + 1, fmt, args);
	va_end(args);
	HASH_FIND_STR(im->files, name->key, found);
	if (!found) {
		HASH_ADD_STR(im->files, key, name);
		if (!name->lost)
			return name;
		im->err = -ENOMEM;
	}
	free(name);
	return found;
}

/* The next character of a name; strace -xx has them all as \x2f. */
static int next_char(struct span *name)
{
	char digits[3] = { 0 };
	int c;

	if (!name->len)
		return -1;
	c = (unsigned char)*name->p;
	if (name->len < 4 || !span_starts(*name, "\\x")) {
		*name = span_skip(*name, 1);
		return c;
	}
	memcpy(digits, name->p + 2, 2);
	*name = span_skip(*name, 4);
	return (int)strtol(digits, NULL, 16);
}

/* -yy adds what device it is: /dev/zero<char 1:5>. */
static bool is_zero(struct span path)
{
	for (const char *zero = "/dev/zero"; *zero; zero++)
		if (next_char(&path) != *zero)
			return false;
	return !path.len || span_is(path, "<char 1:5>");
}

void import_find_zero(struct import *im, const struct trace *trace)
{
	for (size_t i = 0; i < trace->nr && !im->has_zero; i++) {
		const struct event *event = &trace->events[i];

		im->has_zero = event->kind == EVENT_CALL &&
			       (event->call.kind == CALL_OPEN ||
				event->call.kind == CALL_MMAP) &&
			       is_zero(event->call.text);
	}
}

u32 import_nr_file_numbers(const struct import *im)
{
	return im->has_zero ? NR_FILES - 1 : NR_FILES;
}

static struct file_name *path_name(struct import *im, struct span path)
{
	if (is_zero(path))
		path = span_of("/dev/zero");
	/* Longer ones do not exist. */
	return file_name(im, "path %.*s", (int)min_u64(path.len, 4096), path.p);
}

void import_open(struct import *im, const struct proc *proc,
		 const struct call *call)
{
	struct file_name *path, *fd;

	if (call->failed || call->fd < 0 || !call->text.len)
		return;
	path = path_name(im, call->text);
	fd = file_name(im, "fd %u %d", proc->slot, call->fd);
	if (path && fd)
		fd->is = path;
}

void import_files_free(struct import *im)
{
	struct file_name *name, *next;

	HASH_ITER(hh, im->files, name, next)
	{
		HASH_DEL(im->files, name);
		free(name);
	}
}

/*
 * Files get their numbers in the order in which they are first mapped, from 0
 * again after the last: the same file has the same number.
 */
u8 import_file_number(struct import *im, const struct proc *proc,
		      const struct call *call)
{
	struct file_name *name;

	if (call->text.len) {
		name = path_name(im, call->text);
	} else {
		name = file_name(im, "fd %u %d", proc->slot, call->fd);
		if (name && !name->is)
			notes_add(im->notes, im->line,
				  "mapped file without a name (strace -y says "
				  "them): told by its descriptor");
		if (name && name->is)
			name = name->is;
	}
	if (!name)
		return 0;
	if (!strcmp(name->key, "path /dev/zero")) {
		notes_add(im->notes, im->line,
			  "private /dev/zero: taken as the file %d", ZERO_FILE);
		return ZERO_FILE;
	}
	if (!name->mapped) {
		name->mapped = true;
		name->nr = im->nr_files++;
	}
	return (u8)(name->nr % import_nr_file_numbers(im));
}
