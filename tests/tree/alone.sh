#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# alone.sh BUILD SOURCE PATH: what no model is asked for. Contents that are lost, objects of any cache and pages that are
# left, also where only an allocation that fails leaves them; and findings that are known are gone on past.
. "$(dirname "$0")/lib.sh"

printf 'mmap A 0 1 rw\nwrite A 0\nfork A B\nwrite B 0\nexit A\nexit B\n' >fork.rmap

# The page that a write gets has not what the shared one had.
if mutant mm/memory.c 's/copy_mc_user_highpage\(dst, src, addr, vma\)/0/'; then
	try 1 "$mutant" --compare walks fork.rmap
	says out '^FINDING content: page 0x[0-9a-f]+ of process 1 reads 0x[0-9a-f]+ at its end, expected 0x'
fi

# Nodes of an address space's tree stay; no statistic counts them.
if mutant mm/mmap.c '/^void exit_mmap/,/^}/s/__mt_destroy\(&mm->mm_mt\);/;/'; then
	try 1 "$mutant" --compare walks fork.rmap
	says out '^FINDING leak: maple_node: [0-9]+ objects more '
fi

# A page that is no slab's stays.
if mutant kernel/fork.c '/^void __mmdrop/,/^}/s/mm_free_pgd\(mm\);/;/'; then
	try 1 "$mutant" --compare walks fork.rmap
	says out '^FINDING leak: pages: [0-9]+ more in use '
fi

# Only a fork that fails half-way leaves something: the sweep finds which allocation, and says it as a scenario.
if mutant mm/rmap.c '/^ out_error_free_anon_vma:/,/^}/s/put_anon_vma\(anon_vma\);/;/'; then
	try 0 "$mutant" --compare walks fork.rmap
	try 1 "$mutant" --compare walks --fail-each fork.rmap
	says out '^FINDING leak: anon_vma: 1 objects more '
	says out '^  with allocation [0-9]+ of op 3 failed:$'
	grep -E '^(mmap|write|failalloc|fork|exit) ' out >swept.rmap
	try 1 "$mutant" --compare walks swept.rmap
	says out '^FINDING leak: anon_vma: 1 objects more '
	# It is known, and only of a fork's failure: the run goes on.
	printf 'known mine\nupstream of this test\nkind leak\nwhat leak: anon_vma: 1 objects*\n' >list
	try 0 "$mutant" --compare walks --known list swept.rmap fork.rmap
	says out '^known: mine: met 1 times \(of this test\)$'
	says out '^2 files, [0-9]+ ops, 0 disagreements$'
	printf 'known other\nupstream of this test\nkind leak\nwhat leak: anon_vma_chain: *\n' >list
	try 1 "$mutant" --compare walks --known list swept.rmap
fi

# By a function that the report names; what is compiled into its caller has no name.
if mutant mm/rmap.c 's/anon_vma->parent->num_children--;/;/'; then
	printf 'known warned\nupstream of this test\nkind WARNING*\nfunction unlink_anon_vmas\n' >list
	try 0 "$mutant" --compare walks --known list fork.rmap
	says out '^known: warned: met [0-9]+ times'
	printf 'known warned\nupstream of this test\nkind WARNING*\nfunction anon_vma_fork\n' >list
	try 1 "$mutant" --compare walks --known list fork.rmap
fi

# Each allocation of a sound tree fails, and nothing comes of it.
try 0 "$build" --fail-each "$repository/corpus/fork"
says out '^[0-9]{3,} allocations failed, each once$'

printf 'kind model\n' >list
try 2 "$build" --known list fork.rmap
says err 'list:1: .kind.: expected known and a name first'
try 2 "$build" --known nowhere fork.rmap
says err 'nowhere: No such file'
finish
