# SPDX-License-Identifier: GPL-2.0-only
# What the scripts share; sourced, with $0 the script.
# shellcheck shell=sh disable=SC2034

set -eu
cd "$(dirname "$0")/.."
me=scripts/$(basename "$0")

# What a build takes, and what clang's sanitizers, libFuzzer and llvm-cov come with.
packages_build="cmake ninja-build gcc libc6-dev libbsd-dev uthash-dev"
packages_clang="clang llvm libclang-rt-dev"
packages_afl="afl++"
packages_i386="gcc-multilib lib32stdc++-12-dev"
packages_tree="clang-19 lld-19 llvm-19 libclang-rt-19-dev libstdc++-12-dev flex bison bc make binutils xz-utils"
packages_check="clang-format clang-tidy shellcheck jq git"
packages_test="libcmocka-dev clang-format libbpf-dev bpftool gnuplot-nox jq strace"

# One list of them, where they are built.
fuzz_targets=$(sed -n 's/^set(fuzz_targets \(.*\))$/\1/p' fuzz/CMakeLists.txt)

die() {
	echo "$me: $*" >&2
	exit 2
}

# The script's opening comment, from its third line on.
usage() {
	sed -n '4,/^$/s/^# \{0,1\}//p' "$me"
}

# number OPTION VALUE
number() {
	case $2 in
	'' | *[!0-9]* | ??????* | 0*) die "$1 '$2': expected a number from 1 to 99999" ;;
	esac
}

# is_one_of WORD "WORD..."
is_one_of() {
	case " $2 " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# A path that an option gave: where the caller stands, not this script.
from_here() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s\n' "$OLDPWD/$1" ;;
	esac
}

# A number of seconds, from an option.
seconds() {
	case $1 in
	'' | *[!0-9]* | ???????*) die "--seconds '$1': expected a number of seconds" ;;
	esac
	[ "$1" -gt 0 ] || die "--seconds 0: expected at least 1"
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# need PACKAGE...: installs what is missing, or says how to.
need() {
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		# Another distribution: only the build can tell what it misses.
		if ! command -v cmake >/dev/null || ! command -v ninja >/dev/null; then
			die "needs what Debian calls: $*"
		fi
		return 0
	fi
	missing=
	for package; do
		is_installed "$package" || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0

	by_hand="apt-get install -y --no-install-recommends$missing"
	if [ "$(id -u)" = 0 ]; then
		as_root=
	elif command -v sudo >/dev/null; then
		as_root=sudo
	else
		die "not root and no sudo; as root, run: $by_hand"
	fi
	mkdir -p build
	echo "$me: installing$missing"
	# shellcheck disable=SC2086 # a list of packages, and sudo or nothing
	{ $as_root apt-get -qq update &&
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
			--no-install-recommends $missing </dev/null >build/packages.log 2>&1; } ||
		die "cannot install packages; as root, run: apt-get update && $by_hand"
}

# guard [CORPUS]: from here on nothing that this script starts outlives it, and inputs found for CORPUS are kept, whatever
# ends it: see scripts/guard. $run is a directory for what the run needs, and gone after it.
guard() {
	run=$PWD/build/run/${me##*/}.$$
	rm -rf "$run"
	mkdir -p "$run"
	[ -z "${1-}" ] || printf '%s\n' "$1" >"$run/corpus"
	env -u RMAPDIFF_RUN setsid scripts/guard "$run" $$ "${1-}" </dev/null &
	guard=$!
	trap let_go EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	export RMAPDIFF_RUN="$run"
}

# The guard does its work now, and is waited for.
let_go() {
	status=$?
	trap '' HUP INT TERM
	trap - EXIT
	touch "$run/over"
	wait "$guard" || true
	exit $status
}

# From here on there is nothing to guard: the script becomes one program, which signals reach themselves.
unguard() {
	trap - EXIT HUP INT TERM
	touch "$run/over"
	wait "$guard" || true
	unset RMAPDIFF_RUN
}

# about SECONDS: of two cores that do nothing else, as people say it on this machine's.
about() {
	about_cores=$(nproc)
	about=$(($1 * 2 / (about_cores > 16 ? 16 : about_cores)))
	if [ $about -lt 90 ]; then
		echo "about $(((about + 9) / 10 * 10)) seconds"
	else
		echo "about $(((about + 59) / 60)) minutes"
	fi
}

# build_seconds PRESET: of two cores, for all of it from nothing, as measured.
build_seconds() {
	case $1 in
	release) echo 40 ;;
	debug) echo 130 ;;
	*) echo 120 ;;
	esac
}

# configure PRESET [CMAKE_OPTION...], then compile PRESET [TARGET...] (all): into build/PRESET. Says how long it may take,
# and how far it is, on standard error; nothing of compilers unless it fails.
configure() {
	preset=$1
	shift
	mkdir -p build
	if [ -e "build/$preset/build.ninja" ]; then
		echo "$me: building build/$preset: what has changed since the last time"
	else
		echo "$me: building build/$preset: $(about "$(build_seconds "$preset")")"
	fi
	quietly cmake --preset "$preset" "$@"
}

compile() {
	preset=$1
	shift
	[ $# -eq 0 ] || set -- --target "$@"
	quietly cmake --build "build/$preset" "$@"
}

# In the background and waited for, so that a signal is answered at once; what still runs then is the guard's to end.
attended() {
	"$@" &
	wait $!
}

# signs_of_life PID LOG [WHAT]: while PID, a build, runs, how far it is by what LOG has of ninja or kbuild, WHAT before it
# has anything: on a terminal in one line that changes, else in a line now and then.
signs_every=15 # seconds
signs_of_life() {
	waited=0
	while kill -0 "$1" 2>/dev/null; do
		sleep 1 &
		wait $!
		waited=$((waited + 1))
		if [ -t 2 ]; then
			form='\r\033[K%s\r'
		else
			[ $((waited % signs_every)) = 0 ] || continue
			form='%s\n'
		fi
		step=$(sed -n 's/^\[\([0-9]*\)\/\([0-9]*\)\] .*/\1 of \2 steps/p' "$2" | tail -n 1)
		files=$(grep -cE '^  (CC|HOSTCC|AS)' "$2") || true
		if [ -n "$step" ]; then
			step="building: $step"
		elif [ "${files:-0}" -gt 0 ]; then
			step="building: $files files compiled"
		elif [ -s "$2" ]; then
			step="preparing the build"
		else
			step=${3-waiting, another script builds here}
		fi
		# shellcheck disable=SC2059 # a format of this function
		printf "$form" "$me: $step, $waited seconds" >&2
	done
	[ ! -t 2 ] || printf '\033[K' >&2
}

# One build at a time in this tree: scripts that run beside each other share what they build.
quietly() {
	log=${run-build}/log
	flock build/lock "$@" >"$log" 2>&1 &
	quiet_job=$!
	signs_of_life "$quiet_job" "$log"
	wait "$quiet_job" || {
		cat "$log" >&2
		die "failed: $*"
	}
}
