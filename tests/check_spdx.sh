#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check_spdx.sh SOURCE_DIR: every file of code says its licence at the top.
# A scenario begins with what it asks.
set -eu
cd "$1"
found=$(find CMakeLists.txt .clang-format .ci model fuzz tools tests scripts bench kernel oss-fuzz .clusterfuzzlite .github \
	-type f ! -name '*.bin' 2>/dev/null |
	while IFS= read -r file; do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' ||
			echo "$file: no SPDX line"
	done)
[ -z "$found" ] || { printf '%s\n' "$found"; exit 1; }
