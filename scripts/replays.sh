# SPDX-License-Identifier: GPL-2.0-only
# replays.sh: what scenarios say of themselves, and what their replays come to. Sourced by scripts and tests; $rmapdiff is
# the command.
# shellcheck shell=sh disable=SC2154

# listed SECTION: the names under that heading of `rmapdiff list`.
listed() {
	"$rmapdiff" list | awk -v section="$1" '/^[^ ]/ { on = $0 == section; next } on { print $1 }'
}

# of FILE KEY: what FILE says of itself in lines "# KEY: TEXT"; nothing if it has none.
of() {
	awk -v key="# $2:" 'index($0, key) == 1 { text = substr($0, length(key) + 1); sub(/^ +/, "", text); print text }' "$1"
}

operations() {
	grep -cvE '^[[:space:]]*(#|base |$)' "$1"
}

# unrepaired NAME...: options that repair all suspects but these.
unrepaired() {
	echo "--fix all"
	printf -- '--fix -%s\n' "$@"
}

# came OPTION... FILE...: what `run` comes to, in two words: "KIND RMAP" of its divergence ("-" for RMAP where no reverse map
# is at fault); "result -", an asserted result is not what comes; "asan -", AddressSanitizer ended it. Or "none"; or
# "status N", and the last line that it printed.
came() {
	status=0
	replayed=$("$rmapdiff" run "$@" 2>&1) || status=$?
	case $replayed in
	*'ERROR: AddressSanitizer'*) echo "asan -" ;;
	*)
		if [ $status -gt 1 ]; then
			echo "status $status: $(printf '%s\n' "$replayed" | tail -n 1)"
			return
		fi
		printf '%s\n' "$replayed" | awk -v rmaps="$(listed "reverse maps" | tr '\n' ' ')" '
			over { next }
			$1 == "DIVERGENCE" { kind = $2; who = $3; sub(/:$/, "", kind); sub(/:$/, "", who)
				print kind, index(" " rmaps, " " who " ") ? who : "-"; over = 1 }
			/ with a result that was not as asserted$/ { print "result -"; over = 1 }
			END { if (!over) print "none" }'
		;;
	esac
}
