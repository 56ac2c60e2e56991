/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rmapdiff explain: what its files share.
 */
#ifndef RMAPDIFF_TOOLS_EXPLAIN_H
#define RMAPDIFF_TOOLS_EXPLAIN_H

#include "config.h"
#include "explain_lines.h"
#include "explain_snap.h"
#include "output.h"
#include "tools.h"

enum explain_form {
	EXPLAIN_TEXT,
	EXPLAIN_DOT,
	EXPLAIN_HTML,
};

#define EXPLAIN_ONLY_MAX 8

struct explain {
	const char *command; /* argv[0], for messages */
	struct replay_config config;
	struct input in;
	struct scenario sc;

	enum explain_form form;
	struct output output;
	FILE *out; /* of that */
	bool bytes; /* --bytes */
	bool full;
	bool terse; /* nothing about how to read it */
	bool colour;
	bool last;
	u32 step; /* 0: all */
	u32 first_step; /* html: those before are left out */
	const char *only[EXPLAIN_ONLY_MAX]; /* sections; none: all */
	u32 nr_only;

	struct replay_result result; /* known before anything is drawn */
	u32 unexpected; /* operation whose result was not as asserted; 0: none */
	u32 nr_shown; /* steps */
};

/* A machine before and after an operation. */
struct step_machine {
	const struct snap *before;
	const struct snap *now;
	const struct report *report; /* of this machine, else NULL */
};

/* Of operations that run at the same time, one step is made: op_nr is the last. */
struct step {
	u32 op_nr; /* 0: after the last operation */
	int result; /* of that one */
	bool left_out; /* pure: not done, see model/scenario/replay.c */
	bool diverged;
	struct step_machine machines[RMAP_MAX];
	u32 nr;
};

/*
 * explain_steps.c: replays, and hands each step that was asked for to @show.  0,
 * or EXIT_USAGE after a line on standard error.
 */
int explain_steps(struct explain *ex,
		  void (*show)(struct explain *ex, const struct step *step));

bool explain_wants_step(const struct explain *ex, u32 op_nr);

/* explain_text.c: a step as lines; what it is compared with is marked. */
void explain_draw_step(const struct explain *ex, const struct step *step,
		       struct lines *lines);
void explain_show_text(struct explain *ex, const struct step *step);
/* What it is, the comment it begins with, and how to read it. */
void explain_opening(const struct explain *ex, struct lines *lines);
void explain_begin_text(struct explain *ex);
void explain_end_text(struct explain *ex);

/*
 * "fork B C", and "0" or "ENOMEM"; into @text and @result.  A group: all of the
 * line, where nothing was asserted.
 */
#define EXPLAIN_OP_MAX 1280 /* PARALLEL_MAX operations and digits */
void explain_op(const struct explain *ex, const struct step *step,
		char text[EXPLAIN_OP_MAX], char result[32]);

/*
 * explain_group.c: the first and the last of the operations that @op_nr is among;
 * pure: there are no groups.
 */
u32 explain_first_of(const struct explain *ex, u32 op_nr);
u32 explain_last_of(const struct explain *ex, u32 op_nr);
/* Who is which digit, and in which order they ran, as far as that is known. */
void explain_schedule(const struct explain *ex, u32 op_nr, struct lines *lines);
/* "step 3", "steps 3-5" */
#define EXPLAIN_NR_MAX 32
void explain_step_nr(const struct explain *ex, u32 op_nr,
		     char text[EXPLAIN_NR_MAX]);
/* The comment at that line of the input, into @text, "" if none. */
void explain_comment(const struct explain *ex, u32 line, char text[256]);

const char *explain_name(const struct explain *ex); /* without directories */
bool explain_wants_section(const struct explain *ex, const char *name);

/* explain_dot.c */
void explain_show_dot(struct explain *ex, const struct step *step);

/* explain_html.c */
void explain_begin_html(struct explain *ex);
void explain_show_html(struct explain *ex, const struct step *step);
void explain_end_html(struct explain *ex);

#endif
