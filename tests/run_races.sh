#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_races.sh RMAPDIFF LOSES: races that lose, each with the schedule that does (corpus/race/loses).  A scenario there
# says in lines of its own:
#	# options: OPTION...	for `run`, which must come to
#	# report: KIND: TEXT	exactly this, of the last line
#	# repaired: OPTION...	with these no schedule fails, up to two preemptions (or no such line)
#	# passes: OPTION...	with these the same schedule does not (or no such line)
#	# mended: RMAP...	reverse maps with which no schedule fails, likewise
# Those that diverge without options are named in corpus/README.md.
set -eu
rmapdiff=$1 loses=$2
# shellcheck source=tests/runner.sh
. "$(dirname "$0")/runner.sh"

# explored FILE OPTION...: no schedule fails.
explored() {
	file=$1
	shift
	"$rmapdiff" interleave --preempt 2 --most 0 "$@" "$file" >"$dir/out" 2>"$dir/err" ||
		fail "$file: $*: $(grep DIVERGENCE "$dir/out" || cat "$dir/err")"
}

check_file() {
	options=$(of "$1" options) report=$(of "$1" report) repaired=$(of "$1" repaired) passes=$(of "$1" passes)
	if [ -z "$options" ] || [ -z "$report" ]; then
		fail "$1: expected '# options:' and '# report:'"
		return
	fi
	# shellcheck disable=SC2086 # options are words
	{
		"$rmapdiff" run $options "$1" >"$dir/out" 2>"$dir/err" && fail "$1: nothing is lost"
		came=$(sed -n 's/^DIVERGENCE \(.*\) (op [0-9]*: .*)$/\1/p' "$dir/out")
		[ "$came" = "$report" ] || fail "$1: expected '$report', came '$came' $(cat "$dir/err")"
		[ -z "$repaired" ] || explored "$1" $repaired
		[ -z "$passes" ] || "$rmapdiff" run $passes "$1" >"$dir/out" 2>&1 ||
			fail "$1: $passes: $(grep DIVERGENCE "$dir/out")"
	}
	for rmap in $(of "$1" mended); do
		explored "$1" --rmap "$rmap"
	done
	echo "$(basename "$1" .rmap): $came"
}

for file in "$loses"/*.rmap; do
	check_file "$file"
	"$rmapdiff" run "$file" >/dev/null || echo "race/loses/$(basename "$file")" >>"$dir/without_options"
done
grep -o 'race/loses/[a-z_-]*[.]rmap' "$loses/../../README.md" | sort -u >"$dir/told"
sort "$dir/without_options" | diff "$dir/told" - || fail "corpus/README.md tells other files that diverge without options"
exit $failed
