#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_signs.sh SOURCE_DIR: a script that builds says what it does, about how long that takes, and how far it is; cmake
# here is a stand-in that takes its time.
set -eu
source=$(cd "$1" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/scripts" "$dir/fuzz" "$dir/bin"
echo 'set(fuzz_targets fuzz_some)' >"$dir/fuzz/CMakeLists.txt"
cp "$source/scripts/lib.sh" "$dir/scripts"
failed=0
fail() {
	echo "FAIL: $*"
	failed=1
}

cat >"$dir/bin/cmake" <<'END'
#!/bin/sh
case $1 in
--preset) mkdir -p "build/$2" && touch "build/$2/build.ninja" ;;
--build)
	[ ! -e broken ] || { echo "some.c: error" && exit 1; }
	echo "[3/70] Building C object some.o"
	tries=0
	while [ ! -e said ] && [ $tries -lt 6000 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done ;;
esac
END
cat >"$dir/scripts/some" <<'END'
#!/bin/sh
#
. "$(dirname "$0")/lib.sh"
signs_every=1
configure fuzz
compile fuzz
echo "$me: done"
END
chmod +x "$dir/bin/cmake" "$dir/scripts/some"
PATH=$dir/bin:$PATH
export PATH

# The stand-in is not done before the sign has come; the bound of ten minutes is for a sign that never does.
"$dir/scripts/some" >"$dir/out" 2>"$dir/err" &
script=$!
tries=0
while ! grep -q "3 of 70 steps" "$dir/err" && [ $tries -lt 6000 ] && kill -0 $script; do
	tries=$((tries + 1))
	sleep 0.1
done
touch "$dir/said"
wait $script || fail "status $?"
grep -q '^scripts/some: building build/fuzz: about [0-9]* \(seconds\|minutes\)$' "$dir/out" || fail "it does not say how long: $(cat "$dir/out")"
grep -q '^scripts/some: building: 3 of 70 steps, [0-9]* seconds$' "$dir/err" || fail "no sign of life: $(cat "$dir/err")"
[ "$(tail -n 1 "$dir/out")" = "scripts/some: done" ] || fail "not done"

# Again there is little to do.
"$dir/scripts/some" >"$dir/out" 2>"$dir/err" || fail "again: status $?"
grep -q 'what has changed' "$dir/out" || fail "again: $(cat "$dir/out")"

# What fails is shown.
touch "$dir/broken"
status=0
"$dir/scripts/some" >"$dir/out" 2>"$dir/err" || status=$?
[ $status = 2 ] && grep -q 'some.c: error' "$dir/err" || fail "a build that fails: status $status, $(cat "$dir/err")"
exit $failed
