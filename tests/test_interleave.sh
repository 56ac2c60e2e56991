#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_interleave.sh RMAPDIFF SOURCE_DIR: rmapdiff interleave.
# shellcheck source=tests/cli.sh
. "$(dirname "$0")/cli.sh"
source=$(cd "$OLDPWD" && realpath "$2")
subcommand=interleave
corpus=$source/corpus
is_sanitized=no
! grep -q __asan_init "$rmapdiff" || is_sanitized=yes

# What cannot be done is refused in a line.
bad_says "expected FILE" --preempt 1
bad_says "expected a number" --preempt x "$corpus/race/exec-walk.rmap"
bad_says "expected a number" --preempt 65 "$corpus/race/exec-walk.rmap"
bad_says "expected a number" --most -1 "$corpus/race/exec-walk.rmap"
bad_says "no reverse map of that name" --rmap nobody "$corpus/race/exec-walk.rmap"
bad_says "no bug of that name" --bug nobody "$corpus/race/exec-walk.rmap"
bad_says "alone here" --pure "$corpus/race/exec-walk.rmap"
bad_says "explores nothing" --show --json "$corpus/race/exec-walk.rmap"
bad_says "everything is checked" --check all "$corpus/race/exec-walk.rmap"
bad_says "No such file" --out nowhere/deeper "$corpus/race/exec-walk.rmap"
try 2 --unknown
try 2 no-such-file.rmap
: >empty.rmap
bad_says "expected a scenario" empty.rmap
mkdir directory
bad_says "no *.rmap below this directory" directory
try 0 --help
says out "--preempt"

# The races pass, and the same is said twice.
try 0 --rmap anon_vma "$corpus"/race/*.rmap
says out " 0 failures"
cp out first
try 0 --rmap anon_vma "$corpus"/race/*.rmap
cmp -s first out || fail "$what: another report the second time"
try 0 --rmap anon_vma --json "$corpus"/race/*.rmap
[ "$(grep -c '^{.*"failed":false}$' out)" = "$(ls "$corpus"/race/*.rmap | wc -l)" ] || fail "$what: expected an object a line"

# Standard input is read once for both; a failure and what follows it are objects of JSON.
printf 'mmap A 0 1 rw\nwrite A 0\nfork A B\nmunmap B 0 1 || walk A 0\nwalk A 0\n' >lines.rmap
try 1 - <lines.rmap
says out "anon_vma: 1 files"
says out "cow_context: 1 files"
try 1 --json lines.rmap
[ -z "$(grep -v '^{.*}$' out)" ] || fail "$what: not an object a line"

# Each bug is found, with no more preemptions than it takes, and `run` says the same of the line.
found() {
	bug=$1 preemptions=$2 kind=$3
	file=$corpus/bugs/$bug.rmap
	if [ "$preemptions" -gt 0 ]; then
		try 0 --rmap anon_vma --bug "$bug" --preempt $((preemptions - 1)) "$file"
	fi
	rm -rf lines
	try 1 --rmap anon_vma --bug "$bug" --preempt 3 --out lines "$file"
	says out "fails with $preemptions preemption"
	says out "DIVERGENCE $kind"
	grep -q "NOT REPRODUCED" out && fail "$what: not reproduced"
	line=$(find lines -name '*.rmap')
	# The shortest one known is the one in the catalogue.
	[ "$(grep '||' "$line")" = "$(grep '||' "$file")" ] || fail "$bug: found '$(grep '||' "$line")'"
	subcommand=run
	try 1 --rmap anon_vma --bug "$bug" "$line"
	says out "DIVERGENCE $kind"
	try 0 --rmap anon_vma "$line"
	subcommand=interleave
	try 1 --rmap anon_vma --bug "$bug" --show "$line"
	says out "went on, the other was left"
}
found fork-inserts-unlocked 1 race
found migrate-drops-owner 1 race
found move-without-rmap-locks 2 miss
found tree-new-before-old 2 miss

# Bounds are said when they are met.
try 0 --rmap anon_vma --most 3 "$corpus/race/fork-mremap-migrate.rmap"
says out "not all: see --most"
try 0 --rmap anon_vma --preempt 0 "$corpus/race/fork-mremap-migrate.rmap"
says out "at most 0 preemptions"
printf 'mmap A 0x0 1 rw\nwalk A 0x0 || walk A 0x0\n' >few.rmap
try 0 --rmap anon_vma --preempt 64 few.rmap
says out "all schedules"
printf 'mmap A 0x0 1 rw\nwrite A 0x0\n' >none.rmap
bad_says "no line with || in 1 file" --rmap anon_vma none.rmap

# Operations that fail are counted, and listed with -v: in a line of several by schedules, the others by themselves.
printf '%s\n' 'mmap A 0 1 rw' 'write A 0' 'fork A B' 'write A 0x10' 'munmap A 0 0 || walk A 0' \
	'munmap A 0 1 || write A 0' 'walk A 0' >failed.rmap
try 0 --rmap anon_vma --preempt 0 failed.rmap
says out 'failed.rmap:5: anon_vma: ok, at most 0 preemptions ('
[ "$(grep -c '), 1 op failed in each$' out)" = 1 ] || fail "$what: expected one line with an op that failed in each"
[ "$(grep -c '), 1 op failed in some$' out)" = 1 ] || fail "$what: expected one line with an op that failed in some"
says out 'failed.rmap: anon_vma: 2 ops outside of groups failed'
says_not out EFAULT
try 0 --rmap anon_vma --preempt 0 -v failed.rmap
says out '  failed.rmap:4: anon_vma: op 4: write A 0x10: EFAULT'
grep -qE '^  failed.rmap:5: anon_vma: op 5: munmap A 0x0 0: EINVAL in ([0-9]+) of \1 schedules that came to their end$' out ||
	fail "$what: expected the munmap of line 5 in all schedules"
grep -E '^  failed.rmap:6: anon_vma: op 8: write A 0x0: EFAULT in [0-9]+ of [0-9]+ schedules' out |
	grep -qvE ' in ([0-9]+) of \1 ' || fail "$what: expected the write of line 6 in some schedules"
says out '  failed.rmap:7: anon_vma: op 9: walk A 0x0: EFAULT'
try 0 --rmap anon_vma --preempt 0 --json failed.rmap
says out '"ops_failed":2}'
grep -q '"line":5,.*"whole":\([0-9]*\),"op_failed":\[\1,0\],"failed":false}$' out || fail "$what: expected the munmap of line 5"
try 0 --rmap anon_vma --preempt 0 --each failed.rmap
says out ' 0 failures, 4 ops failed alone'
bad_says "objects of --json" --json -v failed.rmap
bad_says "explores nothing" --show -v failed.rmap

# Made parallel: every operation beside every walker.
try 0 --each --rmap anon_vma --preempt 0 "$corpus"/fault/*.rmap
if [ $is_sanitized = no ]; then
	try 0 --each --rmap anon_vma --preempt 2 "$corpus"/thread/*.rmap "$corpus"/migrate/*.rmap
	says out " 0 failures"
	cp out first
	try 0 --each --rmap anon_vma --preempt 2 "$corpus"/thread/*.rmap "$corpus"/migrate/*.rmap
	cmp -s first out || fail "$what: another report the second time"
fi
try 1 --each --rmap anon_vma --preempt 1 --bug fork-inserts-unlocked --out each "$corpus"/race/fork-migrate.rmap
says out "race of fork || migrate"
says out "left at [1: a walk has looked at an entry]"
subcommand=run
for line in each/*.rmap; do
	try 1 --rmap anon_vma --bug fork-inserts-unlocked "$line"
done

finish
