# SPDX-License-Identifier: GPL-2.0-only
# cli.sh: what the tests of commands share. Sourced by them, $1 being rmapdiff, which is absolute in $rmapdiff from then
# on. They find themselves in a directory of their own, $dir, with nothing on standard input; the last word of each is
# finish.
# shellcheck shell=sh
rmapdiff=$(realpath "$1")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
exec </dev/null
: >out
: >err
subcommand= # if all are of one
nr=0
nr_failed=0

# fail TEXT...: says so, with the beginning of out and err.
fail() {
	echo "FAIL: $*"
	for said in out err; do
		[ ! -s $said ] || echo "--- $said:"
		head -n 40 $said
	done
	nr_failed=$((nr_failed + 1))
}

# try STATUS ARGUMENT...: runs rmapdiff; the results are in status, out and err.
try() {
	expected=$1
	shift
	nr=$((nr + 1))
	what="rmapdiff${subcommand:+ $subcommand} $*"
	status=0
	timeout 3600 "$rmapdiff" ${subcommand:+"$subcommand"} "$@" >out 2>err || status=$?
	[ "$status" = "$expected" ] || fail "$what: expected exit status $expected, got $status"
}

# await_handler PID: until rmapdiff, which PID is to become, catches SIGINT; or is gone. Before that it is a copy of this shell,
# which catches it, too.
await_handler() {
	polls=0
	while [ $polls -lt 180000 ] && program=$(readlink "/proc/$1/exe"); do
		polls=$((polls + 1))
		if [ "$program" = "$rmapdiff" ] && grep -q '^SigCgt:.*[2367abef]$' "/proc/$1/status"; then
			break
		fi
		sleep 0.02
	done 2>/dev/null
}

# bad_file ARGUMENT...: exit status 2, one line on standard error; what is said of other files does not matter.
bad_file() {
	try 2 "$@"
	[ "$(wc -l <err)" = 1 ] || fail "$what: expected one line on standard error"
}

# bad ARGUMENT...: the same, and nothing on standard output.
bad() {
	bad_file "$@"
	[ ! -s out ] || fail "$what: expected nothing on standard output"
}

# bad_says TEXT ARGUMENT...: the same, with TEXT in the line.
bad_says() {
	text=$1
	shift
	bad "$@"
	says err "$text"
}

# says FILE TEXT
says() {
	grep -qF -e "$2" "$1" || fail "$what: expected '$2' in $1"
}

says_not() {
	! grep -qF -e "$2" "$1" || fail "$what: did not expect '$2' in $1"
}

# ends_with TEXT: the last line on standard output.
ends_with() {
	[ "$(tail -n 1 out)" = "$1" ] || fail "$what: expected the last line '$1'"
}

finish() {
	[ $nr = 0 ] || echo "$nr commands"
	echo "$nr_failed failures"
	[ "$nr_failed" = 0 ]
}
