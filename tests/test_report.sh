#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_report.sh RMAPDIFF SOURCE_DIR: the pieces of scripts/report, on a few small replays: figures, pictures, claims, page.
set -u
source=$(realpath "$2")
for tool in jq gnuplot; do
	command -v $tool >/dev/null || { echo "no $tool"; exit 77; }
done
. "$(dirname "$0")/cli.sh"

# row SERIES X NAME ARGUMENT...: one replay's lines, as scripts/report has them.
row() {
	series=$1 x=$2 name=$3
	shift 3
	"$rmapdiff" gen "$name" "$@" >"$name.rmap" &&
		"$rmapdiff" stats --json "$name.rmap" >"$name.json" &&
		jq -r -f "$source/scripts/report.jq" "$name.json" >one &&
		sed "s|^|$series	$x	$name	|" one >>rows || fail "$name $*"
}

for size in 10 20; do
	row size $size zygote --size $size
	row size $size files --size $size
done
row own 1 zygote --size 10 --own 1
row spaces 2 gc --size 5 --spaces 2
row libs 4 zygote --size 10 --libs 4
sort -t '	' -k 1,1 -k 3,3 -k 2,2n -k 4,4 rows >sorted

# made DIR: report, from sorted.
made() {
	mkdir -p "$1/plot" "$1/report"
	awk -f "$source/scripts/report.awk" -v dir="$1" sorted || fail "report.awk"
	for script in "$1"/plot/*.gp; do
		name=$(basename "$script" .gp)
		(cd "$1/plot" && gnuplot "$name.gp") >raw 2>err || fail "gnuplot $name: $(cat err)"
		awk -f "$source/scripts/report-svg.awk" raw >"$1/report/$name.svg"
	done
	cp "$1/figures.md" "$1/REPORT.md"
	awk -f "$source/scripts/report-html.awk" -v dir="$1" "$1/REPORT.md" >"$1/report.html" || fail "report-html.awk"
}
made a
made b
for file in values figures.md report.html $(cd a && echo report/*.svg); do
	cmp -s "a/$file" "b/$file" || fail "$file: not the same again"
	[ -s "a/$file" ] || fail "$file: empty"
done
[ "$(echo a/report/*.svg | wc -w)" = 9 ] || fail "not nine pictures: $(echo a/report/*.svg)"
for picture in a/report/*.svg; do
	grep -q '<path.*d=' "$picture" || fail "$picture: nothing drawn"
	grep -q currentColor "$picture" || fail "$picture: colours are not the page's"
	! grep -qi 'gnuplot [0-9]' "$picture" || fail "$picture: says by which version"
done

# The figures are those of the JSON, reckoned another way.
size=$("$rmapdiff" gen files --size 20 | "$rmapdiff" stats --json - | jq -r '
	.files[0].rmaps | (.[0].memory.peak.bytes / .[1].memory.peak.bytes), (.[1].walks.reclaim | .useless.sum * 100 / .visits.sum)' |
	awk '{ printf "%s%.6g", s, $1; s = " " }')
awk '$1 == "ratio/files/20/anon_vma" { a = $2 } $1 == "useless/files/20/cow_context" { b = $2 }
	END { printf "%.6g %.6g", a, b }' a/values >figures
[ "$size" = "$(cat figures)" ] || fail "figures of files 20: $(cat figures), expected $size"
grep -q '^| files | 20 | ' a/figures.md || fail "no row for files 20"

# The page asks for nothing from elsewhere, and has all pictures.
! grep -Eqi '<script|<link|<img|<iframe|@import|url\(|(src|href)="?(https?:)?//' a/report.html || fail "the page asks for something"
[ "$(grep -c '<svg' a/report.html)" = 9 ] || fail "the page has not nine pictures"
[ "$(grep -o '<t[dh]' a/report.html | wc -l)" -gt 100 ] || fail "the page has no tables"

# claims TEXT...: MEANING.md of these lines; err has what was wrong.
claims() {
	printf '%s\n' "$@" >MEANING.md
	awk -f "$source/scripts/report-meaning.awk" a/values MEANING.md >out 2>err
}
item='- **So.** It is {{vmas/files/20/anon_vma}}. (Figure 1; `rmapdiff stats x`.)'
claims '# What' "$item" '<!-- vmas/files/20/anon_vma > vmas/files/10/anon_vma -->' || fail "a claim that is so: $(cat err)"
grep -q '^- \*\*So.\*\* It is [0-9][0-9]*\. (Figure' out || fail "not filled in: $(cat out)"
! grep -q '<!--' out || fail "the comment is printed"
refused() {
	what=$1
	shift
	! claims "$@" || fail "accepted, expected '$what'"
	grep -qF -e "$what" err || fail "expected '$what': $(cat err)"
}
refused "not so any more" '# What' "$item" '<!-- vmas/files/20/anon_vma < 3 -->'
refused "no figure of the name nothing" '# What' "$item" '<!-- nothing > 3 -->'
refused "no figure of the name nothing" '# What' "$item {{nothing}}" '<!-- vmas/files/20/anon_vma > 3 -->'
refused "expected <!-- NAME OP" '# What' "$item" '<!-- vmas/files/20/anon_vma = 3 -->'
refused "no figure and command" '# What' '- **So.** It is.' '<!-- vmas/files/20/anon_vma > 3 -->'
refused "against no figure" '# What' "$item" '<!-- vmas/files/20/anon_vma > 3 -->' "$item" ''
refused "no claim" '# What'

# Bad arguments, before anything is installed or built.
for bad in "--sizes ten" "--sizes 10,20000" "--sizes 0" "--jobs 0" "--only nothing" "--sizes" "nonsense"; do
	status=0
	# shellcheck disable=SC2086 # words
	"$source/scripts/report" $bad >out 2>err || status=$?
	[ $status = 2 ] && [ "$(wc -l <err)" = 1 ] && [ ! -s out ] || fail "scripts/report $bad: exit status $status: $(cat out err)"
done

finish
