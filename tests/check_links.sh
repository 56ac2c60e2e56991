#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check_links.sh SOURCE_DIR: what documents link to within the repository is
# there: [text](file), [text](file#part) and [text](#part), where a part is a
# heading as GitHub names it.
set -eu
# shellcheck source=tests/files.sh
. "$(dirname "$0")/files.sh"
cd "$1"
# shellcheck disable=SC2046 # names without blanks
awk '
# The name that GitHub gives the heading @line.
function part_of(line) {
	sub(/^#+ +/, "", line)
	line = tolower(line)
	gsub(/[^a-z0-9 _-]/, "", line)
	gsub(/ /, "-", line)
	return line
}

function read_parts(file,    line, in_block) {
	if (file in is_read)
		return
	is_read[file] = 1
	while ((getline line <file) > 0) {
		if (line ~ /^```/)
			in_block = !in_block
		if (!in_block && line ~ /^#+ /)
			parts[file, part_of(line)] = 1
	}
	close(file)
}

function check(target,    file, part, dir) {
	nr++
	part = file = target
	if (!sub(/^[^#]*#/, "", part))
		part = ""
	sub(/#.*/, "", file)
	dir = FILENAME
	if (!sub(/\/[^\/]*$/, "/", dir))
		dir = ""
	file = file == "" ? FILENAME : dir file
	if (system("test -e \"" file "\"")) {
		print FILENAME ":" FNR ": link to " target ": there is no " file
		bad = 1
	} else if (part != "") {
		read_parts(file)
		if (!((file, part) in parts)) {
			print FILENAME ":" FNR ": link to " target ": no such heading"
			bad = 1
		}
	}
}

FNR == 1 { in_block = 0 }
/^```/ { in_block = !in_block }
!in_block {
	rest = $0
	while (match(rest, /\]\([^()]+\)/)) {
		target = substr(rest, RSTART + 2, RLENGTH - 3)
		rest = substr(rest, RSTART + RLENGTH)
		if (target !~ /^[a-z]+:/)
			check(target)
	}
}
END {
	print nr + 0 " links"
	exit bad || !nr
}' $(source_files '[.]md$')
