#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_cli.sh RMAPDIFF: what the command prints and exits with.
set -u
rmapdiff=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
nr=0
nr_failed=0

fail() {
	echo "FAIL: $*"
	echo "--- status $status, standard output:"
	cat out
	echo "--- standard error:"
	cat err
	nr_failed=$((nr_failed + 1))
}

# try STATUS ARGUMENT...: runs rmapdiff; the results are in status, out and err.
try() {
	expected=$1
	shift
	nr=$((nr + 1))
	what="rmapdiff $*"
	status=0
	"$rmapdiff" "$@" >out 2>err </dev/null || status=$?
	[ "$status" = "$expected" ] || fail "$what: expected exit status $expected"
}

# bad ARGUMENT...: exit status 2, one line on standard error, nothing before.
bad() {
	try 2 "$@"
	[ "$(wc -l <err)" = 1 ] || fail "$what: expected one line on standard error"
}

says() {
	grep -qF -e "$2" "$1" || fail "$what: expected '$2' in $1"
}

ends_with() {
	[ "$(tail -n 1 out)" = "$1" ] || fail "$what: expected the last line '$1'"
}

cat >fork.rmap <<'X'
# A forks B; each writes
mmap A 0 4 rw
write A 0 4
fork A B
write B 1 = 0
mremap A 0 1 1 to=0x10
exit A
X
printf 'mmap A 0 4 rw\nmremap A 0 4 8\nmunmap A 0 4 = ENOMEM\nread A 0\n' >wrong.rmap
: >empty
printf 'mmap A 0 4 rw\nmmap A 0 nonsense rw\n' >syntax.rmap
printf 'mmap A 0 4 rw\nexit A\nread A 0\n' >dead.rmap
printf 'frobnicate A 0\n' >word.rmap
printf 'mmap A 0 4 rw' >no_newline.rmap
printf '\001\002\003' >three
head -c 4096 /dev/zero | tr '\0' '\001' >ones
mkdir directory

# Help, and a wrong argument, everywhere.
try 0 --help
says out "run "
bad frobnicate
try 2
[ ! -s out ] || fail "$what: expected nothing on standard output"
for command in run convert list gen emit-c; do
	try 0 $command --help
	says out "Usage: rmapdiff $command"
	[ ! -s err ] || fail "$what: expected nothing on standard error"
	bad $command --frobnicate
	says err "rmapdiff $command"
done

# run
try 0 run fork.rmap
says out "fork.rmap: ok, 6 ops, "
says out " walks compared"
ends_with "1 files, 6 ops, 0 divergences"
try 0 run -v fork.rmap
says out "folio"
for check in touched all both none own; do
	try 0 run --check $check fork.rmap no_newline.rmap
	ends_with "2 files, 7 ops, 0 divergences"
done
try 0 run --pure fork.rmap
# Repairs, given and taken back; a folio that only the child maps is what the proof of concept loses.
cat >child.rmap <<END
mmap A 0x10 1 rw
write A 0x10
fork A B
munmap A 0x10 1
END
try 0 run --rmap anon_vma,cow_poc --fix all child.rmap
try 0 run --rmap anon_vma,cow_poc --fix all --fix -teardown-limit child.rmap
try 1 run --rmap anon_vma,cow_poc --fix all --fix -walk-early-end child.rmap
says out "DIVERGENCE miss: cow_poc does not find folio 1 at B:0x10"
says out "  its own check: reaches 1 of 1, silent"
try 0 run --rmap anon_vma,cow_poc --check own child.rmap
try 2 run --fix -nothing child.rmap
says err "expected all or a name from rmapdiff list"
try 0 run --as-of 7.0 --rmap cow_context,anon_vma fork.rmap
try 1 run wrong.rmap
says out "wrong.rmap:3: munmap A 0x0 4: expected ENOMEM, got 0"
ends_with "1 files, 3 ops, 0 divergences"
"$rmapdiff" run - <fork.rmap >out 2>err || fail "run -"
says out "standard input: ok, 6 ops"

bad run
bad run --rmap nonsense fork.rmap
bad run --rmap anon_vma,anon_vma fork.rmap
bad run --rmap '' fork.rmap
bad run --as-of 5 fork.rmap
bad run --bug nonsense fork.rmap
bad run --check some fork.rmap
bad run empty
says err "empty: empty: expected a scenario"
bad run directory
says err "directory: is a directory: expected a file"
bad run missing.rmap
says err "missing.rmap: No such file or directory"
bad run syntax.rmap
says err "syntax.rmap:2:"
bad run dead.rmap
says err "dead.rmap:3:"
bad run word.rmap
says err "word.rmap:1:1:"
bad run three
says err "three: 3 bytes"
truncate -s 65M large
bad run large
says err "large: too large"
# A bad file does not keep the others from being run.
bad run missing.rmap fork.rmap
ends_with "1 files, 6 ops, 0 divergences"
# All bytes are operations.
try 0 run ones

# A divergence is printed, and counted.
cat >child.rmap <<'X'
mmap A 0 4 rw
write A 0 4
fork A B
fork A C
exit A
X
try 1 run --bug walk-skips-last-child child.rmap
says out "child.rmap:3: diverged at op 3"
says out "DIVERGENCE miss: cow_context "
says out "(op 3: fork A B)"
says out "page tables: A:0x0 B:0x0"
ends_with "1 files, 3 ops, 1 divergences"

# convert: text to bytes to text
try 0 convert -o fork.bin --strip fork.rmap
[ "$(wc -c <fork.bin)" = 48 ] || fail "$what: expected 6 operations of 8 bytes"
try 0 convert fork.bin
cp out again.rmap
try 0 convert --strip --to text fork.rmap
cmp -s out again.rmap || fail "text, bytes, text differ"
try 0 run fork.bin
ends_with "1 files, 6 ops, 0 divergences"
try 0 convert --to bytes again.rmap
cmp -s out fork.bin || fail "text, bytes, text, bytes differ"
bad convert -o fork.bin again.rmap
says err "fork.bin: File exists; --force overwrites it"
try 0 convert --force -o fork.bin again.rmap
bad convert --to bytes fork.rmap # asserts a result
says err "fork.rmap:"
printf 'mmap A 0x1000 4 rw\nread A 0x1000\nmmap A 0 1 r\n' >far.rmap
bad convert --strip --to bytes far.rmap
says err "far.rmap:"
bad convert
bad convert fork.rmap fork.bin
bad convert --to nonsense fork.rmap
bad convert empty
bad convert directory
bad convert -o directory/missing/x fork.bin
if [ -w /dev/full ]; then
	"$rmapdiff" convert --to text fork.rmap >/dev/full 2>err
	[ $? = 2 ] || fail "convert to a full device: expected exit status 2"
fi

# list
try 0 list
says out "anon_vma"
says out "cow_context"
says out "mremap PROC PAGE OLD NEW [to=PAGE] [dontunmap]"
says out "walk-skips-last-child"
bad list something

# gen
try 0 gen random --seed 7 --ops 200 --procs 8 --pages 64 --failalloc
cp out random.rmap
try 0 run random.rmap
ends_with "1 files, 200 ops, 0 divergences"
try 0 gen random --seed 7 --ops 200 --procs 8 --pages 64 --failalloc
cmp -s out random.rmap || fail "the same seed gives another scenario"
bad gen
bad gen nonsense
bad gen random --seed x
bad gen random --procs 33
bad gen random --pages 0

echo "$nr commands, $nr_failed failures"
[ $nr_failed = 0 ]
