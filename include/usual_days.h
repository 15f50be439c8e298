/*
 * usual_days.h - how much of a usual day was each day, for everybody?
 *
 * Weekends, holidays and seasons move most of a population alike, and that is no news of any one
 * customer. Pure arithmetic on daily counts: for groups of customers of a like rhythm, each day's
 * share of a usual day, learnt from all of them together. A customer's days then weigh as much as
 * those of its like did, and what is left is its own change.
 */
#ifndef USUAL_DAYS_H
#define USUAL_DAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct usual_customer {
    const int64_t *count; /* one a day */
    unsigned group;       /* below `groups` */
};

struct usual_days {
    size_t days;            /* at most USUAL_DAYS_MAX */
    unsigned groups;        /* at most USUAL_GROUPS_MAX */
    unsigned first_weekday; /* of day 0: 0 is Monday */
    const bool *known;      /* false: nothing was received on that day from anybody */
    const double
        *calendar; /* what is expected of each day, 1 a usual one; NULL: nothing is known */
};
#define USUAL_DAYS_MAX   128
#define USUAL_GROUPS_MAX 16

/* out: groups * days exposures, each above 0, whose mean over the known days is 1 in each group.
 * Nobody weighs more than USUAL_WEIGHT events, so that a large customer's own change stays its own;
 * what few events say is drawn towards the calendar by USUAL_PRIOR events. */
#define USUAL_WEIGHT 50.0
#define USUAL_PRIOR  200.0
void usual_days(const struct usual_days *u, const struct usual_customer *customers, size_t count,
                double *out);

#endif
