#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A run on the kernel says first which kernel that is, and finds out what it has by asking it: test_kernel_features.sh
# RMAPDIFF
# Exit status 77: cannot be done here.
set -u

rmapdiff=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/order.rmap" <<'SCENARIO'
mmap A 0 1 rw
write A 0
fork A B
write B 0
fork B C
SCENARIO

fail() {
	echo "test_kernel_features: $*" >&2
	exit 1
}

# The first line without the kernel's release and what is said about that.
features() {
	sed -n '1s/^Linux [^:]*: \(has .*\); model as of.*/\1/p' "$dir/out"
}

"$rmapdiff" kernel "$dir/order.rmap" >"$dir/out" 2>"$dir/err"
status=$?
[ $status -eq 77 ] && { cat "$dir/err"; exit 77; }
[ $status -eq 0 ] || fail "its own order: status $status: $(cat "$dir/out" "$dir/err")"
head -n 1 "$dir/out" | grep -qF "Linux $(uname -r): has " || fail "first line: $(head -n 1 "$dir/out")"
own=$(features)
echo "$own" | grep -q '; all detected$' || fail "not all is detected: $own"

# The release does not matter: a process that is told another finds the same.
if setarch --uname-2.6 true 2>/dev/null; then
	setarch --uname-2.6 "$rmapdiff" kernel "$dir/order.rmap" >"$dir/out" 2>&1 ||
		fail "as Linux 2.6: $(cat "$dir/out")"
	head -n 1 "$dir/out" | grep -q '^Linux 2\.6\.' || fail "as Linux 2.6: $(head -n 1 "$dir/out")"
	[ "$(features)" = "$own" ] || fail "as Linux 2.6 it has: $(features); and else: $own"
fi

# The other order is warned of, and gives the disagreement that was announced.
case $own in
*'has not '*order-7.0*) other=7.0 verb='has' ;;
*) other=6.18 verb='has not' ;;
esac
"$rmapdiff" kernel --as-of $other "$dir/order.rmap" >"$dir/out" 2>&1
[ $? -eq 1 ] || fail "as of $other: no disagreement: $(cat "$dir/out")"
grep -q "^Linux .*; model as of $other, as asked" "$dir/out" &&
	grep -q "^warning: the model $verb order-7.0 .*: expect disagreements in the order of chains" "$dir/out" ||
	fail "as of $other: $(cat "$dir/out")"

# Where a scenario that asks goes wrong the feature is assumed, and that is said.
RMAPDIFF_SPOIL=tree-avc "$rmapdiff" kernel "$dir/order.rmap" >"$dir/out" 2>&1
head -n 1 "$dir/out" | grep -q '; assumed by its number, not detected: merge-unfaulted order-7.0 dontunmap-offset;' ||
	fail "nothing to be seen: $(head -n 1 "$dir/out")"
