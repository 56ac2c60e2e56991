#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# expect_status.sh STATUS COMMAND...: 0 if COMMAND exits with STATUS, 77 if it
# cannot run here, else 1.
expected=$1
shift
"$@"
status=$?
[ $status -eq 77 ] && exit 77
[ $status -eq "$expected" ]
