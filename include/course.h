/*
 * course.h - what the ledger knows of one subject over time: a feature by day or week, a customer
 * by hour of the week and by feature.
 *
 * The store keeps these for all subjects only as far as passes need them; here they are read for
 * one when somebody asks. Days are UTC, [from, to).
 */
#ifndef COURSE_H
#define COURSE_H

#include <stddef.h>
#include <stdint.h>

#include "span.h"
#include "status.h"

struct zone; /* zone.h */

/* Steps of so many whole days that end where the period ends; what is left over at its beginning is
 * left out, for it would look like a fall. */
struct feature_step {
    int32_t day;              /* the step's first */
    double people, customers; /* distinct, used or wanted it (within 2 %) */
    int64_t used, failed;     /* failed: rejected and abandoned, too */
};

struct feature_course {
    int32_t from, to, days;     /* days of a step, 1 or more */
    struct feature_step *steps; /* out: oldest first, also those without any use; owned */
    size_t count;
};

#define COURSE_HOURS 168 /* of a week, from Monday 00:00 on */

struct habit_hour {
    int64_t legs, seconds, failed;
};

struct habit_feature {
    char *name; /* owned */
    int64_t used, wanted, days;
    int32_t last; /* day of the last use or attempt */
};

struct customer_habits {
    int32_t from, to;
    const struct zone *zone;              /* whose hours; borrowed */
    struct habit_hour hour[COURSE_HOURS]; /* out */
    struct habit_feature *features;       /* out: most used first; owned */
    size_t feature_count;
};

/* Fill in what is marked out; a name that the ledger does not know has nothing but zeros. */
enum status feature_course_read(struct feature_course *c, const char *ledger_path,
                                struct span feature, struct error *err);
void feature_course_clear(struct feature_course *c);
enum status customer_habits_read(struct customer_habits *h, const char *ledger_path,
                                 struct span customer, struct error *err);
void customer_habits_clear(struct customer_habits *h);

#endif
