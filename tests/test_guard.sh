#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_guard.sh SOURCE_DIR: whatever ends a script, nothing that it started is left, and what its engines had found is
# in the corpus, whole. The engine here is a stand-in: it leaves its session, starts others, heeds no signal but KILL, and
# is killed while it writes into the corpus.
set -eu
source=$(cd "$1" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/scripts" "$dir/fuzz"
echo 'set(fuzz_targets fuzz_some)' >"$dir/fuzz/CMakeLists.txt"
cp "$source/scripts/lib.sh" "$source/scripts/run.sh" "$source/scripts/guard" "$dir/scripts"
failed=0
fail() {
	echo "FAIL: $*"
	failed=1
}

cat >"$dir/engine" <<'END'
#!/bin/sh
trap '' HUP INT TERM
inputs=$1/libFuzzerTemp.FuzzWithFork1.dir/C1
queue=$1/afl/job0/queue
mkdir -p "$inputs" "$queue"
setsid sleep 1000 &
(trap '' TERM; sleep 1000 & wait) &
printf found >"$inputs/$(printf found | sha1sum | cut -c 1-40)"
printf hal >"$inputs/$(printf half | sha1sum | cut -c 1-40)"
printf queued >"$queue/id:000000,orig:x"
printf fo >"$2/$(printf found | sha1sum | cut -c 1-40)"
: >"$2/$(printf empty | sha1sum | cut -c 1-40)"
printf part >"$2/.$(printf queued | sha1sum | cut -c 1-40).999999999"
touch "$1/ready"
while :; do sleep 1; done
END
cat >"$dir/scripts/script" <<'END'
#!/bin/sh
#
. "$(dirname "$0")/lib.sh"
guard "$2"
mkdir -p "$run/target"
setsid sh ./engine "$run/target" "$2/target" &
while [ ! -e "$run/target/ready" ]; do sleep 0.05; done
echo "$run" >started
case $1 in
end) exit 0 ;;
fail) exit 3 ;;
build) quietly sleep 1000 ;;
esac
while :; do sleep 0.1; done
END
chmod +x "$dir/scripts/script"

left() {
	grep -lzFx "RMAPDIFF_RUN=$1" /proc/[0-9]*/environ 2>/dev/null | grep -q .
}

# ends_well WHAT STATUS [SIGNAL]: the script does WHAT, is sent SIGNAL, and ends with STATUS.
ends_well() {
	corpus=$dir/corpus-$1-${3-none}
	mkdir -p "$corpus/target"
	echo kept >"$corpus/target/kept"
	rm -f "$dir/started"
	# Background jobs of a shell without job control ignore INT, and sh cannot undo that; env can.
	env --default-signal=INT "$dir/scripts/script" "$1" "$corpus" >"$dir/log" 2>&1 &
	script=$!
	tries=0
	while [ ! -s "$dir/started" ] && [ $tries -lt 3000 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	run=$(cat "$dir/started")
	[ -z "${3-}" ] || kill "-$3" "$script"
	status=0
	wait "$script" 2>/dev/null || status=$?
	[ "$status" = "$2" ] || fail "$1 $*: status $status"
	# After KILL only the guard is left to do it; when depends on what else runs here.
	tries=0
	while { left "$run" || [ -e "$run" ]; } && [ $tries -lt 3000 ] && [ "${3-}" = KILL ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	! left "$run" || fail "$*: processes are left"
	[ ! -e "$run" ] || fail "$*: $run is left"
	for input in found queued fo; do
		name=$(printf %s $input | sha1sum | cut -c 1-40)
		[ "$(cat "$corpus/target/$name" 2>/dev/null)" = $input ] || fail "$*: '$input' is lost"
	done
	[ "$(cat "$corpus/target/kept")" = kept ] || fail "$*: an old input is lost"
	[ "$(find "$corpus/target" -type f | wc -l)" = 4 ] || fail "$*: not four inputs: $(ls -A "$corpus/target")"
}

ends_well end 0
ends_well fail 3
ends_well run 130 INT
ends_well run 143 TERM
ends_well run 129 HUP
ends_well run 137 KILL
ends_well build 143 TERM
ends_well build 137 KILL
exit $failed
