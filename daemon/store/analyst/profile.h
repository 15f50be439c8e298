/*
 * profile.h - one customer's days added up into one row of what is known about it.
 *
 * Fed with the customer's cells, oldest first; pure but for memory. Windows of n days end with
 * today, which is not over yet; the trend compares whole days only.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "cell.h"
#include "memory.h"
#include "sketch_union.h"
#include "zone.h"

#define PROFILE_DAYS   90 /* cells older than this give first and last use only */
#define PROFILE_PEOPLE 30 /* days whose people and conferences are told apart */
#define PROFILE_RECENT 36 /* today and the 35 days that surges are judged by */
#define PROFILE_NEVER  INT64_MIN
#define PROFILE_HOURS  168

enum { WINDOW_1D, WINDOW_7D, WINDOW_28D, WINDOW_30D, WINDOW_90D, WINDOW_COUNT };

struct profile_feature {
    struct span name;
    int64_t used_30d, used_90d, wanted_30d, wanted_90d; /* wanted: and not had */
    int32_t last_day;                                   /* of use or attempt */
};

struct profile {
    const struct zone *zone; /* borrowed; for the time of use */
    unsigned rest_days;      /* as weekdays_read says them */
    int32_t today;
    struct arena mem; /* names of features */
    int64_t sums[WINDOW_COUNT][CUSTOMER_COLUMNS];
    int64_t recent[PROFILE_RECENT];                 /* legs a day, today last */
    int64_t quarters[96];                           /* legs by local quarter hour, 90 days */
    int64_t hours[PROFILE_HOURS];                   /* the same by hour of the week, from Monday */
    int64_t office, evening, night, weekend, timed; /* legs of 90 days */
    int32_t first_day, last_day;                    /* with a leg; INT32_MIN: never */
    int32_t first_90d;                              /* the same of 90 days, whatever was read */
    int64_t first_seen, last_seen;                  /* start of a quarter hour, or PROFILE_NEVER */
    uint32_t active_30d, active_90d;
    size_t cells;  /* added */
    bool anything; /* a counter is not zero: the customer has not been merged away */
    struct profile_feature *features;
    size_t feature_count, feature_cap;
    struct sketch_union *people, *conferences; /* of PROFILE_PEOPLE days */
};

void profile_init(struct profile *p, const struct zone *zone, unsigned rest_days);
void profile_clear(struct profile *p);
void profile_start(struct profile *p, int32_t today); /* forgets, keeps memory */
void profile_add(struct profile *p, const struct cell_view *c);

/* Every customer's profile of the last PROFILE_DAYS days, in the order of names. */
struct pass; /* pass.h */
typedef void profile_visit(void *arg, struct span customer, const struct profile *p);
enum status profile_each(struct pass *pass, profile_visit *visit, void *arg, struct error *err);

/* Number of features used within a window (30 or 90 days). */
unsigned profile_features(const struct profile *p, bool within_30d);
/* The feature used most in 90 days, or NULL; share of all uses. */
const struct profile_feature *profile_dominant(const struct profile *p, double *share);
/* Legs of 90 days in `part` of them, or NAN when there are too few to say (30). */
double profile_share(const struct profile *p, int64_t part);
/* "office", "evening", "night", "weekend" or "mixed"; NULL when there are too few legs. */
const char *profile_persona(const struct profile *p);
/* Mean legs a day of the last 7 whole days over that of the 28 before, or of as many as there are
 * since the first leg; NAN when these are fewer than 7 or without legs. */
double profile_trend(const struct profile *p);
void profile_recent_json(const struct profile *p, struct buf *out); /* [0,3,...] */

#endif
