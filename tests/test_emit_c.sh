#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_emit_c.sh RMAPDIFF CORPUS: every scenario as C compiles, runs and finds
# what it expects; what it should not find, it does not.
set -u
corpus=$(realpath "$2")
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
compilers=
for cc in gcc clang; do
	command -v $cc >/dev/null && compilers="$compilers $cc"
done
[ -n "$compilers" ] || { echo "skipped: needs gcc or clang"; exit 77; }
first=${compilers# }
first=${first%% *}
. "$(dirname "$0")/cli.sh"
subcommand=emit-c
chmod 755 "$dir"
flags="-Wall -Wextra -Werror -std=gnu11"

# emit FILE OUT [OPTION...]
emit() {
	in=$1 out=$2
	shift 2
	"$rmapdiff" emit-c "$@" "$in" -o "$out" 2>err || {
		fail "emit-c $in"
		cat err
	}
}

# compile CC OPTIONS NAME...: NAME from NAME.c; with -fsyntax-only nothing.
compile() {
	cc=$1 options=$2
	shift 2
	# shellcheck disable=SC2086,SC2016
	printf '%s\n' "$@" | xargs -P "$(nproc)" -n 4 sh -c '
		cc=$1 options=$2 status=0
		shift 2
		for name; do
			$cc $options -o "$name" "$name.c" || status=1
		done
		exit $status' sh "$cc" "$options" 2>cc.err || {
		fail "$cc $options"
		head -n 20 cc.err
	}
}

# passes NAME COMMAND...: exit status 0, all tests of the plan, none not ok. The kernel may move or isolate pages for
# other programs meanwhile; so what fails must fail three times.
passes() {
	name=$1
	shift
	for try in 1 2 3; do
		status=0
		"$@" >"$name.tap" 2>&1 || status=$?
		plan=$(sed -n 's/^1\.\.//p' "$name.tap")
		done=$(grep -c '^ok ' "$name.tap")
		[ $status != 0 ] || [ "$plan" != "$done" ] || break
		echo "$*: try $try: exit status $status, $done of $plan tests pass"
	done
	if [ $status != 0 ] || [ "$plan" != "$done" ]; then
		fail "$*: exit status $status, $done of $plan tests pass"
		grep -v '^ok ' "$name.tap" | head -n 20
	fi
}

# Bad input, and nothing overwritten.
cat >four.rmap <<'X'
mmap A 0x10 4 rw
write A 0x10 4
fork A B
mremap B 0x11 1 1 to=0x40
X
: >empty.rmap
mkdir directory
echo 'frobnicate A' >syntax.rmap
printf 'mmap A 0 1 rw\nfailalloc 1\nfork A B\n' >failalloc.rmap
printf 'munmap A 0 0 = ENOMEM\n' >wrong.rmap
printf 'base 0x555555600\nmmap A 0 1 rw\n' >program.rmap
echo precious >there.c
bad_says "expected one FILE"
bad_says "frobnicate" --frobnicate four.rmap
bad_says "--as-of '5'" --as-of 5 four.rmap
bad_says "nothing.rmap" nothing.rmap
bad_says "directory" directory
bad_says "empty" empty.rmap
bad_says "syntax.rmap:1:1" syntax.rmap
bad_says "line 2: a kernel's allocations cannot be made to fail" failalloc.rmap
bad_says "line 1: the model's result is EINVAL" wrong.rmap
bad_says "where the program itself would be" program.rmap
bad_says "File exists; --force" four.rmap -o there.c
[ "$(cat there.c)" = precious ] || fail "there.c was overwritten"
emit four.rmap there.c --force
grep -q "step(0, do_fork(A, B));" there.c || fail "no step in the output"
"$rmapdiff" emit-c four.rmap >four.c || fail "to standard output"
cmp four.c there.c || fail "standard output and -o differ"
emit failalloc.rmap dropped.c --drop-failalloc
grep -q "1 failalloc left out" err || fail "failalloc left out in silence"

# Every scenario of the corpus, on each compiler.
names=
for file in $(find "$corpus" -name '*.rmap' -type f | sort); do
	name=$(echo "${file#"$corpus"/}" | tr / _)
	name=${name%.rmap}
	emit "$file" "$name.c" --drop-failalloc
	names="$names $name"
