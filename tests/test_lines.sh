#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_lines.sh RMAPDIFF FUZZ_RMAP: standard output and standard error as one pipe, or one file, have whole lines in the
# order in which they came about.
set -u
fuzz_rmap=$(realpath "$2")
. "$(dirname "$0")/cli.sh"

# What each command says when files are good, bad and directories in turn.
printf 'mmap A 0 4 rw\nwrite A 0 4\nfork A B\n' >good.rmap
printf 'mmap A 0 4 rw\nwrite A 0 2 || read A 2\n' >group.rmap
printf 'nonsense\n' >bad.rmap
mkdir dir
cp good.rmap dir/some.rmap
echo >dir/README

# together NAME EXPECTED ARGUMENT...: first through a pipe, then into a file.
together() {
	name=$1 expected=$2
	shift 2
	nr=$((nr + 1))
	what="rmapdiff $* 2>&1"
	"$rmapdiff" "$@" 2>&1 | cat >"$name.pipe"
	"$rmapdiff" "$@" >"$name.file" 2>&1
	for into in pipe file; do
		# Without how much it was.
		sed -e 's/[0-9.]* s, [0-9.]* s of CPU.*/SECONDS/' -e 's/[0-9]* walks/N walks/' \
			-e 's/, at most .*/, ETC/' -e 's/groups, .*/groups, ETC/' "$name.$into" >out
		printf '%s\n' "$expected" | cmp -s - out || fail "$what, into a $into: expected
$expected"
	done
}

together run "dir: 1 file passed over: not *.rmap
good.rmap: ok, 3 ops, N walks compared
bad.rmap:1:1: $("$rmapdiff" run bad.rmap 2>&1 >/dev/null | cut -d ' ' -f 2-)
dir/some.rmap: ok, 3 ops, N walks compared
missing.rmap: No such file or directory
2 files, 6 ops, 0 divergences" run good.rmap bad.rmap dir missing.rmap
together interleave "group.rmap:2: anon_vma: ok, ETC
anon_vma: 1 files, 1 groups, ETC
rmapdiff interleave: anon_vma: SECONDS
group.rmap:2: cow_context: ok, ETC
cow_context: 1 files, 1 groups, ETC
rmapdiff interleave: cow_context: SECONDS" interleave group.rmap

# Fuzzers that stop at the same time: each report is in one piece. Lines of one process follow each other.
printf 'mmap A 0x10 4 rw\nwrite A 0x10 4\nfork A B\nfork A C\nexit A\n' >miss.rmap
"$rmapdiff" convert -o miss.bin miss.rmap || fail "convert"
one_report() {
	(
		# shellcheck disable=SC3045 # dash and busybox have it
		ulimit -c 0
		RMAPDIFF_FUZZ_BUG=walk-skips-last-child exec "$fuzz_rmap" miss.bin
	) 2>&1
}
one_report | sed -n '/^mmap/,/^  cow_context:/p' >report
[ "$(wc -l <report)" -gt 5 ] || fail "no report of fuzz_rmap"
for round in 1 2 3 4 5; do
	for job in 1 2 3 4 5 6 7 8; do
		one_report &
	done | cat >out
	wait
	sed -n '/^mmap/,/^  cow_context:/p' out >reports
	for job in 1 2 3 4 5 6 7 8; do
		cat report
	done | cmp -s - reports || fail "reports of 8 processes, round $round: torn"
done

finish
