#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_minimize.sh RMAPDIFF PAD BUGS [PADDING [SEED]]: the smallest known scenario of each bug in BUGS (corpus/bugs),
# padded with PADDING (200) random operations that are harmless, is minimized to no more operations than it has. And
# what comes of that shows the fault that the known scenario shows. Prints a table. MINIMIZE_TIMES=1 adds milliseconds,
# and how often a scenario was replayed.
set -eu
rmapdiff=$1 pad=$2 bugs=$3 padding=${4-200} seed=${5-1}
# shellcheck source=tests/runner.sh
. "$(dirname "$0")/runner.sh"
same=0 nr=0

# With the last words of what was run.
fail() {
	echo "FAIL: $*"
	[ ! -s "$dir/err" ] || tail -n 5 "$dir/err"
	failed=1
}

# options_of FILE: for run, minimize and pad.
options_of() {
	bug=$(of "$1" bug) fix=$(of "$1" fix)
	[ -z "$bug" ] || [ "$bug" = - ] || echo "--bug $bug"
	[ -z "$fix" ] || unrepaired "$fix"
	of "$1" options
}

# kept_in FILE: what minimize -v says of the fault.
kept_in() {
	sed -n 's/^kept: //p' "$1"
}

# replays_in FILE: how often it has replayed a scenario.
replays_in() {
	sed -n 's/^[0-9]* ops, \([0-9]*\) tries, .*, \([0-9]*\) replays .*/\1 \2/p' "$1" | awk '{ print $1 + $2 }'
}

now_ms() {
	date +%s%3N
}

print_row() {
	printf '%-36s %7s %7s %7s' "$1" "$2" "$3" "$4"
	[ -z "${MINIMIZE_TIMES-}" ] || printf ' %6s %7s' "$5" "$6"
	printf '  %s\n' "$7"
}

print_row name padded known reached ms replays ''
for file in "$bugs"/*.rmap; do
	name=$(basename "$file" .rmap)
	# shellcheck disable=SC2046 # options are words
	set -- $(options_of "$file")
	if [ "$(of "$file" report)" = "asan -" ] && ! "$pad" "$@" 0 1 "$file" >/dev/null 2>&1; then
		print_row "$name" - "$(operations "$file")" - - - "only a sanitizer's build can tell"
		continue
	fi
	"$pad" "$@" "$padding" "$seed" "$file" >"$dir/padded.rmap" 2>"$dir/err" || {
		fail "$name: cannot be padded"
		continue
	}
	began=$(now_ms)
	"$rmapdiff" minimize -v "$@" "$dir/padded.rmap" >"$dir/reached.rmap" 2>"$dir/err" || {
		fail "$name: status $?"
		continue
	}
	took=$(($(now_ms) - began))
	replays=$(replays_in "$dir/err")
	"$rmapdiff" minimize -v "$@" "$file" >"$dir/known.rmap" 2>"$dir/known" || fail "$name: known: status $?"
	known=$(operations "$file") reached=$(operations "$dir/reached.rmap")
	nr=$((nr + 1))
	note=
	if cmp -s "$dir/known.rmap" "$dir/reached.rmap"; then
		same=$((same + 1))
	else
		note="not as from the known one"
	fi
	print_row "$name" "$(operations "$dir/padded.rmap")" "$known" "$reached" "$took" "$replays" "$note"
	[ "$reached" -le "$known" ] || fail "$name: $reached operations, known are $known"
	"$rmapdiff" minimize -v --tries 1 "$@" "$dir/reached.rmap" 2>"$dir/err" >/dev/null || fail "$name: again: status $?"
	[ "$(kept_in "$dir/err")" = "$(kept_in "$dir/known")" ] ||
		fail "$name: $(kept_in "$dir/err"), not $(kept_in "$dir/known")"
	status=0
	"$rmapdiff" run "$@" "$dir/reached.rmap" >"$dir/out" 2>&1 || status=$?
	[ $status != 0 ] || fail "$name: the result shows nothing"
done
echo "$nr minimized, $same to the same text as from the known one"
[ $nr -gt 0 ] || fail "no bugs in $bugs"
exit $failed
