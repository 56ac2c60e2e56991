#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_import.sh RMAPDIFF TRACES: logs of strace in all their forms, made by hand
# and recorded, as scenarios.
set -u
traces=$(realpath "$2")
. "$(dirname "$0")/cli.sh"

# becomes NAME [OPTION...]: the log on standard input, as operations without
# comments, is what NAME.expected has; and it replays.
becomes() {
	name=$1
	shift
	cat >"$name.strace"
	try 0 import "$@" "$name.strace" -o "$name.rmap" --force
	cp err "$name.err"
	try 0 run --check both "$name.rmap"
	what="import of $name"
	grep -v -e '^#' -e '^base' "$name.rmap" >"$name.ops"
	cmp -s "$name.ops" "$name.expected" || {
		fail "$what: not as expected"
		diff "$name.expected" "$name.ops"
	}
}

# The same short program in each form: as on a terminal, where what strace has to
# say itself comes between ...
cat >forms.expected <<'END'
exec A = 0
mmap A 0x7f0000001 2 rw = 0
write A 0x7f0000001
mmap A 0x7f0000010 4 r file=0@1 = 0
fork A B = 0
munmap B 0x7f0000001 1 = 0
exit B
exit A
END
becomes forms <<'END'
execve("/bin/x", ["x", "a, (b", "c\")"], 0x7ffe /* 3 vars, (one = two) */) = 0
mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000
mmap(NULL, 16384, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_DENYWRITE, 3, 0x1000) = 0x7f0000010000
clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLDstrace: Process 12 attached
, child_tidptr=0x7f00) = 12
[pid    12] munmap(0x7f0000001000, 4096 <unfinished ...>
[pid    11] wait4(-1,  <unfinished ...>
[pid    12] <... munmap resumed>)       = 0
[pid    12] exit_group(3)               = ?
[pid    12] +++ exited with 3 +++
<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 12
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=12} ---
[ Process PID=11 runs in 32 bit mode. ]
strace: Process 11 detached
exit_group(0)                           = ?
+++ exited with 0 +++
END
says forms.err "1  call left out: wait4 (first: line 7)"
says forms.err "1  PROT_EXEC: taken as PROT_READ (first: line 3)"
says forms.err "3  line about a signal, or of strace itself (first: line 12)"
says forms.rmap "# A: pid 11"
says forms.rmap "# B: pid 12"

# ... and as -o FILE writes it, with what other options put before the call.
cat >body <<'END'
11@ execve("/bin/x", ["x"...], 0x7ffe /* 3 vars */) = 0
11@ mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000
11@ mmap(NULL, 16384, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_DENYWRITE, 3</lib/a,b(c).so>, 0x1000) = 0x7f0000010000
11@ fork( <unfinished ...>
12@ munmap(0x7f0000001000, 4096 <unfinished ...>
11@ <... fork resumed>) = 12
12@ <... munmap resumed>) = 0
12@ exit_group(3) = ?
12@ +++ exited with 3 +++
11@ +++ killed by SIGKILL (core dumped) +++
END
for time in '' '12:34:56 ' '12:34:56.123456 ' '1700000000.123456 ' '     0.000012 ' \
	'12:34:56 (+     0.000012) ' '12:34:56.1 [00007f1234567890] ' '[  59] '; do
	cp forms.expected bare.expected
	sed "s/@ / $time/" body >log
	becomes bare <log
	cp forms.expected spent.expected
	sed "s/@ /  $time/; s/\( = [^?]*\)$/\1 <0.000042>/" body >log
	becomes spent <log
	cp forms.expected pid.expected
	sed "s/^\(..\)@ /[pid    \1] $time/" body >log
	becomes pid <log
	cp forms.expected comm.expected
	sed "s/^\(..\)@ /\1<some x> $time/" body >log
	becomes comm <log
done
says comm.rmap "# A: pid 11"

