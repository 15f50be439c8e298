/*
 * staffing_rule.h - what a service promises, as Erlang's formulas want it: the same for the plan of
 * the coming week and for questions about it.
 */
#ifndef STAFFING_RULE_H
#define STAFFING_RULE_H

#include <string.h>

#include "config.h"
#include "erlang.h"
#include "shares.h"

/* What was learnt of a service. */
struct staffing_learned {
    double patience_s;   /* mean, of callers; 0: not known */
    double availability; /* share of the planned people who are really there; 0: not known */
};

/* The share of people who are there, as configured or as learnt. */
static inline double
staffing_availability(const struct config_service *c, struct staffing_learned learned)
{
    if (c->availability > 0)
        return c->availability;
    return learned.availability > 0 ? learned.availability : 1;
}

/* A demand without its calls and their length. What is configured comes before what was learnt.
 * Who is not there although planned is part of the shrinkage. */
static inline struct erlang_demand
staffing_rule(const struct config_service *c, struct staffing_learned learned)
{
    double present = (1 - c->shrinkage) * staffing_availability(c, learned);

    return (struct erlang_demand){
        .interval_s = c->interval * 60,
        .service_level = c->service_level,
        .answer_within_s = c->answer_within,
        .max_occupancy = c->max_occupancy,
        .shrinkage = present < 1 ? 1 - present : 0,
        .minimum = (unsigned)c->minimum_staff,
        .patience_s = c->patience > 0 ? c->patience : learned.patience_s,
        .max_abandon = c->max_abandon,
        .per_agent = c->concurrent ? c->per : 0,
    };
}

/* That of a part of the service. Who is wanted even when nobody calls is one of the others. */
static inline struct erlang_demand
staffing_skill_rule(const struct erlang_demand *whole, const struct skill *skill)
{
    struct erlang_demand d = *whole;

    if (strcmp(skill->name, SKILLS_OTHERS) != 0)
        d.minimum = 0;
    return d;
}

#endif
