// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics: sizes, distributions, and accounts that are held against a count
 * from scratch after each operation.
 */
#include <string.h>
#include "../model/mm/pgtable.h"
#include "../model/rmap/anon_vma.h"
#include "../model/rmap/cow_context.h"
#include "../model/rmap/rmaps.h"
#include "../model/stats/stats.h"
#include "remaps_fixture.h"

#define OFFSETS 64

static void test_kmalloc(void **state)
{
	assert_int_equal(kmalloc_bytes(1), 8);
	assert_int_equal(kmalloc_bytes(24), 32);
	assert_int_equal(kmalloc_bytes(64), 64);
	assert_int_equal(kmalloc_bytes(65), 96);
	assert_int_equal(kmalloc_bytes(97), 128);
	assert_int_equal(kmalloc_bytes(129), 192);
	assert_int_equal(kmalloc_bytes(193), 256);
	assert_int_equal(kmalloc_bytes(8192), 8192);
	assert_int_equal(kmalloc_bytes(8193), 12288);
	assert_int_equal(remap_array_bytes(2), 32);
	assert_int_equal(remap_array_bytes(3), 32);
	assert_int_equal(remap_array_bytes(4), 64);
	assert_int_equal(slab_bytes_for(SIZE_ANON_VMA, 0), 0);
	assert_int_equal(slab_bytes_for(SIZE_ANON_VMA, 39), 4096);
	assert_int_equal(slab_bytes_for(SIZE_ANON_VMA, 40), 8192);
}

/*
 * What any tree of such nodes can have, by trying: how many nodes, at least and
 * at most, hold @slots with @least to 16 in each, the root with 2 at least.
 */
static void try_trees(u64 slots, u64 *fewest, u64 *most)
{
	*fewest = *most = 0;
	if (slots < 2)
		return;
	*fewest = UINT64_MAX;
	for (u64 nodes = 1; nodes <= slots; nodes++) {
		u64 least = nodes == 1 ? 2 : 6 * nodes, f, m;

		if (slots < least || slots > 16 * nodes)
			continue;
		try_trees(nodes, &f, &m);
		*fewest = min_u64(*fewest, nodes + f);
		*most = max_u64(*most, nodes + m);
	}
}

static void test_maple_nodes(void **state)
{
	u64 fewest, most;

	for (u64 slots = 0; slots < 1500; slots++) {
		try_trees(slots, &fewest, &most);
		assert_int_equal(maple_nodes_min(slots), fewest);
		assert_int_equal(maple_nodes_max(slots), most);
	}
}

static void test_dist(void **state)
{
	struct dist dist = { 0 };

	assert_int_equal(dist_percentile(&dist, 50), 0);
	for (u64 value = 1; value <= 200; value++)
		assert_int_equal(dist_add(&dist, value), 0);
	assert_int_equal(dist.count, 200);
	assert_int_equal(dist.sum, 20100);
	assert_int_equal(dist.max, 200);
	assert_int_equal(dist_percentile(&dist, 50), 100);
	assert_int_equal(dist_percentile(&dist, 99), 198);
	assert_int_equal(dist_percentile(&dist, 100), 200);
	assert_int_equal(dist_add(&dist, DIST_VALUE_MAX + 10), 0);
	assert_int_equal(dist.max, DIST_VALUE_MAX + 10);
	assert_int_equal(dist_percentile(&dist, 100), DIST_VALUE_MAX);
	dist_free(&dist);

	assert_int_equal(dist_add(&dist, 7), 0);
	assert_int_equal(dist_percentile(&dist, 1), 7);
	assert_int_equal(dist_percentile(&dist, 99), 7);
	dist_free(&dist);
}

/* The set of displacements at @offset, a bit for each. */
static u64 displacements_at(struct remaps *remaps, pgoff_t offset)
{
	struct remap *remap;
	u64 set = 0;

	remaps_for_each(remap, remaps, offset, NULL)
		set |= 1ULL << remap->displacement;
	return set;
}

/* From scratch, offset by offset. */
static struct remap_totals count_totals(struct remaps *remaps)
{
	struct remap_totals totals = { 0 };
	u64 slots = 0, before = UINT64_MAX;

