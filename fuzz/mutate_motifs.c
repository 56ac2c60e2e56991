// SPDX-License-Identifier: GPL-2.0-only
/*
 * Motifs: sequences that belong together, as programs have them and as a blind
 * mutation hardly ever puts together.  Each is a row of steps, done by a process,
 * the actor, to the area that the motif is about; arguments are random, a step is
 * sometimes left out, and sometimes another operation comes between.
 *
 * To add one, add a row.  They are kinds of work, not reproducers: a row that
 * names the places where one known bug hides finds that bug and no other.
 */
#include <string.h>
#include "mutate_weave.h"

#define STEPS_MAX 16
#define REPEATS_MAX 3

enum step {
	STEP_END,
	/* who */
	AS_CHILD, /* the last one forked, if it lives */
	AS_PARENT, /* who forked it */
	AS_ANYONE,
	/* what */
	MAP, /* a new area, anonymous */
	MAP_FILE,
	MAP_BESIDE, /* a new area that goes on where this one ends or begins */
	LEFT_BEHIND, /* the area is where it was before it last moved */
	ONE_OF, /* the area is one of the VMAs that it has come to be */
	RENEW, /* maps over where the area was before it last moved */
	WRITE, /* all of the area */
	TOUCH, /* writes a part of it */
	READ,
	FORK,
	MOVE, /* the area goes elsewhere */
	MOVE_PART, /* a part of it does, and is the area from here on */
	MOVE_BACK, /* to where its offsets fit in, mostly whence it came */
	DONTUNMAP, /* moves it and leaves an empty one behind */
	RESIZE,
	GROW_AWAY, /* it goes elsewhere and is longer there */
	UNMAP_PART,
	UNMAP,
	PROTECT, /* takes writing away, or gives it back */
	PROTECT_PART,
	PROTECT_ALIKE, /* one VMA, or its end, as its neighbour is */
	ADVISE,
	MIGRATE,
	EXIT,
	EXEC,
	/* how */
	FAILING, /* an allocation fails in the next step */
	GUIDED, /* anything, by anyone */
};

