// SPDX-License-Identifier: GPL-2.0-only
/*
 * Property: the text parser takes or refuses any bytes, and refuses with a
 * place and a reason; what it takes is the same after print and parse, and,
 * where bytes can express it, after encode and decode.  A short scenario
 * replays as in fuzz_rmap.
 *
 * Input: the text of a scenario, or anything else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "common.h"

/* What is replayed: to find crashes, not to wait for a long read. */
#define REPLAY_OPS_MAX 64
#define REPLAY_TOUCH_MAX 4096 /* pages, of all reads and writes together */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_start("fuzz_text", &cow_context_rmap_ops);
	return 0;
}

/* @sc as text, the caller's to free; NULL when memory is out. */
static char *print_to_memory(const struct scenario *sc, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	scenario_print(sc, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* Does @sc print as @text? */
static void expect_prints_as(const struct scenario *sc, const char *text,
			     size_t len, const char *what)
{
	size_t again_len;
	char *again = print_to_memory(sc, &again_len);

	if (again && (again_len != len || memcmp(again, text, len))) {
		fprintf(stderr, "--- first\n%s--- then\n", text);
		fuzz_fail(sc, what);
	}
	free(again);
}

static void check_reparse(const struct scenario *sc)
{
	struct scenario_error error = { 0 };
	struct scenario again;
	size_t len;
	char *text = print_to_memory(sc, &len);

	if (!text)
		return;
	if (!scenario_init(&again)) {
		int err = scenario_parse(&again, text, len, &error);

		if (err == -EINVAL) {
			fprintf(stderr, "%u:%u: %s\n", error.line, error.column,
				error.text);
			fuzz_fail(sc, "what was printed does not parse");
		}
		if (!err)
			expect_prints_as(&again, text, len,
					 "print, parse, print differ");
		scenario_free(&again);
	}
	free(text);
}

static void check_decode(const struct scenario *sc, const u8 *bytes,
			 size_t bytes_len)
{
	struct scenario again;
	size_t len;
	char *text = print_to_memory(sc, &len);

	if (!text)
		return;
	if (!scenario_init(&again)) {
		if (!scenario_decode(&again, bytes, bytes_len))
			expect_prints_as(&again, text, len,
					 "text, bytes, text differ");
		scenario_free(&again);
	}
	free(text);
}

/* Where bytes can express @sc they must give it back; else they say why not. */
static void check_bytes(struct scenario *sc)
{
	struct scenario_error error = { 0 };
	u8 *bytes = NULL;
	size_t len;
	int err;

	err = scenario_encode(sc, &bytes, &len, &error);
	if (err == -EINVAL && !error.text[0])
		fuzz_fail(sc, "refused for bytes without a reason");
	if (err)
		return;
	check_decode(sc, bytes, len);
	free(bytes);
}

static bool is_scenario_small(const struct scenario *sc)
{
	u64 touched = 0;

	if (sc->nr_ops > REPLAY_OPS_MAX)
		return false;
	for (u32 i = 0; i < sc->nr_ops; i++)
		if (sc->ops[i].kind == OP_READ || sc->ops[i].kind == OP_WRITE)
			touched += sc->ops[i].len;
	return touched <= REPLAY_TOUCH_MAX;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct scenario_error error = { 0 };
	struct scenario sc;
	int err;

	fuzz_input();
	if (scenario_init(&sc))
		return 0;
	err = scenario_parse(&sc, (const char *)data, size, &error);
	if (err == -EINVAL && !error.text[0])
		fuzz_fail(NULL, "refused without a reason");
	if (!err) {
		check_reparse(&sc);
		/* Races have a target of their own. */
		scenario_sequential(&sc);
		if (is_scenario_small(&sc))
			fuzz_replay(&sc, false);
		check_bytes(&sc);
		if (!scenario_strip(&sc))
			check_bytes(&sc);
	}
	scenario_free(&sc);
	return 0;
}