	for (pgoff_t offset = 0; offset < 2 * OFFSETS; offset++) {
		u64 set = displacements_at(remaps, offset);
		u32 nr = (u32)__builtin_popcountll(set);

		if (set == before)
			continue;
		before = set;
		slots++;
		if (nr < 2)
			continue;
		totals.arrays++;
		totals.array_bytes += remap_array_bytes(nr);
	}
	totals.nodes_min = maple_nodes_min(slots);
	totals.nodes_max = maple_nodes_max(slots);
	return totals;
}

static void assert_totals(const struct remap_totals *found,
			  const struct remap_totals *expected)
{
	assert_int_equal(found->arrays, expected->arrays);
	assert_int_equal(found->array_bytes, expected->array_bytes);
	assert_int_equal(found->nodes_min, expected->nodes_min);
	assert_int_equal(found->nodes_max, expected->nodes_max);
}

/* Ranges come, grow, are cut and go, with and without memory. */
static void test_edges(void **state)
{
	struct remap_totals totals = { 0 }, expected, none = { 0 };
	const struct bugs no_bugs = { 0 };
	struct remap_cache cache = { .totals = &totals, .bugs = &no_bugs };
	struct remaps remaps;
	struct ledger ledger;
	struct rcu rcu;
	u64 seed = 1, pages;

	ledger_init(&ledger, NULL);
	rcu_init(&rcu, &ledger);
	cache.ledger = &ledger;
	cache.rcu = &rcu;
	cache.kind = ledger_kind(&ledger, "remap", 0);
	remaps_init(&remaps, &cache);
	for (u32 i = 0; i < 20000; i++) {
		pgoff_t first = roll(&seed, OFFSETS);
		pgoff_t last = first + roll(&seed, 12);
		s64 displacement = 1 + roll(&seed, 6);

		if (roll(&seed, 8) == 0)
			ledger_fail_nth(&ledger, 1);
		if (roll(&seed, 2))
			remaps_add(&remaps, first, last, displacement);
		else
			remaps_del(&remaps, first, last, displacement);
		ledger_fail_nth(&ledger, 0);
		synchronize_rcu(&rcu);
		assert_null(remaps_verify(&remaps, &pages));
		expected = count_totals(&remaps);
		assert_totals(&totals, &expected);
	}
	remaps_free_all(&remaps);
	assert_totals(&totals, &none);
	synchronize_rcu(&rcu);
	assert_int_equal(ledger.nr_live, 0);
	ledger_destroy(&ledger);
}

/* How many mms have a VMA in @root's tree; each is counted at its first AVC. */
static u64 mms_of_tree(struct mm_world *world, struct anon_vma *root)
{
	struct mm_struct *mm;
	u64 nr = 0;

	TAILQ_FOREACH(mm, &world->mms, entry) {
		struct itree_node *node;

		for (node = itree_iter_first(&root->itree, 0, UINT64_MAX, NULL);
		     node; node = itree_iter_next(node, 0, UINT64_MAX, NULL))
			if (container_of(node, struct anon_vma_chain, node)
				    ->vma->vm_mm == mm)
				break;
		nr += node != NULL;
	}
	return nr;
}

static void check_roots(struct machine *machine)
{
	struct rmap *rmap = machine_rmap(machine, "anon_vma");
	struct anon_vma *anon_vma;

	LIST_FOREACH(anon_vma, &anon_vma_world(rmap)->living, living)
		if (anon_vma->root == anon_vma)
			assert_int_equal(anon_vma->nr_mms,
					 mms_of_tree(&machine->world,
						     anon_vma));
}

static void check_contexts(struct machine *machine)
{
	struct rmap *rmap = machine_rmap(machine, "cow_context");
	struct cow_contexts *contexts = cow_contexts_of(rmap);
	u64 nodes_min = 0, nodes_max = 0;
	struct cow_context *ctx;

	TAILQ_FOREACH(ctx, &contexts->all, entry) {
		u64 slots = remap_edges_slots(&ctx->remaps.edges);

		nodes_min += maple_nodes_min(slots);
		nodes_max += maple_nodes_max(slots);
	}
	assert_int_equal(contexts->totals.nodes_min, nodes_min);
	assert_int_equal(contexts->totals.nodes_max, nodes_max);
}

