/*
 * gaps_week.h - the coming week of the services that have a roster, and who could go where in it.
 */
#ifndef GAPS_WEEK_H
#define GAPS_WEEK_H

#include "gaps.h"
#include "pass.h"

struct gaps_interval {
    int64_t start, end;
    double rostered, scheduled, required, gap; /* rostered and gap: NAN without a roster */
    double forecast, low, high;
};

struct gaps_service { /* or one of its skills: "SERVICE/SKILL" */
    char *name;
    bool skill;
    bool divided; /* its skills are here, with their people */
    double completeness;
    struct gaps_interval *at; /* in order of time */
    size_t count, cap;
};

struct gaps_move { /* places in services */
    size_t from, to;
    int64_t start, end;
    double people;
};

struct gaps_week {
    struct gaps_service *services; /* by name */
    size_t count;
    struct gaps_move *moves;
    size_t move_count, move_cap;
};

/* The service of a name. */
struct span gaps_service_of(const struct gaps_service *s);
/* Services and skills with anybody on the roster of the coming week. */
enum status gaps_week_load(struct gaps_week **out, struct pass *p, struct error *err);
void gaps_week_free(struct gaps_week *w); /* accepts NULL */
/* Finds the moves and replaces those in the store. */
enum status gaps_week_move(struct gaps_week *w, struct pass *p, struct error *err);

#endif
