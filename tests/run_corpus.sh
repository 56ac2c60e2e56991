#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_corpus.sh RMAPDIFF CORPUS [OPTION...]: replays all scenarios in CORPUS but those that lose by design.
set -eu
rmapdiff=$1 corpus=$2
shift 2
# A file name with blanks would fall apart here; there is none in corpus/.
files=$(find "$corpus" -name '*.rmap' -type f -not -path '*/loses/*' | sort)
[ -n "$files" ] || { echo "$corpus: no scenarios" >&2; exit 1; }
# shellcheck disable=SC2086
out=$("$rmapdiff" run "$@" $files) || { printf '%s\n' "$out"; exit 1; }
printf '%s\n' "$out"
case $(printf '%s\n' "$out" | tail -n 1) in
*" 0 divergences") ;;
*) echo "the last line does not say 0 divergences" >&2; exit 1 ;;
esac
