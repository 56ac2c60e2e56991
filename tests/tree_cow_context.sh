#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: tests/tree_cow_context.sh TREE [--scenarios] [FAULT...]
# The adapter for mm/cow_context.c (tree/adapt) on a stand-in, tests/tree/cow_context, that is laid over a copy of
# TREE, an unpacked Linux 6.12. The corpus has no finding on it, beside anon_vmas and alone; then each FAULT, all of
# tests/tree/cow_context/faults by default, is put into the stand-in, and its own scenario and the corpus are run.
# Prints a line for each fault: how many files of the corpus have findings, which kind its scenario shows.
# --scenarios runs no corpus.
# Builds a kernel: minutes, and 3 GB in build/tree; run by hand. Exit status: 0 all as the list says, 1 not so.
set -eu
cd "$(dirname "$0")/.."
list=tests/tree/cow_context/faults
[ $# -ge 1 ] || {
	echo "tests/tree_cow_context.sh: expected TREE, an unpacked Linux 6.12" >&2
	exit 2
}
from=$1
shift
corpus=corpus
if [ "${1-}" = --scenarios ]; then
	corpus=
	shift
fi
copy=build/tree/cow_context/linux-6.12-cow
mkdir -p build/tree
dir=$(mktemp -d -p "$PWD/build/tree")
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM

if [ ! -f $copy/mm/cow_context.c ]; then
	rm -rf build/tree/cow_context
	mkdir -p build/tree/cow_context
	cp -a --reflink=auto "$from" $copy
	tests/tree/cow_context/lay-over $copy
fi
# Never by an older time stamp: kbuild would not see it.
cmp -s tests/tree/cow_context/cow_context.c $copy/mm/cow_context.c ||
	cp tests/tree/cow_context/cow_context.c $copy/mm/cow_context.c
echo CONFIG_COW_CONTEXT_ANON_RMAP=y >build/tree/cow_context/alone
failed=0

# run FILE... -- OPTIONS: the corpus or a scenario on the copy, into $dir/out.
run() {
	scripts/tree run $copy "$@" >"$dir/out" 2>"$dir/err" || [ $? = 1 ] || {
		cat "$dir/err" >&2
		echo "tests/tree_cow_context.sh: scripts/tree run $copy: no result" >&2
		exit 1
	}
}

# How many disagreements, and what the first one begins with.
disagreements() {
	sed -n '$s/.* ops, \([0-9]*\) disagreements$/\1/p' "$dir/out"
}
kind() {
	sed -n '/^FINDING/{s/^FINDING //;s/^.*MISMATCH!/MISMATCH!/;p;q}' "$dir/out"
}

clean() {
	run "$@" -q corpus
	printf '%-22s %4s files of the corpus\n' "$what" "$(disagreements)"
	[ "$(disagreements)" = 0 ] || failed=1
}

# put_in FILE SED: FILE with a fault, compiled by kbuild's own command for it, in a build of its own.
put_in() {
	rm -rf "$dir/build"
	cp -al "$out" "$dir/build"
	sed "$2" "$copy/$1" >"$dir/$(basename "$1")"
	! cmp -s "$copy/$1" "$dir/$(basename "$1")" || return 1
	command=$(sed -n '1s/^[^=]*:= //p' "$out/$(dirname "$1")/.$(basename "$1" .c).o.cmd" |
		sed "s|[^ ]*/$1\\( .*\\)\\{0,1\\}\$|-iquote $(cd "$copy/$(dirname "$1")" && pwd -P) $dir/$(basename "$1")|")
	(cd "$dir/build" && rm "${1%.c}.o" kernel.o tree_run && sh -c "$command" &&
		cp vmlinux.a vmlinux.a.new && mv vmlinux.a.new vmlinux.a &&
		make -s -f "$tests/../tree/link.mk" GLUE="$tests/../tree" HOST="$tests/../build/tree/host" tree_run) \
		>"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		echo "tests/tree_cow_context.sh: $1 does not compile" >&2
		exit 1
	}
}
run_program() {
	"$dir/build/tree_run" "$@" >"$dir/out" 2>"$dir/err" || [ $? = 1 ] || {
		cat "$dir/err" >&2
		exit 1
	}
}

tests=$PWD/tests
out=$(scripts/tree build "$copy" | sed -n 's/.* in \(.*\), [0-9]* seconds$/\1/p')
if [ $# = 0 ] && [ -n "$corpus" ]; then
	what='beside anon_vmas' && clean
	what='alone' && clean --config build/tree/cow_context/alone
fi

grep -v '^#' $list | while IFS='%' read -r name file sed seen scenario; do
	[ $# = 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
	result=ok
	put_in "$file" "$sed" || result='does not apply'
	printf '%s\n' "$scenario" | tr / '\n' >"$dir/$name.scn"
	run_program --compare walks "$dir/$name.scn"
	found=$(kind)
	nr=
	if [ -n "$corpus" ]; then
		run_program --compare walks -q corpus
		nr="$(disagreements) files of the corpus; "
	fi
	case ${found:-nothing} in
	"$seen"*) ;;
	*) result="not as listed: $seen" ;;
	esac
	[ "$result" = ok ] || echo failed >"$dir/failed"
	printf '%-22s %s%s: %.100s\n' "$name" "$nr" "$result" "${found:-nothing}"
done
[ ! -f "$dir/failed" ] || failed=1
exit $failed
