#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# findings.sh BUILD SOURCE PATH: faults put into the tree are found, each by the check that is there for it; what the tree
# complains of names functions and lines.
. "$(dirname "$0")/lib.sh"

printf 'mmap A 0 1 rw\nwrite A 0\nfork A B\nwrite B 0\nexit A\nexit B\n' >fork.rmap
printf 'mmap A 0 1 rw\nwrite A 0\nfork A B\nwrite B 0\nexit B\nmigrate A 0\n' >after.rmap

# A child that exits is still counted.
if mutant mm/rmap.c 's/anon_vma->parent->num_children--;/;/'; then
	try 1 "$mutant" fork.rmap
	says out '^fork.rmap:[0-9]: disagreed at op [0-9]$'
	says out '^FINDING WARNING: '
	says out "^  \\|.* $(at unlink_anon_vmas)"
	says out '^1 files, [0-9] ops, 1 disagreements$'
	# Callers, and nothing that lies on the stack by chance.
	! grep -q '^  |.*>\] ? ' out || fail "$what: expected no address that is no caller"
	cp out first
	try 1 "$mutant" fork.rmap
	cmp first out || fail "$what: two runs differ"
fi

# An AVC is freed while the interval tree has it: anon_vmas held against each other show it, and so does KASAN.
if mutant mm/rmap.c '/^void unlink_anon_vmas/,/^}/s/anon_vma_interval_tree_remove\(.*;/;/'; then
	try 1 "$mutant" after.rmap
	says out '^FINDING tree: 2 nodes in the interval tree of an anon_vma that is on the chains of 1 VMAs '
	says out "^  \\| BUG: KASAN: slab-use-after-free in $(at anon_vma_interval_tree_[a-z_]+)$"
	says out "^  \\|.* $(at rmap_walk_anon)$"
fi

# A process frees the anon_vma that its child still has.
if mutant mm/rmap.c '/^int anon_vma_fork/,/^}/s/get_anon_vma\(anon_vma->root\);/;/'; then
	try 1 "$mutant" after.rmap fork.rmap
	says out '^FINDING '
fi

# The walk looks for each page one page too far.
if mutant mm/rmap.c '/^static void rmap_walk_anon/,/^}/s/unsigned long address = /&PAGE_SIZE + /'; then
	try 1 "$mutant" fork.rmap
	says out '^FINDING miss: '
fi

# Fork reuses an anon_vma that a VMA of another process still has: no walk goes wrong by it.
if mutant mm/rmap.c 's/anon_vma->num_active_vmas == 0/true/'; then
	try 1 "$mutant" --compare walks "$repository/corpus/fork"
	says out '^FINDING reuse: VMAs of two processes have the same anon_vma'
fi
finish
