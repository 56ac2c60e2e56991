#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The BPF programs come out the same where no kernel's BTF can be read, and rmapdiff then says that it is missing:
# test_kernel_build.sh SOURCE BUILD RMAPDIFF
# Exit status 77: nothing can be hidden here.
set -eu

source=$1
build=$2
rmapdiff=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "test_kernel_build: $*" >&2
	exit 1
}

# Nothing of this kernel is named where the build is described.
named=$(grep -rlE '(^|[^a-z])/(sys|proc|boot|lib/modules)/|uname|vmlinux' --include=CMakeLists.txt --include='*.cmake' \
	"$source/CMakeLists.txt" "$source/kernel" "$source/tools" || true)
[ -z "$named" ] || fail "named in $named: a file of the kernel that runs"

hidden() {
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs none /sys/kernel && [ ! -e /sys/kernel/btf ] && exec "$@"' sh "$@"
}
hidden true 2>/dev/null || { echo "cannot hide /sys/kernel from a process here"; exit 77; }

hidden cmake -S "$source" -B "$dir" -G "$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$build/CMakeCache.txt")" \
	-DCMAKE_C_COMPILER="$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")" >"$dir/log" 2>&1 &&
	hidden cmake --build "$dir" --target kernel_bpf >>"$dir/log" 2>&1 ||
	{ cat "$dir/log" >&2; fail "does not build where no BTF can be read"; }
for file in readback.bpf.o readback.skel.h slabs.bpf.o slabs.skel.h; do
	cmp "$build/kernel/$file" "$dir/kernel/$file" || fail "$file is another where no BTF can be read"
done

# Where there is none it says so, in one line.
set +e
hidden "$rmapdiff" kernel --random 1 >"$dir/out" 2>"$dir/err"
status=$?
set -e
[ $status -eq 77 ] || fail "kernel without BTF: status $status, expected 77"
[ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/err")" -eq 1 ] && grep -q 'no BTF of this kernel' "$dir/err" ||
	fail "kernel without BTF: $(cat "$dir/out" "$dir/err")"
