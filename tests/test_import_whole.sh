#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_import_whole.sh RMAPDIFF TRACED_C [PROGRAM...]: small programs under strace. The VMAs that the kernel has at each one's
# end are those of the scenario that comes of its log, or the import says what it left out. Skipped where strace cannot be
# run.
set -u
traced_c=$(realpath "$2")
here=$(dirname "$(realpath "$0")")
. "$here/cli.sh"
. "$here/adds_up.sh"
shift 2
only=$*

skip() {
	echo "SKIP: $*"
	exit 77
}

command -v strace >/dev/null || skip "no strace"
command -v cc >/dev/null || skip "no compiler"
strace -f -o log true 2>err || skip "strace cannot trace here: $(head -n 1 err)"
what="compile traced.c"
cc -O1 -std=gnu11 -pthread -o traced "$traced_c" 2>err || fail "$what"

strace_options=$("$rmapdiff" import --strace) || fail "import --strace"

# trace NAME: runs it under strace; NAME.maps is what the kernel has at its end, NAME.strace the log up to there.
trace() {
	# shellcheck disable=SC2086
	timeout 3600 strace $strace_options -o "$1.all" ./traced "$1" >"$1.maps" 2>err
	status=$?
	[ "$status" = 0 ] || fail "traced $1: exit status $status"
	sed '/munmap(NULL, 0/,$d' "$1.all" >"$1.strace"
}

# The scenario's VMAs, per pid, as traced prints them.
vmas() {
	"$rmapdiff" explain --last --terse --full --only vmas --rmap anon_vma --color never "$1" >explained 2>err ||
		fail "explain $1"
	sed -n 's/^# \([A-Z][A-Z0-9]*\): pid \([0-9]*\).*/\1 \2/p' "$1" >names
	awk '
		FNR == NR { pid[$1] = $2; next }
		match($0, /^[ +~] +[A-Z][A-Z0-9]*\[0x[0-9a-f]+,0x[0-9a-f]+\) /) {
			split($0, words, " ")
			at = 1
			while (words[at] !~ /\[/)
				at++
			split(words[at], part, /[\[,)]/)
			prot = words[at + 1]
			off = words[at + 2] == "file" ? words[at + 5] + 0 : "-"
			print pid[part[1]], part[2], part[3], prot, off
		}' names explained | sort
}

kernel_vmas() {
	awk '$1 == "pid" { pid = $2; next } { print pid, $0 }' "$1" | sort
}

# left_out_edges LOG: where the ranges begin and end of calls that set a flag which the model has not, and which the import
# says that it left out or took without: one page a line.
left_out_edges() {
	# A call that another process's comes between has two lines.
	awk '
		/ <unfinished [.][.][.]>$/ { sub(/ <unfinished [.][.][.]>$/, ""); begun[$1] = $0; next }
		match($0, /<[.][.][.] [a-z0-9_]+ resumed>/) { $0 = begun[$1] substr($0, RSTART + RLENGTH) }
		{ print }' "$1" |
		sed -n -e 's/^[0-9]* *mmap([^,]*, \([0-9]*\), .*MAP_STACK.*) *= \(0x[0-9a-f]*\)$/\2 \1/p' \
			-e 's/^[0-9]* *madvise(\(0x[0-9a-f]*\), \([0-9]*\), MADV_DONTDUMP) *= 0$/\1 \2/p' \
			-e 's/^[0-9]* *ioctl([^,]*, UFFDIO_REGISTER, {range={start=\(0x[0-9a-f]*\), len=\(0x[0-9a-f]*\)}.*) *= 0$/\1 \2/p' |
		while read -r start len; do
			printf '0x%x\n' $((start / 4096)) $(((start + len) / 4096))
		done
}

# joined EDGES VMAS: VMAs that go on behind one of the edges, as they would be without that cut.
joined() {
	awk '
		function say() { if (pid != "") print pid, start, end, prot, off }
		FILENAME == ARGV[1] { edge[$1]; next }
		$1 == pid && $2 == end && $4 == prot && $5 == "-" && off == "-" && $2 in edge { end = $3; next }
		{ say(); pid = $1; start = $2; end = $3; prot = $4; off = $5 }
		END { say() }' "$1" "$2"
}

# traced_as same|cut|FIRST NAME TOUCH [NOTE...]: the kernel's VMAs are the scenario's: all of them; but for cuts where a flag
# begins or ends that the model has not, in anonymous memory, by a call that the notes name; or without those whose first
# page FIRST, a regular expression, matches. What programs always do is noted for all of them.
traced_as() {
	how=$1 name=$2 touch=$3
	shift 3
	case " ${only:-$name} " in
	*" $name "*) ;;
	*) return ;;
	esac
	trace "$name"
	try 0 import --touch "$touch" "$name.strace" -o "$name.rmap" --force
	adds_up "$name.rmap" "$name.strace"
	says_not "$name.rmap" " not understood ("
	for note; do
		says "$name.rmap" "$note"
	done
	try 0 run --check none "$name.rmap"
	kernel_vmas "$name.maps" >"$name.kernel"
	vmas "$name.rmap" >"$name.model"
	what="VMAs of $name"
	[ -s "$name.kernel" ] || fail "$what: none"
	case $how in
	same) ;;
	cut)
		left_out_edges "$name.strace" | sort -u >edges
		[ -s edges ] || fail "$what: no call in the log sets a flag that the model has not"
		joined edges "$name.kernel" >joined && mv joined "$name.kernel"
		;;
	*)
		for side in kernel model; do
			grep -vE "^[0-9]+ $how " "$name.$side" >others
			mv others "$name.$side"
			[ -s "$name.$side" ] || fail "$what: none is left to compare"
		done
		;;
	esac
	cmp -s "$name.kernel" "$name.model" || {
		fail "$what: the kernel's are not the scenario's"
		diff "$name.kernel" "$name.model"
		grep '^#' "$name.rmap"
	}
	grep '^# .*: left out' "$name.rmap" | grep -v -e 'of what is not in the scenario' -e 'that failed' \
		>unexpected && fail "$what: left out: $(cat unexpected)"
}

