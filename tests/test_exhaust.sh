#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_exhaust.sh RMAPDIFF: what users see of `rmapdiff exhaust`.
set -eu
rmapdiff=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# expect STATUS ARGUMENT...: runs exhaust; its output is in out and err.
expect() {
	status=$1
	shift
	got=0
	"$rmapdiff" exhaust "$@" >"$dir/out" 2>"$dir/err" || got=$?
	[ $got = "$status" ] && return 0
	echo "FAIL: exhaust $*: status $got, expected $status"
	cat "$dir/out" "$dir/err"
	failed=1
}

has() {
	grep -qE -- "$2" "$dir/$1" && return 0
	echo "FAIL: no '$2' in:"
	cat "$dir/$1"
	failed=1
}

# A small configuration: over a million scenarios, all fine.
expect 0 --ops 4 --procs 2 --pages 2
has out '^all within bounds was covered$'
has out ' 0 kinds of divergences$'
[ "$(awk '$1 == 4 && $5 > 1e6' "$dir/out" | wc -l)" = 1 ] || {
	echo "FAIL: fewer than a million scenarios"
	failed=1
}
grep -v '^$' "$dir/out" >"$dir/whole"

# The same on one thread and on three: states and counts do not hang on who comes first.
for threads in 1 3; do
	expect 0 --ops 4 --procs 2 --pages 2 --threads $threads
	cmp -s "$dir/out" "$dir/whole" || {
		echo "FAIL: --threads $threads comes to another result"
		failed=1
	}
done

# A divergence is a shortest one, written as a scenario that shows it.
for bug in walk-skips-last-child fork-no-child-count remap-not-copied-at-fork; do
	rm -rf "$dir/found"
	expect 1 --ops 4 --procs 2 --pages 2 --bug $bug --out "$dir/found"
	for file in "$dir"/found/*.rmap; do
		"$rmapdiff" run --bug $bug "$file" >/dev/null && {
			echo "FAIL: $bug: $(basename "$file") does not show it"
			failed=1
		}
		"$rmapdiff" run "$file" >/dev/null || {
			echo "FAIL: $(basename "$file") diverges without $bug"
			failed=1
		}
	done
done
expect 1 --ops 4 --procs 2 --pages 2 --bug fork-keeps-write --first
has out '^stopped before all was covered$'

# What needs a second page table does not show in one.
moves="--ops 4 --procs 1 --pages 2 --files 0 --failalloc 5 --only mmap,write,mremap,failalloc --bug failed-move-loses-pages"
# shellcheck disable=SC2086 # words
{
	expect 0 $moves
	expect 1 $moves --two-tables --out "$dir/tables"
}
"$rmapdiff" run --bug failed-move-loses-pages "$dir"/tables/*.rmap >/dev/null && {
	echo "FAIL: what was found in two page tables does not show by itself"
	failed=1
}

# Complete, it can be gone on with to more operations.
expect 0 --ops 2 --procs 2 --pages 2 --state "$dir/more"
expect 0 --ops 4 --procs 2 --pages 2 --state "$dir/more"
grep -v '^$' "$dir/out" | cmp -s - "$dir/whole" || {
	echo "FAIL: two operations and then two more come to another result"
	failed=1
}

# Every state as a scenario, each another one.
expect 0 --ops 2 --procs 2 --pages 2 --states "$dir/states"
states=$(sed -n 's/^\([0-9]*\) states.*/\1/p' "$dir/out")
[ "$(find "$dir/states" -name '*.rmap' | wc -l)" = $((states - 1)) ] || {
	echo "FAIL: $states states, other scenarios"
	failed=1
}
find "$dir/states" -name '*.rmap' -exec "$rmapdiff" run {} + >"$dir/out" || failed=1
has out ' 0 divergences$'

# Stopped, it says what was covered; continued, it comes to the same.
"$rmapdiff" exhaust --ops 4 --procs 2 --pages 2 --state "$dir/state" --check all >"$dir/out" 2>"$dir/err" &
pid=$!
sleep 0.2
kill -INT $pid 2>/dev/null || true
status=0
wait $pid || status=$?
if [ $status = 2 ]; then
	has out '^stopped before all was covered$'
	expect 0 --ops 4 --procs 2 --pages 2 --state "$dir/state" --check all
	cmp -s "$dir/out" "$dir/whole" || {
		echo "FAIL: a search that was stopped comes to another result"
		failed=1
	}
	expect 2 --ops 4 --procs 2 --pages 1 --state "$dir/state"
	has err 'not a search of the same bounds'
elif [ $status != 0 ]; then
	echo "FAIL: stopped with status $status"
	failed=1
fi

# Memory is kept to.
expect 2 --ops 5 --procs 3 --pages 3 --memory 1
has out '^out of memory before all was covered$'

# Bad usage: one line.
for args in "--ops 0" "--ops x" "--procs 99" "--pages 0" "--only nothing" "--memory 0" "--pure" "--check none" \
	"--ops 20 --pages 8" "--bug no-such-bug" "argument" "--state $dir"; do
	# shellcheck disable=SC2086 # words
	expect 2 $args
	[ "$(wc -l <"$dir/err")" = 1 ] || {
		echo "FAIL: $args: not one line"
		cat "$dir/err"
		failed=1
	}
done
printf 'nothing of the kind' >"$dir/state"
expect 2 --ops 2 --state "$dir/state"
has err 'not a search'
expect 0 --help
has out '^Usage: rmapdiff exhaust'
exit $failed
