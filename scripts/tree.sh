# SPDX-License-Identifier: GPL-2.0-only
# Building a kernel tree as a library, and linking it; sourced behind lib.sh.
# shellcheck shell=sh

# What of a tree is instrumented: KASAN and coverage. Those that a tree has not cost nothing.
tree_objects="rmap interval_tree vma vma_init vma_exec mremap mmap mprotect madvise memory migrate page_vma_mapped
maple_tree fork mlock util pgtable-generic mempolicy ksm cow_context"

# Megabytes that a build takes, with room to spare.
tree_megabytes=1000

# tree_find PATH CONFIG: sets tree_source, where it is, and tree_out, where its build goes.
tree_find() {
	[ -z "$2" ] || [ -f "$2" ] || die "--config $2: expected a file"
	case $1 in
	debian) tree_bring_debian ;;
	*)
		tree_source=$(cd "$(from_here "$1")" 2>/dev/null && pwd -P) || die "$1: expected a directory, or debian"
		;;
	esac
	grep -qs '^PATCHLEVEL = ' "$tree_source/Makefile" && [ -f "$tree_source/mm/rmap.c" ] &&
		[ -d "$tree_source/arch/um" ] ||
		die "$1: expected a Linux source tree (Makefile, mm/rmap.c, arch/um)"
	# shellcheck disable=SC2086 # lists of packages
	need $packages_build $packages_tree
	command -v clang-19 >/dev/null ||
		die "no clang-19, which compiles a tree for User-Mode Linux; Debian has it in: $packages_tree"
	tree_config=$2
	key=$({ printf '%s\n' "$tree_source"; [ -z "$2" ] || cat "$2"; } | sha1sum | cut -c1-8)
	tree_out=build/tree/$(basename "$tree_source")-$key
}

# Debian's own source, unpacked once.
tree_bring_debian() {
	tree_source=$PWD/build/tree/debian/linux-source-6.12
	[ ! -f "$tree_source/.complete" ] || return 0
	need linux-source-6.12 xz-utils
	[ -f /usr/src/linux-source-6.12.tar.xz ] ||
		die "debian: no /usr/src/linux-source-6.12.tar.xz, which Debian has in: linux-source-6.12"
	echo "$me: unpacking /usr/src/linux-source-6.12.tar.xz" >&2
	rm -rf "$tree_source"
	mkdir -p "$tree_source"
	tar -xf /usr/src/linux-source-6.12.tar.xz -C "$tree_source" --strip-components=1 ||
		die "cannot unpack /usr/src/linux-source-6.12.tar.xz"
	touch "$tree_source/.complete"
}

# kbuild refuses O= for a tree that was built in place.
tree_built_in_place() {
	[ -e "$tree_source/.config" ] || [ -d "$tree_source/include/config" ] ||
		[ -n "$(find "$tree_source"/arch/*/include/generated -maxdepth 0 2>/dev/null)" ]
}

# Names of the tree's own files, not of what a build made of them.
tree_files() {
	if git -C "$tree_source" rev-parse --show-prefix 2>/dev/null | grep -qx ''; then
		git -C "$tree_source" ls-files -c -o --exclude-standard
	else
		(cd "$tree_source" && find . -name .git -prune -o \( -path ./include/config -o -path ./include/generated -o \
			-path './arch/*/include/generated' \) -prune -o \( -type f -o -type l \) ! -name '*.o' ! -name '*.a' \
			! -name '*.ko' ! -name '.*.cmd' ! -name '.*.d' ! -name '.config*' ! -name '.tmp_*' ! -name 'vmlinux*' \
			! -name 'modules.*' ! -name Module.symvers ! -name System.map -print | sed 's|^\./||')
	fi | sort
}

# A copy without what was built, and only of what changed since the last one.
tree_mirror() {
	mkdir -p "$tree_out/source"
	tree_files >"$tree_out/files.new"
	# git lists what is deleted, too, until that is committed.
	(cd "$tree_source" && tr '\n' '\0' <"$OLDPWD/$tree_out/files.new" |
		xargs -0 cp -pPu --parents -t "$OLDPWD/$tree_out/source" 2>/dev/null) || true
	if [ -f "$tree_out/files" ]; then
		comm -23 "$tree_out/files" "$tree_out/files.new" | while IFS= read -r gone; do
			rm -f "$tree_out/source/$gone"
		done
	fi
	mv "$tree_out/files.new" "$tree_out/files"
	tree_source=$PWD/$tree_out/source
}

# tree_make GOAL...: kbuild, with what instruments it; nothing in the tree says so.
tree_make() {
	instrument=
	for object in $tree_objects; do
		instrument="$instrument KASAN_SANITIZE_$object.o=y"
		instrument="$instrument CFLAGS_$object.o=-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp"
	done
	# shellcheck disable=SC2086 # a list
	env -u MAKEFLAGS -u CFLAGS -u KCFLAGS -u LLVM -u ARCH KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=rmapdiff \
		KBUILD_BUILD_HOST=rmapdiff KBUILD_BUILD_VERSION=1 make -C "$tree_source" -s -j"$(nproc)" ARCH=um LLVM=-19 \
		O="$PWD/$tree_out" KASAN_SANITIZE=n UBSAN_SANITIZE=n KCOV_INSTRUMENT=n \
		KCFLAGS="-gline-tables-only -fdebug-prefix-map=$tree_source/=" $instrument "$@"
}

