#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_import.sh RMAPDIFF TRACES: logs of strace in all their forms, made by hand
# and recorded, as scenarios.
set -u
traces=$(realpath "$2")
here=$(dirname "$(realpath "$0")")
. "$here/cli.sh"
. "$here/adds_up.sh"

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
	adds_up "$name.rmap" "$name.strace"
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
says forms.err "2  wait4 (first: line 7)"
says forms.err "1  PROT_EXEC: taken as PROT_READ (first: line 3)"
says forms.err "1  (a signal) (first: line 12)"
says forms.err "2  (a word of strace's) (first: line 13)"
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

# Of a fork whose result is not there either a child appears, or it is left out, in one piece and in two.
cat >no-result.expected <<'END'
mmap A 0x1000 1 r = 0
fork A B = 0
mmap B 0x2000 1 r = 0
END
becomes no-result <<'END'
20 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000
20 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = ?
21 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2000000
20 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = ?
20 clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0, stack_size=0}, 88) = ?
20 execve("/bin/y", ["y"], 0x7f /* 1 var */) = ?
20 fork( <unfinished ...>
21 munmap(0x2000000, 4096) = ?
20 <... fork resumed>) = ?
END
says no-result.rmap "5  call whose result is not there: left out (first: line 4)"
says no-result.rmap "# lines: 3 became operations + 6 left out + 0 without effect + 0 not understood = 9"
says_not no-result.rmap "without effect on"

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
	"1  gettimeofday (first: line 21)" \
	"2  not understood (first: line 22: 50 rubbish)" \
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
status=0
"$rmapdiff" import - <cut.strace >out 2>err || status=$?
[ "$status" = 0 ] || fail "import -: expected exit status 0"
says out "mmap A 0x9 1 r = 0"

# Pages that calls access by themselves.
cat >populate.expected <<'END'
mmap A 0x1000 4 rw = 0
write A 0x1000 4 = 0
mmap A 0x2000 4 r = 0
read A 0x2000 4 = 0
mmap A 0x3000 4 - = 0
mmap A 0x4000 4 rw = 0
mmap A 0x5000 4 rw file=0@0 = 0
write A 0x5000 4 = 0
mmap A 0x6000 4 rw = 0
write A 0x6000 4 = 0
mmap A 0x7000 4 rw = 0
write A 0x7001 2 = 0
read A 0x7000 = 0
write A 0x7000 2 = 0
write A 0x6003 = 0
write A 0x7000 3 = 0
mmap A 0x8000 2 rw = 0
write A 0x8000 2 = 0
mmap A 0x9000 1 rw = 0
END
becomes populate --touch none <<'END'
mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = 0x1000000
mmap(NULL, 16384, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = 0x2000000
mmap(NULL, 16384, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = 0x3000000
mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE|MAP_NONBLOCK, -1, 0) = 0x4000000
mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_POPULATE, 3</lib/a>, 0) = 0x5000000
mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = 0x6000000
mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7000000
madvise(0x7001000, 8192, MADV_POPULATE_WRITE) = 0
madvise(0x7000000, 4096, MADV_POPULATE_READ) = 0
mlock(0x7000010, 4096) = 0
madvise(0x6fff000, 4096, MADV_POPULATE_READ) = -1 ENOMEM (Cannot allocate memory)
madvise(0x6003000, 16777216, MADV_POPULATE_WRITE) = 0
mlockall(MCL_FUTURE) = 0
mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x8000000
munlockall() = 0
mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x9000000
mlock2(0x9000000, 4096, MLOCK_ONFAULT) = 0
munlock(0x9000000, 4096) = 0
END
for text in "1  PROT_NONE memory populated: left out (first: line 3)" \
	"1  MAP_LOCKED: VM_LOCKED is not in the model, the pages are accessed (first: line 6)" \
	"1  mlock: VM_LOCKED is not in the model, the pages are accessed (first: line 10)" \
	"1  MADV_POPULATE_READ that failed: left out (first: line 11)" \
	"1  madvise of what is not in the scenario: cut (first: line 12)" \
	"1  mlockall: VM_LOCKED is not in the model" \
	"1  munlockall: VM_LOCKED is not in the model" \
	"1  mlock2: VM_LOCKED is not in the model" \
	"1  call that changes memory as the model cannot: munlock (first: line 18)"; do
	says populate.err "$text"
done

