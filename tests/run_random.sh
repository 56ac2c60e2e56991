#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_random.sh RMAPDIFF OPS [OPTION...]: a random scenario of OPS operations by up to 32 processes diverges nowhere
# and leaves no object of any kind.
set -eu
rmapdiff=$1 ops=$2
shift 2
out=$("$rmapdiff" gen random --seed 1 --ops "$ops" --procs 32 --pages 256 "$@" | "$rmapdiff" run -v -) || {
	printf '%s\n' "$out"
	exit 1
}
printf '%s\n' "$out"
[ "$(printf '%s\n' "$out" | tail -n 1)" = "1 files, $ops ops, 0 divergences" ]
# Something was made, and all of it is gone.
printf '%s\n' "$out" | grep -q ' live at the end'
! printf '%s\n' "$out" | grep ' live at the end' | grep -v ' 0 live at the end'
