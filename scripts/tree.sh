# SPDX-License-Identifier: GPL-2.0-only
# Building a kernel tree as a library, and linking it; sourced behind lib.sh.
# shellcheck shell=sh

# What of a tree is instrumented: KASAN and coverage. Those that a tree has not cost nothing.
tree_objects="rmap interval_tree vma vma_init vma_exec mremap mmap mprotect madvise memory migrate page_vma_mapped
maple_tree fork mlock util pgtable-generic mempolicy ksm cow_context"

# Megabytes that a build takes, with room to spare.
tree_megabytes=1000
tree_copy_megabytes=2000

# Seconds of two cores for a first build, as measured.
tree_seconds=220

# Debian's own source, as the package brings it.
tree_archive=/usr/src/linux-source-6.12.tar.xz

# tree_find PATH CONFIG: sets tree_source, where it is, and tree_out, where its build goes; installs what it takes. Exit
# status 77 where Debian's source cannot be had.
tree_find() {
	[ -z "$2" ] || [ -f "$2" ] || die "--config $2: expected a file"
	case $1 in
	debian) tree_source=$PWD/build/tree/debian/linux-source-6.12 ;;
	*)
		tree_source=$(cd "$(from_here "$1")" 2>/dev/null && pwd -P) || die "$1: expected a directory, or debian"
		grep -qs '^PATCHLEVEL = ' "$tree_source/Makefile" && [ -f "$tree_source/mm/rmap.c" ] &&
			[ -d "$tree_source/arch/um" ] ||
			die "$1: expected a Linux source tree (Makefile, mm/rmap.c, arch/um)"
		;;
	esac
	# shellcheck disable=SC2086 # lists of packages
	need $packages_build $packages_tree
	command -v clang-19 >/dev/null ||
		die "no clang-19, which compiles a tree for User-Mode Linux; Debian has it in: $packages_tree"
	tree_is_debian=
	if [ "$1" = debian ]; then
		tree_is_debian=1
		[ -f $tree_archive ] || (need linux-source-6.12) || exit 77
		[ -f $tree_archive ] || {
			echo "$me: debian: no $tree_archive, which Debian has in: linux-source-6.12" >&2
			exit 77
		}
	fi
	tree_config=$2
	key=$({ printf '%s\n' "$tree_source"; [ -z "$2" ] || cat "$2"; } | sha1sum | cut -c1-8)
	tree_out=build/tree/$(basename "$tree_source")-$key
}

# lock FD WHAT: the file that FD has open, by one script at a time.
lock() {
	flock -n "$1" && return 0
	echo "$me: waiting: another script is at $2"
	attended flock "$1"
}

