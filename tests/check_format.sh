#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check_format.sh SOURCE_DIR: all C files of the repository are as clang-format 14 leaves them.
set -eu
# shellcheck source=tests/files.sh
. "$(dirname "$0")/files.sh"
cd "$1"
command -v clang-format >/dev/null || { echo "no clang-format"; exit 77; }
case $(clang-format --version) in
*" version 14."*) ;;
*) echo "not clang-format 14: another one formats otherwise"; exit 77 ;;
esac
source_files '[.][ch]$' | xargs clang-format --dry-run -Werror