/* What the hook says, from what the ledger has. */
static void check_memory_hook(struct machine *machine)
{
	struct rmap *rmap = machine_rmap(machine, "anon_vma");
	const struct ledger *ledger = &machine->ledger;
	struct rmap_memory memory;

	rmap->ops->memory(rmap, &memory);
	assert_int_equal(memory.nr, 2);
	for (u32 i = 0; i < memory.nr; i++) {
		const struct rmap_memory_kind *kind = &memory.kinds[i];

		for (u32 k = 0; k < ledger->nr_kinds; k++)
			if (!strcmp(ledger->kinds[k].name, kind->name))
				assert_int_equal(kind->objects,
						 ledger->kinds[k].live);
		assert_int_equal(kind->bytes, kind->bytes_low);
		assert_true(kind->slab_bytes >= kind->bytes);
	}
}

/* The largest that any operation left behind, by a replay of its own. */
struct largest {
	u64 bytes;
	u32 op_nr;
	u64 vmas;
};

static void look_at_memory(void *arg, u32 op_nr, int result,
			   struct machine *machine)
{
	struct rmap *rmap = machine_rmap(machine, "anon_vma");
	const struct ledger_kind *kinds = machine->ledger.kinds;
	struct largest *largest = arg;
	u64 bytes;

	check_roots(machine);
	check_contexts(machine);
	check_memory_hook(machine);
	bytes = kinds[anon_vma_world(rmap)->kind_anon_vma].live * 104 +
		kinds[anon_vma_world(rmap)->kind_avc].live * 64;
	if (bytes > largest->bytes) {
		largest->bytes = bytes;
		largest->op_nr = op_nr;
	}
	largest->vmas =
		max_u64(largest->vmas, kinds[machine->world.kind_vma].live);
}

static struct stats_config stats_config_of(void)
{
	return (struct stats_config){
		.replay = {
			.machine = {
				.rmaps = { &anon_vma_rmap_ops,
					   &cow_context_rmap_ops },
				.nr_rmaps = 2,
				.accounts = true,
			},
		},
		.walks = 1,
	};
}

static void assert_nothing(const struct stats_memory *memory)
{
	assert_int_equal(memory->objects, 0);
	assert_int_equal(memory->bytes, 0);
	assert_int_equal(memory->bytes_low, 0);
	assert_int_equal(memory->slab_bytes, 0);
	assert_int_equal(memory->kinds.embedded_bytes, 0);
}

static void run_random(u64 seed, bool failalloc, enum kernel_release as_of)
{
	struct scenario_gen gen = {
		.seed = seed,
		.ops = 150,
		.procs = 6,
		.pages = 24,
		.failalloc = failalloc,
	};
	struct stats_config config = stats_config_of();
	struct largest largest = { 0 };
	struct replay_result result;
	struct scenario sc;
	struct stats stats;

	assert_int_equal(scenario_init(&sc), 0);
	assert_int_equal(scenario_generate(&sc, &gen), 0);
	config.replay.machine.as_of = as_of;
	config.replay.after_op = look_at_memory;
	config.replay.arg = &largest;
	assert_int_equal(replay(&sc, &config.replay, &result), 0);
	assert_false(result.diverged);

	assert_int_equal(stats_run(&stats, &sc, &config), 0);
	assert_false(stats.result.diverged);
	assert_int_equal(stats.result.ops, result.ops);
	assert_int_equal(stats.rmaps[0].peak_memory.bytes, largest.bytes);
	assert_int_equal(stats.rmaps[0].peak_op, largest.op_nr);
	assert_int_equal(stats.rmaps[0].peak.vmas, largest.vmas);
	for (u32 i = 0; i < stats.nr; i++) {
		const struct stats_rmap *sr = &stats.rmaps[i];

		assert_nothing(&sr->left);
		assert_int_equal(sr->walks.visits.sum,
				 sr->walks.mapped.sum + sr->walks.useless.sum);
		assert_true(sr->walks.to_last.sum <= sr->walks.visits.sum);
	}
	stats_free(&stats);
	scenario_free(&sc);
}

static void test_random(void **state)
{
	for (u64 seed = 1; seed <= 40; seed++) {
		run_random(seed, false, KERNEL_6_18);
		run_random(seed, true, KERNEL_6_18);
		run_random(seed, true, KERNEL_7_0);
	}
}

