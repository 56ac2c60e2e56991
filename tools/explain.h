/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rmapdiff explain: what its files share.
 */
#ifndef RMAPDIFF_TOOLS_EXPLAIN_H
#define RMAPDIFF_TOOLS_EXPLAIN_H

#include "config.h"
#include "explain_lines.h"
#include "explain_snap.h"
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
	const char *out_path; /* NULL: standard output */
	FILE *out;
	bool force;
	bool full;
	bool terse; /* nothing about how to read it */
	bool colour;
	bool last;
	u32 step; /* 0: all */
	u32 first_step; /* html: those before are left out */
	const char *only[EXPLAIN_ONLY_MAX]; /* sections; none: all */
	u32 nr_only;

	struct replay_result result; /* known before anything is drawn */
	u32 nr_shown; /* steps */
};

/* A machine before and after an operation. */
struct step_machine {
	const struct snap *before;
	const struct snap *now;
	const struct report *report; /* of this machine, else NULL */
};

struct step {
	u32 op_nr; /* 0: after the last operation */
	int result;
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

/* "fork B C", and "0" or "ENOMEM"; into @text and @result. */
void explain_op(const struct explain *ex, const struct step *step,
		char text[256], char result[32]);
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