# Numbers for names; nested descriptors; the lines of another system.
cp forms.expected raw.expected
sed 's/@ / /
	s/PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS/0x3, 0x22/
	s/PROT_READ|PROT_EXEC/0x5 \/* PROT_READ|PROT_EXEC *\//
	s/3<[^>]*>/3<TCP:[127.0.0.1:1->127.0.0.1:2]<char 1:3>>/
	s/$/\r/' body >log
becomes raw <log

# Threads are their process; it ends with the last of them.  What gives addresses
# away counts when it begins, what takes them when it ends.
cat >threads.expected <<'END'
mmap A 0x1000 4 rw = 0
write A 0x1000
munmap A 0x1000 1 = 0
mmap A 0x1000 1 r = 0
mmap A 0x2000 1 - = 0
exec A = 0
fork A B = 0
exit A
mmap B 0x10 1 r = 0
exit B
END
becomes threads <<'END'
20 mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000
20 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SETTLS, child_tid=0x7f, exit_signal=0, stack=0x7f, tls=0x7f} <unfinished ...>
21 set_robust_list(0x7f, 24 <unfinished ...>
20 <... clone3 resumed> => {parent_tid=[21]}, 88) = 21
21 <... set_robust_list resumed>) = 0
20 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 22
20 munmap(0x1000000, 4096 <unfinished ...>
21 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000
20 <... munmap resumed>) = 0
21 exit(0) = ?
21 +++ exited with 0 +++
22 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2000000
22 execve("/bin/y", ["y"], 0x7f /* 1 var */ <unfinished ...>
20 +++ superseded by execve in pid 22 +++
20 <... execve resumed>) = 0
20 fork() = 23
20 exit_group(0) = ?
20 +++ exited with 0 +++
23 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000
23 exit(0) = ?
23 +++ exited with 0 +++
END

# vfork, and clone that shares memory, until exec or exit.  A pid is used again.
cat >vfork.expected <<'END'
mmap A 0x1000 1 rw = 0
write A 0x1000
vfork A B = 0
mmap B 0x2000 1 r = 0
exec B = 0
mprotect A 0x2000 1 - = 0
exit B
vfork A C = 0
exit C
END
becomes vfork <<'END'
30 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000
30 vfork( <unfinished ...>
31 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2000000
31 execve("/bin/nothing", ["z"], 0x7f) = -1 ENOENT (No such file or directory)
31 execve("/bin/z", ["z"], 0x7f /* 1 var */ <unfinished ...>
30 <... vfork resumed>) = 31
31 <... execve resumed>) = 0
30 mprotect(0x2000000, 4096, PROT_NONE) = 0
31 exit_group(0) = ?
31 +++ exited with 0 +++
30 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_VFORK|SIGCHLD <unfinished ...>
31 exit_group(127) = ?
31 +++ exited with 127 +++
30 <... clone resumed>) = 31
END
says vfork.err "1  execve that failed: left out (first: line 4)"

# brk: learnt, up, down, refused, after fork, after exec.
cat >brk.expected <<'END'
mmap A 0x500 2 rw = 0
write A 0x500
mmap A 0x502 1 rw = 0
write A 0x502
munmap A 0x501 2 = 0
fork A B = 0
mmap B 0x501 1 rw = 0
write B 0x501
mmap A 0x501 3 rw = 0
write A 0x501
exec B = 0
mmap B 0x900 1 rw = 0
write B 0x900
END
becomes brk <<'END'
40 brk(NULL) = 0x500000
40 brk(0x501800) = 0x501800
40 brk(0x502000) = 0x502000
40 brk(0x502001) = 0x502001
40 brk(0xffffffff0000) = 0x502001
40 brk(0x500800) = 0x500800
40 fork() = 41
41 brk(0x502000) = 0x502000
40 brk(0x504000) = 0x504000
41 execve("/bin/z", ["z"], 0x7f /* 1 var */) = 0
41 brk(NULL) = 0x900000
41 brk(0x901000) = 0x901000
END
says brk.err "1  brk that failed: left out (first: line 5)"

