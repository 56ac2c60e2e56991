#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# rmapdiff stats on the command line: test_stats.sh RMAPDIFF SOURCE-DIR
set -u
source=$(realpath "$2")
. "$(dirname "$0")/cli.sh"
subcommand=stats

cat >a.rmap <<'END'
mmap A 0x10 4 rw
write A 0x10 4
fork A B
mremap B 0x10 4 4 to=0x20
write B 0x20
exit B
END
printf 'mmap A 0x10 4 rw = ENOMEM\n' >unexpected.rmap
printf 'mmap A\n' >bad.rmap

try 0 --help
try 0 a.rmap
# Figures known by hand: 2 anon_vmas and 3 chains at most; two contexts and a maple node.
grep -Eq '^  at most +400 +448$' out || fail "wrong bytes: $(grep 'at most  ' out)"
grep -Eq '^  root: write sections +6 +0$' out || fail "wrong root sections"
grep -Eq '^  after all processes are gone +0 +0$' out || fail "something is left"
try 0 --every 2 a.rmap
[ "$(grep -c '^[0-9 ]*$' out)" -ge 6 ] || fail "--every 2: expected three rows for each reverse map"
try 0 --pure --as-of 7.0 --rmap anon_vma,cow_context,cow_poc --fix all --walks 4 a.rmap
try 1 unexpected.rmap

bad
bad --every 0 a.rmap
bad --every x a.rmap
bad --walks 1001 a.rmap
bad --check all a.rmap
bad --rmap nobody a.rmap
bad --json --slabs a.rmap
bad bad.rmap
bad none.rmap
# One bad file does not keep the others from being counted, and the JSON is whole.
bad_file --json bad.rmap a.rmap
cp out partial.json
try 0 --json --every 2 a.rmap a.rmap
cp out whole.json
bad_file --json bad.rmap
cp out empty.json

# The same again, byte for byte.
for seed in 1 2 3; do
	"$rmapdiff" gen random --seed "$seed" --ops 400 >"r$seed.rmap" || fail "gen"
done
for options in "" "--json --every 7" "--json --pure" "--walks 3 --every 100"; do
	# shellcheck disable=SC2086
	"$rmapdiff" stats $options r?.rmap >first || fail "stats $options"
	# shellcheck disable=SC2086
	"$rmapdiff" stats $options r?.rmap >second || fail "stats $options"
	cmp -s first second || fail "stats $options: differs from run to run"
done
find "$source/corpus" -name '*.rmap' -path '*/fork/*' | sort | xargs "$rmapdiff" stats --json >corpus.json ||
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
check_json whole.json partial.json empty.json corpus.json || fail "the JSON is wrong"

finish
