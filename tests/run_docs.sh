#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_docs.sh [--record] RMAPDIFF SOURCE_DIR FILE...: what documents show is what comes.
#
# A block opened by ``` alone is a session: lines "$ COMMAND", each followed by exactly what it prints, on standard output and
# standard error; at the end "[status N]" if the exit status matters. A line "..." stands for any number of lines. A command
# that ends in " \" goes on in the next line. Blocks opened by ```text or with another word are not looked at: what depends
# on the machine or the time belongs there. A document with <!-- 80 columns --> keeps to them in its sessions.
#
# Commands are pipelines of rmapdiff, cat, grep, head, tail and sed -n, without redirections. They run, all those of a document one
# after the other, in a directory of their own that has corpus/ and tests/ of SOURCE_DIR: a file made by one is there for
# the next.
#
# --record puts what comes into the documents (not where there is a "...").
set -eu
record=0
if [ "$1" = --record ]; then
	record=1
	shift
fi
rmapdiff=$(realpath "$1") source=$(realpath "$2")
shift 2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
unset NO_COLOR

mkdir "$dir/bin"
ln -s "$rmapdiff" "$dir/bin/rmapdiff"
PATH=$dir/bin:$PATH
LC_ALL=C
export PATH LC_ALL

cat >"$dir/sessions.awk" <<'AWK'
function fail(what) {
	print "FAIL: " name ":" NR ": " what >"/dev/stderr"
	nr_failed++
}

# Why COMMAND may not be run, or "".
function why_not(command,    parts, n, i, words) {
	if (command ~ /[;&<>`"\\]|\$\(/)
		return "pipelines only, without ; & < > ` \" \\ $("
	n = split(command, parts, / \| /)
	for (i = 1; i <= n; i++) {
		split(parts[i], words, " ")
		if (words[1] == "rmapdiff" || (i == 1 && words[1] ~ /^(cat|grep)$/))
			continue
		if (i > 1 && words[1] ~ /^(grep|head|tail)$/)
			continue
		if (i > 1 && words[1] == "sed" && words[2] == "-n" && parts[i] ~ /p(\047|$)/)
			continue
		return "not among the commands: " words[1]
	}
	return ""
}

# Runs COMMAND; what comes is in came[1..nr_came].
function run(command,    shell, line, status) {
	shell = command
	gsub(/\047/, "\047\\\047\047", shell)
	shell = "cd \"" dir "/work\" && sh -c \047" shell "\047 >\"" dir "/out\" 2>&1 </dev/null"
	status = system(shell)
	close(shell)
	nr_came = 0
	while ((getline line <(dir "/out")) > 0)
		came[++nr_came] = line
	close(dir "/out")
	return status
}

# Do shown[from..to] stand for came[at..nr_came]?
function matches(from, to, at) {
	for (; from <= to && shown[from] != "..."; from++)
		if (at > nr_came || shown[from] != came[at++])
			return 0
	if (from > to)
		return at > nr_came
	for (; at <= nr_came + 1; at++)
		if (matches(from + 1, to, at))
			return 1
	return 0
}

# One command is over: its text is in command, what the document has below it in shown[1..nr_shown].
function finish(    reason, status, i, elided, says) {
	if (command == "")
		return
	nr_commands++
	reason = why_not(command)
	if (reason != "") {
		fail(reason)
		command = ""
		return
	}
	status = run(command)
	says = ""
	if (nr_shown && shown[nr_shown] ~ /^\[status [0-9]+\]$/)
		says = shown[nr_shown--]
	for (i = 1; i <= nr_shown; i++)
		elided = elided || shown[i] == "..."
	if (!matches(1, nr_shown, 1) && (!record || elided)) {
		fail("not what comes of: " command)
		for (i = 1; i <= nr_came && i <= 40; i++)
			print "  came: " came[i] >"/dev/stderr"
	}
	if (says != "" && says != "[status " status "]" && !record)
		fail("exit status " status " of: " command)
	if (record && !elided)
		for (i = 1; i <= nr_came; i++)
			out(came[i])
	else
		for (i = 1; i <= nr_shown; i++)
			out(shown[i])
	if (says != "")
		out(record ? "[status " status "]" : says)
	command = ""
}

# A blank line between two commands belongs to neither.
function finish_before_next(    blank) {
	blank = nr_shown && shown[nr_shown] == ""
	if (blank)
		nr_shown--
	finish()
	if (blank)
		out("")
}

function out(line) {
	if (narrow && length(line) > 80)
		fail("more than 80 columns: " line)
	print line
}

FNR == 1 && narrow_known == "" {
	while ((getline line <FILENAME) > 0)
		if (line == "<!-- 80 columns -->")
			narrow = 1
	close(FILENAME)
	narrow_known = 1
}

!in_block && /^```/ {
	in_block = $0 == "```" ? "session" : "text"
	command = ""
	nr_in_block = nr_shown = 0
	print
	next
}

in_block && /^```$/ {
	finish()
	if (in_block == "session" && !nr_in_block)
		fail("a block without a command: say ```text")
	in_block = ""
	print
	next
}

in_block == "session" && continued {
	out($0)
	continued = sub(/ \\$/, "")
	sub(/^ +/, "")
	command = command " " $0
	next
}

in_block == "session" && /^\$ / {
	finish_before_next()
	nr_in_block++
	out($0)
	continued = sub(/ \\$/, "")
	command = substr($0, 3)
	nr_shown = 0
	next
}

in_block == "session" {
	if (command == "")
		fail("output without a command")
	shown[++nr_shown] = $0
	next
}

!in_block && /^ +\$ / {
	fail("a command outside a session")
}

{ print }

END {
	if (in_block)
		fail("a block without an end")
	if (!nr_commands)
		fail("no command at all")
	print name ": " nr_commands + 0 " commands" >"/dev/stderr"
	exit nr_failed > 0
}
AWK

for file; do
	rm -rf "$dir/work"
	mkdir "$dir/work"
	ln -s "$source/corpus" "$source/tests" "$dir/work"
	if ! awk -v name="$(basename "$file")" -v dir="$dir" -v record="$record" -f "$dir/sessions.awk" "$file" >"$dir/new"; then
		failed=1
	elif [ "$record" = 1 ] && ! cmp -s "$dir/new" "$file"; then
		cat "$dir/new" >"$file"
	fi
done
exit $failed
