/*
 * staffing_rule.h - what a service promises, as Erlang's formulas want it: the same for the plan of
 * the coming week and for questions about it.
 */
#ifndef STAFFING_RULE_H
#define STAFFING_RULE_H

#include "config.h"
#include "erlang.h"

/* A demand without its calls and their length. learned: mean patience of callers as far as it is
 * known, 0: it is not; what is configured comes first. */
static inline struct erlang_demand
staffing_rule(const struct config_service *c, double learned)
{
    return (struct erlang_demand){
        .interval_s = c->interval * 60,
        .service_level = c->service_level,
        .answer_within_s = c->answer_within,
        .max_occupancy = c->max_occupancy,
        .shrinkage = c->shrinkage,
        .minimum = (unsigned)c->minimum_staff,
        .patience_s = c->patience > 0 ? c->patience : learned,
        .max_abandon = c->max_abandon,
    };
}

#endif
