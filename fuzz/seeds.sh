#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# seeds.sh RMAPDIFF CORPUS OUT: the fuzzers' seeds from the scenarios in CORPUS, into OUT/TARGET.
# What bytes cannot express is left out of the byte seeds, and counted. Where all that seeds are made from is what it was
# the last time, so are they.
set -eu
[ $# -eq 3 ] || { sed -n '3,5s/^# //p' "$0"; exit 2; }
rmapdiff=$1 corpus=$2 out=$3
[ -d "$corpus" ] || { echo "$corpus: no such directory" >&2; exit 2; }

made_from=$({ cat "$0" "$rmapdiff"; find "$corpus" -name '*.rmap' -type f -exec sha1sum {} + | sort; } | sha1sum)
if [ -f "$out/made-from" ] && [ "$(cat "$out/made-from")" = "$made_from" ]; then
	cat "$out/said"
	exit 0
fi
rm -rf "$out"
mkdir -p "$out/fuzz_rmap" "$out/fuzz_text" "$out/fuzz_oom"
list=$out/list
find "$corpus" -name '*.rmap' -type f | sort >"$list"
# As few processes for a file as can be: they were most of it.
firsts=$(xargs -r -d '\n' grep -l '^# First bytes: ' <"$list" || true)
nr=0 nr_skipped=0
while IFS= read -r file; do
	name=
	rest=${file#"$corpus"/}
	while [ "$rest" != "${rest#*/}" ]; do
		name=$name${rest%%/*}-
		rest=${rest#*/}
	done
	name=$name$rest
	cp "$file" "$out/fuzz_text/$name"
	# Exit status 2: bytes cannot express it; anything else is a fault of ours.
	status=0
	"$rmapdiff" convert --strip --to bytes -o "$out/fuzz_rmap/$name" "$file" 2>"$out/why" || status=$?
	case $status in
	0)
		# Its first two bytes say which allocation fails, or what is spoilt: another one in each, unless
		# it says itself what once stopped one, as "# First bytes: 17 0".
		nr=$((nr + 1))
		first=
		case "
$firsts
" in
		*"
$file
"*)
			first=$(sed -n 's/^# First bytes: \([0-9]\{1,3\}\) \([0-9]\{1,3\}\).*/\1 \2/p' "$file" | head -n 1) ;;
		esac
		[ -n "$first" ] || first="$((nr % 256)) 0"
		{
			# shellcheck disable=SC2059 # octal escapes are made here
			printf "\\$(printf %03o "${first% *}")\\$(printf %03o "${first#* }")"
			cat "$out/fuzz_rmap/$name"
		} >"$out/fuzz_oom/$name" ;;
	2)
		cat "$out/why" >>"$out/said"
		nr_skipped=$((nr_skipped + 1)) ;;
	*)
		cat "$out/why" >&2
		exit 1 ;;
	esac
done <"$list"
for target in fuzz_pure fuzz_cow_poc fuzz_interleave; do
	cp -r "$out/fuzz_rmap" "$out/$target"
done
cp -r "$out/fuzz_oom" "$out/fuzz_check"
rm -f "$list" "$out/why"
echo "$nr seeds in bytes, $nr_skipped scenarios that bytes cannot express, $((nr + nr_skipped)) texts" >>"$out/said"
cat "$out/said"
[ $((nr + nr_skipped)) -gt 0 ] || { echo "$corpus: no scenarios" >&2; exit 1; }
printf '%s\n' "$made_from" >"$out/made-from"
