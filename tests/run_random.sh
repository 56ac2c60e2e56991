#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_random.sh RMAPDIFF OPS [OPTION...]: a random scenario of OPS operations by up to 32 processes diverges nowhere
# and leaves no object of any kind.
set -eu
rmapdiff=$1 ops=$2
shift 2
out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0
"$rmapdiff" gen random --seed 1 --ops "$ops" --procs 32 --pages 256 "$@" | "$rmapdiff" run -v - >"$out" || status=$?
# Without the operations that failed, which are many.
grep -v '^  standard input:' "$out"
[ $status = 0 ]
[ "$(tail -n 1 "$out")" = "1 files, $ops ops, 0 divergences" ]
# Each that failed is listed.
[ "$(sed -n 's/^standard input: ok, .* (\([0-9]*\) failed).*/\1/p' "$out")" = "$(grep -c '^  standard input:' "$out")" ]
# Something was made, and all of it is gone.
grep -q ' live at the end' "$out"
! grep ' live at the end' "$out" | grep -v ' 0 live at the end'