static const enum step motifs[][STEPS_MAX] = {
	/* Pages that are shared, then moved on one side. */
	{ MAP, WRITE, FORK, AS_CHILD, MOVE_PART, TOUCH, FORK, AS_PARENT,
	  UNMAP_PART, MIGRATE },
	{ MAP, WRITE, FORK, MOVE, AS_CHILD, TOUCH, MOVE, FORK, AS_ANYONE,
	  DONTUNMAP, TOUCH, MIGRATE },
	/* Generations, some of which end before their children. */
	{ MAP, WRITE, FORK, AS_CHILD, FORK, TOUCH, EXIT, AS_CHILD, FORK, TOUCH,
	  AS_CHILD, WRITE, MIGRATE },
	{ MAP, WRITE, FORK, AS_CHILD, TOUCH, FORK, UNMAP, AS_CHILD, FORK,
	  AS_CHILD, WRITE, FORK, AS_PARENT, UNMAP, MIGRATE },
	{ MOVE, FORK, AS_CHILD, MOVE, TOUCH, FORK, AS_CHILD, MOVE, MIGRATE },
	/* Areas with holes. */
	{ MAP, WRITE, UNMAP_PART, FORK, AS_ANYONE, UNMAP_PART, TOUCH, MIGRATE },
	/* Split and made whole again. */
	{ MAP, WRITE, PROTECT_PART, FORK, PROTECT, TOUCH, MIGRATE },
	{ MAP, TOUCH, MOVE_PART, TOUCH, MOVE_BACK, FORK, TOUCH, MIGRATE },
	{ MAP, WRITE, FORK, MOVE_PART, RENEW, MOVE_BACK, TOUCH, MIGRATE },
	{ MAP, WRITE, MOVE_PART, RENEW, MOVE_BACK, FORK, UNMAP_PART, FORK,
	  AS_CHILD, TOUCH },
	/* Protected a piece after the other, as a loader does after relocating. */
	{ MAP_FILE, WRITE, PROTECT_PART, PROTECT_ALIKE, TOUCH, PROTECT_ALIKE,
	  MIGRATE },
	{ MAP, WRITE, MOVE, PROTECT_PART, FORK, PROTECT_ALIKE, AS_ANYONE,
	  PROTECT_ALIKE, TOUCH, MIGRATE },
	/* Outgrown the place between neighbours, as with realloc(). */
	{ MAP_FILE, WRITE, PROTECT_PART, ONE_OF, GROW_AWAY, TOUCH, MIGRATE },
	{ MAP, WRITE, MOVE, ADVISE, PROTECT_PART, ONE_OF, GROW_AWAY, FORK,
	  TOUCH },
	/* Moved out and faulted anew, as a garbage collector does. */
	{ MAP, WRITE, MOVE, DONTUNMAP, LEFT_BEHIND, TOUCH, FORK, TOUCH,
	  MIGRATE },
	{ MAP_FILE, WRITE, DONTUNMAP, LEFT_BEHIND, TOUCH, MOVE_BACK, UNMAP_PART,
	  MIGRATE },
	/* Grown beside what was inherited. */
	{ MAP, WRITE, FORK, AS_CHILD, PROTECT, MAP_BESIDE, WRITE, FORK,
	  AS_ANYONE, TOUCH },
	{ MAP, TOUCH, MAP_BESIDE, TOUCH, MAP_BESIDE, FORK, WRITE, MIGRATE },
	/* Copies of a file's pages. */
	{ MAP_FILE, READ, TOUCH, FORK, MOVE_PART, TOUCH, MOVE_BACK, MIGRATE },
	/* What fails half way. */
	{ MAP, WRITE, FORK, AS_CHILD, TOUCH, FAILING, MOVE_PART, TOUCH },
	{ MAP, TOUCH, FORK, AS_CHILD, FAILING, PROTECT_PART, FAILING,
	  UNMAP_PART, FAILING, FORK, WRITE },
	{ MAP, FAILING, WRITE, FAILING, FORK, FAILING, MOVE, FAILING,
	  MAP_BESIDE, FAILING, RESIZE },
	{ MAP, WRITE, FAILING, MOVE, FORK, AS_CHILD, FAILING, DONTUNMAP, TOUCH,
	  FAILING, MOVE_PART },
	{ MAP_FILE, WRITE, FAILING, UNMAP_PART, TOUCH, FAILING, MOVE_PART,
	  FAILING, UNMAP_PART },
	{ MAP_FILE, WRITE, FAILING, UNMAP_PART, FORK, FAILING, PROTECT_PART,
	  TOUCH },
	{ MAP, WRITE, MOVE, FAILING, UNMAP_PART, FORK, AS_ANYONE, FAILING,
	  PROTECT_PART, FAILING, MOVE_BACK },
	/* Sizes and advice. */
	{ MAP, TOUCH, RESIZE, TOUCH, FORK, RESIZE, ADVISE, TOUCH },
	{ MAP, WRITE, ADVISE, FORK, AS_CHILD, TOUCH, EXEC, MAP, WRITE },
	{ MAP_FILE, WRITE, ADVISE, FORK, ADVISE, TOUCH, AS_CHILD, ADVISE,
	  READ },
};

struct cast {
	struct weaver *w;
	u32 actor;
	u32 parent;
	u32 child;
	bool failing;
	struct range area[BYTES_PROCS_MAX]; /* each one's; len 0: none yet */
	struct range left[BYTES_PROCS_MAX]; /* where it was before it moved */
};

static bool perform(struct cast *c, const struct op *op)
{
	bool failing = c->failing;

	c->failing = false;
	return failing ? weave_failing(c->w, op) : weave(c->w, op);
}

static struct range *area(struct cast *c)
{
	return &c->area[c->actor];
}

static void act_as(struct cast *c, u32 proc)
{
	if (live_has(&c->w->live, proc))
		c->actor = proc;
	else
		c->actor = weave_random_proc(c->w);
}

/* One that was never seen before, or came late, takes what it has. */
static void find_area(struct cast *c)
{
	struct areas areas;

	if (area(c)->len)
		return;
	areas_of(c->w, c->actor, &areas);
	*area(c) = guided_range(c->w, &areas);
}

