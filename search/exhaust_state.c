// SPDX-License-Identifier: GPL-2.0-only
/*
 * An exhaustive search as it stands: made, counted, saved, loaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../model/rmap/rmaps.h"
#include "exhaust_internal.h"

/* A share of the memory is for edges, should scenarios be counted. */
#define EDGES_SHARE 4

/* A state, and what it takes where scenarios are counted. */
#define BYTES_A_STATE (STATE_BYTES + EDGES_STATE_BYTES + 2 * sizeof(double))
#define STATES_LIMIT 0xf0000000U

/* Does @ops find the same in whatever order it meets VMAs and contexts? */
static bool is_known_to_be_right(const struct rmap_ops *ops)
{
	return ops == &anon_vma_rmap_ops || ops == &cow_context_rmap_ops;
}

static bool orders_count(const struct exhaust_config *config)
{
	const struct machine_config *machine = &config->replay.machine;

	for (u32 i = 0; i < machine->nr_rmaps; i++)
		if (!is_known_to_be_right(machine->rmaps[i]))
			return true;
	for (u32 i = 0; i < NR_BUGS; i++)
		if (machine->bugs.on[i])
			return true;
	return config->orders;
}

static u32 what_counts(const struct exhaust_config *config)
{
	return (config->bounds.two_tables ? FINGERPRINT_PLACES : 0) |
	       (orders_count(config) ? FINGERPRINT_ORDERS : 0);
}

struct exhaust *exhaust_create(const struct exhaust_config *config)
{
	struct exhaust *ex = calloc(1, sizeof(*ex));
	u64 bytes = config->memory / EDGES_SHARE;
	u32 nr =
		min_u64((config->memory - bytes) / BYTES_A_STATE, STATES_LIMIT);

	if (!ex)
		return NULL;
	ex->config = *config;
	ex->counts = what_counts(config);
	pthread_mutex_init(&ex->lock, NULL);
	pthread_cond_init(&ex->done, NULL);
	ex->states = states_create(nr);
	ex->edges = edges_create(nr, bytes);
	if (ex->states && ex->edges)
		return ex;
	exhaust_destroy(ex);
	return NULL;
}

void exhaust_destroy(struct exhaust *ex)
{
	if (!ex)
		return;
	states_destroy(ex->states);
	edges_destroy(ex->edges);
	pthread_mutex_destroy(&ex->lock);
	pthread_cond_destroy(&ex->done);
	free(ex);
}

u64 exhaust_bytes(const struct exhaust *ex)
{
	u32 nr = states_nr(ex->states);

	return states_bytes(ex->states) + edges_bytes(ex->edges, nr) +
	       nr * 2 * sizeof(double);
}

u32 exhaust_nr_states(const struct exhaust *ex)
{
	return states_nr(ex->states);
}

const struct exhaust_level *exhaust_levels(const struct exhaust *ex)
{
	return ex->levels;
}

u32 exhaust_nr_found(const struct exhaust *ex)
{
	return ex->nr_found;
}

const struct exhaust_found *exhaust_found(const struct exhaust *ex, u32 i)
{
	return &ex->found[i];
}

int exhaust_scenario(const struct search_bounds *bounds, struct scenario *sc)
{
	const struct op op = { .kind = OP_EXIT };
	int err = scenario_init(sc);

	if (!err)
		err = scenario_name_slots(sc, bounds->procs);
	/* Room for all operations that there can be. */
	for (u32 i = 0; i < SEARCH_OPS_MAX && !err; i++)
		err = scenario_add(sc, &op);
	sc->nr_ops = 0;
	return err;
}

u32 exhaust_path(const struct exhaust *ex, u32 id,
		 struct op ops[SEARCH_OPS_MAX])
{
	u32 nr = 0, at;

	for (at = id; at && nr < SEARCH_OPS_MAX;
	     at = state_at(ex->states, at)->parent)
		nr++;
	at = id;
	for (u32 i = nr; i-- > 0; at = state_at(ex->states, at)->parent)
		ops[i] = op_unpack(state_at(ex->states, at)->op);
	return nr;
}

/*
 * Scenarios of each length: those that end in each state, times the operations
 * that can follow there.
 */
