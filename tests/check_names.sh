#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check_names.sh SOURCE_DIR: no two functions have one name, static ones
# included, so that whoever looks for a function finds that one.
#
# A definition is a name before a parenthesis in a line that begins a
# declaration, and further down a line "{": as clang-format leaves functions,
# and nothing else.  What macros define is not seen.
set -eu
# shellcheck source=tests/files.sh
. "$(dirname "$0")/files.sh"
cd "$1"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# A name in several files, and why.  One that stands here in vain is a failure.
cat >"$dir/allowed" <<'LIST'
main                    one for each program
LLVMFuzzerInitialize    libFuzzer's: one for each fuzz target
LLVMFuzzerTestOneInput  libFuzzer's: one for each fuzz target
bench_kernel            kernel_stub.c has it for builds without BPF
cmd_kernel              kernel_stub.c has it for builds without BPF
stats_kernel_sizes      kernel_stub.c has it for builds without BPF
stats_slabs             kernel_stub.c has it for builds without BPF
contexts_begin          the tree's adapter, and what a tree without contexts has
contexts_check          the tree's adapter, and what a tree without contexts has
contexts_describe       the tree's adapter, and what a tree without contexts has
contexts_end            the tree's adapter, and what a tree without contexts has
contexts_note_folio     the tree's adapter, and what a tree without contexts has
contexts_reason         the tree's adapter, and what a tree without contexts has
contexts_start_look     the tree's adapter, and what a tree without contexts has
contexts_walk           the tree's adapter, and what a tree without contexts has
LIST

# Test programs are not linked with each other, and all name their cases and
# fixtures as cmocka does.  A stand-in for a kernel's file is linked with a
# kernel only, and has that file's names.
is_named_by_others() {
	case $1 in
	tests/tree/cow_context/*) return 0 ;;
	tests/*) is_cmocka=yes ;;
	*) is_cmocka= ;;
	esac
	return 1
}

source_files '[.][ch]$' | while IFS= read -r file; do
	is_named_by_others "$file" || printf '%s\t%s\n' "$file" "$is_cmocka"
done >"$dir/files"

awk -v files="$dir/files" -v allowed="$dir/allowed" '
# The name of the function that @line begins, or "".
function name_of(line) {
	gsub(/__attribute__\(\(([^()]|\([^()]*\))*\)\)/, "", line)
	if (line !~ /^[a-zA-Z_].*[a-zA-Z_0-9]\(/ || line ~ /;$/)
		return ""
	sub(/\(.*/, "", line)
	sub(/.*[^a-zA-Z_0-9]/, "", line)
	return line
}

function define(name, file) {
	if (index(where[name] " ", " " file " "))
		return
	where[name] = where[name] " " file
	times[name]++
}

function read_file(file, is_cmocka,    line, name, begun) {
	while ((getline line <file) > 0) {
		if (line == "{" && name != "" &&
		    !(is_cmocka && name ~ /^(test_|setup|teardown)/))
			define(name, file)
		if (line ~ /^[{}]/)
			name = ""
		begun = name_of(line)
		if (begun != "")
			name = begun
	}
	close(file)
}

BEGIN {
	while ((getline line <allowed) > 0) {
		split(line, words, " ")
		is_allowed[words[1]] = 1
	}
	while ((getline line <files) > 0) {
		split(line, words, "\t")
		read_file(words[1], words[2])
	}
	for (name in where) {
		nr++
		if (times[name] > 1 && !(name in is_allowed)) {
			print name ": defined in" where[name]
			bad = 1
		}
	}
	for (name in is_allowed)
		if (times[name] < 2) {
			print name ": allowed in several files, and is not: take it off the list"
			bad = 1
		}
	# There were 3,900 when this was written.
	print nr " names of functions"
	if (nr < 2000) {
		print "too few: definitions are not seen"
		bad = 1
	}
	exit bad
}' >"$dir/said" || status=$?
sort "$dir/said"
exit "${status-0}"
