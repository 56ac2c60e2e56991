#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# fuzz.sh BUILD SOURCE PATH: libFuzzer's ways to use several processes, and scripts/fuzz.
. "$(dirname "$0")/lib.sh"

# fuzz PROGRAM OPTION...: with a corpus of its own, and the seeds; what it keeps is in kept/.
fuzz() {
	program=$1
	shift
	what="fuzz_tree $*"
	rm -rf kept corpus logs
	mkdir kept corpus logs
	status=0
	(cd logs && TMPDIR=$dir RMAPDIFF_TREE_KNOWN=$repository/tree/known "$program/fuzz_tree" "$@" \
		-artifact_prefix="$dir/kept/" "$dir/corpus" "$repository/build/tree/host/seeds/fuzz_rmap" >"$dir/out" 2>"$dir/err") ||
		status=$?
}

# Nothing is found, and new inputs are.
finds_nothing() {
	[ $status = 0 ] || fail "$what: exit status $status"
	[ -z "$(ls kept)" ] || fail "$what: $(ls kept)"
	[ -n "$(ls corpus)" ] || fail "$what: expected inputs in the corpus"
}

fuzz "$build" -runs=1000
finds_nothing
says out '^fuzz_tree: [0-9]+ inputs, [0-9]+ operations, .* 0 findings$'
fuzz "$build" -fork=2 -max_total_time=5
finds_nothing
fuzz "$build" -jobs=2 -workers=2 -runs=1000
finds_nothing
[ "$(cat logs/fuzz-[01].log | grep -cE '^fuzz_tree: [0-9]+ inputs, .* 0 findings$')" = 2 ] ||
	fail "$what: expected the logs of two jobs: $(ls logs)"

# What stops one of the processes stops the whole, and is kept.
if mutant mm/rmap.c 's/anon_vma->num_active_vmas == 0/true/' fuzz_tree tree_run; then
	for how in -runs=100000 -fork=2 "-jobs=2 -workers=2"; do
		# shellcheck disable=SC2086 # options
		fuzz "$mutant" $how -max_total_time=300
		[ $status != 0 ] || fail "$what: expected a finding"
		input=$(find kept -name 'crash-*' | head -n 1)
		[ -n "$input" ] || fail "$what: expected its input"
		try 1 "$mutant" --bytes "$input"
		says out '^FINDING '
	done
fi

# The script, which ends as with every other target.
what="scripts/fuzz --tree $path"
status=0
"$repository/scripts/fuzz" --tree "$path" --seconds 5 --jobs 2 --corpus "$dir/corpus" >out 2>err || status=$?
[ $status = 0 ] || fail "$what: exit status $status"
says out '^fuzz_tree: [0-9]+ executions, [0-9]+ operations, [0-9]+ walks compared, 0 divergences$'
says out '^fuzz_tree: coverage [0-9]+ edges, [0-9]+ features; [0-9]+ files in .*; libfuzzer, 2 jobs, [0-9]+ seconds$'
tail -n 3 out
finish
