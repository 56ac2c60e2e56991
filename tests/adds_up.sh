# SPDX-License-Identifier: GPL-2.0-only
# adds_up.sh: sourced after cli.sh by the tests of import.
# shellcheck shell=sh

# adds_up RMAP LOG: each line of LOG is in exactly one class of those that RMAP counts at its top, and what is without effect or
# not understood is counted by name as well.
adds_up() {
	nr_lines=$(grep -c '' "$2")
	awk -v nr_lines="$nr_lines" '
		/^# lines: / {
			n = split($0, words, " ")
			operations = words[3]
			left_out = words[7]
			idle = words[11]
			unknown = words[15]
			total = words[n]
			seen = 1
		}
		/^# without effect on/ { in_idle = 1; next }
		/^base / { exit }
		/^# +[0-9]+  not understood / { unknown_named += $2 }
		in_idle && /^# +[0-9]+  / { idle_named += $2 }
		END {
			exit !(seen && total == nr_lines && operations + left_out + idle + unknown == total &&
				unknown == unknown_named + 0 && idle == idle_named + 0)
		}' "$1" || fail "$what: the $nr_lines lines do not add up: $(grep '^# ' "$1")"
}
