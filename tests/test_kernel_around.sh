#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel maps pages of a file around one that is read; a migration of such a page is left out, and what one scenario
# read is not there for the next: test_kernel_around.sh RMAPDIFF
# Exit status 77: cannot be done here.
set -u

rmapdiff=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf 'mmap A 0 8 rw file=0@0\nread A 0 8\n' >"$dir/before.rmap"
printf 'mmap A 0 2 rw file=0@0\nread A 0\nmigrate A 1 = ENOENT\n' >"$dir/alone.rmap"
cat >"$dir/around.rmap" <<'SCENARIO'
mmap A 0 4 rw file=0@0
read A 0 3
munmap A 0 4
mmap A 0 4 rw file=0@0
read A 0
migrate A 1
SCENARIO

"$rmapdiff" kernel "$dir/before.rmap" "$dir/alone.rmap" "$dir/around.rmap" >"$dir/out" 2>&1
status=$?
[ $status -eq 77 ] && { cat "$dir/out"; exit 77; }
# The kernel was asked for page 1 and, as the model, has none there.
if [ $status -eq 0 ] && grep -q 'around.rmap: ok, 6 ops$' "$dir/out"; then
	echo "SKIP: this kernel maps no pages around one that is read (see fault_around_bytes in debugfs)"
	exit 77
fi
if [ $status -ne 0 ] ||
	! grep -q 'alone.rmap: ok, 3 ops (1 failed as asserted)$' "$dir/out" ||
	! grep -q 'around.rmap: ok, 5 ops, 1 migrations left out$' "$dir/out" ||
	! grep -q "^1 migrations left out: of a file's page that nobody read" "$dir/out"; then
	echo "status $status:"
	cat "$dir/out"
	exit 1
fi