# Private /dev/zero has a number of its own, and the file's offset until it moves unfaulted.
cat >zero.expected <<'END'
mmap A 0x1000 1 r file=0@0 = 0
mmap A 0x2000 1 r file=1@0 = 0
mmap A 0x3000 1 r file=2@0 = 0
mmap A 0x4000 1 r file=0@0 = 0
mmap A 0x5000 2 rw file=3@7 = 0
mmap A 0x6000 2 rw file=3@7 = 0
munmap A 0x5000 2 = 0
mmap A 0x7000 2 rw = 0
write A 0x6000 = 0
mremap A 0x6000 2 2 to=0x8000 = 0
mmap A 0x9000 1 r file=3@0 = 0
munmap A 0x9000 1 = 0
END
becomes zero --touch none <<'END'
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</a>, 0) = 0x1000000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</b>, 0) = 0x2000000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</dev/zero.c>, 0) = 0x3000000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</dev/zer>, 0) = 0x4000000
mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE, 3</dev/zero>, 0x7000) = 0x5000000
mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE, 3</dev/zero<char 1:5>>, 0x7000) = 0x6000000
mremap(0x5000000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7000000) = 0x7000000
madvise(0x6000000, 4096, MADV_POPULATE_WRITE) = 0
mremap(0x6000000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x8000000) = 0x8000000
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3<\x2f\x64\x65\x76\x2f\x7a\x65\x72\x6f>, 0) = 0x9000000
mmap(0x9000000, 4096, PROT_READ, MAP_SHARED|MAP_FIXED, 3</dev/zero>, 0) = 0x9000000
END
says zero.err "3  private /dev/zero: taken as the file 3 (first: line 5)"
says zero.err "1  mremap of unfaulted private /dev/zero: anonymous from then on (first: line 7)"
says zero.rmap "More files than numbers: the Nth, from 0, has N modulo 3."

# Calls that failed, as strace prints them; nothing of them is "not understood".
cat >failed.expected <<'END'
mmap A 0x1000 4 rw = 0
mremap A 0x1000 1 1 to=0x1000 = EINVAL
mmap A 0x2000 1 - = 0
END
becomes failed --touch none <<'END'
mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000
mmap(NULL, 18446744073709551615, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)
mmap(NULL, 99999999999999999999, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)
mremap(0x1000000, 1, 1, MREMAP_FIXED) = -1 EINVAL (Invalid argument)
mremap(0x1000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x1000000) = -1 EINVAL (Invalid argument)
mremap(NULL) = -1 EFAULT (Bad address)
munmap(0x7f<unavailable>, -4096) = -1 EINVAL (Invalid argument)
madvise("x", 4096, 0x66 /* MADV_??? */) = -1 EINVAL (Invalid argument)
mprotect(0x1000000, -1, PROT_READ|0x100 /* PROT_??? */) = -1 EINVAL (Invalid argument)
brk(7ff) = -1 ENOMEM (Cannot allocate memory)
clone3(0xffffffff, 8) = -1 EINVAL (Invalid argument)
clone(child_stack=NULL, flags=CLONE_VM|255) = ? ERESTARTNOINTR (To be restarted)
fork() = ? ERESTARTNOINTR (To be restarted)
execve(0xffffffff, 0xffffffff, 0xffffffff) = -1 EFAULT (Bad address)
openat(AT_FDCWD, NULL, O_RDONLY) = -1 EFAULT (Bad address)
open(NULL, O_RDONLY) = -1 ENOENT (No such file or directory)
mlock(0xfffffffffffff000, 4096) = -1 ENOMEM (Cannot allocate memory)
userfaultfd(0x7) = -1 EPERM (Operation not permitted)
ioctl(3, UFFDIO_REGISTER, NULL) = -1 EFAULT (Bad address)
wait4(-1, 0x7ffe, 0, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
nanosleep({tv_sec=1, tv_nsec=0}, <detached ...>
restart_syscall(<... resuming interrupted nanosleep ...>) = 0
syscall_0x3e7(0x1, 0x2) = -1 ENOSYS (Function not implemented)
mmap(NULL, 4096, PROT_NONE, 0x22 /* MAP_PRIVATE|MAP_ANONYMOUS */|0x80000000, 4294967295, 0) = 0x2000000
END
for text in "2  mmap that failed: left out (first: line 2)" \
	"1  mremap that failed: left out (first: line 4)" \
	"1  mremap that failed, and not for what the model has: left out (first: line 6)" \
	"1  munmap that failed, and not for what the model has: left out (first: line 7)" \
	"1  madvise that failed: left out (first: line 8)" \
	"1  mprotect that failed, and not for what the model has: left out (first: line 9)" \
	"1  brk that failed: left out (first: line 10)" \
	"3  fork that failed: left out (first: line 11)" \
	"1  execve that failed: left out (first: line 14)" \
	"1  mlock that failed: left out (first: line 17)" \
	"1  userfaultfd that failed: left out (first: line 18)" \
	"1  ioctl that failed: left out (first: line 19)" \
	"1  call that never ended: nanosleep (first: line 21)" \
	"1  call that is not known: syscall_0x3e7 (first: line 23)" \
	"1  mmap with 0x80000000, which is not known: taken as without (first: line 24)" \
	"1  wait4 (first: line 20)"; do
	says failed.err "$text"
done
says_not failed.err "not understood ("

# Calls that import cannot do, or need not, by what they are asked for.
cat >asked.expected <<'END'
mmap A 0x1000 4 rw = 0
mprotect A 0x1000 1 r = 0
END
becomes asked --touch none <<'END'
mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = 0x1000000
prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x1000000, 4096, "x") = 0
prctl(0x43 /* PR_??? */, 0x1, 0, 0, 0) = 0
prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) = 0
ioctl(3, _IOC(_IOC_READ|_IOC_WRITE, 0xaa, 0x5, 0x28), 0x7f) = 0
ioctl(3, 0xc028aa03, 0x7f) = 0
ioctl(1, TCGETS, {B38400 opost isig icanon echo ...}) = 0
arch_prctl(ARCH_SET_FS, 0x7f) = 0
arch_prctl(0x5001 /* ARCH_??? */, 0x1) = 0
ptrace(PTRACE_POKEDATA, 7, 0x1000000, 1) = 0
ptrace(PTRACE_PEEKDATA, 7, 0x1000000, [1]) = 0
move_pages(0, 1, [0x1000000], [0], [0], MPOL_MF_MOVE) = 0
move_pages(0, 1, [0x1000000], NULL, [0], 0) = 0
syscall_0x1ce(0x1000000, 0x1000, 0) = 0
pkey_mprotect(0x1000000, 4096, PROT_READ, 1) = 0
mmap(NULL, 4096, PROT_READ, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0) = 0x9000000
END
for text in "MAP_STACK: taken as without VM_NOHUGEPAGE" "cannot: prctl PR_SET_VMA" "cannot: prctl 0x43" \
	"cannot: ioctl _IOC(" "cannot: ioctl 0xc028aa03" "cannot: arch_prctl 0x5001" "cannot: ptrace PTRACE_POKEDATA" \
	"1  call that changes memory as the model cannot: move_pages" "cannot: syscall_0x1ce" \
	"pkey_mprotect with a key: taken as without" "MAP_DROPPABLE: what was there is unmapped" \
	"1  prctl (first: line 4)" "1  ioctl (first: line 7)" "1  arch_prctl (first: line 8)" \
	"1  ptrace (first: line 11)" "1  move_pages (first: line 13)"; do
	says asked.err "$text"