# Debian's source is unpacked once, and again when the package brings another.
tree_unpack_debian() {
	mkdir -p "${tree_source%/*}"
	exec 7>"${tree_source%/*}/lock"
	lock 7 "$tree_source"
	stat -c '%s %Y' $tree_archive >"${tree_source%/*}/archive"
	if ! cmp -s "${tree_source%/*}/archive" "${tree_source%/*}/complete"; then
		echo "$me: unpacking $tree_archive"
		rm -rf "$tree_source" "${tree_source%/*}/complete"
		mkdir -p "$tree_source"
		attended tar -xf $tree_archive -C "$tree_source" --strip-components=1 || die "cannot unpack $tree_archive"
		mv "${tree_source%/*}/archive" "${tree_source%/*}/complete"
	fi
	exec 7>&-
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

# A copy without what was built, and only of what changed since the last one, unless that was cut off: a file that cp did
# not finish is newer than the one it was made of.
tree_mirror() {
	mkdir -p "$tree_out/source"
	only_newer=u
	[ ! -e "$tree_out/mirroring" ] || only_newer=
	touch "$tree_out/mirroring"
	# git lists what is deleted, too, until that is committed.
	tree_files | (cd "$tree_source" && while IFS= read -r file; do
		[ ! -e "$file" ] && [ ! -L "$file" ] || printf '%s\n' "$file"
	done) >"$tree_out/files.new"
	(cd "$tree_source" && tr '\n' '\0' <"$OLDPWD/$tree_out/files.new" |
		xargs -0 cp -pP$only_newer --parents -t "$OLDPWD/$tree_out/source")
	if [ -f "$tree_out/files" ]; then
		comm -23 "$tree_out/files" "$tree_out/files.new" | while IFS= read -r gone; do
			rm -f "$tree_out/source/$gone"
		done
	fi
	mv "$tree_out/files.new" "$tree_out/files"
	rm "$tree_out/mirroring"
}

# tree_make GOAL...: kbuild, with what instruments it; nothing in the tree says so.
tree_make() {
	instrument=
	for object in $tree_objects; do
		instrument="$instrument KASAN_SANITIZE_$object.o=y"
		instrument="$instrument CFLAGS_$object.o=-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp"
	done
	# shellcheck disable=SC2086 # a list
	env -u MAKEFLAGS -u MAKELEVEL -u CFLAGS -u KCFLAGS -u LLVM -u ARCH -u CROSS_COMPILE -u CC -u HOSTCC -u KBUILD_OUTPUT \
		PYTHONDONTWRITEBYTECODE=1 KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=rmapdiff \
		KBUILD_BUILD_HOST=rmapdiff KBUILD_BUILD_VERSION=1 make -C "$tree_source" -j"$(nproc)" ARCH=um LLVM=-19 \
		O="$PWD/$tree_out" KASAN_SANITIZE=n UBSAN_SANITIZE=n KCOV_INSTRUMENT=n \
		KCFLAGS="-gline-tables-only -fdebug-prefix-map=$tree_source/=" $instrument "$@"
}

# tree_step WHAT COMMAND...: its output is the log's, unless it fails: then its first error is shown. A signal ends it at
# once: what still runs then is the guard's to end.
tree_step() {
	what=$1
	shift
	"$@" >"$tree_out/log" 2>&1 &
	tree_job=$!
	signs_of_life "$tree_job" "$tree_out/log" "$what" 7>&- 9>&- &
	tree_signs=$!
	result=0
	wait $tree_job || result=$?
	kill $tree_signs 2>/dev/null || true
	[ ! -t 2 ] || printf '\033[K' >&2
	[ $result != 0 ] || return 0
	# kbuild's own lines have names of files, some with "error" in them; a warning may speak of what is undefined.
	grep -vE '^  [A-Z0-9]+ |^ +[0-9]* \||warning: ' "$tree_out/log" |
		grep -m 1 -E '([Ee]rror|undefined|not found|No space)' >&2 ||
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
	# Early states of the branch have contexts, and nothing that walks by them.
	grep -qs 'cow_context_walk(' "$tree_source/mm/cow_context.c" || return 0
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

# Room for a first build, and for the copy of a tree where there is to be one.
tree_check_disk() {
	[ ! -f "$tree_out/vmlinux.a" ] || return 0
	needed=$tree_megabytes
	[ -d "$tree_source" ] && ! tree_built_in_place || needed=$((needed + tree_copy_megabytes))
	free=$(df -Pm "$tree_out" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$needed" ] || die "$tree_out: $free MB free; a build takes up to $needed"
}

# One build of a tree at a time; whoever waits finds it done. Behind guard(): no make outlives the script, and its lock.
tree_build() {
	began=$(date +%s)
	mkdir -p "$tree_out"
	exec 9>"$tree_out/lock"
	lock 9 "$tree_out"
	tree_check_disk
	[ -z "$tree_is_debian" ] || tree_unpack_debian
	if [ -f "$tree_out/vmlinux.a" ]; then
		how_long="what has changed since the last time"
	else
		how_long=$(about $tree_seconds)
	fi
	echo "$me: building $tree_source in $tree_out: $how_long"
	if tree_built_in_place; then
		tree_step "copying $tree_source" tree_mirror
		tree_source=$PWD/$tree_out/source
	fi
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
	[ ! -f "$tree_source/mm/cow_context.c" ] || case $features in
	*TREE_HAS_COW_CONTEXT*) ;;
	*) echo "$me: no cow_context_walk() in mm/cow_context.c: its contexts are not checked" ;;
	esac
}
