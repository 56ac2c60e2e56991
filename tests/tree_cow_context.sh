#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: tests/tree_cow_context.sh TREE [--mode beside|alone] [--scenarios] [FAULT...]
# The adapter for mm/cow_context.c (tree/adapt) on a stand-in, tests/tree/cow_context, that is laid over a copy of
# TREE, an unpacked Linux 6.12. The corpus has no finding on it; then each FAULT, all of tests/tree/cow_context/faults
# by default, is put into the stand-in, and its own scenario and the corpus are run. All that in two modes: beside
# anon_vmas, and alone, which is with CONFIG_COW_CONTEXT_ANON_RMAP; --mode takes one of them.
# Prints a line for each fault: how many files of the corpus have findings, and what its scenario shows.
# --scenarios runs no corpus with the faults.
# Builds two kernels: minutes, and 3 GB in build/tree; run by hand. Exit status: 0 all as the list says, 1 not so,
# 2 bad usage or no build.
set -eu
cd "$(dirname "$0")/.."
die() {
	echo "tests/tree_cow_context.sh: $*" >&2
	exit 2
}
[ -f "${1-}/mm/rmap.c" ] || die "expected TREE, an unpacked Linux 6.12"
from=$(cd "$1" && pwd -P)
shift
modes='beside alone'
corpus=corpus
while :; do
	case ${1-} in
	--scenarios) corpus= ;;
	--mode)
		modes=${2-}
		[ "$modes" = beside ] || [ "$modes" = alone ] || die "--mode '$modes': expected beside or alone"
		shift
		;;
	-*) die "unknown argument '$1'" ;;
	*) break ;;
	esac
	shift
done

here=tests/tree/cow_context
list=$here/faults
for fault; do
	grep -q "^$fault%" $list || die "$fault: no such fault in $list"
done
copy=build/tree/cow_context/linux-6.12-cow
alone=build/tree/cow_context/alone
mkdir -p build/tree
dir=$(mktemp -d -p "$PWD/build/tree")
# As deep as other builds: dependencies may be noted by relative names.
build=$dir.build
trap 'rm -rf "$dir" "$build"' EXIT
trap 'exit 2' HUP INT TERM
failed=0

