# SPDX-License-Identifier: GPL-2.0-only
# Tables, in Markdown, of what scripts/bench measured; out/results.json and out/NAME.tsv for the pictures.

BEGIN { FS = "\t" }
{ number[$1] = $2; order[++nr] = $1 }

function has(name) { return name in number }

function rate(name) {
	if (!has(name)) return "-"
	return sprintf("%d", number[name])
}

function ratio(a, b) {
	if (!has(a) || !has(b)) return "-"
	return sprintf("%.3g", number[a] / number[b])
}

function throughput(mix,    r, k) {
	print "| " mix " mix, operations a second | release | fuzz build |"
	print "| --- | ---: | ---: |"
	r = "replay." mix
	k = "kernel." mix ".ops_s"
	print "| replay, every check | " rate(r ".touched.release.ops_s") " | " rate(r ".touched.fuzz.ops_s") " |"
	print "| replay, no checks | " rate(r ".none.release.ops_s") " | " rate(r ".none.fuzz.ops_s") " |"
	print "| the running kernel | " rate(k) " | |"
	print "| every check : kernel | " ratio(r ".touched.release.ops_s", k) " | " ratio(r ".touched.fuzz.ops_s", k) " |"
	print "| no checks : kernel | " ratio(r ".none.release.ops_s", k) " | " ratio(r ".none.fuzz.ops_s", k) " |"
	print "| every check : no checks | " ratio(r ".touched.release.ops_s", r ".none.release.ops_s") \
		" | " ratio(r ".touched.fuzz.ops_s", r ".none.fuzz.ops_s") " |"
	print ""
	print "libFuzzer on the same inputs: " rate("libfuzzer." mix ".fuzz_rmap") " executions a second of fuzz_rmap, " \
		rate("libfuzzer." mix ".empty") " of an empty target: " \
		ratio("libfuzzer." mix ".fuzz_rmap", "libfuzzer." mix ".empty") " of it."
	print ""
}

function shares(    i, part, row) {
	print "| mix, percent | fork | random |"
	print "| --- | ---: | ---: |"
	for (i = 1; i <= nr; i++)
		if (order[i] ~ /^mix\.fork\./) {
			row = substr(order[i], 10)
			printf "| %s | %.1f | %.1f |\n", row, number["mix.fork." row], number["mix.random." row]
		}
	print ""
}

# grows("vmas", "10 100 1000 10000", "VMAs"): what the operations cost.
function grows(table, counts, what, unit,    c, n, i, name, kind, line, file, kinds, k, of) {
	n = split(counts, c, " ")
	line = "| " what ", " unit
	for (i = 1; i <= n; i++) line = line " | " c[i]
	print line " | last : first |"
	line = "| ---"
	for (i = 1; i <= n + 1; i++) line = line " | ---:"
	print line " |"
	file = out "/" table ".tsv"
	line = what
	k = 0
	for (i = 1; i <= nr; i++) {
		name = order[i]
		if (index(name, table ".") == 1 && name !~ /\.vmas\./ && name ~ ("\\." c[1] "$")) {
			kind = substr(name, length(table) + 2)
			kind = substr(kind, 1, length(kind) - length(c[1]) - 1)
			of[++k] = kind
			line = line "\t" kind
		}
	}
	print line >file
	for (i = 1; i <= n; i++) {
		line = c[i]
		for (kinds = 1; kinds <= k; kinds++) line = line "\t" number[table "." of[kinds] "." c[i]]
		print line >file
	}
	close(file)
	for (kinds = 1; kinds <= k; kinds++) {
		line = "| " of[kinds]
		for (i = 1; i <= n; i++) line = line " | " sprintf("%.3g", number[table "." of[kinds] "." c[i]])
		print line " | " ratio(table "." of[kinds] "." c[n], table "." of[kinds] "." c[1]) " |"
	}
	print ""
}

function json(    i, file) {
	file = out "/results.json"
	print "{" >file
	for (i = 1; i <= nr; i++) printf "  \"%s\": %s%s\n", order[i], number[order[i]], i < nr ? "," : "" >file
	print "}" >file
	close(file)
}

END {
	throughput("fork")
	throughput("random")
	shares()
	grows("vmas", "10 100 1000 10000", "VMAs, each place far from the last", "us an operation")
	grows("near", "10 100 1000 10000", "VMAs, each place next to the last", "us an operation")
	grows("processes", "2 10 100 1000", "processes", "us an operation")
	grows("walk", "2 10 100 1000", "processes, walk of an exclusive folio", "ns a walk")
	json()
}
