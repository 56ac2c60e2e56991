// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kernel's BTF lacks of what a program needs, on BTF made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <bpf/btf.h>
#include "../../kernel/bpf_load.h"

struct both {
	struct btf *kernel;
	struct btf *program;
};

/*
 * A program that calls call_me() and reads object.first and object.second; a
 * kernel without anything.
 */
static int setup(void **state)
{
	static struct both both;
	int number, object, proto, func;

	both.kernel = btf__new_empty();
	both.program = btf__new_empty();
	number = btf__add_int(both.program, "int", 4, BTF_INT_SIGNED);
	object = btf__add_struct(both.program, "object", 8);
	btf__add_field(both.program, "first", number, 0, 0);
	btf__add_field(both.program, "second", number, 32, 0);
	btf__add_decl_tag(both.program, "kernel type", object, -1);
	/* Not marked: the program's own. */
	btf__add_struct(both.program, "own", 4);
	btf__add_field(both.program, "field", number, 0, 0);
	proto = btf__add_func_proto(both.program, number);
	func = btf__add_func(both.program, "call_me", BTF_FUNC_EXTERN, proto);
	btf__add_func(both.program, "own_function", BTF_FUNC_GLOBAL, proto);
	*state = &both;
	return func < 0;
}

static int teardown(void **state)
{
	struct both *both = *state;

	btf__free(both->kernel);
	btf__free(both->program);
	return 0;
}

static int add_int(struct btf *btf)
{
	return btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
}

static void add_call_me(struct btf *btf, int number)
{
	int proto = btf__add_func_proto(btf, number);

	btf__add_func(btf, "call_me", BTF_FUNC_STATIC, proto);
}

static void test_lacks_all(void **state)
{
	struct both *both = *state;
	char lacks[64];

	assert_true(
		btf_lacks(both->kernel, both->program, lacks, sizeof(lacks)));
	assert_string_equal(lacks, "struct object, call_me()");
}

/* One too short for all of it ends with dots, inside the buffer. */
static void test_cut(void **state)
{
	struct both *both = *state;
	char lacks[20];

	assert_true(
		btf_lacks(both->kernel, both->program, lacks, sizeof(lacks)));
	assert_string_equal(lacks, "struct object, c...");
}

static void test_lacks_field(void **state)
{
	struct both *both = *state;
	int number = add_int(both->kernel);
	char lacks[64];

	btf__add_struct(both->kernel, "object", 8);
	btf__add_field(both->kernel, "first", number, 0, 0);
	btf__add_field(both->kernel, "other", number, 32, 0);
	add_call_me(both->kernel, number);
	assert_true(
		btf_lacks(both->kernel, both->program, lacks, sizeof(lacks)));
	assert_string_equal(lacks, "object.second");
}

/* Two structs of one name, and the field in a union without a name. */
static void test_has_all(void **state)
{
	struct both *both = *state;
	int number = add_int(both->kernel);
	char lacks[64];
	int inner;

	btf__add_struct(both->kernel, "object", 4);
	btf__add_field(both->kernel, "first", number, 0, 0);
	inner = btf__add_union(both->kernel, NULL, 4);
	btf__add_field(both->kernel, "other", number, 0, 0);
	btf__add_field(both->kernel, "second", number, 0, 0);
	btf__add_struct(both->kernel, "object", 8);
	btf__add_field(both->kernel, "first", number, 0, 0);
	btf__add_field(both->kernel, NULL, inner, 32, 0);
	add_call_me(both->kernel, number);
	assert_false(
		btf_lacks(both->kernel, both->program, lacks, sizeof(lacks)));
	assert_string_equal(lacks, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lacks_all, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lacks_field, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_has_all, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
