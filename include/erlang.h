/*
 * erlang.h - waiting and staffing by Erlang's formulas.
 *
 * Pure arithmetic. Times are seconds, loads erlangs, probabilities 0..1. Erlang C assumes that
 * callers wait for as long as it takes, so it asks for slightly too many people rather than
 * too few; an interval whose load reaches its agents is overloaded, never NaN. Erlang A knows how
 * patient callers are, and any load; on real call centres it is by far the nearer one.
 */
#ifndef ERLANG_H
#define ERLANG_H

#include <stdbool.h>

/* Staffing questions beyond this number are answered with it and `capped`. */
#define ERLANG_MAX_AGENTS 1000000u

/* Probability that all servers are busy when blocked calls are lost (any load). */
double erlang_b(double offered, unsigned servers);

/* The largest load that `servers` carry with at most this blocking probability (0 < b < 1). */
double erlang_b_capacity(double blocking, unsigned servers);

struct erlang_queue {
    double offered;       /* erlangs */
    double occupancy;     /* share of an agent's time spent on calls */
    double prob_wait;     /* a call finds all agents busy */
    double service_level; /* answered within the target */
    double asa_s;         /* average speed of answer; infinite when overloaded */
    double queue;         /* mean number waiting */
    bool overload;        /* the load reaches the agents: the queue grows without end */
};

/* calls per interval of interval_s seconds, each aht_s long, answered by `agents`. */
struct erlang_queue erlang_c(double calls, double interval_s, double aht_s, unsigned agents,
                             double target_s);

/* The same with the load given, for loads that are not calls * aht / interval. */
struct erlang_queue erlang_c_load(double offered, double aht_s, unsigned agents, double target_s);

/* --- callers who hang up (Erlang A) --- */

struct erlang_impatient {
    double offered;                /* erlangs */
    double occupancy, prob_wait;   /* as above */
    double prob_abandon;           /* a caller hangs up */
    double mean_wait_s;            /* of all, whether answered or not */
    double asa_s;                  /* of those who are answered */
    double queue;                  /* mean number waiting */
    double service_level;          /* answered within the target, of all who called */
    double service_level_answered; /* the same, of those who were answered */
    double service_level_virtual;  /* whoever never hangs up would be answered within it */
};

/* patience_s: mean patience, above 0. */
struct erlang_impatient erlang_a(double calls, double interval_s, double aht_s, double patience_s,
                                 unsigned agents, double target_s);
struct erlang_impatient erlang_a_load(double offered, double aht_s, double patience_s,
                                      unsigned agents, double target_s);

/* What a plan is worth when the load is only forecast: its mean is Gamma distributed around
 * `offered` with variance phi * offered^2. A call's share of what is expected, so busy outcomes
 * weigh more. */
struct erlang_expected {
    double service_level, prob_abandon;
};
struct erlang_expected erlang_a_expected(double offered, double phi, double aht_s,
                                         double patience_s, unsigned agents, double target_s);

/* Mean patience from logs: all waits, of the answered and of those who gave up, by how many gave up
 * (maximum likelihood for censored exponential times). Infinite when nobody did. */
double erlang_patience(double waited_s, double abandoned);

/* --- how many people --- */

struct erlang_demand {
    double calls, interval_s, aht_s;
    double offered;       /* erlangs; 0: calls * aht_s / interval_s */
    double service_level; /* wanted share answered within answer_within_s, below 1 */
    double answer_within_s;
    double max_occupancy; /* (0, 1]; anything else is 1 */
    double shrinkage;     /* [0, 1): share of paid time not on the phones */
    unsigned minimum;     /* staff kept even when nobody calls */
    double patience_s;    /* mean; 0 or infinite: callers do not hang up (Erlang C) */
    /* Above 0: calls are not a queue but so many things going on at once at the interval's peak,
     * and each agent looks after so many of them. Then nobody waits, and nothing else of the above
     * but minimum, shrinkage and service_level (the share of peaks that a plan is enough for, where
     * they are only forecast) counts. */
    double per_agent;
    double max_abandon; /* (0, 1): share who may; anything else is no cap. With patience only */
};

struct erlang_plan {
    unsigned agents;           /* needed at their desks */
    unsigned scheduled;        /* needed on the roster */
    bool capped;               /* more than ERLANG_MAX_AGENTS would be needed */
    struct erlang_queue queue; /* what that staff achieves */
    double prob_abandon;       /* 0 by Erlang C */
};

struct erlang_plan erlang_required(const struct erlang_demand *d);

/* The same where the demand is only forecast (erlang_expected): enough for what is expected to meet
 * the wanted service level, and never fewer than erlang_required says. */
struct erlang_plan erlang_required_expected(const struct erlang_demand *d, double phi);

/* What is expected of so many at their desks, whether callers hang up or not. */
struct erlang_expected erlang_expected(const struct erlang_demand *d, double phi, unsigned agents);

/* What so many at their desks would achieve with the same demand. */
struct erlang_plan erlang_achieved(const struct erlang_demand *d, unsigned agents);

/* The roster needed for so many at their desks. */
unsigned erlang_scheduled(unsigned agents, double shrinkage);

/* Calls that last as long as the interval or longer carry load from one interval into the
 * next: the mean number in progress (infinite servers, exponential lengths) replaces
 * calls * aht / interval. Worth it from aht_s > interval_s / 6. */
struct erlang_load {
    double mean, end; /* over the interval; at its end, which the next one starts with */
};

/* Worth it? */
static inline bool
erlang_carries(double interval_s, double aht_s)
{
    return aht_s > interval_s / 6;
}

struct erlang_load erlang_load_step(double start, double calls, double interval_s, double aht_s);

/* The demand of the next interval with what is still in progress from those before: sets
 * d->offered, and *load to what the one behind it begins with. The last hundredth of a call does
 * not count. */
void erlang_carry(struct erlang_demand *d, double *load);

#endif
