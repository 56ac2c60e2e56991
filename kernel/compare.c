// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operation by operation: the kernel's processes, the model's, a look at both.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../model/rmap/rmaps.h"
#include "../model/scenario/replay.h"
#include "compare.h"
#include "limits.h"

/*
 * Other programs disturb a comparison: their reading of /proc keeps an mm, they
 * make the kernel compact memory.  A disagreement is what comes again, each time
 * that the scenario is done.
 */
#define TRIES 3
#define PATIENT_DISAGREEMENTS 2
#define PAUSE_MS_MAX 64

/* For tests: so many looks show a difference that is none. */
#define SPOIL_LOOKS "RMAPDIFF_SPOIL_LOOKS"

struct run {
	struct kernel_session *ks;
	const struct scenario *sc;
	struct kernel_result *result;
	struct kernel_window window;
	struct machine *machine;
	u32 patience_ms; /* how long a difference may take to pass */
	/* Of --show, and of what is reported then. */
	struct snap_names kernel_names, model_names;
	const struct dump *dump; /* the last look */
	u32 proc_differs; /* its process whose pages /proc tells otherwise, + 1 */
	/* The living, by slot, as the dump has them. */
	u32 slots[DUMP_PROCS_MAX];
	u32 pids[DUMP_PROCS_MAX];
	u32 nr;
};

