# SPDX-License-Identifier: GPL-2.0-only
# REPORT.md as one page of HTML: what of Markdown it uses, pictures put in. DIR is where they are.
#	awk -f report-html.awk -v dir=DIR REPORT.md

function escaped(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

# `code`, **bold**, [text](address); addresses lead to files beside this one.
function inline(text,    out, word, address) {
	text = escaped(text)
	while (match(text, /`[^`]*`|\*\*[^*]*\*\*|\[[^]]*\]\([^)]*\)/)) {
		out = out substr(text, 1, RSTART - 1)
		word = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (word ~ /^`/) {
			out = out "<code>" substr(word, 2, length(word) - 2) "</code>"
		} else if (word ~ /^\*/) {
			out = out "<strong>" substr(word, 3, length(word) - 4) "</strong>"
		} else {
			address = word
			sub(/^.*\]\(/, "", address)
			sub(/\)$/, "", address)
			sub(/^\[/, "", word)
			sub(/\]\(.*$/, "", word)
			out = out "<a href=\"" address "\">" word "</a>"
		}
	}
	return out text
}

function close_block() {
	if (block != "")
		print "</" block ">" (block == "table" ? "</div>" : "")
	block = ""
}

function open_block(tag) {
	if (block == tag)
		return
	close_block()
	print (tag == "table" ? "<div class=\"wide\">" : "") "<" tag ">"
	block = tag
}

function put_picture(file,    svg) {
	while ((getline svg <file) > 0)
		# The page says what its colours are.
		if (svg !~ /^<style>/)
			print svg
	close(file)
}

function put_row(row, tag,    n, i, cell, numeric) {
	sub(/^\| */, "", row)
	sub(/ *\|$/, "", row)
	n = split(row, cell, / *\| */)
	printf "<tr>"
	for (i = 1; i <= n; i++) {
		numeric = i <= nr_aligned && right[i]
		printf "<%s%s>%s</%s>", tag, numeric ? " class=\"n\"" : "", inline(cell[i]), tag
	}
	print "</tr>"
}

BEGIN {
	print "<!DOCTYPE html>"
	print "<html lang=\"en\"><head><meta charset=\"utf-8\">"
	print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	print "<title>rmapdiff: memory, walks and locks</title>"
	print "<style>"
	print ":root { color-scheme: light dark; --fg: #222; --bg: #fff; --line: #ccc; --soft: #f4f4f2; --link: #1a5fb4; }"
	print "@media (prefers-color-scheme: dark) { :root { --fg: #ddd; --bg: #1b1b1d; --line: #444; --soft: #262629; --link: #8ab4f8; } }"
	print "body { color: var(--fg); background: var(--bg); font: 16px/1.5 sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }"
	print "a { color: var(--link); } code { background: var(--soft); padding: 0 .2em; font-size: .9em; }"
	print "svg { width: 100%; height: auto; color: var(--fg); }"
	print ".wide { overflow: auto; max-height: 30rem; border: 1px solid var(--line); }"
	print "table { border-collapse: collapse; font-size: .85rem; width: 100%; }"
	print "th, td { border-bottom: 1px solid var(--line); padding: .15rem .6rem; text-align: left; vertical-align: bottom; }"
	print "thead th { position: sticky; top: 0; background: var(--soft); }"
	print ".n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }"
	print "</style></head><body>"
}

/^<!--/ {
	next
}

/^#+ / {
	close_block()
	level = index($0, " ") - 1
	text = substr($0, level + 2)
	anchor = text
	sub(/:.*/, "", anchor)
	gsub(/[^A-Za-z0-9]+/, "-", anchor)
	printf "<h%d id=\"%s\">%s</h%d>\n", level, tolower(anchor), inline(text), level
	next
}
/^!\[/ {
	close_block()
	file = $0
	sub(/^.*\]\(/, "", file)
	sub(/\)$/, "", file)
	put_picture(dir "/" file)
	next
}
/^\|/ {
	if (block != "table") {
		held = $0
		open_block("table")
		next
	}
	if (held != "") {
		nr_aligned = split($0, align, "|") - 2
		for (i = 1; i <= nr_aligned; i++)
			right[i] = align[i + 1] ~ /: *$/
		printf "<thead>"
		put_row(held, "th")
		print "</thead>"
		held = ""
		next
	}
	put_row($0, "td")
	next
}
/^- / {
	open_block("ul")
	print "<li>" inline(substr($0, 3))
	next
}
/^$/ {
	# A list goes on after a blank line only if its next line says so.
	if (block != "ul")
		close_block()
	next
}
/^  / && block == "ul" {
	print inline(substr($0, 3))
	next
}
{
	if (block == "ul")
		close_block()
	if (block == "")
		open_block("p")
	print inline($0)
}
END {
	close_block()
	print "</body></html>"
}