static void run_text(struct stats *stats, struct scenario *sc, const char *text,
		     const struct stats_config *config)
{
	struct scenario_error err;

	assert_int_equal(scenario_init(sc), 0);
	assert_int_equal(scenario_parse(sc, text, strlen(text), &err), 0);
	assert_int_equal(stats_run(stats, sc, config), 0);
}

/* Known by hand. */
static void test_locks(void **state)
{
	struct stats_config config = stats_config_of();
	const struct stats_lock *root, *children, *remaps;
	struct scenario sc;
	struct stats stats;

	config.every = 2;
	run_text(&stats, &sc,
		 "mmap A 0x10 4 rw\n" /* no lock */
		 "write A 0x10 4\n" /* prepare: A */
		 "fork A B\n" /* clone, then an anon_vma of its own: A, B */
		 "mremap B 0x10 4 4 to=0x20\n" /* clone, unlink */
		 "exit B\n", /* unlink */
		 &config);
	root = &stats.rmaps[0].locks[RMAP_LOCK_ROOT];
	assert_int_equal(root->write_sections, 6);
	assert_int_equal(root->by_op[OP_MMAP], 0);
	assert_int_equal(root->by_op[OP_WRITE], 1);
	assert_int_equal(root->by_op[OP_FORK], 2);
	assert_int_equal(root->by_op[OP_MREMAP], 2);
	assert_int_equal(root->by_op[OP_EXIT], 1);
	assert_int_equal(root->mms.max, 2);
	assert_int_equal(root->mms.sum, 1 + 5 * 2);
	assert_int_equal(root->vmas.max, 1);
	/* 1; 1, 1; two AVCs come and two go; two go. */
	assert_int_equal(root->links.sum, 9);

	children = &stats.rmaps[1].locks[RMAP_LOCK_CHILDREN];
	remaps = &stats.rmaps[1].locks[RMAP_LOCK_REMAPS];
	assert_int_equal(children->by_op[OP_FORK], 1);
	assert_int_equal(children->by_op[OP_EXIT], 1);
	assert_int_equal(children->mms.sum, 4);
	assert_int_equal(remaps->by_op[OP_MREMAP], 1);
	assert_int_equal(remaps->by_op[OP_EXIT], 1);
	assert_int_equal(remaps->mms.max, 1);
	assert_int_equal(remaps->links.sum, 2);

	/* Rows after operations 2 and 4, and after the last one. */
	assert_int_equal(stats.rmaps[0].nr_rows, 3);
	assert_int_equal(stats.rmaps[0].rows[1].column[STATS_OP], 4);
	assert_int_equal(stats.rmaps[0].rows[1].column[STATS_PROCESSES], 2);
	assert_int_equal(stats.rmaps[0].rows[2].column[STATS_OP], 5);
	assert_int_equal(stats.rmaps[0].rows[2].column[STATS_MMS], 1);

	/* At the peak: a node for B's one remap, which leaves with it. */
	assert_int_equal(stats.rmaps[1].peak_op, 4);
	assert_int_equal(stats.rmaps[1].peak_memory.bytes, 2 * 96 + 256);
	assert_int_equal(stats.rmaps[1].end.bytes, 96);
	assert_int_equal(stats.rmaps[0].peak_op, 3);
	assert_int_equal(stats.rmaps[0].peak_memory.bytes, 2 * 104 + 3 * 64);
	stats_free(&stats);
	scenario_free(&sc);
}

static void test_pure(void **state)
{
	struct stats_config config = stats_config_of();
	struct scenario sc;
	struct stats stats;

	config.replay.pure = true;
	run_text(&stats, &sc,
		 "mmap A 0x10 4 rw\nwrite A 0x10 4\nfork A B\nfork A C\n"
		 "write B 0x10\nmigrate C 0x11\nexit B\n",
		 &config);
	assert_int_equal(stats.nr, 2);
	for (u32 i = 0; i < 2; i++) {
		assert_int_equal(stats.rmaps[i].peak.processes, 3);
		assert_int_equal(stats.rmaps[i].peak.folios, 5);
		assert_int_equal(stats.rmaps[i].migrate.walks, 2);
		assert_nothing(&stats.rmaps[i].left);
	}
	stats_free(&stats);
	scenario_free(&sc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kmalloc),
		cmocka_unit_test(test_maple_nodes),
		cmocka_unit_test(test_dist),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_pure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
