#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_cli.sh RMAPDIFF KERNEL-STUB: what the command prints and exits with, and the command kernel of a build without it.
set -u
kernel_stub=$(realpath "$2")
. "$(dirname "$0")/cli.sh"

cat >fork.rmap <<'X'
# A forks B; each writes
mmap A 0 4 rw
write A 0 4
fork A B
write B 1 = 0
mremap A 0 1 1 to=0x10
exit A
X
printf 'mmap A 0 4 rw\nmremap A 0 4 8\nmunmap A 0 4 = ENOMEM\nread A 0\n' >wrong.rmap
: >empty
printf 'mmap A 0 4 rw\nmmap A 0 nonsense rw\n' >syntax.rmap
printf 'mmap A 0 4 rw\nexit A\nread A 0\n' >dead.rmap
printf 'frobnicate A 0\n' >word.rmap
printf 'mmap A 0 4 rw' >no_newline.rmap
printf '\001\002\003' >three
head -c 4096 /dev/zero | tr '\0' '\001' >ones
mkdir directory
truncate -s 65M large

# Help, and a wrong argument, everywhere.
try 0 --help
says out "run "
bad frobnicate
try 2
[ ! -s out ] || fail "$what: expected nothing on standard output"
for command in run explain minimize emit-c import exhaust convert list gen stats; do
	try 0 $command --help
	says out "Usage: rmapdiff $command"
	[ ! -s err ] || fail "$what: expected nothing on standard error"
	says_not out "not for this command"
	bad $command --frobnicate
	says err "rmapdiff $command"
done

# kernel needs more than others; its help does not, and where it is not built says so.
try 0 kernel --help
says out "Usage: rmapdiff kernel"
[ ! -s err ] || fail "$what: expected nothing on standard error"
rmapdiff_of_others=$rmapdiff
rmapdiff=$kernel_stub
for help in --help -h; do
	try 0 kernel $help
	says out "Usage: rmapdiff kernel"
	says out "This build cannot do it: a test asked for the stub."
done
try 77 kernel fork.rmap
says err "rmapdiff kernel: cannot run here: built without it: a test asked for the stub"
rmapdiff=$rmapdiff_of_others

# Help lists what a command takes, and nothing else.
try 0 run --help
for option in rmap pure as-of bug fix check; do
	says out "  --$option "