done

# Stacks, a summary, seconds since 1970; and a child without -f.
cat >options.expected <<'END'
mmap A 0x1000 4 rw = 0
write A 0x1000
fork A B = 0
END
becomes options <<'END'
1795845640 execve("/bin/nothing", ["x"], 0x7f) = -1 ENOENT (No such file or directory)
1795845640 mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000
 > /usr/lib/libc.so.6(mmap+0x29) [0xd4409]
 > unexpected_backtracing_error [0x0]
1795845641 fork() = 12

% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000000           0        18         1 mmap
------ ----------- ----------- --------- --------- ----------------
100.00    0.000000           0        36           total
END
says options.err "5  (a summary) (first: line 7)"
says options.err "2  (a stack) (first: line 3)"
says options.err "1  (blank) (first: line 6)"
says options.err "1  process without a line in the log (it needs strace -f) (first: line 5)"

# Wherever a log is cut off, or however spoilt, its lines add up.
nr_cuts=0
size=$(wc -c <"$traces/pipeline.strace")
for at in $(seq 1 499 "$size"); do
	head -c "$at" "$traces/pipeline.strace" >cuts.strace
	nr_cuts=$((nr_cuts + 1))
	timeout 3600 "$rmapdiff" import cuts.strace -o cuts.rmap --force >out 2>err
	status=$? what="import of a log cut after $at bytes"
	case $status in
	0) adds_up cuts.rmap cuts.strace ;;
	2) [ "$(wc -l <err)" = 1 ] || fail "$what: expected one line on standard error" ;;
	*) fail "$what: exit status $status" ;;
	esac
	# Some bytes are others: a step that is no divisor of a line's length.
	LC_ALL=C awk -v at="$nr_cuts" 'NR % 7 == at % 7 {
		cut = at * 31 % (length($0) + 1)
		$0 = substr($0, 1, cut) substr("(,)\"<>|= 0x?/*\001\377", at % 16 + 1, 1) substr($0, cut + 2)
	} { print }' "$traces/server.strace" >cuts.strace
	timeout 3600 "$rmapdiff" import cuts.strace -o cuts.rmap --force >out 2>err
	status=$? what="import of a log spoilt with seed $nr_cuts"
	[ "$status" = 0 ] || fail "$what: exit status $status"
	adds_up cuts.rmap cuts.strace
done
[ "$nr_cuts" -ge 10 ] || fail "expected ten cuts at least"

# Something else.
: >empty
head -c 20000 "$rmapdiff" >binary
printf '%% time     seconds  usecs/call     calls    errors syscall\n100.00    0.000000           0        36         1 total\n' >summary
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
yes 'x("' | head -n 10000 >"strings"
mkdir directory
bad import
bad import --frobnicate x
bad import --touch some cut.strace
bad import cut.strace cut.strace
bad import missing
bad import directory
bad import empty
for file in words ltrace perf zeros brackets long quadratic strings binary summary; do
	bad import $file
	bad import $file -o not-made
	[ ! -e not-made ] || fail "import $file: wrote something"
done
bad import words
says err "no strace log"
try 0 import --help
says out "Usage: rmapdiff import"
try 0 import --strace
says out "-f -y "

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