traced_as same nothing first
traced_as same malloc first
traced_as same brk first "brk that failed: left out"
traced_as same mremap first
traced_as same mprotect first
traced_as same fork first
traced_as cut threads first "MAP_STACK: taken as without VM_NOHUGEPAGE"
traced_as same vfork first
traced_as same populate none "MADV_POPULATE_WRITE that failed: left out"
traced_as same mlock none "VM_LOCKED is not in the model, the pages are accessed"
traced_as same madvise first "madvise left out: MADV_WILLNEED" "madvise left out: MADV_FREE"
traced_as cut dump first "madvise left out: MADV_DONTDUMP"
traced_as same file first
# From 7.3 on an unfaulted one that moves keeps the file's offset, where the scenario has the address: those are at 0x2000c8.
how='0x2000c[89a-f]'
./traced zero >out 2>err && grep -q '^0x2000c8 0x2000d0 rw -$' out && how=same
traced_as $how zero none "private /dev/zero: taken as the file 3" \
	"mremap of unfaulted private /dev/zero: anonymous from then on"
traced_as same fail first "mmap with 0x10, which is not known: taken as without" "mmap that failed: left out" "fork that failed: left out" \
	"execve that failed: left out" "mlock that failed: left out" "mlockall that failed: left out"
traced_as same shared first "shared mmap: what was there is unmapped"
traced_as same stack first

# What programs can be refused: userfaultfd.
case " ${only:-uffd} " in
*" uffd "*)
	if ./traced uffd >out 2>err; then
		traced_as cut uffd first "call that changes memory as the model cannot: userfaultfd" \
			"call that changes memory as the model cannot: ioctl UFFDIO_REGISTER" \
			"call that changes memory as the model cannot: ioctl UFFDIO_ZEROPAGE"
	else
		echo "not asked: $(cat err)"
	fi
	;;
esac

# Each call of which a note or an operation is promised is within what strace is told to log, but for those of other machines.
case " ${only:-calls} " in
*" calls "*)
	trace calls
	what="import --calls"
	"$rmapdiff" import --calls >calls || fail "$what"
	LC_ALL=C sort -c calls || fail "$what: not in order: they are searched"
	awk '$2 != "without" && $2 != "names" { print $1 }' calls |
		grep -vx -e _exit -e clone2 -e mmap2 -e old_mmap -e uselib -e 'syscall_.*' >promised
	what="calls in the log"
	while read -r call; do
		case $call in
		mseal) call='\(mseal\|syscall_0x1ce\)' ;;
		map_shadow_stack) call='\(map_shadow_stack\|syscall_0x1c5\)' ;;
		fork) continue ;; # of the C library: clone
		set_mempolicy_home_node) call='\(set_mempolicy_home_node\|syscall_0x1c2\)' ;;
		esac
		grep -q "^[0-9]* *$call(" calls.all || fail "$what: not there: $call"
	done <promised
	what="import --strace: its calls"
	try 0 import calls.all -o calls.rmap --force
	adds_up calls.rmap calls.all
	says_not calls.rmap "not understood ("
	says_not calls.rmap "not known"
	;;
esac

finish
