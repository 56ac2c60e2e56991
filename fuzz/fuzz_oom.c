// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tool itself out of memory: in a scenario's whole way from bytes through
 * text and replay with every check, one allocation fails, chosen by the input's
 * first two bytes.  Nothing crashes, nothing leaks, and nobody says that all is
 * well who could not look: what is reported then is the lack of memory.
 *
 * malloc() and its like are wrapped by the linker, for this target only.
 */
#include <stdlib.h>
#include "../model/rmap/rmaps.h"
#include "common.h"
#define FAILING_MALLOC_WRAPPED
#include "failing_malloc.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_start("fuzz_oom", &cow_context_rmap_ops);
	return 0;
}

/* There and back: bytes, text, bytes. */
static void convert(const struct scenario *sc)
{
	struct scenario_error error;
	struct scenario again;
	char *text = NULL;
	u8 *bytes = NULL;
	size_t len;
	FILE *out;

	if (!scenario_encode(sc, &bytes, &len, &error))
		free(bytes);
	/* The C library's own memory is not ours to take. */
	fail_in += fail_in ? 1000 : 0;
	out = open_memstream(&text, &len);
	if (out) {
		scenario_print(sc, out);
		fclose(out);
	}
	fail_in -= fail_in > 1000 ? 1000 : 0;
	if (text && !scenario_init(&again)) {
		if (!scenario_parse(&again, text, len, &error))
			scenario_strip(&again);
		scenario_free(&again);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct scenario sc;

	if (size < 2)
		return 0;
	fuzz_input();
	fail_in = data[0] | (u32)data[1] << 8;
	if (!scenario_init(&sc)) {
		if (!scenario_decode(&sc, data + 2, size - 2)) {
			scenario_sequential(&sc);
			fuzz_replay_short_of_memory(&sc);
			convert(&sc);
		}
		scenario_free(&sc);
	}
	fail_in = 0;
	return 0;
}
