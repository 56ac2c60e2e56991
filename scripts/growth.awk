# SPDX-License-Identifier: GPL-2.0-only
# awk -v shape=NAME -v n=SIZE -f scripts/growth.awk: a scenario of that shape, for scripts/bench-growth.
# With shape=list: the names.

function whole() { printf "mmap A 0 %d rw\nwrite A 0 %d\n", n, n }
function eight() { print "mmap A 0 8 rw\nwrite A 0 8" }

BEGIN {
	if (shape == "list")
		print "append prepend munmap-up munmap-down munmap-odd mprotect-odd mprotect-up mprotect-flip dontneed-odd",
			"write-each vmas-apart fork-vmas fork-exit fork-cow-each fork-chain-exit mremap-pingpong mremap-chain",
			"mremap-each mremap-scatter mremap-grow mremap-grow-moved migrate-each file-append exec-exit refused",
			"fork-children fork-write fork-chain mremap-stack dontunmap"
	else if (shape == "append")
		for (i = 0; i < n; i++) printf "mmap A %d 1 rw\nwrite A %d\n", i, i
	else if (shape == "prepend")
		for (i = n - 1; i >= 0; i--) printf "mmap A %d 1 rw\nwrite A %d\n", i, i
	else if (shape == "file-append")
		for (i = 0; i < n; i++) printf "mmap A %d 1 rw file=0@%d\nwrite A %d\n", i, i + 5000, i
	else if (shape == "vmas-apart")
		for (i = 0; i < n; i++) printf "mmap A %d 1 rw\nwrite A %d\n", 2 * i, 2 * i
	else if (shape == "munmap-up") { whole(); for (i = 0; i < n; i++) printf "munmap A %d 1\n", i }
	else if (shape == "munmap-down") { whole(); for (i = n - 1; i >= 0; i--) printf "munmap A %d 1\n", i }
	else if (shape == "munmap-odd") { whole(); for (i = 1; i < n; i += 2) printf "munmap A %d 1\n", i }
	else if (shape == "mprotect-odd") { whole(); for (i = 1; i < n; i += 2) printf "mprotect A %d 1 r\n", i }
	else if (shape == "mprotect-up") { whole(); for (i = 0; i < n; i++) printf "mprotect A %d 1 r\n", i }
	else if (shape == "mprotect-flip") {
		whole()
		for (i = 0; i < n; i++) printf "mprotect A %d 1 r\nmprotect A %d 1 rw\n", i * 7 % n, i * 7 % n
	}
	else if (shape == "dontneed-odd") { whole(); for (i = 1; i < n; i += 2) printf "madvise A %d 1 dontneed\n", i }
	else if (shape == "write-each") { printf "mmap A 0 %d rw\n", n; for (i = 0; i < n; i++) printf "write A %d\n", i }
	else if (shape == "migrate-each") { whole(); for (i = 0; i < n; i++) printf "migrate A %d\n", i }
	else if (shape == "mremap-each") { whole(); for (i = 0; i < n; i++) printf "mremap A %d 1 1 to=%d\n", i, 2 * n + i }
	else if (shape == "mremap-scatter") {
		whole()
		for (i = 0; i < n; i++) printf "mremap A %d 1 1 to=%d\n", i, 2 * n + 2 * i
	}
	else if (shape == "mremap-grow") {
		print "mmap A 0 1 rw\nwrite A 0"
		for (i = 1; i < n; i++) printf "mremap A 0 %d %d\nwrite A %d\n", i, i + 1, i
	}
	else if (shape == "mremap-grow-moved") {
		print "mmap A 0 1 rw\nwrite A 0\nmremap A 0 1 1 to=256"
		for (i = 1; i < n; i++) printf "mremap A 256 %d %d\nwrite A %d\n", i, i + 1, i + 256
	}
	else if (shape == "mremap-pingpong") {
		eight()
		for (i = 0; i < n; i++) print "mremap A 0 8 8 to=256\nmremap A 256 8 8 to=0"
	}
	else if (shape == "mremap-chain") { eight(); for (i = 0; i < n; i++) printf "mremap A %d 8 8 to=%d\n", 16 * i, 16 * (i + 1) }
	else if (shape == "mremap-stack")
		for (i = 0; i < n; i++) printf "mmap A 0 1 rw\nwrite A 0\nmremap A 0 1 1 to=%d\n", 16 * (i + 1)
	else if (shape == "dontunmap") {
		eight()
		for (i = 0; i < n; i++) printf "mremap A 0 8 8 to=%d dontunmap\nwrite A 0 8\n", 16 * (i + 1)
	}
	else if (shape == "fork-children") { eight(); for (i = 0; i < n; i++) printf "fork A C%d\n", i }
	else if (shape == "fork-write") { eight(); for (i = 0; i < n; i++) printf "fork A C%d\nwrite C%d 0 8\n", i, i }
	else if (shape == "fork-exit") { eight(); for (i = 0; i < n; i++) printf "fork A C%d\nexit C%d\n", i, i }
	else if (shape == "fork-cow-each") { whole(); print "fork A B"; for (i = 0; i < n; i++) printf "write B %d\n", i }
	else if (shape == "fork-vmas") {
		for (i = 0; i < n; i++) printf "mmap A %d 1 rw\nwrite A %d\n", 2 * i, 2 * i
		for (i = 0; i < 4; i++) printf "fork A C%d\nwrite C%d 0\nexit C%d\n", i, i, i
	}
	else if (shape == "fork-chain" || shape == "fork-chain-exit") {
		eight()
		last = "A"
		for (i = 0; i < n; i++) {
			printf "fork %s C%d\nwrite C%d %d\n", last, i, i, i % 8
			if (shape == "fork-chain-exit") print "exit " last
			last = "C" i
		}
	}
	else if (shape == "exec-exit") {
		eight()
		for (i = 0; i < n; i++)
			printf "vfork A C%d\nexec C%d\nmmap C%d 0 2 rw\nwrite C%d 0 2\nexit C%d\n", i, i, i, i, i
	}
	else if (shape == "refused") { whole(); for (i = 0; i < n; i++) print "mremap A 0 2 2 to=1" }
	else
		exit 1
}