static void count_sequences(struct exhaust *ex)
{
	u32 known = ex->starts[ex->level]; /* all below were expanded */
	double *ways, *next, *tmp;

	ways = calloc(known, sizeof(*ways));
	next = calloc(known, sizeof(*next));
	if (ways && next && edges_complete(ex->edges)) {
		ways[0] = 1;
		ex->levels[0].sequences = 1;
		for (u32 i = 0; i < ex->level; i++) {
			ex->levels[i + 1].sequences =
				edges_step(ex->edges, ways, known, next);
			tmp = ways;
			ways = next;
			next = tmp;
		}
	}
	free(ways);
	free(next);
}

void exhaust_take_stock(struct exhaust *ex)
{
	ex->levels[ex->level].states = ex->level_end - ex->level_start;
	ex->levels[ex->level].expanded = atomic_load(&ex->expanded);
	ex->levels[ex->level].transitions = atomic_load(&ex->transitions);
	ex->levels[ex->level + 1].states =
		states_nr(ex->states) - ex->level_end;
}

void exhaust_next_level(struct exhaust *ex)
{
	ex->level++;
	ex->level_start = ex->level_end;
	ex->level_end = states_nr(ex->states);
	ex->starts[ex->level] = ex->level_start;
	atomic_store(&ex->expanded, 0);
	atomic_store(&ex->transitions, 0);
	ex->levels[ex->level].states = ex->level_end - ex->level_start;
	count_sequences(ex);
}

/* Saving. */

#define MAGIC "rmapdiff search 3"

/* What a file must share with the search that goes on from it. */
struct identity {
	char magic[24];
	struct search_bounds bounds; /* but for ops */
	struct bugs bugs;
	bool due_to[NR_FIXES];
	u32 as_of;
	u32 check;
	u32 counts;
	char rmaps[RMAP_MAX][24];
};

struct progress {
	u32 nr_states;
	u32 level, level_start, level_end;
	u32 expanded;
	u64 transitions;
	u32 starts[SEARCH_OPS_MAX + 2];
	struct exhaust_level levels[SEARCH_OPS_MAX + 1];
	u32 nr_found;
	struct exhaust_found found[EXHAUST_FOUND_MAX + 1];
	char found_rmaps[EXHAUST_FOUND_MAX + 1][24];
};

static void identify(const struct exhaust *ex, struct identity *identity)
{
	const struct machine_config *config = &ex->config.replay.machine;

	memset(identity, 0, sizeof(*identity));
	strcpy(identity->magic, MAGIC);
	identity->bounds = ex->config.bounds;
	identity->bounds.ops = 0;
	identity->check = ex->config.replay.check;
	identity->counts = ex->counts;
	identity->bugs = config->bugs;
	memcpy(identity->due_to, ex->config.due_to, sizeof(identity->due_to));
	identity->as_of = config->as_of;
	for (u32 i = 0; i < config->nr_rmaps; i++)
		strncpy(identity->rmaps[i], config->rmaps[i]->name,
			sizeof(identity->rmaps[i]) - 1);
}

int exhaust_save(const struct exhaust *ex, FILE *file)
{
	struct progress *progress = calloc(1, sizeof(*progress));
	struct identity identity;
	u32 nr = states_nr(ex->states);
	int err = -EIO;

	if (!progress)
		return -ENOMEM;
	identify(ex, &identity);
	progress->nr_states = nr;
	progress->level = ex->level;
	progress->level_start = ex->level_start;
	progress->level_end = ex->level_end;
	progress->expanded = atomic_load(&ex->expanded);
	progress->transitions = atomic_load(&ex->transitions);
	memcpy(progress->starts, ex->starts, sizeof(ex->starts));
	memcpy(progress->levels, ex->levels, sizeof(ex->levels));
	progress->nr_found = ex->nr_found;
	memcpy(progress->found, ex->found, sizeof(ex->found));
	for (u32 i = 0; i < ex->nr_found; i++)
		strncpy(progress->found_rmaps[i], ex->found[i].rmap, 23);
	errno = 0;
	if (fwrite(&identity, sizeof(identity), 1, file) == 1 &&
	    fwrite(progress, sizeof(*progress), 1, file) == 1 &&
	    fwrite(state_at(ex->states, 0), sizeof(struct state), nr, file) ==
		    nr)
		err = edges_save(ex->edges, nr, file);
	/* The disk is full, rather than "input/output error". */
	if (err == -EIO && errno)
		err = -errno;
	free(progress);
	return err;
}

