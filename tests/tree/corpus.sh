#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# corpus.sh BUILD SOURCE PATH: no scenario of the corpus finds anything on a released tree, and two runs say the same.
. "$(dirname "$0")/lib.sh"

# Names as the user has them: short ones.
ln -s "$repository/corpus" corpus
try 0 "$build" corpus
# Nearly all of it, and every one asked.
says out '^[3-9][0-9][0-9] files, [0-9]{4,} ops, 0 disagreements$'
says out '^[0-9]{5,} walks compared'
tail -n 3 out
cp out first
try 0 "$build" corpus
cmp first out || fail "two runs differ"

# B has the file's page 0 by the fault on page 1, where A has a page of its own.
printf 'mmap A 0 2 rw file=0@0\nfork A B\nwrite A 0\nread B 1\nmigrate B 0\n' >around.rmap
try 0 "$build" around.rmap
finish
