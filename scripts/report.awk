# SPDX-License-Identifier: GPL-2.0-only
# The rows of report.jq, each after SERIES X WORKLOAD, as what the report is put together from, in DIR:
#	values		"NAME VALUE", one of each figure, for report-meaning.awk
#	plot/*.gp	pictures, with their data beside them
#	figures.md	a heading, a picture and a table for each
#
#	awk -f report.awk -v dir=DIR ROWS

BEGIN {
	FS = "\t"
	nr_columns = split("series x workload rmap ops processes mms vmas folios objects bytes bytes_low embedded " \
		"walks exclusive mapped visits visits_p99 visits_max useless contexts remaps nodes " \
		"sections mms_median mms_max read_median read_max links to_last", column, " ")
}

NF != nr_columns {
	print FILENAME ":" FNR ": " NF " columns, expected " nr_columns >"/dev/stderr"
	failed = 1
	exit 1
}

# Rows come in pairs, by reverse map; "at" is what both are about.
{
	at = $1 SUBSEP $3 SUBSEP $2
	short = $4 == "anon_vma" ? "a" : "c"
	for (i = 5; i <= nr_columns; i++)
		row[at, short, column[i]] = $i
	if (short == "a") {
		place[++nr_places] = at
		if (!(($1, $3) in seen)) {
			seen[$1, $3]
			list[$1] = list[$1] " " $3
		}
		points[$1, $3] = points[$1, $3] " " $2
	}
}

function get(at, rmap, name) { return row[at, rmap, name] }

# How figures are called and made of a row; all places have all of them.
function figure(at, name, rmap,    walks) {
	walks = get(at, rmap, "walks")
	if (name == "ratio")
		return get(at, "a", "bytes") / get(at, "c", "bytes")
	if (name == "ratio_high")
		return get(at, "a", "bytes") / get(at, "c", "bytes_low")
	if (name == "exclusive")
		return walks ? 100 * get(at, rmap, "exclusive") / walks : 0
	if (name == "mapped" || name == "visits" || name == "contexts" || name == "remaps" || name == "nodes" || \
		name == "to_last")
		return walks ? get(at, rmap, name) / walks : 0
	if (name == "useless")
		return get(at, rmap, "visits") ? 100 * get(at, rmap, "useless") / get(at, rmap, "visits") : 0
	if (name == "sections")
		return get(at, rmap, "sections") / get(at, rmap, "ops")
	if (name == "more_visits")
		return get(at, "a", "visits") ? get(at, "c", "visits") / get(at, "a", "visits") : 0
	return get(at, rmap, name)
}

# Three digits, as few as say it.
function short_number(value) {
	if (value >= 1000 || value == int(value))
		return grouped(sprintf("%.0f", value))
	if (value >= 100)
		return sprintf("%.0f", value)
	if (value >= 99.95)
		return sprintf("%.2f", value)
	if (value >= 9.995)
		return sprintf("%.1f", value)
	return sprintf("%.2f", value)
}

function grouped(number,    text, out) {
	text = sprintf("%d", number)
	while (length(text) > 3) {
		out = "," substr(text, length(text) - 2) out
		text = substr(text, 1, length(text) - 3)
	}
	return text out
}

function cell(at, name, rmap) { return short_number(figure(at, name, rmap)) }

