// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each edit weaves a scenario anew from the one that is there: what comes before
 * the place of the edit, what is new, what comes after.
 *
 *	in	| 0 ............ place | ............... end |
 *	out	| copied and played    | new    | copied     |
 *
 * Only what comes before is played, and only where the new part asks what is
 * there, so that a mutation stays cheap beside an execution with its checks.
 */
#include <stdlib.h>
#include <string.h>
#include "mutate.h"
#include "mutate_weave.h"

/* Of a scenario made from nothing. */
#define FRESH_OPS_MAX 40
#define FRESH_MOTIFS_MAX 4
#define PART_MAX 12 /* of a range that is deleted, moved, copied */
/* An operation costs about the same anywhere: short inputs are more of them. */
#define USUAL_OPS_MAX 48
#define LONG_OPS_MAX 128

/* Operations [first, end) of a scenario. */
struct part {
	u32 first;
	u32 end;
};

/* More is done where a scenario has got to: at its end. */
static u32 any_place(struct weaver *w, const struct scenario *in)
{
	return weave_chance(w, 35) ? in->nr_ops : weave_pick(w, in->nr_ops + 1);
}

/* Mostly short; never empty. */
static struct part any_part(struct weaver *w, const struct scenario *in)
{
	u32 max = weave_chance(w, 80) ? 4 : PART_MAX;
	u32 nr = 1 + weave_pick(w, (u32)min_u64(max, in->nr_ops));
	u32 first = weave_pick(w, in->nr_ops - nr + 1);

	return (struct part){ first, first + nr };
}

static void copy_rest(struct weaver *w, const struct scenario *in, u32 first)
{
	weaver_stop(w);
	weave_copy(w, in, first, in->nr_ops);
}

/* Copies and plays what comes before the place that it returns. */
static u32 play_to_place(struct weaver *w, const struct scenario *in)
{
	u32 place = any_place(w, in);

	weaver_play(w);
	weave_copy(w, in, 0, place);
	return place;
}

static void insert_guided(struct weaver *w, const struct scenario *in)
{
	u32 place = play_to_place(w, in);

	for (u32 nr = 1 + weave_pick(w, 4); nr; nr--)
		weave_guided(w);
	copy_rest(w, in, place);
}

static void insert_motif(struct weaver *w, const struct scenario *in)
{
	u32 place = play_to_place(w, in);

	weave_motif(w);
	copy_rest(w, in, place);
}

static void delete_part(struct weaver *w, const struct scenario *in)
{
	struct part part = any_part(w, in);

	weave_copy(w, in, 0, part.first);
	weave_copy(w, in, part.end, in->nr_ops);
}

static void repeat_part(struct weaver *w, const struct scenario *in)
{
	struct part part = any_part(w, in);
	u32 place = weave_chance(w, 50) ? part.end : any_place(w, in);

	weave_copy(w, in, 0, place);
	for (u32 nr = weave_chance(w, 80) ? 1 : 1 + weave_pick(w, 4); nr; nr--)
		weave_copy(w, in, part.first, part.end);
	weave_copy(w, in, place, in->nr_ops);
}

static void move_part(struct weaver *w, const struct scenario *in)
{
	struct part part = any_part(w, in);
	u32 place = any_place(w, in);

	if (place <= part.first) {
		weave_copy(w, in, 0, place);
		weave_copy(w, in, part.first, part.end);
		weave_copy(w, in, place, part.first);
		weave_copy(w, in, part.end, in->nr_ops);
	} else {
		place = place < part.end ? part.end : place;
		weave_copy(w, in, 0, part.first);
		weave_copy(w, in, part.end, place);
		weave_copy(w, in, part.first, part.end);
		weave_copy(w, in, place, in->nr_ops);
	}
}

static void swap_two(struct weaver *w, const struct scenario *in)
{
	u32 a = weave_pick(w, in->nr_ops), b = weave_pick(w, in->nr_ops);
	u32 first = a < b ? a : b, second = a < b ? b : a;

	weave_copy(w, in, 0, first);
	weave_copy(w, in, second, second + 1);
	weave_copy(w, in, first + 1, second);
	if (first != second)
		weave_copy(w, in, first, first + 1);
	weave_copy(w, in, second + 1, in->nr_ops);
}

