/*
 * signals_private.h - signals of one kind while a pass works on them.
 */
#ifndef SIGNALS_PRIVATE_H
#define SIGNALS_PRIVATE_H

#include "signals.h"

/* What a kind's own signal about those for which there was no room is called. */
#define SIGNALS_MORE "_more"

struct open_signal { /* or one that somebody closed while its cause lasts */
    char *id, *subject, *subject_type;
    int severity;
    bool closed, raised, held;
};

struct new_signal {
    char id[24];
    struct signal_row row;
};

struct signals {
    struct pass *pass;
    const char *kind;
    struct open_signal *open; /* sorted by subject */
    size_t count;
    struct new_signal *fresh;
    size_t fresh_count, fresh_cap;
    struct arena texts; /* of fresh */
    char expires[CIVIL_TEXT], rule[64];
    struct query *insert, *update;
};

int signal_severity_rank(struct span severity); /* 0 info to 2 critical */

/* signals_rest.c. New ones for which there is no room leave the list and become rows of
 * signal_rest; *rest: how many. */
enum status signals_keep_most(struct signals *s, size_t *rest, struct error *err);
/* One signal for all of those; of a kind of its own, so that it closes when there is room again. */
enum status signals_tell_of_rest(struct pass *p, const char *kind, size_t rest, struct error *err);

#endif
