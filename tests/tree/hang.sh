#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# hang.sh BUILD SOURCE PATH: what does not end is ended, and said to be what it is: a scenario, the start of the tree, or a
# question for its features. ^C ends it, too, with what was done by then.
. "$(dirname "$0")/lib.sh"

printf 'mmap A 0 1 rw\nwrite A 0\nfork A B\n' >hangs.rmap
printf 'mmap A 0 1 rw\nwrite A 0\n' >fine.rmap

# interrupt SIGNAL STATUS: once the first file is done, and the second stands still.
interrupt() {
	what="tree_run, SIG$1 in a hang"
	: >out
	env --default-signal=INT "$mutant/tree_run" --compare walks --hang 3600 fine.rmap hangs.rmap fine.rmap >out 2>err &
	pid=$!
	tries=0
	while ! grep -q '^fine.rmap: ok' out && [ $tries -lt 6000 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	kill "-$1" $pid
	status=0
	wait $pid || status=$?
	[ $status = "$2" ] || fail "$what: expected exit status $2, got $status"
	says out '^stopped before all was done$'
	[ "$(tail -n 1 out)" = '1 files, 2 ops, 0 disagreements' ] || fail "$what: expected what was done by then"
	[ ! -s err ] || fail "$what: expected no complaint"
}

if mutant mm/rmap.c '/^int anon_vma_fork/,/^}/s/^\tanon_vma = anon_vma_alloc\(\);/\tfor (;;)\n\t\tbarrier();\n&/' tree_run fuzz_tree; then
	try 1 "$mutant" --hang 2 hangs.rmap fine.rmap
	says err '^walks only: the tree does not say which features it has: asked for [a-z0-9.-]+: hang: no answer in 2 seconds'
	says out '^hangs.rmap:3: disagreed at op 3$'
	says out '^FINDING hang: no answer in 2 seconds of processor time \(op 3: fork A B\)$'
	says out "^  \\|  $(at anon_vma_fork)\$"
	says out "^  \\|  $(at copy_mm)\$"
	says out '^fine.rmap: ok, 2 ops'
	says out '^2 files, 4 ops, 1 disagreements$'

	interrupt INT 130
	interrupt TERM 143

	# In the fuzzer: the input is kept.
	"$rmapdiff" convert --to bytes -o hangs.bytes hangs.rmap
	mkdir kept inputs seeds
	cp hangs.bytes seeds
	what="fuzz_tree seeds"
	status=0
	RMAPDIFF_TREE_COMPARE=walks RMAPDIFF_TREE_HANG=2 RMAPDIFF_FUZZ_INPUTS=$dir/inputs "$mutant/fuzz_tree" \
		-artifact_prefix=kept/ -runs=1000 seeds >out 2>err || status=$?
	[ "$status" != 0 ] || fail "$what: expected a failure"
	says err '^FINDING hang: no end in 2 seconds of processor time'
	says err "^  \\|  $(at anon_vma_fork)\$"
	cmp hangs.bytes kept/crash-* || fail "$what: expected its input kept"
fi

# When the tree starts.
if mutant mm/rmap.c '/^void __init anon_vma_init/,/^}/s/^\{/&\n\tpr_info("about to hang\\n");\n\tfor (;;)\n\t\tbarrier();/' tree_run fuzz_tree; then
	try 77 "$mutant" --hang 2 fine.rmap
	says err 'the tree does not start: hang: no answer in 2 seconds of processor time$'
	says err '^  \| about to hang$'
	says err "^  \\|  $(at anon_vma_init)\$"
	for compare in walks model; do
		what="fuzz_tree, compared with $compare"
		status=0
		RMAPDIFF_TREE_COMPARE=$compare RMAPDIFF_TREE_HANG=2 "$mutant/fuzz_tree" -runs=1 >out 2>err || status=$?
		[ "$status" != 0 ] || fail "$what: expected a failure"
		says err 'hang: .*(the tree does not start|no answer) in 2 seconds|the tree does not start: hang: no answer in 2 seconds'
	done
fi
if mutant mm/rmap.c '/^void __init anon_vma_init/,/^}/s/^\{/&\n\tBUG();/'; then
	try 77 "$mutant" fine.rmap
	says err 'the tree does not start: Kernel panic|the tree does not start: .*BUG'
	says err "$(at anon_vma_init)"
fi
finish
