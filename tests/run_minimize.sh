#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_minimize.sh RMAPDIFF PAD BUGS [PADDING [SEED]]: the smallest known scenario of each bug in BUGS (corpus/bugs),
# padded with PADDING (200) random operations that are harmless, is minimized to within one operation of it. And
# what comes of that and of the known scenario itself shows the same fault. Prints a table. MINIMIZE_TIMES=1 adds
# milliseconds.
set -eu
rmapdiff=$1 pad=$2 bugs=$3 padding=${4-200} seed=${5-1}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0 same=0 nr=0

fail() {
	echo "FAIL: $*"
	[ ! -s "$dir/err" ] || tail -n 5 "$dir/err"
	failed=1
}

# of FILE KEY: what FILE says of itself.
of() {
	sed -n "s/^# $2: *//p" "$1"
}

# options_of FILE: for run, minimize and pad.
options_of() {
	bug=$(of "$1" bug) fix=$(of "$1" fix)
	[ -z "$bug" ] || [ "$bug" = - ] || echo "--bug $bug"
	[ -z "$fix" ] || echo "--fix all --fix -$fix"
	of "$1" options
}

ops_in() {
	grep -vc '^#\|^[[:space:]]*$\|^base ' "$1"
}

report_in() {
	sed -n '2{s/^# //;s/ (.*//;p;}' "$1"
}

# kind_in FILE: "DIVERGENCE miss cow_context", or the whole line where it is something else.
kind_in() {
	report_in "$1" | sed 's/^\(DIVERGENCE [a-z]*\): \([a-z_]*\) .*/\1 \2/'
}

now_ms() {
	date +%s%3N
}

print_row() {
	printf '%-36s %7s %7s %7s' "$1" "$2" "$3" "$4"
	[ -z "${MINIMIZE_TIMES-}" ] || printf ' %6s' "$5"
	printf '  %s\n' "$6"
}

print_row name padded known reached ms ''
for file in "$bugs"/*.rmap; do
	name=$(basename "$file" .rmap)
	# shellcheck disable=SC2046 # options are words
	set -- $(options_of "$file")
	if [ "$(of "$file" report)" = "asan -" ] && ! "$pad" "$@" 0 1 "$file" >/dev/null 2>&1; then
		print_row "$name" - "$(ops_in "$file")" - - "only a sanitizer's build can tell"
		continue
	fi
	"$pad" "$@" "$padding" "$seed" "$file" >"$dir/padded.rmap" 2>"$dir/err" || {
		fail "$name: cannot be padded"
		continue
	}
	began=$(now_ms)
	"$rmapdiff" minimize "$@" "$dir/padded.rmap" >"$dir/reached.rmap" 2>"$dir/err" || {
		fail "$name: status $?"
		continue
	}
	took=$(($(now_ms) - began))
	"$rmapdiff" minimize "$@" "$file" >"$dir/known.rmap" 2>"$dir/err" || fail "$name: known: status $?"
	known=$(ops_in "$file") reached=$(ops_in "$dir/reached.rmap")
	nr=$((nr + 1))
	note=
	if cmp -s "$dir/known.rmap" "$dir/reached.rmap"; then
		same=$((same + 1))
	else
		note="not as from the known one"
	fi
	print_row "$name" "$(ops_in "$dir/padded.rmap")" "$known" "$reached" "$took" "$note"
	[ "$reached" -le $((known + 1)) ] || fail "$name: $reached operations, known are $known"
	[ "$(kind_in "$dir/reached.rmap")" = "$(kind_in "$dir/known.rmap")" ] ||
		fail "$name: $(kind_in "$dir/reached.rmap"), not $(kind_in "$dir/known.rmap")"
	status=0
	"$rmapdiff" run "$@" "$dir/reached.rmap" >"$dir/out" 2>&1 || status=$?
	[ $status != 0 ] || fail "$name: the result shows nothing"
done
echo "$nr minimized, $same to the same text as from the known one"
[ $nr -gt 0 ] || fail "no bugs in $bugs"
exit $failed