/* One operation, or all from a place on, are done by someone else. */
static void retarget(struct weaver *w, const struct scenario *in)
{
	struct part part = any_part(w, in);
	u32 from, to;

	weave_copy(w, in, 0, part.first);
	from = in->ops[part.first].proc;
	to = weave_random_proc(w);
	if (weave_chance(w, 50)) {
		w->slot_of[from] = (u8)to;
	} else {
		u8 kept = w->slot_of[from];

		w->slot_of[from] = (u8)to;
		weave_copy(w, in, part.first, part.first + 1);
		w->slot_of[from] = kept;
		part.first++;
	}
	weave_copy(w, in, part.first, in->nr_ops);
}

/* Translated as weave_copy() would; for operations that are changed on the way. */
static struct op translated_op(struct weaver *w, const struct scenario *in,
			       u32 i)
{
	return weaver_translate(w, &in->ops[i]);
}

static void weave_changed(struct weaver *w, const struct scenario *in, u32 i,
			  const struct op *op)
{
	if (weave(w, op) && op_takes((enum op_kind)op->kind, FIELD_CHILD))
		w->slot_of[in->ops[i].child] =
			(u8)w->sc.ops[w->sc.nr_ops - 1].child;
}

static void snap_one(struct weaver *w, const struct scenario *in)
{
	u32 i = weave_pick(w, in->nr_ops);
	struct op op;

	weaver_play(w);
	weave_copy(w, in, 0, i);
	op = translated_op(w, in, i);
	snap(w, &op);
	weave_changed(w, in, i, &op);
	copy_rest(w, in, i + 1);
}

static u64 nudged(struct weaver *w, u64 value, u64 max)
{
	u64 by = weave_chance(w, 80) ? 1 : 1 + weave_pick(w, 16);

	if (weave_chance(w, 5))
		return weave_pick(w, (u32)max + 1);
	if (weave_chance(w, 50))
		return value >= by ? value - by : 0;
	return min_u64(value + by, max);
}

static void nudge_flags(struct weaver *w, struct op *op)
{
	if (op->kind == OP_MREMAP)
		op->flags ^= weave_chance(w, 70) ? OP_DONTUNMAP : OP_HAS_TO;
	if (op->kind == OP_MREMAP && !(op->flags & OP_HAS_TO))
		op->to = 0;
	if (op_takes((enum op_kind)op->kind, FIELD_PROT))
		op->prot = (u8)weave_pick(w, NR_OP_PROTS);
	if (op->kind == OP_MADVISE)
		op->advice = (u8)weave_pick(w, NR_ADVICE);
}

/* One of its numbers, by a little; or one of its words. */
static void nudge(struct weaver *w, struct op *op)
{
	enum op_kind kind = (enum op_kind)op->kind;
	bool touches = op_takes(kind, FIELD_LEN_OPTIONAL);
	bool has_len = touches || op_takes(kind, FIELD_LEN) ||
		       op_takes(kind, FIELD_OLD) || op_takes(kind, FIELD_NTH);
	bool moves = kind == OP_MREMAP && op->new_len == op->len;

	switch (weave_pick(w, 5)) {
	case 0:
		if (op_takes(kind, FIELD_PAGE))
			op->page = nudged(w, op->page, UINT8_MAX);
		break;
	case 1:
		if (has_len)
			op->len = nudged(w, op->len, UINT8_MAX);
		if (touches && !op->len)
			op->len = 1;
		if (moves)
			op->new_len = op->len;
		break;
	case 2:
		if (op->flags & OP_HAS_TO)
			op->to = nudged(w, op->to, UINT8_MAX);
		if (op->flags & OP_HAS_FILE)
			op->off = nudged(w, op->off, UINT8_MAX);
		break;
	case 3:
		if (kind == OP_MREMAP)
			op->new_len = nudged(w, op->new_len, UINT8_MAX);
		break;
	default:
		nudge_flags(w, op);
		break;
	}
}

static void nudge_one(struct weaver *w, const struct scenario *in)
{
	u32 i = weave_pick(w, in->nr_ops);
	struct op op;

	weave_copy(w, in, 0, i);
	op = translated_op(w, in, i);
	nudge(w, &op);
	weave_changed(w, in, i, &op);
	weave_copy(w, in, i + 1, in->nr_ops);
}

static bool may_allocate(const struct op *op)
{
	return op->kind != OP_FAILALLOC && op->kind != OP_EXIT;
}

