# SPDX-License-Identifier: GPL-2.0-only
# docs/report/MEANING.md with its figures filled in, and each of its claims held against them.
#	awk -f report-meaning.awk VALUES MEANING.md
#
# In the text, {{NAME}} is the figure of that name, to three digits. A line <!-- NAME OP NAME|NUMBER --> is what the
# claim before it rests on; OP is <, >, <= or >=. It is not printed. Other comments are for the top. Each claim, an item
# of a list, ends with its figure and a command, and has such lines.

FNR == NR {
	value[$1] = $2
	next
}

function wrong(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text >"/dev/stderr"
	failed = 1
}

function number(word) {
	if (word in value)
		return value[word]
	if (word !~ /^[0-9.]+$/)
		wrong("no figure of the name " word)
	return word + 0
}

function grouped(text,    out) {
	while (length(text) > 3) {
		out = "," substr(text, length(text) - 2) out
		text = substr(text, 1, length(text) - 3)
	}
	return text out
}

function digits(n) {
	if (n >= 1000 || n == int(n))
		return grouped(sprintf("%.0f", n))
	if (n >= 100)
		return sprintf("%.0f", n)
	if (n >= 99.95)
		return sprintf("%.2f", n)
	if (n >= 9.995)
		return sprintf("%.1f", n)
	return sprintf("%.2f", n)
}

/^<!--.*-->$/ {
	if (NF != 5 || $3 !~ /^(<|>|<=|>=)$/) {
		if (has_begun)
			wrong("expected <!-- NAME OP NAME|NUMBER -->")
		next
	}
	if (item != "")
		end_item()
	a = number($2)
	b = number($4)
	holds = $3 == "<" ? a < b : $3 == ">" ? a > b : $3 == "<=" ? a <= b : a >= b
	if (!holds)
		wrong("not so any more: " $2 " is " digits(a) ", not " $3 " " ($4 in value ? $4 ", " : "") digits(b))
	nr_claims++
	item_holds = 1
	next
}

function end_item() {
	if (item !~ /\(Figures? [0-9].*;.*`rmapdiff (gen|stats) [^`]*`[^`]*\)$/)
		wrong("the claim before names no figure and command")
	item = ""
}

/^- \*\*/ || /^#/ || /^$/ {
	if (item != "" || (in_item && !item_holds))
		wrong("the claim before is held against no figure")
	in_item = item_holds = 0
	item = ""
}

/^- \*\*/ {
	in_item = 1
}

{
	if (in_item)
		item = item " " $0
	has_begun = 1
	text = $0
	while (match(text, /\{\{[^}]*\}\}/)) {
		name = substr(text, RSTART + 2, RLENGTH - 4)
		if (!(name in value))
			wrong("no figure of the name " name)
		text = substr(text, 1, RSTART - 1) digits(value[name]) substr(text, RSTART + RLENGTH)
	}
	print text
}

END {
	if (!nr_claims)
		wrong("no claim is held against a figure")
	exit failed
}
