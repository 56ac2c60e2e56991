#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check_cow_context.sh RMAPDIFF SOURCE_DIR: what tests/tree_cow_context.sh goes by is in order, as far as that can be
# seen without a kernel: each fault changes the stand-in and is no other's, each scenario is one and agrees in the model.
set -eu
rmapdiff=$1
# shellcheck source=tests/runner.sh
. "$(dirname "$0")/runner.sh"
cd "$2"
list=tests/tree/cow_context/faults

grep -v '^#' $list >"$dir/list"
[ -s "$dir/list" ] || fail "no faults in $list"
while IFS='%' read -r name file sed seen scenario; do
	[ -n "$scenario" ] || fail "$name: expected NAME%FILE%SED%WHAT IS SEEN%SCENARIO"
	printf '%s\n' "${scenario#--fail-each/}" | tr / '\n' >"$dir/$name.scn"
	"$rmapdiff" run "$dir/$name.scn" >"$dir/out" 2>&1 || fail "$name: $(cat "$dir/out")"
	[ "$file" = mm/cow_context.c ] || continue
	sed "$sed" tests/tree/cow_context/cow_context.c >"$dir/changed" || fail "$name: sed"
	! cmp -s "$dir/changed" tests/tree/cow_context/cow_context.c || fail "$name: changes nothing: $sed"
	sum=$(sha1sum <"$dir/changed")
	! grep -qF "$sum" "$dir/sums" 2>/dev/null || fail "$name: is the same as another fault"
	echo "$sum" >>"$dir/sums"
	[ -n "$seen" ] || fail "$name: says not what is seen of it"
done <"$dir/list"

status=0
tests/tree/cow_context/lay-over "$dir" 2>"$dir/err" || status=$?
[ $status = 2 ] || fail "lay-over of a directory that is no tree: status $status, expected 2"
exit $failed