# A table's row, by the figure's number: cells of one place.
function table_row(nr, at) {
	if (nr == "memory")
		return grouped(get(at, "a", "mms")) " | " grouped(get(at, "a", "vmas")) " | " \
			grouped(get(at, "a", "objects")) " | " grouped(get(at, "a", "bytes")) " | " \
			span(grouped(get(at, "c", "bytes_low")), grouped(get(at, "c", "bytes"))) " | " \
			span(cell(at, "ratio", "c"), cell(at, "ratio_high", "c"))
	if (nr == "visits")
		return grouped(get(at, "a", "walks")) " | " cell(at, "exclusive", "a") " % | " cell(at, "mapped", "a") " | " \
			cell(at, "visits", "a") " | " cell(at, "visits", "c") " | " \
			cell(at, "to_last", "a") " | " cell(at, "to_last", "c") " | " \
			grouped(get(at, "a", "visits_p99")) " | " grouped(get(at, "c", "visits_p99")) " | " \
			grouped(get(at, "a", "visits_max")) " | " grouped(get(at, "c", "visits_max"))
	if (nr == "useless")
		return grouped(get(at, "a", "visits")) " | " grouped(get(at, "a", "useless")) " | " cell(at, "useless", "a") " % | " \
			grouped(get(at, "c", "visits")) " | " grouped(get(at, "c", "useless")) " | " cell(at, "useless", "c") " %"
	if (nr == "search")
		return cell(at, "nodes", "a") " | " cell(at, "contexts", "c") " | " cell(at, "remaps", "c") " | " cell(at, "nodes", "c")
	if (nr == "sections")
		return grouped(get(at, "a", "ops")) " | " grouped(get(at, "a", "sections")) " | " cell(at, "sections", "a") " | " \
			grouped(get(at, "c", "sections")) " | " cell(at, "sections", "c") " | " \
			grouped(get(at, "a", "links")) " | " grouped(get(at, "c", "links"))
	if (nr == "behind")
		return grouped(get(at, "a", "mms_median")) " | " grouped(get(at, "a", "mms_max")) " | " \
			grouped(get(at, "a", "read_median")) " | " grouped(get(at, "a", "read_max")) " | " \
			grouped(get(at, "c", "mms_median")) " | " grouped(get(at, "c", "mms_max"))
	if (nr == "libs")
		return grouped(get(at, "a", "bytes")) " | " span(grouped(get(at, "c", "bytes_low")), grouped(get(at, "c", "bytes"))) " | " \
			span(cell(at, "ratio", "c"), cell(at, "ratio_high", "c")) " | " \
			cell(at, "visits", "a") " | " cell(at, "visits", "c") " | " cell(at, "remaps", "c")
	if (nr == "sharing")
		return cell(at, "exclusive", "a") " % | " cell(at, "mapped", "a") " | " cell(at, "visits", "a") " | " \
			cell(at, "visits", "c") " | " cell(at, "useless", "a") " % | " cell(at, "useless", "c") " % | " \
			span(cell(at, "ratio", "c"), cell(at, "ratio_high", "c"))
	return cell(at, "visits", "a") " | " cell(at, "visits", "c") " | " cell(at, "remaps", "c") " | " \
		cell(at, "useless", "a") " % | " cell(at, "useless", "c") " % | " \
		span(cell(at, "ratio", "c"), cell(at, "ratio_high", "c"))
}

function span(low, high) { return low == high ? low : low " to " high }

function line(text) { print text >(dir "/figures.md") }

function put_table(nr, series, heads, count,    i, n, head, align, part) {
	n = split(heads, head, ";")
	line("| " (series == "size" ? "workload | size" : series) " | " join_heads(head, n))
	align = series == "size" ? "| --- | ---: |" : "| ---: |"
	for (i = 1; i <= n; i++)
		align = align " ---: |"
	line(align)
	for (i = 1; i <= nr_places; i++) {
		split(place[i], part, SUBSEP)
		if (part[1] == series)
			line("| " (series == "size" ? part[2] " | " : "") part[3] " | " table_row(nr, place[i]) " |")
	}
	if (series == "size")
		for (i = 1; i <= nr_places; i++) {
			split(place[i], part, SUBSEP)
			if (part[1] == "trace")
				line("| " part[2] " (recorded) | | " table_row(nr, place[i]) " |")
		}
	line("")
}

function join_heads(head, n,    i, text) {
	for (i = 1; i <= n; i++)
		text = text head[i] " |" (i < n ? " " : "")
	return text
}

