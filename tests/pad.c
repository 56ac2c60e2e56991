// SPDX-License-Identifier: GPL-2.0-only
/*
 * pad [OPTION...] NR SEED FILE: the scenario with NR random operations put in
 * between that are harmless, printed as text.
 *
 * Harmless is what does not keep the fault from being found at the same
 * operation of FILE's, in the same way, and is none without the bugs.  Each one
 * is drawn, placed and tried; no seed has to be lucky.  Options are those of run.
 */
#include <stdlib.h>
#include <string.h>
#include "../model/scenario/live.h"
#include "../tools/config.h"
#include "../tools/ending.h"
#include "../tools/tools.h"

#define LIMIT_MS 20000
#define BATCH 10
#define ROUNDS_MAX 100000

struct pad {
	struct replay_config config;
	struct replay_config sound; /* without bugs */
	struct scenario sc; /* padded so far */
	u32 last; /* the operation that the fault is found at, from 1 */
	bool at_end; /* it is found after the last one */
	struct ending wanted;
	struct scenario drawn; /* random operations */
	u32 next; /* the next of them */
	u64 random;
};

static u64 pad_random(struct pad *pad)
{
	u64 z = pad->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void __attribute__((noreturn)) pad_die(const char *what)
{
	fprintf(stderr, "pad: %s\n", what);
	exit(2);
}

static void replay_ends(struct pad *pad, struct replay_config *config,
			const struct scenario *sc, struct ending *ending)
{
	const struct ending_config replays = {
		.replay = config,
		.sound = &pad->sound,
		.limit_ms = LIMIT_MS,
	};

	if (ending_apart(sc, &replays, ending))
		pad_die("cannot replay");
}

/* A scenario of more than can be needed, to take operations from. */
static void draw_pool(struct pad *pad)
{
	const struct scenario_gen gen = {
		.seed = pad_random(pad),
		.ops = 2000,
		.procs = 4,
		.pages = 48,
	};

	scenario_free(&pad->drawn);
	if (scenario_init(&pad->drawn) || scenario_generate(&pad->drawn, &gen))
		pad_die("out of memory");
	pad->next = 0;
}

/* Who lives before operation @place of @sc. */
static void live_at(const struct scenario *sc, u32 place, struct live *live)
{
	live_init(live);
	for (u32 i = 0; i < place; i++)
		live_apply(live, &sc->ops[i]);
}

static bool is_valid(const struct scenario *sc)
{
	struct live live;

	live_init(&live);
	for (u32 i = 0; i < sc->nr_ops; i++)
		if (!live_apply(&live, &sc->ops[i]))
			return false;
	return true;
}

/* A random operation to a random place; a child gets a name of its own. */
static void insert(struct pad *pad, struct scenario *sc, u32 *last)
{
	u32 place = (u32)(pad_random(pad) % (*last + pad->at_end));
	struct live live;
	struct op op;

	if (pad->next == pad->drawn.nr_ops)
		draw_pool(pad);
	op = pad->drawn.ops[pad->next++];
	live_at(sc, place, &live);
	if (!live.nr)
		return;
	if (op_takes((enum op_kind)op.kind, FIELD_PROC))
		op.proc = live_nth(&live, (u32)(pad_random(pad) % live.nr));
	if (op_takes((enum op_kind)op.kind, FIELD_CHILD)) {
		op.child = sc->nr_procs;
		if (scenario_name_slots(sc, sc->nr_procs + 1))
			pad_die("out of memory");
		snprintf(sc->names[op.child], sizeof(*sc->names), "pad%u",
			 op.child);
	}
	if (scenario_add(sc, &op))
		pad_die("out of memory");
	memmove(&sc->ops[place + 1], &sc->ops[place],
		(sc->nr_ops - 1 - place) * sizeof(op));
	sc->ops[place] = op;
	(*last)++;
}

static void pad_copy(struct scenario *to, const struct scenario *from)
{
	if (scenario_init(to) || scenario_name_slots(to, from->nr_procs))
		pad_die("out of memory");
	to->base = from->base;
	memcpy(to->names, from->names, from->nr_procs * sizeof(*to->names));
	for (u32 i = 0; i < from->nr_ops; i++)
		if (scenario_add(to, &from->ops[i]))
			pad_die("out of memory");
}

/* As it is once it was printed: slots are given in the order of appearance. */
static void reparse(struct scenario *sc)
{
	struct scenario_error error;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		pad_die("out of memory");
	scenario_print(sc, out);
	fclose(out);
	scenario_free(sc);
	if (scenario_init(sc) || scenario_parse(sc, text, len, &error))
		pad_die("cannot parse what it printed");
	free(text);
}

static bool is_harmless(struct pad *pad, struct scenario *sc, u32 last)
{
	struct ending ending;

	if (!is_valid(sc))
		return false;
	reparse(sc);
	replay_ends(pad, &pad->config, sc, &ending);
	if (!ending_same(&ending, &pad->wanted, ENDING_KEEP_FAULT) ||
	    ending.needed != last)
		return false;
	replay_ends(pad, &pad->sound, sc, &ending);
	return ending.how == ENDING_WELL;
}

/* True if @nr more are in. */
static bool insert_some(struct pad *pad, u32 nr)
{
	struct scenario sc;
	u32 last = pad->last;

	pad_copy(&sc, &pad->sc);
	for (u32 i = 0; i < nr; i++)
		insert(pad, &sc, &last);
	if (last != pad->last + nr || !is_harmless(pad, &sc, last)) {
		scenario_free(&sc);
		return false;
	}
	scenario_free(&pad->sc);
	pad->sc = sc;
	pad->last = last;
	return true;
}

static void pad_scenario(struct pad *pad, u32 nr)
{
	u32 round = 0, batch = BATCH, in = 0;

	for (; in < nr && round < ROUNDS_MAX; round++) {
		batch = (u32)min_u64(batch, nr - in);
		if (insert_some(pad, batch)) {
			in += batch;
			batch = (u32)min_u64(batch + 1, BATCH);
		} else {
			batch = batch > 1 ? batch / 2 : 1;
		}
	}
	if (in < nr)
		pad_die("finds no operation that is harmless");
}

static void pad_start(struct pad *pad, const char *path)
{
	struct input in;

	if (input_load_scenario(&in, &pad->sc, path, false))
		exit(2);
	input_free(&in);
	ending_make_sound(&pad->config, &pad->sound);
	replay_ends(pad, &pad->config, &pad->sc, &pad->wanted);
	if (pad->wanted.how == ENDING_WELL)
		pad_die("the scenario shows no fault");
	pad->sc.nr_ops = pad->wanted.needed;
	pad->last = pad->sc.nr_ops;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		CONFIG_OPTIONS,
		{ 0 },
	};
	struct pad pad = { .random = 0 };
	u64 nr, seed;
	int c;

	config_init(&pad.config);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!config_is_option(c) ||
		    config_take_option("pad", &pad.config, c))
			return 2;
	if (argc - optind != 3 || !parse_number(argv[optind], 0, 100000, &nr) ||
	    !parse_number(argv[optind + 1], 0, UINT64_MAX, &seed))
		pad_die("expected [OPTION...] NR SEED FILE");
	pad.random = seed;
	pad_start(&pad, argv[optind + 2]);
	draw_pool(&pad);
	pad_scenario(&pad, (u32)nr);
	scenario_print(&pad.sc, stdout);
	scenario_free(&pad.sc);
	scenario_free(&pad.drawn);
	return 0;
}
