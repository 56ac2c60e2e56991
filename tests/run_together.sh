#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_together.sh RMAPDIFF TOGETHER DOCUMENT: what suspects of the proof of concept do together and not one by one has a scenario
# each in TOGETHER (corpus/poc/together), named after them. With all of them unrepaired it must come to exactly the report that
# it names; with any one of them repaired, and with all, to none. DOCUMENT lists these files, and no other of that place; and
# has a table of what each two do, where a cell is empty (".") if and only if there is no such file.
#
# A scenario there says, in a line each:
#	# unrepaired: NAME NAME...	all others are repaired
#	# options: OPTION...	for `run`
#	# report: KIND RMAP	the divergence's kind, and the reverse map at fault
set -eu
rmapdiff=$1 together=$2 document=$3
# shellcheck source=tests/runner.sh
. "$(dirname "$0")/runner.sh"

check_file() {
	names=$(of "$1" unrepaired) options=$(of "$1" options) report=$(of "$1" report)
	if [ -z "$names" ] || [ -z "$options" ] || [ -z "$report" ]; then
		fail "$1: expected '# unrepaired:', '# options:' and '# report:'"
		return
	fi
	expected=$(echo "$names" | tr ' ' +).${report%% *}.rmap
	[ "$(basename "$1")" = "$expected" ] || fail "$1: expected the name $expected"
	# shellcheck disable=SC2046,SC2086 # words
	{
		got=$(came $options $(unrepaired $names) "$1")
		[ "$got" = "$report" ] || fail "$1: expected '$report', came '$got'"
		got=$(came $options --fix all "$1")
		[ "$got" = none ] || fail "$1: with all repaired, came '$got'"
		for repaired in $names; do
			got=$(came $options $(unrepaired $names) --fix "$repaired" "$1")
			[ "$got" = none ] || fail "$1: with $repaired repaired, came '$got'"
		done
	}
	echo "$names: $report"
}

for file in "$together"/*.rmap; do
	check_file "$file"
	basename "$file" >>"$dir/files"
done
# The table's cells below the diagonal that are not empty, as NAME+NAME: its rows are numbered, and so are its columns.
awk -F ' *[|] *' '$2 ~ /^[0-9]+$/ && $3 ~ /^[a-z-]+$/ { name[$2] = $3
		for (i = 1; i < $2; i++) if ($(3 + i) != ".") print name[i] "+" $3 }' "$document" | sort >"$dir/cells"
sed 's/[.].*//' "$dir/files" | grep -v '[+].*[+]' | sort -u | diff - "$dir/cells" >"$dir/diff" || {
	cat "$dir/diff"
	fail "the table of $document is not what $together has"
}
grep -o "poc/together/[a-z+.-]*[.]rmap" "$document" | sed 's/.*[/]//' | sort -u >"$dir/listed"
sort "$dir/files" | diff - "$dir/listed" >"$dir/diff" || {
	cat "$dir/diff"
	fail "$document does not list what $together has"
}
exit $failed
