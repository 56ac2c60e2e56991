#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_explain.sh RMAPDIFF SOURCE_DIR: what explain draws, by properties that must hold whatever it looks like.
set -u
source=$(realpath "$2")
. "$(dirname "$0")/cli.sh"
subcommand=explain
corpus=$source/corpus
both=$corpus/thread/c-remaps-both-kinds.rmap
unset NO_COLOR

narrow() {
	awk 'length($0) > 80 { exit 1 }' out || fail "$what: a line of more than 80 columns"
	! LC_ALL=C grep -q '[^ -~]' out || fail "$what: something else than printable ASCII"
}

# The divergence is pointed at in the drawing, and the report comes after.
arrow_then_report() {
	awk '/<== / && !arrow { arrow = NR } /DIVERGENCE/ { report = NR }
	     END { exit !(arrow && report && arrow < report) }' out
}

# Each folio that stands in a box is named in the list under it.
folios_named() {
	awk '
	function need() { for (f in boxed) if (!named[f]) { print "step " step ": folio " f; bad = 1 } }
	function drop() { for (f in boxed) delete boxed[f]; for (f in named) delete named[f] }
	/^  == / { need(); drop(); step = $3; letters = 0 }
	/a letter/ { letters = 1 }
	/^[-+~ ]     [A-Za-z]/ && /\|/ && !/tree:|remap:|refc/ && !letters {
		n = split($0, word, /[ |]+/)
		for (i = 3; i <= n; i++) if (word[i] ~ /^[0-9]+$/) boxed[word[i]] = 1
	}
	/^  *folios: unchanged/ { drop() }
	/^[-+~ ]     folios? [0-9]/ {
		split(substr($0, 7), word, / +/); split(word[2], ends, "-")
		if (!(2 in ends)) ends[2] = ends[1]
		for (f = ends[1] + 0; f <= ends[2] + 0; f++) named[f] = 1
	}
	END { need(); exit bad }' out >unnamed || { cat unnamed; fail "$what: a folio that is drawn is not named"; }
}

# Everything in the corpus.
for file in $(find "$corpus" -name '*.rmap' -not -path '*/bugs/*' -not -path '*/loses/*' | sort); do
	try 0 "$file"
	narrow
	says out "no divergence"
	try 0 --full "$file"
	narrow
	folios_named
	# Nothing is done twice, nothing is forgotten.
	ops=$(grep -cvE '^[[:space:]]*(#|$|base )' "$file")
	[ "$(grep -c '^  == steps\? ' out)" = "$ops" ] || fail "$what: expected $ops steps"
	cp out first
	try 0 --full "$file"
	cmp -s first out || fail "$what: not the same twice"
	says_not out '<=='
done
for file in "$corpus"/thread/*.rmap; do
	try 0 --pure "$file"
	narrow
	says out "the machine of anon_vma"
	says out "the machine of cow_context"
done

# What it shows, in one case, to the letter.
try 0 "$both"
tail -n +2 "$source/tests/explain_golden.txt" >golden
cmp -s out golden || {
	diff golden out | head -n 40
	fail "$what: expected tests/explain_golden.txt under its first line (if this is better, put it there, and into docs)"
}

# A divergence is pointed at, and reported as run does.
for file in "$corpus"/bugs/*.rmap; do
	bug=$(sed -n 's/^# bug: *//p' "$file") fix=$(sed -n 's/^# fix: *//p' "$file")
	options=$(sed -n 's/^# options: *//p' "$file")
	report=$(sed -n 's/^# report: *//p' "$file")
	[ -z "$fix" ] || continue # all others would have to be named here
	[ "${report%% *}" != asan ] || continue
	[ "$bug" = - ] || options="$options --bug $bug"
	# Where what was freed is touched, the sanitizers' word comes first; run says as much.
	status=0
	# shellcheck disable=SC2086 # words
	"$rmapdiff" run $options "$file" >ran 2>&1 || status=$?
	[ $status = 1 ] || continue
	grep -q AddressSanitizer ran && continue
	# shellcheck disable=SC2086 # words
	try 1 $options "$file"
	narrow
	[ "${report%% *}" = result ] || arrow_then_report || fail "$what: expected an arrow, then the report"
done
printf 'mmap A 0x10 2 rw\nwrite A 0x10 2\nfork A B # two\nmremap B 0x10 2 2 to=0x40\n' >moved.rmap
try 1 --bug remap-not-recorded-at-move moved.rmap
says out '^  ^ <== cow_context does not find folios 1-2 here'
says out '^ <== cow_context does not find folios 1-2 at B:0x40-0x41'
says out 'DIVERGENCE'
says out '# two'
# Those that lie between and are found are not named.
printf 'mmap A 0x10 4 rw\nwrite A 0x10 4\nfork A B\nwrite B 0x11\nmremap B 0x10 4 4 to=0x40\n' >between.rmap
try 1 --last --bug remap-not-recorded-at-move between.rmap
tr -d '\n' <out | tr -s ' ' | grep -qF 'does not find folios 1,3-5 here' || fail "$what: expected 1,3-5"
printf 'mmap A 0 1 rw\nmunmap A 0 1 = ENOMEM\n' >asserted.rmap
try 1 asserted.rmap
says out '<== expected ENOMEM'