# Touched pages.
cat >touch.strace <<'END'
mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000
mmap(NULL, 16384, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2000000
mprotect(0x2001000, 8192, PROT_READ|PROT_WRITE) = 0
mprotect(0x2000000, 16384, PROT_READ|PROT_WRITE) = 0
mremap(0x1000000, 16384, 32768, MREMAP_MAYMOVE) = 0x3000000
END
cat >touch-all.expected <<'END'
mmap A 0x1000 4 rw = 0
write A 0x1000 4
mmap A 0x2000 4 - = 0
mprotect A 0x2001 2 rw = 0
write A 0x2001 2
mprotect A 0x2000 4 rw = 0
write A 0x2000 4
mremap A 0x1000 4 8 to=0x3000 = 0
write A 0x3004 4
END
sed 's/^\(write A [^ ]*\).*/\1/' touch-all.expected >touch-first.expected
grep -v write touch-all.expected >touch-none.expected
cp touch-first.expected touch-default.expected
cp touch.strace log
for touch in none first all; do
	becomes touch-$touch --touch $touch <log
done
becomes touch-default <log

# What failed stays if it fails in the model likewise; what the scenario does not
# have is left out; what the model does not have becomes what is nearest.
cat >odd.expected <<'END'
mmap A 0x1000 4 rw = 0
write A 0x1000
mprotect A 0x1002 8 r = ENOMEM
munmap A 0x1000 0 = EINVAL
madvise A 0x1000 8 dontneed = ENOMEM
mremap A 0x5000 1 2 = EFAULT
madvise A 0x1001 1 dontfork = 0
mprotect A 0x1002 2 - = 0
munmap A 0x1001 2 = 0
mremap A 0x1003 1 1 to=0x4000 dontunmap = 0
mmap A 0x6000 1 r file=0@3 = 0
mmap A 0x6001 1 r file=1@0 = 0
mmap A 0x6002 1 r file=0@9 = 0
mmap A 0x7000 2 rw = 0
write A 0x7000
END
becomes odd <<'END'
50 mmap(NULL, 16000, PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = 0x1000000
50 mprotect(0x1002000, 32768, PROT_READ) = -1 ENOMEM (Cannot allocate memory)
50 munmap(0x1000000, 0) = -1 EINVAL (Invalid argument)
50 madvise(0x1000000, 32768, MADV_DONTNEED) = -1 ENOMEM (Cannot allocate memory)
50 mremap(0x5000000, 4096, 8192, 0) = -1 EFAULT (Bad address)
50 mremap(0x1000000, 4096, 8192, 0) = -1 EAGAIN (Resource temporarily unavailable)
50 munmap(0x1000001, 4096) = -1 EINVAL (Invalid argument)
50 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)
50 madvise(0x1001000, 4096, MADV_DONTFORK) = 0
50 madvise(0x1001000, 4096, MADV_HUGEPAGE) = 0
50 mprotect(0x1002000, 32768, PROT_NONE) = 0
50 mprotect(0x9000000, 4096, PROT_NONE) = 0
50 munmap(0x9000000, 4096) = 0
50 mmap(0x1001000, 8192, PROT_READ, MAP_SHARED|MAP_FIXED, 3, 0) = 0x1001000
50 mremap(0x1003000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_DONTUNMAP) = 0x4000000
50 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</lib/a.so>, 0x3000) = 0x6000000
50 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</lib/b.so>, 0) = 0x6001000
50 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 4</lib/a.so>(deleted), 0x9000) = 0x6002000
50 shmat(3, NULL, 0) = 0x7f0000000000
50 fork() = -1 EAGAIN (Resource temporarily unavailable)
50 gettimeofday(0x7f, NULL) = 0
50 rubbish
50 mmap(NULL, 4096) = 0x1000
50 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = 0x7000000
50 <... brk resumed>) = 0x5000
50 madvise(0x1000000, 4096, MADV_DONTNEED <unfinished ...>
END
for text in "1  MAP_NORESERVE: taken as without (first: line 1)" \
	"1  mremap that failed, and not for what the model has: left out (first: line 6)" \
	"1  munmap that failed, and not for what the model has: left out (first: line 7)" \
	"1  mmap that failed: left out (first: line 8)" \
	"1  madvise left out: MADV_HUGEPAGE (first: line 10)" \
	"1  mprotect of what is not in the scenario: cut (first: line 11)" \
	"1  mprotect of what is not in the scenario: left out (first: line 12)" \
	"1  munmap of what is not in the scenario: left out (first: line 13)" \
	"1  shared mmap: what was there is unmapped (first: line 14)" \
	"1  call that changes memory as the model cannot: shmat (first: line 19)" \
	"1  fork that failed: left out (first: line 20)" \
	"1  call left out: gettimeofday (first: line 21)" \
	"2  line not understood (first: line 22)" \
	"1  end of a call whose beginning is not there (first: line 25)" \
	"1  call that never ended: madvise (first: line 26)"; do
	says odd.err "$text"
	says odd.rmap "$text"
done

# Without -y a file has the name that it was opened by; the fifth file is the
# first one again.
cat >files.expected <<'END'
mmap A 0x1000 1 r file=0@0 = 0
mmap A 0x2000 1 r file=1@0 = 0
mmap A 0x3000 1 r file=0@0 = 0
mmap A 0x4000 1 r file=2@0 = 0
mmap A 0x5000 1 r file=3@0 = 0
mmap A 0x6000 1 r file=0@0 = 0
END
becomes files <<'END'
openat(AT_FDCWD, "/lib/a", O_RDONLY) = 3
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x1000000
open("/lib/b", O_RDONLY) = 3
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x2000000
openat(AT_FDCWD, "/lib/a", O_RDONLY) = 4
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 4, 0) = 0x3000000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 5, 0) = 0x4000000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 6, 0) = 0x5000000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 7, 0) = 0x6000000
END
says files.err "3  mapped file without a name"
says files.rmap "More files than numbers"

