#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# oss_fuzz.sh BUILD SOURCE PATH: fuzz_tree as ClusterFuzzLite is given it runs by itself, and knows what is known.
. "$(dirname "$0")/lib.sh"

command -v zip >/dev/null || exit 77
what="oss-fuzz/build-tree.sh $path"
OUT=$dir "$repository/oss-fuzz/build-tree.sh" "$path" >out 2>err || fail "$what: exit status $?"
for file in fuzz_tree fuzz_tree.dict fuzz_tree.known fuzz_tree.options fuzz_tree_seed_corpus.zip; do
	[ -s "$file" ] || fail "$what: expected $file"
done
mkdir corpus
what="fuzz_tree"
env -u RMAPDIFF_TREE_KNOWN ./fuzz_tree -runs=500 corpus "$repository/build/tree/host/seeds/fuzz_rmap" >out 2>err ||
	fail "$what: exit status $?"
says out '^known: [a-z-]+: met [0-9]+ times'
says out ' 0 findings$'
finish
