#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# inventory.sh TREE: what is in TREE, a line for each file and directory: kind, mode, times, and what a file's bytes are.
set -eu
cd "$1"
find . -printf '%p %y %m %s %T@ %l\n' | LC_ALL=C sort
find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha1sum
