#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_version.sh RMAPDIFF SOURCE_DIR CMAKE: --version, and where it comes from.
set -u
source=$(realpath "$2") cmake=$3
. "$(dirname "$0")/cli.sh"

version=$(sed -n 's/^project(rmapdiff VERSION \([0-9.]*\) .*/\1/p' "$source/CMakeLists.txt")
[ -n "$version" ] || fail "no version in CMakeLists.txt"
try 0 --version
grep -qE "^rmapdiff $version( \([-_.a-zA-Z0-9]+\))?$" out || fail "$what: expected 'rmapdiff $version (COMMIT)'"
try 0 --help
says out "--version"
# Where it is built does not matter, nor when.
# Debug information names the source, for the debugger.
grep -qa '\.debug_info' "$rmapdiff" || ! grep -qa "$source" "$rmapdiff" || fail "the path of the source is in $rmapdiff"

# header DIR: what the build of sources there gets.
header() {
	"$cmake" -DSOURCE="$1" -DVERSION=9.8 -DOUT="$dir/version.h" -P "$source/cmake/version.cmake" >out 2>err ||
		fail "version.cmake failed"
	[ ! -s err ] || fail "version.cmake says something"
	cat "$dir/version.h"
}
expect() {
	[ "$1" = "$2" ] || fail "version.h: expected $2, found $1"
}

# A tarball, also one that was unpacked inside a repository, has the version alone.
mkdir -p repository/tarball
expect "$(header "$dir/repository/tarball")" '#define RMAPDIFF_VERSION "9.8"'
if command -v git >/dev/null; then
	git="git -C repository -c user.name=a -c user.email=a@b -c init.defaultBranch=a"
	{
		$git init -q
		echo 1 >repository/file
		$git add file
		$git commit -qm file
	} || fail "git"
	expect "$(header "$dir/repository/tarball")" '#define RMAPDIFF_VERSION "9.8"'
	commit=$($git rev-parse --short HEAD)
	expect "$(header "$dir/repository")" "#define RMAPDIFF_VERSION \"9.8 ($commit)\""
	# The same again is not written again: nothing is compiled for it.
	touch -d 2001-01-01 version.h
	header "$dir/repository" >/dev/null
	[ -z "$(find version.h -newermt 2001-01-02)" ] || fail "version.h was written anew"
	echo 2 >repository/file
	expect "$(header "$dir/repository")" "#define RMAPDIFF_VERSION \"9.8 ($commit-dirty)\""
	$git tag v9.9
	$git checkout -q file
	expect "$(header "$dir/repository")" '#define RMAPDIFF_VERSION "9.8 (v9.9)"'
fi

finish