static void motif_map(struct cast *c, bool file)
{
	struct weaver *w = c->w;
	struct range at = { .len = 1 + weave_pick(w, 8) };
	struct areas areas;
	struct op op;

	areas_of(w, c->actor, &areas);
	at.first = weave_free_place(w, &areas, at.len);
	op = op_about(OP_MMAP, c->actor, at);
	if (file) {
		op.flags = OP_HAS_FILE;
		op.file = (u8)weave_pick(w, NR_FILES);
		op.off = weave_pick(w, 16);
	}
	perform(c, &op);
	*area(c) = (struct range){ (u32)op.page, (u32)op.len };
}

static void map_beside(struct cast *c)
{
	struct op op = op_about(OP_MMAP, c->actor, *area(c));
	struct area like = { .range = *area(c), .file = NO_FILE };
	struct areas areas;

	areas_of(c->w, c->actor, &areas);
	for (u32 i = 0; i < areas.nr; i++)
		if (area(c)->first - areas.area[i].range.first <
		    areas.area[i].range.len)
			like = areas.area[i];
	op.len = 1 + weave_pick(c->w, 4);
	if (!op_map_beside(c->w, &op, &like))
		return;
	if (weave_chance(c->w, 70))
		op.prot = OP_PROT_RW;
	perform(c, &op);
	*area(c) = (struct range){ (u32)op.page, (u32)op.len };
}

static void go_where_it_was(struct cast *c)
{
	struct range was = c->left[c->actor];

	if (!was.len)
		return;
	c->left[c->actor] = *area(c);
	*area(c) = was;
}

static bool overlap(struct range a, struct range b)
{
	return a.first < b.first + b.len && b.first < a.first + a.len;
}

static void narrow(struct cast *c)
{
	struct areas areas;
	u32 skip;

	areas_of(c->w, c->actor, &areas);
	skip = areas.nr ? weave_pick(c->w, areas.nr) : 0;
	for (u32 i = 0; i < areas.nr; i++) {
		struct range range = areas.area[(i + skip) % areas.nr].range;

		if (!overlap(range, *area(c)) || range.len > UINT8_MAX)
			continue;
		*area(c) = range;
		return;
	}
}

static void protect_alike(struct cast *c)
{
	struct op op = op_about(OP_MPROTECT, c->actor, *area(c));
	struct areas areas;

	areas_of(c->w, c->actor, &areas);
	if (op_protect_alike(c->w, &op, &areas))
		perform(c, &op);
}

static void renew(struct cast *c)
{
	struct op op = op_about(OP_MMAP, c->actor, c->left[c->actor]);

	if (c->left[c->actor].len)
		perform(c, &op);
}

static void move_to(struct cast *c, struct range range, u32 to, u32 grown,
		    u8 flags)
{
	struct op op = op_about(OP_MREMAP, c->actor, range);

	op.flags = OP_HAS_TO | flags;
	op.to = to;
	op.new_len += grown;
	if (weave_chance(c->w, 10))
		op.new_len = 1 + weave_pick(c->w, range.len + 2);
	if (op.new_len > UINT8_MAX || !perform(c, &op) || c->w->result)
		return;
	c->left[c->actor] = *area(c);
	*area(c) = (struct range){ to, (u32)op.new_len };
}

static void motif_move(struct cast *c, enum step step)
{
	struct range range = *area(c);
	u32 grown = step == GROW_AWAY ? 1 + weave_pick(c->w, 4) : 0;
	struct areas areas;
	s64 to = -1;

	if (step == MOVE_PART)
		range = weave_part_of(c->w, range);
	areas_of(c->w, c->actor, &areas);
	if (step == MOVE_BACK)
		to = in_line(c->w, &areas, range);
	if (to < 0 || to >= BYTES_WINDOW || to == range.first)
		to = destination(c->w, &areas, range);
	move_to(c, range, (u32)to, grown, step == DONTUNMAP ? OP_DONTUNMAP : 0);
}

