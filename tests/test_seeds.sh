#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_seeds.sh RMAPDIFF SOURCE_DIR: seeds are made of the corpus, and made again when something of it has changed.
set -u
seeds=$(realpath "$2")/fuzz/seeds.sh
. "$(dirname "$0")/cli.sh"

# make_seeds: prints what seeds.sh does; changed is empty where the seeds are the same files as before.
make_seeds() {
	what="seeds.sh, $1"
	nr=$((nr + 1))
	[ ! -d seeds ] || touch seeds/fuzz_rmap/mark
	sh "$seeds" "$rmapdiff" corpus seeds >out 2>err || fail "$what: exit status $?"
	changed=1
	[ ! -e seeds/fuzz_rmap/mark ] || changed=
	rm -f seeds/fuzz_rmap/mark
}

mkdir corpus
printf 'mmap A 0 1 rw\nwrite A 0\n' >corpus/one.rmap
printf 'mmap A 0x10000 1 rw\n' >corpus/far.rmap
make_seeds "from nothing"
says out '1 seeds in bytes, 1 scenarios that bytes cannot express, 2 texts'
cp out first
make_seeds "again"
[ -z "$changed" ] || fail "$what: nothing was to be done"
cmp -s out first || fail "$what: it says something else"
printf 'mmap A 0 1 rw\nread A 0\n' >corpus/one.rmap
make_seeds "a scenario has changed"
[ -n "$changed" ] || fail "$what: expected new seeds"
"$rmapdiff" convert --to text seeds/fuzz_rmap/one.rmap >out
says out 'read A 0'
mv corpus/one.rmap corpus/two.rmap
make_seeds "a scenario has another name"
[ "$(ls seeds/fuzz_rmap)" = two.rmap ] || fail "$what: $(ls seeds/fuzz_rmap)"
finish