done
for unwanted in "stats check" "interleave pure" "interleave check" "exhaust pure"; do
	bad ${unwanted% *} --${unwanted#* } fork.rmap
	try 0 ${unwanted% *} --help
	says_not out "--${unwanted#* } "
	says out "--rmap NAME"
done

# An option that changes nothing, and nothing to do, is said.
printf 'mmap A 0 4 rw\nwrite A 0\nfork A B\nwalk A 0 || munmap B 0 1\n' >group.rmap
printf '# nothing\n' >comment.rmap
while read -r words; do
	text=${words##* : }
	# shellcheck disable=SC2086 # words
	bad_says "$text" ${words% : *}
done <<'X'
run --rmap anon_vma --bug walk-skips-last-child fork.rmap : --bug walk-skips-last-child: none of --rmap has it; it is of cow_context
run --rmap cow_context --bug avc-left-in-tree fork.rmap : it is of anon_vma
run --rmap anon_vma,cow_poc --bug remap-wrong-sign fork.rmap : it is of cow_context
interleave --rmap anon_vma --bug walk-skips-last-child group.rmap : it is of cow_context
minimize --rmap anon_vma --bug walk-skips-last-child fork.rmap : it is of cow_context
stats --rmap anon_vma --bug walk-skips-last-child fork.rmap : it is of cow_context
explain --rmap anon_vma --bug walk-skips-last-child fork.rmap : it is of cow_context
exhaust --rmap anon_vma --bug walk-skips-last-child : it is of cow_context
run --fix all fork.rmap : --fix: it is of cow_poc
run --fix walk-early-end --rmap cow_context fork.rmap : --fix: it is of cow_poc
run --rmap cow_poc --fix -walk-early-end fork.rmap : --fix '-walk-early-end': it is not repaired
run --as-of 7.0 --rmap cow_context fork.rmap : --as-of: it is of anon_vma
run --check own fork.rmap : --check own: it is of cow_poc
run --pure --rmap anon_vma fork.rmap : --pure: expected more than one
explain --dot --html fork.rmap : --dot and --html exclude each other
explain --html --terse fork.rmap : --terse is for text only
explain --dot --color always fork.rmap : --color is for text only
explain --dot --full fork.rmap : --full: a graph has everything
explain --only cow_poc fork.rmap : --only 'cow_poc': it is not among --rmap
explain --force fork.rmap : --force: expected -o OUT
convert --force --to text fork.rmap : --force: expected -o OUT
emit-c --force fork.rmap : --force: expected -o OUT
exhaust --ops 1 --limit 3 : --limit: expected --states DIR
interleave --show --preempt 3 group.rmap : --show explores nothing
interleave --show --most 3 group.rmap : --show explores nothing
interleave fork.rmap : no line with || in 1 file
interleave --show fork.rmap : no line with || in 1 file
stats --slabs --bug remap-wrong-sign fork.rmap : --bug remap-wrong-sign: it is of cow_context; a kernel is compared with anon_vma alone
exhaust --ops 1 --due-to walk-early-end : --due-to: it is of cow_poc
exhaust --ops 1 --rmap anon_vma,cow_poc --fix all --due-to walk-early-end : --due-to walk-early-end: --fix repairs it
minimize --any --kind any fork.rmap : --any and --kind any: expected one of them
minimize --any --kind same fork.rmap : --any and --kind same: expected one of them
minimize --kind same --kind any fork.rmap : --kind same and --kind any: expected one of them
stats --slabs --every 3 fork.rmap : --every: not with --slabs
stats --kernel-sizes --walks 3 : --walks: not with --slabs or --kernel-sizes
stats --kernel-sizes fork.rmap : --kernel-sizes: unexpected argument
stats --slabs --kernel-sizes fork.rmap : exclude each other
run comment.rmap : comment.rmap: no operation
explain comment.rmap : comment.rmap: no operation
gen random --ops 0 : expected a number from 1
X
printf 'mmap A 0 4 rw\n' >unmapped.rmap
try 2 interleave --each unmapped.rmap
says err "no operation has a folio to be walked beside it"
# Of several files, one may have no group.
try 0 interleave --preempt 0 group.rmap fork.rmap
says err "no line with || in 1 of 2 files"
# What one of several reverse maps has is there to be seen.
try 1 run --rmap anon_vma,cow_seqcount --bug walk-skips-last-child group.rmap

# What is no scenario, everywhere.
for command in run explain minimize emit-c import convert stats; do
	for file in empty directory missing.rmap syntax.rmap word.rmap three large -; do
		bad_file $command $file
	done
	bad $command
done

# run
try 0 run fork.rmap
says out "fork.rmap: ok, 6 ops, "
says out " walks compared"
ends_with "1 files, 6 ops, 0 divergences"
try 0 run -v fork.rmap
says out "folio"
for check in touched all both none; do
	try 0 run --check $check fork.rmap no_newline.rmap
	ends_with "2 files, 7 ops, 0 divergences"
done
try 0 run --pure fork.rmap
# Repairs, given and taken back; a folio that only the child maps is what the proof of concept loses.
cat >child.rmap <<END
mmap A 0x10 1 rw
write A 0x10
fork A B
munmap A 0x10 1
END
try 0 run --rmap anon_vma,cow_poc --fix all child.rmap
try 0 run --rmap anon_vma,cow_poc --fix all --fix -teardown-limit child.rmap
try 1 run --rmap anon_vma,cow_poc --fix all --fix -walk-early-end child.rmap
says out "DIVERGENCE miss: cow_poc does not find folio 1 at B:0x10"
says out "  its own check: reaches 1 of 1, silent"
try 0 run --rmap anon_vma,cow_poc --check own child.rmap
try 2 run --fix -nothing child.rmap
says err "expected all or a name from rmapdiff list"
try 0 run --as-of 7.0 --rmap cow_context,anon_vma fork.rmap
try 1 run wrong.rmap
says out "wrong.rmap:3: munmap A 0x0 4: expected ENOMEM, got 0"
ends_with "1 files, 3 ops, 0 divergences"
"$rmapdiff" run - <fork.rmap >out 2>err || fail "run -"
says out "standard input: ok, 6 ops"

bad run
bad run --rmap nonsense fork.rmap
bad run --rmap anon_vma,anon_vma fork.rmap
bad run --rmap '' fork.rmap
bad run --as-of 5 fork.rmap
bad run --bug nonsense fork.rmap
bad run --check some fork.rmap
bad_file run empty
says err "empty: empty: expected a scenario"
bad_file run directory
says err "directory: no *.rmap below this directory"
bad_file run missing.rmap
says err "missing.rmap: No such file or directory"
bad_file run syntax.rmap
says err "syntax.rmap:2:"
bad_file run dead.rmap
says err "dead.rmap:3:"
bad_file run word.rmap
says err "word.rmap:1:1:"
bad_file run three
says err "three: 3 bytes"
bad_file run large
says err "large: too large"
# A file of another kind is no scenario, whoever reads it; --bytes takes any.
kind() {
	name=$1 text=$2
	printf "$3" >kind.$name
	[ $# = 3 ] || cat "$4" >>kind.$name
	bad_says "kind.$name: $text: expected a scenario: text, or operations of 8 bytes; --bytes takes any file" run kind.$name
}
kind elf "an ELF file" '\177ELF\002\001\001\000' ones
kind png "a PNG image" '\211PNG\r\n\032\n' ones
kind jpeg "a JPEG image" '\377\330\377\340' ones
kind gzip "a gzip file" '\037\213\010\000' ones
kind xz "an xz file" '\3757zXZ\000' ones
kind zstd "a zstd file" '\050\265\057\375' ones
kind zip "a zip file" 'PK\003\004' ones
kind pdf "a PDF" '%%PDF-1.7\n' ones
kind wasm "a WebAssembly file" '\000asm\001' ones
kind perf "a perf.data file" 'PERFILE2' ones
kind btf "BTF" '\237\353\001\000' ones
kind ar "an ar archive" '!<arch>\n' ones
kind cpio "a cpio archive" '070701' ones
kind bitcode "LLVM bitcode" 'BC\300\336' ones
kind sqlite "an SQLite database" 'SQLite format 3\000' ones
kind rpm "an RPM package" '\355\253\356\333' ones
kind index "a Git index" 'DIRC\000\000\000\002' ones
kind pack "a Git pack" 'PACK\000\000\000\002' ones
kind idx "an index of a Git pack" '\377tOc' ones
kind riff "a RIFF file" 'RIFF' ones
kind ogg "an Ogg file" 'OggS' ones
kind class "a Java class or Mach-O file" '\312\376\272\276' ones
kind macho "a Mach-O file" '\317\372\355\376' ones
kind utf8 "a text with a UTF-8 byte order mark" '\357\273\277' fork.rmap
kind script "a script (#!)" '#!/bin/sh\n' fork.rmap
kind utf16le "a text in UTF-16" 'm\000m\000a\000p\000 \000A\000 \0000\000'
kind utf16be "a text in UTF-16" '\376\377\000m\000m\000a\000p\000 \000A\000 \0000\000'
kind tar "a tar file" "$(printf '%0257d' 0)ustar" ones
try 0 run --bytes kind.elf
says out "kind.elf (bytes): ok, "
for command in explain minimize emit-c convert stats interleave; do
	bad_file $command kind.png
	says err "kind.png: a PNG image: expected a scenario"
done
printf '#!/usr/bin/rmapdiff run\nmmap A 0 1 rw\n' >runs.itself
try 0 run runs.itself
printf 'mmap A 0 4 rw\nread\0A 0\n' >nul.rmap
bad_says "nul.rmap:2:5: control character 0x00 in a text" run nul.rmap
# Of nothing there are no totals.
try 2 run missing.rmap syntax.rmap
[ "$(wc -l <err)" = 2 ] && [ ! -s out ] || fail "$what: expected a line for each file, and nothing more"
# A bad file does not keep the others from being run.
bad_file run missing.rmap fork.rmap
ends_with "1 files, 6 ops, 0 divergences"
# All bytes are operations.
try 0 run ones
says out "ones (bytes): ok, 512 ops"

# What failed is counted, and listed with -v; what was asserted to fail is no surprise.
cat >fails.rmap <<'X'
write A 0x10
mmap A 0 4 rw
munmap A 0 0 = EINVAL
mremap A 0 2 4 to=1
read A 9 || read A 0
X
try 0 run fails.rmap
says out "fails.rmap: ok, 6 ops (4 failed, 1 of them as asserted), 0 walks compared"
ends_with "1 files, 6 ops, 0 divergences"
try 0 run -v fails.rmap
for line in "1: op 1: write A 0x10: EFAULT" "3: op 3: munmap A 0x0 0: EINVAL (asserted)" \
	"4: op 4: mremap A 0x0 2 4 to=0x1: EINVAL" "5: op 5: read A 0x9: EFAULT"; do
	grep -qx "  fails.rmap:$line" out || fail "$what: expected 'fails.rmap:$line'"
done
try 0 run --pure fails.rmap
says out " (4 failed, 1 of them as asserted)"
printf 'munmap A 0 0 = EINVAL\n' >asserted.rmap
try 0 run asserted.rmap
says out "asserted.rmap: ok, 1 ops (1 failed as asserted), 0 walks compared"
try 0 stats fails.rmap
says out "fails.rmap: 6 ops (4 failed)"

# A directory stands for its scenarios, in order of name, or with --bytes for all its files: for all that take FILE...
mkdir -p files/deep/er files/.hidden
for file in b a deep/er/c .hidden/d .e; do
	cp fork.rmap files/$file.rmap
done
cp ones files/bytes
ln -s . files/loop
ln -s ../fork.rmap files/link.rmap
try 0 run files
[ "$(sed '$d; s/:.*//' out | tr '\n' ' ')" = "files/a.rmap files/b.rmap files/deep/er/c.rmap files/link.rmap " ] ||
	fail "$what: expected those below files, in order"
[ "$(cat err)" = "files: 2 files passed over: not *.rmap" ] || fail "$what: expected how many were passed over"
try 0 run --bytes files
[ "$(sed '$d; s/ (bytes):.*//' out | tr '\n' ' ')" = \
	"files/a.rmap files/b.rmap files/bytes files/deep/er/c.rmap files/link.rmap " ] ||
	fail "$what: expected all files below files, in order"
try 0 stats files
[ "$(grep -c '^files/' out)" = 4 ] || fail "$what: expected four files"
try 0 interleave --each --preempt 0 files
says out "anon_vma: 4 files, "
for command in run stats interleave; do
	try 2 $command files/deep/er/.. directory # a good one, and a bad one
	says err "directory: no *.rmap below this directory"
	try 0 $command --help
	says out "A FILE that is a directory stands for each *.rmap below it"
done
mkdir corpus
cp ones corpus/
bad_file run corpus
says err "corpus: no *.rmap below this directory; --bytes takes its 1 other file"
# A text as bytes is what a fuzzer makes of it.
cp fork.rmap corpus/ones
try 0 run --bytes corpus/ones
says out "corpus/ones (bytes): ok, 13 ops (4 failed), 0 walks compared"
try 0 convert --bytes corpus/ones
says_not out "write A 0x0 4"
for command in explain stats emit-c; do
	try 0 $command --bytes corpus/ones
done

# A divergence is printed, and counted.
cat >child.rmap <<'X'
mmap A 0 4 rw
write A 0 4
fork A B
fork A C
exit A
X
try 1 run --bug walk-skips-last-child child.rmap
says out "child.rmap:3: diverged at op 3"
says out "DIVERGENCE miss: cow_context "
says out "(op 3: fork A B)"
says out "page tables: A:0x0 B:0x0"
ends_with "1 files, 3 ops, 1 divergences"

# convert: text to bytes to text
try 0 convert -o fork.bin --strip fork.rmap
[ "$(wc -c <fork.bin)" = 48 ] || fail "$what: expected 6 operations of 8 bytes"
try 0 convert fork.bin
cp out again.rmap
try 0 convert --strip --to text fork.rmap
cmp -s out again.rmap || fail "text, bytes, text differ"
try 0 run fork.bin
ends_with "1 files, 6 ops, 0 divergences"
try 0 convert --to bytes again.rmap
cmp -s out fork.bin || fail "text, bytes, text, bytes differ"
bad convert -o fork.bin again.rmap
says err "fork.bin: File exists; --force overwrites it"
try 0 convert --force -o fork.bin again.rmap
bad_says "fork.rmap:5:11: bytes hold no asserted result" convert --to bytes fork.rmap
printf 'mmap A 0x1000 4 rw\nread A 0x1000\nmmap A 0 1 r\n' >far.rmap
bad convert --strip --to bytes far.rmap
says err "far.rmap:"
# What bytes cannot express is pointed at, wherever in the line it stands.
cannot_say() {
	printf '# a comment\n%s\n' "$3" >place.rmap
	bad_says "place.rmap:2:$1: bytes hold $2" convert --to bytes place.rmap
}
cannot_say 8 "PAGE from 0 to 255, not 256" "mmap A 256 4 rw"
cannot_say 15 "LEN from 1 to 256, not 257" "	 read A  0x1 257 # 257"
cannot_say 16 "to=PAGE from 0 to 255, not 256" "mremap A 0 1 1 to=256 dontunmap"
cannot_say 31 "OFF from 0 to 255, not 300" "mmap A 0 4 rw || mmap A 7 1 r file=0@300"
bad convert
bad convert fork.rmap fork.bin
bad convert --to nonsense fork.rmap
bad convert empty
bad convert directory
bad convert -o directory/missing/x fork.bin
if [ -w /dev/full ]; then
	"$rmapdiff" convert --to text fork.rmap >/dev/full 2>err
	[ $? = 2 ] || fail "convert to a full device: expected exit status 2"
fi

# OUT, whoever writes it: nothing is overwritten unless asked, a file takes the place of another whole or not at all, and
# keeps who may read it; what is no file is written to as it is.
printf '1 mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000\n' >some.strace
printf 'mmap A 0 1 rw\nwrite A 0\nfork A B\n' >bug.rmap
for writer in "convert --to text fork.rmap" "explain fork.rmap" "emit-c fork.rmap" "import some.strace" \
	"minimize --bug walk-skips-last-child bug.rmap"; do
	rm -rf outs
	mkdir outs
	# shellcheck disable=SC2086 # words
	{
		try 0 $writer -o outs/new
		[ -s outs/new ] && [ ! -s out ] || fail "$what: expected it in outs/new"
		[ "$(stat -c %a outs/new)" = "$(printf %o $((0666 & ~$(umask))))" ] ||
			fail "$what: mode $(stat -c %a outs/new)"
		echo mine >outs/mine
		chmod 600 outs/mine
		ln -s mine outs/link
		ln -s nothing outs/dangling
		for there in mine link dangling; do
			bad_says "outs/$there: File exists; --force overwrites it" $writer -o outs/$there
		done
		[ "$(cat outs/mine)" = mine ] || fail "$writer -o: overwrote a file"
		try 0 $writer --force -o outs/mine
		! grep -qx mine outs/mine && [ -s outs/mine ] || fail "$what: expected it in outs/mine"
		[ "$(stat -c %a outs/mine)" = 600 ] || fail "$what: mode $(stat -c %a outs/mine)"
		echo mine >outs/mine
		try 0 $writer --force -o outs/link
		[ -L outs/link ] && ! grep -qx mine outs/mine || fail "$what: expected it behind the link"
		try 0 $writer --force -o outs/dangling
		[ -L outs/dangling ] && [ -s outs/nothing ] || fail "$what: expected it behind the link"
		bad_says "directory: is a directory: expected a file" $writer --force -o directory
		bad_says "outs/no/such: No such file or directory" $writer -o outs/no/such
		bad_says "fork.rmap/x: Not a directory" $writer -o fork.rmap/x
		bad_says "No such file or directory" $writer -o ''
		ln -s /proc/self/fd/1 outs/stdout
		try 0 $writer --force -o outs/stdout
		[ -s out ] && [ -L outs/stdout ] || fail "$what: expected it on standard output"
		ln -s /dev/full outs/full
		[ ! -w /dev/full ] ||
			bad_says "outs/full: cannot write: No space left on device" $writer --force -o outs/full
		mkfifo outs/pipe
		timeout 3600 cat outs/pipe >outs/piped &
		try 0 $writer --force -o outs/pipe
		wait
		[ -s outs/piped ] && [ -p outs/pipe ] || fail "$what: expected it through the pipe"

		# No file may have a byte more: neither is half of it there, nor is the old one gone.
		cp outs/mine outs/before
		for out in outs/none "outs/mine --force"; do
			what="$writer -o $out, no file may grow"
			(
				trap '' XFSZ
				ulimit -f 0
				exec "$rmapdiff" $writer -o $out
			) 2>&1 | cat >said
			grep -q 'cannot write: File too large$' said || fail "$what: $(cat said)"
		done
		cmp -s outs/mine outs/before || fail "$what: the old one is gone"
		[ "$(find outs -type f | sort | tr '\n' ' ')" = "outs/before outs/mine outs/new outs/nothing outs/piped " ] ||
			fail "$writer: left $(ls outs)"
	}
done

# list
try 0 list
says out "anon_vma"
says out "cow_context"
says out "mremap PROC PAGE OLD NEW [to=PAGE] [dontunmap]"
says out "walk-skips-last-child"
bad list something

# gen
try 0 gen random --seed 7 --ops 200 --procs 8 --pages 64 --failalloc
cp out random.rmap
try 0 run random.rmap
ends_with "1 files, 200 ops, 0 divergences"
try 0 gen random --seed 7 --ops 200 --procs 8 --pages 64 --failalloc
cmp -s out random.rmap || fail "the same seed gives another scenario"
bad gen
bad gen nonsense
bad gen random --seed x
bad gen random --procs 33
bad gen random --pages 0

finish