static void resize(struct cast *c)
{
	struct op op = op_about(OP_MREMAP, c->actor, *area(c));

	op.new_len = 1 + weave_pick(c->w, area(c)->len + 4);
	if (op.new_len > UINT8_MAX || !perform(c, &op) || c->w->result)
		return;
	area(c)->len = (u32)op.new_len;
}

static void fork_child(struct cast *c)
{
	struct op op = op_about(OP_FORK, c->actor, *area(c));
	bool failing = c->failing;

	/* The child of one that may fail is gone already. */
	if (!perform(c, &op) || failing)
		return;
	c->parent = c->actor;
	c->child = c->w->sc.ops[c->w->sc.nr_ops - 1].child;
	c->area[c->child] = *area(c);
	c->left[c->child] = c->left[c->actor];
}

static void about_area(struct cast *c, enum step step)
{
	static const enum op_kind kinds[] = {
		[WRITE] = OP_WRITE,
		[TOUCH] = OP_WRITE,
		[READ] = OP_READ,
		[UNMAP] = OP_MUNMAP,
		[UNMAP_PART] = OP_MUNMAP,
		[PROTECT] = OP_MPROTECT,
		[PROTECT_PART] = OP_MPROTECT,
		[ADVISE] = OP_MADVISE,
		[MIGRATE] = OP_MIGRATE,
	};
	bool whole = step == WRITE || step == UNMAP || step == PROTECT;
	struct range range = whole ? *area(c) : weave_part_of(c->w, *area(c));
	struct op op = op_about(kinds[step], c->actor, range);

	if (op.kind == OP_MPROTECT)
		op.prot = weave_chance(c->w, 50) ? OP_PROT_R : OP_PROT_RW;
	if (op.kind == OP_MADVISE)
		op.advice = (u8)weave_pick(c->w, NR_ADVICE);
	perform(c, &op);
}

/* exit, exec */
static void end(struct cast *c, enum op_kind kind)
{
	struct op op = op_about(kind, c->actor, *area(c));

	if (perform(c, &op))
		area(c)->len = 0;
	act_as(c, kind == OP_EXIT ? c->child : c->actor);
}

static void take_step(struct cast *c, enum step step)
{
	act_as(c, c->actor);
	find_area(c);
	switch (step) {
	case AS_CHILD:
		return act_as(c, c->child);
	case AS_PARENT:
		return act_as(c, c->parent);
	case AS_ANYONE:
		return act_as(c, weave_random_proc(c->w));
	case MAP:
	case MAP_FILE:
		return motif_map(c, step == MAP_FILE);
	case MAP_BESIDE:
		return map_beside(c);
	case LEFT_BEHIND:
		return go_where_it_was(c);
	case ONE_OF:
		return narrow(c);
	case RENEW:
		return renew(c);
	case PROTECT_ALIKE:
		return protect_alike(c);
	case FORK:
		return fork_child(c);
	case MOVE:
	case MOVE_PART:
	case MOVE_BACK:
	case DONTUNMAP:
	case GROW_AWAY:
		return motif_move(c, step);
	case RESIZE:
		return resize(c);
	case EXIT:
		return end(c, OP_EXIT);
	case EXEC:
		return end(c, OP_EXEC);
	case FAILING:
		c->failing = true;
		return;
	case GUIDED:
		return weave_guided(c->w);
	default:
		return about_area(c, step);
	}
}

static void perform_motif(struct cast *c, const enum step *steps)
{
	for (u32 i = 0; i < STEPS_MAX && steps[i] != STEP_END; i++) {
		u32 luck = weave_pick(c->w, 100);

		if (luck < 8)
			continue;
		if (luck < 18)
			take_step(c, GUIDED);
		take_step(c, steps[i]);
	}
}

void weave_motif(struct weaver *w)
{
	const enum step *steps = motifs[weave_pick(w, ARRAY_SIZE(motifs))];
	u32 repeats = weave_chance(w, 60) ? 1 : 1 + weave_pick(w, REPEATS_MAX);
	struct cast c;

	memset(&c, 0, sizeof(c));
	c.w = w;
	c.actor = c.parent = c.child = weave_random_proc(w);
	while (repeats--)
		perform_motif(&c, steps);
}
