#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# signs.sh BUILD SOURCE PATH: what is wrong with files and options, each in one line, beside files that are fine.
. "$(dirname "$0")/lib.sh"

printf 'mmap A 0 1 rw\nwrite A 0\n' >fine.rmap
printf 'mmap A 0 1 rw\nwrote A 0\n' >broken.rmap
printf 'mmap A 0xf00000000 1 rw\n' >far.rmap
printf 'mmap A 0 0x4000 rw\nwrite A 0 0x4000\n' >large.rmap

try 0 "$build" fine.rmap
says out '^fine.rmap: ok, 2 ops, 1 walks compared$'
says out '^1 files, 2 ops, 0 disagreements$'
try 2 "$build" broken.rmap fine.rmap
says err '^broken.rmap:2:'
says out '^1 files, 2 ops, 0 disagreements$'
try 2 "$build" nosuch.rmap
says err '^nosuch.rmap: No such file or directory$'
try 0 "$build" far.rmap large.rmap
says out '^far.rmap: skipped: line 1: pages .* past what this tree.s page tables reach$'
says out '^large.rmap: skipped: line 2: touches 16384 pages'
says out '^2 skipped: not for this tree$'
try 2 "$build" --compare nothing fine.rmap
says err "expected model or walks"
# A result that the scenario asserts is the tree's, too.
printf 'munmap A 0 1 = EINVAL\n' >asserts.rmap
try 1 "$build" --compare model asserts.rmap
says out '^DISAGREEMENT the result that the scenario asserts'
finish
