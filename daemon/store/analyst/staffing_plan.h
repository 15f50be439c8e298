/*
 * staffing_plan.h - one pass over the services' coming week: what its files share.
 */
#ifndef STAFFING_PLAN_H
#define STAFFING_PLAN_H

#include "calendar.h"
#include "config.h"
#include "erlang.h"
#include "forecast.h"
#include "history.h"
#include "pass.h"
#include "shares.h"
#include "staffing_rule.h"

#define STAFFING_WEEK (7 * 96) /* intervals of a week, at most */

/* How good forecasts of a service have been, and what else was learnt day by day. */
struct staffing_wape {
    double own, floor, naive; /* of week 1; NAN: not known */
};
struct staffing_score {
    struct staffing_wape contacts, handling;
    double availability; /* 0: not known */
};

struct staffing_service {
    char *name;
    const struct config_service *config; /* or the defaults */
    struct history history;
    struct skills skills; /* parts that are planned for themselves; none: nobody asked */
};

/* What is known about a service's week, by weekday and interval. */
struct outlook {
    double contacts[STAFFING_WEEK], handling[STAFFING_WEEK];
    struct forecast_spread spread;
    double today; /* factor for what is left of today */
    struct staffing_learned learned;
    struct staffing_score score;
    char model[256];
    double completeness;
    double load;                        /* in progress, when calls outlast intervals */
    double skill_load[SKILLS_MOST + 1]; /* the same of each skill */
    bool carry;
};

struct staffing_work {
    struct pass *pass;
    struct staffing_service *services;
    size_t count;
    struct rules *rules;
    struct classifier *classifier;
    int32_t local_today;
    struct day_factors *days;
    struct staffing_pool {
        double sum[STAFFING_WEEK]; /* of the forecasts that stand on enough days */
        size_t services;
    } pool[3];                              /* of 96, 48 and 24 intervals a day */
    struct query *insert, *roster;          /* roster: of a service and its skills together */
    struct query *skill_insert, *skill_own; /* ... and of one name alone */
};

/* Counts of the local days [first Monday .. yesterday], NAN where unknown or unlike other days;
 * the caller frees. NULL: no day yet. */
double *staffing_calendar(const struct staffing_work *w, const struct staffing_service *s,
                          unsigned *days);
/* Adds what all services that can do so say to the pools. */
void staffing_fill_pools(struct staffing_work *w);
/* score is as staffing_measure left it. */
void staffing_look_ahead(const struct staffing_work *w, const struct staffing_service *s,
                         const struct staffing_score *score, struct outlook *o);

/* erlang_required and erlang_required_expected, or what they said when they were asked the same
 * before; *plans is made when first needed. */
void staffing_plan(struct staffing_plans **plans, const struct erlang_demand *d, double phi,
                   struct erlang_plan *mean, struct erlang_plan *expected);

/* The pasts of services whose work is what goes on at once. */
enum status staffing_count_concurrent(struct staffing_work *w, struct error *err);

/* Signals of services whose demand has shifted since yesterday. */
enum status staffing_shifts(struct staffing_work *w, struct error *err);

/* Heads on the roster during an interval (UTC texts), those of a service's skills among them: the
 * fewest of what overlaps it; NAN: none. */
enum status staffing_rostered(struct staffing_work *w, const char *service, const char *from,
                              const char *to, double *out, struct error *err);

/* Once a day: forecasts of the past are scored and heads compared with waits, and both kept in the
 * store. At other times: what is kept. */
enum status staffing_measure(struct staffing_work *w, const struct staffing_service *s,
                             struct staffing_score *out, struct error *err);

/* --- skills --- */

/* Finds the parts of the service, and keeps their shares in the store; those of segments for the
 * day. */
enum status staffing_skills(struct staffing_work *w, struct staffing_service *s, struct error *err);
/* What an interval asks of the service as a whole; its calls in progress go on in o. */
struct staffing_interval {
    const char *from, *to; /* UTC texts */
    struct erlang_demand whole;
    double contacts;
};
/* Runs in: nothing is written. */
void staffing_skills_carry(const struct staffing_service *s, struct outlook *o,
                           const struct staffing_interval *at);
enum status staffing_skills_write(struct staffing_work *w, const struct staffing_service *s,
                                  struct outlook *o, const struct staffing_interval *at,
                                  struct error *err);

#endif
