# SPDX-License-Identifier: GPL-2.0-only
# What fuzzing takes and leaves: options, processes, inputs. Sourced.
# shellcheck shell=sh

# What a target is run with. Texts take more bytes for an operation than the byte code's eight.

dictionary() {
	case $1 in
	fuzz_text) echo dict/text.dict ;;
	*) echo dict/bytes.dict ;;
	esac
}

max_len() {
	case $1 in
	fuzz_text) echo 4096 ;;
	*) echo 2048 ;;
	esac
}

# Those that need something of their environment, which they have of scripts/fuzz only: OSS-Fuzz and ClusterFuzzLite have
# none of them. The proof of concept stops at its seeds unless its environment repairs it.
needs_environment() {
	[ "$1" = fuzz_cow_poc ]
}

# How libFuzzer chooses among inputs, where inputs are scenarios: docs/FUZZING.md, Mutator.
schedule() {
	case $1 in
	fuzz_text) ;;
	*) echo "-entropic=0 -reduce_inputs=0" ;;
	esac
}

# processes MARK: those with MARK, VARIABLE=VALUE, in their environment, whatever session or group they put themselves in.
processes() {
	grep -lzFx "$1" /proc/[0-9]*/environ 2>/dev/null |
		sed 's|^/proc/\([0-9]*\)/.*|\1|'
}

# The engine that has shared memory to give back gives it back when asked. 0: there is one.
ask_afl() {
	is_there=1
	for pid in $(processes "$1"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = afl-fuzz ] || continue
		is_there=0
		kill -TERM "$pid" 2>/dev/null
	done
	return $is_there
}

# stop_processes MARK: until none is found, since one that is found late may have made others meanwhile.
stop_processes() {
	tries=0
	while ask_afl "$1" && [ $tries -lt 15 ]; do
		tries=$((tries + 1))
		sleep 0.2
	done
	tries=0
	while found=$(processes "$1") && [ -n "$found" ] && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		# shellcheck disable=SC2086 # a list
		kill -KILL $found 2>/dev/null
		sleep 0.05
	done
}

# mend CORPUS: an input that an engine was writing there when it was killed, so that it is not what its name, a hash, says,
# gets the name of what it is; nothing is taken away but what is empty.  Copies that bring_home() did not finish go.
mend() {
	find "$1" -type f -name '.*.*' | while read -r file; do
		[ -e "/proc/${file##*.}/exe" ] || rm -f "$file"
	done
	find "$1" -type f ! -name '*[!0-9a-f]*' -exec sha1sum {} + 2>/dev/null |
		while read -r sum file; do
			name=${file##*/}
			if [ ${#name} != 40 ] || [ "$name" = "$sum" ]; then
				continue
			elif [ -s "$file" ]; then
				mv "$file" "${file%/*}/$sum"
			else
				rm -f "$file"
			fi
		done
}

# bring_home DIR CORPUS: the inputs that engines have found and still keep in DIR go
# to CORPUS, each under the hash of its contents: what is there already stays, what
# comes is whole.  libFuzzer's fork mode has them in the directories of its jobs,
# named by their hash (another hash: killed while writing it); AFL++ in the queue of
# each instance.
bring_home() {
	[ -d "$1" ] || return 0
	mkdir -p "$2"
	mend "$2"
	find "$1" -type f -size +0c \
		\( -path '*/libFuzzerTemp.*/C[0-9]*/*' -o -path '*/queue/id:*' \) \
		-exec sha1sum {} + 2>/dev/null |
		while read -r sum file; do
			case ${file##*/} in
			id:* | "$sum") ;;
			*) continue ;;
			esac
			[ ! -e "$2/$sum" ] || continue
			cp "$file" "$2/.$sum.$$" && mv "$2/.$sum.$$" "$2/$sum"
		done
}

# The same for the directory of a run, which has one for each target.
bring_all_home() {
	for target in "$1"/*/; do
		[ -d "$target" ] || continue
		target=${target%/}
		bring_home "$target" "$2/${target##*/}"
	done
}