# A part only.
try 0 --step 6 "$both"
says out '== step 6 of 10'
[ "$(grep -c '^  == step' out)" = 1 ] || fail "$what: expected one step"
says out 'C[0x80,0x84)'
try 0 --last "$both"
says out '== step 10 of 10'
try 1 --last --bug remap-not-recorded-at-move moved.rmap
says out '== step 4 of 4'
for part in vmas anon_vma cow_context folios; do
	try 0 --step 6 --only $part "$both"
	[ "$(grep -cE '^    (processes and VMAs|anon_vma|cow_context|folios, and .*)$' out)" = 1 ] ||
		fail "$what: expected one part"
done
try 0 --step 6 --only cow_context,folios "$both"
says out 'remap: offsets 0x10-0x13 at 0x80-0x83 (+0x70)'
says_not out 'num_children'
try 0 --rmap cow_context --last "$both"
says_not out 'num_children'
try 0 --pure --step 6 "$both"
says out 'the machine of cow_context'

# Marks: what a step adds, changes and takes away.
try 0 --step 6 "$both"
grep -q '^-     C\[0x10,0x14)' out || fail "$what: expected what is gone"
grep -q '^+     C\[0x80,0x84)' out || fail "$what: expected what is new"
grep -q '^~     C  ' out || fail "$what: expected what has changed"
grep -q '^      A\[0x10,0x14)' out || fail "$what: expected what stays"

# Too much is cut, and that is said.
"$rmapdiff" gen random --seed 5 --ops 400 --procs 20 --pages 200 >large.rmap
printf 'mmap A 0x10 2 rw\nwrite A 0x10 2\n' >in10.rmap
try 0 --step 400 large.rmap
narrow
says out 'more left out; --full shows them'
for child in B C D E F G H I J K; do echo "fork A $child"; done | cat in10.rmap - >many.rmap
try 0 --last many.rmap
narrow
says out 'more processes not drawn; --full draws them'
try 0 --full --last many.rmap
narrow
says_not out "not drawn"
try 0 --full --step 400 large.rmap
narrow
says_not out 'left out; --full'
printf 'mmap A 0 100000 rw\nmmap A 0x1000000 3 rw\nwrite A 0x1000000 3\n' >wide.rmap
try 0 wide.rmap
narrow
says out 'a letter for'

# Colour.
escape=$(printf '\033')
try 0 --last "$both"
says_not out "$escape"
try 0 --last --color=always "$both"
says out "$escape"
# Where there is a terminal to be had: a chroot may be without.
if command -v script >/dev/null && script -qec true /dev/null >out 2>err </dev/null; then
	script -qec "$rmapdiff explain --last $both" /dev/null >out 2>err </dev/null
	says out "$escape"
	NO_COLOR=1 script -qec "$rmapdiff explain --last $both" /dev/null >out 2>err </dev/null
	says_not out "$escape"
	script -qec "$rmapdiff explain --last --color=never $both" /dev/null >out 2>err </dev/null
	says_not out "$escape"
fi

# A graph that Graphviz takes.
for file in "$corpus"/thread/*.rmap; do
	try 0 --dot "$file"
	says out digraph
	! command -v dot >/dev/null || dot -Tsvg out >svg 2>err || fail "$what: dot does not take it"
	[ ! -s err ] || fail "$what: dot complains"
done
try 1 --dot --bug remap-not-recorded-at-move moved.rmap
says out 'cow_context: not found'
try 0 --dot --pure --step 6 "$both"
says out 'm1_o0'

# Files.
try 0 -o drawn.txt "$both"
[ ! -s out ] && [ -s drawn.txt ] || fail "$what: expected it in drawn.txt"
cp drawn.txt before
bad -o drawn.txt "$both"
cmp -s drawn.txt before || fail "$what: overwritten"
try 0 --force --last -o drawn.txt "$both"
bad -o nowhere/drawn.txt "$both"
cp "$both" in.rmap
"$rmapdiff" convert --strip --to bytes -o in.bytes in.rmap
try 0 in.bytes
says out 'step 10 of 10'

# Bad input.
: >empty
printf 'mmap A 0 4 rw\nmmap A 0 nonsense rw\n' >syntax.rmap
printf '\001\002' >short
yes '# nothing' | head -n 100000 >nothing
{ cat nothing; echo 'mmap A 0 1 rw'; } >comment
head -c 70000000 /dev/zero >huge
bad
bad "$both" "$both"
bad missing.rmap
bad empty
bad .
bad syntax.rmap
bad short
bad huge
bad --step 0 "$both"
bad --step 11 "$both"
bad --step x "$both"
bad --step 2 --last "$both"
bad --only nonsense "$both"
bad --only , "$both"
bad --color=perhaps "$both"
bad --rmap nonsense "$both"
bad --nonsense "$both"
# It ends at the divergence: there is no step after it.
printf 'read A 0x40\nread A 0x41\n' >>moved.rmap
bad --bug remap-not-recorded-at-move --step 5 moved.rmap
bad nothing
try 0 comment
narrow
says out '1 of 1 operations done'
if "$rmapdiff" explain "$both" >/dev/full 2>err; then
	fail "explain: a full device is no success"
fi
try 0 --help
says out '--only'

finish
