#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_groups.sh RMAPDIFF SOURCE_DIR: operations at the same time, as the tools read, write, show and translate them.
set -u
rmapdiff=$(realpath "$1") source=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
nr_failed=0

fail() {
	echo "FAIL: $*"
	nr_failed=$((nr_failed + 1))
}

# same WHAT EXPECTED FILE
same() {
	diff "$2" "$3" >diff.out || {
		fail "$1"
		head -n 20 diff.out
	}
}

# says TEXT FILE
says() {
	grep -qF -e "$1" "$2" || fail "expected '$1' in $2"
}

# Random scenarios: through bytes and back; without groups unless asked for.
for seed in 1 2 3 4 5 6 7 8 9 10; do
	"$rmapdiff" gen random --seed $seed --parallel --failalloc --ops 300 >gen.rmap || fail "gen --seed $seed"
	grep -q '||.* @[0-3]' gen.rmap || fail "gen --seed $seed --parallel: no group with a schedule"
	"$rmapdiff" convert --to bytes gen.rmap >gen.bin || fail "convert --seed $seed"
	"$rmapdiff" convert --to text gen.bin >again.rmap || fail "convert back --seed $seed"
	same "text -> bytes -> text, seed $seed" gen.rmap again.rmap
	"$rmapdiff" gen random --seed $seed --ops 300 >gen.rmap
	! grep -q '||\|^walk\|^reclaim' gen.rmap || fail "gen --seed $seed: a group that nobody asked for"
done

cat >in.rmap <<'END'
base 0x1000
mmap A 0x10 4 rw
write A 0x10 4 = 0
fork A kid
mremap A 0x10 4 4 to=0x20 || walk kid 0x12 || read A 0x50 = EFAULT @0011102  # they meet
reclaim A 0x23 || fork kid other || read kid 0x50 = EFAULT || exit kid
munmap other 0x10 1 || read A 0x50 = EFAULT @1
END

# convert: what bytes do not hold is refused with the line, unless stripped.
"$rmapdiff" convert in.rmap >out 2>err && fail "convert of a base: expected a failure"
"$rmapdiff" convert --strip in.rmap >in.bin || fail "convert --strip"
"$rmapdiff" convert in.bin >out || fail "convert of bytes"
cat >expected <<'END'
mmap A 0x10 4 rw
write A 0x10 4
fork A B
mremap A 0x10 4 4 to=0x20 || walk B 0x12 || read A 0x50 @0011102
reclaim A 0x23 || fork B C || read B 0x50 || exit B
munmap C 0x10 1 || read A 0x50 @1
END
same "convert --strip, and back" expected out
printf 'fork A B\nread A 0 || exit A || read C 0\n' >bad.rmap
"$rmapdiff" convert bad.rmap >out 2>err
says "bad.rmap:2:28: process 'C' is not alive here; alive are A, B" err

# explain: a line is a step.
"$rmapdiff" explain --terse in.rmap >out || fail "explain: $(tail -n 3 out)"
awk '/^  == / { shown = 1 } /processes and VMAs/ { shown = 0 } shown' out >steps
tail -n +2 "$source/tests/groups_golden.txt" >expected
same "explain" expected steps
awk 'length($0) > 80 { exit 1 }' out || fail "explain: a line of more than 80 columns"
"$rmapdiff" explain --terse --step 4 in.rmap >a
"$rmapdiff" explain --terse --step 5 in.rmap >b
"$rmapdiff" explain --terse --step 6 in.rmap >c
same "explain --step 4, --step 5: one line" a b
same "explain --step 4, --step 6: one line" a c
says "# they meet" a
[ "$(grep -c '^  == ' a)" = 1 ] || fail "explain --step 4: expected one step"
"$rmapdiff" explain --dot --step 5 in.rmap >out
says 'steps 4-6: mremap' out
"$rmapdiff" explain --html in.rmap >out
says '<small>steps 4-6 of 12</small>' out
[ "$(grep -c '<section class="step"' out)" = 6 ] || fail "explain --html: expected 6 steps"
[ "$(grep -c '<li><a href="#step=' out)" = 6 ] || fail "explain --html: expected 6 links"

printf 'mmap A 0 1 rw\nread A 0 = EFAULT || read A 5 = EFAULT || exit A\n' >other.rmap
"$rmapdiff" explain --terse --last other.rmap >out && fail "explain of a result that does not come: expected status 1"
says '== steps 2-4 of 4: read A 0x0 || read A 0x5 || exit A = 0' out
says '^ <== read A 0x0: expected EFAULT, got 0' out
"$rmapdiff" explain --html other.rmap >out
says 'href="#step=4" class="bad"' out
"$rmapdiff" explain --terse --pure in.rmap >out || fail "explain --pure"
[ "$(grep -c '^  == ' out)" = 12 ] || fail "explain --pure: expected a step for each operation"

# emit-c: one after the other, and it says so.
"$rmapdiff" emit-c in.rmap >in.c || fail "emit-c"
sed -n 's/^\t\(step(.*\), do_\([a-z]*\)(.*/\2/p' in.c | tr '\n' ' ' >calls
printf 'mmap write fork mremap read fork read exit munmap read ' >expected
same "emit-c: the calls" expected calls
says ' * Left out: 1 walk' in.c
says ' * Left out: 1 reclaim' in.c
says ' *	mremap A 0x10 4 4 to=0x20 || walk kid 0x12 || read A 0x50 = EFAULT @0011102' in.c
says ' * follow a schedule.' in.c
says 'printf("# left out: 1 walk, 1 reclaim\n");' in.c
says 'printf("#   munmap other 0x10 1 || read A 0x50 = EFAULT @1\n");' in.c
! grep -q 'do_walk\|do_reclaim' in.c || fail "emit-c: a call that there is none of"
if command -v cc >/dev/null; then
	cc -Wall -Wextra -Werror -std=gnu11 -fsyntax-only in.c || fail "emit-c: it does not compile"
fi
printf 'walk A 0\nreclaim A 0\n' >none.rmap
"$rmapdiff" emit-c none.rmap >out 2>err && fail "emit-c of nothing: expected a failure"
says "no operations" err

"$rmapdiff" stats in.rmap >out 2>err || fail "stats: $(cat err)"

[ $nr_failed = 0 ] && echo "all as expected"
exit $((nr_failed != 0))
