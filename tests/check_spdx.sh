#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check_spdx.sh SOURCE_DIR: every file of the repository says its licence at the top, but for what has no comments, is
# recorded, or is made: of these the maker does. A scenario begins with a comment that says what it asks.
set -eu
# shellcheck source=tests/files.sh
. "$(dirname "$0")/files.sh"
cd "$1"
exempt='^LICENSE$|[.]json$|[.]bin$|[.]strace$|[.]svg$|^docs/report[.]html$|^dict/.*[.]dict$'
found=$(source_files | grep -vE "$exempt" |
	while IFS= read -r file; do
		case $file in
		*.rmap)
			head -n 1 "$file" | grep -q '^#' || echo "$file: no comment at its top"
			;;
		*)
			head -n 2 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' ||
				echo "$file: no SPDX line"
			;;
		esac
	done)
[ -z "$found" ] || { printf '%s\n' "$found"; exit 1; }
