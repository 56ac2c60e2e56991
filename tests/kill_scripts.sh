#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kill_scripts.sh SOURCE_DIR [ROUNDS [SCRIPT...]]: each script is killed at a random moment, with one signal after the
# other, and then no process of it is left, nor anything else that it needed only while it ran. scripts/fuzz is killed
# while it starts and while it fuzzes, with each engine; its corpus, and those that scripts/corpus-merge reads and writes,
# have every input that they had, each one whole.
# Takes minutes and the packages of both engines, so it is run by hand, where build/fuzz and build/afl are built.
set -eu
cd "$1"
rounds=${2-1}
if [ $# -gt 2 ]; then
	shift 2
else
	shift $#
	set -- fuzz corpus-merge coverage oss-fuzz-check bug-bench bench test report exhaust minimize shortest tree
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
corpus=$dir/corpus
failed=0
fail() {
	echo "FAIL: $*"
	failed=1
}

# A number from 0 to 11.
random() {
	od -An -N2 -t u2 /dev/urandom | awk '{ print $1 % 12 }'
}

left() {
	grep -lzFx "RMAPDIFF_RUN=$1" /proc/[0-9]*/environ 2>/dev/null | sed 's|/proc/\([0-9]*\)/.*|\1|'
}

# Until an engine has executed something, or the script has ended.
wait_for_engine() {
	tries=0
	while [ $tries -lt 1200 ] && kill -0 $script 2>/dev/null; do
		tries=$((tries + 1))
		[ "$(od -An -N8 -t u8 "$run/fuzz_rmap/counts" 2>/dev/null | tr -d ' ')" -gt 0 ] 2>/dev/null && return
		sleep 0.1
	done
}

# torn DIR: inputs in it whose contents are not what their names say.
torn() {
	(cd "$1" && find . -type f -name '?*' -exec sha1sum {} +) |
		awk '{ sub("^.*/", "", $2); if ($1 != $2) print $2 }'
}

# has_all LIST DIR WHAT: what LIST names is in DIR.
has_all() {
	while read -r input; do
		[ -s "$2/$input" ] || fail "$3: $input is lost"
	done <"$1"
}

# start SCRIPT [OPTION...]
start() {
	name=$1
	shift
	env --default-signal=INT "scripts/$name" "$@" >"$dir/log" 2>&1 </dev/null &
	script=$!
	run=$PWD/build/run/$name.$script
}

# end SIGNAL WHAT: and soon nothing of it is there.
end() {
	kill "-$1" $script 2>/dev/null || true
	wait $script 2>/dev/null || true
	tries=0
	while [ -e "$run" ] && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	[ ! -e "$run" ] || fail "$2: $run is left"
	[ -z "$(left "$run")" ] || fail "$2: processes are left: $(left "$run")"
}

# killed_fuzz SIGNAL ENGINE MOMENT
killed_fuzz() {
	mkdir -p "$corpus/fuzz_rmap"
	ls "$corpus/fuzz_rmap" >"$dir/before"
	start fuzz --seconds 30 --engine "$2" --jobs 2 --corpus "$corpus"
	[ "$3" = starting ] || wait_for_engine
	seconds=$(random)
	sleep "$seconds"
	end "$1" "fuzz $*"
	has_all "$dir/before" "$corpus/fuzz_rmap" "fuzz $*"
	torn=$(torn "$corpus/fuzz_rmap")
	[ -z "$torn" ] || fail "fuzz $*: not whole: $torn"
	echo "fuzz, $2, $3, $1 after $seconds seconds: $(wc -l <"$dir/before") inputs before," \
		"$(find "$corpus/fuzz_rmap" -type f | wc -l) after"
}

# The whole of one merge or of another; where it was killed between two renames, under the name of what was to go.
merged_corpus() {
	if [ -d "$dir/merged/fuzz_rmap" ]; then
		echo "$dir/merged/fuzz_rmap"
	else
		echo "$dir/merged/.fuzz_rmap.old"
	fi
}

# Until there is something of the new one, or the script has ended.
wait_for_merge() {
	tries=0
	while [ $tries -lt 1200 ] && kill -0 $script 2>/dev/null; do
		tries=$((tries + 1))
		! find "$dir/merged" -maxdepth 1 -name '.fuzz_rmap.[0-9]*' | grep -q . || return 0
		sleep 0.1
	done
}

# killed_merge SIGNAL MOMENT
killed_merge() {
	mkdir -p "$corpus/fuzz_rmap"
	[ -d "$(merged_corpus)" ] || mkdir -p "$dir/merged/fuzz_rmap"
	[ -n "$(ls "$(merged_corpus)")" ] || cp -r "$corpus/fuzz_rmap/." "$dir/merged/fuzz_rmap"
	ls "$corpus/fuzz_rmap" >"$dir/before"
	ls "$(merged_corpus)" >"$dir/before-merged"
	inode=$(stat -c %i "$(merged_corpus)")
	start corpus-merge --target fuzz_rmap --into "$dir/merged" "$corpus"
	[ "$2" = starting ] || wait_for_merge
	seconds=$(random)
	sleep "$seconds"
	end "$1" "corpus-merge $*"
	has_all "$dir/before" "$corpus/fuzz_rmap" "corpus-merge $*"
	# The one that was there, or a new one.
	if [ "$(stat -c %i "$(merged_corpus)")" = "$inode" ]; then
		has_all "$dir/before-merged" "$(merged_corpus)" "corpus-merge $*, merged"
	elif [ -z "$(ls "$(merged_corpus)")" ]; then
		fail "corpus-merge $*: nothing is in its place"
	fi
	torn=$(torn "$(merged_corpus)")
	[ -z "$torn" ] || fail "corpus-merge $*: not whole: $torn"
	echo "corpus-merge, $2, $1 after $seconds seconds: $(wc -l <"$dir/before-merged") inputs before," \
		"$(find "$(merged_corpus)" -type f | wc -l) after"
}

# killed_other SIGNAL SCRIPT [OPTION...]
killed_other() {
	signal=$1
	shift
	start "$@"
	seconds=$(random)
	sleep "$seconds"
	end "$signal" "$1 $signal"
	echo "$1, $signal after $seconds seconds: $(tail -n 1 "$dir/log")"
}

killed() {
	case $2 in
	fuzz)
		for engine in libfuzzer afl; do
			killed_fuzz "$1" $engine starting
			killed_fuzz "$1" $engine fuzzing
		done ;;
	corpus-merge)
		killed_merge "$1" starting
		killed_merge "$1" merging ;;
	coverage) killed_other "$1" coverage --seconds 5 --html "$dir/html" ;;
	oss-fuzz-check) killed_other "$1" oss-fuzz-check --only libfuzzer-address-x86_64 ;;
	bug-bench) killed_other "$1" bug-bench --limit 3 --seeds 1 --jobs 2 --out "$dir/bug-bench" --fresh ;;
	minimize) killed_other "$1" minimize corpus/bugs/merge-no-clone.rmap --bug merge-no-clone -o "$dir/minimized" --force ;;
	report) killed_other "$1" report --out "$dir/report" ;;
	tree) killed_other "$1" tree build debian ;;
	shortest) killed_other "$1" shortest --seconds 5 ;;
	*) killed_other "$1" "$2" ;;
	esac
}

while [ "$rounds" -gt 0 ]; do
	rounds=$((rounds - 1))
	for signal in INT TERM HUP KILL; do
		for each in "$@"; do
			killed "$signal" "$each"
		done
	done
done
exit $failed
