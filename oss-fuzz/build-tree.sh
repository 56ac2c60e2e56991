#!/bin/bash -eu
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: oss-fuzz/build-tree.sh PATH [--config FILE]
# Builds fuzz_tree of the Linux source tree PATH into $OUT, with seeds, dictionary,
# options and the list of known findings, as ClusterFuzzLite wants a fuzz target:
# for the job of a kernel fork. docs/TREE.md, In CI.

: "${OUT:?a directory for fuzz_tree}"
source_dir=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] || { sed -n '4,7s/^# //p' "$0"; exit 2; }
# Dictionary and length.
. "$source_dir/scripts/run.sh"

"$source_dir/scripts/tree" build "$@" | tee "$OUT/fuzz_tree.log"
build=$(sed -n 's/^scripts\/tree: .* in \(.*\), [0-9]* seconds$/\1/p' "$OUT/fuzz_tree.log")
rm "$OUT/fuzz_tree.log"
cmake --build "$source_dir/build/tree/host" --target seeds
cd "$source_dir"
cp "$build/fuzz_tree" "$OUT/fuzz_tree"
cp tree/known "$OUT/fuzz_tree.known"
cp "$(dictionary fuzz_tree)" "$OUT/fuzz_tree.dict"
printf '[libfuzzer]\nmax_len = %s\n' "$(max_len fuzz_tree)" >"$OUT/fuzz_tree.options"
rm -f "$OUT/fuzz_tree_seed_corpus.zip"
zip -q -j -r "$OUT/fuzz_tree_seed_corpus.zip" build/tree/host/seeds/fuzz_rmap
