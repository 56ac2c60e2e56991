# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the tests of a linked kernel tree: $1 is its build, $2 its source, $3 what scripts/tree calls it. They find
# themselves in $dir, a directory of their own, beside the build, so that its files can be linked to; the last word of each
# is finish.
# shellcheck shell=sh disable=SC2034
set -eu
build=$(cd "$1" && pwd -P)
source=$(cd "$2" && pwd -P)
path=$3
repository=$(cd "$(dirname "$0")/../.." && pwd -P)
rmapdiff=$repository/build/tree/host/rmapdiff
dir=$(mktemp -d -p "$repository/build/tree" "test-$(basename "$0" .sh).XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir"
exec </dev/null
: >out
: >err
nr_failed=0

# run BUILD ARGUMENT...: as scripts/tree run does it.
run() {
	program=$1/tree_run
	shift
	"$program" --known "$repository/tree/known" "$@"
}

# fail TEXT...: with the end of what the program said.
fail() {
	echo "FAIL: $*"
	for stream in out err; do
		[ -s "$stream" ] || continue
		echo "--- $stream:"
		grep -E '^(FINDING|DISAGREEMENT) ' "$stream" || true
		tail -n 20 "$stream"
	done
	nr_failed=$((nr_failed + 1))
}

# try STATUS BUILD ARGUMENT...: what run() says is in out and err.
try() {
	expected=$1
	shift
	what="${1##*/}/tree_run"
	for argument; do
		[ "$argument" = "$1" ] || what="$what $argument"
	done
	status=0
	run "$@" >out 2>err || status=$?
	[ "$status" = "$expected" ] || fail "$what: expected exit status $expected, got $status"
}

# says FILE PATTERN, an extended regular expression.
says() {
	grep -qE -e "$2" "$1" || fail "$what: expected '$2' in $1"
}

# mutant FILE SED [PROGRAM...]: programs (tree_run) of the tree with its FILE (mm/rmap.c) changed by the sed script SED, in
# $mutant. The tree and its build stay what they are: FILE is compiled from a copy, as kbuild compiled it, and linked with
# the objects of the build.
nr_mutants=0
mutant() {
	nr_mutants=$((nr_mutants + 1))
	mutant=$dir/mutant$nr_mutants
	what="the mutant $2 of $1"
	file=$1
	object=${file%.c}.o
	note=$(dirname "$file")/.$(basename "$object").cmd
	mkdir -p "$mutant.source/$(dirname "$file")"
	sed -E "$2" "$source/$file" >"$mutant.source/$file"
	if cmp -s "$source/$file" "$mutant.source/$file"; then
		fail "$what: the pattern is nowhere in it"
		return 1
	fi
	shift 2
	[ $# -gt 0 ] || set -- tree_run
	# Links: what is made anew is removed first, and never written into.
	cp -al "$build" "$mutant"
	if (cd "$mutant" && rm -f kernel.o kernel.o.tmp tree_run fuzz_tree "$object" &&
		cp vmlinux.a vmlinux.a.new && mv vmlinux.a.new vmlinux.a &&
		command=$(sed -n '1s/^[^=]*:= //p' "$note" | sed "s|[^ ]*/$file\\( .*\\)\\{0,1\\}\$|$mutant.source/$file|; s|-Wp,-MMD,[^ ]*||") &&
		eval "$command -ffile-prefix-map=$mutant.source/=" &&
		make -s -f "$repository/tree/link.mk" GLUE="$repository/tree" HOST="$repository/build/tree/host" "$@") \
		>mutant.log 2>&1; then
		return 0
	fi
	tail -n 20 mutant.log
	fail "$what does not build"
	return 1
}

# at FUNCTION: a pattern for it, and its place in the tree.
at() {
	printf '%s [a-z0-9_/]+\\.[ch]:[0-9]+' "$1"
}

finish() {
	echo "$nr_failed failures"
	[ "$nr_failed" = 0 ]
}
