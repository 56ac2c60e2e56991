#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_catalogue.sh RMAPDIFF BUGS: each bug that can be put back, and each suspect of the proof of concept, has the
# smallest scenario known in BUGS (corpus/bugs).  With the bug it must come to exactly the report that it names, without
# to none.  What is not there must stand in silent_bugs.txt with the reason, and must not show.
#
# A scenario there says in lines of its own:
#	# bug: NAME		what `run --bug` puts back, or -
#	# fix: NAME		the suspect whose repair is taken away, all others being repaired (else no such line)
#	# options: OPTION...	for `run`; may be empty
#	# report: KIND RMAP	the divergence's kind, and the reverse map at fault or -; or "result -": an asserted
#				result is not what comes; or "asan -": freed memory is touched, and what comes of that
#				only a sanitizer's build can tell
#	# sanitizer: asan -	what such a build says before any check comes by (else no such line)
set -eu
rmapdiff=$1 bugs=$2
silent=$(dirname "$0")/silent_bugs.txt
# shellcheck source=tests/runner.sh
. "$(dirname "$0")/runner.sh"

# why_silent NAME: the reason, or 1 if NAME is to be found.
why_silent() {
	awk -v name="$1" '$1 == name { sub(/^[^ ]+ /, ""); print; found = 1 } END { exit !found }' "$silent"
}

check_file() {
	bug=$(of "$1" bug) fix=$(of "$1" fix) options=$(of "$1" options) report=$(of "$1" report)
	if [ -z "$bug" ] || [ -z "$report" ]; then
		fail "$1: expected one line '# bug:' and one '# report:'"
		return
	fi
	with='' without=''
	[ "$bug" = - ] || with="--bug $bug"
	[ -z "$fix" ] || with="$with $(unrepaired "$fix")" without="--fix all"
	# shellcheck disable=SC2086 # options are words
	{
		got=$(came $options $with "$1")
		clean=$(came $options $without "$1")
	}
	if [ "$report" = "asan -" ] && [ "$is_sanitized" = no ] && [ "$got" != none ]; then
		got="asan -"
	fi
	[ "$is_sanitized" = no ] || [ "$got" != "$(of "$1" sanitizer)" ] || got=$report
	[ "$got" = "$report" ] || fail "$1: expected '$report', came '$got'"
	[ "$clean" = none ] || fail "$1: without it, came '$clean'"
	nr=$(operations "$1")
	[ "$nr" -le 8 ] || grep -q '^# More than eight operations: ' "$1" ||
		fail "$1: $nr operations, and no line says why"
	echo "${bug#-}${fix:+ without $fix}: $got in $nr operations"
	echo "$bug" >>"$dir/bugs"
	echo "$fix" >>"$dir/fixes"
}

# check_silent OPTION...: nothing is said of it, whatever is done.
check_silent() {
	for mode in "--check touched" "--check both" "--check all --as-of 7.0" --pure; do
		# shellcheck disable=SC2086,SC2046 # options are words, file names without blanks
		got=$(came $mode "$@" $(cat "$dir/files") "$dir/random.rmap" "$dir/failalloc.rmap")
		[ "$got" = none ] || fail "$* $mode: came '$got', but it is listed as silent"
	done
}

is_sanitized=no
! grep -q __asan_init "$rmapdiff" || is_sanitized=yes
for file in "$bugs"/*.rmap; do
	check_file "$file"
done

# What is asserted after a failalloc holds with the reverse maps of the corpus only; others allocate other things.
find "$bugs/.." -name '*.rmap' -type f -not -path '*/loses/*' -exec grep -L '^failalloc' {} + | sort >"$dir/files"
"$rmapdiff" gen random --seed 1 --ops 20000 --procs 8 >"$dir/random.rmap"
"$rmapdiff" gen random --seed 2 --ops 20000 --procs 8 --failalloc >"$dir/failalloc.rmap"
for name in $(listed bugs); do
	if reason=$(why_silent "$name"); then
		! grep -qx "$name" "$dir/bugs" || fail "$name: listed as silent, and has a scenario"
		[ -n "${CATALOGUE_QUICK-}" ] || check_silent --bug "$name"
		echo "$name: silent: $reason"
	else
		grep -qx "$name" "$dir/bugs" || fail "$name: no scenario in $bugs"
	fi
done
for name in $(listed fixes); do
	if reason=$(why_silent "$name"); then
		! grep -qx "$name" "$dir/fixes" || fail "$name: listed as silent, and has a scenario"
		# shellcheck disable=SC2046 # options are words
		[ -n "${CATALOGUE_QUICK-}" ] || check_silent --rmap anon_vma,cow_poc $(unrepaired "$name")
		echo "$name: silent: $reason"
	else
		grep -qx "$name" "$dir/fixes" || fail "$name: no scenario in $bugs"
	fi
done

# Three documents have a table with a row for each.
docs=$bugs/../../docs

# has_row DOCUMENT ROW: with those of its section "How fast they are found", where it has one.
has_row() {
	awk -v row="| $2 |" '/^## / { on = 0 } /^## How fast they are found$/ { seen = on = 1 }
		{ if (index($0, row) == 1) { if (on) in_section = 1; anywhere = 1 } }
		END { exit !(seen ? in_section : anywhere) }' "$docs/$1" || fail "docs/$1 has no row for $2"
}

for file in "$bugs"/*.rmap; do
	name=$(basename "$file" .rmap)
	has_row EXHAUSTIVE.md "$name"
	has_row REPRODUCERS.md "\`$name\`"
done
for name in $(listed bugs) $(listed fixes); do
	file=$bugs/$name.rmap
	[ -f "$file" ] || file=$bugs/poc-$name.rmap
	# What scripts/bug-bench does not look for, and races, which its targets do not have.
	if why_silent "$name" >/dev/null || grep -q -e '^# report: result -' -e '^[^#]*||' "$file"; then
		continue
	fi
	has_row FINDINGS.md "$name"
done
exit $failed