# The copy is made again when TREE is another, or what is laid over it; all of its files are new then, so that kbuild
# compiles all of them.
lay_over() {
	made_of=$({ echo "$from"; cat $here/lay-over $here/*.h; } | sha1sum)
	[ "$(cat $copy/.made_of 2>/dev/null)" = "$made_of" ] || {
		rm -rf build/tree/cow_context
		mkdir -p build/tree/cow_context
		cp -r --preserve=mode,links --reflink=auto "$from" $copy || die "cannot copy $from"
		$here/lay-over $copy || exit 2
		echo "$made_of" >$copy/.made_of
	}
	# Never by an older time stamp: kbuild would not see it.
	cmp -s $here/cow_context.c $copy/mm/cow_context.c || cp $here/cow_context.c $copy/mm/cow_context.c
	[ -f $alone ] || echo CONFIG_COW_CONTEXT_ANON_RMAP=y >$alone
}

# The last line of a run, how many disagreements, and what the first one begins with.
summary() {
	tail -n 1 "$dir/out"
}
disagreements() {
	sed -n '$s/.* ops, \([0-9]*\) disagreements$/\1/p' "$dir/out"
}
kind() {
	sed -n '/^FINDING/{s/^FINDING //;s/^.*MISMATCH!/MISMATCH!/;p;q;}' "$dir/out"
}

# run_program PROGRAM ARGUMENT...: into $dir/out; a disagreement is no error.
run_program() {
	"$@" >"$dir/out" 2>"$dir/err" || [ $? = 1 ] || {
		cat "$dir/err" >&2
		die "$1: no result"
	}
}

# put_in FILE SED: FILE with a fault, compiled by kbuild's own command for it, in a build of its own; or why not.
put_in() {
	rm -rf "$build"
	cp -al "$out" "$build"
	sed "$2" "$copy/$1" >"$dir/$(basename "$1")"
	! cmp -s "$copy/$1" "$dir/$(basename "$1")" || {
		echo 'does not apply'
		return 1
	}
	command=$(sed -n '1s/^[^=]*:= //p' "$out/$(dirname "$1")/.$(basename "$1" .c).o.cmd" |
		sed "s|[^ ]*/$1\\( .*\\)\\{0,1\\}\$|-iquote $(cd "$copy/$(dirname "$1")" && pwd -P) $dir/$(basename "$1")|")
	(cd "$build" && rm "${1%.c}.o" kernel.o tree_run && sh -c "$command" &&
		cp vmlinux.a vmlinux.a.new && mv vmlinux.a.new vmlinux.a &&
		make -s -f "$tests/../tree/link.mk" GLUE="$tests/../tree" HOST="$tests/../build/tree/host" tree_run) \
		>"$dir/log" 2>&1 || {
		grep -m 1 -E ' error: |\*\*\*' "$dir/log" || tail -n 1 "$dir/log"
		return 1
	}
}

# expected MODE FILE SEEN: the list says what is seen beside anon_vmas. Alone, rmap_walk() is the walk by contexts, no walk
# goes by anon_vmas, and nothing compares the two and prints a MISMATCH!. A migration walks the new folio, whose context is all it
# has then.
expected() {
	case $1/$2/$3 in
	beside/*) echo "$3" ;;
	alone/mm/migrate.c/*) echo 'Kernel panic' ;;
	alone/mm/rmap.c/* | alone/*/MISMATCH!*) echo nothing ;;
	alone/*) echo "$3" | sed 's/ by contexts//' ;;
	esac
}

# try MODE NAME FILE SED SEEN SCENARIO: fails if what is seen is not what is expected.
try() {
	seen=$(expected "$1" "$3" "$5")
	put_in "$3" "$4" >"$dir/why" || {
		printf '%-22s %s\n' "$2" "$(cat "$dir/why")"
		return 1
	}
	result=ok
	printf '%s\n' "${6#--fail-each/}" | tr / '\n' >"$dir/$2.scn"
	each=
	[ "${6#--fail-each/}" = "$6" ] || each=--fail-each
	run_program "$build/tree_run" --hang 5 --compare walks $each "$dir/$2.scn"
	found=$(kind)
	nr=
	if [ -n "$corpus" ]; then
		run_program "$build/tree_run" --hang 5 --compare walks -q corpus
		nr="$(disagreements) files of the corpus; "
	fi
	case ${found:-nothing} in
	$seen*) ;;
	*) result="expected $seen" ;;
	esac
	printf '%-22s %s%s: %.120s\n' "$2" "$nr" "$result" "${found:-nothing}"
	[ "$result" = ok ]
}

# all MODE OPTION...: the corpus has no finding, and the faults have theirs. OPTION of scripts/tree.
all() {
	mode=$1
	shift
	out=$(scripts/tree build "$copy" "$@" | sed -n 's/.* in \(.*\), [0-9]* seconds$/\1/p')
	[ -n "$out" ] || exit 2
	run_program "$out/tree_run" --known tree/known -q corpus
	echo "$mode: $(summary)"
	[ "$(disagreements)" = 0 ] || failed=1
	# Not from a pipe: failed would be lost.
	while IFS='%' read -r name file sed seen scenario; do
		case $name in '#'*) continue ;; esac
		[ -z "$faults" ] || case " $faults " in *" $name "*) ;; *) continue ;; esac
		try "$mode" "$name" "$file" "$sed" "$seen" "$scenario" </dev/null || failed=1
	done <$list
}

faults=$*
tests=$PWD/tests
lay_over
for mode in $modes; do
	case $mode in
	beside) all beside ;;
	alone) all alone --config $alone ;;
	esac
done
exit $failed
