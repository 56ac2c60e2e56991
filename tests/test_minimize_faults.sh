#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_minimize_faults.sh RMAPDIFF PAD: where switches let two faults of one kind be seen, a scenario of one of them, padded
# with random operations, is minimized to that fault, and not to the other one, which takes fewer operations; with --any
# it is.
set -u
pad=$(realpath "$2")
. "$(dirname "$0")/cli.sh"
subcommand=minimize
what=

ops_in() {
	grep -vc '^#' "$1"
}

# fault NAME ANY OPTION...: what stands on standard input is the simplest scenario of a fault, and ANY (--any, or
# --kind any) goes below it.
fault() {
	name=$1 any=$2
	shift 2
	cat >"$name.rmap"
	"$pad" "$@" 60 1 "$name.rmap" >padded.rmap 2>err || {
		fail "$name: cannot be padded: $(cat err)"
		return
	}
	try 0 -v "$@" padded.rmap
	grep -v '^#' out | cmp -s - "$name.rmap" || fail "$what: expected $(cat "$name.rmap"), got $(cat out)"
	cp err kept
	# What is kept is in the result.
	cp out result.rmap
	try 0 -v --tries 1 "$@" result.rmap
	[ "$(grep '^kept: ' err)" = "$(grep '^kept: ' kept)" ] || fail "$what: $(cat err), not $(cat kept)"
	# shellcheck disable=SC2086 # options are words
	try 0 $any "$@" padded.rmap
	[ "$(ops_in out)" -lt "$(ops_in "$name.rmap")" ] || fail "$what: expected fewer operations, got: $(cat out)"
}

# A move in the child; the first copy of a file's page.
fault moved-in-child --any --bug remap-wrong-sign <<'X'
mmap A 0x0 1 rw
write A 0x0
fork A B
mremap B 0x0 1 1 to=0x1
X
says kept 'kept: miss of cow_context after mremap: an anonymous page, displaced, inherited by fork, not recorded, gone without --bug remap-wrong-sign'

# A move in the parent.
fault moved-in-child-too --any --bug remap-not-recorded-at-move <<'X'
mmap A 0x0 1 rw
write A 0x0
fork A B
mremap B 0x0 1 1 to=0x1
X

# The child is the only one that maps the page; the page of a file; a page that moved.
poc='--rmap anon_vma,cow_poc --fix all'
fault unmapped-in-parent --any $poc --fix -walk-early-end <<'X'
mmap A 0x0 1 rw
write A 0x0
fork A B
munmap A 0x0 1
X
fault moved-once --any $poc --fix -walk-early-end <<'X'
mmap A 0x0 1 rw
write A 0x0
mremap A 0x0 1 1 to=0x1
X
fault migrated --any $poc --fix -walk-early-end <<'X'
mmap A 0x0 1 rw
write A 0x0
fork A B
migrate A 0x0
X

# Two defects lose a file's page after mremap, the second with fewer operations: the cause alone tells them apart.
fault other-defect --any $poc --fix -grown-move --fix -whole-entry-move <<'X'
mmap A 0x0 2 rw file=0@0
write A 0x1
mprotect A 0x0 1 r
mremap A 0x0 1 2 to=0x2
X
says kept 'gone with --fix grown-move'

# References of a context whose process has exited; of the living one's.
fault other-object --any --bug folio-ref-dropped-twice <<'X'
mmap A 0x0 1 rw
write A 0x0
fork A B
exit A
migrate B 0x0
X
says kept 'a context without mm counts N references'
says kept 'a count too low'

# A miss; a leak.
fault no-leak '--kind any' --bug walk-skips-last-child --bug folio-ref-not-dropped <<'X'
mmap A 0x0 1 rw
write A 0x0
fork A B
X

# A result that is not as asserted; a miss.
fault asserted '--kind any' --bug dontunmap-no-unlink --bug prepare-not-recorded <<'X'
mmap A 0x0 3 rw
write A 0x0
mremap A 0x0 1 1 to=0x1 dontunmap
mremap A 0x0 1 1 to=0x1
mremap A 0x1 2 3 = 0
X
finish
