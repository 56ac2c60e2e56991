#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# crash.sh BUILD SOURCE PATH: whatever a finding does to its process, it is said, its input is kept, and the next
# scenario is done.
. "$(dirname "$0")/lib.sh"

printf 'mmap A 0 1 rw\nwrite A 0\nfork A B\n' >crashes.rmap
printf 'mmap A 0 1 rw\nwrite A 0\n' >fine.rmap
"$rmapdiff" convert --to bytes -o crashes.bytes crashes.rmap

# crash FAULT SAID KEPT [OPTION...]: what tree_run says of FAULT, in C, in fork; how fuzz_tree's input is kept: by libFuzzer
# (crash), or by the process itself (input), for scripts/fuzz to find.
crash() {
	fault=$1
	said=$2
	kept=$3
	mutant mm/rmap.c "/^int anon_vma_fork/,/^}/s/^\tanon_vma = anon_vma_alloc\(\);/\t$fault\n&/" tree_run fuzz_tree || return 0
	try 1 "$mutant" --compare walks crashes.rmap fine.rmap
	what="tree_run, $fault"
	says out '^crashes.rmap:3: disagreed at op 3$'
	says out "^FINDING $said \\(op 3: fork A B\\)\$"
	says out '^2 files, 4 ops, 1 disagreements$'
	[ $kept != crash ] || says out "$(at anon_vma_fork)"

	what="fuzz_tree, $fault"
	rm -rf kept inputs seeds
	mkdir kept inputs seeds
	cp crashes.bytes seeds
	status=0
	RMAPDIFF_TREE_COMPARE=walks RMAPDIFF_FUZZ_INPUTS=$dir/inputs "$mutant/fuzz_tree" -artifact_prefix=kept/ \
		-runs=1000 seeds >out 2>err || status=$?
	if [ $kept = crash ]; then
		[ $status != 0 ] || fail "$what: expected a failure"
		cmp crashes.bytes kept/crash-* || fail "$what: expected its input kept by libFuzzer"
		says err "^FINDING $said"
		says err "$(at anon_vma_fork)"
	fi
	cmp crashes.bytes inputs/* || fail "$what: expected its input in its file"
}

crash 'BUG();' 'BUG: failure at mm/rmap.c:[0-9]+/anon_vma_fork\(\)!' crash
crash '*(volatile int *)8 = 1;' 'Kernel panic - not syncing: .*' crash
crash 'panic("an end");' 'Kernel panic - not syncing: an end' crash
crash 'extern void abort(void); abort();' 'BUG: failure at kernel/exit.c:[0-9]+/abort\(\)!' crash
crash 'extern int raise(int); raise(9);' 'the process with the tree was ended by signal 9' input
crash 'extern void _exit(int); _exit(0);' 'the process with the tree ended with status 0' input
finish
