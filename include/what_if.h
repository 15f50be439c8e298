/*
 * what_if.h - the people that a week would need if things were otherwise.
 *
 * Pure arithmetic: a week's intervals as forecast, a change of them, a rule of staffing; what comes
 * of it in people, hours and money, and what the roster as it is would make of it.
 */
#ifndef WHAT_IF_H
#define WHAT_IF_H

#include <stddef.h>

#include "erlang.h"

struct what_if_interval {
    double calls, aht_s;
    double rostered; /* heads; NAN: no roster */
};

struct what_if_change {
    double calls_factor; /* 1: as many as forecast */
    double extra_calls;  /* in the whole week, spread as the others are */
    double aht_factor;   /* 1: as long */
    double aht_s;        /* this long instead; 0: as forecast */
};

struct what_if_totals {
    double calls, aht_s; /* of all intervals; mean by call */
    unsigned peak_agents;
    size_t peak;            /* where that is; the first such */
    double scheduled_hours; /* of people on the roster that would be needed */
    double short_hours;     /* missing on the roster that there is; NAN: there is none */
    double service_level;   /* by call, with the people needed */
    double rostered_level;  /* the same with those on the roster; NAN: there is none */
};

/* rule: everything of a demand but calls, aht_s and offered. plans: n of them, or NULL. */
void what_if_plan(const struct erlang_demand *rule, const struct what_if_change *change,
                  const struct what_if_interval *in, size_t n, struct erlang_plan *plans,
                  struct what_if_totals *out);

#endif