# The data of one curve; its name as gnuplot has it.
function put_data(name, series, workload, by, what, rmap,    file, n, i, point, at, x, y) {
	file = name "-" what "-" rmap "-" workload ".dat"
	n = split(points[series, workload], point, " ")
	for (i = 1; i <= n; i++) {
		at = series SUBSEP workload SUBSEP point[i]
		x = by == "x" ? point[i] : figure(at, by, "a")
		y = figure(at, what, rmap)
		# A logarithm has no place for nothing.
		print sprintf("%.6g", x), (y > 0 || what == "useless" ? sprintf("%.6g", y) : "NaN") >(dir "/plot/" file)
	}
	close(dir "/plot/" file)
	return file
}

function plot_line(name, text) { print text >(dir "/plot/" name ".gp") }

function begin_plot(name, width, height) {
	plot_line(name, "set terminal svg size " width "," height " noenhanced font 'sans-serif,13' name '" name "'")
	plot_line(name, "set border 3 lw 1")
	plot_line(name, "set tics nomirror")
	plot_line(name, "set grid lc rgb '#888888' lw 0.4 dt 3")
	plot_line(name, "set key outside right center samplen 2 spacing 1.15")
}

function curve(nr) {
	split("#3b8ee0 #e07b2e #35a853 #d64f9d #8f72e6 #b8922a #1fa79a #e04f4f", colour, " ")
	split("7 5 9 11 13 6 4 8", type, " ")
	return "with linespoints lw 1.6 ps 0.6 lc rgb '" colour[nr] "' pt " type[nr]
}

# One panel: what, of one reverse map, for each workload of the sizes.
function put_panel(name, what, rmap, title, key,    n, i, workload, text) {
	plot_line(name, "set title '" title "'")
	plot_line(name, key ? "set key on" : "set key off")
	n = split(list["size"], workload, " ")
	text = "plot"
	for (i = 1; i <= n; i++)
		text = text (i > 1 ? "," : "") " '" put_data(name, "size", workload[i], "x", what, rmap) "' using 1:2 " \
			curve(i) " title '" workload[i] "'"
	if (what == "ratio")
		text = text ", 30 with lines lw 1 dt 2 lc rgb '#888888' title '30'"
	plot_line(name, text)
}

# From the smallest of what, of either reverse map, to the largest, and a little more.
function range_of(what,    i, j, part, least, most, value, rmap) {
	split("a c", rmap, " ")
	for (i = 1; i <= nr_places; i++) {
		split(place[i], part, SUBSEP)
		for (j = 1; part[1] == "size" && j <= 2; j++) {
			value = figure(place[i], what, rmap[j])
			most = value > most ? value : most
			if (value > 0 && (!least || value < least))
				least = value
		}
	}
	return sprintf("[%.6g:%.6g]", least / 1.5, most * 1.5)
}

function put_axes(name, ylabel, log_y) {
	plot_line(name, "set logscale x 10")
	plot_line(name, "set xrange [8:12500]")
	plot_line(name, "set format x '%.0f'")
	plot_line(name, "set xlabel 'size: processes or VMAs'")
	plot_line(name, "set ylabel '" ylabel "'")
	if (log_y)
		plot_line(name, "set logscale y 10\nset format y '%g'")
}

# Side by side on one scale: what anon_vma has, and what cow_context has.
function put_two(name, what, ylabel, log_y) {
	begin_plot(name, 980, 400)
	put_axes(name, ylabel, log_y)
	plot_line(name, "set yrange " (log_y ? range_of(what) : "[-2:102]"))
	plot_line(name, "set multiplot layout 1,2")
	plot_line(name, "set lmargin at screen 0.08\nset rmargin at screen 0.43")
	put_panel(name, what, "a", "anon_vma", 0)
	plot_line(name, "set ylabel ''")
	plot_line(name, "set lmargin at screen 0.49\nset rmargin at screen 0.84")
	put_panel(name, what, "c", "cow_context", 1)
	plot_line(name, "unset multiplot")
	close(dir "/plot/" name ".gp")
}

function put_memory_plot() {
	begin_plot("memory", 980, 420)
	put_axes("memory", "anon_vma bytes / cow_context bytes", 1)
	put_panel("memory", "ratio", "c", "", 1)
	close(dir "/plot/memory.gp")
}

