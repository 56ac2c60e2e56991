# SPDX-License-Identifier: GPL-2.0-only
# A fault put into a tree that scripts/tree has built; sourced behind tree.sh.
# shellcheck shell=sh

# tree_fault FILE SED DIR TARGET...: DIR is a build of its own with FILE, changed by SED, compiled by kbuild's own command for it;
# then TARGETs are linked: tree_run, fuzz_tree. The tree and its build stay as they are. 1: SED changes nothing. Relative to the
# project's root; DIR is in build/tree, as what was compiled names its sources from there.
tree_fault() {
	fault_file=$1 fault_edit=$2 fault_dir=$3
	fault_name=$(basename "$1")
	fault_edited=$fault_dir.source/$fault_name
	rm -rf "$fault_dir" "$fault_dir.source"
	mkdir -p "$fault_dir.source"
	sed "$2" "$tree_source/$1" >"$fault_edited" || die "$1: sed does not take '$2'"
	! cmp -s "$tree_source/$1" "$fault_edited" || return 1
	shift 3
	# Hard links: what is made anew goes first, so that the tree's own build keeps it.
	cp -al "$tree_out" "$fault_dir"
	fault_command=$(sed -n '1s/^[^=]*:= //p' "$tree_out/$(dirname "$fault_file")/.$(basename "$fault_name" .c).o.cmd" |
		sed "s|[^ ]*/$fault_file\\( .*\\)\\{0,1\\}\$|-iquote $tree_source/$(dirname "$fault_file") $PWD/$fault_edited|")
	(
		rm -f "$fault_dir/${fault_file%.c}.o" "$fault_dir/kernel.o" "$fault_dir/tree_run" "$fault_dir/fuzz_tree" &&
			cp "$fault_dir/vmlinux.a" "$fault_dir/vmlinux.a.new" && mv "$fault_dir/vmlinux.a.new" "$fault_dir/vmlinux.a" &&
			cd "$fault_dir" && sh -c "$fault_command" &&
			make -s -f "$OLDPWD/tree/link.mk" GLUE="$OLDPWD/tree" HOST="$OLDPWD/build/tree/host" "$@"
	) >"$fault_dir.source/log" 2>&1 || {
		cat "$fault_dir.source/log" >&2
		die "$fault_file: it does not compile with '$fault_edit'"
	}
}