# tree_step WHAT COMMAND...: its output is the log's, unless it fails: then its first error is shown.
tree_step() {
	what=$1
	shift
	"$@" >"$tree_out/log" 2>&1 && return 0
	grep -m 1 -E '(error|Error|undefined reference|undefined symbol|No space)' "$tree_out/log" >&2 ||
		tail -n 3 "$tree_out/log" >&2
	die "$what failed: all it said is in $tree_out/log"
}

# The fragment decides all options, allnoconfig the rest; again only when it changed.
tree_configure() {
	cat tree/config ${tree_config:+"$tree_config"} >"$tree_out/fragment.new"
	if cmp -s "$tree_out/fragment.new" "$tree_out/fragment" && [ -f "$tree_out/.config" ]; then
		rm "$tree_out/fragment.new"
		return 0
	fi
	rm -f "$tree_out/fragment"
	tree_step "configuring $tree_source" tree_make KCONFIG_ALLCONFIG="$PWD/$tree_out/fragment.new" allnoconfig
	mv "$tree_out/fragment.new" "$tree_out/fragment"
}

# Those options of the fragment that the tree did not take.
tree_options_missing() {
	sed -n 's/^\(CONFIG_[A-Za-z0-9_]*\)=.*/\1/p' "$tree_out/fragment" | while read -r option; do
		grep -q "^$option=" "$tree_out/.config" || printf ' %s' "$option"
	done
}

# What the tree has, as flags for the glue.
tree_features() {
	features=
	! grep -q '__vm_anon_pgoff' "$tree_source/include/linux/mm_types.h" ||
		features="$features -DTREE_HAS_ANON_PGOFF"
	[ -f "$tree_source/mm/cow_context.c" ] || return 0
	features="$features -DTREE_HAS_COW_CONTEXT"
	! grep -qs 'folio_cow_context(' "$tree_source"/include/linux/mm.h "$tree_source"/include/linux/mm_types.h \
		"$tree_source"/include/linux/rmap.h || features="$features -DTREE_HAS_FOLIO_COW_CONTEXT"
}

# The glue's flags are those that kbuild noted for mm/rmap.o, less instrumentation.
tree_glue_flags() {
	mkdir -p "$tree_out/glue"
	{
		sed -n '1s/^[^=]*:= //p' "$tree_out/mm/.rmap.o.cmd" |
			sed 's/ -c -o .*//; s/^[^ ]* //; s/-Wp,-MMD,[^ ]*//; s/-fsanitize-coverage=[^ ]*//g; s/-fsanitize=kernel-address//
				s/-mllvm -asan[^ ]*//g; s/--param asan[^ ]*//g; s/-D[A-Z_]*KBUILD_[A-Z_]*=[^ ]*//g'
		echo "-DKBUILD_MODNAME='\"rmapdiff\"' -DKBUILD_BASENAME='\"rmapdiff\"' -DKBUILD_MODFILE='\"rmapdiff\"'"
		echo "-Wno-null-pointer-arithmetic -fdebug-prefix-map=$PWD/= $features"
	} >"$tree_out/glue/flags.new"
	if cmp -s "$tree_out/glue/flags.new" "$tree_out/glue/flags"; then
		rm "$tree_out/glue/flags.new"
	else
		mv "$tree_out/glue/flags.new" "$tree_out/glue/flags"
	fi
}

# tree_host TARGET...: our side, compiled once for all trees, and by one of them at a time.
tree_host() {
	exec 8>build/tree/host.lock
	flock 8
	[ -f build/tree/host/build.ninja ] ||
		cmake -S . -B build/tree/host -G Ninja -DCMAKE_C_COMPILER=clang-19 -DCMAKE_BUILD_TYPE=Release \
			-DRMAPDIFF_TREE=ON -DRMAPDIFF_KERNEL=OFF
	cmake --build build/tree/host --target "$@"
	exec 8>&-
}

tree_link() {
	make -C "$tree_out" -s -f "$PWD/tree/link.mk" GLUE="$PWD/tree" HOST="$PWD/build/tree/host"
}

# One build of a tree at a time; whoever waits finds it done.
tree_build() {
	began=$(date +%s)
	mkdir -p "$tree_out"
	exec 9>"$tree_out/lock"
	flock 9
	free=$(df -Pm "$tree_out" | awk 'NR == 2 { print $4 }')
	[ -f "$tree_out/vmlinux.a" ] || [ "$free" -ge "$tree_megabytes" ] ||
		die "$tree_out: $free MB free; a build takes up to $tree_megabytes"
	echo "$me: building $tree_source in $tree_out"
	! tree_built_in_place || tree_mirror
	tree_configure
	tree_step "building $tree_source for ARCH=um" tree_make vmlinux_o
	[ -f "$tree_out/init/version-timestamp.o" ] ||
		tree_step "building $tree_source for ARCH=um" tree_make init/version-timestamp.o
	tree_features
	tree_glue_flags
	tree_step "compiling our side" tree_host rmaptree_run rmaptree_fuzz
	tree_step "linking $tree_source" tree_link
	exec 9>&-
	tree_took=$(($(date +%s) - began))
}

tree_describe() {
	echo "$me: $(make -C "$tree_source" -s kernelversion 2>/dev/null) in $tree_out, $tree_took seconds"
	missing=$(tree_options_missing)
	echo "$me: features:${features:- none beyond 6.12}; options that the tree has not:${missing:- none}"
}
