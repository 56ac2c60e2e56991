/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of model/check: a machine with two reverse maps that know everything
 * beside each other, "honest" and "liar".
 */
#ifndef RMAPDIFF_TESTS_CHECK_FIXTURE_H
#define RMAPDIFF_TESTS_CHECK_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../model/check/check.h"
#include "fake_rmap.h"

#define BASE 0x1000ULL

static const struct rmap_ops honest_ops = FAKE_RMAP_OPS("honest");
static const struct rmap_ops liar_ops = FAKE_RMAP_OPS("liar");

struct fixture {
	struct machine *machine;
	struct check chk;
	struct fake *liar;
};

/* A, B, ... Z, A1, ... */
static inline const char *proc_name(void *arg, u32 proc)
{
	static char name[16];

	if (proc < 26)
		snprintf(name, sizeof(name), "%c", 'A' + (int)proc);
	else
		snprintf(name, sizeof(name), "%c%u", 'A' + (int)(proc % 26),
			 proc / 26);
	return name;
}

static inline struct machine *new_machine(const struct rmap_ops *a,
					  const struct rmap_ops *b)
{
	struct machine_config config = {
		.rmaps = { a, b },
		.nr_rmaps = b ? 2 : 1,
	};

	return machine_create(&config);
}

static inline struct mm_struct *fixture_mm(struct fixture *f, u32 proc)
{
	return machine_mm(f->machine, proc);
}

/*
 * A: 16 anonymous pages at 0x10, of which 0x10, 0x11 and 0x12 are written:
 * folios 1, 2 and 3.  B, its child, shares them.
 */
static inline int setup(void **state)
{
	struct check_names names = { .proc_name = proc_name, .base = BASE };
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->machine = new_machine(&honest_ops, &liar_ops);
	assert_non_null(f->machine);
	check_init(&f->chk, f->machine, &names);
	f->liar = f->machine->world.rmaps[1].priv;
	assert_int_equal(do_mmap(fixture_mm(f, 0), BASE + 0x10, 16,
				 VM_READ | VM_WRITE, NO_FILE, 0),
			 0);
	for (u64 i = 0; i < 3; i++)
		assert_int_equal(mm_write(fixture_mm(f, 0), BASE + 0x10 + i,
					  100 + i),
				 0);
	assert_int_equal(machine_fork(f->machine, 0, 1), 0);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	check_exit(&f->chk);
	machine_destroy(f->machine);
	free(f);
	return 0;
}

static inline struct folio *folio_by_id(struct fixture *f, u64 id)
{
	struct folio *folio = folio_first(&f->machine->world, 1, 0);

	while (folio && folio->id != id)
		folio = folio_next(folio);
	assert_non_null(folio);
	return folio;
}

static inline void expect_divergence(struct fixture *f,
				     enum divergence_kind kind,
				     const char *text)
{
	assert_string_equal(divergence_kind_name(f->chk.report.kind),
			    divergence_kind_name(kind));
	assert_string_equal(f->chk.report.text, text);
}

/* Both checks must find it. */
static inline void expect_both(struct fixture *f, enum divergence_kind kind,
			       const char *text)
{
	assert_false(check_touched(&f->chk));
	expect_divergence(f, kind, text);
	memset(&f->chk.report, 0, sizeof(f->chk.report));
	assert_false(check_all(&f->chk));
	expect_divergence(f, kind, text);
}

static inline void expect_divergence_all(struct fixture *f,
					 enum divergence_kind kind,
					 const char *text)
{
	assert_false(check_all(&f->chk));
	expect_divergence(f, kind, text);
}

static inline void print_report(const struct report *report, u32 op_nr,
				const char *op_text, const char *expected)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	report_print(report, out, op_nr, op_text);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
