#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A structure of the kernel that cannot be read, or leads nowhere, is a disagreement of the file in which it was met,
# and the next file is compared: test_kernel_faults.sh RMAPDIFF
# Exit status 77: cannot be done here.
set -u

rmapdiff=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

cat >"$dir/broken.rmap" <<'SCENARIO'
mmap A 0 4 rw
write A 0 2
mmap A 0x10 4 rw file=1@0
write A 0x10 3
fork A B
SCENARIO
# Of these only some have anything to be broken: the file ends well with the others.
printf 'mmap A 0 1 r\nmunmap A 0 1\n' >"$dir/sound.rmap"

"$rmapdiff" kernel --quiet "$dir/broken.rmap" >"$dir/out" 2>&1
status=$?
[ $status -eq 77 ] && { cat "$dir/out"; exit 77; }
[ $status -eq 0 ] || { echo "nothing spoilt: status $status: $(cat "$dir/out")"; exit 1; }

# spoilt WORD OP WHAT WHY [ALSO]: with WORD spoilt the broken file disagrees at OP, the other too if ALSO is given.
spoilt() {
	word=$1 op=$2 what=$3 why=$4 disagreements=${5:-1}
	RMAPDIFF_SPOIL=$word "$rmapdiff" kernel "$dir/broken.rmap" "$dir/sound.rmap" >"$dir/out" 2>&1
	status=$?
	if [ $status -ne 1 ] ||
		! grep -q "broken.rmap:$op: disagreed at op $op" "$dir/out" ||
		! grep -q "^DISAGREEMENT $what, reached from A" "$dir/out" ||
		! grep -qE "^  kernel: at 0x[0-9a-f]+: .*$why" "$dir/out" ||
		! tail -n 1 "$dir/out" | grep -q "^2 files, .* $disagreements disagreements\$"; then
		echo "spoilt $word: status $status:"
		cat "$dir/out"
		failed=1
	fi
}

unreadable='this address cannot be read'
list="an anon_vma_chain on the VMA's list"
tree="an anon_vma_chain in an anon_vma's interval tree"
spoilt mm 1 'the mm_struct' "$unreadable" 2
spoilt maple-node 1 'a maple tree node' "$unreadable" 2
spoilt vma 1 'a vm_area_struct' "$unreadable" 2
spoilt page-table 1 'a page table' "$unreadable" 2
spoilt list-avc 2 "$list" "$unreadable"
spoilt list-head 1 'a vm_area_struct' 'list_head.prev is 0x.*, the list came from 0x' 2
spoilt list-prev 2 "$list" 'list_head.prev is 0x.*, the list came from 0x'
spoilt file 3 'the struct file' "$unreadable"
spoilt anon-vma 2 'an anon_vma' "$unreadable"
spoilt tree-avc 2 "$tree" "$unreadable"
spoilt tree-vma 2 'the VMA of an anon_vma_chain in an interval tree' "$unreadable"
spoilt tree-parent 5 "$tree" 'the parent in rb is 0x'
spoilt tree-deep 2 "$tree" 'no end after 64 levels'
spoilt tree-order 2 "$tree" 'the first offset is 0x7f0000000, and that of the node before'
spoilt tree-owner 2 "$tree" 'names the anon_vma at 0x.* stands in the tree of that at 0x'
spoilt subtree-last 2 "$tree" 'rb_subtree_last is 0x.*, and the largest last offset below is 0x7f0000003'
spoilt huge-entry 2 'a page table' 'the entry 0x.* maps a huge page'
spoilt page 2 'a struct page' "$unreadable"
spoilt mapping 2 'a struct page' "to which no VMA's anon_vma_chain leads"

RMAPDIFF_SPOIL=nonsense "$rmapdiff" kernel "$dir/sound.rmap" >"$dir/out" 2>&1
[ $? -eq 77 ] && grep -q 'RMAPDIFF_SPOIL=nonsense: expected one of mm ' "$dir/out" ||
	{ echo "a word that is none: $(cat "$dir/out")"; failed=1; }
exit $failed
