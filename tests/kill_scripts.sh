#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kill_scripts.sh SOURCE_DIR [ROUNDS]: scripts/fuzz is started for 30 seconds and killed at a random moment, of its start
# and of its fuzzing, with each engine and signal in turn; then no process of it is left and its corpus has every input
# that it had, each one whole.
# Takes minutes and the packages of both engines, so it is run by hand, where build/fuzz and build/afl are built.
set -eu
cd "$1"
rounds=${2-1}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
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

# killed SIGNAL ENGINE MOMENT
killed() {
	mkdir -p "$corpus/fuzz_rmap"
	ls "$corpus/fuzz_rmap" >"$dir/before"
	env --default-signal=INT scripts/fuzz --seconds 30 --engine "$2" --jobs 2 --corpus "$corpus" \
		>"$dir/log" 2>&1 &
	script=$!
	run=$PWD/build/run/fuzz.$script
	[ "$3" = starting ] || wait_for_engine
	seconds=$(random)
	sleep "$seconds"
	kill "-$1" $script 2>/dev/null || true
	wait $script 2>/dev/null || true
	tries=0
	while [ -e "$run" ] && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	[ ! -e "$run" ] || fail "$*: $run is left"
	[ -z "$(left "$run")" ] || fail "$*: processes are left: $(left "$run")"
	while read -r input; do
		[ -s "$corpus/fuzz_rmap/$input" ] || fail "$*: $input is lost"
	done <"$dir/before"
	torn=$(cd "$corpus/fuzz_rmap" && find . -type f -name '?*' -exec sha1sum {} + |
		awk '{ sub("^.*/", "", $2); if ($1 != $2) print $2 }')
	[ -z "$torn" ] || fail "$*: not whole: $torn"
	echo "$2, $3, $1 after $seconds seconds: $(wc -l <"$dir/before") inputs before, $(find "$corpus/fuzz_rmap" -type f | wc -l) after"
}

while [ "$rounds" -gt 0 ]; do
	rounds=$((rounds - 1))
	for signal in INT TERM HUP KILL; do
		for engine in libfuzzer afl; do
			killed $signal $engine starting
			killed $signal $engine fuzzing
		done
	done
done
exit $failed
