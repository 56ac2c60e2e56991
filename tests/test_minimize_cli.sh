#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_minimize_cli.sh RMAPDIFF: `rmapdiff minimize` as users meet it: exit status, messages, OUT, ^C, faults that end
# the program.
set -u
. "$(dirname "$0")/cli.sh"
subcommand=minimize

ops_are() {
	grep -v '^#' "$1" >ops
	printf '%s\n' "$2" | cmp -s - ops || fail "$what: expected '$2', got: $(cat ops)"
}

cat >crash.rmap <<'X'
# names, a base, asserted results, and more of everything than it takes
base 0x1000
mmap A 0x20 16 rw = 0
write A 0x21 12
fork A child
write child 0x22 2
mremap child 0x24 4 4 to=0x80 = 0
fork A third
exit A
munmap third 0x20 16
X
minimal='mmap A 0x0 1 rw
write A 0x0
fork A B'
bug=walk-skips-last-child

# The result, and how to see it again.
try 0 --bug $bug crash.rmap
ops_are out "$minimal"
says out "# rmapdiff run --bug $bug FILE"
says out "# DIVERGENCE miss: cow_context does not find folio 1 at B:0x0 (op 3: fork A B)"
says out "#   page tables: A:0x0 B:0x0"
[ ! -s err ] || fail "$what: unexpected on standard error: $(cat err)"
cp out min.rmap
"$rmapdiff" run --bug $bug min.rmap >again
[ $? = 1 ] || fail "the result does not diverge"
# It is a fixpoint, and bytes give the same as text.
try 0 --bug $bug min.rmap
cmp -s out min.rmap || fail "$what: not a fixpoint: $(cat out)"
"$rmapdiff" convert --strip --to bytes -o crash.bin crash.rmap
try 0 --bug $bug crash.bin
cmp -s out min.rmap || fail "$what: bytes give something else: $(cat out)"
try 0 --bug $bug - <crash.rmap
cmp -s out min.rmap || fail "$what: standard input gives something else: $(cat out)"
try 0 --bug $bug --kind any crash.rmap
ops_are out "$minimal"
try 0 --bug $bug --pure crash.rmap
says out "# rmapdiff run --bug $bug --pure FILE"
try 0 --bug $bug -v crash.rmap
says err "3 ops, "
try 0 --bug $bug --tries 3 crash.rmap
says err "ended after 3 tries"

# OUT
try 0 --bug $bug -o new.rmap crash.rmap
[ ! -s out ] || fail "$what: unexpected output"
ops_are new.rmap "$minimal"
says new.rmap "# rmapdiff run --bug $bug new.rmap"
echo mine >mine
bad --bug $bug -o mine crash.rmap
says err "mine: File exists; --force overwrites it"
[ "$(cat mine)" = mine ] || fail "$what: overwrote it"
ln -s mine link
bad --bug $bug -o link crash.rmap
try 0 --bug $bug --force -o mine crash.rmap
ops_are mine "$minimal"
bad --bug $bug -o no/such/directory crash.rmap
mkdir directory
bad --bug $bug --force -o directory crash.rmap
for left in *.rmap.*; do
	[ ! -e "$left" ] || fail "a temporary file is left: $left"
done
if [ -w /dev/full ]; then
	"$rmapdiff" minimize --bug $bug crash.rmap >/dev/full 2>err
	[ $? = 2 ] || fail "to a full device: expected exit status 2"
fi