# Both reverse maps in one panel, over what the series changes.
function put_both(name, series, workload, by, xlabel, log_x) {
	if (!((series, workload) in seen))
		return
	begin_plot(name, 980, 380)
	plot_line(name, "set xlabel '" xlabel "'")
	plot_line(name, "set ylabel 'VMAs visited in a walk'")
	if (log_x)
		plot_line(name, "set logscale x 2")
	else
		plot_line(name, "set xrange [-2:102]")
	plot_line(name, "set logscale y 10\nset format y '%g'")
	plot_line(name, "plot '" put_data(name, series, workload, by, "visits", "a") "' using 1:2 " curve(1) " title 'anon_vma', '" \
		put_data(name, series, workload, by, "visits", "c") "' using 1:2 " curve(2) " title 'cow_context', '" \
		put_data(name, series, workload, by, "mapped", "a") "' using 1:2 with lines lw 1 dt 2 lc rgb '#888888' title 'that map the folio'")
	close(dir "/plot/" name ".gp")
}

# The ratio of memory between its bounds, over what the series changes.
function put_ratios(name, series, workload, xlabel,    file) {
	if (!((series, workload) in seen))
		return
	begin_plot(name, 980, 380)
	plot_line(name, "set xlabel '" xlabel "'\nset xrange [-2:130]")
	plot_line(name, "set ylabel 'anon_vma bytes / cow_context bytes'")
	plot_line(name, "set logscale y 10\nset format y '%g'")
	file = put_data(name, series, workload, "x", "ratio", "c")
	plot_line(name, "plot '" file "' using 1:2 " curve(2) " title 'most cow_context can take', '" \
		put_data(name, series, workload, "x", "ratio_high", "c") "' using 1:2 " curve(1) " title 'least', " \
		"30 with lines lw 1 dt 2 lc rgb '#888888' title '30'")
	close(dir "/plot/" name ".gp")
}

function put_values(    i, j, part, n, name, key) {
	n = split("ratio ratio_high exclusive mapped visits to_last useless contexts remaps nodes sections more_visits bytes bytes_low " \
		"mms vmas mms_median mms_max read_median read_max ops visits_p99 visits_max", name, " ")
	for (i = 1; i <= nr_places; i++) {
		split(place[i], part, SUBSEP)
		key = part[1] == "size" ? part[2] "/" part[3] : part[1] == "trace" ? part[2] : part[1] "/" part[3]
		for (j = 1; j <= n; j++) {
			print name[j] "/" key "/anon_vma", sprintf("%.9g", figure(place[i], name[j], "a")) >(dir "/values")
			print name[j] "/" key "/cow_context", sprintf("%.9g", figure(place[i], name[j], "c")) >(dir "/values")
		}
	}
}

function heading(nr, title, name) {
	line("## Figure " nr ": " title)
	line("")
	line("![" title "](report/" name ".svg)")
	line("")
}

