#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_exhaust.sh RMAPDIFF: what users see of `rmapdiff exhaust`.
set -u
. "$(dirname "$0")/cli.sh"
subcommand=exhaust

# has FILE REGEX
has() {
	grep -qE -e "$2" "$1" || fail "$what: no '$2' in $1"
}

# A small configuration: over a million scenarios, all fine.
try 0 --ops 4 --procs 2 --pages 2
has out '^all within bounds was covered$'
has out ' 0 kinds of divergences$'
[ "$(awk '$1 == 4 && $5 > 1e6' out | wc -l)" = 1 ] || fail "fewer than a million scenarios"
grep -v '^$' out >whole

# The same on one thread and on three: states and counts do not hang on who comes first.
for threads in 1 3; do
	try 0 --ops 4 --procs 2 --pages 2 --threads $threads
	cmp -s out whole || fail "--threads $threads comes to another result"
done

# A divergence is a shortest one, written as a scenario that shows it.
for bug in walk-skips-last-child fork-no-child-count remap-not-copied-at-fork; do
	rm -rf found
	try 1 --ops 4 --procs 2 --pages 2 --bug $bug --out found
	for file in found/*.rmap; do
		! "$rmapdiff" run --bug $bug "$file" >/dev/null || fail "$bug: $(basename "$file") does not show it"
		"$rmapdiff" run "$file" >/dev/null || fail "$(basename "$file") diverges without $bug"
	done
done
# Of two suspects what neither does alone: not what the first does, though that is found earlier.
both="--ops 4 --procs 1 --pages 3 --only mmap,munmap,write,mremap --failalloc 0 --rmap anon_vma,cow_poc --fix all
	--fix -whole-entry-move --fix -unsorted-rewrite --fix -walk-insert-overwrites"
rm -rf found
# shellcheck disable=SC2086 # words
{
	try 1 $both
	has out ' at first after 3 operations:$'
	try 1 $both --due-to unsorted-rewrite --due-to walk-insert-overwrites --out found
	has out ' at first after 4 operations:$'
}
for fix in unsorted-rewrite walk-insert-overwrites; do
	"$rmapdiff" run --rmap anon_vma,cow_poc --fix all --fix -whole-entry-move --fix -$fix found/*.rmap >/dev/null ||
		fail "--due-to: $fix alone does it"
done
try 2 --due-to nothing
try 1 --ops 4 --procs 2 --pages 2 --bug fork-keeps-write --first
has out '^stopped before all was covered$'

# What needs a second page table does not show in one.
moves="--ops 4 --procs 1 --pages 2 --files 0 --failalloc 5 --only mmap,write,mremap,failalloc --bug failed-move-loses-pages"
# shellcheck disable=SC2086 # words
{
	try 0 $moves
	try 1 $moves --two-tables --out tables
}
! "$rmapdiff" run --bug failed-move-loses-pages tables/*.rmap >/dev/null ||
	fail "what was found in two page tables does not show by itself"

# Complete, it can be gone on with to more operations.
try 0 --ops 2 --procs 2 --pages 2 --state more
try 0 --ops 4 --procs 2 --pages 2 --state more
grep -v '^$' out | cmp -s - whole || fail "two operations and then two more come to another result"

# Every state as a scenario, each another one.
try 0 --ops 2 --procs 2 --pages 2 --states states
states=$(sed -n 's/^\([0-9]*\) states.*/\1/p' out)
[ "$(find states -name '*.rmap' | wc -l)" = $((states - 1)) ] || fail "$states states, other scenarios"
find states -name '*.rmap' -exec "$rmapdiff" run {} + >out || fail "a state's scenario"
has out ' 0 divergences$'

# Stopped, it says what was covered; continued, it comes to the same. It is stopped as soon as it catches SIGINT; where the
# shell was too late for that, once more.
status=0
tries=0
while [ $status = 0 ] && [ $tries -lt 20 ]; do
	tries=$((tries + 1))
	rm -f state
	"$rmapdiff" exhaust --ops 4 --procs 2 --pages 2 --threads 1 --state state --check all >out 2>err &
	pid=$!
	await_handler $pid
	kill -INT $pid 2>/dev/null || true
	status=0
	wait $pid || status=$?
done
[ $status = 2 ] || fail "stopped with status $status"
has out '^stopped before all was covered$'
try 0 --ops 4 --procs 2 --pages 2 --state state --check all
cmp -s out whole || fail "a search that was stopped comes to another result"
try 2 --ops 4 --procs 2 --pages 1 --state state
has err 'not a search of the same bounds'

# Memory is kept to.
try 2 --ops 5 --procs 3 --pages 3 --memory 1
has out '^out of memory before all was covered$'

# The report has the scenario's pages, on standard output and in the file.
rm -rf found
try 1 --ops 2 --bug remap-wrong-sign --out found
has out '^  cow_context does not find folio 1 at A:0x0$'
grep -qx '# miss: cow_context does not find folio 1 at A:0x0' found/*.rmap || fail "$what: other pages in its file"
# Why nothing can be written.
if [ -w /dev/full ]; then
	ln -sf /dev/full found/miss-cow_context.rmap
	try 2 --ops 2 --bug remap-wrong-sign --out found
	has err 'found/miss-cow_context.rmap: cannot write: No space left on device$'
	status=0
	"$rmapdiff" exhaust --ops 1 >/dev/full 2>err || status=$?
	[ $status = 2 ] || fail "exhaust to a full device: status $status"
	has err 'cannot write to standard output: No space left on device$'
fi
what="--state, no file may grow"
(
	trap '' XFSZ
	ulimit -f 0
	exec "$rmapdiff" exhaust --ops 2 --state grown
) 2>&1 >/dev/null | cat >err
has err '^grown: cannot write: File too large$'

# Bad usage: one line.
for args in "--ops 0" "--ops x" "--procs 99" "--pages 0" "--only nothing" "--memory 0" "--pure" "--check none" \
	"--ops 20 --pages 8" "--bug no-such-bug" "argument" "--state $dir"; do
	# shellcheck disable=SC2086 # words
	bad $args
done
printf 'nothing of the kind' >state
try 2 --ops 2 --state state
has err 'not a search'
try 0 --help
has out '^Usage: rmapdiff exhaust'
finish
