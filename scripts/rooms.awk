# SPDX-License-Identifier: GPL-2.0-only
# From llvm-cov's lcov export: what was reached in each room of model/, and in search/, in lines and in
# branches (each way that each condition went).
#	awk -f rooms.awk -v source=DIR [-v form=record] EXPORT
$0 ~ /^SF:/ {
	path = substr($0, 4)
	if (index(path, source "/") == 1)
		path = substr(path, length(source) + 2)
	room = ""
	if (path ~ /^model\//) {
		room = substr(path, 7)
		sub(/[\/.].*/, "", room)
		rooms[room]
	} else if (path ~ /^search\//) {
		room = "search"
		rooms[room]
	}
}
room != "" && /^LF:/ { lines[room] += substr($0, 4) }
room != "" && /^LH:/ { lines_reached[room] += substr($0, 4) }
room != "" && /^BRF:/ { branches[room] += substr($0, 5) }
room != "" && /^BRH:/ { branches_reached[room] += substr($0, 5) }
function percent(part, whole) { return whole ? sprintf("%.2f %%", 100 * part / whole) : "-" }
function row(name, l, L, b, B) {
	printf "%-10s %8d %8d %9s %9d %9d %9s\n", name, L, l, percent(l, L), B, b, percent(b, B)
}
function room_row(room) { row(room, lines_reached[room], lines[room], branches_reached[room], branches[room]) }
END {
	if (form == "record") {
		for (room in rooms)
			print room, lines_reached[room], branches_reached[room] | "sort"
		exit
	}
	printf "%-10s %8s %8s %9s %9s %9s %9s\n", "room", "lines", "reached", "", "branches", "reached", ""
	n = split("base mm rmap machine check scenario state stats", order, " ")
	for (i = 1; i <= n; i++) {
		room = order[i]
		if (!(room in rooms))
			continue
		room_row(room)
		L += lines[room]; l += lines_reached[room]; B += branches[room]; b += branches_reached[room]
	}
	row("model", l, L, b, B)
	if ("search" in rooms)
		room_row("search")
}
