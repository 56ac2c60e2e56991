// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pieces of the emitted program: the processes and what they do.
 */
#include "emit_c.h"

const struct emit_piece emit_processes[] = {
	{ EMIT_ALWAYS,
	  "/*\n"
	  " * Processes.  Each waits at its socket for commands of the driver, does one at a\n"
	  " * time on its own memory and answers, so that one step is done before the next\n"
	  " * begins.  All are children of the driver.\n"
	  " */\n"
	  "#define FD_PROCESS(proc)\t(100 + (proc))\t/* a process's end of its socket */\n" },
	{ EMIT_FILES, "#define FD_FILE(nr)\t\t(90 + (nr))\n" },
	{ EMIT_ALWAYS, "\n" },
	{ EMIT_TOUCH, "#define CMD_READ\t-1\n"
		      "#define CMD_WRITE\t-2\n" },
	{ EMIT_ALWAYS, "#define CMD_FORK\t-3\n" },
	{ EMIT_VFORK, "#define CMD_VFORK\t-4\n" },
	{ EMIT_EXEC, "#define CMD_EXEC\t-5\n" },
	{ EMIT_EXIT, "#define CMD_EXIT\t-6\n" },
	{ EMIT_ALWAYS,
	  "\n"
	  "struct command {\n"
	  "\tlong what;\t\t/* a system call's number, or one of the above */\n"
	  "\tunsigned long arg[6];\n"
	  "};\n"
	  "\n" },
	{ EMIT_TOUCH,
	  "static sigjmp_buf access_failed;\n"
	  "\n"
	  "static void on_fault(int sig)\n"
	  "{\n"
	  "\t(void)sig;\n"
	  "\tsiglongjmp(access_failed, 1);\n"
	  "}\n"
	  "\n"
	  "/* One access a page, up to the first that raises a signal. */\n"
	  "static long touch(unsigned long addr, unsigned long pages, int write,\n"
	  "\t\t  unsigned long value)\n"
	  "{\n"
	  "\tvolatile unsigned long i;\n"
	  "\n"
	  "\tif (sigsetjmp(access_failed, 1))\n"
	  "\t\treturn -EFAULT;\n"
	  "\tfor (i = 0; i < pages; i++) {\n"
	  "\t\tvolatile unsigned long *p = (void *)(addr + (i << 12));\n"
	  "\n"
	  "\t\tif (write)\n"
	  "\t\t\t*p = value + i;\n"
	  "\t\telse\n"
	  "\t\t\t(void)*p;\n"
	  "\t}\n"
	  "\treturn 0;\n"
	  "}\n"
	  "\n" },
	{ EMIT_ALWAYS,
	  "static int process(void *arg);\n"
	  "\n"
	  "static long do_command(int self, const struct command *cmd)\n"
	  "{\n"
	  "\tconst unsigned long *a = cmd->arg;\n" },
	{ EMIT_VFORK,
	  "\tstatic char stacks[NR_PROCS][65536] __attribute__((aligned(64)));\n" },
	{ EMIT_ALWAYS, "\tlong ret;\n"
		       "\n"
		       "\tswitch (cmd->what) {\n" },
	{ EMIT_TOUCH, "\tcase CMD_READ:\n"
		      "\t\treturn touch(a[0], a[1], 0, 0);\n"
		      "\tcase CMD_WRITE:\n"
		      "\t\treturn touch(a[0], a[1], 1, a[2]);\n" },
	{ EMIT_ALWAYS,
	  "\tcase CMD_FORK:\n"
	  "\t\t/* Not fork(): CLONE_PARENT makes it a child of the driver. */\n"
	  "\t\tret = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);\n"
	  "\t\tif (!ret)\n"
	  "\t\t\tprocess((void *)a[0]);\n"
	  "\t\tbreak;\n" },
	{ EMIT_VFORK,
	  "\tcase CMD_VFORK:\n"
	  "\t\t/*\n"
	  "\t\t * vfork() as far as memory goes.  CLONE_VFORK would stop the\n"
	  "\t\t * parent until the child execs or exits; here both go on, so\n"
	  "\t\t * the child has a stack of its own.\n"
	  "\t\t */\n"
	  "\t\tret = clone(process, stacks[a[0]] + sizeof(stacks[0]),\n"
	  "\t\t\t    CLONE_VM | CLONE_PARENT | SIGCHLD, (void *)a[0]);\n"
	  "\t\tbreak;\n" },
	{ EMIT_EXEC,
	  "\tcase CMD_EXEC: {\n"
	  "\t\tchar nr[16];\n"
	  "\n"
	  "\t\t/* This very program anew; main() answers. */\n"
	  "\t\tsnprintf(nr, sizeof(nr), \"%d\", self);\n"
	  "\t\texecl(\"/proc/self/exe\", \"process\", \"process\", nr, NULL);\n"
	  "\t\treturn -errno;\n"
	  "\t}\n" },
	{ EMIT_EXIT, "\tcase CMD_EXIT:\n"
		     "\t\t_exit(0);\n" },
	{ EMIT_ALWAYS,
	  "\tdefault:\n"
	  "\t\tret = syscall(cmd->what, a[0], a[1], a[2], a[3], a[4], a[5]);\n"
	  "\t}\n"
	  "\t(void)self;\n"
	  "\treturn ret < 0 ? -errno : ret;\n"
	  "}\n"
	  "\n"
	  "static int process(void *arg)\n"
	  "{\n"
	  "\tint self = (int)(long)arg;\n"
	  "\tstruct command cmd;\n"
	  "\tlong ret;\n"
	  "\n"
	  "\tprctl(PR_SET_PDEATHSIG, SIGKILL);\n" },
	{ EMIT_TOUCH, "\tsignal(SIGSEGV, on_fault);\n"
		      "\tsignal(SIGBUS, on_fault);\n" },
	{ EMIT_ALWAYS,
	  "\twhile (read(FD_PROCESS(self), &cmd, sizeof(cmd)) == sizeof(cmd)) {\n"
	  "\t\tret = do_command(self, &cmd);\n"
	  "\t\tif (write(FD_PROCESS(self), &ret, sizeof(ret)) != sizeof(ret))\n"
	  "\t\t\tbreak;\n"
	  "\t}\n"
	  "\t_exit(1);\n"
	  "}\n"
	  "\n"
	  "/*\n"
	  " * The driver's side.\n"
	  " */\n"
	  "static int sockets[NR_PROCS];\t/* the driver's ends */\n"
	  "static pid_t pids[NR_PROCS];\t/* 0: not alive */\n"
	  "static int memory[NR_PROCS];\t/* equal numbers: they share it */\n"
	  "static int last_memory;\n"
	  "\n"
	  "__attribute__((noreturn)) static void bail_out(const char *why)\n"
	  "{\n"
	  "\tprintf(\"Bail out! %s\\n\", why);\n"
	  "\texit(1);\n"
	  "}\n"
	  "\n" },
	{ EMIT_ASK,
	  "static long ask(int proc, long what, unsigned long a, unsigned long b,\n"
	  "\t\tunsigned long c, unsigned long d, unsigned long e,\n"
	  "\t\tunsigned long f)\n"
	  "{\n"
	  "\tstruct command cmd = { what, { a, b, c, d, e, f } };\n"
	  "\tlong ret = 0;\n"
	  "\n"
	  "\tif (!pids[proc])\n"
	  "\t\treturn -ESRCH;\n"
	  "\talarm(60);\n"
	  "\tif (write(sockets[proc], &cmd, sizeof(cmd)) != sizeof(cmd) ||\n"
	  "\t    read(sockets[proc], &ret, sizeof(ret)) != sizeof(ret))\n"
	  "\t\tbail_out(\"a process does not answer\");\n"
	  "\talarm(0);\n"
	  "\treturn ret;\n"
	  "}\n"
	  "\n" },
	{ EMIT_MMAP,
	  "static long do_mmap(int proc, unsigned long page, unsigned long len, int prot)\n"
	  "{\n"
	  "\tlong ret = ask(proc, SYS_mmap, ADDR(page), len << 12, prot,\n"
	  "\t\t       MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1UL, 0);\n"
	  "\n"
	  "\treturn ret < 0 ? ret : 0;\n"
	  "}\n"
	  "\n" },
	{ EMIT_MMAP_FILE,
	  "static long do_mmap_file(int proc, unsigned long page, unsigned long len,\n"
	  "\t\t\t int prot, int file, unsigned long off)\n"
	  "{\n"
	  "\tlong ret = ask(proc, SYS_mmap, ADDR(page), len << 12, prot,\n"
	  "\t\t       MAP_PRIVATE | MAP_FIXED, FD_FILE(file), off << 12);\n"
	  "\n"
	  "\treturn ret < 0 ? ret : 0;\n"
	  "}\n"
	  "\n" },
	{ EMIT_MUNMAP,
	  "static long do_munmap(int proc, unsigned long page, unsigned long len)\n"
	  "{\n"
	  "\treturn ask(proc, SYS_munmap, ADDR(page), len << 12, 0, 0, 0, 0);\n"
	  "}\n"
	  "\n" },
	{ EMIT_MPROTECT,
	  "static long do_mprotect(int proc, unsigned long page, unsigned long len,\n"
	  "\t\t\tint prot)\n"
	  "{\n"
	  "\treturn ask(proc, SYS_mprotect, ADDR(page), len << 12, prot, 0, 0, 0);\n"
	  "}\n"
	  "\n" },
	{ EMIT_MADVISE,
	  "static long do_madvise(int proc, unsigned long page, unsigned long len,\n"
	  "\t\t       int advice)\n"
	  "{\n"
	  "\treturn ask(proc, SYS_madvise, ADDR(page), len << 12, advice, 0, 0, 0);\n"
	  "}\n"
	  "\n" },
	{ EMIT_MREMAP,
	  "static long do_mremap(int proc, unsigned long page, unsigned long old_len,\n"
	  "\t\t      unsigned long new_len, int flags, unsigned long to)\n"
	  "{\n"
	  "\tlong ret = ask(proc, SYS_mremap, ADDR(page), old_len << 12,\n"
	  "\t\t       new_len << 12, flags, ADDR(to), 0);\n"
	  "\n"
	  "\treturn ret < 0 ? ret : 0;\n"
	  "}\n"
	  "\n" },
	{ EMIT_READ,
	  "static long do_read(int proc, unsigned long page, unsigned long len)\n"
	  "{\n"
	  "\treturn ask(proc, CMD_READ, ADDR(page), len, 0, 0, 0, 0);\n"
	  "}\n"
	  "\n" },
	{ EMIT_WRITE,
	  "/* Stores @value in the first page, one more in each further one. */\n"
	  "static long do_write(int proc, unsigned long page, unsigned long len,\n"
	  "\t\t     unsigned long value)\n"
	  "{\n"
	  "\treturn ask(proc, CMD_WRITE, ADDR(page), len, value, 0, 0, 0);\n"
	  "}\n"
	  "\n" },
	{ EMIT_FORK, "static long do_fork(int proc, int child)\n"
		     "{\n"
		     "\tlong pid = ask(proc, CMD_FORK, child, 0, 0, 0, 0, 0);\n"
		     "\n"
		     "\tif (pid < 0)\n"
		     "\t\treturn pid;\n"
		     "\tpids[child] = pid;\n"
		     "\tmemory[child] = ++last_memory;\n"
		     "\treturn 0;\n"
		     "}\n"
		     "\n" },
	{ EMIT_VFORK,
	  "static long do_vfork(int proc, int child)\n"
	  "{\n"
	  "\tlong pid = ask(proc, CMD_VFORK, child, 0, 0, 0, 0, 0);\n"
	  "\n"
	  "\tif (pid < 0)\n"
	  "\t\treturn pid;\n"
	  "\tpids[child] = pid;\n"
	  "\tmemory[child] = memory[proc];\n"
	  "\treturn 0;\n"
	  "}\n"
	  "\n" },
	{ EMIT_EXEC, "static long do_exec(int proc)\n"
		     "{\n"
		     "\tlong ret = ask(proc, CMD_EXEC, 0, 0, 0, 0, 0, 0);\n"
		     "\n"
		     "\tif (!ret)\n"
		     "\t\tmemory[proc] = ++last_memory;\n"
		     "\treturn ret;\n"
		     "}\n"
		     "\n" },
	{ EMIT_EXIT,
	  "static long do_exit(int proc)\n"
	  "{\n"
	  "\tstruct command cmd = { .what = CMD_EXIT };\n"
	  "\tint status;\n"
	  "\n"
	  "\tif (!pids[proc])\n"
	  "\t\treturn -ESRCH;\n"
	  "\tif (write(sockets[proc], &cmd, sizeof(cmd)) != sizeof(cmd) ||\n"
	  "\t    waitpid(pids[proc], &status, __WALL) != pids[proc] || status)\n"
	  "\t\tbail_out(\"a process does not end\");\n"
	  "\tpids[proc] = 0;\n"
	  "\treturn 0;\n"
	  "}\n"
	  "\n" },
	{ EMIT_ALWAYS,
	  "static int own_frames_shown;\t/* are we told page frames?  root is */\n" },
	{ EMIT_MIGRATE_OR_WALK,
	  "\n"
	  "/* Another memory node than the one that has @page of @proc; a negative errno. */\n"
	  "static long node_elsewhere(int proc, unsigned long page)\n"
	  "{\n"
	  "\tvoid *addr = (void *)ADDR(page);\n"
	  "\tchar path[64];\n"
	  "\tint node, status;\n"
	  "\n"
	  "\tif (syscall(SYS_move_pages, pids[proc], 1UL, &addr, NULL, &status, 0))\n"
	  "\t\treturn -errno;\n"
	  "\tif (status < 0)\n"
	  "\t\treturn status;\n"
	  "\tfor (node = 0; node < 64; node++) {\n"
	  "\t\tsnprintf(path, sizeof(path),\n"
	  "\t\t\t \"/sys/devices/system/node/node%d/meminfo\", node);\n"
	  "\t\tif (node != status && !access(path, F_OK))\n"
	  "\t\t\treturn node;\n"
	  "\t}\n"
	  "\treturn -ENODEV;\n"
	  "}\n"
	  "\n"
	  "/* 0, a negative errno, or -ENODEV if there is one node only. */\n"
	  "static long move_page(int proc, unsigned long page)\n"
	  "{\n"
	  "\tvoid *addr = (void *)ADDR(page);\n"
	  "\tlong other = node_elsewhere(proc, page);\n"
	  "\tint node = other, status;\n"
	  "\n"
	  "\tif (other < 0)\n"
	  "\t\treturn other;\n"
	  "\tif (syscall(SYS_move_pages, pids[proc], 1UL, &addr, &node, &status,\n"
	  "\t\t    MPOL_MF_MOVE_ALL))\n"
	  "\t\treturn -errno;\n"
	  "\treturn status < 0 ? status : 0;\n"
	  "}\n" },
	{ EMIT_MIGRATE,
	  "\n"
	  "#define NOT_HERE\t1\n"
	  "\n"
	  "/*\n"
	  " * A page moves to the other memory node.  Where there is one only, what cannot\n"
	  " * be moved must be refused alike; what can stays: that it moved is not seen in\n"
	  " * anything that is checked.\n"
	  " */\n"
	  "static long do_migrate(int proc, unsigned long page)\n"
	  "{\n"
	  "\tlong ret;\n"
	  "\n"
	  "\tif (!pids[proc])\n"
	  "\t\treturn -ESRCH;\n"
	  "\tret = move_page(proc, page);\n"
	  "\treturn ret == -ENODEV || (ret == -EPERM && !own_frames_shown) ?\n"
	  "\t\t       NOT_HERE : ret;\n"
	  "}\n" },
	{ EMIT_END, NULL },
};
