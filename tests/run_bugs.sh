#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_bugs.sh RMAPDIFF CORPUS: each bug that can be put back is found, by the corpus or else by a random scenario; and
# whatever it breaks, in every mode the checks come to an end and say what they found.
set -eu
rmapdiff=$1 corpus=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
find "$corpus" -name '*.rmap' -type f | sort >"$dir/files"
"$rmapdiff" gen random --seed 1 --ops 20000 --procs 8 >"$dir/random.rmap"
failed=0

# finds BUG FILE...: 0 if a divergence is found and named, or freed memory was touched and a sanitizer says so.
finds() {
	bug=$1
	shift
	status=0
	"$rmapdiff" run --bug "$bug" "$@" >"$dir/out" 2>"$dir/err" || status=$?
	[ $status = 1 ] && cat "$dir/out" "$dir/err" | grep -qE '^DIVERGENCE |ERROR: AddressSanitizer'
}

# What no check between operations can see.
is_silent() {
	case $1 in
	# A VMA that stays linked is walked in vain; nothing is lost by it.
	dontunmap-no-unlink) return 0 ;;
	# Nobody walks while an operation is going on.
	context-freed-without-grace-period) return 0 ;;
	esac
	return 1
}

# ends_well BUG MODE...: the corpus is replayed to the end, divergences or not.
ends_well() {
	bug=$1
	shift
	status=0
	# shellcheck disable=SC2046 # file names without blanks
	"$rmapdiff" run --bug "$bug" "$@" $(cat "$dir/files") >"$dir/out" 2>"$dir/err" || status=$?
	[ $status -le 1 ] && tail -n 1 "$dir/out" | grep -q ' divergences$' && return 0
	tail -n 20 "$dir/err"
	echo "FAIL: $bug $*: status $status"
	return 1
}

# Freed memory may be touched before a check comes by; that is for the sanitizers to say.
loses_references() {
	case $1 in
	child-ref-not-taken | fork-links-parent | clone-enomem-half-linked | avc-left-in-tree) return 0 ;;
	degree-double-reuse | context-freed-without-grace-period) return 0 ;;
	esac
	return 1
}

for bug in $("$rmapdiff" list | sed '1,/^bugs/d; /^fixes/,$d' | awk '{ print $1 }'); do
	# shellcheck disable=SC2046 # file names without blanks
	if finds "$bug" $(cat "$dir/files"); then
		found="by the corpus: $(tail -n 1 "$dir/out")"
	elif finds "$bug" "$dir/random.rmap"; then
		found="by a random scenario, $(grep -o '^DIVERGENCE [a-z]*' "$dir/out")"
	else
		found=
	fi
	if [ -n "$found" ] && ! is_silent "$bug"; then
		echo "$bug: found $found"
	elif [ -z "$found" ] && is_silent "$bug"; then
		echo "$bug: not found, as expected"
	else
		echo "FAIL: $bug: ${found:-not found}"
		failed=1
	fi
	loses_references "$bug" && continue
	ends_well "$bug" --pure || failed=1
	ends_well "$bug" --check both || failed=1
	ends_well "$bug" --check all --as-of 7.0 || failed=1
	# Without a look inside, what a process sees must tell.
	case $bug in
	walk-* | remap-* | child-joins-grandparent | split-forgets-faulted)
		ends_well "$bug" --pure --check none || failed=1 ;;
	esac
done
exit $failed
