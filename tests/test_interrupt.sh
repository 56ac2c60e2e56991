#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_interrupt.sh RMAPDIFF SOURCE_DIR: what a command has done is written as it comes, and ^C ends it with that.
set -u
corpus=$(realpath "$2")/corpus
. "$(dirname "$0")/cli.sh"

printf 'mmap A 0 4 rw\nwrite A 0 4\nfork A B\n' >good.rmap
"$rmapdiff" gen random --ops 100000 --procs 30 --pages 200 >long.rmap
# None of these ends by itself before the signal, however late that comes: hours of work.  One process: no bug of forks shows.
"$rmapdiff" gen random --ops 100000 --procs 1 --pages 200 >alone.rmap
longs=$(yes long.rmap | head -n 1000)
alones=$(yes alone.rmap | head -n 10000)

# interrupt STATUS ARGUMENT...: once the first line is in the file that standard output is, a signal; then out and err.
interrupt() {
	expected=$1
	shift
	nr=$((nr + 1))
	what="rmapdiff $(printf %.100s "$*"), interrupted"
	: >out
	timeout --foreground -k 3600 3600 "$rmapdiff" "$@" >out 2>err &
	pid=$!
	tries=0
	while [ ! -s out ] && [ $tries -lt 3000 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	[ -s out ] || fail "$what: nothing was written"
	# timeout hands it on: once, in the foreground; else to its group, too, and the second one kills.
	kill "-$signal" $pid 2>/dev/null || fail "$what: ended by itself"
	status=0
	wait $pid || status=$?
	[ "$status" = "$expected" ] || fail "$what: expected exit status $expected, got $status"
}

# is_last REGEX: of the last line of out.
is_last() {
	tail -n 1 out | grep -qxE "$1" || fail "$what: expected the last line '$1'"
}

signal=INT
# shellcheck disable=SC2086 # lists of files
interrupt 130 run --check all good.rmap $longs
says out "good.rmap: ok, 3 ops, "
says out "stopped before all was done"
is_last '[0-9]+ files, [0-9]+ ops, 0 divergences'

# shellcheck disable=SC2086
interrupt 130 stats --walks 1000 good.rmap $longs
says out "good.rmap: 3 ops"

interrupt 130 interleave --each --preempt 3 "$corpus"
says out " pairs, "
is_last 'anon_vma: [0-9]+ files, .* failures.*, interrupted'
interrupt 130 interleave --each --json --preempt 3 "$corpus"
[ -z "$(grep -v '^{.*}$' out)" ] || fail "$what: not an object a line"
is_last '.*"interrupted":true}'
interrupt 130 interleave --preempt 60 --most 0 "$corpus/race"
is_last 'anon_vma: [0-9]+ files, .* failures.*, interrupted'

# What was found by then counts.
printf 'mmap A 0 4 rw\nwrite A 0 4\nfork A B\nfork A C\nexit A\n' >found.rmap
# shellcheck disable=SC2086
interrupt 1 run --check all --bug walk-skips-last-child found.rmap $alones
is_last '[0-9]+ files, [0-9]+ ops, 1 divergences'
signal=TERM
# shellcheck disable=SC2086
interrupt 143 run --check all good.rmap $longs

finish
