/*
 * feature_period.h - the use of features in any period, and by some customers.
 *
 * Read from the ledger when somebody asks; what the passes keep is about the last 90 days only.
 * Distinct people are counted by feature and by customer, but not by both: of some customers it is
 * known between which bounds theirs lie. They are narrow where people belong to one customer each
 * and few attempts fail.
 */
#ifndef FEATURE_PERIOD_H
#define FEATURE_PERIOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region_use.h"
#include "span.h"
#include "status.h"

struct feature_use {
    char *name;
    double people; /* distinct, used or wanted it; NAN of some customers, and if none was named */
    double people_low, people_high; /* 95 %; of some customers, bounds; NAN: none was named */
    double low, high;               /* share of active_people, 95 % interval; NAN: not known */
    int64_t customers;              /* used or wanted it */
    int64_t wanting, denied;        /* customers: wanted it in vain; and never had it once */
    int64_t used, wanted;           /* wanted: and not had */
    double largest_share;           /* of used and wanted, in one customer */
};

struct feature_period {
    int32_t from, to;           /* days, UTC, [from, to) */
    const struct span *members; /* sorted by name: these customers only; NULL: all */
    size_t member_count;
    struct region_use *region; /* and of them, those mostly from what it wants; NULL: wherever
                                  from. It is filled in on the way; the caller begins and clears */
    struct feature_use *uses;  /* out: most people first, or most customers */
    size_t count;
    int64_t active_customers; /* out: with any use in the period, of those asked for */
    double active_people;     /* out: distinct, of those customers, with a successful use */
};

/* Fills in what is marked out; feature_period_clear frees it. */
enum status feature_period_read(struct feature_period *p, const char *ledger_path,
                                struct error *err);
void feature_period_clear(struct feature_period *p);

#endif
