#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_gen.sh RMAPDIFF: each workload says what it is, is the same each time, replays with every reverse map, and the
# kernel, where it can be asked, does what the model does.
set -u
. "$(dirname "$0")/cli.sh"
subcommand=gen
workloads="zygote prefork snapshot build browser gc files chain"

# made NAME ARGUMENT...: into NAME.rmap, with nothing on standard error.
made() {
	name=$1
	shift
	"$rmapdiff" gen "$@" >"$name.rmap" 2>err || fail "gen $*: exit status $?"
	[ ! -s err ] || fail "gen $*: $(cat err)"
}

# fine FILE OPTION...: no divergence, and each operation succeeds, as it asserts.
fine() {
	file=$1
	shift
	"$rmapdiff" run "$@" "$file" >out 2>&1 || fail "run $* $file: $(tail -n 5 out)"
	grep -q '^1 files, .* 0 divergences$' out || fail "run $* $file: $(tail -n 1 out)"
}

for workload in $workloads; do
	made "$workload" "$workload" --size 10
	made again "$workload" --size 10 --seed 0
	cmp -s "$workload.rmap" again.rmap || fail "$workload: not the same again"
	made other "$workload" --size 10 --seed 1
	! cmp -s "$workload.rmap" other.rmap || fail "$workload: another seed makes the same"
	made larger "$workload" --size 50
	[ "$(wc -l <larger.rmap)" -gt "$(wc -l <"$workload.rmap")" ] || fail "$workload: size does not matter"
	made one "$workload" --size 1

	# The comment says how to make it, what it is like and why; what it says makes it.
	command=$(sed -n '1s/^# rmapdiff gen //p' "$workload.rmap")
	# shellcheck disable=SC2086 # words
	made said $command
	cmp -s "$workload.rmap" said.rmap || fail "$workload: its own command line makes another"
	grep -A 1 '^# Resembles:' "$workload.rmap" | grep -q '^#   [A-Za-z]' || fail "$workload: resembles nothing"
	grep -A 1 '^# See:' "$workload.rmap" | grep -q '^#   ["A-Za-z]' || fail "$workload: cites nothing"
	"$rmapdiff" gen --help | grep -q "^$workload: size is " || fail "$workload: not in gen --help"
	"$rmapdiff" gen "$workload" --help | grep -q -e '^  --size N' || fail "$workload: no help"

	for file in "$workload.rmap" other.rmap one.rmap; do
		fine "$file"
		fine "$file" --pure
		fine "$file" --as-of 7.0 --check both
		fine "$file" --rmap cow_context
		fine "$file" --rmap anon_vma,cow_poc --fix all
		fine "$file" --rmap anon_vma,cow_poc --fix all --pure
	done
done

# Every parameter changes what is made.
while read -r workload option value; do
	made other "$workload" --size 10 "$option" "$value"
	grep -v '^#' "$workload.rmap" >a
	grep -v '^#' other.rmap >b
	! cmp -s a b || fail "$workload $option $value: changes nothing"
	fine other.rmap
done <<'END_OF_LIST'
zygote --vmas 3
zygote --pages 2
zygote --writes 50
zygote --unmaps 40
zygote --protects 40
zygote --own 0
zygote --own-pages 1
zygote --restarts 100
zygote --libs 1
prefork --vmas 3
prefork --pages 2
prefork --writes 80
prefork --own 0
prefork --own-pages 1
prefork --requests 1
prefork --generations 0
prefork --libs 1
snapshot --pages 2
snapshot --writes 90
snapshot --rounds 1
snapshot --libs 1
build --jobs 2
build --vmas 2
build --pages 1
build --vforks 0
build --libs 1
browser --flips 9
browser --forks 0
browser --writes 90
browser --libs 1
gc --pages 1
gc --cycles 2
gc --spaces 1
gc --forks 0
gc --libs 1
files --spread 1
files --moves 100
files --forks 0
files --writes 100
chain --vmas 1
chain --pages 1
chain --writes 100
chain --exits 100
chain --libs 1
END_OF_LIST
listed=$(for workload in $workloads; do
	"$rmapdiff" gen "$workload" --help | grep -c '^  --[a-z-]* .* \.\. '
done | awk '{ n += $1 } END { print n - 8 }')
[ "$listed" = 44 ] || fail "$listed parameters, 44 tried"

bad_says "see --help" nothing
bad_says "unrecognized option" --size 3
bad_says "expected a number from 1 to 10000" zygote --size 0
bad_says "expected a number from 1 to 10000" zygote --size 10001
bad_says "expected a number from 1 to 10000" zygote --size ten
bad_says "expected a number from 0 to 100" zygote --writes 101
bad_says "expected a number from 1 to 256" zygote --pages 0
bad_says "expected a number from 0 to 18446744073709551615" chain --seed -1
bad_says "unexpected argument 'chain'" zygote chain
bad_says "unrecognized option '--rounds'" zygote --rounds 3
bad_says "requires an argument" zygote --size
bad_says "more VMAs than a process can have" gc --size 10000 --spaces 64

status=0
for workload in $workloads; do
	"$rmapdiff" kernel "$workload.rmap" >out 2>&1 || status=$?
	[ $status != 77 ] || break
	[ $status = 0 ] || fail "kernel $workload.rmap: $(tail -n 5 out)"
done
[ $status != 77 ] || echo "the kernel was not asked: $(tail -n 1 out)"

finish
