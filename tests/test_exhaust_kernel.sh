#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_exhaust_kernel.sh RMAPDIFF: every state of a small search, one scenario for each, is one that the running kernel
# has too; and would not be if the model were wrong. A larger search: scripts/exhaust --kernel.
set -eu
rmapdiff=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$rmapdiff" exhaust --ops 3 --procs 2 --pages 2 --failalloc 0 --states "$dir/states" >"$dir/out" 2>&1 || {
	cat "$dir/out"
	exit 1
}
states=$(sed -n 's/^\([0-9]*\) states, .*/\1/p' "$dir/out")
[ "$states" -gt 1000 ]
status=0
"$rmapdiff" kernel -q "$dir/states" >"$dir/kernel" 2>&1 || status=$?
tail -n 5 "$dir/kernel"
[ $status = 0 ] || exit $status
tail -n 1 "$dir/kernel" | grep -q "^$((states - 1)) files, [0-9]* ops, 0 disagreements$" || {
	echo "FAIL: not all of $((states - 1)) scenarios were replayed"
	exit 1
}
status=0
"$rmapdiff" kernel -q --bug fork-keeps-write "$dir/states" >"$dir/kernel" 2>&1 || status=$?
[ $status = 1 ] || {
	echo "FAIL: with a bug in the model nothing disagrees"
	exit 1
}
