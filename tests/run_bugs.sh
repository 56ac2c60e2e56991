#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_bugs.sh RMAPDIFF CORPUS: whatever a bug breaks, in every mode the corpus is replayed and checked to the end, and
# what was found is said.  That each is found is for run_catalogue.sh.
set -eu
rmapdiff=$1 corpus=$2
# shellcheck source=tests/runner.sh
. "$(dirname "$0")/runner.sh"
find "$corpus" -name '*.rmap' -type f | sort >"$dir/files"

# ends_well BUG MODE...: the corpus is replayed to the end, divergences or not.
ends_well() {
	bug=$1
	shift
	status=0
	# shellcheck disable=SC2046 # file names without blanks
	"$rmapdiff" run --bug "$bug" "$@" $(cat "$dir/files") >"$dir/out" 2>"$dir/err" || status=$?
	[ $status -le 1 ] && tail -n 1 "$dir/out" | grep -q ' divergences$' && return 0
	tail -n 20 "$dir/err"
	fail "$bug $*: status $status"
}

# Freed memory may be touched before a check comes by; that is for the sanitizers to say.
loses_references() {
	case $1 in
	child-ref-not-taken | fork-links-parent | clone-enomem-half-linked | avc-left-in-tree) return 0 ;;
	degree-double-reuse | context-freed-without-grace-period) return 0 ;;
	absorbed-stays-linked | folio-ref-dropped-twice) return 0 ;;
	esac
	return 1
}

for bug in $(listed bugs); do
	loses_references "$bug" && continue
	ends_well "$bug" --pure
	ends_well "$bug" --check both
	ends_well "$bug" --check all --as-of 7.0
	# Without a look inside, what a process sees must tell.
	case $bug in
	walk-* | remap-* | child-joins-grandparent | split-forgets-faulted | prepare-not-recorded)
		ends_well "$bug" --pure --check none ;;
	esac
done
exit $failed