/* An allocation fails in an operation that is there. */
static void fail_one(struct weaver *w, const struct scenario *in)
{
	u32 i = weave_pick(w, in->nr_ops);
	struct op op;

	weave_copy(w, in, 0, i);
	op = translated_op(w, in, i);
	if (may_allocate(&op) && w->failalloc)
		weave_failing(w, &op);
	else
		weave_changed(w, in, i, &op);
	weave_copy(w, in, i + 1, in->nr_ops);
}

/* What is over @limit goes, all from one place. */
static void shorten(struct weaver *w, const struct scenario *in, u32 limit)
{
	u32 nr = in->nr_ops - limit / 2 - weave_pick(w, limit / 2);
	u32 first = weave_pick(w, in->nr_ops - nr + 1);

	weave_copy(w, in, 0, first);
	weave_copy(w, in, first + nr, in->nr_ops);
}

static u32 length_limit(struct weaver *w)
{
	u32 luck = weave_pick(w, 100);

	return luck < 75 ? USUAL_OPS_MAX :
	       luck < 97 ? LONG_OPS_MAX :
			   UINT32_MAX;
}

static const struct {
	u32 weight; /* of 100, in all */
	void (*make)(struct weaver *w, const struct scenario *in);
} edits[] = {
	{ 22, insert_guided }, { 22, insert_motif }, { 10, delete_part },
	{ 6, repeat_part },    { 5, move_part },     { 5, swap_two },
	{ 6, retarget },       { 8, snap_one },	     { 10, nudge_one },
	{ 6, fail_one },
};

static void edit(struct weaver *w, const struct scenario *in)
{
	u32 limit = length_limit(w);
	u32 turn = weave_pick(w, 100);
	u32 i = 0;

	if (in->nr_ops > limit) {
		shorten(w, in, limit);
		return;
	}
	while (i < ARRAY_SIZE(edits) - 1 && turn >= edits[i].weight)
		turn -= edits[i++].weight;
	edits[i].make(w, in);
}

static void weave_generated(struct weaver *w)
{
	struct scenario_gen config = {
		.seed = (u64)weave_pick(w, UINT32_MAX) << 32 |
			weave_pick(w, UINT32_MAX),
		.ops = 1 + weave_pick(w, weave_chance(w, 80) ?
						 FRESH_OPS_MAX :
						 4 * FRESH_OPS_MAX),
		.procs = 1 + weave_pick(w, weave_chance(w, 80) ?
						   6 :
						   BYTES_PROCS_MAX),
		.pages = weave_chance(w, 70) ? WINDOW_USUAL : BYTES_WINDOW,
		.failalloc = w->failalloc && weave_chance(w, 50),
		.parallel = w->parallel,
	};
	struct scenario sc;

	if (!scenario_init(&sc) && !scenario_generate(&sc, &config))
		weave_copy(w, &sc, 0, sc.nr_ops);
	else
		w->nomem = true;
	scenario_free(&sc);
}

/* From nothing: a generated one, or motifs one after the other. */
static void weave_fresh(struct weaver *w)
{
	if (weave_chance(w, 30)) {
		weave_generated(w);
		return;
	}
	weaver_play(w);
	for (u32 nr = 1 + weave_pick(w, FRESH_MOTIFS_MAX); nr; nr--)
		weave_motif(w);
}

/*
 * Some operations of @other between some of @in, which may lose what was there.
 * The processes of each keep their places as far as they are there.
 */
static void splice(struct weaver *w, const struct scenario *in,
		   const struct scenario *other)
{
	u32 place = any_place(w, in);
	u32 rest = weave_chance(w, 60) ?
			   place :
			   place + weave_pick(w, in->nr_ops - place + 1);
	u32 first = weave_chance(w, 50) ? 0 : weave_pick(w, other->nr_ops);
	u32 end = first + 1 + weave_pick(w, other->nr_ops - first);
	u8 slot_of[BYTES_PROCS_MAX];

	weave_copy(w, in, 0, place);
	memcpy(slot_of, w->slot_of, sizeof(slot_of));
	weave_copy(w, other, first, end);
	memcpy(w->slot_of, slot_of, sizeof(slot_of));
	weave_copy(w, in, rest, in->nr_ops);
}

/* @w for this mutation; @step tells one edit's random numbers from another's. */
static void start_weave(struct weaver *w, const struct mutate *mu, u32 step)
{
	weaver_init(w, mu->seed + step * 0x632be59bd9b4e019ULL,
		    (u32)min_u64(mu->room / BYTES_PER_OP, SCENARIO_OPS_MAX));
	w->failalloc = mu->failalloc;
	w->parallel = mu->parallel;
	w->candidate = mu->candidate;
}

