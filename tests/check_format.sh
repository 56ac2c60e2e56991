#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check_format.sh SOURCE_DIR: all C files are as clang-format 14 leaves them.
set -eu
cd "$1"
command -v clang-format >/dev/null || { echo "no clang-format"; exit 77; }
case $(clang-format --version) in
*" version 14."*) ;;
*) echo "not clang-format 14: another one formats otherwise"; exit 77 ;;
esac
for dir in model fuzz tools tests bench kernel; do
	[ ! -d "$dir" ] || find "$dir" -name '*.[ch]'
done | xargs clang-format --dry-run -Werror
