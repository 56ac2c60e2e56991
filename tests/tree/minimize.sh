#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# minimize.sh BUILD SOURCE PATH: of a finding comes the simplest scenario with the same one.
. "$(dirname "$0")/lib.sh"

# Around what it takes: two processes of which one is gone, and a third that forks.
cat >long.rmap <<'TEXT'
mmap A 0 8 rw
write A 0 8
mmap A 0x20 2 rw
fork A B
munmap B 2 1
write A 3
fork B C
mprotect C 4 2 r
write C 0 2
exit B
mremap C 0 1 1 to=0x40
migrate A 7
exit C
exit A
TEXT
if mutant mm/rmap.c 's/anon_vma->num_active_vmas == 0/true/'; then
	try 0 "$mutant" --minimize long.rmap
	mv out least.rmap
	says least.rmap '^# reuse: VMAs of two processes have the same anon_vma'
	grep -v '^#' least.rmap >ops
	cat ops
	# A VMA with an anon_vma, and a fork; nothing of it can go.
	[ "$(wc -l <ops)" -le 4 ] || fail "$what: expected four operations at most"
	try 1 "$mutant" least.rmap
	says out '^FINDING reuse: '
	try 0 "$build" least.rmap
	nr_ops=$(wc -l <ops)
	while [ "$nr_ops" -gt 0 ]; do
		sed "${nr_ops}d" ops >less.rmap
		status=0
		run "$mutant" less.rmap >out 2>err || status=$?
		[ $status != 1 ] || fail "without operation $nr_ops it is a finding, too"
		nr_ops=$((nr_ops - 1))
	done
	# An input of the fuzzer's, by bytes.
	"$rmapdiff" convert --to bytes -o fuzz_tree-crash-1 long.rmap
	try 0 "$mutant" --minimize --bytes fuzz_tree-crash-1
	grep -v '^#' out | cmp - ops || fail "$what: expected the same scenario"
	try 2 "$build" --minimize long.rmap
	says err 'long.rmap: shows no finding on this tree'
fi
finish