/* What @w made takes the place of @sc.  False: memory is out. */
static bool finish_weave(struct weaver *w, struct scenario *sc)
{
	bool ok = !w->nomem;

	if (ok) {
		weave_fit_schedules(&w->sc);
		scenario_free(sc);
		*sc = w->sc;
		memset(&w->sc, 0, sizeof(w->sc));
	}
	weaver_exit(w);
	return ok;
}

static void edit_and_weave_groups(struct weaver *w, struct scenario *sc)
{
	edit_groups(w, sc);
	if (!w->nomem)
		weave_copy(w, sc, 0, sc->nr_ops);
}

/* One step on @sc. */
static bool do_edit(const struct mutate *mu, struct scenario *sc, u32 step)
{
	struct weaver w;

	start_weave(&w, mu, step);
	if (w.nomem)
		;
	else if (sc->nr_ops < 2 || weave_chance(&w, 3))
		weave_fresh(&w);
	else if (w.parallel && weave_chance(&w, 45))
		edit_and_weave_groups(&w, sc);
	else
		edit(&w, sc);
	return finish_weave(&w, sc);
}

static bool do_splice(const struct mutate *mu, struct scenario *sc,
		      const struct scenario *other)
{
	struct weaver w;

	start_weave(&w, mu, 0);
	if (!w.nomem && other->nr_ops)
		splice(&w, sc, other);
	else if (!w.nomem)
		weave_copy(&w, sc, 0, sc->nr_ops);
	return finish_weave(&w, sc);
}

static bool do_edits(const struct mutate *mu, struct scenario *sc)
{
	u32 nr = 1 + (mu->seed >> 3 & 1) * (1 + (mu->seed >> 4 & 1));

	for (u32 step = 1; step <= nr; step++)
		if (!do_edit(mu, sc, step))
			return false;
	return true;
}

/* @sc into @data; what was there if there is no memory for it. */
static size_t put_scenario(const struct mutate *mu, const struct scenario *sc,
			   bool ok, u8 *data, size_t size)
{
	struct scenario_error err;
	size_t len;
	u8 *bytes;

	if (!ok || scenario_encode(sc, &bytes, &len, &err))
		return min_u64(size, mu->room);
	len = min_u64(len, mu->room - mu->room % BYTES_PER_OP);
	memcpy(data, bytes, len);
	free(bytes);
	return len;
}

static bool take_input(const struct mutate *mu, struct scenario *sc,
		       const u8 *data, size_t size)
{
	bool ok = !scenario_init(sc) && !scenario_decode(sc, data, size);

	if (!mu->parallel)
		scenario_sequential(sc);
	return ok;
}

size_t mutate_edit(const struct mutate *mu, u8 *data, size_t size)
{
	struct scenario sc;
	bool ok = take_input(mu, &sc, data, size) && do_edits(mu, &sc);

	size = put_scenario(mu, &sc, ok, data, size);
	scenario_free(&sc);
	return size;
}

size_t mutate_splice(const struct mutate *mu, u8 *data, size_t size,
		     const u8 *other, size_t other_size)
{
	struct scenario sc, from;
	bool ok = take_input(mu, &sc, data, size);

	ok = take_input(mu, &from, other, other_size) && ok &&
	     do_splice(mu, &sc, &from);
	if (ok && mu->seed & 1)
		ok = do_edit(mu, &sc, 1);
	size = put_scenario(mu, &sc, ok, data, size);
	scenario_free(&sc);
	scenario_free(&from);
	return size;
}

size_t mutate_generate(const struct mutate *mu, u8 *data, size_t size)
{
	struct scenario sc;
	struct weaver w;
	bool ok = !scenario_init(&sc);

	start_weave(&w, mu, 0);
	if (!w.nomem)
		weave_generated(&w);
	ok = finish_weave(&w, &sc) && ok;
	size = put_scenario(mu, &sc, ok, data, size);
	scenario_free(&sc);
	return size;
}

size_t mutate_canonical(const struct mutate *mu, u8 *data, size_t size)
{
	struct scenario sc;
	bool ok = take_input(mu, &sc, data, size);

	size = put_scenario(mu, &sc, ok, data, size);
	scenario_free(&sc);
	return size;
}
