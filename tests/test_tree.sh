#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_tree.sh SOURCE_DIR: what scripts/tree says before anything is compiled, and what it hands to kbuild. The tree is a
# few empty files and kbuild a stand-in; tests/tree/ has the tests with a kernel's source.
set -eu
source=$(cd "$1" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/repo/tree" "$dir/repo/fuzz" "$dir/bin" "$dir/kernel/mm" "$dir/kernel/arch/um"
cp -r "$source/scripts" "$dir/repo"
cp "$source/tree/config" "$dir/repo/tree"
# What Debian's package brings is here, where it is.
sed "s|/usr/src/|$dir/src/|" "$source/scripts/tree.sh" >"$dir/repo/scripts/tree.sh"
echo 'set(fuzz_targets fuzz_rmap)' >"$dir/repo/fuzz/CMakeLists.txt"
printf 'VERSION = 6\nPATCHLEVEL = 12\n' >"$dir/kernel/Makefile"
echo 'int rmap;' >"$dir/kernel/mm/rmap.c"
echo 'int um;' >"$dir/kernel/arch/um/um.c"
failed=0
nr=0

# No dpkg, so nothing is installed; and only what stands here.
for tool in awk basename cat cmp comm cp cut dirname env find flock git grep head mkdir mv nproc rm sed setsid sh sha1sum sleep \
	sort stat tail tar touch tr uname xargs xz; do
	where=$(command -v "$tool") && ln -s "$where" "$dir/bin/$tool"
done
stub() {
	cat >"$dir/bin/$1"
	chmod +x "$dir/bin/$1"
}
for tool in cmake ninja clang-19; do
	echo '#!/bin/sh' | stub "$tool"
done
echo '#!/bin/sh
echo 1' | stub date
echo '#!/bin/sh
printf "Filesystem 1M-blocks Used Available\nnone 100000 0 ${FREE:-90000} 0%% /\n"' | stub df
# kbuild: notes what it was asked, and fails as a compiler does.
cat <<END | stub make
#!/bin/sh
for argument; do
	echo "\$argument"
done >>"$dir/asked"
if [ -e "$dir/stands-still" ]; then
	sleep 300 &
	setsid sleep 300 &
	: >"$dir/began"
	wait
fi
echo "  CC      lib/errname.o"
echo "  CC      mm/rmap.o"
echo "include/asm-generic/io.h:582:31: warning: performing pointer arithmetic on a null pointer has undefined behavior"
echo "  582 |         val = error + undefined;"
echo "mm/rmap.c:7:2: error: use of undeclared identifier 'vmg'"
echo "mm/rmap.c:9:2: error: expected expression"
exit 2
END

fail() {
	echo "FAIL: $what: $*"
	head -n 20 "$dir/out" "$dir/err"
	failed=$((failed + 1))
}

# try STATUS SCRIPT ARGUMENT...: what it says is in out and err.
try() {
	expected=$1
	shift
	what=$*
	nr=$((nr + 1))
	script=$1
	shift
	status=0
	(cd "$dir" && PATH=$dir/bin FREE=${FREE-} sh "repo/scripts/$script" "$@" >"$dir/out" 2>"$dir/err" </dev/null) || status=$?
	[ "$status" = "$expected" ] || fail "expected exit status $expected, got $status"
}

# bad TEXT SCRIPT ARGUMENT...: status 2, nothing on standard output, one line with TEXT on standard error.
bad() {
	text=$1
	shift
	try 2 "$@"
	[ ! -s "$dir/out" ] || fail "expected nothing on standard output"
	[ "$(wc -l <"$dir/err")" = 1 ] || fail "expected one line on standard error"
	grep -qF -e "$text" "$dir/err" || fail "expected '$text'"
}

try 0 tree --help
grep -q 'Usage: scripts/tree build PATH' "$dir/out" || fail "no usage"
cp "$dir/out" "$dir/help"
# Before 7 minutes of a build.
try 0 tree run kernel --help
cmp -s "$dir/help" "$dir/out" || fail "expected what --help prints"

bad "expected build or run" tree
bad "expected build or run" tree biuld kernel
bad "expected PATH" tree build
bad "unknown argument 'again'" tree build kernel again
bad "run: expected FILE" tree run kernel
bad "--config: expected a value" tree build kernel --config
bad "nosuch: expected a directory, or debian" tree build nosuch
bad "kernel/Makefile: expected a directory" tree run kernel/Makefile x.rmap
bad "repo: expected a Linux source tree" tree build repo
bad "nosuch: expected a file" tree build kernel --config nosuch
bad "nosuch: expected a directory, or debian" fuzz --tree nosuch
bad "--config: expected --tree" fuzz --config kernel/Makefile
bad "nosuch: expected a directory, or debian" minimize --tree nosuch kernel/Makefile
bad "expected CRASH" minimize --tree kernel

mv "$dir/bin/clang-19" "$dir/clang-19"
bad "no clang-19, which compiles a tree for User-Mode Linux; Debian has it in: clang-19 " tree build kernel
mv "$dir/clang-19" "$dir/bin/clang-19"

FREE=12
bad "12 MB free; a build takes up to 1000" tree build kernel
# A tree that was built in place is copied.
FREE=2900
touch "$dir/kernel/.config"
bad "2900 MB free; a build takes up to 3000" tree build kernel
rm "$dir/kernel/.config"
FREE=

# A tree that does not build: the compiler's first error, and where the others are.
(cd "$dir/kernel" && find . -type f -exec sha1sum {} + | sort) >"$dir/before"
try 2 tree build kernel
grep -qx "mm/rmap.c:7:2: error: use of undeclared identifier 'vmg'" "$dir/err" || fail "expected the compiler's first error"
! grep -q 'expected expression' "$dir/err" || fail "expected no second error"
log=$(sed -n 's/.*: all it said is in //p' "$dir/err")
grep -q 'expected expression' "$dir/repo/$log" || fail "expected everything in '$log'"
grep -qx "$dir/kernel" "$dir/asked" || fail "expected kbuild in the tree itself"

# One that was built in place: a mirror of its own files is built, what goes goes there too, and it stays as it is.
mkdir -p "$dir/kernel/include/config" "$dir/kernel/mm/.tmp"
touch "$dir/kernel/.config" "$dir/kernel/include/config/auto.conf" "$dir/kernel/mm/rmap.o" "$dir/kernel/mm/.rmap.o.cmd"
touch "$dir/kernel/mm/gone.c"
(cd "$dir/kernel" && find . -type f -exec sha1sum {} + | sort) >"$dir/before"
: >"$dir/asked"
try 2 tree build kernel
mirror=$(grep '/source$' "$dir/asked" | head -n 1)
if [ ! -d "$mirror" ]; then
	fail "expected kbuild in a mirror"
	exit 1
fi
(cd "$mirror" && find . -type f | sort) >"$dir/mirrored"
printf './%s\n' Makefile arch/um/um.c mm/gone.c mm/rmap.c >"$dir/wanted"
cmp -s "$dir/wanted" "$dir/mirrored" || fail "expected the tree's own files: $(tr '\n' ' ' <"$dir/mirrored")"
(cd "$dir/kernel" && find . -type f -exec sha1sum {} + | sort) >"$dir/after"
cmp -s "$dir/before" "$dir/after" || fail "the tree is not what it was"
rm "$dir/kernel/mm/gone.c"
echo 'int rmap_edited;' >"$dir/kernel/mm/rmap.c"
touch -d '+1 minute' "$dir/kernel/mm/rmap.c"
try 2 tree build kernel
[ ! -e "$mirror/mm/gone.c" ] || fail "expected no file that the tree has no more"
cmp -s "$dir/kernel/mm/rmap.c" "$mirror/mm/rmap.c" || fail "expected what was edited"

# Debian's source: the package's archive, unpacked once, and again when there is another one.
try 77 tree run debian x.rmap
grep -q 'Debian has in: linux-source-6.12$' "$dir/err" || fail "expected the package"
archive() {
	mkdir -p "$dir/src"
	echo "$1" >"$dir/kernel/mm/rmap.c"
	tar -C "$dir" -cJf "$dir/src/linux-source-6.12.tar.xz" --exclude=.config --exclude=auto.conf kernel
}
unpacked=$dir/repo/build/tree/debian/linux-source-6.12
archive 'int first;'
try 2 tree build debian
grep -q 'int first' "$unpacked/mm/rmap.c" || fail "expected what the package has"
touch "$unpacked/left"
try 2 tree build debian
[ -e "$unpacked/left" ] || fail "expected it unpacked once"
archive 'int of another size;'
try 2 tree build debian
grep -q 'another size' "$unpacked/mm/rmap.c" || fail "expected what the package has now"
[ ! -e "$unpacked/left" ] || fail "expected nothing of the old one"

# Whatever ends a build, no make outlives it, and the next one finds no lock.
touch "$dir/stands-still"
lock=$(echo "$dir"/repo/build/tree/kernel-*/lock)
[ -f "$lock" ] || fail "expected one build, with its lock: $lock"
held() {
	! flock -n "$lock" true
}
for end in INT:130 TERM:143 HUP:129 KILL:137; do
	what="tree build, ended by ${end%:*}"
	nr=$((nr + 1))
	rm -f "$dir/began"
	(cd "$dir" && PATH=$dir/bin exec env --default-signal=INT sh repo/scripts/tree build kernel >"$dir/out" 2>"$dir/err" \
		</dev/null) &
	build=$!
	tries=0
	while [ ! -e "$dir/began" ] && [ $tries -lt 6000 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	held || fail "expected the lock while it builds"
	kill "-${end%:*}" $build
	status=0
	wait $build 2>/dev/null || status=$?
	[ $status = "${end#*:}" ] || fail "expected exit status ${end#*:}, got $status"
	# After KILL only the guard is left to do it; when depends on what else runs here.
	tries=0
	while { held || [ -n "$(ls "$dir/repo/build/run")" ]; } && [ $tries -lt 3000 ] && [ $status = 137 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	! held || fail "something still has the lock"
	[ -z "$(ls "$dir/repo/build/run")" ] || fail "$(ls "$dir/repo/build/run") is left"
done

# features TEXT: what the glue is told of a tree, which is what its files have.
features() {
	what="features of $*"
	found=$(tree_source=$dir/kernel; . "$dir/repo/scripts/tree.sh"; tree_features; echo "${features# }")
	[ "$found" = "$*" ] || fail "expected '$*', got '$found'"
}
mkdir -p "$dir/kernel/include/linux"
touch "$dir/kernel/include/linux/mm_types.h"
features ''
echo 'void dup_cow_context(struct mm_struct *mm, struct mm_struct *oldmm)' >"$dir/kernel/mm/cow_context.c"
features ''
echo 'void cow_context_walk(struct folio *folio, struct rmap_walk_control *rwc)' >>"$dir/kernel/mm/cow_context.c"
features -DTREE_HAS_COW_CONTEXT
echo 'static inline struct cow_context *folio_cow_context(struct folio *folio)' >"$dir/kernel/include/linux/mm.h"
features -DTREE_HAS_COW_CONTEXT -DTREE_HAS_FOLIO_COW_CONTEXT

# What .ci/run makes of its two parts: the second one may be impossible here, and that is said.
mkdir -p "$dir/ci/.ci" "$dir/ci/scripts"
cp "$source/.ci/run" "$dir/ci/.ci"
# ci TEST TREE STATUS: exit statuses of scripts/test and scripts/tree-test, and what comes of them.
ci() {
	what=".ci/run: scripts/test ends with $1, scripts/tree-test with $2"
	nr=$((nr + 1))
	printf '#!/bin/sh\nexit %s\n' "$1" >"$dir/ci/scripts/test"
	printf '#!/bin/sh\necho tree\nexit %s\n' "$2" >"$dir/ci/scripts/tree-test"
	chmod +x "$dir/ci/scripts/test" "$dir/ci/scripts/tree-test"
	status=0
	"$dir/ci/.ci/run" >"$dir/out" 2>"$dir/err" || status=$?
	[ $status = "$3" ] || fail "expected exit status $3, got $status"
	if [ "$2" = 77 ]; then
		grep -q '^.ci/run: NOT RUN: ' "$dir/out" || fail "expected that it says so"
	fi
}
ci 0 0 0
ci 0 1 1
ci 1 0 1
ci 1 77 1
ci 0 77 0
ci 143 0 143
! grep -q tree "$dir/out" || fail "expected no second part"

echo "$nr commands, $failed failures"
[ "$failed" = 0 ]
