#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# As many anon_vmas and anon_vma_chains on the kernel as the model counts: test_slabs.sh RMAPDIFF
# Exit status 77: cannot be done here.
set -eu

rmapdiff=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# A tree of forks, twelve deep and four wide, over forty VMAs; each process writes to one and cuts one.
awk 'BEGIN {
	for (v = 0; v < 40; v++)
		print "mmap A " v * 4 " 3 rw\nwrite A " v * 4 " 2"
	last = "A"
	for (d = 1; d <= 12; d++) {
		for (s = 0; s < 4; s++) {
			child = "P" d "_" s
			print "fork " last " " child
			print "write " child " " (d * 7 + s * 3) % 40 * 4
			print "munmap " child " " (d * 5 + s * 11) % 40 * 4 " 1"
		}
		last = child
	}
}' >"$dir/hierarchy.rmap"

# 4,000 VMAs from one by splits; forked, cut, joined again, moved.
awk 'BEGIN {
	print "mmap A 0 4000 rw\nwrite A 0 4000"
	for (i = 0; i < 4000; i += 2)
		print "mprotect A " i " 1 r"
	print "fork A B\nwrite B 1 1"
	for (i = 0; i < 4000; i += 20)
		print "munmap B " i " 3"
	for (i = 0; i < 2000; i += 2)
		print "mprotect A " i " 1 rw"
	for (i = 0; i < 200; i++)
		print "mremap A " i * 4 " 3 3 to=" 10000 + i * 4
	print "exit B"
}' >"$dir/splits.rmap"

# 150 generations, each of which forks four children and dies; the last child goes on.
awk 'BEGIN {
	for (v = 0; v < 20; v++)
		print "mmap A " v * 4 " 3 rw\nwrite A " v * 4 " 2"
	last = "A"
	for (g = 1; g <= 150; g++) {
		for (k = 0; k < 4; k++)
			print "fork " last " G" g "_" k "\nwrite G" g "_" k " " (g + k) % 20 * 4
		for (k = 0; k < 3; k++)
			print "exit G" g "_" k
		print "exit " last
		last = "G" g "_3"
	}
}' >"$dir/generations.rmap"

# Meanwhile others allocate and free such objects: they are not counted, and who looks into /proc is waited for.
busy() {
	while [ -e "$dir" ]; do
		for i in 1 2 3 4 5 6 7 8; do
			(: | : | :) &
		done
		cat /proc/[0-9]*/cmdline /proc/[0-9]*/maps >"$dir/null" 2>&1
		wait
	done
}
busy >/dev/null 2>&1 &

status=0
"$rmapdiff" stats --slabs "$dir/hierarchy.rmap" "$dir/splits.rmap" "$dir/generations.rmap" || status=$?
[ "$status" = 0 ] || exit "$status"

# A comparison that notices nothing is worth nothing.
for bug in avc-not-freed fork-no-reuse; do
	status=0
	"$rmapdiff" stats --slabs --bug "$bug" "$dir/generations.rmap" >"$dir/out" || status=$?
	[ "$status" = 1 ] || {
		echo "FAIL: $bug in the model is not noticed (status $status)" >&2
		cat "$dir/out"
		exit 1
	}
done
# What only a quiet machine can show is shown, here whatever it says.
status=0
"$rmapdiff" stats --slabinfo "$dir/generations.rmap" >"$dir/out" || status=$?
grep -q 'slabinfo grew by' "$dir/out" && [ "$status" -le 1 ] || {
	echo "FAIL: --slabinfo (status $status)" >&2
	exit 1
}
"$rmapdiff" stats --kernel-sizes