# mremap of what the kernel had as one VMA and the model has as two.
cat >twovmas.expected <<'END'
mmap A 0x1000 1 rw = 0
mmap A 0x1001 1 r = 0
munmap A 0x1000 2 = 0
mmap A 0x3000 3 rw = 0
END
becomes twovmas --touch none <<'END'
mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1001000
mremap(0x1000000, 8192, 12288, MREMAP_MAYMOVE) = 0x3000000
mremap(0x7000000, 8192, 12288, MREMAP_MAYMOVE) = 0x8000000
END
says twovmas.err "1  mremap that the model would refuse: munmap and mmap (first: line 3)"
says twovmas.err "1  mremap of what is not in the scenario"

# A process that nobody bore.
cat >nowhere.expected <<'END'
mmap A 0x1000 1 r = 0
fork A B
exec B
mmap B 0x1000 1 r = 0
exit A
exit B
END
becomes nowhere <<'END'
70 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000
80 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000
70 +++ killed by SIGSEGV +++
80 +++ exited with 0 +++
90 brk(NULL) = 0x5000
END
says nowhere.err "1  process that comes from nowhere: made by fork and exec (first: line 2)"
says nowhere.err "1  process left out: it comes from nowhere (first: line 5)"

# Cut off in the middle of a line: what was before it stays.
printf '%s\n%s\nmmap(NULL, 40' 'brk(NULL) = 0x5000' \
	'mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x9000' >cut.strace
try 0 import cut.strace
says out "mmap A 0x9 1 r = 0"
says err "last line cut off: it has no newline (first: line 3)"
says err "line not understood (first: line 3)"
status=0
"$rmapdiff" import - <cut.strace >out 2>err || status=$?
[ "$status" = 0 ] || fail "import -: expected exit status 0"
says out "mmap A 0x9 1 r = 0"

# Something else.
: >empty
printf 'just\nwords\n' >words
printf 'malloc(24)                         = 0x55\n+++ exited (status 0) +++\n' >ltrace
printf 'sh 1 [000] 1.5: syscalls:sys_enter_mmap: addr: 0x0, len: 0x1\n' >perf
head -c 100000 /dev/zero >zeros
head -c 100000 /dev/zero | tr '\0' '(' >brackets
head -c 3000000 /dev/zero | tr '\0' 'a' >long
{
	printf 'mmap('
	yes 'a</*' | head -n 100000 | tr -d '\n'
} >quadratic
yes 'x("' | head -n 10000 >strings
mkdir directory
bad import
bad import --frobnicate x
bad import --touch some cut.strace
bad import cut.strace cut.strace
bad import missing
bad import directory
bad import empty
for file in words ltrace perf zeros brackets long quadratic strings; do
	bad import $file
	bad import $file -o not-made
	[ ! -e not-made ] || fail "import $file: wrote something"
done
bad import words
says err "no strace log"
try 0 import --help
says out "Usage: rmapdiff import"

# Nothing is overwritten unless asked.
echo mine >there
bad import cut.strace -o there
says err "--force overwrites it"
grep -qx mine there || fail "import: overwrote a file"
try 0 import cut.strace -o there --force
grep -q mmap there || fail "import --force: expected the scenario"
bad import cut.strace -o directory/not/there

# What was recorded gives the scenarios that are there, and those replay.
nr_traces=0
for trace in "$traces"/*.strace; do
	nr_traces=$((nr_traces + 1))
	name=$(basename "$trace" .strace)
	try 0 import "$trace" -o "$name.rmap"
	cmp "$name.rmap" "$traces/$name.rmap" || fail "import of $name.strace: not $name.rmap"
	for touch in none first all; do
		try 0 import --touch $touch "$trace" -o "$name.rmap" --force
		for how in "" --pure "--as-of 7.0" "--rmap anon_vma" "--rmap cow_context" \
			"--check both"; do
			# shellcheck disable=SC2086
			try 0 run $how "$name.rmap"
			says out "1 files, "
			says out " 0 divergences"
		done
		cp "$name.rmap" "kernel-$name-$touch.rmap"
	done
done
# Where there is no kernel to ask, it says so.
what="rmapdiff kernel, all recorded"
status=0
"$rmapdiff" kernel kernel-*.rmap >out 2>err || status=$?
case $status in
0) says out " 0 disagreements" ;;
77) says err "cannot run here" ;;
*) fail "$what" ;;
esac
[ "$nr_traces" -ge 3 ] || fail "expected three traces at least in $traces"

finish
