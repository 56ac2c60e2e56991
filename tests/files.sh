# SPDX-License-Identifier: GPL-2.0-only
# files.sh: which files are the repository's. Sourced.
# shellcheck shell=sh

# source_files [REGEX]: those of the working directory whose name matches, one a line. Without git (a tree that was
# unpacked) all but what builds leave.
source_files() {
	{
		git ls-files 2>/dev/null ||
			find . -name build -prune -o -name .git -prune -o -type f -print | sed 's,^[.]/,,'
	} | sort | grep -E "${1-.}" | while IFS= read -r file; do
		# What is deleted and not yet committed.
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}
