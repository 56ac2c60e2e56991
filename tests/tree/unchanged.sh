#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# unchanged.sh BUILD SOURCE PATH TREE BEFORE: TREE is what it was, byte for byte and to its times, before it was built and
# run. BEFORE is its inventory from then.
. "$(dirname "$0")/lib.sh"

what="the inventory of $4"
sh "$repository/tests/tree/inventory.sh" "$4" >now
[ "$(wc -l <now)" -gt 100000 ] || fail "$what: expected all files of a kernel tree"
diff "$5" now >out || fail "$4 is not what it was"
finish
