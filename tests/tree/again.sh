#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# again.sh BUILD SOURCE PATH: the same tree once more, as its developers have it: in git, built in place, with an option of
# their own; it is edited, broken, and made to die. The copy and its build stay in build/tree, for the next time.
. "$(dirname "$0")/lib.sh"

copy=$repository/build/tree/again/linux
scripts=$repository/scripts
echo CONFIG_DEBUG_ATOMIC_SLEEP=y >config
echo CONFIG_NO_SUCH_OPTION=y >>config
mkdir -p "$repository/build/tree/again"
cmp -s config "$repository/build/tree/again/config" || cp config "$repository/build/tree/again/config"
config=$repository/build/tree/again/config

# script STATUS SCRIPT ARGUMENT...: what it says is in out and err.
script() {
	expected=$1
	shift
	what="scripts/$*"
	status=0
	"$scripts/$@" >out 2>err || status=$?
	[ "$status" = "$expected" ] || fail "$what: expected exit status $expected, got $status"
}

# edit [SED]: mm/rmap.c of the copy; it is a link to another tree's, so not in its place.
edit() {
	rm -f "$copy/mm/rmap.c"
	sed -E "${1-}" "$source/mm/rmap.c" >"$copy/mm/rmap.c"
}

# Links are enough: nothing is written into files, but over them.
if [ ! -d "$copy/.git" ]; then
	rm -rf "$copy"
	cp -al "$source" "$copy"
	# Debian's passes over everything.
	rm -f "$copy/.gitignore"
	printf '%s\n' '.*' '!.gitignore' '*.o' '*.a' 'generated/' '/include/config/' 'modules.order' >"$copy/.gitignore"
	git -C "$copy" init -q
	git -C "$copy" add Makefile mm kernel init arch/um
	git -C "$copy" -c user.name=test -c user.email=test@localhost commit -q -m 'a tree'
	make -C "$copy" -j2 ARCH=um LLVM=-19 defconfig mm/rmap.o >make.log 2>&1 || {
		tail -n 5 make.log
		fail "the copy does not build in place"
	}
fi
edit
sh "$repository/tests/tree/inventory.sh" "$copy" >before

script 0 tree build "$copy" --config "$config"
says out "^scripts/tree: [0-9.+]+ in build/tree/linux-[0-9a-f]+, [0-9]+ seconds\$"
says out 'options that the tree has not: CONFIG_NO_SUCH_OPTION$'
copy_build=$repository/$(sed -n 's/^scripts\/tree: .* in \(.*\), [0-9]* seconds$/\1/p' out)
grep -qx CONFIG_DEBUG_ATOMIC_SLEEP=y "$copy_build/.config" || fail "expected the option of --config in $copy_build/.config"
[ -f "$copy_build/source/mm/rmap.c" ] || fail "expected a mirror: the tree was built in place"
[ ! -e "$copy_build/source/mm/rmap.o" ] || fail "expected nothing in the mirror that was built in place"

# The same bytes come of both builds.
ln -s "$repository/corpus" corpus
try 0 "$build" corpus
cp out first
try 0 "$copy_build" corpus
cmp first out || fail "two builds say different things"

sh "$repository/tests/tree/inventory.sh" "$copy" >after
diff before after >out || fail "$copy is not what it was"

# What was edited is built again, and nothing else.
edit 's/^static struct kmem_cache \*anon_vma_cachep;/&\n\/* An edit. *\//'
touch built
script 0 tree build "$copy" --config "$config"
(cd "$copy_build" && find . -name '*.o' -newer "$dir/built" ! -name kernel.o ! -name vmlinux.o ! -path './source/*' | sort) >out
[ "$(cat out)" = ./mm/rmap.o ] || fail "expected mm/rmap.o alone built again"

# How long that takes, until a fuzzer runs.
edit 's/^static struct kmem_cache \*anon_vma_cachep;/&\n\/* Another edit. *\//'
began=$(date +%s)
script 0 fuzz --tree "$copy" --config "$config" --seconds 1 --jobs 1 --corpus "$dir/corpora"
took=$(sed -n 's/^fuzz_tree: coverage .* jobs, \([0-9]*\) seconds$/\1/p' out)
echo "from an edited mm/rmap.c to a running fuzzer: $(($(date +%s) - began - took)) seconds"

# It does not build.
edit '/^int anon_vma_fork/,/^}/s/^\{/&\n\tint i = undeclared;/'
script 2 tree build "$copy" --config "$config"
says err "^.*mm/rmap\\.c:[0-9]+:[0-9]+: error: use of undeclared identifier 'undeclared'\$"

# An input that no handler lives to keep, through the scripts: fuzzed, shown again, minimized.
edit '/^int anon_vma_fork/,/^}/s/^\tanon_vma = anon_vma_alloc\(\);/\textern int raise(int); raise(9);\n&/'
for jobs in 1 2; do
	script 1 fuzz --tree "$copy" --config "$config" --seconds 60 --jobs $jobs --corpus "$dir/corpus"
	says out '^fuzz_tree: stopped by an input; it is in build/fuzz/crashes$'
	input=$repository/$(sed -n 's/^scripts\/fuzz: to see it again: .* --bytes //p' out | tail -n 1)
	[ -s "$input" ] || fail "$what: expected an input, not '$input'"
done
script 1 tree run "$copy" --config "$config" --bytes "$input"
says out '^FINDING the process with the tree was ended by signal 9 '
script 0 minimize --tree "$copy" --config "$config" "$input"
grep -v '^#' out >ops
cat ops
[ "$(wc -l <ops)" -le 3 ] || fail "$what: expected the shortest scenario"
edit

# Too little disk: a build's place of 20 MB, where this may be made.
if [ "$(id -u)" = 0 ]; then
	rm -rf "$repository/build/tree/again/small"
	mkdir "$repository/build/tree/again/small"
	cp -al "$source/Makefile" "$source/mm" "$repository/build/tree/again/small"
	mkdir -p "$repository/build/tree/again/small/arch/um"
	key=$(printf '%s\n' "$repository/build/tree/again/small" | sha1sum | cut -c1-8)
	small=$repository/build/tree/small-$key
	mkdir -p "$small"
	if mount -t tmpfs -o size=20m none "$small"; then
		script 2 tree build "$repository/build/tree/again/small"
		says err "small-$key: [0-9]+ MB free; a build takes up to [0-9]+\$"
		umount "$small"
	fi
	rm -rf "$small" "$repository/build/tree/again/small"
fi
finish
