#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# docs.sh BUILD SOURCE PATH: the finding that docs/TREE.md shows is what comes of the fault that it names, numbers of lines
# and addresses aside.
. "$(dirname "$0")/lib.sh"

# block COMMAND: what the document shows below "$ COMMAND", up to an empty line.
block() {
	sed -n "/^    \\\$ $1\$/,/^\$/s/^    //p" "$repository/docs/TREE.md" | sed 1d
}

# Nor do frames of rmapdiff's own count, which end a call trace.
no_numbers() {
	sed -E '/^  \|  .* (tree|compare)_[a-z_]+( |$)/d; s/:[0-9]+/:N/g; s/[<(][0-9a-f]{8}[>)]/<A>/; s/6\.12\.[0-9]+/6.12.N/; s/ +$//' "$1"
}

block 'cat fork.rmap' >fork.rmap
block 'scripts\/tree run linux fork.rmap' >shown
[ -s fork.rmap ] && [ -s shown ] || fail "docs/TREE.md shows no scenario and no finding"
if mutant mm/rmap.c 's/anon_vma->parent->num_children--;/;/'; then
	try 1 "$mutant" fork.rmap
	no_numbers shown >expected
	no_numbers out >came
	diff expected came || fail "$what: not what docs/TREE.md shows"
fi
finish
