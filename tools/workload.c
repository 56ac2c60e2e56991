// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of workloads.
 */
#include "workload.h"

#define MAKE_PERCENT(name_, text_, value_)                                \
	{                                                                 \
		.name = name_, .text = text_, .max = 100, .value = value_ \
	}
#define MAKE_COUNT(name_, text_, min_, max_, value_)                    \
	{                                                               \
		.name = name_, .text = text_, .min = min_, .max = max_, \
		.value = value_                                         \
	}

const struct workload workloads[] = {
	{
		.name = "zygote",
		.size_text = "applications",
		.size = 100,
		.resembles =
			"A parent with a large heap, all of it written, and "
			"applications forked from it that live\n"
			"long, write some of what they inherit, unmap or "
			"protect parts of it, and have memory of their own;\n"
			"some are killed and started anew. The Android case of "
			"the report on contention.\n",
		.sources =
			"Barry Song, \"[DISCUSSION] anon_vma root lock "
			"contention and per anon_vma lock\", linux-mm, 2025-09-11\n"
			"(nearly 98 % of anonymous folios exclusive; many "
			"processes descend from zygote)\n"
			"Android Open Source Project, \"About the Zygote "
			"processes\", source.android.com/docs/core/runtime/zygote\n",
		.params = {
			MAKE_COUNT("vmas", "VMAs of the parent's heap", 1, 10000, 40),
			MAKE_COUNT("pages", "pages of each", 1, 256, 4),
			MAKE_PERCENT("writes", "% of inherited pages that an application writes", 10),
			MAKE_PERCENT("unmaps", "% of inherited VMAs that it unmaps half of", 5),
			MAKE_PERCENT("protects", "% of inherited VMAs that it protects half of", 5),
			MAKE_COUNT("own", "VMAs of its own", 0, 10000, 10),
			MAKE_COUNT("own-pages", "pages of each", 1, 256, 4),
			MAKE_PERCENT("restarts", "% of applications that are killed and started anew", 20),
			MAKE_COUNT("libs", "libraries, whose data is private file mappings", 0, 1000, 20),
		},
		.make = make_zygote,
	},
	{
		.name = "prefork",
		.size_text = "workers",
		.size = 100,
		.resembles =
			"A web server with a pool of workers that serve requests "
			"and are replaced one by one, twice.\n",
		.sources =
			"\"Apache MPM prefork\", httpd.apache.org/docs "
			"(one control process, a pool, MaxConnectionsPerChild)\n"
			"\"mm: change anon_vma linking to fix multi-process "
			"server scalability issue\", Linux commit 5beb49305251\n",
		.params = {
			MAKE_COUNT("vmas", "VMAs of the control process", 1, 10000, 20),
			MAKE_COUNT("pages", "pages of each", 1, 256, 8),
			MAKE_PERCENT("writes", "% of shared pages that a request writes, and the parent before a reload", 20),
			MAKE_COUNT("own", "VMAs that a worker maps", 0, 10000, 2),
			MAKE_COUNT("own-pages", "pages of each, and of a request's buffer", 1, 256, 8),
			MAKE_COUNT("requests", "requests for each worker between reloads", 0, 1000, 2),
			MAKE_COUNT("generations", "reloads", 0, 100, 2),
			MAKE_COUNT("libs", "libraries, whose data is private file mappings", 0, 1000, 10),
		},
		.make = make_prefork,
	},
	{
		.name = "snapshot",
		.size_text = "VMAs of the data set",
		.size = 100,
		.resembles =
			"A database in memory that forks a child to save it, "
			"copies on write while that runs, and goes on\n"
			"writing when it has exited; again and again.\n",
		.sources =
			"\"Redis persistence\" and \"Diagnosing latency issues\", "
			"redis.io/docs (BGSAVE: fork and copy on write)\n",
		.params = {
			MAKE_COUNT("pages", "pages of each VMA", 1, 256, 8),
			MAKE_PERCENT("writes", "% of pages written during a snapshot, and after it", 30),
			MAKE_COUNT("rounds", "snapshots", 0, 1000, 4),
			MAKE_COUNT("libs", "libraries, whose data is private file mappings", 0, 1000, 4),
		},
		.make = make_snapshot,
	},
	{
		.name = "build",
		.size_text = "jobs, each a shell and a program",
		.size = 100,
		.resembles =
			"make with several jobs at once: it starts shells by "
			"vfork and exec, these start programs by fork or\n"
			"vfork and exec; all live short.\n",
		.sources =
			"corpus/traces/pipeline.strace and gcc.strace, recorded "
			"programs\n"
			"GNU Gnulib manual, \"fork\" (vfork for fork and exec); GNU "
			"make, src/job.c\n",
		.params = {
			MAKE_COUNT("jobs", "jobs at once", 1, WORKLOAD_SIZE_MAX, 16),
			MAKE_COUNT("vmas", "VMAs of a program's heap", 1, 1000, 6),
			MAKE_COUNT("pages", "pages of each", 1, 256, 4),
			MAKE_PERCENT("vforks", "% of programs that are started by vfork", 50),
			MAKE_COUNT("libs", "libraries of each program, itself among them", 0, 1000, 3),
		},
		.make = make_build,
	},
	{
		.name = "browser",
		.size_text = "VMAs, about",
		.size = 1000,
		.resembles =
			"A process with thousands of VMAs: an allocator that "
			"commits spans between guard pages, many small\n"
			"mappings made and unmapped, generated code flipped "
			"between writable and sealed; few forks.\n",
		.sources =
			"\"[PartitionAlloc] Add feature to use fewer memory "
			"regions\", Chromium, bug 385400561\n"
			"(thousands of regions in a tab, up to tens of "
			"thousands)\n",
		.params = {
			MAKE_COUNT("flips", "protection flips for each code page", 0, 1000, 2),
			MAKE_COUNT("forks", "processes forked, which stay", 0, WORKLOAD_SIZE_MAX, 2),
			MAKE_PERCENT("writes", "% of the arena's pages that each writes", 10),
			MAKE_COUNT("libs", "libraries, whose data is private file mappings", 0, 1000, 20),
		},
		.make = make_browser,
	},
	{
		.name = "gc",
		.size_text = "regions of the heap",
		.size = 100,
		.resembles =
			"A collected heap that is moved by mremap, region by "
			"region, and filled again, with several to-spaces\n"
			"kept: the same offsets at several displacements. The "
			"proposal's worst case.\n",
		.sources =
			"\"mm/mremap: add MREMAP_DONTUNMAP to mremap()\", Linux 5.7 "
			"(for Android's collector)\n"
			"Android Runtime, \"Make moving space compaction "
			"concurrent using userfaultfd\"\n",
		.params = {
			MAKE_COUNT("pages", "pages of a region", 1, 64, 4),
			MAKE_COUNT("cycles", "collections", 0, 1000, 6),
			MAKE_COUNT("spaces", "to-spaces that are kept", 1, 64, 4),
			MAKE_COUNT("forks", "processes forked in the middle, which collect once", 0, 1000, 2),
			MAKE_COUNT("libs", "libraries, whose data is private file mappings", 0, 1000, 4),
		},
		.make = make_gc,
	},
	{
		.name = "files",
		.size_text = "VMAs, about; three for each library",
		.size = 300,
		.resembles =
			"Private file mappings: libraries whose data the linker "
			"writes and seals; forks that write some of it;\n"
			"then some of the data is moved. Offsets are those of the "
			"files, so they meet. What the proposal\n"
			"calls its TODO.\n",
		.sources =
			"\"[LSF/MM/BPF TOPIC] The Future of the Anonymous Reverse "
			"Mapping\", linux-mm, 2026-03-30\n"
			"Oracle, Linker and Libraries Guide (relocations make "
			"private copies of pages of the data segment)\n",
		.params = {
			MAKE_COUNT("spread", "pages that the files' data begin in", 1, 1000000, 64),
			MAKE_PERCENT("moves", "% of libraries whose data is moved", 20),
			MAKE_COUNT("forks", "processes forked, which stay", 0, 1000, 3),
			MAKE_PERCENT("writes", "% of writable pages that each writes", 30),
		},
		.make = make_files,
	},
	{
		.name = "chain",
		.size_text = "processes",
		.size = 100,
		.resembles =
			"A forks B, B forks C, and so on; each writes some of "
			"what it inherits.\n",
		.sources =
			"\"mm: prevent endless growth of anon_vma hierarchy\", Linux "
			"commit 7a3ef208e662\n"
			"\"[LSF/MM/BPF TOPIC] The Future of the Anonymous Reverse "
			"Mapping\", linux-mm, 2026-03-30\n"
			"(A forks B forks C)\n",
		.params = {
			MAKE_COUNT("vmas", "VMAs of the first", 1, 10000, 4),
			MAKE_COUNT("pages", "pages of each", 1, 256, 4),
			MAKE_PERCENT("writes", "% of its pages that each writes", 25),
			MAKE_PERCENT("exits", "% that exit when they have forked", 0),
			MAKE_COUNT("libs", "libraries, whose data is private file mappings", 0, 1000, 3),
		},
		.make = make_chain,
	},
	{ 0 },
};
