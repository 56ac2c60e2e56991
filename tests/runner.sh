# SPDX-License-Identifier: GPL-2.0-only
# runner.sh: what the tests that replay scenarios share. Sourced by them, $rmapdiff being the command: a directory of their
# own, $dir; failures, which $failed remembers; and scripts/replays.sh.
# shellcheck shell=sh disable=SC2034
# shellcheck source=scripts/replays.sh
. "$(dirname "$0")/../scripts/replays.sh"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# fail TEXT...: not in a $(command), whose variables are lost.
fail() {
	echo "FAIL: $*"
	failed=1
}