static int compare_failed(struct run *run, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int compare_failed(struct run *run, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(run->result->why, KERNEL_WHY_MAX, fmt, args);
	va_end(args);
	return err;
}

static u32 sysctl_max_map_count(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
	unsigned int count = DEFAULT_MAX_MAP_COUNT;

	if (!file)
		return count;
	if (fscanf(file, "%u", &count) != 1)
		count = DEFAULT_MAX_MAP_COUNT;
	fclose(file);
	return count;
}

/* How many VMAs an executor has of its own: they count towards the limit too. */
static int count_own_vmas(struct kernel_session *ks, u32 *count)
{
	const struct dump *dump;
	struct scenario sc;
	u32 pid;
	int err = scenario_init(&sc);

	if (err)
		return err;
	err = executors_begin(&ks->executors, &sc);
	if (!err) {
		pid = executors_pid(&ks->executors, 0);
		err = readback_run(ks->readback, &pid, 1, 0, TASK_PAGES, &dump);
		*count = err ? 0 : dump->vma_count;
		readback_leave_out(ks->readback, 0, EXECUTOR_FIRST_PAGE,
				   EXECUTOR_LAST_PAGE);
		readback_leave_out(ks->readback, 1, STACK_FIRST_PAGE,
				   TASK_PAGES);
		if (!err)
			err = executors_end(&ks->executors);
	}
	scenario_free(&sc);
	return err;
}

int kernel_session_open(struct kernel_session *ks, char why[KERNEL_WHY_MAX])
{
	u32 own = 0;
	int err;

	memset(ks, 0, sizeof(*ks));
	snapshot_init(&ks->kernel);
	snapshot_init(&ks->model);
	ks->readback = readback_open(why);
	if (!ks->readback)
		return -ENOTSUP;
	err = executors_start(&ks->executors, why);
	if (err) {
		readback_close(ks->readback);
		return err;
	}
	err = count_own_vmas(ks, &own);
	if (err) {
		snprintf(why, KERNEL_WHY_MAX, "cannot look at a process: %s",
			 strerror(-err));
		kernel_session_close(ks);
		return err;
	}
	ks->config.rmaps[0] = &anon_vma_rmap_ops;
	ks->config.nr_rmaps = 1;
	ks->config.task_pages = readback_levels(ks->readback) == 5 ?
					TASK_PAGES_LA57 :
					TASK_PAGES;
	ks->config.max_map_count = sysctl_max_map_count() - own;
	err = kernel_features_ask(ks, &ks->features, why, KERNEL_WHY_MAX);
	if (err) {
		kernel_session_close(ks);
		return err;
	}
	ks->config.as_of = kernel_features_order(&ks->features);
	if (getenv(SPOIL_LOOKS))
		ks->nr_spoilt = (u32)atoi(getenv(SPOIL_LOOKS));
	return 0;
}

void kernel_session_close(struct kernel_session *ks)
{
	executors_stop(&ks->executors);
	readback_close(ks->readback);
	snapshot_free(&ks->kernel);
	snapshot_free(&ks->model);
}

static bool stop_unsuitable(struct run *run, u32 op_nr, const char *why)
{
	run->result->verdict = KERNEL_UNSUITABLE;
	run->result->op_nr = op_nr;
	snprintf(run->result->why, KERNEL_WHY_MAX, "%s", why);
	return false;
}

/* The kernel has more than the model, which kept within all limits. */
static bool too_much(struct run *run, u32 op_nr)
{
	const struct dump *dump = run->dump;
	char why[KERNEL_WHY_MAX];
	enum kernel_limit limit = LIMIT_CHAINS;

	if (dump->vma_count == DUMP_VMAS_MAX)
		limit = LIMIT_VMAS;
	else if (dump->page_count == DUMP_PAGES_MAX)
		limit = LIMIT_PAGES;
	else if (dump->anon_vma_count == DUMP_ANON_VMAS_MAX)
		limit = LIMIT_ANON_VMAS;
	snprintf(why, sizeof(why), "the kernel has more %s than the limit, %u",
		 kernel_limit_name(limit), kernel_limit_max(limit));
	return stop_unsuitable(run, op_nr, why);
}

static bool disagree(struct run *run, u32 op_nr)
{
	run->result->verdict = KERNEL_DISAGREES;
	run->result->op_nr = op_nr;
	return false;
}

static void list_living(struct run *run)
{
	u32 slot, pid;

	run->nr = 0;
	for (slot = 0; slot < run->ks->executors.nr_slots; slot++) {
		pid = executors_pid(&run->ks->executors, slot);
		if (!pid || run->nr == DUMP_PROCS_MAX)
			continue;
		run->slots[run->nr] = slot;
		run->pids[run->nr++] = pid;
	}
}

/* Holds the last look against /proc. */
static void check_against_procfs(struct run *run)
{
	struct kernel_session *ks = run->ks;
	u32 i;
	int agree;

	run->proc_differs = 0;
	for (i = 0; i < run->nr && !run->proc_differs; i++) {
		agree = readback_check_proc(ks->readback, run->dump, i,
					    run->result->why);
		if (agree < 0)
			run->proc_differs = i + 1;
		else
			ks->pages_checked += (u32)agree;
	}
}

/* What the kernel has now, into ks->kernel.  0 or a harness error. */
static int read_kernel(struct run *run)
{
	struct kernel_session *ks = run->ks;
	int err;

	list_living(run);
	err = readback_run(ks->readback, run->pids, run->nr, run->window.first,
			   run->window.last, &run->dump);
	if (err == -E2BIG)
		return err;
	if (err)
		return compare_failed(run, err,
				      "cannot look into the kernel: %s",
				      strerror(-err));
	if (ks->check_proc)
		check_against_procfs(run);
	err = snapshot_kernel(&ks->kernel, run->dump, run->slots,
			      ks->executors.inodes);
	if (err)
		return compare_failed(run, err, "out of memory");
	return 0;
}

/* A result as reports have it. */
static const char *kernel_result_name(int result)
{
	const char *name = errno_name(result);

	return name ? name : "an errno without a name";
}

static bool kernel_results_agree(struct run *run, const struct op *op,
				 int kernel, int model, u32 op_nr)
{
	struct snap_difference *diff = &run->result->diff;
	bool asserted = op->flags & OP_HAS_EXPECTED;

	if (kernel == model && (!asserted || kernel == op->expected))
		return true;
	snprintf(diff->what, SNAP_TEXT_MAX, "the result%s",
		 kernel == model ? " that the scenario asserts" : "");
	snprintf(diff->kernel, SNAP_TEXT_MAX, "%s", kernel_result_name(kernel));
	snprintf(diff->model, SNAP_TEXT_MAX, "%s%s%s",
		 kernel_result_name(model), asserted ? ", asserted: " : "",
		 asserted ? kernel_result_name(op->expected) : "");
	return disagree(run, op_nr);
}

/* What --check-proc found, as a difference. */
static void proc_difference(struct run *run)
{
	struct snap_difference *diff = &run->result->diff;

	snprintf(diff->what, SNAP_TEXT_MAX, "what was read of pages");
	snprintf(diff->kernel, SNAP_TEXT_MAX, "%s", run->result->why);
	snprintf(diff->model, SNAP_TEXT_MAX, "not asked");
}

/* Looks at both: are they the same?  *@err: the harness failed. */
static bool looks_equal(struct run *run, int *err)
{
	struct kernel_session *ks = run->ks;

	*err = read_kernel(run);
	if (*err)
		return false;
	if (ks->nr_spoilt) {
		ks->nr_spoilt--;
		snprintf(run->result->diff.what, SNAP_TEXT_MAX,
			 "what " SPOIL_LOOKS " asks for");
		return false;
	}
	if (run->proc_differs) {
		proc_difference(run);
		return false;
	}
	*err = snapshot_model(&ks->model, run->machine);
	if (!*err && ks->show)
		*err = snapshot_name(&ks->kernel, &run->kernel_names) ?:
			       snapshot_name(&ks->model, &run->model_names);
	if (*err) {
		compare_failed(run, *err, "out of memory");
		return false;
	}
	return snapshot_equal(run->sc, &ks->kernel, &ks->model,
			      &run->result->diff);
}

/*
 * Looks until both are the same, or run->patience_ms are over: migration of a
 * page, isolation of it, and an mm that another program keeps while it reads of
 * it in /proc are over soon.
 */
static bool looks_equal_soon(struct run *run, int *err)
{
	u32 waited = 0, pause = 1;
	bool equal = looks_equal(run, err);

	while (!equal && !*err && waited < run->patience_ms) {
		const struct timespec time = {
			.tv_nsec = (long)pause * 1000000,
		};

		nanosleep(&time, NULL);
		waited += pause;
		pause = (u32)min_u64(pause * 2, PAUSE_MS_MAX);
		equal = looks_equal(run, err);
	}
	return equal;
}

/* Looks at both and compares.  False with *@err 0: stop, for a verdict. */
static bool compare_now(struct run *run, u32 op_nr, int *err)
{
	bool equal = looks_equal_soon(run, err);

	if (*err == -E2BIG) {
		*err = 0;
		return too_much(run, op_nr);
	}
	if (*err)
		return false;
	if (run->ks->show)
		snapshot_print(run->sc, &run->ks->kernel, run->ks->show);
	return equal || disagree(run, op_nr);
}

/* Migration is the controller's to do: it is asked for by pid. */
static int ask_to_migrate(struct run *run, const struct op *op, int *result)
{
	u32 i;

	for (i = 0; i < run->nr; i++)
		if (run->slots[i] == op->proc)
			return kernel_migrate(
				(pid_t)run->dump->procs[i].outer_pid,
				(run->sc->base + op->page) << 12, result);
	*result = ESRCH;
	return 0;
}

/* The frame at the page that @op names, as last looked at; 0: none. */
static u64 frame_of(const struct run *run, const struct op *op)
{
	const struct dump *dump = run->dump;
	u64 address = run->sc->base + op->page;
	u32 i, first = SNAP_NONE;

	for (i = 0; i < run->nr; i++)
		if (run->slots[i] == op->proc)
			first = dump->procs[i].same_as;
	if (first == SNAP_NONE)
		return 0;
	for (i = 0; i < dump->procs[first].vma_count; i++) {
		const struct dump_vma *vma =
			&dump->vmas[dump->procs[first].vma_first + i];
		u32 k;

		for (k = 0; k < vma->page_count; k++)
			if (dump->pages[vma->page_first + k].address == address)
				return dump->pages[vma->page_first + k].pfn;
	}
	return 0;
}

/*
 * Compaction moves what it likes, this page or others, and others make no
 * difference here: frames have no names.  Only if this one moved the model's
 * moves too.
 */
static int do_compact(struct run *run, const struct op *op, int *result)
{
	u64 before = frame_of(run, op);
	int err;

	if (!before || kernel_compact())
		return -ENODEV;
	err = read_kernel(run);
	if (err)
		return err;
	*result = 0;
	return frame_of(run, op) == before ? -ENODEV : 0;
}

static int do_on_kernel(struct run *run, const struct op *op, u32 op_nr,
			int *result)
{
	int err;

	if (op->kind == OP_MIGRATE) {
		err = ask_to_migrate(run, op, result);
		if (err == -ENODEV && run->ks->compact)
			err = do_compact(run, op, result);
		return err;
	}
	return executors_do(&run->ks->executors, run->sc, op, op_nr, result);
}

static void show_op(struct run *run, const struct op *op, u32 op_nr, int result)
{
	char text[256];

	if (!run->ks->show)
		return;
	scenario_print_op(run->sc, op, text, sizeof(text));
	fprintf(run->ks->show, "op %u: %s -> %s\n", op_nr, text,
		kernel_result_name(result));
}

/* What process @slot has at page number @address, NULL if nothing. */
static const struct snap_page *entry_at(const struct snapshot *snap, u32 slot,
					u64 address)
{
	const struct snap_vma *vma;
	u32 owner = slot, i, k;

	for (i = 0; i < snap->procs.nr; i++)
		if (snap->procs.v[i].slot == slot)
			owner = snap->procs.v[i].same_as;
	for (i = 0; i < snap->vmas.nr; i++) {
		vma = &snap->vmas.v[i];
		if (snap->procs.v[vma->proc].slot != owner ||
		    address < vma->start || address >= vma->end)
			continue;
		for (k = 0; k < vma->page_count; k++)
			if (snap->pages.v[vma->page_first + k].address ==
			    address)
				return &snap->pages.v[vma->page_first + k];
	}
	return NULL;
}

/*
 * Has the kernel a page of a file where @op migrates, and the model nothing?  It
 * maps what it has in the page cache around a page that is read,
 * do_fault_around(): that move_pages() then finds one is neither right nor wrong.
 */
static bool kernel_mapped_around(const struct run *run, const struct op *op)
{
	u64 address = run->sc->base + op->page;
	const struct snap_page *kernel =
		entry_at(&run->ks->kernel, op->proc, address);

	return kernel && kernel->kind == SNAP_FILE &&
	       !entry_at(&run->ks->model, op->proc, address);
}

/* False: stop; *@err says whether the harness failed. */
static bool compare_step(struct run *run, u32 op_nr, int *err)
{
	const struct op *op = &run->sc->ops[op_nr - 1];
	int kernel = 0, model;

	/* Nothing changes, and what a kernel's walk finds it does not say. */
	if (op->kind == OP_WALK)
		return true;
	if (op->kind == OP_MIGRATE && kernel_mapped_around(run, op)) {
		run->result->migrations_around++;
		return true;
	}
	*err = do_on_kernel(run, op, op_nr, &kernel);
	if (*err == -ENODEV && op->kind == OP_MIGRATE) {
		*err = 0;
		run->result->migrations_skipped++;
		return true;
	}
	run->result->migrations += op->kind == OP_MIGRATE && !kernel;
	if (*err == -E2BIG) {
		*err = 0;
		return stop_unsuitable(run, op_nr,
				       "too many processes at once");
	}
	if (*err) {
		compare_failed(run, *err,
			       "op %u: the executor does not answer: %s", op_nr,
			       strerror(-*err));
		return false;
	}
	show_op(run, op, op_nr, kernel);
	model = replay_op(run->machine, run->sc, op, op_nr);
	synchronize_rcu(&run->machine->rcu);
	touched_reset(&run->machine->world);
	run->result->ops++;
	run->result->failed += kernel != 0;
	run->result->failed_as_asserted +=
		kernel && op->flags & OP_HAS_EXPECTED && op->expected == kernel;
	return kernel_results_agree(run, op, kernel, model, op_nr) &&
	       compare_now(run, op_nr, err);
}

/* The window must be as empty as a new process of the model. */
static bool window_is_free(struct run *run, int *err)
{
	*err = read_kernel(run);
	if (*err)
		return false;
	if (run->ks->kernel.vmas.nr)
		return stop_unsuitable(run, 0,
				       "the window is not free in a process");
	return true;
}

static int run_on_both(struct run *run)
{
	u32 op_nr;
	int err = 0;

	if (!window_is_free(run, &err))
		return err;
	for (op_nr = 1; op_nr <= run->sc->nr_ops; op_nr++) {
		if (run->ks->stop && *run->ks->stop)
			return compare_failed(run, -EINTR, "stopped");
		if (!compare_step(run, op_nr, &err))
			break;
	}
	return err;
}

/* What can be told before anything is done.  0, with a verdict or without. */
static int check_suitable(struct run *run)
{
	struct kernel_result *result = run->result;
	struct kernel_needs needs;

	if (!kernel_suitable(run->sc, run->ks->config.task_pages, &run->window,
			     result->why)) {
		result->verdict = KERNEL_UNSUITABLE;
		return 0;
	}
	if (kernel_needs(&run->ks->config, run->sc, &needs))
		return compare_failed(run, -ENOMEM, "out of memory");
	if (!kernel_needs_fit(&needs, result->why, KERNEL_WHY_MAX))
		result->verdict = KERNEL_UNSUITABLE;
	return 0;
}

/* Does @sc once, and waits so long for a difference to pass. */
static int compare_and_wait(struct kernel_session *ks,
			    const struct scenario *sc, u32 patience_ms,
			    struct kernel_result *result)
{
	struct run run = {
		.ks = ks,
		.sc = sc,
		.result = result,
		.patience_ms = patience_ms,
	};
	int err, end;

	memset(result, 0, sizeof(*result));
	err = check_suitable(&run);
	if (err || result->verdict == KERNEL_UNSUITABLE)
		return err;
	run.machine = machine_create(&ks->config);
	if (!run.machine)
		return compare_failed(&run, -ENOMEM, "out of memory");
	err = executors_begin(&ks->executors, sc);
	if (err) {
		compare_failed(&run, err, "cannot start a process: %s",
			       strerror(-err));
	} else {
		err = run_on_both(&run);
		end = executors_end(&ks->executors);
		if (end && !err)
			err = compare_failed(&run, end,
					     "a process does not end: %s",
					     strerror(-end));
	}
	machine_destroy(run.machine);
	snap_names_free(&run.kernel_names);
	snap_names_free(&run.model_names);
	return err;
}

int kernel_compare_once(struct kernel_session *ks, const struct scenario *sc,
			struct kernel_result *result)
{
	return compare_and_wait(ks, sc, 0, result);
}

/* How long the @nr-th try waits. Where much disagrees it need not be long. */
static u32 patience(const struct kernel_session *ks, u32 nr)
{
	static const u32 ms[TRIES] = { 16, 64, 512 };

	return ks->nr_disagreements < PATIENT_DISAGREEMENTS ? ms[nr] : 4;
}

int kernel_compare(struct kernel_session *ks, const struct scenario *sc,
		   struct kernel_result *result)
{
	struct snap_difference first = { .what = "" };
	u32 first_op = 0, nr = 0;
	int err;

	do {
		err = compare_and_wait(ks, sc, patience(ks, nr), result);
		if (err || result->verdict != KERNEL_DISAGREES)
			break;
		if (!nr) {
			first = result->diff;
			first_op = result->op_nr;
		}
	} while (++nr < TRIES && !ks->show);
	if (!err && result->verdict == KERNEL_DISAGREES)
		ks->nr_disagreements++;
	if (!err && result->verdict == KERNEL_AGREES && nr) {
		result->disturbed = true;
		result->op_nr = first_op;
		result->diff = first;
	}
	return err;
}