done
[ -n "$names" ] || { echo "$corpus: no scenarios" >&2; exit 1; }
# shellcheck disable=SC2086
compile "$first" "$flags -O0" $names
for cc in $compilers; do
	# shellcheck disable=SC2086
	[ "$cc" = "$first" ] || compile "$cc" "$flags -fsyntax-only" $names
	for level in 1 2; do
		compile "$cc" "$flags -O$level" four dropped
		passes four ./four
		passes dropped ./dropped
	done
done

# As root, those of the thread with walks; as an ordinary user.
nr_scenarios=0
for name in $names; do
	case $name in
	thread_*) passes "$name" "./$name" ;;
	*) passes "$name" "./$name" --no-walks ;;
	esac
	nr_scenarios=$((nr_scenarios + 1))
done
grep -q '^# walks by .* of [1-9]' thread_*.tap || fail "no walks"
grep -h ': sharing # SKIP' ./*.tap && fail "root is told no page frames"
chmod 755 ./*
nr_user=0
for name in $names; do
	case $name in
	thread_* | file_* | errors_*) ;;
	*) continue ;;
	esac
	passes "$name" setpriv --reuid=65534 --regid=65534 --clear-groups "./$name"
	nr_user=$((nr_user + 1))
	! grep -q ': sharing' "$name.tap" ||
		grep -q ': sharing # SKIP pagemap needs root' "$name.tap" ||
		fail "$name: sharing checked as an ordinary user?"
done

# mutate WHAT FROM TO: with that in it, four must fail at WHAT.
mutate() {
	sed "s/$2/$3/" four.c >mutated.c
	! cmp -s four.c mutated.c || fail "nothing to mutate: $2"
	"$first" -o mutated mutated.c || fail "mutated: $2"
	status=0
	./mutated >mutated.tap 2>&1 || status=$?
	[ $status = 1 ] || fail "$2 -> $3: exit status $status, expected 1"
	grep -q "^not ok .*$1\$" mutated.tap || fail "$2 -> $3: no 'not ok' ($1)"
}
mutate "fork(A, B)" "step(0, do_fork" "step(-EAGAIN, do_fork"
mutate ": VMAs" "{ 0x40, 0x41, \"rw account\" }" "{ 0x40, 0x42, \"rw account\" }"
mutate ": VMAs" "{ 0x12, 0x14, \"rw account\" }" "{ 0x12, 0x14, \"r- account\" }"
mutate ": pages, contents" "{ 0x12, 2, 3, WRITTEN(2) + 2 }" "{ 0x12, 2, 3, WRITTEN(2) + 1 }"
mutate ": pages, contents" "{ 0x12, 2, 3, WRITTEN(2) + 2 }" "{ 0x12, 1, 3, WRITTEN(2) + 2 }"
mutate ": pages, contents" "do_fork(A, B)" "do_fork(A, B) + do_write(B, 0x10, 1, WRITTEN(2))"
# A folio of its own that looks alike: seen in frames and mapcounts alone.
cat >alike.rmap <<'X'
mmap A 0 2 rw
write A 0 2
fork A B
X
emit alike.rmap alike.c
compile "$first" "$flags" alike
passes alike ./alike
sed '/^	{ 3, B,/,/PAGES/s/{ 0x0, 2, 1, WRITTEN(2) }/{ 0x0, 1, 2, WRITTEN(2) }, { 0x1, 1, 1, WRITTEN(2) + 1 }/' \
	alike.c >alike2.c
compile "$first" "$flags" alike2
./alike2 >alike2.tap && fail "alike2: exit status 0"
grep -q '^not ok .*: sharing$' alike2.tap || fail "alike2: sharing passes"

# Idle page tracking, which few kernels have, on a file in its place: the right
# bits, as many as there are folios to walk.
sed "s|/sys/kernel/mm/page_idle/bitmap|$dir/bitmap|" four.c >idle.c
: >bitmap
compile "$first" "$flags" idle
passes idle ./idle
grep -q "^# walks by $dir/bitmap: 12 of 12 folios" idle.tap || {
	fail "page_idle"
	cat idle.tap
}
[ -n "$(tr -d '\000' <bitmap)" ] || fail "page_idle: no bits"

echo "$nr_scenarios scenarios, $nr_user of them as an ordinary user too"
finish
