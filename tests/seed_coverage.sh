#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# seed_coverage.sh SOURCE_DIR BUILD_DIR SEEDS_DIR [--record]: the seeds made from corpus/ still reach in each room of
# model/ what they reached when tests/seed-coverage.txt was written: no less than 3 % and 3 branches or lines below it.
# --record writes it anew. Builds what it needs in BUILD_DIR. Exit status 77: no clang or llvm-cov here.
set -eu
[ $# -ge 3 ] || {
	sed -n '3,5s/^# //p' "$0"
	exit 2
}
source=$(cd "$1" && pwd) build=$2 seeds=$3
record=$source/tests/seed-coverage.txt
for tool in clang llvm-cov llvm-profdata cmake; do
	command -v $tool >/dev/null || {
		echo "no $tool here"
		exit 77
	}
done

mkdir -p "$build"
# No compiler cache: what it has from another directory names that one's sources.
generator="Unix Makefiles"
! command -v ninja >/dev/null || generator=Ninja
{
	cmake -S "$source" -B "$build" -G "$generator" -DCMAKE_C_COMPILER=clang -DCMAKE_C_COMPILER_LAUNCHER= \
		-DCMAKE_BUILD_TYPE=Debug -DRMAPDIFF_COVERAGE=ON -DRMAPDIFF_KERNEL=OFF -DLIB_FUZZING_ENGINE= &&
		cmake --build "$build" --parallel --target fuzz_targets
} >"$build/log" 2>&1 || {
	tail -n 30 "$build/log"
	exit 1
}

rm -f "$build"/*.profraw
objects=
# shellcheck disable=SC2013 # words of one line
for target in $(sed -n 's/^set(fuzz_targets \(.*\))$/\1/p' "$source/fuzz/CMakeLists.txt"); do
	# The proof of concept is replayed as repaired.
	RMAPDIFF_FUZZ_FIX=all LLVM_PROFILE_FILE="$build/$target.profraw" \
		"$build/$target" "$seeds/$target" >"$build/$target.out" 2>&1 || {
		tail -n 30 "$build/$target.out"
		echo "$target stopped at a seed"
		exit 1
	}
	objects="$objects -object $build/$target"
done
llvm-profdata merge -sparse "$build"/*.profraw -o "$build/seeds.profdata"
# shellcheck disable=SC2086 # several words
llvm-cov export ${objects# -object } -instr-profile="$build/seeds.profdata" -format=lcov >"$build/seeds.lcov"
awk -f "$source/scripts/rooms.awk" -v source="$source" "$build/seeds.lcov"
awk -f "$source/scripts/rooms.awk" -v source="$source" -v form=record "$build/seeds.lcov" >"$build/reached"
[ -s "$build/reached" ] || {
	echo "nothing was reached"
	exit 1
}

if [ "${4-}" = --record ]; then
	{
		echo "# SPDX-License-Identifier: GPL-2.0-only"
		echo "# What the seeds made from corpus/ reach: room, lines, branches."
		echo "# Written by tests/seed_coverage.sh --record; held against it by the test seed_coverage."
		cat "$build/reached"
	} >"$record"
	exit 0
fi

# Compilers differ in a line or a branch here and there: 3 in 100, and 3.
awk '
	/^#/ { next }
	NR == FNR { lines[$1] = $2; branches[$1] = $3; next }
	function check(what, recorded, reached) {
		if (reached + 3 < recorded * 0.97) {
			print $1 ": " recorded " " what " were reached, now " reached + 0
			failed = 1
		}
	}
	{ check("lines", $2, lines[$1]); check("branches", $3, branches[$1]); rooms++ }
	END {
		if (!rooms)
			print "nothing is recorded"
		exit failed || !rooms
	}' "$build/reached" "$record"
