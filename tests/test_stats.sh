#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# rmapdiff stats on the command line: test_stats.sh RMAPDIFF SOURCE-DIR
set -eu

rmapdiff=$1
source=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

# expect STATUS ARG...: exit status; bad usage says so in one line
expect() {
	want=$1
	shift
	got=0
	"$rmapdiff" stats "$@" >"$dir/out" 2>"$dir/err" || got=$?
	[ "$got" = "$want" ] || fail "stats $*: expected status $want, got $got"
	[ "$want" != 2 ] || [ "$(wc -l <"$dir/err")" = 1 ] || fail "stats $*: expected one line on standard error"
}

cat >"$dir/a.rmap" <<'END'
mmap A 0x10 4 rw
write A 0x10 4
fork A B
mremap B 0x10 4 4 to=0x20
write B 0x20
exit B
END
printf 'mmap A 0x10 4 rw = ENOMEM\n' >"$dir/unexpected.rmap"
printf 'mmap A\n' >"$dir/bad.rmap"

expect 0 --help
expect 0 "$dir/a.rmap"
# Figures known by hand: 2 anon_vmas and 3 chains at most; two contexts and a maple node.
grep -Eq '^  at most +400 +448$' "$dir/out" || fail "wrong bytes: $(grep 'at most  ' "$dir/out")"
grep -Eq '^  root: write sections +6 +0$' "$dir/out" || fail "wrong root sections"
grep -Eq '^  after all processes are gone +0 +0$' "$dir/out" || fail "something is left"
expect 0 --every 2 "$dir/a.rmap"
[ "$(grep -c '^[0-9 ]*$' "$dir/out")" -ge 6 ] || fail "--every 2: expected three rows for each reverse map"
expect 0 --pure --as-of 7.0 --rmap anon_vma,cow_context,cow_poc --fix all --walks 4 "$dir/a.rmap"
expect 1 "$dir/unexpected.rmap"

expect 2
expect 2 --every 0 "$dir/a.rmap"
expect 2 --every x "$dir/a.rmap"
expect 2 --walks 1001 "$dir/a.rmap"
expect 2 --check all "$dir/a.rmap"
expect 2 --rmap nobody "$dir/a.rmap"
expect 2 --json --slabs "$dir/a.rmap"
expect 2 "$dir/bad.rmap"
expect 2 "$dir/none.rmap"
# One bad file does not keep the others from being counted, and the JSON is whole.
expect 2 --json "$dir/bad.rmap" "$dir/a.rmap"
cp "$dir/out" "$dir/partial.json"
expect 0 --json --every 2 "$dir/a.rmap" "$dir/a.rmap"
cp "$dir/out" "$dir/whole.json"
expect 2 --json "$dir/bad.rmap"
cp "$dir/out" "$dir/empty.json"

# The same again, byte for byte, from another directory's name too.
for seed in 1 2 3; do
	"$rmapdiff" gen random --seed "$seed" --ops 400 >"$dir/r$seed.rmap"
done
for options in "" "--json --every 7" "--json --pure" "--walks 3 --every 100"; do
	# shellcheck disable=SC2086
	"$rmapdiff" stats $options "$dir"/r?.rmap >"$dir/first"
	# shellcheck disable=SC2086
	"$rmapdiff" stats $options "$dir"/r?.rmap >"$dir/second"
	cmp -s "$dir/first" "$dir/second" || fail "stats $options: differs from run to run"
done
find "$source/corpus" -name '*.rmap' -path '*/fork/*' | sort | xargs "$rmapdiff" stats --json >"$dir/corpus.json" ||
	fail "the corpus"

# Is it JSON, and does it say what the text says?
check_json() {
	if command -v python3 >/dev/null 2>&1; then
		python3 - "$@" <<'END'
import json, sys

d = [json.load(open(name)) for name in sys.argv[1:]]
whole, partial, empty = d[:3]
assert all(x["schema"] == "rmapdiff-stats-1" for x in d)
assert len(whole["files"]) == 2 and len(partial["files"]) == 1 and not empty["files"]
a, b = whole["files"]
assert a == b and a["ops"] == 6 and a["result"] == "ok"
anon, cow = a["rmaps"]
assert anon["memory"]["peak"]["bytes"] == 400 and cow["memory"]["peak"]["bytes"] == 448
assert anon["memory"]["left"]["objects"] == 0 == cow["memory"]["left"]["objects"]
assert anon["locks"][0]["write_sections"] == 6 == sum(anon["locks"][0]["by_op"].values())
assert [row[0] for row in anon["series"]["rows"]] == [2, 4, 6]
assert all(len(row) == len(anon["series"]["columns"]) for row in cow["series"]["rows"])
for x in d:
    for f in x["files"]:
        for r in f["rmaps"]:
            w = r["walks"]["reclaim"]
            assert w["visits"]["sum"] == w["mapped"]["sum"] + w["useless"]["sum"]
            assert r["memory"]["left"]["objects"] == 0
            assert r["memory"]["end"]["bytes"] <= r["memory"]["peak"]["bytes"]
END
	elif command -v node >/dev/null 2>&1; then
		for name; do
			node -e 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))' "$name" || return 1
		done
	else
		echo "neither python3 nor node: the JSON is not parsed"
	fi
}
check_json "$dir/whole.json" "$dir/partial.json" "$dir/empty.json" "$dir/corpus.json" || fail "the JSON is wrong"

[ "$failures" = 0 ] || exit 1
echo "stats: all well"