# Bad input and usage.
: >empty
printf 'mmap A' >truncated
printf '\001\002\003' >short
"$rmapdiff" gen random --ops 300 --seed 4 >gen.rmap
"$rmapdiff" convert --to bytes -o random gen.rmap
printf '\377\376\375' >>random
head -c 70000000 /dev/zero >huge
printf 'mmap A 0 4 rw\nwrite A 0 4\n' >well.rmap
printf 'mmap A 0 4 rw = ENOMEM\n' >wrong.rmap
bad
bad crash.rmap crash.rmap
bad --nonsense crash.rmap
bad --bug nonsense crash.rmap
bad --kind nonsense crash.rmap
bad --tries 0 crash.rmap
bad --limit x crash.rmap
bad empty
bad truncated
says err "truncated:1:"
bad short
bad random
says err "random: shows no fault: 300 ops replayed, and all is well"
bad huge
says err "too large"
bad directory
bad missing
bad well.rmap
says err "well.rmap: shows no fault"
# An assertion that does not hold without bugs either is no fault of the model's.
bad wrong.rmap
bad -o new2.rmap well.rmap
[ ! -e new2.rmap ] || fail "$what: wrote something"
try 0 --help
says out "Usage: rmapdiff minimize"

# A result that only the bug makes other than asserted: the assertion stays.
cat >result.rmap <<'X'
mmap A 0x20 1 rw
fork A B
exit B
write A 0x20
mremap A 0x20 1 1 to=0x8 dontunmap = 0
mmap A 0x11 1 rw
mremap A 0x20 1 1 to=0x10
mremap A 0x10 2 3 = 0
X
try 0 --bug dontunmap-no-unlink result.rmap
says out "# a result that is not as asserted"
[ "$(grep -c ' = ' out)" = 1 ] || fail "$what: expected one assertion: $(cat out)"
cp out result.min
"$rmapdiff" run --bug dontunmap-no-unlink result.min >again
[ $? = 1 ] || fail "$what: the result shows nothing"
"$rmapdiff" run result.min >again || fail "$what: the result fails without the bug"

# A replay without end, as far as the limit tells; how short it gets hangs on the machine.
printf 'mmap A 0 100 rw\nfork A B\nmmap B 0x1000 1000000 rw\nwrite B 0x1000 1000000\nexit A\n' >slow.rmap
try 0 --limit 1 slow.rmap
says out "# no end"

# interrupt SIGNAL ARGUMENT...: minimize, stopped by SIGNAL once it is at work; how long it takes to begin hangs on the
# machine.
interrupt() {
	signal=$1
	shift
	what="minimize $*, SIG$signal"
	for delay in 0.3 0.6 1.2 2.4 5 10 20 40 80 160 320; do
		status=0
		timeout --foreground -s "$signal" --preserve-status $delay "$rmapdiff" minimize "$@" >out 2>err || status=$?
		[ $status != 0 ] || break
	done
	[ $status = 0 ] || fail "$what: exit status $status: $(cat err)"
	says err "interrupted: the best so far has"
}

# ^C writes the best so far; this one takes long enough for something to be stopped.
"$rmapdiff" gen random --ops 400 --seed 4 --procs 20 --pages 200 >long.rmap
bug=degree-double-reuse
# Under nohup SIGHUP is ignored, and stays so.
signals="INT TERM"
grep -q '^SigIgn:.*[13579bdf]$' /proc/self/status || signals="$signals HUP"
for signal in $signals; do
	interrupt $signal --bug $bug --check both long.rmap
	"$rmapdiff" run --bug $bug out >again
	[ $? = 1 ] || fail "$what: the best so far shows nothing"
done
# So it does while replays are made to tell the cause: from when it catches SIGINT on. What is kept is not known then. There are
# some ninety of them, half a second of the processor each.
awk 'BEGIN {
	for (page = 0; page < 2000; page += 2)
		printf "mmap A %d 1 rw\nwrite A %d\n", page, page
	print "mmap A 4000 1 rw file=0@0\nwrite A 4000"
}' >late.rmap
what="minimize, SIGINT before the first try"
"$rmapdiff" minimize -v --rmap anon_vma,cow_poc --check all late.rmap >out 2>err &
pid=$!
await_handler $pid
kill -INT $pid
wait $pid || fail "$what: exit status $?"
says err "interrupted: the best so far has 2002 ops"
! grep '^kept:' err || fail "$what: expected that it ends before the cause is known"
finish