/* Pointers in a file mean nothing: names are looked up again. */
static const char *rmap_name(const struct exhaust *ex, const char *name)
{
	const struct machine_config *config = &ex->config.replay.machine;

	for (u32 i = 0; i < config->nr_rmaps; i++)
		if (!strcmp(config->rmaps[i]->name, name))
			return config->rmaps[i]->name;
	return "";
}

static bool found_holds(const struct exhaust *ex,
			const struct exhaust_found *found)
{
	bool good = found->nr_ops <= SEARCH_OPS_MAX &&
		    found->kind < NR_DIVERGENCE_KINDS &&
		    found->report.kind == found->kind;

	for (u32 i = 0; good && i < found->nr_ops; i++)
		good = search_op_is_good(&ex->config.bounds, &found->ops[i]);
	return good;
}

static bool load_found(struct exhaust *ex, struct progress *progress)
{
	if (progress->nr_found > EXHAUST_FOUND_MAX)
		return false;
	for (u32 i = 0; i < progress->nr_found; i++) {
		struct exhaust_found *found = &progress->found[i];
		struct report *report = &found->report;

		if (!found_holds(ex, found))
			return false;
		report->text[sizeof(report->text) - 1] = '\0';
		report->own_check[sizeof(report->own_check) - 1] = '\0';
		progress->found_rmaps[i][23] = '\0';
		found->rmap = rmap_name(ex, progress->found_rmaps[i]);
		found->report.rmap = found->rmap;
		found->report.nr_sets = 0; /* they name reverse maps, too */
		ex->found[i] = *found;
	}
	ex->nr_found = progress->nr_found;
	return true;
}

static bool state_holds(const struct exhaust *ex, const struct state *state,
			u32 id)
{
	struct op op = op_unpack(state->op);

	return (id ? state->parent < id : state->parent == STATE_NONE) &&
	       search_op_is_good(&ex->config.bounds, &op);
}

static int load_states(struct exhaust *ex, u32 nr, FILE *file)
{
	enum states_add added;
	struct state state;
	u32 id;

	for (u32 i = 0; i < nr; i++) {
		if (fread(&state, sizeof(state), 1, file) != 1 ||
		    !state_holds(ex, &state, i))
			return -EINVAL;
		added = states_add(ex->states, &state, &id);
		if (added != STATES_NEW)
			return added == STATES_FULL ? -ENOMEM : -EINVAL;
	}
	return 0;
}

static bool levels_hold(const struct exhaust *ex,
			const struct progress *progress)
{
	u32 level = progress->level;
	bool good = level <= ex->config.bounds.ops &&
		    progress->level_end <= progress->nr_states &&
		    progress->level_start < progress->level_end &&
		    progress->starts[level] == progress->level_start;

	for (u32 i = 0; good && i < level; i++)
		good = progress->starts[i] <= progress->starts[i + 1];
	return good;
}

static int load_progress(struct exhaust *ex, struct progress *progress,
			 FILE *file)
{
	struct identity expected, identity;
	int err;

	identify(ex, &expected);
	if (fread(&identity, sizeof(identity), 1, file) != 1 ||
	    memcmp(&identity, &expected, sizeof(identity)) ||
	    fread(progress, sizeof(*progress), 1, file) != 1 ||
	    !levels_hold(ex, progress) || !load_found(ex, progress))
		return -EINVAL;
	err = load_states(ex, progress->nr_states, file);
	if (err)
		return err;
	ex->level = progress->level;
	ex->level_start = progress->level_start;
	ex->level_end = progress->level_end;
	atomic_store(&ex->expanded, progress->expanded);
	atomic_store(&ex->transitions, progress->transitions);
	memcpy(ex->starts, progress->starts, sizeof(ex->starts));
	memcpy(ex->levels, progress->levels, sizeof(ex->levels));
	return edges_load(ex->edges, progress->nr_states, file);
}

int exhaust_load(struct exhaust *ex, FILE *file)
{
	struct progress *progress = calloc(1, sizeof(*progress));
	int err;

	if (!progress)
		return -ENOMEM;
	err = load_progress(ex, progress, file);
	free(progress);
	return err;
}
