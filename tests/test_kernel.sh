#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# rmapdiff kernel on the command line: test_kernel.sh RMAPDIFF SOURCE-DIR
# Exit status 77: cannot be done here.
set -u
source=$(realpath "$2")
. "$(dirname "$0")/cli.sh"
subcommand=kernel

printf 'mmap A 0 2 rw\nwrite A 0 2\nfork A B\nwrite B 0\n' >fork.rmap
status=0
"$rmapdiff" kernel -q fork.rmap >out 2>err || status=$?
[ $status != 77 ] || {
	cat err
	exit 77
}
[ $status = 0 ] || fail "kernel fork.rmap: exit status $status"

# children_of PID: one a line. (No command of others is needed for it.)
children_of() {
	for stat in /proc/[0-9]*/stat; do
		{ read -r line <"$stat"; } 2>/dev/null || continue
		rest=${line##*) } # state, parent, ...
		rest=${rest#* }
		[ "${rest%% *}" != "$1" ] || echo "${line%% *}"
	done
}

# is_there PID: as more than what is left for its parent to collect.
is_there() {
	{ read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
	rest=${line##*) }
	[ "${rest%% *}" != Z ] && [ "${rest%% *}" != X ]
}

# What FILE... stands for; nothing to do is no success.
mkdir -p empty tree/below others
cp fork.rmap tree/b.rmap
cp fork.rmap tree/below/a.rmap
"$rmapdiff" convert fork.rmap -o others/fork || fail "convert"
cp others/fork tree/fork
bad
bad_says "no *.rmap below this directory" empty
bad_says "no *.rmap below this directory; --bytes takes its 1 other file" others
bad_says "expected one of them" --random 3 fork.rmap
bad_says "--bug remap-wrong-sign: it is of cow_context" --bug remap-wrong-sign fork.rmap
for option in seed ops procs pages out; do
	bad_says "--$option: expected --random N" --$option 3 fork.rmap
done
echo 'mmap A 0 nonsense rw' >syntax.rmap
try 2 syntax.rmap
[ "$(wc -l <err)" = 1 ] && [ ! -s out ] || fail "$what: expected one line, and nothing more"
printf 'mmap A 0 1 rw\nmunmap A 0 0 = EINVAL\nread A 9\n' >fails.rmap
try 0 fails.rmap
says out "fails.rmap: ok, 3 ops (2 failed, 1 of them as asserted)"
try 0 tree
says out "tree/b.rmap: ok, 4 ops"
says out "tree/below/a.rmap: ok, 4 ops"
says err "tree: 1 file passed over: not *.rmap"
ends_with "2 files, 8 ops, 0 disagreements"
try 2 empty tree/below
ends_with "1 files, 4 ops, 0 disagreements"
try 0 --bytes others
ends_with "1 files, 4 ops, 0 disagreements"

# Limits: what is just within them is compared; what is not is told before anything is done, and counted.
awk 'BEGIN {
	print "mmap A 0 256 rw\nwrite A 1"
	for (i = 1; i < 127; i += 2)
		print "mprotect A " i " 1 r"
	print "mprotect A 127 129 r"
	for (i = 1; i < 32; i++)
		print "fork A P" i
}' >vmas.rmap
echo 'mmap A 0 32768 rw
write A 0 32768' >pages.rmap
awk 'BEGIN { for (i = 1; i < 63; i++) print "fork A P" i }' >procs.rmap
try 0 vmas.rmap pages.rmap procs.rmap
ends_with "3 files, 161 ops, 0 disagreements"
mkdir large
(cat vmas.rmap && echo "mmap A 300 1 r") >large/vmas.rmap
(cat pages.rmap && echo "fork A B") >large/pages.rmap
(cat procs.rmap && echo "fork A B") >large/procs.rmap
echo 'failalloc 1' >large/failalloc.rmap
"$rmapdiff" convert large/failalloc.rmap -o bytes || fail "convert"
try 77 large
says out "large/failalloc.rmap: skipped: line 1: a kernel's allocations cannot be made to fail"
says out "large/vmas.rmap: skipped: needs at once 4097 VMAs (limit 4096, passed by op 98)"
says out "large/pages.rmap: skipped: needs at once 65536 present pages (limit 32768, passed by op 3)"
says out "large/procs.rmap: skipped: needs at once 64 processes (limit 63, passed by op 63)"
ends_with "0 files, 0 ops, 0 disagreements, 4 skipped"
try 77 bytes
says out "bytes: skipped: op 1: a kernel's allocations cannot be made to fail"
try 0 fork.rmap large/procs.rmap
ends_with "1 files, 4 ops, 0 disagreements, 1 skipped"
try 1 --bug fork-no-child-count fork.rmap large/procs.rmap
# The limits that it keeps are the limits that are written down.
try 0 --help
for limit in 'processes' 'VMAs' 'present pages' 'anon_vmas' 'anon_vma_chains'; do
	number=$(tr '\n' ' ' <out | sed -n "s/.*[^0-9]\([0-9][0-9]*\) ${limit}[ ,.].*/\1/p")
	grep -qF "| $limit | $number |" "$source/docs/KERNEL-COMPARISON.md" ||
		fail "docs/KERNEL-COMPARISON.md: expected the limit of $limit, $number"
done

# A random scenario that disagrees, and what it is minimized to: each with the number of its own operation.
try 1 --bug fork-no-child-count --random 1 --ops 48
op=$(sed -n 's/^seed 1: disagreed at op \([0-9]*\): fork .*/\1/p' out)
[ -n "$op" ] || fail "$what: expected the op of the scenario as it was made"
left=$(sed -n 's/^seed 1: minimized to \([0-9]*\) operations; its report:$/\1/p' out)
[ -n "$left" ] && [ "$left" -lt "$op" ] || fail "$what: expected how many operations are left"
says out "(op $left: "
says out "seed 1: written to ./disagreement-1.rmap"
try 1 --bug fork-no-child-count disagreement-1.rmap
says out " disagreed at op $left"
# It disagrees after the same kind of operation as before.
try 1 --bug unmap-leaves-last-page --random 1 --seed 3 --ops 40
first=$(sed -n 's/^seed 3: disagreed at op [0-9]*: \([a-z]*\) .*/\1/p' out)
last=$(sed -n 's/^DISAGREEMENT .* (op [0-9]*: \([a-z]*\) .*/\1/p' out)
[ -n "$first" ] && [ "$first" = "$last" ] || fail "$what: expected a disagreement after $first"

# A difference that passes is none; one that does not come again is told, and is none; one that stays is one.
for looks in 1 5 6 12; do
	export RMAPDIFF_SPOIL_LOOKS=$looks
	try 0 fork.rmap
	ends_with "1 files, 4 ops, 0 disagreements"
	if [ $looks -lt 6 ]; then
		says_not out "disagreed"
	else
		says out "fork.rmap: disagreed at op 1, what RMAPDIFF_SPOIL_LOOKS asks for, but not when done again"
		says out "1 agreed only when done again: something else on this machine disturbed them"
	fi
done
RMAPDIFF_SPOIL_LOOKS=1000
try 1 fork.rmap
ends_with "1 files, 1 ops, 1 disagreements"
unset RMAPDIFF_SPOIL_LOOKS

# What is shown keeps its number through the scenario, also when what was met before it is gone.
printf 'mmap A 0 1 rw\nwrite A 0\nmmap A 0x10 1 rw\nwrite A 0x10\nmunmap A 0 1\nmmap A 0 1 rw\nwrite A 0\n' >show.rmap
try 0 --show show.rmap
for op in 4 5 6 7; do
	sed -n "/^op $op:/,/^op $((op + 1)):/p" out >op
	says op "  A:0x10-0x11 rw account pgoff w+0x10, anon_vma 2, chain 2"
	says op "  anon_vma 2: parent 2, root 2, "
	says op "    0x10: anonymous, writable, folio 2: anon_vma 2, "
	says op "  walk of folio 2 visits: A:0x10-0x11"
done
says op "  A:0x0-0x1 rw account pgoff w+0x0, anon_vma 3, chain 3"
# And a report has the numbers of what was shown.
printf 'mmap A 0 1 rw\nwrite A 0\nmmap A 0x10 1 rw\nwrite A 0x10\nmunmap A 0 1\nfork A B\n' >show.rmap
try 1 --show --bug fork-no-child-count show.rmap
says out "DISAGREEMENT anon_vma 2 (op 6: fork A B)"
says out "  kernel: parent 2, root 2, 2 children"

# Whatever ends it, its helpers end with it, and what was done is told where that can be.
for signal in INT TERM HUP QUIT KILL; do
	# Lines come as there is something to tell: the first disagreement before the signal.
	: >out
	timeout 3600 "$rmapdiff" kernel --bug fork-no-child-count --random 1000000000 >out 2>err &
	timeout=$!
	pid=
	helpers=
	tries=0
	while [ "$(echo $helpers | wc -w)" -lt 2 ] && [ $tries -lt 30000 ]; do
		sleep 0.01
		tries=$((tries + 1))
		pid=$(children_of $timeout)
		nanny=
		[ -z "$pid" ] || nanny=$(children_of "$pid")
		[ -z "$nanny" ] || helpers="$nanny $(children_of "$nanny")"
	done
	what="kernel --random, SIG$signal"
	[ "$(echo $helpers | wc -w)" -ge 2 ] || fail "$what: no helpers seen"
	tries=0
	while ! grep -q "^DISAGREEMENT" out && [ $tries -lt 30000 ]; do
		sleep 0.01
		tries=$((tries + 1))
	done
	grep -q "^DISAGREEMENT" out || fail "$what: nothing was told for minutes"
	kill -s "$signal" "$pid"
	status=0
	wait $timeout 2>/dev/null || status=$?
	case $signal in
	INT | TERM | HUP)
		[ $status = 1 ] || fail "$what: expected exit status 1, got $status"
		says out "stopped before all was done"
		tail -n 1 out | grep -q '^[0-9]* files, [0-9]* ops, [1-9][0-9]* disagreements$' ||
			fail "$what: expected the last line"
		;;
	esac
	tries=0
	for helper in $helpers; do
		while is_there "$helper" && [ $tries -lt 30000 ]; do
			case $signal in
			INT | TERM | HUP) fail "$what: helper $helper is left" ;;
			esac
			sleep 0.01
			tries=$((tries + 1))
		done
		! is_there "$helper" || fail "$what: helper $helper is left for minutes"
		# Executors are the nanny's to collect: nobody else sees them.
		[ "$helper" = "$nanny" ] || [ ! -e "/proc/$helper" ] || fail "$what: helper $helper is left"
	done
done

# Stopped when nothing had disagreed: 128 and the signal.
: >out
timeout --foreground 3600 "$rmapdiff" kernel --show --random 1000000000 >out 2>err &
timeout=$!
what="kernel --random, stopped"
tries=0
while [ ! -s out ] && [ $tries -lt 30000 ]; do
	sleep 0.01
	tries=$((tries + 1))
done
kill -s TERM "$(children_of $timeout)"
status=0
wait $timeout || status=$?
[ $status = 143 ] || fail "$what: expected exit status 143, got $status"
tail -n 1 out | grep -q '^[0-9]* files, [0-9]* ops, 0 disagreements$' || fail "$what: expected the last line"

finish