END {
	if (failed)
		exit 1
	put_values()
	put_memory_plot()
	put_two("visits", "visits", "VMAs visited in a walk", 1)
	put_two("useless", "useless", "% of visits in vain", 0)
	put_two("sections", "sections", "write sections an operation", 1)
	put_two("behind", "mms_max", "address spaces behind a lock", 1)
	put_search_plot()

	line("# Figures")
	line("")
	line("Each row is one replay: `rmapdiff gen WORKLOAD --size N | rmapdiff stats -`, seed 0 and the parameters that")
	line("`rmapdiff gen WORKLOAD --help` names; a recorded one is `rmapdiff stats corpus/traces/NAME.rmap`. [STATS.md](STATS.md)")
	line("says what is counted and how. Sizes are of the model at the kernel's sizes, for " \
		"6.18; cow_context is the model's, made")
	line("to work, not the published proof of concept.")
	line("")

	heading(1, "memory, anon_vma's for each byte of cow_context's", "memory")
	line("At the peak of each. Of cow_context's maple nodes only bounds are known; the picture has the upper one, the table both.")
	line("")
	put_table("memory", "size", "address spaces;VMAs;anon_vma: objects;bytes;cow_context: bytes;ratio")
	heading(2, "VMAs visited in a walk", "visits")
	line("One walk a folio, as reclaim would, over all folios in turn. Exclusive: folios with one mapping. cow_context's walk ends when")
	line("it has found as many mappings as the folio has; anon_vma's makes all its visits, but callers can end it likewise: \"to the last")
	line("mapping\" compares the two without that difference.")
	line("")
	put_table("visits", "size", "walks;exclusive;mappings;anon_vma: visits;cow_context;anon_vma: to the last mapping;cow_context;anon_vma: 99 %;cow_context;anon_vma: most;cow_context")
	heading(3, "visits in vain", "useless")
	line("Visits of VMAs that do not map the folio.")
	line("")
	put_table("useless", "size", "anon_vma: visits;in vain;share;cow_context: visits;in vain;share")
	heading(4, "what else a walk looks at", "search")
	line("For each walk: nodes of interval trees (anon_vma), contexts, displacements and nodes of their tree (cow_context).")
	line("")
	put_table("search", "size", "anon_vma: nodes;cow_context: contexts;displacements;nodes")
	heading(5, "lock sections for writing", "sections")
	line("anon_vma: the root's lock. cow_context: the list of children and the remaps of one context, together.")
	line("")
	put_table("sections", "size", "operations;anon_vma: sections;an operation;cow_context: sections;an operation;anon_vma: links changed;cow_context")
	heading(6, "address spaces behind one lock", "behind")
	line("How many share what a section locks: the most (picture), and the median. A walk of anon_vma holds the root's lock for")
	line("reading; one of cow_context holds none. For cow_context: the list of children.")
	line("")
	put_table("behind", "size", "root, writing: median;most;root, walking: median;most;children: median;most")
	if (("own", "zygote") in seen) {
		put_both("sharing", "own", "zygote", "exclusive", "% of folios with one mapping", 0)
		heading(7, "what exclusive folios are worth", "sharing")
		line("`rmapdiff gen zygote --size 100 --libs 0 --writes 0 --own-pages 1 --own N`: 100 applications, more and more memory of their own.")
		line("")
		put_table("sharing", "own", "exclusive;mappings;anon_vma: visits;cow_context;anon_vma: in vain;cow_context;memory ratio")
	}
	if (("spaces", "gc") in seen) {
		put_both("spaces", "spaces", "gc", "x", "to-spaces kept", 1)
		heading(8, "the same offsets at several displacements", "spaces")
		line("`rmapdiff gen gc --size 100 --cycles 32 --spaces N`: a heap moved by mremap again and again, N copies kept.")
		line("")
		put_table("spaces", "spaces", "anon_vma: visits;cow_context;displacements;anon_vma: in vain;cow_context;memory ratio")
	}
	if (("libs", "zygote") in seen) {
		put_ratios("libs", "libs", "zygote", "libraries")
		heading(9, "what private file mappings cost", "libs")
		line("`rmapdiff gen zygote --size 100 --libs N`: 100 applications that inherit the data of N libraries, some of it written.")
		line("")
		put_table("libs", "libs", "anon_vma: bytes;cow_context: bytes;memory ratio;anon_vma: visits;cow_context: visits;displacements")
	}
}

function put_search_plot() {
	begin_plot("search", 980, 400)
	put_axes("search", "looked at in a walk", 1)
	plot_line("search", "set multiplot layout 1,3")
	plot_line("search", "set lmargin at screen 0.07\nset rmargin at screen 0.30")
	put_panel("search", "nodes", "a", "anon_vma: tree nodes", 0)
	plot_line("search", "set ylabel ''")
	plot_line("search", "set lmargin at screen 0.36\nset rmargin at screen 0.59")
	put_panel("search", "contexts", "c", "cow_context: contexts", 0)
	plot_line("search", "set lmargin at screen 0.65\nset rmargin at screen 0.86")
	put_panel("search", "remaps", "c", "cow_context: displacements", 1)
	plot_line("search", "unset multiplot")
	close(dir "/plot/search.gp")
}
